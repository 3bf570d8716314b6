"""Precomputes expressions that depend on a single table or enum. Same value for every input.

Optional step before the SQL form. A table with constant outputs gives each case one of few alternatives, and so does an
enum. What is computed from that and constants only, such as another table that the grade selects, or a comparison with
a word, has one value for each alternative: it is computed here, once for each, and the query looks it up by the number
of the alternative. Databases look up faster than they evaluate conditions, and compare numbers faster than words.

Example: a table gives the grade A, B or C, and `days = if grade = "A" then 60 else if grade = "B" then 30 else 0`. The
rule set gets one more value and the two are lists:

    grade.alternative = the number of the row that is hit: 1, 2, 3, or 4 where it is undetermined
    grade             = Alternative(grade.alternative, ("A", "B", "C", null))
    days              = Alternative(grade.alternative, (60, 30, 0, null))
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import cast

from engine.diagnostics.diagnostic import Place
from engine.lowering.sql.choice_chains import shortened
from engine.lowering.sql.narrowing import with_operands
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula, Variable, variables
from engine.ruleset.interpret import kleene_and, value_of
from engine.ruleset.ruleset import Conjunct, ListResult, Match, Named, Rule, RuleSet
from engine.vocabulary.binding import Scalar, Value
from engine.vocabulary.vocabulary import YES_NO, Fact, Kind, Type

_NUMBER = "alternative"
"""What follows the name of a value or fact in the name of its alternative's number."""


@dataclass(frozen=True, slots=True)
class Alternative(Formula):
    """The value that belongs to an alternative: a node that only the SQL lowering knows.

    `number`: which alternative it is, counted from 1; never null. `values`: their values, of which some may be null."""

    number: Formula
    values: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Position(Formula):
    """Which of an enum's words the operand is, counted from 1: a node that only the SQL lowering knows.

    `operand`: an enumerated fact. A null gives one more than there are words; a text that is no word of the enum does
    not occur, since its row is refused before. `words`: the enum's words."""

    operand: Formula
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """A variable that depends on one table or enum alone.

    `number`: the variable that holds the alternative's number. `values`: the variable's value in each alternative."""

    number: Variable
    values: tuple[Value, ...]


def with_alternatives(ruleset: RuleSet) -> RuleSet:
    """The rule set with one more value, the number of the alternative, for each table with constant outputs and each
    enumerated fact, and with `Alternative` wherever a formula depends on one of those alone. It gives the same for
    every case; only the SQL lowering can lower it."""
    return _Folding(ruleset).ruleset_with_alternatives()


class _Folding:
    """One walk through a rule set's steps, which learns what variables are in each alternative."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self._facts = {fact.name for fact in ruleset.facts}
        self._known: dict[str, _Known] = {}
        self._tables = {name: table for table in ruleset.tables if len(table.outputs) > 1 for name in table.outputs}
        self._numbers: dict[tuple[str, Formula], Variable] = {}
        """Of a table's outputs, by how they choose: one number as a rule, but the rows at an end may differ in one
        output and not in another."""
        self._rows: Mapping[str, Sequence[Formula]] = {
            step.id: [conjunct.formula for conjunct in step.conjuncts]
            for step in ruleset.steps
            if isinstance(step, Match)
        }

    def ruleset_with_alternatives(self) -> RuleSet:
        enums = tuple(self._enum(fact) for fact in self.ruleset.facts if fact.type.kind is Kind.ENUM)
        steps = tuple(step for old in self.ruleset.steps for step in self._step(old))
        return replace(self.ruleset, steps=enums + steps, rules=tuple(map(self._rule, self.ruleset.rules)))

    def _enum(self, fact: Fact) -> Named:
        """The number of an enumerated fact's word; a null has one too, unless the fact is required."""
        words = fact.type.members
        values: tuple[Value, ...] = words if fact.required else (*words, None)
        type_ = Type(Kind.INTEGER, scale=0, low=1, high=len(values))
        number = Variable(type_, f"{fact.name}.{_NUMBER}", nullable=False)
        self._known[fact.name] = _Known(number, values)
        operand = Variable(fact.type, fact.name, nullable=not fact.required)
        return Named(
            name=number.name, formula=Position(type_, operand, words, nullable=False), title=None, place=fact.place
        )

    def _step(self, step: Match | Named | ListResult) -> Iterator[Match | Named | ListResult]:
        """The step with its formulas folded, behind those that give the number of its alternative."""
        match step:
            case Named():
                yield from self._named(step)
            case Match():
                yield self._match(step)
            case ListResult():
                entries = tuple((row, self._folded(formula)) for row, formula in step.entries)
                yield replace(step, entries=entries)

    def _named(self, step: Named) -> Iterator[Named]:
        """A value becomes an alternative of its own where it chooses among constants by a table, or among words."""
        written = step.formula
        formula = self._folded(shortened(written, self._rows) if isinstance(written, f.If) else written)
        table = self._tables.get(step.name)
        outputs = _outputs(formula) if table else None
        words = formula.type.members
        if table and outputs:
            chosen = _renumbered(formula, count(1))
            if (table.id, chosen) not in self._numbers:
                name = f"{step.name} {table.id}"  # no value has a blank in its name
                self._numbers[table.id, chosen] = yield from _numbering(name, chosen, len(outputs) + 1, step.place)
            formula = _output(self._numbers[table.id, chosen], formula.type, outputs)
        elif isinstance(formula, f.If) and words and (word := self._word(formula, words)):
            number = yield from _numbering(step.name, word, len(words) + 1, step.place)
            formula = _output(number, formula.type, [Constant(formula.type, each, nullable=False) for each in words])
        self._learn(step.name, formula)
        yield replace(step, formula=formula)

    def _rule(self, rule: Rule) -> Rule:
        conditions = tuple((name, self._folded(formula)) for name, formula in rule.conditions)
        action = rule.action
        if action:
            by, amount = (part and self._folded(part) for part in (action.by, action.amount))
            action = replace(action, by=by, amount=amount)
        return replace(rule, match=self._match(rule.match), conditions=conditions, action=action)

    def _match(self, match: Match) -> Match:
        """A match whose conditions all depend on one table is known in each of its alternatives."""
        conjuncts = tuple(replace(conjunct, formula=self._folded(conjunct.formula)) for conjunct in match.conjuncts)
        numbers = {_number(conjunct) for conjunct in conjuncts}
        if len(numbers) == 1 and (number := numbers.pop()):
            columns = [conjunct.formula.values for conjunct in conjuncts if isinstance(conjunct.formula, Alternative)]
            verdicts = (kleene_and(_truth(each.value) for each in values) for values in zip(*columns, strict=True))
            self._known[match.id] = _Known(number, tuple(verdicts))
        return replace(match, conjuncts=conjuncts)

    def _word(self, formula: Formula, words: tuple[str, ...]) -> Formula | None:
        """A formula for which of the enum's words the formula is, counted from 1; None unless it chooses among words,
        facts and tables of this enum."""
        type_ = Type(Kind.INTEGER, scale=0, low=1, high=len(words) + 1)
        match formula:
            case f.If(condition=condition, then=then, otherwise=otherwise):
                one, other = self._word(then, words), self._word(otherwise, words)
                if one is None or other is None:
                    return None
                return f.If(type_, condition, one, other, nullable=condition.nullable or one.nullable or other.nullable)
            case Constant(value=value):
                return Constant(type_, _place(value, words), nullable=value is None)
            case Alternative(number=number, values=values):
                places = (_place(each.value, words) or len(words) + 1 for each in values)
                return Alternative(
                    type_, number, tuple(Constant(type_, place, nullable=False) for place in places), nullable=False
                )
            case Variable(name=name) if name in self._facts and formula.type.members == words:
                return self._known[name].number
        return None

    # --- formulas ----------------------------------------------------------------------------------------------------

    def _learn(self, name: str, formula: Formula) -> None:
        """Keeps what a value is in each alternative, for the formulas that read it."""
        if isinstance(formula, Alternative) and isinstance(formula.number, Variable):
            self._known[name] = _Known(formula.number, tuple(value.value for value in formula.values))

    def _folded(self, formula: Formula) -> Formula:
        """The formula with its largest parts that depend on one table or enum alone as `Alternative`."""
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
        """The node computed for each alternative, None where it depends on more than one table or enum, or on none."""
        names = variables(node)
        known: Mapping[str, _Known] = {name: self._known[name] for name in names if name in self._known}
        numbers = {each.number.name: each.number for each in known.values()}
        if not names or len(known) < len(names) or len(numbers) != 1:
            return None
        if isinstance(node, Variable) and node.type.kind is Kind.ENUM and node.name in self._facts:
            return None  # as it was given
        [number] = numbers.values()
        alternatives = zip(*(each.values for each in known.values()), strict=True)
        computed = [value_of(node, dict(zip(known, values, strict=True))) for values in alternatives]
        constants = tuple(Constant(node.type, cast(Scalar, value), nullable=value is None) for value in computed)
        return Alternative(node.type, number, constants, nullable=None in computed)


def _number(conjunct: Conjunct) -> Variable | None:
    formula = conjunct.formula
    return formula.number if isinstance(formula, Alternative) and isinstance(formula.number, Variable) else None


def _truth(value: Value) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise TypeError(f"a condition is true, false or null, not {value!r}")


def _outputs(formula: Formula) -> tuple[Constant, ...] | None:
    """The constants among which a formula chooses, in order; None if it can give anything else, or doesn't choose."""
    outputs: list[Constant] = []
    pending = [formula]
    while pending:
        match pending.pop():
            case f.If(then=then, otherwise=otherwise):
                pending += [otherwise, then]
            case Constant() as constant:
                outputs.append(constant)
            case _:
                return None
    return tuple(outputs) if len(outputs) > 1 else None


def _renumbered(formula: Formula, numbers: Iterator[int]) -> Formula:
    """The choice with its constants replaced by 1, 2 and so on. Recursive: a table's chain of rows is never deeper than
    `engine.compiling.hit_policies.CHAIN`."""
    if not isinstance(formula, f.If):
        number = next(numbers)
        return Constant(Type(Kind.INTEGER, scale=0, low=number, high=number), number, nullable=False)
    then, otherwise = _renumbered(formula.then, numbers), _renumbered(formula.otherwise, numbers)
    nullable = formula.condition.nullable or then.nullable or otherwise.nullable
    type_ = Type(Kind.INTEGER, scale=0, low=then.type.low, high=otherwise.type.high)
    return f.If(type_, formula.condition, then, otherwise, nullable=nullable)


def _numbering(name: str, chosen: Formula, last: int, place: Place) -> Generator[Named, None, Variable]:
    """Yields the values that compute the alternative's number, `last` where `chosen` is null; returns the variable."""
    type_ = Type(Kind.INTEGER, scale=0, low=1, high=last)
    number = Variable(type_, f"{name}.{_NUMBER}", nullable=False)
    if chosen.nullable:
        known = Variable(type_, f"{number.name}_known", nullable=True)
        yield Named(name=known.name, formula=chosen, title=None, place=place)
        chosen = f.If(
            type_, f.IsNull(YES_NO, known, nullable=False), Constant(type_, last, nullable=False), known, nullable=False
        )
    yield Named(name=number.name, formula=chosen, title=None, place=place)
    return number


def _output(number: Variable, type_: Type, outputs: Sequence[Constant]) -> Formula:
    """The output that belongs to the number; null belongs to the last."""
    return Alternative(type_, number, (*outputs, Constant(type_, None, nullable=True)), nullable=True)


def _place(value: Value, words: Sequence[str]) -> int | None:
    return words.index(value) + 1 if isinstance(value, str) else None
