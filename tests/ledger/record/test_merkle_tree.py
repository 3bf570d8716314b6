"""The tree of RFC 6962: known roots, and another computation straight from the words of section 2.1."""

from __future__ import annotations

import random
from collections.abc import Sequence
from hashlib import sha256

import pytest

from ledger.record.log_tiles import TILE_HASHES, FullTile, LogTree, RootsAt, hashes_in, restored, tile_root
from ledger.record.merkle_tree import EMPTY_ROOT, extended, leaf_hash, root_of
from tests.support.large import how_many

ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The test data of Certificate Transparency's first implementations: roots of the first 1 to 8 entries."""


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, word for word: split at the largest power of two below n."""
    if len(leaves) == 0:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def _leaves(number: int) -> list[bytes]:
    return [leaf_hash(str(each).encode()) for each in range(number)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_known_roots(size: int) -> None:
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES[:size]]
    assert root_of(extended((), 0, leaves)).hex() == ROOTS[size - 1]


def test_the_root_of_nothing() -> None:
    assert LogTree().root == EMPTY_ROOT == sha256().digest()


def test_each_size_has_the_root_that_the_words_give() -> None:
    leaves = _leaves(130)
    frontier: tuple[bytes, ...] = ()
    for size, leaf in enumerate(leaves):
        assert root_of(frontier) == naive_root(leaves[:size])
        frontier = extended(frontier, size, [leaf])


def _naive_tiles(leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    """Every full tile: a hash of level n is the root over 256^n leaves."""
    tiles: dict[tuple[int, int], bytes] = {}
    level, hashes = 0, list(leaves)
    while len(hashes) >= TILE_HASHES:
        whole = [hashes[at : at + TILE_HASHES] for at in range(0, len(hashes), TILE_HASHES)]
        whole = [each for each in whole if len(each) == TILE_HASHES]
        tiles |= {(level, number): b"".join(each) for number, each in enumerate(whole)}
        level, hashes = level + 1, [naive_root(each) for each in whole]
    return tiles


def _grown(leaves: Sequence[bytes], steps: Sequence[int]) -> tuple[LogTree, list[FullTile]]:
    tree, at = LogTree(), 0
    tiles: list[FullTile] = []
    for step in steps:
        before = tree
        tree, full = tree.appended(leaves[at : at + step])
        assert before.appended(leaves[at : at + step])[0] == tree  # the one before is as it was
        tiles += full
        at += step
    return tree, tiles


@pytest.mark.parametrize("seed", range(how_many(6, large=60)))
def test_tiles_and_frontier_are_the_same_however_it_grew(seed: int) -> None:
    chance = random.Random(seed)
    steps = [chance.choice((0, 1, 2, 3, 255, 256, 257, 700)) for _ in range(9)]
    leaves = _leaves(sum(steps))
    tree, tiles = _grown(leaves, steps)
    assert tree.root == naive_root(leaves)
    assert {(tile.level, tile.number): tile.hashes for tile in tiles} == _naive_tiles(leaves)
    assert len({tile[:2] for tile in tiles}) == len(tiles)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 66_000])
def test_the_tree_is_restored_from_tiles_and_the_last_leaves(size: int) -> None:
    """66,000 leaves have a tile of level 1."""
    leaves = _leaves(size)
    tree, tiles = LogTree().appended(leaves)
    kept = {(tile.level, tile.number): tile.hashes for tile in tiles}
    again = restored(size, _roots(kept), leaves[size // 256 * 256 :])
    assert again is not None
    assert (again.root, again.frontier) == (tree.root, tree.frontier)
    more = _leaves(300)
    assert again.appended(more)[0].root == tree.appended(more)[0].root
    assert again.appended(more)[1] == tree.appended(more)[1]
    for missing in kept:
        if missing[0] == 0 and missing[1] >= size // 65_536 * 256:
            others = {place: hashes for place, hashes in kept.items() if place != missing}
            for content in (others, others | {missing: kept[missing][:-1]}):
                assert restored(size, _roots(content), []) is None


def _roots(kept: dict[tuple[int, int], bytes]) -> RootsAt:
    return lambda level, numbers: [tile_root(kept.get((level, number))) for number in numbers]


def test_a_tile_is_cut_into_its_hashes() -> None:
    leaves = _leaves(256)
    assert hashes_in(b"".join(leaves)) == leaves
