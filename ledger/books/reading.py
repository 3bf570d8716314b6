"""The snapshot of the accounts that some commands concern: a few statements for all of them, never one for each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, cast, func, or_, select, true

from engine.vocabulary.vocabulary import RECORDS_MAX, Vocabulary
from ledger.credit.account import Account, Figures, Grade, Group
from ledger.credit.exchange import ExchangeRate
from ledger.credit.limit import Limit
from ledger.credit.order import LIVE, RESERVING, Hold, Order, OrderState, Release, Revision
from ledger.credit.security import Security
from ledger.credit.sisters import SISTER_DAYS, SisterTotal
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.item import Allocation, ItemKind, ItemState, OpenItem
from ledger.items.totals import BookTotal, DayRecord, DueTotal, LevelTotal
from ledger.store.ledger_tables import STORED
from receivables.account_facts import YEAR_DAYS

RATES_READ_DAYS = 400
"""Days that rates are read for: what is booked later than that needs its amount in the account's currency."""


def read_snapshot(
    connection: Connection, wants: Wants, day: int, vocabulary: Vocabulary, *, itemized: bool = False
) -> Snapshot:
    """All that is wanted, as it is in this transaction. `day`: the business date, from which on history is cut off;
    `vocabulary`: of the policies, whose currency needs no rate; `itemized`: whether policies go through the items."""
    snapshot = Snapshot()
    orders, items = STORED[Order].table.c, STORED[OpenItem].table.c
    _read(connection, snapshot, Order, orders.id.in_(wants.orders), wants.orders)
    _read_items(connection, snapshot, wants)
    histories = wants.histories | {each.account for each in snapshot.all(OpenItem)}
    accounts = (
        wants.accounts
        | wants.open_items
        | wants.live_orders
        | histories
        | {each.account for each in snapshot.all(Order)}
    )
    account = STORED[Account].table.c
    _read(connection, snapshot, Account, account.id.in_(accounts), accounts)
    groups = wants.groups | {each.group for each in snapshot.all(Account) if each.group is not None}
    _read(connection, snapshot, Group, STORED[Group].table.c.id.in_(groups), groups)
    for kind in (Figures, Grade, Limit, Security, LevelTotal):
        _read(connection, snapshot, kind, STORED[kind].table.c.account.in_(accounts), accounts)
    due, days = STORED[DueTotal].table.c, STORED[DayRecord].table.c
    _read(connection, snapshot, DueTotal, and_(due.account.in_(accounts), due["items"] > 0), accounts)
    recently = or_(days.day > day - YEAR_DAYS - 1, days.account.in_(histories))
    _read(connection, snapshot, DayRecord, and_(days.account.in_(accounts), recently), accounts)
    deposits = and_(
        items.account.in_(accounts), items.state == ItemState.OPEN.value, items.kind == ItemKind.DEPOSIT.value
    )
    _read(connection, snapshot, OpenItem, deposits, accounts)
    live = and_(orders.account.in_(wants.live_orders), orders.state.in_([each.value for each in LIVE]))
    _read(connection, snapshot, Order, live, wants.live_orders)
    _read_secured_orders(connection, snapshot)
    _read_kin(connection, snapshot, wants, accounts)
    _add_other_orders(connection, snapshot, accounts, day)
    for of_order in (Hold, Release, Revision):
        _read(connection, snapshot, of_order, STORED[of_order].table.c.order_id.in_(wants.orders), wants.orders)
    for book in rows_of(connection, BookTotal, true()):
        snapshot.put(book)
    snapshot.open_items_of = wants.open_items | (_read_items_of(connection, snapshot, accounts) if itemized else set())
    _read_rates(connection, snapshot, wants, day, vocabulary)
    return snapshot


def _read_items_of(connection: Connection, snapshot: Snapshot, accounts: Iterable[str]) -> frozenset[str]:
    """The open items of accounts that don't have too many; which ones these are."""
    few = frozenset(
        each for each in accounts if sum(due.items for due in snapshot.of_account(DueTotal, each)) <= RECORDS_MAX
    )
    items = STORED[OpenItem].table.c
    _read(connection, snapshot, OpenItem, and_(items.account.in_(few), items.state == ItemState.OPEN.value), few)
    return few


def _read_rates(connection: Connection, snapshot: Snapshot, wants: Wants, day: int, vocabulary: Vocabulary) -> None:
    """Of the currencies of commands, accounts, orders and books; so far back that what is booked late finds its own,
    and an order that finds none too old ones."""
    currencies = wants.currencies | {each.currency for each in snapshot.all(Account)}
    currencies |= {each.currency for each in snapshot.all(Order)}
    currencies |= {each.currency for each in snapshot.all(BookTotal) if each.open_items}
    currencies -= {vocabulary.currency}
    if currencies:
        rates = STORED[ExchangeRate].table.c
        recent = rates.day >= day - RATES_READ_DAYS
        _read(connection, snapshot, ExchangeRate, and_(rates.currency.in_(currencies), recent), currencies)


def _read_secured_orders(connection: Connection, snapshot: Snapshot) -> None:
    """Orders that have securities of their own, and what of them is open."""
    named = {each.order for each in snapshot.all(Security) if each.order is not None}
    orders, items = STORED[Order].table.c, STORED[OpenItem].table.c
    accounts = {each.account for each in snapshot.all(Security) if each.order is not None}
    secured = named - {each.id for each in snapshot.all(Order)}
    _read(connection, snapshot, Order, orders.id.in_(secured), secured)
    is_open = and_(items.account.in_(accounts), items.state == ItemState.OPEN.value, items.order_id.in_(named))
    _read(connection, snapshot, OpenItem, is_open, named)


def _read_items(connection: Connection, snapshot: Snapshot, wants: Wants) -> None:
    """Items by their numbers with what they were set off against, and the open ones of some accounts; and the
    allocations of all these."""
    items, allocations = STORED[OpenItem].table.c, STORED[Allocation].table.c
    is_open = and_(items.account.in_(wants.open_items), items.state == ItemState.OPEN.value)
    _read(connection, snapshot, OpenItem, is_open, wants.open_items)
    _read(connection, snapshot, Allocation, allocations.to_item.in_(select(items.id).where(is_open)), wants.open_items)
    if not wants.items:
        return
    either = or_(allocations.from_item.in_(wants.items), allocations.to_item.in_(wants.items))
    _read(connection, snapshot, Allocation, either, wants.items)
    linked = wants.items | {each.to_item for each in snapshot.all(Allocation) if each.from_item in wants.items}
    _read(connection, snapshot, OpenItem, items.id.in_(linked), linked)
    _read(connection, snapshot, Allocation, allocations.to_item.in_(linked), linked - wants.items)


def _read_kin(connection: Connection, snapshot: Snapshot, wants: Wants, accounts: Collection[str]) -> None:
    """Orders of the same roots as those that are wanted, which are sisters however old they are."""
    orders = STORED[Order].table.c
    roots = wants.orders | {each.root for each in snapshot.all(Order)}
    known = {each.id for each in snapshot.all(Order)}
    kin = and_(orders.account.in_(accounts), orders.root.in_(roots), orders.id.not_in(known))
    _read(connection, snapshot, Order, kin, roots if accounts else ())


def _add_other_orders(connection: Connection, snapshot: Snapshot, accounts: Collection[str], day: int) -> None:
    """What the accounts' other orders come to that may be somebody's sisters, by day: the same sums as
    `ledger.credit.sisters.part_of`."""
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
    columns = (orders.account, orders.entered_on, *map(_total, (related, approved)))
    others = and_(orders.account.in_(accounts), orders.id.not_in([each.id for each in known]))
    query = select(*columns, _total(case((and_(on_credit, held), to_go), else_=0)))
    query = query.where(others, orders.entered_on >= since).group_by(orders.account, orders.entered_on)
    for account, on, *sums in connection.execute(query):
        snapshot.orders.add(account, on, SisterTotal(*sums))


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
