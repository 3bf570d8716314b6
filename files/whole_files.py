"""Files that appear whole or not at all: written beside their place, renamed when everything is done."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole_files(paths: Sequence[Path]) -> Iterator[list[IO[str]]]:
    """Text files open for writing, one for each path. They take their places when the block ends without an exception;
    otherwise (an interrupt from the keyboard included) they are deleted and what stood there before stays. Raises
    OSError where a file can't be made, or would take the place of something that is no ordinary file."""
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
            Path(file.name).replace(path.resolve())  # a link stays: as /dev/stdout it is everybody's
    except BaseException:
        for file in files:
            file.close()
            Path(file.name).unlink(missing_ok=True)
        raise


def is_ordinary(path: Path) -> bool:
    """Whether a file may take this place: nothing is there, or such a file. A device like /dev/null would be gone."""
    return path.is_file() or not path.exists()


def fault_of_paths(read: Sequence[Path], written: Mapping[str, Path]) -> str:
    """Why files can't take these places, in one line; blank where they can. `written` by the option that names it."""
    for option, path in written.items():
        folder = path.resolve().parent if path.is_symlink() else path.parent
        if path.is_dir():
            return f"{option} `{path}` is a folder; name a file in it"
        if not is_ordinary(path):
            return f"{option} `{path}` is no ordinary file"
        if not folder.is_dir():
            return f"{option} `{path}`: the folder `{folder}` does not exist"
        if not os.access(folder, os.W_OK):
            return f"{option} `{path}`: nothing can be written to the folder `{folder}`"
    places = [path.resolve() for path in written.values()]
    if len({*places} - {path.resolve() for path in read}) < len(places):
        return f"what is read and {' and '.join(written)} must be different files"
    return ""


def _beside(path: Path) -> IO[str]:
    if not is_ordinary(path):
        raise OSError(errno.EINVAL, "is no ordinary file", str(path))
    path = path.resolve()
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
