"""A dispute about an item: how much of it the customer doesn't own to, and what became of each part.

3,000.00 disputed = 1,000.00 credited + 500.00 rejected + 0.00 withdrawn + 1,500.00 still in dispute
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ledger.credit.account import Key
from ledger.items.item import OpenItem


class DisputeState(StrEnum):
    """How far a dispute is."""

    OPEN = "open"
    PARTLY_SETTLED = "partly_settled"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"
    """By the customer, as a whole."""


RUNNING_DISPUTES = frozenset((DisputeState.OPEN, DisputeState.PARTLY_SETTLED))
"""States in which a part is still in dispute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """One dispute about one item. Amounts are minor units of the account's currency."""

    item: str
    number: int
    """From 1, for each item."""

    account: str
    code: str
    """Why, as one word of the site's: `quality`, `price`, `quantity`."""

    amount: int
    """Disputed at first."""

    credited: int = 0
    """Of it what credit notes took off the item."""

    to_credit: int = 0
    """Accepted, so that a credit note is to follow; still in dispute until it is booked."""

    rejected: int = 0
    withdrawn: int = 0
    opened_on: int
    """The day on which the customer raised it."""

    resolved_on: int | None = None
    state: DisputeState = DisputeState.OPEN
    text: str | None = None
    by: str | None = None
    """Login of whoever recorded it."""

    resolved_by: str | None = None

    @property
    def key(self) -> Key:
        """Item and number."""
        return (self.item, self.number)

    @property
    def open_amount(self) -> int:
        """Still in dispute."""
        return self.amount - self.credited - self.rejected - self.withdrawn


def disputed_of(item: OpenItem, disputes: Iterable[Dispute]) -> int:
    """How much of an item is in dispute: never more than is open of it."""
    own = (each for each in disputes if each.item == item.id and each.state in RUNNING_DISPUTES)
    return min(sum(each.open_amount for each in own), max(item.open_amount, 0))
