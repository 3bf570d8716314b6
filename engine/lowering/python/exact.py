"""Integer arithmetic that the generated Python calls where an operator of the language is not enough.

Scaled integers and day counts in and out, no floats, no Decimal. `engine.ruleset.interpret` computes the same by other
means, so that the tests can compare the two. The rounding functions take a numerator and a denominator and give a whole
number; only `half_even` is called with a negative denominator. Of -5 and 2, which is -2.5:

    half_even -2   half_up -3   half_down -2   up -3   down -2   floor -3   ceiling -2
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from engine.vocabulary.days import date_of, day_number

_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def half_even(numerator: int, denominator: int) -> int:
    """To the nearest whole number; a tie goes to the even one. The denominator is not 0, and may be negative."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, rest = divmod(numerator, denominator)
    doubled = rest + rest
    if doubled > denominator or (doubled == denominator and quotient & 1):
        return quotient + 1
    return quotient


def half_up(numerator: int, denominator: int) -> int:
    """To the nearest whole number; a tie goes away from zero."""
    quotient, rest = divmod(abs(numerator), denominator)
    return _signed(numerator, quotient + (rest + rest >= denominator))


def half_down(numerator: int, denominator: int) -> int:
    """To the nearest whole number; a tie goes towards zero."""
    quotient, rest = divmod(abs(numerator), denominator)
    return _signed(numerator, quotient + (rest + rest > denominator))


def up(numerator: int, denominator: int) -> int:
    """Away from zero."""
    return _signed(numerator, -(-abs(numerator) // denominator))


def down(numerator: int, denominator: int) -> int:
    """Towards zero."""
    return _signed(numerator, abs(numerator) // denominator)


def floor(numerator: int, denominator: int) -> int:
    """Towards minus infinity."""
    return numerator // denominator


def ceiling(numerator: int, denominator: int) -> int:
    """Towards plus infinity."""
    return -(-numerator // denominator)


def _signed(sign_of: int, magnitude: int) -> int:
    return -magnitude if sign_of < 0 else magnitude


def add_months(day: int, months: int) -> int:
    """The same day of the month so many months later, or earlier where `months` is negative; the month's last day where
    it has no such day. Day counts in and out."""
    start = date_of(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    leap = month == 1 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    length = 29 if leap else _MONTH_LENGTHS[month]
    return day_number(date(year, month + 1, min(start.day, length)))


def year(day: int) -> int:
    """The year of a day count's date."""
    return date_of(day).year


def month(day: int) -> int:
    """The month of a day count's date, 1 to 12."""
    return date_of(day).month


def day_of_month(day: int) -> int:
    """The day of the month of a day count's date, 1 to 31."""
    return date_of(day).day


def weekday(day: int) -> int:
    """The weekday of a day count, 1 Monday to 7 Sunday: day 0, 1970-01-01, was a Thursday."""
    return (day + 3) % 7 + 1


def substring(text: str, start: int, length: int | None = None) -> str:
    """The characters from `start` on, at most `length` of them. `start` counts from 1, and from the end where it is
    negative; a start beyond either end gives no characters."""
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
"""The rounding functions by the names that `Rescale.mode` has for them."""

DATE_PARTS: dict[str, Callable[[int], int]] = {
    "year": year,
    "month": month,
    "day": day_of_month,
    "weekday": weekday,
}
"""The functions of dates by the names that `DatePart.part` has for them."""
