"""What FEEL expressions evaluate to, and when two such values are equal or in order (DMN 1.5, 10.3.2.2, 10.3.2.3).

Numbers are `Decimal` of 34 digits; null is None; contexts are `dict`, lists are `list`. Everything three-valued here
answers True, False or None, where None is FEEL's null: the question makes no sense for these two values.
"""

from __future__ import annotations

import datetime
import decimal
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.feel.runtime.instants import DistantDate, DistantDateTime, Instant, moment, zone_of
from engine.feel.runtime.temporal import DaysDuration, MonthsDuration, plain, write_temporal

# IEEE 754-2008 decimal128, as DMN 1.5, 10.3.2.3.1 asks for
NUMBERS = decimal.Context(
    prec=34,
    rounding=decimal.ROUND_HALF_EVEN,
    Emax=6144,
    Emin=-6143,
    capitals=1,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
"""How FEEL calculates: 34 digits, half to even. Raises ArithmeticError for overflow and division by zero."""

TEXT_MAX = 1_000_000
"""Characters of a text that an expression may build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A range of numbers, texts, dates, times or durations."""

    low: object
    """None where there is no end on this side."""
    low_closed: bool
    """Whether `low` itself is inside."""
    high: object
    """None where there is no end on this side."""
    high_closed: bool
    """Whether `high` itself is inside."""


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of the expression or of the caller, as a value."""

    parameters: tuple[str, ...]
    """Their names; empty if it takes any number of arguments without names."""
    call: Callable[..., object]
    """Takes one value for each parameter."""
    types: tuple[str, ...] = ()
    """One for each parameter; empty if all are `Any`."""
    result: str = "Any"
    """The type of what it gives, `Any` if that isn't known."""


_KINDS: dict[type, str] = {
    Decimal: "number",
    bool: "boolean",
    str: "string",
    type(None): "null",
    datetime.datetime: "date and time",
    DistantDateTime: "date and time",
    datetime.date: "date",
    DistantDate: "date",
    datetime.time: "time",
    DaysDuration: "days and time duration",
    MonthsDuration: "years and months duration",
    list: "list",
    dict: "context",
    Range: "range",
    Function: "function",
}


def kind(value: object) -> str:
    """The name of a value's FEEL type, such as `date and time`; `null` for anything that FEEL does not know."""
    exact = _KINDS.get(type(value))
    if exact is not None:
        return exact
    return next((name for type_, name in _KINDS.items() if isinstance(value, type_)), "null")


def taken_in(value: object) -> object:
    """A caller's plain Python value as a FEEL value; what FEEL has no place for is null.

    A float counts as the decimal it is written as: 0.1 is 0.1. NaN, infinities and numbers out of range are null.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal | int | float):
        return _number_taken_in(Decimal(repr(value)) if isinstance(value, float) else Decimal(value))
    if isinstance(value, Mapping):
        return {str(key): taken_in(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [taken_in(item) for item in value]
    if isinstance(value, datetime.timedelta):
        return DaysDuration(Decimal(value // datetime.timedelta(microseconds=1)).scaleb(-6))
    if isinstance(value, datetime.datetime | datetime.time):
        return _zone_taken_in(value)
    if kind(value) == "null" and callable(value):
        return _callable_taken_in(value)
    return value if kind(value) != "null" else None


def _zone_taken_in(value: datetime.datetime | datetime.time) -> object:
    """Of the zones other libraries have, the offset."""
    if value.tzinfo is None or isinstance(value.tzinfo, datetime.timezone | ZoneInfo):
        return value
    offset = value.utcoffset()
    return value.replace(tzinfo=None if offset is None else datetime.timezone(offset))


def _callable_taken_in(function: Callable[..., object]) -> Function:
    """A caller's Python function; it gets FEEL values and may give Python's."""

    def call(*arguments: object) -> object:
        return taken_in(function(*arguments))

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some of C's functions have none
        return Function((), call)
    named = all(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters)
    return Function(tuple(parameter.name for parameter in parameters) if named else (), call)


def _number_taken_in(number: Decimal) -> Decimal | None:
    try:
        return NUMBERS.plus(number) if number.is_finite() else None
    except decimal.Overflow:
        return None


# --- equality and order ----------------------------------------------------------------------------------------------


def equal(left: object, right: object) -> bool | None:
    """`left = right` (DMN 1.5, table 53). Null for values of two kinds; only null equals null."""
    if left is None or right is None:
        return left is right
    if kind(left) != kind(right):
        return None
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and _all(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and _all(equal(left[key], right[key]) for key in left)
    if isinstance(left, Range) and isinstance(right, Range):
        return _equal_ranges(left, right)
    if isinstance(left, Instant) and isinstance(right, Instant):
        return _zone_kind(left) == _zone_kind(right) and moment(left) == moment(right)
    if isinstance(left, Function):
        return True if left is right else None
    return left == right


def _all(answers: object) -> bool | None:
    """True if all answers are, false if one is, null otherwise: `and` over them."""
    unknown = False
    for answer in answers:  # type: ignore[attr-defined]
        if answer is False:
            return False
        unknown = unknown or answer is None
    return None if unknown else True


def _equal_ranges(left: Range, right: Range) -> bool | None:
    if (left.low_closed, left.high_closed) != (right.low_closed, right.high_closed):
        return False
    return _all((equal(left.low, right.low), equal(left.high, right.high)))


def _zone_kind(value: Instant) -> str:
    """A value with a named zone is never equal to one with an offset or with none."""
    zone = zone_of(value)
    if zone is None:
        return "none"
    return "named" if isinstance(zone, ZoneInfo) else "offset"


_ORDERED = frozenset(
    {"number", "string", "date", "time", "date and time", "days and time duration", "years and months duration"}
)


def less(left: object, right: object) -> bool | None:
    """`left < right`; null unless both are of one ordered kind (DMN 1.5, table 54)."""
    which = kind(left)
    if which != kind(right) or which not in _ORDERED:
        return None
    if isinstance(left, Instant) and isinstance(right, Instant):
        return None if (zone_of(left) is None) != (zone_of(right) is None) else moment(left) < moment(right)
    return left < right  # type: ignore[operator,no-any-return]


def compared(operator: str, left: object, right: object) -> bool | None:
    """A comparison by its operator: `= != < <= > >=`. `a <= b` is `not(b < a)`, null where `<` is."""
    match operator:
        case "=":
            return equal(left, right)
        case "!=":
            return negated(equal(left, right))
        case "<":
            return less(left, right)
        case ">":
            return less(right, left)
        case "<=":
            return negated(less(right, left))
        case _:
            return negated(less(left, right))


def negated(truth: object) -> bool | None:
    """`not`: null for anything but a boolean."""
    return not truth if isinstance(truth, bool) else None


def both(left: object, right: object) -> bool | None:
    """`and` (DMN 1.5, table 50); what is not a boolean counts as null."""
    if left is False or right is False:
        return False
    return True if left is True and right is True else None


def either(left: object, right: object) -> bool | None:
    """`or` (DMN 1.5, table 50)."""
    if left is True or right is True:
        return True
    return False if left is False and right is False else None


def within(value: object, interval: Range) -> bool | None:
    """Whether a value lies in a range; null if it can't be compared with an end."""
    above: bool | None = True
    if interval.low is not None:
        above = compared(">=" if interval.low_closed else ">", value, interval.low)
    below: bool | None = True
    if interval.high is not None:
        below = compared("<=" if interval.high_closed else "<", value, interval.high)
    return both(above, below)


# --- text ------------------------------------------------------------------------------------------------------------


def written(value: object) -> str | None:
    """What `string(value)` gives (DMN 1.5, table 74); null for null and for functions. Text stays without quotes."""
    if isinstance(value, str):
        return value
    return None if value is None else _inner(value)


def _inner(value: object) -> str:
    """A value inside a list or context, as `string` writes it: text in quotes, null as a word."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case Decimal():
            return plain(value)
        case list():
            return "[" + ", ".join(map(_inner, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key}: {_inner(item)}" for key, item in value.items()) + "}"
        case Range():
            return _written_range(value)
        case datetime.date() | datetime.time():
            return write_temporal(value)
        case _:
            return "function" if isinstance(value, Function) else str(value)


def _written_range(value: Range) -> str:
    if value.high is None:
        return f"({'>=' if value.low_closed else '>'} {_inner(value.low)})"
    if value.low is None:
        return f"({'<=' if value.high_closed else '<'} {_inner(value.high)})"
    opening, closing = "[" if value.low_closed else "(", "]" if value.high_closed else ")"
    return f"{opening}{_inner(value.low)}..{_inner(value.high)}{closing}"
