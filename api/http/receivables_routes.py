"""Receivables over HTTP: aging, DSO, collection effectiveness and loss allowance on any day, and the register of what
is overdue, an object or a line of CSV for each item.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import asdict, fields
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request
from pydantic import BeforeValidator
from pydantic_core import to_json
from starlette.responses import Response, StreamingResponse

from api.http import item_answers as answers
from api.http.account_read_routes import AccountReader
from api.http.ledger_desk import LedgerDesk
from api.http.parameters import only_parameters, written_day
from api.http.problems import BodyFault, FactsInvalid, problems
from engine.vocabulary.days import date_of, day_number
from engine.vocabulary.decimals import decimal_formatter
from ledger.books.overdue_register import ROWS_AT_ONCE, RegisterRow, register_rows
from ledger.books.receivables_reading import decide_book, overdue_items, read_book
from ledger.credit.change import Desk
from receivables.portfolio.portfolio_decisions import GradeAllowance
from receivables.portfolio.portfolio_json import allowances_json, figures_json

_Day = Annotated[date | None, BeforeValidator(written_day), Query(description="A day; today where it is left out.")]
_AccountNumber = Annotated[
    str | None, Query(min_length=1, max_length=200, description="Of this account alone; left out: of all.")
]
_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An object a line for each overdue item, the oldest due first; or CSV with a heading.",
        "content": {
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


def add_receivables_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`GET /v1/receivables` and `GET /v1/register`."""
    reader = AccountReader(desk)
    turn = asyncio.Lock()  # the whole book is read: one at a time

    @app.get(
        "/v1/receivables",
        name="get_receivables",
        summary="How the receivables stand on a day",
        tags=["ledger"],
        dependencies=[only_parameters("on", "account")],
        responses=problems(404, 422, 503),
    )
    async def get_receivables(
        request: Request, on: _Day = None, account: _AccountNumber = None
    ) -> answers.ReceivablesShape:
        """From entries by their effective days: aging, DSO and collection effectiveness by quarters, and the loss
        allowance by bucket and grade that the policies of that day give. In the policies' currency."""
        judge, day = _on(reader, on)
        if account is not None:
            await reader.account(account, request)

        def question(connection: Any) -> dict[str, Any]:
            book = read_book(connection, judge, day, account)
            decisions = decide_book(connection, judge, book)
            money = decimal_formatter(judge.engine.vocabulary.currency_digits)
            allowance = allowances_json(decisions.allowances, money)
            return {
                "as_of": date_of(day).isoformat(),
                "account": account,
                "currency": judge.engine.vocabulary.currency,
                "left_out": list(book.left_out),
                **figures_json(book.figures(judge), money),
                "loss_allowance": {**allowance, "by_grade": [_field(each, money) for each in decisions.by_grade]},
            }

        async with turn:
            return answers.ReceivablesShape.model_validate(await reader.ask(question))

    _add_register(app, reader)


def _add_register(app: FastAPI, reader: AccountReader) -> None:
    @app.get(
        "/v1/register",
        name="get_register",
        summary="What is overdue, item by item",
        tags=["ledger"],
        dependencies=[only_parameters("on", "account", "format")],
        responses={**_LINES, **problems(404, 422, 503)},
        response_class=Response,
    )
    async def get_register(
        request: Request,
        on: _Day = None,
        account: _AccountNumber = None,
        format: Annotated[Literal["ndjson", "csv"], Query(description="How rows are written.")] = "ndjson",
    ) -> Response:
        """Each with its days, amounts, grade, dunning level, and what the policies say is to be done today."""
        judge, day = _on(reader, on)
        if account is not None:
            await reader.account(account, request)
        today = Desk(engine=judge.engine, day=reader.today())
        overdue = await reader.ask(lambda connection: overdue_items(connection, day, account))

        async def lines() -> AsyncIterator[bytes]:
            if format == "csv":
                yield _csv([[field.name for field in fields(RegisterRow)]])
            for at in range(0, len(overdue), ROWS_AT_ONCE):
                some = overdue[at : at + ROWS_AT_ONCE]
                rows = await reader.ask(partial(register_rows, desk=today, overdue=some, day=day))
                if format == "csv":
                    yield _csv([list(asdict(each).values()) for each in rows])
                else:
                    yield b"".join(to_json(asdict(each)) + b"\n" for each in rows)

        return StreamingResponse(lines(), media_type="text/csv" if format == "csv" else "application/x-ndjson")


def _on(reader: AccountReader, on: date | None) -> tuple[Desk, int]:
    """By which policies, and on which day. Raises `FactsInvalid` for a day that is yet to come."""
    today = reader.today()
    day = today if on is None else day_number(on)
    if day > today:
        fault = BodyFault("", f"the parameter `on` lies after today, {date_of(today)}", "ask for today or earlier")
        raise FactsInvalid("1 parameter can't be used", [fault])
    return Desk(engine=reader.desk.policies.engine(), day=day), day


def _field(each: GradeAllowance, money: Any) -> dict[str, Any]:
    allowance = None if each.allowance is None else money(each.allowance)
    return {**asdict(each), "amount": money(each.amount), "allowance": allowance}


def _csv(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
