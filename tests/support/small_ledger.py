"""A credit ledger of one process with a clock that stands still, for tests that drive it without HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from engine.pipeline import Engine
from ledger.access.roles import Authority
from ledger.books.credit_ledger import Asked, CreditLedger
from ledger.books.verify import LedgerVerified, verify_ledger
from ledger.collections.record_contact import RecordContact
from ledger.credit.change import Asker
from ledger.credit.put_account import PutAccount
from ledger.credit.snapshot import LedgerCommand
from ledger.credit.submit import Submit
from ledger.items.post_invoice import PostInvoice
from ledger.items.post_payment import PostPayment, Reference
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.record.record_header import RecordKind
from ledger.record.record_ids import uuid7_of
from ledger.store.ledger_tables import STORED
from ledger.store.place import JournalPlace
from ledger.store.prepared_sql import insert_rows
from tests.support.default_policies import policies_of_november_2026

DAY = date(2026, 7, 1)
U_BECKER = Asker(login="u.becker", authority=Authority.NONE.value)


class SmallLedger:
    """`do` runs commands all at once, so that they share transactions."""

    def __init__(self, journal: Journal, engine: Engine) -> None:
        self.journal, self.engine = journal, engine
        self.ledger = CreditLedger(journal)
        self._ids = 0

    def next_id(self) -> str:
        self._ids += 1
        return uuid7_of(self.journal.clock.id_time(), self._ids.to_bytes(10, "big"))

    async def do(self, *commands: LedgerCommand) -> list[Any]:
        """Of each what was done, or the exception that says why it wasn't."""
        asked = [
            Asked(command=each, kind=RecordKind.ITEM, engine=self.engine, raw=b"{}", actor="test") for each in commands
        ]
        return await asyncio.gather(*map(self.ledger.ask, asked), return_exceptions=True)

    async def done(self, *commands: LedgerCommand) -> list[Any]:
        """As `do`; none of them may fail."""
        given = await self.do(*commands)
        for each in given:
            if isinstance(each, BaseException):
                raise each
        return given

    def account(self, id: str, **more: Any) -> PutAccount:
        profile = {
            "customer_class": "standard", "sales_person": "u.lindner", "insolvent": False, "litigation": False,
            "abnormal_operation": False, "broken_promises": 0, "assessed_on": "2026-02-01",
        }  # fmt: skip
        return PutAccount(account=id, customer_since="2024-01-01", profile=profile, asker=U_BECKER, **more)

    def invoice(self, id: str, amount: str, due_on: str, account: str = "C-1", **more: Any) -> PostInvoice:
        more = {"issued_on": min(due_on, "2026-06-20"), **more}
        return PostInvoice(
            invoice=id, account=account, amount=amount, due_on=due_on, asker=U_BECKER, id=self.next_id(), **more
        )

    def payment(self, id: str, amount: str, *invoices: str, account: str = "C-1", **more: Any) -> PostPayment:
        return PostPayment(
            payment=id,
            account=account,
            amount=amount,
            references=tuple(Reference(invoice=each) for each in invoices),
            asker=U_BECKER,
            id=self.next_id(),
            **more,
        )

    def contact(self, account: str = "C-1") -> RecordContact:
        return RecordContact(account=account, asker=U_BECKER, id=self.next_id())

    def order(self, id: str, amount: str, account: str = "C-1") -> Submit:
        asked = {"amount": amount, "payment_days": 30}
        return Submit(order=id, account=account, asked=asked, copied_from=None, asker=U_BECKER, id=self.next_id())

    async def put_rows(self, rows: Sequence[Any]) -> None:
        """Rows as they are, past every command: what has no command of its own here."""

        def work(transaction: Any) -> None:
            for row in rows:
                stored = STORED[type(row)]
                insert_rows(transaction.connection, stored.table, [stored.encode(row)])

        await self.journal.write(work)

    async def verify(self, *, again: bool = True) -> LedgerVerified:
        engine = self.engine if again else None
        return await asyncio.to_thread(
            self.journal.ask, lambda connection, keys: verify_ledger(connection, keys, engine)
        )


@contextmanager
def small_ledger(place: JournalPlace, day: date = DAY, engine: Engine | None = None) -> Iterator[SmallLedger]:
    """At this place, at nine in the morning of the day. To be used within a running event loop."""
    at = int(datetime(day.year, day.month, day.day, 9, tzinfo=UTC).timestamp() * 1e9)
    journal = Journal(place, clock=Clock(lambda: at))
    try:
        yield SmallLedger(journal, engine or policies_of_november_2026())
    finally:
        journal.close()


def in_file(folder: Path) -> Path:
    """Of a journal in a folder of its own."""
    folder.mkdir(exist_ok=True)
    return folder / "credence.db"
