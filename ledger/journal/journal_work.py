"""What the journal's thread is asked to do within one transaction, and does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import insert, select

from ledger.journal.kept_answers import KeptAnswer, KeyedRecord, KeyedRequest
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import version_in_force
from ledger.record.actors import Actor
from ledger.record.new_records import Record, activation_record
from ledger.store.tables import policy_sets

JournalWork = Callable[[LogTransaction], object]
"""What is to be done in the writer's thread and transaction. What it gives is its caller's result, an exception what
its caller's wait ends with; what it raises undoes the whole transaction."""

Work = Record | KeyedRecord | JournalWork
"""All that waits for a transaction."""


def done(transaction: LogTransaction, work: Work) -> Any:
    """What the work gives, which may be why it wasn't done."""
    if isinstance(work, Record):
        return transaction.append(work)
    if isinstance(work, KeyedRecord):
        return transaction.append_once(work)
    transaction.flush()  # it may read what was recorded before it
    return work(transaction)


def recorded_id(work: Work, given: Any) -> str | None:
    """Of a record that was written, where it came with an id."""
    if isinstance(work, KeyedRecord):
        return None if isinstance(given, Exception) else work.record.id
    return work.id if isinstance(work, Record) else None


def keep(transaction: LogTransaction, request: KeyedRequest, answer: KeptAnswer) -> Exception | None:
    """Of a request that leads to no record; or why it isn't kept."""
    before = transaction.kept.before(request)
    if before is None:
        transaction.kept.keep(request, answer)
    return before


def activate(transaction: LogTransaction, row: Mapping[str, str | None], actor: Actor | str) -> None:
    """A policy set takes effect: kept where its version is new, recorded where it wasn't in force."""
    connection, version = transaction.connection, row["version"]
    if connection.execute(select(policy_sets.c.version).where(policy_sets.c.version == version)).first() is None:
        connection.execute(insert(policy_sets), {**row, "loaded_at": transaction.at})
    last = version_in_force(connection)
    if last != version:
        transaction.append(activation_record(str(version), "first" if last is None else "watch", actor))
        transaction.flush()
