"""Built-ins that make and take apart dates, times and durations (DMN 1.5, tables 70, 74 and 79).

`today()` and `now()` have no clock behind them: they are names the caller may put into the context as functions, and
null otherwise.
"""

from __future__ import annotations

import datetime
from decimal import Decimal

from engine.feel.runtime.instants import (
    DateTime,
    Day,
    DistantDateTime,
    Instant,
    combined,
    fine_datetime,
    fine_time,
    make_date,
    nanosecond_of,
    offset_of,
    reading,
)
from engine.feel.runtime.signatures import built_in
from engine.feel.runtime.temporal import (
    DaysDuration,
    MonthsDuration,
    months_between,
    named_zone,
    offset_zone,
    read_date,
    read_datetime,
    read_duration,
    read_time,
)
from engine.feel.runtime.values import equal, kind

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    ("January", "February", "March", "April", "May", "June")
    + ("July", "August", "September", "October", "November", "December")
)  # fmt: skip


@built_in("date", "from: string")
def _date(text: str) -> object:
    """`date("2026-01-31")` is `@"2026-01-31"`.
    `date("2026-02-30")` is `null`.
    """
    return read_date(text)


@built_in("date", "from: date|date and time|distant")
def _date_of(moment: Day | DistantDateTime) -> object:
    """`date(@"2026-01-31T10:30:00")` is `@"2026-01-31"`."""
    return moment.date() if isinstance(moment, DateTime) else moment


@built_in("date", "year: number", "month: number", "day: number")
def _date_from_parts(year: Decimal, month: Decimal, day: Decimal) -> object:
    """`date(2026, 1, 31)` is `@"2026-01-31"`."""
    return make_date(_whole(year), _whole(month), _whole(day))


def _whole(number: Decimal) -> int:
    """A number as an int. Raises ValueError for one with decimals, or too large for any date."""
    if number != number.to_integral_value() or abs(number) > 10**9:
        raise ValueError("not a whole number")
    return int(number)


@built_in("last day of month", "date: date")
def _last_day_of_month(day: Day) -> object:
    """`last day of month(@"2028-02-10")` is `@"2028-02-29"`.
    `last day of month(@"2026-12-31")` is `@"2026-12-31"`.
    """
    first = make_date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return first - datetime.timedelta(days=1) if isinstance(first, datetime.date) else None


@built_in("first working day", "date: date", "holidays: list", "worked?: list")
def _first_working_day(day: Day, holidays: list[object], worked: list[object] | None) -> object:
    """`first working day(@"2026-12-25", [@"2026-12-25"])` is `@"2026-12-28"`.
    `first working day(@"2026-12-26", [], [@"2026-12-26"])` is `@"2026-12-26"`.
    """
    return _working_day(day, holidays, worked or [], 1)


@built_in("last working day", "date: date", "holidays: list", "worked?: list")
def _last_working_day(day: Day, holidays: list[object], worked: list[object] | None) -> object:
    """`last working day(@"2026-12-27", [@"2026-12-25"])` is `@"2026-12-24"`."""
    return _working_day(day, holidays, worked or [], -1)


def _working_day(day: Day, holidays: list[object], worked: list[object], step: int) -> object:
    """Day after day until one is worked; no month without one is believed."""
    if isinstance(day, datetime.date):
        for number in range(32):
            other = day + datetime.timedelta(days=number * step)
            if other in worked or (other not in holidays and other.isoweekday() <= 5):
                return other
    return None


@built_in("date and time", "from: string")
def _date_and_time(text: str) -> object:
    """`date and time("2026-01-31T10:30:00Z")` is `@"2026-01-31T10:30:00Z"`."""
    return read_datetime(text)


@built_in("date and time", "from: date|date and time|distant")
def _date_and_time_of(moment: Day | DistantDateTime) -> object:
    """A date is its midnight.

    `date and time(@"2026-01-31")` is `@"2026-01-31T00:00:00"`.
    """
    return moment if isinstance(moment, DateTime) else combined(moment, datetime.time())


@built_in("date and time", "date: date|date and time|distant", "time: time")
def _date_and_time_joined(date: Day | DistantDateTime, time: datetime.time) -> object:
    """`date and time(@"2026-01-31", @"10:30:00")` is `@"2026-01-31T10:30:00"`."""
    return combined(date, time)


@built_in("date and time", "date: date and time", "timezone: string")
def _date_and_time_in_zone(moment: datetime.datetime, zone: str) -> object:
    """The same instant by the clocks of a zone; without a zone of its own, the same reading there.

    `string(date and time(@"2026-01-31T10:30:00Z", "Asia/Shanghai"))` is `"2026-01-31T18:30:00@Asia/Shanghai"`.
    """
    moved = moment.astimezone(named_zone(zone)) if moment.tzinfo else moment.replace(tzinfo=named_zone(zone))
    return fine_datetime(moved, nanosecond_of(moment))


_PARTS = ("year: number", "month: number", "day: number", "hour: number", "minute: number", "second: number")


@built_in("date and time", *_PARTS)
@built_in("date and time", *_PARTS, "offset: days and time duration")
def _date_and_time_from_parts(
    year: Decimal,
    month: Decimal,
    day: Decimal,
    hour: Decimal,
    minute: Decimal,
    second: Decimal,
    offset: DaysDuration | None = None,
) -> object:
    """`date and time(2026, 1, 31, 10, 30, 0)` is `@"2026-01-31T10:30:00"`.
    `date and time(2026, 1, 31, 10, 30, 0, @"PT8H")` is `@"2026-01-31T10:30:00+08:00"`.
    """
    day_of = make_date(_whole(year), _whole(month), _whole(day))
    return None if day_of is None else combined(day_of, _time_of(hour, minute, second, _zone(offset)))


@built_in("date and time", *_PARTS, "timezone: string")
def _date_and_time_from_parts_in_zone(
    year: Decimal, month: Decimal, day: Decimal, hour: Decimal, minute: Decimal, second: Decimal, zone: str
) -> object:
    """`date and time(2026, 1, 31, 10, 30, 0, "Europe/Berlin")` is `@"2026-01-31T10:30:00@Europe/Berlin"`."""
    day_of = make_date(_whole(year), _whole(month), _whole(day))
    return None if day_of is None else combined(day_of, _time_of(hour, minute, second, named_zone(zone)))


def _time_of(hour: Decimal, minute: Decimal, second: Decimal, zone: datetime.tzinfo | None) -> datetime.time:
    if not 0 <= second < 60:
        raise ValueError("no such second")
    whole = int(second)
    microsecond, nanosecond = divmod(int((second - whole) * 10**9), 1000)
    return fine_time(datetime.time(_whole(hour), _whole(minute), whole, microsecond, tzinfo=zone), nanosecond)


def _zone(offset: DaysDuration | None) -> datetime.tzinfo | None:
    if offset is None:
        return None
    if abs(offset.seconds) > 18 * 3600:
        raise ValueError("offset out of range")
    return offset_zone(int(offset.seconds)) if offset.seconds else datetime.UTC


@built_in("time", "from: string")
def _time(text: str) -> object:
    """`time("10:30:00.5")` is `@"10:30:00.5"`."""
    return read_time(text)


@built_in("time", "from: date|time|date and time|distant")
def _time_from(moment: Day | Instant) -> object:
    """Of a date, midnight in UTC.

    `time(@"2026-01-31T10:30:00")` is `@"10:30:00"`.
    `time(@"2026-01-31")` is `@"00:00:00Z"`.
    """
    if isinstance(moment, datetime.time):
        return moment
    if isinstance(moment, datetime.datetime):
        return fine_time(moment.timetz(), nanosecond_of(moment))
    return moment.timetz() if isinstance(moment, DistantDateTime) else datetime.time(tzinfo=datetime.UTC)


@built_in("time", "hour: number", "minute: number", "second: number", "offset?: days and time duration|null")
def _time_from_parts(hour: Decimal, minute: Decimal, second: Decimal, offset: DaysDuration | None) -> object:
    """`time(10, 30, 0.5)` is `@"10:30:00.5"`.
    `time(10, 30, 0, @"-PT5H")` is `@"10:30:00-05:00"`.
    """
    return _time_of(hour, minute, second, _zone(offset))


@built_in("duration", "from: string")
def _duration(text: str) -> object:
    """`duration("P1Y2M")` is `@"P14M"`.
    `duration("PT36H")` is `@"P1DT12H"`.
    """
    return read_duration(text)


@built_in("duration", "from: days and time duration|years and months duration")
def _duration_itself(duration: DaysDuration | MonthsDuration) -> object:
    """`duration(@"P1D")` is `@"P1D"`."""
    return duration


@built_in("years and months duration", "from: date|date and time|distant", "to: date|date and time|distant")
def _years_and_months_duration(start: Day | DistantDateTime, end: Day | DistantDateTime) -> object:
    """Whole months between two days, towards zero.

    `years and months duration(@"2026-01-31", @"2027-03-30")` is `@"P1Y1M"`.
    """
    return months_between(start, end)


@built_in("day of year", "date: date|date and time")
def _day_of_year(date: datetime.date) -> object:
    """`day of year(@"2026-02-01")` is `32`."""
    return Decimal(date.timetuple().tm_yday)


@built_in("day of week", "date: date|date and time")
def _day_of_week(date: datetime.date) -> object:
    """`day of week(@"2026-01-31")` is `"Saturday"`."""
    return _WEEKDAYS[date.weekday()]


@built_in("month of year", "date: date|date and time")
def _month_of_year(date: datetime.date) -> object:
    """`month of year(@"2026-01-31")` is `"January"`."""
    return _MONTHS[date.month - 1]


@built_in("week of year", "date: date|date and time")
def _week_of_year(date: datetime.date) -> object:
    """The week of ISO 8601, in which a year begins with the week of its first Thursday.

    `week of year(@"2027-01-01")` is `53`.
    """
    return Decimal(date.isocalendar().week)


@built_in("is", "value1: any", "value2: any")
def _is(left: object, right: object) -> object:
    """The same element of the same domain (DMN 1.5, table 79): the same clock reading and offset, not only the same
    instant.

    `is(@"10:30:00Z", @"11:30:00+01:00")` is `false`.
    `is(null, null)` is `true`.
    """
    if left is None or right is None or kind(left) != kind(right):
        return left is None and right is None
    if isinstance(left, Instant) and isinstance(right, Instant):
        return reading(left) == reading(right) and offset_of(left) == offset_of(right)
    return equal(left, right) is True
