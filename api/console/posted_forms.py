"""What a browser sends when somebody presses a button: read, and refused where it isn't from a form of ours.

Three things must hold together: the session's cookie comes along, the browser or the origin says that a page of ours
sent it, and the form carries the session's token, which no other page can know.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from api.console.sessions import Session, Sessions
from api.http.body import whole_body
from api.http.problems import FactsInvalid, ForeignOrigin, KeyNeeded, WrongMediaType

TOKEN = "form_token"
"""Name of the hidden field."""

_TYPE = b"application/x-www-form-urlencoded"
_FIELDS_MAX = 600


async def posted_form(request: Request, sessions: Sessions, bytes_max: int) -> dict[str, str]:
    """The fields of a form of this session, without its token. Raises `WrongMediaType`, `KeyNeeded` where the session
    has ended, `ForeignOrigin` where the form is no page's of ours, `FactsInvalid`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower().encode() != _TYPE:
        raise WrongMediaType("this takes the form of its page; programs ask under /v1")
    session = await sessions.of(request.scope)
    if session is None:
        raise KeyNeeded("the session has ended; sign in again")
    fields = _fields(await whole_body(request.receive, bytes_max))
    await _check(request.scope, fields.pop(TOKEN, ""), session, sessions)
    return fields


def _fields(raw: bytes) -> dict[str, str]:
    """Line ends as they are here. Raises `FactsInvalid`."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise FactsInvalid("the form can't be read") from None
    if len({name for name, _ in pairs}) < len(pairs) or any("\0" in value for _, value in pairs):
        raise FactsInvalid("the form can't be read")
    return {name: value.replace("\r\n", "\n") for name, value in pairs}


async def _check(scope: Mapping[str, Any], token: str, session: Session, sessions: Sessions) -> None:
    """An `Origin` that isn't ours has been refused before anything was read (`api.http.request_head`)."""
    said = {name: value for name, value in scope["headers"] if name in (b"origin", b"sec-fetch-site")}
    if b"origin" not in said and said.get(b"sec-fetch-site") != b"same-origin":
        raise ForeignOrigin("nothing says that a page of this service sent the form")
    if not hmac.compare_digest(token.encode(), (await sessions.form_token(session)).encode()):
        raise ForeignOrigin("the form is of another session; open its page again")
