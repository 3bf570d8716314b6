"""Headers as text: the form of RFC 8785, held against another implementation, and everything else refused."""

from __future__ import annotations

import json
import random
from dataclasses import fields, replace
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as some

from ledger.record.canonical_json import BYTES_MAX, INTEGER_MAX, NotCanonical, canonical, read_canonical
from ledger.record.record_header import Header, read_header
from tests.support.large import how_many

ASCII = some.text(some.characters(max_codepoint=127), max_size=60)
OBJECTS = some.dictionaries(ASCII, ASCII | some.integers(-INTEGER_MAX, INTEGER_MAX), max_size=12)


@given(OBJECTS)
def test_it_is_the_text_of_rfc_8785(members: dict[str, str | int]) -> None:
    text = canonical(members)
    assert text == rfc8785.dumps(members)
    assert read_canonical(text) == members


@pytest.mark.parametrize(
    "value",
    [1.0, 1.5, True, False, None, [], {}, b"", "é", "\u2028", "\ud800", 2**53, -(2**53), 10**30, float("nan")],
    ids=repr,
)
def test_what_two_writers_could_write_differently_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical({"a": value})


@pytest.mark.parametrize("name", ["é", "\U0001f600"])
def test_names_are_ascii_too(name: str) -> None:
    with pytest.raises(NotCanonical):
        canonical({name: 1})


def test_a_header_has_two_kilobytes_at_most() -> None:
    room = BYTES_MAX - len(canonical({"a": ""}))
    assert len(canonical({"a": "x" * room})) == BYTES_MAX
    with pytest.raises(NotCanonical, match="2049 bytes are more than 2048"):
        canonical({"a": "x" * (room + 1)})


@pytest.mark.parametrize(
    "text",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"a":1.0}',
        b'{"a":"\\u0061"}',
        b'{"a":"\\/"}',
        b'{"a":1,"a":1}',
        b'{"a":true}',
        b"[]",
        b"{",
        b"",
        '{"a":"é"}'.encode(),
        b'{"a":1e3}',
        b'{"a":-0}',
    ],
)
def test_a_text_that_is_not_its_own_canonical_form_is_refused(text: bytes) -> None:
    with pytest.raises(NotCanonical):
        read_canonical(text)


HEADER = Header(
    seq=7, id="0198", at="2026-07-01T00:00:00.000000Z", kind="decision", body="ab" * 32, actor="local", outcome="hold"
)


def test_a_header_is_read_back_as_it_was_written() -> None:
    text = HEADER.canonical_text()
    assert read_header(text) == HEADER
    assert sorted(json.loads(text)) == list(json.loads(text))


@pytest.mark.parametrize("change", [{"v": 2}, {"format": 2}, {"more": "x"}, {"seq": None}, {"at": None}])
def test_what_is_no_header_of_this_version_is_refused(change: dict[str, Any]) -> None:
    members = {**json.loads(HEADER.canonical_text()), **change}
    text = json.dumps({k: v for k, v in members.items() if v is not None}, sort_keys=True, separators=(",", ":"))
    with pytest.raises(NotCanonical):
        read_header(text.encode())


def test_a_header_is_read_as_its_members_are_whatever_stands_in_it() -> None:
    """Most headers are read without parsing them: with any byte put in, taken out or replaced, the text is the header
    that its JSON is, or none."""
    escaped = replace(HEADER, actor='"\\\t\x7f~', seq=INTEGER_MAX)
    texts = [HEADER.canonical_text(), replace(HEADER, seq=0).canonical_text(), escaped.canonical_text()]
    texts += [replace(HEADER, engine="x" * (BYTES_MAX - len(HEADER.canonical_text()))).canonical_text()]
    chance = random.Random(14)
    for _ in range(how_many(2_000, large=200_000)):
        text = bytearray(chance.choice(texts))
        at, byte = chance.randrange(len(text)), chance.choice(b'"\\,:{}0179 -\n\x7f\xc3aev')
        text[at : at + chance.randrange(2)] = bytes([byte] * chance.randrange(3))
        assert _read(bytes(text)) == _parsed(bytes(text)), bytes(text)


def _read(text: bytes) -> Header | None:
    try:
        return read_header(text)
    except NotCanonical:
        return None


def _parsed(text: bytes) -> Header | None:
    """By its JSON alone."""
    try:
        members = read_canonical(text)
        header = Header(**members)  # type: ignore[arg-type]  # what the members are is looked at below
    except (NotCanonical, TypeError):
        return None
    types = {each.name: int if each.name in ("seq", "v", "format") else str for each in fields(Header)}
    is_header = {name: type(value) for name, value in members.items()} == types
    return header if is_header and (header.v, header.format) == (1, 1) else None
