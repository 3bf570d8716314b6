"""Signed notes as in C2SP signed-note: a text, a blank line, and a line for each signature. Ed25519.

    example.com/journal
    1000
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — example.com/journal Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=

A signing key is kept as Go's `sumdb/note` writes one, `PRIVATE+KEY+name+hash+base64`; its other half, which verifies,
as `name+hash+base64`. The hash is the key's id: the first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key). A key
that cosigns has 0x04 in place of 0x01 (`cosignatures`), so that no signature of the one kind passes for the other.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, COSIGNATURE = b"\x01", b"\x04"
"""What a key signs: notes, or others' checkpoints with the time (C2SP tlog-cosignature)."""

_WORDS = {ED25519: "", COSIGNATURE: "witness's "}
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

    algorithm: bytes = ED25519
    """`ED25519`, or `COSIGNATURE` for a witness's."""

    @property
    def verifier(self) -> NoteVerifier:
        """The other half."""
        return NoteVerifier(self.name, self.key.public_key(), self.algorithm)

    def as_text(self) -> str:
        """As it is kept in a file."""
        secret = b64encode(self.algorithm + self.key.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{secret}"

    def signed(self, text: str, *others: NoteSigner) -> str:
        """The note, with a line for each of `others` behind this one's. `text` ends with a line feed."""
        if not text.endswith("\n"):
            raise BadNote("the text of a note ends with a line feed")
        lines = "".join(each.line(each.key.sign(text.encode())) for each in (self, *others))
        return f"{text}\n{lines}"

    def line(self, signature: bytes) -> str:
        """The signature as a line of a note, with its line feed."""
        return self.verifier.line(signature)


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A public key with its name."""

    name: str
    key: Ed25519PublicKey
    algorithm: bytes = ED25519

    @property
    def id(self) -> bytes:
        """Four bytes by which a signature says which key made it."""
        return sha256(self.name.encode() + b"\n" + self.algorithm + self.key.public_bytes_raw()).digest()[:4]

    def as_text(self) -> str:
        """As it is handed to whoever verifies."""
        return f"{self.name}+{self.id.hex()}+{b64encode(self.algorithm + self.key.public_bytes_raw()).decode()}"

    def verified(self, note: str) -> str:
        """The text of a note that this key signed. Raises `BadNote`."""
        text, lines = split_note(note)
        for signature in self.own(lines):
            self.check(text.encode(), signature)
            return text
        raise BadNote(f"it has no signature by {self.name}")

    def line(self, signature: bytes) -> str:
        """The signature as a line of a note, with its line feed."""
        return f"\u2014 {self.name} {b64encode(self.id + signature).decode()}\n"

    def own(self, lines: str) -> Iterator[bytes]:
        """Those of a note's signatures that say that they are by this key. Raises `BadNote` at a line that is none."""
        for line in lines[:-1].split("\n"):
            match = _SIGNATURE.fullmatch(line)
            if match is None:
                raise BadNote("it is no signed note")
            signature = _decoded(match["signature"])
            if match["name"] == self.name and signature[:4] == self.id:
                yield signature[4:]

    def check(self, signed: bytes, signature: bytes) -> None:
        """Raises `BadNote` where the key didn't sign this."""
        try:
            self.key.verify(signature, signed)
        except InvalidSignature:
            raise BadNote("its signature is not that of the key") from None


def split_note(note: str) -> tuple[str, str]:
    """The text that is signed, and the lines of signatures. Raises `BadNote`."""
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise BadNote("it is no signed note")
    return f"{text}\n", lines


def bare_note(note: str, verifiers: Sequence[NoteVerifier]) -> str:
    """The note with the signatures of these keys alone, whatever else stands behind it. Raises `BadNote` where it has
    none of them, or one that is wrong."""
    text, lines = split_note(note)
    found = [(verifier, signature) for verifier in verifiers for signature in list(verifier.own(lines))[:1]]
    for verifier, signature in found:
        verifier.check(text.encode(), signature)
    if not found:
        raise BadNote("it has no signature by these keys")
    return f"{text}\n{''.join(verifier.line(signature) for verifier, signature in found)}"


def signer_of(line: str) -> str:
    """Whose name stands in one line of signatures, with its line feed. Raises `BadNote` where it is none."""
    match = _SIGNATURE.fullmatch(line.removesuffix("\n"))
    if match is None or not line.endswith("\n"):
        raise BadNote("it is no line of a signature")
    _decoded(match["signature"])
    return match["name"]


def new_signer(name: str, algorithm: bytes = ED25519) -> NoteSigner:
    """With a key of its own."""
    return NoteSigner(name, Ed25519PrivateKey.generate(), algorithm)


def read_signer(text: str, algorithm: bytes = ED25519) -> NoteSigner:
    """From a file's text. Raises `BadNote`."""
    match = _PRIVATE.fullmatch(text.strip())
    key = _decoded(match["key"]) if match else b""
    if match is None or len(key) != 33 or key[:1] != algorithm:
        raise BadNote(f"it is no {_WORDS[algorithm]}signing key of Ed25519")
    signer = NoteSigner(match["name"], Ed25519PrivateKey.from_private_bytes(key[1:]), algorithm)
    if signer.verifier.id.hex() != match["id"]:
        raise BadNote("the signing key is not the one that its hash says")
    return signer


def read_verifier(text: str, algorithm: bytes = ED25519) -> NoteVerifier:
    """From `name+hash+base64`. Raises `BadNote`."""
    match = _PUBLIC.fullmatch(text.strip())
    key = _decoded(match["key"]) if match else b""
    if match is None or len(key) != 33 or key[:1] != algorithm:
        raise BadNote(f"it is no {_WORDS[algorithm]}verifier key of Ed25519")
    verifier = NoteVerifier(match["name"], Ed25519PublicKey.from_public_bytes(key[1:]), algorithm)
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
