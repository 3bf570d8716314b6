"""When what has failed is tried again: ten tries in 75.6 hours, each time somewhere around the moment that is due, and
none after four days, however often it could be tried by then.

Times differ by a fifth to either side, so that events which failed together don't come back together. A receiver that
says when to come back (`Retry-After`) is not asked earlier.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_HOURS = (2, 5, 10, 14, 20, 24)
DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=each) for each in _HOURS),
)
"""After the first failed try, after the second, …; after one more it is a dead letter."""

TRIES_MAX = len(DELAYS) + 1
SPREAD = 0.2
AGE_MAX = timedelta(days=4)
"""What has not arrived then is a dead letter: time for ten tries, each a fifth later than is due (90.7 hours)."""

RETRY_AFTER_MAX = timedelta(hours=24)
"""Who says to come back later is asked after this."""

_DIGITS_MAX = 9


def next_try(
    failed: int, since: datetime, now: datetime, retry_after: timedelta | None, chance: random.Random
) -> datetime | None:
    """After so many tries have failed, the last one now; None: it is not tried any more. `since`: from when on its time
    counts."""
    if failed > len(DELAYS):
        return None
    delay = DELAYS[failed - 1] * chance.uniform(1 - SPREAD, 1 + SPREAD)
    asked = min(retry_after or timedelta(), RETRY_AFTER_MAX)
    then = now + max(delay, asked)
    return then if then < since + AGE_MAX else None


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """What `Retry-After` says, in seconds or as a date (RFC 9110, 10.2.3); None where it says nothing that can be
    read."""
    said = (header or "").strip()
    if said.isascii() and said.isdigit():
        return timedelta(seconds=int(said[:_DIGITS_MAX]))
    try:
        then = parsedate_to_datetime(said)
        return (then if then.tzinfo else then.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):  # no date, or one of no calendar
        return None
