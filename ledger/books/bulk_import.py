"""A chunk of invoices on its way into the tables, without a snapshot of all that an account's facts are made of.

1. read     totals of the accounts, which numbers are taken, whether an order is billed
2. decide   `ledger.items.bulk_invoices`
3. read     the sums by day that some rows change
4. write    items and entries as they are, each total once
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from operator import add
from typing import Any

import structlog
from sqlalchemy import Connection

from ledger.books.reading import RATES_READ_DAYS
from ledger.books.snapshot_questions import Questions
from ledger.books.writing import Writing
from ledger.collections.worklist_entry import EntryState
from ledger.credit.account import Group
from ledger.credit.bounds import INT64_MAX
from ledger.credit.change import Desk, LedgerChange
from ledger.credit.entry import EntryBucket
from ledger.credit.exchange import ExchangeRate
from ledger.credit.snapshot import LedgerCommand, Snapshot
from ledger.items.bulk_invoices import AccountDay, AccountTotals, BulkBooks, BulkChange, BulkInvoice, bulk_invoices
from ledger.items.import_chunk import ImportChunk
from ledger.items.item import ItemKind, ItemState, OpenItem
from ledger.items.post_invoice import PostInvoice
from ledger.items.totals import BookTotal, DayRecord, DueTotal
from ledger.store.ledger_tables import STORED, ledger_entries
from ledger.store.prepared_sql import raw_of

log = structlog.get_logger(__name__)

_ACCOUNTS = f"""
SELECT id, version, currency, group_id, open_items, first_issued_on,
  EXISTS (SELECT 1 FROM worklist WHERE worklist.account = accounts.id AND worklist.state = '{EntryState.DUE}')
FROM accounts WHERE id {{among}}
"""
_DIGESTS = "SELECT id, digest FROM items WHERE id {among}"
_ORDERS = "SELECT id FROM orders WHERE id {among} LIMIT 1"

_IN_FILE = """
SELECT {columns} FROM json_each(?) AS asked
CROSS JOIN {table} AS kept ON kept.account = json_extract(asked.value, '$[0]')
  AND kept.{day} = json_extract(asked.value, '$[1]')
"""
_IN_SERVER = """
SELECT {columns} FROM unnest(%s::text[], %s::bigint[]) AS asked (owner, asked_day)
JOIN {table} AS kept ON kept.account = asked.owner AND kept.{day} = asked.asked_day
"""
"""Rows by account and day, each found by the primary key."""


def is_for_bulk(command: LedgerCommand) -> bool:
    """Whether a command is rows of a file of invoices, and nothing else."""
    return (
        isinstance(command, ImportChunk)
        and bool(command.rows)
        and not command.settles
        and not command.counted
        and all(row.command is None or _is_plain(row.command) for row in command.rows)
    )


def _is_plain(command: LedgerCommand) -> bool:
    """An invoice or a debit without agreed terms."""
    return (
        isinstance(command, PostInvoice)
        and command.discount_rate is None
        and command.discount_days is None
        and command.daily_interest_rate is None
        and command.interest_of is None
    )


class BulkImport:
    """One chunk that bills no order."""

    def __init__(self, connection: Connection, made: BulkChange) -> None:
        """In the transaction that writes it."""
        self._made = made
        self._sums = {
            DueTotal: _raised(connection, DueTotal, {key: (amount, 0, n) for key, (amount, n) in made.due.items()}),
            DayRecord: _raised(connection, DayRecord, made.days),
        }

    @property
    def change(self) -> LedgerChange:
        """What its record says, and all that isn't one of many."""
        return self._made.change

    @property
    def is_storable(self) -> bool:
        """Whether every sum fits its column: they only rise. Where one doesn't, it has to be seen which row that is."""
        highest = [max(map(max, list(zip(*rows, strict=True))[2:])) for rows in self._sums.values() if rows]
        books = (row.open_items for row in self.change.rows if isinstance(row, BookTotal))
        return all(each <= INT64_MAX for each in (*highest, *books))

    def write(self, writing: Writing, seq: int) -> None:
        """`seq` is the place of its record."""
        bucket, cause = EntryBucket.OPEN_ITEMS.value, "invoice"
        entries = [
            (seq, number, each.account, bucket, each.amount, each.effective_on, None, each.item, cause)
            for number, each in enumerate(self._made.entries)
        ]
        writing.insert(ledger_entries, entries)
        writing.insert(STORED[OpenItem].table, list(map(_item_row, self._made.invoices)))
        for kind, rows in self._sums.items():
            writing.replace(kind, rows)
        writing.update_totals(
            [(each.id, each.version, each.open_items, each.first_issued_on) for each in self._made.accounts]
        )


def bulk_import(connection: Connection, command: LedgerCommand, desk: Desk) -> BulkImport | None:
    """None where it has to be done row by row: it is no such chunk, bills an order, or makes a sum that no column
    holds."""
    if not isinstance(command, ImportChunk):
        return None
    books = _read(connection, command, desk)
    if books is None:
        return None
    try:
        made = bulk_invoices(books, command, desk)
    except Exception:  # row by row it is seen which one is at fault, and no other is kept out by it
        log.exception("rows can't be booked at once", run=command.run.id, from_row=command.run.done_rows + 1)
        return None
    bulk = BulkImport(connection, made)
    return bulk if bulk.is_storable else None


def _read(connection: Connection, chunk: ImportChunk, desk: Desk) -> BulkBooks | None:
    snapshot = Snapshot()
    questions = Questions(connection, snapshot)
    commands = [row.command for row in chunk.rows if isinstance(row.command, PostInvoice)]
    accounts: dict[str, AccountTotals] = {}
    digests: dict[str, str] = {}
    billed: list[Any] = []

    def take_accounts(rows: Iterable[tuple[Any, ...]]) -> None:
        for name, version, currency, group, open_items, first, is_listed in rows:
            accounts[name] = AccountTotals(
                id=name, version=version, currency=currency, group=group, open_items=open_items, first_issued_on=first,
                is_listed=bool(is_listed),
            )  # fmt: skip

    names = {each.account for each in commands}
    questions.put_other(_ACCOUNTS, take_accounts, names)
    questions.put_other(_DIGESTS, lambda rows: digests.update(rows), {each.invoice for each in commands})
    questions.put_other(_ORDERS, billed.extend, {each.order for each in commands if each.order is not None})
    questions.put(BookTotal, "1 = 1")
    questions.take()
    if billed:
        return None
    questions.put(Group, "id {among}", {each.group for each in accounts.values() if each.group is not None})
    currencies = {each.currency for each in commands if each.currency is not None}
    if currencies:
        currencies |= {each.currency for each in accounts.values()}
        currencies -= {desk.engine.vocabulary.currency}
        questions.put(ExchangeRate, "currency {among} AND day >= {value}", currencies, desk.day - RATES_READ_DAYS)
    questions.take()
    return BulkBooks(accounts=accounts, digests=digests, snapshot=snapshot)


def _raised(
    connection: Connection, kind: type[Any], more: Mapping[AccountDay, tuple[int, ...]]
) -> list[tuple[Any, ...]]:
    """The rows of some accounts and days with these sums added, new ones among them."""
    if not more:
        return []
    table = STORED[kind].table
    names = [column.name for column in table.columns]
    is_file = connection.dialect.name == "sqlite"
    text = (_IN_FILE if is_file else _IN_SERVER).format(
        columns=", ".join(f"kept.{name}" for name in names), table=table.name, day=names[1]
    )
    asked = (json.dumps(list(more)),) if is_file else tuple(map(list, zip(*more, strict=True)))
    known = {row[:2]: row[2:] for row in raw_of(connection).execute(text, asked).fetchall()}
    none = (0,) * (len(names) - 2)
    return [(*key, *map(add, known.get(key, none), values)) for key, values in more.items()]


_COLUMNS = [column.name for column in STORED[OpenItem].table.columns]
_PLAIN = STORED[OpenItem].encode(
    OpenItem(id="", account="", kind=ItemKind.INVOICE, issued_on=0, due_on=0, amount=0, open_amount=0, digest="")
)
_SAID = (
    "id", "account", "kind", "issued_on", "due_on", "amount", "open_amount", "state", "settled_on",
    "paid_before", "foreign_currency", "foreign_amount", "foreign_open", "known_on", "digest",
)  # fmt: skip
_PLACES = [_COLUMNS.index(name) for name in _SAID]
"""Of what one invoice has of its own; the rest is as of any item that is new."""


def _item_row(invoice: BulkInvoice) -> tuple[Any, ...]:
    """As values of the table's columns."""
    number, account, kind, terms, amount, is_foreign = invoice
    is_settled = terms.settled_on is not None
    state = ItemState.SETTLED if is_settled else ItemState.OPEN
    foreign = (terms.currency, terms.amount, 0 if is_settled else terms.amount) if is_foreign else (None, None, None)
    row = list(_PLAIN)
    said = (
        number, account, kind.value, terms.issued_on, terms.due_on, amount, 0 if is_settled else amount, state.value,
        terms.settled_on, amount if is_settled else 0, *foreign, terms.known_on, terms.digest,
    )  # fmt: skip
    for at, value in zip(_PLACES, said, strict=True):
        row[at] = value
    return tuple(row)
