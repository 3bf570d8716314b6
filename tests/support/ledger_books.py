"""The credit ledger in three forms that tests drive alike: its pure part alone, and the service's on both databases.

    books = pure_books(engine)            with journal_books(engine, path or address) as books:
    books.do(PostPayment(…))              → Told(status=201, answer={"payment": {…}, …}, rechecks={"C-1"})

A command that is refused raises `CommandRefused` or `FactsRefused`. `rows(kind)` gives all rows as nouns.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select, true

from engine.pipeline import Engine
from engine.vocabulary.days import day_number
from ledger.books.command_answers import act_of
from ledger.books.credit_ledger import Asked, CreditLedger
from ledger.books.reading import read_snapshot, rows_of
from ledger.books.verbs import VERBS
from ledger.books.verify import LedgerDifference, verify_ledger
from ledger.books.writing import Writing
from ledger.credit.account import Account
from ledger.credit.account_fact_group import account_group
from ledger.credit.change import Again, Asker, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.entry import Entry, EntryBucket
from ledger.credit.order import Order, OrderState
from ledger.credit.snapshot import LedgerCommand, LedgerRow, Snapshot, Wants
from ledger.items.item import OpenItem
from ledger.items.keeping import put_item
from ledger.items.totals import DueTotal, LevelTotal
from ledger.journal.act_answers import answer_of
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.record.decision_parts import answer_parts
from ledger.record.record_header import RecordKind
from ledger.store.ledger_tables import ledger_entries, rechecks
from ledger.store.place import JournalPlace

R = TypeVar("R", bound=LedgerRow)

FIRST_DAY = date(2026, 7, 1)
"""The business date that books begin with."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a command."""

    status: int
    answer: Any
    is_repeated: bool = False


def asker(login: str | None = "u.becker", authority: str = "none") -> Asker:
    return Asker(login=login, authority=authority)


class Books:
    """What both forms share."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.today, self._ids = engine, FIRST_DAY, 0

    def id(self) -> str:
        """A new one, of the form of decisions'."""
        self._ids += 1
        return f"019f1ce8-0000-7000-8000-{self._ids:012d}"

    def do(self, command: LedgerCommand) -> Told:
        raise NotImplementedError

    def do_all(self, commands: list[LedgerCommand]) -> list[Told]:
        """As if all were asked at once. Raises the first refusal."""
        return [self.do(each) for each in commands]

    def rows(self, kind: type[R]) -> list[R]:
        raise NotImplementedError

    def entries(self) -> list[Entry]:
        raise NotImplementedError

    def put(self, before: OpenItem, item: OpenItem) -> None:
        """An item as collections would leave it, with the totals that follow."""
        posting = Posting(
            Snapshot([before, *self.rows(Account), *self.rows(DueTotal), *self.rows(LevelTotal)]), self.desk, "contact"
        )
        put_item(posting, item)
        self.put_rows(posting.rows)

    def put_rows(self, rows: Iterable[LedgerRow]) -> None:
        """As they are, past every command."""
        raise NotImplementedError

    def rechecked(self) -> set[str]:
        """Accounts whose held orders wait to be looked at."""
        raise NotImplementedError

    def snapshot_of(self, *accounts: str) -> Snapshot:
        raise NotImplementedError

    @property
    def desk(self) -> Desk:
        return Desk(engine=self.engine, day=day_number(self.today))

    def facts(self, account: str) -> dict[str, Any]:
        """The facts of an account today, by their names without `account.`."""
        snapshot = self.snapshot_of(account)
        known = snapshot.get(Account, account)
        assert known is not None, account
        return account_group(snapshot, known, self.desk)


class PureBooks(Books):
    """One snapshot is the whole ledger; nothing is stored."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.snapshot = Snapshot()
        self._entries: list[Entry] = []
        self._answers: dict[str, Told] = {}
        self._seq = 0  # of the next record
        self._rechecked: set[str] = set()

    def snapshot_of(self, *_: str) -> Snapshot:
        self.snapshot.open_items_of = frozenset(each.id for each in self.snapshot.all(Account))
        return self.snapshot

    def do(self, command: LedgerCommand) -> Told:
        desk = replace(self.desk, next_seq=self._seq)
        try:
            change: LedgerChange = VERBS[type(command)](self.snapshot_of(), command, desk)
        except Again as again:
            told = self._answers[again.decision]
            again.require_unmoved(told.answer)
            return replace(told, is_repeated=True)
        self._seq += 1
        for row in change.rows:
            self.snapshot.put(row)
        self._entries += change.entries
        self._recheck(change)
        if change.refused is not None:
            raise change.refused
        decision = None if change.judged is None else answer_parts(change.judged.decision)[0]
        told = Told(change.status, json.loads(answer_of(act_of(change), decision)))
        known = change.judged.decision.id if change.judged is not None else change.id
        self._answers[known or str(len(self._answers))] = told
        return told

    def _recheck(self, change: LedgerChange) -> None:
        self._rechecked |= change.rechecks
        for each in self.snapshot.all(Account):
            if each.group in change.recheck_groups:
                self._rechecked.add(each.id)
        for order in self.snapshot.all(Order):
            account = self.snapshot.get(Account, order.account)
            currencies = {order.foreign_currency, account.currency if account else ""}
            if order.state is OrderState.HELD and currencies & change.recheck_currencies:
                self._rechecked.add(order.account)

    def rows(self, kind: type[R]) -> list[R]:
        return self.snapshot.all(kind)

    def put_rows(self, rows: Iterable[LedgerRow]) -> None:
        for row in rows:
            self.snapshot.put(row)

    def entries(self) -> list[Entry]:
        return self._entries

    def rechecked(self) -> set[str]:
        return self._rechecked


class JournalBooks(Books):
    """As a service keeps it."""

    def __init__(self, engine: Engine, journal: Journal, runner: asyncio.Runner) -> None:
        super().__init__(engine)
        self.journal, self._runner, self.ledger = journal, runner, CreditLedger(journal)

    def do(self, command: LedgerCommand) -> Told:
        return self.do_all([command])[0]

    def do_all(self, commands: list[LedgerCommand]) -> list[Told]:
        async def ask() -> list[Any]:
            return list(await asyncio.gather(*map(self._ask, commands), return_exceptions=True))

        done = self._runner.run(ask())
        for each in done:
            if isinstance(each, BaseException):
                raise each
        return done

    async def _ask(self, command: LedgerCommand) -> Told:
        asked = Asked(command=command, kind=RecordKind.ITEM, engine=self.engine, raw=b"{}", actor="test")
        done = await self.ledger.ask(asked)
        return Told(done.status, json.loads(done.body), done.is_repeated)

    def rows(self, kind: type[R]) -> list[R]:
        return list(self.read(lambda connection: rows_of(connection, kind, true())))

    def entries(self) -> list[Entry]:
        def read(connection: Any) -> list[Entry]:
            found = connection.execute(select(ledger_entries).order_by(ledger_entries.c.seq, ledger_entries.c.number))
            return [
                Entry(
                    account=each.account,
                    bucket=EntryBucket(each.bucket),
                    amount=each.amount,
                    effective_on=each.effective_on,
                    order=each.order_id,
                    item=each.item,
                    cause=each.cause,
                )
                for each in found
            ]

        found: list[Entry] = self.read(read)
        return found

    def put_rows(self, rows: Iterable[LedgerRow]) -> None:
        writing = Writing()
        writing.add(LedgerChange(rows=tuple(rows), act="test", about="", account=None), 0)
        self.read(writing.write)

    def rechecked(self) -> set[str]:
        return set(self.read(lambda connection: list(connection.scalars(select(rechecks.c.account)))))

    def snapshot_of(self, *accounts: str) -> Snapshot:
        wants, day = Wants(accounts=frozenset(accounts)), day_number(self.today)
        vocabulary = self.engine.vocabulary
        found: Snapshot = self.read(lambda connection: read_snapshot(connection, wants, day, vocabulary, itemized=True))
        return found

    def verified(self, engine: Engine) -> list[LedgerDifference]:
        """What the check of the ledger finds wrong."""
        found = self.journal.ask(lambda connection, keys: verify_ledger(connection, keys, engine))
        return list(found.differences)

    def run(self, what: Coroutine[Any, Any, Any]) -> Any:
        """To its end, in the loop that the journal answers in."""
        return self._runner.run(what)

    def read(self, what: Any) -> Any:
        """What a question to the tables gives, as the next writer would see them."""

        async def read() -> Any:
            return await self.journal.write(lambda transaction: what(transaction.connection))

        return self._runner.run(read())


def pure_books(engine: Engine) -> PureBooks:
    return PureBooks(engine)


@contextmanager
def journal_books(engine: Engine, place: JournalPlace) -> Iterator[JournalBooks]:
    """Books in a journal at this place; their clock says noon of `today`."""
    with asyncio.Runner() as runner:
        held: list[JournalBooks] = []

        def noon() -> int:
            today = held[0].today if held else FIRST_DAY
            return (
                int((datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(hours=12)).timestamp())
                * 10**9
            )

        journal = Journal(place, clock=Clock(noon))
        held.append(JournalBooks(engine, journal, runner))

        async def begin() -> None:
            await journal.probe()

        runner.run(begin())
        try:
            yield held[0]
        finally:
            journal.close()
