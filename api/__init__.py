"""The edge: HTTP, command line, settings, logs and metrics around the engine and the ledger."""
