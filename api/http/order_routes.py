"""Orders over HTTP: entered, changed, released, delivered. `credence order` asks here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Path, Request
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from api.http.caller import admitted_of
from api.http.ledger_answers import OrderAnswerShape, SubmitOrderRequest
from api.http.ledger_desk import LedgerDesk, asker_of, owner_of, require_authority
from api.http.openapi import body_of
from api.http.order_answers import (
    ChangeOrderRequest,
    DeliverOrderRequest,
    EndOrderRequest,
    OrderActShape,
    ReleaseAnswerShape,
    ReleasedOrdersShape,
    ReleaseOrderRequest,
    ReleaseOrdersRequest,
    StopOrderRequest,
    UndeliverOrderRequest,
)
from api.http.parameters import only_parameters
from api.http.problems import BodyFault, FactsInvalid, problem_response, problems
from api.http.request_models import read_model_and_bytes
from api.http.retries import idempotency_key, request_to_keep
from engine.vocabulary.days import ISO_DATE, day_number
from ledger.credit.change import Asker, CommandRefused
from ledger.credit.change_order import ChangeOrder
from ledger.credit.deliver import Deliver, Undeliver
from ledger.credit.recheck import Recheck
from ledger.credit.release_order import ReleaseOrder
from ledger.credit.reopen import Reopen
from ledger.credit.snapshot import LedgerCommand
from ledger.credit.stop import Cancel, Close, HoldOrder, Reject
from ledger.credit.submit import Submit
from ledger.journal.kept_answers import KeptAnswer
from ledger.record.record_header import RecordKind

SHARED: dict[str, Any] = {"tags": ["orders"], "dependencies": [only_parameters()]}
"""What all of these routes are declared with."""

_ORDER = '{"account": "C-20417", "order": {"id": "SO-1", "amount": "12500.00"}}'
_RETURN = '{"delivery": "RT-80013", "amount": "5000.00", "reason": "damaged"}'
_DELIVERED = '{"delivery": "DN-80013", "amount": "5000.00"}'
_MOVED = problems(400, 404, 409, 413, 415, 422, 503)
_REFUSED = problems(403)
_Body = TypeVar("_Body", bound=BaseModel)
OrderNumber = Annotated[str, Path(description="The order's number.", max_length=200)]


def add_order_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`/v1/orders…` that change something."""
    _add_entry(app, desk)
    _add_move(app, desk, "change", ChangeOrderRequest, '{"revision": 2, "order": {"amount": "14000.00"}}', _change)
    _add_move(app, desk, "recheck", EndOrderRequest, "{}", _recheck)
    _add_move(app, desk, "release", ReleaseOrderRequest, '{"reason": "they pay on Friday"}', _release)
    _add_move(app, desk, "hold", StopOrderRequest, '{"reason": "call them first"}', _hold)
    _add_move(app, desk, "reject", StopOrderRequest, '{"reason": "no more credit"}', _reject)
    _add_move(app, desk, "cancel", EndOrderRequest, "{}", _cancel)
    _add_move(app, desk, "reopen", EndOrderRequest, "{}", _reopen)
    _add_move(app, desk, "deliver", DeliverOrderRequest, _DELIVERED, _deliver)
    _add_move(app, desk, "undeliver", UndeliverOrderRequest, _RETURN, _undeliver)
    _add_move(app, desk, "close", EndOrderRequest, "{}", _close)
    _add_releases(app, desk)


def _add_entry(app: FastAPI, desk: LedgerDesk) -> None:
    @app.post(
        "/v1/orders",
        name="submit_order",
        summary="Enter an order",
        status_code=201,
        response_model=OrderAnswerShape,
        openapi_extra={"requestBody": body_of("SubmitOrderRequest")},
        responses=_MOVED,
        **SHARED,
    )
    async def submit_order(request: Request) -> Response:
        """Decides the order by what the ledger knows of the account, and reserves the credit in the same moment. Sent
        again with the same number and content, it is answered as before; a hold is no error."""

        def command(body: SubmitOrderRequest, asker: Asker) -> Submit:
            return submission(body, asker, desk.new_id())

        return await desk.answer(request, SubmitOrderRequest, _ORDER, RecordKind.ORDER, command)


_SUMMARIES = {
    "change": (
        "Change an order",
        "Decides the next revision with the order's own reservation taken out. A release stays where the policies let "
        "it and no terms get worse; an older revision changes nothing.",
    ),
    "recheck": (
        "Decide a waiting order again",
        "By what is known now. What a person holds stays held; what the policies only offer to the desk, somebody with "
        "authority lets go.",
    ),
    "release": (
        "Release a held order",
        "A proposal that the policies judge: in force, or proposed where a second person must release too (202; that "
        "one asks the same), or refused with the reasons, which is on record.",
    ),
    "hold": ("Hold an order", "What it reserved is free again; only a release lets it go."),
    "reject": ("Reject a held order", "It lifts by nothing; it can be reopened."),
    "cancel": ("Cancel an order", "What isn't delivered lapses."),
    "reopen": (
        "Take up a rejected or cancelled order",
        "Decided as if it were entered today. What a person held or rejected takes another person with authority.",
    ),
    "deliver": (
        "Deliver an order, or part of it",
        "Decided once more before the goods leave: what doesn't pass is answered with 409 and the decision. With the "
        "same `delivery` it is done once; without one it takes the header Idempotency-Key.",
    ),
    "undeliver": (
        "Take back what was delivered",
        "And not invoiced; nothing is decided. Why is on record. As with deliveries, it takes a number or the header "
        "Idempotency-Key.",
    ),
    "close": ("Close an order", "Nothing more of it is delivered; what is left lapses."),
}
"""What each move's route is called, and what it does."""

_ANSWERS: dict[str, type[BaseModel]] = {
    "change": OrderAnswerShape,
    "recheck": OrderAnswerShape,
    "reopen": OrderAnswerShape,
    "deliver": OrderAnswerShape,
    "release": ReleaseAnswerShape,
}

NEEDS_AUTHORITY = frozenset(("release", "hold", "reject"))
"""Moves that take a person with authority."""


def _add_move(
    app: FastAPI,
    desk: LedgerDesk,
    word: str,
    model: type[_Body],
    such_as: str,
    command: Callable[[str, _Body, Asker, str], LedgerCommand],
) -> None:
    summary, description = _SUMMARIES[word]
    extra: dict[int | str, dict[str, Any]] = {
        202: {"model": ReleaseAnswerShape, "description": "It waits for a second person."}
    }

    async def move(id: OrderNumber, request: Request) -> Response:
        if word in NEEDS_AUTHORITY:
            require_authority(request)
        if owner_of(admitted_of(request.scope)) is not None:
            await asyncio.to_thread(desk.require_own, id, admitted_of(request.scope))

        def of_body(body: _Body, asker: Asker) -> LedgerCommand:
            _require_number(request, body)
            return command(id, body, asker, desk.new_id())

        return await desk.answer(request, model, such_as, RecordKind.ORDER, of_body)

    app.post(
        f"/v1/orders/{{id}}/{word}",
        name=f"{word}_order",
        summary=summary,
        description=description,
        response_model=_ANSWERS.get(word, OrderActShape),
        openapi_extra={"requestBody": body_of(model.__name__)},
        responses={**_MOVED, **_REFUSED, **(extra if word == "release" else {})},
        **SHARED,
    )(move)


def _add_releases(app: FastAPI, desk: LedgerDesk) -> None:
    @app.post(
        "/v1/holds/release",
        name="release_orders",
        summary="Release several held orders",
        response_model=ReleasedOrdersShape,
        openapi_extra={"requestBody": body_of("ReleaseOrdersRequest")},
        responses=problems(400, 413, 415, 422, 503),
        **SHARED,
    )
    async def release_orders(request: Request) -> Response:
        """Each is judged by itself, in the order of the request, each with what those before it reserved; what is
        refused for one keeps no other."""
        require_authority(request)
        such_as = '{"orders": ["SO-1"], "reason": "they pay on Friday"}'
        body, _ = await read_model_and_bytes(request, ReleaseOrdersRequest, such_as, desk.body_bytes_max)
        keyed = request_to_keep(request.scope)
        asker = asker_of(request)
        results = [await _released(desk, request, number, body, asker) for number in body.orders]
        answer = to_json({"results": results})
        if keyed is not None:
            await desk.journal.keep_answer(keyed, KeptAnswer(status=200, body=answer))
        return Response(answer, 200, media_type="application/json")


async def _released(
    desk: LedgerDesk, request: Request, number: str, body: ReleaseOrdersRequest, asker: Asker
) -> dict[str, Any]:
    command = _release(number, body, asker, desk.new_id())
    raw = to_json({"order": number, "reason": body.reason, "expires_on": body.expires_on})
    try:
        done = await desk.done(request, command, RecordKind.ORDER, raw)
    except CommandRefused as refused:
        problem = problem_response(refused)
        return {"order": number, "status": problem.status_code, "answer": json.loads(bytes(problem.body))}
    return {"order": number, "status": done.status, "answer": json.loads(done.body)}


def submission(body: SubmitOrderRequest, asker: Asker, decision: str) -> Submit:
    """The command that a body asks for. Raises `FactsInvalid`."""
    return Submit(
        order=_number(body.order),
        account=body.account,
        asked={name: value for name, value in body.order.items() if name != "id"},
        copied_from=body.copied_from,
        currency=body.currency,
        asker=asker,
        id=decision,
    )


def _change(order: str, body: ChangeOrderRequest, asker: Asker, id: str) -> ChangeOrder:
    if body.order.get("id", order) != order:
        fault = BodyFault("/order/id", "is another order's", "leave it out, or send it to that order's path")
        raise FactsInvalid("1 field can't be used", [fault])
    asked = {name: value for name, value in body.order.items() if name != "id"}
    return ChangeOrder(order=order, revision=body.revision, asked=asked, asker=asker, id=id)


def _recheck(order: str, _: EndOrderRequest, asker: Asker, id: str) -> Recheck:
    return Recheck(order=order, asker=asker, id=id)


def _release(order: str, body: ReleaseOrderRequest, asker: Asker, id: str) -> ReleaseOrder:
    expires_on = None if body.expires_on is None else read_day(body.expires_on, "/expires_on")
    return ReleaseOrder(order=order, reason=body.reason, expires_on=expires_on, asker=asker, id=id)


def _hold(order: str, body: StopOrderRequest, asker: Asker, _: str) -> HoldOrder:
    return HoldOrder(order=order, reason=body.reason, asker=asker)


def _reject(order: str, body: StopOrderRequest, asker: Asker, _: str) -> Reject:
    return Reject(order=order, reason=body.reason, asker=asker)


def _cancel(order: str, body: EndOrderRequest, asker: Asker, _: str) -> Cancel:
    return Cancel(order=order, reason=body.reason, asker=asker)


def _close(order: str, body: EndOrderRequest, asker: Asker, _: str) -> Close:
    return Close(order=order, reason=body.reason, asker=asker)


def _reopen(order: str, _: EndOrderRequest, asker: Asker, id: str) -> Reopen:
    return Reopen(order=order, asker=asker, id=id)


def _deliver(order: str, body: DeliverOrderRequest, asker: Asker, id: str) -> Deliver:
    return Deliver(order=order, amount=body.amount, is_final=body.final, delivery=body.delivery, asker=asker, id=id)


def _undeliver(order: str, body: UndeliverOrderRequest, asker: Asker, id: str) -> Undeliver:
    return Undeliver(
        order=order,
        amount=body.amount,
        is_again=body.again,
        reason=body.reason,
        delivery=body.delivery,
        asker=asker,
        id=id,
    )


def _require_number(request: Request, body: BaseModel) -> None:
    """Raises `FactsInvalid` where goods would leave or come back twice if the request were lost and sent again."""
    if not isinstance(body, DeliverOrderRequest | UndeliverOrderRequest) or body.delivery is not None:
        return
    if idempotency_key(request.scope) is None:
        hint = 'send "delivery": "DN-80013", the number that your system gives it, or the header Idempotency-Key'
        fault = BodyFault("/delivery", "is missing, so that sent again it would be done twice", hint)
        raise FactsInvalid("1 field can't be used", [fault])


def read_day(text: str, path: str) -> int:
    """`2026-07-01` as days since 1970-01-01. Raises `FactsInvalid`."""
    try:
        if not ISO_DATE.fullmatch(text):  # the library would take 20260701 and 2026-W27-3 too
            raise ValueError(text)
        return day_number(date.fromisoformat(text))
    except ValueError:
        fault = BodyFault(path, "is no day", 'send it as text, such as "2026-07-01"')
        raise FactsInvalid("1 field can't be used", [fault]) from None


def _number(order: dict[str, Any]) -> str:
    """Of the order. Raises `FactsInvalid`."""
    number = order.get("id")
    if not isinstance(number, str) or not 0 < len(number) <= 200:
        fault = BodyFault("/order/id", "is missing or no text of 1 to 200 characters", 'send "id": "SO-1"')
        raise FactsInvalid("1 field can't be used", [fault])
    return number
