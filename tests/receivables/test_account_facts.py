"""Account facts are defined once: as a day opens and as it closes, from all items and from running totals, they are the
figures that the backtest and the portfolio each worked out for themselves before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.vocabulary.days import day_number
from receivables.account_facts import (
    AccountFacts,
    Instant,
    account_facts,
    as_day_closes,
    as_day_opens,
    in_request,
    items_as_of,
)
from receivables.items import Item, dated_item
from receivables.payment_record import ReceivablesByDay, facts_at_issue
from tests.receivables.oracles import closing_oracle, figures_oracle, running_oracle
from tests.support.invoice_histories import DAY, accounts_of, histories, sample


def _from_running_totals(items: Sequence[Item]) -> dict[str, AccountFacts]:
    """By item number."""
    receivables = ReceivablesByDay(items)
    accounts = accounts_of(items).values()
    return {item.number: facts for account in accounts for item, facts in facts_at_issue(account, receivables)}


def _from_the_backtests_oracle(items: Sequence[Item]) -> dict[str, tuple[int | None, ...]]:
    invoices = [
        running_oracle.Invoice(
            i.number, i.customer, i.issued, i.due, i.settled, i.amount, bool(i.disputed), i.disputed_on
        )
        for i in items
    ]
    receivables = running_oracle.OpenInvoices(invoices)
    by_customer: dict[str, list[running_oracle.Invoice]] = {}
    for invoice in invoices:
        by_customer.setdefault(invoice.customer, []).append(invoice)
    return {
        invoice.number: tuple(known)
        for account in by_customer.values()
        for invoice, known in running_oracle.known_at_issue(account, receivables)
    }


def _looked_at_one_by_one(items: Sequence[Item], asked: Item) -> AccountFacts:
    """As the day of issue opens, each item looked at."""
    instant = as_day_opens(asked.issued)
    standing = list(items_as_of(items, instant))
    total = sum(item.open_amount for item in standing)
    return account_facts([item for item in standing if item.customer == asked.customer], instant, total)


def _from_the_portfolios_oracle(items: Iterable[Item], day: int, total: int) -> dict[str, object]:
    """`items`: one customer's, as they stand when the day closes."""
    old = [figures_oracle.Item(*item[:10]) for item in items]
    return dict(closing_oracle.account_facts("C", old, day, total, 2))


# --- as a day opens --------------------------------------------------------------------------------------------------


@given(histories())
@settings(deadline=None)
def test_running_totals_are_what_the_backtest_counted_before(items: list[Item]) -> None:
    assert _from_running_totals(items) == _from_the_backtests_oracle(items)


def test_running_totals_of_the_real_invoices_are_what_the_backtest_counted_before() -> None:
    assert _from_running_totals(sample()) == _from_the_backtests_oracle(sample())


@st.composite
def with_credit_notes(draw: st.DrawFn) -> list[Item]:
    """Histories in which some items are credit notes."""
    items = draw(histories())
    signs = draw(st.lists(st.sampled_from((1, 1, -1)), min_size=len(items), max_size=len(items)))
    return [
        item._replace(amount=sign * item.amount, open_amount=sign * item.open_amount)
        for item, sign in zip(items, signs, strict=True)
    ]


@given(with_credit_notes())
@settings(deadline=None)
def test_running_totals_are_what_each_item_looked_at_gives_credit_notes_among_them(items: list[Item]) -> None:
    facts = _from_running_totals(items)

    for item in items:
        assert facts[item.number] == _looked_at_one_by_one(items, item)


def test_running_totals_of_the_real_invoices_are_what_each_item_looked_at_gives() -> None:
    items = sample()
    facts, accounts = _from_running_totals(items), accounts_of(items)
    totals: dict[int, int] = {}
    for item in items[::7]:
        instant = as_day_opens(item.issued)
        if item.issued not in totals:
            totals[item.issued] = sum(each.open_amount for each in items_as_of(items, instant))
        standing = list(items_as_of(accounts[item.customer], instant))
        assert facts[item.number] == account_facts(standing, instant, totals[item.issued])


# --- as a day closes -------------------------------------------------------------------------------------------------


@st.composite
def standing_items(draw: st.DrawFn) -> list[Item]:
    """One customer's items as a file of the day has them: paid in part, credit notes, disputed or nobody knows, due
    before they were issued, settled early or only later. All were issued by the day, `DAY` + 400."""
    items = []
    for number in range(draw(st.integers(1, 20))):
        issued = DAY + draw(st.integers(0, 400) | st.sampled_from((35, 36, 218, 219, 309, 310, 399, 400)))
        amount = draw(st.integers(-3_000, 10_000))
        settled = draw(st.none() | st.integers(issued - 5, issued + 200) | st.sampled_from((DAY + 309, DAY + 218)))
        is_open = settled is None or max(settled, issued) > DAY + 400
        part = draw(st.sampled_from((1, 2, 3)))
        items.append(
            Item(
                number=str(number),
                customer="C",
                issued=issued,
                due=issued + draw(st.integers(-3, 60)),
                settled=settled,
                amount=amount,
                open_amount=amount // part if is_open else 0,
                disputed=draw(st.sampled_from((True, False, False, None))),
            )
        )
    return items


@given(standing_items(), st.integers(-100, 10**6))
@settings(deadline=None)
def test_facts_as_a_day_closes_are_what_the_portfolio_counted_before(items: list[Item], total: int) -> None:
    day = DAY + 400
    facts = in_request("C", account_facts(items, as_day_closes(day), total), currency_digits=2)

    assert facts == _from_the_portfolios_oracle(items, day, total)


@given(with_credit_notes(), st.integers(DAY, DAY + 700))
@settings(deadline=None)
def test_facts_of_any_past_day_are_what_the_portfolio_counted_before(items: list[Item], day: int) -> None:
    """From before the first item to after the last."""
    standing = list(items_as_of(items, as_day_closes(day)))
    total = sum(item.open_amount for item in standing)
    for account in accounts_of(standing).values():
        facts = in_request("C", account_facts(account, as_day_closes(day), total), currency_digits=2)
        assert facts == _from_the_portfolios_oracle(account, day, total)


@pytest.mark.parametrize(
    "day",
    ["2012-01-02", "2012-01-03", "2012-03-31", "2012-06-30", "2013-02-25", "2013-06-30", "2013-09-30", "2013-12-31"],
)
def test_facts_of_the_real_customers_are_what_the_portfolio_counted_before(day: str) -> None:
    """Before the first day of the sample, on it, on ends of quarters, and after its end."""
    closes = day_number(date.fromisoformat(day))
    standing = list(items_as_of(sample(), as_day_closes(closes)))
    total = sum(item.open_amount for item in standing)
    accounts = accounts_of(standing)
    assert len(accounts) == (0 if day == "2012-01-02" else len({i.customer for i in sample() if i.issued <= closes}))
    for account in accounts.values():
        facts = in_request("C", account_facts(account, as_day_closes(closes), total), currency_digits=2)
        assert facts == _from_the_portfolios_oracle(account, closes, total)


def test_a_day_closes_as_the_next_one_opens_but_for_what_is_counted_in_days() -> None:
    """An invoice of 26 January, due 25 February, is not overdue as that day closes, and one day overdue as the next day
    opens, on which the first month is over."""
    invoice = dated_item("1", "C", DAY, DAY + 30, None, 100)

    closes = account_facts([invoice], as_day_closes(DAY + 30), 100)
    opens = account_facts([invoice], as_day_opens(DAY + 31), 100)

    assert (closes.overdue_amount, closes.days_overdue_max) == (0, 0)
    assert (opens.overdue_amount, opens.days_overdue_max) == (100, 1)
    assert closes._replace(overdue_amount=100, days_overdue_max=1, months=1) == opens


def test_a_dispute_counts_from_the_close_of_its_day_to_the_payment() -> None:
    """As the next day opens in the backtest; one whose day nobody wrote down is not known at all."""
    dated = dated_item("1", "C", DAY, DAY + 30, DAY + 9, 100, disputed=True, disputed_on=DAY + 5)
    undated = dated_item("2", "C", DAY, DAY + 30, None, 1_000, disputed=True)

    def disputed(instant: Instant) -> int | None:
        return account_facts(list(items_as_of([dated, undated], instant)), instant, 0).disputed_amount

    assert [disputed(as_day_closes(DAY + day)) for day in (4, 5, 8, 9)] == [0, 100, 100, 0]
    assert [disputed(as_day_opens(DAY + day)) for day in (5, 6, 9, 10)] == [0, 100, 100, 0]


def test_an_account_without_an_item_is_new() -> None:
    facts = account_facts([], as_day_opens(DAY), 500)

    assert facts == AccountFacts(0, 0, 0, 0, 0, None, None, None, None, None, 500)
    assert facts == account_facts([dated_item("1", "C", DAY, DAY, DAY, 100)], as_day_opens(DAY), 500)


def test_credit_notes_that_outweigh_sales_leave_the_facts_out_that_can_t_be_negative() -> None:
    credit = dated_item("1", "C", DAY, DAY, None, -300)
    facts = account_facts([credit], as_day_closes(DAY + 40), -300)

    assert (facts.open_invoices, facts.average_monthly_sales, facts.receivables_total) == (-300, None, None)
    assert in_request("C", facts, currency_digits=2) == {
        "id": "C",
        "months": 1,
        "open_invoices": "-3.00",
        "overdue_amount": "0.00",
        "days_overdue_max": 0,
        "disputed_amount": "0.00",
    }
