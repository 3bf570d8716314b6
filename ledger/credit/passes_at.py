"""What would let a held order go: the largest amount, the smallest payment, deposit or guarantee that passes.

Each figure is found by deciding: the engine confirms that it passes and that one unit less, or more, doesn't. Where the
decision shows by how much a limit is exceeded, that is tried first; otherwise the range is halved, some forty times at
most. Facts change as they would in the ledger, a payment by the oldest due first.

    63,000.00 with tolerance, 20,000.00 open, an order of 50,000.00
    →  amount 43,000.00, payment 7,000.00, deposit 7,000.00, security 7,000.00
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from engine.deciding.decision import Decision
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.decimals import RATE_SCALE
from ledger.credit.account import Account, Group
from ledger.credit.change import Desk
from ledger.credit.judging import judge
from ledger.credit.order import RESERVING, STATE_OF_OUTCOME, Order, OrderCheckpoint, OrderState
from ledger.credit.security import Security, SecurityKind
from ledger.credit.shown import money_shown
from ledger.credit.snapshot import LedgerRow, Snapshot
from ledger.items.item import ItemKind, ItemState, OpenItem
from ledger.items.totals import BookTotal

HEADROOM_MAX = 10**9
"""Units of a currency, above which nobody asks how much is left."""

HALVINGS_MAX = 60
"""Of a range: 10^15 units in minor units have 57."""

_TRIED = "what would pass"
"""Number of rows that are only tried."""

Passes = Callable[[int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassesAt:
    """In minor units of the account's currency; None: nothing of this sort lets it go."""

    now: bool
    """It would go as it is: the cause of the hold is gone, or a person holds it."""

    amount: int | None
    """The largest that the order could have."""

    payment: int | None
    """The smallest by the customer, whatever it pays for."""

    deposit: int | None
    """The smallest for this order."""

    security: int | None
    """The smallest guarantee by a bank, without an end."""

    def shown(self, currency: str) -> dict[str, Any]:
        """As JSON, amounts as decimal text."""
        amounts = {name: getattr(self, name) for name in ("amount", "payment", "deposit", "security")}
        shown = {name: None if value is None else money_shown(value, currency) for name, value in amounts.items()}
        return {"now": self.now, **shown}


def passes_at(snapshot: Snapshot, order: Order, desk: Desk) -> PassesAt:
    """`snapshot` is a working copy that nobody uses afterwards."""
    decision = judge(snapshot, order, desk, OrderCheckpoint.RECHECK, "").decision
    if STATE_OF_OUTCOME[decision.outcome] in RESERVING:
        return PassesAt(now=True, amount=None, payment=None, deposit=None, security=None)
    account = snapshot.existing(Account, order.account)
    lacks = _lacks(decision, account.currency)
    trial = _Trial(snapshot, order, account, desk)
    open_amount = order.amount - order.billed - order.lapsed
    owed = max(account.exposure, 0) + open_amount
    return PassesAt(
        now=False,
        amount=_largest(trial.with_amount, order.amount - lacks, order.amount - open_amount + 1, order.amount),
        payment=_smallest(trial.with_payment, lacks, owed),
        deposit=_smallest(trial.with_deposit, lacks, open_amount),
        security=_smallest(trial.with_security, lacks, owed),
    )


def headroom(snapshot: Snapshot, account: Account, desk: Desk) -> int | None:
    """The largest order on credit that would pass today, by the terms that the customer is granted, in minor units of
    its currency and at most `HEADROOM_MAX` units; None: not the smallest one does. What the policies ask for as a
    condition counts as passing."""
    unit: int = 10 ** MINOR_UNITS[account.currency]
    order = Order(
        id=_TRIED,
        account=account.id,
        revision=1,
        state=OrderState.HELD,
        asked={"payment_days": 0},
        currency=account.currency,
        amount=1,
        root=_TRIED,
        entered_by=None,
        entered_on=desk.day,
    )
    days = judge(snapshot, order, desk, OrderCheckpoint.ENTRY, "").decision.results.get("terms", {}).get("net_days")
    if isinstance(days, int):
        order = replace(order, asked={"payment_days": days})
    decision = judge(snapshot, order, desk, OrderCheckpoint.ENTRY, "").decision
    if STATE_OF_OUTCOME[decision.outcome] not in RESERVING:
        return None
    trial = _Trial(snapshot, order, account, desk)
    left = 1 + _least_figure(decision, account.currency)
    top = HEADROOM_MAX * unit
    if trial.with_amount(top):
        return top
    return _largest(trial.with_amount, left, 1, top)


def _lacks(decision: Decision, currency: str) -> int:
    """By how much the worst of the figures that the policies show is below zero; 0 where none is."""
    return -min(_least_figure(decision, currency), 0)


def _least_figure(decision: Decision, currency: str) -> int:
    """The smallest of the amounts that the policies show, in minor units; 0 where they show none."""
    unit = 10 ** MINOR_UNITS[currency]
    figures = [Decimal(each.value) for each in decision.figures if each.type == "money" and isinstance(each.value, str)]
    return int(min((figure * unit for figure in figures), default=Decimal(0)))


class _Trial:
    """The order decided with something changed, which is taken back afterwards."""

    def __init__(self, snapshot: Snapshot, order: Order, account: Account, desk: Desk) -> None:
        self._snapshot, self._order, self._account, self._desk = snapshot, order, account, desk

    def with_amount(self, amount: int) -> bool:
        return self._passes(replace(self._order, amount=amount))

    def with_payment(self, amount: int) -> bool:
        account = self._account
        changed: list[LedgerRow] = [replace(account, open_items=account.open_items - amount)]
        changed += self._group_less(amount)
        book = self._snapshot.get(BookTotal, account.currency)
        if book is not None:
            changed.append(replace(book, open_items=book.open_items - amount))
        return self._passes_with(*changed)

    def with_deposit(self, amount: int) -> bool:
        account, day = self._account, self._desk.day
        deposit = OpenItem(
            id=_TRIED,
            account=account.id,
            kind=ItemKind.DEPOSIT,
            issued_on=day,
            due_on=day,
            amount=-amount,
            open_amount=-amount,
            order=self._order.id,
            digest="",
        )
        self._snapshot.put(deposit)
        raised = replace(account, deposits=account.deposits + amount)
        try:
            return self._passes_with(raised, *self._group_less(amount))
        finally:
            self._snapshot.put(replace(deposit, state=ItemState.REVERSED))

    def with_security(self, amount: int) -> bool:
        guarantee = Security(
            account=self._account.id,
            id=_TRIED,
            kind=SecurityKind.BANK_GUARANTEE,
            amount=amount,
            cover=10**RATE_SCALE,
        )
        self._snapshot.put(guarantee)
        try:
            return self._passes(self._order)
        finally:
            self._snapshot.put(replace(guarantee, ended_on=0))

    def _group_less(self, amount: int) -> list[LedgerRow]:
        group = None if self._account.group is None else self._snapshot.get(Group, self._account.group)
        return [] if group is None else [replace(group, total=group.total - amount)]

    def _passes_with(self, *changed: LedgerRow) -> bool:
        before = [self._snapshot.get(type(row), *row.key) for row in changed]
        for row in changed:
            self._snapshot.put(row)
        try:
            return self._passes(self._order)
        finally:
            for was in before:
                if was is not None:
                    self._snapshot.put(was)

    def _passes(self, order: Order) -> bool:
        decision = judge(self._snapshot, order, self._desk, OrderCheckpoint.RECHECK, "").decision
        return STATE_OF_OUTCOME[decision.outcome] in RESERVING


def _smallest(passes: Passes, guess: int, top: int) -> int | None:
    """The smallest of 1 to `top` that passes, where all above one that passes do."""
    if top < 1 or not passes(top):
        return None
    low, high = 0, top  # one that doesn't pass, one that does
    for tried in (guess, guess - 1):
        if low < tried < high:
            low, high = (low, tried) if passes(tried) else (tried, high)
    return _halved(passes, low, high)


def _largest(passes: Passes, guess: int, bottom: int, top: int) -> int | None:
    """The largest from `bottom` to below `top` that passes, where all below one that passes do."""
    found = _smallest(lambda less: passes(top - less), top - guess, top - bottom)
    return None if found is None else top - found


def _halved(passes: Passes, low: int, high: int) -> int | None:
    for _ in range(HALVINGS_MAX):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high
