"""Dates as whole numbers: a day is the count of days since 1970-01-01, in facts, formulas and every lowering.

Integers compare and subtract alike in Python, in a Rete network and in SQL; `datetime.date` stays at the edges, where
people read and write.
"""

from __future__ import annotations

import re
from datetime import date

EPOCH = date(1970, 1, 1)
"""Day 0."""

ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
"""How a date is written in facts and policies: YYYY-MM-DD in ASCII digits. Whether such a day exists is for
`date.fromisoformat` to say."""

_EPOCH_ORDINAL = EPOCH.toordinal()


def day_number(value: date) -> int:
    """Days since 1970-01-01: 0 for that day, negative before it. `day_number(date(2026, 7, 1))` is 20635."""
    return value.toordinal() - _EPOCH_ORDINAL


def date_of(day: int) -> date:
    """The date that `day_number` counts to. Raises `OverflowError` or `ValueError` outside the years 1 to 9999."""
    return date.fromordinal(day + _EPOCH_ORDINAL)
