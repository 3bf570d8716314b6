"""What a complete list of open items lacks: open in the ledger, and so paid by the day of the list.

A list that was cut off must not pay everybody's debts: where it lacks more than `SHARE_MAX` of what is open, nothing of
it is taken unless somebody says that it is so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass

from sqlalchemy import select

from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.decimals import decimal_formatter
from ledger.credit.account import Account
from ledger.items.item import OWED, ItemState, OpenItem
from ledger.journal.journal import Journal
from ledger.store.ledger_tables import STORED

SHARE_MAX = 30
"""Percent of the open amount in one currency that a list may lack."""

MORE = " more "
"""Between the number of an item and what was added to it: `I-1 more 2026-07-01`."""


class CompleteListRefused(Exception):
    """Nothing of the list is taken."""


@dataclass(frozen=True, slots=True)
class MissingItem:
    """One item that the list lacks."""

    id: str
    account: str


def missing_items(journal: Journal, listed: Container[str], on: int, *, really: bool) -> list[MissingItem]:
    """In the order of their numbers. `on`: the day of the list; what was issued or recorded after it can't stand there,
    and so isn't missing. Raises `CompleteListRefused`, and `JournalUnavailable`. Blocks."""
    items, accounts = STORED[OpenItem].table.c, STORED[Account].table.c
    query = (
        select(items.id, items.account, items.open_amount, accounts.currency)
        .where(
            items.account == accounts.id,
            items.state == ItemState.OPEN.value,
            items.kind.in_([each.value for each in OWED]),
            items.issued_on <= on,
            items.known_on.is_(None) | (items.known_on <= on),
        )
        .order_by(items.id)
    )
    missing: dict[str, MissingItem] = {}
    lacking: defaultdict[str, int] = defaultdict(int)
    owed: defaultdict[str, int] = defaultdict(int)
    for row in journal.read(query):
        id_, account, amount, currency = tuple(row)
        owed[currency] += amount
        original = id_.partition(MORE)[0]
        if original not in listed:
            lacking[currency] += amount
            missing[original] = MissingItem(original, account)
    for currency, amount in sorted(lacking.items()):
        if not really and amount * 100 > owed[currency] * SHARE_MAX:
            money = decimal_formatter(MINOR_UNITS[currency])
            share = f"{money(amount)} of {money(owed[currency])} {currency}"
            raise CompleteListRefused(
                f"the list lacks {len(missing):,} open items; {share} would be settled, more than {SHARE_MAX}%: "
                "send the whole list, or give --really (`really=true`)"
            )
    return list(missing.values())
