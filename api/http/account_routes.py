"""Accounts, groups, limits and securities over HTTP: put, recorded, granted, blocked. `credence account` asks here."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Path, Request
from starlette.responses import Response

from api.http import account_answers as answers
from api.http import account_requests as requests
from api.http.identifiers import uuid7
from api.http.ledger_desk import LedgerDesk, has_authority, require_authority, require_authority_of_desk
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import BodyFault, FactsInvalid, problems
from ledger.credit.assign_grade import AssignGrade
from ledger.credit.block_account import Block, Unblock
from ledger.credit.limit_end import EndLimit, RefuseLimit
from ledger.credit.limit_request import GrantLimit, RequestLimit
from ledger.credit.put_account import PutAccount
from ledger.credit.put_group import PutGroup
from ledger.credit.put_security import EndSecurity, PutSecurity
from ledger.credit.record_figures import RecordFigures
from ledger.record.record_header import RecordKind

_SHARED: dict[str, Any] = {"tags": ["accounts"], "dependencies": [only_parameters()]}
_LIMITS: dict[str, Any] = {**_SHARED, "tags": ["limits"]}
_REFUSED = problems(400, 404, 409, 413, 415, 422, 503)
_REFUSED_BY_AUTHORITY = problems(400, 403, 404, 409, 413, 415, 422, 503)

Account = Annotated[str, Path(description="The account's number.", min_length=1, max_length=200)]
Number = Annotated[int, Path(description="The limit's number, from 1 for each account.", ge=1, le=10**9)]
Security = Annotated[str, Path(description="The caller's number of the security.", min_length=1, max_length=200)]
GroupNumber = Annotated[str, Path(description="The group's number.", min_length=1, max_length=200)]

_IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "description": 'Only where it has this version: `"3"`; `"0"`: only where it isn\'t there yet.',
    "schema": {"type": "string", "pattern": '^"(0|[1-9][0-9]{0,14})"$'},
}


def _body(model: str, *, versioned: bool = False) -> dict[str, Any]:
    extra: dict[str, Any] = {"requestBody": body_of(model)}
    return {**extra, "parameters": [_IF_MATCH]} if versioned else extra


def version_wanted(request: Request) -> int | None:
    """The version that `If-Match` names. Raises `FactsInvalid` where it names none."""
    header = request.headers.get("If-Match")
    if header is None:
        return None
    digits = header.strip().removeprefix('"').removesuffix('"')
    if not (digits.isascii() and digits.isdigit() and header.strip() == f'"{digits}"' and len(digits) <= 15):
        fault = BodyFault("", f"If-Match is `{header[:80]}`", 'send the version in quotes, such as "3"')
        raise FactsInvalid("If-Match names no version", [fault])
    return int(digits)


def add_account_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`PUT /v1/accounts/{id}`, `PUT /v1/groups/{id}` and what is recorded of an account."""

    @app.put(
        "/v1/accounts/{id}",
        name="put_account",
        summary="Put an account",
        response_model=answers.AccountAnswerShape,
        openapi_extra=_body("PutAccountRequest", versioned=True),
        responses={**problems(400, 403, 404, 409, 412, 413, 415, 422, 503), 201: {"model": answers.AccountAnswerShape}},
        **_SHARED,
    )
    async def put_account(id: Account, request: Request) -> Response:
        """Opens an account or replaces its profile. Another currency only while nothing is open, reserved or held."""
        require_authority_of_desk(request)
        version = version_wanted(request)
        return await desk.answer(
            request, requests.PutAccountRequest, '{"currency": "EUR"}', RecordKind.ACCOUNT,
            lambda body, asker: PutAccount(
                account=id, currency=body.currency, name=body.name, group=body.group,
                customer_since=body.customer_since, is_closed=body.closed, profile=body.profile, if_version=version,
                may_widen=has_authority(request) and {"group", "closed"} <= body.model_fields_set, asker=asker,
            ),
        )  # fmt: skip

    @app.put(
        "/v1/groups/{id}",
        name="put_group",
        summary="Put a group",
        response_model=answers.GroupAnswerShape,
        openapi_extra=_body("PutGroupRequest", versioned=True),
        responses={**problems(400, 403, 409, 412, 413, 415, 422, 503), 201: {"model": answers.GroupAnswerShape}},
        **_SHARED,
    )
    async def put_group(id: GroupNumber, request: Request) -> Response:
        """Makes a group of companies, or changes its limit. Accounts name the group that they belong to."""
        require_authority_of_desk(request)
        version = version_wanted(request)
        return await desk.answer(
            request, requests.PutGroupRequest, '{"limit": "100000.00"}', RecordKind.ACCOUNT,
            lambda body, asker: PutGroup(
                group=id, currency=body.currency, limit=body.limit, limit_until=body.limit_until,
                insolvent=body.insolvent, if_version=version, asker=asker,
            ),
        )  # fmt: skip

    @app.post(
        "/v1/accounts/{id}/figures",
        name="record_figures",
        summary="Record figures",
        status_code=201,
        response_model=answers.FiguresAnswerShape,
        openapi_extra=_body("RecordFiguresRequest"),
        responses=_REFUSED_BY_AUTHORITY,
        **_SHARED,
    )
    async def record_figures(id: Account, request: Request) -> Response:
        """What was found out about a customer on a day; the newest count."""
        require_authority_of_desk(request)
        return await desk.answer(
            request, requests.RecordFiguresRequest, '{"figures": {"current_ratio": "1.4"}}', RecordKind.ACCOUNT,
            lambda body, asker: RecordFigures(
                account=id, on=body.on, figures=body.figures, source=body.source, asker=asker
            ),
        )  # fmt: skip

    _add_acts(app, desk)
    _add_securities(app, desk)


def _add_acts(app: FastAPI, desk: LedgerDesk) -> None:
    @app.post(
        "/v1/accounts/{id}/assess",
        name="assess_account",
        summary="Review an account",
        status_code=201,
        response_model=answers.GradeAnswerShape,
        openapi_extra=_body("AssessAccountRequest"),
        responses=_REFUSED_BY_AUTHORITY,
        **_SHARED,
    )
    async def assess_account(id: Account, request: Request) -> Response:
        """Decides the account, and assigns the grade that the policies give until the next review."""
        require_authority(request)
        return await desk.answer(
            request, requests.AssessAccountRequest, "{}", RecordKind.ACCOUNT,
            lambda body, asker: AssignGrade(
                account=id, taken_over=body.taken_over, since=body.since, review_on=body.review_on, asker=asker,
                id=uuid7(desk.journal.clock.id_time()),
            ),
        )  # fmt: skip

    @app.post(
        "/v1/accounts/{id}/block",
        name="block_account",
        summary="Block an account",
        response_model=answers.AccountAnswerShape,
        openapi_extra=_body("ReasonRequest"),
        responses=_REFUSED_BY_AUTHORITY,
        **_SHARED,
    )
    async def block_account(id: Account, request: Request) -> Response:
        """Nothing more goes out. It takes a person with an authority."""
        return await desk.answer(
            request, requests.ReasonRequest, '{"reason": "…"}', RecordKind.ACCOUNT,
            lambda body, asker: Block(account=id, reason=body.reason, asker=asker),
        )  # fmt: skip

    @app.post(
        "/v1/accounts/{id}/unblock",
        name="unblock_account",
        summary="Unblock an account",
        response_model=answers.AccountAnswerShape,
        openapi_extra=_body("ReasonRequest"),
        responses=_REFUSED_BY_AUTHORITY,
        **_SHARED,
    )
    async def unblock_account(id: Account, request: Request) -> Response:
        """The block is lifted, and held orders are looked at again. It takes a person with an authority."""
        return await desk.answer(
            request, requests.ReasonRequest, '{"reason": "…"}', RecordKind.ACCOUNT,
            lambda body, asker: Unblock(account=id, reason=body.reason, asker=asker),
        )  # fmt: skip


def _add_securities(app: FastAPI, desk: LedgerDesk) -> None:
    @app.put(
        "/v1/accounts/{id}/securities/{security}",
        name="put_security",
        summary="Put a security",
        response_model=answers.SecurityAnswerShape,
        openapi_extra=_body("PutSecurityRequest"),
        responses={**_REFUSED_BY_AUTHORITY, 201: {"model": answers.SecurityAnswerShape}},
        **_SHARED,
    )
    async def put_security(id: Account, security: Security, request: Request) -> Response:
        """Records a guarantee, an insurance or a letter of credit, or changes it."""
        require_authority_of_desk(request)
        return await desk.answer(
            request, requests.PutSecurityRequest, '{"kind": "bank_guarantee", "amount": "50000.00"}',
            RecordKind.ACCOUNT,
            lambda body, asker: PutSecurity(
                account=id, security=security, kind=body.kind, order=body.order, amount=body.amount,
                currency=body.currency, cover=body.cover, from_on=body.from_, until_on=body.until,
                stopped_on=body.stopped_on, max_days=body.max_days, reference=body.reference, issuer=body.issuer,
                asker=asker,
            ),
        )  # fmt: skip

    @app.post(
        "/v1/accounts/{id}/securities/{security}/end",
        name="end_security",
        summary="End a security",
        response_model=answers.SecurityAnswerShape,
        openapi_extra=_body("ReasonRequest"),
        responses=_REFUSED,
        **_SHARED,
    )
    async def end_security(id: Account, security: Security, request: Request) -> Response:
        """It was given back or cancelled, and counts nothing from today on."""
        return await desk.answer(
            request, requests.ReasonRequest, '{"reason": "…"}', RecordKind.ACCOUNT,
            lambda body, asker: EndSecurity(account=id, security=security, reason=body.reason, asker=asker),
        )  # fmt: skip


def add_limit_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`POST /v1/accounts/{id}/limits…`."""

    @app.post(
        "/v1/accounts/{id}/limits",
        name="request_limit",
        summary="Ask for a limit",
        status_code=201,
        response_model=answers.JudgedLimitShape,
        openapi_extra=_body("NewLimitRequest"),
        responses=_REFUSED,
        **_LIMITS,
    )
    async def request_limit(id: Account, request: Request) -> Response:
        """The policies say whether it counts at once, is refused, or who may grant it."""
        return await desk.answer(
            request, requests.NewLimitRequest, '{"kind": "limit", "amount": "60000.00"}', RecordKind.LIMIT,
            lambda body, asker: RequestLimit(
                account=id, kind=body.kind, amount=body.amount, from_on=body.from_, until_on=body.until,
                reason=body.reason, basis=body.basis, asker=asker, id=uuid7(desk.journal.clock.id_time()),
            ),
        )  # fmt: skip

    @app.post(
        "/v1/accounts/{id}/limits/{number}/grant",
        name="grant_limit",
        summary="Grant a limit",
        response_model=answers.JudgedLimitShape,
        openapi_extra=_body("GrantLimitRequest"),
        responses={**_REFUSED_BY_AUTHORITY, 202: {"model": answers.JudgedLimitShape}},
        **_LIMITS,
    )
    async def grant_limit(id: Account, number: Number, request: Request) -> Response:
        """The policies say whether this person's grant counts; 202 where a second person has to grant it too."""
        return await desk.answer(
            request, requests.GrantLimitRequest, "{}", RecordKind.LIMIT,
            lambda _, asker: GrantLimit(
                account=id, number=number, asker=asker, id=uuid7(desk.journal.clock.id_time())
            ),
        )  # fmt: skip

    _add_ends_of_limits(app, desk)


def _add_ends_of_limits(app: FastAPI, desk: LedgerDesk) -> None:
    @app.post(
        "/v1/accounts/{id}/limits/{number}/refuse",
        name="refuse_limit",
        summary="Refuse a limit",
        response_model=answers.LimitAnswerShape,
        openapi_extra=_body("ReasonRequest"),
        responses=_REFUSED,
        **_LIMITS,
    )
    async def refuse_limit(id: Account, number: Number, request: Request) -> Response:
        """What was asked for isn't granted."""
        return await desk.answer(
            request, requests.ReasonRequest, '{"reason": "…"}', RecordKind.LIMIT,
            lambda body, asker: RefuseLimit(account=id, number=number, reason=body.reason, asker=asker),
        )  # fmt: skip

    @app.post(
        "/v1/accounts/{id}/limits/{number}/end",
        name="end_limit",
        summary="End a limit",
        response_model=answers.LimitAnswerShape,
        openapi_extra=_body("ReasonRequest"),
        responses=_REFUSED,
        **_LIMITS,
    )
    async def end_limit(id: Account, number: Number, request: Request) -> Response:
        """It counts no longer, or what was asked for is taken back. What was approved under it stays approved."""
        return await desk.answer(
            request, requests.ReasonRequest, '{"reason": "…"}', RecordKind.LIMIT,
            lambda body, asker: EndLimit(account=id, number=number, reason=body.reason, asker=asker),
        )  # fmt: skip
