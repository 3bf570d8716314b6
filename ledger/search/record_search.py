"""The search: records that a filter wants, the newest first, as many as a page has.

It goes backwards in steps. Where an index finds candidates (`_index`), a step is so many of its places; else it is a
stretch of the log. Of a step's records the database gives those that fit the rest of the filter. A step is small at
first and grows, so that a page full of fits costs a page, and a long way few questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, func, or_, select

from engine.vocabulary.persons import person
from ledger.journal.log_transaction import ACCOUNT, SUBJECT
from ledger.journal.opened_records import ENTRY, JOINED, UNDECIDED, opened
from ledger.record.canonical_json import NotCanonical, canonical
from ledger.record.record_header import Header, RecordKind, read_header
from ledger.search.record_filter import RecordFilter
from ledger.store.key_database import SubjectKeys
from ledger.store.tables import entries, entry_blinds, entry_rules, people
from ledger.store.trouble import DAMAGED, FileTrouble

HEADERS_MAX = 200_000
"""Looked at in one call."""

BODIES_MAX = 2_000
"""Looked at in one call where only bodies say whose a record is."""

STEP_MIN = 500
STEP_MAX = 20_000
PLACES_MAX = 5_000
"""Candidates of one step: so many values fit into a statement."""

PROBES = 64
"""Times asked for at once where a period begins or ends."""

DECIDED = (RecordKind.DECISION, RecordKind.IMPORTED)
"""Kinds of decisions: a filter of both finds decisions alone."""

_T = TypeVar("_T")
_Take = Callable[[Any], "_T | None"]


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """Some of what a search finds."""

    records: list[_T]
    """The newest first."""

    searched_to: int
    """All records from this place on have been looked at, down from where the page begins."""

    is_last: bool
    """Nothing below it is wanted."""


def headers_wanted(
    connection: Connection, keys: SubjectKeys, wanted: RecordFilter, below: int | None, limit: int
) -> Page[Header]:
    """Their headers; no body is opened. `below`: only records below this place; None: from the newest. Raises
    `FileTrouble` where a header is damaged."""
    actors = _called(connection, wanted)

    def take(row: Any) -> Header | None:
        header = header_of(row)
        return header if wanted.fits(header, actors) else None

    return _Search(connection, keys, wanted, (entries.c.seq, entries.c.header)).page(below, limit, take)


def records_wanted(
    connection: Connection, keys: SubjectKeys, wanted: RecordFilter, below: int | None, limit: int
) -> Page[Any]:
    """The same with their bodies, as `OpenedRecord`. Raises `FileTrouble` where one is damaged or its key can't be
    had."""
    actors = _called(connection, wanted)

    def take(row: Any) -> Any:
        record = opened(row, keys.key)
        seen = wanted.visible.sees(record.header.case, record.actor)
        return record if seen and wanted.fits(record.header, actors) else None

    return _Search(connection, keys, wanted, ENTRY).page(below, limit, take)


def header_of(row: Any) -> Header:
    """Of a row with `seq` and `header`. Raises `FileTrouble`."""
    try:
        header = read_header(row.header.encode())
    except (NotCanonical, UnicodeError) as error:
        raise FileTrouble(f"{DAMAGED}: record {row.seq} can't be read") from error
    if header.seq != row.seq:
        raise FileTrouble(f"{DAMAGED}: record {row.seq} is another one")
    return header


class _Search:
    def __init__(
        self, connection: Connection, keys: SubjectKeys, wanted: RecordFilter, columns: Sequence[ColumnElement[Any]]
    ) -> None:
        self._connection = connection
        self._select = select(*columns).select_from(JOINED if len(columns) > 2 else entries)
        self._index, others = _indexed(keys, wanted)
        self._rest = [*others, *_conditions(connection, wanted)]
        self._first, self._end = places_between(connection, wanted.since, wanted.until)
        self._most = BODIES_MAX if wanted.visible.needs_bodies else HEADERS_MAX

    def page(self, below: int | None, limit: int, take: _Take[_T]) -> Page[_T]:
        """Steps backwards until the page is full, the way is at its end, or enough was looked at."""
        below = self._end if below is None else min(below, self._end)
        found: list[_T] = []
        looked, step = 0, max(STEP_MIN if self._rest else 0, limit + 1)
        while below > self._first and looked < self._most and len(found) < limit:
            where, floor, count = self._step(below, min(step, self._most - looked))
            lacking = limit - len(found)
            rows = self._fitting(where, lacking + 1)
            for row in rows:
                if len(found) == limit:
                    return Page(found, below, is_last=False)
                below = row.seq
                taken = take(row)
                if taken is not None:
                    found.append(taken)
            if len(rows) <= lacking:
                below = floor
            looked, step = looked + count, min(step * 4, STEP_MAX)
        return Page(found, below, is_last=below <= self._first)

    def _step(self, below: int, most: int) -> tuple[ColumnElement[bool], int, int]:
        """Which records to look at next, down to which place, and how many they are."""
        if self._index is None:
            floor = max(below - most, self._first)
            return and_(entries.c.seq >= floor, entries.c.seq < below), floor, below - floor
        places, index = self._index
        most = min(most, PLACES_MAX)
        query = select(places).where(index, places < below, places >= self._first).order_by(places.desc()).limit(most)
        found = list(self._connection.execute(query).scalars())
        floor = found[-1] if len(found) == most else self._first
        return entries.c.seq.in_(found) if found else false(), floor, len(found)

    def _fitting(self, where: ColumnElement[bool], most: int) -> Sequence[Any]:
        query: Select[Any] = self._select.where(where, *self._rest).order_by(entries.c.seq.desc()).limit(most)
        return self._connection.execute(query).all()


_Index = tuple[ColumnElement[int], ColumnElement[bool]]
"""Where candidates' places stand, and which rows are meant."""


def _indexed(keys: SubjectKeys, wanted: RecordFilter) -> tuple[_Index | None, list[ColumnElement[bool]]]:
    """The index that finds the fewest, and what the others say."""
    blinds = [(SUBJECT, wanted.subject), (ACCOUNT, wanted.account)]
    found: list[_Index] = [
        (entry_blinds.c.seq, entry_blinds.c.blind == keys.blind(what, name))
        for what, name in blinds
        if name is not None
    ]
    if wanted.rule is not None:
        found.append((entry_rules.c.seq, entry_rules.c.rule == wanted.rule))
    if wanted.kinds and not set(wanted.kinds) & set(DECIDED):
        found.append((entries.c.seq, and_(UNDECIDED, entries.c.kind.in_(wanted.kinds))))
    others = [
        rows if places is entries.c.seq else exists().where(places == entries.c.seq, rows) for places, rows in found[1:]
    ]
    return (found[0] if found else None), others


def _conditions(connection: Connection, wanted: RecordFilter) -> list[ColumnElement[bool]]:
    """On columns; some give more than what is wanted, which `RecordFilter.fits` leaves out."""
    columns = entries.c
    conditions: list[ColumnElement[bool]] = []
    if set(wanted.kinds) & set(DECIDED):
        conditions.append(columns.kind.in_(wanted.kinds))
    if wanted.kinds == DECIDED:
        conditions.append(columns.case_kind != "")  # the record that a journal was taken over is no decision
    if wanted.case is not None:
        conditions.append(columns.case_kind == wanted.case)
    if wanted.outcome is not None:
        conditions.append(columns.outcome == wanted.outcome)
    if wanted.policy is not None:
        conditions.append(columns.policy.startswith(wanted.policy))
    if wanted.actor is not None:
        names = sorted(_called(connection, wanted))
        conditions.append(or_(*(columns.actor.contains(name, autoescape=True) for name in names)))
    if wanted.request_id is not None:
        conditions.append(_holds(connection, wanted.request_id))
    if not wanted.visible.everything:
        conditions.append(or_(false(), *_visible(wanted)))
    return conditions


def _visible(wanted: RecordFilter) -> Iterable[ColumnElement[bool]]:
    """What of records tells whether the reader may see them; bodies tell the rest."""
    visible, actor = wanted.visible, wanted.visible.own
    if visible.cases:
        yield entries.c.case_kind.in_(sorted(visible.cases))
    if actor is not None and (actor.person or actor.service):
        name = actor.person or f"service {actor.service}"
        yield entries.c.actor.contains(name, autoescape=True)
    elif actor is not None:
        yield entries.c.actor == actor.opaque


def _holds(connection: Connection, request_id: str) -> ColumnElement[bool]:
    """The header has the member as its canonical text writes it. A quote within a text is escaped, so no other member
    can hold this."""
    try:
        member = canonical({"request_id": request_id})[1:-1].decode()
    except NotCanonical:
        return false()
    position = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return position(entries.c.header, member) > 0


def _called(connection: Connection, wanted: RecordFilter) -> frozenset[str]:
    """What the actor that is asked for is called by: also the id of the person with this login."""
    if wanted.actor is None:
        return frozenset()
    ids = connection.execute(select(people.c.id).where(people.c.login == person(wanted.actor))).scalars()
    return frozenset({wanted.actor, *ids})


def places_between(connection: Connection, since: str | None, until: str | None) -> tuple[int, int]:
    """The first place of a period, and the one behind its last: times never fall, so each is found in a few steps."""
    last = connection.execute(select(func.max(entries.c.seq))).scalar()
    size = 0 if last is None else last + 1
    first = 0 if since is None else _first_place(connection, size, lambda at: at >= since)
    end = size if until is None else _first_place(connection, size, lambda at: at > until)
    return first, end


def _first_place(connection: Connection, size: int, is_in: Callable[[str], bool]) -> int:
    """The first whose time is in; `size` where none is. Each question leaves a 64th of the places."""
    low, high = 0, size
    while low < high:
        places = range(low, high, max((high - low) // PROBES, 1))
        query = select(entries.c.seq, entries.c.at).where(entries.c.seq.in_(places)).order_by(entries.c.seq)
        rows = connection.execute(query).all()
        before = [row.seq for row in rows if not is_in(row.at)]
        high = next((row.seq for row in rows if is_in(row.at)), high)
        if not rows:
            return high  # of a damaged journal, whose records are missing here
        low = before[-1] + 1 if before else low
        high = max(low, high)
    return low
