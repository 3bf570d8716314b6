"""The tree as tiles of 256 hashes, as in C2SP tlog-tiles, and how it grows.

A tile of level 0 holds the leaf hashes of 256 records, one of level 1 the roots of 256 tiles of level 0, and so on. A
tile is kept once it is full and never changes; what is under way is worked out again from the headers of the last
records. So every hash that a proof needs is in a tile or a few hashes above one.

`LogTree` is a value: `appended` gives the next one and the tiles that became full, and leaves the one before as it was.
Whoever rolls a transaction back keeps that one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.record.merkle_tree import HASH_BYTES, extended, perfect_root, root_of

TILE_HASHES = 256


class FullTile(NamedTuple):
    """256 hashes of one level: it never changes."""

    level: int
    """0 for leaf hashes; a hash of level n stands for 256^n leaves."""

    number: int
    """From 0 within its level."""

    hashes: bytes
    """256 hashes of 32 bytes, one after the other."""


@dataclass(frozen=True, slots=True)
class LogTree:
    """A tree of so many leaves."""

    size: int = 0
    """How many leaves it has."""

    frontier: tuple[bytes, ...] = ()
    """See `merkle_tree`."""

    pending: tuple[tuple[bytes, ...], ...] = ()
    """Of each level, from 0, the hashes that are in no full tile yet; at most 255 each."""

    @property
    def root(self) -> bytes:
        """The root hash, 32 bytes."""
        return root_of(self.frontier)

    def appended(self, leaves: Sequence[bytes]) -> tuple[LogTree, list[FullTile]]:
        """The tree with these leaf hashes behind its own, and the tiles that became full by them."""
        full: list[FullTile] = []
        levels = list(self.pending)
        coming: Sequence[bytes] = leaves
        level, before = 0, self.size
        while coming:
            if level == len(levels):
                levels.append(())
            hashes = [*levels[level], *coming]
            coming = []
            first = before // TILE_HASHES
            whole = len(hashes) // TILE_HASHES * TILE_HASHES
            for at in range(0, whole, TILE_HASHES):
                tile = hashes[at : at + TILE_HASHES]
                full.append(FullTile(level, first + at // TILE_HASHES, b"".join(tile)))
                coming.append(perfect_root(tile))
            levels[level] = tuple(hashes[whole:])
            level, before = level + 1, first
        frontier = extended(self.frontier, self.size, leaves)
        return LogTree(self.size + len(leaves), frontier, tuple(levels)), full


RootsAt = Callable[[int, range], Sequence[bytes | None]]
"""Gives the root above each full tile of a level and these numbers; None for one that is missing or too short."""


def restored(size: int, roots_at: RootsAt, last_leaves: Sequence[bytes]) -> LogTree | None:
    """The tree of so many leaves, from the full tiles and the hashes of the last `size % 256` leaves. None where a tile
    is missing or has another length."""
    levels: list[tuple[bytes, ...]] = [tuple(last_leaves)]
    level, count = 0, size // TILE_HASHES  # full tiles of this level
    while count:
        first = count // TILE_HASHES * TILE_HASHES
        roots = [root for root in roots_at(level, range(first, count)) if root is not None]
        if len(roots) != count - first:
            return None
        levels.append(tuple(roots))
        level, count = level + 1, count // TILE_HASHES
    frontier: list[bytes] = []
    for hashes_of_level in reversed(levels):
        frontier += _peaks(hashes_of_level)
    return LogTree(size, tuple(frontier), tuple(levels))


def tile_root(tile: bytes | None) -> bytes | None:
    """The root above a full tile; None where it is missing or has another length."""
    whole = tile is not None and len(tile) == TILE_HASHES * HASH_BYTES
    return perfect_root(hashes_in(tile)) if tile is not None and whole else None


def hashes_in(tile: bytes) -> list[bytes]:
    """The hashes of a tile, full or not."""
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


def _peaks(hashes: Sequence[bytes]) -> list[bytes]:
    """The frontier above these hashes alone, as if each were a leaf."""
    return list(extended((), 0, hashes))
