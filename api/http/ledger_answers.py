"""What the ledger's routes take and answer, as models: for the OpenAPI document, and to read bodies by."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.http.answers import DecisionShape, Shape

_MONEY = "Decimal text in the account's currency."


class SubmitOrderRequest(BaseModel):
    """An order that is entered: its own facts, and whose it is. Everything else the ledger knows."""

    model_config = ConfigDict(extra="forbid", strict=True)

    account: str = Field(min_length=1, max_length=200, description="The customer's number.", examples=["C-20417"])
    order: dict[str, Any] = Field(
        description="The order's facts: `id` and `amount`, and what else is known of `payment_days`, `delivery_date`, "
        "`prepayment`, …; not what the ledger says itself.",
        examples=[{"id": "SO-2026-004711", "amount": "12500.00", "payment_days": 30}],
    )
    copied_from: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="The order that this one was copied or split from.",
    )
    currency: str | None = Field(
        default=None,
        max_length=3,
        description="Of the order's amounts, ISO 4217; left out: the account's. It keeps it for good.",
        examples=["USD"],
    )


class OrderForeignShape(Shape):
    """An order's amount in its own currency."""

    currency: str
    amount: str


class LedgerOrderShape(Shape):
    """An order as it stands."""

    id: str
    account: str
    revision: int = Field(description="From 1; each change is the next one.")
    state: str = Field(
        description="`approved`, `conditional` (waits for a deposit or a security), `held`, `rejected`, `cancelled` or "
        "`closed`: about what is not yet delivered."
    )
    currency: str
    amount: str = Field(description=_MONEY)
    reserved: str = Field(description=f"Counts against the limit. {_MONEY}")
    undelivered: str = Field(description=f"May still go out. {_MONEY}")
    delivered: str = Field(description=f"Delivered and not yet invoiced. {_MONEY}")
    billed: str = Field(description=f"Invoiced. {_MONEY}")
    lapsed: str = Field(description=f"Cancelled, or closed short. {_MONEY}")
    prepayment: bool
    entered_by: str | None = Field(description="Login of the person who entered it, or for whom a program did.")
    entered_via: str | None = Field(description="Name of the program that entered it.")
    entered_on: str
    approved_on: str | None
    approved_amount: str | None
    copied_from: str | None = Field(description="The first order of its kin.")
    decision: str | None = Field(description="Id of its last decision.")
    legal_moves: list[str] = Field(description="What can be done with it now.")
    foreign: OrderForeignShape | None = Field(
        default=None, description="Where the order is in another currency than the account: deliveries are too."
    )


class LedgerShape(Shape):
    """On which state of the account it was decided."""

    business_date: str
    account_version: int
    account_version_after: int
    group_version: int | None
    no_rate_of: str | None = Field(
        default=None,
        description="The account's currency, where no rate of it is new enough: an order is held until there is one. "
        "Left out where it isn't missing.",
    )
    early_warning: list[str] | None = Field(
        default=None,
        description="Codes of notices that somebody should look into, as the record has them: an invoice over what was "
        "not let go. Left out where there is none.",
    )


class OrderAnswerShape(Shape):
    """An order and the decision on it."""

    order: LedgerOrderShape
    decision: DecisionShape
    ledger: LedgerShape
