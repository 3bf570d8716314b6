"""The snapshot of the accounts that some commands concern: a few statements for all of them, never one for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from ledger.credit.account import Account, Figures, Grade, Group
from ledger.credit.limit import Limit
from ledger.credit.order import LIVE, Hold, Order, Release, Revision
from ledger.credit.security import Security
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.item import Allocation, ItemKind, ItemState, OpenItem
from ledger.items.totals import BookTotal, DayRecord, DueTotal, LevelTotal
from ledger.store.ledger_tables import STORED
from receivables.account_facts import YEAR_DAYS

RECENT_DAYS = 2 * 7
"""Orders that are over are read while they may still be somebody's sister."""


def read_snapshot(connection: Connection, wants: Wants, day: int) -> Snapshot:
    """All that is wanted, as it is in this transaction. `day`: the business date, from which on history is cut off."""
    snapshot = Snapshot()
    orders, items = STORED[Order].table.c, STORED[OpenItem].table.c
    _read(connection, snapshot, Order, orders.id.in_(wants.orders), wants.orders)
    _read(connection, snapshot, OpenItem, items.id.in_(wants.items), wants.items)
    accounts = wants.accounts | {each.account for each in snapshot.all(Order)}
    accounts |= {each.account for each in snapshot.all(OpenItem)}
    account = STORED[Account].table.c
    _read(connection, snapshot, Account, account.id.in_(accounts), accounts)
    groups = wants.groups | {each.group for each in snapshot.all(Account) if each.group is not None}
    _read(connection, snapshot, Group, STORED[Group].table.c.id.in_(groups), groups)
    for kind in (Figures, Grade, Limit, Security, Hold, Release, LevelTotal):
        _read(connection, snapshot, kind, STORED[kind].table.c.account.in_(accounts), accounts)
    due, days = STORED[DueTotal].table.c, STORED[DayRecord].table.c
    _read(connection, snapshot, DueTotal, and_(due.account.in_(accounts), due["items"] > 0), accounts)
    year = and_(days.account.in_(accounts), days.day > day - YEAR_DAYS - 1)
    _read(connection, snapshot, DayRecord, year, accounts)
    deposits = and_(
        items.account.in_(accounts), items.state == ItemState.OPEN.value, items.kind == ItemKind.DEPOSIT.value
    )
    _read(connection, snapshot, OpenItem, deposits, accounts)
    recent = or_(
        orders.state.in_([each.value for each in LIVE]), orders.delivered > 0, orders.entered_on >= day - RECENT_DAYS
    )
    _read(connection, snapshot, Order, and_(orders.account.in_(accounts), recent), accounts)
    _read(connection, snapshot, Revision, STORED[Revision].table.c.order_id.in_(wants.orders), wants.orders)
    allocation = STORED[Allocation].table.c
    either = or_(allocation.from_item.in_(wants.items), allocation.to_item.in_(wants.items))
    _read(connection, snapshot, Allocation, either, wants.items)
    currencies = {each.currency for each in snapshot.all(Account)}
    _read(connection, snapshot, BookTotal, STORED[BookTotal].table.c.currency.in_(currencies), currencies)
    return snapshot


def rows_of(connection: Connection, kind: type[Any], condition: ColumnElement[bool]) -> Sequence[Any]:
    """All rows of a kind that fulfil a condition, as nouns."""
    stored = STORED[kind]
    return [stored.decode(row) for row in connection.execute(select(stored.table).where(condition))]


def _read(
    connection: Connection, snapshot: Snapshot, kind: type[Any], condition: ColumnElement[bool], names: Iterable[Any]
) -> None:
    """Nothing is asked for where nobody is named."""
    if names:
        for row in rows_of(connection, kind, condition):
            snapshot.put(row)
