"""The backtest's account facts as they were worked out before they were defined once: kept word for word as an oracle.

What was known of a customer's payment record on a past day: a ledger's events → account facts as of that day.

Noun and verb of the backtest, beside the pipeline. A day's facts are those as the day opens: only what happened on an
earlier day counts, so neither the order of rows within a day nor anything later can change them. Every figure is a
difference of running totals that are cut off before that day; there is no other way to the events.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import RATE_SCALE
from engine.vocabulary.vocabulary import DATE

YEAR_DAYS = 365
QUARTER_DAYS = 91
SERIOUSLY_LATE_DAYS = 15
SERIOUSLY_LATE_INVOICES_MIN = 5
"""With fewer paid invoices a share says little: one late one among three would be a third."""

_NEVER = DATE.high + 1
_RATE = 10**RATE_SCALE


class Invoice(NamedTuple):
    """One invoice and what became of it. Dates are days since 1970-01-01, the amount is in minor units. `settled` is
    None while nothing says that it was paid. `disputed` without `disputed_on` is a dispute whose day nobody wrote down:
    known afterwards only."""

    number: str
    customer: str
    issued: int
    due: int
    settled: int | None
    amount: int
    disputed: bool = False
    disputed_on: int | None = None

    @property
    def days_late(self) -> int | None:
        return None if self.settled is None else max(self.settled - self.due, 0)

    @property
    def closed(self) -> int | None:
        """The day it stopped being owed: an invoice paid before it was issued was never owed."""
        return None if self.settled is None else max(self.settled, self.issued)


class Known(NamedTuple):
    """An account's facts as a day opens, in the scales that `binding` binds to; a field is the fact of that name.
    None: nothing on record to tell it from."""

    months: int
    open_invoices: int
    overdue_amount: int
    days_overdue_max: int
    disputed_amount: int
    on_time_rate: int | None
    seriously_late_rate: int | None
    average_days_late: int | None
    previous_average_days_late: int | None
    average_monthly_sales: int | None
    receivables_total: int


class Running:
    """Running totals over dated rows: each row is a day and the amounts that fall on it."""

    __slots__ = ("days", "totals")

    def __init__(self, dated: Iterable[tuple[int, ...]], width: int = 1) -> None:
        days, *columns = zip(*ordered, strict=True) if (ordered := sorted(dated)) else [()] * (width + 1)
        self.days: Sequence[int] = days
        self.totals: list[list[int]] = [[0, *accumulate(column)] for column in columns]

    def before(self, day: int) -> int:
        """How many rows lie before the day: the index of their totals."""
        return bisect_left(self.days, day)

    def total(self, day: int) -> int:
        """The first column's total before the day."""
        return self.totals[0][bisect_left(self.days, day)]


class OpenInvoices:
    """All customers' open invoices together, day by day."""

    def __init__(self, invoices: Iterable[Invoice]) -> None:
        changes: defaultdict[int, int] = defaultdict(int)
        for invoice in invoices:
            changes[invoice.issued] += invoice.amount
            closed = invoice.closed
            if closed is not None:
                changes[closed] -= invoice.amount
        self.open_before: Callable[[int], int] = lru_cache(maxsize=1 << 16)(Running(changes.items()).total)


def known_at_issue(invoices: Sequence[Invoice], book: OpenInvoices) -> Iterator[tuple[Invoice, Known]]:
    """One customer's invoices in order of issue, each with what was known as its day opened."""
    record = _Record(invoices)
    day, known = None, None
    for invoice in sorted(invoices, key=_by_issue):
        if invoice.issued != day or known is None:
            day = invoice.issued
            known = record.known(day, book)
        yield invoice, known


def _by_issue(invoice: Invoice) -> tuple[int, str]:
    return invoice.issued, invoice.number


class _Record:
    """One customer's events, ready to be asked about rising days."""

    def __init__(self, invoices: Sequence[Invoice]) -> None:
        closed = [(max(i.settled, i.issued), i.due, i.settled, i.amount) for i in invoices if i.settled is not None]
        self.first = min([invoice.issued for invoice in invoices])
        self.issued = Running([(i.issued, i.amount) for i in invoices])
        self.paid = Running([_paid(day, settled - due, amount) for day, due, settled, amount in closed], 4)
        self.fell_due = Running([(i.due, i.amount) for i in invoices])
        self.due_and_closed = Running([(max(due, day), amount) for day, due, _, amount in closed])
        # what is not issued yet is not open, whatever is said of it
        disputed = [(max(i.disputed_on, i.issued), i.closed, i.amount) for i in invoices if i.disputed_on is not None]
        self.disputed = Running([(since, amount) for since, _, amount in disputed])
        self.disputed_and_closed = Running(
            [(max(day, end), amount) for day, end, amount in disputed if end is not None]
        )
        self.by_due = sorted([(i.due, _NEVER if (end := i.closed) is None else end) for i in invoices])
        self.oldest = 0

    def known(self, day: int, book: OpenInvoices) -> Known:
        closed_amount, days_late, on_time, seriously_late = self.paid.totals
        now, year, quarter, half_year = map(self.paid.before, (day, day - YEAR_DAYS, *_quarters(day)))
        paid = now - year
        seriously = seriously_late[now] - seriously_late[year]
        months = whole_months(self.first, day)
        return Known(
            months,
            self.issued.total(day) - closed_amount[now],
            self.fell_due.total(day) - self.due_and_closed.total(day),
            self._days_overdue(day),
            self.disputed.total(day) - self.disputed_and_closed.total(day),
            rounded((on_time[now] - on_time[year]) * _RATE, paid),
            rounded(seriously * _RATE, paid) if paid >= SERIOUSLY_LATE_INVOICES_MIN else None,
            rounded(days_late[now] - days_late[quarter], now - quarter),
            rounded(days_late[quarter] - days_late[half_year], quarter - half_year),
            self._monthly_sales(day, months),
            book.open_before(day),
        )

    def _monthly_sales(self, day: int, months: int) -> int | None:
        """A customer of less than a year is averaged over the months it has been one."""
        sales = self.issued.total(day) - self.issued.total(day - YEAR_DAYS)
        return rounded(sales, min(max(months, 1), 12)) if day > self.first else None

    def _days_overdue(self, day: int) -> int:
        """Days only rise, so an invoice found closed is never looked at again."""
        by_due = self.by_due
        while self.oldest < len(by_due):
            due, closed = by_due[self.oldest]
            if due >= day:
                return 0
            if closed >= day:
                return day - due
            self.oldest += 1
        return 0


def _paid(day: int, days_late: int, amount: int) -> tuple[int, ...]:
    """Day, amount, days late, on time, seriously late."""
    return day, amount, max(days_late, 0), days_late <= 0, days_late > SERIOUSLY_LATE_DAYS


def _quarters(day: int) -> tuple[int, int]:
    return day - QUARTER_DAYS, day - 2 * QUARTER_DAYS


def rounded(total: int, count: int) -> int | None:
    """The quotient, rounded half to even as policies round; None for nothing to divide by."""
    if not count:
        return None
    whole, rest = divmod(total, count)
    return whole + (2 * rest + (whole & 1) > count)


def whole_months(first: int, day: int) -> int:
    months, of_month = _month(day)
    first_months, first_of_month = _month(first)
    return months - first_months - (of_month < first_of_month)


@lru_cache(maxsize=1 << 16)
def _month(day: int) -> tuple[int, int]:
    found = date_of(day)
    return found.year * 12 + found.month, found.day
