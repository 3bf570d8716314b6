"""Requests that are sent again: with the same `Idempotency-Key` a request is done once and answered alike each time.

    Idempotency-Key: 7f9c24e8-3b12-4fef-91e0-b3d1c2a9f410

The key is the caller's own word for one request. What it led to is kept with it in the journal's own transaction
(`ledger.journal.kept_answers`), so whatever broke in between, the next try finds either both or neither. Here the
request's body is read first, since it is part of what must be the same; a second one that comes while the first is
being answered by this process is told to come back.

Routes whose record and answer belong together take the request out of the scope (`request_to_keep`) and hand it to the
journal. What any other route answers is kept after it, before it leaves.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.body import ClientGone, whole_body
from api.http.caller import Admitted, admitted_of
from api.http.guard import STREAMED
from api.http.problems import IdempotencyKeyUnreadable, RequestInFlight, SecretShown
from ledger.journal.act_answers import Mask, answered_before
from ledger.journal.journal import Journal
from ledger.journal.kept_answers import AnsweredBefore, KeptAnswer, KeyedRequest, RequestKeyReused
from ledger.record.actors import Actor
from ledger.store.trouble import JournalUnavailable

HEADER = b"idempotency-key"
REPLAYED = "Idempotent-Replayed"
LENGTH_MAX = 255

SENT_AGAIN = ("POST", "PUT")
"""Methods of requests that change something, and are done once under one key."""

_KEY = re.compile(rb"[!-~]{1,%d}" % LENGTH_MAX)
_IN_SCOPE = "credence.keyed_request"
_IS_OK = range(200, 300)
_PIECE_BYTES = 1 << 18


def idempotency_key(scope: Scope) -> str | None:
    """What the caller calls this request; None where it says nothing. Raises `IdempotencyKeyUnreadable`."""
    values = [value for name, value in scope["headers"] if name == HEADER]
    if not values:
        return None
    if len(values) > 1:
        raise IdempotencyKeyUnreadable("the header Idempotency-Key is sent twice")
    if not _KEY.fullmatch(values[0]):
        raise IdempotencyKeyUnreadable(
            f"Idempotency-Key is 1 to {LENGTH_MAX} visible characters of ASCII without blanks, such as a UUID"
        )
    return str(values[0].decode("ascii"))


def request_to_keep(scope: MutableMapping[str, Any]) -> KeyedRequest | None:
    """What the journal is to keep the answer for, from here on the taker's to see to; None where the request has no
    key."""
    taken: KeyedRequest | None = scope.pop(_IN_SCOPE, None)
    return taken


class Retries:
    """Of one process. `journal` keeps what was answered."""

    def __init__(
        self, journal: Journal, body_bytes_max: int, mask: Callable[[Admitted], Mask | None] = lambda _: None
    ) -> None:
        """`mask`: what makes of the ledger's decisions what a caller may see of them."""
        self._journal = journal
        self._mask = mask
        self._body_bytes_max = body_bytes_max
        self._in_flight: dict[tuple[str, str], bytes] = {}

    async def answer(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, key: str, *, is_decision: bool
    ) -> None:
        """What `app` answers, or answered before. Raises `RequestInFlight`, `RequestKeyReused`, `SecretShown` and what
        the app raises.

        `is_decision`: to decide changes nothing but the journal, which looks for the key where it writes; so nobody
        looks before, but where the case can't be decided any more.
        """
        if scope["path"].encode().startswith(STREAMED):
            with SpooledTemporaryFile(max_size=self._body_bytes_max) as file:
                content = await _spooled(file, receive, sha256(_head(scope)))
                await self._answer(app, scope, _from_file(file, receive), send, (key, content), is_decision=is_decision)
            return
        raw = await whole_body(receive, self._body_bytes_max)
        content = sha256(_head(scope) + raw).digest()
        await self._answer(app, scope, _again(raw, receive), send, (key, content), is_decision=is_decision)

    async def _answer(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, asked: tuple[str, bytes], *, is_decision: bool
    ) -> None:
        request = KeyedRequest(_line(admitted_of(scope).caller.actor), *asked)
        name = request.caller, request.key
        if name in self._in_flight:
            if self._in_flight[name] != request.content:
                raise RequestKeyReused
            raise RequestInFlight("the same request is being answered; its answer is there in a moment")
        self._in_flight[name] = request.content
        try:
            answering = self._decision if is_decision else self._other
            await answering(app, {**scope, _IN_SCOPE: request}, receive, send, request)
        except AnsweredBefore:
            await self._replay(await self._kept(request), scope, receive, send)
        finally:
            del self._in_flight[name]

    async def _decision(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, request: KeyedRequest) -> None:
        try:
            await app(scope, receive, send)
        except (ClientGone, AnsweredBefore, RequestKeyReused, JournalUnavailable):
            raise
        except Exception as refused:
            with suppress(JournalUnavailable):  # then what was wrong with the request is said
                if await self._kept(request) is not None:
                    raise AnsweredBefore from refused
            raise

    async def _other(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, request: KeyedRequest) -> None:
        if await self._kept(request) is not None:
            raise AnsweredBefore
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await app(scope, receive, hold)
        if held and held[0]["status"] in _IS_OK and request_to_keep(scope) is not None:
            body = b"".join(message.get("body", b"") for message in held[1:])
            await self._journal.keep_answer(request, KeptAnswer(status=held[0]["status"], body=body))
        for message in held:
            await send(message)

    async def _kept(self, request: KeyedRequest) -> KeptAnswer | None:
        return await asyncio.to_thread(self._journal.kept_answer, request)

    async def _replay(self, kept: KeptAnswer | None, scope: Scope, receive: Receive, send: Send) -> None:
        if kept is None:
            raise JournalUnavailable("what this request was answered can't be found now")
        if kept.secret_of is not None:
            raise SecretShown(kept.secret_of)
        headers = {REPLAYED: "true"} | ({} if kept.decision is None else decision_headers(*kept.decision))
        body, mask = kept.body, self._mask(admitted_of(scope))
        if kept.record is not None:
            headers["Journal-Entry"] = str(kept.record.header.seq)
            if mask is not None:
                _, body = answered_before(kept.record, mask)
        await Response(body, kept.status, headers, "application/json")(scope, receive, send)


def decision_headers(id: str, seq: int) -> dict[str, str]:
    """Where a decision can be read again, and its place in the journal."""
    return {"Location": f"/v1/decisions/{id}", "Journal-Entry": str(seq)}


def _line(actor: Actor | None) -> str:
    """A person or a program, whichever key they bring, so that a new key answers what was sent with the old one; of a
    program with the person for whom it asks."""
    if actor is None:
        return ""
    if actor.service is not None:
        return f"service {actor.service}" + (f" for {actor.person}" if actor.person else "")
    return f"person {actor.person}" if actor.person is not None else str(actor)


def _head(scope: Mapping[str, Any]) -> bytes:
    """What a request's digest begins with, before its body: method, and path with query."""
    return "\n".join((scope["method"], scope["path"], scope["query_string"].decode("latin-1"), "")).encode()


async def _spooled(file: IO[bytes], receive: Receive, digest: Any) -> bytes:
    """A body that may be larger than memory goes into a file; gives the digest. Raises `ClientGone`."""
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        piece = message.get("body", b"")
        digest.update(piece)
        await asyncio.to_thread(file.write, piece)
        more = message.get("more_body", False)
    file.seek(0)
    return bytes(digest.digest())


def _from_file(file: IO[bytes], receive: Receive) -> Receive:
    """The body once more, piece by piece; then what the connection says."""
    is_read = False

    async def receive_again() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        piece = await asyncio.to_thread(file.read, _PIECE_BYTES)
        is_read = not piece
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    return receive_again


def _again(raw: bytes, receive: Receive) -> Receive:
    """The body once more in one piece; then what the connection says."""
    messages: list[Message] = [{"type": "http.request", "body": raw, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again
