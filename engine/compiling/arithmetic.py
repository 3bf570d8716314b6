"""Typed arithmetic on formulas: units, scales and bounds, as set out in docs/policy-language.md ("Arithmetic").

Each function builds one formula from others or refuses with `Mismatch`. Overflow is found here, from the bounds, once
and for all inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.diagnostics.wording import did_you_mean, listed
from engine.lowering.python.constants import constant_value
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula, Variable
from engine.ruleset.functions import CONCATENATION
from engine.vocabulary.vocabulary import DATE, FORMULA_BOUND, QUOTIENT_SCALE, TEXT, YES_NO, Kind, Text, Titles, Type


class Mismatch(Exception):
    """Formulas that can't be combined: what is wrong, and what to write instead."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Unset(Variable):
    """A parameter before its first date: never known, and typed like the constant that it will be."""


DIGITS_MAX = 38


def number(value: Decimal) -> Constant:
    """A bare number: it takes the unit of what it meets."""
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if len(digits) + abs(exponent) > 2 * DIGITS_MAX:
        raise Mismatch("T005", f"a number of more than {DIGITS_MAX} digits", "write fewer digits")
    scale = max(0, -exponent)
    # not `scaleb`, which rounds to the precision of a context
    scaled = int("".join(map(str, digits))) * 10 ** max(0, exponent)
    return constant(Type(Kind.NUMBER, scale), -scaled if sign else scaled)


def constant(type_: Type, value: int | str | bool) -> Constant:
    """A known value; a number's bounds are the value itself."""
    if isinstance(value, int) and not isinstance(value, bool):
        type_ = replace(type_, low=value, high=value)
    return Constant(_bounded(type_), False, value)


def word(text: str) -> Constant:
    return Constant(Type(Kind.ENUM, members=(text,)), False, text)


NULL = Constant(Type(Kind.NUMBER), True, None)


def is_null(formula: Formula) -> bool:
    return isinstance(formula, Constant) and formula.value is None


def is_bare(formula: Formula) -> bool:
    """A number built of literals (and parameters without a unit) only, so that it takes the unit of what it meets."""
    if formula.type.kind is not Kind.NUMBER:
        return False
    if isinstance(formula, Variable):
        return isinstance(formula, Unset)
    parts = (formula.then, formula.otherwise) if isinstance(formula, f.If) else formula.operands
    return all(is_bare(part) for part in parts)


def described(formula: Formula) -> str:
    if is_null(formula):
        return "null"
    return "a plain number" if is_bare(formula) else _KIND_WORDS[formula.type.kind]


_KIND_WORDS = {
    Kind.MONEY: "money",
    Kind.RATE: "a rate",
    Kind.NUMBER: "a number",
    Kind.INTEGER: "a count",
    Kind.DAYS: "days",
    Kind.MONTHS: "months",
    Kind.DATE: "a date",
    Kind.ENUM: "a word",
    Kind.TEXT: "text",
    Kind.YES_NO: "yes/no",
}


def _bounded(type_: Type) -> Type:
    """`type_` if every value fits (see `FORMULA_BOUND`)."""
    largest = max(abs(type_.low), abs(type_.high))
    if largest > FORMULA_BOUND:
        # Python refuses to write out numbers of thousands of digits
        need = f"{len(str(largest))} digits, more than {DIGITS_MAX}" if largest < 10**100 else "hundreds of digits"
        hint = "give a part a name of its own under `values`, where it is rounded to its type's decimals"
        raise Mismatch("T005", f"the result could need {need}", hint)
    return type_


def folded(formula: Formula) -> Formula:
    """Constants combined are a constant, so that tables and rules can be checked against it."""
    if not all(isinstance(operand, Constant) for operand in formula.operands):
        return formula
    value = constant_value(formula)
    return formula if value is None else constant(formula.type, value)


def rescaled(formula: Formula, scale: int, mode: str = "half_even") -> Formula:
    """`formula` with `scale` decimals."""
    have = formula.type.scale
    if scale == have or is_null(formula):
        return formula
    low, high = (_scaled(bound, have, scale) for bound in (formula.type.low, formula.type.high))
    # rounding may move a bound outwards by one unit
    slack = 1 if scale < have else 0
    type_ = _bounded(replace(formula.type, scale=scale, low=low - slack, high=high + slack))
    return folded(f.Rescale(type_, formula.nullable, formula, mode))


def _scaled(value: int, have: int, want: int) -> int:
    factor: int = 10 ** abs(want - have)
    return value * factor if want >= have else value // factor


def _unit(kinds: set[Kind], what: str) -> Kind:
    """The kind of a sum or choice over values of these kinds (bare numbers left out)."""
    if len(kinds) == 1:
        return kinds.pop()
    if kinds <= {Kind.RATE, Kind.NUMBER, Kind.INTEGER}:
        return Kind.NUMBER
    if kinds <= {Kind.ENUM, Kind.TEXT}:
        return Kind.TEXT
    words = " and ".join(sorted(_KIND_WORDS[kind] for kind in kinds))
    raise Mismatch("T001", f"{words} can't be {what}", _unit_hint(kinds))


_DIMENSIONLESS = {Kind.RATE, Kind.NUMBER, Kind.INTEGER}
_WORDS = {Kind.ENUM, Kind.TEXT}


def _unit_hint(kinds: set[Kind]) -> str:
    for first, others, hint in _UNIT_HINTS:
        if first in kinds and kinds & others:
            return hint
    return ""


_UNIT_HINTS: tuple[tuple[Kind, set[Kind], str], ...] = (
    (Kind.MONEY, {Kind.DAYS, Kind.MONTHS, Kind.DATE}, "put amounts with amounts, days with days"),
    (Kind.MONEY, _DIMENSIONLESS, "multiply the rate with an amount, or give the number `type: money`"),
    (Kind.DAYS, _DIMENSIONLESS, "give the number `type: days`"),
    (Kind.DAYS, {Kind.MONTHS}, "use days, or months, on both sides"),
    (Kind.DATE, _WORDS, 'write a date as `date("2026-07-01")`'),
    (Kind.DATE, {Kind.DAYS, *_DIMENSIONLESS}, "subtract two dates to get days, such as `as_of - invoice.due_date`"),
    (Kind.YES_NO, {*_WORDS, *_DIMENSIONLESS}, "compare yes/no with `true` or `false`"),
    (Kind.ENUM, {*_DIMENSIONLESS, Kind.MONEY, Kind.DAYS, Kind.MONTHS}, "write numbers without quotes, words with them"),
    (Kind.TEXT, {*_DIMENSIONLESS, Kind.MONEY, Kind.DAYS, Kind.MONTHS}, "write numbers without quotes, words with them"),
)


def unified(parts: Sequence[Formula], what: str) -> tuple[Formula, ...]:
    """The parts with one kind and scale; `what` ends the sentence "money and days can't be …"."""
    typed = [part for part in parts if not is_null(part)]
    if not typed:
        return tuple(parts)
    are_bare = [is_bare(part) for part in typed]  # each looks through its whole formula
    kinds = {part.type.kind for part, is_one in zip(typed, are_bare, strict=True) if not is_one}
    bare = [part for part, is_one in zip(typed, are_bare, strict=True) if is_one]
    if kinds and bare and not all(kind.is_numeric for kind in kinds):
        _unit(kinds | {Kind.NUMBER}, what)
    kind = _unit(kinds, what) if kinds else Kind.NUMBER
    if kind is Kind.INTEGER and any(part.type.scale for part in bare):
        kind = Kind.NUMBER
    scale = max(part.type.scale for part in typed)
    members: tuple[str, ...] = ()
    if kind is Kind.ENUM and len(typed) < len(parts):  # for those that are null; an enum may have thousands
        members = tuple(dict.fromkeys(member for part in typed for member in part.type.members))
    return tuple(_as_kind(part, kind, scale, members) for part in parts)


def _as_kind(part: Formula, kind: Kind, scale: int, members: tuple[str, ...]) -> Formula:
    if is_null(part):
        return Constant(Type(kind, scale, members=members), True, None)
    part = rescaled(part, scale)
    if isinstance(part, Constant) and part.type.kind is not kind:
        return replace(part, type=replace(part.type, kind=kind))
    return part


def hull(parts: Sequence[Formula]) -> Type:
    """The type of a choice among unified parts."""
    typed = [part for part in parts if not is_null(part)] or list(parts)
    first = typed[0].type
    kinds = {part.type.kind for part in typed}
    kind = first.kind if len(kinds) == 1 else Kind.TEXT if Kind.TEXT in kinds else Kind.NUMBER
    if len(kinds) > 1 and Kind.NUMBER in kinds and (units := {p.type.kind for p in typed if not is_bare(p)}):
        kind = units.pop() if len(units) == 1 else Kind.NUMBER
    members = tuple(dict.fromkeys(member for part in typed for member in part.type.members))
    low, high = min(part.type.low for part in typed), max(part.type.high for part in typed)
    if kind is not Kind.ENUM:
        return Type(kind, first.scale, low, high)
    return Type(kind, first.scale, low, high, members, titles_of([part.type for part in typed]))


def titles_of(types: Sequence[Type]) -> Titles:
    """What the members of these types are called together; where two differ, what the first one says."""
    found: dict[str, Text] = {}
    for type_ in types:
        found = dict(type_.titles) | found
    return tuple(found.items())


def _any_null(parts: Sequence[Formula]) -> bool:
    return any(part.nullable for part in parts)


def require_numeric(parts: Sequence[Formula], what: str) -> None:
    for part in parts:
        if not part.type.kind.is_numeric:
            raise Mismatch("T001", f"{described(part)} can't be {what}")


def add(left: Formula, right: Formula) -> Formula:
    if left.type.kind is Kind.DATE:
        return _shifted(left, right, 1)
    if right.type.kind is Kind.DATE:
        return _shifted(right, left, 1)
    if {left.type.kind, right.type.kind} <= {Kind.TEXT, Kind.ENUM}:
        return f.FunctionCall(TEXT, left.nullable or right.nullable, CONCATENATION.name, (left, right))
    require_numeric((left, right), "added")
    left, right = unified((left, right), "added")
    type_ = replace(hull((left, right)), low=left.type.low + right.type.low, high=left.type.high + right.type.high)
    return folded(f.Sum(_bounded(type_), left.nullable or right.nullable, left, right))


def subtract(left: Formula, right: Formula) -> Formula:
    if left.type.kind is Kind.DATE and right.type.kind is Kind.DATE:
        days = Type(Kind.DAYS, 0, left.type.low - right.type.high, left.type.high - right.type.low)
        return folded(f.Difference(days, left.nullable or right.nullable, left, right))
    if left.type.kind is Kind.DATE:
        return _shifted(left, right, -1)
    require_numeric((left, right), "subtracted")
    left, right = unified((left, right), "subtracted")
    type_ = replace(hull((left, right)), low=left.type.low - right.type.high, high=left.type.high - right.type.low)
    return folded(f.Difference(_bounded(type_), left.nullable or right.nullable, left, right))


def negate(operand: Formula) -> Formula:
    require_numeric((operand,), "negated")
    if isinstance(operand, Constant) and isinstance(operand.value, int):
        return constant(operand.type, -operand.value)
    zero = constant(replace(operand.type, low=0, high=0), 0)
    type_ = replace(operand.type, low=-operand.type.high, high=-operand.type.low)
    return f.Difference(type_, operand.nullable, zero, operand)


_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31 as days since 1970-01-01


def _shifted(date: Formula, by: Formula, sign: int) -> Formula:
    """A date plus or minus days (a bare whole number counts as days) or months."""
    if by.type.kind not in (Kind.DAYS, Kind.MONTHS) and not (is_bare(by) and not is_null(by)):
        what = "added to" if sign > 0 else "subtracted from"
        raise Mismatch("T001", f"{described(by)} can't be {what} a date", 'use days, or `duration("P3M")`')
    if by.type.scale:
        unit = "month" if by.type.kind is Kind.MONTHS else "day"
        raise Mismatch("T001", f"a date has no fractions of a {unit}", f"round the {unit}s first, such as `floor(…)`")
    by = negate(by) if sign < 0 else by
    nullable = date.nullable or by.nullable
    if by.type.kind is Kind.MONTHS:
        low, high = date.type.low + 31 * min(by.type.low, 0), date.type.high + 31 * max(by.type.high, 0)
        return folded(f.AddMonths(_calendar(low, high), nullable, date, by))
    type_ = _calendar(date.type.low + by.type.low, date.type.high + by.type.high)
    return folded(f.Sum(type_, nullable, date, by))


def _calendar(low: int, high: int) -> Type:
    if low < _FIRST_DAY or high > _LAST_DAY:
        raise Mismatch("T005", "the date could leave the calendar (years 1 to 9999)", "add fewer days")
    return replace(DATE, low=low, high=high)


def _extent(left: Type, right: Type) -> tuple[int, int]:
    products = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
    return min(products), max(products)


def multiply(left: Formula, right: Formula) -> Formula:
    require_numeric((left, right), "multiplied")
    kind = _product_kind(left, right)
    low, high = _extent(left.type, right.type)
    type_ = _bounded(Type(kind, left.type.scale + right.type.scale, low, high))
    return folded(f.Product(type_, left.nullable or right.nullable, left, right))


def _product_kind(left: Formula, right: Formula) -> Kind:
    units = [part.type.kind for part in (left, right) if not part.type.kind.is_dimensionless]
    if units.count(Kind.MONEY) == 2:
        raise Mismatch("T001", "money can't be multiplied with money", "multiply an amount with a rate or a number")
    for kind in (Kind.MONEY, Kind.DAYS, Kind.MONTHS):
        if kind in units:
            return kind if len(units) == 1 or kind is Kind.MONEY else Kind.NUMBER
    both = left.type.kind is Kind.INTEGER and right.type.kind is Kind.INTEGER
    return Kind.INTEGER if both else Kind.NUMBER


def divide(left: Formula, right: Formula) -> Formula:
    require_numeric((left, right), "divided")
    kind = _quotient_kind(left, right)
    if isinstance(right, Constant) and right.value == 0:
        raise Mismatch("T008", "nothing can be divided by zero")
    scale = max(QUOTIENT_SCALE, left.type.scale - right.type.scale)
    shift = scale - left.type.scale + right.type.scale
    numerator = _bounded(
        replace(left.type, low=left.type.low * 10**shift, high=left.type.high * 10**shift, scale=scale)
    )
    smallest = max(1, right.type.low, -right.type.high)
    largest = max(abs(numerator.low), abs(numerator.high)) // smallest + 1
    positive = left.type.low >= 0 and right.type.low >= 0
    zero_possible = right.type.low <= 0 <= right.type.high
    type_ = _bounded(Type(kind, scale, 0 if positive else -largest, largest))
    return folded(f.Quotient(type_, left.nullable or right.nullable or zero_possible, left, right, shift))


def _quotient_kind(left: Formula, right: Formula) -> Kind:
    above, below = left.type.kind, right.type.kind
    if above is below or below.is_dimensionless:
        return above if not above.is_dimensionless and below.is_dimensionless else Kind.NUMBER
    if above is Kind.MONEY or {above, below} == {Kind.DAYS, Kind.MONTHS}:
        return Kind.MONEY if above is Kind.MONEY else Kind.NUMBER
    hint = "turn them round" if above.is_dimensionless else ""
    raise Mismatch("T001", f"{described(left)} can't be divided by {described(right)}", hint)


def power(base: Formula, exponent: Formula) -> Formula:
    if not (isinstance(exponent, Constant) and exponent.type.scale == 0 and isinstance(exponent.value, int)):
        raise Mismatch("T006", "the exponent must be a whole number written out", "other powers are not exact")
    if not 1 <= exponent.value <= 30:
        raise Mismatch("T006", f"the exponent `{exponent.value}` is not between 1 and 30")
    result = base
    for _ in range(exponent.value - 1):
        result = multiply(result, base)
    return result


def modulo(left: Formula, right: Formula) -> Formula:
    require_numeric((left, right), "divided")
    left, right = unified((left, right), "divided")
    if isinstance(right, Constant) and right.value == 0:
        raise Mismatch("T008", "nothing can be divided by zero")
    reach = max(abs(right.type.low), abs(right.type.high))
    zero_possible = right.type.low <= 0 <= right.type.high
    type_ = replace(hull((left, right)), low=-reach, high=reach)
    return folded(f.Modulo(type_, left.nullable or right.nullable or zero_possible, left, right))


def absolute(operand: Formula) -> Formula:
    require_numeric((operand,), "made absolute")
    reach = max(abs(operand.type.low), abs(operand.type.high))
    return folded(f.Absolute(replace(operand.type, low=0, high=reach), operand.nullable, operand))


def extreme(parts: Sequence[Formula], *, greatest: bool) -> Formula:
    parts = unified(parts, "compared")
    for part in parts:
        if not (part.type.kind.is_numeric or part.type.kind is Kind.DATE):
            raise Mismatch("T001", f"{described(part)} has no order", "`min` and `max` take numbers, amounts or dates")
    pick = max if greatest else min
    low, high = pick(part.type.low for part in parts), pick(part.type.high for part in parts)
    type_ = replace(hull(parts), low=low, high=high)
    return folded((f.Greatest if greatest else f.Least)(type_, _any_null(parts), tuple(parts)))


def compare(operator: str, left: Formula, right: Formula) -> Formula:
    """A comparison; with the literal `null`, the question whether the other side is missing."""
    if is_null(left) or is_null(right):
        return _null_comparison(operator, right if is_null(left) else left)
    left, right = unified((left, right), "compared")
    ordered = left.type.kind.is_numeric or left.type.kind is Kind.DATE
    if operator not in ("=", "!=") and not ordered:
        raise Mismatch("T001", f"{described(left)} has no order", "compare it with `=`, or with a list: `in [A, B]`")
    _require_common_word(left, right)
    return f.Compare(YES_NO, left.nullable or right.nullable, operator, left, right)


def _null_comparison(operator: str, other: Formula) -> Formula:
    if operator not in ("=", "!="):
        raise Mismatch("T001", "null has no order", "`x = null` asks whether x is missing")
    missing = f.IsNull(YES_NO, False, other)
    return missing if operator == "=" else f.Not(YES_NO, False, missing)


def _require_common_word(left: Formula, right: Formula) -> None:
    if not (left.type.kind is right.type.kind is Kind.ENUM):
        return
    known, given = (left, right) if isinstance(right, Constant) else (right, left)
    if given.type.members[:1] and given.type.members[0] in known.type.members:  # a word: looked for once
        return
    if set(known.type.members) & set(given.type.members):
        return
    if not isinstance(given, Constant):
        hint = f"{listed(left.type.members)} on one side, {listed(right.type.members)} on the other"
        raise Mismatch("T007", "the two have no word in common", hint)
    word = str(given.value)
    raise Mismatch("T007", f"`{word}` is not one of the words possible here", did_you_mean(word, known.type.members))


def choose(condition: Formula, then: Formula, otherwise: Formula) -> Formula:
    require_condition(condition)
    then, otherwise = unified((then, otherwise), "the two results of one `if`")
    nullable = condition.nullable or then.nullable or otherwise.nullable
    return f.If(hull((then, otherwise)), nullable, condition, then, otherwise)


def require_condition(formula: Formula) -> None:
    if formula.type.kind is not Kind.YES_NO:
        hint = "compare it with something, such as `order.amount > 1000`"
        raise Mismatch("T002", f"{described(formula)} is not a condition", hint)


def conjunction(parts: Sequence[Formula]) -> Formula:
    for part in parts:
        require_condition(part)
    return parts[0] if len(parts) == 1 else f.All(YES_NO, _any_null(parts), tuple(parts))


def disjunction(parts: Sequence[Formula]) -> Formula:
    for part in parts:
        require_condition(part)
    return parts[0] if len(parts) == 1 else f.Any(YES_NO, _any_null(parts), tuple(parts))


def negation(operand: Formula) -> Formula:
    require_condition(operand)
    return f.Not(YES_NO, operand.nullable, operand)


def named(formula: Formula, kind: Kind, scale: int) -> Formula:
    """`formula` as a named value of this kind: rounded once, half-even, to the kind's scale."""
    if not kind.is_numeric or is_null(formula):
        return formula
    rounded = rescaled(formula, scale)
    return retyped(rounded, replace(rounded.type, kind=kind))


def retyped(formula: Formula, type_: Type) -> Formula:
    return replace(formula, type=type_)
