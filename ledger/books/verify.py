"""Whether the ledger adds up: every total, every state and every reservation computed again, in one read snapshot.

    1  an account's totals are the sums of its items and orders
    2  and the sums of its entries
    3  totals by due date, dunning level and day, of the book and of groups are those of what they are made of
    4  amounts of each order and item add up
    5  states fit amounts, and whatever is held has one open hold
    6  the last decisions come out the same on the facts that they were made on, and no two were made on one state
    7  nothing is reserved without a decision to let it go

All is read as of one moment, so that the service goes on meanwhile: commands that are done later are not seen at all.
Double use of a headroom shows in 6 only, since totals of what was reserved twice add up too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from engine.pipeline import Engine
from engine.version import ENGINE_VERSION
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import date_of
from ledger.books.sides import RowRule, SidesCompared
from ledger.books.two_sides import COMPARISONS
from ledger.journal.opened_records import ENTRY, JOINED, OpenedRecord, opened_or_gone
from ledger.record.decision_parts import REQUEST
from ledger.record.new_records import LEDGER_ACT
from ledger.record.record_header import RecordKind
from ledger.store.key_database import SubjectKeys
from ledger.store.prepared_sql import raw_of
from ledger.store.tables import entries

DECISIONS_USUAL = 1_000
"""How many of the last decisions are made again."""

SHOWN_MAX = 1_000
"""Differences that are kept; further ones are counted."""

_DAYS = ("due_on", "day", "first_issued_on", "settled_on")
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SAME_TITLE = "the last decisions"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerDifference:
    """A figure that isn't what it should be."""

    kind: int
    """Which of the seven checks found it."""

    account: str
    """Whose; a group or a currency where it is no account's."""

    figure: str
    """What is meant: `open_orders`, `due_totals.open_amount of 2026-07-20`, `reserved of order SO-1`."""

    expected: str
    found: str


@dataclass(slots=True, kw_only=True)
class LedgerVerified:
    """What a check came to."""

    differences: list[LedgerDifference] = field(default_factory=list)
    """The first of them."""

    total: int = 0
    """How many there are."""

    rows: dict[str, int] = field(default_factory=dict)
    """How many accounts, orders, items and entries there were."""

    decided_again: int = 0
    """Decisions that were made again on their facts."""

    not_decided_again: int = 0
    """Of the last ones, those of policies or an engine that are no longer in force, and those that are erased."""

    def add(self, difference: LedgerDifference) -> None:
        """Kept, or counted."""
        self.total += 1
        if len(self.differences) < SHOWN_MAX:
            self.differences.append(difference)


ShowChecked = Callable[[str, int, int], object]
"""Called before each step with what is compared, its number from 0, and how many steps there are."""


def verify_ledger(
    connection: Connection,
    keys: SubjectKeys,
    engine: Engine | None,
    last: int = DECISIONS_USUAL,
    show: ShowChecked = lambda *_: None,
) -> LedgerVerified:
    """`engine`: the policies in force; None: no decision is made again. Blocks: ten million items take a minute."""
    verified, steps = LedgerVerified(), len(COMPARISONS) + 1
    with _one_moment(connection):
        for name in ("accounts", "orders", "items", "ledger_entries"):
            [[count]] = raw_of(connection).execute(f"SELECT COUNT(*) FROM {name}").fetchall()
            verified.rows[name] = count
        for number, comparison in enumerate(COMPARISONS):
            show(comparison.title, number, steps)
            for row in raw_of(connection).execute(comparison.query()):
                for difference in _differences(comparison, row):
                    verified.add(difference)
        show(_SAME_TITLE, len(COMPARISONS), steps)
        _decide_again(connection, keys, engine, last, verified)
    return verified


@contextmanager
def _one_moment(connection: Connection) -> Iterator[None]:
    """All that is read within is as of one moment."""
    if connection.dialect.name == "sqlite":
        connection.execute(select(1))  # its transaction is begun by SQLAlchemy, and reads as of its first statement
        yield
        return
    raw = raw_of(connection)
    raw.execute(_BEGIN)
    try:
        yield
    finally:
        raw.execute("ROLLBACK")


def _differences(comparison: SidesCompared | RowRule, row: Sequence[Any]) -> Iterator[LedgerDifference]:
    keys, figures = comparison.keys, list(comparison.figures)
    named = dict(zip(keys, row, strict=False))
    account = str(named.pop(keys[0]))
    about = "".join(f" of {name} {_shown(name, value)}" for name, value in named.items())
    about = about.replace(" of due_on ", " of ").replace(" of day ", " of ")
    for at, name in enumerate(figures):
        expected, found = row[len(keys) + 2 * at], row[len(keys) + 2 * at + 1]
        if getattr(comparison, "combined", "") == "SUM":
            expected, found = expected or 0, found or 0
        if expected != found:
            yield LedgerDifference(
                kind=comparison.kind,
                account=account,
                figure=f"{name}{about}",
                expected=_shown(name, expected),
                found=_shown(name, found),
            )


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "nothing"
    return date_of(int(value)).isoformat() if name in _DAYS else str(value)


def _decide_again(
    connection: Connection, keys: SubjectKeys, engine: Engine | None, last: int, verified: LedgerVerified
) -> None:
    """The newest decisions that commands led to, the oldest of them first."""
    query = select(*ENTRY).select_from(JOINED).where(entries.c.kind == RecordKind.DECISION.value)
    rows = connection.execute(query.order_by(entries.c.seq.desc()).limit(last)).all()
    made: dict[str, tuple[int, int]] = {}  # of each account: the version that the last act made, and its record
    for row in reversed(rows):
        record = opened_or_gone(row, keys.key)
        told = record.text(LEDGER_ACT) if isinstance(record, OpenedRecord) else None
        if not isinstance(record, OpenedRecord):
            verified.not_decided_again += 1
        elif told is not None:
            _see_version(record, json.loads(told), made, verified)
            _see_outcome(record, engine, verified)


def _see_version(
    record: OpenedRecord, act: dict[str, Any], made: dict[str, tuple[int, int]], verified: LedgerVerified
) -> None:
    """Each act saw what the one before it made of the account."""
    facts = json.loads(record.body.document(REQUEST) or b"{}")
    account, state = facts.get("account", {}).get("id"), act.get("ledger", {})
    saw, after = state.get("account_version"), state.get("account_version_after")
    if account is None or saw is None or after is None:
        return
    before = made.get(account)
    if before is not None and saw < before[0]:
        verified.add(
            LedgerDifference(
                kind=6,
                account=account,
                figure=f"account_version that record {record.header.seq} was decided on",
                expected=f"{before[0]} or later, which record {before[1]} made",
                found=str(saw),
            )
        )
    made[account] = (max(after, before[0] if before else 0), record.header.seq)


def _see_outcome(record: OpenedRecord, engine: Engine | None, verified: LedgerVerified) -> None:
    header = record.header
    request = record.body.document(REQUEST)
    facts = json.loads(request or b"{}")
    day = facts.get("as_of")
    if engine is None or day is None or not _decided_by(engine, record, date.fromisoformat(day)):
        verified.not_decided_again += 1
        return
    verified.decided_again += 1
    try:
        outcome = engine.decide_request(header.case, facts, date.fromisoformat(day), header.id).outcome
    except FactsRefused as error:
        outcome = f"refused: {error}"
    if outcome != header.outcome:
        verified.add(
            LedgerDifference(
                kind=6,
                account=str(facts.get("account", {}).get("id", "")),
                figure=f"outcome of record {header.seq}",
                expected=outcome,
                found=str(header.outcome),
            )
        )


def _decided_by(engine: Engine, record: OpenedRecord, day: date) -> bool:
    header = record.header
    return header.engine == ENGINE_VERSION and header.policy == engine.ruleset(header.case, day).version
