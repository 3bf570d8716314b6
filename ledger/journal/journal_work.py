"""What the journal's thread is asked to do within one transaction, and does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

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


class Together(Protocol):
    """Who does many works of a transaction at once, since what they read and write can be shared."""

    def do(self, transaction: LogTransaction, asked: Sequence[Any]) -> Sequence[Any]:
        """As `JournalWork`, for all that was asked, in its order."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedWork:
    """One of the works that are done together."""

    together: Together
    asked: Any


Work = Record | KeyedRecord | JournalWork | SharedWork
"""All that waits for a transaction."""


def done_all(transaction: LogTransaction, works: Sequence[Work]) -> list[Any]:
    """What each work gives. Shared works are done last, each sort at once."""
    given: list[Any] = [None if isinstance(work, SharedWork) else done(transaction, work) for work in works]
    shared: dict[Together, list[int]] = {}
    for at, work in enumerate(works):
        if isinstance(work, SharedWork):
            shared.setdefault(work.together, []).append(at)
    for together, places in shared.items():
        transaction.flush()  # it may read what was recorded before it
        asked = [work.asked for at in places if isinstance(work := works[at], SharedWork)]
        for at, result in zip(places, together.do(transaction, asked), strict=True):
            given[at] = result
    return given


def done(transaction: LogTransaction, work: Record | KeyedRecord | JournalWork) -> Any:
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
