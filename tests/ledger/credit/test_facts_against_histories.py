"""The facts of an account are those that the backtest works out from a history: booked event by event, compared at the
opening of days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.vocabulary.days import EPOCH
from ledger.credit.account import Account
from ledger.credit.payment_facts import payment_record
from ledger.credit.put_account import PutAccount
from ledger.items.post_invoice import PostInvoice
from ledger.items.post_payment import PostPayment, Reference
from receivables.account_facts import AccountFacts, account_facts, as_day_opens, items_as_of
from receivables.items import Item
from tests.support.default_policies import policies_of_november_2026
from tests.support.invoice_histories import DAY, invoices, sample
from tests.support.ledger_books import PureBooks, asker
from tests.support.ledger_totals import differences

SAMPLE_DAYS = [*range(15_706, 16_070, 20), 15_887]
"""Every 20th day of 2013, and 2013-07-01."""


FIGURES = {
    "7938-EVASK": AccountFacts(17, 30_134, 5_685, 3, 0, 250_000, 375_000, 9, 18, 6_994, 511_985),
    "8976-AMJEO": AccountFacts(17, 28_803, 0, 0, 0, 785_714, 71_429, 4, 1, 10_148, 511_985),
}
"""Of 2013-07-01, worked out by hand from the file."""


def test_each_customer_of_the_sample_has_the_facts_of_the_backtest() -> None:
    books, found = _compared(sample(), sorted(SAMPLE_DAYS))
    assert differences(books) == []
    assert {customer: found[customer, 15_887] for customer in FIGURES} == FIGURES


@settings(max_examples=40, deadline=None)
@given(items=st.lists(invoices(), min_size=1, max_size=12, unique_by=lambda item: item.number), days=st.data())
def test_random_histories_give_the_facts_of_the_backtest(items: list[Item], days: st.DataObject) -> None:
    asked = days.draw(st.lists(st.integers(DAY, DAY + 900), min_size=1, max_size=4, unique=True))
    books, _ = _compared(items, sorted(asked))
    assert differences(books) == []


def _compared(items: Sequence[Item], days: Sequence[int]) -> tuple[PureBooks, dict[tuple[str, int], AccountFacts]]:
    """Booked up to the last day, and compared as each day opens; with the facts that were found."""
    found: dict[tuple[str, int], AccountFacts] = {}
    books, events = _empty({item.customer for item in items}), _events(items)
    for day in days:
        while events and events[0][0] < day:
            _book(books, *events.pop(0))
        books.today = EPOCH + timedelta(days=day)
        instant = as_day_opens(day)
        by_customer: dict[str, list[Item]] = defaultdict(list)
        for item in items_as_of(items, instant):
            by_customer[item.customer].append(item)
        total = sum(item.open_amount for own in by_customer.values() for item in own)
        for customer in {item.customer for item in items}:
            expected = account_facts(by_customer[customer], instant, total)
            found[customer, day] = _facts(books, customer)
            assert found[customer, day] == expected._replace(disputed_amount=0), (customer, day)
    return books, found


def _empty(customers: Iterable[str]) -> PureBooks:
    books = PureBooks(policies_of_november_2026())
    for customer in customers:
        books.do(PutAccount(account=customer, currency="USD", asker=asker()))
    return books


def _events(items: Sequence[Item]) -> list[tuple[int, str, Item]]:
    """What is booked on which day: what was paid before it was issued is issued as paid."""
    issued = [(item.issued, "issue", item) for item in items]
    paid = [(item.settled, "pay", item) for item in items if item.settled is not None and item.settled > item.issued]
    return sorted([*issued, *paid], key=lambda event: (event[0], event[1], event[2].number))


def _book(books: PureBooks, day: int, what: str, item: Item) -> None:
    books.today = EPOCH + timedelta(days=day)
    if what == "pay":
        amount = f"{item.amount / 100:.2f}"
        reference = Reference(invoice=item.number)
        books.do(
            PostPayment(
                payment=f"P-{item.number}",
                account=item.customer,
                amount=amount,
                references=(reference,),
                asker=asker(),
                id=books.id(),
            )
        )
        return
    is_paid = item.settled is not None and item.settled <= item.issued
    books.do(
        PostInvoice(
            invoice=item.number,
            account=item.customer,
            amount=f"{item.amount / 100:.2f}",
            issued_on=_iso(item.issued),
            due_on=_iso(item.due),
            settled_on=_iso(item.settled) if is_paid and item.settled is not None else None,
            asker=asker(),
            id=books.id(),
        )
    )


def _facts(books: PureBooks, customer: str) -> AccountFacts:
    account = books.snapshot.get(Account, customer)
    assert account is not None
    return payment_record(books.snapshot, account, books.desk)


def _iso(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()
