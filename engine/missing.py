"""Why a value is unknown: the facts that are missing behind it.

Part of `evaluate`, run only for what is undetermined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from engine import formula as f
from engine.formula import Formula, Variable
from engine.interpret import Value, value_of
from engine.ruleset import ListResult, Match, Named, RuleSet
from engine.vocabulary import YES_NO


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
                    rows = tuple(Variable(YES_NO, True, row) for row, _ in step.entries)
                    self._formulas[step.name] = (*rows, *(formula for _, formula in step.entries))

    def behind_match(self, match: Match, variables: Mapping[str, Value]) -> tuple[str, ...]:
        """Facts whose absence leaves the match undetermined, sorted; where no fact is missing (a division by zero, a
        table without a matching row), the values that can't be worked out."""
        search = _Search(self._facts, self._formulas, variables)
        return tuple(sorted({name for c in match.conjuncts for name in search.behind(c.formula)}))

    def behind_value(self, name: str, variables: Mapping[str, Value]) -> tuple[str, ...]:
        return tuple(sorted(set(_Search(self._facts, self._formulas, variables).behind_name(name))))


class _Search:
    """Each name is followed once."""

    def __init__(
        self, facts: Set[str], formulas: Mapping[str, tuple[Formula, ...]], variables: Mapping[str, Value]
    ) -> None:
        self._facts = facts
        self._formulas = formulas
        self._variables = variables
        self._found: dict[str, tuple[str, ...]] = {}

    def behind_name(self, name: str) -> tuple[str, ...]:
        if name in self._facts or name not in self._formulas:
            return (name,)
        if name not in self._found:
            deeper = tuple(dict.fromkeys(found for part in self._formulas[name] for found in self.behind(part)))
            self._found[name] = deeper or (name,)
        return self._found[name]

    def behind(self, formula: Formula) -> Iterator[str]:
        if value_of(formula, self._variables) is not None:
            return
        match formula:
            case Variable(name=name):
                yield from self.behind_name(name)
            case f.If(condition=condition, then=then, otherwise=otherwise):
                yield from self._doubts(condition)
                known = value_of(condition, self._variables)
                yield from self.behind(condition if known is None else then if known else otherwise)
            case _:
                for operand in formula.operands:
                    yield from self.behind(operand)

    def _doubts(self, condition: Formula) -> Iterator[str]:
        """A row that is unknown counts as not hit under `unique`; where no row is hit it is why."""
        for node in f.walk(condition):
            if isinstance(node, f.IsTrue):
                yield from self.behind(node.operand)
