"""What was known on a day: every fact by hand, against a plain count, and never from the future."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.vocabulary.days import EPOCH
from receivables.account_facts import AccountFacts, rounded
from receivables.items import Item, dated_item
from receivables.months import whole_months
from receivables.payment_record import ReceivablesByDay, facts_at_issue
from tests.support.invoice_histories import DAY, DUE_BEFORE_ISSUE, accounts_of, histories, sample


def _invoice(number: str, issued: int, settled: int | None, amount: int, late_after: int = 30, **more: object) -> Item:
    issued += DAY
    paid = None if settled is None else DAY + settled
    return dated_item(number, "A", issued, issued + late_after, paid, amount, **more)  # type: ignore[arg-type]


def _known(invoices: Sequence[Item]) -> dict[str, AccountFacts]:
    """By invoice number."""
    book = ReceivablesByDay(invoices)
    accounts = accounts_of(invoices).values()
    return {invoice.number: known for account in accounts for invoice, known in facts_at_issue(account, book)}


def test_every_fact_of_a_small_record() -> None:
    other = dated_item("9", "B", DAY, DAY + 30, None, 5_000)
    record = [
        _invoice("1", 0, 20, 1_000),  # on time
        _invoice("2", 10, 50, 2_000),  # 10 days late
        _invoice("3", 20, 100, 4_000),  # 50 days late, still open on day 95
        _invoice("4", 60, None, 8_000, disputed=True, disputed_on=DAY + 70),  # overdue since day 91
        _invoice("5", 95, 99, 16_000),
    ]

    assert _known([*record, other])["5"] == AccountFacts(
        months=3,  # since 2011-01-26, on 2011-05-01
        open_invoices=12_000,
        overdue_amount=12_000,
        days_overdue_max=45,
        disputed_amount=8_000,
        on_time_rate=500_000,
        seriously_late_rate=None,  # of two paid invoices nothing can be said
        average_days_late=5,  # 0 and 10, both within 91 days
        previous_average_days_late=None,
        average_monthly_sales=5_000,  # 15,000 in three months
        receivables_total=17_000,
    )


def test_nothing_is_known_of_a_new_customer() -> None:
    known = _known([_invoice("1", 0, 20, 1_000)])["1"]

    assert known == AccountFacts(0, 0, 0, 0, 0, None, None, None, None, None, 0)


def test_in_its_first_month_a_customer_bought_what_it_bought_so_far() -> None:
    """No average over a part of a month: 500 on the first day and 300 ten days later are 800 a month."""
    record = [_invoice("1", 0, None, 500), _invoice("2", 10, None, 300), _invoice("3", 20, None, 100)]
    known = _known(record)

    assert [known[number].average_monthly_sales for number in "123"] == [None, 500, 800]


def test_a_dispute_is_known_from_the_day_after_it_and_not_before_the_invoice() -> None:
    """It lasts until the payment; one that begins after it is never seen."""
    early = _invoice("1", 10, 40, 100, disputed=True, disputed_on=DAY + 2)
    late = _invoice("2", 10, 20, 1_000, disputed=True, disputed_on=DAY + 30)
    days = (5, 10, 11, 12, 40, 41)
    known = _known([early, late, *(_invoice(f"day {day}", day, None, 1) for day in days)])

    assert [known[f"day {day}"].disputed_amount for day in days] == [0, 0, 100, 100, 100, 0]


def test_the_share_of_serious_lateness_needs_five_paid_invoices() -> None:
    paid = [_invoice(str(number), number, number + 30 + (16 if number < 2 else 15), 100) for number in range(5)]

    assert _known([*paid, _invoice("9", 49, None, 100)])["9"].seriously_late_rate is None
    assert _known([*paid, _invoice("9", 50, None, 100)])["9"].seriously_late_rate == 400_000


def test_what_is_paid_before_it_is_issued_was_never_owed() -> None:
    prepaid, later = _invoice("1", 10, 5, 1_000), _invoice("2", 11, None, 1_000)

    known = _known([prepaid, later])["2"]

    assert (known.open_invoices, known.on_time_rate) == (0, 1_000_000)


def test_a_year_and_a_quarter_are_left_behind() -> None:
    record = [_invoice("1", 0, 40, 1_000), _invoice("2", 330, 370, 1_000)]
    asked = [_invoice("3", 40 + 365, None, 500), _invoice("4", 41 + 365, None, 500)]

    known = _known([*record, *asked])

    assert (known["3"].on_time_rate, known["3"].average_days_late, known["3"].previous_average_days_late) == (
        0,
        10,
        None,
    )
    assert known["4"].average_monthly_sales == rounded(1_500, 12)
    assert _known([*record, _invoice("5", 370 + 92, None, 500)])["5"].previous_average_days_late == 10
    assert _known([*record, _invoice("5", 370 + 366, None, 500)])["5"].on_time_rate is None


@given(histories(DUE_BEFORE_ISSUE))
@settings(deadline=None)
def test_running_totals_say_what_a_plain_count_says(invoices: list[Item]) -> None:
    known = _known(invoices)

    for invoice in invoices:
        assert known[invoice.number] == _counted(invoices, invoice)


def _counted(invoices: Sequence[Item], asked: Item) -> AccountFacts:
    """The definitions of docs/backtest.md, word for word, on what is known before the day and nothing else."""
    day = asked.issued
    book = [_seen(invoice, day) for invoice in invoices if invoice.issued < day]
    own = [invoice for invoice in book if invoice.customer == asked.customer]
    still_open = [invoice for invoice in own if invoice.settled is None]
    overdue = [invoice for invoice in still_open if invoice.due < day]
    paid = [(max(i.settled, i.issued), max(i.settled - i.due, 0)) for i in own if i.settled is not None]
    year = [late for closed, late in paid if closed >= day - 365]
    quarter = [late for closed, late in paid if closed >= day - 91]
    before = [late for closed, late in paid if day - 182 <= closed < day - 91]
    first = min((invoice.issued for invoice in own), default=day)
    months = whole_months(first, day)
    sales = sum(invoice.amount for invoice in own if invoice.issued >= day - 365)
    return AccountFacts(
        months=months,
        open_invoices=sum(invoice.amount for invoice in still_open),
        overdue_amount=sum(invoice.amount for invoice in overdue),
        days_overdue_max=max((day - invoice.due for invoice in overdue), default=0),
        disputed_amount=sum(invoice.amount for invoice in still_open if invoice.disputed_on is not None),
        on_time_rate=rounded(sum(not late for late in year) * 10**6, len(year)),
        seriously_late_rate=rounded(sum(late > 15 for late in year) * 10**6, len(year)) if len(year) >= 5 else None,
        average_days_late=rounded(sum(quarter), len(quarter)),
        previous_average_days_late=rounded(sum(before), len(before)),
        average_monthly_sales=rounded(sales, min(max(months, 1), 12)) if own else None,
        receivables_total=sum(invoice.amount for invoice in book if invoice.settled is None),
    )


def _seen(invoice: Item, day: int) -> Item:
    """As it stood when the day opened."""
    closed, disputed = invoice.closed, invoice.disputed_on
    return invoice._replace(
        settled=invoice.settled if closed is not None and closed < day else None,
        disputed_on=disputed if disputed is not None and disputed < day else None,
    )


# --- no fact uses the future -----------------------------------------------------------------------------------------


def _forget(day: int) -> Callable[[Item], Item | None]:
    """Later events never happened."""
    return lambda invoice: _seen(invoice, day) if invoice.issued <= day else None


def _shift(day: int, days: int) -> Callable[[Item], Item | None]:
    """What happens from the day on happens later, invoices of later days too."""

    def shifted(invoice: Item) -> Item:
        closed, disputed = invoice.closed, invoice.disputed_on
        by = days if invoice.issued > day else 0
        return invoice._replace(
            issued=invoice.issued + by,
            due=invoice.due + by,
            settled=closed + days if closed is not None and closed >= day else invoice.settled,
            disputed_on=disputed + days if disputed is not None and disputed >= day else disputed,
        )

    return shifted


def _inflate(day: int) -> Callable[[Item], Item | None]:
    """Later invoices are larger, and disputed at once."""
    return lambda i: i if i.issued <= day else i._replace(amount=i.amount * 7, disputed=True, disputed_on=i.issued)


def _same_past(invoices: Sequence[Item], day: int, change: Callable[[Item], Item | None]) -> None:
    changed = [found for invoice in invoices if (found := change(invoice)) is not None]
    before, after = _known(invoices), _known(changed)
    for invoice in invoices:
        if invoice.issued <= day:
            assert after[invoice.number] == before[invoice.number]


@given(histories(DUE_BEFORE_ISSUE), st.integers(DAY, DAY + 500), st.integers(1, 400))
@settings(deadline=None)
def test_later_events_change_no_earlier_fact(invoices: list[Item], day: int, days: int) -> None:
    assume(any(invoice.issued <= day for invoice in invoices))

    for change in (_forget(day), _shift(day, days), _inflate(day)):
        _same_past(invoices, day, change)


@pytest.mark.parametrize("after_days", [90, 300, 419, 600])
def test_later_events_change_no_earlier_fact_of_the_real_invoices(after_days: int) -> None:
    invoices = sample()
    day = min(invoice.issued for invoice in invoices) + after_days

    for change in (_forget(day), _shift(day, 45), _inflate(day)):
        _same_past(invoices, day, change)


# --- arithmetic ------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**12), st.integers(0, 10**6))
def test_quotients_are_rounded_half_to_even(total: int, count: int) -> None:
    assert rounded(total, count) == (round(Fraction(total, count)) if count else None)


@given(st.dates(date(2000, 1, 1), date(2020, 1, 1)), st.integers(0, 4_000))
def test_a_month_is_over_on_the_day_of_its_number(first: date, days: int) -> None:
    day = first + timedelta(days=days)
    months = whole_months((first - EPOCH).days, (day - EPOCH).days)

    assert (first.year * 12 + first.month + months, first.day) <= (day.year * 12 + day.month, day.day)
    assert (first.year * 12 + first.month + months + 1, first.day) > (day.year * 12 + day.month, day.day)
