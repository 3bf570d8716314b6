"""Records read back from the journal's tables, with their bodies opened.

A reader finds the row by id, by kind or by place; the body opens with the subject's key and must be the one that the
header says, so that nothing is shown that was not recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, func, literal_column, select

from ledger.record.body_parts import BadBody, Body, unpacked
from ledger.record.canonical_json import NotCanonical
from ledger.record.decision_parts import ANSWER, REQUEST, flagged_facts
from ledger.record.gone_bodies import CONFIRMED, DROPPED, ERASED
from ledger.record.new_records import ACTOR, LEDGER_ACT, REQUEST_ID
from ledger.record.record_header import Header, RecordKind, read_header
from ledger.record.sealing import BodyKey, DoesNotOpen, Sealed
from ledger.store.key_database import KeyGone
from ledger.store.tables import IS_ERASURE, NOT_DECIDED, bodies, checkpoints, entries, policy_sets
from ledger.store.trouble import DAMAGED, FileTrouble

KeyNumbered = Callable[[int], BodyKey]
"""Gives the subject key of a number."""


def _said_of_key(outcome: str) -> ColumnElement[int]:
    """Place of the erasure whose outcome ends with the number of the body's key; null: there is none."""
    said = f"SELECT max(said.seq) FROM entries AS said WHERE {IS_ERASURE.text}"
    return literal_column(f"({said} AND said.outcome = '{outcome}' || bodies.key_number)", BigInteger())


_DROPPED_BY: ColumnElement[int] = literal_column(
    f"(SELECT min(said.seq) FROM entries AS said WHERE bodies.seq IS NULL AND {NOT_DECIDED.text} "
    f"AND said.kind = 'retention' AND said.case_kind = entries.case_kind AND CASE WHEN said.outcome LIKE '{DROPPED}%' "
    f"THEN CAST(substr(said.outcome, {len(DROPPED) + 1}) AS BIGINT) ELSE -1 END > entries.seq)",
    BigInteger(),
)
"""Place of the retention by which a body is gone; null: there is none."""

ENTRY = (
    *(entries.c.seq, entries.c.header, bodies.c.key_number, bodies.c.nonce, bodies.c.sealed),
    *(_said_of_key(ERASED).label("erased_by"), _said_of_key(CONFIRMED).label("confirmed_by")),
    _DROPPED_BY.label("dropped_by"),
)
JOINED = entries.outerjoin(bodies, entries.c.seq == bodies.c.seq)
_DECISIONS = (RecordKind.DECISION.value, RecordKind.IMPORTED.value)
UNDECIDED: ColumnElement[bool] = literal_column(NOT_DECIDED.text)
"""A query gets the index of entries that are no decisions only by saying so, in the index's own words."""


_PLACE_DIGITS_MAX = 19
"""Of the largest number that a database keeps as a place."""


class BodyUnreadable(FileTrouble):
    """The body of one record is missing, damaged, or its key was deleted; the others are not touched by it."""


@dataclass(frozen=True, slots=True)
class GoneRecord:
    """One record whose body is gone as another record says; its header stands, and so does its proof."""

    header: Header

    by: int
    """Place of the record that says so."""

    is_erased: bool
    """Erased by key; else it was kept as long as the policies say."""

    @property
    def how(self) -> Literal["erased", "dropped"]:
        """In a word."""
        return "erased" if self.is_erased else "dropped"

    @property
    def why(self) -> str:
        """In a sentence without its end."""
        how = "was erased" if self.is_erased else "was kept as long as the policies say, and dropped"
        return f"what record {self.header.seq} said {how}; record {self.by} says so"


class BodyGone(Exception):
    """There is nothing to open, and a record says why."""

    def __init__(self, record: GoneRecord) -> None:
        super().__init__(record.why)
        self.record = record


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """One record with its body."""

    header: Header
    body: Body

    def text(self, path: str) -> str | None:
        """A part of the body by its path; None where it has none."""
        return next((part.content.decode() for part in self.body.parts if part.path == path), None)

    @property
    def of_ledger(self) -> bool:
        """It says what the credit ledger did, and was decided on its facts."""
        return any(part.path == LEDGER_ACT for part in self.body.parts)

    @property
    def actor(self) -> str:
        """Who asked, also where the line names somebody and so stands in the body."""
        return self.text(ACTOR) or self.header.actor

    @property
    def request_id(self) -> str:
        """The request's, also where it holds a number of whom it is about and so stands in the body."""
        return self.text(REQUEST_ID) or self.header.request_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A decision read back, with what says who may see it."""

    seq: int
    """Its place in the log."""

    at: str
    """When it was recorded: ISO 8601, UTC, microseconds."""

    case_kind: str
    """`order`, `invoice`, `account` or `portfolio`."""

    request: str
    """The body as it was received, byte for byte."""

    answer: str
    """As it was answered, byte for byte."""

    actor: str
    """Who asked; empty in decisions of before that was kept."""

    flagged: frozenset[str]
    """Names of the facts that were confidential or personal then, among those that were sent."""

    of_ledger: bool = False
    """It was decided on the credit ledger's facts, not on the caller's."""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """What a policy version stood for, as the journal keeps it."""

    version: str
    """SHA-256 over the files and the standard facts."""

    loaded_at: str
    """When it took effect first: ISO 8601, UTC."""

    files: dict[str, str]
    """File name → text."""

    standard_facts: str | None
    """The engine's own facts at that time, which the version covers; None in sets of before they were kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """A policy set took effect."""

    number: int
    """Its place in the activation history, from 1."""

    version: str
    """Of the set."""

    at: str
    """When: ISO 8601, UTC."""

    kind: str
    """`first`, `watch` (taken from the watched folder), `approved` or `rollback`."""

    actor: str
    """Who put it into force."""

    seq: int
    """Of the record that says so."""


def decision_with_id(connection: Connection, key: KeyNumbered, id: str) -> Recorded | None:
    """Raises `FileTrouble` where the record is damaged or its key can't be had."""
    row = connection.execute(select(*ENTRY).select_from(JOINED).where(entries.c.id == id)).first()
    return None if row is None else _decision(opened(row, key))


def record_called(connection: Connection, key: KeyNumbered, called: str) -> OpenedRecord | None:
    """The record of any kind with this id, or with this place where `called` is a number. Raises `FileTrouble`."""
    row = row_called(connection, called)
    return None if row is None else opened(row, key)


def row_called(connection: Connection, called: str) -> Any | None:
    """The row of `ENTRY` of the record with this id or place."""
    return connection.execute(select(*ENTRY).select_from(JOINED).where(is_called(called))).first()


def is_called(called: str) -> ColumnElement[bool]:
    """Which entry has this id, or this place where `called` is a number that can be one."""
    if called.isascii() and called.isdigit() and len(called) <= _PLACE_DIGITS_MAX and int(called) < 2**63:
        return entries.c.seq == int(called)  # Python reads no number of more than 4,300 digits
    return entries.c.id == called.lower()


def record_at(connection: Connection, key: KeyNumbered, seq: int) -> OpenedRecord | None:
    """The record at this place. Raises `FileTrouble`."""
    row = connection.execute(select(*ENTRY).select_from(JOINED).where(entries.c.seq == seq)).first()
    return None if row is None else opened(row, key)


def _decision(record: OpenedRecord) -> Recorded | None:
    """None for what is no decision."""
    request, answer = record.body.document(REQUEST), record.body.document(ANSWER)
    if record.header.kind not in _DECISIONS or request is None or answer is None:
        return None
    return Recorded(
        seq=record.header.seq,
        at=record.header.at,
        case_kind=record.header.case,
        request=request.decode(),
        answer=answer.decode(),
        actor=record.actor,
        flagged=flagged_facts(record.body),
        of_ledger=record.of_ledger,
    )


def decisions_from(connection: Connection, key: KeyNumbered, seq: int, most: int) -> list[Recorded]:
    """Some decisions in their order, at most so many, the first at this place or behind it; none: there are no more.
    Those whose bodies are gone are passed over. Raises `FileTrouble`."""
    while True:
        query = select(*ENTRY).select_from(JOINED).where(entries.c.seq >= seq, entries.c.kind.in_(_DECISIONS))
        rows = connection.execute(query.order_by(entries.c.seq).limit(most)).all()
        records = [opened_or_gone(row, key) for row in rows]
        found = [_decision(each) for each in records if isinstance(each, OpenedRecord)]
        decided = [decision for decision in found if decision is not None]
        if decided or len(rows) < most:
            return decided
        seq = rows[-1].seq + 1


def records_of(connection: Connection, key: KeyNumbered, kinds: Sequence[RecordKind]) -> list[OpenedRecord]:
    """All records of these kinds, in their order. Not for decisions, of which there are too many."""
    return [opened(row, key) for row in connection.execute(_of_kinds(ENTRY, kinds).select_from(JOINED))]


def last_of(connection: Connection, kinds: Sequence[RecordKind]) -> int | None:
    """The place of the last record of these kinds; None where there is none."""
    return connection.execute(_of_kinds((func.max(entries.c.seq),), kinds).order_by(None)).scalar()


def activations(connection: Connection) -> list[Activation]:
    """The activation history, the first set first."""
    columns = (entries.c.seq, entries.c.at, entries.c.policy, entries.c.outcome, entries.c.actor)
    return [
        Activation(number=number, version=row.policy, at=row.at, kind=row.outcome, actor=row.actor, seq=row.seq)
        for number, row in enumerate(connection.execute(_of_kinds(columns, [RecordKind.POLICY])), 1)
    ]


def version_in_force(connection: Connection) -> str | None:
    """Of the policy set that took effect last."""
    query = _of_kinds((entries.c.policy,), [RecordKind.POLICY]).order_by(None).order_by(entries.c.seq.desc()).limit(1)
    return connection.execute(query).scalar()


def first_checkpoint_over(connection: Connection, seq: int) -> int | None:
    """The size of the first signed checkpoint that covers the record at this place; None where none does yet."""
    return connection.execute(select(func.min(checkpoints.c.size)).where(checkpoints.c.size > seq)).scalar()


def policy_set(connection: Connection, version: str) -> PolicySet | None:
    """Raises `FileTrouble` where it can't be read."""
    row = connection.execute(select(policy_sets).where(policy_sets.c.version == version)).first()
    if row is None:
        return None
    try:
        return PolicySet(row.version, row.loaded_at, json.loads(row.files), row.standard_facts)
    except ValueError as error:
        raise FileTrouble(DAMAGED) from error


def _of_kinds(columns: Sequence[Any], kinds: Sequence[RecordKind]) -> Select[Any]:
    """By the index of entries that are no decisions, which a query gets only by saying so."""
    return select(*columns).where(UNDECIDED, entries.c.kind.in_([kind.value for kind in kinds])).order_by(entries.c.seq)


def opened(row: Any, key: KeyNumbered) -> OpenedRecord:
    """A row of `ENTRY`. Raises `BodyGone` where a record says why there is nothing to open, and what `opened_or_gone`
    raises."""
    record = opened_or_gone(row, key)
    if isinstance(record, GoneRecord):
        raise BodyGone(record)
    return record


def opened_or_gone(row: Any, key: KeyNumbered) -> OpenedRecord | GoneRecord:
    """A row of `ENTRY`. Raises `BodyUnreadable`, and `FileTrouble` where the header is damaged or no key can be had."""
    try:
        header = read_header(row.header.encode())
    except (NotCanonical, UnicodeError, AttributeError) as error:
        raise FileTrouble(f"{DAMAGED}: record {row.seq} can't be read") from error
    by = row.dropped_by if row.erased_by is None else row.erased_by
    if by is not None and header.seq == row.seq:
        return GoneRecord(header, by, row.erased_by is not None)
    try:
        if row.sealed is None or header.seq != row.seq:
            raise BadBody("its body is missing, or it is another record")
        body = unpacked(key(row.key_number).open(row.seq, Sealed(row.nonce, row.sealed)))
        if body.digest() != header.body:
            raise BadBody("its body is not the one recorded")
    except KeyGone as error:
        if row.confirmed_by is not None:  # somebody was interrupted between the key and the record
            return GoneRecord(header, row.confirmed_by, is_erased=True)
        raise BodyUnreadable(f"{DAMAGED}: record {row.seq} can't be read") from error
    except DoesNotOpen as error:
        raise BodyUnreadable(f"{DAMAGED}, or the subject keys are another journal's: {error}") from error
    except (BadBody, UnicodeError, AttributeError, TypeError) as error:
        raise BodyUnreadable(f"{DAMAGED}: record {row.seq} can't be read") from error
    return OpenedRecord(header, body)
