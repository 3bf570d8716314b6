"""The outermost layer of each request: its id, and the one place where an error becomes a problem document."""

from __future__ import annotations

import re
from collections.abc import Mapping

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.body import ClientGone
from api.identifiers import request_id
from api.metrics import Metrics
from api.problems import kind_of, problem_response

_REQUEST_ID = re.compile(rb"[!-~]{1,128}")

log = structlog.get_logger(__name__)


class Edge:
    """`direct` are paths whose POST doesn't need the framework: its middleware and its search for the route cost as
    much as half a decision."""

    def __init__(self, app: ASGIApp, metrics: Metrics, direct: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._metrics = metrics
        self._direct = direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        header = _request_id(scope)
        started = False
        head = scope["method"] == "HEAD"

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], (b"x-request-id", header)]
            elif head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        try:
            app = self._direct.get(scope["path"]) if scope["method"] == "POST" else None
            asked = {**scope, "method": "GET"} if head else scope  # what GET answers, less the body
            await (app or self._app)(asked, receive, send_with_id)
        except ClientGone:
            pass
        except Exception as error:
            self._note(error, scope, header)
            if started:
                raise  # too late for another answer: the server cuts the connection
            await problem_response(error)(scope, receive, send_with_id)

    def _note(self, error: Exception, scope: Scope, header: bytes) -> None:
        kind = kind_of(error)
        self._metrics.refused(kind.slug)
        about = {"method": scope["method"], "path": scope["path"], "request_id": header.decode()}
        if kind.status == 500:
            log.error("request failed", exc_info=error, **about)
        else:
            log.info("request refused", problem=kind.slug, status=kind.status, detail=str(error), **about)


def _request_id(scope: Scope) -> bytes:
    """The caller's, so that its log and ours can be laid side by side; else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return bytes(value)
    return request_id().encode()
