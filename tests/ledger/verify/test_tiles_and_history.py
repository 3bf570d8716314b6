"""The log's hashes and its checkpoints, in sizes at which a journal is too long to be written in a test."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest

from ledger.record.checkpoints import Checkpoint
from ledger.record.signed_notes import new_signer
from ledger.verify.history_check import HistoryCheck, SignedSize
from ledger.verify.journal_faults import FaultsFound
from ledger.verify.tile_check import TileCheck, full_tiles

SIZE = 256 * 256 * 2
LEAVES = [sha256(b"%d" % number).digest() for number in range(SIZE)]


def _root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, 2.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"").digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + _root(leaves[:k]) + _root(leaves[k:])).digest()


@pytest.fixture(scope="module")
def tiles() -> dict[tuple[int, int], bytes]:
    below = [LEAVES[at : at + 256] for at in range(0, SIZE, 256)]
    above = [_root(tile) for tile in below]
    stored = {(0, number): b"".join(tile) for number, tile in enumerate(below)}
    return stored | {(1, number): b"".join(above[256 * number : 256 * number + 256]) for number in range(2)}


CHANGES = {
    "nothing": ((0, 0), None, []),
    "a leaf": (
        (0, 300),
        5,
        ["record 76805: is not the one in tile 0/300", "tile 1/1: is not made of the tiles below it"],
    ),
    "a hash above": ((1, 1), 44, ["tile 1/1: is not made of the tiles below it"]),
    "no tile": ((0, 300), -1, ["tile 0/300: is missing"]),
    "no tile above": ((1, 0), -1, ["tile 1/0: is missing"]),
    "cut off": ((1, 0), -2, ["tile 1/0: does not have 256 hashes"]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_level_is_made_of_the_one_below(tiles: dict[tuple[int, int], bytes], name: str) -> None:
    place, at, expected = CHANGES[name]
    stored, hashes = dict(tiles), tiles[place]
    if at == -1:
        del stored[place]
    elif at is not None:
        stored[place] = hashes[:-1] if at == -2 else hashes[: 32 * at] + bytes(32) + hashes[32 * at + 32 :]
    faults = FaultsFound()
    check = TileCheck(lambda level, number: stored.get((level, number)), faults)
    for number in range(SIZE // 256):
        check.leaves(number, LEAVES[256 * number : 256 * number + 256])
    assert [fault.text for fault in faults.shown] == expected
    assert full_tiles(SIZE) == len(tiles)


def test_leaves_that_can_not_be_had_are_those_of_the_tiles(tiles: dict[tuple[int, int], bytes]) -> None:
    faults = FaultsFound()
    check = TileCheck(lambda level, number: tiles.get((level, number)), faults)
    found = [leaf for n in range(SIZE // 256) for leaf in check.leaves(n, [None] * 256)]
    assert (found, faults.total) == (LEAVES, 0)


@pytest.mark.parametrize("step", [1, 7, 256])
def test_every_checkpoint_is_compared_at_its_size_however_leaves_come(step: int) -> None:
    """Of 0 to 40 records each; that of 23 was signed over something else, and so none after it holds."""
    signer, faults = new_signer("a"), FaultsFound()
    notes = []
    for size in range(41):
        root = _root([*LEAVES[:22], LEAVES[99], *LEAVES[23:size]][:size]) if size >= 23 else _root(LEAVES[:size])
        notes.append(SignedSize(size, f"checkpoint {size}", Checkpoint("a", size, root).signed(signer)))
    check = HistoryCheck(notes, [signer.verifier], faults)
    for at in range(0, 40, step):
        check.add(LEAVES[at : min(at + step, 40)])
    check.finish()
    assert [fault.text for fault in faults.shown] == [
        "record 22: it is not what checkpoint 23 was signed over (checkpoint 22 still holds)"
    ]
    assert (check.checkpoints, check.signed, check.size) == (41, 22, 40)


def test_behind_a_leaf_that_is_missing_only_signatures_are_looked_at() -> None:
    signer, other, faults = new_signer("a"), new_signer("a"), FaultsFound()
    notes = [
        SignedSize(size, f"checkpoint {size}", Checkpoint("a", size, _root(LEAVES[:size])).signed(by))
        for size, by in ((2, signer), (4, signer), (5, other))
    ]
    check = HistoryCheck(notes, [signer.verifier], faults)
    check.add([*LEAVES[:3], None, *LEAVES[4:6]])
    check.finish()
    assert [fault.text for fault in faults.shown] == ["checkpoint 5: its signature is not that of the journal key"]
    assert (check.signed, check.frontier) == (2, None)
