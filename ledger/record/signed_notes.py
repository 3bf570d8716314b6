"""Signed notes as in C2SP signed-note: a text, a blank line, and a line for each signature. Ed25519.

    example.com/journal
    1000
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — example.com/journal Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=

A signing key is kept as Go's `sumdb/note` writes one, `PRIVATE+KEY+name+hash+base64`; its other half, which verifies,
as `name+hash+base64`. The hash is the key's id: the first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_PRIVATE = re.compile(r"PRIVATE\+KEY\+(?P<name>[^\s+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+={0,2})")
_PUBLIC = re.compile(r"(?P<name>[^\s+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+={0,2})")
_SIGNATURE = re.compile(r"\u2014 (?P<name>\S+) (?P<signature>[A-Za-z0-9+/]+={0,2})")


class BadNote(ValueError):
    """A key or a note that can't be read, or a note that the key didn't sign."""


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A private key with its name."""

    name: str
    """Without blanks and plus signs; for a log its origin."""

    key: Ed25519PrivateKey

    @property
    def verifier(self) -> NoteVerifier:
        """The other half."""
        return NoteVerifier(self.name, self.key.public_key())

    def as_text(self) -> str:
        """As it is kept in a file."""
        secret = b64encode(_ED25519 + self.key.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{secret}"

    def signed(self, text: str) -> str:
        """The note. `text` ends with a line feed."""
        if not text.endswith("\n"):
            raise BadNote("the text of a note ends with a line feed")
        signature = b64encode(self.verifier.id + self.key.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.name} {signature}\n"


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A public key with its name."""

    name: str
    key: Ed25519PublicKey

    @property
    def id(self) -> bytes:
        """Four bytes by which a signature says which key made it."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key.public_bytes_raw()).digest()[:4]

    def as_text(self) -> str:
        """As it is handed to whoever verifies."""
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.key.public_bytes_raw()).decode()}"

    def verified(self, note: str) -> str:
        """The text of a note that this key signed. Raises `BadNote`."""
        text, blank, lines = note.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise BadNote("it is no signed note")
        text += "\n"
        for line in lines[:-1].split("\n"):
            match = _SIGNATURE.fullmatch(line)
            if match is None:
                raise BadNote("it is no signed note")
            signature = _decoded(match["signature"])
            if match["name"] == self.name and signature[:4] == self.id:
                self._check(text, signature[4:])
                return text
        raise BadNote(f"it has no signature by {self.name}")

    def _check(self, text: str, signature: bytes) -> None:
        try:
            self.key.verify(signature, text.encode())
        except InvalidSignature:
            raise BadNote("its signature is not that of the key") from None


def new_signer(name: str) -> NoteSigner:
    """With a key of its own."""
    return NoteSigner(name, Ed25519PrivateKey.generate())


def read_signer(text: str) -> NoteSigner:
    """From a file's text. Raises `BadNote`."""
    match = _PRIVATE.fullmatch(text.strip())
    key = _decoded(match["key"]) if match else b""
    if match is None or len(key) != 33 or key[:1] != _ED25519:
        raise BadNote("it is no signing key of Ed25519")
    signer = NoteSigner(match["name"], Ed25519PrivateKey.from_private_bytes(key[1:]))
    if signer.verifier.id.hex() != match["id"]:
        raise BadNote("the signing key is not the one that its hash says")
    return signer


def read_verifier(text: str) -> NoteVerifier:
    """From `name+hash+base64`. Raises `BadNote`."""
    match = _PUBLIC.fullmatch(text.strip())
    key = _decoded(match["key"]) if match else b""
    if match is None or len(key) != 33 or key[:1] != _ED25519:
        raise BadNote("it is no verifier key of Ed25519")
    verifier = NoteVerifier(match["name"], Ed25519PublicKey.from_public_bytes(key[1:]))
    if verifier.id.hex() != match["id"]:
        raise BadNote("the verifier key is not the one that its hash says")
    return verifier


def _decoded(text: str) -> bytes:
    """Bits that stand for nothing are zero: each key and signature has one text."""
    try:
        decoded = b64decode(text, validate=True)
    except ValueError:
        decoded = b""
    if b64encode(decoded).decode() != text:
        raise BadNote("its base64 can't be read")
    return decoded
