"""Random formulas over every node, with the types, scales, bounds and nullness that the checker would give them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date
from itertools import product

from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula, Variable
from engine.ruleset.functions import FunctionParameter, Takes
from engine.vocabulary.days import EPOCH
from engine.vocabulary.vocabulary import DATE, QUOTIENT_SCALE, TEXT, YES_NO, Kind, Type
from tests.support.function_arguments import WITH_FORMS, counts, written_numbers

WORDS = ("A", "B", "C", "unrated", "5", 'it\'s "so"', "等级")
ENUM = Type(Kind.ENUM, members=WORDS)
WIDEST = 10**25
MODES = ("half_even", "half_up", "half_down", "up", "down", "floor", "ceiling")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
THRESHOLDS = (0, 1, -1, 5, 7, 30, 90, 100, 1_000, 50_000, 10**6, -300, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))


def days(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - EPOCH).days


Maker = Callable[[int], Formula]


class FormulaMaker:
    def __init__(self, chance: random.Random, variables: Sequence[Variable]) -> None:
        self.chance = chance
        self.variables = [variable for variable in variables if variable.type.kind is not Kind.LIST]
        self.lists = [variable for variable in variables if variable.type.kind is Kind.LIST]

    def add(self, variable: Variable) -> None:
        self.variables.append(variable)

    def condition(self, depth: int) -> Formula:
        if depth <= 0:
            return self._known_as(YES_NO) or Constant(YES_NO, self.chance.random() < 0.5, nullable=False)
        plain: list[Maker] = [self._comparison, self._comparison, self._comparison, self._comparison]
        plain += [self._equality, self._member, lambda _: self._missing()]
        if self.lists:
            plain += [lambda _: self._aggregate(("any", "all"))] * 3
        deep: list[Maker] = [self._all, self._any, self._not, self._is_true, self._yes_no_choice, self._text_test]
        return self.chance.choice(plain if depth == 1 else plain + deep)(depth - 1)

    def number(self, depth: int) -> Formula:
        if depth <= 0:
            return self._leaf()
        makers: list[Maker] = [
            lambda _: self._leaf(),
            self._sum,
            self._difference,
            self._product,
            self._quotient,
            self._modulo,
        ]
        makers += [
            lambda _: self._share(),
            self._rescale,
            self._absolute,
            self._least,
            self._choice,
            self._part,
            self._length,
        ]
        if self.lists:
            makers += [lambda _: self._aggregate(("sum", "sum", "count", "least", "greatest"))] * 3
        made = self.chance.choice(makers)(depth - 1)
        return made if made.type.low > -WIDEST and made.type.high < WIDEST else self._leaf()

    def date(self, depth: int) -> Formula:
        known = self._known_as(DATE) or Constant(DATE, days(2026, 1, 31), nullable=False)
        narrow = known.type.low >= days(1600, 1, 1) and known.type.high <= days(2600, 1, 1)
        months = Constant(Type(Kind.MONTHS), self.chance.choice((-13, -1, 0, 1, 12)), nullable=False)
        if depth <= 0 or not narrow:
            return known
        widened = Type(Kind.DATE, scale=0, low=known.type.low - 500, high=known.type.high + 500)
        return f.AddMonths(widened, known, months, nullable=known.nullable)

    def text(self, depth: int) -> Formula:
        known = self._known_as(TEXT) or Constant(TEXT, self.chance.choice(WORDS), nullable=False)
        if depth <= 0:
            return known
        return self._function_call(lambda kind: kind is Kind.TEXT, depth)

    def first_of(self, rows: Sequence[Variable]) -> Formula:
        """The output of the first row that is hit, null where an earlier one is undetermined, as `hit: first` means."""
        otherwise: Formula = Constant(Type(Kind.INTEGER, scale=0, low=0, high=99), None, nullable=True)
        for index, row in reversed(list(enumerate(rows))):
            otherwise = f.If(Type(Kind.INTEGER, scale=0, low=0, high=99), row, _whole(index), otherwise, nullable=True)
        return otherwise

    def _known_as(self, type_: Type) -> Variable | None:
        found = [variable for variable in self.variables if variable.type.kind is type_.kind]
        return self.chance.choice(found) if found and self.chance.random() < 0.9 else None

    def _leaf(self) -> Formula:
        found = [variable for variable in self.variables if variable.type.kind.is_numeric]
        if found and self.chance.random() < 0.75:
            return self.chance.choice(found)
        return self._threshold(Type(Kind.INTEGER))

    def _threshold(self, type_: Type) -> Constant:
        value = self.chance.choice(THRESHOLDS)
        return Constant(Type(type_.kind, scale=type_.scale, low=value, high=value), value, nullable=False)

    def _pair(self, depth: int) -> tuple[Formula, Formula]:
        """Two numbers of one scale."""
        left, right = self.number(depth), self.number(depth)
        scale = max(left.type.scale, right.type.scale)
        return rescaled(left, scale, "half_even"), rescaled(right, scale, "half_even")

    def _sum(self, depth: int) -> Formula:
        left, right = self._pair(depth)
        low, high = left.type.low + right.type.low, left.type.high + right.type.high
        return f.Sum(_number(left.type.scale, low, high), left, right, nullable=_either(left, right))

    def _difference(self, depth: int) -> Formula:
        left, right = self._pair(depth)
        low, high = left.type.low - right.type.high, left.type.high - right.type.low
        return f.Difference(_number(left.type.scale, low, high), left, right, nullable=_either(left, right))

    def _product(self, depth: int) -> Formula:
        left, right = self.number(depth), self.number(depth)
        corners = [a * b for a, b in product((left.type.low, left.type.high), (right.type.low, right.type.high))]
        type_ = _number(left.type.scale + right.type.scale, min(corners), max(corners))
        whole = f.Product(type_, left, right, nullable=_either(left, right))
        return rescaled(whole, 2, self.chance.choice(MODES)) if type_.scale > 6 else whole

    def _share(self) -> Formula:
        """A rate of an amount, rounded to the amount's decimals: what the SQL lowering splits into whole and rest."""
        amount = self._leaf()
        millionths = self.chance.choice((1, 50_000, 333_333, 999_999, 1_500_000))
        rate = Constant(Type(Kind.RATE, scale=6, low=millionths, high=millionths), millionths, nullable=False)
        type_ = _number(amount.type.scale + 6, amount.type.low * millionths, amount.type.high * millionths)
        return rescaled(f.Product(type_, amount, rate, nullable=amount.nullable), amount.type.scale, "half_even")

    def _quotient(self, depth: int) -> Formula:
        left, right = self.number(depth), self.number(depth)
        shift = max(0, QUOTIENT_SCALE - left.type.scale + right.type.scale)
        scale = left.type.scale - right.type.scale + shift
        most = max(abs(left.type.low), abs(left.type.high)) * 10**shift + 1
        zero = right.type.low <= 0 <= right.type.high
        whole = f.Quotient(_number(scale, -most, most), left, right, shift, nullable=zero or _either(left, right))
        return rescaled(whole, 4, "half_even")

    def _modulo(self, depth: int) -> Formula:
        left, right = self._pair(depth)
        most = max(abs(right.type.low), abs(right.type.high))
        zero = right.type.low <= 0 <= right.type.high
        return f.Modulo(_number(left.type.scale, -most, most), left, right, nullable=zero or _either(left, right))

    def _rescale(self, depth: int) -> Formula:
        return rescaled(self.number(depth), self.chance.choice((0, 1, 2, 4, 6)), self.chance.choice(MODES))

    def _absolute(self, depth: int) -> Formula:
        operand = self.number(depth)
        most = max(abs(operand.type.low), abs(operand.type.high))
        return f.Absolute(_number(operand.type.scale, 0, most), operand, nullable=operand.nullable)

    def _least(self, depth: int) -> Formula:
        parts = self._pair(depth)[: self.chance.choice((1, 2, 2))]
        type_ = _hull(*parts)
        make = self.chance.choice((f.Least, f.Greatest))
        return make(type_, parts, nullable=_either(*parts))

    def _choice(self, depth: int) -> Formula:
        then, otherwise = self._pair(depth)
        condition = self.condition(depth)
        return f.If(_hull(then, otherwise), condition, then, otherwise, nullable=_either(condition, then, otherwise))

    def _part(self, depth: int) -> Formula:
        day = self.date(depth)
        part = self.chance.choice(("year", "month", "day", "weekday"))
        return f.DatePart(Type(Kind.INTEGER, scale=0, low=0, high=9_999), part, day, nullable=day.nullable)

    def _length(self, depth: int) -> Formula:
        return self._function_call(lambda kind: kind.is_numeric, depth)

    def _function_call(self, gives: Callable[[Kind], bool], depth: int) -> Formula:
        """A call of some row of the function table, whose result is of a kind that `gives` accepts."""
        rows = [(row, row.forms) for row in WITH_FORMS if row.forms and gives(row.forms.result.kind)]
        row, forms = self.chance.choice(rows)
        given = row.parameters[: self.chance.choice(counts(row))]
        parts = tuple(self._argument(parameter, index, depth) for index, parameter in enumerate(given))
        return f.FunctionCall(forms.result, row.name, parts, nullable=_either(*parts))

    def _argument(self, parameter: FunctionParameter, index: int, depth: int) -> Formula:
        if parameter.takes is Takes.WRITTEN_NUMBER:
            return self.chance.choice(written_numbers(parameter))
        if index and self.chance.random() < 0.5:
            return Constant(TEXT, self.chance.choice((*WORDS, "'{}\\")), nullable=False)
        return self.text(depth - 1)

    def _comparison(self, depth: int) -> Formula:
        if self.chance.random() < 0.15:
            left, right = (
                self.date(depth),
                Constant(DATE, self.chance.choice((days(2026, 1, 31), days(2024, 2, 29))), nullable=False),
            )
        else:
            left = self.number(depth)
            right = self._threshold(left.type)
            if self.chance.random() < 0.25:
                left, right_side = self._pair(depth)
                return f.Compare(
                    YES_NO, self.chance.choice(OPERATORS), left, right_side, nullable=_either(left, right_side)
                )
        sides = (left, right) if self.chance.random() < 0.8 else (right, left)
        return f.Compare(YES_NO, self.chance.choice(OPERATORS), *sides, nullable=left.nullable)

    def _equality(self, depth: int) -> Formula:
        type_ = self.chance.choice((ENUM, ENUM, TEXT, YES_NO))
        left: Formula = self._known_as(type_) or Constant(TEXT, "A", nullable=False)
        right: Formula = Constant(type_, self.chance.choice(WORDS), nullable=False)
        if type_ is YES_NO:
            left, right = self.condition(depth), self.condition(depth)
        return f.Compare(YES_NO, self.chance.choice(("=", "!=")), left, right, nullable=_either(left, right))

    def _member(self, depth: int) -> Formula:
        words = self._known_as(ENUM)
        if words is not None and self.chance.random() < 0.5:
            return f.MemberOf(YES_NO, words, tuple(self.chance.sample(WORDS, 3)), nullable=words.nullable)
        operand = self.number(depth)
        return f.MemberOf(YES_NO, operand, tuple(self.chance.sample(THRESHOLDS, 4)), nullable=operand.nullable)

    def _missing(self) -> Formula:
        missing = f.IsNull(YES_NO, self.chance.choice(self.variables), nullable=False)
        return missing if self.chance.random() < 0.5 else f.Not(YES_NO, missing, nullable=False)

    def _aggregate(self, functions: Sequence[str]) -> Formula:
        """Over records whose formulas read values of the record, and some of the case."""
        records = self.chance.choice(self.lists)
        fields = records.type.fields
        inside = [
            Variable(field.type, f.record_variable(records.name, field.name), nullable=not field.required)
            for field in fields
        ]
        few = self.chance.sample(self.variables, min(3, len(self.variables)))
        maker = FormulaMaker(self.chance, [*inside, *inside, *few])
        function = self.chance.choice(functions)
        where: Formula = Constant(YES_NO, True, nullable=False)
        if self.chance.random() < 0.7:
            where = maker.condition(self.chance.choice((1, 1, 2)))
        value: Formula = Constant(YES_NO, True, nullable=False)
        if function in ("any", "all"):
            value = maker.condition(self.chance.choice((1, 1, 2)))
        elif function != "count":
            value = maker.number(self.chance.choice((0, 1, 2)))
        return aggregate(function, records, where, value)

    def _several(self, depth: int) -> tuple[Formula, ...]:
        return tuple(self.condition(depth) for _ in range(self.chance.choice((0, 1, 2, 2, 3, 4))))

    def _all(self, depth: int) -> Formula:
        parts = self._several(depth)
        return f.All(YES_NO, parts, nullable=_either(*parts))

    def _any(self, depth: int) -> Formula:
        parts = self._several(depth)
        return f.Any(YES_NO, parts, nullable=_either(*parts))

    def _not(self, depth: int) -> Formula:
        operand = self.condition(depth)
        return f.Not(YES_NO, operand, nullable=operand.nullable)

    def _is_true(self, depth: int) -> Formula:
        return f.IsTrue(YES_NO, self.condition(depth), nullable=False)

    def _yes_no_choice(self, depth: int) -> Formula:
        parts = (self.condition(depth), self.condition(depth), self.condition(depth))
        return f.If(YES_NO, *parts, nullable=_either(*parts))

    def _text_test(self, depth: int) -> Formula:
        return self._function_call(lambda kind: kind is Kind.YES_NO, depth)


def aggregate(function: str, records: Variable, where: Formula, value: Formula) -> f.Aggregate:
    """The node as the compiler makes it."""
    most, own = records.type.high, f.record_variable(records.name, "")
    outer = {node.name: node for each in (where, value) for node in f.walk(each) if isinstance(node, Variable)}
    captured = tuple(variable for name, variable in outer.items() if not name.startswith(own))
    types = {
        "any": YES_NO,
        "all": YES_NO,
        "count": Type(Kind.INTEGER, high=most),
        "sum": _number(value.type.scale, min(0, most * value.type.low), max(0, most * value.type.high)),
    }
    nullable = records.nullable or where.nullable or value.nullable or function in ("least", "greatest")
    each = f.EachRecord(tuple(variable.name for variable in captured), where, value)
    return f.Aggregate(types.get(function, value.type), function, records, captured, each, nullable=nullable)


def rescaled(operand: Formula, scale: int, mode: str) -> Formula:
    """The same number with `scale` decimals; unchanged where it has them already."""
    step = scale - operand.type.scale
    if step == 0:
        return operand
    low, high = (
        (value * 10**step if step > 0 else value // 10**-step + end)
        for value, end in ((operand.type.low, -1), (operand.type.high, 1))
    )
    return f.Rescale(_number(scale, low, high), operand, mode, nullable=operand.nullable)


def _number(scale: int, low: int, high: int) -> Type:
    return Type(Kind.NUMBER, scale=scale, low=low, high=high)


def _whole(value: int) -> Constant:
    return Constant(Type(Kind.INTEGER, scale=0, low=value, high=value), value, nullable=False)


def _hull(*parts: Formula) -> Type:
    return _number(parts[0].type.scale, min(p.type.low for p in parts), max(p.type.high for p in parts))


def _either(*parts: Formula) -> bool:
    return any(part.nullable for part in parts)
