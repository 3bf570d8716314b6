"""One order: how it stands, why it waits, and what can be done about it; and the form by which somebody lets it go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from api.console.error_pages import ErrorPages
from api.console.frame import Frame, quoted
from api.console.inner_requests import InnerRequests, OperationRefused
from api.console.order_desk_page import may_release, names_seen, rule_titles
from api.console.posted_forms import posted_form
from ledger.journal.journal import Journal

_MOVES = ("release", "reject", "hold", "recheck")
_TOLD = ("release", "proposed", "reject", "hold", "recheck")
"""What an order's page says was done a moment ago."""


class OrderPages:
    """Of one service."""

    def __init__(self, frame: Frame, errors: ErrorPages, journal: Journal, bytes_max: int) -> None:
        self._frame, self._errors, self._journal, self._bytes_max = frame, errors, journal, bytes_max

    async def order(self, request: Request, id: str, template: str, **more: Any) -> Response:
        """A page about the order as it stands. Raises `OperationRefused`."""
        inner = self._frame.inner(request)
        details = await inner.get(f"/v1/orders/{id}")
        account = details["order"]["account"]
        names = await names_seen(inner, self._journal, [account])
        reading = await self._frame.reading(request)
        others = None
        if inner.may("GET", "/v1/holds") and template == "release.html":
            others = (await inner.get("/v1/holds", {"account": account, "limit": 10}))["holds"]
        return await self._frame.page(
            request,
            template,
            status=more.pop("status", 200),
            reading=reading,
            details=details,
            order=details["order"],
            hold=details["hold"],
            decision=details["decision"],
            name_of_account=names.get(account, ""),
            titles={rule: reading.text(title) for rule, title in rule_titles(self._frame.policies).items()},
            moves=_moves(inner, details["order"]),
            may_release=may_release(inner, details),
            sees_account=bool(inner.may("GET", "/v1/accounts/{id}")),
            others=[each for each in others or [] if each["order"]["id"] != id],
            **({"fields": {}, "refused": None, "key": str(uuid4())} | more),
        )

    async def move(self, request: Request, id: str, move: str) -> Response:
        """Does what a form asks for: one request to the operation, in the name of whoever looks."""
        fields = await posted_form(request, self._frame.sessions, self._bytes_max)
        inner = self._frame.inner(request)
        stale = await self._changed_since(inner, id, fields)
        if stale is not None:
            return await self._errors.page(request, 409, stale)
        answer = await inner.post(f"/v1/orders/{id}/{move}", _body(move, fields), fields.get("key"))
        if answer.is_ok:
            told = "proposed" if answer.status == 202 else move
            return RedirectResponse(f"/console/orders/{quoted(id)}?told={told}", 303)
        problem = answer.read()
        if move == "release" and answer.status in (403, 422):
            return await self.order(request, id, "release.html", status=answer.status, fields=fields, refused=problem)
        raise OperationRefused(answer)

    async def _changed_since(self, inner: InnerRequests, id: str, fields: Mapping[str, str]) -> dict[str, Any] | None:
        """A problem where the order isn't any more what the form showed: somebody was quicker."""
        details = await inner.get(f"/v1/orders/{id}")
        now = details["order"]
        if str(now["journal_entry"]) == fields.get("journal_entry"):
            return None
        releases = [each for each in details["releases"] if each["state"] in ("in_force", "proposed")]
        return {
            "type": "/problems/order-moved-on",
            "title": "The order has moved on",
            "detail": f"the order {id} is {now['state']} now",
            "order": now,
            "release": releases[-1] if releases else None,
        }


def add_order_pages(app: FastAPI, pages: OrderPages) -> None:
    """`/console/orders/{id}…`."""

    @app.get("/console/orders/{id}", include_in_schema=False)
    async def order_page(id: str, request: Request) -> Response:
        told = request.query_params.get("told", "")
        return await pages.order(request, id, "order.html", told=told if told in _TOLD else "")

    @app.get("/console/orders/{id}/release", include_in_schema=False)
    async def release_page(id: str, request: Request) -> Response:
        return await pages.order(request, id, "release.html")

    for move in _MOVES:
        _add_move(app, pages, move)


def _add_move(app: FastAPI, pages: OrderPages, move: str) -> None:
    async def act(id: str, request: Request) -> Response:
        return await pages.move(request, id, move)

    app.post(f"/console/orders/{{id}}/{move}", include_in_schema=False, name=f"console_{move}")(act)


def _moves(inner: InnerRequests, order: Mapping[str, Any]) -> list[str]:
    """What whoever looks may do with the order as it stands."""
    legal = order["legal_moves"]
    return [move for move in _MOVES if move in legal and inner.may("POST", f"/v1/orders/{{id}}/{move}")]


def _body(move: str, fields: Mapping[str, str]) -> dict[str, str]:
    body = {} if move == "recheck" else {"reason": fields.get("reason", "").strip()}
    if move == "release" and fields.get("expires_on"):
        body["expires_on"] = fields["expires_on"]
    return body
