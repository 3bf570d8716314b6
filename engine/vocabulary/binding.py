"""Binding: a caller's JSON-like facts → exact values, or every fault in them.

The one gate through which facts enter, whether they come by HTTP, from a file or from a policy test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from engine.diagnostics.nearest import nearest
from engine.vocabulary.days import ISO_DATE, date_of, day_number
from engine.vocabulary.decimals import decimal_shower
from engine.vocabulary.invisible import holds_control, holds_unseen
from engine.vocabulary.vocabulary import CASE_KINDS, Fact, Kind, Type

Value = int | str | bool | None
"""A bound value: a scaled integer, days since 1970-01-01, text, yes/no, or null."""

JsonScalar = str | int | bool | None
"""A value as requests and decisions carry it: decimal text, ISO date, integer, text, yes/no, or null."""

TEXT_LENGTH_MAX = 200

_UNSEEN_HINT = "leave out marks of direction, joiners (U+200C, U+200D), soft hyphens, tags and the like"

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the facts: where (`order.amount`), what, and what to send instead."""

    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class FactsRefused(Exception):
    """The facts can't be bound; carries every fault."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


class _NotBound(Exception):
    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint


class Binder:
    """Binds the facts of one case kind; made once per vocabulary, used for each decision."""

    def __init__(self, case: str, facts: Sequence[Fact]) -> None:
        self._case = case
        self._groups = CASE_KINDS[case].groups
        self._plan: dict[str, dict[str, tuple[Fact, int, Callable[[object], Value]]]] = {g: {} for g in self._groups}
        for slot, fact in enumerate(facts):
            key = fact.name.partition(".")[2]
            self._plan[fact.group][key] = (fact, slot, _reader(fact.type, required=fact.required))
        self._size = len(facts)
        self._required = tuple((fact.name, slot) for slot, fact in enumerate(facts) if fact.required)

    def bind(self, body: Mapping[str, object]) -> list[Value]:
        """Values in the order of the facts given to the constructor. `body` holds one mapping per group, such as
        `{"order": {"amount": "12.50"}}`; absent and null are the same. Raises `FactsRefused` with all faults."""
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
        for name, slot in self._required:
            if values[slot] is None and not any(fault.path == name for fault in faults):
                faults.append(Fault(name, "is required"))
        if faults:
            raise FactsRefused(sorted(faults, key=lambda fault: fault.path))
        return values

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
                    faults.append(Fault(fact.name, wrong.message, wrong.hint))


_KEY_LENGTH_MAX = 80


def _word(key: object) -> str:
    """A stranger's key, short enough and fit to be shown."""
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


def _bounds(type_: Type) -> str:
    return f"between {shown(type_.low, type_)} and {shown(type_.high, type_)}"


def _decimal_reader(type_: Type) -> Callable[[object], Value]:
    scale, low, high, unit = type_.scale, type_.low, type_.high, 10**type_.scale
    powers: tuple[int, ...] = tuple(10**lacking for lacking in range(scale + 1))
    example = f'send {type_.kind} as text, such as "{shown(125 * 10**scale // 100, type_)}"'

    def read(raw: object) -> Value:
        if type(raw) is str:
            if not _DECIMAL.fullmatch(raw):
                raise _NotBound("is not a plain decimal number", example)
            point = raw.find(".")
            if point < 0:
                value: int = int(raw) * unit
            else:
                lacking = scale - (len(raw) - point - 1)
                if lacking < 0:
                    raise _NotBound(f"has more than {scale} decimals", "round it before sending")
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


def _text_reader(*, required: bool) -> Callable[[object], Value]:
    """Blank text is refused: as a value it would count as known, such as a second person who released an order."""
    unknown = "leave it out or give null where it is unknown"
    hint = "send the number or name it is known by" if required else unknown

    def read(raw: object) -> Value:
        if type(raw) is not str:
            raise _NotBound("is not text", "send it between quotes")
        if wrong := text_fault(raw):
            raise _NotBound(*wrong)
        if not raw or raw.isspace():
            raise _NotBound("is empty", hint)
        return raw

    return read


def text_fault(text: str) -> tuple[str, str] | None:
    """What is wrong with a text that is not empty, and what to do about it."""
    if len(text) > TEXT_LENGTH_MAX:
        return f"is longer than {TEXT_LENGTH_MAX} characters", ""
    if text.isprintable():
        return None
    if holds_control(text):
        return "holds control characters", ""
    return ("holds invisible characters", _UNSEEN_HINT) if holds_unseen(text) else None


def shower(type_: Type) -> Callable[[Value], JsonScalar]:
    """A function that gives a bound value of this type as it stands in requests and decisions: decimal text, ISO date,
    integer, text, yes/no or null."""
    match type_.kind:
        case Kind.MONEY:
            return _money_shower(type_.scale)
        case Kind.RATE | Kind.NUMBER:
            return _trimmed_shower(type_.scale)
        case Kind.DATE:
            return _show_date
        case _:
            return _show_as_it_is


def shown(value: Value, type_: Type) -> JsonScalar:
    """One value as `shower` gives it."""
    return shower(type_)(value)


_SHOWN_REMEMBERED = 4_096


def _show_as_it_is(value: Value) -> JsonScalar:
    return value


@lru_cache(maxsize=_SHOWN_REMEMBERED)
def _show_date(value: Value) -> JsonScalar:
    return None if value is None else date_of(int(value)).isoformat()


def _money_shower(scale: int) -> Callable[[Value], JsonScalar]:
    exact, unit = decimal_shower(scale), 10**scale

    def show(value: Value) -> JsonScalar:
        if value is None:
            return None
        if value < unit or not scale:
            return exact(value)  # type: ignore[arg-type]  # not None, but perhaps a text as far as types can tell
        digits = str(value)  # faster than a division
        return f"{digits[:-scale]}.{digits[-scale:]}"

    return show


def _trimmed_shower(scale: int) -> Callable[[Value], JsonScalar]:
    """Points, rates and ratios: a decision has many of them, and few different ones."""
    exact = decimal_shower(scale)

    @lru_cache(maxsize=_SHOWN_REMEMBERED)
    def show(value: Value) -> JsonScalar:
        if value is None:
            return None
        text = exact(int(value))
        return text.rstrip("0").rstrip(".") if "." in text else text

    return show


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
            raise FactsRefused([Fault(path, wrong.message, wrong.hint)]) from None

    return bound_value
