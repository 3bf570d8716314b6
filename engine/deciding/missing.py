"""Why a value is unknown: the facts that are missing behind it.

Part of `evaluate`, run only for what is undetermined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from engine.ruleset import formula as f
from engine.ruleset.formula import Formula, Variable
from engine.ruleset.interpret import value_of
from engine.ruleset.ruleset import ListResult, Match, Named, RuleSet, Table
from engine.vocabulary.binding import Value
from engine.vocabulary.vocabulary import YES_NO


class MissingInputs:
    """Follows unknown values of one rule set back to facts."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._facts = frozenset(fact.name for fact in ruleset.facts)
        self.rows = frozenset(step.id for step in ruleset.steps if isinstance(step, Match))
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

        self._strict: dict[int, tuple[str, ...] | None] = {}

    def search(self, variables: Mapping[str, Value]) -> MissingSearch:
        return MissingSearch(self, variables)

    def behind_match(self, match: Match, variables: Mapping[str, Value]) -> tuple[str, ...]:
        return self.search(variables).behind_match(match)

    def behind_value(self, name: str, variables: Mapping[str, Value]) -> tuple[str, ...]:
        return self.search(variables).behind_value(name)

    def formulas(self, name: str) -> tuple[Formula, ...]:
        """What a name is worked out from; nothing for facts."""
        return () if name in self._facts else self._formulas.get(name, ())

    def strict_variables(self, formula: Formula) -> tuple[str, ...] | None:
        """The variables of a formula that is null wherever one of them is; None for other formulas. Asked again and
        again for the same ones, which live as long as the rule set."""
        key = id(formula)
        if key not in self._strict:
            strict = not any(isinstance(node, _LENIENT) for node in f.walk(formula))
            self._strict[key] = f.variables(formula) if strict else None
        return self._strict[key]


_LENIENT = (f.All, f.Any, f.If, f.IsNull, f.IsTrue)


class MissingSearch:
    """One case's missing inputs; each name is followed once."""

    def __init__(self, inputs: MissingInputs, variables: Mapping[str, Value]) -> None:
        self._inputs = inputs
        self._variables = variables
        self._found: dict[str, tuple[str, ...]] = {}

    def behind_match(self, match: Match) -> tuple[str, ...]:
        """Facts whose absence leaves the match undetermined, sorted; where no fact is missing (a division by zero, a
        table without a matching row), the values that can't be worked out, or the match itself."""
        return tuple(sorted({name for c in match.conjuncts for name in self.behind(c.formula)})) or (match.id,)

    def behind_value(self, name: str) -> tuple[str, ...]:
        return tuple(sorted(set(self.behind_name(name))))

    def behind_name(self, name: str) -> tuple[str, ...]:
        """Without recursion: values may stand in a chain of thousands."""
        nearer: dict[str, frozenset[str]] = {}
        waiting = [name]
        while waiting:
            at = waiting[-1]
            if at not in self._found and at not in nearer:
                nearer[at] = self.unknown(at)
                waiting += [one for one in nearer[at] if one not in self._found]
                continue
            if at not in self._found:
                deeper = dict.fromkeys(found for one in sorted(nearer[at]) for found in self._found[one])
                self._found[at] = tuple(deeper) or (at,)
            waiting.pop()
        return self._found[name]

    def behind(self, formula: Formula) -> Iterator[str]:
        for name in self._unknown(formula):
            yield from self.behind_name(name)

    def unknown(self, name: str) -> frozenset[str]:
        """The variables whose lack leaves `name` unknown, one step behind it: values, and rows that may change it."""
        return frozenset(found for part in self._inputs.formulas(name) for found in self._unknown(part))

    def _unknown(self, formula: Formula) -> Iterator[str]:
        strict = self._inputs.strict_variables(formula)
        if strict is not None:
            yield from (name for name in strict if self._variables[name] is None)
        elif value_of(formula, self._variables) is None:
            if isinstance(formula, f.If):
                yield from self._of_choice(formula)
            else:
                for operand in formula.operands:
                    yield from self._unknown(operand)

    def _of_choice(self, choice: f.If) -> Iterator[str]:
        """Down the branches taken. A row that is unknown counts as not hit where one that is hit settles it; where none
        is hit it is why, unless it gives null itself, and where null was chosen because it is unknown."""
        rest: Formula = choice
        failed: list[Formula] = []
        while isinstance(rest, f.If):
            known = value_of(rest.condition, self._variables)
            if known is None:
                yield from self._unknown(rest.condition)
                return
            if known:
                failed = [rest.condition] if _is_null(rest.then) else []
                rest = rest.then
            else:
                failed += _conditions_not_met(rest)
                rest = rest.otherwise
        for condition in failed:
            yield from self._unknown_rows(condition)
        yield from self._unknown(rest)

    def _unknown_rows(self, condition: Formula) -> Iterator[str]:
        for node in f.walk(condition):
            if isinstance(node, f.IsTrue | f.IsNull) and isinstance(node.operand, Variable):
                name = node.operand.name
                if name in self._inputs.rows and self._variables[name] is None:
                    yield name


def _conditions_not_met(choice: f.If) -> Iterator[Formula]:
    """Of the first branch of a choice, which is not taken; in a long chain that branch is a chain of its own. Where it
    would have given null, as nothing at all does, it is not why there is nothing."""
    if isinstance(choice.condition, f.Any) and isinstance(choice.then, f.If):
        branch: Formula = choice.then
        while isinstance(branch, f.If):
            yield from _conditions_not_met(branch)
            branch = branch.otherwise
    elif not _is_null(choice.then):
        yield choice.condition


def _is_null(formula: Formula) -> bool:
    return isinstance(formula, f.Constant) and formula.value is None


def left_open(
    table: Table, unknown_rows: Set[str], variables: Mapping[str, Value], search: MissingSearch
) -> tuple[str, ...]:
    """The outputs that are null with a row that is unknown behind it. Where another row makes them null as well, they
    count too: who supplies what that one lacks is asked for the other next."""
    if unknown_rows.isdisjoint(table.rows):
        return ()
    nulls = [name for name in table.outputs if variables[name] is None]
    return tuple(name for name in nulls if not unknown_rows.isdisjoint(search.unknown(name)))
