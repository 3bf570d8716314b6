"""Allocations and write-offs over HTTP: what a payment pays is said later or taken back, and what is given up is asked
for, agreed to and read.

Who may write off how much, the policies say: whoever has not the authority proposes, and somebody who has it agrees.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from api.http import account_requests as requests
from api.http import item_answers as answers
from api.http.access_table import Right
from api.http.caller import admitted_of
from api.http.ledger_desk import LedgerDesk, require_authority
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import BodyFault, FactsInvalid, problems
from api.http.retries import idempotency_key
from ledger.books.item_reading import account_of, write_offs_found
from ledger.credit.change import Asker
from ledger.items.allocate import Allocate, Unallocate
from ledger.items.post_payment import Reference
from ledger.items.write_off import WriteOff, WriteOffState
from ledger.items.write_off_request import AskWriteOff, DecideWriteOff, write_off_shown
from ledger.record.record_header import RecordKind

PAGE, PAGE_MAX = 50, 200

_SHARED: dict[str, Any] = {"tags": ["items"], "dependencies": [only_parameters()]}
_REFUSED = problems(400, 403, 404, 409, 413, 415, 422, 503)
_REFERENCES = '{"references": [{"invoice": "RE-1", "amount": "120.00"}]}'
_WRITE_OFF = '{"id": "WO-1", "account": "C-20417", "invoice": "RE-1", "reason": "the company was dissolved"}'

_Credit = Annotated[
    str, Path(description="Number of the payment, credit note or deposit.", min_length=1, max_length=200)
]
_Number = Annotated[str, Path(description="Number of the write-off.", min_length=1, max_length=200)]


def add_write_off_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`POST /v1/payments/{id}/allocate` and `…/unallocate`, `/v1/write-offs…`."""

    @app.post(
        "/v1/payments/{id}/allocate",
        name="allocate_payment",
        summary="Say what a payment pays",
        response_model=answers.AllocatedAnswerShape,
        openapi_extra={"requestBody": body_of("AllocatePaymentRequest")},
        responses=_REFUSED,
        **_SHARED,
    )
    async def allocate_payment(id: _Credit, request: Request) -> Response:
        """What stays on account of a payment or credit note pays these, from the day on which it came. Without the
        header Idempotency-Key it is refused: sent again, it would be done twice."""
        _require_key(request)
        return await desk.answer(
            request, requests.AllocatePaymentRequest, _REFERENCES, RecordKind.ITEM,
            lambda body, asker: Allocate(
                item=id, asker=asker, id=desk.new_id(),
                references=tuple(Reference(invoice=each.invoice, amount=each.amount) for each in body.references),
            ),
        )  # fmt: skip

    @app.post(
        "/v1/payments/{id}/unallocate",
        name="unallocate_payment",
        summary="Take an allocation back",
        response_model=answers.UnallocatedAnswerShape,
        openapi_extra={"requestBody": body_of("UnallocatePaymentRequest")},
        responses=_REFUSED,
        **_SHARED,
    )
    async def unallocate_payment(id: _Credit, request: Request) -> Response:
        """It pays one invoice, or all of them, no more, and stays on account; a discount that it took is open again."""
        return await desk.answer(
            request, requests.UnallocatePaymentRequest, '{"invoice": "RE-1"}', RecordKind.ITEM,
            lambda body, asker: Unallocate(
                item=id, invoice=body.invoice, reason=body.reason, asker=asker,
                id=desk.new_id(),
            ),
        )  # fmt: skip

    @app.post(
        "/v1/write-offs",
        name="ask_write_off",
        summary="Write an invoice off, or propose it",
        status_code=201,
        response_model=answers.WriteOffAnswerShape,
        openapi_extra={"requestBody": body_of("WriteOffRequest")},
        responses=_REFUSED | {202: {"description": "It waits for somebody with the authority."}},
        **_SHARED,
    )
    async def ask_write_off(request: Request) -> Response:
        """The policies judge it: 201 where the caller's authority suffices, 202 where it waits for somebody whose does,
        403 where nothing is to be written off."""
        return await desk.answer(
            request, requests.WriteOffRequest, _WRITE_OFF, RecordKind.ITEM,
            lambda body, asker: AskWriteOff(
                write_off=body.id, account=body.account, invoice=body.invoice, amount=body.amount, reason=body.reason,
                asker=_as_proposer(asker, request), id=desk.new_id(),
            ),
        )  # fmt: skip

    _add_decisions(app, desk)
    _add_reading(app, desk)


def _add_decisions(app: FastAPI, desk: LedgerDesk) -> None:
    async def decided(id: str, request: Request, *, is_agreed: bool) -> Response:
        require_authority(request)

        def command(body: BaseModel, asker: Asker) -> DecideWriteOff:
            reason = body.reason if isinstance(body, requests.DecideWriteOffRequest) else None
            return DecideWriteOff(write_off=id, is_agreed=is_agreed, reason=reason, asker=asker, id=desk.new_id())

        return await desk.answer(request, requests.DecideWriteOffRequest, "{}", RecordKind.ITEM, command)

    @app.post(
        "/v1/write-offs/{id}/approve",
        name="approve_write_off",
        summary="Agree to a write-off",
        response_model=answers.WriteOffAnswerShape,
        openapi_extra={"requestBody": body_of("DecideWriteOffRequest")},
        responses=_REFUSED,
        **_SHARED,
    )
    async def approve_write_off(id: _Number, request: Request) -> Response:
        """It is judged again, as it stands now, and booked where the person's authority suffices."""
        return await decided(id, request, is_agreed=True)

    @app.post(
        "/v1/write-offs/{id}/refuse",
        name="refuse_write_off",
        summary="Refuse a write-off",
        response_model=answers.WriteOffAnswerShape,
        openapi_extra={"requestBody": body_of("DecideWriteOffRequest")},
        responses=_REFUSED,
        **_SHARED,
    )
    async def refuse_write_off(id: _Number, request: Request) -> Response:
        """What was proposed is not given up."""
        return await decided(id, request, is_agreed=False)


def _add_reading(app: FastAPI, desk: LedgerDesk) -> None:
    @app.get(
        "/v1/write-offs",
        name="list_write_offs",
        summary="Write-offs by their state",
        tags=["items"],
        dependencies=[only_parameters("state", "account", "after", "limit")],
        responses=problems(422, 503),
    )
    async def list_write_offs(
        state: Annotated[WriteOffState | None, Query(description="Those in this state; left out: all.")] = None,
        account: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
        after: Annotated[str, Query(max_length=200, description="Goes on behind this number.")] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")] = PAGE,
    ) -> answers.WriteOffsShape:
        """In the order of their numbers, page by page: `state=proposed` are those that wait."""
        found: list[tuple[WriteOff, str]] = await asyncio.to_thread(
            desk.journal.ask,
            lambda connection, _: [
                (each, account_of(connection, each.account).currency)
                for each in write_offs_found(connection, state, account, after, limit)
            ],
        )
        last = found[-1][0].id if len(found) == limit else None
        shown = [write_off_shown(each, currency) for each, currency in found]
        return answers.WriteOffsShape.model_validate({"write_offs": shown, "after": last})


def _as_proposer(asker: Asker, request: Request) -> Asker:
    """Who may only propose has no authority here, whatever they may elsewhere."""
    rights = admitted_of(request.scope).rights
    return asker if rights & {Right.AUTHORITY, Right.FULL} else replace(asker, authority="none")


def _require_key(request: Request) -> None:
    """Raises `FactsInvalid` where money would be set off twice if the request were lost and sent again."""
    if idempotency_key(request.scope) is None:
        hint = "send the header Idempotency-Key, such as the number of your posting"
        fault = BodyFault("/Idempotency-Key", "is missing, so that sent again it would be done twice", hint)
        raise FactsInvalid("1 header is missing", [fault])
