"""`python -m api.cli` is `credence`."""

from api.cli.main import app

app()
