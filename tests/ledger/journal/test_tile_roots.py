"""A tree that is put together from tiles: of whatever size, and whatever a connection has kept of sizes before."""

from __future__ import annotations

import random
from hashlib import sha256

import pytest
from sqlalchemy import Connection, create_engine, event, insert

from ledger.journal import tile_roots
from ledger.journal.tile_roots import tree_from_tiles
from ledger.record.log_tiles import FullTile, LogTree
from ledger.record.merkle_tree import leaf_hash
from ledger.store.table_metadata import metadata
from ledger.store.tables import tiles

SIZES = (0, 255, 256, 66_000, 70_000, 131_072, 131_400)
HEADERS = [sha256(b"%d" % number).hexdigest() for number in range(max(SIZES))]


LEAVES = [leaf_hash(header.encode()) for header in HEADERS]


@pytest.fixture(scope="module")
def grown() -> tuple[dict[int, bytes], list[FullTile]]:
    """The root at each size, and all tiles."""
    tree, roots, full = LogTree(), dict[int, bytes](), list[FullTile]()
    for size in SIZES:
        tree, more = tree.appended(LEAVES[tree.size : size])
        roots[size] = tree.root
        full += more
    return roots, full


@pytest.fixture
def connection(grown: tuple[dict[int, bytes], list[FullTile]]) -> Connection:
    opened = create_engine("sqlite://").connect()
    metadata.create_all(opened, [tiles])
    opened.execute(insert(tiles), [each._asdict() for each in grown[1]])
    return opened


@pytest.mark.parametrize("kept", [0, 3, tile_roots.KEPT_MAX])
def test_trees_of_any_size_are_put_together(
    connection: Connection,
    grown: tuple[dict[int, bytes], list[FullTile]],
    kept: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tile_roots, "KEPT_MAX", kept)
    for size in random.Random(kept).choices(SIZES, k=20):
        tree = tree_from_tiles(connection, size, HEADERS[size // 256 * 256 : size])
        assert tree is not None
        assert (tree.size, tree.root) == (size, grown[0][size])


def test_tiles_are_read_at_once_and_once(connection: Connection) -> None:
    """One statement a level the first time; none as long as the log has grown by no tile."""
    asked: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *each: asked.append(each[2]))
    for _ in range(2):
        tree_from_tiles(connection, 131_400, HEADERS[131_328:131_400])
        assert len(asked) == 2
    tree_from_tiles(connection, 131_328 - 256, [])
    assert len(asked) == 2


def test_a_tile_that_is_missing_is_not_passed_over(connection: Connection) -> None:
    connection.execute(tiles.delete().where(tiles.c.level == 0, tiles.c.number == 512))
    assert tree_from_tiles(connection, 131_400, HEADERS[131_328:131_400]) is None
    assert tree_from_tiles(connection, 131_072, []) is not None
