"""FEEL's built-in functions as formulas: the ones that are exact and mean the same in every lowering.

Part of `translate`. Names and arguments are those of DMN 1.5, section 10.3.4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import reduce

from engine.compiling import arithmetic as a
from engine.compiling.arithmetic import Mismatch
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.nearest import nearest
from engine.diagnostics.wording import clipped
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.days import day_number
from engine.vocabulary.vocabulary import DATE, TEXT, YES_NO, Kind, Type

Arguments = Sequence[Formula]


def call(name: str, arguments: Arguments) -> Formula:
    """The call as a formula; raises `Mismatch` for an unknown function or arguments that don't fit."""
    entry = _FUNCTIONS.get(name)
    if entry is None:
        if name in _INEXACT:
            raise Mismatch(
                ErrorCode.T006, f"`{name}` is not exact, policy arithmetic is", "work it out before sending the fact"
            )
        if name in _CLOCKS:
            raise Mismatch(
                ErrorCode.T006, f"`{name}` changes from day to day by itself", "write `as_of`, the decision's date"
            )
        close = nearest(name, _FUNCTIONS)
        raise Mismatch(
            ErrorCode.N004, f"unknown function `{clipped(name)}`", f"did you mean `{close}`?" if close else ""
        )
    build, least, most = entry
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}" if most < _MANY else f"at least {least}"
        plural = "" if wanted.split()[-1] == "1" else "s"
        raise Mismatch(ErrorCode.T004, f"`{name}` takes {wanted} argument{plural}, found {len(arguments)}")
    return build(arguments)


def _whole_constant(argument: Formula, what: str) -> int:
    value = argument.value if isinstance(argument, Constant) else None
    if not isinstance(value, int) or isinstance(value, bool) or argument.type.scale:
        raise Mismatch(ErrorCode.T004, f"{what} must be a whole number written out")
    return value


def _rounded(mode: str) -> Callable[[Arguments], Formula]:
    def build(arguments: Arguments) -> Formula:
        a.require_numeric(arguments[:1], "rounded")
        decimals = _whole_constant(arguments[1], "the number of decimals") if len(arguments) > 1 else 0
        if not 0 <= decimals <= 12:
            raise Mismatch(ErrorCode.T004, "the number of decimals must be between 0 and 12")
        value = arguments[0]
        if value.type.scale <= decimals:
            return value
        return a.rescaled(value, decimals, mode)

    return build


def _sum(arguments: Arguments) -> Formula:
    a.require_numeric(arguments, "added")
    return reduce(a.add, arguments)


def _mean(arguments: Arguments) -> Formula:
    return a.divide(_sum(arguments), a.constant(Type(Kind.NUMBER), len(arguments)))


def _count(arguments: Arguments) -> Formula:
    return a.constant(Type(Kind.INTEGER), len(arguments))


def _date(arguments: Arguments) -> Formula:
    if len(arguments) == 1:
        return _temporal(arguments[0], Kind.DATE)
    if len(arguments) == 2:
        raise Mismatch(ErrorCode.T004, "`date` takes 1 argument or 3, found 2", "write `date(2026, 7, 1)`")
    year, month, day = (_whole_constant(argument, "each part of the date") for argument in arguments)
    try:
        return a.constant(DATE, day_number(date(year, month, day)))
    except (ValueError, OverflowError):
        raise Mismatch(ErrorCode.T004, "there is no such day", "write year, month, day: `date(2026, 7, 1)`") from None


def _duration(arguments: Arguments) -> Formula:
    return _temporal(arguments[0], Kind.DAYS, Kind.MONTHS)


def _temporal(argument: Formula, *kinds: Kind) -> Formula:
    if argument.type.kind in kinds:
        return argument
    example = 'write `date("2026-07-01")`' if Kind.DATE in kinds else 'write `duration("P30D")` or `duration("P3M")`'
    if not isinstance(argument, Constant) or not isinstance(argument.value, str):
        raise Mismatch(ErrorCode.T004, "it takes text between quotes", example)
    found = temporal(argument.value)
    if found.type.kind not in kinds:
        raise Mismatch(ErrorCode.T004, f'"{clipped(argument.value)}" is {a.described(found)}', example)
    return found


_PERIOD = re.compile(r"(-?)P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,6})D)?(T.*)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def temporal(text: str) -> Constant:
    """The constant behind `@"…"`, `date("…")` and `duration("…")`: a date, days, or months."""
    period = _PERIOD.fullmatch(text)
    if period and (period[2] or period[3] or period[4]):
        sign = -1 if period[1] else 1
        if period[5] or (period[4] and (period[2] or period[3])):
            raise Mismatch(
                ErrorCode.T003, f'"{clipped(text)}" is neither whole days nor whole months', 'write "P30D" or "P3M"'
            )
        if period[4]:
            return a.constant(Type(Kind.DAYS), sign * int(period[4]))
        return a.constant(Type(Kind.MONTHS), sign * (int(period[2] or 0) * 12 + int(period[3] or 0)))
    if not _DAY.fullmatch(text):
        hint = 'write "2026-07-01", "P30D" or "P3M"'
        raise Mismatch(ErrorCode.T003, f'"{clipped(text)}" is neither a date nor a duration', hint)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Mismatch(ErrorCode.T004, "there is no such day", 'write year, month, day: "2026-07-01"') from None
    return a.constant(DATE, day_number(day))


def _text(function: str, result: Type) -> Callable[[Arguments], Formula]:
    def build(arguments: Arguments) -> Formula:
        for argument in arguments:
            if argument.type.kind not in (Kind.TEXT, Kind.ENUM):
                raise Mismatch(ErrorCode.T001, f"{a.described(argument)} is not text")
        nullable = any(argument.nullable for argument in arguments)
        return f.TextCall(result, nullable, function, tuple(arguments))

    return build


def _substring(arguments: Arguments) -> Formula:
    start = _whole_constant(arguments[1], "the start")
    if start == 0:
        raise Mismatch(ErrorCode.T004, "the start counts from 1, or from -1 at the end")
    if len(arguments) > 2 and _whole_constant(arguments[2], "the length") < 1:
        raise Mismatch(ErrorCode.T004, "the length must be at least 1")
    if arguments[0].type.kind not in (Kind.TEXT, Kind.ENUM):
        raise Mismatch(ErrorCode.T001, f"{a.described(arguments[0])} is not text")
    # a start beyond either end gives no characters in every lowering; FEEL would say null, which here means missing
    return f.TextCall(TEXT, arguments[0].nullable, "substring", tuple(arguments))


def _not(arguments: Arguments) -> Formula:
    return a.negation(arguments[0])


_MANY = 1_000
_LENGTH = Type(Kind.INTEGER, scale=0, low=0, high=1_000_000)

_FUNCTIONS: dict[str, tuple[Callable[[Arguments], Formula], int, int]] = {
    "abs": (lambda arguments: a.absolute(arguments[0]), 1, 1),
    "floor": (_rounded("floor"), 1, 2),
    "ceiling": (_rounded("ceiling"), 1, 2),
    "round up": (_rounded("up"), 2, 2),
    "round down": (_rounded("down"), 2, 2),
    "round half up": (_rounded("half_up"), 2, 2),
    "round half down": (_rounded("half_down"), 2, 2),
    "decimal": (_rounded("half_even"), 2, 2),
    "modulo": (lambda arguments: a.modulo(*arguments), 2, 2),
    "min": (lambda arguments: a.extreme(arguments, greatest=False), 1, _MANY),
    "max": (lambda arguments: a.extreme(arguments, greatest=True), 1, _MANY),
    "sum": (_sum, 1, _MANY),
    "mean": (_mean, 1, _MANY),
    "count": (_count, 1, _MANY),
    "all": (a.conjunction, 1, _MANY),
    "any": (a.disjunction, 1, _MANY),
    "not": (_not, 1, 1),
    "date": (_date, 1, 3),
    "duration": (_duration, 1, 1),
    "string length": (_text("length", _LENGTH), 1, 1),
    "upper case": (_text("upper", TEXT), 1, 1),
    "lower case": (_text("lower", TEXT), 1, 1),
    "contains": (_text("contains", YES_NO), 2, 2),
    "starts with": (_text("starts_with", YES_NO), 2, 2),
    "ends with": (_text("ends_with", YES_NO), 2, 2),
    "substring": (_substring, 2, 3),
}

_INEXACT = {"sqrt", "exp", "log", "stddev", "random number"}
_CLOCKS = {"now", "today"}
