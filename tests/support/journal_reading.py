"""What a journal has recorded, read as the service reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import select

from ledger.journal.journal import Journal
from ledger.journal.opened_records import OpenedRecord, Recorded
from ledger.record.record_header import Header, RecordKind, read_header
from ledger.store.place import JournalPlace
from ledger.store.tables import entries

_Answer = TypeVar("_Answer")


def from_journal(path: JournalPlace, ask: Callable[[Journal], _Answer]) -> _Answer:
    journal = Journal(path)
    try:
        return ask(journal)
    finally:
        journal.close()


def headers_in(path: JournalPlace, kind: str = "decision") -> list[Header]:
    """Of all records of a kind, in their order."""
    query = select(entries.c.header).where(entries.c.kind == kind).order_by(entries.c.seq)
    rows = from_journal(path, lambda journal: journal.read(query))
    return [read_header(row.header.encode()) for row in rows]


def decision_in(path: JournalPlace, id: str) -> Recorded:
    found = from_journal(path, lambda journal: journal.recorded(id))
    assert found is not None
    return found


def acts_in(path: JournalPlace, *kinds: RecordKind) -> list[OpenedRecord]:
    return from_journal(path, lambda journal: journal.records(*kinds))
