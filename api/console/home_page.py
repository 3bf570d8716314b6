"""Where somebody begins: what waits for them, by what they may, each line a link to a list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from api.console.frame import Frame
from api.console.inner_requests import InnerRequests
from engine.vocabulary.case_kinds import OUTCOME_TITLES
from ledger.access.roles import Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeLine:
    """Something to look at, and how many there are of it."""

    word: str
    """Of words.yaml."""

    count: int
    href: str


def add_home_page(app: FastAPI, frame: Frame) -> None:
    """`/console/`; without the slash it leads there."""

    @app.get("/console", include_in_schema=False)
    async def console() -> Response:
        return RedirectResponse("/console/", 308)

    @app.get("/console/", include_in_schema=False)
    async def home_page(request: Request) -> Response:
        inner, reading = frame.inner(request), await frame.reading(request)
        decisions: list[dict[str, Any]] = []
        if inner.may("GET", "/v1/decisions"):
            decisions = (await inner.get("/v1/decisions", {"limit": 8}))["decisions"]
        return await frame.page(
            request,
            "home.html",
            reading=reading,
            lines=[line async for line in _lines(inner)],
            decisions=decisions,
            outcomes={name: reading.text(title) for name, title in OUTCOME_TITLES.items()},
            failed=frame.policies.failed,
            pending=frame.policies.pending,
        )


async def _lines(inner: InnerRequests) -> AsyncIterator[HomeLine]:
    if not inner.may("GET", "/v1/holds"):
        return
    held = await inner.get("/v1/holds", {"limit": 1})
    yield HomeLine(word="home.held", count=held["total"], href="/console/orders")
    liftable = held["facets"].get("liftable", {}).get("yes", 0)
    yield HomeLine(word="home.liftable", count=liftable, href="/console/orders?liftable=true")
    authority = inner.caller.authority
    if authority is not Authority.NONE and inner.may("POST", "/v1/orders/{id}/release"):
        mine = await inner.get("/v1/holds", {"limit": 1, "releasable_by": authority.value})
        href = f"/console/orders?releasable_by={authority}"
        yield HomeLine(word="home.mine", count=mine["total"], href=href)
