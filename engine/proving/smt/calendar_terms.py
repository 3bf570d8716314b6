"""The calendar as linear conditions: parts of a date, and a date plus months. Part of `engine.proving.smt`.

A day is counted from 1970-01-01. Its year y follows from the days before 1 January of each year, `365 y` and a day for
every leap year before, which are quotients by constants; its month follows from the place in the year; the rest is the
day. Exact for every year of the Gregorian calendar, before 1970 too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.proving.smt.rounding import remainder, rounded
from engine.proving.smt.terms import Derivation, Term, Terms

_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
"""Days of a common year before each month, and its length."""

_DAYS_TO_1970 = 719_162
"""Days from 0001-01-01 to 1970-01-01."""

_THURSDAY = 3
"""Days from a Monday to 1970-01-01."""


@dataclass(frozen=True, slots=True)
class DateTerms:
    """A date taken apart."""

    year: Term
    month: Term
    """1 to 12, as cases."""
    day: Term


def date_terms(terms: Terms, date: Term) -> DateTerms:
    """The year, month and day of a date."""
    year = _year(terms, date)
    place = terms.difference(date, _first_day(terms, year))
    leap = _is_leap(terms, year)
    begun = [terms.at_most(_before(terms, month, leap), place) for month in range(2, 13)]  # February to December
    before: Term = terms.zero
    for month, has_begun in enumerate(begun, 2):
        before = terms.choice(has_begun, _before(terms, month, leap), before)
    day = terms.combination(1, ((1, place), (-1, before)))
    return DateTerms(year, terms.cases(_months(terms, begun)), day)


def _months(terms: Terms, begun: list[Term]) -> Iterator[tuple[Term, int]]:
    """The last month that has begun. Exactly one holds whatever the date is, also where a solver tries what no date
    is: that February has not begun and March has."""
    after: list[Term] = []
    for month in range(12, 1, -1):
        yield terms.all((begun[month - 2], *after)), month
        after.append(terms.negation(begun[month - 2]))
    yield terms.all(after), 1


def weekday(terms: Terms, date: Term) -> Term:
    """1 Monday to 7 Sunday."""
    shifted = terms.combination(_THURSDAY, ((1, date),))
    return terms.combination(1, ((1, remainder(terms, shifted, 7)),))


def plus_months(terms: Terms, date: Term, months: Term) -> Term:
    """The date plus months, its day cut to the length of the month."""
    start = date_terms(terms, date)
    count = terms.combination(-1, ((12, start.year), (1, start.month), (1, months)))
    year = rounded(terms, count, 12, "floor")
    leap = _is_leap(terms, year)
    month = terms.combination(1, ((1, count), (-12, year)))
    before: Term = terms.zero
    length: Term = terms.constant(31)
    for number in range(2, 13):
        begun = terms.at_most(terms.constant(number), month)
        before = terms.choice(begun, _before(terms, number, leap), before)
        length = terms.choice(begun, _length(terms, number, leap), length)
    day = terms.choice(terms.at_most(start.day, length), start.day, length)
    return terms.combination(-1, ((1, _first_day(terms, year)), (1, before), (1, day)))


def _year(terms: Terms, date: Term) -> Term:
    """The year whose first day is the last one that is not after the date."""

    def conditions(year: Term) -> Iterable[Term]:
        next_year = terms.combination(1, ((1, year),))
        yield terms.at_most(_first_day(terms, year), date)
        yield terms.below(date, _first_day(terms, next_year))

    derivation = Derivation(kind="year", compute=_year_of, is_exact=True, words="the year of a date")
    return terms.derived((date,), None, derivation, conditions)


def _first_day(terms: Terms, year: Term) -> Term:
    """1 January, in days since 1970-01-01."""
    before = terms.combination(-1, ((1, year),))
    quarters, centuries, cycles = (rounded(terms, before, years, "floor") for years in (4, 100, 400))
    return terms.combination(-_DAYS_TO_1970, ((365, before), (1, quarters), (-1, centuries), (1, cycles)))


def _first_day_of(year: int) -> int:
    before = year - 1
    return 365 * before + before // 4 - before // 100 + before // 400 - _DAYS_TO_1970


def _year_of(day: int) -> int:
    year = 1970 + day // 366
    while _first_day_of(year + 1) <= day:
        year += 1
    while _first_day_of(year) > day:
        year -= 1
    return year


def _is_leap(terms: Terms, year: Term) -> Term:
    by_4, by_100, by_400 = (terms.equal(remainder(terms, year, years), terms.zero) for years in (4, 100, 400))
    return terms.any((terms.all((by_4, terms.negation(by_100))), by_400))


def _before(terms: Terms, month: int, leap: Term) -> Term:
    """Days of the year before the month."""
    days = _BEFORE_MONTH[month - 1]
    return terms.cases(((leap, days + (month > 2)), (terms.negation(leap), days)))


def _length(terms: Terms, month: int, leap: Term) -> Term:
    days = _BEFORE_MONTH[month] - _BEFORE_MONTH[month - 1]
    return terms.cases(((leap, days + (month == 2)), (terms.negation(leap), days)))
