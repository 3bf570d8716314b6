"""The guarded edge in front of the app: what a connection may cost before and while it asks.

uvicorn and its parser read whatever arrives for as long as it arrives. Here every head, body, connection and wait has
its bound, and what goes beyond is answered with a problem document like any other. The rest is uvicorn's.

The client owes bytes (`waiting`: idle, or its head or body is not complete), or the service owes an answer (`busy`), or
the last answer is out and the connection closes (`leaving`: what still arrives is thrown away for a moment, since a
connection closed on unread bytes takes its answer with it). Where there are too many connections, or their bodies are
too large together, those that have owed bytes for longest go first: honest requests are complete within milliseconds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NoReturn

import httptools
import structlog
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.edge import ON_EVERY_ANSWER, about_request, note_refusal, request_id_of
from api.hosts import Hosts
from api.metrics import Metrics
from api.problems import (
    BodyTooLarge,
    HeadTooLarge,
    MalformedRequest,
    Overloaded,
    Refused,
    TooManyAhead,
    TooSlow,
    kind_of,
    problem_response,
)
from api.request_head import READ_HERE, check_head

PIECE = 32 << 10
"""Bytes given to the parser at once: what it holds between two looks at the bounds is no more."""
_WARNED_SHARE = 0.8
_WARNING_SECONDS = 10.0
_THROWN_AWAY_MAX = 4 << 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes, seconds and counts, in the order in which a request meets them.

    head_bytes: request line and headers, and once more the trailers. body_bytes: one body. bodies_bytes: all bodies
    that are not answered yet. unread_seconds: an answer that nobody takes. ahead: requests of one connection that
    wait for the answers before theirs.
    """

    connections: int = 1_000
    idle_seconds: float = 8
    head_bytes: int = 32 << 10
    head_seconds: float = 10
    ahead: int = 64
    body_bytes: int = 1 << 20
    body_seconds: float = 20
    bodies_bytes: int = 32 << 20
    unread_seconds: float = 20
    leaving_seconds: float = 2

    @property
    def message_bytes(self) -> int:
        """Head, body, and what marks its chunks: a client that sends less than three bytes a chunk is refused."""
        return 2 * (self.head_bytes + self.body_bytes) + (64 << 10)


class Guard:
    """What all connections share: who owes whom, and the bytes held in all. Dicts keep the order of arrival."""

    def __init__(self, hosts: Hosts, limits: Limits, metrics: Metrics) -> None:
        self.hosts = hosts
        self.limits = limits
        self.metrics = metrics
        self.waiting: dict[GuardedProtocol, None] = {}
        self.busy: dict[GuardedProtocol, None] = {}
        self.leaving: dict[GuardedProtocol, None] = {}
        self.body_bytes = 0
        self._warned = float("-inf")
        self._turned_away = 0
        metrics.watch_connections(lambda: self.connections)

    @property
    def connections(self) -> int:
        return len(self.waiting) + len(self.busy) + len(self.leaving)

    def admit(self, new: GuardedProtocol) -> None:
        self.waiting[new] = None
        count = self.connections
        if count > self.limits.connections:
            if self.leaving:
                next(iter(self.leaving)).drop()
            elif (longest := next(iter(self.waiting))) is not new:
                longest.give_way()
            else:  # all others wait for us
                new.refuse(self.overload(new))
        elif count > self.limits.connections * _WARNED_SHARE:
            self._warn(new.loop.time())

    def move(self, connection: GuardedProtocol, to: dict[GuardedProtocol, None] | None) -> None:
        self.waiting.pop(connection, None)
        self.busy.pop(connection, None)
        self.leaving.pop(connection, None)
        if to is not None:
            to[connection] = None

    def make_room(self, asking: GuardedProtocol) -> bool:
        """False where `asking` itself has to go."""
        while self.body_bytes > self.limits.bodies_bytes:
            longest = next((each for each in self.waiting if each.held_bytes), asking)
            if longest is asking:
                return False
            longest.give_way()
            if longest.held_bytes:  # has answers to wait for
                longest.drop()
        return True

    def look_after(self, now: float) -> None:
        """To be called several times a second."""
        for group in (self.waiting, self.busy, self.leaving):
            for connection in list(group):
                connection.look_after(now)

    def overload(self, connection: GuardedProtocol) -> Overloaded:
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


class _Phase(IntEnum):
    IDLE = 0
    HEAD = 1
    BODY = 2
    LEAVING = 3


class _Flow(FlowControl):
    """Nothing more is read while requests wait in the pipeline."""

    def __init__(self, transport: asyncio.Transport, pipeline: deque[Any]) -> None:
        super().__init__(transport)
        self._pipeline = pipeline

    def resume_reading(self) -> None:
        if not self._pipeline:
            super().resume_reading()


class GuardedProtocol(HttpToolsProtocol):
    """One connection. Callbacks of the parser refuse by raising (`_stop`), everything else by `refuse`."""

    def __init__(self, guard: Guard, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self.held_bytes = 0  # of bodies that are not answered yet
        self._guard = guard
        self._limits = guard.limits
        self._phase = _Phase.IDLE
        self._deadline: float | None = None
        self._unread_deadline: float | None = None
        self._unanswered = 0
        self._refusal: Refused | None = None
        self._stopped: Refused | None = None
        self._thrown_away = 0
        self.headers = []
        self.url = b""
        self._read_here: list[tuple[bytes, bytes]] = []
        self._head_bytes = self._body_bytes = self._message_bytes = 0
        self._silent_bytes = 0  # since the parser last gave something out
        self._framing: bytes | None = None  # of a body that follows a wish for an upgrade
        self._again = False

    # -- the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.flow = _Flow(transport, self.pipeline)
        self._deadline = self.loop.time() + self._limits.idle_seconds
        self._guard.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._guard.move(self, None)
        self._release()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_deadline = self.loop.time() + self._limits.unread_seconds

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread_deadline = None

    def look_after(self, now: float) -> None:
        """Ends what has taken too long."""
        if self._phase is not _Phase.LEAVING and self.transport.is_closing():
            self._wait_for_the_end()
        elif self._unread_deadline is not None and now > self._unread_deadline:
            log.info("answers were not read", unread_seconds=self._limits.unread_seconds)
            self.drop()
        elif self._deadline is not None and now > self._deadline:
            self._late(now)

    def _late(self, now: float) -> None:
        limits = self._limits
        if self._phase is _Phase.LEAVING:
            self.drop()
        elif self.flow.read_paused:  # it is us who don't read
            self._deadline = now + limits.head_seconds
        elif self._phase is _Phase.IDLE:
            self._close()
        elif self._phase is _Phase.HEAD:
            self.refuse(TooSlow(f"the head was not complete after {limits.head_seconds:g} seconds"))
        else:
            self.refuse(TooSlow(f"the body was not complete after {limits.body_seconds:g} seconds"))

    def give_way(self) -> None:
        """For one that needs the place more. What has begun to ask is told so."""
        overloaded = self._guard.overload(self)
        if self._phase is _Phase.IDLE:
            self._close()
        else:
            self.refuse(overloaded)

    def _close(self) -> None:
        self.transport.close()
        self._wait_for_the_end()

    def drop(self) -> None:
        self._guard.move(self, None)
        self._release()
        self.transport.abort()

    # -- reading

    def data_received(self, data: bytes) -> None:
        if self._phase is _Phase.LEAVING or self._refusal is not None:
            self._throw_away(len(data))
        elif len(data) <= PIECE:
            self._feed(data)
        else:
            for start in range(0, len(data), PIECE):
                if self._phase is not _Phase.LEAVING and self._refusal is None:
                    self._feed(data[start : start + PIECE])

    def _throw_away(self, count: int) -> None:
        self._thrown_away += count
        if self._phase is not _Phase.LEAVING:
            self.flow.pause_reading()  # answers before the refusal are still due
        elif self._thrown_away > _THROWN_AWAY_MAX:
            self.drop()

    def _feed(self, piece: bytes) -> None:
        self._silent_bytes += len(piece)
        self._message_bytes += len(piece)
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_on_without_upgrade(piece[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self.refuse(self._stopped or _malformed(error))
        else:
            self._check_progress()

    def _check_progress(self) -> None:
        """Bounds of what the parser has taken in and not given out, or only in crumbs."""
        limits = self._limits
        if self._phase is _Phase.HEAD and self._head_bytes + self._silent_bytes > limits.head_bytes:
            self.refuse(_head_too_large(limits))
        elif self._silent_bytes > limits.head_bytes or self._message_bytes > limits.message_bytes:
            self.refuse(BodyTooLarge("the body's chunks or trailers take more room than what they carry"))

    def _go_on_without_upgrade(self, rest: bytes) -> None:
        """No other protocol is spoken here, and then the wish for one is to be passed over (RFC 9110, 7.8). The parser
        leaves such a message's body unread, so another one is told how it is framed and reads on."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        framing, self._framing = self._framing, None
        if framing is not None:
            self._again = True
            self.parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n\r\n")
            self._again = False
        if rest:
            self._feed(rest)

    def _stop(self, error: Refused) -> NoReturn:
        self._stopped = error
        raise error

    # -- what the parser finds

    def on_message_begin(self) -> None:
        if self._again:
            return
        super().on_message_begin()
        self._phase = _Phase.HEAD
        self._deadline = self.loop.time() + self._limits.head_seconds
        self._read_here = []
        self._head_bytes = self._body_bytes = self._message_bytes = self._silent_bytes = 0

    def on_url(self, url: bytes) -> None:
        if not self._again:
            self._count_head(len(url))
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._again:
            return
        self._count_head(len(name) + len(value) + 4)
        if self._phase is not _Phase.HEAD:
            return  # a trailer: never a header
        name = name.lower()
        if name in READ_HERE:
            self._read_here.append((name, value))
            if name == b"expect":
                self.expect_100_continue = value.lower() == b"100-continue"
        self.headers.append((name, value))

    def _count_head(self, count: int) -> None:
        self._silent_bytes = 0
        self._head_bytes += count
        if self._head_bytes > self._limits.head_bytes:
            self._stop(_head_too_large(self._limits))

    def on_headers_complete(self) -> None:
        if self._again:
            return
        parser, limits = self.parser, self._limits
        version, asked = parser.get_http_version(), (parser.get_method(), self.url)
        try:
            check_head(*asked, version, self._read_here, self._guard.hosts, limits.body_bytes)
        except Refused as refused:
            self._stop(refused)
        if len(self.pipeline) >= limits.ahead:
            self._stop(TooManyAhead(f"more than {limits.ahead} requests wait for their answers on one connection"))
        super().on_headers_complete()
        self._unanswered += 1
        self._phase = _Phase.BODY
        self._deadline = self.loop.time() + limits.body_seconds
        self._head_bytes = 0
        if parser.should_upgrade():
            self._framing = _framing(self._read_here)

    def on_body(self, body: bytes) -> None:
        self._silent_bytes = 0
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes:
            self._stop(BodyTooLarge(f"the body is larger than {self._limits.body_bytes} bytes"))
        if not self.cycle.response_complete:
            self.held_bytes += len(body)
            self._guard.body_bytes += len(body)
            if not self._guard.make_room(self):
                self._stop(self._guard.overload(self))
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._framing is not None:
            return
        self._silent_bytes = 0
        self._phase = _Phase.IDLE
        self._deadline = None
        super().on_message_complete()
        if self._unanswered:
            self._guard.move(self, self._guard.busy)
        else:  # answered before it was complete
            self._wait_for_more()

    # -- answering

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._unanswered -= 1
        if not self._unanswered:
            self._release()
        if self.transport.is_closing():
            self._wait_for_the_end()
        elif self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal is not None:
            self._answer_refusal(self._refusal)
        else:
            self._wait_for_more()
            self.flow.resume_reading()

    def _release(self) -> None:
        self._guard.body_bytes -= self.held_bytes
        self.held_bytes = 0

    def _wait_for_more(self) -> None:
        if self._phase is _Phase.IDLE:
            self._deadline = self.loop.time() + self._limits.idle_seconds
        elif self.flow.read_paused:  # the client couldn't go on
            self._deadline = self.loop.time() + self._limits.body_seconds
        self._guard.move(self, self._guard.waiting)

    def _wait_for_the_end(self) -> None:
        self._phase = _Phase.LEAVING
        self._deadline = self.loop.time() + self._limits.leaving_seconds
        self._guard.move(self, self._guard.leaving)

    def refuse(self, error: Refused) -> None:
        """Answers with the problem, after the answers that are due before it, and closes."""
        if self._refusal is not None or self._phase is _Phase.LEAVING or self.transport.is_closing():
            return
        self._refusal = error
        self._deadline = None
        if self._phase is _Phase.BODY and self.cycle.response_started:
            self._leave() if self.cycle.response_complete else self.drop()
            return
        if self._phase is _Phase.BODY:
            self._give_up_request()
        if self._unanswered:
            self.flow.pause_reading()
        else:
            self._answer_refusal(error)

    def _give_up_request(self) -> None:
        """The request whose body is not complete: the app has nobody to answer any more."""
        cycle = self.cycle
        cycle.disconnected = True
        cycle.message_event.set()
        if self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()
        self._unanswered -= 1

    def _answer_refusal(self, error: Refused) -> None:
        request_id = request_id_of(self.headers)
        method = self.parser.get_method()
        response = problem_response(error)
        headers = [
            *self.server_state.default_headers,
            *response.raw_headers,
            *ON_EVERY_ANSWER,
            (b"x-request-id", request_id),
            (b"connection", b"close"),
        ]
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        body = b"" if method == b"HEAD" else bytes(response.body)
        self.transport.write(b"".join((STATUS_LINE[response.status_code], *lines, b"\r\n", body)))
        if isinstance(error, Overloaded):  # has a line of its own in the log, one for many
            self._guard.metrics.refused(kind_of(error).slug)
        else:
            about = about_request(method.decode(), self.url.decode("latin-1"), request_id)
            note_refusal(error, self._guard.metrics, **about)
        self._leave()

    def _leave(self) -> None:
        self._release()
        self._wait_for_the_end()
        self.flow.resume_reading()
        self.transport.write_eof()


def _head_too_large(limits: Limits) -> HeadTooLarge:
    return HeadTooLarge(f"request line and headers are larger than {limits.head_bytes} bytes")


def _malformed(error: httptools.HttpParserError) -> MalformedRequest:
    """In the parser's words, or where reading the target failed in ours. Anything else is a fault of ours, and logged."""
    if not isinstance(error, httptools.HttpParserCallbackError):
        return MalformedRequest(f"the request can't be read: {str(error)[:1].lower()}{str(error)[1:]}")
    cause = error.__context__
    if not isinstance(cause, httptools.HttpParserInvalidURLError | UnicodeDecodeError):
        log.error("reading a request failed", exc_info=cause)
    return MalformedRequest("the target of the request can't be read")


def _framing(headers: list[tuple[bytes, bytes]]) -> bytes | None:
    """The header that says where the body ends; None where there is no body."""
    for name, value in headers:
        if name in (b"content-length", b"transfer-encoding"):
            return name + b": " + value
    return None
