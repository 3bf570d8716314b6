"""The proofs of a report's records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from ledger.export.exporting import newest_checkpoint
from ledger.journal.journal import Journal
from ledger.record.log_proofs import LogProof
from ledger.store.key_database import SubjectKeys
from ledger.verify.proving import proof_of


def proofs_of(journal: Journal, records: Iterable[int], size: int | None = None) -> Iterator[tuple[int, str]]:
    """Each record's number and the text of its proof, all by one checkpoint: that of so many records, or the newest.
    Raises `NotProvedYet`, `FileTrouble`, `JournalUnavailable`."""
    covered = newest_checkpoint(journal).size if size is None else size
    for seq in records:

        def ask(connection: Connection, _: SubjectKeys, seq: int = seq) -> LogProof | None:
            return proof_of(connection, str(seq), covered)

        proof = journal.ask(ask)
        if proof is not None:
            yield seq, proof.text()
