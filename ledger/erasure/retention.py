"""Retention: bodies of decisions that were kept long enough are dropped, month by month; headers and tiles stay.

First a record says which go: of one kind of case all below a place, where a month begins. Then they go, some at a
time, with what they are found by. A run that breaks off is gone on with by the next, since the record stands: the
trigger lets the rest go. Bodies whose key was erased stay: they are unreadable, and an erasure lists them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select

from engine.reading.retention_file import SITE_RETENTION, RetentionRule
from ledger.erasure.erasing import ErasureRefused, KeptUntil
from ledger.erasure.index_rows import IndexRows
from ledger.journal.clock import moment
from ledger.journal.erased_keys import keys_leaving_since
from ledger.journal.journal import Journal
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import records_of
from ledger.record.gone_bodies import dropped_below, retention_record
from ledger.record.record_header import RecordKind
from ledger.search.record_search import DECIDED, places_between
from ledger.store.key_database import SubjectKeys
from ledger.store.tables import bodies, entries

_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDrop:
    """What is past its years, of one kind of case."""

    rule: RetentionRule
    month: date
    """The first month that is kept: all before it goes."""
    below: int
    """The first place that is kept."""
    bodies: int
    """How many go."""


def years_before(day: date, years: int) -> date:
    """The same day so many years ago; of 29 February the 28th where there is none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def kept_until(rules: Sequence[RetentionRule], today: date) -> KeptUntil:
    """Asked by `Erasing`: until when the law wants any of the records at these places kept. Then it raises
    `ErasureRefused` where no rule says so of a kind of case among them: nobody knows what the law wants."""
    known = {rule.case for rule in rules}
    required = {rule.case: rule.years for rule in rules if rule.required}

    def ask(connection: Connection, places: list[int]) -> date | None:
        ends = []
        for at in range(0, len(places), _AT_ONCE):
            some = entries.c.seq.in_(places[at : at + _AT_ONCE])
            _refuse_unsaid(connection, some, known)
            query = select(entries.c.case_kind, func.max(entries.c.at)).where(some, entries.c.case_kind.in_(required))
            for case, last in connection.execute(query.group_by(entries.c.case_kind)):
                ends.append(years_before(datetime.fromisoformat(last).date(), -required[case]))
        return max((end for end in ends if end > today), default=None)

    return ask


def _refuse_unsaid(connection: Connection, some: ColumnElement[bool], known: set[str]) -> None:
    query = select(entries.c.case_kind).where(some, entries.c.kind.in_(DECIDED), entries.c.case_kind.not_in(known))
    unsaid = sorted(set(connection.execute(query.distinct()).scalars()) - {""})
    if unsaid:
        raise ErasureRefused(
            f"the policies don't say how long the law wants decisions on {', '.join(unsaid)} kept; say so in "
            f"{SITE_RETENTION} beside them: years, `required: true` or `false`, and the ground"
        )


def to_drop(journal: Journal, rules: Sequence[RetentionRule], today: date) -> list[ToDrop]:
    """What is past its years; nothing is written. Raises `JournalUnavailable`. Blocks: call it from a thread."""
    return [found for rule in rules if (found := journal.ask(_asking(rule, today))).bodies]


async def drop(journal: Journal, found: Sequence[ToDrop], policy: str, actor: str) -> int:
    """Records it and does it; how many bodies went. `policy`: version of the set whose rules these are. Raises
    `JournalUnavailable`."""
    for each in found:
        await journal.write(partial(_record, found=each, policy=policy, actor=actor))
    return await go_on(journal)


async def go_on(journal: Journal) -> int:
    """Drops what retentions on record cover and is still there."""
    count = 0
    for case, below in (await asyncio.to_thread(journal.ask, _recorded)).items():
        places = await asyncio.to_thread(journal.ask, partial(_asked_places, case=case, below=below))
        for at in range(0, len(places), _AT_ONCE):
            await journal.write(partial(_delete, places=places[at : at + _AT_ONCE]))
        count += len(places)
    return count


def _asking(rule: RetentionRule, today: date) -> Callable[[Connection, SubjectKeys], ToDrop]:
    month = years_before(today, rule.years).replace(day=1)

    def ask(connection: Connection, _: SubjectKeys) -> ToDrop:
        below, _end = places_between(connection, moment(datetime.fromisoformat(f"{month}T00:00:00+00:00")), None)
        return ToDrop(rule=rule, month=month, below=below, bodies=len(_places(connection, rule.case, below)))

    return ask


def _asked_places(connection: Connection, _: SubjectKeys, case: str, below: int) -> list[int]:
    return _places(connection, case, below)


def _places(connection: Connection, case: str, below: int) -> list[int]:
    """Of the bodies that are there, of this kind of case, below this place."""
    query = select(bodies.c.seq).join(entries, entries.c.seq == bodies.c.seq).where(_covered(case, below))
    query = query.where(bodies.c.key_number.not_in(keys_leaving_since(connection, 0)))
    return list(connection.execute(query.order_by(bodies.c.seq)).scalars())


def _covered(case: str, below: int) -> ColumnElement[bool]:
    return and_(bodies.c.seq < below, entries.c.kind.in_(DECIDED), entries.c.case_kind == case)


def _recorded(connection: Connection, keys: SubjectKeys) -> dict[str, int]:
    """Kinds of case, and the place below which retentions on record cover their bodies."""
    found: dict[str, int] = {}
    for record in records_of(connection, keys.key, [RecordKind.RETENTION]):
        said = dropped_below(record.header)
        if said is not None:
            found[said[0]] = max(said[1], found.get(said[0], 0))
    return found


def _record(transaction: LogTransaction, found: ToDrop, policy: str, actor: str) -> int:
    places = _places(transaction.connection, found.rule.case, found.below)
    said = {
        "first": places[0] if places else None,
        "last": places[-1] if places else None,
        "bodies": len(places),
        "before": str(found.month),
        "years": found.rule.years,
        "ground": dict(found.rule.ground.by_language),
    }
    return transaction.append(retention_record(found.rule.case, found.below, policy, said, actor))


def _delete(transaction: LogTransaction, places: list[int]) -> None:
    rows = IndexRows()
    rows.add(transaction.connection, transaction.keys, places)
    rows.delete(transaction.connection)
    transaction.connection.execute(delete(bodies).where(bodies.c.seq.in_(places)))
    transaction.has_erased = True
