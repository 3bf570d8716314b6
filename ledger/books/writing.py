"""Changes on their way into the tables: of each row the last state, in a few statements for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as upsert

from ledger.credit.account import Account, Key
from ledger.credit.change import LedgerChange
from ledger.credit.order import Order, OrderState
from ledger.credit.snapshot import LedgerRow
from ledger.store.ledger_tables import STORED, ledger_entries, rechecks
from ledger.store.prepared_sql import STATEMENTS_KEPT, VALUES_MAX, insert_rows, together

Cause = tuple[int, str]
"""Place of the record of what was done, and its command's word."""


class Writing:
    """What the commands of one transaction have changed."""

    def __init__(self) -> None:
        self._rows: defaultdict[type, dict[Key, LedgerRow]] = defaultdict(dict)
        self._entries: list[tuple[Any, ...]] = []
        self._rechecks: dict[str, Cause] = {}
        self._groups: dict[str, Cause] = {}
        self._currencies: dict[str, Cause] = {}

    def add(self, change: LedgerChange, seq: int) -> None:
        """`seq` is the place of the record that the change belongs to."""
        for row in change.rows:
            self._rows[type(row)][row.key] = row
        for number, entry in enumerate(change.entries):
            self._entries.append(
                (
                    seq,
                    number,
                    entry.account,
                    entry.bucket.value,
                    entry.amount,
                    entry.effective_on,
                    entry.order,
                    entry.item,
                    entry.cause,
                )
            )
        self._rechecks |= dict.fromkeys(change.rechecks, (seq, change.act))
        self._currencies |= dict.fromkeys(change.recheck_currencies, (seq, change.act))
        self._groups |= dict.fromkeys(change.recheck_groups, (seq, change.act))

    def write(self, connection: Connection) -> None:
        """In the caller's transaction."""
        with together(connection):
            for kind, rows in self._rows.items():
                _put(connection, kind, rows.values())
            insert_rows(connection, ledger_entries, self._entries)
        rechecked = self._rechecks | self._of_groups(connection) | self._of_currencies(connection)
        if rechecked:
            with together(connection):
                _upsert(connection, "rechecks", [(account, *cause) for account, cause in rechecked.items()])

    def _of_groups(self, connection: Connection) -> dict[str, Cause]:
        """The accounts of groups, as they are after the rows were written."""
        if not self._groups:
            return {}
        accounts = STORED[Account].table.c
        found = connection.execute(select(accounts.id, accounts.group_id).where(accounts.group_id.in_(self._groups)))
        return {account: self._groups[group] for account, group in found}

    def _of_currencies(self, connection: Connection) -> dict[str, Cause]:
        """The accounts that have held orders in these currencies, or are in them and have held orders."""
        if not self._currencies:
            return {}
        accounts, orders = STORED[Account].table.c, STORED[Order].table.c
        concerned = select(orders.account, orders.foreign_currency, accounts.currency).where(
            orders.account == accounts.id,
            orders.state == OrderState.HELD.value,
            or_(orders.foreign_currency.in_(self._currencies), accounts.currency.in_(self._currencies)),
        )
        return {
            account: max(self._currencies[each] for each in currencies if each in self._currencies)
            for account, *currencies in connection.execute(concerned)
        }


def _put(connection: Connection, kind: type, rows: Iterable[LedgerRow]) -> None:
    encode = STORED[kind].encode
    _upsert(connection, STORED[kind].table.name, [encode(row) for row in rows])


def _upsert(connection: Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    raw: Any = connection.connection.driver_connection
    most = VALUES_MAX // len(rows[0])
    for at in range(0, len(rows), most):
        some = rows[at : at + most]
        raw.execute(_statement(table, connection.dialect.name, len(some)), tuple(chain.from_iterable(some)))


_TABLES = {each.table.name: each.table for each in STORED.values()} | {rechecks.name: rechecks}


@lru_cache(maxsize=STATEMENTS_KEPT)
def _statement(name: str, dialect: str, rows: int) -> str:
    """`INSERT INTO … VALUES (…), (…) ON CONFLICT (…) DO UPDATE SET …`: both databases have it in the same words."""
    table = _TABLES[name]
    new = upsert(table)
    keys = [column.name for column in table.primary_key]
    rest = {column.name: new.excluded[column.name] for column in table.columns if column.name not in keys}
    text = str(new.on_conflict_do_update(index_elements=keys, set_=rest).compile(dialect=sqlite.dialect()))
    head, _, tail = text.partition("VALUES ")
    one, _, conflict = tail.partition(" ON CONFLICT")
    mark = "?" if dialect == sqlite.dialect.name else "%s"
    return f"{head}VALUES {', '.join([one.replace('?', mark)] * rows)} ON CONFLICT{conflict}"
