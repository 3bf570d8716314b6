"""Accounts read over HTTP: as they stand, by their facts and where these come from, by their movements.

Whoever may see an account without what is confidential gets the facts without it, and no limits or securities of it;
booking sees the accounts that it has put.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Query, Request, Response
from pydantic import BeforeValidator

from api.http import account_answers as answers
from api.http.access_table import Right
from api.http.account_routes import Account, GroupNumber
from api.http.caller import Admitted, actor_of, admitted_of
from api.http.ledger_desk import LedgerDesk
from api.http.parameters import only_parameters, written_day
from api.http.problems import BodyFault, FactsInvalid, problems
from api.http.search_routes import WITHHELD_HEADER
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import day_number
from engine.vocabulary.decimals import decimal_formatter
from ledger.books.account_reading import (
    account_numbered,
    accounts_found,
    entries_of,
    events_of,
    exposure_on,
    group_numbered,
    items_of,
    rows_of_account,
)
from ledger.books.reading import read_snapshot
from ledger.credit.account import Account as AccountRow
from ledger.credit.account_fact_group import account_group, figures_on
from ledger.credit.change import CommandRefused, Desk
from ledger.credit.entry import EntryBucket
from ledger.credit.fact_origins import origin_of
from ledger.credit.limit import Limit
from ledger.credit.profile import facts_of_account
from ledger.credit.security import Security
from ledger.credit.shown import account_shown, group_shown, iso, limit_shown, security_shown
from ledger.credit.snapshot import Wants
from ledger.items.booked import item_shown
from ledger.items.item import ItemState

PAGE, PAGE_MAX = 50, 200

_T = TypeVar("_T")
_Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
_After = Annotated[str, Query(max_length=200, description="Goes on behind this number.")]
_Day = Annotated[date | None, BeforeValidator(written_day), Query(description="A day; today where it is left out.")]


def _shared(*parameters: str) -> dict[str, Any]:
    return {
        "tags": ["accounts"],
        "dependencies": [only_parameters(*parameters)],
        "responses": problems(404, 422, 503),
        "response_model_by_alias": True,
    }


class AccountReader:
    """What the routes below share."""

    def __init__(self, desk: LedgerDesk) -> None:
        self.desk = desk

    async def ask(self, question: Callable[[Any], _T]) -> _T:
        """A question to the tables, in a thread. Raises `JournalUnavailable`."""
        return await asyncio.to_thread(self.desk.journal.ask, lambda connection, _: question(connection))

    def today(self) -> int:
        """The business date."""
        return self.desk.ledger.business_day(self.desk.policies.engine())

    async def account(self, id: str, request: Request) -> AccountRow:
        """Raises `CommandRefused` (`unknown-account`), also where the caller may not see it."""
        found = await self.ask(lambda connection: account_numbered(connection, id))
        if found is None or not may_see(found, request):
            raise CommandRefused("unknown-account", f"there is no account {id}", account=id)
        return found


def may_see(account: AccountRow, request: Request) -> bool:
    """Whoever sees only their own sees the accounts that they put."""
    is_limited = admitted_of(request.scope).rights <= {Right.OWN}
    return not is_limited or actor_of(request.scope).did(account.put_by)


def is_masked(admitted: Admitted) -> bool:
    """Whether what is confidential is left out for this caller."""
    return not admitted.rights & {Right.FULL, Right.READ, Right.OWN}


def add_account_read_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`GET /v1/accounts…` and `GET /v1/groups/{id}`."""
    reader = AccountReader(desk)

    @app.get(
        "/v1/accounts",
        name="list_accounts",
        summary="Find accounts",
        **_shared("text", "group", "after", "limit"),
    )
    async def list_accounts(
        request: Request,
        text: Annotated[
            str | None, Query(min_length=1, max_length=200, description="Begins the number, or is in the name.")
        ] = None,
        group: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
        after: _After = "",
        limit: _Limit = PAGE,
    ) -> answers.AccountsShape:
        """Accounts in the order of their numbers, page by page."""
        found = await reader.ask(lambda connection: accounts_found(connection, text, group, after, limit))
        shown = [_masked(account_shown(each), request) for each in found if may_see(each, request)]
        last = found[-1].id if len(found) == limit else None
        return answers.AccountsShape.model_validate({"accounts": shown, "after": last})

    @app.get("/v1/accounts/{id}", name="get_account", summary="Read an account", **_shared())
    async def get_account(id: Account, request: Request, response: Response) -> answers.AccountShape:
        """As it stands. Its version is also the `ETag`, for `If-Match`."""
        found = await reader.account(id, request)
        response.headers["ETag"] = f'"{found.version}"'
        return answers.AccountShape.model_validate(_masked(account_shown(found), request, response))

    @app.get("/v1/groups/{id}", name="get_group", summary="Read a group", **_shared())
    async def get_group(id: GroupNumber, response: Response) -> answers.GroupShape:
        """As it stands. Its version is also the `ETag`."""
        found = await reader.ask(lambda connection: group_numbered(connection, id))
        if found is None:
            raise CommandRefused("unknown-group", f"there is no group {id}", group=id)
        response.headers["ETag"] = f'"{found.version}"'
        return answers.GroupShape.model_validate(group_shown(found))

    _add_facts(app, reader)
    _add_lists(app, reader)
    _add_movements(app, reader)


def _add_facts(app: FastAPI, reader: AccountReader) -> None:
    @app.get("/v1/accounts/{id}/facts", name="get_account_facts", summary="Facts of an account", **_shared("as_of"))
    async def get_account_facts(
        id: Account, request: Request, response: Response, as_of: _Day = None
    ) -> answers.FactsOfAccountShape:
        """Each fact that policies decide on, and where it comes from: as of a day, with all that is booked by now."""
        await reader.account(id, request)
        engine, day = reader.desk.policies.engine(), reader.today() if as_of is None else day_number(as_of)

        def read(connection: Any) -> dict[str, Any]:
            wants = Wants(accounts=frozenset((id,)))
            snapshot = read_snapshot(connection, wants, day, engine.vocabulary, itemized=True)
            account = snapshot.existing(AccountRow, id)
            group = account_group(snapshot, account, Desk(engine=engine, day=day))
            figures = figures_on(snapshot, id, day)
            known = facts_of_account(engine.vocabulary)
            return {
                "account": id,
                "version": account.version,
                "as_of": iso(day),
                "currency": account.currency,
                "facts": [
                    {"name": f"account.{name}", "value": group[name], "from": origin_of(name, account, figures)}
                    for name in known
                    if name in group
                ],
                "missing": [f"account.{name}" for name in known if name not in group],
            }

        shown = await reader.ask(read)
        if is_masked(admitted_of(request.scope)):
            flagged = engine.vocabulary.flagged_facts()
            withheld = [each["name"] for each in shown["facts"] if each["name"] in flagged]
            shown["facts"] = [each for each in shown["facts"] if each["name"] not in flagged]
            response.headers[WITHHELD_HEADER] = " ".join(withheld)
        return answers.FactsOfAccountShape.model_validate(shown)


def _add_lists(app: FastAPI, reader: AccountReader) -> None:
    @app.get("/v1/accounts/{id}/limits", name="list_limits", summary="Limits of an account", **_shared())
    async def list_limits(id: Account, request: Request) -> answers.CreditLimitsShape:
        """All that were asked for, the newest first."""
        account = await reader.account(id, request)
        found = await reader.ask(lambda connection: rows_of_account(connection, Limit, id))
        newest = sorted(found, key=lambda each: -each.number)
        shown = [limit_shown(each, account.currency) for each in newest]
        return answers.CreditLimitsShape.model_validate({"limits": shown})

    @app.get("/v1/accounts/{id}/securities", name="list_securities", summary="Securities of an account", **_shared())
    async def list_securities(id: Account, request: Request) -> answers.SecuritiesShape:
        """Ended ones included. Guarantees and insurance are confidential."""
        account = await reader.account(id, request)
        if is_masked(admitted_of(request.scope)):
            return answers.SecuritiesShape(securities=[])
        found = await reader.ask(lambda connection: rows_of_account(connection, Security, id))
        shown = [security_shown(each, account.currency) for each in sorted(found, key=lambda each: each.id)]
        return answers.SecuritiesShape.model_validate({"securities": shown})

    @app.get(
        "/v1/accounts/{id}/items",
        name="list_items",
        summary="Items of an account",
        **_shared("state", "after", "limit"),
    )
    async def list_items(
        id: Account, request: Request, state: ItemState | None = None, after: _After = "", limit: _Limit = PAGE
    ) -> answers.ItemsShape:
        """Invoices, credit notes, payments and deposits in the order of their numbers, page by page."""
        account = await reader.account(id, request)
        found = await reader.ask(lambda connection: items_of(connection, id, state, after, limit))
        shown = [item_shown(each, account.currency) for each in found]
        last = found[-1].id if len(found) == limit else None
        return answers.ItemsShape.model_validate({"items": shown, "after": last})


def _add_movements(app: FastAPI, reader: AccountReader) -> None:
    @app.get("/v1/accounts/{id}/exposure", name="get_exposure", summary="Exposure on a day", **_shared("on"))
    async def get_exposure(id: Account, request: Request, on: _Day = None) -> answers.ExposureShape:
        """What the account owed on any day, from its movements: what counts from a day counts on it, whenever it was
        booked."""
        account = await reader.account(id, request)
        day = reader.today() if on is None else day_number(on)
        sums = await reader.ask(lambda connection: exposure_on(connection, id, day))
        money = decimal_formatter(MINOR_UNITS[account.currency])
        exposure = sum(-amount if bucket is EntryBucket.DEPOSITS else amount for bucket, amount in sums.items())
        return answers.ExposureShape.model_validate(
            {
                "account": id,
                "on": iso(day),
                "currency": account.currency,
                **{bucket.value: money(amount) for bucket, amount in sums.items()},
                "exposure": money(exposure),
            }
        )

    @app.get(
        "/v1/accounts/{id}/entries",
        name="list_entries",
        summary="Movements of an account",
        **_shared("before", "limit"),
    )
    async def list_entries(
        id: Account,
        request: Request,
        before: Annotated[str | None, Query(max_length=40, pattern=r"^[0-9]{1,15}\.[0-9]{1,9}$")] = None,
        limit: _Limit = PAGE,
    ) -> answers.LedgerEntriesShape:
        """The newest first, page by page. They are never changed: a reversal is an entry of its own."""
        account = await reader.account(id, request)
        place = None if before is None else _place(before)
        found = await reader.ask(lambda connection: entries_of(connection, id, place, limit))
        money = decimal_formatter(MINOR_UNITS[account.currency])
        entries = [
            {
                "seq": each.seq,
                "number": each.number,
                "bucket": each.bucket,
                "amount": money(each.amount),
                "effective_on": iso(each.effective_on),
                "order": each.order_id,
                "item": each.item,
                "cause": each.cause,
            }
            for each in found
        ]
        last = f"{found[-1].seq}.{found[-1].number}" if len(found) == limit else None
        return answers.LedgerEntriesShape.model_validate({"entries": entries, "before": last})

    _add_timeline(app, reader)


def _add_timeline(app: FastAPI, reader: AccountReader) -> None:
    @app.get(
        "/v1/accounts/{id}/timeline", name="get_timeline", summary="What happened to an account", **_shared("limit")
    )
    async def get_timeline(id: Account, request: Request, limit: _Limit = PAGE) -> answers.TimelineShape:
        """Orders, holds, invoices, payments, limits, securities, figures and grades by their days, the newest first."""
        account = await reader.account(id, request)
        today = reader.today()
        found = await reader.ask(lambda connection: events_of(connection, id, today, limit))
        money = decimal_formatter(MINOR_UNITS[account.currency])
        if is_masked(admitted_of(request.scope)):
            found = [each for each in found if each.what not in ("security begins", "security ends", "figures")]
        events = [
            {
                "on": iso(each.on),
                "what": each.what,
                "about": each.about,
                "amount": None if each.amount is None else money(each.amount),
                "by": each.by,
            }
            for each in found
        ]
        return answers.TimelineShape.model_validate({"events": events})


def _place(before: str) -> tuple[int, int]:
    seq, _, number = before.partition(".")
    if not (seq.isdigit() and number.isdigit()):
        raise FactsInvalid(
            "`before` is no place", [BodyFault("", "`before` is no place", "send that of the page before")]
        )
    return int(seq), int(number)


def _masked(shown: dict[str, Any], request: Request, response: Response | None = None) -> dict[str, Any]:
    """An account without the facts of its profile that are confidential or name somebody, where the caller may not see
    them."""
    if not is_masked(admitted_of(request.scope)):
        return shown
    withheld = [f"/profile/{name}" for name in shown["profile"]]
    if response is not None and withheld:
        response.headers[WITHHELD_HEADER] = " ".join(withheld)
    return {**shown, "profile": {}}
