"""Orders over HTTP: entered, changed, released, delivered. `credence order` asks here."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from api.http.identifiers import uuid7
from api.http.ledger_answers import OrderAnswerShape, SubmitOrderRequest
from api.http.ledger_desk import LedgerDesk
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import BodyFault, FactsInvalid, problems
from ledger.credit.change import Asker
from ledger.credit.submit import Submit
from ledger.record.record_header import RecordKind

_SHARED: dict[str, Any] = {"tags": ["orders"], "dependencies": [only_parameters()]}
_ORDER = '{"account": "C-20417", "order": {"id": "SO-1", "amount": "12500.00"}}'


def add_order_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`/v1/orders…`."""

    @app.post(
        "/v1/orders",
        name="submit_order",
        summary="Enter an order",
        status_code=201,
        response_model=OrderAnswerShape,
        openapi_extra={"requestBody": body_of("SubmitOrderRequest")},
        responses=problems(400, 404, 409, 413, 415, 422, 503),
        **_SHARED,
    )
    async def submit_order(request: Request) -> Response:
        """Decides the order by what the ledger knows of the account, and reserves the credit in the same moment. Sent
        again with the same number and content, it is answered as before; a hold is no error."""

        def command(body: SubmitOrderRequest, asker: Asker) -> Submit:
            return Submit(
                order=_number(body.order),
                account=body.account,
                asked={name: value for name, value in body.order.items() if name != "id"},
                copied_from=body.copied_from,
                asker=asker,
                id=uuid7(desk.journal.clock.id_time()),
            )

        return await desk.answer(request, SubmitOrderRequest, _ORDER, RecordKind.ORDER, command)


def _number(order: dict[str, Any]) -> str:
    """Of the order. Raises `FactsInvalid`."""
    number = order.get("id")
    if not isinstance(number, str) or not 0 < len(number) <= 200:
        fault = BodyFault("/order/id", "is missing or no text of 1 to 200 characters", 'send "id": "SO-1"')
        raise FactsInvalid("1 field can't be used", [fault])
    return number
