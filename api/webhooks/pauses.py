"""Which endpoints rest: one that took nothing many times in a row is asked by one event a minute, until it takes one.

Else a receiver that hangs would be waited for all day, each time by as many events as are sent at once. What waits
meanwhile keeps its tries. Each worker finds out by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta

AT_ONCE = 8
"""Events that are sent to one endpoint at a time by one worker."""

FAILURES_MAX = 8
"""In a row; then the endpoint rests."""

PAUSE = timedelta(minutes=1)


class Pauses:
    """Of one process; for the event loop's thread."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._until: dict[str, datetime] = {}

    def took(self, endpoint: str) -> None:
        """It took an event, so that it doesn't rest."""
        self._failures.pop(endpoint, None)
        self._until.pop(endpoint, None)

    def failed(self, endpoint: str, now: datetime) -> None:
        """A try failed, whatever the reason."""
        self._failures[endpoint] = self._failures.get(endpoint, 0) + 1
        if self._failures[endpoint] >= FAILURES_MAX:
            self._until[endpoint] = now + PAUSE

    def most(self, endpoint: str, now: datetime) -> int:
        """How many events may be sent there at once now; 0 while it rests."""
        until = self._until.get(endpoint)
        if until is None:
            return AT_ONCE
        return 0 if now < until else 1
