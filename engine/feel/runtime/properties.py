"""`value.name`: entries of contexts and the built-in properties of dates, times, durations and ranges (DMN 1.5,
10.3.2.13, table 65)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.feel.runtime.instants import DistantDate, DistantDateTime, Instant, offset_of, zone_of
from engine.feel.runtime.temporal import DaysDuration, MonthsDuration, seconds_of
from engine.feel.runtime.values import Range


def property_of(source: object, name: str) -> object:
    """Null where there is no such property; of a list, the list of each item's."""
    if isinstance(source, dict):
        return source.get(name)
    if isinstance(source, list):
        return [property_of(item, name) for item in source]
    for type_, properties in _PROPERTIES:
        if isinstance(source, type_):
            read = properties.get(name)
            return None if read is None else read(source)
    return None


def _number(name: str) -> Callable[[Any], Decimal]:
    return lambda value: Decimal(getattr(value, name))


def _time_offset(value: Instant) -> DaysDuration | None:
    offset = offset_of(value)
    return None if offset is None else DaysDuration(seconds_of(offset))


def _time_zone(value: Instant) -> str | None:
    zone = zone_of(value)
    return zone.key if isinstance(zone, ZoneInfo) else None


_DATE: dict[str, Callable[[Any], object]] = {
    "year": _number("year"),
    "month": _number("month"),
    "day": _number("day"),
    "weekday": lambda value: Decimal(value.isoweekday()),
}
_TIME: dict[str, Callable[[Any], object]] = {
    "hour": _number("hour"),
    "minute": _number("minute"),
    "second": _number("second"),
}
_ZONE: dict[str, Callable[[Any], object]] = {"time offset": _time_offset, "timezone": _time_zone}


def _of(part: str, properties: dict[str, Callable[[Any], object]]) -> dict[str, Callable[[Any], object]]:
    """The properties of a value's part as its own: a distant date and time has the year of its `day_of`."""

    def through(read: Callable[[Any], object]) -> Callable[[Any], object]:
        return lambda value: read(getattr(value, part))

    return {name: through(read) for name, read in properties.items()}


_PROPERTIES: tuple[tuple[type, dict[str, Callable[[Any], object]]], ...] = (
    (datetime.datetime, _DATE | _TIME | _ZONE),
    (DistantDateTime, _of("day_of", _DATE) | _of("time_of", _TIME) | _ZONE),
    (datetime.date, _DATE),
    (DistantDate, _DATE),
    (datetime.time, _TIME | _ZONE),
    (
        DaysDuration,
        {
            "days": lambda value: Decimal(value.parts()[0]),
            "hours": lambda value: Decimal(value.parts()[1]),
            "minutes": lambda value: Decimal(value.parts()[2]),
            "seconds": lambda value: value.parts()[3],
        },
    ),
    (
        MonthsDuration,
        {"years": lambda value: Decimal(value.parts()[0]), "months": lambda value: Decimal(value.parts()[1])},
    ),
    (
        Range,
        {
            "start": lambda value: value.low,
            "end": lambda value: value.high,
            "start included": lambda value: value.low_closed,
            "end included": lambda value: value.high_closed,
        },
    ),
)
