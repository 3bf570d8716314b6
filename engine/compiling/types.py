"""Types where an author declared them, or where naming a value fixes them. Part of `stretches` and `decision_tables`.

A formula may have any scale; a value with a name has its type's. `utilization: account.exposure / limits.credit_limit`
is a quotient at scale 12 and, named, a number at scale 6, rounded once.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal, InvalidOperation

from engine.compiling import arithmetic as a
from engine.compiling.calls import temporal
from engine.compiling.mismatch import Mismatch
from engine.compiling.shares import EXACT, decimal_bound, decimal_of, is_percentage, written_results
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic
from engine.diagnostics.wording import clipped, did_you_mean
from engine.reading.policy import DatedConstant, TypeName, WrittenScalar
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.vocabulary import TEXT, YES_NO, Kind, Type, Vocabulary
from engine.vocabulary.written_numbers import beyond


def declared(name: TypeName | None, vocabulary: Vocabulary) -> Type | None:
    """The type that an author wrote, such as `type: money`; None where none was written."""
    if name is None:
        return None
    type_ = vocabulary.type_named(Kind(name.word), name.members, name.titles)
    if not type_.kind.is_numeric:
        return type_
    low, high = (None if bound is None else _floor(bound, type_.scale) for bound in (name.minimum, name.maximum))
    low, high = type_.low if low is None else low, type_.high if high is None else high
    is_bounded = type_.kind is Kind.RATE or name.minimum is not None or name.maximum is not None
    return replace(type_, low=low, high=high, written=(low, high) if is_bounded else None)


def _floor(bound: Decimal, scale: int) -> int:
    return int(bound.scaleb(scale, EXACT).to_integral_value(ROUND_FLOOR, EXACT))


def literal(value: WrittenScalar | None, type_: Type | None) -> Constant:
    """The constant for a parameter's value, or an output, as it stands in YAML.

    Without a type a number stays bare, so that it takes the unit of what it meets, and text is a word of an enum. With
    one, raises `Mismatch` where the value is not of that type or has more decimals than it."""
    if value is None:
        return a.NULL
    if isinstance(value, bool):
        return a.constant(YES_NO, value)
    if isinstance(value, Decimal):
        bare = a.number(value)
        return bare if type_ is None else _typed_number(bare, type_)
    if type_ is not None and type_.kind is Kind.DATE:
        return temporal(value)
    if type_ is not None and type_.kind is Kind.PERSON:
        return a.person_written(value)
    if type_ is not None and type_.kind in (Kind.TEXT, Kind.ENUM):
        return Constant(type_, value, nullable=False)
    return a.word(value)


_NUMBER = re.compile(
    r"(?:(?:[$€£¥]|[A-Z]{3}) ?)?([+-]?)(?:[$€£¥] ?)?([0-9][0-9,._' \u00a0\u202f]*) ?(%?)(?: ?(?:[$€£¥元]|[A-Z]{3}))?"
)


def number_meant(dated: DatedConstant) -> Diagnostic | None:
    """A diagnostic of a parameter's text that was most likely meant as a number: `0,05`, `5%`, `10_000`, `"1000"`; None
    of anything else."""
    match = _NUMBER.fullmatch(dated.value.strip()) if isinstance(dated.value, str) else None
    if match is None:
        return None
    sign, digits, percent = match.groups()
    number = _plain(re.sub(r"[_' \u00a0\u202f]", "", digits))
    if number is None:
        return None
    value = number.scaleb(-2) if percent else number
    hint = f"write {'-' if sign == '-' else ''}{value:f}, or give it `type: text` if it is a word"
    return Diagnostic(dated.place, ErrorCode.T009, f"`{clipped(str(dated.value))}` is text, not a number", hint)


def _plain(digits: str) -> Decimal | None:
    """The number behind digits with separators: `1.234,5` is 1234.5, `1,234` is 1234, `0,05` is 0.05. The last of two
    kinds of separators is the decimal one; a single kind that cuts off groups of three is none."""
    last = max(digits.rfind(","), digits.rfind("."))
    if last >= 0:
        mark, other = digits[last], {",": ".", ".": ","}[digits[last]]
        grouped = re.fullmatch(rf"[1-9][0-9]{{0,2}}(?:[{mark}][0-9]{{3}})+", digits)
        one_point = mark == "." and digits.count(".") == 1
        if grouped and not one_point:
            digits = digits.replace(mark, "")
        elif digits.count(mark) == 1:
            digits = digits.replace(other, "").replace(mark, ".")
    try:
        return Decimal(digits.rstrip("."))
    except InvalidOperation:
        return None


def _typed_number(bare: Constant, type_: Type) -> Constant:
    if not type_.kind.is_numeric:
        raise Mismatch(ErrorCode.T001, f"a number is not {type_.kind}")
    if bare.type.scale > type_.scale:
        raise Mismatch(ErrorCode.T001, f"{type_.kind} has at most {type_.scale} decimals", "write fewer decimals")
    scaled = a.rescaled(bare, type_.scale)
    assert isinstance(scaled, Constant)
    return replace(scaled, type=replace(scaled.type, kind=type_.kind))


def named(formula: Formula, type_: Type | None, vocabulary: Vocabulary) -> Formula:
    """`formula` as a value with a name: rounded once, half-even, to its type's scale.

    `type_` is the declared type. Without one the formula keeps its kind, a plain number no more decimals than it has.
    Raises `Mismatch` where the formula is not of the declared type, or is a word that it doesn't declare."""
    if type_ is not None:
        return _as_declared(formula, type_)
    kind = formula.type.kind
    if kind is Kind.INTEGER and formula.type.scale:
        kind = Kind.NUMBER
    scale = vocabulary.widest(kind).scale
    if kind is Kind.NUMBER:
        scale = min(scale, formula.type.scale)
    return a.named(formula, kind, scale)


def require_shares(formula: Formula, type_: Type | None) -> None:
    """Raises `Mismatch` where a formula of a type with bounds gives a written number that is not within them, such as
    the 5 of `if late then 5 else 0.1` as a rate, or where a rate is multiplied by 100.

    What is worked out from facts may lie outside: a utilization of 1.4 is no slip."""
    if type_ is None or not type_.kind.is_numeric:
        return
    bounds = type_.written or ((type_.low, type_.high) if type_.kind is Kind.RATE else None)
    if bounds is None:
        return
    low, high = (decimal_bound(bound, type_) for bound in bounds)
    for result in written_results(formula):
        if wrong := beyond(decimal_of(result), type_.kind, low, high):
            raise Mismatch(ErrorCode.T010 if type_.kind is Kind.RATE else ErrorCode.P036, *wrong)
    least, most = (decimal_bound(bound, formula.type) for bound in (formula.type.low, formula.type.high))
    if type_.kind is Kind.RATE and (least > high or most < low):
        wrong = beyond(least if least > high else most, type_.kind, low, high)
        message, hint = wrong or ("", "")
        raise Mismatch(ErrorCode.T010, f"every result lies outside: {message}", hint)
    if type_.kind is Kind.RATE and is_percentage(formula):
        raise Mismatch(
            ErrorCode.T010, "`* 100` makes a percentage, a rate is a share", "leave it out: 5% as a rate is 0.05"
        )


def _as_declared(formula: Formula, type_: Type) -> Formula:
    if a.is_null(formula):
        return Constant(type_, None, nullable=True)
    kind, declared_kind = formula.type.kind, type_.kind
    if declared_kind is Kind.PERSON and isinstance(formula, Constant):
        return a.as_person(formula)
    fits = (
        kind is declared_kind
        or (kind.is_dimensionless and declared_kind.is_dimensionless)
        or (a.is_bare(formula) and declared_kind.is_numeric)
        or (kind is Kind.ENUM and declared_kind is Kind.TEXT)
    )
    if not fits:
        unit = {Kind.DAYS: "P1D", Kind.MONTHS: "P1M"}.get(declared_kind)
        hint = f'multiply it by `duration("{unit}")`' if unit and kind.is_dimensionless else f"declare it as `{kind}`"
        raise Mismatch(ErrorCode.T001, f"{a.described(formula)} is declared as `{declared_kind}`", hint)
    if declared_kind is Kind.ENUM:
        strange = [member for member in formula.type.members if member not in type_.members]
        if strange:
            hint = did_you_mean(strange[0], type_.members)
            raise Mismatch(ErrorCode.T007, f"`{strange[0]}` is not one of the declared words", hint)
        return a.retyped(formula, replace(type_, titles=a.titles_of((type_, formula.type))))
    if declared_kind is Kind.TEXT:
        return a.retyped(formula, TEXT)
    rounded = a.named(formula, declared_kind, type_.scale)
    return a.retyped(rounded, replace(rounded.type, written=type_.written))
