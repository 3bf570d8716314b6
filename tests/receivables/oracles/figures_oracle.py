"""The items of the portfolio as they were before histories and portfolios had one noun: what `closing_oracle` adds up.

Kept word for word, so that the account facts of today can be held against those of the time when they were worked out
twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Item(NamedTuple):
    """One invoice or, with a negative amount, one credit note. Dates are days since 1970-01-01, amounts are in minor
    units. `settled` is None while nothing says that it was paid. `open_amount` is what is open on the report's date."""

    number: str
    customer: str
    issued: int
    due: int
    settled: int | None
    amount: int
    open_amount: int
    disputed: bool | None = None
    country: str | None = None
    industry: str | None = None

    @property
    def is_credit(self) -> bool:
        return self.amount < 0

    def open_on(self, day: int) -> int:
        """At the close of a past day. Part payments have no dates, so an invoice is whole until it is settled."""
        return self.amount if self.issued <= day and (self.settled is None or self.settled > day) else 0


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


def ratio(part: int, whole: int) -> Fraction | None:
    """None where there is nothing to divide by, or a negative balance."""
    return Fraction(part, whole) if whole > 0 else None


def line(key: str, owed: Iterable[Item], as_of: int) -> Line:
    count = amount = overdue_count = overdue = 0
    for item in owed:
        count += 1
        amount += item.open_amount
        if item.due < as_of and not item.is_credit:
            overdue_count += 1
            overdue += item.open_amount
    return Line(key, count, amount, overdue_count, overdue)


def disputed_amount(owed: Iterable[Item]) -> int | None:
    """None where it isn't known of every open invoice."""
    total = 0
    for item in owed:
        if item.disputed is None:
            return None
        total += item.open_amount if item.disputed and not item.is_credit else 0
    return total
