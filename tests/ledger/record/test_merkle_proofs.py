"""Proofs of inclusion and consistency against the definitions in RFC 6962, and every change of one refused."""

from __future__ import annotations

import random
from collections.abc import Sequence
from hashlib import sha256

import pytest

from ledger.record.checkpoints import Checkpoint
from ledger.record.log_proofs import BadProof, LogProof, read_proof
from ledger.record.log_tiles import LogTree
from ledger.record.merkle_proofs import NoTile, ProofMaker, is_consistent, root_from
from ledger.record.merkle_tree import EMPTY_ROOT, leaf_hash
from ledger.record.record_header import Header
from ledger.record.signed_notes import new_signer
from tests.support.large import how_many

LEAVES = [sha256(b"%d" % number).digest() for number in range(66_000)]


def _root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"").digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + _root(leaves[:k]) + _root(leaves[k:])).digest()


def _path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if m < k:
        return [*_path(m, leaves[:k]), _root(leaves[k:])]
    return [*_path(m - k, leaves[k:]), _root(leaves[:k])]


def _maker(size: int) -> ProofMaker:
    tree, full = LogTree().appended(LEAVES[:size])
    tiles = {(tile.level, tile.number): tile.hashes for tile in full}
    return ProofMaker(tree, lambda level, number: tiles.get((level, number)))


@pytest.mark.parametrize("size", [*range(1, 20), 255, 256, 257, 511, 513, 1_000])
def test_proofs_are_those_of_the_rfc_and_lead_to_the_root(size: int) -> None:
    maker, root, leaves = _maker(size), _root(LEAVES[:size]), LEAVES[:size]
    for index in range(size) if size < 20 else random.Random(size).sample(range(size), how_many(5, large=200)):
        proof = maker.inclusion(index)
        assert proof == _path(index, leaves)
        assert root_from(LEAVES[index], index, size, proof) == root
        for other in ({index - 1, index + 1, size, -1} if size > 1 else {size, -1}) - {index}:
            assert root_from(LEAVES[index], other, size, proof) != root
        assert root_from(LEAVES[index], index, size, [*proof, bytes(32)]) is None
        if proof:
            assert root_from(LEAVES[index], index, size, proof[:-1]) is None


def test_a_tree_of_three_levels() -> None:
    maker, root = _maker(66_000), _root(LEAVES)
    for index in (0, 255, 65_535, 65_536, 65_999):
        assert root_from(LEAVES[index], index, 66_000, maker.inclusion(index)) == root


def test_a_tile_that_is_missing_is_said() -> None:
    tree, _ = LogTree().appended(LEAVES[:600])
    with pytest.raises(NoTile):
        ProofMaker(tree, lambda *_: None).inclusion(1)


def _subproof(m: int, leaves: Sequence[bytes], *, is_whole: bool) -> list[bytes]:
    """RFC 6962, 2.1.2, word for word."""
    if m == len(leaves):
        return [] if is_whole else [_root(leaves)]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if m <= k:
        return [*_subproof(m, leaves[:k], is_whole=is_whole), _root(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], is_whole=False), _root(leaves[:k])]


def test_consistency_proofs_are_those_of_the_rfc() -> None:
    for size in range(1, 41):
        maker, leaves = _maker(size), LEAVES[:size]
        for old in range(1, size + 1):
            proof = maker.consistency(old)
            assert proof == _subproof(old, leaves, is_whole=True)
            assert is_consistent(old, _root(leaves[:old]), size, _root(leaves), proof)


def test_a_larger_tree_begins_with_each_smaller_one() -> None:
    """Sizes of every shape, with tiles of two and three levels; the wrong sizes and roots never pass."""
    chance, most = random.Random(6962), how_many(2_000, large=66_000)
    sizes = sorted(chance.sample(range(1, most), how_many(40, large=200)))
    roots = {size: LogTree().appended(LEAVES[:size])[0].root for size in sizes}
    makers = {size: _maker(size) for size in sizes}
    pairs = [(old, size) for size in sizes for old in sizes if old <= size]
    for old, size in chance.sample(pairs, min(len(pairs), how_many(400, large=10_000))):
        proof = makers[size].consistency(old)
        assert is_consistent(old, roots[old], size, roots[size], proof)
        assert not is_consistent(old, roots[old], size, bytes(32), proof)
        assert not is_consistent(old, bytes(32), size, roots[size], proof)
        assert not is_consistent(old, roots[old], size, roots[size], [*proof, bytes(32)])
        if proof:
            assert not is_consistent(old, roots[old], size, roots[size], proof[:-1])
            assert not is_consistent(size, roots[size], old, roots[old], proof)


@pytest.mark.parametrize(("old", "size"), [(3, 5), (4, 7), (255, 257), (256, 600), (300, 601)])
def test_each_bit_of_a_consistency_proof_counts(old: int, size: int) -> None:
    proof = _maker(size).consistency(old)
    content = b"".join([_root(LEAVES[:old]), _root(LEAVES[:size]), *proof])
    assert _holds(old, size, content)
    for bit in range(len(content) * 8):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        assert not _holds(old, size, bytes(changed)), bit


def _holds(old: int, size: int, content: bytes) -> bool:
    old_root, root, *proof = (content[at : at + 32] for at in range(0, len(content), 32))
    return is_consistent(old, old_root, size, root, proof)


def test_nothing_is_before_an_empty_tree_and_the_same_tree_needs_no_proof() -> None:
    root = _root(LEAVES[:7])
    assert _maker(7).consistency(0) == _maker(7).consistency(7) == []
    assert is_consistent(0, EMPTY_ROOT, 7, root, [])
    assert is_consistent(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    assert not is_consistent(0, EMPTY_ROOT, 0, root, [])
    assert not is_consistent(0, EMPTY_ROOT, 0, bytes(32), [])
    assert is_consistent(7, root, 7, root, [])
    assert not is_consistent(0, root, 7, root, [])
    assert not is_consistent(0, EMPTY_ROOT, 7, root, [root])
    assert not is_consistent(7, LEAVES[0], 7, root, [])
    assert not is_consistent(8, root, 7, root, [])
    assert not is_consistent(5, _root(LEAVES[:5]), 7, root, [])


SIGNER = new_signer("example.com/journal")


def _proof(index: int = 5, size: int = 13, **members: int | str) -> LogProof:
    """Of a log whose record `index` has a header."""
    words: dict[str, int | str] = {"seq": 5, "id": "x", "at": "t", "kind": "decision", "body": "b", "actor": "a"}
    header = Header(**{**words, **members}).canonical_text()  # type: ignore[arg-type]
    leaves = [*LEAVES[:index], leaf_hash(header), *LEAVES[index + 1 : size]]
    note = Checkpoint("example.com/journal", size, _root(leaves)).signed(SIGNER)
    return LogProof(header, index, tuple(_path(index, leaves)), note)


def test_as_a_file_it_is_the_form_of_c2sp_and_reads_back() -> None:
    proof = _proof()
    lines = proof.text().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert [line.split(" ")[0] for line in lines[1:3]] == ["extra", "index"]
    assert lines[3 + 4 : 3 + 7] == ["", "example.com/journal", "13"]
    assert read_proof(proof.text()) == proof
    header, checkpoint = read_proof(proof.text()).checked(SIGNER.verifier)
    assert (header.seq, header.kind, checkpoint.size) == (5, "decision", 13)


def test_each_byte_counts() -> None:
    text, chance = _proof().text(), random.Random(6962)
    for at in range(len(text)):
        for other in {*chance.sample("AZaz09+/=", 3), *"\n "} - {text[at]}:
            with pytest.raises(BadProof):
                read_proof(f"{text[:at]}{other}{text[at + 1 :]}").checked(SIGNER.verifier)
        with pytest.raises(BadProof):
            read_proof(text[:at] + text[at + 1 :]).checked(SIGNER.verifier)


def test_another_log_and_another_place_are_refused() -> None:
    with pytest.raises(BadProof, match="is not signed by the key"):
        _proof().checked(new_signer("example.com/journal").verifier)
    with pytest.raises(BadProof, match="is not signed by the key"):
        _proof().checked(new_signer("example.com/other").verifier)
    with pytest.raises(BadProof, match="says it is record 6, and it stands at 5"):
        _proof(seq=6).checked(SIGNER.verifier)
    moved = _proof()
    with pytest.raises(BadProof, match="covers 13 records, and the record is number 13"):
        LogProof(moved.header, 13, moved.hashes, moved.note).checked(SIGNER.verifier)
