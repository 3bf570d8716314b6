"""The mirror of a log: the hash of each record, 32 bytes each, in their order. It tells nothing of what they say.

A checkpoint shows that among its records one was changed; the mirror shows which.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO

from ledger.record.checkpoints import Checkpoint
from ledger.record.log_tiles import hashes_in
from ledger.record.merkle_tree import HASH_BYTES, extended, root_of
from ledger.store.trouble import FileTrouble

_READ_BYTES = 8_192 * HASH_BYTES


@dataclass(frozen=True, slots=True)
class Mirror:
    """What there is, and what comes."""

    path: Path
    """Of the mirror; missing before the first time."""

    coming: Path
    """A file with the hashes of the records that are not in it yet."""

    def extend(self, seen: Checkpoint, signed: Checkpoint) -> None:
        """Adds them, once all together have both roots. Raises `FileTrouble` where they don't, and `OSError`; then the
        mirror is as it was."""
        kept = min(_count(self.path) if self.path.exists() else 0, seen.size)
        lacking = signed.size - kept
        if (there := _count(self.coming)) != lacking:
            raise FileTrouble(
                f"`{self.coming}` has {there} hashes, and the mirror lacks {lacking}: those from record {kept} on; "
                f"write them with --save-hashes and --since {kept}"
            )
        with TemporaryFile() as copy, self.coming.open("rb") as coming:
            copyfileobj(coming, copy)  # what is checked is what is added, whoever writes to the file meanwhile
            self._check(kept, copy, seen, signed)
            self._append(kept, copy)

    def _check(self, kept: int, copy: BinaryIO, seen: Checkpoint, signed: Checkpoint) -> None:
        at, frontier = 0, tuple[bytes, ...]()
        for hashes in _chunks(self.path, kept, copy, stops=(seen.size, signed.size)):
            frontier, at = extended(frontier, at, hashes), at + len(hashes)
            for checkpoint in (seen, signed):
                if at == checkpoint.size and root_of(frontier) != checkpoint.root:
                    raise FileTrouble(f"the hashes are not those of the {at} records that the checkpoint covers")
        if at != signed.size:
            raise FileTrouble(f"`{self.coming}` was changed while it was read; write it again")

    def _append(self, kept: int, copy: BinaryIO) -> None:
        copy.seek(0)
        with self.path.open("r+b" if self.path.exists() else "x+b") as file:
            file.truncate(kept * HASH_BYTES)  # what an interrupted run left behind
            file.seek(kept * HASH_BYTES)
            copyfileobj(copy, file)
            file.flush()
            os.fsync(file.fileno())


def mirrored(path: Path) -> Iterator[bytes]:
    """The hashes of a mirror, one after the other. Raises `FileTrouble` and `OSError`."""
    return chain.from_iterable(_first_of(path, _count(path)))


def _count(path: Path) -> int:
    size = path.stat().st_size
    if not path.is_file() or size % HASH_BYTES:
        raise FileTrouble(f"`{path}` is no file of hashes of {HASH_BYTES} bytes")
    return size // HASH_BYTES


def _chunks(mirror: Path, kept: int, coming: BinaryIO, stops: tuple[int, ...]) -> Iterator[list[bytes]]:
    """All hashes in their order, with an end at each of `stops`."""
    at, count = 0, coming.seek(0, os.SEEK_END) // HASH_BYTES
    coming.seek(0)
    for hashes in chain(_first_of(mirror, kept), _hashes(coming, count)):
        while hashes:
            until = min((stop - at for stop in stops if stop > at), default=len(hashes))
            yield hashes[:until]
            at += len(hashes[:until])
            hashes = hashes[until:]


def _first_of(mirror: Path, count: int) -> Iterator[list[bytes]]:
    if count:
        with mirror.open("rb") as file:
            yield from _hashes(file, count)


def _hashes(file: BinaryIO, count: int) -> Iterator[list[bytes]]:
    while count:
        content = file.read(min(_READ_BYTES, count * HASH_BYTES))
        if not content:
            return
        yield hashes_in(content)
        count -= len(content) // HASH_BYTES
