"""FEEL's dates, times and durations on top of Python's: literals read, values written, arithmetic between them.

Dates and times are `datetime.date`, `datetime` and `time`, or what instants.py adds to them. The two kinds of duration
are our own types.
"""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, total_ordering
from zoneinfo import ZoneInfo

from engine.feel.runtime.instants import (
    DateTime,
    Day,
    DistantDate,
    DistantDateTime,
    combined,
    fine_datetime,
    fine_time,
    make_date,
    nanosecond_of,
    write_time,
)

_DAY = 86_400
_ANY_DAY = datetime.date(2000, 1, 1)
_SECONDS_MAX = Decimal(10) ** 18
_MONTHS_MAX = 10**12


@total_ordering
@dataclass(frozen=True, slots=True)
class DaysDuration:
    """A "days and time duration" (DMN 1.5, 10.3.2.3.6): seconds, exact, of either sign."""

    seconds: Decimal
    """Up to 10 ** 18. A longer one raises OverflowError."""

    def __post_init__(self) -> None:
        if abs(self.seconds) > _SECONDS_MAX:
            raise OverflowError("duration too long")

    def __lt__(self, other: DaysDuration) -> bool:
        return self.seconds < other.seconds

    def parts(self) -> tuple[int, int, int, Decimal]:
        """Days, hours, minutes, seconds, all of the duration's sign."""
        sign = -1 if self.seconds < 0 else 1
        whole, fraction = divmod(abs(self.seconds), 1)
        minutes, seconds = divmod(int(whole), 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        return sign * days, sign * hours, sign * minutes, sign * (seconds + fraction)

    def __str__(self) -> str:
        days, hours, minutes, seconds = DaysDuration(abs(self.seconds)).parts()
        time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
        time += f"{plain(seconds)}S" if seconds else ""
        text = (f"{days}D" if days else "") + (f"T{time}" if time else "")
        return ("-" if self.seconds < 0 else "") + "P" + (text or "T0S")


@total_ordering
@dataclass(frozen=True, slots=True)
class MonthsDuration:
    """A "years and months duration" (DMN 1.5, 10.3.2.3.7), of either sign."""

    months: int
    """Up to 10 ** 12. A longer one raises OverflowError."""

    def __post_init__(self) -> None:
        if abs(self.months) > _MONTHS_MAX:
            raise OverflowError("duration too long")

    def __lt__(self, other: MonthsDuration) -> bool:
        return self.months < other.months

    def parts(self) -> tuple[int, int]:
        """Years and months, both of the duration's sign."""
        sign = -1 if self.months < 0 else 1
        years, months = divmod(abs(self.months), 12)
        return sign * years, sign * months

    def __str__(self) -> str:
        years, months = (abs(part) for part in self.parts())
        text = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return ("-" if self.months < 0 else "") + "P" + (text or "0M")


def plain(number: Decimal | int) -> str:
    """A number as text, without exponent and without zeros at the end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# --- literals (XML Schema part 2 forms, zones as DMN 1.5, 10.3.2.3.4 adds them) --------------------------------------

_DATE = r"(?P<year>-?(?:[1-9]\d{4,8}|\d{4}))-(?P<month>\d\d)-(?P<day>\d\d)"
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?P<fraction>\.\d+)?"
_ZONE = r"(?:(?P<utc>Z)|(?P<sign>[+-])(?P<zh>\d\d):(?P<zm>\d\d)(?::(?P<zs>\d\d))?|@(?P<zone>[A-Za-z][\w+\-/]*))?"
_DATE_FORM = re.compile(_DATE, re.ASCII)
_TIME_FORM = re.compile("T?" + _TIME + _ZONE, re.ASCII)
_DATETIME_FORM = re.compile(_DATE + "T" + _TIME + _ZONE, re.ASCII)
_DAYS_FORM = re.compile(
    r"(?P<sign>-)?P(?=\d|T\d)(?:(?P<days>\d+)D)?(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d*)?)S)?)?",
    re.ASCII,
)
_MONTHS_FORM = re.compile(r"(?P<sign>-)?P(?=\d)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?", re.ASCII)
_TEXT_MAX = 64  # characters of a date, time or duration; keeps digits of hostile durations few


def read_date(text: str) -> Day | None:
    """A date such as `2026-01-31`; None for any other text."""
    match = _DATE_FORM.fullmatch(text) if len(text) <= _TEXT_MAX else None
    if match is None:
        return None
    return make_date(int(match["year"]), int(match["month"]), int(match["day"]))


def read_time(text: str) -> datetime.time | None:
    """A time such as `10:30:00@Europe/Berlin`, with or without fraction and zone; None for any other text."""
    match = _TIME_FORM.fullmatch(text) if len(text) <= _TEXT_MAX else None
    return None if match is None else _time(match)


def read_datetime(text: str) -> DateTime | None:
    """A date and time such as `2026-01-31T10:30:00Z`, or a date alone, which is midnight; None for any other text."""
    day = read_date(text)
    if day is not None:
        return combined(day, datetime.time())
    match = _DATETIME_FORM.fullmatch(text) if len(text) <= _TEXT_MAX else None
    if match is None:
        return None
    day = make_date(int(match["year"]), int(match["month"]), int(match["day"]))
    if day is None:
        return None
    if (match["hour"], match["minute"], match["second"]) == ("24", "00", "00"):
        return _next_midnight(day, match)
    time = _time(match)
    return None if time is None else combined(day, time)


def _next_midnight(day: Day, match: re.Match[str]) -> datetime.datetime | None:
    """`24:00:00` is midnight of the next day, which Python has no time for."""
    if isinstance(day, DistantDate):
        return None
    try:
        return datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(tzinfo=_zone(match)))
    except (ValueError, OverflowError):
        return None


def _time(match: re.Match[str]) -> datetime.time | None:
    microsecond, nanosecond = divmod(int(((match["fraction"] or ".")[1:] + "0" * 9)[:9]), 1000)
    try:
        time = datetime.time(
            int(match["hour"]), int(match["minute"]), int(match["second"]), microsecond, tzinfo=_zone(match)
        )
    except ValueError:
        return None
    return fine_time(time, nanosecond)


def _zone(match: re.Match[str]) -> datetime.tzinfo | None:
    if match["utc"]:
        return datetime.UTC
    if match["sign"]:
        seconds = int(match["zh"]) * 3600 + int(match["zm"]) * 60 + int(match["zs"] or 0)
        if seconds > 18 * 3600 or int(match["zm"]) > 59:
            raise ValueError("offset out of range")
        return offset_zone(seconds if match["sign"] == "+" else -seconds)
    return named_zone(match["zone"]) if match["zone"] else None


def offset_zone(seconds: int) -> datetime.timezone:
    """A zone whose clocks are this many seconds ahead of UTC."""
    return datetime.timezone(datetime.timedelta(seconds=seconds))


@lru_cache(maxsize=1024)
def named_zone(name: str) -> ZoneInfo:
    """ValueError for a name the time zone database does not have."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"unknown time zone {name}") from error


def read_duration(text: str) -> DaysDuration | MonthsDuration | None:
    """A duration such as `P1Y2M` or `-P3DT4H`; None for any other text."""
    if len(text) > _TEXT_MAX:
        return None
    try:
        if match := _MONTHS_FORM.fullmatch(text):
            months = int(match["years"] or 0) * 12 + int(match["months"] or 0)
            return MonthsDuration(-months if match["sign"] else months)
        if match := _DAYS_FORM.fullmatch(text):
            hours = int(match["days"] or 0) * 24 + int(match["hours"] or 0)
            seconds = Decimal((hours * 60 + int(match["minutes"] or 0)) * 60) + Decimal(match["seconds"] or 0)
            return DaysDuration(-seconds if match["sign"] else seconds)
    except OverflowError:
        pass
    return None


def read_at_literal(text: str) -> object:
    """`@"…"`: the kind follows from the form (DMN 1.5 rule 66)."""
    for read in (read_date, read_datetime, read_time, read_duration):
        value = read(text)
        if value is not None:
            return value
    return None


# --- written as text -------------------------------------------------------------------------------------------------


def write_temporal(value: datetime.date | datetime.time) -> str:
    """A date, time, or date and time as FEEL writes it."""
    if isinstance(value, datetime.datetime):
        return f"{_write_date(value)}T{write_time(value.timetz(), nanosecond_of(value))}"
    return write_time(value) if isinstance(value, datetime.time) else _write_date(value)


def _write_date(value: datetime.date) -> str:
    return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"


# --- arithmetic (DMN 1.5, tables 55 to 57) ---------------------------------------------------------------------------


def midnight_utc(day: datetime.date) -> datetime.datetime:
    """What a date counts as beside a date and time (DMN 1.5, 10.3.2.9.4)."""
    return datetime.datetime.combine(day, datetime.time(tzinfo=datetime.UTC))


def seconds_of(delta: datetime.timedelta) -> Decimal:
    """A `timedelta` in seconds, exact."""
    return Decimal(delta.days * _DAY + delta.seconds) + Decimal(delta.microseconds).scaleb(-6)


def _split(duration: DaysDuration, nanosecond: int) -> tuple[datetime.timedelta, int]:
    """A duration and the nanoseconds it is added to, as whole microseconds and what is left."""
    microseconds, left = divmod(int(duration.seconds.scaleb(9).to_integral_value()) + nanosecond, 1000)
    return datetime.timedelta(microseconds=microseconds), left


def difference(left: object, right: object) -> DaysDuration | None:
    """Between two instants or two times of day; null when only one of them says its zone."""
    if isinstance(left, datetime.time) and isinstance(right, datetime.time):
        return difference(combined(_ANY_DAY, left), combined(_ANY_DAY, right))
    left, right = _instant(left), _instant(right)
    if left is None or right is None or (left.utcoffset() is None) != (right.utcoffset() is None):
        return None
    below = Decimal(nanosecond_of(left) - nanosecond_of(right)).scaleb(-9)
    if left.tzinfo is not None and right.tzinfo is not None:
        left, right = left.astimezone(datetime.UTC), right.astimezone(datetime.UTC)
    return DaysDuration(seconds_of(left - right) + below)


def _instant(value: object) -> datetime.datetime | None:
    if isinstance(value, datetime.datetime):
        return value
    return midnight_utc(value) if isinstance(value, datetime.date) else None


def shifted(value: datetime.date | datetime.time, duration: DaysDuration | MonthsDuration) -> object:
    """`value + duration`; null where the standard gives none or Python's years end."""
    try:
        if isinstance(duration, MonthsDuration):
            return None if isinstance(value, datetime.time) else _shifted_months(value, duration.months)
        if isinstance(value, datetime.datetime):
            return _shifted_datetime(value, duration)
        if isinstance(value, datetime.time):
            delta, nanosecond = _split(DaysDuration(duration.seconds % _DAY), nanosecond_of(value))
            return fine_time((datetime.datetime.combine(_ANY_DAY, value) + delta).timetz(), nanosecond)
        return (datetime.datetime.combine(value, datetime.time()) + _split(duration, 0)[0]).date()
    except (OverflowError, ValueError):
        return None


def _shifted_datetime(value: datetime.datetime, duration: DaysDuration) -> datetime.datetime:
    """Along the line of time, not of the clock, where the zone changes its clock in between."""
    delta, nanosecond = _split(duration, nanosecond_of(value))
    if value.tzinfo is None:
        return fine_datetime(value + delta, nanosecond)
    return fine_datetime((value.astimezone(datetime.UTC) + delta).astimezone(value.tzinfo), nanosecond)


def _shifted_months(value: datetime.date, months: int) -> datetime.date:
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    day = min(value.day, calendar.monthrange(year, month + 1)[1])
    if isinstance(value, datetime.datetime):
        return fine_datetime(value.replace(year=year, month=month + 1, day=day), nanosecond_of(value))
    return value.replace(year=year, month=month + 1, day=day)


def months_between(start: Day | DistantDateTime, end: Day | DistantDateTime) -> MonthsDuration:
    """Whole months from one calendar day to the other, towards zero (DMN 1.5, table 69); the clock and its zone do not
    count."""
    first, last = _calendar_day(start), _calendar_day(end)
    if last < first:
        return MonthsDuration(-months_between(end, start).months)
    months = (last[0] - first[0]) * 12 + last[1] - first[1]
    return MonthsDuration(months - 1 if last[2] < first[2] else months)


def _calendar_day(value: Day | DistantDateTime) -> tuple[int, int, int]:
    day = value.date() if isinstance(value, DistantDateTime) else value
    return day.year, day.month, day.day
