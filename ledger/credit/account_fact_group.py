"""The facts of an account, from a snapshot: what the ledger works out, what somebody recorded, and where each is from.

A fact of the account stands in exactly one of these places, which a test holds over the whole vocabulary:

    DERIVED_OF_ACCOUNT   worked out here; nobody can give one
    FIGURES              found out on a day, recorded with it
    all others           the profile, the site's own facts too
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter
from ledger.collections.promise import Promise, PromiseState
from ledger.credit.account import Account, AccountStatus, Figures, Grade, Group
from ledger.credit.change import Desk
from ledger.credit.cover_facts import cover_facts
from ledger.credit.exchange import rate_on
from ledger.credit.limit_facts import limit_facts
from ledger.credit.order import Order
from ledger.credit.payment_facts import open_items_fact, payment_record
from ledger.credit.snapshot import Snapshot
from ledger.items.item import ItemKind, ItemState, OpenItem
from ledger.items.totals import BookTotal, LevelTotal
from receivables.account_facts import YEAR_DAYS, in_request

DERIVED_OF_ACCOUNT = frozenset(
    (
        "id", "status", "blocked_since", "months", "limit_status", "credit_limit", "limit_until", "temporary_limit",
        "temporary_from", "temporary_until", "group_limit", "group_exposure", "group_insolvent", "group_worst_grade",
        "open_invoices", "delivered_not_invoiced", "open_orders", "deposits_held", "receivables_total",
        "book_customers", "overdue_amount", "days_overdue_max", "dunning_level", "disputed_amount",
        "guarantee_amount", "guarantee_cover", "guarantee_until", "insured_limit", "insured_cover", "insured_until",
        "insured_stopped_on", "insured_max_days", "securities", "letters_of_credit", "on_time_rate",
        "seriously_late_rate", "average_days_late", "previous_average_days_late", "average_monthly_sales",
        "assigned_grade", "next_review_on", "last_order_on", "open_items", "bounced_on",
    )
)  # fmt: skip
"""Facts of an account that only the ledger says, by their names without `account.`."""

FIGURES = frozenset(("current_ratio", "debt_ratio", "external_rating", "expected_monthly_sales"))
"""Standard facts that are found out about a customer on a day, by their names without `account.`."""

REPLACED = frozenset(("assessed_on", "previous_grade"))
"""Facts that stand in the profile until a review here says them."""

CONTINUED = frozenset(("broken_promises", "last_contact_on"))
"""Facts of which the profile says what was before the ledger, and the ledger what came since: promises that were broken
elsewhere count beside those broken here, and the later of two contacts counts."""

_WORST_LAST = ("A", "B", "C", "unrated", "D", "E")
"""Grades of a group's companies, as they count: a customer that nobody rated stands between C and D."""

Money = Callable[[int], str]


def account_body(
    snapshot: Snapshot, account: Account, desk: Desk, own: Order | None = None, due_on: int | None = None
) -> dict[str, Any]:
    """The body of a request with the facts of an account, in its currency and with the rate of that. `own`: the order
    that is being decided, as it stands in the totals; `due_on`: when it will have to be paid."""
    body: dict[str, Any] = {"as_of": desk.business_date.isoformat()}
    if account.currency != desk.engine.vocabulary.currency:
        body["currency"] = account.currency
        rate = rate_on(snapshot, desk, account.currency, desk.day)
        if rate is not None:
            body["rates"] = [rate.as_json()]
    body["account"] = account_group(snapshot, account, desk, own, due_on)
    return body


def account_group(
    snapshot: Snapshot, account: Account, desk: Desk, own: Order | None = None, due_on: int | None = None
) -> dict[str, Any]:
    """The facts of an account, by their names without `account.`."""
    day, money = desk.day, money_of(account)
    reserved, delivered = (own.reserved, own.delivered) if own is not None else (0, 0)
    own_deposit = deposits_for(snapshot, own) if own is not None else 0
    figures = figures_on(snapshot, account.id, day)
    group: dict[str, Any] = {**account.profile, **(figures.figures if figures is not None else {})}
    record = payment_record(snapshot, account, desk)
    group |= in_request(account.id, record, MINOR_UNITS[account.currency])
    group["status"] = account.status.value
    if account.status is AccountStatus.BLOCKED and account.blocked_since is not None:
        group["blocked_since"] = iso_of(account.blocked_since)
    group["delivered_not_invoiced"] = money(account.delivered - delivered)
    group["open_orders"] = money(account.open_orders - reserved)
    group["deposits_held"] = money(account.deposits - own_deposit)
    levels = snapshot.of_account(LevelTotal, account.id)
    group["dunning_level"] = max((each.level for each in levels if each.items), default=0)
    if (last := _last_order_on(account, own)) is not None:
        group["last_order_on"] = iso_of(last)
    if account.bounced_on is not None:
        group["bounced_on"] = iso_of(account.bounced_on)
    group |= _collections(snapshot, account, day)
    group |= limit_facts(snapshot, account, day, money)
    group |= cover_facts(snapshot, account, day, money, own=own, due_on=due_on)
    group |= _of_group(snapshot, account, reserved + delivered - own_deposit, day, money)
    group |= _grade(snapshot, account, day)
    group |= open_items_fact(snapshot, account, desk, money)
    book = snapshot.get(BookTotal, account.currency)
    if book is not None and len(snapshot.all(BookTotal)) == 1:
        group["book_customers"] = book.customers
    elif book is not None:
        group["book_customers"] = sum(each.customers for each in snapshot.all(BookTotal))
    return group


def _collections(snapshot: Snapshot, account: Account, day: int) -> dict[str, Any]:
    """Promises broken within a year, and the last contact."""
    facts: dict[str, Any] = {}
    before = account.profile.get("broken_promises")
    broken = [
        each
        for each in snapshot.of_account(Promise, account.id)
        if day - YEAR_DAYS < each.broken_on <= day and each.state_on(day) is PromiseState.BROKEN
    ]
    facts["broken_promises"] = len(broken) + (before if isinstance(before, int) else 0)
    if account.last_contact_on is not None:
        contact = iso_of(account.last_contact_on)
        elsewhere = account.profile.get("last_contact_on")
        facts["last_contact_on"] = max(contact, elsewhere) if isinstance(elsewhere, str) else contact
    return facts


def figures_on(snapshot: Snapshot, account: str, day: int) -> Figures | None:
    """The newest figures that are not of a later day."""
    known = (each for each in snapshot.of_account(Figures, account) if each.on <= day)
    return max(known, key=lambda each: each.on, default=None)


def deposits_for(snapshot: Snapshot, order: Order) -> int:
    """What was received for this order and is not set off."""
    return -sum(
        item.open_amount
        for item in snapshot.of_order(OpenItem, order.id)
        if item.kind is ItemKind.DEPOSIT and item.state is ItemState.OPEN
    )


def _last_order_on(account: Account, own: Order | None) -> int | None:
    """The day of the last order other than the one that is being decided."""
    if own is not None and own.id == account.last_order:
        return account.order_before_on
    return account.last_order_on


def _of_group(snapshot: Snapshot, account: Account, own: int, day: int, money: Money) -> dict[str, Any]:
    group = None if account.group is None else snapshot.get(Group, account.group)
    if group is None:
        return {}
    facts: dict[str, Any] = {}
    if group.limit is not None:
        # a limit that has ended allows nothing: that nobody renewed it is no reason to owe without one
        has_ended = group.limit_until is not None and group.limit_until < day
        facts |= {"group_limit": money(0 if has_ended else group.limit), "group_exposure": money(group.total - own)}
    if group.insolvent is not None:
        facts["group_insolvent"] = group.insolvent
    others = [grade for number, grade in group.grades.items() if number != account.id]
    if others:
        facts["group_worst_grade"] = max(others, key=_WORST_LAST.index)
    return facts


def _grade(snapshot: Snapshot, account: Account, day: int) -> dict[str, Any]:
    known = (each for each in snapshot.of_account(Grade, account.id) if each.since <= day)
    grades = sorted(known, key=lambda each: each.since)
    if not grades:
        return {}
    grade = grades[-1]
    facts: dict[str, Any] = {"assigned_grade": grade.grade, "assessed_on": iso_of(grade.since)}
    if grade.review_on is not None:
        facts["next_review_on"] = iso_of(grade.review_on)
    if len(grades) > 1:
        facts["previous_grade"] = grades[-2].grade
    return facts


def money_of(account: Account) -> Money:
    """Writes amounts of the account's currency as decimal text."""
    return decimal_formatter(MINOR_UNITS[account.currency])


def iso_of(day: int) -> str:
    """A day as `2026-07-01`."""
    return date_of(day).isoformat()


def as_of(body: Mapping[str, Any]) -> date:
    """The day of a body that was made here."""
    return date.fromisoformat(body["as_of"])
