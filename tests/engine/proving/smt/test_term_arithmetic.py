"""Terms as they are put together say what the same arithmetic says of plain numbers, however they are simplified."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

import pytest

from engine.proving.smt import terms as module
from engine.proving.smt.term_values import Evaluation
from engine.proving.smt.terms import Operator, Term, Terms

Facts = Mapping[str, object]
PROPOSITIONS, NUMBERS = ("p", "q", "r"), ("x", "y")
FACTS: list[Facts] = [
    dict(zip((*PROPOSITIONS, *NUMBERS), each, strict=True))
    for each in product(*[(False, True)] * 3, (-3, 0, 2), (-1, 5))
]


@dataclass(frozen=True, slots=True)
class Said:
    """A term, and what it comes to in plain arithmetic."""

    term: Term
    value: Callable[[Facts], int]


class Made:
    """Random terms of one chance."""

    def __init__(self, seed: int) -> None:
        self.chance, self.terms = random.Random(seed), Terms()

    def proposition(self, depth: int) -> Said:
        chance, terms = self.chance, self.terms
        kind = chance.randrange(9) if depth else 0
        if kind == 0:
            name = chance.choice(PROPOSITIONS)
            return Said(terms.unknown_proposition(name), lambda facts: bool(facts[name]))
        if kind == 1:
            inner = self.proposition(depth - 1)
            return Said(terms.negation(inner.term), lambda facts: not inner.value(facts))
        if kind in (2, 3):
            parts = [self.proposition(depth - 1) for _ in range(chance.randrange(4))]
            joined, of = ((terms.all, all), (terms.any, any))[kind - 2]
            return Said(joined(each.term for each in parts), lambda facts: of(each.value(facts) for each in parts))
        if kind == 4:
            one, two = self.proposition(depth - 1), self.proposition(depth - 1)
            return Said(terms.implies(one.term, two.term), lambda facts: not one.value(facts) or two.value(facts))
        if kind == 5:
            one, two = self.proposition(depth - 1), self.proposition(depth - 1)
            return Said(terms.same(one.term, two.term), lambda facts: one.value(facts) == two.value(facts))
        left, right = self.number(depth - 1), self.number(depth - 1)
        if kind == 6:
            return Said(terms.at_most(left.term, right.term), lambda facts: left.value(facts) <= right.value(facts))
        if kind == 7:
            return Said(terms.below(left.term, right.term), lambda facts: left.value(facts) < right.value(facts))
        return Said(terms.equal(left.term, right.term), lambda facts: left.value(facts) == right.value(facts))

    def number(self, depth: int) -> Said:
        chance, terms = self.chance, self.terms
        kind = chance.randrange(9) if depth else chance.randrange(2)
        if kind == 0:
            number = chance.randint(-4, 4)
            return Said(terms.constant(number), lambda _: number)
        if kind == 1:
            name = chance.choice(NUMBERS)
            return Said(terms.unknown(name), lambda facts: int(str(facts[name])))
        if kind in (2, 3, 4):
            return self.cases()
        left, right = self.number(depth - 1), self.number(depth - 1)
        if kind == 5:
            return Said(terms.sum(left.term, right.term), lambda facts: left.value(facts) + right.value(facts))
        if kind == 6:
            return Said(terms.difference(left.term, right.term), lambda facts: left.value(facts) - right.value(facts))
        if kind == 7:
            condition = self.proposition(depth - 1)
            chosen = terms.choice(condition.term, left.term, right.term)
            return Said(chosen, lambda facts: left.value(facts) if condition.value(facts) else right.value(facts))
        few, factor = self.cases(), chance.randint(-2, 3)
        term = terms.times_cases(few.term, terms.scaled(factor, right.term))
        return Said(term, lambda facts: few.value(facts) * factor * right.value(facts))

    def cases(self) -> Said:
        """One constant for each way in which two propositions can hold."""
        chance, terms = self.chance, self.terms
        one, two = chance.sample(PROPOSITIONS, 2)
        p, q = terms.unknown_proposition(one), terms.unknown_proposition(two)
        constants = {each: chance.randint(-3, 3) for each in product((False, True), repeat=2)}
        guards = [
            (terms.all((p if first else terms.negation(p), q if second else terms.negation(q))), constant)
            for (first, second), constant in constants.items()
        ]
        return Said(terms.cases(guards), lambda facts: constants[bool(facts[one]), bool(facts[two])])


def _holds(terms: Terms, said: Said) -> None:
    evaluation = Evaluation(terms, [said.term])
    for facts in FACTS:
        assert evaluation(facts)[said.term.number] == said.value(facts), (said.term, facts)


@pytest.mark.parametrize("cases_max", [2, 3, module.CASES_MAX])
def test_a_term_says_what_the_arithmetic_says(cases_max: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a sum of few cases has too many to be added up case by case."""
    monkeypatch.setattr(module, "CASES_MAX", cases_max)
    for seed in range(120):
        made = Made(seed)
        _holds(made.terms, made.proposition(4))
        _holds(made.terms, made.number(4))


def test_two_numbers_of_many_cases_are_compared_case_by_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CASES_MAX", 2)
    compared = set()
    for seed in range(60):
        made = Made(seed)
        one, two, number = made.cases(), made.cases(), made.chance.randint(-4, 4)
        total = made.terms.combination(number, ((2, one.term), (-3, two.term)))
        zero = made.terms.constant(0)
        for compare, holds in (
            (made.terms.at_most, lambda value: value <= 0),
            (made.terms.below, lambda value: value < 0),
            (made.terms.equal, lambda value: value == 0),
        ):
            term = compare(total, zero)
            _holds(
                made.terms,
                Said(term, lambda facts, holds=holds: holds(number + 2 * one.value(facts) - 3 * two.value(facts))),  # type: ignore[misc]  # noqa: B023
            )
            compared.add(term.operator)
        between = made.terms.between(-2, total, 3)
        _holds(
            made.terms,
            Said(between, lambda facts: -2 <= number + 2 * one.value(facts) - 3 * two.value(facts) <= 3),  # noqa: B023
        )
    assert compared <= {Operator.ANY, Operator.ALL, Operator.CONSTANT, Operator.NOT, Operator.UNKNOWN}
