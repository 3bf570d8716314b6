"""The facts of one invoice or debit, from a snapshot: what its own amounts and days say, and what its account has.

What somebody agreed or disputed about it, and what was sent, others add (`more`): they know of promises, plans, blocks
and contacts.

Credits on account and guarantees of the account are spread over what it owes, oldest due first; of what is due on the
same day this item comes first.

    open 700.00 (due 1 June) and 300.00 (due 1 July), 800.00 on account   →   100.00 of it for the second
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.credit.account import Account
from ledger.credit.account_fact_group import account_body, iso_of, money_of
from ledger.credit.change import Desk, Judged
from ledger.credit.cover_facts import GUARANTEES
from ledger.credit.exchange import no_rate
from ledger.credit.facts import as_of
from ledger.credit.security import Security
from ledger.credit.snapshot import Snapshot
from ledger.items.booked import rate_shown
from ledger.items.item import OpenItem
from ledger.items.totals import DueTotal


def item_body(snapshot: Snapshot, item: OpenItem, desk: Desk, more: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a request that decides this item, with the facts of its account. `more`: facts of the invoice by
    their names without `invoice.`, which take the place of those here."""
    account = snapshot.existing(Account, item.account)
    body = account_body(snapshot, account, desk)
    body["invoice"] = {**item_group(snapshot, item, account, desk), **more}
    return body


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
    if item.discount_rate is not None:
        group |= {"discount_rate": rate_shown(item.discount_rate), "discount_days": item.discount_days}
    if item.daily_interest_rate is not None:
        group["daily_interest_rate"] = rate_shown(item.daily_interest_rate)
    if item.last_contact_on is not None:
        group["last_contact_on"] = iso_of(item.last_contact_on)
    return group


def credits_pending(snapshot: Snapshot, item: OpenItem, account: Account) -> int:
    """What of the account's credits that are not set off falls to this item, in minor units."""
    owed = sum(each.open_amount for each in snapshot.of_account(DueTotal, account.id))
    return _share(snapshot, item, max(owed - account.open_items, 0))


def judged_item(snapshot: Snapshot, item: OpenItem, desk: Desk, id: str, more: Mapping[str, Any]) -> Judged:
    """The item decided on, by the policies of invoices, on the desk's day. Raises `FactsRefused`, and `CommandRefused`
    (`no-rate`) where nobody knows what its amounts are worth."""
    body = item_body(snapshot, item, desk, more)
    if "currency" in body and "rates" not in body:
        raise no_rate(desk, body["currency"], desk.day)
    return Judged(decision=desk.engine.decide_request("invoice", body, as_of(body), id), facts=body)


def _secured(snapshot: Snapshot, item: OpenItem, desk: Desk) -> int:
    securities = snapshot.of_account(Security, item.account)
    pays = sum(each.pays for each in securities if each.kind in GUARANTEES and each.counts_on(desk.day))
    return _share(snapshot, item, pays)


def _share(snapshot: Snapshot, item: OpenItem, amount: int) -> int:
    """What of an amount falls to this item where older ones come first."""
    older = sum(each.open_amount for each in snapshot.of_account(DueTotal, item.account) if each.due_on < item.due_on)
    return max(min(item.open_amount, amount - older), 0)
