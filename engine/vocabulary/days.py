"""Dates as whole numbers: a day is the count of days since 1970-01-01, in facts, formulas and every lowering.

Integers compare and subtract alike in Python, in a Rete network and in SQL; `datetime.date` stays at the edges, where
people read and write.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

EPOCH = date(1970, 1, 1)
"""Day 0."""

ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
"""How a date is written in facts and policies: YYYY-MM-DD in ASCII digits. Whether such a day exists is for
`date.fromisoformat` to say."""

UTC_NAME = "UTC"
"""The zone of a site that names none. It needs no zone database."""

_OF_NO_PLACE = frozenset({"localtime", "Factory", "posixrules"})
"""Entries of zone databases that mean another zone on every machine."""

_EPOCH_ORDINAL = EPOCH.toordinal()


def day_number(value: date) -> int:
    """Days since 1970-01-01: 0 for that day, negative before it. `day_number(date(2026, 7, 1))` is 20635."""
    return value.toordinal() - _EPOCH_ORDINAL


def date_of(day: int) -> date:
    """The date that `day_number` counts to. Raises `OverflowError` or `ValueError` outside the years 1 to 9999."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


@cache
def timezones() -> frozenset[str]:
    """The names of all zones that this machine knows, `Europe/Berlin` among them; UTC alone where it has no zone
    database."""
    return frozenset(available_timezones() - _OF_NO_PLACE | {UTC_NAME})


def day_in(timezone: str, at: datetime) -> date:
    """The day of the calendar that it is in a zone at a moment.

    At 23:30 UTC on 30 June it is 1 July in Europe/Berlin and still 30 June in America/New_York. `at` must bear its own
    zone; `timezone` is one of `timezones()`.
    """
    return at.astimezone(UTC if timezone == UTC_NAME else ZoneInfo(timezone)).date()
