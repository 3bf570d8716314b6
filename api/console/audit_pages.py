"""Reports for auditors, to look at and to take away; and what a check of the whole ledger says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from api.console.frame import Frame, PageReading, moment
from api.console.inner_requests import OperationRefused
from api.console.journal_pages import passed_on
from api.http.problems import NoSuchPath
from engine.vocabulary.case_kinds import OUTCOME_TITLES

REPORTS = ("releases", "limits", "exceptions", "policy-changes", "access")
SHOWN_MAX = 200
"""Lines of a report on its page; the file has all."""

DIFFERENCES_MAX = 200

_CELLS = {
    "role": ("authority",), "second_role": ("authority",), "granted_role": ("authority",), "authority": ("authority",),
    "kind": ("limit",), "state": ("release", "limit", "event"), "how": ("done",),
}  # fmt: skip
"""Beginnings of words.yaml by which the page says what a column's own words mean. The file keeps the words."""


def add_audit_pages(app: FastAPI, frame: Frame) -> None:
    """`/console/audit`, `/console/audit/{report}` and `/console/verify`."""

    @app.get("/console/audit", include_in_schema=False)
    async def audit_page(request: Request) -> Response:
        return await frame.page(request, "audit.html", reports=REPORTS)

    @app.get("/console/audit/{report}", include_in_schema=False)
    async def audit_report_page(report: str, request: Request) -> Response:
        if report not in REPORTS:
            raise NoSuchPath("there is no such report; they are listed at /console/audit")
        inner, form = frame.inner(request), request.query_params.get("form", "")
        query: dict[str, object] = {"form": "ndjson" if form == "ndjson" else "csv"}
        if request.query_params.get("proofs") == "true":
            query["proofs"] = "true"
        answer = await inner.ask("GET", f"/v1/audit/{report}", query=query)
        if not answer.is_ok:
            raise OperationRefused(answer)
        if form in ("csv", "ndjson"):
            return passed_on(answer, f"{report}.{form}")
        columns, rows = _filled(csv.reader(io.StringIO(answer.body.decode())))
        reading = await frame.reading(request)
        return await frame.page(
            request,
            "audit_report.html",
            reading=reading,
            report=report,
            columns=columns,
            rows=[[_in_words(reading, *cell) for cell in zip(columns, row, strict=True)] for row in rows[:SHOWN_MAX]],
            total=len(rows),
            is_withheld="credence-withheld" in answer.headers,
        )

    @app.get("/console/verify", include_in_schema=False)
    async def verify_page(request: Request) -> Response:
        lines: list[dict[str, Any]] = []
        is_run = request.query_params.get("run") == "true"
        if is_run:
            answer = await frame.inner(request).ask("GET", "/v1/ledger/verify")
            if not answer.is_ok:
                raise OperationRefused(answer)
            lines = [json.loads(line) for line in answer.body.splitlines()]
        return await frame.page(
            request,
            "verify.html",
            is_run=is_run,
            steps=[line for line in lines if "step" in line and line["done"] == line["of"]],
            differences=[line["difference"] for line in lines if "difference" in line][:DIFFERENCES_MAX],
            verified=next((line["verified"] for line in lines if "verified" in line), None),
            failed=next((line["failed"] for line in lines if "failed" in line), None),
        )


def _filled(lines: Iterable[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of a report without the columns that are empty in each row, and without the hashes, which each
    record's page has: the file has those too."""
    columns, *rows = [*lines] or [[]]
    kept = [at for at, column in enumerate(columns) if column != "leaf" and any(row[at] for row in rows)]
    return [columns[at] for at in kept], [[row[at] for at in kept] for row in rows]


def _in_words(reading: PageReading, column: str, cell: str) -> str:
    """A cell as people read it."""
    if column == "at" and cell:
        return moment(cell)
    if column == "outcome" and cell in OUTCOME_TITLES:
        return reading.text(OUTCOME_TITLES[cell])
    said = (reading.say_or(f"{beginning}.{cell}", "") for beginning in _CELLS.get(column, ()))
    return next(filter(None, said), cell)
