"""Where the command `credence` starts: nothing of ours is imported before the extension is known to load."""

from __future__ import annotations

from api.extension import require_extension


def start() -> None:
    require_extension()
    from api.cli.main import app

    app()
