"""What a book of receivables says on a day: aging, DSO, collection effectiveness, concentration, overdue structure.

Noun and verbs beside the pipeline: `rows` gives the items, `decided` lets the policies speak about
them. Every figure is exact: integers in minor units, quotients as fractions that are rounded only where they are shown.
Definitions and their sources are in docs/portfolio.md.
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

QUARTERS_MAX = 8
TOP = 10

BUCKETS = ("current", "1-30", "31-60", "61-90", "91-180", "181-365", "over 365")
_BUCKET_DAYS = (0, 30, 60, 90, 180, 365)
"""The last day overdue of each bucket but the last (common credit-desk practice)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A group of open items. `overdue` leaves credit notes out: what we owe a customer doesn't make it pay in time."""

    key: str
    count: int
    amount: int
    overdue_count: int
    overdue: int

    @property
    def overdue_share(self) -> Fraction | None:
        return ratio(self.overdue, self.amount)


@dataclass(frozen=True, slots=True)
class Bucket:
    key: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Quarter:
    """Three months that end on the report's date or a multiple of three months before it. `whole`: the books cover it
    from its first day; if they don't, what was open before isn't known (`opening` is None) and it has no ratios. `days`
    is what DSO counts a quarter as."""

    first: int
    last: int
    whole: bool
    opening: int | None
    sales: int
    receivables: int
    overdue: int
    days: Fraction

    @property
    def current(self) -> int:
        return self.receivables - self.overdue

    @property
    def dso(self) -> Fraction | None:
        """Closing receivables ÷ credit sales × days; None without sales."""
        return self._in_days(self.receivables)

    @property
    def best_possible_dso(self) -> Fraction | None:
        """Current receivables ÷ credit sales × days."""
        return self._in_days(self.current)

    @property
    def average_days_delinquent(self) -> Fraction | None:
        """DSO less best possible DSO."""
        return self._in_days(self.overdue)

    @property
    def effectiveness(self) -> Fraction | None:
        """CEI: (opening + sales − closing) ÷ (opening + sales − closing current); None where nothing could be
        collected."""
        if self.opening is None:
            return None
        collectable = self.opening + self.sales
        return ratio(collectable - self.receivables, collectable - self.current)

    def _in_days(self, amount: int) -> Fraction | None:
        share = ratio(amount, self.sales) if self.whole else None
        return None if share is None else share * self.days


@dataclass(frozen=True, slots=True)
class Balance:
    customer: str
    count: int
    amount: int
    share: Fraction


@dataclass(frozen=True, slots=True)
class Concentration:
    """Over customers who owe something on balance; shares are of what these owe together."""

    customers: int
    owed: int
    top: tuple[Balance, ...]
    top_share: Fraction | None
    herfindahl: Fraction | None


@dataclass(frozen=True, slots=True)
class PortfolioFigures:
    as_of: int
    opening: int | None
    total: Line
    disputed: int | None
    aging: tuple[Bucket, ...]
    credits: Bucket
    quarters: tuple[Quarter, ...]  # oldest first
    concentration: Concentration


def figures(
    items: Sequence[Item], as_of: int, days_in_quarter: Fraction, opening: int | None = None
) -> PortfolioFigures:
    """`opening`: the first day from which the books are complete; the first issue date where it isn't given."""
    issued = [item for item in items if item.issued <= as_of]
    owed = [item for item in issued if item.open_amount]
    first = opening if opening is not None else min((item.issued for item in issued), default=None)
    return PortfolioFigures(
        as_of,
        first,
        line("", owed, as_of),
        disputed_amount(owed),
        *aging(owed, as_of),
        quarters(issued, as_of, days_in_quarter, first),
        concentration(owed),
    )


def ratio(part: int, whole: int) -> Fraction | None:
    """None where there is nothing to divide by, or a negative balance."""
    return Fraction(part, whole) if whole > 0 else None


# --- open items -------------------------------------------------------------------------------------------------------


def bucket_of(days_overdue: int) -> str:
    return BUCKETS[bisect_left(_BUCKET_DAYS, days_overdue)]


def aging(owed: Iterable[Item], as_of: int) -> tuple[tuple[Bucket, ...], Bucket]:
    """Invoices by days overdue; credit notes that are not set off stand apart."""
    found: dict[str, list[int]] = {key: [] for key in (*BUCKETS, "")}
    for item in owed:
        found["" if item.is_credit else bucket_of(as_of - item.due)].append(item.open_amount)
    buckets = [Bucket(key, len(amounts), sum(amounts)) for key, amounts in found.items()]
    return tuple(buckets[:-1]), buckets[-1]


def line(key: str, owed: Iterable[Item], as_of: int) -> Line:
    count = amount = overdue_count = overdue = 0
    for item in owed:
        count += 1
        amount += item.open_amount
        if item.due < as_of and not item.is_credit:
            overdue_count += 1
            overdue += item.open_amount
    return Line(key, count, amount, overdue_count, overdue)


def lines_by(owed: Iterable[Item], as_of: int, key: Callable[[Item], str]) -> tuple[Line, ...]:
    """The largest amounts first."""
    groups: defaultdict[str, list[Item]] = defaultdict(list)
    for item in owed:
        groups[key(item)].append(item)
    found = [line(name, group, as_of) for name, group in groups.items()]
    return tuple(sorted(found, key=lambda each: (-each.amount, each.key)))


def disputed_amount(owed: Iterable[Item]) -> int | None:
    """None where it isn't known of every open invoice."""
    total = 0
    for item in owed:
        if item.disputed is None:
            return None
        total += item.open_amount if item.disputed and not item.is_credit else 0
    return total


def concentration(owed: Iterable[Item]) -> Concentration:
    counts: defaultdict[str, int] = defaultdict(int)
    amounts: defaultdict[str, int] = defaultdict(int)
    for item in owed:
        counts[item.customer] += 1
        amounts[item.customer] += item.open_amount
    debtors = sorted(((-amount, name) for name, amount in amounts.items() if amount > 0))
    total = -sum(amount for amount, _ in debtors)
    top = tuple(Balance(name, counts[name], -amount, Fraction(-amount, total)) for amount, name in debtors[:TOP])
    squares = sum(amount * amount for amount, _ in debtors)
    return Concentration(
        len(debtors),
        total,
        top,
        ratio(sum(balance.amount for balance in top), total),
        ratio(squares, total * total),
    )


# --- quarters ---------------------------------------------------------------------------------------------------------


def quarters(issued: Sequence[Item], as_of: int, days: Fraction, opening: int | None) -> tuple[Quarter, ...]:
    """Oldest first, as far back as the books go; the oldest may be cut into by their first day."""
    if opening is None:
        return ()
    ends = [as_of]
    while len(ends) <= QUARTERS_MAX and ends[-1] >= opening:
        ends.append(months_before(as_of, 3 * len(ends)))
    found = [_quarter(issued, before, last, as_of, days, opening) for last, before in pairwise(ends)]
    return tuple(reversed(found))


def _quarter(items: Iterable[Item], before: int, last: int, as_of: int, days: Fraction, opening: int) -> Quarter:
    """The quarter from the day after `before` to `last`."""
    start = sales = receivables = overdue = 0
    for item in items:
        start += item.open_on(before)
        if before < item.issued <= last:
            sales += item.amount
        owed = item.open_amount if last == as_of else item.open_on(last)
        receivables += owed
        if item.due < last and not item.is_credit:
            overdue += owed
    whole = opening <= before + 1
    return Quarter(before + 1, last, whole, start if whole else None, sales, receivables, overdue, days)
