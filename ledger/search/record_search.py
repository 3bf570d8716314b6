"""The search: records that a filter wants, the newest first, as many as a page has.

It goes backwards in steps. Where an index finds candidates (`_index`), a step is so many of its places; else it is a
stretch of the log. Of a step's records the database gives those that fit the rest of the filter. A step is small at
first and grows, so that a page full of fits costs a page, and a long way few questions.

How far a page came must not tell its reader of others' records. A full page goes on behind its last record, and only a
page that isn't full may be the last. Whoever doesn't see everything is told a blurred place where a call ends on its
way, and 0 at the end: neither is the place of a record that they may not see, nor of a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, func, or_, select

from engine.vocabulary.persons import person
from ledger.journal.log_transaction import ACCOUNT, REQUEST, SUBJECT
from ledger.journal.opened_records import (
    ENTRY,
    JOINED,
    UNDECIDED,
    BodyUnreadable,
    GoneRecord,
    OpenedRecord,
    opened_or_gone,
)
from ledger.record.actors import Actor
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

BODIES_AT_ONCE = 32
"""Read by one question: a body may have a megabyte."""

BYTES_MAX = 8 << 20
"""Of sealed bodies, after which a page ends."""

BLURS = 20
"""A place is told to a 20th of what one call looks at."""

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
    """All records from this place on have been looked at, down from where the page begins; 0 on the last page of a
    reader who doesn't see everything."""

    is_last: bool
    """Nothing below it is wanted. A full page is never the last: an empty one may follow."""


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


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A record whose body can't be shown. It is given all the same, so that one of them doesn't stop a search."""

    header: Header

    trouble: str
    """What is wrong with its body."""


FoundRecord = OpenedRecord | GoneRecord | UnreadableRecord
"""One record as it can be shown: with its body, without where a record says so, or with what is wrong."""


def records_wanted(
    connection: Connection, keys: SubjectKeys, wanted: RecordFilter, below: int | None, limit: int
) -> Page[FoundRecord]:
    """The same with their bodies. Raises `FileTrouble` where a header is damaged or no key can be had."""
    actors = _called(connection, wanted)

    def take(row: Any) -> FoundRecord | None:
        header = header_of(row)
        record: FoundRecord
        try:
            record = opened_or_gone(row, keys.key)
            actor = record.actor if isinstance(record, OpenedRecord) else header.actor
        except BodyUnreadable as error:
            record, actor = UnreadableRecord(header, str(error)), header.actor
        seen = wanted.visible.sees(header.case, actor)
        return record if seen and wanted.fits(header, actors) else None

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


class _Way(Generic[_T]):
    """How far a page came, and what it has."""

    def __init__(self, below: int, limit: int, at_once: int) -> None:
        self.found: list[_T] = []
        self.below = below
        self.shown: int | None = None  # place of the last that was taken
        self.looked = 0
        self._limit, self._at_once = limit, at_once
        self._refused = 0  # rows that the database gave and the reader doesn't get
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        return len(self.found) >= self._limit or self._bytes >= BYTES_MAX

    def go(self, fitting: Callable[[int], Sequence[Any]], take: _Take[_T], floor: int, count: int) -> bool:
        """A step of `count` records down to `floor`. False where it was cut short: then what was passed is charged,
        so that rows which aren't taken don't use up a call."""
        start, most = self.below, min(self._limit - len(self.found) + self._refused, self._at_once)
        rows = fitting(most)
        for row in rows:
            self._take(row, take)
            if self.is_full:
                break
        is_whole = not self.is_full and len(rows) < most
        if is_whole:
            self.below = floor
        self.looked += count if is_whole else min(count, start - self.below)
        return is_whole

    def _take(self, row: Any, take: _Take[_T]) -> None:
        self.below = row.seq
        self._bytes += len(getattr(row, "sealed", None) or b"")
        taken = take(row)
        if taken is None:
            self._refused += 1
        else:
            self.found.append(taken)
            self.shown = row.seq


class _Search:
    def __init__(
        self, connection: Connection, keys: SubjectKeys, wanted: RecordFilter, columns: Sequence[ColumnElement[Any]]
    ) -> None:
        self._connection = connection
        self._select = select(*columns).select_from(JOINED if len(columns) > 2 else entries)
        self._index, others = _indexed(keys, wanted)
        self._rest = [*others, *_conditions(connection, keys, wanted)]
        self._first, self._end = places_between(connection, wanted.since, wanted.until)
        self._most = BODIES_MAX if wanted.visible.needs_bodies else HEADERS_MAX
        self._sees_everything = wanted.visible.everything
        self._has_bodies = len(columns) > 2

    def page(self, below: int | None, limit: int, take: _Take[_T]) -> Page[_T]:
        """Steps backwards until the page is full, the way is at its end, or enough was looked at."""
        start = below = self._end if below is None else min(below, self._end)
        way: _Way[_T] = _Way(start, limit, BODIES_AT_ONCE if self._has_bodies else max(STEP_MIN, limit))
        step = max(STEP_MIN if self._rest else 0, limit + 1)
        while self._first < way.below and way.looked < self._most and not way.is_full:
            where, floor, count = self._step(way.below, min(step, self._most - way.looked))
            if way.go(lambda most, where=where: self._fitting(where, most), take, floor, count):  # type: ignore[misc]
                step = min(step * 4, STEP_MAX)
        is_last = way.below <= self._first and len(way.found) < limit
        return Page(way.found, self._told(way, start, is_last=is_last), is_last)

    def _told(self, way: _Way[Any], start: int, *, is_last: bool) -> int:
        """The place that the reader is told. A blurred one is above the place that was reached, so a few records are
        looked at twice, but never above a record that was given, and always below where the page began."""
        if self._sees_everything:
            return way.below
        if is_last:
            return 0
        blur = max(self._most // BLURS, 1)
        above = min(-(-way.below // blur) * blur, start - 1)
        return max(way.below, min(above, start if way.shown is None else way.shown))

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


def _conditions(connection: Connection, keys: SubjectKeys, wanted: RecordFilter) -> list[ColumnElement[bool]]:
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
        found = [_holds(connection, wanted.request_id)]
        if wanted.by_sealed_words:
            blind = keys.blind(REQUEST, wanted.request_id)
            found.append(columns.seq.in_(select(entry_blinds.c.seq).where(entry_blinds.c.blind == blind)))
        conditions.append(or_(*found))
    if not wanted.visible.everything:
        conditions.append(or_(false(), *_visible(wanted)))
    return conditions


def _visible(wanted: RecordFilter) -> Iterable[ColumnElement[bool]]:
    """What of records tells whether the reader may see them; bodies tell the rest."""
    visible, actor = wanted.visible, wanted.visible.own
    if visible.cases:
        yield entries.c.case_kind.in_(sorted(visible.cases))
    if actor is not None and (actor.person or actor.service):
        yield from _done_by(actor)
    elif actor is not None:
        yield entries.c.actor == actor.opaque


def _done_by(actor: Actor) -> Iterable[ColumnElement[bool]]:
    """The lines that `Actor.did` takes for the actor's own (`ledger.record.actors`): whole names, since that of a
    program may begin another's. Small letters may stand for large ones."""
    line = entries.c.actor
    if actor.person is not None:
        yield line.endswith(f" of person {actor.person}", autoescape=True)
        yield line.endswith(f" for user {actor.person}", autoescape=True)
    else:
        yield line.endswith(f" of service {actor.service}", autoescape=True)
        yield line.contains(f" of service {actor.service} for user ", autoescape=True)


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
    if not wanted.by_sealed_words:
        return frozenset({wanted.actor})
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
