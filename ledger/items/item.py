"""One item of an account: what is owed for, or what was received; and how items were set off against each other.

Amounts are whole numbers of minor units of the account's currency. What the customer owes is positive (`invoice`,
`debit`), what it is owed negative (`credit_note`, `payment`). A deposit is negative too, and in a bucket of its own
until its order is invoiced.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ledger.credit.account import Key


class ItemKind(StrEnum):
    """What an item is."""

    INVOICE = "invoice"
    DEBIT = "debit"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    DEPOSIT = "deposit"


OWED = frozenset((ItemKind.INVOICE, ItemKind.DEBIT))
"""Kinds whose amounts are positive."""


class ItemState(StrEnum):
    """What has become of it. Part paid is amounts, not a state."""

    OPEN = "open"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    """Credited in full: it never counts in the payment record."""

    WRITTEN_OFF = "written_off"
    REVERSED = "reversed"
    """Booked by mistake, or a payment that bounced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """One item; it stays when it is settled."""

    id: str
    """The caller's number, which no other item of the ledger may use."""

    account: str
    kind: ItemKind
    issued_on: int
    """Of a payment the day from which it counts."""

    due_on: int
    """Of a credit the day of issue."""

    amount: int
    open_amount: int
    """With the sign of `amount`, and never beyond it."""

    disputed_amount: int = 0
    """Part of the open amount that is in dispute."""

    order: str | None = None
    state: ItemState = ItemState.OPEN
    settled_on: int | None = None
    """The effective day of what settled it."""

    dunning_level: int = 0
    last_contact_on: int | None = None
    insured_amount: int = 0
    foreign_currency: str | None = None
    """ISO 4217, where the item is in another currency than its account; what it is worth there was worked out when it
    was booked, and stays."""

    foreign_amount: int | None = None
    """In minor units of that currency, as `amount`."""

    foreign_open: int | None = None
    """In minor units of that currency, as `open_amount`; both become nothing together."""

    record: str | None = None
    """Id of the record that booked it: sent again, it is answered as that says. None where it was imported."""

    known_on: int | None = None
    """Of what is owed: the business date on which it was recorded, or the day of the list that it came from. A list of
    an earlier day can't say anything of it."""

    digest: str
    """SHA-256 of what was booked, hexadecimal: the same number with the same content is the same item."""

    @property
    def key(self) -> Key:
        """Its number."""
        return (self.id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Part of one item set off against part of another; a reversal is noted, never deleted."""

    from_item: str
    """The credit: a payment, a credit note, a deposit."""

    to_item: str
    number: int
    """From 1, for each pair."""

    account: str
    amount: int
    """Positive; in the account's currency, what the second item lost."""

    foreign_amount: int | None = None
    """The same in the second item's own currency, where it has one."""

    effective_on: int
    reversed_on: int | None = None

    @property
    def key(self) -> Key:
        """Both items and the number."""
        return (self.from_item, self.to_item, self.number)
