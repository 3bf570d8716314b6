"""Decides one case without its texts: outcome, rules, conditions and a few values, by the generated Python form.

For simulations, which decide thousands of cases by two sets and show the texts of few. The tests hold every answer
against `Engine.decide`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple, cast

from engine.deciding.decision import JsonValue
from engine.lowering.python.python_form import PythonForm
from engine.pipeline import Engine
from engine.ruleset.interpret import Result
from engine.ruleset.ruleset import NO_RULES, RuleSet
from engine.vocabulary.binding import Binder, Value, json_formatter
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number
from engine.vocabulary.vocabulary import Kind


class QuickDecision(NamedTuple):
    """What a set says of one case."""

    outcome: str
    """One of the case kind's ladder."""
    rules: frozenset[str]
    """Ids of the rules that fired and are not waived."""
    undetermined: frozenset[str]
    """Ids of the rules that could not be worked out, count in the outcome and are not waived."""
    conditions: tuple[tuple[str, JsonValue], ...]
    """What the customer must bring, by name, as a decision's JSON has it."""
    outcome_without_undetermined: str
    """What the outcome would be if those rules said nothing."""
    credit: int | None
    """The value that was asked for by name, in minor units; None where the set doesn't have it, or it is unknown."""


class QuickDecider:
    """Decides cases of one kind by one set."""

    def __init__(self, engine: Engine, case: str, value: str = "") -> None:
        """`value` is the full name of an amount that is told with each decision."""
        self._engine = engine
        self._case = case
        self._value = value
        self._by_stretch: dict[date | None, _Stretch] = {}
        self._by_day: dict[date, _Stretch] = {}

    def bind(self, facts: Mapping[str, object], as_of: date) -> list[Value]:
        """The facts as values. Raises `FactsRefused`."""
        return self._stretch(as_of).binder.bind(facts, day_number(as_of))

    def decide(self, facts: Sequence[Value], as_of: date) -> QuickDecision:
        """`facts` as `bind` gives them."""
        return self._stretch(as_of).decide(facts, day_number(as_of))

    def _stretch(self, as_of: date) -> _Stretch:
        found = self._by_day.get(as_of)
        if found is None:
            ruleset = self._engine.ruleset_to_prove(self._case, as_of)
            known = self._by_stretch.get(ruleset.since)
            found = self._by_stretch.setdefault(ruleset.since, known or _Stretch(ruleset, self._value))
            self._by_day[as_of] = found
        return found


class _Stretch:
    """One rule set, with all that doesn't depend on a case prepared."""

    def __init__(self, ruleset: RuleSet, value: str) -> None:
        self.binder = Binder(ruleset.case, ruleset.facts)
        form = PythonForm(ruleset)
        self._match = form.match
        self._kind = CASE_KINDS[ruleset.case]
        first = len(form.matches) - len(ruleset.rules)
        self._mildest = self._kind.severity(ruleset.mildest)
        severity = self._kind.severity
        self._fired = {first + at: (rule.id, severity(rule.outcome)) for at, rule in enumerate(ruleset.rules)}
        self._unknown = {
            first + at: (rule.id, severity(rule.if_missing))
            for at, rule in enumerate(ruleset.rules)
            if rule.if_missing is not None
        }
        self._conditions = {
            first + at: tuple((name, form.function(each), json_formatter(each.type)) for name, each in rule.conditions)
            for at, rule in enumerate(ruleset.rules)
            if rule.conditions
        }
        places = {id_: at for at, id_ in enumerate(form.matches)}
        self._waives = {places[each.id]: frozenset(each.waives) for each in ruleset.exceptions}
        self._no_rules = frozenset() if ruleset.is_decided else frozenset({NO_RULES})
        self._slot = form.slots.get(value) if _is_money(ruleset, value) else None

    def decide(self, facts: Sequence[Value], as_of: int) -> QuickDecision:
        """As `engine.deciding.evaluator` does, without texts and without the second matcher."""
        values, fired, undetermined, _ = self._match(facts, as_of)
        waived: frozenset[str] = frozenset()
        for at in fired:
            waived |= self._waives.get(at, frozenset())
        rules = [(at, *self._fired[at]) for at in fired if at in self._fired and self._fired[at][0] not in waived]
        unknown = [
            self._unknown[at] for at in undetermined if at in self._unknown and self._unknown[at][0] not in waived
        ]
        certain = max((severity for _, _, severity in rules), default=self._mildest)
        certain = max(certain, self._mildest)
        severest = max((severity for _, severity in unknown), default=certain)
        severest = max(severest, certain)
        return QuickDecision(
            outcome=self._kind.ladder[severest],
            rules=self._no_rules.union(id_ for _, id_, _ in rules),
            undetermined=frozenset(id_ for id_, _ in unknown),
            conditions=self._asked([at for at, _, severity in rules if severity == severest], values),
            outcome_without_undetermined=self._kind.ladder[certain],
            credit=None if self._slot is None else cast("int | None", values[self._slot]),
        )

    def _asked(self, rules: Sequence[int], values: Sequence[Result]) -> tuple[tuple[str, JsonValue], ...]:
        """Of the rules that gave the outcome: beside a severer one meeting a condition would open nothing."""
        found: list[tuple[str, JsonValue]] = []
        for at in rules:
            for name, value, write in self._conditions.get(at, ()):
                found.append((name, cast("Callable[[Value], JsonValue]", write)(value(values))))
        return tuple(found)


def _is_money(ruleset: RuleSet, name: str) -> bool:
    type_ = ruleset.variables.get(name)
    return type_ is not None and type_.kind is Kind.MONEY
