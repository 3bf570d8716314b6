"""The outermost layer of each request: its id, and the one place where an error becomes a problem document."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.admission import Admission
from api.http.body import ClientGone
from api.http.caller import note_request_id
from api.http.identifiers import request_id
from api.http.metrics import Metrics
from api.http.problems import kind_of, problem_response
from api.http.retries import SENT_AGAIN, Retries, idempotency_key

ON_EVERY_ANSWER = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""An answer holds a customer's figures, and is what its Content-Type says. Where a route says itself how long its
answer may be kept, as of hashes that never change, that counts."""

_LOGGED_MAX = 200
_REQUEST_ID = re.compile(rb"[!-~]{1,128}")

log = structlog.get_logger(__name__)


class DirectApp(NamedTuple):
    """Who answers a path without the framework."""

    app: ASGIApp
    is_decision: bool = False
    """To answer it changes nothing but the journal: see `Retries.answer`."""


class Edge:
    """Around all answers of the app, as ASGI middleware.

    It gives each request an id, lets `admission` find out who asks and whether they may, lets `retries` answer what
    was asked before, puts the id and
    `ON_EVERY_ANSWER` on each answer, answers HEAD as GET without the body,
    and turns whatever is raised inside into a problem document, once, in one place. What goes wrong after an answer has
    begun can't be answered any more: it is raised on, and the server cuts the connection.

    `direct` are paths whose POST doesn't need the framework: its middleware and its search for the route, which goes
    through all that were added before, cost as much as half a decision.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        admission: Admission,
        retries: Retries,
        direct: Mapping[str, DirectApp],
        in_words: Callable[[Scope, Exception], ASGIApp | None] = lambda _scope, _error: None,
    ) -> None:
        """`in_words`: what a person at a browser is answered to an error instead of a problem document."""
        self._app = app
        self._metrics = metrics
        self._admission = admission
        self._retries = retries
        self._direct = direct
        self._framework = DirectApp(app)
        self._in_words = in_words

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        header = request_id_of(scope["headers"])
        started = False
        head = scope["method"] == "HEAD"

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                said = {name for name, _ in message["headers"]}
                always = [each for each in ON_EVERY_ANSWER if each[0] not in said]
                message["headers"] = [*message["headers"], *always, (b"x-request-id", header)]
            elif head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        try:
            direct = self._direct.get(scope["path"], self._framework) if scope["method"] == "POST" else self._framework
            note_request_id(scope, header)
            answered = {**scope, "method": "GET"} if head else scope  # what GET answers, less the body
            await self._admission.admit(answered, answered["method"])
            key = idempotency_key(scope) if scope["method"] in SENT_AGAIN else None
            if key is None:
                await direct.app(answered, receive, send_with_id)
            else:
                is_decision = direct.is_decision
                await self._retries.answer(direct.app, answered, receive, send_with_id, key, is_decision=is_decision)
        except ClientGone:
            pass
        except asyncio.CancelledError:  # the service stops and has closed the connection; nobody waits any more
            log.info("request cut off by the shutdown", **about_request(scope["method"], scope["path"], header))
        except Exception as error:
            self._note(error, scope, header)
            if started:
                raise  # too late for another answer: the server cuts the connection
            answer = self._in_words(scope, error) or problem_response(error)
            await answer(scope, receive, send_with_id)

    def _note(self, error: Exception, scope: Scope, header: bytes) -> None:
        note_refusal(error, self._metrics, **about_request(scope["method"], scope["path"], header))


def note_refusal(error: Exception, metrics: Metrics, **about: str) -> None:
    """Counts and logs what is answered with a problem document.

    A fault of the service is an error with its traceback; all else is the caller's and only information, so that an
    alarm on errors isn't rung by whoever sends nonsense. `about` says which request it was, see `about_request`.
    """
    kind = kind_of(error)
    metrics.refused(kind.slug)
    if kind.status == 500:
        log.error("request failed", exc_info=error, **about)
    else:
        log.info("request refused", problem=kind.slug, status=kind.status, detail=str(error)[:_LOGGED_MAX], **about)


def about_request(method: str, path: str, header: bytes) -> dict[str, str]:
    """What a log line says of a request; the path is clipped."""
    return {"method": method, "path": path[:_LOGGED_MAX], "request_id": header.decode()}


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The caller's, so that its log and ours can be laid side by side; else a new one."""
    for name, value in headers:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return bytes(value)
    return request_id().encode()
