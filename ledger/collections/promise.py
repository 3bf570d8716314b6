"""A promise to pay: how much for which items, until when it is waited for, and what was paid by then.

Whether it is kept follows from `paid_by_then` and the day alone, so no fact waits for the day's turn: that only puts
the word for it into the row. What is booked late counts by its effective day, so that a broken promise may turn out
kept; a payment that bounces takes that back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ledger.credit.account import Key


class PromiseState(StrEnum):
    """What became of a promise."""

    RUNNING = "running"
    KEPT = "kept"
    PARTLY_KEPT = "partly_kept"
    """At least half of it was paid in time."""

    BROKEN = "broken"
    REPLACED = "replaced"
    """By a later promise for one of the same items, before its day."""

    WITHDRAWN = "withdrawn"
    """Recorded by mistake."""


ENDED_PROMISES = frozenset((PromiseState.REPLACED, PromiseState.WITHDRAWN))
"""States that no payment changes any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise of one account. The amount is minor units of the account's currency."""

    account: str
    number: int
    """From 1, for each account."""

    items: tuple[str, ...]
    """Numbers of what is to be paid."""

    amount: int
    promised_on: int
    """The day on which it was given."""

    due_on: int
    """The day that was promised, as it was said."""

    counts_until: int
    """The last day on which a payment still keeps it: the next working day and the tolerance, by the policies."""

    state: PromiseState = PromiseState.RUNNING
    paid_by_then: int = 0
    """Set off against its items since it was given, with an effective day until `counts_until`."""

    before: tuple[str, ...] = ()
    """Credits that were set off against its items already when it was given, and don't count."""

    person: str | None = None
    """Who promised."""

    text: str | None = None
    by: str | None = None
    """Login of whoever recorded it."""

    record: str | None = None
    """Id of the record."""

    @property
    def key(self) -> Key:
        """Account and number."""
        return (self.account, self.number)

    def state_on(self, day: int) -> PromiseState:
        """What it is on a day, whether the day's turn was made or not."""
        if self.state in ENDED_PROMISES:
            return self.state
        if self.paid_by_then >= self.amount:
            return PromiseState.KEPT
        if day <= self.counts_until:
            return PromiseState.RUNNING
        return PromiseState.PARTLY_KEPT if 2 * self.paid_by_then >= self.amount else PromiseState.BROKEN

    @property
    def broken_on(self) -> int:
        """The first day on which it is broken, if nothing is paid."""
        return self.counts_until + 1
