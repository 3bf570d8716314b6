"""Files that people write, read no further than they may be large: a byte more tells that one is too large.

A file of some gigabytes, by mistake or made of holes, then costs a megabyte of memory and no more.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from engine.reading.document import BYTES_MAX


def read_ordinary(path: Path) -> bytes | None:
    """At most `BYTES_MAX` + 1 bytes. None for what is no ordinary file: one that is found among others may have become
    a pipe meanwhile, which would be waited for."""
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as file:
        return file.read(BYTES_MAX + 1) if stat.S_ISREG(os.fstat(opened).st_mode) else None


def read_named(path: Path) -> bytes:
    """At most `BYTES_MAX` + 1 bytes of what a user names, a pipe as well."""
    with path.open("rb") as file:
        return file.read(BYTES_MAX + 1)
