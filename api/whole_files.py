"""Files that appear whole or not at all: written beside their place, renamed when everything is done."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole_files(paths: Sequence[Path]) -> Iterator[list[IO[str]]]:
    """Text files open for writing, one for each path. They take their places when the block ends without an exception;
    otherwise (an interrupt from the keyboard included) they are deleted and what stood there before stays."""
    files: list[IO[str]] = []
    try:
        for path in paths:
            files.append(_beside(path))  # noqa: PERF401  # those already open must be known when one can't be
        yield files
        for file in files:
            file.flush()
            os.fsync(file.fileno())
            file.close()
        for file, path in zip(files, paths, strict=True):
            Path(file.name).replace(path)
    except BaseException:
        for file in files:
            file.close()
            Path(file.name).unlink(missing_ok=True)
        raise


def _beside(path: Path) -> IO[str]:
    file = tempfile.NamedTemporaryFile(  # noqa: SIM115  # closed and renamed, or deleted, by whole_files
        "w",
        dir=path.parent,
        prefix=f".{path.name}.",
        suffix=".partial",
        delete=False,
        encoding="utf-8",
        errors="backslashreplace",
        newline="",
        buffering=1 << 16,
    )
    umask = os.umask(0)
    os.umask(umask)
    Path(file.name).chmod(0o666 & ~umask)  # a temporary file starts out readable by its owner only
    return file
