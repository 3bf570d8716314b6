"""The mode in which a service starts is on record where it is another one than before."""

from __future__ import annotations

from sqlalchemy import select

from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import last_of
from ledger.policies.policy_mode import PolicyMode
from ledger.record.body_parts import Part
from ledger.record.new_records import ACT_SUBJECT, Record
from ledger.record.record_header import RecordKind
from ledger.store.tables import entries

OPERATOR = "start of the service"
"""Whoever set it, on the service's machine."""


def note_mode(transaction: LogTransaction, mode: PolicyMode) -> None:
    """In the journal's thread. A record where the last start was in another mode; a journal without one was watched."""
    connection = transaction.connection
    last = last_of(connection, [RecordKind.POLICY_MODE])
    said = None if last is None else connection.execute(select(entries.c.outcome).where(entries.c.seq == last)).scalar()
    if (said or PolicyMode.WATCH.value) != mode.value:
        parts = (Part(ACT_SUBJECT, mode.value.encode()),)
        transaction.append(Record(kind=RecordKind.POLICY_MODE, outcome=mode.value, actor=OPERATOR, parts=parts))
