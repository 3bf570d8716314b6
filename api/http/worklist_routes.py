"""The worklist over HTTP: what is to be done today, entries worked off; what comes next for an invoice; the day's
turn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request
from pydantic import BeforeValidator
from pydantic_core import to_json
from starlette.responses import Response

from api.http import collection_answers as answers
from api.http import collection_requests as requests
from api.http.ledger_desk import LedgerDesk, asker_of
from api.http.openapi import body_of
from api.http.parameters import only_parameters, written_day
from api.http.problems import BodyFault, FactsInvalid, problems
from api.http.request_models import read_model_and_bytes
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import ISO_DATE, date_of, day_number
from ledger.books.collection_reading import WorklistFilter, contacts_about, item_numbered, worklist_page
from ledger.books.day_turn import DayTurn, TurnStep
from ledger.collections.asked import wants_of
from ledger.collections.collections_shown import (
    block_shown,
    contact_shown,
    dispute_shown,
    entry_shown,
    item_fact_shown,
    plan_shown,
    promise_shown,
)
from ledger.collections.contact import DunningBlock, ItemFact
from ledger.collections.dispute import Dispute
from ledger.collections.invoice_facts import recorded_facts
from ledger.collections.judge_item import judge_item
from ledger.collections.payment_plan import Instalment, PaymentPlan
from ledger.collections.plan_ahead import plan_ahead
from ledger.collections.promise import Promise
from ledger.collections.work_entry import DeferEntry, DisputeFromEntry, DoEntry, PromiseFromEntry, SkipEntry
from ledger.collections.worklist_entry import EntryState, WorkChannel
from ledger.credit.account import Account
from ledger.credit.change import CommandRefused, Desk
from ledger.credit.snapshot import Snapshot
from ledger.items.booked import item_shown
from ledger.items.item import ItemState, OpenItem
from ledger.record.record_header import RecordKind

PAGE, PAGE_MAX = 50, 500
_TAGS: dict[str, Any] = {"tags": ["collections"]}
_REFUSED = problems(400, 404, 409, 413, 415, 422, 503)
_Entry = Annotated[
    str, Path(description="The entry's id: `2026-07-16.customer.C-20417`.", min_length=1, max_length=240)
]
_Invoice = Annotated[str, Path(description="The invoice's number.", min_length=1, max_length=200)]
_Day = Annotated[date | None, BeforeValidator(written_day), Query(description="A day; today where it is left out.")]


def add_worklist_routes(app: FastAPI, desk: LedgerDesk, turn: DayTurn) -> None:
    """`GET /v1/worklist`, `POST /v1/worklist/{entry}/…`, `GET /v1/invoices/{id}…` and `POST /v1/day`."""
    _add_list(app, desk)
    _add_moves(app, desk)
    _add_invoices(app, desk)
    _add_day(app, desk, turn)


def _add_list(app: FastAPI, desk: LedgerDesk) -> None:
    @app.get(
        "/v1/worklist",
        name="get_worklist",
        summary="What is to be done",
        dependencies=[only_parameters("date", "collector", "channel", "account", "state", "after", "limit")],
        responses=problems(422, 503),
        **_TAGS,
    )
    async def get_worklist(
        date: _Day = None,
        collector: Annotated[str | None, Query(min_length=1, max_length=200, description="Login.")] = None,
        channel: Annotated[WorkChannel | None, Query(description="To whom it goes.")] = None,
        account: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
        state: Annotated[EntryState, Query(description="What became of it.")] = EntryState.DUE,
        after: Annotated[str | None, Query(max_length=400, description="Goes on behind a page.")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")] = PAGE,
    ) -> answers.WorklistShape:
        """Entries of a day, the most urgent first by the policies' own priority."""

        def read() -> answers.WorklistShape:
            day = desk.ledger.business_day(desk.policies.engine()) if date is None else day_number(date)
            wanted = WorklistFilter(day=day, state=state, collector=collector, channel=channel, account=account)
            found = desk.journal.ask(lambda connection, _: worklist_page(connection, wanted, _cursor(after), limit))
            entries = [entry_shown(entry, currency) for entry, currency in found]
            last = found[-1][0] if len(found) == limit else None
            behind = None if last is None else f"{last.priority}:{last.channel}:{last.account}"
            shown = {"day": date_of(day).isoformat(), "entries": entries, "after": behind}
            return answers.WorklistShape.model_validate(shown)

        return await asyncio.to_thread(read)


def _cursor(after: str | None) -> tuple[int, str, str] | None:
    """Raises `FactsInvalid`."""
    if after is None:
        return None
    priority, _, rest = after.partition(":")
    channel, _, account = rest.partition(":")
    digits = priority.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18 and account):
        fault = BodyFault("", "the parameter `after` is no end of a page", "send what `after` of a page says")
        raise FactsInvalid("a parameter can't be used", [fault])
    return int(priority), account, channel


def entry_named(entry: str) -> dict[str, Any]:
    """Account, day and channel of an entry's id. Raises `CommandRefused` (`unknown-entry`)."""
    day, _, rest = entry.partition(".")
    channel, _, account = rest.partition(".")
    try:
        is_id = bool(ISO_DATE.fullmatch(day) and account and WorkChannel(channel))
        on = day_number(date.fromisoformat(day)) if is_id else 0
    except ValueError:
        on = 0
    if not on:
        raise CommandRefused("unknown-entry", f"the worklist has no entry {entry}")
    return {"account": account, "day": on, "channel": channel}


def _add_moves(app: FastAPI, desk: LedgerDesk) -> None:
    shared: dict[str, Any] = {
        "response_model": answers.WorklistEntryAnswerShape,
        "dependencies": [only_parameters()],
        "responses": _REFUSED,
        **_TAGS,
    }

    def done(entry: str, body: Any, request: Request) -> DoEntry:
        return DoEntry(
            **entry_named(entry), outcome=body.outcome, person=body.person, text=body.text, document=body.document,
            asker=asker_of(request), id=desk.new_id(),
        )  # fmt: skip

    @app.post(
        "/v1/worklist/{entry}/done", name="do_entry", summary="An entry was done",
        openapi_extra={"requestBody": body_of("DoEntryRequest")}, **shared,
    )  # fmt: skip
    async def do_entry(entry: _Entry, request: Request) -> Response:
        """One contact for all its invoices, each of which reaches its own next level. Done again: the same answer."""
        return await desk.answer(
            request, requests.DoEntryRequest, '{"outcome": "reached"}', RecordKind.ITEM,
            lambda body, _: done(entry, body, request),
        )  # fmt: skip

    @app.post(
        "/v1/worklist/{entry}/promise", name="promise_from_entry", summary="An entry ended with a promise",
        openapi_extra={"requestBody": body_of("PromiseEntryRequest")}, **shared,
    )  # fmt: skip
    async def promise_from_entry(entry: _Entry, request: Request) -> Response:
        """The contact, and the customer's promise to pay what it was about."""
        return await desk.answer(
            request, requests.PromiseEntryRequest, '{"due_on": "2026-07-20"}', RecordKind.ITEM,
            lambda body, _: PromiseFromEntry(
                entry=done(entry, body, request), due_on=body.due_on, amount=body.amount
            ),
        )  # fmt: skip

    @app.post(
        "/v1/worklist/{entry}/dispute", name="dispute_from_entry", summary="An entry ended with a dispute",
        openapi_extra={"requestBody": body_of("DisputeEntryRequest")}, **shared,
    )  # fmt: skip
    async def dispute_from_entry(entry: _Entry, request: Request) -> Response:
        """The contact, and the customer's dispute about one of its invoices."""
        return await desk.answer(
            request, requests.DisputeEntryRequest, '{"invoice": "RE-1", "code": "quality"}', RecordKind.ITEM,
            lambda body, _: DisputeFromEntry(
                entry=done(entry, body, request), invoice=body.invoice, code=body.code, amount=body.amount
            ),
        )  # fmt: skip

    _add_putting_off(app, desk, shared)


def _add_putting_off(app: FastAPI, desk: LedgerDesk, shared: dict[str, Any]) -> None:
    @app.post(
        "/v1/worklist/{entry}/defer", name="defer_entry", summary="Put an entry off",
        openapi_extra={"requestBody": body_of("DeferEntryRequest")}, **shared,
    )  # fmt: skip
    async def defer_entry(entry: _Entry, request: Request) -> Response:
        """Two weeks at the most, and not beyond the date by which something has to be done."""
        return await desk.answer(
            request, requests.DeferEntryRequest, '{"until": "2026-07-20", "reason": "…"}', RecordKind.ITEM,
            lambda body, asker: DeferEntry(
                **entry_named(entry), until=body.until, reason=body.reason, asker=asker, id=desk.new_id()
            ),
        )  # fmt: skip

    @app.post(
        "/v1/worklist/{entry}/skip", name="skip_entry", summary="Not today",
        openapi_extra={"requestBody": body_of("SkipEntryRequest")}, **shared,
    )  # fmt: skip
    async def skip_entry(entry: _Entry, request: Request) -> Response:
        """What is still to be done is listed again on the next working day."""
        return await desk.answer(
            request, requests.SkipEntryRequest, '{"reason": "…"}', RecordKind.ITEM,
            lambda body, asker: SkipEntry(**entry_named(entry), reason=body.reason, asker=asker, id=desk.new_id()),
        )  # fmt: skip


def _add_invoices(app: FastAPI, desk: LedgerDesk) -> None:
    @app.get(
        "/v1/invoices/{id}", name="get_invoice", summary="Read an invoice", response_model=answers.InvoiceDetailsShape,
        dependencies=[only_parameters()], responses=problems(404, 422, 503), **_TAGS,
    )  # fmt: skip
    async def get_invoice(id: _Invoice) -> Response:
        """As it stands, with all that was agreed, said and done about it, and what the policies say today."""
        shown = await asyncio.to_thread(lambda: _invoice_shown(desk, *_with_account(desk, id)))
        return Response(to_json(shown), media_type="application/json")

    @app.get(
        "/v1/invoices/{id}/plan", name="get_invoice_plan", summary="What comes next for an invoice",
        response_model=answers.InvoicePlanShape, dependencies=[only_parameters()], responses=problems(404, 422, 503),
        **_TAGS,
    )  # fmt: skip
    async def get_invoice_plan(id: _Invoice) -> Response:
        """The steps to come with their days, as long as nobody pays: by the same function as the worklist."""
        shown = await asyncio.to_thread(lambda: _plan_shown(*_with_account(desk, id)))
        return Response(to_json(shown), media_type="application/json")


def _with_account(desk: LedgerDesk, id: str) -> tuple[OpenItem, Snapshot, Desk]:
    """Raises `CommandRefused` (`no-such-invoice`)."""
    engine = desk.policies.engine()
    today = Desk(engine=engine, day=desk.ledger.business_day(engine))
    item = desk.journal.ask(lambda connection, _: item_numbered(connection, id))
    if item is None:
        raise CommandRefused("no-such-invoice", f"the ledger has no invoice {id}", invoice=id)
    return item, desk.snapshot(wants_of(item.account, item.id), today.day, engine), today


def _invoice_shown(desk: LedgerDesk, item: OpenItem, snapshot: Snapshot, today: Desk) -> dict[str, Any]:
    account = snapshot.existing(Account, item.account)
    currency, facts, decision = account.currency, recorded_facts(snapshot, item), None
    if item.state is ItemState.OPEN:
        try:
            judged = judge_item(snapshot, item, today, desk.new_id())
            facts, decision = judged.facts["invoice"], judged.decision.as_json()
        except (FactsRefused, CommandRefused):
            decision = None  # it is shown all the same
    plans = [each for each in snapshot.of_account(PaymentPlan, account.id) if item.id in each.items]
    parts = snapshot.of_account(Instalment, account.id)
    contacts = desk.journal.ask(lambda connection, _: contacts_about(connection, item))
    of_item = [each for each in snapshot.of_account(ItemFact, account.id) if each.item == item.id]
    return {
        "invoice": item_shown(item, currency),
        "facts": facts,
        "decision": decision,
        "disputes": [
            dispute_shown(each, currency)
            for each in snapshot.of_account(Dispute, account.id)
            if each.item == item.id
        ],
        "promises": [
            promise_shown(each, currency, today.day)
            for each in snapshot.of_account(Promise, account.id)
            if item.id in each.items
        ],
        "plans": [plan_shown(each, [part for part in parts if part.plan == each.number], currency) for each in plans],
        "blocks": [
            block_shown(each)
            for each in snapshot.of_account(DunningBlock, account.id)
            if each.item in (None, item.id)
        ],
        "recorded": [item_fact_shown(each, facts.get(each.fact)) for each in of_item],
        "contacts": [contact_shown(each) for each in contacts],
    }  # fmt: skip


def _plan_shown(item: OpenItem, snapshot: Snapshot, today: Desk) -> dict[str, Any]:
    steps = plan_ahead(snapshot, item, today) if item.state is ItemState.OPEN and item.amount > 0 else ()
    return {
        "invoice": item.id,
        "steps": [
            {
                "on": date_of(each.on).isoformat(),
                "step": each.entry.step,
                "level": each.level,
                "reasons": [dict(reason) for reason in each.entry.reasons if reason["item"] == item.id],
            }
            for each in steps
        ],
    }


def _add_day(app: FastAPI, desk: LedgerDesk, turn: DayTurn) -> None:
    @app.get(
        "/v1/day", name="get_day", summary="How far the day's turn is", dependencies=[only_parameters()],
        responses=problems(422, 503), **_TAGS,
    )  # fmt: skip
    async def get_day() -> answers.DayShape:
        """The business date, and of each step of its turn how many accounts were looked at."""
        return await asyncio.to_thread(lambda: _day_shown(turn.made(desk.policies.engine())))

    @app.post(
        "/v1/day", name="turn_day", summary="Make the day's turn", dependencies=[only_parameters()],
        openapi_extra={"requestBody": body_of("TurnDayRequest")},
        responses=problems(400, 413, 415, 422, 503), **_TAGS,
    )  # fmt: skip
    async def turn_day(request: Request) -> answers.DayShape:
        """Once for each business date; the service makes it by itself in the day's first minute. Asked again, it goes
        on where it is, or says how it ended. It is made to its end where the caller leaves."""
        body, _ = await read_model_and_bytes(request, requests.TurnDayRequest, '{"date": null}', desk.body_bytes_max)
        engine = desk.policies.engine()
        today = date_of(await asyncio.to_thread(desk.ledger.business_day, engine)).isoformat()
        if body.date not in (None, today):
            fault = BodyFault("/date", f"is not the business date, {today}", "leave it out; days turn as they come")
            raise FactsInvalid("the day can't be turned", [fault])
        return _day_shown(await asyncio.shield(asyncio.ensure_future(turn.turn())))


def _day_shown(steps: Sequence[TurnStep]) -> answers.DayShape:
    shown = [
        {"step": each.step, "accounts": each.accounts, "changed": each.changed, "is_done": each.is_done}
        for each in steps
    ]
    return answers.DayShape.model_validate({"day": date_of(steps[0].day).isoformat(), "steps": shown})
