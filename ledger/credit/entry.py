"""One movement of money, appended and never changed: the totals of accounts are the sums of their entries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EntryBucket(StrEnum):
    """Which total of an account it moves."""

    OPEN_ITEMS = "open_items"
    DELIVERED = "delivered"
    OPEN_ORDERS = "open_orders"
    DEPOSITS = "deposits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement. Its place is that of the record that caused it, and its number among that record's entries."""

    account: str
    bucket: EntryBucket
    amount: int
    """Minor units of the account's currency; negative where the total falls."""

    effective_on: int
    """The day from which it counts, which may lie before the day on which it was recorded."""

    order: str | None = None
    item: str | None = None
    cause: str
    """The command: `submit`, `deliver`, `payment`, …"""
