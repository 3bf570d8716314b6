"""Replays a history and joins what really happened: items → decisions → a tally of both.

`backtest` asks for the account facts of each past order as its day opened, lets every policy set decide it, and counts
it in a cell. Orders that were decided alike, in the same quarter, and paid equally late fall into one cell with its
sums, so that a million orders become a few thousand cells and every figure comes from these
(`receivables.backtest.backtest_figures`). Cells are sums, so parts of a history can be run apart and added.

Example: an invoice of 100, issued 10 May, due 9 June and paid 24 June, is 15 days late. It passed the thresholds 0 and
7 but not 15, so its lateness is 2. If the policies would have held it, it adds 1 order, 100 of amount, 100 × 45 of
amount-days and 100 × 15 of late amount-days to the cell (2nd quarter, 2, held).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import NamedTuple

from engine.vocabulary.days import day_number
from receivables.backtest.replay import Decide, PastOrder, ReplayedOrder
from receivables.backtest.uncertainty import CustomerSums
from receivables.items import Item
from receivables.months import quarter_of
from receivables.payment_record import ReceivablesByDay, facts_at_issue

LATE_DAYS = (0, 7, 15, 30)
"""Later than these many days: the thresholds of all lateness figures."""

SERIOUS = 2
"""Index of the threshold that summaries speak of: more than 15 days late."""

STOPPING = ("hold", "reject")
"""Outcomes that keep an order from going out: these orders are called held."""

FLIPS_KEPT = 100
"""Orders that two policy sets decide differently: how many are kept, the largest."""

ORDERS_AT_ONCE = 50_000
"""Orders that are decided together: enough that a query's fixed cost doesn't show, few enough for little memory."""

Accounts = Mapping[str, Sequence[Item]]
"""All items of the history by customer."""


class TallyKey(NamedTuple):
    """What orders of one cell have in common."""

    quarter: str
    """Of the day of issue, such as `2013-Q2`."""
    lateness: int | None
    """How many of `LATE_DAYS` the payment passed: 0 paid on time … 4 more than 30 days late. None where the invoice was
    still open at the end of the history and not yet that late, so that nobody knows."""
    decisions: tuple[ReplayedOrder, ...]
    """One for each policy set."""


@dataclass(slots=True, kw_only=True)
class OrderSums:
    """Sums over some orders; mutable, since a history adds to them order by order. Amounts are in minor units."""

    count: int = 0
    amount: int = 0
    amount_days: int = 0
    """Sum of amount × days from issue to payment."""
    late_amount_days: int = 0
    """Sum of amount × days late."""
    disputed_amount: int = 0
    """What was disputed at some time, whenever that became known."""

    def __iadd__(self, other: OrderSums) -> OrderSums:
        self.count += other.count
        self.amount += other.amount
        self.amount_days += other.amount_days
        self.late_amount_days += other.late_amount_days
        self.disputed_amount += other.disputed_amount
        return self


@dataclass(frozen=True, slots=True)
class Flip:
    """An order that two policy sets decide differently."""

    item: Item
    """The invoice that stands for the order."""
    decisions: tuple[ReplayedOrder, ...]
    """One for each policy set."""


@dataclass(slots=True, kw_only=True)
class BacktestTally:
    """Everything that a replay counted; mutable while it runs."""

    cells: dict[TallyKey, OrderSums] = field(default_factory=dict)
    orders: int = 0
    """Orders decided so far."""
    customers: dict[str, tuple[CustomerSums, ...]] = field(default_factory=dict)
    """By customer, the sums of its orders, one for each policy set, from which the uncertainty is worked out."""
    flips: int = 0
    """How many of them two policy sets decided differently."""
    largest_flips: list[tuple[int, str, Flip]] = field(default_factory=list)
    """The largest of these as a heap, the smallest first: amount, number of the invoice, flip."""

    def flip(self, flip: Flip) -> None:
        """Counts an order that flips, and keeps it where it is among the `FLIPS_KEPT` largest."""
        self.flips += 1
        entry = (flip.item.amount, flip.item.number, flip)
        if len(self.largest_flips) < FLIPS_KEPT:
            heapq.heappush(self.largest_flips, entry)
        elif entry[:2] > self.largest_flips[0][:2]:
            heapq.heapreplace(self.largest_flips, entry)


class Window(NamedTuple):
    """Which orders are decided; days since 1970-01-01."""

    since: int
    """The first day of issue that counts. What lies before is known to the orders, but not decided."""
    until: int
    """The last day of issue that counts."""
    end: int
    """The history's last day: what was not paid by then is open."""


def window_of(accounts: Accounts, since: date | None = None, until: date | None = None) -> Window:
    """The window from `since` to `until`, or to the whole history where these are None. The end is the latest day on
    which an item was issued or settled, whatever the window."""
    items = [item for account in accounts.values() for item in account]
    first = min((item.issued for item in items), default=0)
    last = max((item.issued for item in items), default=0)
    end = max((item.closed or item.issued for item in items), default=0)
    return Window(_day(since, first), _day(until, last), max(last, end))


def _day(given: date | None, otherwise: int) -> int:
    return otherwise if given is None else day_number(given)


def backtest(
    accounts: Accounts,
    window: Window,
    decides: Sequence[Decide],
    progress: Callable[[int], None] = lambda _orders: None,
) -> BacktestTally:
    """Decides every order of the window and counts how it was decided and paid.

    `decides` has one `Decide` for each policy set. `progress` is called with the number of orders decided so far.
    """
    tally = BacktestTally()
    orders = _past_orders(accounts, window)
    while some := list(islice(orders, ORDERS_AT_ONCE)):
        by_policy_set = [decide(some) for decide in decides]
        _count(tally, some, list(zip(*by_policy_set, strict=True)), window.end)
        progress(tally.orders)
    return tally


def _past_orders(accounts: Accounts, window: Window) -> Iterator[PastOrder]:
    """Every order of the window, customer by customer, each with the facts of its customer as its day opened. Items
    before the window are known to the orders after them, as they were then.
    """
    receivables = ReceivablesByDay(item for account in accounts.values() for item in account)
    for account in accounts.values():
        for order in facts_at_issue(account, receivables):
            if window.since <= order[0].issued <= window.until:
                yield order


def _count(
    tally: BacktestTally, orders: Sequence[PastOrder], decisions: Sequence[tuple[ReplayedOrder, ...]], end: int
) -> None:
    """Adds orders that were decided together to the tally: their cells, their customers' sums, and the flips among
    them.
    """
    cells = tally.cells
    tally.orders += len(orders)
    for (item, _), decided in zip(orders, decisions, strict=True):
        late, lateness, days = outcome(item, end)
        cell = TallyKey(quarter_of(item.issued), lateness, decided)
        sums = cells.get(cell)
        if sums is None:
            sums = cells[cell] = OrderSums()
        amount = item.amount
        sums.count += 1
        sums.amount += amount
        sums.amount_days += amount * days
        sums.late_amount_days += amount * late
        if item.disputed:
            sums.disputed_amount += amount
        _count_customer(tally, item, lateness, decided)
        if len(decided) > 1 and decided[0].outcome != decided[1].outcome:
            tally.flip(Flip(item, decided))


def _count_customer(tally: BacktestTally, item: Item, lateness: int | None, decided: tuple[ReplayedOrder, ...]) -> None:
    """Adds one order to what `uncertainty` needs of its customer, for each policy set. Serious lateness alone counts:
    lift is given with a range for that threshold only.
    """
    sides = tally.customers.get(item.customer)
    if sides is None:
        sides = tally.customers[item.customer] = tuple(CustomerSums() for _ in decided)
    amount, is_late = item.amount, lateness is not None and lateness > SERIOUS
    for sums, order in zip(sides, decided, strict=True):
        is_held = order.outcome in STOPPING
        sums.amount += amount
        sums.held += amount if is_held else 0
        if lateness is not None:
            sums.known += amount
            sums.known_held += amount if is_held else 0
            sums.late += amount if is_late else 0
            sums.caught += amount if is_late and is_held else 0


def outcome(item: Item, end: int) -> tuple[int, int | None, int]:
    """How an order was paid: the days it was owed late, how many of `LATE_DAYS` its days late passed (None: not yet
    known), and the days it was owed. Of an item that was open on the history's last day `end`, as far as the history
    goes; its lateness is known once it is later than the last threshold."""
    settled = item.settled
    paid = end if settled is None else settled
    late = max(paid - item.due, 0)
    lateness = sum([late > days for days in LATE_DAYS])
    known = settled is not None or lateness == len(LATE_DAYS)
    owed = max(paid - item.issued, 0)
    return min(late, owed), lateness if known else None, owed
