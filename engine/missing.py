"""Why a value is unknown: the facts that are missing behind it.

Part of `evaluate`, run only for what is undetermined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine import formula as f
from engine.formula import Formula
from engine.interpret import Value, value_of
from engine.ruleset import ListResult, Match, Named, RuleSet


class MissingInputs:
    """Follows unknown values of one rule set back to facts."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._facts = frozenset(fact.name for fact in ruleset.facts)
        self._formulas: dict[str, tuple[Formula, ...]] = {}
        for step in ruleset.steps:
            match step:
                case Named():
                    self._formulas[step.name] = (step.formula,)
                case Match():
                    self._formulas[step.id] = tuple(conjunct.formula for conjunct in step.conjuncts)
                case ListResult():
                    self._formulas[step.name] = tuple(formula for _, formula in step.entries)

    def behind_match(self, match: Match, variables: Mapping[str, Value]) -> tuple[str, ...]:
        """Facts whose absence leaves the match undetermined, sorted; where no fact is missing (a division by zero, a
        table without a matching row), the values that can't be worked out."""
        names = {name for c in match.conjuncts for name in self._behind(c.formula, variables)}
        return tuple(sorted(names))

    def behind_value(self, name: str, variables: Mapping[str, Value]) -> tuple[str, ...]:
        return tuple(sorted(set(self._behind_name(name, variables))))

    def _behind_name(self, name: str, variables: Mapping[str, Value]) -> Iterator[str]:
        if name in self._facts or name not in self._formulas:
            yield name
            return
        deeper = [found for formula in self._formulas[name] for found in self._behind(formula, variables)]
        yield from deeper or [name]

    def _behind(self, formula: Formula, variables: Mapping[str, Value]) -> Iterator[str]:
        if value_of(formula, variables) is not None:
            return
        match formula:
            case f.Variable(name=name):
                yield from self._behind_name(name, variables)
            case f.If(condition=condition, then=then, otherwise=otherwise):
                known = value_of(condition, variables)
                branch = condition if known is None else then if known else otherwise
                yield from self._behind(branch, variables)
            case _:
                for operand in formula.operands:
                    yield from self._behind(operand, variables)
