"""FEEL's dates, times and durations on top of Python's: literals read, values written, arithmetic between them.

Dates and times are `datetime.date`, `datetime` and `time`; for years outside 1 to 9999, which Python cannot hold, there
is a `DistantDate` without arithmetic, and no date and time. Fractions of a second are kept to the microsecond. The two
kinds of duration are our own types.
"""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, total_ordering
from zoneinfo import ZoneInfo

_DAY = 86_400
_ANY_DAY = datetime.date(2000, 1, 1)
_SECONDS_MAX = Decimal(10) ** 18
_MONTHS_MAX = 10**12
_YEAR_MAX = 999_999_999  # DMN 1.5, 10.3.2.3.4, after XML Schema


@total_ordering
@dataclass(frozen=True, slots=True)
class DistantDate:
    """A date in a year Python's own cannot hold. It is compared, written and taken apart, and nothing else."""

    year: int
    month: int
    day: int

    def __lt__(self, other: DistantDate | datetime.date) -> bool:
        return (self.year, self.month, self.day) < (other.year, other.month, other.day)

    def __gt__(self, other: DistantDate | datetime.date) -> bool:
        return (self.year, self.month, self.day) > (other.year, other.month, other.day)

    def isoweekday(self) -> int:
        return datetime.date(2000 + self.year % 400, self.month, self.day).isoweekday()

    def __str__(self) -> str:
        sign = "-" if self.year < 0 else ""
        return f"{sign}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"


@total_ordering
@dataclass(frozen=True, slots=True)
class DaysDuration:
    """A "days and time duration" (DMN 1.5, 10.3.2.3.6): seconds, exact, of either sign."""

    seconds: Decimal

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
    """A "years and months duration" (DMN 1.5, 10.3.2.3.7)."""

    months: int

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
    """Without exponent and without zeros at the end."""
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


def read_date(text: str) -> datetime.date | DistantDate | None:
    match = _DATE_FORM.fullmatch(text) if len(text) <= _TEXT_MAX else None
    if match is None:
        return None
    return make_date(int(match["year"]), int(match["month"]), int(match["day"]))


def make_date(year: int, month: int, day: int) -> datetime.date | DistantDate | None:
    try:
        if datetime.MINYEAR <= year <= datetime.MAXYEAR:
            return datetime.date(year, month, day)
        datetime.date(2000 + year % 400, month, day)  # the calendar repeats every 400 years
    except ValueError:
        return None
    return DistantDate(year, month, day) if year and abs(year) <= _YEAR_MAX else None


def read_time(text: str) -> datetime.time | None:
    match = _TIME_FORM.fullmatch(text) if len(text) <= _TEXT_MAX else None
    return None if match is None else _time(match)


def read_datetime(text: str) -> datetime.datetime | None:
    """A date alone is midnight of that day."""
    if isinstance(date := read_date(text), datetime.date):
        return datetime.datetime.combine(date, datetime.time())
    match = _DATETIME_FORM.fullmatch(text) if len(text) <= _TEXT_MAX else None
    if match is None:
        return None
    day = make_date(int(match["year"]), int(match["month"]), int(match["day"]))
    if not isinstance(day, datetime.date):
        return None
    if (match["hour"], match["minute"], match["second"]) == ("24", "00", "00"):
        return _next_midnight(day, match)
    time = _time(match)
    return None if time is None else datetime.datetime.combine(day, time)


def _next_midnight(day: datetime.date, match: re.Match[str]) -> datetime.datetime | None:
    try:
        return datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(tzinfo=_zone(match)))
    except (ValueError, OverflowError):
        return None


def _time(match: re.Match[str]) -> datetime.time | None:
    fraction = int(((match["fraction"] or ".")[1:] + "000000")[:6])
    try:
        return datetime.time(
            int(match["hour"]), int(match["minute"]), int(match["second"]), fraction, tzinfo=_zone(match)
        )
    except ValueError:
        return None


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
    return datetime.timezone(datetime.timedelta(seconds=seconds))


@lru_cache(maxsize=1024)
def named_zone(name: str) -> ZoneInfo:
    """ValueError for a name the time zone database does not have."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"unknown time zone {name}") from error


def read_duration(text: str) -> DaysDuration | MonthsDuration | None:
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
    if isinstance(value, datetime.datetime):
        return f"{_write_date(value)}T{_write_time(value.timetz())}"
    if isinstance(value, datetime.time):
        return _write_time(value)
    return _write_date(value)


def _write_date(value: datetime.date) -> str:
    return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"


def _write_time(value: datetime.time) -> str:
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    return f"{value.hour:02d}:{value.minute:02d}:{value.second:02d}{fraction}{_write_zone(value.tzinfo)}"


def _write_zone(zone: datetime.tzinfo | None) -> str:
    if zone is None:
        return ""
    if isinstance(zone, ZoneInfo):
        return f"@{zone.key}"
    offset = zone.utcoffset(None)
    if not offset:
        return "Z"
    total = int(offset.total_seconds())
    minutes, seconds = divmod(abs(total), 60)
    sign = "-" if total < 0 else "+"
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")


# --- arithmetic (DMN 1.5, tables 55 to 57) ---------------------------------------------------------------------------


def offset_of(value: datetime.datetime | datetime.time) -> datetime.timedelta | None:
    """The distance from UTC; a time of day in a named zone, having no date, goes by its standard time."""
    if isinstance(value, datetime.time):
        moment = datetime.datetime.combine(_ANY_DAY, value)
        offset, summer = moment.utcoffset(), moment.dst()
        return offset - summer if offset is not None and summer else offset
    return value.utcoffset()


def midnight_utc(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(tzinfo=datetime.UTC))


def seconds_of(delta: datetime.timedelta) -> Decimal:
    return Decimal(delta.days * _DAY + delta.seconds) + Decimal(delta.microseconds).scaleb(-6)


def _delta(duration: DaysDuration) -> datetime.timedelta:
    microseconds = int(duration.seconds.scaleb(6).to_integral_value())
    return datetime.timedelta(microseconds=microseconds)


def difference(left: object, right: object) -> DaysDuration | None:
    """Between two instants or two times of day; null when only one of them says its zone."""
    if isinstance(left, datetime.time) and isinstance(right, datetime.time):
        return difference(datetime.datetime.combine(_ANY_DAY, left), datetime.datetime.combine(_ANY_DAY, right))
    left, right = _instant(left), _instant(right)
    if left is None or right is None or (left.utcoffset() is None) != (right.utcoffset() is None):
        return None
    if left.tzinfo is not None and right.tzinfo is not None:
        left, right = left.astimezone(datetime.UTC), right.astimezone(datetime.UTC)
    return DaysDuration(seconds_of(left - right))


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
            if value.tzinfo is None:
                return value + _delta(duration)
            return (value.astimezone(datetime.UTC) + _delta(duration)).astimezone(value.tzinfo)
        if isinstance(value, datetime.time):
            moved = datetime.datetime.combine(_ANY_DAY, value) + _delta(DaysDuration(duration.seconds % _DAY))
            return moved.timetz()
        return (datetime.datetime.combine(value, datetime.time()) + _delta(duration)).date()
    except (OverflowError, ValueError):
        return None


def _shifted_months(value: datetime.date, months: int) -> datetime.date:
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    day = min(value.day, calendar.monthrange(year, month + 1)[1])
    return value.replace(year=year, month=month + 1, day=day)


def months_between(start: datetime.date, end: datetime.date) -> MonthsDuration:
    """Whole months from `start` to `end`, towards zero (DMN 1.5, table 69)."""
    if end < start if type(end) is type(start) else _day(end) < _day(start):
        return MonthsDuration(-months_between(end, start).months)
    months = (end.year - start.year) * 12 + end.month - start.month
    return MonthsDuration(months - 1 if end.day < start.day else months)


def _day(value: datetime.date) -> datetime.date:
    return value.date() if isinstance(value, datetime.datetime) else value
