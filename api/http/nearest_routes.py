"""What would let a case pass, over HTTP. Nothing is recorded: no decision is made, one is looked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from api.http.answers import NearestShape
from api.http.body import parse_object, read_body
from api.http.decisions import decided
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import BodyFault, FactsInvalid, problems
from engine.diagnostics.wording import did_you_mean
from engine.pipeline import Engine
from engine.proofs.levers import LEVERS
from engine.proofs.nearest_change import LEVERS_MAX, lever_names, nearest
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.rates import read_rates
from ledger.journal.clock import Clock
from ledger.policies.in_force import Policies

SEARCHED = "nearest"
"""Id of a decision that is not recorded."""

AT_ONCE = 1
"""Searches of this process at the same time: each takes a tenth of a second of the processor that decisions need."""


LeverParameter = Annotated[
    str,
    Query(
        description="The lever to look at, or two with a comma between, looked at together; left out: all. Of an "
        "order: payment, order, deposit, guarantee, insurance, limit, period; of a request for a limit: limit."
    ),
]


def add_nearest_routes(app: FastAPI, policies: Policies, clock: Clock, body_bytes_max: int) -> None:
    """`POST /v1/decisions/order/nearest`, and of each other kind of case that has levers."""
    turn = asyncio.Semaphore(AT_ONCE)
    for case in LEVERS:
        _add_route(app, case, policies, clock, body_bytes_max, turn)


def _add_route(
    app: FastAPI, case: str, policies: Policies, clock: Clock, body_bytes_max: int, turn: asyncio.Semaphore
) -> None:
    kind = CASE_KINDS[case]

    @app.post(
        f"/v1/decisions/{case}/nearest",
        name=f"nearest_{case}",
        operation_id=f"nearest_{case}",
        tags=["decisions"],
        summary=f"What would let one {kind.title.en} pass / 如何放行：{kind.title.zh}",
        dependencies=[only_parameters("lever")],
        openapi_extra={"requestBody": body_of(f"{case.capitalize()}Request")},
        response_model=NearestShape,
        responses=problems(400, 413, 415, 422, 503),
    )
    async def search(
        request: Request,
        lever: LeverParameter = "",
    ) -> Response:
        """The smallest payment, deposit, guarantee and so on with which the case passes, each exact: with a unit less
        it does not. The body is that of a decision on such a case; its facts are used as they are sent. Nothing is
        recorded."""
        body = parse_object(await read_body(request.scope, request.receive, body_bytes_max))
        names = _levers(case, lever)
        engine = policies.engine()
        as_of = date.fromisoformat(decided(engine, case, body, SEARCHED, clock).as_of)
        async with turn:
            answer = await asyncio.to_thread(_found, engine, case, body, as_of, names)
        return Response(answer, media_type="application/json")


def _levers(case: str, written: str) -> tuple[str, ...]:
    """Those that the parameter names. Raises `FactsInvalid`."""
    known = lever_names(case)
    names = tuple(name.strip() for name in written.split(",")) if written else ()
    faults = [
        BodyFault("", f"the parameter `lever`: `{name[:80]}` is no lever", did_you_mean(name, known))
        for name in names[: LEVERS_MAX + 1]
        if name not in known
    ]
    if len(names) > LEVERS_MAX or len(set(names)) < len(names):
        faults.append(BodyFault("", "the parameter `lever`", f"give at most {LEVERS_MAX} different ones"))
    if faults:
        raise FactsInvalid("a parameter can't be used", faults)
    return names


def _found(engine: Engine, case: str, body: Mapping[str, Any], as_of: date, names: tuple[str, ...]) -> bytes:
    """Blocks. The body was decided once, so nothing in it is refused."""
    groups = {group: body[group] for group in CASE_KINDS[case].groups if group in body}
    rates = read_rates(body.get("rates"), engine.vocabulary.currency)
    facts, _ = engine.in_own_currency(case, groups, as_of, body.get("currency"), rates)
    found = nearest(engine, case, facts, as_of, SEARCHED, names)
    return json.dumps(found.as_json(), ensure_ascii=False, separators=(",", ":")).encode()
