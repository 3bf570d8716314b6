"""Runs a policy set over an invoice history and joins what really happened: history → tally.

Verb of the backtest, after `replay`. Orders that were decided alike, in the same quarter, and paid equally late fall
into one cell with its sums, so that a million orders become a few thousand cells and every figure comes from these
(`receivables.backtest.backtest_figures`). Cells are sums: parts of a history can be run apart and added.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import NamedTuple

from engine.vocabulary.days import day_number
from receivables.account_facts import AccountFacts
from receivables.backtest.replay import Case, Decide, ReplayedOrder
from receivables.items import Item
from receivables.months import quarter_of
from receivables.payment_record import ReceivablesByDay, facts_at_issue

LATE_DAYS = (0, 7, 15, 30)
"""Later than these many days: the thresholds of all lateness figures."""

FLIPS_KEPT = 100
CASES_AT_ONCE = 50_000


class TallyKey(NamedTuple):
    """`lateness` counts the thresholds passed: 0 paid on time … 4 more than 30 days late; None where the invoice was
    still open at the end of the history and not yet that late. `sides` has one decision for each policy set."""

    quarter: str
    lateness: int | None
    sides: tuple[ReplayedOrder, ...]


@dataclass(slots=True)
class Sums:
    """Amounts in minor units; `amount_days` is amount × days from issue to payment, `late_amount_days` × days late."""

    count: int = 0
    amount: int = 0
    amount_days: int = 0
    late_amount_days: int = 0
    disputed_amount: int = 0

    def __iadd__(self, other: Sums) -> Sums:
        self.count += other.count
        self.amount += other.amount
        self.amount_days += other.amount_days
        self.late_amount_days += other.late_amount_days
        self.disputed_amount += other.disputed_amount
        return self


@dataclass(frozen=True, slots=True)
class Flip:
    """An order that two policy sets decide differently."""

    invoice: Item
    sides: tuple[ReplayedOrder, ...]


@dataclass(slots=True)
class BacktestTally:
    cells: dict[TallyKey, Sums] = field(default_factory=dict)
    orders: int = 0
    flips: int = 0
    largest_flips: list[tuple[int, str, Flip]] = field(default_factory=list)  # a heap, smallest first

    def flip(self, flip: Flip) -> None:
        self.flips += 1
        entry = (flip.invoice.amount, flip.invoice.number, flip)
        if len(self.largest_flips) < FLIPS_KEPT:
            heapq.heappush(self.largest_flips, entry)
        elif entry[:2] > self.largest_flips[0][:2]:
            heapq.heapreplace(self.largest_flips, entry)


class Window(NamedTuple):
    """Orders issued from `since` to `until`, both included, are decided; the rest of the history is known to them as
    far as it lies before them. `end` is the history's last day: what was not paid by then is open."""

    since: int
    until: int
    end: int


Accounts = Mapping[str, Sequence[Item]]
"""All invoices of the history by customer."""


def window_of(accounts: Accounts, since: date | None = None, until: date | None = None) -> Window:
    """The whole history where nothing narrower is asked for."""
    invoices = [invoice for account in accounts.values() for invoice in account]
    first = min((invoice.issued for invoice in invoices), default=0)
    last = max((invoice.issued for invoice in invoices), default=0)
    end = max((invoice.closed or invoice.issued for invoice in invoices), default=0)
    return Window(_day(since, first), _day(until, last), max(last, end))


def _day(given: date | None, otherwise: int) -> int:
    return otherwise if given is None else day_number(given)


def backtest(
    accounts: Accounts,
    window: Window,
    decides: Sequence[Decide],
    progress: Callable[[int], None] = lambda _orders: None,
) -> BacktestTally:
    """One `Decide` for each policy set. `progress` is told the orders decided so far."""
    tally = BacktestTally()
    cases = _cases(accounts, window)
    while some := list(islice(cases, CASES_AT_ONCE)):
        answers = [decide(some) for decide in decides]
        _add(tally, some, list(zip(*answers, strict=True)), window.end)
        progress(tally.orders)
    return tally


def _cases(accounts: Accounts, window: Window) -> Iterator[Case]:
    book = ReceivablesByDay(invoice for account in accounts.values() for invoice in account)
    for account in accounts.values():
        for case in facts_at_issue(account, book):
            if window.since <= case[0].issued <= window.until:
                yield case


def _add(
    tally: BacktestTally,
    cases: Sequence[tuple[Item, AccountFacts]],
    sides: Sequence[tuple[ReplayedOrder, ...]],
    end: int,
) -> None:
    cells = tally.cells
    tally.orders += len(cases)
    for (invoice, _), decided in zip(cases, sides, strict=True):
        late, lateness, days = outcome(invoice, end)
        cell = TallyKey(quarter_of(invoice.issued), lateness, decided)
        sums = cells.get(cell)
        if sums is None:
            sums = cells[cell] = Sums()
        amount = invoice.amount
        sums.count += 1
        sums.amount += amount
        sums.amount_days += amount * days
        sums.late_amount_days += amount * late
        if invoice.disputed:
            sums.disputed_amount += amount
        if len(decided) > 1 and decided[0].outcome != decided[1].outcome:
            tally.flip(Flip(invoice, decided))


def outcome(invoice: Item, end: int) -> tuple[int, int | None, int]:
    """Days late, the thresholds passed (None: not yet known), days owed; of an open invoice as far as the history
    goes."""
    settled = invoice.settled
    paid = end if settled is None else settled
    late = max(paid - invoice.due, 0)
    lateness = sum([late > days for days in LATE_DAYS])
    known = settled is not None or lateness == len(LATE_DAYS)
    return late, lateness if known else None, max(paid - invoice.issued, 0)
