"""What commands that book items share: the same number with the same content is answered again, with other content
refused; and how items are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.decimals import RATE_SCALE, decimal_formatter
from ledger.credit.account import Account
from ledger.credit.change import Again, CommandRefused
from ledger.credit.shown import iso
from ledger.credit.snapshot import Snapshot
from ledger.items.item import Allocation, ItemKind, OpenItem

_SHOWN_AS = {
    ItemKind.INVOICE: "invoice",
    ItemKind.DEBIT: "invoice",
    ItemKind.CREDIT_NOTE: "credit_note",
    ItemKind.PAYMENT: "payment",
    ItemKind.DEPOSIT: "deposit",
    ItemKind.WRITE_OFF: "item",
}
"""The member of the answer that an item was shown as when it was booked."""


def digest_of(*content: Any) -> str:
    """The same for the same content. Takes values as they were read, so that `1` and `1.00` are the same amount."""
    told = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(told.encode()).hexdigest()


def refuse_booked(snapshot: Snapshot, id: str, digest: str) -> None:
    """Raises `Again` where this was booked before, and `CommandRefused` (`already-booked-differently`) where the number
    was used for something else."""
    known = snapshot.get(OpenItem, id)
    if known is None:
        return
    account = snapshot.get(Account, known.account)
    if known.digest == digest and known.record is not None:
        now = {} if account is None else {_SHOWN_AS[known.kind]: item_shown(known, account.currency)}
        raise Again(known.record, **now)
    same = " as imported" if known.digest == digest else ""
    raise CommandRefused(
        "already-booked-differently",
        f"the number {id} is there already{same}, with the content in `booked`; give this one a number of its own",
        same_content=known.digest == digest,
        booked=None if account is None else item_shown(known, account.currency),
    )


rate_shown = decimal_formatter(RATE_SCALE)
"""Millionths as decimal text: 20,000 are `0.020000`."""


def item_shown(item: OpenItem, currency: str) -> dict[str, Any]:
    """An item as it stands; `currency` is its account's."""
    money = decimal_formatter(MINOR_UNITS[currency])
    shown: dict[str, Any] = {
        "id": item.id,
        "account": item.account,
        "kind": item.kind.value,
        "state": item.state.value,
        "issued_on": iso(item.issued_on),
        "due_on": iso(item.due_on),
        "currency": currency,
        "amount": money(item.amount),
        "open_amount": money(item.open_amount),
        "disputed_amount": money(item.disputed_amount),
        "order": item.order,
        "settled_on": iso(item.settled_on),
        "dunning_level": item.dunning_level,
        "discount_rate": None if item.discount_rate is None else rate_shown(item.discount_rate),
        "discount_days": item.discount_days,
        "daily_interest_rate": None if item.daily_interest_rate is None else rate_shown(item.daily_interest_rate),
        "interest_of": item.interest_of,
        "written_off": money(item.written_off),
        "recovered": money(item.recovered),
    }
    if item.foreign_currency is not None and item.foreign_amount is not None and item.foreign_open is not None:
        foreign = decimal_formatter(MINOR_UNITS[item.foreign_currency])
        shown["foreign"] = {
            "currency": item.foreign_currency,
            "amount": foreign(item.foreign_amount),
            "open_amount": foreign(item.foreign_open),
        }
    return shown


def allocations_shown(allocations: Sequence[Allocation], currency: str) -> list[dict[str, Any]]:
    """What was set off against what; `currency` is the account's."""
    money = decimal_formatter(MINOR_UNITS[currency])
    return [
        {
            "item": each.to_item,
            "amount": money(each.amount),
            "effective_on": iso(each.effective_on),
            "cause": each.cause.value,
        }
        for each in allocations
    ]
