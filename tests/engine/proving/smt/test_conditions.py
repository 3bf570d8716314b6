"""Roundings, calendar and products as conditions: true of every number, and of no other result where they are exact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import product as combinations

import pytest

from engine.proving.smt import products
from engine.proving.smt.calendar_terms import date_terms, plus_months, weekday
from engine.proving.smt.products import between_pairs, exact_at, product, quotient
from engine.proving.smt.rounding import remainder, rounded, rounded_number
from engine.proving.smt.term_values import Evaluation
from engine.proving.smt.terms import Term, Terms, reached
from engine.ruleset.interpret import _add_months, _rescale
from engine.vocabulary.days import EPOCH, day_number
from tests.support.large import how_many
from tests.support.random_formulas import MODES

SMALL = range(-7, 8)


@pytest.mark.parametrize("mode", MODES)
def test_a_rounding_is_what_the_plain_evaluator_rounds_to(mode: str) -> None:
    assert all(rounded_number(value, 10, mode) == _rescale(value, -1, mode) for value in range(-60, 61))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("divisor", (2, 3, 10))
def test_a_rounding_leaves_no_other_result(mode: str, divisor: int) -> None:
    terms = Terms()
    result = rounded(terms, terms.unknown("x"), divisor, mode)
    holds = Evaluation(terms, _closure(terms, result))
    for value in range(-4 * divisor, 4 * divisor + 1):
        exact = rounded_number(value, divisor, mode)
        fitting = [q for q in range(exact - 2, exact + 3) if _all_hold(terms, holds, result, value, q)]
        assert fitting == [exact], value


def _closure(terms: Terms, term: Term) -> list[Term]:
    """All conditions of the term and of what those are made of."""
    return [c for each in reached((term,), terms.conditions) for c in terms.conditions.get(each.number, ())]


def _all_hold(terms: Terms, holds: Evaluation, result: Term, value: int, taken: int) -> bool:
    values = holds({"x": value}, {result.number: taken})
    return all(values[condition.number] for condition in _closure(terms, result))


def test_remainders_have_the_sign_of_the_divisor() -> None:
    terms = Terms()
    x = terms.unknown("x")
    for divisor in (3, -3, 7, 1, -1):
        rest = remainder(terms, x, divisor)
        for value in range(-10, 11):
            assert Evaluation(terms, (rest,))({"x": value})[rest.number] == value % divisor


def test_dates_are_taken_apart_and_put_together_as_the_calendar_does() -> None:
    terms = Terms()
    x, months = terms.unknown("x"), terms.unknown("m")
    parts = date_terms(terms, x)
    later, day_of_week = plus_months(terms, x, months), weekday(terms, x)
    wanted = (parts.year, parts.month, parts.day, later, day_of_week)
    evaluate = Evaluation(terms, wanted)
    for day in _awkward_days():
        number = day_number(day)
        for count in (0, 1, -1, 12, 13, 25):
            values = evaluate({"x": number, "m": count})
            found = [values[term.number] for term in wanted]
            assert found == [day.year, day.month, day.day, _add_months(number, count), day.isoweekday()], (day, count)


def _awkward_days() -> Iterable[date]:
    for year in (1900, 1969, 1970, 1999, 2000, 2023, 2024, 2100, 2199):
        yield from (date(year, 1, 1), date(year, 1, 31), date(year, 2, 28), date(year, 3, 1), date(year, 12, 31))
    yield date(2024, 2, 29)
    yield from (EPOCH + timedelta(days=step * 811) for step in range(how_many(40, large=60)))


def test_the_year_of_a_date_is_the_only_one() -> None:
    terms = Terms()
    parts = date_terms(terms, terms.unknown("x"))
    holds = Evaluation(terms, _closure(terms, parts.year))
    for day in (date(2024, 1, 1), date(2023, 12, 31), date(1900, 2, 28), date(2000, 2, 29)):
        fitting = [
            year
            for year in range(day.year - 2, day.year + 3)
            if _all_hold(terms, holds, parts.year, day_number(day), year)
        ]
        assert fitting == [day.year]


# --- products: each truth, on all small numbers ----------------------------------------------------------------------

_Shape = Callable[[Terms, Sequence[Term]], list[Term]]

_SHAPES: dict[str, _Shape] = {
    "two facts": lambda t, v: [product(t, v[0], v[1])],
    "a share": lambda t, v: [product(t, v[0], v[1], share_most=4)],
    "one share of two": lambda t, v: [product(t, v[0], v[1], share_most=4), product(t, v[2], v[1], share_most=4)],
    "two shares of one": lambda t, v: [product(t, v[0], v[1], share_most=4), product(t, v[0], v[2], share_most=4)],
    "two of two": lambda t, v: [product(t, v[0], v[1], share_most=4), product(t, v[2], v[3], share_most=4)],
    "a ratio": lambda t, v: [quotient(t, v[0], v[1])],
    "two ratios": lambda t, v: [quotient(t, v[0], v[1]), quotient(t, v[2], v[3])],
}


def _false_truths(shape: _Shape) -> list[tuple[int, ...]]:
    """Small numbers that break a condition of the products."""
    terms = Terms()
    unknowns = [terms.unknown(name) for name in "abcd"]
    made = shape(terms, unknowns)
    points = [c for term in made for x, y in ((3, 2), (-2, 4), (5, 0)) for c in exact_at(terms, term, x, y)]
    truths = [*points, *between_pairs(terms, terms.derived_terms)]
    truths += [c for conditions in list(terms.conditions.values()) for c in conditions]
    evaluate = Evaluation(terms, truths)
    used = sorted({str(t.value) for term in made for t in reached((term,), {}) if t in unknowns})
    ranges = [SMALL if len(used) < 4 else range(-2, 5)] * len(used)
    broken = []
    for numbers in combinations(*ranges):
        values = evaluate(dict(zip(used, numbers, strict=True)))
        if not all(values[truth.number] for truth in truths):
            broken.append(numbers)
    return broken


@pytest.mark.parametrize("shape", _SHAPES.values(), ids=_SHAPES)
def test_what_is_said_of_products_and_ratios_is_true_of_all_small_numbers(shape: _Shape) -> None:
    assert _false_truths(shape) == []


def test_one_wrong_truth_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tight form, for shares that are the upper end as well: 7 * 4 is not at most 7 * 3."""
    said = products._within

    def wrong(terms: Terms, premise: Term, *others: Term) -> Iterable[Term]:
        return said(terms, terms.true, *others)

    monkeypatch.setattr(products, "_within", wrong)

    assert _false_truths(_SHAPES["a share"]) != []


def test_a_wrong_truth_between_two_products_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    said = products._same_share

    def wrong(terms: Terms, y: Term, first: tuple[Term, Term], second: tuple[Term, Term], most: int) -> Iterable[Term]:
        return said(terms, y, (first[0], second[1]), (second[0], first[1]), most)

    monkeypatch.setattr(products, "_same_share", wrong)

    assert _false_truths(_SHAPES["one share of two"]) != []
