"""Audit reports over HTTP: each line with the record that proves it, as NDJSON or as CSV; and case files.

Privacy and admin get of each line what the record's header says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import structlog
from fastapi import FastAPI, Path, Query, Request, Response
from pydantic import ValidationError
from sqlalchemy import Connection

from api.http.access_table import Right
from api.http.audit_answers import CompletenessRequest, CompletenessShape, FindingShape, PeriodParameters
from api.http.body import parse_object, pointer_part, read_body, refuse_nul
from api.http.caller import Admitted, actor_of, admitted_of
from api.http.openapi import body_of
from api.http.parameters import filter_parameters, only_parameters
from api.http.problems import BodyFault, FactsInvalid, UnknownDecision, UnknownRecord, problems
from api.http.search_turns import SearchTurns
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.audit import access_review, credit_acts, policy_changes, random_sample
from ledger.audit.case_page import NoCase, case_file
from ledger.audit.case_sources import case_sources
from ledger.audit.completeness import FAULTS_MAX, completeness
from ledger.audit.proof_files import proofs_of
from ledger.audit.report_lines import ReportLine, as_csv, as_ndjson
from ledger.journal.journal import Journal
from ledger.search.all_wanted import places_wanted, records_at
from ledger.search.filter_words import read_filter
from ledger.search.record_filter import RecordFilter
from ledger.search.record_search import DECIDED
from ledger.store.key_database import SubjectKeys
from ledger.verify.proving import NotProvedYet

SAMPLE_MAX = 1_000
log = structlog.get_logger(__name__)

_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_CREDIT_ACTS: tuple[tuple[Any, ...], ...] = (
    (
        "releases",
        "audit_releases",
        "Report releases",
        "Who let which held order go, with reason and amount, by person: those in force, those that wait for a second "
        "person, and those that the policies refused.",
        credit_acts.releases,
        credit_acts.RELEASES,
    ),
    (
        "limits",
        "audit_limits",
        "Report limit changes",
        "Which limit was asked for, granted, refused or ended, by whom, with the decision that allowed it.",
        credit_acts.limit_changes,
        credit_acts.LIMITS,
    ),
    (
        "exceptions",
        "audit_exceptions",
        "Report what passed by an exception",
        "Orders that were let go although a rule fired, with the exception that waived it and who approved that.",
        credit_acts.exceptions,
        credit_acts.EXCEPTIONS,
    ),
)
"""Reports on the credit ledger: path, name, summary, description, the report, and its columns."""


class ReportForm(StrEnum):
    """How a report is written."""

    NDJSON = "ndjson"
    CSV = "csv"


class PageLanguage(StrEnum):
    """Of case files."""

    EN = "en"
    ZH = "zh"


_FORM = Query(description="`ndjson`, an object a line, or `csv`.")
_PROOFS = Query(description="Give each line its record's `proof` too, a C2SP tlog-proof.")
_REPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A line for each finding: `record`, `leaf`, `at`, `by`, and the report's own columns.",
        "content": {
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    },
    202: {"description": "No checkpoint covers the records yet; Retry-After says in how many seconds one may."},
}
_PAGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page to print.", "content": {"text/html": {"schema": {"type": "string"}}}}
}


@dataclass(frozen=True, slots=True)
class _Reports:
    """Makes the answers of one journal, one at a time for each caller."""

    journal: Journal
    turns: SearchTurns

    async def answer(
        self, request: Request, make: Any, columns: Sequence[str], form: ReportForm, *, proofs: bool
    ) -> Response:
        """`make` gives the report's lines from the journal."""
        admitted = admitted_of(request.scope)
        caller = admitted.caller.budget or ""
        answer = await self.turns.run(caller, _report, self.journal, admitted, make, columns, form, proofs)
        note_report(request)
        return answer


def note_report(request: Request) -> None:
    """Who made a report is in the log, and in no record: a report adds nothing to the journal, so that it can be made
    from a copy and by a login that only reads."""
    log.info("audit report made", report=request.url.path.rpartition("/audit/")[2], by=actor_of(request.scope).opaque)


def add_audit_routes(app: FastAPI, journal: Journal, body_bytes_max: int) -> None:
    """`/v1/audit/…`."""
    reports = _Reports(journal, SearchTurns())
    _add_reports(app, reports)
    _add_sample(app, reports)
    _add_case(app, journal)
    _add_completeness(app, reports, body_bytes_max)


def _add_reports(app: FastAPI, reports: _Reports) -> None:

    @app.get(
        "/v1/audit/policy-changes",
        name="audit_policy_changes",
        tags=["audit"],
        summary="Report policy changes",
        dependencies=[only_parameters("form", "proofs")],
        responses={**_REPORT, **problems(422, 429, 503)},
        response_class=Response,
    )
    async def report_policy_changes(
        request: Request,
        form: Annotated[ReportForm, _FORM] = ReportForm.NDJSON,
        *,
        proofs: Annotated[bool, _PROOFS] = False,
    ) -> Response:
        """Which policies took effect when, by whom, and what each change was: files, rules, parameters old → new."""
        make = partial(Journal.ask, question=policy_changes.policy_changes)
        return await reports.answer(request, make, policy_changes.COLUMNS, form, proofs=proofs)

    @app.get(
        "/v1/audit/access",
        name="audit_access",
        tags=["audit"],
        summary="Review who may what",
        dependencies=[only_parameters("form", "proofs")],
        responses={**_REPORT, **problems(422, 429, 503)},
        response_class=Response,
    )
    async def report_access(
        request: Request,
        form: Annotated[ReportForm, _FORM] = ReportForm.NDJSON,
        *,
        proofs: Annotated[bool, _PROOFS] = False,
    ) -> Response:
        """People and keys with roles and authority, and duties that conflict in one hand."""
        now = datetime.now(UTC)
        make = partial(Journal.ask, question=partial(access_review.access_review, now=now))
        return await reports.answer(request, make, access_review.COLUMNS, form, proofs=proofs)

    for path, name, summary, description, question, columns in _CREDIT_ACTS:
        _add_credit_acts(app, reports, path, name, summary, description, question, columns)


def _add_credit_acts(
    app: FastAPI,
    reports: _Reports,
    path: str,
    name: str,
    summary: str,
    description: str,
    question: Callable[[Connection, SubjectKeys], list[ReportLine]],
    columns: Sequence[str],
) -> None:
    async def report(
        request: Request,
        form: Annotated[ReportForm, _FORM] = ReportForm.NDJSON,
        *,
        proofs: Annotated[bool, _PROOFS] = False,
    ) -> Response:
        return await reports.answer(request, partial(Journal.ask, question=question), columns, form, proofs=proofs)

    app.get(
        f"/v1/audit/{path}",
        name=name,
        tags=["audit"],
        summary=summary,
        description=description,
        dependencies=[only_parameters("form", "proofs")],
        responses={**_REPORT, **problems(422, 429, 503)},
        response_class=Response,
    )(report)


def _add_sample(app: FastAPI, reports: _Reports) -> None:
    @app.get(
        "/v1/audit/sample",
        name="audit_sample",
        tags=["audit"],
        summary="Draw decisions by a seed",
        dependencies=[only_parameters("form", "proofs", "seed", "count")],
        responses={**_REPORT, **problems(422, 429, 503)},
        response_class=Response,
    )
    async def report_sample(
        request: Request,
        seed: Annotated[
            str, Query(min_length=1, max_length=200, description="A word of your own, such as a lottery's.")
        ],
        count: Annotated[int, Query(ge=1, le=SAMPLE_MAX, description="How many decisions.")] = 25,
        form: Annotated[ReportForm, _FORM] = ReportForm.NDJSON,
        *,
        proofs: Annotated[bool, _PROOFS] = False,
    ) -> Response:
        """Decisions in the order of a hash over the seed, the signed root and each record's number. What was drawn and
        is no decision stands there too, `taken: false`, so that whoever has the proofs can draw again."""
        plan = random_sample.SamplePlan(seed=seed, count=count)
        return await reports.answer(request, partial(_sample, plan), random_sample.COLUMNS, form, proofs=proofs)


def _sample(plan: random_sample.SamplePlan, journal: Journal) -> list[ReportLine]:
    """Blocks. Raises `FactsInvalid`."""
    try:
        return random_sample.sample_lines(random_sample.journal_sample(journal, plan).drawn)
    except random_sample.TooRare as error:
        raise FactsInvalid("the sample can't be drawn", [BodyFault("", f"the parameter `count`: {error}")]) from None


def _add_case(app: FastAPI, journal: Journal) -> None:
    @app.get(
        "/v1/audit/case/{record}",
        name="audit_case",
        tags=["audit"],
        summary="One decision's case file",
        dependencies=[only_parameters("language")],
        responses={**_PAGE, **problems(404, 410, 422, 503)},
        response_class=Response,
    )
    async def report_case(
        record: Annotated[str, Path(description="A decision's id, or its record's number.")],
        request: Request,
        language: Annotated[PageLanguage, Query(description="Of the page.")] = PageLanguage.EN,
    ) -> Response:
        """A page to print, which fetches nothing and runs no script: facts, outcome and reasons, the policy text of the
        day, approvals, and the proof that the record is in the journal."""
        if record in CASE_KINDS:
            raise UnknownDecision(record)
        page = await asyncio.to_thread(_case, journal, record, language.value)
        note_report(request)
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": _PAGE_POLICY})


def _add_completeness(app: FastAPI, reports: _Reports, body_bytes_max: int) -> None:
    @app.post(
        "/v1/audit/completeness",
        name="audit_completeness",
        tags=["audit"],
        summary="Compare a list of orders",
        dependencies=[filter_parameters(PeriodParameters)],
        openapi_extra={"requestBody": body_of("CompletenessRequest")},
        responses=problems(400, 413, 415, 422, 429, 503),
    )
    async def report_completeness(request: Request, period: Annotated[PeriodParameters, Query()]) -> CompletenessShape:
        """Orders of a list, such as the ERP's of a month, against those decided in the same period: missing, extra,
        other amount. Of an order that was asked about several times the newest decision counts."""
        body = await read_body(request.scope, request.receive, body_bytes_max)
        listed, wanted = _listed(body), _decided_orders(period)
        caller = admitted_of(request.scope).caller.budget or ""
        answer = await reports.turns.run(caller, _complete, reports.journal, listed, wanted)
        note_report(request)
        return answer


def _listed(body: bytes) -> dict[str, Decimal | None]:
    """Raises `FactsInvalid`."""
    try:
        read = parse_object(body, '{"orders": {"SO-1": "12.50"}}')
        refuse_nul(body, read)
        sent = CompletenessRequest.model_validate(read)
    except ValidationError as invalid:
        faults = [
            BodyFault("".join(f"/{pointer_part(str(step))}" for step in error["loc"]), error["msg"].lower())
            for error in invalid.errors(include_url=False)[:FAULTS_MAX]
        ]
        raise FactsInvalid("the list can't be used", faults) from None
    return {number: None if amount is None else Decimal(amount) for number, amount in sent.orders.items()}


def _decided_orders(period: PeriodParameters) -> RecordFilter:
    """Of words that `filter_parameters` has looked at."""
    words = {"case": "order", "from": period.since, "until": period.until}
    return replace(read_filter(words), kinds=DECIDED)


def _complete(journal: Journal, listed: dict[str, Decimal | None], wanted: RecordFilter) -> CompletenessShape:
    """Blocks."""
    found = completeness(listed, records_at(journal, places_wanted(journal, wanted, None)))
    findings = [FindingShape.model_validate(line.as_json()) for line in found.lines(journal)]
    return CompletenessShape(listed=found.listed, matched=found.matched, findings=findings)


def _case(journal: Journal, record: str, language: str) -> str:
    """Blocks."""
    sources = case_sources(journal, record)
    if sources is None:
        raise UnknownRecord(record)
    try:
        return case_file(sources, language)
    except NoCase:
        raise UnknownDecision(record) from None


def _report(
    journal: Journal,
    admitted: Admitted,
    make: Any,
    columns: Sequence[str],
    form: ReportForm,
    proofs: bool,  # noqa: FBT001  # handed through by the turns
) -> Response:
    """Blocks. Raises `JournalUnavailable`."""
    lines: list[ReportLine] = make(journal)
    is_whole = Right.FULL in admitted.rights
    shown = lines if is_whole else [ReportLine(line.header, {}) for line in lines]
    try:
        if proofs:
            shown = _with_proofs(journal, shown)
    except NotProvedYet:
        return Response(status_code=202, headers={"Retry-After": "1"})
    headers = {} if is_whole else {"Credence-Withheld": ", ".join(f"/{name}" for name in columns)}
    if form is ReportForm.CSV:
        names = [*(columns if is_whole else ()), *(["proof"] if proofs else ())]
        return Response("".join(as_csv(shown, names)), media_type="text/csv", headers=headers)
    return Response("".join(as_ndjson(shown)), media_type="application/x-ndjson", headers=headers)


def _with_proofs(journal: Journal, lines: list[ReportLine]) -> list[ReportLine]:
    """Each with its record's, all by one checkpoint."""
    records = sorted({line.header.seq for line in lines if line.header is not None})
    texts = dict(proofs_of(journal, records))
    return [
        ReportLine(line.header, {**line.values, "proof": line.header and texts.get(line.header.seq)}) for line in lines
    ]
