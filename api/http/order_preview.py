"""What orders would be answered if they were entered now, without entering them: the same verbs on a working copy of
the ledger that nobody keeps.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fastapi import FastAPI, Request
from pydantic_core import to_json
from starlette.responses import Response

from api.http.caller import admitted_of
from api.http.ledger_answers import SubmitOrderRequest
from api.http.ledger_desk import LedgerDesk, asker_of
from api.http.openapi import body_of
from api.http.order_answers import PreviewOrdersRequest, PreviewsShape
from api.http.order_routes import SHARED, read_day, submission
from api.http.problems import problem_response, problems
from api.http.request_models import read_model_and_bytes
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import date_of
from ledger.books.command_answers import act_of
from ledger.books.verbs import VERBS
from ledger.credit.change import Again, Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.change_order import ChangeOrder
from ledger.credit.order import Order
from ledger.credit.snapshot import LedgerCommand, Snapshot, Wants
from ledger.credit.submit import Submit
from ledger.journal.act_answers import answer_of
from ledger.record.decision_parts import answer_parts

PREVIEW = "preview"
"""Id of a decision that is not recorded."""

_SUCH_AS = '{"orders": [{"account": "C-20417", "order": {"id": "SO-1", "amount": "12500.00"}}]}'


def add_order_preview_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`POST /v1/orders/preview`."""

    @app.post(
        "/v1/orders/preview",
        name="preview_orders",
        summary="What orders would be answered",
        response_model=PreviewsShape,
        openapi_extra={"requestBody": body_of("PreviewOrdersRequest")},
        responses=problems(400, 413, 415, 422, 503),
        **SHARED,
    )
    async def preview_orders(request: Request) -> Response:
        """Decides up to 500 orders one after the other, as they would be if they were entered in this order, or changed
        where they are there; by the ledger as it is now, on any day. Nothing is recorded or reserved."""
        body, _ = await read_model_and_bytes(request, PreviewOrdersRequest, _SUCH_AS, desk.body_bytes_max)
        day = None if body.as_of is None else read_day(body.as_of, "/as_of")
        mask = desk.mask(admitted_of(request.scope))
        asker = asker_of(request)
        answer = await asyncio.to_thread(_previewed, desk, body.orders, day, asker, mask)
        if await desk.policies.has_moved():  # another process has put other policies into force meanwhile
            await desk.policies.caught_up()
            answer = await asyncio.to_thread(_previewed, desk, body.orders, day, asker, mask)
        return Response(answer, media_type="application/json")


def _previewed(desk: LedgerDesk, orders: list[SubmitOrderRequest], day: int | None, asker: Asker, mask: Any) -> bytes:
    """Blocks."""
    engine = desk.policies.engine()
    on = desk.ledger.business_day(engine) if day is None else day
    commands = [submission(each, asker, PREVIEW) for each in orders]
    wants = Wants()
    for command in commands:
        wants |= command.wants
    snapshot = desk.snapshot(wants, on, engine)
    judge = Desk(engine=engine, day=on)
    previews = [_preview(snapshot, command, judge, mask) for command in commands]
    return to_json({"as_of": date_of(on).isoformat(), "previews": previews})


def _preview(snapshot: Snapshot, submitted: Submit, desk: Desk, mask: Any) -> dict[str, Any]:
    command = _as_it_would_be(snapshot, submitted)
    try:
        change: LedgerChange = VERBS[type(command)](snapshot, command, desk)
    except (CommandRefused, FactsRefused, Again) as refused:
        return _problem(refused)
    for row in change.rows:
        snapshot.put(row)
    decision = None
    if change.judged is not None:
        decision, _ = answer_parts(change.judged.decision)
    shown = decision if mask is None or decision is None else mask(decision)
    return {"status": change.status, "answer": json.loads(answer_of(act_of(change), shown))}


def _as_it_would_be(snapshot: Snapshot, command: Submit) -> LedgerCommand:
    """A change of the order where it is there already."""
    known = snapshot.get(Order, command.order)
    if known is None or known.account != command.account:
        return command
    return ChangeOrder(
        order=command.order, revision=known.revision + 1, asked=command.asked, asker=command.asker, id=PREVIEW
    )


def _problem(refused: CommandRefused | FactsRefused | Again) -> dict[str, Any]:
    if isinstance(refused, FactsRefused):
        faults = [{"path": each.path, "message": each.message, "hint": each.hint} for each in refused.faults]
        return {"status": 422, "answer": {"type": "/problems/invalid-request", "errors": faults}}
    response = problem_response(refused)
    return {"status": response.status_code, "answer": json.loads(bytes(response.body))}
