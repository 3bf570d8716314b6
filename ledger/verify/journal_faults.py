"""What may be wrong with a journal: kinds of faults, each with what it means, and those that a check has found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

SHOWN_MAX = 20
"""Faults that are kept with their words; all are counted."""


class FaultKind(StrEnum):
    """What is wrong. The value is how faults of this kind are counted: `3 × record missing`."""

    RECORD_MISSING = "record missing"
    RECORD_MOVED = "record out of place"
    HEADER = "header unreadable"
    COLUMN = "column unlike its header"
    TIME = "time out of order"
    BODY_MISSING = "body missing"
    BODY = "body not the one recorded"
    SUBJECT_KEY = "subject key gone"
    ERASURE = "erasure unlike its record"
    TILE = "tile unlike its records"
    HEAD = "head unlike its records"
    SIGNATURE = "checkpoint not signed by the key"
    CHECKPOINT = "checkpoint missing"
    HISTORY = "records unlike a checkpoint"
    OUTSIDE = "record unlike what others kept"
    COSIGNATURE = "cosignature missing or not by the witness"
    POLICY_SET = "policy set changed or missing"
    POLICY_LIFE = "activation or approval without record"
    FILE = "file of the export changed or missing"


MEANINGS = {
    FaultKind.RECORD_MISSING: "Records are never removed: somebody took it away, or the end of the journal was cut off "
    "or lost, as by putting an old backup back.",
    FaultKind.RECORD_MOVED: "Each record holds its own number: somebody swapped, moved, doubled or renumbered records.",
    FaultKind.HEADER: "What the record says of itself was changed after it was recorded, or the disk lost it.",
    FaultKind.COLUMN: "The header is what was recorded. The column is what searches and lists go by: it was changed.",
    FaultKind.TIME: "No record is earlier than the one before: one of the two times was changed, or a record moved.",
    FaultKind.BODY_MISSING: "What was asked and answered was taken away. What the header says still stands.",
    FaultKind.BODY: "What was asked or answered was changed after it was recorded, or belongs to another record. What "
    "the header says still stands.",
    FaultKind.SUBJECT_KEY: "Nobody can read any more what was asked and answered about this customer.",
    FaultKind.ERASURE: "What a record says was erased, and what can't be read any more, are not the same: the erasure "
    "was not finished, a backup of keys came back, or somebody hides a record among erased ones.",
    FaultKind.TILE: "The record's header, or the stored hashes, were changed after it was recorded.",
    FaultKind.HEAD: "Where the log ends was changed, or records after it were.",
    FaultKind.SIGNATURE: "Somebody who does not have the journal's key wrote or changed this checkpoint; or the key "
    "that you trust is another journal's, or was replaced: a record of kind journal-key says by which.",
    FaultKind.CHECKPOINT: "It was taken away: what it covered is not held by it any more.",
    FaultKind.HISTORY: "Among these records one was changed, removed, added or moved after the checkpoint was signed.",
    FaultKind.OUTSIDE: "The record was changed, removed, added or moved after somebody else got its hash or its proof.",
    FaultKind.COSIGNATURE: "No witness that the trust policy names vouches for this: nobody but the journal's operator "
    "says that it is the only history.",
    FaultKind.POLICY_SET: "The policies kept are not those that decided.",
    FaultKind.POLICY_LIFE: "Somebody added, changed or removed rows by hand: when a set was in force, and who approved "
    "it, is what records say.",
    FaultKind.FILE: "The folder is not the one that was exported.",
}
"""In a sentence or two, for somebody who has to tell others."""


@dataclass(frozen=True, slots=True)
class JournalFault:
    """One thing that is wrong."""

    kind: FaultKind
    """Says what it means (`MEANINGS`)."""

    text: str
    """Names what is meant, then says what is wrong: `record 700: its body is not the one recorded`."""


@dataclass(slots=True)
class FaultsFound:
    """The faults of one check, in the order in which they were found."""

    shown: list[JournalFault] = field(default_factory=list)
    """The first `SHOWN_MAX`."""

    counts: Counter[FaultKind] = field(default_factory=Counter)
    """Of each kind how many."""

    def add(self, kind: FaultKind, text: str) -> None:
        """One more."""
        self.counts[kind] += 1
        if len(self.shown) < SHOWN_MAX:
            self.shown.append(JournalFault(kind, text))

    @property
    def total(self) -> int:
        """All of them; 0: no fault."""
        return self.counts.total()
