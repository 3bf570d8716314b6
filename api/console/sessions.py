"""Who has signed in: a cookie that says by which key, since when, and when it was last seen, under a signature.

    __Host-credence=eyJpZCI6….3q2-…        over TLS; on a loopback name without TLS the cookie is called `credence`

A session holds no rights of its own. Each request looks up the key again, so that a key that is revoked, or a person
who has ended, ends all its sessions at once. The cookie opens the pages of the console and nothing else.

With `--insecure-local` there is no key: a session says then in whose name somebody at the machine looks, on trust.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from api.host_names import is_loopback
from api.http.authentication import Authentication
from api.http.caller import Caller
from api.http.hosts import split_authority
from api.http.problems import MalformedRequest
from ledger.journal.journal import Journal
from ledger.store.key_database import SubjectKeys

LASTS_SECONDS = 8 * 3600
IDLE_SECONDS = 30 * 60
"""A session ends so long after it began, or after its last request."""

_RENEWED_SECONDS = 60
"""How old the last look may be before the cookie is written anew."""

_COOKIE_MAX = 1024
_PURPOSE = "sessions of the console"
_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Lax"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What the cookie says."""

    id: str
    """Random; the tokens in its forms are bound to it."""

    key: str | None
    """Id of the key by which somebody signed in; None: nobody has."""

    trusted: str | None
    """With `--insecure-local`: in whose name, as `Credence-On-Behalf-Of` says it."""

    begun: int
    """Seconds since 1970."""

    seen: int
    """Of the last request, about."""

    @property
    def is_signed_in(self) -> bool:
        """Whether it says who asks."""
        return self.key is not None or self.trusted is not None


class Sessions:
    """Of one service. The secret that signs is made of the journal's own keys, so all workers have the same one."""

    def __init__(self, authentication: Authentication, journal: Journal, *, insecure_local: bool) -> None:
        self.authentication, self._journal, self.insecure_local = authentication, journal, insecure_local
        self._secret: bytes | None = None

    async def caller(self, scope: Mapping[str, Any]) -> Caller | None:
        """Who asks, by the session that the request brings; None where none that counts says so. Raises `KeyNeeded`
        where its key opens nothing any more."""
        session = await self.of(scope)
        if session is None or not session.is_signed_in:
            return None
        if session.trusted is not None:
            return self.authentication.on_trust(session.trusted) if self.insecure_local else None
        return None if session.key is None else self.authentication.key_called(session.key)

    async def of(self, scope: Mapping[str, Any]) -> Session | None:
        """The session of a request, if it is signed by us and has not ended."""
        text = _cookie(scope)
        if text is None:
            return None
        content, _, signature = text.partition(".")
        expected = await self._signature("session", content)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            return None
        session = Session(**json.loads(urlsafe_b64decode(content + "=" * (-len(content) % 4))))
        now = self._now()
        is_open = now - session.begun < LASTS_SECONDS and now - session.seen < IDLE_SECONDS
        return session if is_open else None

    def new(self, *, key: str | None = None, trusted: str | None = None) -> Session:
        """One that begins now. Whoever signs in gets a new one, so that nobody else knows its id."""
        now = self._now()
        return Session(id=secrets.token_urlsafe(16), key=key, trusted=trusted, begun=now, seen=now)

    def seen_now(self, session: Session) -> Session | None:
        """The same, last seen now; None where the cookie says so nearly enough."""
        now = self._now()
        return replace(session, seen=now) if now - session.seen >= _RENEWED_SECONDS else None

    async def keep(self, response: Response, session: Session, scope: Mapping[str, Any]) -> None:
        """Puts the cookie on an answer."""
        said = {name: getattr(session, name) for name in ("id", "key", "trusted", "begun", "seen")}
        content = _base64(json.dumps(said, separators=(",", ":")).encode())
        text = f"{content}.{await self._signature('session', content)}"
        left = session.begun + LASTS_SECONDS - self._now()
        response.headers.append("set-cookie", f"{_name(scope)}={text}; {_ATTRIBUTES}; Max-Age={left}{_secure(scope)}")

    def end(self, response: Response, scope: Mapping[str, Any]) -> None:
        """Takes the cookie away."""
        response.headers.append("set-cookie", f"{_name(scope)}=; {_ATTRIBUTES}; Max-Age=0{_secure(scope)}")

    async def form_token(self, session: Session) -> str:
        """What forms of this session carry, and no other page knows."""
        return await self._signature("form", session.id)

    async def _signature(self, what: str, text: str) -> str:
        if self._secret is None:
            self._secret = await asyncio.to_thread(self._journal.ask, _secret)
        return _base64(hmac.digest(self._secret, f"{what}\0{text}".encode(), sha256))

    def _now(self) -> int:
        return int(self._journal.clock.now().timestamp())


def _secret(_: Connection, keys: SubjectKeys) -> bytes:
    return keys.blind(_PURPOSE, "")


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def _name(scope: Mapping[str, Any]) -> str:
    return "__Host-credence" if _secure(scope) else "credence"


def _secure(scope: Mapping[str, Any]) -> str:
    """Whatever isn't asked by a loopback name comes over TLS, or its cookie doesn't come back."""
    for name, value in scope["headers"]:
        if name == b"host":
            try:
                return "" if is_loopback(split_authority(value)[0]) else "; Secure"
            except MalformedRequest:
                break
    return "; Secure"


def _cookie(scope: Mapping[str, Any]) -> str | None:
    """The text of the session's cookie; None where there is none, or more than one."""
    name, found = _name(scope), []
    for header, value in scope["headers"]:
        if header == b"cookie":
            for part in value.decode("latin-1").split(";"):
                word, _, text = part.strip().partition("=")
                if word == name:
                    found.append(text)
    return found[0] if len(found) == 1 and len(found[0]) <= _COOKIE_MAX and found[0].isascii() else None
