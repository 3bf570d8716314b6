"""`python -m api.cli` is `credence`."""

from api.cli.start import start

start()
