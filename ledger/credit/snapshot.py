"""All that is known of some accounts at one moment: a working copy, which each command of a batch changes for the next.

Rows are kept by kind and key; what belongs to one account is found by it. Whoever makes a snapshot has read all that
the commands need: what isn't in it, isn't there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ledger.credit.account import Account, Key
from ledger.credit.order import Order
from ledger.credit.sisters import SisterSums


class LedgerRow(Protocol):
    """One row of the ledger: frozen, and told apart from others of its kind by its key."""

    @property
    def key(self) -> Key:
        """What no other row of its kind has."""


_R = TypeVar("_R", bound=LedgerRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """What a command needs to know of: numbers of accounts, orders, items and groups. With an order come its holds,
    releases and revisions and those of its root, with an order or an item its account, with an account its group and
    all that its facts are made of; not its other orders, which only their sums tell of (`Snapshot.orders`)."""

    accounts: frozenset[str] = frozenset()
    orders: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    open_items: frozenset[str] = frozenset()
    """Accounts of which all open items are wanted, and what was set off against these."""

    live_orders: frozenset[str] = frozenset()
    """Accounts of which all orders are wanted that may still go out."""

    releases: frozenset[str] = frozenset()
    """Accounts of which all releases are wanted that are in force or wait for a second person."""

    histories: frozenset[str] = frozenset()
    """Accounts to which items are posted: of these, and of the accounts of `items`, all day records are wanted."""

    deliveries: frozenset[str] = frozenset()
    """Orders of which all deliveries and returns are wanted that have a number."""

    write_offs: frozenset[str] = frozenset()
    """Write-offs by their numbers, with all others of their accounts and their invoices."""

    written_off: frozenset[str] = frozenset()
    """Accounts of which all write-offs are wanted."""

    currencies: frozenset[str] = frozenset()
    """Of which rates are wanted, beside those of the accounts."""

    def __or__(self, other: Wants) -> Wants:
        return Wants(
            accounts=self.accounts | other.accounts,
            orders=self.orders | other.orders,
            items=self.items | other.items,
            groups=self.groups | other.groups,
            open_items=self.open_items | other.open_items,
            live_orders=self.live_orders | other.live_orders,
            releases=self.releases | other.releases,
            histories=self.histories | other.histories,
            deliveries=self.deliveries | other.deliveries,
            write_offs=self.write_offs | other.write_offs,
            written_off=self.written_off | other.written_off,
            currencies=self.currencies | other.currencies,
        )


class LedgerCommand(Protocol):
    """What somebody asks of the ledger."""

    @property
    def wants(self) -> Wants:
        """What a snapshot must have for it."""


class Snapshot:
    """Rows by kind and key."""

    def __init__(self, rows: Iterable[LedgerRow] = ()) -> None:
        self._rows: defaultdict[type, dict[Key, LedgerRow]] = defaultdict(dict)
        self.open_items_of: frozenset[str] = frozenset()
        """Accounts of which all open items are here."""

        self._of_account: defaultdict[tuple[type, str], dict[Key, LedgerRow]] = defaultdict(dict)
        self._of_order: defaultdict[tuple[type, str], dict[Key, LedgerRow]] = defaultdict(dict)
        self.orders = SisterSums()
        for row in rows:
            self.put(row)

    def put(self, row: LedgerRow) -> None:
        """In the place of the row of the same kind and key, if there is one."""
        kind = type(row)
        if isinstance(row, Order):
            before = self.get(Order, row.id)
            self.orders.moved(before, row)
        elif isinstance(row, Account):
            self.orders.joined(row.id, row.group)
        self._rows[kind][row.key] = row
        account = getattr(row, "account", None)
        if account is not None:
            self._of_account[kind, account][row.key] = row
        order = getattr(row, "order", None)
        if order is not None:
            self._of_order[kind, order][row.key] = row

    def with_rows(self, rows: Iterable[LedgerRow]) -> Snapshot:
        """A snapshot that has these rows as well; this one stays as it is."""
        known = (row for of_kind in self._rows.values() for row in of_kind.values())
        after = Snapshot((*known, *rows))
        after.open_items_of = self.open_items_of
        return after

    def get(self, kind: type[_R], *key: str | int) -> _R | None:
        """The row of this kind and key; None where there is none."""
        return self._rows[kind].get(key)  # type: ignore[return-value]  # kept by its type

    def existing(self, kind: type[_R], *key: str | int) -> _R:
        """The row of this kind and key. Raises `LookupError`, a fault of ours, where there is none."""
        row = self.get(kind, *key)
        if row is None:
            raise LookupError(f"there is no {kind.__name__} {key}")
        return row

    def of_account(self, kind: type[_R], account: str) -> list[_R]:
        """All rows of this kind that belong to an account, in the order in which they were put first."""
        return list(self._of_account[kind, account].values())  # type: ignore[arg-type]  # kept by its type

    def of_order(self, kind: type[_R], order: str) -> list[_R]:
        """All rows of this kind that belong to an order, in the order in which they were put first."""
        return list(self._of_order[kind, order].values())  # type: ignore[arg-type]  # kept by its type

    def all(self, kind: type[_R]) -> list[_R]:
        """All rows of this kind."""
        return list(self._rows[kind].values())  # type: ignore[arg-type]  # kept by its type
