"""What others than the journal's operator kept of it, to be held against it: witnesses' notes, a mirror, receipts.

    notes      checkpoints that a witness cosigned: its state, copied each time, or proofs' checkpoints
    mirror     the hash of each record, which names the one that was changed
    receipts   proofs that callers kept of their own decisions

Whoever has the journal and its signing key can write it anew and sign it; none of this can be written anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ledger.record.checkpoints import read_checkpoint
from ledger.record.log_proofs import BadProof, read_proof
from ledger.record.merkle_tree import leaf_hash
from ledger.record.signed_notes import BadNote
from ledger.record.trust_policies import TrustPolicy
from ledger.store.text_files import small_text
from ledger.store.trouble import FileTrouble
from ledger.verify.history_check import SignedSize
from ledger.verify.journal_faults import FaultKind, FaultsFound
from ledger.verify.trusted_key import TrustedKey
from ledger.witness.mirror import mirrored

THE_WITNESS = "the witness"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof of one record that somebody kept."""

    name: str
    """Its file."""

    leaf: bytes
    """Hash of the record's header."""

    checkpoint: SignedSize
    """The one in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideEvidence:
    """All that is held against a journal."""

    notes: Sequence[SignedSize] = ()
    """Checkpoints that were kept elsewhere."""

    policy: TrustPolicy | None = None
    """Whose cosignatures count."""

    mirror: Path | None = None
    receipts: Mapping[int, Sequence[Receipt]] = field(default_factory=dict)
    """By the record's number. Two of one record that differ prove that two histories were signed."""

    @property
    def all_notes(self) -> list[SignedSize]:
        """Also those in receipts, each once."""
        kept = {each.checkpoint.note: each.checkpoint for some in self.receipts.values() for each in reversed(some)}
        return [*self.notes, *kept.values()]


def witness_notes(paths: Sequence[Path], trusted: TrustedKey) -> list[SignedSize]:
    """From files, and from all files of folders. Raises `FileTrouble` where one holds no checkpoint that a witness of
    the trust policy cosigned, and `OSError`."""
    found = []
    for path in paths:
        files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
        if not files:
            raise FileTrouble(f"the folder `{path}` has no witness's note")
        found += [note for file in files for note in _notes_of(file, trusted)]
    return found


def _notes_of(path: Path, trusted: TrustedKey) -> Iterator[SignedSize]:
    policy = trusted.policy
    if policy is None:
        raise FileTrouble("no trust policy says whose cosignatures count; give one with --trust")
    note = small_text(path, "the witness's note")
    try:
        checkpoint, cosigned = read_checkpoint(note, *trusted.verifiers), policy.cosigned(note, time.time())
    except BadNote as error:
        raise FileTrouble(f"the witness's note `{path}` can't be used: {error}") from error
    if not cosigned:
        raise FileTrouble(f"the witness's note `{path}` is cosigned by no witness that the trust policy names")
    for name in cosigned:
        called = THE_WITNESS if len(policy.witnesses) == 1 else f"witness `{name}`"
        yield SignedSize(checkpoint.size, called, note, is_kept=True, is_witnessed=True)


def receipts(paths: Sequence[Path], trusted: TrustedKey) -> dict[int, list[Receipt]]:
    """From proofs of single records. Raises `FileTrouble` where one proves nothing by the key that is trusted."""
    found: dict[int, list[Receipt]] = {}
    for path in paths:
        try:
            proof = read_proof(small_text(path, "the proof"))
            header, checkpoint = proof.checked(*trusted.verifiers)
        except BadProof as error:
            raise FileTrouble(f"`{path}` proves nothing: {error}") from error
        signed = SignedSize(checkpoint.size, f"the checkpoint in `{path}`", proof.note, is_kept=True)
        found.setdefault(header.seq, []).append(Receipt(str(path), leaf_hash(proof.header), signed))
    return found


class LeafCheck:
    """The hash of each record against the mirror and the receipts; leaves go in by `add`, in their order."""

    def __init__(self, outside: OutsideEvidence, faults: FaultsFound) -> None:
        self._faults, self._receipts = faults, outside.receipts
        self._mirror = iter(()) if outside.mirror is None else mirrored(outside.mirror)
        self._size = 0
        self._differs_since: int | None = None
        self.mirrored = 0
        """Records that are those of the mirror."""
        for seq, (first, *more) in sorted(self._receipts.items()):
            for other in more:
                if other.leaf != first.leaf:
                    both = f"`{first.name}` and `{other.name}`"
                    said = f"{both} prove two records of that number: two histories were signed"
                    faults.add(FaultKind.OUTSIDE, f"record {seq}: {said}")

    def add(self, leaves: Sequence[bytes | None]) -> None:
        """The next ones; None: one that can't be had, which is a fault elsewhere."""
        hashes = list(islice(self._mirror, len(leaves)))
        for at, leaf in enumerate(leaves):
            seq = self._size + at
            if leaf is None:
                continue
            if at < len(hashes):
                self._compare(seq, is_same=leaf == hashes[at])
            for receipt in self._receipts.get(seq, ()):
                if receipt.leaf != leaf:
                    self._faults.add(FaultKind.OUTSIDE, f"record {seq}: is not the one that `{receipt.name}` proves")
        if len(hashes) < len(leaves):  # the mirror ends here
            self._end_run(self._size + len(hashes))
        self._size += len(leaves)

    def _compare(self, seq: int, *, is_same: bool) -> None:
        """Of records behind one another that differ, the first is named by itself: there the change was made."""
        if is_same:
            self.mirrored += 1
            self._end_run(seq)
        elif self._differs_since is None:
            self._differs_since = seq
            self._faults.add(FaultKind.OUTSIDE, f"record {seq}: is not the one the mirror has")

    def _end_run(self, end: int) -> None:
        first, self._differs_since = self._differs_since, None
        if first is not None and end - first == 2:
            self._faults.add(FaultKind.OUTSIDE, f"record {first + 1}: is not the one the mirror has")
        elif first is not None and end - first > 2:
            self._faults.add(FaultKind.OUTSIDE, f"records {first + 1}..{end - 1}: are not those the mirror has")

    def finish(self, *, is_end_known: bool) -> None:
        """There are no more. `is_end_known`: a checkpoint has said already that the end is missing."""
        self._end_run(self._size)
        more = sum(1 for _ in self._mirror)
        if more and not is_end_known:
            said = f"the journal ends there, and the mirror has {self._size + more} records"
            self._faults.add(FaultKind.RECORD_MISSING, f"record {self._size}: is missing: {said}")
