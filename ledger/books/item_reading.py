"""One invoice with all that was set off against it, and write-offs, as callers are shown them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, true

from ledger.books.account_reading import page_of
from ledger.books.reading import rows_of
from ledger.credit.account import Account
from ledger.items.item import Allocation, OpenItem
from ledger.items.write_off import WriteOff, WriteOffState
from ledger.store.ledger_tables import STORED


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFound:
    """An item, and what became of it."""

    item: OpenItem
    allocations: list[Allocation]
    """All that it was ever set off against, or that was set off against it; by day and item."""

    interest_debits: list[OpenItem]
    """Debits that were booked as its late interest."""


def invoice_numbered(connection: Connection, id: str) -> InvoiceFound | None:
    """By its number."""
    items, allocations = STORED[OpenItem].table.c, STORED[Allocation].table.c
    found = rows_of(connection, OpenItem, items.id == id)
    if not found:
        return None
    set_off = rows_of(connection, Allocation, (allocations.to_item == id) | (allocations.from_item == id))
    debits = rows_of(connection, OpenItem, and_(items.account == found[0].account, items.interest_of == id))
    by_day = sorted(set_off, key=lambda each: (each.effective_on, each.from_item, each.to_item, each.number))
    return InvoiceFound(item=found[0], allocations=by_day, interest_debits=list(debits))


def account_of(connection: Connection, id: str) -> Account:
    """The account that a row is of. Raises `LookupError`, a fault of ours, where there is none."""
    [account] = rows_of(connection, Account, STORED[Account].table.c.id == id) or [None]
    if account is None:
        raise LookupError(f"there is no account {id}")
    found: Account = account
    return found


def write_offs_found(
    connection: Connection, state: WriteOffState | None, account: str | None, after: str, most: int
) -> list[WriteOff]:
    """In the order of their numbers."""
    columns = STORED[WriteOff].table.c
    wanted = [columns.id > after]
    wanted.append(true() if state is None else columns.state == state.value)
    wanted.append(true() if account is None else columns.account == account)
    found: list[WriteOff] = page_of(connection, WriteOff, and_(*wanted), (columns.id,), most)
    return found
