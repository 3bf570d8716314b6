"""Rows as callers and the journal are shown them: JSON with amounts as decimal text and days as ISO dates."""

from __future__ import annotations

from typing import Any

from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import RATE_SCALE, decimal_formatter
from ledger.credit.account import Account, Grade, Group
from ledger.credit.limit import Limit
from ledger.credit.moves import legal_moves
from ledger.credit.order import Order, Release
from ledger.credit.security import Security


def order_shown(order: Order) -> dict[str, Any]:
    """An order as it stands, and what can be done with it."""
    money = decimal_formatter(MINOR_UNITS[order.currency])
    foreign = None
    if order.foreign_currency is not None and order.foreign_amount is not None:
        own = decimal_formatter(MINOR_UNITS[order.foreign_currency])
        foreign = {"currency": order.foreign_currency, "amount": own(order.foreign_amount)}
    return {
        "id": order.id,
        "account": order.account,
        "revision": order.revision,
        "state": order.state.value,
        "currency": order.currency,
        "amount": money(order.amount),
        "reserved": money(order.reserved),
        "undelivered": money(order.undelivered),
        "delivered": money(order.delivered),
        "billed": money(order.billed),
        "lapsed": money(order.lapsed),
        "prepayment": order.is_prepaid,
        "entered_by": order.entered_by,
        "entered_via": order.entered_via,
        "entered_on": iso(order.entered_on),
        "approved_on": iso(order.approved_on),
        "approved_amount": None if order.approved_amount is None else money(order.approved_amount),
        "copied_from": None if order.root == order.id else order.root,
        "decision": order.decision,
        "foreign": foreign,
        "legal_moves": legal_moves(order),
    }


def release_shown(release: Release, currency: str) -> dict[str, Any]:
    """A release, and who gave it."""
    return {
        "number": release.number,
        "state": release.state.value,
        "amount": money_shown(release.amount, currency),
        "reason": release.reason,
        "by": release.by,
        "role": release.role,
        "on": iso(release.on),
        "second_by": release.second_by,
        "second_by_role": release.second_by_role,
        "second_on": iso(release.second_on),
        "expires_on": iso(release.expires_on),
        "decision": release.decision,
    }


def money_shown(amount: int, currency: str) -> str:
    """Minor units as decimal text: `1250.00`."""
    return decimal_formatter(MINOR_UNITS[currency])(amount)


def account_shown(account: Account) -> dict[str, Any]:
    """An account as it stands."""
    money = decimal_formatter(MINOR_UNITS[account.currency])
    return {
        "id": account.id,
        "version": account.version,
        "currency": account.currency,
        "name": account.name,
        "group": account.group,
        "status": account.status.value,
        "blocked_since": iso(account.blocked_since),
        "customer_since": iso(account.customer_since),
        "profile": dict(account.profile),
        "open_items": money(account.open_items),
        "delivered": money(account.delivered),
        "open_orders": money(account.open_orders),
        "deposits": money(account.deposits),
        "disputed": money(account.disputed),
        "exposure": money(account.exposure),
    }


def iso(day: int | None) -> str | None:
    """A day as `2026-07-01`."""
    return None if day is None else date_of(day).isoformat()


def group_shown(group: Group) -> dict[str, Any]:
    """A group as it stands."""
    money = decimal_formatter(MINOR_UNITS[group.currency])
    return {
        "id": group.id,
        "version": group.version,
        "currency": group.currency,
        "limit": None if group.limit is None else money(group.limit),
        "limit_until": iso(group.limit_until),
        "insolvent": group.insolvent,
        "exposure": money(group.total),
        "grades": dict(group.grades),
    }


def limit_shown(limit: Limit, currency: str) -> dict[str, Any]:
    """A limit as it stands; `currency` is its account's."""
    money = decimal_formatter(MINOR_UNITS[currency])
    return {
        "account": limit.account,
        "number": limit.number,
        "kind": limit.kind.value,
        "state": limit.state.value,
        "currency": currency,
        "amount": None if limit.amount is None else money(limit.amount),
        "from": iso(limit.from_on),
        "until": iso(limit.until_on),
        "reason": limit.reason,
        "basis": limit.basis,
        "requested_by": limit.requested_by,
        "granted_on": iso(limit.granted_on),
        "granted_by": limit.granted_by,
        "granted_by_role": limit.granted_by_role,
        "second_by": limit.second_by,
        "second_by_role": limit.second_by_role,
        "decision": limit.decision,
        "taken_over_on": iso(limit.taken_over_on),
        "said_granted_by": limit.said_granted_by,
    }


def security_shown(security: Security, currency: str) -> dict[str, Any]:
    """A security as it stands; `currency` is its account's."""
    money, rate = decimal_formatter(MINOR_UNITS[currency]), decimal_formatter(RATE_SCALE)
    return {
        "account": security.account,
        "id": security.id,
        "kind": security.kind.value,
        "order": security.order,
        "currency": currency,
        "amount": money(security.amount),
        "cover": rate(security.cover),
        "from": iso(security.from_on),
        "until": iso(security.until_on),
        "stopped_on": iso(security.stopped_on),
        "max_days": security.max_days,
        "reference": security.reference,
        "issuer": security.issuer,
        "ended_on": iso(security.ended_on),
    }


def grade_shown(grade: Grade) -> dict[str, Any]:
    """A grade as it was assigned."""
    return {
        "account": grade.account,
        "grade": grade.grade,
        "since": iso(grade.since),
        "review_on": iso(grade.review_on),
        "decision": grade.decision,
        "assigned_by": grade.assigned_by,
    }
