"""What is sent about disputes, promises, plans, contacts and the worklist. Amounts are decimal text in the account's
currency, days ISO dates."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.config import JsonDict

_Number = Annotated[str, Field(min_length=1, max_length=200)]
_Text = Annotated[str, Field(min_length=1, max_length=2_000)]
_OptionalText = Annotated[str | None, Field(min_length=1, max_length=2_000)]
_Word = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$", examples=["quality"])]
_OptionalWord = Annotated[str | None, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]
_Login = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,199}$", examples=["u.weiss"])]
_ABOVE_ZERO: JsonDict = {"pattern": r"^(?=.*[1-9])(0|[1-9][0-9]{0,17})(\.[0-9]{1,38})?$"}
_Amount = Annotated[str, Field(max_length=60, examples=["3000.00"], json_schema_extra=_ABOVE_ZERO)]
_OptionalAmount = Annotated[str | None, Field(max_length=60)]
_Day = Annotated[str, Field(max_length=10, examples=["2026-07-20"])]
_OptionalDay = Annotated[str | None, Field(max_length=10, examples=["2026-07-20"])]
_Count = Annotated[int, Field(ge=1, le=10**9, description="Its number, from 1.")]
_Digest = Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of what was sent, hexadecimal.")]
_Invoices = Annotated[
    list[_Number], Field(max_length=1_000, description="None: all that the account owes.", examples=[["RE-1"]])
]


class _CollectionBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RaiseDisputeRequest(_CollectionBody):
    """The customer doesn't own to an invoice, or a part of it."""

    account: _Number
    invoice: _Number
    code: _Word = Field(description="Why, in one of the site's words.")
    amount: _OptionalAmount = Field(default=None, description="None: all of it that isn't in dispute.")
    opened_on: _OptionalDay = None
    text: _OptionalText = None


class SettleDisputeRequest(_CollectionBody):
    """What became of a dispute, or of parts of it; at least one of the three amounts."""

    account: _Number
    invoice: _Number
    number: _Count
    credited: _OptionalAmount = Field(
        default=None, description="Accepted: it stays in dispute until its credit note is booked."
    )
    rejected: _OptionalAmount = None
    withdrawn: _OptionalAmount = None


class RecordPromiseRequest(_CollectionBody):
    """The customer promised to pay by a day."""

    account: _Number
    invoices: _Invoices = Field(default_factory=list)
    due_on: _Day
    amount: _OptionalAmount = Field(default=None, description="None: all that is open of them and not in dispute.")
    promised_on: _OptionalDay = None
    person: _OptionalText = None
    text: _OptionalText = None


class OfAccountRequest(_CollectionBody):
    """A promise, a plan or a block, by the account's number and its own."""

    account: _Number
    number: _Count


class InstalmentRequest(_CollectionBody):
    """One instalment of a plan."""

    due_on: _Day
    amount: _Amount


class AskPlanRequest(_CollectionBody):
    """A payment plan that a customer asks for: neither less nor more than what is open."""

    account: _Number
    invoices: _Invoices = Field(default_factory=list)
    instalments: list[InstalmentRequest] = Field(min_length=1, max_length=60)
    reason: _OptionalText = None


class EndPlanRequest(_CollectionBody):
    """A plan is over, and all is due as before."""

    account: _Number
    number: _Count
    reason: _Text


class RecordContactRequest(_CollectionBody):
    """The customer was contacted."""

    account: _Number
    invoices: list[_Number] = Field(default_factory=list, max_length=1_000, description="None: no certain ones.")
    step: str = Field(
        default="other",
        pattern="^(remind|email|call|formal_letter|visit|lawyer_letter|agency|other)$",
        description="A step raises each invoice by one level, and no further than to its own; `other` by none.",
    )
    on: _OptionalDay = None
    outcome: _OptionalWord = None
    person: _OptionalText = None
    text: _OptionalText = None
    document: _Digest = None


class PutDunningBlockRequest(_CollectionBody):
    """No steps until a day, about one invoice or all that the account owes."""

    account: _Number
    invoice: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    until: _Day
    reason: _Text


class RecordItemFactRequest(_CollectionBody):
    """Something was done or found out about an invoice."""

    account: _Number
    invoice: _Number
    fact: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,79}$",
        description="A fact of an invoice, by its name without `invoice.`, that the ledger doesn't work out.",
        examples=["insurer_notified"],
    )
    value: JsonValue = Field(description="As decisions take it.", examples=[True])
    on: _OptionalDay = None
    reference: _OptionalText = None


class AssignCollectorRequest(_CollectionBody):
    """Who looks after an account; with `until` a substitute."""

    account: _Number
    collector: _Login
    since: _OptionalDay = None
    until: _OptionalDay = None


class _Contacted(_CollectionBody):
    outcome: _OptionalWord = None
    person: _OptionalText = None
    text: _OptionalText = None
    document: _Digest = None


class DoEntryRequest(_Contacted):
    """An entry of the worklist was done."""


class PromiseEntryRequest(_Contacted):
    """The customer was contacted, and promised to pay."""

    due_on: _Day
    amount: _OptionalAmount = None


class DisputeEntryRequest(_Contacted):
    """The customer was contacted, and disputes one of the invoices."""

    invoice: _Number
    code: _Word
    amount: _OptionalAmount = None


class DeferEntryRequest(_CollectionBody):
    """An entry is put off: two weeks at the most, and not beyond the date by which something has to be done."""

    until: _Day
    reason: _Text


class SkipEntryRequest(_CollectionBody):
    """Not today."""

    reason: _Text


class TurnDayRequest(_CollectionBody):
    """The business date whose turn is wanted; another than today's is refused."""

    date: _OptionalDay = None


COLLECTION_REQUESTS: tuple[type[BaseModel], ...] = (
    RaiseDisputeRequest,
    SettleDisputeRequest,
    RecordPromiseRequest,
    OfAccountRequest,
    AskPlanRequest,
    EndPlanRequest,
    RecordContactRequest,
    PutDunningBlockRequest,
    RecordItemFactRequest,
    AssignCollectorRequest,
    DoEntryRequest,
    PromiseEntryRequest,
    DisputeEntryRequest,
    DeferEntryRequest,
    SkipEntryRequest,
    TurnDayRequest,
)
"""All of them, for the OpenAPI document."""
