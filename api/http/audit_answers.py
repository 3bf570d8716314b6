"""Shapes of what is sent for and answered by audit reports."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from api.http.answers import Shape

OrderNumber = Annotated[str, Field(min_length=1, max_length=200)]
ListedAmount = Annotated[str, Field(pattern=r"^-?[0-9]{1,16}(\.[0-9]{1,6})?$")]
_TIME: dict[str, Any] = {
    "pattern": r"^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T[0-9:.]+(Z|[+-][0-9:]+))?$"
}


class PeriodParameters(BaseModel):
    """When what is looked at was recorded."""

    model_config = ConfigDict(populate_by_name=True)

    since: str | SkipJsonSchema[None] = Field(
        default=None, alias="from", json_schema_extra=_TIME, description="Recorded on this day, at this time, or later."
    )
    until: str | SkipJsonSchema[None] = Field(
        default=None, json_schema_extra=_TIME, description="Recorded by the end of this day, at this time, or earlier."
    )


class CompletenessRequest(BaseModel):
    """Orders as somebody else lists them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    orders: dict[OrderNumber, ListedAmount | None] = Field(
        description="Order number → amount; null: amounts aren't compared.", examples=[{"SO-1001": "18500.00"}]
    )


class FindingShape(Shape):
    """An order that is not in the list as it was decided, or not decided as listed."""

    record: int | None = Field(description="The journal's record that proves it; null: there is none.")
    leaf: str | None = Field(description="That record's leaf in the log, SHA-256.")
    at: str | None = Field(description="When it was recorded.")
    by: str | None = Field(description="Who asked, by opaque ids.")
    finding: str = Field(
        description="`missing`, or `not found` where any of the last three stand; `extra`, `other amount`; `erased`, "
        "`dropped`, `unreadable`."
    )
    order: str | None = Field(description="The order's number; null where its record can't be read.")
    listed_amount: str | None
    decided_amount: str | None
    id: str | None = Field(description="The decision's.")
    outcome: str | None
    gone_by: int | None = Field(description="The record that says why what this one said is gone.")


class CompletenessShape(Shape):
    """What came of the comparison."""

    listed: int = Field(description="Orders in the list.")
    matched: int = Field(description="Those that were decided, on the listed amount where it has one.")
    findings: list[FindingShape]
