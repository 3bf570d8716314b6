"""One text for one object: JSON of strings and whole numbers, in the canonical form of RFC 8785.

For objects of ASCII text and integers the form is short: keys sorted, no blanks, and what JSON must escape escaped as
ECMAScript does. Anything that two writers could write in two ways is refused: other characters, fractions, true and
false, null, objects within the object.

Example: `canonical({"seq": 7, "at": "2026-07-01"})` is `{"at":"2026-07-01","seq":7}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

BYTES_MAX = 2048
"""Of one header."""

INTEGER_MAX = 2**53 - 1
"""Either sign; a larger number is not the same in every reader of JSON (RFC 7493)."""

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_decode = json.JSONDecoder().decode


_KINDS, _NAMES = frozenset({str, int}), frozenset({str})


class NotCanonical(ValueError):
    """The object has no canonical form here, or a text isn't in it."""


def canonical(members: Mapping[str, str | int]) -> bytes:
    """The text. Raises `NotCanonical`."""
    values = members.values()
    if not _KINDS.issuperset(map(type, values)) or not _NAMES.issuperset(map(type, members)):
        raise _refused(members)
    text = _encode(members)
    if not text.isascii() or any(abs(value) > INTEGER_MAX for value in values if type(value) is int):
        raise _refused(members)
    if len(text) > BYTES_MAX:
        raise NotCanonical(f"{len(text)} bytes are more than {BYTES_MAX}")
    return text.encode()


def _refused(members: Mapping[str, str | int]) -> NotCanonical:
    for name, value in members.items():
        if type(value) is str and not value.isascii():
            return NotCanonical(f"`{name}` holds a character beyond ASCII")
        if type(value) is not str and (type(value) is not int or abs(value) > INTEGER_MAX):
            return NotCanonical(f"`{name}` is no text and no whole number within 53 bits")
    return NotCanonical("a name is no text in ASCII")


def read_canonical(text: bytes) -> dict[str, str | int]:
    """The object that a text stands for. Raises `NotCanonical` for any other text than its own."""
    try:
        members = _decode(text.decode("ascii"))
    except (ValueError, RecursionError):
        raise NotCanonical("it is no JSON in ASCII") from None
    if not isinstance(members, dict) or canonical(members) != text:
        raise NotCanonical("it is not in its canonical form")
    return members
