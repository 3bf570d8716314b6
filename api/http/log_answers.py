"""The shapes of cosignatures, sent and answered."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api.http.answers import Shape


class CosignatureShape(Shape):
    """A cosignature that is kept."""

    size: int = Field(description="How many records its checkpoint covers.")
    witness: str = Field(description="As the trust policy names it.")
    cosigned_at: datetime = Field(description="When the witness says that it saw the checkpoint.")
    new: bool = Field(description="False: this witness's was there already, and that one stays.")


class AddCosignatureRequest(BaseModel):
    """A line that a witness gave back."""

    model_config = ConfigDict(extra="forbid")

    size: int = Field(ge=1, lt=2**63, strict=True, description="How many records the checkpoint covers.")
    cosignature: str = Field(max_length=8_000, description="The line, C2SP tlog-cosignature/v1, among others.")
