"""What the journal's thread is asked to do within one transaction, and does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import insert, select

from ledger.journal.kept_answers import KeptAnswer, KeyedRecord, KeyedRequest
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.policy_timeline import PolicyMoved, PolicyTimeline
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
    record = work.record if isinstance(work, KeyedRecord) else work
    if isinstance(record, Record) and record.must_be_current and (moved := transaction.moved_from(record.policy)):
        return moved
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


def activate(
    transaction: LogTransaction,
    row: Mapping[str, str | None],
    actor: Actor | str,
    *,
    how: str = "watch",
    after: int | None = None,
) -> PolicyTimeline | PolicyMoved:
    """A policy set takes effect: kept where its version is new, recorded where it wasn't in force. `after`: the
    activation that its taker knows as the last one; where another process has made a later one, nothing is done."""
    keep_policy_set(transaction, row)
    now = transaction.timeline
    if now.version == row["version"]:
        return now
    if after is not None and now.number != after:
        return PolicyMoved(now.number)
    transaction.append(activation_record(str(row["version"]), how if now.number else "first", actor))
    transaction.flush()
    return transaction.timeline


def keep_policy_set(transaction: LogTransaction, row: Mapping[str, str | None]) -> None:
    """Where its version is new."""
    connection = transaction.connection
    known = select(policy_sets.c.version).where(policy_sets.c.version == row["version"])
    if connection.execute(known).first() is None:
        connection.execute(insert(policy_sets), {**row, "loaded_at": transaction.at})
