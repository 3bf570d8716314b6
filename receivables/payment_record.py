"""The account facts of past days, for every order of a long history: running totals instead of a look at all items.

`receivables.account_facts` defines the facts and works them out for one instant by looking at each item of the account.
The backtest asks for them on every day on which an order was placed, so that would be quadratic. Here the items of an
account are sorted into running totals once; a sum over any period is then the difference of two of them, found by
bisection, and goes to the same `facts_of_totals`.

Example: three invoices of 100, 200 and 400 were paid on days 10, 15 and 30. Their running totals are days
`(10, 15, 30)` and totals `[0, 100, 300, 700]`. As day 30 opens, two rows lie before it, so 300 was paid by then; as day
12 opens one does. Paid in the 20 days before day 31: total 3 less total 1 = 700 - 100 = 600.

A day's facts are those as the day opens (`as_day_opens`): only what happened on an earlier day counts, so neither the
order of rows within a day nor anything later can change them. Every figure is a total that is cut off before that day;
there is no other way to the events.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from engine.vocabulary.vocabulary import DATE
from receivables.account_facts import (
    QUARTER_DAYS,
    SERIOUSLY_LATE_DAYS,
    YEAR_DAYS,
    AccountFacts,
    facts_of_totals,
    payment_of,
)
from receivables.items import Item
from receivables.months import whole_months

_NEVER = DATE.high + 1
"""Stands for the closing day of an item that is still open: later than any day that facts can hold."""

_DAYS_REMEMBERED = 1 << 16


class RunningTotals:
    """Totals of dated rows, cut off before any day. A row is a day and the amounts that fall on it."""

    __slots__ = ("days", "totals")

    def __init__(self, rows: Iterable[tuple[int, ...]], width: int = 1) -> None:
        """`rows` in any order; each has `width` amounts behind its day. `days` are the days in order, and
        `totals[column][n]` is the sum of a column over the first n rows."""
        days, *columns = zip(*ordered, strict=True) if (ordered := sorted(rows)) else [()] * (width + 1)
        self.days: Sequence[int] = days
        self.totals: list[list[int]] = [[0, *accumulate(column)] for column in columns]

    def before(self, day: int) -> int:
        """How many rows lie before the day: the index of their totals."""
        return bisect_left(self.days, day)

    def total(self, day: int) -> int:
        """The first column's total before the day."""
        return self.totals[0][bisect_left(self.days, day)]


class ReceivablesByDay:
    """What all customers together have open, day by day."""

    def __init__(self, items: Iterable[Item]) -> None:
        """`items` of all customers."""
        changes: defaultdict[int, int] = defaultdict(int)
        for item in items:
            changes[item.issued] += item.amount
            closed = item.closed
            if closed is not None:
                changes[closed] -= item.amount
        self.open_before: Callable[[int], int] = lru_cache(maxsize=_DAYS_REMEMBERED)(
            RunningTotals(changes.items()).total
        )
        """The amount open as a day opens, in minor units."""


def facts_at_issue(items: Sequence[Item], receivables: ReceivablesByDay) -> Iterator[tuple[Item, AccountFacts]]:
    """One account's items in order of issue, each with the account's facts as its day of issue opened.

    `items` are all items of the account, at least one, in any order and dated (`dated_item`). `receivables` are those
    of all accounts of the history. Items of one day get the same facts.
    """
    record = _AccountRecord(items)
    day, facts = None, None
    for item in sorted(items, key=_by_issue):
        if item.issued != day or facts is None:
            day = item.issued
            facts = record.facts_as_opens(day, receivables)
        yield item, facts


def _by_issue(item: Item) -> tuple[int, str]:
    return item.issued, item.number


class _AccountRecord:
    """One account's events as running totals, to be asked about days that never fall."""

    def __init__(self, items: Sequence[Item]) -> None:
        invoices = items if all(item.amount >= 0 for item in items) else [i for i in items if not i.is_credit]
        self.first_issued = min([item.issued for item in items])
        self.issued = RunningTotals([(item.issued, item.amount) for item in items])
        self.closed = RunningTotals([_closing(item) for item in items if item.settled is not None], 5)
        # nor can it be overdue before it is issued, though it may have been due
        self.fell_due = RunningTotals([(max(item.due, item.issued), item.amount) for item in invoices])
        self.due_and_closed = RunningTotals(
            [(max(item.due, closed), item.amount) for item in invoices if (closed := item.closed) is not None]
        )
        # an item that is not issued yet is not open, so a dispute begins with its issue at the earliest
        disputed = [(max(i.disputed_on, i.issued), i.closed, i.amount) for i in invoices if i.disputed_on is not None]
        self.disputed = RunningTotals([(since, amount) for since, _, amount in disputed])
        self.disputed_and_closed = RunningTotals(
            [(max(since, closed), amount) for since, closed, amount in disputed if closed is not None]
        )
        self.by_due = sorted([(i.due, _NEVER if (closed := i.closed) is None else closed, i.issued) for i in invoices])
        self.oldest = 0

    def facts_as_opens(self, day: int, receivables: ReceivablesByDay) -> AccountFacts:
        """The account's facts as the day opens. Called with days that never fall."""
        amount, count, on_time, seriously_late, days_late = self.closed.totals
        rows_before = self.closed.before
        now, year = rows_before(day), rows_before(day - YEAR_DAYS)
        quarter, half_year = rows_before(day - QUARTER_DAYS), rows_before(day - 2 * QUARTER_DAYS)
        issued = self.issued.total(day)
        return facts_of_totals(
            months=whole_months(self.first_issued, day),
            has_items=day > self.first_issued,
            open_invoices=issued - amount[now],
            overdue_amount=self.fell_due.total(day) - self.due_and_closed.total(day),
            days_overdue_max=self._days_overdue(day),
            disputed_amount=self.disputed.total(day) - self.disputed_and_closed.total(day),
            paid=count[now] - count[year],
            paid_on_time=on_time[now] - on_time[year],
            paid_seriously_late=seriously_late[now] - seriously_late[year],
            paid_in_quarter=count[now] - count[quarter],
            days_late_in_quarter=days_late[now] - days_late[quarter],
            paid_in_previous_quarter=count[quarter] - count[half_year],
            days_late_in_previous_quarter=days_late[quarter] - days_late[half_year],
            sales=issued - self.issued.total(day - YEAR_DAYS),
            receivables_total=receivables.open_before(day),
        )

    def _days_overdue(self, day: int) -> int:
        """Days since the due date of the oldest overdue invoice. Days never fall, so an invoice that was seen closed is
        never looked at again: `oldest` is the first that was not."""
        by_due = self.by_due
        for place in range(self.oldest, len(by_due)):
            due, closed, issued = by_due[place]
            if due >= day:
                return 0
            if closed >= day and issued < day:
                return day - due
            if closed < day and place == self.oldest:
                self.oldest += 1
        return 0


def _closing(item: Item) -> tuple[int, ...]:
    """A settled item as a row: the day it stopped being owed and its amount; and, all 0 for a credit note, whether it
    counts as a paid invoice, was on time, was seriously late, and its days late."""
    payment = payment_of(item)
    if payment is None:
        return item.closed or 0, item.amount, 0, 0, 0, 0
    closed, days_late = payment
    return closed, item.amount, 1, not days_late, days_late > SERIOUSLY_LATE_DAYS, days_late
