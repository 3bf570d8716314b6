"""Each formula as SQL: what `engine.ruleset.interpret` does one value at a time, done by a database.

Part of the SQL lowering. AND, OR and NOT of SQL are Kleene's (`false and null` is false), and its operators give null
for null, as formulas want. What differs is spelled out here: a choice whose condition is null, `min` and `max`,
division, texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from sqlglot import exp, parse_one
from sqlglot.expressions import Expr

from engine.lowering.sql import exact_division
from engine.lowering.sql.alternatives import Alternative, Position
from engine.lowering.sql.condition_rewrites import side
from engine.lowering.sql.dialect import NARROW_HIGH, Dialect, call, data_type, number, wrapped
from engine.lowering.sql.levels import Levels, SqlValue, bare, literal
from engine.lowering.sql.narrowing import Rounded, is_narrow
from engine.lowering.sql.record_queries import aggregate
from engine.ruleset import formula as f
from engine.ruleset.formula import Formula
from engine.ruleset.functions import FORMS
from engine.ruleset.numbering import Formulas
from engine.vocabulary.vocabulary import Kind, Type

_OPERATORS: Mapping[str, type[Expr]] = {
    "=": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
_ARITHMETIC: Mapping[type[Formula], type[Expr]] = {f.Sum: exp.Add, f.Difference: exp.Sub, f.Product: exp.Mul}

_TEXTS = (Kind.TEXT, Kind.PERSON, Kind.ENUM)

_POSITION_MAX = 10**9
"""The largest constant position in a text that is written. The sum of two of them is still a 32-bit integer."""

_ARGUMENT = "argument"
"""Begins the names that stand for a function's arguments while its SQL is read."""

_AMONG_MAX = 3
"""From so many numbers on, an array lookup is as fast as a comparison with each of them."""


class Lowering:
    """Lowers formulas to SQL, each distinct one once, without recursion.

    `formulas` has counted every formula that will be lowered: one that is used more than once becomes a column.
    `levels` collects the columns. `variables` says which value each variable has become; callers add to it while they
    go through the rule set's steps, ahead of the formulas that read it."""

    def __init__(self, formulas: Formulas, levels: Levels, variables: Mapping[str, SqlValue]) -> None:
        self.formulas = formulas
        self.levels = levels
        self.variables = variables
        self._values: dict[int, SqlValue] = {}

    def value(self, formula: Formula) -> SqlValue:
        """A formula as SQL. Raises `KeyError` where it reads a variable that `variables` doesn't have yet."""
        root = self.formulas.number(formula)
        pending = [root]
        while pending:
            number_ = pending[-1]
            missing = [child for child in self.formulas.children[number_] if child not in self._values]
            if missing and number_ not in self._values:
                pending.extend(missing)
                continue
            pending.pop()
            if number_ not in self._values:
                self._values[number_] = self._settled(number_)
        return self._values[root]

    def _settled(self, number_: int) -> SqlValue:
        """A node whose operands have been lowered: narrow if its type is, and a column if it is worth one."""
        node = self.formulas.nodes[number_]
        value = self._code(node, [self._values[child] for child in self.formulas.children[number_]])
        if node.type.kind.is_numeric and value.wide and is_narrow(node.type) and not isinstance(node, f.Variable):
            value = self.levels.widened(value, wide=False)
        is_shared = self.formulas.uses[number_] > 1 and not _is_cheap(node)
        return self.levels.let(value) if is_shared or self._is_of_text(node) else value

    def _is_of_text(self, node: Formula) -> bool:
        """Whether it is computed from a text fact where sub-selects copy rows: such a value gets a column of the first
        level, so that the text is not carried further."""
        texts = self.levels.texts if self.levels.dialect.materializes_subselects else ()
        return node.type.kind not in _TEXTS and any(
            isinstance(part, f.Variable) and self.variables[part.name].sql.name in texts for part in node.operands
        )

    def _code(self, node: Formula, parts: list[SqlValue]) -> SqlValue:
        match node:
            case f.Constant(value=value):
                wide = type(value) is int and not is_narrow(node.type)
                return literal(value, self.levels.dialect, wide=wide)
            case f.Variable(name=name):
                return self.variables[name]
            case f.Sum() | f.Difference() | f.Product():
                return self.levels.operate(_ARITHMETIC[type(node)], *parts, wide=not is_narrow(node.type))
            case f.Rescale() | Rounded():
                return self._rescaled(node, parts)
            case f.Quotient() | f.Modulo():
                return self._division(node, *parts)
            case f.Least() | f.Greatest():
                return self._extreme(parts, exp.GT if isinstance(node, f.Least) else exp.LT)
            case f.Absolute():
                wide = not is_narrow(node.type) or parts[0].wide
                operand = self.levels.lengthened(self.levels.widened(parts[0], wide=wide))
                return self.levels.at(exp.Abs(this=operand.sql.copy()), parts, wide=wide, long=True)
            case f.If():
                return self._choice(node, *parts)
            case f.AddMonths():
                return self.levels.at(self.levels.dialect.add_months(parts[0].sql, parts[1].sql), parts, long=True)
            case f.DatePart(part=part):
                return self._date_part(part, node.date, parts[0])
            case f.FunctionCall():
                return self._function(node.function, parts)
            case f.Aggregate():
                return aggregate(node, parts, self.levels, lambda *inner: Lowering(*inner).value)
            case Alternative(values=values):
                return self._looked_up(parts[0], [value.value for value in values], node.type)
            case Position(words=words):
                return self._position(words, parts[0])
        return self._truth(node, parts)

    # --- logic -------------------------------------------------------------------------------------------------------

    def _truth(self, node: Formula, parts: list[SqlValue]) -> SqlValue:
        levels = self.levels
        match node:
            case f.All() | f.Any():
                return levels.combined(parts, exp.And if isinstance(node, f.All) else exp.Or)
            case f.Not():
                return levels.at(exp.Not(this=side(parts[0].sql)), parts)
            case f.IsNull():
                return levels.missing(parts[0])
            case f.IsTrue():
                return self.true(parts[0])
            case f.Compare(operator=operator):
                return levels.test(_OPERATORS[operator], *parts)
            case f.MemberOf(values=values, operand=operand):
                return self._member(values, operand, parts[0])
        raise TypeError(f"no SQL is defined for {type(node).__name__}")

    def true(self, code: SqlValue) -> SqlValue:
        """Whether a condition is true, false where it is null."""
        if not code.nullable:
            return code
        sql = exp.Coalesce(this=code.sql.copy(), expressions=[exp.Boolean(this=False)])
        return self.levels.at(sql, (code,), nullable=False)

    def _member(self, values: Sequence[int | str | bool], operand: Formula, code: SqlValue) -> SqlValue:
        """Whether the value is one of a list. Numbers that the operand can't be are left out: the largest may have more
        digits than a literal can."""
        known = [v for v in values if type(v) is not int or operand.type.low <= v <= operand.type.high]
        if not known:
            code = self.levels.let(code)
            present = self.levels.at(exp.Not(this=wrapped(self.levels.missing(code).sql)), (code,), nullable=False)
            never = literal(value=False, dialect=self.levels.dialect)
            empty = literal(None, self.levels.dialect)
            return self.levels.case([(present, never)], empty) if code.nullable else never
        listed = [literal(value, self.levels.dialect, wide=code.wide).sql for value in known]
        return self.levels.at(exp.In(this=wrapped(code.sql), expressions=listed), (code,))

    def _choice(self, node: f.If, condition: SqlValue, then: SqlValue, otherwise: SqlValue) -> SqlValue:
        """`if`, which is null where its condition is null, while CASE goes on to the next branch. So
        `if n > 5 then 1 else 2` is `CASE WHEN n > 5 THEN 1 WHEN n IS NULL THEN NULL ELSE 2 END`. A chain of choices
        becomes one CASE with many branches."""
        levels = self.levels
        branches: list[tuple[SqlValue, SqlValue]] = []
        if isinstance(node.condition, f.IsNull) and node.condition.operand == node.otherwise:
            otherwise = replace(otherwise, nullable=False)  # `then` stands where it is null
        if isinstance(node.condition, f.IsTrue):
            tested_alone = self._values[self.formulas.number(node.condition.operand)]
            branches.append((tested_alone, then))
        else:
            tested = self._tested(node.condition)
            if condition.nullable and tested is None:
                condition = tested = levels.let(condition)
            branches.append((bare(condition), then))
            if condition.nullable and tested is not None:
                branches.append((self._unknown(tested), literal(None, levels.dialect)))
        if isinstance(otherwise.sql, exp.Case) and not otherwise.sql.this:
            return self._prolonged(branches, otherwise)
        return levels.case(branches, otherwise)

    def _unknown(self, condition: SqlValue) -> SqlValue:
        return self.levels.at(exp.Is(this=wrapped(condition.sql), expression=exp.Null()), (condition,), nullable=False)

    def _tested(self, formula: Formula) -> SqlValue | None:
        """The column that is null exactly where a comparison of it with a constant is; None for other conditions."""
        match formula:
            case f.Compare(left=f.Variable(name=name), right=f.Constant(nullable=False)):
                return self.variables[name]
            case f.Compare(left=f.Constant(nullable=False), right=f.Variable(name=name)):
                return self.variables[name]
        return None

    def _prolonged(self, branches: Sequence[tuple[SqlValue, SqlValue]], otherwise: SqlValue) -> SqlValue:
        """`CASE WHEN a THEN 1 ELSE CASE WHEN b THEN 2 ELSE 3 END END` with the inner branches behind the outer ones."""
        first = self.levels.case(branches, otherwise)
        inner = first.sql.args["default"]
        if not isinstance(inner, exp.Case):  # widened
            return first
        sql = exp.Case(ifs=[*first.sql.args["ifs"], *inner.args["ifs"]], default=inner.args.get("default"))
        return self.levels.at(sql, (first,), wide=first.wide, nullable=first.nullable, long=first.long)

    def _position(self, words: Sequence[str], word: SqlValue) -> SqlValue:
        """A `Position`: the word's place in its enum, or one more than there are words where it is null."""
        levels = self.levels
        place = levels.at(levels.dialect.position(words, word.sql), (word,))
        if not word.nullable:
            return place
        null_place = levels.number(len(words) + 1)
        return levels.at(exp.Coalesce(this=place.sql, expressions=[null_place.sql]), (place,), nullable=False)

    def _looked_up(self, number_: SqlValue, values: Sequence[int | str | bool | None], type_: Type) -> SqlValue:
        """An `Alternative`: the value that belongs to a number. Most often one or two comparisons decide it: `grade =
        "A"` is `number IN (1, 4)`. Otherwise it is an array's entry where the dialect is fast at that, or a CASE whose
        default is the most common value."""
        levels, dialect = self.levels, self.levels.dialect
        number_ = levels.let(number_)
        places = range(1, len(values) + 1)
        common = max(values, key=values.count)
        others = [place for place, value in zip(places, values, strict=True) if value != common]
        if not others:
            return literal(common, dialect, wide=not is_narrow(type_))
        if (
            isinstance(common, bool)
            and None not in values
            and (len(others) < _AMONG_MAX or not dialect.constant_array_lookup)
        ):
            return levels.at(_among(number_.sql, others, negated=common), (number_,))
        wide = not is_narrow(type_)
        if dialect.constant_array_lookup and not wide:
            entries = [literal(value, dialect).sql for value in values]
            return levels.at(dialect.entry(entries, number_.sql), (number_,), nullable=None in values, long=True)
        choices = [
            (levels.at(_among(number_.sql, same, negated=False), (number_,)), literal(value, dialect, wide=wide))
            for value in dict.fromkeys(values[place - 1] for place in others)
            if (same := [place for place in others if values[place - 1] == value])
        ]
        return levels.case(choices, literal(common, dialect, wide=wide))

    # --- numbers and dates -------------------------------------------------------------------------------------------

    def _rescaled(self, node: f.Rescale | Rounded, parts: list[SqlValue]) -> SqlValue:
        levels = self.levels
        if isinstance(node, Rounded):
            if not isinstance(node.divisor.value, int):
                raise AssertionError("a divisor is a number")
            bounds = (node.low.type.low, node.low.type.high)
            return exact_division.rounded_sum(levels, parts[0], parts[1], bounds, node.divisor.value)
        step = node.type.scale - node.operand.type.scale
        if step >= 0:
            factor = literal(10**step, levels.dialect, wide=step > 18)
            return levels.operate(exp.Mul, parts[0], factor, wide=not is_narrow(node.type)) if step else parts[0]
        bounds = (node.operand.type.low, node.operand.type.high)
        return exact_division.rounded(levels, parts[0], bounds, 10**-step, node.mode)

    def _division(self, node: f.Quotient | f.Modulo, left: SqlValue, right: SqlValue) -> SqlValue:
        levels, a, b = self.levels, node.left.type, node.right.type
        signed = min(a.low, b.low) < 0
        shift = node.shift if isinstance(node, f.Quotient) else 0
        wide = left.wide or right.wide or max(-a.low, a.high) * 10**shift + max(-b.low, b.high) > NARROW_HIGH
        divisor = exact_division.divisor_or_null(levels, right, wide=wide, never_zero=b.low > 0 or b.high < 0)
        if shift:
            left = levels.operate(exp.Mul, left, literal(10**shift, levels.dialect, wide=shift > 18), wide=wide)
        left = levels.let(levels.lengthened(levels.widened(left, wide=wide)))
        divide = exact_division.quotient if isinstance(node, f.Quotient) else exact_division.modulo
        return divide(levels, left, divisor, signed=signed)

    def _extreme(self, parts: Sequence[SqlValue], worse: type[Expr]) -> SqlValue:
        """`min` and `max`, null where a part is null: LEAST and GREATEST skip nulls in some databases and not in
        others. `worse` is the comparison of the left with the right one after which the right one is taken."""
        levels = self.levels
        extreme = parts[0]
        for other in parts[1:]:
            left, right = levels.let(extreme), levels.let(other)
            if left.constant is not None:  # a null must fall to the last branch
                left, right = right, left
            branches = [(levels.test(worse, left, right), right)]
            if right.nullable and left.nullable:
                branches.append((levels.missing(right), literal(None, levels.dialect)))
            elif right.nullable:
                left, right = right, left
                branches = [(levels.test(worse, left, right), right)]
            extreme = levels.case(branches, left)
        return extreme

    def _date_part(self, part: str, date: Formula, code: SqlValue) -> SqlValue:
        """A part of a date. The weekday, 1 for Monday, is computed from the day count, since databases count weekdays
        from different days: 1970-01-01 was a Thursday."""
        levels = self.levels
        if part != "weekday":
            return levels.at(levels.dialect.date_part(part, code.sql), (code,))
        lifted = 3 + 7 * exact_division.lift(date.type.low + 3, 7)
        moved = exp.Paren(this=exp.Add(this=wrapped(levels.lengthened(code).sql), expression=number(lifted)))
        weekday = exp.Add(this=exp.Mod(this=moved, expression=number(7)), expression=number(1))
        return levels.at(weekday, (code,), long=True)

    # --- text --------------------------------------------------------------------------------------------------------

    def _function(self, function: str, parts: list[SqlValue]) -> SqlValue:
        """By the SQL of the function table. An argument that stands there more than once is named first."""
        if function in WRITERS:
            return WRITERS[function](self, parts)
        template = FORMS[function].sql
        named = [
            self.levels.let(part) if template.count(f"{{{index}}}") > 1 else part for index, part in enumerate(parts)
        ]
        return self.levels.at(_filled(template, named, self.levels.dialect), named)

    def substring(self, parts: list[SqlValue]) -> SqlValue:
        """A start from the end is turned into one from the front; beyond either end there is nothing."""
        levels = self.levels
        whole, start, *length = (self._within_text(levels.let(part)) for part in parts)
        from_end = levels.at(exp.Add(this=_length(whole.sql) + number(1), expression=start.sql.copy()), (whole, start))
        zero = levels.number(0)
        if start.constant is not None and type(start.constant[0]) is int:
            first = start if start.constant[0] > 0 else levels.let(from_end)
        else:
            ahead = levels.test(exp.GT, start, zero)
            first = levels.let(levels.case([(ahead, start)], from_end))
        cut = call("SUBSTRING", whole.sql, _int(first.sql), *(_int(part.sql) for part in length))
        inside = levels.combined([levels.test(exp.GTE, first, levels.number(1))], exp.And)
        for part in length:
            inside = levels.combined((inside, levels.test(exp.GTE, part, zero)), exp.And)
        unknown = [(self._unknown(part), literal(None, levels.dialect)) for part in parts if part.nullable]
        return levels.case([*unknown, (inside, levels.at(cut, parts))], literal("", levels.dialect))

    def _within_text(self, part: SqlValue) -> SqlValue:
        """A start or length that is a constant, cut to what databases take; no text is that long."""
        value = part.constant[0] if part.constant else None
        if type(value) is not int:
            return part
        return self.levels.number(max(-_POSITION_MAX, min(value, _POSITION_MAX)))


def _among(number_: Expr, places: Sequence[int], *, negated: bool) -> Expr:
    """Whether a number is one of the places, or is none of them."""
    if len(places) == 1:
        return (exp.NEQ if negated else exp.EQ)(this=number_.copy(), expression=number(places[0]))
    among = exp.In(this=number_.copy(), expressions=[number(place) for place in places])
    return exp.Not(this=among) if negated else among


def _int(part: Expr) -> Expr:
    return exp.Cast(this=part.copy(), to=data_type("INT"))


def _length(part: Expr) -> Expr:
    return exp.Length(this=part.copy())


WRITERS: Mapping[str, Callable[[Lowering, list[SqlValue]], SqlValue]] = {"substring": Lowering.substring}
"""The functions whose SQL depends on an argument's value, so that the function table holds no template of it."""


def _filled(template: str, parts: Sequence[SqlValue], dialect: Dialect) -> Expr:
    """The template's expression with the parts in place of `{0}`, `{1}` …"""

    def with_part(node: Expr) -> Expr:
        index = node.name.removeprefix(_ARGUMENT)
        return wrapped(parts[int(index)].sql) if isinstance(node, exp.Placeholder) else node

    def spelled(node: Expr) -> Expr:
        """What sqlglot puts for STRPOS differs between databases where the text that is looked for is empty."""
        return dialect.index_of(node.this, node.args["substr"]) if isinstance(node, exp.StrPosition) else node

    return _parsed(template).transform(with_part).transform(spelled)


@cache
def _parsed(template: str) -> Expr:
    marks = (f":{_ARGUMENT}{index}" for index in range(template.count("{")))
    return parse_one(template.format(*marks))


def _is_cheap(node: Formula) -> bool:
    """Whether writing it again costs less than a column: a value that is one already, or one comparison of it."""
    match node:
        case f.Constant() | f.Variable() | f.IsNull(operand=f.Variable()) | f.IsTrue(operand=f.Variable()):
            return True
        case f.Compare(left=f.Variable(), right=f.Constant()) | f.Compare(left=f.Constant(), right=f.Variable()):
            return True
    return False
