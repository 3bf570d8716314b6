"""Typed arithmetic on formulas: units, scales and bounds, as set out in docs/policy-language.md ("Arithmetic").

Each function builds one formula from others, or refuses with `Mismatch`: where units don't go together (money and
days), where a result could have more than 38 digits, or where a word is none of the enum's. Overflow is found here,
from the bounds of the types, once and for all inputs. What is built of constants alone is a constant.

A *bare* number is built of literals, and parameters without a unit, only. It takes the unit and scale of what it meets:
`order.amount > 1000` compares cents, since 1000 becomes 100000@2; `order.amount * 2` doesn't need to.

Example: `fee + rate * amount` with money of two decimals and a rate of six. The product has scale 8, the sum too, so
the fee is rescaled: `Sum(Rescale(fee, scale 8), Product(rate, amount))`. It is rounded to cents once, when it is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

from engine.compiling.mismatch import Mismatch
from engine.compiling.shares import percentage_beside
from engine.compiling.units import KIND_WORDS, unit_hint
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.wording import clipped, did_you_mean, listed
from engine.lowering.python.constants import constant_value
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula, Variable
from engine.ruleset.functions import CONCATENATION
from engine.vocabulary.binding import KnownValue
from engine.vocabulary.decimals import scaled_integer
from engine.vocabulary.persons import person, person_fault
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import DATE, FORMULA_BOUND, PERSON, QUOTIENT_SCALE, TEXT, YES_NO, Kind, Titles, Type


@dataclass(frozen=True, slots=True)
class Unset(Variable):
    """A parameter before its first date: never known, and typed like the constant that it will be."""


DIGITS_MAX = 38
"""Digits of the longest number: what 128-bit decimals of every database hold."""

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31 as days since 1970-01-01


def number(value: Decimal) -> Constant:
    """A bare number: it takes the unit of what it meets."""
    if len(value.as_tuple().digits) + abs(int(value.as_tuple().exponent)) > 2 * DIGITS_MAX:
        raise Mismatch(ErrorCode.T005, f"a number of more than {DIGITS_MAX} digits", "write fewer digits")
    scaled, scale = scaled_integer(value)
    return constant(Type(Kind.NUMBER, scale=scale), scaled)


def constant(type_: Type, value: KnownValue) -> Constant:
    """A known value; a number's bounds are the value itself."""
    if isinstance(value, int) and not isinstance(value, bool):
        type_ = replace(type_, low=value, high=value)
    return Constant(bounded(type_), value, nullable=False)


def word(text: str) -> Constant:
    """A text as an enum of that one word, so that it may meet an enum, or any text."""
    return Constant(Type(Kind.ENUM, members=(text,)), text, nullable=False)


NULL = Constant(Type(Kind.NUMBER), None, nullable=True)
TRUE = Constant(YES_NO, value=True, nullable=False)
"""The literal `null`; it takes the type of what it meets."""


def is_null(formula: Formula) -> bool:
    """Whether the formula is the constant null, which a variable that is missing is not."""
    return isinstance(formula, Constant) and formula.value is None


def is_bare(formula: Formula) -> bool:
    """Whether a number is built of literals, and parameters without a unit, only, so that it takes the unit of what it
    meets. `2 * least` is bare where `least` is a parameter without a type; `2 * order.amount` is money."""
    if formula.type.kind is not Kind.NUMBER:
        return False
    if isinstance(formula, Variable):
        return isinstance(formula, Unset)
    parts = (formula.then, formula.otherwise) if isinstance(formula, f.If) else formula.operands
    return all(is_bare(part) for part in parts)


def described(formula: Formula) -> str:
    """What the formula is, for a message: `money`, `a plain number`, `a date`."""
    if is_null(formula):
        return "null"
    return "a plain number" if is_bare(formula) else KIND_WORDS[formula.type.kind]


def bounded(type_: Type) -> Type:
    """`type_` if every value fits (see `FORMULA_BOUND`)."""
    largest = max(abs(type_.low), abs(type_.high))
    if largest > FORMULA_BOUND:
        # Python refuses to write out numbers of thousands of digits
        need = f"{len(str(largest))} digits, more than {DIGITS_MAX}" if largest < 10**100 else "hundreds of digits"
        hint = "name a part under `values`, where it is rounded to its type's decimals, or cap it: `min(…, 1000)`"
        raise Mismatch(ErrorCode.T005, f"the result could need {need}", hint)
    return type_


def folded(formula: Formula) -> Formula:
    """The constant that a formula of constants comes to, so that tables and rules can be checked against it; any other
    formula as it is."""
    if not all(isinstance(operand, Constant) for operand in formula.operands):
        return formula
    value = constant_value(formula)
    return formula if value is None else constant(formula.type, cast("int | str | bool", value))


def rescaled(formula: Formula, scale: int, mode: str = "half_even") -> Formula:
    """`formula` with `scale` decimals, rounded by `mode` (see `Rescale`) where that is fewer."""
    before = formula.type.scale
    if scale == before or is_null(formula):
        return formula
    # rounding moves no value past the whole number below or above it
    low, high = _scaled(formula.type.low, before, scale), -_scaled(-formula.type.high, before, scale)
    type_ = bounded(replace(formula.type, scale=scale, low=low, high=high))
    return folded(f.Rescale(type_, formula, mode, nullable=formula.nullable))


def _scaled(value: int, before: int, after: int) -> int:
    """`value` with other decimals, what can't be kept cut off downwards."""
    factor: int = 10 ** abs(after - before)
    return value * factor if after >= before else value // factor


def _unit(kinds: set[Kind], what: str) -> Kind:
    """The kind of a sum or choice over values of these kinds, bare numbers left out: money of money, a number of rates
    and counts, text of words and text. Raises `Mismatch` for others; `what` ends "money and days can't be …"."""
    if len(kinds) == 1:
        return kinds.pop()
    if kinds <= {Kind.RATE, Kind.NUMBER, Kind.INTEGER}:
        return Kind.NUMBER
    if kinds <= {Kind.ENUM, Kind.TEXT}:
        return Kind.TEXT
    if kinds <= {Kind.ENUM, Kind.PERSON}:
        return Kind.PERSON
    words = " and ".join(sorted(KIND_WORDS[kind] for kind in kinds))
    raise Mismatch(ErrorCode.T001, f"{words} can't be {what}", unit_hint(kinds))


def unified(parts: Sequence[Formula], what: str) -> tuple[Formula, ...]:
    """The parts with one kind and scale: the largest scale of any, and the kind of those that are not bare.

    `what` ends the sentence "money and days can't be …". A null among the parts becomes a null of that type."""
    if not (typed := [part for part in parts if not is_null(part)]):
        return tuple(parts)
    are_bare = [is_bare(part) for part in typed]  # each looks through its whole formula
    kinds = {part.type.kind for part, is_one in zip(typed, are_bare, strict=True) if not is_one}
    bare = [part for part, is_one in zip(typed, are_bare, strict=True) if is_one]
    if kinds and bare and not all(kind.is_numeric for kind in kinds):
        _unit(kinds | {Kind.NUMBER}, what)
    kind = _unit(kinds, what) if kinds else Kind.NUMBER
    if kind is Kind.INTEGER and any(part.type.scale for part in bare):
        kind = Kind.NUMBER
    if kind is Kind.RATE and (wrong := percentage_beside(typed, bare)):
        raise Mismatch(ErrorCode.T010, *wrong)
    scale = max(part.type.scale for part in typed)
    members: tuple[str, ...] = ()
    if kind is Kind.ENUM and len(typed) < len(parts):  # for those that are null; an enum may have thousands
        members = tuple(dict.fromkeys(member for part in typed for member in part.type.members))
    return tuple(_as_kind(part, kind, scale, members) for part in parts)


def _as_kind(part: Formula, kind: Kind, scale: int, members: tuple[str, ...]) -> Formula:
    """The part at this scale; of constants the kind changes too, so that a bare 100 beside money is money."""
    if is_null(part):
        return Constant(Type(kind, scale=scale, members=members), None, nullable=True)
    if kind is Kind.PERSON:
        return as_person(part)
    part = rescaled(part, scale)
    if isinstance(part, Constant) and part.type.kind is not kind:
        return replace(part, type=replace(part.type, kind=kind))
    return part


def as_person(part: Formula) -> Formula:
    """A person, or a text that is written out as one. Raises `Mismatch` for others, whose texts nothing makes
    comparable."""
    if part.type.kind is Kind.PERSON:
        return part
    if isinstance(part, Constant) and isinstance(part.value, str):
        return person_written(part.value)
    raise Mismatch(ErrorCode.T001, f"{described(part)} is not a person", unit_hint({Kind.PERSON, part.type.kind}))


def person_written(text: str) -> Constant:
    """The constant of a person whose name an author wrote. Raises `Mismatch` where it is none."""
    if wrong := person_fault(text):
        raise Mismatch(ErrorCode.T001, f"the person `{clipped(text)}` {wrong[0]}", wrong[1])
    return Constant(PERSON, person(text), nullable=False)


def hull(parts: Sequence[Formula]) -> Type:
    """The type of a choice among unified parts: bounds that hold all of theirs, and for enums all their words, in order
    of appearance."""
    typed = [part for part in parts if not is_null(part)] or list(parts)
    first = typed[0].type
    kinds = {part.type.kind for part in typed}
    kind = first.kind if len(kinds) == 1 else Kind.TEXT if Kind.TEXT in kinds else Kind.NUMBER
    if len(kinds) > 1 and Kind.NUMBER in kinds and (units := {p.type.kind for p in typed if not is_bare(p)}):
        kind = units.pop() if len(units) == 1 else Kind.NUMBER
    members = tuple(dict.fromkeys(member for part in typed for member in part.type.members))
    low, high = min(part.type.low for part in typed), max(part.type.high for part in typed)
    if kind is not Kind.ENUM:
        return Type(kind, scale=first.scale, low=low, high=high)
    return Type(
        kind, scale=first.scale, low=low, high=high, members=members, titles=titles_of([part.type for part in typed])
    )


def titles_of(types: Sequence[Type]) -> Titles:
    """What the members of these types are called together; where two differ, what the first one says."""
    titles: dict[str, Text] = {}
    for type_ in types:
        titles = dict(type_.titles) | titles
    return tuple(titles.items())


def _any_null(parts: Sequence[Formula]) -> bool:
    return any(part.nullable for part in parts)


def require_numeric(parts: Sequence[Formula], what: str) -> None:
    """Raises `Mismatch` for a part that is no number; `what` ends the sentence "text can't be …"."""
    for part in parts:
        if not part.type.kind.is_numeric:
            raise Mismatch(ErrorCode.T001, f"{described(part)} can't be {what}")


def add(left: Formula, right: Formula) -> Formula:
    """`left + right`: numbers of one unit, a date and days or months, or two texts."""
    if left.type.kind is Kind.DATE:
        return _shifted(left, right, 1)
    if right.type.kind is Kind.DATE:
        return _shifted(right, left, 1)
    if {left.type.kind, right.type.kind} <= {Kind.TEXT, Kind.PERSON, Kind.ENUM}:
        return f.FunctionCall(TEXT, CONCATENATION.name, (left, right), nullable=left.nullable or right.nullable)
    require_numeric((left, right), "added")
    left, right = unified((left, right), "added")
    type_ = replace(hull((left, right)), low=left.type.low + right.type.low, high=left.type.high + right.type.high)
    return folded(f.Sum(bounded(type_), left, right, nullable=left.nullable or right.nullable))


def subtract(left: Formula, right: Formula) -> Formula:
    """`left - right`: numbers of one unit, days or months from a date, or two dates, which gives days."""
    if left.type.kind is Kind.DATE and right.type.kind is Kind.DATE:
        days = Type(Kind.DAYS, scale=0, low=left.type.low - right.type.high, high=left.type.high - right.type.low)
        return folded(f.Difference(days, left, right, nullable=left.nullable or right.nullable))
    if left.type.kind is Kind.DATE:
        return _shifted(left, right, -1)
    require_numeric((left, right), "subtracted")
    left, right = unified((left, right), "subtracted")
    type_ = replace(hull((left, right)), low=left.type.low - right.type.high, high=left.type.high - right.type.low)
    return folded(f.Difference(bounded(type_), left, right, nullable=left.nullable or right.nullable))


def negate(operand: Formula) -> Formula:
    """`-operand`, as `0 - operand`."""
    require_numeric((operand,), "negated")
    if isinstance(operand, Constant) and isinstance(operand.value, int):
        return constant(operand.type, -operand.value)
    zero = constant(replace(operand.type, low=0, high=0), 0)
    type_ = replace(operand.type, low=-operand.type.high, high=-operand.type.low)
    return f.Difference(type_, zero, operand, nullable=operand.nullable)


def _shifted(date: Formula, by: Formula, sign: int) -> Formula:
    """A date plus or minus days (a bare whole number counts as days) or months; `sign` is 1 or -1. Raises `Mismatch`
    where the date could leave the calendar, for bounds of the date and of what is added: a month counts as 31 days."""
    if by.type.kind not in (Kind.DAYS, Kind.MONTHS) and not (is_bare(by) and not is_null(by)):
        what = "added to" if sign > 0 else "subtracted from"
        hint = 'use days, or `duration("P3M")`'
        if by.type.kind.is_dimensionless and not is_null(by):
            hint = 'multiply it by `duration("P1D")`, or by `duration("P1M")` for months; see `last day of month(d)`'
        elif isinstance(by, Constant) and isinstance(by.value, str) and by.value.startswith("P"):
            hint = f'write `duration("{clipped(by.value)}")`'
        raise Mismatch(ErrorCode.T001, f"{described(by)} can't be {what} a date", hint)
    if by.type.scale:
        unit = "month" if by.type.kind is Kind.MONTHS else "day"
        raise Mismatch(
            ErrorCode.T001, f"a date has no fractions of a {unit}", f"round the {unit}s first, such as `floor(…)`"
        )
    by = negate(by) if sign < 0 else by
    nullable = date.nullable or by.nullable
    if by.type.kind is Kind.MONTHS:
        low, high = date.type.low + 31 * min(by.type.low, 0), date.type.high + 31 * max(by.type.high, 0)
        return folded(f.AddMonths(_calendar(low, high), date, by, nullable=nullable))
    type_ = _calendar(date.type.low + by.type.low, date.type.high + by.type.high)
    return folded(f.Sum(type_, date, by, nullable=nullable))


def _calendar(low: int, high: int) -> Type:
    """The type of a date between these days."""
    if low < _FIRST_DAY or high > _LAST_DAY:
        raise Mismatch(ErrorCode.T005, "the date could leave the calendar (years 1 to 9999)", "add fewer days")
    return replace(DATE, low=low, high=high)


def _extent(left: Type, right: Type) -> tuple[int, int]:
    """The least and the greatest product: of a box's four corners, since a product has no other extremes."""
    products = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
    return min(products), max(products)


def multiply(left: Formula, right: Formula) -> Formula:
    """`left * right`, exact, with the decimals of both. At most one side may be money."""
    require_numeric((left, right), "multiplied")
    kind = _product_kind(left, right)
    low, high = _extent(left.type, right.type)
    type_ = bounded(Type(kind, scale=left.type.scale + right.type.scale, low=low, high=high))
    return folded(f.Product(type_, left, right, nullable=left.nullable or right.nullable))


def _product_kind(left: Formula, right: Formula) -> Kind:
    """Money by anything but money is money; days by a number are days, months by a number months."""
    units = [part.type.kind for part in (left, right) if not part.type.kind.is_dimensionless]
    if units.count(Kind.MONEY) == 2:
        raise Mismatch(
            ErrorCode.T001, "money can't be multiplied with money", "multiply an amount with a rate or a number"
        )
    if len(units) == 2 and Kind.MONEY not in units:
        hint = f"`type: {left.type.kind}` says the unit already; only a plain number is multiplied by a duration"
        raise Mismatch(ErrorCode.T001, f"{units[0]} can't be multiplied with {units[1]}", hint)
    for kind in (Kind.MONEY, Kind.DAYS, Kind.MONTHS):
        if kind in units:
            return kind
    both = left.type.kind is Kind.INTEGER and right.type.kind is Kind.INTEGER
    return Kind.INTEGER if both else Kind.NUMBER


def divide(left: Formula, right: Formula) -> Formula:
    """`left / right`, rounded half-even to 12 decimals, more where the left side has more; null of a zero divisor.

    Money by money is a number, money by a number money. Where the divisor may be 0 the result can be null; a constant 0
    is refused. The result is bounded by the numerator through the divisor nearest to 0 that is not 0."""
    require_numeric((left, right), "divided")
    kind = _quotient_kind(left, right)
    if isinstance(right, Constant) and right.value == 0:
        raise Mismatch(ErrorCode.T008, "nothing can be divided by zero")
    scale = max(QUOTIENT_SCALE, left.type.scale - right.type.scale)
    shift = scale - left.type.scale + right.type.scale
    numerator = bounded(replace(left.type, low=left.type.low * 10**shift, high=left.type.high * 10**shift, scale=scale))
    smallest = max(1, right.type.low, -right.type.high)
    largest = max(abs(numerator.low), abs(numerator.high)) // smallest + 1
    positive = left.type.low >= 0 and right.type.low >= 0
    zero_possible = right.type.low <= 0 <= right.type.high
    type_ = bounded(Type(kind, scale=scale, low=0 if positive else -largest, high=largest))
    return folded(f.Quotient(type_, left, right, shift, nullable=left.nullable or right.nullable or zero_possible))


def _quotient_kind(left: Formula, right: Formula) -> Kind:
    """Anything by its own unit is a plain number; by a number it keeps its unit; money by days stays money."""
    above, below = left.type.kind, right.type.kind
    if above is below or below.is_dimensionless:
        return above if not above.is_dimensionless and below.is_dimensionless else Kind.NUMBER
    if above is Kind.MONEY or {above, below} == {Kind.DAYS, Kind.MONTHS}:
        return Kind.MONEY if above is Kind.MONEY else Kind.NUMBER
    hint = "turn them round" if above.is_dimensionless else ""
    raise Mismatch(ErrorCode.T001, f"{described(left)} can't be divided by {described(right)}", hint)


def power(base: Formula, exponent: Formula) -> Formula:
    """`base ** exponent` as a product, for exponents from 1 to 30 that are written out."""
    if not (isinstance(exponent, Constant) and exponent.type.scale == 0 and isinstance(exponent.value, int)):
        raise Mismatch(ErrorCode.T006, "the exponent must be a whole number written out", "other powers are not exact")
    if not 1 <= exponent.value <= 30:
        raise Mismatch(ErrorCode.T006, f"the exponent `{exponent.value}` is not between 1 and 30")
    result = base
    for _ in range(exponent.value - 1):
        result = multiply(result, base)
    return result


def modulo(left: Formula, right: Formula) -> Formula:
    """The remainder with the sign of the divisor, for numbers of one unit; null of a zero divisor."""
    require_numeric((left, right), "divided")
    left, right = unified((left, right), "divided")
    if isinstance(right, Constant) and right.value == 0:
        raise Mismatch(ErrorCode.T008, "nothing can be divided by zero")
    reach = max(abs(right.type.low), abs(right.type.high))
    zero_possible = right.type.low <= 0 <= right.type.high
    type_ = replace(hull((left, right)), low=-reach, high=reach)
    return folded(f.Modulo(type_, left, right, nullable=left.nullable or right.nullable or zero_possible))


def absolute(operand: Formula) -> Formula:
    """A number without its sign."""
    require_numeric((operand,), "made absolute")
    reach = max(abs(operand.type.low), abs(operand.type.high))
    return folded(f.Absolute(replace(operand.type, low=0, high=reach), operand, nullable=operand.nullable))


def extreme(parts: Sequence[Formula], *, greatest: bool) -> Formula:
    """The greatest or the least of numbers of one unit, or of dates."""
    parts = unified(parts, "compared")
    for part in parts:
        if not (part.type.kind.is_numeric or part.type.kind is Kind.DATE):
            raise Mismatch(
                ErrorCode.T001, f"{described(part)} has no order", "`min` and `max` take numbers, amounts or dates"
            )
    pick = max if greatest else min
    low, high = pick(part.type.low for part in parts), pick(part.type.high for part in parts)
    type_ = replace(hull(parts), low=low, high=high)
    return folded((f.Greatest if greatest else f.Least)(type_, tuple(parts), nullable=_any_null(parts)))


def compare(operator: str, left: Formula, right: Formula) -> Formula:
    """A comparison; with the literal `null`, the question whether the other side is missing."""
    if is_null(left) or is_null(right):
        return _null_comparison(operator, right if is_null(left) else left)
    left, right = unified((left, right), "compared")
    ordered = left.type.kind.is_numeric or left.type.kind is Kind.DATE
    if operator not in ("=", "!=") and not ordered:
        raise Mismatch(
            ErrorCode.T001, f"{described(left)} has no order", "compare it with `=`, or with a list: `in [A, B]`"
        )
    _require_common_word(left, right)
    return f.Compare(YES_NO, operator, left, right, nullable=left.nullable or right.nullable)


def _null_comparison(operator: str, other: Formula) -> Formula:
    """`x = null` and `x != null`, which are never null themselves."""
    if operator not in ("=", "!="):
        raise Mismatch(ErrorCode.T001, "null has no order", "`x = null` asks whether x is missing")
    missing = f.IsNull(YES_NO, other, nullable=False)
    return missing if operator == "=" else f.Not(YES_NO, missing, nullable=False)


def _require_common_word(left: Formula, right: Formula) -> None:
    """Raises `Mismatch` where two enums have no word in common: the comparison could never be true. Most often a word
    is misspelled."""
    if not (left.type.kind is right.type.kind is Kind.ENUM):
        return
    known, given = (left, right) if isinstance(right, Constant) else (right, left)
    if given.type.members[:1] and given.type.members[0] in known.type.members:  # a word: looked for once
        return
    if set(known.type.members) & set(given.type.members):
        return
    if not isinstance(given, Constant):
        hint = f"{listed(left.type.members)} on one side, {listed(right.type.members)} on the other"
        raise Mismatch(ErrorCode.T007, "the two have no word in common", hint)
    word = str(given.value)
    raise Mismatch(
        ErrorCode.T007, f"`{word}` is not one of the words possible here", did_you_mean(word, known.type.members)
    )


def choose(condition: Formula, then: Formula, otherwise: Formula) -> Formula:
    """`if condition then … else …`, its results with one kind and scale."""
    require_condition(condition)
    then, otherwise = unified((then, otherwise), "the two results of one `if`")
    nullable = condition.nullable or then.nullable or otherwise.nullable
    return f.If(hull((then, otherwise)), condition, then, otherwise, nullable=nullable)


def require_condition(formula: Formula) -> None:
    """Raises `Mismatch` where the formula is not yes/no."""
    if formula.type.kind is not Kind.YES_NO:
        hint = "compare it with something, such as `order.amount > 1000`"
        raise Mismatch(ErrorCode.T002, f"{described(formula)} is not a condition", hint)


def conjunction(parts: Sequence[Formula]) -> Formula:
    """All of the conditions; one alone is itself."""
    for part in parts:
        require_condition(part)
    return parts[0] if len(parts) == 1 else f.All(YES_NO, tuple(parts), nullable=_any_null(parts))


def disjunction(parts: Sequence[Formula]) -> Formula:
    """Any of the conditions; one alone is itself."""
    for part in parts:
        require_condition(part)
    return parts[0] if len(parts) == 1 else f.Any(YES_NO, tuple(parts), nullable=_any_null(parts))


def negation(operand: Formula) -> Formula:
    """Not the condition; null of null."""
    require_condition(operand)
    return f.Not(YES_NO, operand, nullable=operand.nullable)


def named(formula: Formula, kind: Kind, scale: int) -> Formula:
    """`formula` as a named value of this kind: rounded once, half-even, to the kind's scale."""
    if not kind.is_numeric or is_null(formula):
        return formula
    rounded = rescaled(formula, scale)
    return retyped(rounded, replace(rounded.type, kind=kind))


def retyped(formula: Formula, type_: Type) -> Formula:
    """The same value under another type, which must have its scale and hold its bounds."""
    return replace(formula, type=type_)
