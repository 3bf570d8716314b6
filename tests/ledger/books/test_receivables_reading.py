"""Receivables from the ledger's entries are those of the portfolio and the backtest for the same items."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

import pytest

from engine.vocabulary.days import EPOCH, day_number
from ledger.books.overdue_register import register_rows
from ledger.books.receivables_reading import decide_book, overdue_items, read_book
from ledger.credit.change import Desk
from ledger.credit.put_account import PutAccount
from ledger.items.post_invoice import PostInvoice
from ledger.items.post_payment import PostPayment, Reference
from receivables.account_facts import account_facts, as_day_closes, items_as_of
from receivables.figures import figures
from receivables.items import Item
from tests.support.default_policies import default_policies
from tests.support.invoice_histories import sample
from tests.support.ledger_books import JournalBooks, asker, journal_books

DAYS = (date(2012, 9, 30), date(2013, 3, 31), date(2013, 12, 2))


@pytest.fixture(scope="module", name="customers")
def some_customers() -> list[Item]:
    """Of the sample, those of some customers: all of their items."""
    names = sorted({item.customer for item in sample()})[:9]
    return [item for item in sample() if item.customer in names]


@pytest.fixture(scope="module", name="books")
def booked(customers: list[Item], tmp_path_factory: pytest.TempPathFactory) -> Iterator[JournalBooks]:
    with journal_books(default_policies(), tmp_path_factory.mktemp("books") / "credence.db") as books:
        books.today = date(2026, 7, 1)
        books.do_all(
            [PutAccount(account=name, asker=asker()) for name in sorted({each.customer for each in customers})]
        )
        books.do_all([_invoice(books, each) for each in customers])
        books.do_all([_payment(books, each) for each in customers if each.settled is not None])
        yield books


def _invoice(books: JournalBooks, item: Item) -> PostInvoice:
    return PostInvoice(
        invoice=item.number, account=item.customer, amount=f"{item.amount / 100:.2f}", issued_on=_iso(item.issued),
        due_on=_iso(item.due), asker=asker(), id=books.id(),
    )  # fmt: skip


def _payment(books: JournalBooks, item: Item) -> PostPayment:
    assert item.settled is not None
    return PostPayment(
        payment=f"P-{item.number}", account=item.customer, amount=f"{item.amount / 100:.2f}",
        effective_on=_iso(max(item.settled, item.issued)), references=(Reference(invoice=item.number),),
        asker=asker(), id=books.id(),
    )  # fmt: skip


def _iso(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()


@pytest.mark.parametrize("on", DAYS, ids=str)
def test_the_ledger_gives_the_figures_of_a_portfolio(books: JournalBooks, customers: list[Item], on: date) -> None:
    desk = Desk(engine=books.engine, day=day_number(on))
    book = books.read(lambda connection: read_book(connection, desk, desk.day, None))
    ours = book.figures(desk)
    theirs = figures(list(items_as_of(customers, as_day_closes(desk.day))), desk.day, Fraction(90))

    assert (ours.total, ours.aging, ours.concentration) == (theirs.total, theirs.aging, theirs.concentration)
    assert [each.dso for each in ours.quarters] == [each.dso for each in theirs.quarters]
    assert [each.effectiveness for each in ours.quarters] == [each.effectiveness for each in theirs.quarters]


def test_the_ledger_gives_the_facts_of_a_backtest(books: JournalBooks, customers: list[Item]) -> None:
    """As the day closes, by the function that defines them for portfolio and backtest."""
    desk, instant = Desk(engine=books.engine, day=day_number(DAYS[1])), as_day_closes(day_number(DAYS[1]))
    book = books.read(lambda connection: read_book(connection, desk, desk.day, None))
    theirs = list(items_as_of(customers, instant))
    total = sum(each.open_amount for each in theirs)
    for customer in sorted({each.customer for each in customers}):
        mine = [each for each in book.items if each.customer == customer and each.amount > 0]
        expected = account_facts([each for each in theirs if each.customer == customer], instant, total)
        assert account_facts(mine, instant, total) == expected, customer


def test_the_loss_allowance_is_the_same_by_bucket_and_by_bucket_and_grade(books: JournalBooks) -> None:
    desk = Desk(engine=books.engine, day=day_number(DAYS[1]))
    book = books.read(lambda connection: read_book(connection, desk, desk.day, None))
    decisions = books.read(lambda connection: decide_book(connection, desk, book))

    assert decisions.allowances
    for line in decisions.allowances:
        fields = [each for each in decisions.by_grade if each.bucket == line.key]
        assert sum(each.amount for each in fields) == line.amount
        assert sum(each.count for each in fields) == line.count
        assert sum(each.allowance or 0 for each in fields) == (line.allowance or 0)


def test_the_register_lists_what_is_overdue_and_nothing_else(books: JournalBooks, customers: list[Item]) -> None:
    listed, expected = [], []
    desk = Desk(engine=books.engine, day=day_number(books.today))
    for day in map(day_number, (date(2012, 6, 30), *DAYS)):
        overdue = books.read(lambda connection, day=day: overdue_items(connection, day, None))
        rows = books.read(lambda connection, day=day, some=overdue: register_rows(connection, desk, some, day))
        assert {each.next_step for each in rows} <= {None}
        assert [each.due_on for each in rows] == sorted(each.due_on or "" for each in rows)
        listed += [(day, each.item, each.days_overdue, each.open_amount) for each in rows]
        then = [each for each in items_as_of(customers, as_day_closes(day)) if each.open_amount and each.due < day]
        expected += [(day, each.number, day - each.due, f"{each.open_amount / 100:.2f}") for each in then]

    assert expected
    assert sorted(listed) == sorted(expected)
