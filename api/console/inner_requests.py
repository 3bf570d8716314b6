"""Asks the service's own operations for whoever looks at a page, without a connection.

A page is made of what `/v1` answers to the same person: the request goes through the same door, with the same row of
the access table, and comes back masked, refused or repeated as it would for a program. There is no second way to a
figure, and none to a change.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.types import ASGIApp, Message

from api.http.access_table import Right
from api.http.admission import Admission
from api.http.caller import Caller, admitted_of, note_asker, request_id_in

Query = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerAnswer:
    """What an operation answered."""

    status: int
    headers: Mapping[str, str]
    """In lower case."""

    body: bytes

    @property
    def is_ok(self) -> bool:
        """Neither a problem nor a redirect."""
        return 200 <= self.status < 300

    def read(self) -> Any:
        """Its JSON."""
        return json.loads(self.body)


class OperationRefused(Exception):
    """An operation answered with a problem, which the page is answered with too, in words."""

    def __init__(self, answer: InnerAnswer) -> None:
        self.status, self.problem = answer.status, answer.read()
        super().__init__(self.problem.get("detail", ""))


@dataclass(frozen=True, slots=True)
class InnerRequests:
    """Of one request to a page."""

    app: ASGIApp
    admission: Admission
    request: Request

    @property
    def caller(self) -> Caller:
        """Who looks."""
        return admitted_of(self.request.scope).caller

    def may(self, method: str, path: str) -> frozenset[Right]:
        """What whoever looks may at an operation, called as it is declared: `/v1/orders/{id}`."""
        return self.admission.rights(self.caller, method, path)

    async def get(self, path: str, query: Query | None = None) -> Any:
        """The JSON of an operation. Raises `OperationRefused`."""
        answer = await self.ask("GET", path, query=query)
        if not answer.is_ok:
            raise OperationRefused(answer)
        return answer.read()

    async def get_if_allowed(self, method_path: str, path: str, query: Query | None = None) -> Any:
        """The same; None where whoever looks may not ask for it. `method_path` is the operation as it is declared."""
        return await self.get(path, query) if self.may("GET", method_path) else None

    async def post(self, path: str, body: Mapping[str, Any], key: str | None = None) -> InnerAnswer:
        """What an operation answers to a body, a problem too. `key`: sent again, it is done once."""
        return await self.ask("POST", path, body=body, key=key)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> InnerAnswer:
        """What an operation answers, whatever it is."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        scope = self._scope(method, path, query or {}, content, key)
        sent: list[Message] = []
        is_read = False

        async def receive() -> Message:
            nonlocal is_read
            if is_read:  # nobody hangs up: whoever waits for that is ended with the answer
                await asyncio.get_running_loop().create_future()
            is_read = True
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        whole = b"".join(message.get("body", b"") for message in sent[1:])
        return InnerAnswer(status=sent[0]["status"], headers=headers, body=whole)

    def _scope(self, method: str, path: str, query: Query, content: bytes, key: str | None) -> dict[str, Any]:
        outer = self.request.scope
        headers = [(b"host", b"localhost"), (b"x-request-id", request_id_in(outer).encode("ascii"))]
        if method == "POST":
            headers += [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        if key is not None:
            headers.append((b"idempotency-key", key.encode()))
        kept = {name: outer[name] for name in ("type", "asgi", "http_version", "scheme", "client", "server")}
        asked = {key: value for key, value in query.items() if value not in (None, "")}
        scope = kept | {
            "method": method,
            "path": path,
            "raw_path": quote(path).encode("ascii"),
            "query_string": urlencode(asked).encode("ascii"),
            "root_path": "",
            "headers": headers,
            "state": outer.get("state", {}),
        }
        note_asker(scope, self.caller)
        return scope
