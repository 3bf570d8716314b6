"""Items over HTTP: invoices, credit notes, payments, deposits and rates are booked here by whoever has the books."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Path, Request
from starlette.responses import Response

from api.http import account_answers, item_answers
from api.http import account_requests as requests
from api.http.ledger_desk import LedgerDesk
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import problems
from ledger.items.item import ItemKind
from ledger.items.post_credit_note import PostCreditNote
from ledger.items.post_deposit import PostDeposit
from ledger.items.post_invoice import PostInvoice
from ledger.items.post_payment import PostPayment, Reference
from ledger.items.put_rates import PutRate
from ledger.items.reverse import Reverse
from ledger.record.record_header import RecordKind

_SHARED: dict[str, Any] = {"tags": ["items"], "dependencies": [only_parameters()]}
_REFUSED = problems(400, 404, 409, 413, 415, 422, 503)
_INVOICE = '{"id": "RE-1", "account": "C-20417", "amount": "120.00", "issued_on": "2026-07-01", "due_on": "2026-07-31"}'
_PAYMENT = '{"id": "P-1", "account": "C-20417", "amount": "120.00"}'
_DEPOSIT = '{"id": "D-1", "account": "C-20417", "order": "SO-1", "amount": "120.00"}'
_RATES = '{"rates": [{"currency": "USD", "date": "2026-07-14", "rate": "0.9215"}]}'


def add_item_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`POST /v1/invoices`, `/v1/credit-notes`, `/v1/payments…`, `/v1/deposits` and `/v1/rates`."""

    @app.post(
        "/v1/invoices",
        name="post_invoice",
        summary="Book an invoice",
        status_code=201,
        response_model=item_answers.InvoiceAnswerShape,
        openapi_extra={"requestBody": body_of("PostInvoiceRequest")},
        responses=_REFUSED,
        **_SHARED,
    )
    async def post_invoice(request: Request) -> Response:
        """Of an order, that much of it is billed, and its deposit pays it. Sent again, it is answered as before."""
        return await desk.answer(
            request, requests.PostInvoiceRequest, _INVOICE, RecordKind.ITEM,
            lambda body, asker: PostInvoice(
                invoice=body.id, account=body.account, amount=body.amount, currency=body.currency,
                issued_on=body.issued_on, due_on=body.due_on, kind=ItemKind(body.kind), order=body.order,
                settled_on=body.settled_on, discount_rate=body.discount_rate, discount_days=body.discount_days,
                daily_interest_rate=body.daily_interest_rate, interest_of=body.interest_of, asker=asker,
                id=desk.new_id(),
            ),
        )  # fmt: skip

    @app.post(
        "/v1/credit-notes",
        name="post_credit_note",
        summary="Book a credit note",
        status_code=201,
        response_model=item_answers.CreditNoteAnswerShape,
        openapi_extra={"requestBody": body_of("PostCreditNoteRequest")},
        responses=_REFUSED,
        **_SHARED,
    )
    async def post_credit_note(request: Request) -> Response:
        """Lowers its invoice, or what is due first; the rest stays on account."""
        return await desk.answer(
            request, requests.PostCreditNoteRequest, _INVOICE, RecordKind.ITEM,
            lambda body, asker: PostCreditNote(
                credit_note=body.id, account=body.account, amount=body.amount, currency=body.currency,
                issued_on=body.issued_on, invoice=body.invoice, is_on_account=body.on_account, asker=asker,
                id=desk.new_id(),
            ),
        )  # fmt: skip

    @app.post(
        "/v1/payments",
        name="post_payment",
        summary="Book a payment",
        status_code=201,
        response_model=item_answers.PaymentAnswerShape,
        openapi_extra={"requestBody": body_of("PostPaymentRequest")},
        responses=_REFUSED,
        **_SHARED,
    )
    async def post_payment(request: Request) -> Response:
        """Pays what it names, or what is due first; the rest stays on account, and the answer says so."""
        return await desk.answer(
            request, requests.PostPaymentRequest, _PAYMENT, RecordKind.ITEM,
            lambda body, asker: PostPayment(
                payment=body.id, account=body.account, amount=body.amount, currency=body.currency,
                effective_on=body.effective_on, is_on_account=body.on_account, asker=asker, id=desk.new_id(),
                references=tuple(Reference(invoice=each.invoice, amount=each.amount) for each in body.references),
            ),
        )  # fmt: skip

    _add_others(app, desk)


def _add_others(app: FastAPI, desk: LedgerDesk) -> None:
    @app.post(
        "/v1/payments/{id}/reverse",
        name="reverse_payment",
        summary="Take a payment, deposit, credit note or write-off back",
        response_model=item_answers.ReversedAnswerShape,
        openapi_extra={"requestBody": body_of("ReversePaymentRequest")},
        responses=_REFUSED,
        **_SHARED,
    )
    async def reverse_payment(
        id: Annotated[str, Path(description="Number of what is taken back.", min_length=1, max_length=200)],
        request: Request,
    ) -> Response:
        """What it paid is open again, and the account is decided at once, so that whoever watches it is warned."""
        return await desk.answer(
            request, requests.ReversePaymentRequest, '{"bounced": true}', RecordKind.ITEM,
            lambda body, asker: Reverse(
                item=id, is_bounced=body.bounced, on=body.on, reason=body.reason, asker=asker,
                id=desk.new_id(),
            ),
        )  # fmt: skip

    @app.post(
        "/v1/deposits",
        name="post_deposit",
        summary="Book a deposit",
        status_code=201,
        response_model=item_answers.DepositAnswerShape,
        openapi_extra={"requestBody": body_of("PostDepositRequest")},
        responses=_REFUSED,
        **_SHARED,
    )
    async def post_deposit(request: Request) -> Response:
        """Received for an order, and set off against its invoice."""
        return await desk.answer(
            request, requests.PostDepositRequest, _DEPOSIT, RecordKind.ITEM,
            lambda body, asker: PostDeposit(
                deposit=body.id, account=body.account, order=body.order, amount=body.amount, currency=body.currency,
                effective_on=body.effective_on, asker=asker, id=desk.new_id(),
            ),
        )  # fmt: skip

    @app.post(
        "/v1/rates",
        name="put_rates",
        summary="Record exchange rates",
        status_code=201,
        response_model=account_answers.RatesAnswerShape,
        openapi_extra={"requestBody": body_of("PutRatesRequest")},
        responses=problems(400, 413, 415, 422, 503),
        **_SHARED,
    )
    async def put_rates(request: Request) -> Response:
        """What one unit of each currency was worth on its day. A second one of a day takes the place of the first."""
        return await desk.answer(
            request, requests.PutRatesRequest, _RATES, RecordKind.ITEM,
            lambda body, asker: PutRate(rates=body.rates, source=body.source, asker=asker),
        )  # fmt: skip
