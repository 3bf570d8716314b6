"""Collections over HTTP: disputes, promises, payment plans, contacts, dunning blocks, facts of invoices, collectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.responses import Response

from api.http import collection_answers as answers
from api.http import collection_requests as requests
from api.http.ledger_desk import LedgerDesk, require_authority
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import problems
from ledger.collections.agree_plan import AgreePlan, AskPlan, EndPlan
from ledger.collections.dispute_item import RaiseDispute, SettleDispute
from ledger.collections.record_contact import AssignCollector, EndBlock, PutBlock, RecordContact, RecordItemFact
from ledger.collections.record_promise import RecordPromise, WithdrawPromise
from ledger.credit.change import Asker
from ledger.credit.snapshot import LedgerCommand
from ledger.record.record_header import RecordKind

_Body = TypeVar("_Body", bound=BaseModel)

_REFUSED = problems(400, 404, 409, 413, 415, 422, 503)
_REFUSED_BY_AUTHORITY = problems(400, 403, 404, 409, 413, 415, 422, 503)
_DISPUTE = '{"account": "C-20417", "invoice": "RE-1", "code": "quality", "amount": "3000.00"}'
_PROMISE = '{"account": "C-20417", "invoices": ["RE-1"], "due_on": "2026-07-20"}'
_PLAN = '{"account": "C-20417", "instalments": [{"due_on": "2026-07-20", "amount": "300.00"}]}'
_NUMBERED = '{"account": "C-20417", "number": 1}'


class CollectionRoutes:
    """Adds routes that take a body and make a command of it, all in one way."""

    def __init__(self, app: FastAPI, desk: LedgerDesk) -> None:
        self.app, self.desk = app, desk

    def post(
        self,
        path: str,
        name: str,
        summary: str,
        about: str,
        model: type[_Body],
        shape: type[BaseModel],
        such_as: str,
        command: Callable[[_Body, Asker], LedgerCommand],
        *,
        status: int = 200,
        by_authority: bool = False,
    ) -> None:
        """`about`: what the document says of it; `by_authority`: it takes a person with an authority."""

        async def route(request: Request) -> Response:
            if by_authority:
                require_authority(request)
            return await self.desk.answer(request, model, such_as, RecordKind.ITEM, command)

        extra: dict[str, Any] = {"requestBody": body_of(model.__name__)}
        self.app.add_api_route(
            path,
            route,
            methods=["POST"],
            name=name,
            summary=summary,
            description=about,
            status_code=status,
            response_model=shape,
            openapi_extra=extra,
            responses=_REFUSED_BY_AUTHORITY if by_authority else _REFUSED,
            tags=["collections"],
            dependencies=[only_parameters()],
        )


def add_collection_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`POST /v1/disputes…`, `/v1/promises…`, `/v1/plans…`, `/v1/contacts`, `/v1/dunning-blocks…`, `/v1/item-facts` and
    `/v1/collectors`."""
    routes = CollectionRoutes(app, desk)
    _add_disputes(routes, desk)
    _add_promises(routes, desk)
    _add_plans(routes, desk)
    _add_contacts(routes, desk)


def _add_disputes(routes: CollectionRoutes, desk: LedgerDesk) -> None:
    routes.post(
        "/v1/disputes", "raise_dispute", "Record a dispute",
        "A part of an invoice is not chased while it is in dispute; never more than is open.",
        requests.RaiseDisputeRequest, answers.DisputeAnswerShape, _DISPUTE,
        lambda body, asker: RaiseDispute(
            account=body.account, invoice=body.invoice, code=body.code, amount=body.amount,
            opened_on=body.opened_on, text=body.text, asker=asker, id=desk.new_id(),
        ),
        status=201,
    )  # fmt: skip
    routes.post(
        "/v1/disputes/settle", "settle_dispute", "Settle a dispute, or parts of it",
        "What is rejected or withdrawn is chased again at once; what is accepted stays in dispute until its credit "
        "note is booked.",
        requests.SettleDisputeRequest, answers.DisputeAnswerShape,
        '{"account": "C-20417", "invoice": "RE-1", "number": 1, "rejected": "2000.00"}',
        lambda body, asker: SettleDispute(
            account=body.account, invoice=body.invoice, number=body.number, credited=body.credited,
            rejected=body.rejected, withdrawn=body.withdrawn, asker=asker, id=desk.new_id(),
        ),
    )  # fmt: skip


def _add_promises(routes: CollectionRoutes, desk: LedgerDesk) -> None:
    routes.post(
        "/v1/promises", "record_promise", "Record a promise to pay",
        "The decision says whether the policies wait for it. One that still runs for the same invoice is replaced.",
        requests.RecordPromiseRequest, answers.PromiseAnswerShape, _PROMISE,
        lambda body, asker: RecordPromise(
            account=body.account, invoices=tuple(body.invoices), due_on=body.due_on, amount=body.amount,
            promised_on=body.promised_on, person=body.person, text=body.text, asker=asker, id=desk.new_id(),
        ),
        status=201,
    )  # fmt: skip
    routes.post(
        "/v1/promises/withdraw", "withdraw_promise", "Take a promise back that was recorded by mistake",
        "Only while it runs: one that was broken is history.",
        requests.OfAccountRequest, answers.PromiseAnswerShape, _NUMBERED,
        lambda body, asker: WithdrawPromise(account=body.account, number=body.number, asker=asker),
    )  # fmt: skip


def _add_plans(routes: CollectionRoutes, desk: LedgerDesk) -> None:
    routes.post(
        "/v1/plans", "ask_plan", "Ask for a payment plan",
        "Runs at once where the policies let it (201), and waits for somebody with the authority otherwise (202).",
        requests.AskPlanRequest, answers.PaymentPlanAnswerShape, _PLAN,
        lambda body, asker: AskPlan(
            account=body.account, invoices=tuple(body.invoices), reason=body.reason, asker=asker, id=desk.new_id(),
            instalments=tuple((each.due_on, each.amount) for each in body.instalments),
        ),
        status=201,
    )  # fmt: skip
    routes.post(
        "/v1/plans/agree", "agree_plan", "Agree to a payment plan",
        "By a person with the authority who didn't ask for it.",
        requests.OfAccountRequest, answers.PaymentPlanAnswerShape, _NUMBERED,
        lambda body, asker: AgreePlan(account=body.account, number=body.number, asker=asker, id=desk.new_id()),
        by_authority=True,
    )  # fmt: skip
    routes.post(
        "/v1/plans/end", "end_plan", "End a payment plan",
        "All is due as before.",
        requests.EndPlanRequest, answers.PaymentPlanAnswerShape,
        '{"account": "C-20417", "number": 1, "reason": "they pay at once"}',
        lambda body, asker: EndPlan(account=body.account, number=body.number, reason=body.reason, asker=asker),
    )  # fmt: skip


def _add_contacts(routes: CollectionRoutes, desk: LedgerDesk) -> None:
    routes.post(
        "/v1/contacts", "record_contact", "Record a contact",
        "Evidence: it is never changed. A step raises each invoice by one level, and no further than to its own.",
        requests.RecordContactRequest, answers.ContactAnswerShape,
        '{"account": "C-20417", "invoices": ["RE-1"], "step": "call", "person": "Ms Li"}',
        lambda body, asker: RecordContact(
            account=body.account, invoices=tuple(body.invoices), step=body.step, on=body.on, outcome=body.outcome,
            person=body.person, text=body.text, document=body.document, asker=asker, id=desk.new_id(),
        ),
        status=201,
    )  # fmt: skip
    routes.post(
        "/v1/dunning-blocks", "block_dunning", "Keep steps back until a day",
        "About one invoice, or all that the account owes. An insurer's dates are listed all the same.",
        requests.PutDunningBlockRequest, answers.DunningBlockAnswerShape,
        '{"account": "C-20417", "until": "2026-07-10", "reason": "they check it"}',
        lambda body, asker: PutBlock(
            account=body.account, invoice=body.invoice, until=body.until, reason=body.reason, asker=asker
        ),
        status=201,
    )  # fmt: skip
    routes.post(
        "/v1/dunning-blocks/end", "end_dunning_block", "Let steps go on", "From today.",
        requests.OfAccountRequest, answers.DunningBlockAnswerShape, _NUMBERED,
        lambda body, asker: EndBlock(account=body.account, number=body.number, asker=asker),
    )  # fmt: skip
    routes.post(
        "/v1/item-facts", "record_item_fact", "Record what was done or found out about an invoice",
        "The insurer was notified, a claim filed, a guarantee drawn, a court called, a settlement offered: a fact of "
        "the policies. The last one of each counts.",
        requests.RecordItemFactRequest, answers.ItemFactAnswerShape,
        '{"account": "C-20417", "invoice": "RE-1", "fact": "insurer_notified", "value": true}',
        lambda body, asker: RecordItemFact(
            account=body.account, invoice=body.invoice, fact=body.fact, value=body.value, on=body.on,
            reference=body.reference, asker=asker, id=desk.new_id(),
        ),
        status=201,
    )  # fmt: skip
    routes.post(
        "/v1/collectors", "assign_collector", "Say who looks after an account",
        "With `until` for a time. What is listed for today goes along.",
        requests.AssignCollectorRequest, answers.CollectorAnswerShape,
        '{"account": "C-20417", "collector": "u.weiss"}',
        lambda body, asker: AssignCollector(
            account=body.account, collector=body.collector, since=body.since, until=body.until, asker=asker
        ),
        status=201,
    )  # fmt: skip
