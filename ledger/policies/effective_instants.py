"""From when on a set is to decide: a moment in UTC, with the zone in which somebody chose it.

Clocks that change make local times that don't exist, and others that come twice:

    2027-03-28T02:30 Europe/Berlin   is skipped: 03:00 local is meant, the first instant after it
    2026-10-25T02:30 Europe/Berlin   comes twice: the first is meant
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.vocabulary.days import UTC_NAME

AHEAD_SECONDS_MIN = 60
"""An instant that is nearer than this is not scheduled: not every process could make the set ready."""


YEARS = range(1900, 2200)
"""In which policies decide."""


class BadInstant(Exception):
    """A text that says no day, or no moment. The message ends a sentence that begins with its place; `hint`: what to
    write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class EffectiveInstant:
    """A moment, and the zone in which it is shown."""

    at: datetime
    """UTC."""

    zone: str
    """Such as `Europe/Berlin`."""

    @property
    def local(self) -> str:
        """With its offset: `2026-12-01T00:00:00+01:00`."""
        return self.at.astimezone(_zone(self.zone)).isoformat()

    def is_too_near(self, now: datetime) -> bool:
        """Past, or nearer than can be scheduled."""
        return self.at < now + timedelta(seconds=AHEAD_SECONDS_MIN)


def instant_on(day: str, zone: str) -> EffectiveInstant:
    """The beginning of a day in the zone. Raises `BadInstant`."""
    try:
        return _local(datetime.combine(date.fromisoformat(day), time()), zone)
    except ValueError:
        raise BadInstant("is no day", "write it like 2026-12-01") from None


def instant_at(text: str, zone: str) -> EffectiveInstant:
    """A moment; without an offset it is local time in the zone. Raises `BadInstant`."""
    at: datetime | None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or "T" not in text:
        raise BadInstant("is no moment", "write it like 2026-12-01T08:00, or with +01:00 behind it")
    if at.tzinfo is None:
        return _local(at, zone)
    _require_year(at)
    return EffectiveInstant(at.astimezone(UTC), zone)


def _require_year(at: datetime) -> None:
    if at.year not in YEARS:
        raise BadInstant("lies after 2199 or before 1900", "write it like 2026-12-01")


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo("UTC" if name == UTC_NAME else name)


def _local(local: datetime, name: str) -> EffectiveInstant:
    _require_year(local)
    zone = _zone(name)
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return EffectiveInstant(first, name)
    low, high = local.replace(tzinfo=zone, fold=1).astimezone(UTC), first  # on either side of the change
    after = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle == low:
            break
        low, high = (low, middle) if middle.astimezone(zone).utcoffset() == after else (middle, high)
    return EffectiveInstant(high, name)
