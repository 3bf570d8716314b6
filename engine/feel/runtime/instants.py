"""Dates and times that Python's own types cannot hold: nanoseconds, and years outside 1 to 9999.

A time with nanoseconds is still a `datetime` or `time`, which carries what is left below its microsecond; to Python it
equals the same value without. A distant date or date and time is a type of its own: it is compared, written and taken
apart, not calculated with.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import total_ordering

_ANY_DAY = datetime.date(2000, 1, 1)
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097  # the calendar repeats
_YEAR_MAX = 999_999_999  # DMN 1.5, 10.3.2.3.4, after XML Schema
_SECOND = 10**9


class FineTime(datetime.time):
    """A time with nanoseconds below its microsecond, 1 to 999."""

    nanosecond: int = 0  # 1 to 999, within the microsecond


class FineDateTime(datetime.datetime):
    """A date and time with nanoseconds below its microsecond, 1 to 999."""

    nanosecond: int = 0


@total_ordering
@dataclass(frozen=True, slots=True)
class DistantDate:
    """A date of a year outside 1 to 9999."""

    year: int
    """From -999,999,999 to 999,999,999, without a year 0."""
    month: int
    day: int

    def __lt__(self, other: DistantDate | datetime.date) -> bool:
        return (self.year, self.month, self.day) < (other.year, other.month, other.day)

    def __gt__(self, other: DistantDate | datetime.date) -> bool:
        return (self.year, self.month, self.day) > (other.year, other.month, other.day)

    def in_cycle(self) -> datetime.date:
        """The same day of a year that Python has, between 2000 and 2399.

        The calendar repeats after 400 years, so it has the same weekday and the same leap years around it: 12026-02-29
        is none, because 2026-02-29 is none.
        """
        return datetime.date(2000 + self.year % _CYCLE_YEARS, self.month, self.day)

    def toordinal(self) -> int:
        """Days from a day 0, as Python counts them for near dates."""
        near = self.in_cycle()
        return near.toordinal() + (self.year - near.year) // _CYCLE_YEARS * _CYCLE_DAYS

    def isoweekday(self) -> int:
        """1 for Monday to 7 for Sunday."""
        return self.in_cycle().isoweekday()

    def __str__(self) -> str:
        sign = "-" if self.year < 0 else ""
        return f"{sign}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class DistantDateTime:
    """A date and time whose date is distant."""

    day_of: DistantDate
    time_of: datetime.time
    """With its zone, if it has one."""

    def date(self) -> DistantDate:
        return self.day_of

    def timetz(self) -> datetime.time:
        return self.time_of

    def __str__(self) -> str:
        return f"{self.day_of}T{write_time(self.time_of)}"


Day = datetime.date | DistantDate
DateTime = datetime.datetime | DistantDateTime
Instant = datetime.datetime | DistantDateTime | datetime.time


def make_date(year: int, month: int, day: int) -> Day | None:
    """The date of these numbers, distant if Python's can't hold it; None if there is no such day."""
    try:
        if datetime.MINYEAR <= year <= datetime.MAXYEAR:
            return datetime.date(year, month, day)
        distant = DistantDate(year, month, day)
        distant.in_cycle()
    except ValueError:
        return None
    return distant if year and abs(year) <= _YEAR_MAX else None


def combined(day: Day | DistantDateTime, time: datetime.time) -> DateTime:
    """The date and time of a day (of whose own time nothing stays) and a time."""
    if isinstance(day, DistantDateTime):
        day = day.date()
    if isinstance(day, DistantDate):
        return DistantDateTime(day, time)
    return fine_datetime(datetime.datetime.combine(day, time), nanosecond_of(time))


def nanosecond_of(value: datetime.datetime | datetime.time) -> int:
    """What a time has below its microsecond, 0 to 999."""
    return value.nanosecond if isinstance(value, FineTime | FineDateTime) else 0


def fine_datetime(value: datetime.datetime, nanosecond: int) -> datetime.datetime:
    """The same instant with this many nanoseconds below its microsecond."""
    kind = FineDateTime if nanosecond else datetime.datetime
    if type(value) is kind is datetime.datetime:
        return value
    made = kind.combine(value.date(), value.timetz())
    if isinstance(made, FineDateTime):
        made.nanosecond = nanosecond
    return made


def fine_time(value: datetime.time, nanosecond: int) -> datetime.time:
    """The same time of day with this many nanoseconds below its microsecond."""
    if not nanosecond and type(value) is datetime.time:
        return value
    kind = FineTime if nanosecond else datetime.time
    made = kind(value.hour, value.minute, value.second, value.microsecond, value.tzinfo, fold=value.fold)
    if isinstance(made, FineTime):
        made.nanosecond = nanosecond
    return made


# --- where on the line of time ---------------------------------------------------------------------------------------


def zone_of(value: Instant) -> datetime.tzinfo | None:
    """The zone that a value says, None if it says none."""
    return value.timetz().tzinfo if isinstance(value, DistantDateTime) else value.tzinfo


def offset_of(value: Instant) -> datetime.timedelta | None:
    """The distance from UTC; a time of day in a named zone, having no date, goes by its standard time."""
    if isinstance(value, datetime.datetime):
        return value.utcoffset()
    if isinstance(value, DistantDateTime):
        return datetime.datetime.combine(value.date().in_cycle(), value.timetz()).utcoffset()
    moment = datetime.datetime.combine(_ANY_DAY, value)
    offset, summer = moment.utcoffset(), moment.dst()
    return offset - summer if offset is not None and summer else offset


def reading(value: Instant) -> int:
    """What calendar and clock show, whatever the zone, in nanoseconds from a day 0."""
    days = 0 if isinstance(value, datetime.time) else value.date().toordinal()
    time = value if isinstance(value, datetime.time) else value.timetz()
    seconds = ((days * 24 + time.hour) * 60 + time.minute) * 60 + time.second
    below = nanosecond_of(value if isinstance(value, datetime.datetime) else time)
    return seconds * _SECOND + time.microsecond * 1000 + below


def moment(value: Instant) -> int:
    """Nanoseconds on UTC's line of time."""
    offset = offset_of(value)
    return reading(value) - (offset // datetime.timedelta(microseconds=1) * 1000 if offset else 0)


# --- written as text -------------------------------------------------------------------------------------------------


def write_time(value: datetime.time, nanosecond: int | None = None) -> str:
    """`10:30:00.5+02:00`, as FEEL writes a time; `nanosecond` if the value has lost its own."""
    below = value.microsecond * 1000 + (nanosecond_of(value) if nanosecond is None else nanosecond)
    fraction = f".{below:09d}".rstrip("0") if below else ""
    return f"{value.hour:02d}:{value.minute:02d}:{value.second:02d}{fraction}{_write_zone(value.tzinfo)}"


def _write_zone(zone: datetime.tzinfo | None) -> str:
    if zone is None:
        return ""
    name = getattr(zone, "key", None)
    if name is not None:
        return f"@{name}"
    offset = zone.utcoffset(None)
    if not offset:
        return "Z"
    total = int(offset.total_seconds())
    minutes, seconds = divmod(abs(total), 60)
    sign = "-" if total < 0 else "+"
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
