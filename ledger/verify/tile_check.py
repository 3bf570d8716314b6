"""The stored hashes of the log: a tile of level 0 has the leaves of its 256 records, one above the roots of 256 tiles.

Each level is compared with the one stored below it, so that one change is one fault.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ledger.record.log_tiles import TILE_HASHES, hashes_in
from ledger.record.merkle_tree import HASH_BYTES, perfect_root
from ledger.verify.journal_faults import FaultKind, FaultsFound

TileAt = Callable[[int, int], bytes | None]
"""Gives the stored tile of a level and a number; None where there is none."""


class TileCheck:
    """Of the tiles that are full."""

    def __init__(self, tile_at: TileAt, faults: FaultsFound) -> None:
        self._tile_at, self._faults = tile_at, faults
        self._roots: list[list[bytes]] = []  # of the tiles of each level that fill none of the next yet

    def leaves(self, number: int, found: Sequence[bytes | None], where: str = "record {}") -> list[bytes | None]:
        """Compares 256 leaf hashes with the tile of level 0 that they fill. A leaf that can't be had is the tile's.
        `where`: how a record is called in faults."""
        stored = self._stored(0, number)
        if stored is None:
            whole = [leaf for leaf in found if leaf is not None]
            if len(whole) == TILE_HASHES:
                self._above(0, number, whole)
            return list(found)
        for at, (leaf, hash_) in enumerate(zip(found, stored, strict=True), number * TILE_HASHES):
            if leaf is not None and leaf != hash_:
                self._faults.add(FaultKind.TILE, f"{where.format(at)}: is not the one in tile 0/{number}")
        self._above(0, number, stored)
        return [leaf or hash_ for leaf, hash_ in zip(found, stored, strict=True)]

    def under_way(self, level: int) -> list[bytes]:
        """The hashes of a level above the lowest that fill no tile yet."""
        return self._roots[level - 1] if level <= len(self._roots) else []

    def _stored(self, level: int, number: int) -> list[bytes] | None:
        content = self._tile_at(level, number)
        if content is None:
            self._faults.add(FaultKind.TILE, f"tile {level}/{number}: is missing")
        elif len(content) != TILE_HASHES * HASH_BYTES:
            self._faults.add(FaultKind.TILE, f"tile {level}/{number}: does not have {TILE_HASHES} hashes")
        else:
            return hashes_in(content)
        return None

    def _above(self, level: int, number: int, hashes: Sequence[bytes]) -> None:
        """The tile is complete: its root goes into the level above, which may become so too."""
        if level == len(self._roots):
            self._roots.append([])
        coming = self._roots[level]
        if number % TILE_HASHES != len(coming):
            coming.clear()  # tiles are missing between: what is made of them can't be compared
            if number % TILE_HASHES:
                return
        coming.append(perfect_root(hashes))
        if len(coming) < TILE_HASHES:
            return
        made, above = list(coming), number // TILE_HASHES
        coming.clear()
        stored = self._stored(level + 1, above)
        if stored is not None and stored != made:
            self._faults.add(FaultKind.TILE, f"tile {level + 1}/{above}: is not made of the tiles below it")
        self._above(level + 1, above, stored or made)


def full_tiles(size: int) -> int:
    """How many tiles of all levels are full in a log of so many records."""
    count = 0
    while size := size // TILE_HASHES:
        count += size
    return count
