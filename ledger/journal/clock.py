"""The journal's time: it never goes back, whatever the machine's clock does.

A clock set back would date decisions before earlier ones and sort their ids before them. Here a moment is the later of
the clock and the last moment given out or read from the journal; how far the clock is behind is told, so that nobody
relies on "today" while it is wrong.

Example: the last record is of 12:00:05 and the machine says 12:00:01. `now()` gives 12:00:05, `seconds_behind()` 4,
and `id_time()` 245 ns after 12:00:05, so that the next id sorts after the last one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

BEHIND_SECONDS_MAX = 3600
"""Further behind the last record than this, the clock can't say what day it is."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID_STEP = 245
"""Nanoseconds: an id counts in 4096ths of a millisecond (244.14 ns), so that each later one is greater."""


class Clock:
    """For all threads. `read` gives nanoseconds since 1970."""

    def __init__(self, read: Callable[[], int] = time.time_ns) -> None:
        self._read = read
        self._last = 0
        self._lock = Lock()

    def now(self) -> datetime:
        """UTC, no earlier than any moment before it."""
        with self._lock:
            self._last = max(self._read(), self._last)
            return _EPOCH + timedelta(microseconds=self._last // 1000)

    def id_time(self) -> int:
        """Nanoseconds since 1970 for an id that sorts after each one before it."""
        with self._lock:
            self._last = max(self._read(), self._last + _ID_STEP)
            return self._last

    def seen(self, moment: datetime) -> None:
        """A record of the journal bears this time."""
        with self._lock:
            self._last = max(self._last, (moment - _EPOCH) // timedelta(microseconds=1) * 1000)

    def seconds_behind(self) -> float:
        """How much earlier the machine's clock is than the last moment; 0 where it isn't."""
        with self._lock:
            return max(0, self._last - self._read()) / 1e9


def moment(at: datetime) -> str:
    """A time as the journal and the answers write it: ISO 8601, UTC, microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
