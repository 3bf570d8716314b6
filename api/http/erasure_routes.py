"""Erasures over HTTP: `credence erase` asks here. Somebody with the role privacy proposes, an admin confirms."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic import ValidationError

from api.http.access_table import Right
from api.http.body import parse_object, pointer_part, read_body, refuse_nul
from api.http.caller import actor_of, admitted_of, request_id_in
from api.http.erasure_answers import ErasureRequest, ErasureShape, ErasuresShape
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import BodyFault, FactsInvalid, Forbidden, problems
from ledger.access.access import Access
from ledger.erasure.erasing import Erasing, ErasureWords, OnePerson, ToErase
from ledger.erasure.erasures import Erasure
from ledger.record.names_in_text import may_hold_name

_SHARED: dict[str, Any] = {"tags": ["erasures"], "dependencies": [only_parameters()]}
_SUCH_AS = '{"account": "C-17", "ground": "objection", "reason": "letter of 3 March"}'
_THREE = "send `account` or `subject` with `ground` and `reason`; or `confirm`, or `withdraw`, with a number"


def add_erasure_routes(app: FastAPI, erasing: Erasing, access: Access, body_bytes_max: int) -> None:
    """`GET` and `POST /v1/erasures`."""

    @app.get("/v1/erasures", name="list_erasures", summary="Erasures", **_SHARED, responses=problems(422, 503))
    async def list_erasures() -> ErasuresShape:
        """All erasures, how far each is, and what confirming one that is proposed would take now."""
        return ErasuresShape(erasures=[_shown(each) for each in await asyncio.to_thread(erasing.as_they_are)])

    @app.post(
        "/v1/erasures",
        name="erase",
        summary="Propose, confirm or withdraw an erasure",
        **_SHARED,
        response_model=ErasureShape,
        openapi_extra={"requestBody": body_of("ErasureRequest")},
        responses=problems(400, 404, 409, 413, 415, 422, 503),
    )
    async def erase(request: Request) -> Response:
        """Takes the key away that seals everything about one customer, so that nobody can read it any more; headers
        and proofs stay. It takes two persons: one with the role privacy proposes, another with the role admin
        confirms. Nothing can bring it back but a backup of the keys, for as long as there is one."""
        wanted = await _read(request, body_bytes_max)
        if wanted.confirm is None and wanted.withdraw is None:
            _needs(request, Right.PROPOSE, "proposes erasures", "privacy")
            shown = await _proposed(erasing, wanted, request)
        elif wanted.withdraw is not None:
            shown = _shown(await erasing.withdraw(wanted.withdraw, actor_of(request.scope), _id(request)))
        else:
            _needs(request, Right.CONFIRM, "confirms erasures", "admin")
            shown = await _confirmed(erasing, access, wanted, request)
        return Response(shown.model_dump_json(), media_type="application/json")


async def _read(request: Request, body_bytes_max: int) -> ErasureRequest:
    """Raises `FactsInvalid`, and what `read_body` and `parse_object` raise."""
    raw = await read_body(request.scope, request.receive, body_bytes_max)
    try:
        body = parse_object(raw, _SUCH_AS)
        refuse_nul(raw, body)
        wanted = ErasureRequest.model_validate(body)
    except ValidationError as invalid:
        faults = [
            BodyFault("".join(f"/{pointer_part(str(step))}" for step in error["loc"]), error["msg"].lower())
            for error in invalid.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise FactsInvalid("the request can't be used", faults) from None
    others = [wanted.ground, wanted.reason, wanted.preview or None]
    whom = [each for each in (wanted.account, wanted.subject, wanted.confirm, wanted.withdraw) if each is not None]
    proposes = wanted.confirm is None and wanted.withdraw is None
    lacks = proposes and not wanted.preview and (wanted.ground is None or wanted.reason is None)
    counts = wanted.records is not None and wanted.confirm is None
    if len(whom) != 1 or lacks or counts or (not proposes and any(each is not None for each in others)):
        raise FactsInvalid("the request can't be used", [BodyFault("", "says not one thing to do", _THREE)])
    return wanted


async def _proposed(erasing: Erasing, wanted: ErasureRequest, request: Request) -> ErasureShape:
    found = await asyncio.to_thread(erasing.to_erase, wanted.account, wanted.subject)
    if wanted.preview or wanted.ground is None or wanted.reason is None:
        return _previewed(found)
    words = ErasureWords(account=wanted.account, subject=wanted.subject, ground=wanted.ground, reason=wanted.reason)
    erasure = await erasing.propose(words, actor_of(request.scope), _id(request))
    return _shown(erasure).model_copy(update={"held_until": found.held_until})


async def _confirmed(erasing: Erasing, access: Access, wanted: ErasureRequest, request: Request) -> ErasureShape:
    number, actor = wanted.confirm or 0, actor_of(request.scope)
    try:
        return _shown(await erasing.confirm(number, actor, _id(request), records=wanted.records))
    except OnePerson as refused:
        kept_id = "" if may_hold_name(_id(request), refused.names) else _id(request)
        await access.record_refusal("confirm", str(number), str(refused), actor, kept_id)
        raise


def _needs(request: Request, right: Right, does: str, role: str) -> None:
    """Raises `Forbidden`."""
    admitted = admitted_of(request.scope)
    if right not in admitted.rights:
        raise Forbidden(f"who {does} needs the role {role}; {admitted.caller.in_words}")


def _id(request: Request) -> str:
    return request_id_in(request.scope)


def _previewed(found: ToErase) -> ErasureShape:
    nothing = dict.fromkeys(ErasureShape.model_fields)
    return ErasureShape.model_validate(
        {
            **nothing,
            "key": found.key,
            "records": found.records,
            "held_until": found.held_until,
            "refusal": found.refusal,
        }
    )


def _shown(erasure: Erasure) -> ErasureShape:
    """Of those who act, the ids alone."""
    members = {name: getattr(erasure, name, None) for name in ErasureShape.model_fields}
    return ErasureShape.model_validate(members)
