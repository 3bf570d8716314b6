"""Integer arithmetic that the generated Python calls where an operator of the language is not enough.

Scaled integers in and out, no floats, no Decimal; `interpret` computes the same by other means, which is what
makes it an oracle.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from engine.vocabulary.days import date_of, day_number

_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def half_even(numerator: int, denominator: int) -> int:
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    whole, rest = divmod(numerator, denominator)
    doubled = rest + rest
    if doubled > denominator or (doubled == denominator and whole & 1):
        return whole + 1
    return whole


def half_up(numerator: int, denominator: int) -> int:
    """A tie goes away from zero."""
    whole, rest = divmod(abs(numerator), denominator)
    return _signed(numerator, whole + (rest + rest >= denominator))


def half_down(numerator: int, denominator: int) -> int:
    """A tie goes towards zero."""
    whole, rest = divmod(abs(numerator), denominator)
    return _signed(numerator, whole + (rest + rest > denominator))


def up(numerator: int, denominator: int) -> int:
    """Away from zero."""
    return _signed(numerator, -(-abs(numerator) // denominator))


def down(numerator: int, denominator: int) -> int:
    """Towards zero."""
    return _signed(numerator, abs(numerator) // denominator)


def floor(numerator: int, denominator: int) -> int:
    return numerator // denominator


def ceiling(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _signed(sign_of: int, magnitude: int) -> int:
    return -magnitude if sign_of < 0 else magnitude


def add_months(day: int, months: int) -> int:
    start = date_of(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    leap = month == 1 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    length = 29 if leap else _MONTH_LENGTHS[month]
    return day_number(date(year, month + 1, min(start.day, length)))


def year(day: int) -> int:
    return date_of(day).year


def month(day: int) -> int:
    return date_of(day).month


def day_of_month(day: int) -> int:
    return date_of(day).day


def weekday(day: int) -> int:
    """1 Monday … 7 Sunday; 1970-01-01 was a Thursday."""
    return (day + 3) % 7 + 1


def substring(text: str, start: int, length: int | None = None) -> str:
    """Counts from 1, from the end when negative; no characters where the start lies beyond either end."""
    first = start - 1 if start > 0 else len(text) + start
    if first < 0:
        return ""
    return text[first:] if length is None else text[first : first + length]


ROUNDINGS: dict[str, Callable[[int, int], int]] = {
    "half_even": half_even,
    "half_up": half_up,
    "half_down": half_down,
    "up": up,
    "down": down,
    "floor": floor,
    "ceiling": ceiling,
}

DATE_PARTS: dict[str, Callable[[int], int]] = {
    "year": year,
    "month": month,
    "day": day_of_month,
    "weekday": weekday,
}
