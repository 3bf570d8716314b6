"""What is shown of collections: pages of the worklist, and all that is known of an invoice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from ledger.books.reading import rows_of
from ledger.collections.contact import Contact
from ledger.collections.worklist_entry import EntryState, WorklistEntry
from ledger.credit.account import Account
from ledger.items.item import OpenItem
from ledger.store.ledger_tables import STORED

UNCUT_CONTACTS = 500
"""Contacts of an account that an invoice is looked for in, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistFilter:
    """Which entries are wanted; all of those that are given must hold."""

    day: int
    state: EntryState = EntryState.DUE
    collector: str | None = None
    channel: str | None = None
    account: str | None = None


def worklist_page(
    connection: Connection, wanted: WorklistFilter, after: tuple[int, str, str] | None, most: int
) -> list[tuple[WorklistEntry, str]]:
    """Entries with their accounts' currencies, the most urgent first. `after`: priority, account and channel of the
    last one of the page before."""
    stored, accounts = STORED[WorklistEntry], STORED[Account].table.c
    columns = stored.table.c
    where = [columns.day == wanted.day, columns.state == wanted.state.value, columns.account == accounts.id]
    for column, value in (
        (columns.collector, wanted.collector), (columns.channel, wanted.channel), (columns.account, wanted.account),
    ):  # fmt: skip
        if value is not None:
            where.append(column == value)
    if after is not None:
        priority, account, channel = after
        where.append(
            or_(
                columns.priority < priority,
                and_(columns.priority == priority, columns.account > account),
                and_(columns.priority == priority, columns.account == account, columns.channel > channel),
            )
        )
    order = (columns.priority.desc(), columns.account, columns.channel)
    page = select(stored.table, accounts.currency.label("of_account")).where(*where).order_by(*order).limit(most)
    entries: list[Any] = [(stored.decode(tuple(row)[:-1]), row.of_account) for row in connection.execute(page)]
    return entries


def item_numbered(connection: Connection, id: str) -> OpenItem | None:
    """By its number."""
    found = rows_of(connection, OpenItem, STORED[OpenItem].table.c.id == id)
    return found[0] if found else None


def contacts_about(connection: Connection, item: OpenItem) -> list[Contact]:
    """Contacts about an item, the newest first."""
    stored = STORED[Contact]
    columns = stored.table.c
    newest = select(stored.table).where(columns.account == item.account).order_by(columns.day.desc(), columns.id.desc())
    rows: list[Any] = [stored.decode(row) for row in connection.execute(newest.limit(UNCUT_CONTACTS))]
    return [each for each in rows if item.id in each.items]
