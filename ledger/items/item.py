"""One item of an account: what is owed for, or what was received; and how items were set off against each other.

Amounts are whole numbers of minor units of the account's currency. What the customer owes is positive (`invoice`,
`debit`), what it is owed negative (`credit_note`, `payment`), and so is what was given up (`write_off`). A deposit is
negative too, and in a bucket of its own until its order is invoiced.

    amount of what is owed = open + paid before the ledger knew of it + all that is set off against it
    1,000.00 = 300.00 + 0.00 + payment 500.00, discount 20.00, write-off 180.00

What comes in after a write-off is set off too, as `recovery`; it pays what is off the book, so no open amount falls.
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
    WRITE_OFF = "write_off"
    """What was given up of one invoice; all of it is set off against that."""


OWED = frozenset((ItemKind.INVOICE, ItemKind.DEBIT))
"""Kinds whose amounts are positive."""


class ItemState(StrEnum):
    """What has become of it. Part paid is amounts, not a state."""

    OPEN = "open"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    """Credited in full: it never counts in the payment record."""

    WRITTEN_OFF = "written_off"
    """Nothing is open any more, and part of it was given up: it never counts in the payment record. What comes in
    afterwards is recovered."""

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
    """The effective day of what settled it, or closed it by a write-off."""

    dunning_level: int = 0
    last_contact_on: int | None = None
    insured_amount: int = 0
    discount_rate: int | None = None
    """Share that may be taken off by whoever pays within `discount_days` of the day of issue, in millionths."""

    discount_days: int | None = None
    daily_interest_rate: int | None = None
    """Late interest a day by contract, in millionths; None: the contract says nothing."""

    interest_of: str | None = None
    """Of a debit: the invoice whose late interest it is."""

    paid_before: int = 0
    """What of it was paid before the ledger knew of it."""

    written_off: int = 0
    """What of it was given up, and not taken back since."""

    recovered: int = 0
    """What of that came in after all."""

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


class SetOffCause(StrEnum):
    """Why an item is owed less by an allocation."""

    PAYMENT = "payment"
    CREDIT_NOTE = "credit_note"
    DEPOSIT = "deposit"
    DISCOUNT = "discount"
    """Not paid, since the rest was within the discount days; the credit is the payment that took it, and loses
    nothing."""

    WRITE_OFF = "write_off"
    RECOVERY = "recovery"
    """A payment of what was written off: the debt loses nothing, since nothing of that is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Part of one item set off against part of another; a reversal is noted, never deleted."""

    from_item: str
    """The credit: a payment, a credit note, a deposit, a write-off."""

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
    cause: SetOffCause
    fx_difference: int = 0
    """How much more than `amount` the credit lost, in the account's currency; less where it is negative."""

    @property
    def is_in_force(self) -> bool:
        """It was not taken back."""
        return self.reversed_on is None

    @property
    def of_credit(self) -> int:
        """What the credit lost, positive."""
        return 0 if self.cause is SetOffCause.DISCOUNT else self.amount + self.fx_difference

    @property
    def of_debt(self) -> int:
        """By how much less is open of the debt."""
        return 0 if self.cause is SetOffCause.RECOVERY else self.amount

    @property
    def key(self) -> Key:
        """Both items and the number."""
        return (self.from_item, self.to_item, self.number)
