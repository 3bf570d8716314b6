"""The command line `credence`: one module a command, put together in `main`."""
