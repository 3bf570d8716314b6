"""Sums over an account's items, kept in the transaction that changes these, so that facts of an account with a hundred
thousand items are read as fast as those of one with ten.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.credit.account import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTotal:
    """What is open of the invoices and debits of an account that are due on one day."""

    account: str
    due_on: int
    open_amount: int = 0
    disputed: int = 0
    items: int = 0
    """How many are open."""

    @property
    def key(self) -> Key:
        """Account and day."""
        return (self.account, self.due_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTotal:
    """How many open items of an account stand at one dunning level above 0."""

    account: str
    level: int
    items: int = 0

    @property
    def key(self) -> Key:
        """Account and level."""
        return (self.account, self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecord:
    """What was issued to an account on one day, and what it settled on it: the sums that
    `receivables.account_facts.facts_of_totals` makes rates and averages of."""

    account: str
    day: int
    issued: int = 0
    """Amount of invoices issued, credit notes taken off."""

    paid: int = 0
    """Number of invoices settled."""

    on_time: int = 0
    seriously_late: int = 0
    days_late: int = 0
    """Summed over the invoices settled."""

    @property
    def key(self) -> Key:
        """Account and day."""
        return (self.account, self.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTotal:
    """What all accounts of one currency together have open, and how many of them owe."""

    currency: str
    open_items: int = 0
    customers: int = 0

    @property
    def key(self) -> Key:
        """The currency."""
        return (self.currency,)

    @property
    def account(self) -> str:
        """Nobody's."""
        return ""
