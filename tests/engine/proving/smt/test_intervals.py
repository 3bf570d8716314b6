"""The first point at which something holds, and the least sum of two: held against trying all of them."""

from __future__ import annotations

import random
from itertools import product as pairs

import pytest

from engine.proving.smt import intervals
from engine.proving.smt.intervals import SUM, BoxEvaluation, Range, TooManyBoxes, first_point, least_sum
from engine.proving.smt.products import product, quotient
from engine.proving.smt.rounding import rounded
from engine.proving.smt.term_values import Evaluation
from engine.proving.smt.terms import Term, Terms
from tests.support.steps import long_after

TOPS = (17, 23)
MODES = ("half_even", "half_up", "floor", "ceiling", "down", "up")


def _number(terms: Terms, chance: random.Random, depth: int) -> Term:
    x, y = terms.unknown("x"), terms.unknown("y")
    if depth == 0:
        return chance.choice([x, y, terms.constant(chance.randint(-20, 20))])
    one, other = (_number(terms, chance, depth - 1) for _ in range(2))
    match chance.randrange(6):
        case 0:
            return terms.combination(
                chance.randint(-9, 9), ((chance.randint(-3, 3), one), (chance.randint(-3, 3), other))
            )
        case 1:
            return terms.choice(_proposition(terms, chance, depth - 1), one, other)
        case 2:
            return rounded(terms, one, chance.choice([2, 3, 10]), chance.choice(MODES))
        case 3:
            return product(terms, one, other)
        case 4:
            return quotient(terms, one, other)
        case _:
            cases = ((_proposition(terms, chance, 0), chance.randint(-9, 9)),)
            return terms.choice(cases[0][0], terms.constant(cases[0][1]), one)


def _proposition(terms: Terms, chance: random.Random, depth: int) -> Term:
    if depth == 0:
        return terms.at_most(_number(terms, chance, 0), _number(terms, chance, 0))
    match chance.randrange(4):
        case 0:
            return terms.all(_proposition(terms, chance, depth - 1) for _ in range(2))
        case 1:
            return terms.any(_proposition(terms, chance, depth - 1) for _ in range(2))
        case 2:
            return terms.negation(_proposition(terms, chance, depth - 1))
        case _:
            compare = chance.choice([terms.at_most, terms.below, terms.equal])
            return compare(_number(terms, chance, depth), _number(terms, chance, depth - 1))


@pytest.mark.parametrize("seed", long_after(120, range(1_200)))
def test_random_propositions_are_searched_as_by_trying_all(seed: int) -> None:
    chance, terms = random.Random(seed), Terms()
    wanted = _proposition(terms, chance, 3)
    worked = Evaluation(terms, [wanted])
    holds = {
        (x, y): bool(worked({"x": x, "y": y})[wanted.number])
        for x, y in pairs(range(1, TOPS[0] + 1), range(1, TOPS[1] + 1))
    }

    for y in (1, 7, TOPS[1]):
        one = BoxEvaluation(terms, wanted, {"y": y}, ["x"])
        expected = next((x for x in range(1, TOPS[0] + 1) if holds[x, y]), None)
        assert first_point(lambda span, one=one: one({"x": span}), (1, TOPS[0])) == expected  # type: ignore[misc]
    both = BoxEvaluation(terms, wanted, {}, ["x", "y"])

    def answer(total: Range, x: Range, y: Range) -> bool | None:
        found = both({SUM: total, "x": x, "y": y})
        inside = [
            holds[point]
            for point in pairs(range(x[0], x[1] + 1), range(y[0], y[1] + 1))
            if total[0] <= sum(point) <= total[1]
        ]
        assert found is None or set(inside) <= {found}
        return found

    least = min((x + y, x) for (x, y), is_so in holds.items() if is_so) if any(holds.values()) else None
    assert least_sum(answer, TOPS, sum(TOPS)) == (least and (least[1], least[0] - least[1]))
    if least is not None:
        assert least_sum(answer, TOPS, least[0] - 1) is None


def test_a_search_gives_up_after_so_many_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "BOXES_MAX", 3)
    terms = Terms()
    far = terms.equal(terms.unknown("x"), terms.constant(999_983))
    one = BoxEvaluation(terms, far, {}, ["x"])

    with pytest.raises(TooManyBoxes):
        first_point(lambda span: one({"x": span}), (1, 10**6))
