"""The tree over all leaves, as it grows, against each checkpoint: was it signed by the key, over these very records?

A checkpoint of n records holds where the root over the first n leaves is the one that it says. Where each holds, each
is a prefix of the next. Where one doesn't, the change lies behind the last that held:

    records 512..767: one of them is not what checkpoint 768 was signed over (checkpoint 512 still holds)

Those behind it can't hold either, and are not named. A checkpoint that was taken away earlier speaks for itself, and so
does one that a witness cosigned, unless the journal has the very same one and it was named:

    records 0..767: the witness saw another history of 768 records

A leaf that can't be had (`None`) ends the comparing: the roots from there on can't be computed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from engine.diagnostics.wording import clipped
from ledger.record.checkpoints import Checkpoint, read_checkpoint
from ledger.record.merkle_tree import extended, root_of
from ledger.record.signed_notes import BadNote, NoteVerifier, signer_of, split_note
from ledger.record.trust_policies import NO_QUORUM, TrustPolicy
from ledger.verify.journal_faults import FaultKind, FaultsFound

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class SignedSize(NamedTuple):
    """A checkpoint that is to be compared."""

    size: int
    """How many records it says that it covers; as its row says where it has one."""

    name: str
    """What it is called: `checkpoint 768`."""

    note: str | None
    """As it is stored; None where that is no text. Lines of witnesses may stand in it behind the log's own."""

    lines: tuple[str, ...] = ()
    """Those of witnesses that are stored beside it."""

    is_kept: bool = False
    """It was taken away earlier: it is compared with what the journal has, not the other way round."""

    is_witnessed: bool = False
    """A witness cosigned it and kept it; `name` is what the witness is called."""


class HistoryCheck:
    """Leaves go in by `add`, in their order; `finish` says what is missing behind them."""

    def __init__(
        self,
        checkpoints: Iterable[SignedSize],
        verifiers: Sequence[NoteVerifier],
        faults: FaultsFound,
        policy: TrustPolicy | None = None,
    ) -> None:
        """`checkpoints`: by size. `policy`: whose cosignatures count."""
        self._coming: Iterator[SignedSize] = iter(checkpoints)
        self._next = next(self._coming, None)
        self._verifiers, self._faults, self._policy = verifiers, faults, policy
        self._own: Checkpoint | None = None  # the journal's last one that was compared
        self._witnesses_told: set[str] = set()
        self._cosigned: tuple[int, dict[str, int]] = (0, {})  # of one size
        self.cosigned_at: int | None = None
        """When witnesses cosigned that one, in seconds since 1970: as late as enough of them say."""
        self.witnessed = 0
        """How many records the last checkpoint covers that holds and is cosigned as the policy asks."""
        self._frontier: tuple[bytes, ...] | None = ()
        self._is_end_missing = False
        self._has_changed = False  # one of the journal's own didn't hold: none after it can
        self.size = 0
        self.signed = 0
        """How many records the last checkpoint covers that holds."""
        self.checkpoints = 0
        """How many were compared."""
        self.signed_by: dict[str, tuple[int, int]] = {}
        """The id of each key by which one was verified, and the sizes of its first and its last."""
        self._compare()

    @property
    def frontier(self) -> tuple[bytes, ...] | None:
        """Of the tree so far; None where a leaf is missing."""
        return self._frontier

    def add(self, leaves: Sequence[bytes | None]) -> None:
        """The next leaf hashes."""
        at = 0
        while at < len(leaves):
            until = len(leaves) if self._next is None else min(len(leaves), at + self._next.size - self.size)
            self._extend(leaves[at:until])
            at = until
            self._compare()

    def _extend(self, leaves: Sequence[bytes | None]) -> None:
        known = [leaf for leaf in leaves if leaf is not None]
        if self._frontier is not None:
            self._frontier = extended(self._frontier, self.size, known) if len(known) == len(leaves) else None
        self.size += len(leaves)

    def _compare(self) -> None:
        """With all checkpoints of this size."""
        while self._next is not None and self._next.size <= self.size:
            if (checkpoint := self._verified(self._next)) is not None:
                self._compare_root(self._next, checkpoint)
            self._next = next(self._coming, None)

    def _verified(self, signed: SignedSize) -> Checkpoint | None:
        """None where it is none; that is a fault."""
        self.checkpoints += 1
        note = _parted(signed.note or "")[0]
        try:
            checkpoint = read_checkpoint(note, *self._verifiers)
        except BadNote:
            self._faults.add(FaultKind.SIGNATURE, f"{signed.name}: its signature is not that of the journal key")
            return None
        if checkpoint.size != signed.size:
            self._faults.add(FaultKind.SIGNATURE, f"{signed.name}: its note says {checkpoint.size} records")
            return None
        self._note_signers(checkpoint, note)
        return checkpoint

    def _note_signers(self, checkpoint: Checkpoint, note: str) -> None:
        """Two keys sign beside one another for some time, once one was replaced."""
        lines = split_note(note)[1]
        for verifier in self._verifiers:
            if verifier.name == checkpoint.origin and any(True for _ in verifier.own(lines)):
                first, _ = self.signed_by.get(verifier.id.hex(), (checkpoint.size, 0))
                self.signed_by[verifier.id.hex()] = first, checkpoint.size

    def _compare_root(self, signed: SignedSize, checkpoint: Checkpoint) -> None:
        if self._frontier is None:
            return
        is_told = signed.is_witnessed and (checkpoint == self._own or signed.name in self._witnesses_told)
        if not signed.is_kept:
            self._own = checkpoint
        if checkpoint.root == root_of(self._frontier):
            self.signed = max(self.signed, signed.size)
            self._count_cosignatures(signed)
        elif is_told:
            return
        elif signed.is_witnessed:
            self._witnesses_told.add(signed.name)
            said = f"{_records(0, signed.size)}: {signed.name} saw another history of {signed.size} records"
            self._faults.add(FaultKind.HISTORY, said)
        elif signed.is_kept:
            said = f"{_records(0, signed.size)}: {signed.name} was signed over another history of {signed.size} records"
            self._faults.add(FaultKind.HISTORY, said)
        elif not self._has_changed:
            self._has_changed = True
            which = "it" if signed.size - self.signed == 1 else "one of them"
            before = f" (checkpoint {self.signed} still holds)" if self.signed else ""
            said = f"{which} is not what {signed.name} was signed over{before}"
            self._faults.add(FaultKind.HISTORY, f"{_records(self.signed, signed.size)}: {said}")

    def _count_cosignatures(self, signed: SignedSize) -> None:
        size, before = self._cosigned
        times = dict(before) if size == signed.size else {}
        bare, lines = _parted(signed.note or "")
        for line in (*lines, *signed.lines):
            try:
                name = signer_of(line)
            except BadNote:
                said = f"the cosignature `{clipped(line.strip())}` can't be read"
                self._faults.add(FaultKind.COSIGNATURE, f"{signed.name}: {said}")
                continue
            try:
                cosigned = {} if self._policy is None else self._policy.cosigned(bare + line, time.time())
            except BadNote as error:
                said = f"the cosignature of `{clipped(name)}` does not count: {error}"
                self._faults.add(FaultKind.COSIGNATURE, f"{signed.name}: {said}")
                continue
            times |= {each: max(seconds, times.get(each, 0)) for each, seconds in cosigned.items()}
        self._cosigned = signed.size, times
        if self._policy is not None and self._policy.is_met_by(times):
            self.witnessed = signed.size
            self.cosigned_at = self._policy.met_at(times)

    def finish(self, *, is_end: bool = True) -> bool:
        """There are no more leaves. `is_end`: since the log has no more, not since they can't be read. Whether the end
        of the log is missing, as a checkpoint says."""
        own: SignedSize | None = None
        seen: SignedSize | None = None
        while self._next is not None:
            signed, self._next = self._next, next(self._coming, None)
            if self._verified(signed) is None or not is_end:
                continue
            if signed.is_witnessed:
                seen = signed
            elif signed.is_kept:
                self._ends_before(f"{signed.name} was signed over {signed.size}")
            else:
                own = signed
        if own is not None:
            self._ends_before(f"{own.name} was signed")
        elif seen is not None:
            self._ends_before(f"{seen.name} saw {seen.size} records")
        if self._policy is not None and self._policy.quorum != NO_QUORUM and not self.witnessed and self.size:
            said = f"checkpoints: none that holds is cosigned as the trust policy asks, by `{self._policy.quorum}`"
            self._faults.add(FaultKind.COSIGNATURE, said)
        return self._is_end_missing

    def _ends_before(self, what: str) -> None:
        self._is_end_missing = True
        said = f"record {self.size}: is missing: the journal ends there, and {what}"
        self._faults.add(FaultKind.RECORD_MISSING, said)


def _parted(note: str) -> tuple[str, list[str]]:
    """The note with the log's own signatures, the first and those under its name, and the others, each read by itself:
    one that is spoiled says nothing against the checkpoint."""
    text, blank, lines = note.partition("\n\n")
    own, others = [""], list[str]()
    for number, line in enumerate(_LINE.findall(lines)):
        is_own = number == 0 or line.startswith(f"\u2014 {text.partition(chr(10))[0]} ")
        (own if is_own else others).append(line)
    return text + blank + "".join(own), others


def _records(first: int, end: int) -> str:
    return f"record {first}" if end - first == 1 else f"records {first}..{end - 1}"
