"""Binding: a caller's JSON-like facts → exact values, or every fault in them; and values → JSON again.

The one gate through which facts enter, whether they come by HTTP, from a file or from a policy test. A decision's
values leave through the formatters at the end of this module, so both directions of one format stand side by side:

    "12500.00"  –bind→  1250000  –json_value→  "12500.00"  –bound_value→  1250000
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import cast

from engine.diagnostics.nearest import nearest
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import ISO_DATE, date_of, day_number
from engine.vocabulary.decimals import DECIMALS_READ, JsonDecimal, decimal_formatter
from engine.vocabulary.past_dates import held, tells_of_the_past
from engine.vocabulary.persons import person, person_fault
from engine.vocabulary.plain_text import BLANK_AROUND, has_blank_around, text_fault
from engine.vocabulary.record_words import NO_LIST, NO_RECORD, RECORD_FAULTS_MAX, records_hint, too_many_records
from engine.vocabulary.vocabulary import Fact, Kind, ListField, Type

KnownValue = int | str | bool
"""A bound value that is there and no list: a scaled integer, days since 1970-01-01, text, or yes/no."""

Scalar = KnownValue | None
"""The same, or null where it is missing."""

Records = tuple[tuple[Scalar, ...], ...]
"""A bound list: its records in the order given, each with the values of its fields in the order declared."""

Value = Scalar | Records
"""A bound value, or null where the fact is missing."""

JsonScalar = str | int | bool | None
"""A value as requests and decisions carry it: decimal text, ISO date, integer, text, yes/no, or null."""

JsonRecords = list[dict[str, JsonScalar]]
"""A list as requests carry it: `[{"amount": "12.50", "due": "2026-07-01"}]`."""

_DECIMAL = re.compile(rf"-?(0|[1-9][0-9]{{0,{DECIMALS_READ - 1}}})(\.[0-9]{{1,{DECIMALS_READ}}})?", re.ASCII)
"""No leading zeros, no `+`, no exponent, no thousands separators: what could be read in two ways is refused. A number
that is too large is one all the same, so that it is called out of range."""

_KEY_LENGTH_MAX = 80
"""Characters of an unknown key that a message quotes."""

_FORMATTED_REMEMBERED = 4_096
"""Dates, and numbers of each scale, whose text is kept for the next decision."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a caller's facts."""

    path: str
    """Where: the fact's name, such as `order.amount`, or the group's where the group itself is wrong."""

    message: str
    """What is wrong, as the end of a sentence that begins with the path: `is not a date`."""

    hint: str = ""
    """What to send instead; empty where the message says it all."""

    def __str__(self) -> str:
        """`path: message (hint)`."""
        return f"{self.path}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class FactsRefused(Exception):
    """The facts can't be bound. `faults` holds everything that is wrong with them, sorted by path."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


class _NotBound(Exception):
    """One fact's value can't be read: the message and the hint of the fault that it becomes."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint

    def faults(self, path: str) -> Sequence[Fault]:
        """The faults of a fact that stands at `path`."""
        return [Fault(path, self.message, self.hint)]


class _RecordsNotBound(_NotBound):
    """Records of a list can't be read: the faults, each with its path behind the fact's, such as `[3].amount`."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].message, faults[0].hint)
        self._faults = faults

    def faults(self, path: str) -> Sequence[Fault]:
        """The faults of a fact that stands at `path`: `account.open_items[3].amount`."""
        return [Fault(path + fault.path, fault.message, fault.hint) for fault in self._faults]


class Binder:
    """Binds the facts of one case kind. Made once for each rule set, and used for every decision; thread-safe.

    Each fact has its slot, the position of its value in the list that `bind` gives, and a function that reads it. Both
    are looked up by group and key, so that binding costs as much as there are facts in the request.
    """

    def __init__(self, case: str, facts: Sequence[Fact]) -> None:
        self._case = case
        self._groups = CASE_KINDS[case].groups
        self._plan: dict[str, dict[str, tuple[Fact, int, Callable[[object], Value]]]] = {g: {} for g in self._groups}
        for slot, fact in enumerate(facts):
            key = fact.name.partition(".")[2]
            self._plan[fact.group][key] = (fact, slot, _reader(fact.type, required=fact.required))
        self._of_the_past = tuple((fact, slot) for slot, fact in enumerate(facts) if tells_of_the_past(fact.type))
        self._size = len(facts)
        self._required = tuple((fact.name, slot) for slot, fact in enumerate(facts) if fact.required)

    def bind(self, body: Mapping[str, object], day: int | None = None) -> list[Value]:
        """Values in the order of the facts given to the constructor; None for those that are missing.

        `body` holds one mapping for each group, such as `{"order": {"amount": "12.50"}}`. A fact that is absent and one
        that is null are the same. `day` is the day of the decision, to which dates of the past are held (`hold_to`);
        None where facts are bound for no decision. Raises `FactsRefused` with all faults: unknown groups and facts,
        values of the wrong type or out of bounds, and required facts that are missing.
        """
        values: list[Value] = [None] * self._size
        faults: list[Fault] = []
        for group, members in body.items():
            plan = self._plan.get(group)
            if plan is None:
                faults.append(Fault(_word(group), "unknown group of facts", f"expected {' or '.join(self._groups)}"))
            elif isinstance(members, Mapping):
                self._bind_group(group, plan, members, values, faults)
            elif members is not None:
                faults.append(Fault(group, "must be an object of facts"))
        if day is not None:
            faults += self.hold_to(day, values)
        for name, slot in self._required:
            if values[slot] is None and not any(fault.path == name for fault in faults):
                faults.append(Fault(name, "is required"))
        if faults:
            raise FactsRefused(sorted(faults, key=lambda fault: fault.path))
        return values

    def hold_to(self, day: int, values: list[Value]) -> list[Fault]:
        """Holds dates of the past to the day of the decision: one that lies after it is a fault, or becomes None among
        the values, whichever its fact says (`Future`)."""
        faults = []
        for fact, slot in self._of_the_past:
            values[slot], late = held(values[slot], fact.type, day)
            faults += [after_the_day(f"{fact.name}{path}", day) for path in late]
        return faults

    def _bind_group(
        self,
        group: str,
        plan: Mapping[str, tuple[Fact, int, Callable[[object], Value]]],
        members: Mapping[str, object],
        values: list[Value],
        faults: list[Fault],
    ) -> None:
        for key, raw in members.items():
            entry = plan.get(key)
            if entry is None:
                word = _word(key)
                close = nearest(word, plan)
                hint = f"did you mean `{group}.{close}`?" if close else ""
                faults.append(Fault(f"{group}.{word}", "unknown fact", hint))
            elif raw is not None:
                fact, slot, read = entry
                try:
                    values[slot] = read(raw)
                except _NotBound as wrong:
                    faults += wrong.faults(fact.name)


def after_the_day(path: str, day: int) -> Fault:
    """What is said of a date of the past that lies after the day of the decision."""
    return Fault(path, f"lies after the day of the decision, {date_of(day)}", "expected that day or an earlier one")


def _word(key: object) -> str:
    """A caller's key as a message may quote it: short, and without characters that a terminal would obey."""
    if type(key) is not str:
        return f"({type(key).__name__})"
    word = key if len(key) <= _KEY_LENGTH_MAX else key[: _KEY_LENGTH_MAX - 1] + "…"
    return word if word.isprintable() else word.encode("unicode_escape").decode("ascii")


def _reader(type_: Type, *, required: bool) -> Callable[[object], Value]:
    match type_.kind:
        case Kind.MONEY | Kind.RATE | Kind.NUMBER:
            return _decimal_reader(type_)
        case Kind.INTEGER | Kind.DAYS | Kind.MONTHS:
            return _integer_reader(type_)
        case Kind.DATE:
            return _date_reader(type_)
        case Kind.ENUM:
            return _enum_reader(type_)
        case Kind.YES_NO:
            return _read_yes_no
        case Kind.TEXT:
            return _text_reader(required=required)
        case Kind.PERSON:
            return _person_reader(required=required)
        case Kind.LIST:
            return _list_reader(type_)


def _bounds(type_: Type) -> str:
    return f"between {json_value(type_.low, type_)} and {json_value(type_.high, type_)}"


def _decimal_reader(type_: Type) -> Callable[[object], Value]:
    """Reads `"12.5"` as 1250 where the scale is 2: the digits without the point, times ten for each lacking decimal.
    Zeros beyond the scale say nothing: `"12.5000"` is the same."""
    scale, low, high, unit = type_.scale, type_.low, type_.high, 10**type_.scale
    powers: tuple[int, ...] = tuple(10**lacking for lacking in range(scale + 1))
    example = f'send {type_.kind} as text, such as "{json_value(125 * 10**scale // 100, type_)}"'

    def read(raw: object) -> Value:
        if type(raw) is str or type(raw) is JsonDecimal:
            if not _DECIMAL.fullmatch(raw):
                raise _NotBound("is not a plain decimal number", example)
            point = raw.find(".")
            if point < 0:
                value: int = int(raw) * unit
            else:
                lacking = scale - (len(raw) - point - 1)
                if lacking < 0:
                    if raw[lacking:].strip("0"):
                        raise _NotBound(f"has more than {scale} decimals", "round it before sending")
                    raw, lacking = raw[:lacking], 0
                value = int(raw[:point] + raw[point + 1 :]) * powers[lacking]
        elif type(raw) is int:
            value = raw * unit
        elif type(raw) is float:
            raise _NotBound("is a floating-point number, which is not exact", example)
        else:
            raise _NotBound("is not a number", example)
        if not low <= value <= high:
            raise _NotBound("is out of range", f"expected {_bounds(type_)}")
        return value

    return read


def _integer_reader(type_: Type) -> Callable[[object], Value]:
    low, high = type_.low, type_.high

    def read(raw: object) -> Value:
        if type(raw) is not int:
            raise _NotBound("is not a whole number", f"send {type_.kind} as a whole number without quotes")
        if not low <= raw <= high:
            raise _NotBound("is out of range", f"expected {_bounds(type_)}")
        return raw

    return read


def _date_reader(type_: Type) -> Callable[[object], Value]:
    low, high = type_.low, type_.high

    def read(raw: object) -> Value:
        if type(raw) is not str or not ISO_DATE.fullmatch(raw):
            raise _NotBound("is not a date", 'send dates as text, such as "2026-07-01"')
        try:
            value = day_number(date.fromisoformat(raw))
        except ValueError:
            raise _NotBound("is not a day of the calendar") from None
        if not low <= value <= high:
            raise _NotBound("is out of range", f"expected {_bounds(type_)}")
        return value

    return read


def _enum_reader(type_: Type) -> Callable[[object], Value]:
    members = frozenset(type_.members)

    def read(raw: object) -> Value:
        if type(raw) is not str or raw not in members:
            raise _NotBound("is not one of the known words", f"expected one of {', '.join(type_.members)}")
        return raw

    return read


def _read_yes_no(raw: object) -> Value:
    if type(raw) is not bool:
        raise _NotBound("is neither true nor false", "send true or false without quotes")
    return raw


def _list_reader(type_: Type) -> Callable[[object], Value]:
    """Reads `[{"amount": "12.50", "due": "2026-07-01"}, …]` as records of bound values in the order of the fields."""
    fields = {field.name: (slot, _scalar_reader(field)) for slot, field in enumerate(type_.fields)}
    required = [(slot, field.name) for slot, field in enumerate(type_.fields) if field.required]
    example = records_hint(type_)

    def read(raw: object) -> Value:
        if not isinstance(raw, list | tuple):
            raise _NotBound(NO_LIST, example)
        if len(raw) > type_.high:
            raise _NotBound(*too_many_records(f"{len(raw):,}", type_))
        faults: list[Fault] = []
        records = []
        for number, item in enumerate(raw, 1):
            values: list[Scalar] = [None] * len(fields)
            if isinstance(item, Mapping):
                _read_record(f"[{number}]", item, fields, values, faults)
                absent = [f"[{number}].{name}" for slot, name in required if values[slot] is None]
                faults += [Fault(path, "is required") for path in absent if all(path != one.path for one in faults)]
            else:
                faults.append(Fault(f"[{number}]", NO_RECORD, example))
            if len(faults) >= RECORD_FAULTS_MAX:
                break
            records.append(tuple(values))
        if faults:
            raise _RecordsNotBound(faults[:RECORD_FAULTS_MAX])
        return tuple(records)

    return read


def _scalar_reader(field: ListField) -> Callable[[object], Scalar]:
    """A field is no list, so that its reader gives no records."""
    return cast("Callable[[object], Scalar]", _reader(field.type, required=field.required))


def _read_record(
    path: str,
    record: Mapping[object, object],
    fields: Mapping[str, tuple[int, Callable[[object], Scalar]]],
    values: list[Scalar],
    faults: list[Fault],
) -> None:
    for key, raw in record.items():
        slot, read = fields.get(key, (None, None)) if isinstance(key, str) else (None, None)
        if slot is None or read is None:
            word = _word(key)
            close = nearest(word, fields)
            faults.append(
                Fault(f"{path}.{word}", "is no value of these records", f"did you mean `{close}`?" if close else "")
            )
        elif raw is not None:
            try:
                values[slot] = read(raw)
            except _NotBound as wrong:
                faults += wrong.faults(f"{path}.{key}")


def _text_reader(*, required: bool, blank_around: bool = False) -> Callable[[object], Value]:
    """Blank text is refused. As a value it would count as known, and an order whose second approver is blank would
    count as released by two people. So are blanks around a text, unless `blank_around`: `C-1` and `C-1 ` would be two
    customers."""
    unknown = "leave it out or give null where it is unknown"
    hint = "send the number or name it is known by" if required else unknown

    def read(raw: object) -> Value:
        if type(raw) is not str:
            raise _NotBound("is not text", "send it between quotes")
        if wrong := text_fault(raw):
            raise _NotBound(*wrong)
        if not raw or raw.isspace():
            raise _NotBound("is empty", hint)
        if not blank_around and has_blank_around(raw):
            raise _NotBound(*BLANK_AROUND)
        return raw

    return read


def _person_reader(*, required: bool) -> Callable[[object], Value]:
    read_text = _text_reader(required=required, blank_around=True)

    def read(raw: object) -> Value:
        text = str(read_text(raw))
        if wrong := person_fault(text):
            raise _NotBound(*wrong)
        return read_text(person(text))

    return read


def json_formatter(type_: Type) -> Callable[[Value], JsonScalar]:
    """A function that gives a bound value of this type as it stands in requests and decisions.

    Money is decimal text with all of the currency's decimals (`"12500.00"`), rates and numbers are decimal text without
    trailing zeros (`"0.05"`), a date is `"2026-07-01"`; counts, days and months are integers, words and other texts are
    text, yes/no is a boolean, and null stays null. A list is shown by how many records it holds.
    """
    match type_.kind:
        case Kind.MONEY:
            return _money_formatter(type_.scale)
        case Kind.RATE | Kind.NUMBER:
            return _trimmed_formatter(type_.scale)
        case Kind.DATE:
            return _iso_date
        case Kind.LIST:
            return _record_count
        case _:
            return _unchanged


def json_value(value: Value, type_: Type) -> JsonScalar:
    """One value as the function that `json_formatter` gives would write it."""
    return json_formatter(type_)(value)


def bound_value(written: JsonScalar, type_: Type) -> Value:
    """What `json_value` made of a value, turned back into that value; for text that a decision already holds.

    Unlike `Binder.bind` it judges nothing: a value that was worked out may have more digits than a fact may.
    """
    if not isinstance(written, str):
        return written
    match type_.kind:
        case Kind.MONEY | Kind.RATE | Kind.NUMBER:
            return int(Fraction(written) * 10**type_.scale)  # a Decimal would round to 28 digits
        case Kind.DATE:
            return day_number(date.fromisoformat(written))
        case _:
            return written


def _unchanged(value: Value) -> JsonScalar:
    return cast("JsonScalar", value)  # lists have a formatter of their own


def _record_count(value: Value) -> JsonScalar:
    return None if value is None else len(cast("Records", value))


@lru_cache(maxsize=_FORMATTED_REMEMBERED)
def _iso_date(value: Value) -> JsonScalar:
    return None if value is None else date_of(cast(int, value)).isoformat()


def _money_formatter(scale: int) -> Callable[[Value], JsonScalar]:
    exact, unit = decimal_formatter(scale), 10**scale

    def write(value: Value) -> JsonScalar:
        if value is None:
            return None
        if value < unit or not scale:
            return exact(value)  # type: ignore[arg-type]  # not None, but perhaps a text as far as types can tell
        digits = str(value)  # faster than a division
        return f"{digits[:-scale]}.{digits[-scale:]}"

    return write


def _trimmed_formatter(scale: int) -> Callable[[Value], JsonScalar]:
    """For points, rates and ratios. A decision has many of them and few different ones, so their texts are kept."""
    exact = decimal_formatter(scale)

    @lru_cache(maxsize=_FORMATTED_REMEMBERED)
    def write(value: Value) -> JsonScalar:
        if value is None:
            return None
        text = exact(cast(int, value))
        return text.rstrip("0").rstrip(".") if "." in text else text

    return write


def value_reader(type_: Type, path: str, *, required: bool = False) -> Callable[[JsonScalar], Value]:
    """A function that binds one value of this type, by the rules for a fact; `required` changes its hints alone.

    It serves values that are no facts of a case, such as the helper columns of a row map. Null stays null. The function
    raises `FactsRefused` with one fault, which stands at `path`.
    """
    read = _reader(type_, required=required)

    def bound_value(raw: JsonScalar) -> Value:
        if raw is None:
            return None
        try:
            return read(raw)
        except _NotBound as wrong:
            raise FactsRefused(wrong.faults(path)) from None

    return bound_value
