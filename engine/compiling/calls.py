"""Calls of built-in functions → formulas. Part of `expressions`.

`engine.ruleset.functions` says which functions there are and what they take; names and arguments are those of DMN 1.5,
section 10.3.4. A function that has forms there becomes a `FunctionCall` without a line here. The others become
arithmetic, by the builder of their name in `BUILDERS`: `mean(a, b)` is `(a + b) / 2`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import reduce

from engine.compiling import arithmetic as a
from engine.compiling.mismatch import Mismatch
from engine.compiling.other_functions import instead_of
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.wording import clipped
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.ruleset.functions import ARGUMENTS_MAX, FUNCTIONS, Forms, FunctionRow, Takes
from engine.vocabulary.days import ISO_DATE, day_number
from engine.vocabulary.vocabulary import DATE, Kind, Type

Arguments = Sequence[Formula]

DECIMALS_MAX = 12
"""Decimals that a function of rounding takes, and places before the point, with a minus."""

_FIRST_YEAR = 1970
_DAYS_OF_ANY = 28
_COUNT = Type(Kind.INTEGER)

_INEXACT = {"sqrt", "exp", "log", "stddev", "random number"}
"""FEEL's functions whose results are not exact."""

_CLOCKS = {"now", "today"}
"""FEEL's functions that read a clock."""


def compile_call(name: str, arguments: Arguments) -> Formula:
    """The formula of a call of the function `name` with these arguments, which are compiled already.

    Raises `Mismatch` for a function that there is not, for too few or too many arguments, and for arguments of a type
    that the function doesn't take."""
    function = FUNCTIONS.get(name)
    if function is None:
        if name in _INEXACT:
            raise Mismatch(
                ErrorCode.T006, f"`{name}` is not exact, policy arithmetic is", "work it out before sending the fact"
            )
        if name in _CLOCKS:
            raise Mismatch(
                ErrorCode.T006, f"`{name}` changes from day to day by itself", "write `as_of`, the decision's date"
            )
        raise Mismatch(ErrorCode.N004, f"unknown function `{clipped(name)}`", instead_of(name))
    _require_count(function, len(arguments))
    if function.forms is None:
        return BUILDERS[name](arguments)
    return _function_call(function, function.forms, arguments)


def _require_count(function: FunctionRow, count: int) -> None:
    least, most = function.least, function.most
    if not least <= count <= most:
        takes = str(least) if least == most else f"{least} to {most}" if most < ARGUMENTS_MAX else f"at least {least}"
        plural = "" if takes.split()[-1] == "1" else "s"
        message = f"`{function.name}` takes {takes} argument{plural}, found {count}"
        raise Mismatch(ErrorCode.T004, message, f"write `{function.signature}`")


def _function_call(function: FunctionRow, forms: Forms, arguments: Arguments) -> Formula:
    """A call that the function table alone describes. Numbers that have to be written out are looked at first."""
    given = list(zip(function.parameters, arguments, strict=False))
    for parameter, argument in given:
        if parameter.takes is Takes.WRITTEN_NUMBER:
            refusal = parameter.refusal(_written_number(argument, f"the {parameter.name}"))
            if refusal:
                raise Mismatch(ErrorCode.T004, refusal)
    for parameter, argument in given:
        if parameter.takes is Takes.TEXT and argument.type.kind not in (Kind.TEXT, Kind.PERSON, Kind.ENUM):
            raise Mismatch(ErrorCode.T001, f"{a.described(argument)} is not text")
    nullable = any(argument.nullable for argument in arguments)
    return f.FunctionCall(forms.result, function.name, tuple(arguments), nullable=nullable)


def _written_number(argument: Formula, what: str) -> int:
    value = argument.value if isinstance(argument, Constant) else None
    if not isinstance(value, int) or isinstance(value, bool) or argument.type.scale:
        raise Mismatch(ErrorCode.T004, f"{what} must be a whole number written out")
    return value


def _rounded(mode: str) -> Callable[[Arguments], Formula]:
    def build(arguments: Arguments) -> Formula:
        a.require_numeric(arguments[:1], "rounded")
        decimals = _written_number(arguments[1], "the number of decimals") if len(arguments) > 1 else 0
        if not -DECIMALS_MAX <= decimals <= DECIMALS_MAX:
            hint = "-1 rounds to tens, -3 to thousands" if decimals < 0 else ""
            message = f"the number of decimals must be between -{DECIMALS_MAX} and {DECIMALS_MAX}"
            raise Mismatch(ErrorCode.T004, message, hint)
        value = arguments[0]
        if value.type.scale <= decimals:
            return value
        # to thousands: 12345.67 is 12@-3, and 12000@0
        return a.rescaled(a.rescaled(value, decimals, mode), max(decimals, 0))

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
    if not all(isinstance(argument, Constant) for argument in arguments):
        return _date_of_parts(*arguments)
    year, month, day = (_written_number(argument, "each part of the date") for argument in arguments)
    try:
        return a.constant(DATE, day_number(date(year, month, day)))
    except (ValueError, OverflowError):
        raise Mismatch(ErrorCode.T004, "there is no such day", "write year, month, day: `date(2026, 7, 1)`") from None


def _date_of_parts(year: Formula, month: Formula, day: Formula) -> Formula:
    """`date(d.year, d.month, 1)`: the months since the first year of the calendar are added to its first month. The day
    is one that every month has, and is written out."""
    for part, what, lowest, highest in ((year, "year", 1, 9_999), (month, "month", 1, 12)):
        whole = part.type.kind.is_dimensionless and part.type.scale == 0 and not a.is_null(part)
        if not whole or not lowest <= part.type.low <= part.type.high <= highest:
            hint = f"write a whole number, or the `.{what}` of a date"
            if what == "month" and whole:
                hint = 'to go on by months write `d + duration("P1M")`'
            raise Mismatch(ErrorCode.T004, f"the {what} is not always between {lowest} and {highest}", hint)
    number = day.value if isinstance(day, Constant) else None
    if not isinstance(number, int) or isinstance(number, bool) or day.type.scale or not 1 <= number <= _DAYS_OF_ANY:
        hint = 'for the end of a month write `last day of month(d)`, for other days `d + duration("P1D")`'
        raise Mismatch(ErrorCode.T004, f"the day must be written out, from 1 to {_DAYS_OF_ANY}", hint)
    first = a.constant(DATE, day_number(date(_FIRST_YEAR, 1, number)))
    months = a.add(
        a.multiply(a.subtract(year, a.constant(_COUNT, _FIRST_YEAR)), a.constant(_COUNT, 12)),
        a.subtract(month, a.constant(_COUNT, 1)),
    )
    bounds = [
        day_number(date(y, m, number)) for y, m in ((year.type.low, month.type.low), (year.type.high, month.type.high))
    ]
    type_ = replace(DATE, low=bounds[0], high=bounds[1])
    months = a.retyped(months, replace(months.type, kind=Kind.MONTHS))
    return f.AddMonths(type_, first, months, nullable=year.nullable or month.nullable)


def _last_day_of_month(arguments: Arguments) -> Formula:
    """The day before the first of the month that follows; so for each month, leap years included."""
    [day] = arguments
    if day.type.kind is not Kind.DATE:
        raise Mismatch(ErrorCode.T001, f"{a.described(day)} is not a date", "write `last day of month(as_of)`")
    in_month = f.DatePart(Type(Kind.INTEGER, scale=0, low=1, high=31), "day", day, nullable=day.nullable)
    one_day, one_month = a.constant(Type(Kind.DAYS), 1), a.constant(Type(Kind.MONTHS), 1)
    before = a.retyped(a.folded(in_month), replace(in_month.type, kind=Kind.DAYS))
    first = a.add(a.subtract(day, before), one_day)
    last = a.subtract(a.add(first, one_month), one_day)
    return a.retyped(last, replace(last.type, low=day.type.low, high=day.type.high + 30))


def _duration(arguments: Arguments) -> Formula:
    return _temporal(arguments[0], Kind.DAYS, Kind.MONTHS)


def _temporal(argument: Formula, *kinds: Kind) -> Formula:
    if argument.type.kind in kinds:
        return argument
    example = 'write `date("2026-07-01")`' if Kind.DATE in kinds else 'write `duration("P30D")` or `duration("P3M")`'
    if not isinstance(argument, Constant) or not isinstance(argument.value, str):
        raise Mismatch(ErrorCode.T004, "it takes text between quotes", example)
    try:
        constant = temporal(argument.value)
    except Mismatch as mismatch:
        hint = _as_date(argument.value) if Kind.DATE in kinds else _as_durations(argument.value)
        raise Mismatch(mismatch.code, mismatch.message, hint or example) from None
    if constant.type.kind not in kinds:
        raise Mismatch(ErrorCode.T004, f'"{clipped(argument.value)}" is {a.described(constant)}', example)
    return constant


_PERIOD = re.compile(r"(-?)P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,6})D)?(T.*)?", re.ASCII)


_OTHER_DATES = (
    (re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:T.*)?", re.ASCII), (1, 2, 3)),
    (re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII), (3, 2, 1)),
)
"""Other ways to write a date, with the groups for year, month and day; none where day and month can be mistaken."""


def _as_date(text: str) -> str:
    """The date that a text most likely means, as FEEL writes it; empty where that can't be told."""
    for pattern, order in _OTHER_DATES:
        if match := pattern.fullmatch(text.strip()):
            year, month, day = (int(match[group]) for group in order)
            return f'write `date("{year:04d}-{month:02d}-{day:02d}")`'
    return ""


def _as_durations(text: str) -> str:
    """A duration of months and days as a sum of two; empty for any other text."""
    period = _PERIOD.fullmatch(text)
    if period is None or period[5] or not period[4]:
        return ""
    sign, months = period[1], int(period[2] or 0) * 12 + int(period[3] or 0)
    return f'add them one after the other: `+ duration("{sign}P{months}M") + duration("{sign}P{period[4]}D")`'


def temporal(text: str) -> Constant:
    """The constant behind `@"…"`, `date("…")` and `duration("…")`: a date, days, or months.

    `"2026-07-01"` is a date, `"P30D"` 30 days, `"-P1Y2M"` -14 months. Raises `Mismatch` for anything else, also for
    durations with hours, or with days and months together, whose length depends on the month."""
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
    if not ISO_DATE.fullmatch(text):
        hint = 'write "2026-07-01", "P30D" or "P3M"'
        raise Mismatch(ErrorCode.T003, f'"{clipped(text)}" is neither a date nor a duration', hint)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Mismatch(ErrorCode.T004, "there is no such day", 'write year, month, day: "2026-07-01"') from None
    return a.constant(DATE, day_number(day))


def _not(arguments: Arguments) -> Formula:
    return a.negation(arguments[0])


BUILDERS: dict[str, Callable[[Arguments], Formula]] = {
    "abs": lambda arguments: a.absolute(arguments[0]),
    "floor": _rounded("floor"),
    "ceiling": _rounded("ceiling"),
    "round up": _rounded("up"),
    "round down": _rounded("down"),
    "round half up": _rounded("half_up"),
    "round half down": _rounded("half_down"),
    "decimal": _rounded("half_even"),
    "modulo": lambda arguments: a.modulo(*arguments),
    "min": lambda arguments: a.extreme(arguments, greatest=False),
    "max": lambda arguments: a.extreme(arguments, greatest=True),
    "sum": _sum,
    "mean": _mean,
    "count": _count,
    "all": a.conjunction,
    "any": a.disjunction,
    "not": _not,
    "date": _date,
    "last day of month": _last_day_of_month,
    "duration": _duration,
}
"""Of each function that becomes arithmetic, how. `list contains`, `first working day` and `last working day` are not
here: their lists are no formulas, so `engine.compiling.expressions` takes these calls."""
