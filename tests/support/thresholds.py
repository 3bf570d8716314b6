"""Facts on, just below and just above every threshold of a rule set, also where what is compared is worked out.

`generated.facts_near_thresholds` knows constants only; here one fact after the other is moved until a comparison turns,
so that limits times a tolerance, days since a due date and scores are hit too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from operator import itemgetter
from typing import Any, cast

from engine.lowering.python.python_form import PythonForm
from engine.ruleset.formula import (
    All,
    Compare,
    Constant,
    DatePart,
    Formula,
    Product,
    Quotient,
    Rescale,
    Variable,
    variables,
    walk,
)
from engine.ruleset.interpret import value_of
from engine.ruleset.ruleset import AS_OF, ListResult, Match, Named, RuleSet
from engine.vocabulary.binding import Value
from engine.vocabulary.vocabulary import DATE, YES_NO, Kind, Type
from tests.support.random_rulesets import Case, facts_near_thresholds

STARTS = 1_000
"""Cases made by chance to start from."""

TIED = 10
"""Cases to start from also with facts of one type made equal."""

TURNS, TURNS_MAX = 2, 300
"""How often a threshold is crossed: what one start leaves far away another finds nearby, but not if nothing can."""


@dataclass(frozen=True, eq=False)
class Threshold:
    """A comparison of numbers or dates in a step or rule, and that step's or rule's whole formula."""

    owner: str
    formula: Formula
    comparison: Compare

    def __str__(self) -> str:
        left, right = (_said(side) for side in self.comparison.operands)
        return f"{self.owner}: {left} {self.comparison.operator} {right}"

    def away(self, values: Mapping[str, Value]) -> int | None:
        """Left side less right side, in units of their scale."""
        left, right = (value_of(side, values) for side in self.comparison.operands)
        return None if left is None or right is None else cast(int, left) - cast(int, right)

    @property
    def out_of_reach(self) -> tuple[bool, bool]:
        """Whether the sides' types leave nothing below the threshold, and nothing above it."""
        left, right = (side.type for side in self.comparison.operands)
        return left.low >= right.high, left.high <= right.low

    def counts(self, values: Mapping[str, Value]) -> bool:
        """Whether the step or rule would come out differently if equal sides counted as the other side does."""
        return value_of(self.formula, values) != value_of(self._turned, values)

    def matters(self, values: Mapping[str, Value]) -> bool:
        """Whether the step or rule comes out differently where the comparison is true and where it is false."""
        yes, no = self._decided
        return value_of(yes, values) != value_of(no, values)

    @property
    def guards_divisor(self) -> bool:
        """Whether the formula divides by what is compared: then it has no value on the threshold, either way."""
        compared = set(variables(self.comparison))
        divisors = [node.right for node in walk(self.formula) if isinstance(node, Quotient)]
        return any(compared <= set(variables(divisor)) for divisor in divisors)

    @cached_property
    def _turned(self) -> Formula:
        return self._with(replace(self.comparison, operator=_OPPOSITE[self.comparison.operator]))

    @cached_property
    def _decided(self) -> tuple[Formula, Formula]:
        """The formula where the comparison is true, and where it is false."""
        return self._with(Constant(YES_NO, True, nullable=False)), self._with(Constant(YES_NO, False, nullable=False))

    def _with(self, instead: Formula) -> Formula:
        return _replaced(self.formula, self.comparison, instead)


@dataclass(slots=True)
class Hits:
    """Cases at one threshold: the nearest distances below and above it, how many are on it, and whether it counts for
    one of them; the guard of a divisor, which can't, for one that is just above it."""

    threshold: Threshold
    cases: list[Case] = field(default_factory=list)
    below: int | None = None
    on: int = 0
    counted: bool = False
    above: int | None = None

    def add(self, case: Case, values: Mapping[str, Value]) -> None:
        self.cases.append(case)
        away = self.threshold.away(values)
        if away is None:
            return
        if away < 0:
            self.below = away if self.below is None else max(away, self.below)
        elif away > 0:
            self.above = away if self.above is None else min(away, self.above)
        else:
            self.on += 1
            self.counted = self.counted or self.threshold.counts(values)
        if away == 1 and self.threshold.guards_divisor:
            self.counted = self.counted or self.threshold.matters(values)

    def has_both_sides(self) -> bool:
        """Cases below and above, unless the sides' types leave nothing there."""
        none_below, none_above = self.threshold.out_of_reach
        return (self.below is not None or none_below) and (self.above is not None or none_above)

    def are_all(self) -> bool:
        """From both sides and exactly, where it counts."""
        return self.counted and self.has_both_sides()

    def are_near(self) -> bool:
        none_below, none_above = self.threshold.out_of_reach
        return (self.below == -1 or none_below) and (self.above == 1 or none_above)


def thresholds(ruleset: RuleSet) -> list[Threshold]:
    found: dict[tuple[str, Formula], Threshold] = {}
    for owner, formula in _owned(ruleset):
        for node in walk(formula):
            if isinstance(node, Compare) and _is_ordered(node.left.type):
                found.setdefault((owner, node), Threshold(owner, formula, node))
    return list(found.values())


def at_thresholds(ruleset: RuleSet, likely: Sequence[Case], seed: int) -> list[Hits]:
    """For each threshold: cases that differ by one unit of one fact and lie on either side of it or on it, and the
    next on each side. `likely` are cases in which rules fire and rows are hit, such as policy tests: what many facts
    have to agree for, chance alone doesn't find."""
    reads = _reads(ruleset)
    types = {**{fact.name: fact.type for fact in ruleset.facts}, AS_OF: DATE}
    chance = [*facts_near_thresholds(ruleset, seed, STARTS)]
    known: dict[Formula, _Known] = {}
    found = []
    for threshold in thresholds(ruleset):
        if threshold.formula not in known:
            known[threshold.formula] = _Known(ruleset, threshold.formula, reads)
        behind = _behind(threshold.comparison, reads)
        moved = [i for i, (name, type_) in enumerate(types.items()) if name in behind and _is_ordered(type_)]
        found.append(_Search(threshold, known[threshold.formula], moved, list(types.values())).hits(likely, chance))
    return found


class _Known:
    """The values of the variables of one formula, by name. Only the steps behind it are worked out, which takes a
    fraction of a whole decision's time."""

    def __init__(self, ruleset: RuleSet, formula: Formula, reads: Mapping[str, set[str]]) -> None:
        behind = _behind(formula, reads)
        steps = tuple(step for step in ruleset.steps if _name(step) in behind)
        form = PythonForm(replace(ruleset, steps=steps, rules=(), exceptions=(), tables=()))
        self._match = form.match
        self._slots = [(name, form.slots[name]) for name in variables(formula)]

    def values(self, case: Case) -> dict[str, Value]:
        found = self._match(*case)[0]
        return {name: cast(Value, found[slot]) for name, slot in self._slots}


class _Search:
    def __init__(self, threshold: Threshold, known: _Known, moved: Sequence[int], types: Sequence[Type]) -> None:
        self.threshold = threshold
        self.known = known
        self.moved = moved
        self.types = types
        self.turns_each_week = any(isinstance(node, DatePart) for node in walk(threshold.comparison))
        self.chance = random.Random(0)

    def hits(self, likely: Sequence[Case], others: Sequence[Case]) -> Hits:
        found, turns = Hits(self.threshold), 0
        best = self._best_first(likely)
        for start in [*best, *self._tied(best[:TIED]), *self.chance.sample(others, len(others))]:
            values = self.known.values(start)
            found.add(start, values)
            if self.threshold.away(values) is None:
                continue
            for index in self.chance.sample(self.moved, len(self.moved)):
                around = list(self._around(start, index))
                turns += bool(around)
                for case in around:
                    found.add(case, self.known.values(case))
                enough = found.are_near() or turns >= TURNS
                if (found.are_all() and enough) or turns >= TURNS_MAX:
                    return found
        return found

    def _best_first(self, cases: Sequence[Case]) -> list[Case]:
        """The cases in which both sides are known: those in which it matters which is greater come first, the nearest
        to the threshold before the others."""
        known = []
        for case in cases:
            values = self.known.values(case)
            away = self.threshold.away(values)
            if away is not None:
                known.append((not self.threshold.matters(values), abs(away), case))
        return [case for *_, case in sorted(known, key=itemgetter(0, 1))]

    def _tied(self, cases: Sequence[Case]) -> Iterator[Case]:
        """The cases with one fact, or two, set to what another of its type has: ratios are rarely equal otherwise."""
        for case in cases:
            values = (*case[0], case[1])
            pairs = [
                (index, cast(int, values[other]))
                for index in self.moved
                for other in self.moved
                if index != other and self.types[index] == self.types[other] and values[other] is not None
            ]
            tied = [_with(case, *pair) for pair in self.chance.sample(pairs, len(pairs))]
            yield from tied
            yield from (_with(each, *self.chance.choice(pairs)) for each in tied)

    def _around(self, case: Case, index: int) -> Iterator[Case]:
        """Around the place where the comparison turns as this fact moves over its range; of a day of the week, which
        turns over and over, all days of the week around."""

        def is_above(value: int) -> bool | None:
            away = self.threshold.away(self.known.values(_with(case, index, value)))
            return None if away is None else away > 0

        low, high = self.types[index].low, self.types[index].high
        ends = range(low, high + 1)
        if self.turns_each_week and self.types[index].kind is Kind.DATE:
            day = cast(int | None, (*case[0], case[1])[index])
            week = () if day is None else range(day - 6, day + 7)
            yield from (_with(case, index, value) for value in week if value in ends)
            return
        at_low, at_high = is_above(low), is_above(high)
        if at_low is None or at_high is None or at_low == at_high:
            return
        while high - low > 1:
            middle = (low + high) // 2
            above = is_above(middle)
            if above is None:
                return
            low, high = (middle, high) if above == at_low else (low, middle)
        yield from (_with(case, index, value) for value in range(low - 1, high + 2) if value in ends)


def unit_of(side: Formula, facts: frozenset[str]) -> int | None:
    """How far this side moves with one unit of the fact in it; None where it is worked out."""
    match side:
        case Constant():
            return 0
        case Variable(name=name):
            return 1 if name in facts else None
        case Rescale(operand=operand) if side.type.scale > operand.type.scale:
            inner = unit_of(operand, facts)
            return None if inner is None else inner * int(10 ** (side.type.scale - operand.type.scale))
        case Product(left=left, right=Constant(value=int(value))):
            inner = unit_of(left, facts)
            return None if inner is None else inner * abs(value)
    return None


def _with(case: Case, index: int, value: int) -> Case:
    facts, as_of = case
    return (facts, value) if index == len(facts) else ((*facts[:index], value, *facts[index + 1 :]), as_of)


def _is_ordered(type_: Type) -> bool:
    return type_.kind.is_numeric or type_.kind is Kind.DATE


_OPPOSITE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "!=", "!=": "="}
"""What differs where both sides are equal, and is the same elsewhere for the ordering ones."""


def _replaced(formula: Formula, comparison: Compare, instead: Formula) -> Formula:
    if formula == comparison:
        return instead
    changed: dict[str, Any] = {}
    for item in fields(formula):
        value = getattr(formula, item.name)
        if isinstance(value, Formula):
            changed[item.name] = _replaced(value, comparison, instead)
        elif isinstance(value, tuple) and value and isinstance(value[0], Formula):
            changed[item.name] = tuple(_replaced(part, comparison, instead) for part in value)
    return replace(formula, **changed) if changed else formula


def _name(step: Match | Named | ListResult) -> str:
    return step.id if isinstance(step, Match) else step.name


def _owned(ruleset: RuleSet) -> Iterator[tuple[str, Formula]]:
    for step in ruleset.steps:
        match step:
            case Named():
                yield step.name, step.formula
            case ListResult():
                yield from ((step.name, output) for _, output in step.entries)
            case Match():
                yield step.id, _whole(step)
    yield from ((rule.id, _whole(rule.match)) for rule in ruleset.rules)


def _whole(match: Match) -> Formula:
    parts = tuple(conjunct.formula for conjunct in match.conjuncts)
    return All(YES_NO, parts, nullable=any(part.nullable for part in parts))


def _reads(ruleset: RuleSet) -> dict[str, set[str]]:
    """What each named value or row reads, itself or through others."""
    found: dict[str, set[str]] = {}
    for owner, formula in _owned(ruleset):
        found.setdefault(owner, set()).update(_behind(formula, found))
    return found


def _behind(formula: Formula, reads: Mapping[str, set[str]]) -> set[str]:
    names = set(variables(formula))
    return names.union(*(reads.get(name, set()) for name in names))


def _said(side: Formula) -> str:
    if isinstance(side, Constant):
        return str(side.value)
    return " ".join(variables(side))
