"""Dates, times and durations: literals, arithmetic, properties and text."""

# ruff: noqa: DTZ001 (a FEEL date and time may have no zone, and is then such a datetime)

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from engine.feel.runtime import DaysDuration, DistantDate, DistantDateTime, MonthsDuration, evaluate

D = Decimal
DAY = D(86_400)

CASES: dict[str, list[tuple[str, object]]] = {
    "dates": [
        ('date("2026-02-28")', datetime.date(2026, 2, 28)),
        ('date("2026-02-29")', None),
        ('date("2026-2-28")', None),
        ('date("+2026-02-28")', None),
        ("date(2024, 2, 29)", datetime.date(2024, 2, 29)),
        ("date(2026, 2.5, 1)", None),
        ('date(@"2026-02-28T10:00:00Z")', datetime.date(2026, 2, 28)),
        ('date("99999-12-31")', DistantDate(99_999, 12, 31)),
        ('date("-0044-03-15").year', D(-44)),
        ('date("0000-01-01")', None),
        ('date("99999-12-31") > date("2026-01-01")', True),
        ('date("-0044-03-15") + @"P1D"', None),
        ('string(date("-0044-03-15"))', "-0044-03-15"),
    ],
    "dates with times": [
        ('date and time("2026-02-28T10:00:00")', datetime.datetime(2026, 2, 28, 10)),
        ('date and time("2026-02-28")', datetime.datetime(2026, 2, 28)),
        ('date and time("2026-02-28T24:00:00")', datetime.datetime(2026, 3, 1)),
        ('date and time("2026-02-28T25:00:00")', None),
        ('date and time(@"2026-02-28", @"10:00:00")', datetime.datetime(2026, 2, 28, 10)),
        ("date and time(2026, 2, 28, 10, 0, 1.5)", datetime.datetime(2026, 2, 28, 10, 0, 1, 500_000)),
        ('date and time("2026-02-28T10:00:00@Mars/Base")', None),
        ('time("10:00:00+19:00")', None),
        ('time(10, 0, 0, @"PT2H")', datetime.time(10, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))),
        ("time(10, 60, 0)", None),
        ('time("10:00")', None),
    ],
    "nanoseconds": [
        ('string(time("10:00:00.000000001"))', "10:00:00.000000001"),
        ('string(date and time(@"2026-02-28", @"10:00:00.123456789Z"))', "2026-02-28T10:00:00.123456789Z"),
        ('string(time(@"2026-02-28T10:00:00.9999999"))', "10:00:00.9999999"),
        ("string(time(10, 0, 0.25 + 1e-9))", "10:00:00.250000001"),
        ('@"10:00:00.1234567" = @"10:00:00.1234568"', False),
        ('@"10:00:00.1234567" < @"10:00:00.1234568"', True),
        ('is(@"10:00:00.1234567", @"10:00:00.1234568")', False),
        ('@"10:00:00.0000001" - @"10:00:00"', DaysDuration(D("1e-7"))),
        ('string(@"2026-02-28T23:59:59.9999999" + @"PT0.0000001S")', "2026-03-01T00:00:00"),
        ('string(@"10:00:00.5000001+02:00" - @"PT0.5S")', "10:00:00.0000001+02:00"),
        ('string(@"2026-01-31T10:00:00.0000001@Europe/Paris" + @"P1M")', "2026-02-28T10:00:00.0000001@Europe/Paris"),
    ],
    "distant years": [
        (
            'date and time("-0044-03-15T10:00:00")',
            DistantDateTime(DistantDate(-44, 3, 15), datetime.time(10)),
        ),
        ('string(date and time("99999-12-31T23:59:59.5@Europe/Paris"))', "99999-12-31T23:59:59.5@Europe/Paris"),
        ('string(date and time(date("-0044-03-15"), @"10:00:00"))', "-0044-03-15T10:00:00"),
        ('date and time("-0044-02-30T10:00:00")', None),
        ('date and time("99999-12-31T24:00:00")', None),
        ('date(date and time("-0044-03-15T10:00:00"))', DistantDate(-44, 3, 15)),
        ('time(date and time("-0044-03-15T10:00:00"))', datetime.time(10)),
        ('date and time("-0044-03-15T10:20:00").year', D(-44)),
        ('date and time("-0044-03-15T10:20:00").minute', D(20)),
        ('date and time("-0044-03-15T10:20:00+02:00").time offset', DaysDuration(D(7200))),
        ('date and time("-0044-03-15T10:00:00") instance of date and time', True),
        ('date and time("-0044-03-15T10:00:00") < @"2026-01-01T00:00:00"', True),
        ('date and time("99999-01-01T10:00:00Z") = date and time("99999-01-01T11:00:00+01:00")', True),
        ('date and time("99999-01-01T10:00:00") < date and time("99999-01-01T11:00:00+01:00")', None),
        ('date and time("99999-01-01T10:00:00") + @"P1D"', None),
        ('years and months duration(@"2014-12-31", date("-2019-10-01"))', MonthsDuration(-(4033 * 12 + 2))),
    ],
    "durations": [
        ('duration("P1DT2H")', DaysDuration(DAY + 7200)),
        ('duration("-PT0.5S")', DaysDuration(D("-0.5"))),
        ('duration("P1Y2M")', MonthsDuration(14)),
        ('duration("P1Y1D")', None),
        ('duration("P")', None),
        ('duration("PT")', None),
        ('duration("P1DT")', None),
        ('@"P1D" = @"PT24H"', True),
        ('@"P1Y" = @"P12M"', True),
        ('@"P1Y" = @"P365D"', None),
        ('@"P1D" < @"P2D"', True),
        ('@"P1M" < @"P31D"', None),
        ('string(@"PT1000M")', "PT16H40M"),
        ('string(@"-P14M")', "-P1Y2M"),
        ('string(@"P0M")', "P0M"),
        ('string(@"PT0S")', "PT0S"),
        ('years and months duration(@"2011-12-22", @"2013-08-24")', MonthsDuration(20)),
        ('years and months duration(@"2013-08-24", @"2011-12-22")', MonthsDuration(-20)),
        ('years and months duration(@"2013-08-24", @"2014-08-24T01:00:00")', MonthsDuration(12)),
        ('years and months duration(@"2013-08-24T23:00:00+05:00", @"2014-08-24T01:00:00")', MonthsDuration(12)),
    ],
    "arithmetic": [
        ('@"2026-01-31" + @"P1M"', datetime.date(2026, 2, 28)),
        ('@"2024-02-29" - @"P1Y"', datetime.date(2023, 2, 28)),
        ('@"P30D" + @"2026-01-31"', datetime.date(2026, 3, 2)),
        ('@"2026-01-31" - @"2026-01-01"', DaysDuration(30 * DAY)),
        ('(@"2026-03-31" - @"2026-01-31").days', D(59)),
        ('@"2026-01-01T00:30:00" - @"PT1H"', datetime.datetime(2025, 12, 31, 23, 30)),
        ('@"00:30:00" - @"PT1H"', datetime.time(23, 30)),
        ('@"10:00:00" - @"09:00:00"', DaysDuration(D(3600))),
        ('@"2026-01-02T00:00:00Z" - @"2026-01-01"', DaysDuration(DAY)),
        ('@"2026-01-02T00:00:00" - @"2026-01-01"', None),
        ('@"2026-01-01" + 1', None),
        ('@"2026-01-01" + @"2026-01-01"', None),
        ('@"10:00:00" + @"P1M"', None),
        ('@"P1D" * 1.5', DaysDuration(DAY * D("1.5"))),
        ('@"P1Y" / 5', MonthsDuration(2)),
        ('@"P10D" / @"P4D"', D("2.5")),
        ('@"P1D" / 0', None),
        ('-@"P1M"', MonthsDuration(-1)),
        ('@"9999-12-31" + @"P1D"', None),
        ('@"P1D" * 1e30', None),
        (
            'string(@"2026-03-28T12:00:00@Europe/Paris" + @"P1D")',
            "2026-03-29T13:00:00@Europe/Paris",
        ),
    ],
    "order and equality": [
        ('@"2026-01-01" < @"2026-01-02"', True),
        ('@"2026-01-01" = @"2026-01-01T00:00:00"', None),
        ('@"10:00:00Z" = @"11:00:00+01:00"', True),
        ('@"10:00:00" < @"11:00:00Z"', None),
        ('@"2026-01-01T10:00:00Z" < @"2026-01-01T10:30:00+01:00"', False),
        ('@"2026-01-01T00:00:00+00:00" = @"2026-01-01T00:00:00@Etc/UTC"', False),
    ],
    "properties": [
        ('@"2026-01-31".weekday', D(6)),
        ('@"2026-01-31".hour', None),
        ('@"2026-01-31T10:20:30+05:00".time offset', DaysDuration(D(18_000))),
        ('@"10:20:30@Europe/Paris".timezone', "Europe/Paris"),
        ('@"10:20:30".time offset', None),
        ('@"-P1DT2H3M4S".days', D(-1)),
        ('@"-P1DT2H3M4S".seconds', D(-4)),
        ('@"P14M".years', D(1)),
        ('@"P14M".days', None),
        ('day of week(@"2026-01-31")', "Saturday"),
        ('day of year(@"2026-02-01")', D(32)),
        ('month of year(@"2026-02-01")', "February"),
        ('week of year(@"2005-01-01")', D(53)),
    ],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(*case, id=f"{theme}: {case[0]}") for theme, cases in CASES.items() for case in cases],
)
def test_value(text: str, expected: object) -> None:
    value = evaluate(text, {})
    assert (type(value), value) == (type(expected), expected)


def test_dates_and_timedeltas_are_taken_from_the_context() -> None:
    context = {
        "due": datetime.date(2026, 1, 31),
        "as of": datetime.date(2026, 3, 2),
        "wait": datetime.timedelta(days=30),
    }
    assert evaluate("(as of - due).days", context) == D(30)
    assert evaluate("due + wait = as of", context) is True


def test_a_time_with_nanoseconds_is_to_python_the_time_without() -> None:
    assert evaluate('@"2026-02-28T10:00:00.123456789"') == datetime.datetime(2026, 2, 28, 10, 0, 0, 123456)
    assert evaluate('@"10:00:00.123456789"') == datetime.time(10, 0, 0, 123456)


def test_a_zone_of_another_library_counts_by_its_offset() -> None:
    class Plus(datetime.tzinfo):
        def utcoffset(self, _: datetime.datetime | None) -> datetime.timedelta:
            return datetime.timedelta(hours=2)

        def dst(self, _: datetime.datetime | None) -> None:
            return None

        def tzname(self, _: datetime.datetime | None) -> str:
            return "Plus"

    context = {"at": datetime.datetime(2026, 1, 1, 10, tzinfo=Plus())}
    assert evaluate("string(at)", context) == "2026-01-01T10:00:00+02:00"
    assert evaluate('at = @"2026-01-01T08:00:00Z"', context) is True


def test_durations_and_distant_dates_are_written_as_iso_8601() -> None:
    assert str(evaluate('@"PT26H"')) == "P1DT2H"
    assert str(evaluate('@"-P14M"')) == "-P1Y2M"
    assert str(evaluate('date and time("-0044-03-15T10:00:00")')) == "-0044-03-15T10:00:00"
