"""One credit ledger kept in three ways: in memory by the pure verbs alone, in a SQLite file, in PostgreSQL.

Tests give all three the same rows and commands; what each makes of them must be the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Protocol

from sqlalchemy import true

from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import date_of, day_number
from ledger.books.credit_ledger import Asked, CreditLedger
from ledger.books.lifting import Lifting
from ledger.books.reading import rows_of
from ledger.books.verbs import VERBS
from ledger.books.writing import _put, _upsert
from ledger.credit.account import Account
from ledger.credit.change import Again, CommandRefused, Desk, LedgerChange, Unchanged
from ledger.credit.limit import Limit, LimitKind, LimitState
from ledger.credit.order import Hold, Order, OrderState
from ledger.credit.recheck import Lift
from ledger.credit.snapshot import LedgerCommand, LedgerRow, Snapshot
from ledger.items.totals import BookTotal, DayRecord, DueTotal
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.record.record_header import RecordKind
from ledger.store.ledger_tables import STORED, days, rechecks
from ledger.store.place import JournalPlace
from tests.support.ledger_books import REFUSALS

BASE_DAY = day_number(date(2026, 7, 1))
"""The business date on which scenarios begin."""


def day(text: str | date) -> int:
    """`2026-07-01` as days since 1970-01-01."""
    return day_number(text if isinstance(text, date) else date.fromisoformat(text))


PROFILE = {
    "customer_class": "standard",
    "sales_person": "u.lindner",
    "insolvent": False,
    "litigation": False,
    "abnormal_operation": False,
    "assessed_on": "2026-02-01",
    "broken_promises": 0,
}
"""What somebody recorded of a customer, as the policies of November 2026 want it."""


def account_rows(id: str = "C-1", limit: int = 60_000_00, **other: Any) -> list[LedgerRow]:
    """A customer of grade B: 20,000.00 open, twelve invoices of 5,000.00 paid on their due dates."""
    given: dict[str, Any] = {
        "customer_since": day("2024-01-01"), "open_items": 20_000_00, "first_issued_on": day("2025-01-01"),
        "profile": PROFILE, "version": 7,
    }  # fmt: skip
    rows: list[LedgerRow] = [
        Account(id=id, currency="EUR", **(given | other)),
        Limit(
            account=id, number=1, kind=LimitKind.LIMIT, amount=limit, from_on=day("2024-01-01"), until_on=None,
            state=LimitState.GRANTED,
        ),
        DueTotal(account=id, due_on=day("2026-07-20"), open_amount=12_000_00, items=1),
        DueTotal(account=id, due_on=day("2026-07-25"), open_amount=8_000_00, items=1),
    ]  # fmt: skip
    paid = (day("2026-06-20") - 30 * month for month in range(12))
    return rows + [DayRecord(account=id, day=on, issued=5_000_00, paid=1, on_time=1) for on in paid]


def base_rows(*ids: str, **other: Any) -> list[LedgerRow]:
    """The customers, and a book of 900,000.00."""
    rows = [row for each in ids or ("C-1",) for row in account_rows(each, **other)]
    return [*rows, BookTotal(currency="EUR", open_items=900_000_00, customers=8)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command came to."""

    refused: str | None = None
    """Code of why it wasn't done."""

    members: dict[str, Any] | None = None
    status: int = 200
    decision: dict[str, Any] | None = None
    shown: dict[str, Any] | None = None
    is_repeated: bool = False


class Books(Protocol):
    """A ledger in one of the ways."""

    day: int

    def put(self, *rows: LedgerRow, recheck: Iterable[str] = ()) -> None:
        """Rows as they are, past every command; accounts whose held orders may go out then."""

    def ask(self, *commands: LedgerCommand) -> list[Answer]:
        """All at once, in this order."""

    def lift(self) -> int:
        """The service looks at the orders of all accounts that wait for it."""

    def turn(self) -> None:
        """The business date has come."""

    def rows(self, kind: type[Any]) -> list[Any]:
        """All of this kind, by their keys."""


class PureBooks:
    """In memory."""

    def __init__(self, engine: Engine, rows: Iterable[LedgerRow] = (), on: int = BASE_DAY) -> None:
        self.engine, self.day = engine, on
        self.snapshot, self.seq = Snapshot(rows), 0
        self.changes: list[LedgerChange] = []
        self._rechecks: dict[str, dict[str, Any]] = {}
        self._answers: dict[str, Answer] = {}

    def put(self, *rows: LedgerRow, recheck: Iterable[str] = ()) -> None:
        for row in rows:
            self.snapshot.put(row)
        self._rechecks |= {account: {"seq": 0, "act": "test"} for account in recheck}

    def ask(self, *commands: LedgerCommand) -> list[Answer]:
        return [self._ask(command) for command in commands]

    def _ask(self, command: LedgerCommand) -> Answer:
        desk = Desk(engine=self.engine, day=self.day, next_seq=self.seq)
        try:
            change = VERBS[type(command)](self.snapshot, command, desk)
        except CommandRefused as refused:
            return Answer(refused=refused.code, members=refused.members)
        except FactsRefused as refused:
            return Answer(refused="facts", members={"faults": [str(each) for each in refused.faults]})
        except Again as again:
            return self._answered_before(again)
        self.changes.append(change)
        for row in change.rows:
            self.snapshot.put(row)
        accounts = set(change.rechecks)
        accounts |= {each.id for each in self.snapshot.all(Account) if each.group in change.recheck_groups}
        self._rechecks |= {account: {"seq": self.seq, "act": change.act} for account in accounts}
        self.seq += 1
        decision = None if change.judged is None else change.judged.decision
        if change.refused is not None:
            assert change.is_refusal or change.refused.code not in REFUSALS, change.refused.code
            return Answer(refused=change.refused.code, members=change.refused.members)
        answer = Answer(
            status=change.status,
            decision=None if decision is None else dict(decision.as_json()),
            shown=dict(change.shown),
        )
        if decision is not None or change.id is not None:
            self._answers[change.id or (decision.id if decision else "")] = answer
        return answer

    def _answered_before(self, again: Again) -> Answer:
        answer = self._answers[again.decision]
        try:
            again.require_unmoved(answer.shown or {})
        except CommandRefused as refused:
            return Answer(refused=refused.code, members=refused.members)
        return answer

    def lift(self) -> int:
        lifted, causes = 0, self._rechecks
        self._rechecks = {}
        for order in self._waiting(causes):
            try:
                command = Lift(order=order.id, cause=causes[order.account], id=f"lift {self.seq}")
                lifted += self._ask(command).refused is None
            except Unchanged:
                continue
        return lifted

    def turn(self) -> None:
        waiting = (OrderState.HELD, OrderState.CONDITIONAL)
        accounts = [each.account for each in self.snapshot.all(Order) if each.state in waiting]
        self._rechecks |= {account: {"seq": 0, "act": "day"} for account in accounts}

    def _waiting(self, accounts: Iterable[str]) -> list[Order]:
        waiting = (OrderState.HELD, OrderState.CONDITIONAL)
        orders = [each for each in self.snapshot.all(Order) if each.account in accounts and each.state in waiting]
        return sorted(orders, key=lambda each: (self._since(each), each.changed_seq, each.id))

    def _since(self, order: Order) -> int:
        holds = self.snapshot.of_order(Hold, order.id)
        return max((each.since_seq for each in holds if each.lifted_on is None), default=0)

    def rows(self, kind: type[Any]) -> list[Any]:
        return sorted(self.snapshot.all(kind), key=lambda row: row.key)

    def close(self) -> None:
        """Nothing is open."""


class _LedgerOnDay(CreditLedger):
    """On the day that the test says, which may be earlier than that of the test before."""

    def __init__(self, journal: Journal, books: StoredBooks) -> None:
        super().__init__(journal)
        self._books = books

    def business_day(self, engine: Engine) -> int:  # noqa: ARG002  # as it is called
        return self._books.day


class StoredBooks:
    """In a database, by the journal's own transactions."""

    def __init__(self, place: JournalPlace, engine: Engine, rows: Iterable[LedgerRow] = (), on: int = BASE_DAY) -> None:
        self.engine, self.day = engine, on
        self._runner = asyncio.Runner()
        self.journal = self._runner.run(self._open(place))
        self.ledger = _LedgerOnDay(self.journal, self)
        self.lifting = Lifting(self.ledger, self.journal, lambda: self.engine)
        self.put(*rows)

    def begin(self, engine: Engine, rows: Iterable[LedgerRow], on: int = BASE_DAY) -> None:
        """Anew with these rows and no others; the journal goes on."""

        async def write() -> None:
            def work(transaction: Any) -> None:
                for table in (*(each.table for each in STORED.values()), rechecks, days):
                    transaction.connection.execute(table.delete())

            await self.journal.write(work)

        self._runner.run(write())
        self.engine, self.day = engine, on
        self.lifting = Lifting(self.ledger, self.journal, lambda: self.engine)
        self.put(*rows)

    async def _open(self, place: JournalPlace) -> Journal:
        journal = Journal(place, clock=Clock(self._nanoseconds))
        await journal.probe()
        return journal

    def _nanoseconds(self) -> int:
        noon = datetime.combine(date_of(BASE_DAY), time(12), UTC)
        return int(noon.timestamp()) * 10**9

    def put(self, *rows: LedgerRow, recheck: Iterable[str] = ()) -> None:
        accounts = list(recheck)

        async def write() -> None:
            def work(transaction: Any) -> None:
                by_kind: dict[type, list[LedgerRow]] = {}
                for row in rows:
                    by_kind.setdefault(type(row), []).append(row)
                for kind, some in by_kind.items():
                    _put(transaction.connection, kind, some)
                if accounts:
                    _upsert(transaction.connection, "rechecks", [(each, 0, "test") for each in accounts])

            await self.journal.write(work)

        self._runner.run(write())

    def ask(self, *commands: LedgerCommand) -> list[Answer]:
        async def all_of_them() -> list[Answer]:
            return list(await asyncio.gather(*(self._ask(command) for command in commands)))

        return self._runner.run(all_of_them())

    async def _ask(self, command: LedgerCommand) -> Answer:
        asked = Asked(command=command, kind=RecordKind.ORDER, engine=self.engine, raw=b"{}", actor="test")
        try:
            done = await self.ledger.ask(asked)
        except CommandRefused as refused:
            return Answer(refused=refused.code, members=refused.members)
        except FactsRefused as refused:
            return Answer(refused="facts", members={"faults": [str(each) for each in refused.faults]})
        body = json.loads(done.body)
        body.pop("ledger")
        return Answer(status=done.status, decision=body.pop("decision", None), shown=body, is_repeated=done.is_repeated)

    def lift(self) -> int:
        return self._runner.run(self.lifting.drain())

    def turn(self) -> None:
        self._runner.run(self.lifting.turn_day())

    def rows(self, kind: type[Any]) -> list[Any]:
        found = self.journal.ask(lambda connection, _: rows_of(connection, kind, true()))
        return sorted(found, key=lambda row: row.key)

    def close(self) -> None:
        """Every answered command is on disk."""
        self._runner.run(asyncio.to_thread(self.journal.close))
        self._runner.close()
