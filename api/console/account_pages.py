"""Customers: found, and one of them with what the exposure is made of, its limits, securities, items and orders."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from api.console.account_charts import AccountChart, aging, limit_on, limit_over_time, month_ends, waterfall
from api.console.frame import Frame, PageReading
from api.console.inner_requests import InnerRequests
from api.console.order_desk_page import csv_file
from api.http.problems import NoSuchPath

PAGE, ITEMS_MAX, EVENTS = 50, 2_000, 30
_ITEM_PAGE = 200


def add_account_pages(app: FastAPI, frame: Frame) -> None:
    """`/console/accounts…`."""

    @app.get("/console/accounts", include_in_schema=False)
    async def accounts_page(request: Request) -> Response:
        asked = {name: request.query_params.get(name, "").strip() for name in ("text", "group")}
        after = request.query_params.get("after", "")
        found = await frame.inner(request).get("/v1/accounts", asked | {"after": after, "limit": PAGE})
        return await frame.page(request, "accounts.html", accounts=found["accounts"], after=found["after"], asked=asked)

    @app.get("/console/accounts/{id}", include_in_schema=False)
    async def account_page(id: str, request: Request) -> Response:
        inner, reading = frame.inner(request), await frame.reading(request)
        known = await _known(inner, id)
        orders, holds, timeline, headroom = await asyncio.gather(
            inner.get_if_allowed("/v1/orders", "/v1/orders", {"account": id, "limit": PAGE}),
            inner.get_if_allowed("/v1/holds", "/v1/holds", {"account": id, "limit": 10}),
            inner.get(f"/v1/accounts/{id}/timeline", {"limit": EVENTS}),
            inner.get_if_allowed("/v1/accounts/{id}/headroom", f"/v1/accounts/{id}/headroom"),
        )
        facts = await inner.get(f"/v1/accounts/{id}/facts")
        engine = frame.policies.engine()
        titles = {fact.name: reading.text(fact.title) for fact in engine.vocabulary.facts.values()}
        return await frame.page(
            request,
            "account.html",
            reading=reading,
            **known,
            orders=(orders or {"orders": []})["orders"],
            sees_orders=orders is not None,
            holds=(holds or {"holds": []})["holds"],
            events=timeline["events"],
            headroom=headroom,
            facts=[(titles.get(each["name"], each["name"]), each) for each in facts["facts"]],
            missing=facts["missing"],
            charts=await _charts(inner, reading, id, known, headroom),
        )

    @app.get("/console/accounts/{id}/{chart}.csv", include_in_schema=False)
    async def account_chart_file(id: str, chart: str, request: Request) -> Response:
        inner, reading = frame.inner(request), await frame.reading(request)
        known = await _known(inner, id)
        headroom = await inner.get_if_allowed("/v1/accounts/{id}/headroom", f"/v1/accounts/{id}/headroom")
        charts = await _charts(inner, reading, id, known, headroom)
        wanted = next((each for each in charts if each.name == chart), None)
        if wanted is None:
            raise NoSuchPath("an account has no such chart")
        return csv_file(f"{chart}.csv", wanted.columns, wanted.rows)


async def _known(inner: InnerRequests, id: str) -> dict[str, Any]:
    """What stands of the account now."""
    path = f"/v1/accounts/{id}"
    account = await inner.get(path)
    exposure, limits, securities = await asyncio.gather(
        inner.get(f"{path}/exposure"), inner.get(f"{path}/limits"), inner.get(f"{path}/securities")
    )
    items, is_cut = await _open_items(inner, id)
    return {
        "account": account,
        "exposure": exposure,
        "limits": limits["limits"],
        "securities": securities["securities"],
        "items": items,
        "items_are_cut": is_cut,
    }


async def _open_items(inner: InnerRequests, id: str) -> tuple[list[dict[str, Any]], bool]:
    """Open items, oldest due first, and whether there are more than a page shows."""
    found: list[dict[str, Any]] = []
    after = ""
    while len(found) < ITEMS_MAX:
        page = await inner.get(f"/v1/accounts/{id}/items", {"state": "open", "after": after, "limit": _ITEM_PAGE})
        found += page["items"]
        after = page["after"]
        if not after:
            break
    return sorted(found, key=lambda each: (each["due_on"] or "", each["id"])), bool(after)


async def _charts(
    inner: InnerRequests, reading: PageReading, id: str, known: Mapping[str, Any], headroom: Mapping[str, Any] | None
) -> list[AccountChart]:
    today = date.fromisoformat(known["exposure"]["on"])
    ends = month_ends(today)
    path = f"/v1/accounts/{id}/exposure"
    owed = [await inner.get(path, {"on": day.isoformat()}) for day in ends]
    granted = [each for each in known["limits"] if each["state"] == "granted"]
    points = [(day, Decimal(each["exposure"])) for day, each in zip(ends, owed, strict=True)]
    return [
        waterfall(reading, known["exposure"], limit_on(granted, today), headroom),
        aging(reading, known["items"], today, Decimal(known["exposure"]["exposure"]) * 0),
        limit_over_time(reading, known["limits"], points, today),
    ]
