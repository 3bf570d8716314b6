"""What a customer's items say about the customer: the account facts that policies decide on, defined once.

Three users ask for them. The portfolio asks as a day *closes*, with what is open on that day (`account_facts`). The
backtest asks as a day *opens*, for every past order, and can't look at all items each time: it keeps running totals
(`receivables.payment_record`) and brings their differences to the same `facts_of_totals`. The ledger asks as of an
instant, from the items it stores: `account_facts` again.

Definitions, for the instant that is asked about (`Instant`): *known* is an item issued by its last known day; *open*
one that is known and not settled by that day; *paid* an invoice settled by that day. Credit notes lower what is open
and what was sold; they are never overdue, disputed or paid. The periods end with the last known day: a year is its last
365 days, a quarter its last 91. `docs/backtest.md` and `docs/portfolio.md` hold the same definitions for readers.

Example, as 1 May 2011 opens (so 30 April is the last known day): an invoice of 26 January, due 25 February, unpaid. The
customer has been one for 3 whole months, the invoice has been overdue for 65 days (from 25 February to 1 May), and
nothing was paid, so on-time rate and days late are None and policies treat them as missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from engine.vocabulary.binding import JsonScalar
from engine.vocabulary.decimals import RATE_SCALE, decimal_formatter
from receivables.figures import disputed_amount, line
from receivables.items import Item
from receivables.months import whole_months

YEAR_DAYS = 365
"""Period of the rates and of sales: "the last 12 months" of the facts `account.on_time_rate` and others."""

QUARTER_DAYS = 91
"""Period of the average days late, and of the average before it: "the last 3 months", 13 weeks."""

SERIOUSLY_LATE_DAYS = 15
"""Paid more than so many days late is seriously late. docs/backtest.md tells how it was chosen."""

SERIOUSLY_LATE_INVOICES_MIN = 5
"""With fewer paid invoices a share says little: one late one among three would be a third."""

Payment = tuple[int, int]
"""The day on which an invoice stopped being owed, and how many days late it was paid, 0 for in time."""

_MONTHS_IN_YEAR = 12
_RATE_ONE = 10**RATE_SCALE


class Instant(NamedTuple):
    """The moment as of which facts are asked for. Made by `as_day_opens` and `as_day_closes`."""

    day: int
    """The day that ages are counted to: an item due on an earlier day is overdue."""
    last_known: int
    """The last day whose events count: what was issued, settled or disputed later is not known."""


def as_day_opens(day: int) -> Instant:
    """Before anything happened on the day: an order of that day is decided on what earlier days brought, so that
    neither the order of events within the day nor anything later changes its facts."""
    return Instant(day, day - 1)


def as_day_closes(day: int) -> Instant:
    """After everything that happened on the day: how a report of that day counts."""
    return Instant(day, day)


class AccountFacts(NamedTuple):
    """The facts of one account. Each field is the fact `account.<field>`, as a whole number in the scale that facts are
    bound in: amounts in minor units, rates in millionths. None: nothing on record to work it out from.

    A named tuple, since the backtest makes one for each order and reads its fields by position.
    """

    months: int
    """Whole months since the day of issue of the first known item; 0 for a customer without one."""
    open_invoices: int
    """What is open, credit notes taken off; negative where these are more."""
    overdue_amount: int
    """What is open of invoices that were due before the day."""
    days_overdue_max: int
    """Days since the oldest due date of these; 0 where nothing is overdue."""
    disputed_amount: int | None
    """What is open of invoices in dispute; None where that is not recorded of every open item."""
    on_time_rate: int | None
    """Of the invoices paid in the last year, the share (by count) that was paid by the due date; None without any."""
    seriously_late_rate: int | None
    """Of the same invoices, the share that was paid more than `SERIOUSLY_LATE_DAYS` late; None while there are fewer
    than `SERIOUSLY_LATE_INVOICES_MIN`."""
    average_days_late: int | None
    """Average over the invoices paid in the last quarter, those paid in time counting 0; None without any."""
    previous_average_days_late: int | None
    """The same over the quarter before that."""
    average_monthly_sales: int | None
    """Issued in the last year ÷ 12, or ÷ the whole months as a customer if these are fewer, and ÷ 1 in the first month.
    None for a customer without a known item, or where credit notes are more than sales."""
    receivables_total: int | None
    """What all customers together have open; None where credit notes are more."""


def account_facts(items: Sequence[Item], instant: Instant, receivables_total: int) -> AccountFacts:
    """The facts of one account from its items, each looked at.

    `items` are the account's own, as they stand at the instant: `open_amount` and `disputed` are as of its last known
    day. A file of the day has them so; `items_as_of` brings dated items into that shape; whoever knows the day of each
    part payment takes these off. Items issued later may be among them and don't count.
    `receivables_total` is what all customers together have open, in minor units.
    """
    day, last = instant
    known = [item for item in items if item.issued <= last]
    still_open = [item for item in known if item.open_amount]
    total = line("", still_open, day)
    overdue_days = [day - item.due for item in still_open if item.due < day and not item.is_credit]
    year = _paid_between((payment_of(item) for item in known), last - YEAR_DAYS, last)
    quarter = [days for _, days in _paid_between(year, last - QUARTER_DAYS, last)]
    previous = [days for _, days in _paid_between(year, last - 2 * QUARTER_DAYS, last - QUARTER_DAYS)]
    return facts_of_totals(
        months=whole_months(min([item.issued for item in known]), day) if known else 0,
        has_items=bool(known),
        open_invoices=total.amount,
        overdue_amount=total.overdue,
        days_overdue_max=max(overdue_days, default=0),
        disputed_amount=disputed_amount(still_open),
        paid=len(year),
        paid_on_time=sum([not days for _, days in year]),
        paid_seriously_late=sum([days > SERIOUSLY_LATE_DAYS for _, days in year]),
        paid_in_quarter=len(quarter),
        days_late_in_quarter=sum(quarter),
        paid_in_previous_quarter=len(previous),
        days_late_in_previous_quarter=sum(previous),
        sales=sum([item.amount for item in known if item.issued > last - YEAR_DAYS]),
        receivables_total=receivables_total,
    )


def facts_of_totals(
    *,
    months: int,
    has_items: bool,
    open_invoices: int,
    overdue_amount: int,
    days_overdue_max: int,
    disputed_amount: int | None,
    paid: int,
    paid_on_time: int,
    paid_seriously_late: int,
    paid_in_quarter: int,
    days_late_in_quarter: int,
    paid_in_previous_quarter: int,
    days_late_in_previous_quarter: int,
    sales: int,
    receivables_total: int,
) -> AccountFacts:
    """The facts that follow from sums over an account's items, however these were added up. This is where rates and
    averages are divided, rounded and left out.

    `has_items`: whether any item is known. `paid`, `paid_on_time` and `paid_seriously_late` count the invoices that
    were paid in the last year; `paid_in_quarter` and `paid_in_previous_quarter` those of the last two quarters, whose
    days late are summed. `sales` is what was issued in the last year, credit notes taken off. The other arguments are
    as the fields of `AccountFacts`, except that `receivables_total` may be negative here.
    """
    monthly_sales = rounded(sales, min(max(months, 1), _MONTHS_IN_YEAR)) if has_items else None
    enough_paid = paid >= SERIOUSLY_LATE_INVOICES_MIN
    return AccountFacts(
        months=months,
        open_invoices=open_invoices,
        overdue_amount=overdue_amount,
        days_overdue_max=days_overdue_max,
        disputed_amount=disputed_amount,
        on_time_rate=rounded(paid_on_time * _RATE_ONE, paid),
        seriously_late_rate=rounded(paid_seriously_late * _RATE_ONE, paid) if enough_paid else None,
        average_days_late=rounded(days_late_in_quarter, paid_in_quarter),
        previous_average_days_late=rounded(days_late_in_previous_quarter, paid_in_previous_quarter),
        average_monthly_sales=None if monthly_sales is None or monthly_sales < 0 else monthly_sales,
        receivables_total=None if receivables_total < 0 else receivables_total,
    )


def items_as_of(items: Iterable[Item], instant: Instant) -> Iterator[Item]:
    """Dated items as they stood at a past instant: what `account_facts` takes.

    Later events are taken away: items that were not issued are left out, later settlements and disputes undone. A
    dispute counts from its day, `disputed_on`, to the item's settlement; one without a day is not known at any past
    instant, so it doesn't count.
    """
    last = instant.last_known
    for item in items:
        if item.issued <= last:
            is_open = item.closed is None or item.closed > last
            disputed = item.disputed_on is not None and item.disputed_on <= last
            yield item._replace(
                settled=None if is_open else item.settled,
                open_amount=item.amount if is_open else 0,
                disputed=disputed,
                disputed_on=item.disputed_on if disputed else None,
            )


# how the fields of `AccountFacts` are written in a request; the others are whole numbers there too
_AMOUNTS = ("open_invoices", "overdue_amount", "disputed_amount", "average_monthly_sales", "receivables_total")
_RATES = ("on_time_rate", "seriously_late_rate")


def in_request(customer: str, facts: AccountFacts, currency_digits: int) -> dict[str, JsonScalar]:
    """The group `account` of a request: the customer's id and every fact that is not None, amounts and rates as decimal
    text. `currency_digits`: decimals of the currency, such as 2 for EUR."""
    money, rate = decimal_formatter(currency_digits), decimal_formatter(RATE_SCALE)
    group: dict[str, JsonScalar] = {"id": customer}
    for name, value in zip(AccountFacts._fields, facts, strict=True):
        if value is not None:
            group[name] = money(value) if name in _AMOUNTS else rate(value) if name in _RATES else value
    return group


def payment_of(item: Item) -> Payment | None:
    """An invoice's payment in full; None for a credit note and for what is not settled."""
    settled = item.settled
    if settled is None or item.amount < 0:
        return None
    return max(settled, item.issued), max(settled - item.due, 0)


def rounded(total: int, count: int) -> int | None:
    """The quotient, rounded half to even as policies round: 5 ÷ 2 is 2, 7 ÷ 2 is 4. None where `count` is 0."""
    if not count:
        return None
    quotient, rest = divmod(total, count)
    return quotient + (2 * rest + (quotient & 1) > count)


def _paid_between(payments: Iterable[Payment | None], after: int, until: int) -> list[Payment]:
    """The payments after one day and up to another."""
    return [payment for payment in payments if payment and after < payment[0] <= until]
