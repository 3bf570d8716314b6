"""One record: is its header in the only form that it can have, is it where it says, and does its body say the same?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from engine.diagnostics.wording import clipped
from ledger.journal.opened_records import KeyNumbered
from ledger.record.body_parts import BadBody, packed_digest
from ledger.record.canonical_json import NotCanonical
from ledger.record.merkle_tree import leaf_hash
from ledger.record.record_header import Header, RecordKind, read_header
from ledger.record.sealing import DoesNotOpen, Sealed
from ledger.store.key_database import KeyGone
from ledger.store.trouble import FileTrouble
from ledger.verify.gone_check import GoneCheck
from ledger.verify.journal_faults import FaultKind, FaultsFound

MEMBER_OF = {
    "id": "id",
    "at": "at",
    "kind": "kind",
    "case_kind": "case",
    "outcome": "outcome",
    "actor": "actor",
    "policy": "policy",
}
"""Which member of the header each column repeats."""

_REPEATED = attrgetter(*MEMBER_OF.values())
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


@dataclass(slots=True, kw_only=True)
class RecordCheck:
    """Records go in one after the other; what they say of others is kept for later."""

    faults: FaultsFound
    key: KeyNumbered | None
    """Of bodies; None: they are not opened."""

    policies: dict[str, int] = field(default_factory=dict)
    """Policy sets that decided or took effect: version → the first record that names it. Without those of records that
    were taken over, whose sets may never have been kept."""

    imported_policies: set[str] = field(default_factory=set)
    """Policy sets that are named by records that were taken over."""

    opened: int = 0
    """Bodies that opened and are those recorded."""

    earliest: str = ""
    """The time of the first record with one."""

    latest: str = ""
    """The time of the last record with one."""

    last_key: int = 0
    """The greatest number of a subject key that a body names."""

    keys_unwrapped: set[int] = field(default_factory=set)
    """Subject keys that the wrapping key doesn't open."""

    gone: GoneCheck = field(init=False)
    """Bodies that can't be read any more."""

    def __post_init__(self) -> None:
        self.gone = GoneCheck(faults=self.faults)

    def header(self, seq: int, text: object, where: str) -> tuple[Header | None, bytes | None]:
        """The header and its leaf; None for what can't be read or is another record's. `where`: how the record is
        called in faults."""
        try:
            content = text.encode() if isinstance(text, str) else b""
        except UnicodeError:
            content = b""
        leaf = leaf_hash(content) if content else None
        try:
            header = read_header(content)
        except NotCanonical as error:
            self.faults.add(FaultKind.HEADER, f"{where}: its header can't be read: {error}")
            return None, leaf
        if header.seq != seq:
            self.faults.add(FaultKind.RECORD_MOVED, f"{where}: its header says it is record {header.seq}")
            return None, None
        self._time(header.at, where)
        self._policy(header)
        self.gone.header(header)
        return header, leaf

    def _time(self, at: str, where: str) -> None:
        if not _is_time(at):
            self.faults.add(FaultKind.TIME, f"{where}: its time `{clipped(at)}` is none")
        elif at < self.latest:
            self.faults.add(FaultKind.TIME, f"{where}: is earlier than the one before")
        else:
            self.earliest = self.earliest or at
            self.latest = at

    def may_absorb(self, later: RecordCheck) -> bool:
        """Whether records that were checked by themselves go on from these: else they are to be checked after them."""
        return self.latest <= later.earliest

    def absorb(self, later: RecordCheck) -> None:
        """What was learnt of records behind these, which have no faults."""
        self.policies = later.policies | self.policies
        self.imported_policies |= later.imported_policies
        self.opened += later.opened
        self.earliest, self.latest = self.earliest or later.earliest, later.latest or self.latest
        self.last_key = max(self.last_key, later.last_key)
        self.gone.absorb(later.gone)

    def _policy(self, header: Header) -> None:
        if header.kind == RecordKind.IMPORTED:
            self.imported_policies.add(header.policy)
        elif header.policy:
            self.policies.setdefault(header.policy, header.seq)

    def columns(self, header: Header, row: Mapping[Any, object], where: str) -> None:
        """Whether they repeat what the header says."""
        for column, recorded in zip(MEMBER_OF, _REPEATED(header), strict=True):
            said = row[column]
            if said != recorded:
                told = f"column {column} says '{clipped(str(said))}', the header '{clipped(recorded)}'"
                self.faults.add(FaultKind.COLUMN, f"{where}: {told}")

    def body(self, header: Header, row: Mapping[Any, object], where: str) -> None:
        """Whether it opens, and is the one that the header says."""
        number, nonce, sealed = row["key_number"], row["nonce"], row["sealed"]
        if sealed is None:
            self.gone.missing(header)
            return
        if isinstance(number, int):
            self.last_key = max(self.last_key, number)
        if self.key is None:
            if isinstance(number, int):
                self.gone.sealed(header.seq, number)
            return
        if not (isinstance(number, int) and isinstance(nonce, bytes) and isinstance(sealed, bytes)):
            self.faults.add(FaultKind.BODY, f"{where}: its body is not the one recorded")
            return
        try:
            packed = self.key(number).open(header.seq, Sealed(nonce, sealed))
            is_recorded = packed_digest(packed) == header.body
        except KeyGone:
            self.gone.without_key(header.seq, number)
            return
        except FileTrouble:
            self._unwrapped(number)
            return
        except (DoesNotOpen, BadBody, UnicodeError, ValueError):
            is_recorded = False
        if is_recorded:
            self.opened += 1
            self.gone.body(header, packed, number)
        else:
            self.faults.add(FaultKind.BODY, f"{where}: its body is not the one recorded")

    def _unwrapped(self, number: int) -> None:
        if number not in self.keys_unwrapped:
            self.faults.add(FaultKind.SUBJECT_KEY, f"subject key {number}: does not open with the wrapping key")
        self.keys_unwrapped.add(number)


def _is_time(at: str) -> bool:
    """As the journal writes one."""
    try:
        return _TIME.fullmatch(at) is not None and datetime.fromisoformat(at) is not None
    except ValueError:
        return False
