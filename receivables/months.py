"""Calendar months and quarters of days that are counted since 1970-01-01.

Everything here takes and gives day numbers, as `engine.vocabulary.days` defines them; a `date` never leaves this
module.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from functools import lru_cache

from engine.vocabulary.days import date_of, day_number

_DAYS_REMEMBERED = 1 << 16
"""Days whose month is kept: 180 years, more than any ledger holds."""


def whole_months(first: int, day: int) -> int:
    """Months that have passed from the day `first` to the later day `day`: a month has passed on the day of the same
    number. From 31 January to 28 February none has passed, to 1 March one has."""
    months, day_of_month = _month(day)
    first_months, first_day_of_month = _month(first)
    return months - first_months - (day_of_month < first_day_of_month)


def months_before(day: int, months: int) -> int:
    """The day so many months earlier. The last day of a month goes to the last day of the other month, so that
    quarters which end with a month always do: 3 months before 31 May 2024 is 29 February 2024. A day that the other
    month lacks goes to its last day too."""
    when = date_of(day)
    year, month = divmod(when.year * 12 + when.month - 1 - months, 12)
    length = monthrange(year, month + 1)[1]
    is_last = when.day == monthrange(when.year, when.month)[1]
    return day_number(date(year, month + 1, length if is_last else min(when.day, length)))


@lru_cache(maxsize=_DAYS_REMEMBERED)
def quarter_of(day: int) -> str:
    """The calendar quarter that a day lies in, such as `2013-Q2`."""
    when = date_of(day)
    return f"{when.year}-Q{(when.month + 2) // 3}"


@lru_cache(maxsize=_DAYS_REMEMBERED)
def _month(day: int) -> tuple[int, int]:
    """Months since the year 0, and the day of the month."""
    when = date_of(day)
    return when.year * 12 + when.month, when.day
