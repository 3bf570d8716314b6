"""Checkpoints as in C2SP tlog-checkpoint: which log, how many records, and the root over all of them, signed.

The text of the note is three lines: the log's origin, the number of records in decimal, the root hash in base64. It has
no time: that it was signed at some moment is the signer's word only, and a witness's note says it better.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.record.merkle_tree import HASH_BYTES
from ledger.record.signed_notes import BadNote, NoteSigner, NoteVerifier

_TEXT = re.compile(r"(?P<origin>[^\s+]+)\n(?P<size>0|[1-9][0-9]*)\n(?P<root>[A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")

_EPOCH = re.compile(r"[2-9]|[1-9][0-9]{1,2}")
"""The last part of an origin, from the second epoch on."""

SIZE_DIGITS_MAX = 19
"""Of a number of records, which a database keeps in 64 bits."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says."""

    origin: str
    """Which log: the name of the key that signs."""

    size: int
    """How many records, from the first."""

    root: bytes
    """Of the tree over them, 32 bytes."""

    def signed(self, signer: NoteSigner, *others: NoteSigner) -> str:
        """As it is stored and published. `others`: who sign beside, such as the key that was replaced."""
        return signer.signed(f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n", *others)


def read_checkpoint(note: str, *verifiers: NoteVerifier) -> Checkpoint:
    """A note that one of these keys signed for the log of its own name. Raises `BadNote`."""
    origin = note.partition("\n")[0]
    match = _TEXT.fullmatch(_verified(note, [each for each in verifiers if each.name == origin] or verifiers[:1]))
    if match is None or match["origin"] not in {each.name for each in verifiers}:
        raise BadNote("it is no checkpoint of this log")
    if len(match["size"]) > SIZE_DIGITS_MAX:
        raise BadNote("its number of records is larger than any")
    root = b64decode(match["root"])
    if len(root) != HASH_BYTES:
        raise BadNote("its root is no hash")
    return Checkpoint(match["origin"], int(match["size"]), root)


def _verified(note: str, verifiers: Sequence[NoteVerifier]) -> str:
    """Its text, as one of these keys signed it. A log whose key was replaced has two of one name."""
    refused: list[BadNote] = []
    for verifier in verifiers:
        try:
            return verifier.verified(note)
        except BadNote as error:
            refused.append(error)
    raise refused[0]


def next_epoch(origin: str) -> str:
    """`example.com/journal` → `example.com/journal/2` → `example.com/journal/3`."""
    name, number = _epoch(origin)
    return f"{name}/{number + 1}"


def epochs_until(verifier: NoteVerifier) -> tuple[NoteVerifier, ...]:
    """The key itself, then as the log's earlier epochs had it, the last one first. It is the same key: whoever trusts
    it for the log of today trusted it for what that log goes on from."""
    name, number = _epoch(verifier.name)
    names = [f"{name}/{before}" for before in range(number - 1, 1, -1)] + ([name] if number > 1 else [])
    return (verifier, *(NoteVerifier(each, verifier.key) for each in names))


def _epoch(origin: str) -> tuple[str, int]:
    name, _, number = origin.rpartition("/")
    return (name, int(number)) if name and _EPOCH.fullmatch(number) else (origin, 1)


def stated_size(note: str) -> int | None:
    """How many records a note says that it covers, whoever signed it; None where it is no checkpoint."""
    match = _TEXT.match(note)
    return int(match["size"]) if match is not None and len(match["size"]) < SIZE_DIGITS_MAX else None
