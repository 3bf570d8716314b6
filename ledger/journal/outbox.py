"""The outbox: events that endpoints have not taken yet, each written in the transaction of the record that it tells of.

A crash leaves both or neither. Whoever sends takes some of what is due by putting its next try a minute away, sends
without holding any lock, and says what became of it. A process that is killed in between leaves rows that are due again
a minute later: an event is sent at least once, and its id is the record's, by which a receiver knows it again.

    tries     how many have failed
    next_at   when it is tried next; none: a dead letter, which is tried again only when somebody says so
    since     from when on its time counts, in which it must arrive

What waits and what is dead have an index each, so that no number of dead letters slows what is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, select, tuple_, update

from ledger.journal.clock import moment
from ledger.store.prepared_sql import STATEMENTS_KEPT
from ledger.store.tables import webhook_outbox as outbox
from ledger.store.tables import webhook_subscriptions as sent

TAKEN_SECONDS = 60
"""For how long what one process has taken is nobody else's: longer than a try may take."""

Happened = tuple[int, str, str]
"""A record's place, the type of event that it is, and its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one endpoint."""

    endpoint: str
    """Its id."""

    seq: int
    """Of the record that is the event."""

    type: str
    """Of the event."""

    at: str
    """When it was recorded: ISO 8601, UTC."""

    since: str
    """From when on its time counts: `at`, or when it was sent again last."""

    tries: int
    """How many have failed."""

    next_at: str | None
    """When it is tried next; None: never, unless somebody says so. Of one that was taken: until when it is ours."""

    failed_at: str | None
    """When the last try failed; None: none has."""

    failure: str | None
    """What became of that, in words."""


@dataclass(frozen=True, slots=True)
class OutboxState:
    """What has not arrived, in all or of one endpoint."""

    waiting: int = 0
    """Events that will be tried (again)."""

    oldest_at: str | None = None
    """When the oldest of them was recorded."""

    dead: int = 0
    """Dead letters."""


def add_events(connection: Connection, happened: Sequence[Happened]) -> None:
    """A row for each event and endpoint that is sent its type, due at once. In the caller's transaction, in which
    nobody else changes who is sent what."""
    if happened:
        raw: Any = connection.connection.driver_connection
        raw.execute(_addition(connection.dialect.name, len(happened)), tuple(chain.from_iterable(happened)))


@lru_cache(maxsize=STATEMENTS_KEPT)
def _addition(dialect: str, events: int) -> str:
    mark = "?" if dialect == "sqlite" else "%s"
    rows = ", ".join([f"({mark}, {mark}, {mark})"] * events)
    return (
        f"WITH happened (seq, type, at) AS (VALUES {rows}) "
        "INSERT INTO webhook_outbox (endpoint, seq, type, at, since, tries, next_at) "
        "SELECT sent.endpoint, happened.seq, happened.type, happened.at, happened.at, 0, happened.at "
        "FROM happened JOIN webhook_subscriptions AS sent ON sent.type = happened.type"
    )


def due_endpoints(connection: Connection, now: datetime) -> list[str]:
    """Ids of the endpoints to which something is to be sent now."""
    something = select(outbox.c.seq).where(outbox.c.endpoint == sent.c.endpoint, outbox.c.next_at <= moment(now))
    query = select(sent.c.endpoint).where(something.exists()).distinct()
    return list(connection.execute(query.order_by(sent.c.endpoint)).scalars())


def take(connection: Connection, endpoint: str, now: datetime, most: int) -> list[Delivery]:
    """Some of what is due, what has been due longest first, which is nobody else's for `TAKEN_SECONDS`. What another
    process has locked is passed over."""
    due = select(outbox).where(outbox.c.endpoint == endpoint, outbox.c.next_at <= moment(now))
    rows = connection.execute(
        due.order_by(outbox.c.next_at, outbox.c.seq).limit(most).with_for_update(skip_locked=True)
    ).all()
    until = moment(now + timedelta(seconds=TAKEN_SECONDS))
    if rows:
        ours = outbox.c.seq.in_([row.seq for row in rows])
        connection.execute(update(outbox).where(outbox.c.endpoint == endpoint, ours).values(next_at=until))
    return [_delivery(row, next_at=until) for row in rows]


def arrived(connection: Connection, taken: Delivery) -> None:
    """Nothing is left of it, whoever else has taken it since."""
    connection.execute(delete(outbox).where(_same(taken)))


def put_back(connection: Connection, taken: Iterable[Delivery], now: datetime) -> None:
    """They were not tried, and are due."""
    for each in taken:
        connection.execute(update(outbox).where(_ours(each)).values(next_at=moment(now)))


def failed(connection: Connection, taken: Delivery, now: datetime, next_at: datetime | None, failure: str) -> None:
    """It was tried once more, and is tried again then; None: it is a dead letter. Changes nothing where somebody else
    has taken it since."""
    then = None if next_at is None else moment(next_at)
    said = {"tries": taken.tries + 1, "next_at": then, "failed_at": moment(now), "failure": failure}
    connection.execute(update(outbox).where(_ours(taken)).values(said))


def dead_letters(connection: Connection, most: int) -> list[Delivery]:
    """Those whose last try is the latest first."""
    query = select(outbox).where(outbox.c.next_at.is_(None)).order_by(outbox.c.failed_at.desc(), outbox.c.seq.desc())
    return [_delivery(row) for row in connection.execute(query.limit(most))]


def send_again(connection: Connection, endpoint: str, seq: int | None, now: datetime) -> int:
    """The endpoint's dead letters, or the one of this record, are due as if for the first time. How many there were."""
    which = (outbox.c.endpoint == endpoint) & outbox.c.next_at.is_(None)
    if seq is not None:
        which &= outbox.c.seq == seq
    anew = {"tries": 0, "next_at": moment(now), "since": moment(now)}
    return connection.execute(update(outbox).where(which).values(anew)).rowcount


def give_up(connection: Connection, endpoint: str, now: datetime, failure: str) -> None:
    """All that waits for the endpoint is dead letters from now on."""
    which = (outbox.c.endpoint == endpoint) & outbox.c.next_at.is_not(None)
    said = {"next_at": None, "failed_at": moment(now), "failure": failure}
    connection.execute(update(outbox).where(which).values(said))


def too_old(connection: Connection, before: datetime, most: int) -> list[Delivery]:
    """Some of what waits although its time began before then."""
    query = select(outbox).where(outbox.c.next_at.is_not(None), outbox.c.since < moment(before)).limit(most)
    return [_delivery(row) for row in connection.execute(query)]


def give_up_old(
    connection: Connection, old: Iterable[Delivery], before: datetime, now: datetime, failure: str
) -> list[Delivery]:
    """Those of them that still wait are dead letters from now on, and are given back. What became of a try stays;
    `failure` is for what was never tried."""
    said = {"next_at": None, "failed_at": moment(now), "failure": func.coalesce(outbox.c.failure, failure)}
    waits = outbox.c.next_at.is_not(None) & (outbox.c.since < moment(before))
    return [each for each in old if connection.execute(update(outbox).where(_same(each), waits).values(said)).rowcount]


def has_dead_letters(connection: Connection, before: datetime) -> bool:
    """Whether one has been a dead letter since before then."""
    return connection.execute(_dead_before(before).limit(1)).first() is not None


def forget_dead_letters(connection: Connection, before: datetime, most: int) -> int:
    """Some of those that have been dead letters since before then are deleted. How many were."""
    which = tuple_(outbox.c.endpoint, outbox.c.seq).in_(_dead_before(before).limit(most))
    return connection.execute(delete(outbox).where(which)).rowcount


def _dead_before(before: datetime) -> Select[Any]:
    """The oldest first."""
    query = select(outbox.c.endpoint, outbox.c.seq).where(outbox.c.next_at.is_(None))
    return query.where(outbox.c.failed_at < moment(before)).order_by(outbox.c.failed_at, outbox.c.seq)


def forget_endpoint(connection: Connection, endpoint: str) -> None:
    """Nothing is sent there any more, dead letters neither."""
    connection.execute(delete(outbox).where(outbox.c.endpoint == endpoint))


def outbox_state(connection: Connection) -> OutboxState:
    """Of all endpoints together, which is cheaper than of each."""
    waits = select(func.count(), func.min(outbox.c.at)).where(outbox.c.next_at.is_not(None))
    dead = select(func.count()).where(outbox.c.next_at.is_(None))
    waiting, oldest_at = connection.execute(waits).one()
    return OutboxState(waiting, oldest_at, connection.execute(dead).scalar_one())


def outbox_states(connection: Connection) -> dict[str, OutboxState]:
    """By endpoint; one for which nothing is left has none."""
    waits = select(outbox.c.endpoint, func.count(), func.min(outbox.c.at)).where(outbox.c.next_at.is_not(None))
    dead = select(outbox.c.endpoint, func.count()).where(outbox.c.next_at.is_(None))
    states = {
        endpoint: OutboxState(waiting, oldest_at)
        for endpoint, waiting, oldest_at in connection.execute(waits.group_by(outbox.c.endpoint))
    }
    for endpoint, letters in connection.execute(dead.group_by(outbox.c.endpoint)):
        states[endpoint] = replace(states.get(endpoint, OutboxState()), dead=letters)
    return states


def _same(taken: Delivery) -> ColumnElement[bool]:
    return (outbox.c.endpoint == taken.endpoint) & (outbox.c.seq == taken.seq)


def _ours(taken: Delivery) -> ColumnElement[bool]:
    return _same(taken) & (outbox.c.next_at == taken.next_at)


def _delivery(row: Row[Any], **other: str) -> Delivery:
    return Delivery(**{**row._mapping, **other})
