"""What went wrong, in words, for whoever reads pages: the same problems that programs get, on a page with a way on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.console.frame import Frame, quoted
from api.console.inner_requests import OperationRefused
from api.console.sign_in_page import SIGN_IN
from api.http.problems import KeyNeeded, problem_response
from ledger.store.trouble import JournalUnavailable

_HERE = "/console/"


class ErrorPages:
    """Of one service."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def in_words(self, scope: Mapping[str, Any], error: Exception) -> ASGIApp | None:
        """The answer to a browser that asked for a page; None for programs, and outside the console."""
        is_page = scope["path"] == "/console" or scope["path"].startswith(_HERE)
        if not is_page or "text/html" not in Headers(scope=dict(scope)).get("accept", ""):
            return None
        if isinstance(error, KeyNeeded):
            return RedirectResponse(_sign_in(scope), 303)
        answer = problem_response(error)
        return self._page(answer.status_code, json.loads(bytes(answer.body)), dict(answer.headers))

    async def refused(self, request: Request, error: Exception) -> Response:
        """What an operation answered to a page: passed on to programs, in words for browsers."""
        if not isinstance(error, OperationRefused):
            raise error
        if "text/html" not in request.headers.get("accept", ""):
            return Response(json.dumps(error.problem).encode(), error.status, media_type="application/problem+json")
        return await self.page(request, error.status, error.problem)

    async def page(self, request: Request, status: int, problem: Mapping[str, Any]) -> Response:
        """A problem document as a page."""
        slug = str(problem["type"]).rpartition("/")[2]
        roles = self._frame.admission.roles_at(request.method, request.url.path)
        reading = await self._frame.reading(request)
        return await self._frame.page(
            request,
            "problem.html",
            status=status,
            reading=reading,
            slug=slug,
            problem=problem,
            about=reading.say_or(f"problem.{slug}", reading.say_or(f"status.{status}", problem["title"])),
            needed=sorted(roles) if slug == "forbidden" else [],
            mine=sorted(reading.caller.roles),
        )

    def _page(self, status: int, problem: Mapping[str, Any], headers: Mapping[str, str]) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                response = await self.page(Request(scope, receive), status, problem)
            except JournalUnavailable:  # which signs sessions; what was wrong in the first place is said all the same
                response = Response(json.dumps(problem).encode(), status, media_type="application/problem+json")
            for name in ("Allow", "Retry-After"):
                if name.lower() in headers:
                    response.headers[name] = headers[name.lower()]
            await response(scope, receive, send)

        return answer


def _sign_in(scope: Mapping[str, Any]) -> str:
    """After signing in it goes on where somebody wanted to look; what a form asked for isn't done again."""
    if scope["method"] not in ("GET", "HEAD"):
        return SIGN_IN
    query = scope["query_string"].decode("latin-1")
    return f"{SIGN_IN}?next={quoted(scope['path'] + (f'?{query}' if query else ''))}"
