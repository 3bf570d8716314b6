"""Takes rows through a row map: cells as text → the facts of a request, or every fault of the row.

Verb: RowMap + heading + `as_of` → one function a row. Nothing is guessed: a thousands separator or a currency sign in
an amount, a date in another format, a word the map doesn't translate are faults of that row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from engine.diagnostics.wording import did_you_mean, listed
from engine.feel.runtime.evaluate import evaluate_node
from engine.feel.runtime.temporal import DaysDuration, MonthsDuration
from engine.vocabulary.binding import Fault, JsonScalar
from engine.vocabulary.vocabulary import Kind, Type
from files.maps.row_map import ROW, Column, RowMap

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_PLAIN = re.compile(r"-?[0-9]{1,34}(\.[0-9]{1,34})?", re.ASCII)
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Mapped:
    """`facts` by group, as in a request's body. `unsure` are the facts that a fault leaves unknown, so that nobody
    complains about them a second time."""

    facts: Mapping[str, object]
    faults: tuple[Fault, ...]
    unsure: frozenset[str]


RowReader = Callable[[Sequence[str | None]], Mapped]


def heading_faults(row_map: RowMap, heading: Sequence[str]) -> tuple[Fault, ...]:
    """What keeps this map from reading a file with this heading."""
    faults = []
    for name in dict.fromkeys(column.column for column in row_map.columns):
        count = heading.count(name)
        used = next(column for column in row_map.columns if column.column == name)
        if count == 0:
            hint = did_you_mean(name, heading) or f"the columns are {listed(heading[:30])}"
            faults.append(Fault(name, f"the column that `{used.name}` is read from is missing", hint))
        elif count > 1:
            hint = f"rename all but the one for `{used.name}`"
            faults.append(Fault(name, f"is the heading of {count} columns", hint))
    return tuple(faults)


def row_reader(row_map: RowMap, heading: Sequence[str], as_of: date) -> RowReader:
    """Cells stand in the order of `heading`; None and blank text are missing values. The heading must be without
    faults, except that a key of NDJSON rows may be in no row."""
    slots = {name: index for index, name in enumerate(heading)}
    columns = [(column, slots.get(column.column), _converter(column)) for column in row_map.columns]
    derived = [(part, part.name.split(".", 1), _restated(part.type)) for part in row_map.derived]

    def read(cells: Sequence[str | None]) -> Mapped:
        facts: dict[str, dict[str, JsonScalar]] = {}
        context: dict[str, object] = {"as_of": as_of}
        faults: list[Fault] = []
        for column, slot, convert in columns:
            text = (cells[slot] or "").strip() if slot is not None else ""
            group, _, name = column.name.partition(".")
            try:
                raw, value = convert(text)
            except _NotMapped as wrong:
                faults.append(Fault(column.name, f"column `{column.column}`: {wrong.message}", wrong.hint))
                raw, value = None, None
            context.setdefault(group, {})[name] = value  # type: ignore[index]  # groups are dicts, as_of isn't one
            if group != ROW:
                facts.setdefault(group, {})[name] = raw
        for part, (group, name), restate in derived:
            value = evaluate_node(part.formula.tree, context)
            context.setdefault(group, {})[name] = value  # type: ignore[index]  # as above
            facts.setdefault(group, {})[name] = restate(value)
        unsure = {fault.path for fault in faults} | ({part.name for part in row_map.derived} if faults else set())
        return Mapped(facts, tuple(faults), frozenset(unsure))

    return read


class _NotMapped(Exception):
    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint


_Converter = Callable[[str], tuple[JsonScalar, object]]
"""Cell → the fact as a request carries it, and the FEEL value that formulas read."""


def _converter(column: Column) -> _Converter:
    convert = _plain_converter(column)
    if (values := column.values) is None:
        return convert
    known = listed(list(values)[:12])

    def translated(text: str) -> tuple[JsonScalar, object]:
        if text not in values:
            if not text:
                return None, None
            raise _NotMapped(f"`{_short(text)}` is not among the values of the map", f"it translates {known}")
        value = values[text]
        return convert(value) if isinstance(value, str) else (value, _number(value))

    return translated


def _number(value: JsonScalar) -> object:
    return Decimal(value) if type(value) is int else value


def _plain_converter(column: Column) -> _Converter:
    match column.type.kind:
        case Kind.DATE:
            return _date_converter(column)
        case Kind.INTEGER | Kind.DAYS | Kind.MONTHS:
            return _whole
        case Kind.MONEY | Kind.RATE | Kind.NUMBER:
            return _decimal
        case Kind.YES_NO:
            return _yes_no
        case Kind.ENUM | Kind.TEXT:
            return _text


def _text(text: str) -> tuple[JsonScalar, object]:
    return text or None, text or None


def _whole(text: str) -> tuple[JsonScalar, object]:
    if not text:
        return None, None
    if not _WHOLE.fullmatch(text):
        raise _NotMapped(f"`{_short(text)}` is not a whole number", "write digits only")
    return int(text), Decimal(text)


def _decimal(text: str) -> tuple[JsonScalar, object]:
    if not text:
        return None, None
    if not _PLAIN.fullmatch(text):
        hint = "write it with a decimal point and without separators or signs, such as 1250.00"
        raise _NotMapped(f"`{_short(text)}` is not a plain decimal number", hint)
    return text, Decimal(text)


def _yes_no(text: str) -> tuple[JsonScalar, object]:
    if not text:
        return None, None
    if text not in ("true", "false"):
        raise _NotMapped(f"`{_short(text)}` is neither `true` nor `false`", "translate it with `values` in the map")
    return text == "true", text == "true"


def _date_converter(column: Column) -> _Converter:
    dates = column.dates
    assert dates is not None, "a date column has a format"
    seen: dict[str, tuple[JsonScalar, object]] = {"": (None, None)}

    def convert(text: str) -> tuple[JsonScalar, object]:
        if (found := seen.get(text)) is not None:
            return found
        day = dates.read(text)
        if day is None:
            raise _NotMapped(f"`{_short(text)}` is not a date of the form {dates.spelling}")
        if len(seen) < 10_000:  # a file has few different days; a hostile one must not fill the memory
            seen[text] = (day.isoformat(), day)
        return day.isoformat(), day

    return convert


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _restated(type_: Type) -> Callable[[object], JsonScalar]:
    """What a formula gave, as a request would carry it; what FEEL has and a request has not becomes text that the
    binding of facts then refuses by name."""
    whole = type_.kind in (Kind.INTEGER, Kind.DAYS, Kind.MONTHS)

    def restate(value: object) -> JsonScalar:
        match value:
            case None | bool() | str():
                return value
            case Decimal():
                return _restated_number(value, whole)
            case DaysDuration() if type_.kind is Kind.DAYS and not value.seconds % _DAY_SECONDS:
                return int(value.seconds) // _DAY_SECONDS
            case MonthsDuration() if type_.kind is Kind.MONTHS:
                return value.months
            case date():
                return value.isoformat()
            case _:
                return str(value)

    return restate


def _restated_number(value: Decimal, whole: bool) -> JsonScalar:
    try:
        if whole and value == value.to_integral_value():
            return int(value)
    except InvalidOperation:
        pass
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
