"""Each business date's turn is made once, whoever makes it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.pipeline import Engine
from engine.vocabulary.days import day_number
from ledger.books.credit_ledger import Asked, CreditLedger
from ledger.books.lifting import Lifting
from ledger.credit.order import Order, OrderState
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.record.record_header import RecordKind
from ledger.store.ledger_tables import rechecks
from tests.support.credit_books import BASE_DAY, StoredBooks
from tests.support.credit_processes import command, small_engine
from tests.support.order_desks import accounts


def test_a_days_turn_is_made_once_and_looks_at_every_order_that_waits(tmp_path: Path) -> None:
    """Another process that makes the turn of the same day finds it made."""
    engine = small_engine()
    books = StoredBooks(tmp_path / "credence.db", engine, accounts("C-1", "C-2"))
    books.ask(command("SO-1", "C-1", "12000.00"), command("SO-2", "C-2", "1000.00"))
    looked_at = []
    for day in (BASE_DAY, BASE_DAY, BASE_DAY + 1):
        books.day = day
        books.lifting = Lifting(books.ledger, books.journal, lambda: engine)
        books.turn()
        looked_at.append(_rechecks(books))
        books.lift()
    assert looked_at == [["C-1"], [], ["C-1"]]
    assert [each.state for each in books.rows(Order)] == [OrderState.HELD, OrderState.APPROVED]
    books.close()


def _rechecks(books: StoredBooks) -> list[str]:
    return [row.account for row in books.journal.read(select(rechecks))]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_no_process_goes_back_behind_another(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Neither one that starts again with its clock set back, nor one beside it; for orders as for what is read."""
    engine = small_engine()
    place: Any = tmp_path / "credence.db" if backend == "sqlite" else request.getfixturevalue("database")
    books = StoredBooks(place, engine, accounts("C-1"))
    books.close()

    async def run() -> None:
        ahead, behind = _Process(place, "2026-07-05"), _Process(place, "2026-07-03")
        await behind.journal.probe()
        assert await behind.enter(engine, "SO-1") == "2026-07-03"
        assert await ahead.enter(engine, "SO-2") == "2026-07-05"
        assert await behind.enter(engine, "SO-3") == "2026-07-05"
        again = _Process(place, "2026-07-01")
        assert await asyncio.to_thread(again.ledger.business_day, engine) == day_number(date(2026, 7, 5))
        for each in (ahead, behind, again):
            await asyncio.to_thread(each.journal.close)

    asyncio.run(run())


class _Process:
    """One that keeps the ledger beside others; its clock says noon of a day."""

    def __init__(self, place: Any, day: str) -> None:
        noon = int(datetime.combine(date.fromisoformat(day), time(12), UTC).timestamp()) * 10**9
        self.journal = Journal(place, clock=Clock(lambda: noon))
        self.ledger = CreditLedger(self.journal)

    async def enter(self, engine: Engine, number: str) -> str:
        """The business date on which an order was decided."""
        asked = Asked(
            command=command(number, "C-1", "1.00"), kind=RecordKind.ORDER, engine=engine, raw=b"{}", actor="test"
        )
        done = await self.ledger.ask(asked)
        return str(json.loads(done.body)["ledger"]["business_date"])
