"""Who owes: an account with its profile and totals, its group, and what is known of it with a day.

Amounts are whole numbers of minor units of the account's currency, dates whole days since 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Key = tuple[str | int, ...]
"""What tells one row of a kind from all others of it."""


class AccountStatus(StrEnum):
    """Whether anything is sold to the customer; the fact `account.status`."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One customer. The totals are those of its items and orders, kept in the transaction that changes these."""

    id: str
    version: int = 0
    """Rises with every change of anything that the account's facts are made of."""

    currency: str
    """ISO 4217. May change only while every total is zero."""

    name: str | None = None
    group: str | None = None
    status: AccountStatus = AccountStatus.ACTIVE
    blocked_since: int | None = None
    customer_since: int | None = None
    """None: since its first item."""

    profile: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Facts that somebody records and nothing is worked out from, by their names without `account.`, as JSON."""

    open_items: int = 0
    """Invoices less credit notes, payments on account and whatever else is open; negative where these are more."""

    delivered: int = 0
    """Delivered and not yet invoiced."""

    open_orders: int = 0
    """Reserved by approved orders, not yet delivered."""

    deposits: int = 0
    """Received for orders and not yet set off."""

    disputed: int = 0
    """Part of the open invoices that is in dispute."""

    first_issued_on: int | None = None
    """Day of issue of the first item."""

    last_order: str | None = None
    """The order that was entered last, in whatever state it is now."""

    last_order_on: int | None = None
    order_before_on: int | None = None
    """Of the order that was entered before that."""

    bounced_on: int | None = None
    """The last day on which a payment came back."""

    put_by: str | None = None
    """Opaque id of whoever put it first."""

    currency_since: int | None = None
    """Since when it has this currency; None: it never had another. What was sold before doesn't count as sales."""

    erasure: int | None = None
    """Number of the key whose erasure takes the account: it is gone within the same second."""

    last_contact_on: int | None = None
    """The last day on which the customer was contacted about anything it owes."""

    standing: str | None = None
    """The outcome of the last decision on the account that is on record; None: there is none."""
    sold_by: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Who was its sales person before, and until which day, of the last while (`ledger.credit.sales_person`)."""

    @property
    def key(self) -> Key:
        """Its number."""
        return (self.id,)

    @property
    def account(self) -> str:
        """Its own number."""
        return self.id

    @property
    def exposure(self) -> int:
        """All that is at risk, before securities: what is open, delivered and reserved, less deposits."""
        return self.open_items + self.delivered + self.open_orders - self.deposits

    @property
    def is_empty(self) -> bool:
        """Nothing is open, reserved or deposited."""
        return not (self.open_items or self.delivered or self.open_orders or self.deposits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Companies that one owner controls, which may owe so much together."""

    id: str
    version: int = 0
    currency: str
    limit: int | None = None
    limit_until: int | None = None
    insolvent: bool | None = None
    """Proceedings over the parent or one of the companies; None where nothing is known."""

    total: int = 0
    """Exposure of all its accounts."""

    grades: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The grades that were assigned to its accounts, by their numbers."""

    @property
    def key(self) -> Key:
        """Its number."""
        return (self.id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was found out about an account on a day; the newest that is not later than the day of a decision counts."""

    account: str
    on: int
    figures: Mapping[str, Any] = field(hash=False)
    """Facts by their names without `account.`, as JSON: `{"current_ratio": "1.4", "external_rating": "BBB"}`."""

    source: str | None = None

    @property
    def key(self) -> Key:
        """One set of figures a day."""
        return (self.account, self.on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A grade that was assigned at a review, and stays until the next."""

    account: str
    since: int
    grade: str
    review_on: int | None
    decision: str | None
    """Id of the decision that it follows; None where it was taken over from elsewhere."""

    assigned_by: str | None

    @property
    def key(self) -> Key:
        """One a day: the last of it."""
        return (self.account, self.since)
