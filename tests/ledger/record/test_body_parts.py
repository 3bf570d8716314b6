"""Bodies: packed and read back, committed to part by part, sealed for one place by one key."""

from __future__ import annotations

import random
from hashlib import sha256, shake_128

import pytest

from ledger.record.body_parts import (
    BadBody,
    Body,
    Part,
    commitment,
    commitments,
    digest_of,
    new_body,
    packed_digest,
    unpacked,
)
from ledger.record.sealing import Blinding, BodyKey, DoesNotOpen, Sealed, new_key_bytes, unwrapped, wrapped

PARTS = (
    Part("request", b'{"a":,"b":}'),
    Part("request/x@5", b"1"),
    Part("request/y@11", b'"2"'),
    Part("answer", b"."),
)


def test_a_body_is_read_back_and_its_documents_are_put_together() -> None:
    body = new_body(PARTS)
    assert unpacked(body.packed()) == body
    assert body.document("request") == b'{"a":1,"b":"2"}'
    assert body.document("answer") == b"."
    assert body.document("re") is None
    assert body.document("x") is None
    assert new_body(PARTS).salt != body.salt


@pytest.mark.parametrize(
    "packed",
    [
        *(b"", b"x" * 16, b"x" * 16 + b"[]", b"x" * 16 + b'[["a",2]]\nb', b"x" * 16 + b"[1]\n", b"x" * 16 + b"[]\nb"),
        *(b"x" * 16 + index + b"\nb" for index in (b'[["a",2],["b",-1]]', b"[[1,1]]", b'[["a",true]]', b'[["a",1.0]]')),
        *(b"x" * 16 + index + b"\n" for index in (b"7", b"null", b'{"ab":0}', b'[["a"]]', b'[["a",0,0]]')),
    ],
)
def test_what_is_no_packed_body_is_refused(packed: bytes) -> None:
    for read in (unpacked, packed_digest):
        with pytest.raises(BadBody):
            read(packed)


@pytest.mark.parametrize(
    ("frame", "pieces"),
    [
        (b"{}", [("x", 5)]),  # behind the frame's end
        (b"{}", [("x", 3)]),
        (b"{}", [("x", 1), ("y", 1)]),  # within the piece before it
        (b"{}", [("x", 1), ("y", 2)]),
        (b"", [("x", 1)]),
        (b"{}", [("x", 0), ("y", 5)]),
        (b"{,}", [("x", 1), ("y", 8)]),
        (b"{,}", [("x", 1), ("y", 7)]),
    ],
)
def test_pieces_that_do_not_fit_into_their_document_are_refused(frame: bytes, pieces: list[tuple[str, int]]) -> None:
    body = new_body((Part("a", frame), *(Part(f"a/{name}@{at}", b"12") for name, at in pieces)))
    with pytest.raises(BadBody, match="does not fit"):
        body.document("a")


@pytest.mark.parametrize("places", [(0, 4), (1, 4), (1, 3), (2, 4), (0, 2)])
def test_pieces_fit_wherever_they_stand(places: tuple[int, int]) -> None:
    """At the beginning, behind one another and at the end."""
    body = new_body((Part("a", b"{}"), *(Part(f"a/{at}@{at}", b"12") for at in places)))
    document = body.document("a")
    assert document is not None and len(document) == 6
    assert all(document[at : at + 2] == b"12" for at in places)


def test_the_digest_by_another_computation() -> None:
    body = Body(bytes(range(16)), PARTS)
    stream = shake_128(bytes(range(16))).digest(64)
    each = [
        sha256(stream[16 * n : 16 * n + 16] + part.path.encode() + b"\0" + part.content).digest()
        for n, part in enumerate(PARTS)
    ]
    assert commitments(body.salt, PARTS) == each
    assert packed_digest(body.packed()) == body.digest() == digest_of(each) == sha256(b"".join(each)).hexdigest()


def test_a_withheld_part_leaves_the_digest_as_it_is_and_a_replaced_one_does_not() -> None:
    body = new_body(PARTS)
    committed = commitments(body.salt, PARTS)
    assert digest_of(committed) == body.digest()
    for number, part in enumerate(PARTS):
        for other in (Part(part.path, part.content + b" "), Part(part.path + "x", part.content)):
            changed = committed[:number] + [commitment(body.salt, other)] + committed[number + 1 :]
            assert digest_of(changed) != body.digest()


def test_path_and_content_are_held_apart() -> None:
    assert commitment(b"", Part("ab", b"c")) != commitment(b"", Part("a", b"bc"))


def test_a_sealed_body_opens_at_its_place_by_its_key_and_no_other() -> None:
    key, other = BodyKey(new_key_bytes()), BodyKey(new_key_bytes())
    sealed = key.seal(7, b"figures of a customer")
    assert key.open(7, sealed) == b"figures of a customer"
    assert b"customer" not in sealed.content
    changed = [Sealed(sealed.nonce, sealed.content[:-1]), Sealed(sealed.nonce[:-1], sealed.content), Sealed(b"", b"")]
    chance = random.Random(1)
    for at in range(len(sealed.content)):
        flipped = bytearray(sealed.content)
        flipped[at] ^= 1 << chance.randrange(8)
        changed.append(Sealed(sealed.nonce, bytes(flipped)))
    for each in changed:
        with pytest.raises(DoesNotOpen, match="the body of record 7 does not open"):
            key.open(7, each)
    for opener, seq in ((key, 8), (other, 7)):
        with pytest.raises(DoesNotOpen):
            opener.open(seq, sealed)


def test_a_wrapped_key_opens_beside_its_number_and_subject_by_the_wrapping_key() -> None:
    wrapping, key, blind = new_key_bytes(), new_key_bytes(), bytes(16)
    stored = wrapped(wrapping, 3, blind, key)
    assert unwrapped(wrapping, 3, blind, stored) == key
    assert key not in stored
    others = [(new_key_bytes(), 3, blind), (wrapping, 4, blind), (wrapping, 3, b"\1" * 16)]
    for wrong, number, of in others:
        with pytest.raises(DoesNotOpen, match="the subject key"):
            unwrapped(wrong, number, of, stored)


def test_blinds_are_equal_where_names_are_and_say_whose_they_are() -> None:
    blinding = new_key_bytes()
    assert Blinding(blinding).blind("account", "C-1") == Blinding(blinding).blind("account", "C-1")
    others = {("subject", "C-1"), ("account", "C-2"), ("accoun", "tC-1"), ("account", "")}
    blinds = {Blinding(blinding).blind(*other) for other in others} | {
        Blinding(new_key_bytes()).blind("account", "C-1")
    }
    assert len(blinds) == 5
    assert Blinding(blinding).blind("account", "C-1") not in blinds
