"""A case decided as it might be, without a record: by the facts of a form, or as JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from api.console.frame import Frame, PageReading
from api.console.order_desk_page import rule_titles
from api.console.posted_forms import posted_form
from api.http.body import parse_object
from api.http.decisions import decided
from api.http.problems import FactsInvalid, MalformedBody, problem_response
from engine.pipeline import Engine
from engine.vocabulary.case_kinds import CASE_KINDS, OUTCOME_TITLES
from engine.vocabulary.vocabulary import Fact, Kind, unit_of
from ledger.journal.journal import Journal

TRIED = "00000000-0000-7000-8000-000000000000"
"""In place of a decision's id: nothing is recorded."""

_AS_OF = "as_of"
_DIGITS_MAX = 20


class TryPages:
    """Of one service."""

    def __init__(self, frame: Frame, journal: Journal, bytes_max: int) -> None:
        self._frame, self._journal, self._bytes_max = frame, journal, bytes_max

    async def form(self, request: Request, case: str) -> Response:
        """The empty form."""
        return await self._page(request, case, {})

    async def tried(self, request: Request, case: str) -> Response:
        """What the policies in force say to a case. What is wrong with it is said beside the form."""
        fields = await posted_form(request, self._frame.sessions, self._bytes_max)
        engine = self._frame.policies.engine()
        try:
            body = (
                parse_object(fields["json"].encode()) if fields.get("json", "").strip() else _body(engine, case, fields)
            )
            decision = await asyncio.to_thread(decided, engine, case, body, TRIED, self._journal.clock)
        except (FactsInvalid, MalformedBody) as refused:
            problem = json.loads(bytes(problem_response(refused).body))
            return await self._page(request, case, fields, status=422, problem=problem)
        return await self._page(request, case, fields, decision=decision.as_json(), body=body)

    async def _page(self, request: Request, case: str, fields: Mapping[str, str], **more: Any) -> Response:
        engine, reading = self._frame.policies.engine(), await self._frame.reading(request)
        may = self._frame.inner(request).may
        return await self._frame.page(
            request,
            "try.html",
            reading=reading,
            status=more.pop("status", 200),
            case=case,
            kind=reading.text(CASE_KINDS[case].title),
            cases={
                name: reading.text(kind.title)
                for name, kind in CASE_KINDS.items()
                if may("GET", f"/console/try/{name}")
            },
            rule_titles={rule: reading.text(title) for rule, title in rule_titles(self._frame.policies).items()},
            groups=_groups(engine, case, reading),
            fields=fields,
            outcomes={name: reading.text(title) for name, title in OUTCOME_TITLES.items()},
            **({"decision": None, "problem": None, "body": None} | more),
        )


def add_try_pages(app: FastAPI, pages: TryPages) -> None:
    """`/console/try/{case}` of each kind of case."""
    for case in CASE_KINDS:
        _add(app, pages, case)


def _add(app: FastAPI, pages: TryPages, case: str) -> None:
    async def form(request: Request) -> Response:
        return await pages.form(request, case)

    async def tried(request: Request) -> Response:
        return await pages.tried(request, case)

    app.get(f"/console/try/{case}", include_in_schema=False, name=f"console_try_{case}")(form)
    app.post(f"/console/try/{case}", include_in_schema=False, name=f"console_tried_{case}")(tried)


def _groups(engine: Engine, case: str, reading: PageReading) -> list[tuple[str, list[dict[str, Any]]]]:
    """The fields by group, those first that a case must have."""
    facts = [fact for fact in engine.vocabulary.facts.values() if fact.type.kind is not Kind.LIST]
    return [
        (
            group,
            sorted(
                (_field(fact, engine, reading) for fact in facts if fact.name.partition(".")[0] == group),
                key=lambda each: not each["required"],
            ),
        )
        for group in CASE_KINDS[case].groups
    ]


def _field(fact: Fact, engine: Engine, reading: PageReading) -> dict[str, Any]:
    kind = fact.type.kind
    titles = dict(fact.type.titles)
    words = [(word, reading.text(titles.get(word)) or word) for word in fact.type.members]
    return {
        "name": fact.name,
        "title": reading.text(fact.title),
        "note": reading.text(fact.note),
        "unit": unit_of(fact.type, engine.vocabulary.currency) or "",
        "required": fact.required,
        "example": fact.example if isinstance(fact.example, str) else json.dumps(fact.example),
        "kind": "yes_no" if kind is Kind.YES_NO else "day" if kind is Kind.DATE else "words" if words else "text",
        "words": words,
    }


def _body(engine: Engine, case: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """The request that the form stands for. What is left empty is left out; a number is sent as what it is."""
    body: dict[str, Any] = {group: {} for group in CASE_KINDS[case].groups}
    if fields.get(_AS_OF):
        body[_AS_OF] = fields[_AS_OF]
    for name, text in fields.items():
        fact = engine.vocabulary.facts.get(name)
        group, _, word = name.partition(".")
        if fact is not None and group in body and text.strip():
            body[group][word] = _value(fact, text.strip())
    return {group: facts for group, facts in body.items() if facts}


def _value(fact: Fact, text: str) -> object:
    kind = fact.type.kind
    if kind is Kind.YES_NO and text in ("true", "false"):
        return text == "true"
    is_whole = kind in (Kind.INTEGER, Kind.DAYS, Kind.MONTHS) and text.isascii() and text.lstrip("-").isdecimal()
    return int(text) if is_whole and len(text) < _DIGITS_MAX else text
