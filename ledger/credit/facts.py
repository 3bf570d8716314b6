"""The facts of an order and its account, from a snapshot: the body of a request, as a caller without a ledger sends it.

Each fact of the account is worked out here (`DERIVED`), recorded by somebody (`Account.profile`, `Figures`), or not
known. Those that are worked out can't be given by anybody. `receivables.account_facts` defines the payment record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from engine.vocabulary.days import day_number
from ledger.credit.account import Account
from ledger.credit.account_fact_group import DERIVED_OF_ACCOUNT, account_body, as_of, deposits_for, iso_of, money_of
from ledger.credit.change import Desk
from ledger.credit.order import Order, OrderCheckpoint, Release, ReleaseState
from ledger.credit.order_currency import asked_of_account
from ledger.credit.release_terms import covers
from ledger.credit.security import Security, SecurityKind
from ledger.credit.snapshot import Snapshot

__all__ = ["DERIVED_OF_ACCOUNT", "DERIVED_OF_ORDER", "account_body", "as_of", "deposits_for", "order_body"]

DERIVED_OF_ORDER = frozenset(
    (
        "id", "deposit_paid", "related_amount", "related_approved", "related_held", "letter_of_credit_amount",
        "letter_of_credit_until", "entered_by", "released_on", "released_amount", "released_by", "released_by_role",
        "second_released_by", "second_released_by_role", "checkpoint", "approved_on", "approved_amount",
    )
)  # fmt: skip
"""Facts of an order that only the ledger says, by their names without `order.`."""


def order_body(
    snapshot: Snapshot, order: Order, desk: Desk, checkpoint: OrderCheckpoint, release: Release | None = None
) -> dict[str, Any]:
    """The body of a request that decides this order at this checkpoint. The order may be one that is not in the
    snapshot yet; what it has reserved and delivered itself is taken out of the account's totals, and what of it is
    invoiced out of its amounts. `release`: one that is only proposed; None: the one in force, where there is one."""
    account = snapshot.existing(Account, order.account)
    known = snapshot.get(Order, order.id)
    due_on = due_day(order, desk.day)
    own = known or replace(order, reserved=0, delivered=0)  # one that isn't there yet may have its deposit already
    body = account_body(snapshot, account, desk, own=own, due_on=due_on)
    body["order"] = _order_group(snapshot, account, order, desk, checkpoint, release)
    return body


def due_day(order: Order, day: int) -> int | None:
    """When the order will have to be paid, as its caller says; None where that says nothing that can be read."""
    days, delivery = order.asked.get("payment_days"), order.asked.get("delivery_date")
    if not isinstance(days, int):
        return None
    try:
        begins = day if delivery is None else max(day, day_number(date.fromisoformat(delivery)))
    except (TypeError, ValueError):
        return None
    return begins + days


def _order_group(
    snapshot: Snapshot, account: Account, order: Order, desk: Desk, checkpoint: OrderCheckpoint, release: Release | None
) -> dict[str, Any]:
    money = money_of(account)
    group = {
        "id": order.id,
        "prepayment": False,
        **asked_of_account(order, desk.engine.vocabulary),
        "amount": money(order.amount - order.billed - order.lapsed),
    }
    group["checkpoint"] = checkpoint.value
    entered_by = order.entered_by or order.entered_via
    if entered_by is not None:
        group["entered_by"] = entered_by
    deposit = deposits_for(snapshot, order)
    if deposit:
        group["deposit_paid"] = money(deposit)
    sisters = snapshot.orders.sisters_of(order, snapshot.get(Order, order.id))
    if sisters.related:
        group["related_amount"] = money(sisters.related)
        group["related_approved"] = money(sisters.approved)
        group["related_held"] = money(sisters.held)
    of_order = [each for each in snapshot.of_account(Security, account.id) if _is_credit_for(each, order)]
    letters = [each for each in of_order if each.counts_on(desk.day)]
    if letters:
        group["letter_of_credit_amount"] = money(sum(each.pays for each in letters))
        ends = [each.until_on for each in letters if each.until_on is not None]
        if ends:
            group["letter_of_credit_until"] = iso_of(min(ends))
    if order.approved_on is not None and order.approval_stands and not _has_lapsed(of_order, order.approved_on, desk):
        group["approved_on"] = iso_of(order.approved_on)
        group["approved_amount"] = money(max((order.approved_amount or 0) - order.billed, 0))
    counting = release or release_in_force(snapshot, order, desk.day)
    if counting is not None:
        group |= release_facts(counting, order, account)
    return group


def release_in_force(snapshot: Snapshot, order: Order, day: int) -> Release | None:
    """The newest release that covers the order and has not ended by its own date. Whether it counts, the policies
    say."""
    releases = [
        each
        for each in snapshot.of_order(Release, order.id)
        if each.state is ReleaseState.IN_FORCE
        and (each.expires_on is None or day <= each.expires_on)
        and covers(each, order)
    ]
    return max(releases, key=lambda each: each.number, default=None)


def release_facts(release: Release, order: Order, account: Account) -> dict[str, Any]:
    """The facts of an order that a release is."""
    facts = {
        "released_on": iso_of(release.on),
        "released_amount": money_of(account)(max(release.amount - order.billed, 0)),
        "released_by": release.by,
        "released_by_role": release.role,
    }
    if release.second_by is not None and release.second_by_role is not None:
        facts["second_released_by"] = release.second_by
        facts["second_released_by_role"] = release.second_by_role
    return facts


def _has_lapsed(letters: Iterable[Security], approved_on: int, desk: Desk) -> bool:
    """A letter of credit that was there when the order was approved can't be drawn on any more."""
    return any(each.counts_on(approved_on) and not each.counts_on(desk.day) for each in letters)


def _is_credit_for(security: Security, order: Order) -> bool:
    return security.kind is SecurityKind.LETTER_OF_CREDIT and security.order == order.id
