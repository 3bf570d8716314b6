"""What all pages share: language, navigation, headers, the session's cookie, and how values are written.

A page is a template of `templates/` with plain values. Everything in them is escaped; the headers let a browser load
the one style sheet of this service and nothing else, run no script at all, and send forms here alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from api.console.console_words import LANGUAGES, language_of, words
from api.console.inner_requests import InnerRequests
from api.console.sessions import Session, Sessions
from api.http.admission import Admission
from api.http.caller import NOBODY, Caller, admitted_or_nobody
from engine.vocabulary.text import Text
from files.visible import unseen_replaced
from ledger.access.roles import Authority
from ledger.policies.in_force import Policies

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
}
"""Of every page. `Edge` adds that nobody keeps it and that it is what it says it is."""

FOLDER = Path(__file__).parent
STATIC = {"console.css": "text/css", "icon.svg": "image/svg+xml"}
"""Files that pages load, by name."""

_LANGUAGE = "lang"
_LANGUAGE_COOKIE = "credence-language"
_A_YEAR = 365 * 24 * 3600
_TRIES = ("order", "invoice", "account", "portfolio", "limit")
_NAVIGATION = (
    ("orders", "/console/orders"),
    ("accounts", "/console/accounts"),
    ("decisions", "/console/decisions"),
    ("journal", "/console/journal"),
    ("audit", "/console/audit"),
    ("verify", "/console/verify"),
    *(("try", f"/console/try/{case}") for case in _TRIES),
    ("reference", "/console/reference"),
)
"""Word and path, in the order of the navigation; of several paths for one word the first that is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """How one reader gets a page."""

    language: str
    caller: Caller
    session: Session | None

    def say(self, word: str, **values: object) -> Any:
        """A text of ours; values are escaped, and may be HTML that was made here."""
        return (
            Markup(words()[word][self.language]).format(**values) if values else words()[word][self.language]
        )  # the text is ours

    def say_or(self, word: str, otherwise: object) -> str:
        """A text of ours for a word that others chose; where there is none, what is given instead."""
        texts = words().get(word)
        return str(otherwise) if texts is None else texts[self.language]

    def text(self, texts: Mapping[str, str] | Text | None) -> str:
        """A text of the policies, in the reader's language or the first that there is."""
        if texts is None:
            return ""
        if isinstance(texts, Text):
            return texts[self.language]
        return texts.get(self.language) or next(iter(texts.values()), "")


class Frame:
    """Of one service."""

    def __init__(self, app: FastAPI, admission: Admission, sessions: Sessions, policies: Policies) -> None:
        self.app, self.admission, self.sessions, self.policies = app, admission, sessions, policies
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"grouped": grouped, "id": quoted, "visible": visible_text, "moment": moment}
        self._templates.filters["tojson_text"] = lambda value: json.dumps(value, ensure_ascii=False, indent=1)
        self._templates.globals["static"] = static_path

    def inner(self, request: Request) -> InnerRequests:
        """To ask operations for whoever looks."""
        return InnerRequests(self.app, self.admission, request)

    async def reading(self, request: Request) -> PageReading:
        """How whoever asks reads."""
        return PageReading(
            language=language_of(
                request.query_params.get(_LANGUAGE),
                request.cookies.get(_LANGUAGE_COOKIE),
                request.headers.get("accept-language", ""),
            ),
            caller=admitted_or_nobody(request.scope),
            session=await self.sessions.of(request.scope),
        )

    async def page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page of a template. Where nobody has a session yet, one begins, so that its forms have a token."""
        reading = values.pop("reading", None) or await self.reading(request)
        session = reading.session or self.sessions.new()
        shared = self._shared(request, reading) | {"form_token": await self.sessions.form_token(session)}
        html = self._templates.get_template(template).render(**shared, **values)
        response = HTMLResponse(html, status, headers=HEADERS)
        kept = session if reading.session is None else self.sessions.seen_now(session)
        if kept is not None:
            await self.sessions.keep(response, kept, request.scope)
        if request.query_params.get(_LANGUAGE) in LANGUAGES:
            response.set_cookie(_LANGUAGE_COOKIE, reading.language, _A_YEAR, httponly=True, samesite="lax")
        return response

    def _shared(self, request: Request, reading: PageReading) -> dict[str, Any]:
        caller, in_force = reading.caller, self.policies.in_force
        other = next(each for each in LANGUAGES if each != reading.language)
        return {
            "t": reading.say,
            "t_or": reading.say_or,
            "text": reading.text,
            "reading": reading,
            "html_language": LANGUAGES[reading.language],
            "other_language": other,
            "other_html_language": LANGUAGES[other],
            "other_href": _with(request, lang=other),
            "navigation": self._navigation(request, caller),
            "is_nobody": caller is NOBODY,
            "caller": caller,
            "has_authority": caller.authority is not Authority.NONE,
            "insecure_local": self.sessions.insecure_local,
            "policy_version": "" if in_force is None else in_force.engine.version,
            "has_trouble": self.policies.failed is not None,
            "path": request.url.path,
            "with_query": lambda **changed: _with(request, **changed),
        }

    def _navigation(self, request: Request, caller: Caller) -> list[tuple[str, str, bool]]:
        """Word, path, and whether the page is there."""
        shown: dict[str, tuple[str, str, bool]] = {}
        for word, path in _NAVIGATION:
            if word not in shown and self.admission.rights(caller, "GET", path):
                here = path.rpartition("/")[0] if word == "try" else path
                is_here = request.url.path == here or request.url.path.startswith(f"{here}/")
                shown[word] = (word, path, is_here)
        return list(shown.values())


def _with(request: Request, **changed: object) -> str:
    """The address of the page with some of its query otherwise; what is empty is left out."""
    query = {**request.query_params, **changed}
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return f"?{urlencode(kept)}" if kept else quote(request.url.path)


def grouped(amount: str | int | None) -> str:
    """Decimal text as people write it: `1234567.80` → `1,234,567.80`."""
    if amount is None:
        return ""
    whole, point, rest = str(amount).partition(".")
    return f"{int(whole):,}{point}{rest}" if whole not in ("-0",) else f"-0{point}{rest}"


def quoted(id: object) -> str:
    """A number that others chose, as one step of a path."""
    return quote(str(id), safe="")


def visible_text(text: object) -> str:
    """Without characters that steer a screen or turn the direction of what stands around them."""
    return unseen_replaced(str(text))


def moment(text: str) -> str:
    """`2026-07-15T10:31:07.123456Z` → `2026-07-15 10:31:07 UTC`."""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@cache
def static_path(name: str) -> str:
    """Where pages load a file from: named by its content, so that it may be kept for good."""
    digest = sha256((FOLDER / "static" / name).read_bytes()).hexdigest()[:12]
    stem, _, ending = name.rpartition(".")
    return f"/console/static/{stem}.{digest}.{ending}"
