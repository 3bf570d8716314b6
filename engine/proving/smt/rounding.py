"""Rounding and division by a constant, as linear conditions on the one result. Part of `engine.proving.smt`.

A result q of x / n, rounded, is pinned down by sums alone: half-even is `2qn - n <= 2x <= 2qn + n`, and q is even where
2x lies on an end. For every x there is exactly one such q, so the conditions may stand beside any question. Example: 25
by 10 lies between 2 and 3 on an end, and 2 is even.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import partial

from engine.proving.smt.terms import Derivation, Term, Terms


def rounded(terms: Terms, dividend: Term, divisor: int, mode: str) -> Term:
    """`dividend / divisor` by one of the modes of `engine.ruleset.formula.Rescale`. `divisor` is not 0."""
    if divisor < 0:
        dividend, divisor = terms.scaled(-1, dividend), -divisor
    if divisor == 1:
        return dividend
    compute = partial(rounded_number, divisor=divisor, mode=mode)
    guards = terms.guards(dividend)
    if guards is not None:
        return terms.cases((guard, compute(constant)) for guard, constant in guards)
    derivation = Derivation(kind="rounded", compute=compute, is_exact=True, words="a rounded amount")
    conditions = partial(_conditions, terms, dividend, divisor, mode)
    return terms.derived((dividend,), (divisor, mode), derivation, conditions)


def remainder(terms: Terms, dividend: Term, divisor: int) -> Term:
    """The remainder by a constant that is not 0, with the sign of the divisor."""
    sign = -1 if divisor < 0 else 1
    floor = rounded(terms, dividend if sign > 0 else terms.scaled(-1, dividend), abs(divisor), "floor")
    return terms.combination(0, ((1, dividend), (-abs(divisor) * sign, floor)))


def rounded_number(dividend: int, divisor: int, mode: str) -> int:
    """The result itself; `divisor` is positive."""
    exact = Fraction(dividend, divisor)
    floor = dividend // divisor
    match mode:
        case "floor":
            return floor
        case "ceiling":
            return -(-dividend // divisor)
        case "down":
            return floor if dividend >= 0 else -(-dividend // divisor)
        case "up":
            return -(-dividend // divisor) if dividend >= 0 else floor
        case "half_even":
            return round(exact)
    rest = exact - floor
    if rest != Fraction(1, 2):
        return floor if rest < Fraction(1, 2) else floor + 1
    away_is_up = dividend >= 0
    return floor + 1 if away_is_up == (mode == "half_up") else floor


def _conditions(terms: Terms, dividend: Term, divisor: int, mode: str, result: Term) -> Iterable[Term]:
    rest = terms.combination(0, ((1, dividend), (-divisor, result)))
    not_negative = terms.at_most(terms.zero, dividend)
    floor = terms.between(0, rest, divisor - 1)
    ceiling = terms.between(1 - divisor, rest, 0)
    match mode:
        case "floor":
            return (floor,)
        case "ceiling":
            return (ceiling,)
        case "down":
            return _by_sign(terms, not_negative, floor, ceiling)
        case "up":
            return _by_sign(terms, not_negative, ceiling, floor)
    twice = terms.scaled(2, rest)
    if mode == "half_even":
        return (terms.between(-divisor, twice, divisor), *_even_on_ties(terms, twice, divisor, result))
    tie_down = terms.between(1 - divisor, twice, divisor)  # a tie stays at the lower of the two
    tie_up = terms.between(-divisor, twice, divisor - 1)
    away = mode == "half_up"
    return _by_sign(terms, not_negative, tie_up if away else tie_down, tie_down if away else tie_up)


def _by_sign(terms: Terms, not_negative: Term, then: Term, otherwise: Term) -> tuple[Term, Term]:
    return terms.implies(not_negative, then), terms.any((not_negative, otherwise))


def _even_on_ties(terms: Terms, twice: Term, divisor: int, result: Term) -> Iterator[Term]:
    """There are ties only where the divisor is even."""
    if divisor % 2 == 0:
        ends = (terms.equal(twice, terms.constant(end)) for end in (-divisor, divisor))
        yield terms.implies(terms.any(ends), is_even(terms, result))


def is_even(terms: Terms, number: Term) -> Term:
    """Whether it is twice its half."""
    derivation = Derivation(kind="half", compute=lambda value: value // 2, is_exact=True, words="a half")
    half = terms.derived(
        (number,),
        None,
        derivation,
        lambda half: (terms.between(0, terms.combination(0, ((1, number), (-2, half))), 1),),
    )
    return terms.equal(number, terms.scaled(2, half))
