"""Products and quotients of two numbers that both vary: what is linear about them. Part of `engine.proving.smt`.

A solver that is given `x * y` itself often gives up. Here the product is a number of its own with truths that are
linear: its sign, its bounds, its value where one factor is 0 or at its upper end, and, between two products that share
a factor, how far they can lie apart. Proofs need no more for most questions. They do need the tight form for whole
numbers: a share y of at most h that is not h is at most h - 1, so that `x*y - x'*y <= (h - 1) * (x - x')`. Without it
rounding half to even (0.5 to 0, and 1.5 to 2) leaves room for a cent that no share can produce.

Whatever is proved with truths that leave too much room is proved. What is found may be none: then the point that was
used is added exactly (`exact_at`), and the question is asked again.

Every condition here holds for all whole numbers, whatever the factors are; the tests try each on all small ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from engine.proving.smt.rounding import is_even, rounded, rounded_number
from engine.proving.smt.terms import Derivation, Term, Terms

PRODUCT, QUOTIENT = "product", "quotient"

EVERYDAY_SHARES = (50, 80, 90)
"""Percentages of the upper end at which a product is exact without being asked: covers and shares of every day."""


def product(terms: Terms, left: Term, right: Term, *, share_most: int = 0) -> Term:
    """`left * right`. `share_most` is the upper end of `right` where that is a share from 0 on; 0 where it is none."""
    for factor, other in ((left, right), (right, left)):
        if terms.guards(factor) is not None:
            return terms.times_cases(factor, other)
    if not share_most and left.number > right.number:
        left, right = right, left
    derivation = Derivation(kind=PRODUCT, compute=lambda x, y: x * y, is_exact=False, words="a product of two facts")
    conditions = partial(_product_conditions, terms, left, right, share_most)
    return terms.derived((left, right), share_most, derivation, conditions)


def quotient(terms: Terms, dividend: Term, divisor: Term) -> Term:
    """`dividend / divisor`, rounded half to even; anything where the divisor is 0."""
    guards = terms.guards(divisor)
    if guards is not None:
        result: Term = terms.zero
        for guard, constant in guards:
            if constant:
                result = terms.choice(guard, rounded(terms, dividend, constant, "half_even"), result)
        return result
    derivation = Derivation(kind=QUOTIENT, compute=_quotient_of, is_exact=False, words="a ratio of two facts")
    conditions = partial(_quotient_conditions, terms, dividend, divisor)
    return terms.derived((dividend, divisor), None, derivation, conditions)


def _quotient_of(dividend: int, divisor: int) -> int:
    if divisor == 0:
        return 0
    sign = 1 if divisor > 0 else -1
    return rounded_number(sign * dividend, sign * divisor, "half_even")


# --- what holds of one -----------------------------------------------------------------------------------------------


def _product_conditions(terms: Terms, x: Term, y: Term, most: int, p: Term) -> Iterator[Term]:
    zero = terms.zero
    signs = ((terms.at_most(zero, x), terms.at_most(x, zero)), (terms.at_most(zero, y), terms.at_most(y, zero)))
    (x_up, x_down), (y_up, y_down) = signs
    up, down = terms.at_most(zero, p), terms.at_most(p, zero)
    yield terms.implies(terms.any((terms.all((x_up, y_up)), terms.all((x_down, y_down)))), up)
    yield terms.implies(terms.any((terms.all((x_up, y_down)), terms.all((x_down, y_up)))), down)
    if not most:
        yield from _at_least_a_factor(terms, x, y, p)
        return
    is_share = terms.between(0, y, most)
    below, above = terms.all((is_share, terms.below(y, terms.constant(most)))), terms.below(zero, y)
    for premise, low, high in ((is_share, 0, most), (below, 0, most - 1), (terms.all((is_share, above)), 1, most)):
        yield from _within(terms, premise, x_up, x_down, terms.scaled(low, x), p, terms.scaled(high, x))
    for share in (0, most, *(most * percent // 100 for percent in EVERYDAY_SHARES)):
        yield terms.implies(terms.equal(y, terms.constant(share)), terms.equal(p, terms.scaled(share, x)))


def _at_least_a_factor(terms: Terms, x: Term, y: Term, p: Term) -> Iterator[Term]:
    """Where both are positive, the product is at least as large as each; where they are not 0, it isn't either."""
    positive = terms.all((terms.below(terms.zero, x), terms.below(terms.zero, y)))
    yield terms.implies(positive, terms.all((terms.at_most(x, p), terms.at_most(y, p))))
    is_zero = [terms.equal(each, terms.zero) for each in (x, y)]
    yield terms.same(terms.any(is_zero), terms.equal(p, terms.zero))


def _within(terms: Terms, premise: Term, x_up: Term, x_down: Term, low: Term, p: Term, high: Term) -> Iterator[Term]:
    """From `low` to `high` where x is not negative, from `high` to `low` where it is."""
    yield terms.implies(terms.all((premise, x_up)), terms.all((terms.at_most(low, p), terms.at_most(p, high))))
    yield terms.implies(terms.all((premise, x_down)), terms.all((terms.at_most(high, p), terms.at_most(p, low))))


def _quotient_conditions(terms: Terms, dividend: Term, divisor: Term, q: Term) -> Iterator[Term]:
    """`|2x - 2qy| <= |y|`, with `q * y` a product, and q even on an end."""
    zero = terms.zero
    back = product(terms, q, divisor)
    rest = terms.combination(0, ((2, dividend), (-2, back)))
    positive, negative = terms.below(zero, divisor), terms.below(divisor, zero)
    minus_rest, minus = terms.scaled(-1, rest), terms.scaled(-1, divisor)
    yield terms.implies(positive, terms.all((terms.at_most(rest, divisor), terms.at_most(minus_rest, divisor))))
    yield terms.implies(negative, terms.all((terms.at_most(rest, minus), terms.at_most(minus_rest, minus))))
    ends = terms.any((terms.equal(rest, divisor), terms.equal(rest, minus)))
    yield terms.implies(terms.all((ends, terms.any((positive, negative)))), is_even(terms, q))
    yield terms.any((positive, negative, terms.equal(q, zero)))
    up = terms.all((positive, terms.at_most(zero, dividend)))
    yield terms.implies(up, terms.all((terms.at_most(zero, q), terms.at_most(q, dividend))))
    yield terms.implies(terms.all((positive, terms.at_most(dividend, zero))), terms.at_most(q, zero))


# --- what holds between two ------------------------------------------------------------------------------------------


def between_pairs(terms: Terms, derived: Sequence[Term]) -> Iterator[Term]:
    """What holds between each two of the products, and of the quotients, among these derived terms."""
    products = [each for each in derived if terms.derivations[each.number].kind == PRODUCT]
    for index, first in enumerate(products):
        for second in products[index + 1 :]:
            yield from _between_products(terms, first, second)
    quotients = [each for each in derived if terms.derivations[each.number].kind == QUOTIENT]
    for index, first in enumerate(quotients):
        for second in quotients[index + 1 :]:
            yield from _between_quotients(terms, first, second)


def _between_products(terms: Terms, p: Term, other: Term) -> Iterator[Term]:
    (x, y), (u, v) = p.parts, other.parts
    if y is v:
        most = min(_share_most(p), _share_most(other))
        yield from _same_share(terms, y, (x, p), (u, other), most)
    elif x is u:
        yield from _same_amount(terms, x, (y, p), (v, other))
    elif _share_most(p) and _share_most(other):
        yield from _both_larger(terms, p, other)
        yield from _both_larger(terms, other, p)


def _share_most(p: Term) -> int:
    """The upper end of the second factor, 0 where that is no share."""
    if not isinstance(p.value, tuple) or not isinstance(p.value[1], int):
        return 0
    return p.value[1]


def _same_share(
    terms: Terms, y: Term, first: tuple[Term, Term], second: tuple[Term, Term], most: int
) -> Iterator[Term]:
    """Two amounts, one share: the products differ by the share of the difference."""
    zero = terms.zero
    for (x, p), (u, other) in ((first, second), (second, first)):
        gap, apart = terms.difference(x, u), terms.difference(p, other)
        larger = terms.at_most(zero, gap)
        yield terms.implies(terms.all((larger, terms.at_most(zero, y))), terms.at_most(zero, apart))
        yield terms.implies(terms.all((larger, terms.at_most(y, zero))), terms.at_most(apart, zero))
        yield terms.implies(terms.all((larger, terms.below(zero, y))), terms.at_most(gap, apart))
        if most:
            upper = terms.at_most(y, terms.constant(most))
            tight = terms.below(y, terms.constant(most))
            yield terms.implies(terms.all((larger, upper)), terms.at_most(apart, terms.scaled(most, gap)))
            yield terms.implies(terms.all((larger, tight)), terms.at_most(apart, terms.scaled(most - 1, gap)))


def _same_amount(terms: Terms, x: Term, first: tuple[Term, Term], second: tuple[Term, Term]) -> Iterator[Term]:
    """One amount, two shares: the larger share of it is larger, by the amount at least where they differ."""
    zero = terms.zero
    for (y, p), (v, other) in ((first, second), (second, first)):
        larger, apart = terms.below(v, y), terms.difference(p, other)
        yield terms.implies(terms.all((larger, terms.at_most(zero, x))), terms.at_most(x, apart))
        yield terms.implies(terms.all((larger, terms.at_most(x, zero))), terms.at_most(apart, x))


def _both_larger(terms: Terms, p: Term, other: Term) -> Iterator[Term]:
    """More of a larger amount, of amounts and shares that are not negative, is more."""
    (x, y), (u, v) = p.parts, other.parts
    zero = terms.zero
    premise = (terms.at_most(zero, u), terms.at_most(zero, v), terms.at_most(u, x), terms.at_most(v, y))
    yield terms.implies(terms.all(premise), terms.at_most(other, p))


def _between_quotients(terms: Terms, q: Term, other: Term) -> Iterator[Term]:
    """More by the same, or the same by more, of what is positive."""
    (x, y), (u, v) = q.parts, other.parts
    zero = terms.zero
    for (a, c, first), (b, d, second) in (((x, y, q), (u, v, other)), ((u, v, other), (x, y, q))):
        premise = (terms.at_most(zero, b), terms.below(zero, c), terms.at_most(b, a), terms.at_most(c, d))
        yield terms.implies(terms.all(premise), terms.at_most(second, first))


# --- at a point ------------------------------------------------------------------------------------------------------


def exact_at(terms: Terms, derived: Term, x: int, y: int) -> Iterable[Term]:
    """Conditions that leave a product or quotient no freedom where one of its factors is as given, and little
    nearby."""
    first, second = derived.parts
    if terms.derivations[derived.number].kind == QUOTIENT:
        if y:
            at = terms.equal(second, terms.constant(y))
            yield terms.implies(at, terms.equal(derived, rounded(terms, first, y, "half_even")))
        return
    yield terms.implies(terms.equal(second, terms.constant(y)), terms.equal(derived, terms.scaled(y, first)))
    yield terms.implies(terms.equal(first, terms.constant(x)), terms.equal(derived, terms.scaled(x, second)))
    tangent = terms.combination(-x * y, ((x, second), (y, first)))
    left, right = (terms.at_most(part, terms.constant(value)) for part, value in ((first, x), (second, y)))
    over, above = (terms.at_most(terms.constant(value), part) for part, value in ((first, x), (second, y)))
    alike = terms.any((terms.all((left, right)), terms.all((over, above))))
    crossed = terms.any((terms.all((left, above)), terms.all((over, right))))
    yield terms.implies(alike, terms.at_most(tangent, derived))
    yield terms.implies(crossed, terms.at_most(derived, tangent))
