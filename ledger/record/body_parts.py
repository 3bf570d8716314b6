"""The body of a record: parts in their order, a commitment to each, and one digest over all commitments.

A document such as the request is its parts one after the other, byte for byte. A part may be withheld from a reader who
gets its commitment instead: the digest still comes out, so what is shown is proved to be what was recorded.

    salts        16 bytes for each part, in order, from one SHAKE-128 stream of the record's random salt
    commitment   SHA-256(salt ‖ path ‖ 0x00 ‖ content)
    digest       SHA-256(commitment 0 ‖ commitment 1 ‖ …)

The record's salt is within the sealed body: whoever has only the header can't try out what a part might have said.

Worked example: a request `{"id":"SO-1","sales_person":"u.becker"}` has the parts

    request/0               {"id":"SO-1","sales_person":
    request/account.sales_person    "u.becker"
    request/1               }
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256, shake_128

SALT_BYTES = 16
_INDEX_END = b"\n"


class BadBody(ValueError):
    """Bytes that are no packed body."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a body that can be withheld by itself."""

    path: str
    """The document's name, a slash, and what the piece is: `request/order.entered_by`, `answer/reason/0`; ASCII."""

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
        """The document of this name, put together; None where the body has none."""
        prefix = f"{name}/"
        found = [part.content for part in self.parts if part.path.startswith(prefix)]
        return b"".join(found) if found else None

    def packed(self) -> bytes:
        """What is sealed: the salt, a line of JSON with path and length of each part, and their contents."""
        index = json.dumps([[part.path, len(part.content)] for part in self.parts], separators=(",", ":")).encode()
        return b"".join((self.salt, index, _INDEX_END, *(part.content for part in self.parts)))


def new_body(parts: Iterable[Part]) -> Body:
    """With a salt of its own."""
    return Body(secrets.token_bytes(SALT_BYTES), tuple(parts))


def unpacked(packed: bytes) -> Body:
    """The body of `Body.packed`. Raises `BadBody`."""
    index, end, contents = packed[SALT_BYTES:].partition(_INDEX_END)
    parts, at = [], 0
    try:
        for path, length in json.loads(index):
            parts.append(Part(path, contents[at : at + length]))
            at += length
    except (ValueError, TypeError) as error:
        raise BadBody("the body's index can't be read") from error
    if not end or at != len(contents):
        raise BadBody("the body is not as long as its index says")
    return Body(packed[:SALT_BYTES], tuple(parts))


def salts(record_salt: bytes, count: int) -> list[bytes]:
    """One for each part."""
    stream = shake_128(record_salt).digest(SALT_BYTES * count)
    return [stream[at : at + SALT_BYTES] for at in range(0, len(stream), SALT_BYTES)]


def commitment(salt: bytes, part: Part) -> bytes:
    """To one part: 32 bytes that say nothing of it to whoever lacks the salt."""
    return sha256(b"%b%b\0%b" % (salt, part.path.encode("ascii"), part.content)).digest()


def commitments(record_salt: bytes, parts: Sequence[Part]) -> list[bytes]:
    """To all parts of a record, in their order."""
    return [commitment(salt, part) for salt, part in zip(salts(record_salt, len(parts)), parts, strict=True)]


def digest_of(committed: Iterable[bytes]) -> str:
    """Over the commitments of a record, whether or not their parts are shown."""
    return sha256(b"".join(committed)).hexdigest()
