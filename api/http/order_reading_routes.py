"""Orders read: one, those that were changed, those that wait; and how much a customer may still order.

An order that waits is shown with every reason, its numbers and its remedy, who may let it go, and what would
(`ledger.credit.passes_at`). That is worked out when it is read, and kept in memory while nothing has changed.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request
from starlette.responses import Response

from api.http.access_table import Right
from api.http.caller import Admitted, admitted_of
from api.http.ledger_desk import LedgerDesk, owner_of, sees_figures
from api.http.order_answers import (
    FacetShape,
    HeadroomShape,
    HeldOrderShape,
    HoldParameters,
    HoldShape,
    HoldsShape,
    OrderDetailsShape,
    OrderLineShape,
    OrderParameters,
    OrdersShape,
    PassesAtShape,
)
from api.http.order_routes import OrderNumber
from api.http.parameters import only_parameters
from api.http.problems import Forbidden, problems
from api.http.search_routes import flagged_now
from engine.pipeline import Engine
from ledger.books.order_list import (
    HoldFilter,
    OrderFilter,
    holds_wanted,
    orders_called,
    orders_wanted,
    records_called,
    rows_of_order,
)
from ledger.credit.account import Account, AccountStatus, Group
from ledger.credit.change import CommandRefused, Desk
from ledger.credit.order import Hold, Order
from ledger.credit.passes_at import PassesAt, headroom, passes_at
from ledger.credit.release_order import AUTHORITIES
from ledger.credit.shown import iso, money_shown, order_shown, release_shown
from ledger.credit.snapshot import Wants
from ledger.journal.opened_records import OpenedRecord
from ledger.record.decision_parts import ANSWER
from ledger.search.masking import flagged_facts, masked, masked_for_sales

KEPT_MAX = 10_000
"""Figures of holds that are kept in memory."""

_AccountNumber = Annotated[str, Path(description="The customer's number.", max_length=200)]
_TAGS: dict[str, Any] = {"tags": ["orders"]}


def add_order_reading_routes(app: FastAPI, desk: LedgerDesk) -> None:
    """`GET /v1/orders`, `GET /v1/orders/{id}`, `GET /v1/holds`, `GET /v1/accounts/{id}/headroom`."""
    reading = _OrderReading(desk)

    @app.get(
        "/v1/orders",
        name="list_orders",
        summary="List orders",
        dependencies=[only_parameters(*OrderParameters.model_fields)],
        responses=problems(422, 503),
        **_TAGS,
    )
    async def list_orders(wanted: Annotated[OrderParameters, Query()], request: Request) -> OrdersShape:
        """The last change first; with `changed_since` what was changed behind that place, the first change first. Order
        entry sees what it entered."""
        return await asyncio.to_thread(reading.orders, wanted, admitted_of(request.scope))

    @app.get(
        "/v1/orders/{id}",
        name="get_order",
        summary="Read an order",
        response_model=OrderDetailsShape,
        dependencies=[only_parameters()],
        responses=problems(404, 422, 503),
        **_TAGS,
    )
    async def get_order(id: OrderNumber, request: Request) -> Response:
        """As it stands, with its last decision, its releases, and while it waits everything about that."""
        shown = await asyncio.to_thread(reading.order, id, admitted_of(request.scope))
        return Response(json.dumps(shown, ensure_ascii=False).encode(), media_type="application/json")

    @app.get(
        "/v1/holds",
        name="list_holds",
        summary="List orders that wait",
        dependencies=[only_parameters(*HoldParameters.model_fields)],
        responses=problems(422, 503),
        **_TAGS,
    )
    async def list_holds(wanted: Annotated[HoldParameters, Query()], request: Request) -> HoldsShape:
        """The longest first, with every reason, its numbers and its remedy, who may release it and what would let it
        go. Order entry sees what it entered."""
        return await asyncio.to_thread(reading.holds, wanted, admitted_of(request.scope))

    @app.get(
        "/v1/accounts/{id}/headroom",
        name="get_headroom",
        summary="How much a customer may still order",
        dependencies=[only_parameters()],
        responses=problems(404, 422, 503),
        **_TAGS,
    )
    async def get_headroom(id: _AccountNumber) -> HeadroomShape:
        """The largest order that passes today by the terms that the customer is granted. Nothing else is said of it."""
        return await asyncio.to_thread(reading.headroom, id)


class _OrderReading:
    """Of one service. Everything here blocks."""

    def __init__(self, desk: LedgerDesk) -> None:
        self._desk = desk
        self._kept: OrderedDict[tuple[Any, ...], PassesAt] = OrderedDict()

    def orders(self, wanted: OrderParameters, admitted: Admitted) -> OrdersShape:
        """Raises `BadCursor`, `JournalUnavailable`."""
        filter_ = OrderFilter(
            states=() if wanted.state is None else (wanted.state.value,),
            account=wanted.account,
            entered_by=wanted.entered_by,
            changed_since=wanted.changed_since,
            owner=owner_of(admitted),
        )
        page = self._desk.journal.ask(
            lambda connection, keys: orders_wanted(connection, keys, filter_, wanted.cursor, wanted.limit)
        )
        changed_to = max((each.changed_seq for each in page.orders), default=wanted.changed_since)
        return OrdersShape(orders=[_line(each) for each in page.orders], next=page.next, changed_to=changed_to)

    def order(self, number: str, admitted: Admitted) -> dict[str, Any]:
        """Raises `CommandRefused`, `Forbidden`, `JournalUnavailable`."""
        found = self._desk.journal.ask(lambda connection, _: orders_called(connection, [number]))
        if not found:
            raise CommandRefused("unknown-order", f"there is no order {number}", order=number)
        order, owner = found[0], owner_of(admitted)
        if owner is not None and not owner.owns(order):
            raise Forbidden(f"{admitted.caller.in_words}, which sees the orders that it entered")
        holds, releases = self._desk.journal.ask(lambda connection, _: rows_of_order(connection, number))
        decisions = self._decisions([order], admitted)
        decision = decisions.get(order.id)
        hold = next((each for each in holds if each.lifted_on is None), None)
        shown = None
        if hold is not None:
            shown = self._hold(order, hold, decision, self._passes_at([order], admitted)).model_dump(mode="json")
        is_told = sees_figures(admitted)
        return {
            "order": _line(order).model_dump(mode="json"),
            "hold": shown,
            "releases": [release_shown(each, order.currency) for each in releases] if is_told else [],
            "decision": decision,
        }

    def holds(self, wanted: HoldParameters, admitted: Admitted) -> HoldsShape:
        """Raises `BadCursor`, `JournalUnavailable`."""
        enough = () if wanted.releasable_by is None else AUTHORITIES[: AUTHORITIES.index(wanted.releasable_by) + 1]
        filter_ = HoldFilter(
            account=wanted.account,
            rule=wanted.rule,
            kind=None if wanted.kind is None else wanted.kind.value,
            is_liftable=wanted.liftable,
            authorities=enough,
            owner=owner_of(admitted),
        )
        page = self._desk.journal.ask(
            lambda connection, keys: holds_wanted(connection, keys, filter_, wanted.cursor, wanted.limit)
        )
        orders = [each.order for each in page.held]
        decisions, figures = self._decisions(orders, admitted), self._passes_at(orders, admitted)
        held = [
            HeldOrderShape(
                order=_line(each.order), hold=self._hold(each.order, each.hold, decisions.get(each.order.id), figures)
            )
            for each in page.held
        ]
        facets = {name: FacetShape(dict(counts)) for name, counts in page.facets.items()}
        if not sees_figures(admitted):
            facets.pop("rule", None)  # which rules hold orders may be what is confidential
        return HoldsShape(holds=held, next=page.next, total=page.total, facets=facets)

    def headroom(self, account: str) -> HeadroomShape:
        """Raises `CommandRefused`, `JournalUnavailable`."""
        engine = self._desk.policies.engine()
        day = self._desk.ledger.business_day(engine)
        wants = Wants(accounts=frozenset((account,)))
        snapshot = self._desk.snapshot(wants, day, engine)
        found = snapshot.get(Account, account)
        if found is None:
            raise CommandRefused("unknown-account", f"there is no account {account}", account=account)
        amount = headroom(snapshot, found, Desk(engine=engine, day=day))
        shown = None if amount is None else money_shown(amount, found.currency)
        if found.status is not AccountStatus.ACTIVE:
            return HeadroomShape(account=account, currency=found.currency, state="blocked", amount=None)
        state: Any = "none" if amount is None else "open"
        return HeadroomShape(account=account, currency=found.currency, state=state, amount=shown)

    def _decisions(self, orders: list[Order], admitted: Admitted) -> dict[str, dict[str, Any]]:
        """The last decision of each order as far as the caller sees it, by the order's number."""
        ids = [each.decision for each in orders if each.decision is not None]
        records = self._desk.journal.ask(lambda connection, keys: records_called(connection, keys, ids)) if ids else {}
        return {each.id: self._seen(records[each.decision], admitted) for each in orders if each.decision in records}

    def _seen(self, record: OpenedRecord, admitted: Admitted) -> dict[str, Any]:
        decision: dict[str, Any] = json.loads(record.body.document(ANSWER) or b"{}")
        if sees_figures(admitted):
            return decision
        flagged = flagged_facts(record.body) | flagged_now(self._desk.policies)
        return (masked if Right.MASKED in admitted.rights else masked_for_sales)(decision, flagged)[0]

    def _hold(
        self, order: Order, hold: Hold, decision: dict[str, Any] | None, figures: dict[str, PassesAt]
    ) -> HoldShape:
        reasons = [] if decision is None else decision["reasons"]
        rules = {each["rule"] for each in reasons} | {rule for each in reasons for rule in each.get("rules", ())}
        passes = figures.get(order.id)
        return HoldShape(
            since=iso(hold.since) or "",
            kind=hold.kind.value,
            rules=[each for each in hold.rules if each in rules],
            authority=hold.authority,
            two_people=hold.two_people,
            liftable_since=iso(hold.liftable_since),
            reasons=reasons,
            passes_at=None if passes is None else PassesAtShape(**passes.shown(order.currency)),
        )

    def _passes_at(self, orders: list[Order], admitted: Admitted) -> dict[str, PassesAt]:
        """By the order's number; none where no policy is in force, and none for who sees decisions masked: what would
        have to be paid says what the customer owes."""
        in_force, is_masked = self._desk.policies.in_force, Right.MASKED in admitted.rights
        if in_force is None or not orders or (is_masked and not sees_figures(admitted)):
            return {}
        engine, day = in_force.engine, self._desk.ledger.business_day(in_force.engine)
        wants = Wants(orders=frozenset(each.id for each in orders))
        snapshot = self._desk.snapshot(wants, day, engine)
        found = {}
        for order in orders:
            account = snapshot.get(Account, order.account)
            group = None if account is None or account.group is None else snapshot.get(Group, account.group)
            version = None if account is None else account.version, None if group is None else group.version
            key = (order.id, order.changed_seq, *version, day, engine.version)
            found[order.id] = self._kept.get(key) or self._work_out(key, snapshot, order, engine, day)
        return found

    def _work_out(self, key: tuple[Any, ...], snapshot: Any, order: Order, engine: Engine, day: int) -> PassesAt:
        passes = passes_at(snapshot, order, Desk(engine=engine, day=day))
        self._kept[key] = passes
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return passes


def _line(order: Order) -> OrderLineShape:
    return OrderLineShape(**order_shown(order), journal_entry=order.changed_seq)
