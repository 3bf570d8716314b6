"""Rows and entries of one command as they come about: whoever changes an order or an item has the totals follow.

A posting lies over a snapshot: what it has changed is seen by what comes after, and nothing reaches the snapshot before
the command is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ledger.credit.account import Account, Group, Key
from ledger.credit.bounds import require_total
from ledger.credit.change import Desk, LedgerChange
from ledger.credit.entry import Entry, EntryBucket
from ledger.credit.order import NOT_OVER, Order, Release, ReleaseState
from ledger.credit.row_copies import changed
from ledger.credit.sisters import NONE, part_of
from ledger.credit.snapshot import LedgerRow, Snapshot
from ledger.items.totals import BookTotal

_R = TypeVar("_R", bound=LedgerRow)

_FACTS = {
    EntryBucket.OPEN_ITEMS: "open_invoices",
    EntryBucket.DELIVERED: "delivered_not_invoiced",
    EntryBucket.OPEN_ORDERS: "open_orders",
    EntryBucket.DEPOSITS: "deposits_held",
}
"""As which fact of the account the policies see each total."""


class Posting:
    """Of one command, which `cause` names in entries."""

    def __init__(self, snapshot: Snapshot, desk: Desk, cause: str) -> None:
        self.snapshot, self.desk, self.cause = snapshot, desk, cause
        self._rows: dict[tuple[type, Key], LedgerRow] = {}
        self._entries: list[Entry] = []
        self._rechecks: set[str] = set()

    @classmethod
    def after(cls, snapshot: Snapshot, desk: Desk, change: LedgerChange) -> Posting:
        """One that goes on where a command ended: with its rows, and no entries of its own."""
        posting = cls(snapshot, desk, change.act)
        posting._rows = {(type(row), row.key): row for row in change.rows}
        return posting

    def get(self, kind: type[_R], *key: str | int) -> _R | None:
        """The row as it is after what was posted so far."""
        return self._rows.get((kind, key)) or self.snapshot.get(kind, *key)  # type: ignore[return-value]  # by its type

    def existing(self, kind: type[_R], *key: str | int) -> _R:
        """The same. Raises `LookupError`, a fault of ours, where there is none."""
        return self._rows.get((kind, key)) or self.snapshot.existing(kind, *key)  # type: ignore[return-value]  # by its type

    def put(self, row: LedgerRow) -> None:
        """A row that is new or other than before. Whatever the account's facts are made of goes through `touch` too."""
        self._rows[type(row), row.key] = row

    def touch(self, account: str) -> Account:
        """The account with its version risen, once for each command."""
        now = self.existing(Account, account)
        if (Account, (account,)) not in self._rows:
            now = changed(now, version=now.version + 1)
            self.put(now)
        return now

    def put_order(self, order: Order) -> None:
        """The order in its new state; what it reserves and has delivered moves in the totals."""
        before = self.get(Order, order.id)
        self.put(changed(order, changed_seq=self.desk.next_seq))
        if before is not None and _leaves_room(before, order):
            self.recheck(order.account)
        self.move(
            order.account, EntryBucket.OPEN_ORDERS, order.reserved - (before.reserved if before else 0), order=order.id
        )
        self.move(
            order.account, EntryBucket.DELIVERED, order.delivered - (before.delivered if before else 0), order=order.id
        )
        account = self.touch(order.account)
        if account.group is not None and part_of(order) != (NONE if before is None else part_of(before)):
            self._touch_group(account.group)
        if before is None:
            before_on = account.last_order_on
            self.put(changed(account, last_order=order.id, last_order_on=order.entered_on, order_before_on=before_on))

    def _touch_group(self, number: str) -> None:
        """An order is a sister of those of the group's other accounts, also one that reserves nothing."""
        group = self.get(Group, number)
        if group is not None and (Group, group.key) not in self._rows:
            self.put(changed(group, version=group.version + 1))

    def end_approval(self, number: str | None, relied_on: Callable[[Release], bool] = lambda _: False) -> None:
        """What this order was approved on is not there any more, so that its approval doesn't count at delivery.
        `relied_on`: whether whoever gave a release had it before them; those releases end."""
        order = None if number is None else self.get(Order, number)
        if order is None:
            return
        ended = [
            each for each in self.snapshot.of_order(Release, order.id) if each.state in NOT_OVER and relied_on(each)
        ]
        for release in ended:
            self.put(changed(release, state=ReleaseState.ENDED))
        if order.approval_stands or ended:
            self.put_order(changed(order, approval_stands=False))

    def move(
        self,
        account: str,
        bucket: EntryBucket,
        amount: int,
        *,
        order: str | None = None,
        item: str | None = None,
        effective_on: int | None = None,
        cause: str | None = None,
    ) -> None:
        """An entry, and the account's and its group's totals with it. Nothing where the amount is 0. `cause`: another
        than the command."""
        if not amount:
            return
        now = self.touch(account)
        before, after = getattr(now, bucket.value), getattr(now, bucket.value) + amount
        require_total(self.desk.engine.vocabulary, _FACTS[bucket], f"account {account}", now.currency, before, after)
        self.put(changed(now, **{bucket.value: after}))
        self._entries.append(
            Entry(
                account=account,
                bucket=bucket,
                amount=amount,
                effective_on=self.desk.day if effective_on is None else effective_on,
                order=order,
                item=item,
                cause=cause or self.cause,
            )
        )
        self._move_group(now, -amount if bucket is EntryBucket.DEPOSITS else amount)
        if bucket is EntryBucket.OPEN_ITEMS:
            self._move_book(now, amount)

    def _move_book(self, account: Account, amount: int) -> None:
        """`account` as it was before."""
        book = self.get(BookTotal, account.currency) or BookTotal(currency=account.currency)
        after = account.open_items + amount
        customers = book.customers + (after > 0) - (account.open_items > 0)
        self.put(changed(book, open_items=book.open_items + amount, customers=customers))

    def _move_group(self, account: Account, amount: int) -> None:
        group = None if account.group is None else self.get(Group, account.group)
        if group is not None:
            self.move_group(group, amount)

    def move_group(self, group: Group, amount: int, **more: Any) -> None:
        """The group's exposure, with what else of it changes. Raises `CommandRefused` (`total-too-large`)."""
        after = group.total + amount
        vocabulary = self.desk.engine.vocabulary
        require_total(vocabulary, "group_exposure", f"group {group.id}", group.currency, group.total, after)
        self.put(changed(group, total=after, version=group.version + 1, **more))

    def recheck(self, account: str) -> None:
        """The account's held orders, and those of its group, may go out now."""
        self._rechecks.add(account)

    @property
    def rechecks(self) -> frozenset[str]:
        """Accounts whose held orders may go out now."""
        return frozenset(self._rechecks)

    @property
    def rows(self) -> tuple[LedgerRow, ...]:
        """All that is new or other than before."""
        return tuple(self._rows.values())

    @property
    def entries(self) -> tuple[Entry, ...]:
        """In their order."""
        return tuple(self._entries)


def _leaves_room(before: Order, after: Order) -> bool:
    """Less is owed for it, or less of it counts beside its sisters."""
    return (
        after.reserved + after.delivered < before.reserved + before.delivered
        or part_of(after).related < part_of(before).related
    )
