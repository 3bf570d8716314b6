"""The door: which route is asked, who asks, whether they ask too often, and what they may there.

In this order: where the table has no row for what is asked, nothing behind the door hears of it. So a path that the
framework would read otherwise than the table does (`/metrics%0A`) leads nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.http.access_table import NO_ROLE, ROWS, AccessRow, Right
from api.http.authentication import Authentication
from api.http.caller import LOCAL, NOBODY, Admitted, Caller, asker_noted, note_admitted
from api.http.problems import Forbidden, KeyInQuery, KeyNeeded, MethodNotAllowed, NoSuchPath
from api.http.rate_limits import RateLimits
from ledger.access.api_keys import PREFIX
from ledger.access.roles import Role, in_words

_PREFIX = PREFIX.encode()
_NOTHING: Mapping[str, AccessRow] = {}
_PAGES = "/console"
"""Paths that a browser's session opens. It opens no other, so that no page of whoever it be can use it elsewhere."""

AskSession = Callable[[Mapping[str, Any]], Awaitable[Caller | None]]
"""Who has signed in, by the session that a request brings; None where it brings none that counts."""
_PARAMETER = re.compile(r"\\\{[a-z_]+(:path)?\\\}")
_SEGMENT, _SEGMENTS = r"[^/\x00-\x20\x7f]+", r"[^\x00-\x20\x7f]+"


class Admission:
    """Made once for the app, from the table, which every route must be in: see `check_routes`. `shows_log`: the log's
    hashes are for everybody."""

    def __init__(
        self,
        authentication: Authentication,
        limits: RateLimits,
        rows: Iterable[AccessRow] = ROWS,
        *,
        shows_log: bool = False,
        session: AskSession | None = None,
        refused: Callable[[Iterable[Role]], None] = lambda _: None,
    ) -> None:
        """`refused` is told the roles of each caller who may not."""
        self._authentication = authentication
        self._limits = limits
        self._refused = refused
        self._session = session
        self._known: dict[tuple[str, str, frozenset[Role], bool], frozenset[Right]] = {}
        self._exact: dict[str, dict[str, AccessRow]] = {}
        self._patterns: dict[str, tuple[re.Pattern[str], dict[str, AccessRow]]] = {}
        for row in (_by_setting(each, shows_log=shows_log) for each in rows):
            if "{" not in row.path:
                self._exact.setdefault(row.path, {})[row.method] = row
            else:
                pattern = re.compile(_PARAMETER.sub(_segments, re.escape(row.path)))
                self._patterns.setdefault(row.path, (pattern, {}))[1][row.method] = row

    async def admit(self, scope: MutableMapping[str, Any], method: str) -> None:
        """Leaves in the scope who asks and what they may. `method` is GET for HEAD.

        Raises `KeyNeeded` (401), `Forbidden` or `MayNotActFor` (403), `TooOften` (429), `NoSuchPath`,
        `MethodNotAllowed`, and what `Authentication` and the state of people and keys raise. Without a key nobody
        learns which paths there are.
        """
        if scope["query_string"] and _PREFIX in scope["query_string"]:
            raise KeyInQuery("a key stands in the query, where proxies and histories keep it; send it as a header")
        row = self._row_at(scope["path"], method)
        if row is not None and row.is_open:
            note_admitted(scope, Admitted(NOBODY, frozenset({Right.FULL})))
            return
        asker = asker_noted(scope)
        caller = await self._caller(scope) if asker is None else asker
        if caller is NOBODY and (row is None or NO_ROLE not in row.rights):
            raise KeyNeeded("this needs a key: send `Authorization: Bearer crk_…`")
        note_admitted(scope, Admitted(caller, frozenset()))  # so that a refusal's page knows whom it refuses
        if asker is None:
            self._limits.count(caller)
        if row is None:
            raise _nothing_there(self._rows_at(scope["path"]))
        note_admitted(scope, Admitted(caller, self._rights(caller, row)))

    async def _caller(self, scope: Mapping[str, Any]) -> Caller:
        """By the headers; at the pages of the console by a session, where the headers name nobody."""
        peer = scope["client"][0] if scope.get("client") else ""
        caller = await self._authentication.caller(scope["headers"], peer)
        is_page = scope["path"] == _PAGES or scope["path"].startswith(f"{_PAGES}/")
        if not is_page or self._session is None or not (caller is NOBODY or caller is LOCAL):
            return caller
        return await self._session(scope) or caller

    def rights(self, caller: Caller, method: str, path: str) -> frozenset[Right]:
        """What somebody may at a route, called as it is declared; nothing where it has no row."""
        rows = self._exact.get(path) or (self._patterns[path][1] if path in self._patterns else _NOTHING)
        try:
            return _rights(caller, rows[method]) if method in rows else frozenset()
        except Forbidden:
            return frozenset()

    def roles_at(self, method: str, path: str) -> frozenset[Role]:
        """Those that may something where a path leads; none where it leads nowhere."""
        row = self._row_at(path, method)
        return frozenset() if row is None else row.roles

    def _rights(self, caller: Caller, row: AccessRow) -> frozenset[Right]:
        """Worked out once for the same roles: a tenth of the time that the door takes. Raises `Forbidden`."""
        asked = row.method, row.path, caller.roles, caller.is_first_key
        rights = self._known.get(asked)
        if rights is None:
            try:
                rights = _rights(caller, row)
            except Forbidden:
                self._refused(caller.roles)
                raise
            self._known[asked] = rights
        return rights

    def _row_at(self, path: str, method: str) -> AccessRow | None:
        """A path written out comes before one with a parameter, which is looked for only where there is none."""
        row = self._exact.get(path, _NOTHING).get(method)
        if row is not None:
            return row
        return next((each[method] for each in self._rows_at(path) if method in each), None)

    def _rows_at(self, path: str) -> list[Mapping[str, AccessRow]]:
        """By method; a path written out comes before one with a parameter."""
        exact = self._exact.get(path)
        rows: list[Mapping[str, AccessRow]] = [] if exact is None else [exact]
        return rows + [rows_of for pattern, rows_of in self._patterns.values() if pattern.fullmatch(path)]


def _segments(parameter: re.Match[str]) -> str:
    return _SEGMENTS if parameter[1] else _SEGMENT


def _by_setting(row: AccessRow, *, shows_log: bool) -> AccessRow:
    """What is open by a setting is open, or closed, from here on."""
    if row.rights.get(NO_ROLE) is not Right.SETTING:
        return row
    open_to_all = {NO_ROLE: Right.FULL} if shows_log else {}
    rights = {role: right for role, right in row.rights.items() if role is not NO_ROLE}
    return replace(row, rights=rights | open_to_all)


def _rights(caller: Caller, row: AccessRow) -> frozenset[Right]:
    """Raises `Forbidden` where there are none."""
    if caller.is_first_key and not row.keeps_people:
        raise Forbidden(f"the first key adds people and keys, nothing else; {_needs(row)}")
    rights = frozenset(row.rights[role] for role in caller.roles if role in row.rights)
    if not rights and (to_all := row.rights.get(NO_ROLE)):
        rights = frozenset({to_all})
    if not rights:
        raise Forbidden(f"{_needs(row)}; {caller.in_words}")
    return rights


def _needs(row: AccessRow) -> str:
    count = "the role" if len(row.roles) == 1 else "one of the roles"
    return f"{row.method} {row.path} needs {count} {in_words(row.roles)}"


def _nothing_there(rows: list[Mapping[str, AccessRow]]) -> MethodNotAllowed | NoSuchPath:
    """Of several rows that fit the path the first says which methods it answers."""
    if not rows:
        return NoSuchPath("there is nothing at this path; /openapi.json lists what there is")
    methods = set(rows[0]) | ({"HEAD"} if "GET" in rows[0] else set())
    allowed = ", ".join(sorted(methods))
    return MethodNotAllowed(f"this path answers {allowed} only", (), {"Allow": allowed})


def check_routes(app: FastAPI, rows: Iterable[AccessRow] = ROWS) -> None:
    """Raises RuntimeError where a route has no row in the table: it could be asked by nobody, or by everybody."""
    known = {(row.method, row.path) for row in rows}
    asked = {(method, getattr(route, "path", "")) for route in app.routes for method in _methods(route)}
    if lacking := sorted(asked - known):
        names = ", ".join(f"{method} {path}" for method, path in lacking)
        raise RuntimeError(f"routes without a row in api/http/access_table.py: {names}")


def _methods(route: object) -> Iterable[str]:
    return route.methods or () if isinstance(route, APIRoute) else ("ANY",)
