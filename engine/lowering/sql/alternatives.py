"""What hangs on one table or one enum alone, worked out before the query is written. Same value for every input.

May stand before the SQL form. A table with constant outputs leaves each case one of few alternatives, and so does a
value that is a word of an enum; what is computed from it and constants only (another table entered with the grade, a
comparison with a word) is a list with one entry for each alternative. A database looks it up sooner than it walks
through conditions, and compares small numbers sooner than words.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from engine.diagnostics.diagnostic import Place
from engine.lowering.sql.ladders import shortened
from engine.lowering.sql.narrow import with_operands
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula, Variable, variables
from engine.ruleset.interpret import kleene_and, value_of
from engine.ruleset.ruleset import Conjunct, ListResult, Match, Named, Rule, RuleSet
from engine.vocabulary.binding import Value
from engine.vocabulary.vocabulary import YES_NO, Fact, Kind, Type

_NUMBER = "alternative"


@dataclass(frozen=True, slots=True)
class Alternative(Formula):
    """The value that belongs to an alternative; `number` counts them from 1 and is never null."""

    number: Formula
    values: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Position(Formula):
    """Which of the words the operand is, counted from 1; one more than there are where it is null. It is nothing else:
    what is no word of its enum was refused with its row."""

    operand: Formula
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a variable is in each alternative of the table or enum whose `number` this is."""

    number: Variable
    values: tuple[Value, ...]


def with_alternatives(ruleset: RuleSet) -> RuleSet:
    """The rule set with one more value, the number of the alternative, for each table and enumerated fact."""
    return _Folding(ruleset).whole()


class _Folding:
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

    def whole(self) -> RuleSet:
        enums = tuple(self._enum(fact) for fact in self.ruleset.facts if fact.type.kind is Kind.ENUM)
        steps = tuple(step for old in self.ruleset.steps for step in self._step(old))
        return replace(self.ruleset, steps=enums + steps, rules=tuple(map(self._rule, self.ruleset.rules)))

    def _enum(self, fact: Fact) -> Named:
        words = fact.type.members
        values: tuple[Value, ...] = words if fact.required else (*words, None)
        type_ = Type(Kind.INTEGER, 0, 1, len(values))
        number = Variable(type_, False, f"{fact.name}.{_NUMBER}")
        self._known[fact.name] = _Known(number, values)
        operand = Variable(fact.type, not fact.required, fact.name)
        return Named(name=number.name, formula=Position(type_, False, operand, words), title=None, place=fact.place)

    def _step(self, step: Match | Named | ListResult) -> Iterator[Match | Named | ListResult]:
        match step:
            case Named():
                whole = step.formula
                formula = self._folded(shortened(whole, self._rows) if isinstance(whole, f.If) else whole)
                table = self._tables.get(step.name)
                outputs = _outputs(formula) if table else None
                words = formula.type.members
                if table and outputs:
                    chosen = _renumbered(formula, count(1))
                    if (table.id, chosen) not in self._numbers:
                        name = f"{step.name} {table.id}"  # no value has a blank in its name
                        self._numbers[table.id, chosen] = yield from _numbering(
                            name, chosen, len(outputs) + 1, step.place
                        )
                    formula = _output(self._numbers[table.id, chosen], formula.type, outputs)
                elif isinstance(formula, f.If) and words and (word := self._word(formula, words)):
                    number = yield from _numbering(step.name, word, len(words) + 1, step.place)
                    formula = _output(number, formula.type, [Constant(formula.type, False, each) for each in words])
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

    def _word(self, formula: Formula, words: tuple[str, ...]) -> Formula | None:
        """Which of the enum's words it is, counted from 1, if it chooses among words, facts and tables of this enum."""
        type_ = Type(Kind.INTEGER, 0, 1, len(words) + 1)
        match formula:
            case f.If(condition=condition, then=then, otherwise=otherwise):
                one, other = self._word(then, words), self._word(otherwise, words)
                if one is None or other is None:
                    return None
                return f.If(type_, condition.nullable or one.nullable or other.nullable, condition, one, other)
            case Constant(value=value):
                return Constant(type_, value is None, _place(value, words))
            case Alternative(number=number, values=values):
                places = (_place(each.value, words) or len(words) + 1 for each in values)
                return Alternative(type_, False, number, tuple(Constant(type_, False, place) for place in places))
            case Variable(name=name) if name in self._facts and formula.type.members == words:
                return self._known[name].number
        return None

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
        if isinstance(node, Variable) and node.type.kind is Kind.ENUM and node.name in self._facts:
            return None  # as it was given
        [number] = numbers.values()
        alternatives = zip(*(each.values for each in known.values()), strict=True)
        told = [value_of(node, dict(zip(known, values, strict=True))) for values in alternatives]
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


def _renumbered(formula: Formula, numbers: Iterator[int]) -> Formula:
    """Its constants replaced by 1, 2, …; as deep as a table's chain of rows, which is short
    (`engine.compiling.hit_policies.CHAIN`)."""
    if not isinstance(formula, f.If):
        number = next(numbers)
        return Constant(Type(Kind.INTEGER, 0, number, number), False, number)
    then, otherwise = _renumbered(formula.then, numbers), _renumbered(formula.otherwise, numbers)
    nullable = formula.condition.nullable or then.nullable or otherwise.nullable
    type_ = Type(Kind.INTEGER, 0, then.type.low, otherwise.type.high)
    return f.If(type_, nullable, formula.condition, then, otherwise)


def _numbering(name: str, chosen: Formula, last: int, place: Place) -> Generator[Named, None, Variable]:
    """The values that give the number of the alternative, the last where `chosen` is null; and how it is called."""
    type_ = Type(Kind.INTEGER, 0, 1, last)
    number = Variable(type_, False, f"{name}.{_NUMBER}")
    if chosen.nullable:
        known = Variable(type_, True, f"{number.name}_known")
        yield Named(name=known.name, formula=chosen, title=None, place=place)
        chosen = f.If(type_, False, f.IsNull(YES_NO, False, known), Constant(type_, False, last), known)
    yield Named(name=number.name, formula=chosen, title=None, place=place)
    return number


def _output(number: Variable, type_: Type, outputs: Sequence[Constant]) -> Formula:
    """What belongs to the number, null to the last."""
    return Alternative(type_, True, number, (*outputs, Constant(type_, True, None)))


def _place(value: Value, words: Sequence[str]) -> int | None:
    return words.index(value) + 1 if isinstance(value, str) else None
