"""Sealed bodies: AES-256-GCM by the key of the customer whom a record is about.

Each customer has a key of their own, so that all bodies about one become unreadable for good by deleting one key, and
headers, leaves and proofs stay. The keys are wrapped, sealed themselves, by a key-encryption key that stands in a file
of its own: a copy of the database and of the keys without that file opens nothing.

A body is bound to its place: the sequence number is the additional data, so a body that somebody moved to another
record doesn't open there. A wrapped key is bound to its number and subject in the same way.

A subject is known by its blind: the first 16 bytes of HMAC-SHA-256 of its name, by a key that is wrapped like the
others. Blinds are equal where names are, so that records are found by them, and say nothing else.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
"""Random; 2^32 bodies under one key are the bound that NIST SP 800-38D sets."""

BLIND_BYTES = 16

_NAMED = b"named "
"""Before a name, so that none is taken for a place, which has 8 bytes."""


class DoesNotOpen(ValueError):
    """Sealed by another key, for another place, or changed since."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed body as it is stored."""

    nonce: bytes
    content: bytes


class BodyKey:
    """One subject's key, ready to seal and to open; a cipher is prepared once."""

    __slots__ = ("_cipher", "key")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self._cipher = AESGCM(key)

    def seal(self, seq: int, packed: bytes, nonce: bytes | None = None) -> Sealed:
        """For the record at this place. `nonce`: 12 random bytes, where the caller has fetched them for many."""
        nonce = nonce or secrets.token_bytes(NONCE_BYTES)
        return Sealed(nonce, self._cipher.encrypt(nonce, packed, _place(seq)))

    def seal_as(self, name: bytes, content: bytes) -> Sealed:
        """What is no record's body, bound to its name."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Sealed(nonce, self._cipher.encrypt(nonce, content, _NAMED + name))

    def open_as(self, name: bytes, sealed: Sealed) -> bytes:
        """Raises `DoesNotOpen`."""
        try:
            return self._cipher.decrypt(sealed.nonce, sealed.content, _NAMED + name)
        except (InvalidTag, ValueError) as error:
            raise DoesNotOpen("what was sealed by name does not open") from error

    def open(self, seq: int, sealed: Sealed) -> bytes:
        """Raises `DoesNotOpen`."""
        try:
            return self._cipher.decrypt(sealed.nonce, sealed.content, _place(seq))
        except (InvalidTag, ValueError) as error:
            raise DoesNotOpen(f"the body of record {seq} does not open") from error


def new_key_bytes() -> bytes:
    """Of a subject or for wrapping: 256 random bits."""
    return secrets.token_bytes(KEY_BYTES)


def wrapped(wrapping: bytes, number: int, blind: bytes, key: bytes) -> bytes:
    """A key as it is stored beside its number and its subject's blind: nonce, then the sealed key."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(wrapping).encrypt(nonce, key, _place(number) + blind)


def unwrapped(wrapping: bytes, number: int, blind: bytes, stored: bytes) -> bytes:
    """Raises `DoesNotOpen`."""
    try:
        return AESGCM(wrapping).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], _place(number) + blind)
    except (InvalidTag, ValueError) as error:
        raise DoesNotOpen(f"the subject key {number} does not open") from error


class Blinding:
    """What blinds names, ready: a keyed hash is begun once and gone on with for each name."""

    __slots__ = ("_begun",)

    def __init__(self, key: bytes) -> None:
        self._begun = hmac.new(key, digestmod="sha256")

    def blind(self, what: str, name: str) -> bytes:
        """Of an account or of a case's number; `what` tells the two apart."""
        keyed = self._begun.copy()
        keyed.update(f"{what}\0{name}".encode())
        return keyed.digest()[:BLIND_BYTES]


def _place(number: int) -> bytes:
    return number.to_bytes(8, "big")
