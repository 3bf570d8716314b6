"""The snapshot of the accounts that some commands concern: a few statements for all of them, never one for each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, cast, func, or_, select

from ledger.credit.account import Account, Figures, Grade, Group
from ledger.credit.limit import Limit
from ledger.credit.order import LIVE, RESERVING, Hold, Order, OrderState, Release, Revision
from ledger.credit.security import Security
from ledger.credit.sisters import SISTER_DAYS, SisterTotal
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.item import Allocation, ItemKind, ItemState, OpenItem
from ledger.items.totals import BookTotal, DayRecord, DueTotal, LevelTotal
from ledger.store.ledger_tables import STORED
from receivables.account_facts import YEAR_DAYS


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
    for kind in (Figures, Grade, Limit, Security, LevelTotal):
        _read(connection, snapshot, kind, STORED[kind].table.c.account.in_(accounts), accounts)
    due, days = STORED[DueTotal].table.c, STORED[DayRecord].table.c
    _read(connection, snapshot, DueTotal, and_(due.account.in_(accounts), due["items"] > 0), accounts)
    year = and_(days.account.in_(accounts), days.day > day - YEAR_DAYS - 1)
    _read(connection, snapshot, DayRecord, year, accounts)
    deposits = and_(
        items.account.in_(accounts), items.state == ItemState.OPEN.value, items.kind == ItemKind.DEPOSIT.value
    )
    _read(connection, snapshot, OpenItem, deposits, accounts)
    _read_kin(connection, snapshot, wants, accounts)
    _add_other_orders(connection, snapshot, accounts, day)
    for of_order in (Hold, Release, Revision):
        _read(connection, snapshot, of_order, STORED[of_order].table.c.order_id.in_(wants.orders), wants.orders)
    allocation = STORED[Allocation].table.c
    either = or_(allocation.from_item.in_(wants.items), allocation.to_item.in_(wants.items))
    _read(connection, snapshot, Allocation, either, wants.items)
    currencies = {each.currency for each in snapshot.all(Account)}
    _read(connection, snapshot, BookTotal, STORED[BookTotal].table.c.currency.in_(currencies), currencies)
    return snapshot


def _read_kin(connection: Connection, snapshot: Snapshot, wants: Wants, accounts: Collection[str]) -> None:
    """Orders of the same roots as those that are wanted, which are sisters however old they are."""
    orders = STORED[Order].table.c
    roots = wants.orders | {each.root for each in snapshot.all(Order)}
    known = {each.id for each in snapshot.all(Order)}
    kin = and_(orders.account.in_(accounts), orders.root.in_(roots), orders.id.not_in(known))
    _read(connection, snapshot, Order, kin, roots if accounts else ())


def _add_other_orders(connection: Connection, snapshot: Snapshot, accounts: Collection[str], day: int) -> None:
    """What the accounts' other orders come to that may be somebody's sisters, by day; and when the last one of each
    account was entered, however long ago that is. The same sums as `ledger.credit.sisters.part_of`."""
    if not accounts:
        return
    orders = STORED[Order].table.c
    known = snapshot.all(Order)
    since = min([day, *(each.entered_on for each in known)]) - SISTER_DAYS
    to_go = orders.amount - orders.delivered - orders.billed - orders.lapsed
    on_credit = orders.is_prepaid.is_(False)
    live, reserving = (orders.state.in_([each.value for each in states]) for states in (LIVE, RESERVING))
    held = orders.state == OrderState.HELD.value
    related = case((and_(on_credit, live), to_go + orders.delivered), (on_credit, orders.delivered), else_=0)
    approved = case((and_(on_credit, reserving), to_go + orders.delivered), (on_credit, orders.delivered), else_=0)
    columns = (orders.account, orders.entered_on, func.count(), *map(_total, (related, approved)))
    others = and_(orders.account.in_(accounts), orders.id.not_in([each.id for each in known]))
    query = select(*columns, _total(case((and_(on_credit, held), to_go), else_=0)))
    query = query.where(others, orders.entered_on >= since).group_by(orders.account, orders.entered_on)
    for account, on, *sums in connection.execute(query):
        snapshot.orders.add(account, on, SisterTotal(*sums))
    account = STORED[Account].table.c.id
    last = select(func.max(orders.entered_on)).where(
        orders.account == account, orders.id.not_in([each.id for each in known]), orders.entered_on < since
    )
    for name, on in connection.execute(select(account, last.scalar_subquery()).where(account.in_(accounts))):
        if on is not None:
            snapshot.orders.add(name, on, SisterTotal(orders=1))


def _total(column: ColumnElement[int]) -> ColumnElement[int]:
    """A sum as a whole number: PostgreSQL's own is a decimal."""
    return cast(func.sum(column), BigInteger)


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
