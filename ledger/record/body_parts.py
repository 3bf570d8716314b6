"""The body of a record: parts in their order, a commitment to each, and one digest over all commitments.

A document such as the request is a frame, and pieces that stood in it at some byte: put back there, they are the
document again, byte for byte. Each piece is a part that may be withheld from a reader, who gets its commitment instead:
the digest still comes out, so what is shown is proved to be what was recorded.

    salts        16 bytes for each part, in order, from one SHAKE-128 stream of the record's random salt
    commitment   SHA-256(salt ‖ path ‖ 0x00 ‖ content)
    digest       SHA-256(commitment 0 ‖ commitment 1 ‖ …)

The record's salt is within the sealed body: whoever has only the header can't try out what a part might have said.

Worked example: a request `{"id":"SO-1","sales_person":"u.becker"}` has the parts

    request                             {"id":"SO-1","sales_person":}
    request/account.sales_person@28     "u.becker"
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256, shake_128
from typing import NamedTuple

from pydantic_core import from_json, to_json

SALT_BYTES = 16
_INDEX_END = b"\n"


class BadBody(ValueError):
    """Bytes that are no packed body."""


class Part(NamedTuple):
    """A piece of a body that can be withheld by itself."""

    path: str
    """A document's name for its frame; for a piece of it the name, a slash, what the piece is, and behind an `@` the
    byte of the document at which it stands: `request/order.entered_by@73`, `answer/reason.0@211`. ASCII."""

    content: bytes
    """The piece of the document, byte for byte."""


@dataclass(frozen=True, slots=True)
class Body:
    """All parts of a record, with the salt from which their own salts come."""

    salt: bytes
    """16 random bytes."""

    parts: tuple[Part, ...]

    def digest(self) -> str:
        """What the header says of the body, hexadecimal."""
        return digest_of(commitments(self.salt, self.parts))

    def document(self, name: str) -> bytes | None:
        """The document of this name, put together; None where the body has none. Raises `BadBody` where its pieces
        don't fit."""
        frame = next((part.content for part in self.parts if part.path == name), None)
        if frame is None:
            return None
        document, used, length = [], 0, 0
        for at, piece in sorted(_pieces(self.parts, f"{name}/")):
            until = used + at - length
            if not used <= until <= len(frame):
                raise BadBody(f"a piece of `{name}` does not fit")
            document += [frame[used:until], piece]
            used, length = until, at + len(piece)
        return b"".join((*document, frame[used:]))

    def packed(self) -> bytes:
        """What is sealed: the salt, a line of JSON with path and length of each part, and their contents."""
        index = to_json([(path, len(content)) for path, content in self.parts])
        return b"".join((self.salt, index, _INDEX_END, *[content for _, content in self.parts]))


def _pieces(parts: Iterable[Part], prefix: str) -> Iterator[tuple[int, bytes]]:
    """Where each piece of a document stands, and what it is."""
    for path, content in parts:
        if path.startswith(prefix):
            at = path.rpartition("@")[2]
            if not at.isdecimal():
                raise BadBody(f"`{path}` says no place")
            yield int(at), content


def cut(name: str, document: bytes, spans: Iterable[tuple[int, int, str]]) -> list[Part]:
    """A document as its frame and pieces. `spans`: where each piece begins and ends, and what it is; none overlaps
    another."""
    frame, pieces, used = [], [], 0
    for start, end, what in sorted(spans):
        frame.append(document[used:start])
        pieces.append(Part(f"{name}/{what}@{start}", document[start:end]))
        used = end
    frame.append(document[used:])
    return [Part(name, b"".join(frame)), *pieces]


def new_body(parts: Iterable[Part], salt: bytes | None = None) -> Body:
    """With a salt of its own. `salt`: 16 random bytes, where the caller has fetched them for many."""
    return Body(salt or secrets.token_bytes(SALT_BYTES), tuple(parts))


def unpacked(packed: bytes) -> Body:
    """The body of `Body.packed`. Raises `BadBody`."""
    index, at = _index(packed)
    parts = []
    for path, length in index:
        parts.append(Part(path, packed[at : at + length]))
        at += length
    return Body(packed[:SALT_BYTES], tuple(parts))


def packed_digest(packed: bytes) -> str:
    """As `unpacked(packed).digest()`, without making the parts. Raises `BadBody`, and UnicodeError where a path is no
    ASCII."""
    index, at = _index(packed)
    committed = []
    for salt, (path, length) in zip(salts(packed[:SALT_BYTES], len(index)), index, strict=True):
        committed.append(sha256(b"%b%b\0%b" % (salt, path.encode("ascii"), packed[at : at + length])).digest())
        at += length
    return digest_of(committed)


def _index(packed: bytes) -> tuple[list[tuple[str, int]], int]:
    """Path and length of each part, and where the first begins. Raises `BadBody`."""
    end, whole = packed.find(_INDEX_END, SALT_BYTES), 0
    try:
        index = from_json(packed[SALT_BYTES : max(end, SALT_BYTES)])
        for path, length in index:
            if type(path) is not str or type(length) is not int or length < 0:
                raise ValueError(path)
            whole += length
    except (ValueError, TypeError) as error:
        raise BadBody("the body's index can't be read") from error
    if end + 1 + whole != len(packed):
        raise BadBody("the body is not as long as its index says")
    return index, end + 1


def salts(record_salt: bytes, count: int) -> list[bytes]:
    """One for each part."""
    stream = shake_128(record_salt).digest(SALT_BYTES * count)
    return [stream[at : at + SALT_BYTES] for at in range(0, len(stream), SALT_BYTES)]


def commitment(salt: bytes, part: Part) -> bytes:
    """To one part: 32 bytes that say nothing of it to whoever lacks the salt."""
    return sha256(b"%b%b\0%b" % (salt, part.path.encode("ascii"), part.content)).digest()


def commitments(record_salt: bytes, parts: Sequence[Part]) -> list[bytes]:
    """To all parts of a record, in their order: `commitment` of each, without two calls for each."""
    stream = shake_128(record_salt).digest(SALT_BYTES * len(parts))
    committed, at = [], 0
    for path, content in parts:
        committed.append(sha256(b"%b%b\0%b" % (stream[at : at + SALT_BYTES], path.encode("ascii"), content)).digest())
        at += SALT_BYTES
    return committed


def digest_of(committed: Iterable[bytes]) -> str:
    """Over the commitments of a record, whether or not their parts are shown."""
    return sha256(b"".join(committed)).hexdigest()
