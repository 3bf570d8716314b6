"""The life of policies over HTTP: drafts, proposals, approvals, activations, rollbacks. Each act is a record.

Who acts on a proposal says by its digest what they have looked at; what was edited since is answered 409.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request
from starlette.responses import Response

from api.http.account_routes import version_wanted
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import problems
from api.http.proposal_answers import (
    ActivationShape,
    ActivationsShape,
    ActOnProposalRequest,
    BeginDraftRequest,
    DraftShape,
    EditDraftRequest,
    PolicyVersionShape,
    ProposalShape,
    ProposalsShape,
    RollBackRequest,
)
from api.http.proposal_desk import ProposalDesk, numbered, shown_draft, shown_proposal
from ledger.journal.opened_records import policy_set
from ledger.policies.proposal import ProposalKind, ProposalState
from ledger.policies.proposal_rows import proposals_in
from ledger.policies.states import ActRefused, ActWord

LISTED_MAX = 200
"""Proposals in one answer."""

_SHARED: dict[str, Any] = {"tags": ["policies"], "dependencies": [only_parameters()]}
_DRAFTED = problems(400, 409, 413, 415, 422, 503)
_EDITED = problems(400, 404, 409, 412, 413, 415, 422, 503)
_ACTED = problems(400, 403, 404, 409, 413, 415, 422, 503)
_SUCH_AS_DRAFT = '{"title": "…", "why": "…", "files": {"orders.yaml": "…"}}'
_SUCH_AS_ACT = '{"digest": "…"}'

_IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": 'The revision that is edited: `"3"`.',
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'},
}

_ACTS = (
    (ActWord.APPROVE, "Approve a proposal", "A person's yes to exactly this digest; of a rollback, the second one."),
    (ActWord.REJECT, "Reject a proposal", "It is over; `comment` says why."),
    (ActWord.ACTIVATE, "Activate a proposal", "It decides from now on, or from its instant on."),
    (ActWord.CANCEL, "Take an instant back", "A scheduled set doesn't take effect; it stays approved."),
    (ActWord.WITHDRAW, "Withdraw a proposal", "It is over."),
)
"""What is done with a proposal as it was looked at."""

Number = Annotated[int, Path(description="The proposal's number, from 1.", ge=1, le=10**9)]


def add_proposal_routes(app: FastAPI, desk: ProposalDesk) -> None:
    """`/v1/policies/drafts…`, `/v1/policies/proposals…`, `/v1/policies/activations`, …"""
    _add_draft_routes(app, desk)
    _add_reading_routes(app, desk)
    for word, summary, says in _ACTS:
        _add_act_route(app, desk, word, summary, says)
    _add_history_routes(app, desk)


def _add_draft_routes(app: FastAPI, desk: ProposalDesk) -> None:
    @app.post(
        "/v1/policies/init",
        name="init_policies",
        summary="Draft the first policies",
        **_SHARED,
        response_model=ProposalShape,
        status_code=201,
        openapi_extra={"requestBody": body_of("BeginDraftRequest")},
        responses=_DRAFTED,
    )
    async def init_policies(request: Request) -> Response:
        """The first set of a journal where nothing is in force yet. It is proposed and approved as any other."""
        body = await desk.body(request, BeginDraftRequest, _SUCH_AS_DRAFT)
        edit = desk.edit_of(body)
        return await desk.answer(request, lambda asked: desk.life.begin(asked, edit, ProposalKind.FIRST), status=201)

    @app.post(
        "/v1/policies/drafts",
        name="begin_draft",
        summary="Draft a change of the policies",
        **_SHARED,
        response_model=ProposalShape,
        status_code=201,
        openapi_extra={"requestBody": body_of("BeginDraftRequest")},
        responses=_DRAFTED,
    )
    async def begin_draft(request: Request) -> Response:
        """Keeps the whole set as it is to be. Nothing is checked before it is proposed."""
        body = await desk.body(request, BeginDraftRequest, _SUCH_AS_DRAFT)
        edit = desk.edit_of(body)
        return await desk.answer(request, lambda asked: desk.life.begin(asked, edit), status=201)

    @app.put(
        "/v1/policies/drafts/{number}",
        name="edit_draft",
        summary="Edit a draft",
        **_SHARED,
        response_model=ProposalShape,
        openapi_extra={"requestBody": body_of("EditDraftRequest"), "parameters": [_IF_MATCH]},
        responses=_EDITED,
    )
    async def edit_draft(number: Number, request: Request) -> Response:
        """Makes the next revision. What was proposed or approved is a draft again, and its approvals are void."""
        body = await desk.body(request, EditDraftRequest, '{"title": "…"}')
        edit, revision = desk.edit_of(body), version_wanted(request)
        if revision is None:
            raise ActRefused("draft-changed", 'say which revision you edit: `If-Match: "1"`')
        return await desk.answer(
            request, lambda asked: desk.life.act(asked, number, ActWord.EDIT, revision=revision, edit=edit)
        )

    @app.post(
        "/v1/policies/drafts/{number}/propose",
        name="propose_draft",
        summary="Propose a draft",
        **_SHARED,
        response_model=ProposalShape,
        responses=_ACTED,
    )
    async def propose_draft(number: Number, request: Request) -> Response:
        """Runs its gates, which may take minutes: the check, the set's tests, the proofs of what must hold. What fails
        there leaves it a draft."""
        return await desk.answer(request, lambda asked: desk.life.propose(asked, number))


def _add_reading_routes(app: FastAPI, desk: ProposalDesk) -> None:
    @app.get(
        "/v1/policies/drafts/{number}",
        summary="Read a draft with its texts",
        **_SHARED,
        responses=problems(404, 422, 503),
    )
    async def get_draft(number: Number) -> DraftShape:
        """With the texts of its files and tests."""
        draft: DraftShape = await desk.read(lambda reader: shown_draft(reader, numbered(reader, number)))
        return draft

    @app.get("/v1/policies/proposals/{number}", summary="Read a proposal", **_SHARED, responses=problems(404, 422, 503))
    async def get_proposal(number: Number) -> ProposalShape:
        """What changes, what the gates found, who worked on it and who approved it."""
        shown: ProposalShape = await desk.read(lambda reader: shown_proposal(reader, numbered(reader, number)))
        return shown

    @app.get(
        "/v1/policies/proposals",
        summary="Changes of the policies",
        tags=["policies"],
        dependencies=[only_parameters("state")],
        responses=problems(422, 503),
    )
    async def list_proposals(
        state: Annotated[ProposalState | None, Query(description="Only those that stand so.")] = None,
    ) -> ProposalsShape:
        """The newest first, at most 200."""
        states = [] if state is None else [state]
        shown: list[ProposalShape] = await desk.read(
            lambda reader: [
                shown_proposal(reader, each) for each in proposals_in(reader.connection, states, LISTED_MAX)
            ]
        )
        return ProposalsShape(proposals=shown)


def _add_act_route(app: FastAPI, desk: ProposalDesk, word: ActWord, summary: str, says: str) -> None:
    async def act_on_proposal(number: Number, request: Request) -> Response:
        body = await desk.body(request, ActOnProposalRequest, _SUCH_AS_ACT)
        return await desk.answer(
            request,
            lambda asked: desk.life.act(asked, number, word, digest=body.digest, comment=body.comment),
        )

    route: Callable[..., Coroutine[Any, Any, Response]] = act_on_proposal
    app.post(
        f"/v1/policies/proposals/{{number}}/{word}",
        name=f"{word}_proposal",
        summary=summary,
        description=says,
        **_SHARED,
        response_model=ProposalShape,
        openapi_extra={"requestBody": body_of("ActOnProposalRequest")},
        responses=_ACTED,
    )(route)


def _add_history_routes(app: FastAPI, desk: ProposalDesk) -> None:
    @app.get(
        "/v1/policies/activations", summary="Which policies were in force when", **_SHARED, responses=problems(422, 503)
    )
    async def get_activations() -> ActivationsShape:
        """The activation history, the first set first."""
        rows: list[dict[str, Any]] = await desk.read(lambda reader: reader.activations())
        return ActivationsShape(activations=[ActivationShape.model_validate(row) for row in rows])

    @app.get(
        "/v1/policies/versions/{version}",
        summary="Read a version's texts",
        **_SHARED,
        responses=problems(404, 422, 503),
    )
    async def get_version(
        version: Annotated[str, Path(description="SHA-256 of the set.", pattern="^[0-9a-f]{64}$")],
    ) -> PolicyVersionShape:
        """Of a set that was in force or proposed."""
        kept = await desk.read(lambda reader: policy_set(reader.connection, version))
        if kept is None:
            raise ActRefused("unknown-proposal", f"no set with the version {version[:12]} is kept")
        return PolicyVersionShape(version=version, files=kept.files)

    @app.post(
        "/v1/policies/rollback",
        name="roll_back_policies",
        summary="Put an earlier set back",
        **_SHARED,
        response_model=ProposalShape,
        status_code=201,
        openapi_extra={"requestBody": body_of("RollBackRequest")},
        responses=_ACTED,
    )
    async def roll_back_policies(request: Request) -> Response:
        """A set that was in force once decides again, at once. A second person approves that within a day."""
        body = await desk.body(request, RollBackRequest, '{"version": "…", "why": "…"}')
        return await desk.answer(
            request,
            lambda asked: desk.life.roll_back(asked, body.version, body.why, body.acknowledged),
            status=201,
        )
