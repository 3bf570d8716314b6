"""One invoice read over HTTP: as it stands, with all that was set off against it, and the late interest on it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import FastAPI, Path, Request

from api.http import item_answers as answers
from api.http.account_read_routes import AccountReader
from api.http.ledger_desk import LedgerDesk
from api.http.parameters import only_parameters
from api.http.problems import problems
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.decimals import decimal_formatter
from ledger.books.item_reading import invoice_numbered
from ledger.collections.asked import wants_of
from ledger.credit.change import CommandRefused, Desk
from ledger.credit.shown import iso
from ledger.items.booked import item_shown
from ledger.items.interest import interest_shown
from ledger.items.item import Allocation


def add_item_read_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`GET /v1/items/{id}`."""
    reader = AccountReader(desk)

    @app.get(
        "/v1/items/{id}",
        name="get_item",
        summary="Read an item",
        tags=["items"],
        dependencies=[only_parameters()],
        responses=problems(404, 422, 503),
    )
    async def get_item(
        id: Annotated[str, Path(description="Number of the item.", min_length=1, max_length=200)], request: Request
    ) -> answers.ItemReadShape:
        """An item of any kind, all that was ever set off against it or by it, and its late interest span by span."""
        found = await reader.ask(lambda connection: invoice_numbered(connection, id))
        if found is None:
            raise CommandRefused("unknown-item", f"there is no item {id}", item=id)
        account = await reader.account(found.item.account, request)
        engine, day = desk.policies.engine(), reader.today()
        wants = wants_of(account.id, id)
        snapshot = await asyncio.to_thread(desk.snapshot, wants, day, engine)
        interest = interest_shown(
            snapshot, found.item, found.allocations, found.interest_debits, Desk(engine=engine, day=day)
        )
        return answers.ItemReadShape.model_validate(
            {
                "item": item_shown(found.item, account.currency),
                "allocations": [_shown(each, account.currency) for each in found.allocations],
                "interest": interest,
            }
        )


def _shown(allocation: Allocation, currency: str) -> dict[str, Any]:
    return {
        "from_item": allocation.from_item,
        "to_item": allocation.to_item,
        "amount": decimal_formatter(MINOR_UNITS[currency])(allocation.amount),
        "effective_on": iso(allocation.effective_on),
        "reversed_on": iso(allocation.reversed_on),
        "cause": allocation.cause.value,
    }
