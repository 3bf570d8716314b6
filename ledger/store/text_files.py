"""Small texts in files that somebody brings along: keys, checkpoints, proofs, requests."""

from __future__ import annotations

from pathlib import Path

from ledger.store.trouble import FileTrouble

_TEXT_MAX = 1 << 20


def small_text(path: Path, what: str) -> str:
    """Of a regular file of at most a megabyte, in UTF-8. Raises `FileTrouble`."""
    try:
        if not path.is_file():
            raise FileTrouble(f"{what} `{path}` is no file; give one that is there")
        with path.open("rb") as file:
            content = file.read(_TEXT_MAX + 1)
        if len(content) > _TEXT_MAX:
            raise FileTrouble(f"{what} `{path}` has more than a megabyte; give another file")
        return content.decode()
    except OSError as error:
        raise FileTrouble(f"{what} `{path}` can't be read: {error.strerror}") from error
    except UnicodeError as error:
        raise FileTrouble(f"{what} `{path}` is no text in UTF-8; give another file") from error
