"""The guarded edge in front of the app: what a connection may cost before and while it asks.

uvicorn and its parser read whatever arrives for as long as it arrives. Here every head, body, connection and wait has
its bound, and what goes beyond is answered with a problem document like any other. The rest is uvicorn's.

A connection stands in one of four phases; each has a deadline:

    IDLE     nothing is asked        closed after `idle_seconds`
    HEAD     a head is under way     408 after `head_seconds`
    BODY     its body is under way   408 after `body_seconds`
    LEAVING  the last answer is out  cut after `leaving_seconds`

Example: a client sends `POST /v1/decisions/order` with `Content-Length: 100` and 40 bytes, then nothing. The first
byte took it from IDLE to HEAD, the end of the head to BODY. After `body_seconds` it is refused with 408, the app is
told that its client has gone, and the connection is LEAVING: what still arrives is thrown away for a moment, since a
connection that is closed on unread bytes may take its answer with it.
"""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn

import httptools
import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from api.http.edge import ON_EVERY_ANSWER, about_request, note_refusal, request_id_of
from api.http.guard import STREAMED, ConnectionLimits, Guard
from api.http.problems import (
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
from api.http.request_head import READ_HERE, check_head

PIECE = 32 << 10
"""Bytes given to the parser at once: what it holds between two looks at the bounds is no more."""
_THROWN_AWAY_MAX = 4 << 20
IDLE, HEAD, BODY, LEAVING = range(4)
"""Where a connection stands: no request begun, its head or its body under way, the last answer given."""

log = structlog.get_logger(__name__)


class GuardedProtocol(HttpToolsProtocol):
    """One connection. Callbacks of the parser refuse by raising (`_stop`), everything else by `refuse`."""

    def __init__(self, guard: Guard, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self.held_bytes = 0  # of bodies that are not answered yet
        self._guard = guard
        self._limits = guard.limits
        self._phase = IDLE
        self._deadline: float | None = None
        self._unread_deadline: float | None = None
        self._running: RequestResponseCycle | None = None
        self._unanswered = 0
        self._refusal: Refused | None = None
        self._stopped: Refused | None = None
        self._thrown_away = 0
        self.headers = []
        self.url = b""
        self._read_here: list[tuple[bytes, bytes]] = []
        self._head_bytes = self._body_bytes = self._message_bytes = self._chunks = 0
        self._silent_bytes = 0  # since the parser last gave something out
        self._framing: bytes | None = None  # of a body that follows a wish for an upgrade
        self._again = False
        self._is_streamed = False

    # the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """From uvicorn: the socket is there."""
        super().connection_made(transport)
        self._deadline = self.loop.time() + self._limits.idle_seconds
        self._guard.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """From uvicorn: the socket is gone, whoever closed it."""
        self._forget()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """From asyncio: the client takes its answers too slowly."""
        super().pause_writing()
        self._unread_deadline = self.loop.time() + self._limits.unread_seconds

    def resume_writing(self) -> None:
        """From asyncio: the client takes them again."""
        super().resume_writing()
        self._unread_deadline = None

    @property
    def is_unread(self) -> bool:
        """The client doesn't take its answers."""
        return self._unread_deadline is not None

    def look_after(self, now: float) -> None:
        """Ends what has taken too long."""
        if self._phase != LEAVING and self.transport.is_closing():
            self._wait_for_the_end()
        elif self._unread_deadline is not None and now > self._unread_deadline:
            log.info("answers were not read", unread_seconds=self._limits.unread_seconds)
            self.drop()
        elif self._deadline is not None and now > self._deadline:
            self._late(now)

    def _late(self, now: float) -> None:
        """What becomes of a connection whose deadline has passed, by its phase: an idle one is closed without a word,
        one that asks is refused with 408, one that is leaving is cut. Where it is we who don't read, it gets more time.
        """
        limits = self._limits
        if self._phase == LEAVING:
            self.drop()
        elif self.flow.read_paused:  # it is us who don't read
            self._deadline = now + limits.head_seconds
        elif self._phase == IDLE:
            self._close()
        elif self._phase == HEAD:
            self.refuse(TooSlow(f"the head was not complete after {limits.head_seconds:g} seconds"))
        else:
            self.refuse(TooSlow(f"the body was not complete after {limits.body_seconds:g} seconds"))

    def give_way(self) -> None:
        """For one that needs the place more. What has begun to ask is told so."""
        overloaded = self._guard.overload(self)
        if self._phase == IDLE:
            self._close()
        else:
            self.refuse(overloaded)

    def _close(self) -> None:
        """Closes once everything written is out; `_wait_for_the_end` cuts it if that takes too long."""
        self.transport.close()
        self._wait_for_the_end()

    def drop(self) -> None:
        """Cuts the connection without a word."""
        self._forget()
        self.transport.abort()

    def _forget(self) -> None:
        """Nobody is there any more, neither for the answer under way nor for those that wait behind it."""
        self._guard.move(self, None)
        self._release()
        self.pipeline.clear()
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()

    # reading

    def data_received(self, data: bytes) -> None:
        """From asyncio. What comes after a refusal is thrown away."""
        if self._phase == LEAVING or self._refusal is not None:
            self._throw_away(len(data))
        elif len(data) <= PIECE:
            self._feed(data)
        else:
            for start in range(0, len(data), PIECE):
                if self._phase != LEAVING and self._refusal is None:
                    self._feed(data[start : start + PIECE])

    def _throw_away(self, count: int) -> None:
        """Counts what comes after a refusal and reads none of it. While answers are still due before the refusal,
        reading stops altogether; afterwards a client that goes on sending more than 4 MB is cut.
        """
        self._thrown_away += count
        if self._phase != LEAVING:
            self.flow.pause_reading()  # answers before the refusal are still due
        elif self._thrown_away > _THROWN_AWAY_MAX:
            self.drop()

    def _feed(self, piece: bytes) -> None:
        """Gives a piece to the parser and refuses what it can't read: a callback of ours that stopped it has left its
        own reason in `_stopped`, all else is malformed.
        """
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
        if self._phase != BODY:
            if self._silent_bytes + (self._head_bytes if self._phase == HEAD else 0) > limits.head_bytes:
                self.refuse(_head_too_large(limits))
        elif self._silent_bytes > limits.head_bytes or self._message_bytes > self._message_bytes_max:
            self.refuse(BodyTooLarge("the body's chunks or trailers take more room than what they carry"))

    @property
    def _message_bytes_max(self) -> int:
        """Head, body, and what marks its chunks."""
        limits = self._limits
        return 2 * (limits.head_bytes + limits.streamed_bytes) if self._is_streamed else limits.message_bytes

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
        """Refuses from within the parser: what a callback raises ends its work here, and `_feed` answers."""
        self._stopped = error
        raise error

    # what the parser finds

    def on_message_begin(self) -> None:
        """From the parser: the first byte of a request."""
        if self._again:
            return
        super().on_message_begin()
        self._phase = HEAD
        self._deadline = self.loop.time() + self._limits.head_seconds
        self._read_here = []
        self._head_bytes = self._body_bytes = self._message_bytes = self._silent_bytes = self._chunks = 0

    def on_url(self, url: bytes) -> None:
        """From the parser: a piece of the target."""
        if self._again:
            return
        self._silent_bytes = 0
        self._head_bytes += len(url)
        if self._head_bytes > self._limits.head_bytes:
            self._stop(_head_too_large(self._limits))
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """From the parser: one header, or a trailer, which is never taken for a header."""
        if self._again:
            return
        self._silent_bytes = 0
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > self._limits.head_bytes:
            self._stop(_head_too_large(self._limits))
        if self._phase != HEAD:
            return  # a trailer: never a header
        name, value = name.lower(), value.rstrip(b" \t")  # the parser leaves what stands behind a value (RFC 9110, 5.5)
        if name in READ_HERE:
            self._read_here.append((name, value))
            if name == b"expect":
                self.expect_100_continue = value.lower() == b"100-continue"
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """From the parser: the head is whole, and is checked before the app hears of it."""
        if self._again:
            return
        parser, limits, guard = self.parser, self._limits, self._guard
        method, version = parser.get_method(), parser.get_http_version()
        self._is_streamed = self.url.startswith(STREAMED)
        body_bytes_max = limits.streamed_bytes if self._is_streamed else limits.body_bytes
        try:
            check_head(method, self.url, version, self._read_here, guard.hosts, body_bytes_max)
        except Refused as refused:
            self._stop(refused)
        if len(self.pipeline) >= limits.ahead:
            self._stop(TooManyAhead(f"more than {limits.ahead} requests wait for their answers on one connection"))
        super().on_headers_complete()
        self._unanswered += 1
        self._phase = BODY
        self._deadline = self.loop.time() + limits.body_seconds
        self._head_bytes = 0
        if parser.should_upgrade():
            self._framing = _framing(self._read_here)

    def on_body(self, body: bytes) -> None:
        """From the parser: a piece of the body."""
        self._silent_bytes = 0
        self._body_bytes += len(body)
        self._chunks += 1
        if self._is_streamed:
            self._take_streamed(body)
            return
        if self._chunks > self._limits.chunks:
            self._stop(BodyTooLarge(f"the body comes in more than {self._limits.chunks} pieces"))
        if self._body_bytes > self._limits.body_bytes:
            self._stop(BodyTooLarge(f"the body is larger than {self._limits.body_bytes} bytes"))
        if not self.cycle.response_complete:
            self.held_bytes += len(body)
            self._guard.body_bytes += len(body)
            if not self._guard.make_room(self):
                self._stop(self._guard.overload(self))
        super().on_body(body)

    def _take_streamed(self, body: bytes) -> None:
        """uvicorn stops reading from the client while the app doesn't take what is there, so nothing piles up."""
        if self._body_bytes > self._limits.streamed_bytes:
            self._stop(BodyTooLarge(f"the body is larger than {self._limits.streamed_bytes} bytes"))
        self._deadline = self.loop.time() + self._limits.body_seconds
        super().on_body(body)

    def on_message_complete(self) -> None:
        """From the parser: the request is whole."""
        if self._framing is not None:
            return
        self._silent_bytes = 0
        self._phase = IDLE
        self._deadline = None
        super().on_message_complete()
        self.headers, self.url = [], b""  # the app has its own; what is refused now belongs to no request
        if self._unanswered:
            guard = self._guard
            guard.waiting.pop(self, None)
            guard.busy[self] = None
        else:  # answered before it was complete
            self._wait_for_more()

    # answering

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """From uvicorn: the app begins on a request. It is remembered, so that the app can be told when its client has
        gone.
        """
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """From uvicorn: an answer is out; the next request of this connection is due."""
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
        """Gives back what this connection's bodies took of the room for all bodies."""
        self._guard.body_bytes -= self.held_bytes
        self.held_bytes = 0

    def _wait_for_more(self) -> None:
        """The deadline for what comes next: the next request's first byte, or the rest of a body that could not go on
        while we didn't read.
        """
        if self._phase == IDLE:
            self._deadline = self.loop.time() + self._limits.idle_seconds
        elif self.flow.read_paused:  # the client couldn't go on
            self._deadline = self.loop.time() + self._limits.body_seconds
        self._guard.move(self, self._guard.waiting)

    def _wait_for_the_end(self) -> None:
        """The last answer is out. The client has `leaving_seconds` to take it; the place counts as free from now on."""
        self._phase = LEAVING
        self._deadline = self.loop.time() + self._limits.leaving_seconds
        self._guard.move(self, self._guard.leaving)

    def refuse(self, error: Refused) -> None:
        """Answers with the problem, after the answers that are due before it, and closes."""
        if self._refusal is not None or self._phase == LEAVING or self.transport.is_closing():
            return
        self._refusal = error
        self._deadline = None
        if self._phase == BODY and self.cycle.response_started:
            self._leave() if self.cycle.response_complete else self.drop()
            return
        if self._phase == BODY:
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
        """Writes the problem document by hand, since no app and no request stands behind it, notes it in the log and
        the metrics, and leaves. A HEAD request gets the headers alone.
        """
        request_id = request_id_of(self.headers)
        method = self.parser.get_method() if self.url else b""
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
            about = about_request(method.decode(), self.url.partition(b"?")[0].decode("latin-1"), request_id)
            note_refusal(error, self._guard.metrics, **about)
        self._leave()

    def _leave(self) -> None:
        """Sends what is written, says that nothing more comes, and goes on reading for a moment: a connection that is
        closed on unread bytes may take its answer with it.
        """
        self._release()
        self._wait_for_the_end()
        self.flow.resume_reading()
        self.transport.write_eof()


def _head_too_large(limits: ConnectionLimits) -> HeadTooLarge:
    return HeadTooLarge(f"request line and headers are larger than {limits.head_bytes} bytes")


def _malformed(error: httptools.HttpParserError) -> MalformedRequest:
    """In the parser's words, or where the target can't be read in ours. All else is a fault of ours, and logged."""
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
