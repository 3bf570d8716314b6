"""The credit ledger's tables: one for each kind of row, with a column for each of its fields.

A row's fields are its columns, in their order; a few have another name as a column, since SQL has the word for itself.
Amounts are minor units, dates days since 1970-01-01, rates millionths. `ledger/store/migrations` creates the tables; a
test holds the two together.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic_core import to_json
from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text

from ledger.credit.account import Account, Figures, Grade, Group
from ledger.credit.exchange import ExchangeRate
from ledger.credit.limit import Limit
from ledger.credit.order import Hold, Order, OrderDelivery, Release, Revision
from ledger.credit.security import Security
from ledger.credit.snapshot import LedgerRow
from ledger.items.import_run import ImportReject, ImportRun
from ledger.items.item import Allocation, OpenItem
from ledger.items.totals import BookTotal, DayRecord, DueTotal, LevelTotal
from ledger.items.write_off import WriteOff
from ledger.store.table_metadata import metadata

COLUMN_NAMES = {"order": "order_id", "group": "group_id", "limit": "group_limit", "on": "day", "by": "login"}
"""Fields whose columns are called otherwise."""

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How rows of one kind are kept."""

    kind: type[Any]
    table: Table
    key: tuple[str, ...]
    """Columns of the primary key."""

    encode: Callable[[Any], tuple[Any, ...]]
    """A row as values of the table's columns."""

    decode: Callable[[Sequence[Any]], LedgerRow]


def _stored(kind: type[Any], name: str, key: str, *indexes: str) -> Stored:
    """`key` and `indexes` name columns, with blanks between them."""
    hints = get_type_hints(kind)
    columns, writers, readers = [], [], []
    keys = tuple(key.split())
    for each in fields(kind):
        column_name = COLUMN_NAMES.get(each.name, each.name)
        inner, is_optional = _without_none(hints[each.name])
        type_, write, read = _conversion(inner)
        columns.append(
            Column(
                column_name,
                type_,
                primary_key=column_name in keys,
                nullable=is_optional,
                autoincrement=False,
            )
        )
        writers.append(write)
        readers.append(read)
    names = [each.name for each in fields(kind)]
    written = [(at, write) for at, write in enumerate(writers) if write is not None]
    converted = [(at, read) for at, read in enumerate(readers) if read is not None]
    values_of = attrgetter(*names)
    found = [Index(f"{name}_{'_'.join(index.split())}", *index.split()) for index in indexes]
    table = Table(name, metadata, *columns, *found)

    def encode(row: Any) -> tuple[Any, ...]:
        values: tuple[Any, ...] = values_of(row)
        if not written:
            return values
        given = list(values)
        for at, write in written:
            if given[at] is not None:
                given[at] = write(given[at])
        return tuple(given)

    def decode(values: Sequence[Any]) -> LedgerRow:
        given = list(values)
        for at, read in converted:
            if given[at] is not None:
                given[at] = read(given[at])
        row: LedgerRow = kind(**dict(zip(names, given, strict=True)))
        return row

    return Stored(kind=kind, table=table, key=keys, encode=encode, decode=decode)


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (types.UnionType, Union):
        [inner] = [each for each in get_args(hint) if each is not type(None)]
        return inner, True
    return hint, False


def _conversion(hint: Any) -> tuple[Any, Convert | None, Convert | None]:
    """Type of the column; what a field becomes on its way there, and back. None: it stays as it is."""
    if hint is int:
        return BigInteger, None, None
    if hint is str:
        return Text, None, None
    if hint is bool:
        return Boolean, None, bool
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Text, str, hint._value2member_map_.__getitem__
    if get_origin(hint) is tuple:
        return Text, _json, lambda text: tuple(json.loads(text))
    if get_origin(hint) in (Mapping, dict):
        return Text, _json, json.loads
    raise TypeError(f"no column for {hint}")


def _json(value: Any) -> str:
    return to_json(value).decode()


STORED: dict[type[Any], Stored] = {
    each.kind: each
    for each in (
        _stored(Account, "accounts", "id", "group_id"),
        _stored(Group, "account_groups", "id"),
        _stored(Figures, "account_figures", "account day"),
        _stored(Grade, "account_grades", "account since"),
        _stored(Limit, "limits", "account number"),
        _stored(Security, "securities", "account id"),
        _stored(Order, "orders", "id", "account entered_on", "root", "state changed_seq", "changed_seq"),
        _stored(Revision, "order_revisions", "order_id revision", "account"),
        _stored(OrderDelivery, "order_deliveries", "order_id id", "account"),
        _stored(Hold, "holds", "order_id number", "account", "lifted_on"),
        _stored(Release, "releases", "order_id number", "account"),
        _stored(OpenItem, "items", "id", "account state kind"),
        _stored(Allocation, "allocations", "from_item to_item number", "to_item"),
        _stored(WriteOff, "write_offs", "id", "account", "state"),
        _stored(DueTotal, "due_totals", "account due_on"),
        _stored(LevelTotal, "level_totals", "account level"),
        _stored(DayRecord, "day_records", "account day"),
        _stored(ExchangeRate, "exchange_rates", "currency quote day"),
        _stored(BookTotal, "book_totals", "currency"),
        _stored(ImportRun, "imports", "id", "digest"),
        _stored(ImportReject, "import_rejects", "run number"),
    )
}
"""By the kind of row."""

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # of the record that caused it
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # among that record's entries
    Column("account", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("effective_on", BigInteger, nullable=False),
    Column("order_id", Text),
    Column("item", Text),
    Column("cause", Text, nullable=False),
    Index("ledger_entries_account_seq", "account", "seq"),
)
"""Movements of money, append-only."""

rechecks = Table(
    "rechecks",
    metadata,
    Column("account", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),  # of the record that caused it, the last one
    Column("cause", Text, nullable=False),  # its command's word
)
"""Accounts whose held orders may go out now. A row goes when they were looked at."""

days = Table(
    "days",
    metadata,
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("step", Text, primary_key=True),
)
"""What was done once for a business date."""
