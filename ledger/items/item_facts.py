"""The facts of one invoice or debit for a report: what its own amounts and days say, and what its account has, from
sums alone. Whoever decides on an item asks `ledger.collections.judge_item`, which knows of promises, plans, disputes,
blocks and what was recorded as well.

Credits on account and guarantees of the account are spread over what it owes, oldest due first; of what is due on the
same day this item comes first.

    open 700.00 (due 1 June) and 300.00 (due 1 July), 800.00 on account   →   100.00 of it for the second
"""

from __future__ import annotations

from typing import Any

from ledger.credit.account import Account
from ledger.credit.account_fact_group import iso_of, money_of
from ledger.credit.change import Desk
from ledger.credit.cover_facts import GUARANTEES
from ledger.credit.security import Security
from ledger.credit.snapshot import Snapshot
from ledger.items.booked import rate_shown
from ledger.items.item import OpenItem
from ledger.items.totals import DueTotal


def item_group(snapshot: Snapshot, item: OpenItem, account: Account, desk: Desk) -> dict[str, Any]:
    """The facts of an invoice that its item and account say, by their names without `invoice.`."""
    money = money_of(account)
    group: dict[str, Any] = {
        "id": item.id,
        "open_amount": money(item.open_amount),
        "invoice_date": iso_of(item.issued_on),
        "due_date": iso_of(item.due_on),
        "disputed": item.disputed_amount > 0,
        "credits_pending": money(credits_pending(snapshot, item, account)),
        "dunning_level": item.dunning_level,
    }
    amounts = {
        "disputed_amount": item.disputed_amount,
        "insured_amount": min(item.insured_amount, max(item.open_amount, 0)),
        "secured_amount": _secured(snapshot, item, desk),
    }
    group |= {name: money(amount) for name, amount in amounts.items() if amount}  # each is left out where it is nothing
    group |= agreed_terms(item)
    if item.last_contact_on is not None:
        group["last_contact_on"] = iso_of(item.last_contact_on)
    return group


def agreed_terms(item: OpenItem) -> dict[str, Any]:
    """What was agreed when it was booked: a discount, and late interest by contract."""
    terms: dict[str, Any] = {}
    if item.discount_rate is not None:
        terms |= {"discount_rate": rate_shown(item.discount_rate), "discount_days": item.discount_days}
    if item.daily_interest_rate is not None:
        terms["daily_interest_rate"] = rate_shown(item.daily_interest_rate)
    return terms


def credits_pending(snapshot: Snapshot, item: OpenItem, account: Account) -> int:
    """What of the account's credits that are not set off falls to this item, in minor units."""
    owed = sum(each.open_amount for each in snapshot.of_account(DueTotal, account.id))
    return _share(snapshot, item, max(owed - account.open_items, 0))


def _secured(snapshot: Snapshot, item: OpenItem, desk: Desk) -> int:
    securities = snapshot.of_account(Security, item.account)
    pays = sum(each.pays for each in securities if each.kind in GUARANTEES and each.counts_on(desk.day))
    return _share(snapshot, item, pays)


def _share(snapshot: Snapshot, item: OpenItem, amount: int) -> int:
    """What of an amount falls to this item where older ones come first."""
    older = sum(each.open_amount for each in snapshot.of_account(DueTotal, item.account) if each.due_on < item.due_on)
    return max(min(item.open_amount, amount - older), 0)
