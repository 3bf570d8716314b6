"""Decisions: found again, and one of them with everything it rests on, under the policies of its day."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from api.console.frame import Frame, PageReading
from api.console.inner_requests import InnerRequests
from api.console.order_desk_page import rule_titles
from api.explanation_job import ShownDerivation, ShownInput, ShownRule, ShownStep, derivation
from api.http.caller import admitted_of
from api.http.decisions import find_decision
from api.worker import JobFailed, TooManyOfCaller, TooManyWaiting, Worker
from engine.vocabulary.case_kinds import CASE_KINDS, OUTCOME_TITLES
from ledger.journal.journal import Journal
from ledger.policies.check_limits import Stopped
from ledger.replay.request_again import RecordedRequest, StoredPolicies

PAGE = 25
DEPTH_MAX = 30
"""How often a value is taken apart: more than any reader follows, and no more than a template can nest."""

FILTERS = ("case", "subject", "account", "outcome", "rule", "policy", "actor", "from", "until")
"""Of decisions, as `GET /v1/decisions` calls them."""


class DecisionPages:
    """Of one service. `worker` works out how decisions came about."""

    def __init__(self, frame: Frame, journal: Journal, worker: Worker) -> None:
        self._frame, self._journal, self._worker = frame, journal, worker

    async def found(self, request: Request) -> Response:
        """The list. Raises `OperationRefused`."""
        inner, reading = self._frame.inner(request), await self._frame.reading(request)
        asked = {name: request.query_params.get(name, "").strip() for name in FILTERS}
        cursor = request.query_params.get("cursor", "")
        page = await inner.get("/v1/decisions", asked | {"cursor": cursor, "limit": PAGE})
        return await self._frame.page(
            request,
            "decisions.html",
            reading=reading,
            decisions=page["decisions"],
            next=page["next"],
            searched_to=page["searched_to"],
            asked=asked,
            cases={name: reading.text(kind.title) for name, kind in CASE_KINDS.items()},
            outcomes={name: reading.text(title) for name, title in OUTCOME_TITLES.items()},
            titles={rule: reading.text(title) for rule, title in rule_titles(self._frame.policies).items()},
        )

    async def decision(self, request: Request, id: str) -> Response:
        """One decision. Raises `OperationRefused`, and what `find_decision` raises."""
        inner, reading = self._frame.inner(request), await self._frame.reading(request)
        answer = await inner.get(f"/v1/decisions/{id}")
        recorded, is_masked = await find_decision(id, self._journal, admitted_of(request.scope))
        shown = None
        if not is_masked:
            shown = await self._derivation(inner, answer, recorded.request, recorded.answer, reading)
        activations = await asyncio.to_thread(self._journal.activations)
        in_force = [each for each in activations if each.version == answer["policy_version"]]
        kind = CASE_KINDS[answer["case"]]
        rules = shown.rules if isinstance(shown, ShownDerivation) else ()
        fired = [rule for rule in rules if rule.fired]
        unknown = [rule for rule in rules if rule.fired is None]
        untold = [rule for rule in unknown if rule.effect]
        in_force_titles = {rule: reading.text(title) for rule, title in rule_titles(self._frame.policies).items()}
        return await self._frame.page(
            request,
            "decision.html",
            reading=reading,
            decision=answer,
            seq=recorded.seq,
            recorded_at=recorded.at,
            kind=reading.text(kind.title),
            outcome=_outcome(reading, answer["outcome"]),
            outcomes={name: reading.text(title) for name, title in OUTCOME_TITLES.items()},
            in_force_at=in_force[0].at if in_force else "",
            is_masked=is_masked,
            derivation=shown if isinstance(shown, ShownDerivation) else None,
            why_none=shown if isinstance(shown, str) else "",
            fired=fired,
            untold=untold,
            rule_titles=reason_titles(in_force_titles, rules),
            tree=value_tree(shown, [*fired, *untold]) if isinstance(shown, ShownDerivation) else {},
            idle=[rule for rule in unknown if not rule.effect],
            quiet=[rule for rule in rules if rule.fired is False],
            is_order=answer["case"] == "order" and bool(inner.may("GET", "/v1/orders/{id}")) and recorded.of_ledger,
            sees_journal=bool(inner.may("GET", "/v1/journal/{record}")),
        )

    async def _derivation(
        self, inner: InnerRequests, answer: Mapping[str, Any], request: str, recorded: str, reading: PageReading
    ) -> ShownDerivation | str:
        """How it came about, or why that can't be told now."""
        kept = await asyncio.to_thread(self._journal.find_policy_set, answer["policy_version"])
        if kept is None:
            return str(reading.say("decision.no_policies"))
        policies = StoredPolicies(kept.version, kept.files, kept.standard_facts)
        asked = RecordedRequest(
            case=answer["case"],
            request=request,
            as_of=answer["as_of"],
            id=answer["id"],
            engine=answer["engine_version"],
        )
        caller = inner.caller.budget or ""
        try:
            return await self._worker.run(caller, derivation, policies, asked, recorded, reading.language)
        except (Stopped, JobFailed, TooManyOfCaller, TooManyWaiting):
            return str(reading.say("decision.not_now"))


def add_decision_pages(app: FastAPI, pages: DecisionPages) -> None:
    """`/console/decisions` and `/console/decisions/{id}`."""

    @app.get("/console/decisions", include_in_schema=False)
    async def decisions_page(request: Request) -> Response:
        return await pages.found(request)

    @app.get("/console/decisions/{id}", include_in_schema=False)
    async def decision_page(id: str, request: Request) -> Response:
        return await pages.decision(request, id)


def reason_titles(in_force: Mapping[str, str], of_its_day: Iterable[ShownRule]) -> dict[str, str]:
    """What rules are called, by id: by the policies of its day where these were asked, else by those in force. A rule
    without a title has none here, so that its id doesn't stand there twice."""
    return {**in_force} | {rule.id: rule.title for rule in of_its_day if rule.title != rule.id}


def _outcome(reading: PageReading, outcome: str) -> str:
    return reading.text(OUTCOME_TITLES[outcome]) if outcome in OUTCOME_TITLES else outcome


@dataclass(slots=True)
class ValueNode:
    """A value that was read, with what it is made of; each value is taken apart once, where it is read first."""

    read: ShownInput
    step: ShownStep | None = None
    """How it came about; None of a fact or parameter, and where it is taken apart elsewhere."""

    is_elsewhere: bool = False
    children: list[ValueNode] = field(default_factory=list)


def value_tree(shown: ShownDerivation, rules: Iterable[ShownRule]) -> dict[tuple[str, int], list[ValueNode]]:
    """What the conditions of rules read, by rule and place of the condition. Level by level, so that what a condition
    names itself is taken apart there, and not somewhere inside another value."""
    roots = {
        (rule.id, at): [ValueNode(each) for each in condition.inputs]
        for rule in rules
        for at, condition in enumerate(rule.conditions)
    }
    waiting = deque((node, 0) for nodes in roots.values() for node in nodes)
    done: set[str] = set()
    while waiting:
        node, depth = waiting.popleft()
        step = shown.steps.get(node.read.name)
        if step is None or depth == DEPTH_MAX:
            continue
        node.is_elsewhere = step.name in done
        if not node.is_elsewhere:
            done.add(step.name)
            node.step, node.children = step, [ValueNode(each) for each in step.inputs]
            waiting.extend((child, depth + 1) for child in node.children)
    return roots
