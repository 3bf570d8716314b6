"""The search box: a number that names one thing leads straight there, anything else to what begins so."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from api.console.frame import Frame, quoted
from api.console.inner_requests import InnerRequests

_DECISION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_IN_PATH = re.compile(r"[^/\x00-\x20\x7f]{1,200}")
_PLACES = ((("GET", "/v1/orders/{id}"), "orders"), (("GET", "/v1/accounts/{id}"), "accounts"))


def add_search_page(app: FastAPI, frame: Frame) -> None:
    """`/console/search`."""

    @app.get("/console/search", include_in_schema=False)
    async def search_page(request: Request) -> Response:
        text = request.query_params.get("q", "").strip()
        inner = frame.inner(request)
        places = [place async for place in _exact(inner, text)]
        if len(places) == 1:
            return RedirectResponse(places[0], 303)
        found: dict[str, list[dict[str, str]]] = {"accounts": []}
        if text and inner.may("GET", "/v1/accounts"):
            found = await inner.get("/v1/accounts", {"text": text[:200], "limit": 25})
        if not places and len(found["accounts"]) == 1:
            return RedirectResponse(f"/console/accounts/{quoted(found['accounts'][0]['id'])}", 303)
        subject = ""
        if text and inner.may("GET", "/v1/decisions"):
            subject = f"/console/decisions?{urlencode({'subject': text[:200]})}"
        return await frame.page(
            request, "search.html", words=text, places=places, accounts=found["accounts"], subject=subject
        )


async def _exact(inner: InnerRequests, text: str) -> AsyncIterator[str]:
    """Pages of what has this very number, as far as whoever looks may see it."""
    if _DECISION.fullmatch(text) and inner.may("GET", "/v1/decisions/{id}"):
        if (await inner.ask("GET", f"/v1/decisions/{text.lower()}")).is_ok:
            yield f"/console/decisions/{text.lower()}"
        return
    if not _IN_PATH.fullmatch(text):
        return
    for operation, name in _PLACES:
        if inner.may(*operation) and (await inner.ask("GET", f"/v1/{name}/{text}")).is_ok:
            yield f"/console/{name}/{quoted(text)}"
    is_place = text.isascii() and text.isdecimal() and bool(inner.may("GET", "/v1/journal/{record}"))
    if is_place and (await inner.ask("GET", f"/v1/journal/{int(text)}")).is_ok:
        yield f"/console/journal/{int(text)}"
