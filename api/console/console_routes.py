"""Puts the console together: its pages, its files, and what errors look like there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from markupsafe import Markup
from starlette.responses import Response
from starlette.types import ASGIApp

from api.console.account_pages import add_account_pages
from api.console.audit_pages import add_audit_pages
from api.console.decision_pages import DecisionPages, add_decision_pages
from api.console.error_pages import ErrorPages
from api.console.frame import FOLDER, STATIC, Frame, static_path
from api.console.home_page import add_home_page
from api.console.inner_requests import OperationRefused
from api.console.journal_pages import add_journal_pages
from api.console.order_desk_page import add_order_desk_page
from api.console.order_page import OrderPages, add_order_pages
from api.console.search_page import add_search_page
from api.console.sessions import Sessions
from api.console.sign_in_page import add_sign_in_page
from api.console.try_page import TryPages, add_try_pages
from api.http.admission import Admission
from api.http.problems import NoSuchPath
from api.http.reference import reference_body
from api.settings import Settings
from api.worker import Worker
from ledger.journal.journal import Journal
from ledger.policies.in_force import Policies

InWords = Callable[[Mapping[str, Any], Exception], ASGIApp | None]

_KEPT_FOR_GOOD = "public, max-age=31536000, immutable"


def add_console(
    app: FastAPI,
    admission: Admission,
    sessions: Sessions,
    policies: Policies,
    journal: Journal,
    worker: Worker,
    settings: Settings,
) -> InWords:
    """`/console/…`. What it gives answers browsers to errors, where these asked for a page."""
    frame = Frame(app, admission, sessions, policies)
    errors = ErrorPages(frame)
    app.add_exception_handler(OperationRefused, errors.refused)
    bytes_max = settings.body_bytes_max
    _add_files(app)
    add_sign_in_page(app, frame, bytes_max)
    add_home_page(app, frame)
    add_search_page(app, frame)
    add_order_desk_page(app, frame, journal)
    add_order_pages(app, OrderPages(frame, errors, journal, bytes_max))
    add_decision_pages(app, DecisionPages(frame, journal, worker))
    add_account_pages(app, frame)
    add_journal_pages(app, frame, settings.key_places)
    add_audit_pages(app, frame)
    add_try_pages(app, TryPages(frame, journal, bytes_max))
    _add_reference(app, frame)
    return errors.in_words


def _add_files(app: FastAPI) -> None:
    """The style sheet and the icon, named by what they hold."""
    contents = {
        static_path(name).rpartition("/")[2]: ((FOLDER / "static" / name).read_bytes(), media_type)
        for name, media_type in STATIC.items()
    }

    @app.get("/console/static/{name}", include_in_schema=False)
    async def static_file(name: str) -> Response:
        if name not in contents:
            raise NoSuchPath("the console has no such file")
        content, media_type = contents[name]
        return Response(content, media_type=media_type, headers={"Cache-Control": _KEPT_FOR_GOOD})


def _add_reference(app: FastAPI, frame: Frame) -> None:
    """The same text as `/docs`, in the console's frame; made once for each vocabulary."""
    made_for: object = None
    body = Markup()

    @app.get("/console/reference", include_in_schema=False)
    async def reference_page(request: Request) -> Response:
        nonlocal made_for, body
        document = app.openapi()
        if document is not made_for:
            made_for, body = document, Markup(reference_body(document))
        return await frame.page(request, "reference.html", body=body)
