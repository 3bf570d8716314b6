"""Signing in with a key, and out; at the machine itself, in whose name somebody looks."""

from __future__ import annotations

import re

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from api.console.frame import Frame
from api.console.posted_forms import posted_form
from api.console.sessions import Session
from api.http.problems import KeyNeeded, OnBehalfOfUnreadable
from ledger.access.roles import Authority, Role

HOME, SIGN_IN = "/console/", "/console/sign-in"

_OURS = re.compile(r"/console/[!-\[\]-~]*")
"""A path of the console with its query; no backslash, which browsers take for a slash."""


def add_sign_in_page(app: FastAPI, frame: Frame, bytes_max: int) -> None:
    """`/console/sign-in` and `/console/sign-out`."""

    @app.get(SIGN_IN, include_in_schema=False)
    async def sign_in_page(request: Request) -> Response:
        return await _page(frame, request, request.query_params.get("next", HOME))

    @app.post(SIGN_IN, include_in_schema=False)
    async def sign_in(request: Request) -> Response:
        fields = await posted_form(request, frame.sessions, bytes_max)
        try:
            session = _session(frame, fields)
        except (KeyNeeded, OnBehalfOfUnreadable) as refused:
            return await _page(frame, request, fields.get("next", HOME), fault=str(refused))
        response = RedirectResponse(_inside(fields.get("next", HOME)), 303)
        await frame.sessions.keep(response, session, request.scope)
        return response

    @app.post("/console/sign-out", include_in_schema=False)
    async def sign_out(request: Request) -> Response:
        await posted_form(request, frame.sessions, bytes_max)
        response = RedirectResponse(SIGN_IN, 303)
        frame.sessions.end(response, request.scope)
        return response


def _session(frame: Frame, fields: dict[str, str]) -> Session:
    """Raises `KeyNeeded`, `OnBehalfOfUnreadable`."""
    if not frame.sessions.insecure_local:
        return frame.sessions.new(key=frame.sessions.authentication.key_of(fields.get("key", "").strip()))
    roles = ",".join(role for role in Role if f"role.{role}" in fields)
    authority = fields.get("authority", Authority.NONE)
    trusted = f"{fields.get('login', '').strip()}; roles={roles}; authority={authority}"
    frame.sessions.authentication.on_trust(trusted)
    return frame.sessions.new(trusted=trusted)


async def _page(frame: Frame, request: Request, then: str, fault: str = "") -> Response:
    return await frame.page(
        request,
        "sign_in.html",
        status=401 if fault else 200,
        then=_inside(then),
        fault=fault,
        roles=[role.value for role in Role if role is not Role.METRICS],
        authorities=[authority.value for authority in Authority],
    )


def _inside(then: str) -> str:
    """Where to go on; home where that would lead elsewhere."""
    return then if _OURS.fullmatch(then) and not then.startswith("/console/sign-") else HOME
