"""Where a journal may stand: in a file with a name, which outlives the process.

SQLite takes other names too (`:memory:`, `file:…`, the empty one): all of them accept decisions and forget them.
"""

from __future__ import annotations

import re
from pathlib import Path

_IN_MEMORY = ":memory:"
_ADDRESS = re.compile(r"file:|[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_EXAMPLE = "give the path of a file, such as var/credence.db"


def unfit_place(place: str) -> str | None:
    """Why this text, as an operator wrote it, can't be the journal's path, and what to write instead; None where it
    can."""
    trouble = _unfit_name(place) or _unfit_file(Path(place))
    return trouble and f"{trouble}; {_EXAMPLE}"


def _unfit_name(place: str) -> str | None:
    if not place.strip():
        return "the journal's path is empty"
    if place.lower().startswith(_IN_MEMORY):
        return f"`{place}` is a database in memory, which forgets every decision when the service stops"
    if _ADDRESS.match(place):
        return f"`{place}` is an address, and its options can keep decisions off the disk"
    if "\0" in place:
        return "the journal's path holds a NUL character"
    if place.endswith(("/", "/.", "/..")) or place in (".", ".."):
        return f"`{place}` is a folder"
    return None


def _unfit_file(path: Path) -> str | None:
    """What is there already."""
    try:
        if path.is_dir():
            return f"`{path}` is a folder"
        if path.exists() and not path.is_file():
            return f"`{path}` is no regular file"
    except OSError:
        pass  # what can't be looked at is told when it is opened
    return None
