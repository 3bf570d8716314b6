"""What is sent about accounts, limits, securities and items. Amounts are decimal text in the account's currency where
nothing else is said, days ISO dates."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from ledger.credit.limit import LimitKind
from ledger.credit.security import SecurityKind

_NUMBER = {"min_length": 1, "max_length": 200}
_Number = Annotated[str, Field(**_NUMBER)]
_OptionalNumber = Annotated[str | None, Field(**_NUMBER)]
_Text = Annotated[str, Field(min_length=1, max_length=2_000)]
_OptionalText = Annotated[str | None, Field(min_length=1, max_length=2_000)]
_DECIMAL: JsonDict = {"pattern": r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,38})?$"}
"""For the document alone: the command says in its own words what is wrong with an amount."""

_ABOVE_ZERO: JsonDict = {"pattern": r"^(?=.*[1-9])(0|[1-9][0-9]{0,17})(\.[0-9]{1,38})?$"}

_Amount = Annotated[str, Field(max_length=60, examples=["12500.00"], json_schema_extra=_ABOVE_ZERO)]
_OptionalAmount = Annotated[str, Field(max_length=60, json_schema_extra=_DECIMAL)] | None
_Share = Annotated[str | None, Field(max_length=40, examples=["0.02"])]
_DAY: JsonDict = {"maxLength": 10}
_Day = Annotated[Annotated[str, Field(max_length=60, json_schema_extra=_DAY)] | None, Field(examples=["2026-07-01"])]
_DayThatIs = Annotated[str, Field(max_length=60, examples=["2026-07-01"], json_schema_extra=_DAY)]
_Currency = Annotated[
    Annotated[str, Field(max_length=60, json_schema_extra={"maxLength": 3})] | None,
    Field(examples=["EUR"], description="ISO 4217."),
]

_LimitKind = Annotated[LimitKind, WithJsonSchema({"type": "string", "pattern": f"^({'|'.join(LimitKind)})$"})]
"""In its place, since the component `LimitKind` has the words of the policies' fact `limit.kind`."""


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PutAccountRequest(_Sent):
    """The whole profile of an account: what is left out is no longer known."""

    currency: _Currency = None
    name: _OptionalNumber = None
    group: _OptionalNumber = None
    customer_since: _Day = None
    closed: bool = Field(default=False, description="Nothing is sold to the customer any more.")
    profile: dict[str, Any] = Field(
        default_factory=dict,
        description="Facts of the account without `account.`, the site's own too; none that the ledger works out.",
        examples=[{"customer_class": "standard", "sales_person": "u.lindner", "insolvent": False}],
    )


class PutGroupRequest(_Sent):
    """A group of companies. Who belongs to it is said by the accounts."""

    currency: _Currency = None
    limit: _OptionalAmount = Field(default=None, description="What all of them may owe together.")
    limit_until: _Day = None
    insolvent: bool | None = None


class RecordFiguresRequest(_Sent):
    """What was found out about a customer on a day; all that is known from then on."""

    on: _Day = None
    figures: dict[str, Any] = Field(
        description="Facts of the account without `account.`.",
        examples=[{"current_ratio": "1.4", "debt_ratio": "0.55", "external_rating": "BBB"}],
    )
    source: _OptionalText = None


class NewLimitRequest(_Sent):
    """A limit that is asked for."""

    kind: _LimitKind = Field(default=LimitKind.LIMIT, strict=False)
    amount: _OptionalAmount = Field(default=None, description="The whole limit; none where it is unlimited.")
    from_: _Day = Field(default=None, alias="from")
    until: _Day = None
    reason: _OptionalText = None
    basis: str | None = Field(default=None, max_length=80, description="The fact `limit.basis`.")


class GrantLimitRequest(_Sent):
    """Nothing is said beside that it is granted: who grants, the key says."""


class ReasonRequest(_Sent):
    """Why."""

    reason: _Text


class PutSecurityRequest(_Sent):
    """A security: what is left out is no longer known."""

    kind: SecurityKind = Field(strict=False)
    amount: _Amount
    currency: _Currency = None
    cover: _OptionalAmount = Field(default=None, description="Share that is paid; left out: all.")
    order: _OptionalNumber = None
    from_: _Day = Field(default=None, alias="from")
    until: _Day = None
    stopped_on: _Day = Field(default=None, description="From when new deliveries are not insured.")
    max_days: int | None = Field(default=None, ge=0, le=3650)
    reference: _OptionalNumber = None
    issuer: _OptionalNumber = None


class AssessAccountRequest(_Sent):
    """A review of an account, or a grade that another program gave before the first one."""

    review_on: _Day = Field(default=None, description="When it is reviewed next; left out: when the policies say.")
    taken_over: str | None = Field(default=None, max_length=80)
    since: _Day = None


class PostInvoiceRequest(_Sent):
    """An invoice, or with `"kind": "debit"` what is owed and is no sale."""

    id: _Number
    account: _Number
    amount: _Amount
    currency: _Currency = None
    issued_on: _DayThatIs
    due_on: _DayThatIs
    kind: str = Field(default="invoice", pattern="^(invoice|debit)$")
    order: _OptionalNumber = Field(default=None, description="The order that is billed.")
    settled_on: _Day = Field(default=None, description="Of one that was paid before: when nothing was open any more.")
    discount_rate: _Share = Field(default=None, description="Share that may be taken off by paying early, from 0 to 1.")
    discount_days: int | None = Field(default=None, ge=0, le=3650, description="Days from issue within which it may.")
    daily_interest_rate: _Share = Field(default=None, description="Late interest a day by contract, from 0 to 1.")
    interest_of: _OptionalNumber = Field(
        default=None, description="Of a debit: the invoice of the account whose late interest it is."
    )


class PostCreditNoteRequest(_Sent):
    """A credit note. It lowers its invoice, or what is due first."""

    id: _Number
    account: _Number
    amount: _Amount
    currency: _Currency = None
    issued_on: _DayThatIs
    invoice: _OptionalNumber = None
    on_account: bool = False


class PaymentReferenceRequest(_Sent):
    """What a payment pays."""

    invoice: _Number
    amount: _OptionalAmount = Field(default=None, description="How much of it; left out: as much as there is.")


class PostPaymentRequest(_Sent):
    """A payment. Without references it pays what is due first; the rest stays on account."""

    id: _Number
    account: _Number
    amount: _Amount
    currency: _Currency = None
    effective_on: _Day = None
    references: list[PaymentReferenceRequest] = Field(default_factory=list, max_length=1_000)
    on_account: bool = Field(default=False, description="It pays nothing yet.")


class PostDepositRequest(_Sent):
    """Money that was received for an order."""

    id: _Number
    account: _Number
    order: _Number
    amount: _Amount
    currency: _Currency = None
    effective_on: _Day = None


class ReversePaymentRequest(_Sent):
    """A payment, deposit, credit note or write-off is taken back."""

    bounced: bool = Field(default=True, description="It came back from the bank; false: it was booked by mistake.")
    on: _Day = None
    reason: _OptionalText = None


class AllocatePaymentRequest(_Sent):
    """What the rest of a payment or credit note pays."""

    references: list[PaymentReferenceRequest] = Field(min_length=1, max_length=1_000)


class UnallocatePaymentRequest(_Sent):
    """What a payment, credit note or deposit doesn't pay after all."""

    invoice: _OptionalNumber = Field(default=None, description="Left out: nothing of what it paid.")
    reason: _OptionalText = None


class WriteOffRequest(_Sent):
    """What is to be given up of an invoice."""

    id: _Number
    account: _Number
    invoice: _Number
    amount: _OptionalAmount = Field(default=None, description="Left out: all that is open.")
    reason: _Text


class DecideWriteOffRequest(_Sent):
    """Somebody with the authority agrees, or refuses."""

    reason: _OptionalText = None


class PutRatesRequest(_Sent):
    """What one unit of each currency was worth, in the policies' currency."""

    rates: list[Any] = Field(
        min_length=1, max_length=1_000, examples=[[{"currency": "USD", "date": "2026-07-14", "rate": "0.9215"}]]
    )
    source: _OptionalText = None


ACCOUNT_REQUESTS: tuple[type[BaseModel], ...] = (
    PutAccountRequest,
    PutGroupRequest,
    RecordFiguresRequest,
    NewLimitRequest,
    GrantLimitRequest,
    ReasonRequest,
    PutSecurityRequest,
    AssessAccountRequest,
    PostInvoiceRequest,
    PostCreditNoteRequest,
    PostPaymentRequest,
    PostDepositRequest,
    ReversePaymentRequest,
    AllocatePaymentRequest,
    UnallocatePaymentRequest,
    WriteOffRequest,
    DecideWriteOffRequest,
    PutRatesRequest,
)
"""All of them, for the OpenAPI document."""
