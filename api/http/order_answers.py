"""What the routes of orders take and answer, as models: for the OpenAPI document, and to read bodies by."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from api.http.answers import DecisionShape, Shape
from api.http.ledger_answers import LedgerOrderShape, LedgerShape, SubmitOrderRequest
from api.http.search_answers import PAGE, PAGE_MAX
from ledger.credit.order import HoldKind, OrderState

PREVIEWED_MAX = 500
"""Orders in one preview, or released in one call."""

_AMOUNT = "Decimal text in the account's currency."
_REASON = Field(min_length=1, max_length=2000, description="Why, in your own words; it is recorded.")
_Number = Annotated[str, Field(min_length=1, max_length=200)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ChangeOrderRequest(_Request):
    """The whole order as it is to be, in its next revision."""

    revision: int = Field(ge=2, le=2**31, description="Above the order's own. The same one again answers alike.")
    order: dict[str, Any] = Field(
        description="The order's facts without `id`; `amount` is the whole order's, with what of it was delivered.",
        examples=[{"amount": "14000.00", "payment_days": 30}],
    )


class ReleaseOrderRequest(_Request):
    """A held order is to go."""

    reason: str = _REASON
    expires_on: str | None = Field(
        default=None,
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        description="The last day on which the release counts, where that is earlier than the policies say.",
    )


class ReleaseOrdersRequest(ReleaseOrderRequest):
    """Several held orders are to go, each judged by itself."""

    orders: list[_Number] = Field(min_length=1, max_length=PREVIEWED_MAX, description="Their numbers.")


class StopOrderRequest(_Request):
    """An order is to wait, or not to go."""

    reason: str = _REASON


class EndOrderRequest(_Request):
    """An order is cancelled, closed, decided again or taken up again."""

    reason: str | None = Field(default=None, max_length=2000, description="Why, where somebody may ask later.")


_DELIVERY = Field(
    default=None,
    min_length=1,
    max_length=200,
    description="Its number, which no other delivery or return of the order uses: the same one again is done once. It "
    "may be left out where the header Idempotency-Key is sent.",
    examples=["DN-80013"],
)


class DeliverOrderRequest(_Request):
    """Goods of an order leave."""

    amount: str = Field(description=f"What they are worth. {_AMOUNT}", examples=["5000.00"])
    final: bool = Field(default=False, description="What is left of the order lapses.")
    delivery: str | None = _DELIVERY


class UndeliverOrderRequest(_Request):
    """Goods that were delivered and not invoiced came back."""

    amount: str = Field(description=f"What they are worth. {_AMOUNT}", examples=["5000.00"])
    again: bool = Field(default=False, description="They are to be delivered again; otherwise that part lapses.")
    reason: str = _REASON
    delivery: str | None = _DELIVERY


class PreviewOrdersRequest(_Request):
    """Orders as they might be entered, one after the other."""

    as_of: str | None = Field(
        default=None, pattern=r"^\d{4}-\d{2}-\d{2}$", description="The day to decide for; left out, today."
    )
    orders: list[SubmitOrderRequest] = Field(min_length=1, max_length=PREVIEWED_MAX)


class ReleaseShape(Shape):
    """A release, and who gave it."""

    number: int
    state: str = Field(description="`proposed` (waits for a second person), `in_force`, `refused` or `ended`.")
    amount: str = Field(description=f"The order's then, from which its growth is measured. {_AMOUNT}")
    reason: str
    by: str
    role: str
    on: str
    second_by: str | None
    second_by_role: str | None
    second_on: str | None
    expires_on: str | None
    decision: str | None


class SecondPersonShape(Shape):
    """Who may make a proposed release count."""

    roles: list[str] = Field(description="With any of these authorities.")
    not_: list[str] = Field(alias="not", description="Persons who can't, whatever their authority.")


class ReleaseAnswerShape(Shape):
    """A release that counts, or waits for a second person."""

    order: LedgerOrderShape
    release: ReleaseShape
    second_person: SecondPersonShape | None = Field(default=None, description="Of one that waits.")
    decision: DecisionShape
    ledger: LedgerShape


class OrderActShape(Shape):
    """An order after something that no decision was asked for."""

    order: LedgerOrderShape
    ledger: LedgerShape


class ReleasedOrderShape(Shape):
    """What came of one of several releases."""

    order: str
    status: int = Field(description="As the single call would have answered.")
    answer: dict[str, Any] = Field(description="The answer or problem document of the single call.")


class ReleasedOrdersShape(Shape):
    """One result for each order, in the order of the request."""

    results: list[ReleasedOrderShape]


class PassesAtShape(Shape):
    """What would let the order go, each confirmed by deciding; null: nothing of this sort."""

    now: bool = Field(description="It would pass as it is: ask for a recheck, or release what a person holds.")
    amount: str | None = Field(description=f"The largest that the order could have. {_AMOUNT}")
    payment: str | None = Field(description=f"The smallest payment by the customer. {_AMOUNT}")
    deposit: str | None = Field(description=f"The smallest deposit for this order. {_AMOUNT}")
    security: str | None = Field(description=f"The smallest bank guarantee. {_AMOUNT}")


class HoldShape(Shape):
    """Why an order waits, since when, and who may let it go."""

    since: str
    kind: str = Field(description="`policy`: it lifts when nothing holds it; `manual`: somebody holds it.")
    rules: list[str] = Field(description="Ids of the rules that hold it.")
    authority: str | None = Field(description="The lowest that may release it.")
    two_people: bool | None = Field(description="Whether a second person must release it too.")
    liftable_since: str | None = Field(description="Nothing holds it since; it waits for somebody to let it go.")
    reasons: list[dict[str, Any]] = Field(description="Each with its numbers and its remedy, as the decision has it.")
    passes_at: PassesAtShape | None


class OrderLineShape(LedgerOrderShape):
    """An order in a list."""

    journal_entry: int = Field(description="Place of the record that changed it last.")


class OrdersShape(Shape):
    """Some orders."""

    orders: list[OrderLineShape]
    next: str | None = Field(description="Send it as `cursor` for the next page; null: there is none.")
    changed_to: int | None = Field(description="Send it as `changed_since` to be told what changed after this page.")


class OrderDetailsShape(Shape):
    """All that is known of one order."""

    order: OrderLineShape
    hold: HoldShape | None
    releases: list[ReleaseShape]
    decision: DecisionShape | None = Field(description="Its last one; null where the record's body is gone.")


class HeldOrderShape(Shape):
    """An order that waits."""

    order: OrderLineShape
    hold: HoldShape


class FacetShape(RootModel[dict[str, int]]):
    """How many orders have each of the values."""


class HoldsShape(Shape):
    """Some orders that wait, the longest first."""

    holds: list[HeldOrderShape]
    next: str | None = Field(description="Send it as `cursor` for the next page; null: there is none.")
    total: int = Field(description="How many wait, among those that the filter lets through.")
    facets: dict[str, FacetShape] = Field(
        description="How many of each `rule`, `kind`, `authority`, `account`, and `liftable` or not."
    )


class PreviewShape(Shape):
    """What one order would be answered."""

    status: int
    answer: dict[str, Any] = Field(description="As `POST /v1/orders` would answer; or a problem document.")


class PreviewsShape(Shape):
    """What the orders would be answered, in the order of the request. Nothing is recorded or reserved."""

    as_of: str
    previews: list[PreviewShape]


class HeadroomShape(Shape):
    """How much a customer may still order, for whoever sells to it."""

    account: str
    currency: str
    state: Literal["open", "none", "blocked"] = Field(
        description="`open`: an order up to the amount passes; `none`: none on credit; `blocked`: nothing does."
    )
    amount: str | None = Field(description=f"The largest order that passes today, at most a billion. {_AMOUNT}")


class OrderParameters(BaseModel):
    """What the list of orders is narrowed by; all that is given must hold."""

    state: OrderState | None = Field(default=None, description="As the order stands.")
    account: str | None = Field(default=None, max_length=200, description="The customer's number.")
    entered_by: str | None = Field(default=None, max_length=200, description="A login, or a program's name.")
    changed_since: int | None = Field(
        default=None,
        ge=0,
        le=2**62,
        description="A place in the journal (`Journal-Entry`, `changed_to`): what was changed behind it, first changes "
        "first.",
    )
    limit: int = Field(default=PAGE, ge=1, le=PAGE_MAX, description="The most that one answer lists.")
    cursor: str | None = Field(default=None, max_length=1000, description="`next` of the page before.")


class HoldParameters(BaseModel):
    """What the list of holds is narrowed by; all that is given must hold."""

    account: str | None = Field(default=None, max_length=200, description="The customer's number.")
    rule: str | None = Field(default=None, max_length=200, description="A rule that holds the order.")
    kind: HoldKind | None = Field(default=None, description="By the policies, or by a person.")
    liftable: bool | None = Field(default=None, description="Whether nothing holds it any more.")
    releasable_by: str | None = Field(
        default=None,
        pattern="^(assistant|credit_manager|controller|cfo)$",
        description="Orders that this authority is enough for.",
    )
    limit: int = Field(default=PAGE, ge=1, le=PAGE_MAX, description="The most that one answer lists.")
    cursor: str | None = Field(default=None, max_length=1000, description="`next` of the page before.")
