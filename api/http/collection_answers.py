"""The shapes of disputes, promises, plans, contacts and the worklist as they are answered; for a client's author."""

from __future__ import annotations

from typing import Any

from pydantic import Field, JsonValue

from api.http.answers import DecisionShape, Shape
from api.http.item_answers import ItemShape
from api.http.ledger_answers import LedgerShape

_MONEY = "Decimal text in the account's currency."


class DisputeShape(Shape):
    """A dispute as it stands. Amounts are decimal text in the account's currency."""

    invoice: str
    number: int
    account: str
    state: str = Field(description="`open`, `partly_settled`, `settled` or `withdrawn`.")
    code: str
    amount: str
    credited: str
    to_credit: str = Field(description="Accepted; still in dispute until its credit note is booked.")
    rejected: str
    withdrawn: str
    open_amount: str = Field(description="Still in dispute.")
    opened_on: str
    resolved_on: str | None
    text: str | None
    by: str | None


class DisputeAnswerShape(Shape):
    """A dispute, its invoice, and what is to be done about that now."""

    dispute: DisputeShape
    invoice: ItemShape
    decision: DecisionShape | None = None
    ledger: LedgerShape


class PromiseShape(Shape):
    """A promise as it stands."""

    number: int
    account: str
    invoices: list[str]
    state: str = Field(description="`running`, `kept`, `partly_kept`, `broken`, `replaced` or `withdrawn`.")
    amount: str = Field(description=_MONEY)
    paid_by_then: str = Field(description=f"With an effective day until `counts_until`. {_MONEY}")
    promised_on: str
    due_on: str
    counts_until: str = Field(description="The last day on which a payment keeps it.")
    person: str | None
    text: str | None
    by: str | None


class PromiseAnswerShape(Shape):
    """A promise, and whether the policies wait for it."""

    promise: PromiseShape
    decision: DecisionShape | None = None
    ledger: LedgerShape


class InstalmentShape(Shape):
    """One instalment."""

    due_on: str
    counts_until: str
    amount: str


class PaymentPlanShape(Shape):
    """A payment plan as it stands."""

    number: int
    account: str
    invoices: list[str]
    state: str = Field(description="`proposed`, `running`, `completed`, `broken` or `cancelled`.")
    amount: str
    paid: str
    instalments: list[InstalmentShape]
    reason: str | None
    asked_on: str
    asked_by: str | None
    agreed_on: str | None
    agreed_by: str | None
    agreed_by_role: str | None


class PaymentPlanAnswerShape(Shape):
    """A plan, and who has to agree at the least."""

    plan: PaymentPlanShape
    authority: str | None = None
    reason: str | None = None
    decision: DecisionShape | None = None
    ledger: LedgerShape


class ContactShape(Shape):
    """A contact; it is never changed."""

    id: str = Field(description="Of its record.")
    account: str
    on: str
    step: str
    invoices: list[str]
    levels: list[int] = Field(description="That the invoices reached by it.")
    outcome: str | None
    person: str | None
    text: str | None
    document: str | None = Field(description="SHA-256 of what was sent.")
    by: str | None


class ContactAnswerShape(Shape):
    """A contact as it was recorded."""

    contact: ContactShape
    ledger: LedgerShape


class DunningBlockShape(Shape):
    """A dunning block."""

    number: int
    account: str
    invoice: str | None
    since: str
    until: str
    ended_on: str | None
    reason: str
    by: str | None


class DunningBlockAnswerShape(Shape):
    """A dunning block as it stands."""

    block: DunningBlockShape
    ledger: LedgerShape


class ItemFactShape(Shape):
    """What was recorded of an invoice."""

    invoice: str
    number: int
    account: str
    fact: str
    value: JsonValue
    on: str
    by_date: str | None = Field(description="Until when the policies wanted it done.")
    reference: str | None
    by: str | None


class ItemFactAnswerShape(Shape):
    """What was recorded, and what is to be done now."""

    fact: ItemFactShape
    decision: DecisionShape | None = None
    ledger: LedgerShape


class CollectorAssignmentShape(Shape):
    """Who looks after an account."""

    account: str
    number: int
    collector: str
    since: str
    until: str | None
    by: str | None


class CollectorAnswerShape(Shape):
    """An assignment as it was recorded."""

    assignment: CollectorAssignmentShape
    ledger: LedgerShape


class WorkReasonShape(Shape):
    """Why an invoice is in an entry: a rule that fired."""

    item: str
    rule: str
    outcome: str
    action: str | None
    by: str | None
    text: dict[str, str] = Field(description="By language.")


class WorklistEntryShape(Shape):
    """All that is to be done for one customer by one channel on one day."""

    id: str
    account: str
    day: str
    channel: str = Field(description="`customer`, `insurer`, `court`, `bank` or `desk`.")
    state: str = Field(description="`due`, `done`, `deferred`, `skipped` or `lapsed`.")
    step: str = Field(description="The highest step, or the action that comes first.")
    lead: str = Field(description="The invoice that leads.")
    invoices: list[str]
    levels: list[int] = Field(description="That each invoice reaches when it is done.")
    currency: str
    amount: str = Field(description=f"To be chased. {_MONEY}")
    priority: str = Field(description="The policies' own; what is larger comes first.")
    by_date: str | None = Field(description="By when it has to be done.")
    since: str = Field(description="Listed since then.")
    collector: str | None
    until: str | None
    note: str | None
    closed_by: str | None
    reasons: list[WorkReasonShape]


class WorklistShape(Shape):
    """A page of the worklist, the most urgent first."""

    day: str
    entries: list[WorklistEntryShape]
    after: str | None = Field(description="Send it as `after` for the next page; null on the last.")


class WorklistEntryAnswerShape(Shape):
    """An entry as it stands, and what was recorded with it."""

    entry: WorklistEntryShape
    contact: ContactShape | None = None
    promise: PromiseShape | None = None
    dispute: DisputeShape | None = None
    invoice: ItemShape | None = None
    decision: DecisionShape | None = None
    ledger: LedgerShape


class InvoiceDetailsShape(Shape):
    """An invoice with all that was agreed, said and done about it."""

    invoice: ItemShape
    facts: dict[str, Any] = Field(
        description="As policies see it today, without `invoice.`; empty where it is settled."
    )
    decision: DecisionShape | None = Field(description="What the policies say today; it is not on record.")
    disputes: list[DisputeShape]
    promises: list[PromiseShape]
    plans: list[PaymentPlanShape]
    blocks: list[DunningBlockShape]
    recorded: list[ItemFactShape]
    contacts: list[ContactShape]


class PlannedStepShape(Shape):
    """A step to come."""

    on: str
    step: str
    level: int
    reasons: list[WorkReasonShape]


class InvoicePlanShape(Shape):
    """What comes next for an invoice as long as nobody pays, each step done on its day."""

    invoice: str
    steps: list[PlannedStepShape]


class DayStepShape(Shape):
    """A step of a day's turn."""

    step: str = Field(description="`agreements`, `rechecks`, `reviews` or `worklist`.")
    accounts: int = Field(description="How many were looked at.")
    changed: int = Field(description="For how many anything was recorded; of `rechecks`, orders that went.")
    is_done: bool


class DayShape(Shape):
    """A business date, and how far its turn is."""

    day: str
    steps: list[DayStepShape]
