"""The app: parts made and put together, started and stopped.

What is made for one app, and who holds what:

    Metrics     counts; everybody below tells it what happened
    Journal     the file of decisions, and the clock that never goes back
    Access      people and keys, from the journal's file
    Webhooks    where events are sent; Sender, the task that sends what is due
    Admission   the door: who asks, how often, and what they may
    Sessions    who has signed in to the console
    Retries     answers once what is sent again
    Compiler    a worker process that checks and compiles what was saved in the rules folder
    Policies    the set in force; follows the folder by the compiler, records sets in the journal
    CreditLedger, Lifting   accounts and orders; the task that looks at held orders by itself
    DayTurn     the task that turns each business date: promises, reviews, the worklist
    Worker      a second process, for texts that callers want checked: their wait keeps no change of policies waiting
    DecideCase  one for each kind of case, with policies and journal

Nothing is global, so that two apps can live in one process; a test has them.

The start reads the set that decided last from the journal and compares the folder with it. The end comes in the order
in which nobody is left waiting for somebody who is gone: first the two workers, whose jobs nobody needs any more, then
the watch of the folder and the sender of events, at last the journal, when every answered decision is in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated, Any, NoReturn

from fastapi import FastAPI, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from api import explanation_job, policy_check, policy_findings, replay_job
from api.console.console_routes import add_console
from api.console.sessions import Sessions
from api.http.access_routes import add_access_routes
from api.http.account_read_routes import add_account_read_routes
from api.http.account_routes import add_account_routes, add_limit_routes
from api.http.admission import Admission, check_routes
from api.http.answers import DecisionShape
from api.http.audit_routes import add_audit_routes
from api.http.authentication import Authentication
from api.http.bearer_tokens import IssuerTokens
from api.http.caller import admitted_of
from api.http.collection_routes import add_collection_routes
from api.http.decisions import DecideCase, find_decision, refuse_case, visible_to
from api.http.edge import DirectApp, Edge
from api.http.erasure_routes import add_erasure_routes
from api.http.first_key import show_first_key
from api.http.health import add_health_routes
from api.http.import_routes import Imports, add_import_routes
from api.http.item_read_routes import add_item_read_routes
from api.http.item_routes import add_item_routes
from api.http.ledger_desk import LedgerDesk
from api.http.log_routes import add_cosignature_route, add_log_routes
from api.http.metrics import Metrics
from api.http.nearest_routes import add_nearest_routes
from api.http.openapi import follow_vocabulary, operation_id
from api.http.order_preview import add_order_preview_routes
from api.http.order_reading_routes import add_order_reading_routes
from api.http.order_routes import ENTRY, add_order_routes, order_entry
from api.http.parameters import only_parameters, value_fault
from api.http.policy_routes import add_policy_routes
from api.http.problems import FactsInvalid, MethodNotAllowed, NoSuchPath, problems
from api.http.proposal_desk import ProposalDesk
from api.http.proposal_routes import add_proposal_routes
from api.http.rate_limits import RateLimits
from api.http.receivables_routes import add_receivables_routes
from api.http.reference import add_reference_routes
from api.http.replay_routes import add_replay_routes
from api.http.retries import Retries
from api.http.search_routes import add_proof_routes, add_search_routes, masked_decision
from api.http.verify_routes import add_verify_routes
from api.http.vocabulary_routes import add_vocabulary_routes
from api.http.webhook_routes import add_webhook_routes
from api.http.witness_watch import WitnessWatch
from api.http.worklist_routes import add_worklist_routes
from api.http.write_off_routes import add_write_off_routes
from api.network_addresses import listed_networks
from api.oidc_issuers import read_issuers
from api.policy_compiler import Compiler
from api.settings import Settings
from api.webhooks.sender import Sender
from api.worker import Worker
from engine.pipeline import Engine
from engine.version import ENGINE_VERSION
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.access.access import Access
from ledger.books.credit_ledger import CreditLedger
from ledger.books.day_turn import DayTurn
from ledger.books.lifting import Lifting
from ledger.erasure.erasing import Erasing, KeptUntil
from ledger.erasure.retention import kept_until
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.policies.check_limits import LIMITS
from ledger.policies.in_force import Policies
from ledger.policies.policy_life import PolicyLife
from ledger.store.trouble import JournalUnavailable
from ledger.webhooks.webhooks import Webhooks

DESCRIPTION = """Decides by the credit policy whether an order may go out on credit, what is to be done about an
invoice, how a customer and the receivables stand and who may grant a limit; and says why. Amounts are decimal text
such as `"1250.00"`, never floating-point numbers. Errors are RFC 9457 problem documents. Any request may be refused
before its path is looked at: 400 malformed, 403 asked by a foreign page, 408 too slow, 413 or 431 too large, 417 an
expectation that can't be met, 421 another host, 429 too many ahead, 503 too much at once."""


_JOBS = [policy_check.MODULE, replay_job.MODULE, explanation_job.MODULE]
"""What the worker beside the service does."""


def create_app(settings: Settings, clock: Clock | None = None, worker: int | None = None) -> FastAPI:
    """The app by these settings.

    Nothing is read or written before it is started, so the OpenAPI document can be made of one that never is. `clock`
    is the machine's where none is given; a test gives one that it can set. `worker` is the number among several.
    """
    metrics = Metrics()
    journal = _journal(settings, metrics, clock)
    compiler, checker = Compiler(LIMITS), Worker(_JOBS, LIMITS)
    policies = Policies(settings.rules, journal, metrics, compiler, settings.policies)
    access, erasing = Access(journal), Erasing(journal, partial(_duties_to_keep, policies, journal.clock))
    authentication = _authentication(settings, access, journal.clock, metrics)
    sessions = Sessions(authentication, journal, insecure_local=settings.insecure_local)
    admission = _admission(settings, authentication, sessions, metrics)
    webhooks, networks = Webhooks(journal), listed_networks(settings.webhook_networks)
    letters_kept = timedelta(days=settings.webhook_dead_letter_days)
    ledger = CreditLedger(journal, partial(_engine_in_force, policies))
    lifting, day_turn = _by_itself(ledger, journal, policies)
    desk = LedgerDesk(ledger, policies, journal, settings.body_bytes_max)
    imports = Imports(desk)
    sender = Sender(journal, webhooks, metrics, networks, letters_kept=letters_kept)
    witnesses = WitnessWatch(journal, metrics, settings)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await policies.start()
        with suppress(JournalUnavailable):  # so that the first request finds people and keys where there are any
            await access.refresh()
            await erasing.finish()  # what a crash has left half done
        stop = asyncio.Event()
        first_key = None if settings.insecure_local else show_first_key
        watching = asyncio.gather(
            policies.watch(stop),
            access.watch(stop, first_key),
            metrics.share(stop),
            sender.run(stop),
            lifting.run(stop),
            day_turn.run(stop),
            witnesses.run(stop),
        )
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(compiler.close(), checker.close())  # first: nothing waits for a change any more
            await watching
            await imports.close()
            await asyncio.to_thread(journal.close)

    app = _new_app(life)
    app.state.metrics = metrics
    cases = {case: DecideCase(case, policies, journal, metrics, settings.body_bytes_max) for case in CASE_KINDS}
    direct = _direct(cases, desk)
    retries = Retries(journal, settings.body_bytes_max, desk.mask)
    in_words = add_console(app, admission, sessions, policies, journal, checker, settings)
    app.add_middleware(Edge, metrics=metrics, admission=admission, retries=retries, direct=direct, in_words=in_words)
    app.router.routes.extend(_decide_route(case, asgi) for case, asgi in cases.items())
    _add_journal_routes(app, journal, policies, checker, settings)
    _add_decision_routes(app, journal, policies, settings)
    _add_policy_routes(app, policies, checker, journal, settings.body_bytes_max)
    add_vocabulary_routes(app, policies)
    add_health_routes(app, policies, journal, metrics, worker)
    add_access_routes(app, access, journal.clock, settings.body_bytes_max)
    add_webhook_routes(app, webhooks, journal.clock, networks, settings.body_bytes_max)
    _add_ledger_routes(app, desk, imports, day_turn)
    add_erasure_routes(app, erasing, access, settings.body_bytes_max)
    follow_vocabulary(app, policies)
    add_reference_routes(app)
    check_routes(app)
    return app


def _direct(cases: Mapping[str, ASGIApp], desk: LedgerDesk) -> dict[str, DirectApp]:
    """What is asked most, past the framework."""
    decisions = {_path(case): DirectApp(asgi, is_decision=True) for case, asgi in cases.items()}
    return {**decisions, ENTRY: DirectApp(order_entry(desk))}


def _new_app(life: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> FastAPI:
    """Without routes; what frameworks raise becomes our own."""
    app = FastAPI(
        title="credence",
        version=ENGINE_VERSION,
        description=DESCRIPTION,
        license_info={"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        lifespan=life,
        openapi_url=None,  # `api.http.reference` has it, and a page without foreign scripts
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # asks the environment at each request
    )
    app.add_exception_handler(HTTPException, _raise_ours)
    app.add_exception_handler(RequestValidationError, _raise_ours)
    return app


def _by_itself(ledger: CreditLedger, journal: Journal, policies: Policies) -> tuple[Lifting, DayTurn]:
    """What the ledger does though nobody asks: while no policies are in force, nothing."""

    def engine() -> Engine | None:
        return policies.in_force.engine if policies.in_force else None

    lifting = Lifting(ledger, journal, engine)
    return lifting, DayTurn(ledger, journal, engine, lifting)


def _add_ledger_routes(app: FastAPI, desk: LedgerDesk, imports: Imports, day_turn: DayTurn) -> None:
    add_order_routes(app, desk)
    add_order_reading_routes(app, desk)
    add_order_preview_routes(app, desk)
    add_account_routes(app, desk)
    add_account_read_routes(app, desk)
    add_limit_routes(app, desk)
    add_item_routes(app, desk)
    add_item_read_routes(app, desk)
    add_write_off_routes(app, desk)
    add_receivables_routes(app, desk)
    add_collection_routes(app, desk)
    add_worklist_routes(app, desk, day_turn)
    add_import_routes(app, imports)
    add_verify_routes(app, desk.journal, desk.policies)


async def _engine_in_force(policies: Policies) -> Engine:
    """By the journal. Raises what `caught_up` raises."""
    return (await policies.caught_up()).engine


def _add_policy_routes(
    app: FastAPI, policies: Policies, checker: Worker, journal: Journal, body_bytes_max: int
) -> None:
    """What is in force, and how that changes."""
    add_policy_routes(app, policies, checker, body_bytes_max)
    life = PolicyLife(journal, policy_findings.PolicyExaminer())
    add_proposal_routes(app, ProposalDesk(life, policies, journal, body_bytes_max))


def _journal(settings: Settings, metrics: Metrics, clock: Clock | None) -> Journal:
    """By the settings, and watched by the metrics."""
    kept = timedelta(days=settings.idempotency_days)
    journal = Journal(settings.journal, metrics.committed, clock, settings.key_places, kept)
    metrics.watch_journal(lambda: journal.waiting, lambda: journal.log_bytes, lambda: journal.unsigned_seconds)
    metrics.watch_clock(journal.clock.seconds_behind)
    return journal


def _duties_to_keep(policies: Policies, clock: Clock) -> KeptUntil:
    """By the policies in force. Raises `NoPolicyInForce`: then nobody knows them."""
    engine = policies.engine()
    return kept_until(engine.retention, engine.day_at(clock.now()))


def _authentication(settings: Settings, access: Access, clock: Clock, metrics: Metrics) -> Authentication:
    """Keys from the journal, tokens of issuers where there are any."""
    metrics.asks_for_keys(not settings.insecure_local)
    tokens = IssuerTokens(read_issuers(FilePath(settings.oidc))) if settings.oidc else None
    return Authentication(access, tokens, clock, insecure_local=settings.insecure_local)


def _admission(settings: Settings, authentication: Authentication, sessions: Sessions, metrics: Metrics) -> Admission:
    """The door by the settings."""
    limits = RateLimits(settings.requests_per_second_max)
    refused = metrics.refused_by_role
    return Admission(authentication, limits, shows_log=settings.public_log, session=sessions.caller, refused=refused)


class AsgiRoute(APIRoute):
    """A route that FastAPI documents and that is ASGI itself.

    `Edge` takes its POST past the framework: middleware, the search for the route, validation and serialisation of a
    model would cost more than the decision. The framework still has the route for the document, and for what comes by
    another method.
    """

    def __init__(self, path: str, asgi: ASGIApp, **documented: Any) -> None:
        super().__init__(path, _documented_only, methods=["POST"], **documented)
        self.app = asgi


async def _documented_only() -> NoReturn:
    """Gives the document its operation; `AsgiRoute` answers instead."""
    raise AssertionError


def _path(case: str) -> str:
    """Each kind of case has a path of its own, so that each has exact schemas."""
    return f"/v1/decisions/{case}"


_DECIDED = {
    "description": "The decision.",
    "headers": {
        "Location": {"description": "Where it can be read again.", "schema": {"type": "string"}},
        "Journal-Entry": {"description": "Its place in the journal, from 0.", "schema": {"type": "integer"}},
    },
}


def _decide_route(case: str, asgi: ASGIApp) -> AsgiRoute:
    """What the document says of deciding this kind. `openapi` puts the exact schemas in place of `DecisionShape`.

    Title and outcomes come from `case_kinds.yaml`, so a new kind of case has its route, its name (`decide_order`) and
    its description without a line here.
    """
    kind = CASE_KINDS[case]
    return AsgiRoute(
        _path(case),
        asgi,
        name=f"decide_{case}",
        operation_id=f"decide_{case}",
        tags=["decisions"],
        summary=f"Decide one {kind.title.en} / 决策：{kind.title.zh}",
        description=f"Outcomes, from the mildest: {', '.join(kind.ladder)}. In the journal before it is answered.",
        status_code=201,
        response_model=DecisionShape,
        responses={201: _DECIDED, **problems(400, 410, 413, 415, 422, 503)},
    )


def _add_journal_routes(
    app: FastAPI, journal: Journal, policies: Policies, checker: Worker, settings: Settings
) -> None:
    """What is recorded: found, proved, decided again, reported."""
    add_search_routes(app, journal, policies)
    add_proof_routes(app, journal)
    add_log_routes(app, journal, settings)
    add_cosignature_route(app, journal, settings)
    add_replay_routes(app, journal, checker)
    add_audit_routes(app, journal, settings.body_bytes_max)


def _add_decision_routes(app: FastAPI, journal: Journal, policies: Policies, settings: Settings) -> None:
    """What would let a case pass; reading a decision again; and what a mistyped kind of case is answered, with the
    kinds that there are."""
    add_nearest_routes(app, policies, journal.clock, settings.body_bytes_max)

    @app.get(
        "/v1/decisions/{id}",
        tags=["decisions"],
        summary="Read a decision again",
        dependencies=[only_parameters()],
        responses={200: {"model": DecisionShape, "description": "As it was answered."}, **problems(404, 410, 422, 503)},
        response_class=Response,
    )
    async def get_decision(id: Annotated[str, Path(description="The decision's id.")], request: Request) -> Response:
        """The decision as it was answered, byte for byte. Order entry and booking see their own, collectors those on
        invoices and accounts. Editors and approvers see it without what is confidential or personal: the header
        `Credence-Withheld` lists what it lacks."""
        admitted = admitted_of(request.scope)
        recorded, is_masked = await find_decision(id, journal, admitted)
        if is_masked:
            is_own = visible_to(admitted).sees(recorded.case_kind, recorded.actor)
            return masked_decision(recorded, policies, for_sales=is_own)
        return Response(recorded.answer, media_type="application/json")

    @app.post("/v1/decisions/{case}", include_in_schema=False)
    async def unknown_case(case: str) -> None:
        refuse_case(case)


def _raise_ours(_: Request, error: Exception) -> NoReturn:
    """What the frameworks raise, as our own errors, which `Edge` answers.

    FastAPI and Starlette have answers of their own (`{"detail": …}`) for parameters, methods and paths. Raised once
    more as `Refused`, they become problem documents like all others, counted and logged in one place.
    """
    if isinstance(error, RequestValidationError):
        raise FactsInvalid("a parameter can't be used", [fault for _, fault in map(value_fault, error.errors())])
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(sorted(_methods((error.headers or {}).get("Allow", ""))))
        raise MethodNotAllowed(f"this path answers {allowed} only", (), {"Allow": allowed})
    if error.status_code == HTTPStatus.NOT_FOUND:
        raise NoSuchPath("there is nothing at this path; /openapi.json lists what there is")
    raise FactsInvalid(error.detail)


def _methods(told: str) -> set[str]:
    """Those of the framework, and HEAD, which `Edge` answers where there is a GET."""
    methods = {each.strip() for each in told.split(",")}
    return methods | {"HEAD"} if "GET" in methods else methods
