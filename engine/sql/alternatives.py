"""What hangs on one table alone, worked out before the query is written. Same value for every input.

May stand before the SQL form. A table with constant outputs leaves each case one of few alternatives; what is computed
from its outputs and constants only (another table entered with the grade, a comparison with a word) is a list with one
entry for each alternative, and a database looks it up sooner than it walks through conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from engine import formula as f
from engine.formula import Constant, Formula, Variable, variables
from engine.matching.interpret import Value, kleene_and, value_of
from engine.ruleset import Conjunct, ListResult, Match, Named, Rule, RuleSet, Table
from engine.sql.narrow import with_operands
from engine.vocabulary import YES_NO, Kind, Type


@dataclass(frozen=True, slots=True)
class Alternative(Formula):
    """The value that belongs to an alternative; `number` counts them from 1 and is never null."""

    number: Formula
    values: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a variable is in each alternative of the table whose `number` this is."""

    number: Variable
    values: tuple[Value, ...]


def with_alternatives(ruleset: RuleSet) -> RuleSet:
    """The rule set with one more value, the number of the alternative, for each table that has them."""
    return _Folding(ruleset).whole()


class _Folding:
    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self._known: dict[str, _Known] = {}
        self._tables = {name: table for table in ruleset.tables if len(table.outputs) > 1 for name in table.outputs}
        self._numbered: dict[str, Variable] = {}

    def whole(self) -> RuleSet:
        steps = tuple(step for old in self.ruleset.steps for step in self._step(old))
        return replace(self.ruleset, steps=steps, rules=tuple(map(self._rule, self.ruleset.rules)))

    def _step(self, step: Match | Named | ListResult) -> Iterator[Match | Named | ListResult]:
        match step:
            case Named():
                formula = self._folded(step.formula)
                table = self._tables.get(step.name)
                outputs = _outputs(formula) if table else None
                if table and outputs:
                    yield from self._numbering(table, formula, len(outputs))
                    formula = self._output(table, formula.type, outputs)
                self._learn(step.name, formula)
                yield replace(step, formula=formula)
            case Match():
                yield self._match(step)
            case ListResult():
                entries = tuple((row, self._folded(formula)) for row, formula in step.entries)
                yield replace(step, entries=entries)

    def _rule(self, rule: Rule) -> Rule:
        conditions = tuple((name, self._folded(formula)) for name, formula in rule.conditions)
        return replace(rule, match=self._match(rule.match), conditions=conditions)

    def _match(self, match: Match) -> Match:
        """A row that hangs on one table alone is known in each of its alternatives."""
        conjuncts = tuple(replace(conjunct, formula=self._folded(conjunct.formula)) for conjunct in match.conjuncts)
        numbers = {_number(conjunct) for conjunct in conjuncts}
        if len(numbers) == 1 and (number := numbers.pop()):
            columns = [conjunct.formula.values for conjunct in conjuncts if isinstance(conjunct.formula, Alternative)]
            told = (kleene_and(_truth(each.value) for each in values) for values in zip(*columns, strict=True))
            self._known[match.id] = _Known(number, tuple(told))
        return replace(match, conjuncts=conjuncts)

    # --- tables ------------------------------------------------------------------------------------------------------

    def _numbering(self, table: Table, output: Formula, alternatives: int) -> Iterator[Named]:
        """Values that number the alternatives: as the output chooses, its constants replaced by 1, 2, …; the last for
        where it can't choose."""
        if table.id in self._numbered:
            return
        last = alternatives + 1
        type_ = Type(Kind.INTEGER, 0, 1, last)
        chosen = _renumbered(output, type_, count(1))
        name = f"{table.id}.alternative"
        yield Named(f"{name}_known", chosen, None, table.place)
        known = Variable(type_, chosen.nullable, f"{name}_known")
        whole: Formula = known
        if chosen.nullable:
            whole = f.If(type_, False, f.IsNull(YES_NO, False, known), Constant(type_, False, last), known)
        yield Named(name, whole, None, table.place)
        self._numbered[table.id] = Variable(type_, False, name)

    def _output(self, table: Table, type_: Type, outputs: Sequence[Constant]) -> Formula:
        """Outputs of one table choose by the same conditions, in the same order."""
        values = (*outputs, Constant(type_, True, None))
        return Alternative(type_, True, self._numbered[table.id], values)

    # --- formulas ----------------------------------------------------------------------------------------------------

    def _learn(self, name: str, formula: Formula) -> None:
        if isinstance(formula, Alternative) and isinstance(formula.number, Variable):
            self._known[name] = _Known(formula.number, tuple(value.value for value in formula.values))

    def _folded(self, formula: Formula) -> Formula:
        """Its largest parts that hang on one table alone, looked up."""
        done: dict[int, Formula] = {}
        pending = [formula]
        while pending:
            node = pending[-1]
            if id(node) in done:
                pending.pop()
            elif (alternative := self._alternative(node)) is not None:
                done[id(node)] = alternative
            elif missing := [part for part in node.operands if id(part) not in done]:
                pending.extend(missing)
            else:
                done[id(node)] = with_operands(node, done)
        return done[id(formula)]

    def _alternative(self, node: Formula) -> Formula | None:
        names = variables(node)
        known: Mapping[str, _Known] = {name: self._known[name] for name in names if name in self._known}
        numbers = {each.number.name: each.number for each in known.values()}
        if not names or len(known) < len(names) or len(numbers) != 1:
            return None
        [number] = numbers.values()
        places = range(len(next(iter(known.values())).values))
        told = [value_of(node, {name: each.values[place] for name, each in known.items()}) for place in places]
        values = tuple(Constant(node.type, value is None, value) for value in told)
        return Alternative(node.type, None in told, number, values)


def _number(conjunct: Conjunct) -> Variable | None:
    formula = conjunct.formula
    return formula.number if isinstance(formula, Alternative) and isinstance(formula.number, Variable) else None


def _truth(value: Value) -> bool | None:
    assert value is None or isinstance(value, bool)
    return value


def _outputs(formula: Formula) -> tuple[Constant, ...] | None:
    """The constants between which it chooses, in order; None if it gives anything else, or chooses nothing."""
    found: list[Constant] = []
    pending = [formula]
    while pending:
        match pending.pop():
            case f.If(then=then, otherwise=otherwise):
                pending += [otherwise, then]
            case Constant() as constant:
                found.append(constant)
            case _:
                return None
    return tuple(found) if len(found) > 1 else None


def _renumbered(formula: Formula, type_: Type, numbers: Iterator[int]) -> Formula:
    """As deep as a table's chain of rows, which is short (`engine.compiling.hit_policies.CHAIN`)."""
    if not isinstance(formula, f.If):
        return Constant(type_, False, next(numbers))
    then = _renumbered(formula.then, type_, numbers)
    otherwise = _renumbered(formula.otherwise, type_, numbers)
    nullable = formula.condition.nullable or then.nullable or otherwise.nullable
    return f.If(type_, nullable, formula.condition, then, otherwise)
