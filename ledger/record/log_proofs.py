"""The proof that one record is in the log, as a file of its own: C2SP tlog-proof (https://c2sp.org/tlog-proof).

    c2sp.org/tlog-proof@v1
    extra eyJhY3RvciI6…                    the record's header, whose hash is the leaf
    index 700
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
    …                                      the hashes beside the way to the root

    credence.invalid/e39cbf3c71c68460      the checkpoint, as it was signed
    1000
    …

Whoever has the verifier key needs nothing else. What is in `extra` counts only since its hash leads to the root.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from ledger.record.canonical_json import NotCanonical
from ledger.record.checkpoints import Checkpoint, read_checkpoint
from ledger.record.merkle_proofs import root_from
from ledger.record.merkle_tree import HASH_BYTES, leaf_hash
from ledger.record.record_header import Header, read_header
from ledger.record.signed_notes import BadNote, NoteVerifier

FIRST_LINE = "c2sp.org/tlog-proof@v1"
HASHES_MAX = 64
"""A log has at most 2^63 records."""

_HEAD = re.compile(
    FIRST_LINE.replace(".", r"\.")
    + r"\nextra (?P<header>[A-Za-z0-9+/]+={0,2})\nindex (?P<index>0|[1-9][0-9]{0,18})\n"
    + r"(?P<hashes>(?:[A-Za-z0-9+/]{43}=\n)*)"
)


class BadProof(ValueError):
    """It is no proof, or doesn't prove what it says; the message says why."""


@dataclass(frozen=True, slots=True)
class LogProof:
    """As it stands in a file. `checked` says whether it holds."""

    header: bytes
    """The canonical text of the record's header."""

    index: int
    """The record's number."""

    hashes: tuple[bytes, ...]
    """Those beside the way to the root, from the leaf's own neighbour upwards."""

    note: str
    """The checkpoint, signed."""

    def text(self) -> str:
        """Of the file, about 1.4 kB."""
        lines = [FIRST_LINE, f"extra {b64encode(self.header).decode()}", f"index {self.index}"]
        lines += [b64encode(hash_).decode() for hash_ in self.hashes]
        return "\n".join([*lines, "", self.note])

    def checked(self, *verifiers: NoteVerifier) -> tuple[Header, Checkpoint]:
        """What is proved: the record's header, and the checkpoint that holds it, signed by one of the keys. Raises
        `BadProof`."""
        try:
            checkpoint = read_checkpoint(self.note, *verifiers)
        except BadNote as error:
            raise BadProof(f"its checkpoint is not signed by the key: {error}") from error
        if self.index >= checkpoint.size:
            raise BadProof(f"its checkpoint covers {checkpoint.size} records, and the record is number {self.index}")
        if root_from(leaf_hash(self.header), self.index, checkpoint.size, self.hashes) != checkpoint.root:
            raise BadProof(
                f"its header is not that of record {self.index} in the log that the checkpoint was signed over"
            )
        try:
            header = read_header(self.header)
        except NotCanonical as error:
            raise BadProof(f"its header can't be read: {error}") from error
        if header.seq != self.index:
            raise BadProof(f"its header says it is record {header.seq}, and it stands at {self.index}")
        return header, checkpoint


def read_proof(text: str) -> LogProof:
    """Raises `BadProof` for any other text than the one that `LogProof.text` gives."""
    head, _, note = text.partition("\n\n")
    match = _HEAD.fullmatch(f"{head}\n")
    lines = match["hashes"].split() if match else []
    if match is None or len(lines) > HASHES_MAX:
        raise BadProof("it is no proof of one record")
    try:
        header = b64decode(match["header"], validate=True)
    except ValueError:
        raise BadProof("it is no proof of one record") from None
    proof = LogProof(header, int(match["index"]), tuple(map(b64decode, lines)), note)
    if proof.text() != text or any(len(hash_) != HASH_BYTES for hash_ in proof.hashes):
        raise BadProof("it is no proof of one record")
    return proof
