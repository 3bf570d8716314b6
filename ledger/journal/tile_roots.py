"""Roots above full tiles of the log, which a tree is put together from: read at once, and hashed once a connection.

A full tile never changes, and a tree of ten million records is put together from up to 255 of them on each level. So a
connection keeps the roots that were worked out over it; one that is new reads the tiles again.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from ledger.record.log_tiles import TILE_HASHES, LogTree, restored, tile_root
from ledger.record.merkle_tree import leaf_hash
from ledger.store.tables import tiles

_KEPT = "roots above tiles"
KEPT_MAX = 4 * TILE_HASHES
"""Roots that a connection keeps: a tree needs fewer."""


def tree_from_tiles(connection: Connection, size: int, last_headers: list[str]) -> LogTree | None:
    """The tree of so many records, from the full tiles and the headers behind them. None where a tile is missing or
    has another length."""
    leaves = [leaf_hash(header.encode()) for header in last_headers]
    return restored(size, lambda level, numbers: _roots(connection, level, numbers), leaves)


def _roots(connection: Connection, level: int, numbers: range) -> list[bytes | None]:
    kept: dict[tuple[int, int], bytes] = connection.info.setdefault(_KEPT, {})
    wanted = [number for number in numbers if (level, number) not in kept]
    if wanted:
        if len(kept) > KEPT_MAX:
            kept.clear()
            wanted = list(numbers)
        columns = tiles.c
        where = (columns.level == level) & (columns.number >= wanted[0]) & (columns.number <= wanted[-1])
        for number, hashes in connection.execute(select(columns.number, columns.hashes).where(where)):
            root = tile_root(hashes)
            if root is not None:
                kept[level, number] = root
    return [kept.get((level, number)) for number in numbers]
