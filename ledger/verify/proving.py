"""The proof that a record of a journal is in a signed checkpoint: a header, at most 63 hashes, a signed note.

Of the checkpoints that cover it the one with most cosignatures is taken, for a proof counts as much as its checkpoint.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from ledger.journal.log_head import LOG_DISAGREES
from ledger.journal.opened_records import is_called
from ledger.journal.signed_log import cosigned_note, note_over, proof_maker
from ledger.record.log_proofs import LogProof
from ledger.record.merkle_proofs import NoTile
from ledger.store.tables import entries
from ledger.store.trouble import FileTrouble


class NotProvedYet(Exception):
    """The record is there, and the next checkpoint, within a second, will be the first to cover it."""


def proof_of(connection: Connection, called: str, size: int | None = None) -> LogProof | None:
    """Of the record with this id, or with this place where `called` is a number; None where there is no such record.
    `size`: by the checkpoint of so many records; None: by the one that proves most. Raises `NotProvedYet`,
    `NoCheckpoint` where there is none of that size, and `FileTrouble` where the log is damaged."""
    record = connection.execute(select(entries.c.seq, entries.c.header).where(is_called(called))).first()
    if record is None:
        return None
    over = note_over(connection, record.seq) if size is None else (size, cosigned_note(connection, size))
    if over is None or record.seq >= over[0]:
        raise NotProvedYet(f"no checkpoint covers record {record.seq} yet")
    covered, note = over
    try:
        hashes = proof_maker(connection, covered).inclusion(record.seq)
    except NoTile as error:
        raise FileTrouble(LOG_DISAGREES) from error
    return LogProof(record.header.encode(), record.seq, tuple(hashes), note)
