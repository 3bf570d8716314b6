"""What the credit ledger has of a customer who is erased: all rows of its accounts, where nothing of them is open.

The account is marked in the transaction that confirms the erasure, while it is still known whose key that is; what is
marked goes when the key does, after a crash too. Of the movements of money a row goes only once its account is gone
(`ledger.store.append_only`). What the whole book and the group have of the account is nothing by then.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection, delete, select, update

from ledger.credit.account import Account, Figures, Grade, Group
from ledger.credit.limit import Limit
from ledger.credit.order import LIVE, Hold, Order, OrderDelivery, Release, Revision
from ledger.credit.security import Security
from ledger.items.item import Allocation, ItemState, OpenItem
from ledger.items.totals import DayRecord, DueTotal, LevelTotal
from ledger.items.write_off import WriteOff
from ledger.store.key_database import SubjectKeys
from ledger.store.ledger_tables import STORED, ledger_entries, rechecks

_KINDS = (
    Figures, Grade, Limit, Security, Order, Revision, OrderDelivery, Hold, Release, OpenItem, Allocation, WriteOff,
    DueTotal, LevelTotal, DayRecord,
)  # fmt: skip
"""Rows that belong to one account."""


def accounts_of(connection: Connection, keys: SubjectKeys, names: frozenset[str], number: int) -> list[str]:
    """Those of these numbers that are accounts and have this key."""
    accounts = STORED[Account].table.c
    found = connection.scalars(select(accounts.id).where(accounts.id.in_(names)).order_by(accounts.id))
    return [each for each in found if (known := keys.number_and_blind(account=each)) and known[0] == number]


def what_is_open(connection: Connection, accounts: list[str]) -> str | None:
    """Why these accounts can't go yet, as the end of a sentence; None where nothing of them is open."""
    account, order, item = STORED[Account].table.c, STORED[Order].table.c, STORED[OpenItem].table.c
    total = select(account.id).where(
        account.id.in_(accounts),
        (account.open_items != 0) | (account.delivered != 0) | (account.open_orders != 0) | (account.deposits != 0),
    )
    live = select(order.id).where(order.account.in_(accounts), order.state.in_([each.value for each in LIVE]))
    owed = select(item.id).where(item.account.in_(accounts), item.state == ItemState.OPEN.value)
    if connection.scalars(owed.limit(1)).first() is not None:
        return "items of this customer are open in the ledger; settle them or write them off first"
    if connection.scalars(live.limit(1)).first() is not None:
        return "orders of this customer may still go out; cancel or close them first"
    if connection.scalars(total.limit(1)).first() is not None:
        return "something of this customer is delivered and not invoiced, or deposited; settle it first"
    return None


def mark(connection: Connection, accounts: list[str], key: int) -> None:
    """These accounts go with this key; what names the customer is gone at once."""
    table = STORED[Account].table
    gone = {"erasure": key, "name": None, "profile": "{}"}
    connection.execute(update(table).where(table.c.id.in_(accounts)).values(**gone))


def delete_marked(connection: Connection, key: int) -> int:
    """Deletes the accounts that go with this key, with all rows of theirs; how many accounts that were."""
    table = STORED[Account].table
    marked = connection.execute(select(table.c.id, table.c.group_id).where(table.c.erasure == key)).all()
    accounts = [row.id for row in marked]
    if not accounts:
        return 0
    for kind in _KINDS:
        rows = STORED[kind].table
        connection.execute(delete(rows).where(rows.c.account.in_(accounts)))
    connection.execute(delete(rechecks).where(rechecks.c.account.in_(accounts)))
    for group in {row.group_id for row in marked if row.group_id is not None}:
        _leave_group(connection, group, frozenset(accounts))
    connection.execute(delete(table).where(table.c.id.in_(accounts)))
    connection.execute(delete(ledger_entries).where(ledger_entries.c.account.in_(accounts)))
    return len(accounts)


def _leave_group(connection: Connection, group: str, accounts: frozenset[str]) -> None:
    """The group forgets the grades of these accounts."""
    table = STORED[Group].table
    text = connection.scalars(select(table.c.grades).where(table.c.id == group)).first()
    if text is not None:
        left = {account: grade for account, grade in json.loads(text).items() if account not in accounts}
        told = json.dumps(left, ensure_ascii=False, separators=(",", ":"))
        connection.execute(update(table).where(table.c.id == group).values(grades=told, version=table.c.version + 1))
