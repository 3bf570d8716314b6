"""Bodies that can't be read any more: does a record say why, of each of them, and is what it says true?

What records say stands in their headers, which the log covers, and in the bodies of erasures, which list the records
whose key is gone. So a body that somebody hides among erased ones, by giving it the number of an erased key, is found:
no erasure lists it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ledger.record.body_parts import unpacked
from ledger.record.gone_bodies import CONFIRMED, ERASED, ERASURE, dropped_below, key_in, read_erasure
from ledger.record.record_header import Header, RecordKind
from ledger.verify.journal_faults import FaultKind, FaultsFound

_DECIDED = (RecordKind.DECISION, RecordKind.IMPORTED)


@dataclass(slots=True, kw_only=True)
class GoneCheck:
    """Records go in one after the other; what is gone is judged once all were seen."""

    faults: FaultsFound

    erased_keys: dict[int, int] = field(default_factory=dict)
    """Keys that records say are gone: number → the record."""

    confirmed_keys: dict[int, int] = field(default_factory=dict)
    """Keys that records say are to go."""

    listed: dict[int, int] = field(default_factory=dict)
    """Records whose bodies erasures list: place → the erasure."""

    dropped_below: dict[str, int] = field(default_factory=dict)
    """Kinds of case, and the place below which their bodies were kept long enough."""

    erased: int = 0
    """Bodies that are erased, as a record says."""

    dropped: int = 0
    """Bodies that were kept long enough, as a record says."""

    may_be_listed: bool = False
    """There are erasures whose lists nobody has read."""

    _without_key: set[int] = field(default_factory=set)
    _missing: list[tuple[str, int]] = field(default_factory=list)
    _sealed_by_gone: list[tuple[int, int]] = field(default_factory=list)
    _read: Counter[int] = field(default_factory=Counter)

    def header(self, header: Header) -> None:
        """Whatever it says of bodies that are gone."""
        if header.kind == RecordKind.ERASURE:
            for begins, keys in ((ERASED, self.erased_keys), (CONFIRMED, self.confirmed_keys)):
                if (number := key_in(header.outcome, begins)) is not None:
                    keys[number] = header.seq
            self.may_be_listed = self.may_be_listed or header.outcome.startswith(ERASED)
        elif (said := dropped_below(header)) is not None:
            case, below = said
            self.dropped_below[case] = max(below, self.dropped_below.get(case, 0))

    def body(self, header: Header, packed: bytes, number: int) -> None:
        """A body that opened with the key of this number and is the one recorded."""
        self._read[number] += 1
        if header.kind == RecordKind.ERASURE and header.outcome.startswith(ERASED):
            part = next((part.content for part in unpacked(packed).parts if part.path == ERASURE), None)
            self.lists(header.seq, part, f"record {header.seq}")

    def lists(self, seq: int, part: str | bytes | None, where: str) -> None:
        """What an erasure says was erased."""
        try:
            self.listed |= dict.fromkeys(read_erasure(part).records, seq)
        except ValueError:
            self.faults.add(FaultKind.ERASURE, f"{where}: does not say what was erased")

    def missing(self, header: Header) -> None:
        """A record without its body."""
        case = header.case if header.kind in _DECIDED else ""
        self._missing.append((case, header.seq))

    def sealed(self, seq: int, number: int) -> None:
        """A body that nobody tried to open."""
        self._sealed_by_gone.append((number, seq))

    def without_key(self, seq: int, number: int) -> None:
        """A body whose key is gone."""
        self._without_key.add(number)
        self._sealed_by_gone.append((number, seq))

    def absorb(self, later: GoneCheck) -> None:
        """What records behind these say."""
        self.erased_keys |= later.erased_keys
        self.confirmed_keys |= later.confirmed_keys
        self.listed |= later.listed
        for case, below in later.dropped_below.items():
            self.dropped_below[case] = max(below, self.dropped_below.get(case, 0))
        self.may_be_listed = self.may_be_listed or later.may_be_listed
        self._without_key |= later._without_key
        self._missing += later._missing
        self._sealed_by_gone += later._sealed_by_gone
        self._read += later._read

    @property
    def unexplained_keys(self) -> list[int]:
        """Keys that are gone, and no record seen so far says why."""
        return sorted(number for number in self._without_key if number not in self.erased_keys)

    def finish(self, *, lists_were_read: bool) -> None:
        """After all records. `lists_were_read`: bodies were opened, so that what erasures list is known."""
        for number in self.unexplained_keys:
            why = "is gone, and no erasure record says why"
            if number in self.confirmed_keys:
                why = (
                    f"is gone, and its erasure (record {self.confirmed_keys[number]}) was not finished; run "
                    "`credence erase finish`"
                )
            self.faults.add(FaultKind.SUBJECT_KEY, f"subject key {number}: {why}")
        for number, seq in sorted(self.erased_keys.items()):
            if self._read[number]:
                self.faults.add(
                    FaultKind.ERASURE, f"subject key {number}: opens, and record {seq} says that it was erased"
                )
        self._judge_sealed(lists_were_read=lists_were_read)
        self._judge_missing(lists_were_read=lists_were_read)

    def _judge_sealed(self, *, lists_were_read: bool) -> None:
        for number, seq in self._sealed_by_gone:
            by = self.erased_keys.get(number)
            if by is None:
                continue
            if lists_were_read and self.listed.get(seq) != by:
                self.faults.add(
                    FaultKind.ERASURE, f"record {seq}: its key {number} was erased, and record {by} does not list it"
                )
            else:
                self.erased += 1

    def _judge_missing(self, *, lists_were_read: bool) -> None:
        for case, seq in self._missing:
            if case and seq < self.dropped_below.get(case, 0):
                self.dropped += 1
            elif seq in self.listed or (self.may_be_listed and not lists_were_read):
                self.erased += 1
            else:
                self.faults.add(FaultKind.BODY_MISSING, f"record {seq}: its body is missing")
