"""Items, allocations and write-offs as they are answered. Amounts are decimal text in the account's currency."""

from __future__ import annotations

from typing import Any

from pydantic import Field, JsonValue

from api.http.answers import DecisionShape, Shape
from api.http.ledger_answers import LedgerOrderShape, LedgerShape


class ForeignAmountsShape(Shape):
    """An item's amounts in its own currency, where that isn't the account's."""

    currency: str
    amount: str
    open_amount: str


class ItemShape(Shape):
    """An item as it stands: what is owed is positive, what was received negative."""

    id: str
    account: str
    kind: str = Field(description="`invoice`, `debit`, `credit_note`, `payment`, `deposit` or `write_off`.")
    state: str = Field(description="`open`, `settled`, `cancelled`, `written_off` or `reversed`.")
    issued_on: str
    due_on: str
    currency: str
    amount: str
    open_amount: str
    disputed_amount: str
    order: str | None
    settled_on: str | None
    dunning_level: int
    discount_rate: str | None
    discount_days: int | None
    daily_interest_rate: str | None
    interest_of: str | None = Field(description="Of a debit: the invoice whose late interest it is.")
    written_off: str = Field(description="What of it was given up.")
    recovered: str = Field(description="What of that came in after all.")
    foreign: ForeignAmountsShape | None = None


class AllocationShape(Shape):
    """Part of a credit that pays an item."""

    item: str
    amount: str
    effective_on: str
    cause: str = Field(
        description="`payment`, `credit_note`, `deposit`, `discount`, `write_off`, or `recovery` of what that gave up."
    )


class NoticeShape(Shape):
    """Something that the caller may not expect."""

    code: str = Field(
        description="`on-account`: what pays nothing; `discount-late`: a discount that was taken too late; those of "
        "invoices are named there."
    )
    amount: str
    item: str | None = Field(default=None, description="The invoice, where it is about one of several.")
    text: dict[str, str]


class InvoiceAnswerShape(Shape):
    """An invoice, and the order that it bills."""

    invoice: ItemShape
    notices: list[NoticeShape] = Field(
        description="What it bills that was not let go: `not-delivered`, `order-conditional`, `order-held`, "
        "`order-over`; `beyond-order` where it is more than the order, `unknown-order` where there is none. The "
        "invoice is booked."
    )
    order: LedgerOrderShape | None = None
    ledger: LedgerShape


class PaymentAnswerShape(Shape):
    """A payment, and what it pays."""

    payment: ItemShape
    allocations: list[AllocationShape]
    notices: list[NoticeShape]
    ledger: LedgerShape


class CreditNoteAnswerShape(Shape):
    """A credit note, and what it lowers."""

    credit_note: ItemShape
    allocations: list[AllocationShape]
    notices: list[NoticeShape]
    ledger: LedgerShape


class DepositAnswerShape(Shape):
    """A deposit."""

    deposit: ItemShape
    ledger: LedgerShape


class ReversedAnswerShape(Shape):
    """What was taken back, what is open again, and how the account stands now."""

    reversed: ItemShape
    opened: list[ItemShape]
    decision: DecisionShape | None = None
    ledger: LedgerShape


class AllocatedAnswerShape(Shape):
    """A payment or credit note, and what it pays now."""

    item: ItemShape
    allocations: list[AllocationShape]
    notices: list[NoticeShape]
    ledger: LedgerShape


class UnallocatedAnswerShape(Shape):
    """A credit that stays on account, and what is open again."""

    item: ItemShape
    opened: list[ItemShape]
    ledger: LedgerShape


class WriteOffShape(Shape):
    """A write-off as it stands."""

    id: str
    account: str
    invoice: str
    currency: str
    amount: str
    state: str = Field(description="`proposed`, `booked`, `refused` or `reversed`.")
    reason: str
    authority: str | None = Field(description="The lowest that may agree, as the policies said last.")
    proposed_by: str | None
    proposed_on: str
    decided_by: str | None
    decided_by_role: str | None
    decided_on: str | None
    decision: str


class WriteOffAnswerShape(Shape):
    """A write-off, the decision on it, and the invoice where it was booked."""

    write_off: WriteOffShape
    invoice: ItemShape | None = None
    decision: DecisionShape
    ledger: LedgerShape


class WriteOffsShape(Shape):
    """Write-offs in the order of their numbers."""

    write_offs: list[WriteOffShape]
    after: str | None = Field(description="Send it as `after` for the next page; null on the last.")


class ItemAllocationShape(Shape):
    """Part of a credit that was set off against a debt, also one that was taken back."""

    from_item: str
    to_item: str
    amount: str
    effective_on: str
    reversed_on: str | None
    cause: str


class InterestSpanShape(Shape):
    """A span in which what was open past the due date stayed the same."""

    after: str = Field(description="The day before its first.")
    until: str = Field(description="Its last day.")
    days: int
    amount: str = Field(description="What was open.")
    interest: str | None = Field(description="As the policies say; null where they can't.")


class InterestShape(Shape):
    """Late interest that has run up. Nobody books it but a person, as a debit with `interest_of`."""

    spans: list[InterestSpanShape]
    total: str | None
    charged: str = Field(description="Debits that were booked for it.")
    left: str | None


class ItemReadShape(Shape):
    """An item, all that was set off against it, and its late interest."""

    item: ItemShape
    allocations: list[ItemAllocationShape]
    interest: InterestShape


class ReceivablesShape(Shape):
    """How the receivables stand as a day closed; the parts are those of `credence portfolio --json`."""

    as_of: str
    account: str | None
    currency: str = Field(description="The policies'.")
    left_out: list[str] = Field(description="Accounts whose currency has no rate of that day.")
    receivables: dict[str, Any]
    aging: list[JsonValue] = Field(description="By days overdue.")
    credit_notes: dict[str, Any] = Field(description="Credits that are not set off.")
    quarters: list[JsonValue] = Field(description="DSO and collection effectiveness, the oldest quarter first.")
    loss_allowance: dict[str, Any] = Field(description="By the policies' buckets, and `by_grade` by both.")
