"""What the guarded connections share: the limits, who owes whom, and the bytes held in all.

The client owes bytes (`waiting`: idle, or its head or body is not complete), or the service owes an answer (`busy`), or
the last answer is out and the connection closes (`leaving`). Where there are too many connections, or their bodies are
too large together, those that have owed bytes for longest go first: honest requests are complete within milliseconds.

Example, with a limit of 3 connections: A is leaving, B has sent half a head for 4 seconds, C waits for its answer. D
comes: A is cut. E comes: B, which has owed bytes for longest, is answered 503 and closed. Were all of them busy, the
one that doesn't take its answers would go, and without such a one E itself.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from dataclasses import dataclass
from typing import Protocol

import structlog

from api.http.hosts import Hosts
from api.http.metrics import Metrics
from api.http.problems import Overloaded, Refused

_SMALL_BODY = 32 << 10
_WARNED_SHARE = 0.8
_WARNING_SECONDS = 10.0

log = structlog.get_logger(__name__)


STREAMED = b"/v1/import/"
"""Paths whose bodies are read as they arrive and never held: no more of one is in memory than of any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What connections may cost, in bytes, seconds and counts."""

    connections: int = 1_000
    """Open at once."""

    idle_seconds: float = 8
    """A connection on which nothing is asked."""

    head_bytes: int = 32 << 10
    """Request line and headers, and once more the trailers."""

    head_seconds: float = 10
    """From the first byte of a head to its last."""

    ahead: int = 64
    """Requests of one connection that wait for the answers before theirs."""

    body_bytes: int = 1 << 20
    """One body."""

    body_seconds: float = 20
    """From the end of the head to the end of the body."""

    streamed_bytes: int = 4 << 30
    """One body that is read as it arrives (`STREAMED`), piece by piece; each of its pieces has `body_seconds`."""

    chunks: int = 10_000
    """Pieces in which one body comes."""

    bodies_bytes: int = 32 << 20
    """All bodies that are not answered yet."""

    unread_seconds: float = 20
    """An answer that nobody takes."""

    leaving_seconds: float = 2
    """From the last answer until the connection is cut."""

    @property
    def message_bytes(self) -> int:
        """Head, body, and what marks its chunks."""
        return 2 * (self.head_bytes + self.body_bytes)


class GuardedConnection(Protocol):
    """What the guard asks of a connection."""

    loop: AbstractEventLoop

    held_bytes: int
    """Bytes of bodies on this connection that are not answered yet."""

    @property
    def is_unread(self) -> bool:
        """Whether the client doesn't take its answers."""

    def look_after(self, now: float) -> None:
        """Ends what has taken too long; `now` is the event loop's time."""

    def give_way(self) -> None:
        """Closes for a connection that needs the place more; a request under way is told so."""

    def drop(self) -> None:
        """Cuts the connection without a word."""

    def refuse(self, error: Refused) -> None:
        """Answers with the problem, after the answers that are due before it, and closes."""


class Guard:
    """What all connections share: who owes whom, and the bytes held in all. Dicts keep the order of arrival."""

    def __init__(self, hosts: Hosts, limits: ConnectionLimits, metrics: Metrics) -> None:
        self.hosts = hosts
        self.limits = limits
        self.metrics = metrics
        self.waiting: dict[GuardedConnection, None] = {}
        self.busy: dict[GuardedConnection, None] = {}
        self.leaving: dict[GuardedConnection, None] = {}
        self.body_bytes = 0
        self._warned = float("-inf")
        self._turned_away = 0
        metrics.watch_connections(lambda: self.connections)

    @property
    def connections(self) -> int:
        """All that are open, those that are being closed included."""
        return len(self.waiting) + len(self.busy) + len(self.leaving)

    def admit(self, new: GuardedConnection) -> None:
        """A new connection. Where there are too many, the one that has owed bytes for longest goes."""
        self.waiting[new] = None
        count = self.connections
        if count > self.limits.connections:
            self._make_place(new)
        elif count > self.limits.connections * _WARNED_SHARE:
            self._warn(new.loop.time())

    def _make_place(self, new: GuardedConnection) -> None:
        if self.leaving:
            next(iter(self.leaving)).drop()
        elif (longest := next(iter(self.waiting))) is not new:
            longest.give_way()
        elif (unread := next((each for each in self.busy if each.is_unread), None)) is not None:
            self.overload(unread)
            unread.drop()
        else:  # all others wait for us
            new.refuse(self.overload(new))

    def move(self, connection: GuardedConnection, to: dict[GuardedConnection, None] | None) -> None:
        """To another of `waiting`, `busy` and `leaving`, as the last in it; None: it is gone."""
        self.waiting.pop(connection, None)
        self.busy.pop(connection, None)
        self.leaving.pop(connection, None)
        if to is not None:
            to[connection] = None

    def make_room(self, asking: GuardedConnection) -> bool:
        """False where `asking` itself has to go. What is small may stay: no number of large ones keeps it out."""
        while self.body_bytes > self.limits.bodies_bytes:
            longest = next((each for each in self.waiting if each.held_bytes), asking)
            if longest is asking:
                return asking.held_bytes <= _SMALL_BODY
            longest.give_way()
            if longest.held_bytes:  # has answers to wait for
                longest.drop()
        return True

    def look_after(self, now: float) -> None:
        """To be called several times a second."""
        for group in (self.waiting, self.busy, self.leaving):
            for connection in list(group):
                connection.look_after(now)

    def drop_all(self) -> None:
        """Cuts every connection, at the end of a shutdown."""
        for connection in (*self.waiting, *self.busy, *self.leaving):
            connection.drop()

    def overload(self, connection: GuardedConnection) -> Overloaded:
        """What a connection is told that has to go; counted and logged."""
        self._turned_away += 1
        self._warn(connection.loop.time())
        return Overloaded("there are too many connections or unfinished requests; try again")

    def _warn(self, now: float) -> None:
        """One line at a time, however many connections there are."""
        if now - self._warned > _WARNING_SECONDS:
            about = {"connections": self.connections, "limit": self.limits.connections, "body_bytes": self.body_bytes}
            level = log.error if self._turned_away else log.warning
            level("many connections or unfinished requests", turned_away=self._turned_away, **about)
            self._warned, self._turned_away = now, 0
