"""How receivables stand on a day: aging, DSO, collection effectiveness, concentration, overdue structure.

`figures` takes the items that `receivables.portfolio.portfolio_rows` reads; what the policies say about the figures is
for `receivables.portfolio.portfolio_decisions`. Every figure is exact: whole numbers of minor units, and quotients as
fractions that are rounded only where they are shown. Definitions and their sources are in docs/portfolio.md.

Three sums are kept apart, and each figure is of one of them:

    open invoices   what is open of invoices: aging, overdue, the overdue share
    credits         what is open of credit notes, 0 or negative: shown apart, never overdue
    receivables     both together, what is owed on balance: DSO, best possible DSO, collection effectiveness

Shares of customers are of the *balances* of those who owe something on balance. A ratio that has no meaning is a
`NoValue` that says why (`receivables.ratios`).

Example: on 30 June an invoice of 600, due 9 June, of which 150 is paid, and a credit note of 100 are open. Open
invoices are 450, all of them overdue, in the bucket `1-30`: an overdue share of 100%. Receivables are 450 - 100 = 350.
With sales of 500 in the quarter, DSO is 350 / 500 * 90 = 63 days.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from receivables.items import Item
from receivables.months import months_before
from receivables.ratios import NoValue, Ratio, ratio

QUARTERS_MAX = 8
"""Two years, so that a quarter can be set against that of the year before."""

TOP = 10
"""Customers that are named in the concentration."""

BUCKETS = ("current", "1-30", "31-60", "61-90", "91-180", "181-365", "over 365")
"""The aging buckets by days overdue, `current` being not overdue."""

_BUCKET_DAYS = (0, 30, 60, 90, 180, 365)
"""The last day overdue of each bucket but the last (common credit-desk practice)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A group of open items: all of them, one customer's, or those of one grade, country or industry."""

    key: str
    """What the items have in common; empty for all items."""
    count: int
    """Open items, credit notes among them."""
    invoices: int
    """What is open of invoices, in minor units."""
    credits: int
    """What is open of credit notes: 0 or negative."""
    overdue_count: int
    overdue: int
    """What is open of overdue invoices. Credit notes are left out: what we owe a customer doesn't make it pay in
    time."""

    @property
    def amount(self) -> int:
        """Receivables: what is open, credit notes taken off."""
        return self.invoices + self.credits

    @property
    def overdue_share(self) -> Ratio:
        """The overdue part of the open invoices, from 0 to 1."""
        return ratio(self.overdue, self.invoices, NoValue.NO_OPEN_INVOICE)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One line of the aging: the open invoices that are overdue for a number of days."""

    key: str
    """One of `BUCKETS`; empty for the credit notes, which stand apart."""
    count: int
    amount: int
    """What is open of them, in minor units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """Three months that end on the report's date or a multiple of three months before it. Amounts are in minor units,
    days since 1970-01-01."""

    first: int
    """Its first day."""
    last: int
    """Its last day."""
    whole: bool
    """Whether the books cover it from its first day. If they don't, what was open before isn't known, so the quarter
    has no ratios."""
    opening: int | None
    """What was open as the day before `first` closed; None where `whole` is false."""
    sales: int
    """Credit sales: what was issued in the quarter, less the credit notes issued in it."""
    invoices: int
    """What was open of invoices as `last` closed."""
    credits: int
    """What was open of credit notes then: 0 or negative."""
    overdue: int
    """What of the open invoices was overdue."""
    days: Fraction
    """What DSO counts a quarter as, usually 90."""

    @property
    def receivables(self) -> int:
        """What was open as the quarter closed, credit notes taken off."""
        return self.invoices + self.credits

    @property
    def current(self) -> int:
        """What was open and not overdue as the quarter closed. Credit notes are set off against this first, and against
        what is overdue where they are more: 100 overdue, 900 not due and credit notes of 950 leave 0."""
        return max(self.receivables - self.overdue, 0)

    @property
    def overdue_share(self) -> Ratio:
        """The overdue part of the invoices that were open as the quarter closed."""
        return ratio(self.overdue, self.invoices, NoValue.NO_OPEN_INVOICE) if self.whole else NoValue.BOOKS_BEGIN

    @property
    def dso(self) -> Ratio:
        """Days sales outstanding: closing receivables ÷ credit sales × days."""
        return self._in_days(self.receivables)

    @property
    def best_possible_dso(self) -> Ratio:
        """Current receivables ÷ credit sales × days; from 0 to DSO."""
        return self._in_days(self.current)

    @property
    def average_days_delinquent(self) -> Ratio:
        """DSO less best possible DSO."""
        return self._in_days(self.receivables - self.current)

    @property
    def effectiveness(self) -> Ratio:
        """CEI: (opening + sales − closing) ÷ (opening + sales − closing current); from 0 to 1."""
        if self.opening is None:
            return NoValue.BOOKS_BEGIN
        if self.opening < 0 or self.receivables < 0:
            return NoValue.CREDIT_BALANCE
        collectable = self.opening + self.sales
        if collectable < self.receivables:
            return NoValue.MORE_PAID_OUT
        return ratio(collectable - self.receivables, collectable - self.current, NoValue.NOTHING_TO_COLLECT)

    def _in_days(self, amount: int) -> Ratio:
        if not self.whole:
            return NoValue.BOOKS_BEGIN
        if self.receivables < 0:
            return NoValue.CREDIT_BALANCE
        if self.sales <= 0:
            return NoValue.SALES_CREDITED if self.sales else NoValue.NO_SALES
        return Fraction(amount, self.sales) * self.days


@dataclass(frozen=True, slots=True)
class Balance:
    """What one customer owes on balance."""

    customer: str
    count: int
    """Its open items, credit notes among them."""
    amount: int
    """What is open of them together, in minor units; above 0."""
    share: Fraction
    """Of what all customers with such a balance owe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """How far receivables hang on few customers. Only customers who owe something on balance are counted."""

    customers: int
    owed: int
    """What they owe together, in minor units."""
    top: tuple[Balance, ...]
    """The `TOP` largest, the largest first."""
    top_share: Ratio
    """The part of `owed` that these owe."""
    herfindahl: Ratio
    """Sum of the squared shares: 1 for a single customer, 1/n for n equal ones."""

    @property
    def largest_share(self) -> Ratio:
        """The part of `owed` that the largest owes."""
        return self.top[0].share if self.top else NoValue.NO_BALANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioFigures:
    """Every figure of a portfolio that follows from its items alone, before any policy is asked."""

    as_of: int
    """The report's date; everything is as that day closes."""
    opening: int | None
    """The first day from which the books are complete; None without an item."""
    total: Line
    """All open items."""
    disputed: int | None
    """What is open of disputed invoices, in minor units; None where that is not recorded of every open item."""
    aging: tuple[Bucket, ...]
    """A bucket for each of `BUCKETS`, empty ones too."""
    credits: Bucket
    """Credit notes that are not set off."""
    quarters: tuple[Quarter, ...]
    """The oldest first, at most `QUARTERS_MAX`."""
    concentration: Concentration


@dataclass(frozen=True, slots=True)
class ItemHistory:
    """What is known of items beside their records: who keeps a ledger knows the day of each part payment."""

    open_on: Callable[[Item, int], int]
    """What was open of an item as a past day closed, in minor units."""
    sold: Callable[[Item], int]
    """What of an item is sales: nothing of a payment on account."""


def _amount(item: Item) -> int:
    return item.amount


BY_DATES = ItemHistory(Item.open_on, _amount)
"""Of records that know dates alone, and are invoices and credit notes."""


def figures(
    items: Sequence[Item],
    as_of: int,
    days_in_quarter: Fraction,
    opening: int | None = None,
    *,
    has_settled: bool = True,
    history: ItemHistory = BY_DATES,
) -> PortfolioFigures:
    """All figures of a portfolio.

    `items` are those of all customers, with what is open as the day `as_of` closes; those issued later don't count.
    `days_in_quarter` is what DSO counts a quarter as. `opening` is the first day from which the books are complete, the
    first day of issue where it isn't given. `has_settled`: whether settled items are among them. Without these nobody
    knows what was sold and what was open at the end of a quarter, so there are no quarters. `history`: what was open
    of an item on an earlier day, and what of it was sold.
    """
    issued = [item for item in items if item.issued <= as_of]
    still_open = [item for item in issued if item.open_amount]
    first = opening if opening is not None else min((item.issued for item in issued), default=None)
    buckets, credit_notes = aging(still_open, as_of)
    return PortfolioFigures(
        as_of=as_of,
        opening=first,
        total=line("", still_open, as_of),
        disputed=disputed_amount(still_open),
        aging=buckets,
        credits=credit_notes,
        quarters=quarters(issued, as_of, days_in_quarter, first, history) if has_settled else (),
        concentration=concentration(still_open),
    )


# --- open items -------------------------------------------------------------------------------------------------------


def bucket_of(days_overdue: int) -> str:
    """The aging bucket of an invoice that is so many days overdue: 30 gives `1-30`, 31 gives `31-60`, 0 and less give
    `current`."""
    return BUCKETS[bisect_left(_BUCKET_DAYS, days_overdue)]


def aging(still_open: Iterable[Item], as_of: int) -> tuple[tuple[Bucket, ...], Bucket]:
    """Open invoices by days overdue, a bucket for each of `BUCKETS`; and the credit notes that are not set off."""
    amounts_by_key: dict[str, list[int]] = {key: [] for key in (*BUCKETS, "")}
    for item in still_open:
        amounts_by_key["" if item.is_credit else bucket_of(as_of - item.due)].append(item.open_amount)
    buckets = [Bucket(key, len(amounts), sum(amounts)) for key, amounts in amounts_by_key.items()]
    return tuple(buckets[:-1]), buckets[-1]


def line(key: str, still_open: Iterable[Item], as_of: int) -> Line:
    """The open items counted and added up, under the name `key`."""
    count = invoices = credit_notes = overdue_count = overdue = 0
    for item in still_open:
        count += 1
        if item.is_credit:
            credit_notes += item.open_amount
            continue
        invoices += item.open_amount
        if item.due < as_of:
            overdue_count += 1
            overdue += item.open_amount
    return Line(
        key=key,
        count=count,
        invoices=invoices,
        credits=credit_notes,
        overdue_count=overdue_count,
        overdue=overdue,
    )


def lines_by(still_open: Iterable[Item], as_of: int, key: Callable[[Item], str]) -> tuple[Line, ...]:
    """The open items grouped by `key`, a line for each group; the largest amounts first."""
    groups: defaultdict[str, list[Item]] = defaultdict(list)
    for item in still_open:
        groups[key(item)].append(item)
    lines = [line(name, group, as_of) for name, group in groups.items()]
    return tuple(sorted(lines, key=lambda each: (-each.amount, each.key)))


def disputed_amount(still_open: Iterable[Item]) -> int | None:
    """What is open of disputed invoices; None where it is not recorded of some open item whether it is disputed."""
    total = 0
    for item in still_open:
        if item.disputed is None:
            return None
        total += item.open_amount if item.disputed and not item.is_credit else 0
    return total


def concentration(still_open: Iterable[Item]) -> Concentration:
    """How the open items spread over customers; a customer whose credit notes are more than it owes is left out."""
    counts: defaultdict[str, int] = defaultdict(int)
    amounts: defaultdict[str, int] = defaultdict(int)
    for item in still_open:
        counts[item.customer] += 1
        amounts[item.customer] += item.open_amount
    debtors = sorted(((-amount, name) for name, amount in amounts.items() if amount > 0))
    total = -sum(amount for amount, _ in debtors)
    top = tuple(Balance(name, counts[name], -amount, Fraction(-amount, total)) for amount, name in debtors[:TOP])
    squares = sum(amount * amount for amount, _ in debtors)
    return Concentration(
        customers=len(debtors),
        owed=total,
        top=top,
        top_share=ratio(sum(balance.amount for balance in top), total, NoValue.NO_BALANCE),
        herfindahl=ratio(squares, total * total, NoValue.NO_BALANCE),
    )


# --- quarters ---------------------------------------------------------------------------------------------------------


def quarters(
    issued: Sequence[Item], as_of: int, days: Fraction, opening: int | None, history: ItemHistory = BY_DATES
) -> tuple[Quarter, ...]:
    """The quarters that end on `as_of` and every three months before it, oldest first, as far back as the books go.

    `opening` is the first day of the books, which may lie within the oldest quarter; None, without an item, gives none.
    Example: as of 17 May 2026 with books from 1 November 2025, the quarters end on 17 November 2025 (not whole), 17
    February and 17 May 2026.
    """
    if opening is None:
        return ()
    ends = [as_of]
    while len(ends) <= QUARTERS_MAX and ends[-1] >= opening:
        ends.append(months_before(as_of, 3 * len(ends)))
    latest_first = [_quarter(issued, before, last, as_of, days, opening, history) for last, before in pairwise(ends)]
    return tuple(reversed(latest_first))


def _quarter(
    items: Iterable[Item], before: int, last: int, as_of: int, days: Fraction, opening: int, history: ItemHistory
) -> Quarter:
    """The quarter from the day after `before` to `last`."""
    opening_amount = sales = invoices = credit_notes = overdue = 0
    for item in items:
        opening_amount += history.open_on(item, before)
        if before < item.issued <= last:
            sales += history.sold(item)
        closing_amount = item.open_amount if last == as_of else history.open_on(item, last)
        if item.is_credit:
            credit_notes += closing_amount
            continue
        invoices += closing_amount
        if item.due < last:
            overdue += closing_amount
    whole = opening <= before + 1
    return Quarter(
        first=before + 1,
        last=last,
        whole=whole,
        opening=opening_amount if whole else None,
        sales=sales,
        invoices=invoices,
        credits=credit_notes,
        overdue=overdue,
        days=days,
    )
