"""What an account's items say about it, as facts: `receivables.account_facts` defines them, from the sums that are kept
with the items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.vocabulary.days import date_of
from ledger.credit.account import Account
from ledger.credit.bounds import total_most
from ledger.credit.change import CommandRefused, Desk
from ledger.credit.exchange import worth
from ledger.credit.snapshot import Snapshot
from ledger.items.item import ItemKind, ItemState, OpenItem
from ledger.items.totals import BookTotal, DayRecord, DueTotal
from receivables.account_facts import QUARTER_DAYS, YEAR_DAYS, AccountFacts, facts_of_totals
from receivables.months import whole_months

UNKNOWN = -1
"""A total of the book that can't be worked out: `facts_of_totals` leaves out what is negative."""

_KINDS = {
    ItemKind.INVOICE: "invoice",
    ItemKind.DEBIT: "invoice",
    ItemKind.CREDIT_NOTE: "credit_note",
    ItemKind.PAYMENT: "payment",
}
"""What the fact `account.open_items` calls each kind; deposits are none of them."""


def payment_record(snapshot: Snapshot, account: Account, desk: Desk) -> AccountFacts:
    """For the day, with all that was booked until now. The periods are those that end as the day opens, and today: so
    an order is decided on what the backtest would have decided it on, and on what has come in since the morning."""
    day, last = desk.day, desk.day - 1
    overdue, oldest = _overdue(snapshot, account, day)
    records = snapshot.of_account(DayRecord, account.id)
    year = [each for each in records if last - YEAR_DAYS < each.day <= day]
    quarter = [each for each in records if last - QUARTER_DAYS < each.day <= day]
    previous = [each for each in records if last - 2 * QUARTER_DAYS < each.day <= last - QUARTER_DAYS]
    since = account.first_issued_on if account.customer_since is None else account.customer_since
    own_since = account.currency_since
    return facts_of_totals(
        months=0 if since is None else max(whole_months(since, day), 0),
        has_items=account.first_issued_on is not None,
        open_invoices=account.open_items,
        overdue_amount=overdue,
        days_overdue_max=day - oldest if overdue else 0,
        disputed_amount=account.disputed,
        paid=sum(each.paid for each in year),
        paid_on_time=sum(each.on_time for each in year),
        paid_seriously_late=sum(each.seriously_late for each in year),
        paid_in_quarter=sum(each.paid for each in quarter),
        days_late_in_quarter=sum(each.days_late for each in quarter),
        paid_in_previous_quarter=sum(each.paid for each in previous),
        days_late_in_previous_quarter=sum(each.days_late for each in previous),
        sales=sum(each.issued for each in year if own_since is None or each.day >= own_since),
        receivables_total=_whole_book(snapshot, account, desk),
    )


def open_items_fact(snapshot: Snapshot, account: Account, desk: Desk, money: Callable[[int], str]) -> dict[str, Any]:
    """The list `open_items`, where the snapshot has all of them and they are no more than the list may hold; otherwise
    nothing, so that it is unknown and never taken for empty."""
    if account.id not in snapshot.open_items_of:
        return {}
    items = [
        each
        for each in snapshot.of_account(OpenItem, account.id)
        if each.state is ItemState.OPEN and each.kind in _KINDS
    ]
    fact = desk.engine.vocabulary.facts.get("account.open_items")
    if fact is None or len(items) > fact.type.high:
        return {}
    return {
        "open_items": [
            {
                "id": each.id,
                "kind": _KINDS[each.kind],
                "amount": money(each.open_amount),
                "invoice_date": date_of(each.issued_on).isoformat(),
                "due_date": date_of(each.due_on).isoformat(),
                "days_overdue": max(desk.day - each.due_on, -3650),
                "disputed_amount": money(each.disputed_amount),
                "insured_amount": money(each.insured_amount),
            }
            for each in sorted(items, key=lambda each: (each.due_on, each.id))
        ]
    }


def _overdue(snapshot: Snapshot, account: Account, day: int) -> tuple[int, int]:
    """What is overdue once credits on account are set off against the oldest items, and the due date of the oldest of
    the rest."""
    totals = [each for each in snapshot.of_account(DueTotal, account.id) if each.items]
    to_set_off = max(sum(each.open_amount for each in totals) - account.open_items, 0)
    overdue, oldest = 0, day
    for each in sorted(totals, key=lambda total: total.due_on):
        if each.due_on >= day:
            break
        left = max(each.open_amount - to_set_off, 0)
        to_set_off -= each.open_amount - left
        if left and not overdue:
            oldest = each.due_on
        overdue += left
    return overdue, oldest


def _whole_book(snapshot: Snapshot, account: Account, desk: Desk) -> int:
    """What all accounts have open, in this one's currency. A book that looks smaller makes each customer a larger part
    of it: so it is rounded down, and what is open in a currency without a rate is left out."""
    total = 0
    for each in snapshot.all(BookTotal):
        try:
            total += worth(
                snapshot, desk, each.open_items, each.currency, account.currency, day=desk.day, rounded_up=False
            )
        except CommandRefused:
            if each.open_items < 0:
                return UNKNOWN
    most = total_most(desk.engine.vocabulary, "receivables_total", account.currency)
    return total if total <= most else UNKNOWN  # what policies can't be told stops nobody's orders
