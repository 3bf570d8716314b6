"""The shapes of erasures, sent and answered. None names who is erased: answers may be kept, for requests sent again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.http.answers import Shape
from ledger.erasure.erasing import REASON_MAX
from ledger.erasure.erasures import ErasureState
from ledger.erasure.grounds import Ground
from ledger.search.filter_words import TEXT_MAX

_Number = Annotated[str | None, Field(min_length=1, max_length=TEXT_MAX)]
_Id = Annotated[int | None, Field(ge=0, lt=2**63, strict=True)]


class ErasureShape(Shape):
    """An erasure, and how far it is."""

    id: int | None = Field(description="The record that proposed it; null: nothing is proposed, this is a preview.")
    state: ErasureState | None = Field(
        description="`proposed`, `withdrawn`, `confirmed` (it is about to happen and can't be stopped), `erased`."
    )
    key: int = Field(description="Number of the key that seals everything about this customer.")
    records: int = Field(description="How many records it seals.")
    proposed_records: int | None = Field(
        description="How many it sealed on the day of the proposal; where `records` is another number, say it then."
    )
    held_until: date | None = Field(
        description="The law wants them kept until this day; null: they may go, where `refusal` is null too."
    )
    refusal: str | None = Field(
        description="Why it can't be confirmed as things are: nobody knows until when the law wants the records kept, "
        "or something of the customer is open in the ledger."
    )
    ground: Ground | None = Field(description="The legal ground.")
    reason: str | None
    proposed_at: datetime | None
    proposed_by: str | None = Field(description="By opaque ids.")
    decided_at: datetime | None = Field(description="When it was confirmed or withdrawn.")
    decided_by: str | None
    erased_at: datetime | None


class ErasuresShape(Shape):
    """All erasures, the oldest first."""

    erasures: list[ErasureShape]


class ErasureRequest(BaseModel):
    """One of three things: propose an erasure (`account` or `subject`, `ground`, `reason`), `confirm` one, `withdraw`
    one."""

    model_config = ConfigDict(extra="forbid")

    account: _Number = Field(default=None, description="The customer's number: everything about them.")
    subject: _Number = Field(
        default=None, description="The number of an order or invoice of theirs: everything about that customer."
    )
    ground: Ground | None = Field(default=None, description="The legal ground.")
    reason: str | None = Field(
        default=None, max_length=REASON_MAX, description="In words. It is kept for good: name nobody in it."
    )
    preview: bool = Field(default=False, strict=True, description="Say what there is; nothing is recorded.")
    confirm: _Id = Field(default=None, description="The `id` of an erasure that another person proposed.")
    records: _Id = Field(
        default=None,
        description="With `confirm`: how many records go, where they aren't as many as on the day of the proposal.",
    )
    withdraw: _Id = Field(default=None, description="The `id` of an erasure that is not to happen.")
