"""Each business date's turn is made once, whoever makes it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from ledger.books.lifting import Lifting
from ledger.credit.order import Order, OrderState
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
