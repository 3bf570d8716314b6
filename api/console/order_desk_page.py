"""The order desk: orders that wait, each with every reason, what would let it pass, and who may release it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from api.console.frame import Frame, PageReading
from api.console.inner_requests import InnerRequests
from api.http.access_table import Right
from engine.vocabulary.text import Text
from files.spreadsheet import row_writer
from ledger.access.roles import Authority
from ledger.books.account_reading import account_names
from ledger.credit.release_order import AUTHORITIES
from ledger.journal.journal import Journal
from ledger.policies.in_force import Policies

PAGE = 25
EXPORTED_MAX = 2_000
"""Rows in one file."""

_FILTERS = ("account", "rule", "kind", "liftable", "releasable_by")
_COLUMNS = (
    "order", "customer", "name", "amount", "currency", "held since", "rules", "reasons", "lowest authority",
    "passes at amount", "passes at payment", "passes at deposit",
)  # fmt: skip


def add_order_desk_page(app: FastAPI, frame: Frame, journal: Journal) -> None:
    """`/console/orders` and the same as a file."""

    @app.get("/console/orders", include_in_schema=False)
    async def order_desk(request: Request) -> Response:
        inner, reading = frame.inner(request), await frame.reading(request)
        asked = {name: request.query_params.get(name, "") for name in _FILTERS}
        cursor = request.query_params.get("cursor", "")
        found = await inner.get("/v1/holds", asked | {"cursor": cursor, "limit": PAGE})
        titles = rule_titles(frame.policies)
        names = await names_seen(inner, journal, [each["order"]["account"] for each in found["holds"]])
        return await frame.page(
            request,
            "orders.html",
            reading=reading,
            holds=[_row(each, names, titles, inner, reading) for each in found["holds"]],
            total=found["total"],
            facets=found["facets"],
            next=found["next"],
            cursor=cursor,
            asked=asked,
            is_narrowed=any(asked.values()),
            titles={rule: reading.text(title) for rule, title in titles.items()},
            authorities=AUTHORITIES,
            sees_amounts=not inner.may("GET", "/v1/holds") <= {Right.MASKED},
        )

    @app.get("/console/orders.csv", include_in_schema=False)
    async def order_desk_file(request: Request) -> Response:
        inner, reading = frame.inner(request), await frame.reading(request)
        asked = {name: request.query_params.get(name, "") for name in _FILTERS}
        rows: list[Sequence[str]] = []
        cursor: str | None = ""
        while cursor is not None and len(rows) < EXPORTED_MAX:
            found = await inner.get("/v1/holds", asked | {"cursor": cursor, "limit": 200})
            names = await names_seen(inner, journal, [each["order"]["account"] for each in found["holds"]])
            rows += [_cells(each, names, reading) for each in found["holds"]]
            cursor = found["next"]
        return csv_file("held-orders.csv", _COLUMNS, rows)


def _row(
    held: Mapping[str, Any],
    names: Mapping[str, str],
    titles: Mapping[str, Text],
    inner: InnerRequests,
    reading: PageReading,
) -> dict[str, Any]:
    order, hold = held["order"], held["hold"]
    first, *others = hold["reasons"] or [None]
    return {
        "order": order,
        "hold": hold,
        "name": names.get(order["account"], ""),
        "first": first,
        "others": others,
        "other_titles": [reading.text(titles[each["rule"]]) for each in others if each and each["rule"] in titles],
        "may_release": _may_release(inner, order, hold),
    }


def _may_release(inner: InnerRequests, order: Mapping[str, Any], hold: Mapping[str, Any]) -> str:
    """`yes`, or why the button isn't there: `role`, `own`, `authority`. The policies judge all the same."""
    if not inner.may("POST", "/v1/orders/{id}/release") or "release" not in order["legal_moves"]:
        return "role"
    caller = inner.caller
    if caller.login is None or caller.authority is Authority.NONE:
        return "nobody"
    if order["entered_by"] == caller.login:
        return "own"
    lowest = hold["authority"]
    if lowest in AUTHORITIES and AUTHORITIES.index(caller.authority) < AUTHORITIES.index(lowest):
        return "authority"
    return "yes"


def may_release(inner: InnerRequests, details: Mapping[str, Any]) -> str:
    """The same of an order as `GET /v1/orders/{id}` gives it."""
    return _may_release(inner, details["order"], details["hold"] or {"authority": None})


def _cells(held: Mapping[str, Any], names: Mapping[str, str], reading: PageReading) -> Sequence[str]:
    order, hold = held["order"], held["hold"]
    passes = hold["passes_at"] or {}
    return (
        order["id"],
        order["account"],
        names.get(order["account"], ""),
        order["amount"],
        order["currency"],
        hold["since"],
        " ".join(hold["rules"]),
        " ".join(reading.text(each["text"]) for each in hold["reasons"]),
        hold["authority"] or "",
        passes.get("amount") or "",
        passes.get("payment") or "",
        passes.get("deposit") or "",
    )


async def names_seen(inner: InnerRequests, journal: Journal, accounts: Collection[str]) -> dict[str, str]:
    """What customers are called, for whoever may see all accounts; nothing for others."""
    if inner.may("GET", "/v1/accounts").isdisjoint({Right.FULL, Right.MASKED}):
        return {}
    ids = frozenset(accounts)
    return await asyncio.to_thread(journal.ask, lambda connection, _: account_names(connection, ids))


def rule_titles(policies: Policies) -> dict[str, Text]:
    """What rules are called, by id, in the policies in force; those without a title are left out."""
    if policies.in_force is None:
        return {}
    found: dict[str, Text] = {}
    for name, policy in policies.in_force.engine.policies.items():
        found |= {f"{name}.{rule}": each.title for rule, each in policy.rules.items() if each.title is not None}
    return found


def csv_file(name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Response:
    """A file for a spreadsheet: text that would be a formula there is marked as text, amounts stay numbers."""
    file = io.StringIO()
    write = row_writer(file, spreadsheet=True)
    write(columns)
    for row in rows:
        write(row)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(file.getvalue().encode("utf-8-sig"), media_type="text/csv", headers=headers)
