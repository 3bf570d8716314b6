"""Whether it runs, whether it can decide, what it counts, and where a visitor finds more.

Two questions that are often mixed up have an answer each. `/healthz`: does the process answer? If not, start it again.
`/readyz`: can it decide now? If not, send requests elsewhere and look why; starting it again mends neither a policy
with a mistake nor a full disk, so it must not be asked for that.
"""

from __future__ import annotations

import asyncio
import html
from typing import Any

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import HTMLResponse

from api.http.access_table import Right
from api.http.answers import Alive, Readiness, UnapprovedRollbackShape
from api.http.caller import admitted_of
from api.http.metrics import Metrics
from api.http.pages import page
from api.http.policy_routes import shown_failure, shown_pending
from api.http.problem_advice import what_to_do
from api.http.problems import ALL_KINDS, NoSuchPath
from ledger.journal.clock import moment
from ledger.journal.journal import Journal
from ledger.policies.in_force import Policies
from ledger.policies.policy_mode import PolicyMode
from ledger.policies.version_names import version_name
from ledger.store.trouble import JournalUnavailable, trouble_in_words

PROBE_SECONDS_MAX = 3.0
"""How long a write may take before `/readyz` says that the journal is unavailable."""

_PAGE = """<h1>credence</h1>
<p>credence decides by your credit policy whether an order may go out on credit, what is to be done about an invoice,
how a customer and the receivables stand and who may grant a limit, and says why.
<ul><li><a href="/console/">The console</a>: pages for whoever decides, collects or audits
<li><a href="/docs">The API</a> (<a href="/openapi.json">OpenAPI document</a>)
<li><a href="/v1/facts">What requests may carry</a>, <a href="/v1/policies">the policies in force</a>
<li><a href="/readyz">Readiness</a> and <a href="/metrics">metrics</a></ul>
"""


_METRICS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Measurements.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}
"""What the document says of `/metrics`: text, since Prometheus' format has no schema."""


def add_health_routes(app: FastAPI, policies: Policies, journal: Journal, metrics: Metrics, worker: int | None) -> None:
    """`/healthz`, `/readyz`, `/metrics`, the page at `/`, and a page for each type of problem. `worker`: the number of
    this one, where there are several."""

    @app.get("/healthz", tags=["operation"], summary="Whether the process answers")
    async def healthz() -> Alive:
        """200 as long as the process answers."""
        return Alive()

    @app.get(
        "/readyz",
        tags=["operation"],
        summary="Whether it can decide now",
        response_model_exclude_unset=True,
        responses={503: {"model": Readiness, "description": "Can't decide now."}},
    )
    async def readyz(request: Request, response: Response) -> Readiness:
        """200 when a policy set is in force and the journal takes writes (one is tried); 503 when not. Whoever has a
        role is told more."""
        now, trouble = policies.in_force, await _trouble(journal)
        is_ready = bool(now) and trouble is None
        if not is_ready:
            response.status_code = 503
        if Right.FULL not in admitted_of(request.scope).rights:
            return Readiness(ready=is_ready)
        which: dict[str, Any] = {} if worker is None else {"worker": worker}
        return Readiness(
            ready=is_ready,
            **which,
            policy_version=now.engine.version if now else None,
            policy_since=now.since if now else None,
            compiling_since=policies.compiling_since,
            journal="writable" if trouble is None else "unavailable",
            journal_trouble=trouble,
            clock_behind_seconds=journal.clock.seconds_behind(),
            failed_change=shown_failure(policies.failed),
            pending=shown_pending(policies.pending),
            **_of_life(policies, journal),
        )

    @app.get(
        "/metrics",
        tags=["operation"],
        summary="Counts and times, for Prometheus",
        response_class=Response,
        responses=_METRICS,
    )
    async def metrics_text() -> Response:
        """Prometheus text format."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/", include_in_schema=False)
    async def start() -> HTMLResponse:
        return page("credence", _PAGE)

    @app.get("/problems/{slug}", include_in_schema=False)
    async def problem(slug: str) -> HTMLResponse:
        """What a problem document's `type` points at."""
        for kind in ALL_KINDS:
            if kind.slug == slug:
                title, meaning = html.escape(kind.title), html.escape(kind.meaning)
                advice = html.escape(what_to_do(kind))
                return page(kind.title, f"<h1>{title}</h1>\n<p>{kind.status}: {meaning}\n<p>{advice}\n")
        raise NoSuchPath("no problem is called that")


def _of_life(policies: Policies, journal: Journal) -> dict[str, Any]:
    """What is told in approved mode alone, and of a rollback that waits for a second person."""
    told: dict[str, Any] = {}
    if policies.mode is PolicyMode.APPROVED:
        now = policies.in_force
        zone = now.engine.vocabulary.timezone if now else ""
        told = {
            "policies": "approved",
            "policy_name": version_name(now.number, moment(now.since), zone) if now else None,
            "folder_differs": None if policies.differs is None else list(policies.differs),
        }
    waits = policies.unconfirmed
    if waits is not None:
        told["rollback_unapproved"] = UnapprovedRollbackShape(
            proposal=waits.proposal,
            activation=waits.activation,
            since=waits.since,
            due=waits.due,
            overdue=journal.clock.now() > waits.due,
        )
    return told


async def _trouble(journal: Journal) -> str | None:
    """Tries a write, as large as a decision needs. Why it failed, in words that say what to do; None where it didn't.

    A disk may also hang instead of failing: what takes longer than `PROBE_SECONDS_MAX` counts as trouble, though the
    write itself goes on and may yet succeed.
    """
    try:
        await asyncio.wait_for(journal.probe(), PROBE_SECONDS_MAX)
    except JournalUnavailable as error:
        return trouble_in_words(error.__cause__) or str(error)
    except TimeoutError:
        return f"a write has taken more than {PROBE_SECONDS_MAX:.0f} seconds"
    return None
