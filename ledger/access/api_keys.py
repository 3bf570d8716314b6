"""The text of a key: `crk_`, 30 random characters, 6 that tell a mistyped one from an unknown one.

    crk_8Fq0…   40 characters; 62^30 are 178 bits, so nobody guesses one and a plain SHA-256 of it is safe to keep

The form follows GitHub's tokens: a prefix by which scanners find one that somebody published, no character that ends a
word, and a CRC-32 at the end. Only the digest is kept. Whoever holds it can't make the key from it, and it is what is
looked up, so that no comparison takes longer for a key that begins alike.
"""

from __future__ import annotations

import re
import secrets
import string
from binascii import crc32
from hashlib import sha256

PREFIX = "crk_"
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECK = 30, 6
_FORM = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_RANDOM}}})([0-9A-Za-z]{{{_CHECK}}})", re.ASCII)


def new_key() -> str:
    """A key that nobody has had."""
    random = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return f"{PREFIX}{random}{_check(random)}"


def is_well_formed(text: str) -> bool:
    """Whether it can be a key at all. What is cut off or mistyped can't, but for one in four thousand million."""
    match = _FORM.fullmatch(text)
    return match is not None and match[2] == _check(match[1])


def digest_of(text: str) -> str:
    """What is kept of a key: SHA-256, hexadecimal."""
    return sha256(text.encode()).hexdigest()


def new_id() -> str:
    """Ten hexadecimal digits for a person or a key: opaque, and said aloud in a minute's call."""
    return secrets.token_hex(5)


def _check(random: str) -> str:
    """CRC-32 in base 62, six digits."""
    rest, digits = crc32(random.encode()), ""
    for _ in range(_CHECK):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
