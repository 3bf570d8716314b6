"""The shapes of webhooks, sent and answered. A secret is in the answer that makes it and in no other."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypeAliasType

from api.http.answers import Shape
from ledger.record.event_types import EVENT_TYPES
from ledger.webhooks.endpoint_changes import ROTATION_DAYS_MAX, TEXT_LENGTH_MAX, URL_LENGTH_MAX
from ledger.webhooks.endpoint_secrets import Signature

EventName = TypeAliasType(
    "EventName", Annotated[str, WithJsonSchema({"type": "string", "enum": [each.name for each in EVENT_TYPES]})]
)
"""A type of event. Under a name of its own, so that a client has one type for it."""

_Types = Annotated[list[EventName], Field(description="Types of events.")]
_Url = Annotated[str, Field(max_length=URL_LENGTH_MAX, description="An https address.")]
_Description = Annotated[str, Field(max_length=TEXT_LENGTH_MAX)]


class WebhookSecretShape(Shape):
    """A secret without its text."""

    id: str
    public_key: str | None = Field(description="`whpk_…`, by which events are verified; null: by the secret itself.")
    until: datetime | None = Field(description="From then on nothing is signed with it; null: no end.")


class WebhookShape(Shape):
    """An address that events are sent to."""

    id: str
    url: str
    types: list[EventName]
    signature: Signature
    description: str
    active: bool = Field(description="Whether anything is sent there.")
    inactive_because: str = Field(description="Why nothing is; empty where something is.")
    secrets: list[WebhookSecretShape] = Field(description="Those that sign now, the newest last.")
    waiting: int = Field(description="Events that have not arrived and are tried again.")
    dead_letters: int = Field(description="Events that are not tried any more.")


class WebhooksShape(Shape):
    """Every address that events are sent to, in the order in which they were added."""

    webhooks: list[WebhookShape]


class NewWebhookSecretShape(Shape):
    """A new secret. Its text is shown this once."""

    id: str = Field(description="Of the webhook.")
    secret: str | None = Field(description="`whsec_…`, by which events are verified; null where a public key does it.")
    public_key: str | None = Field(description="`whpk_…`; null where the secret does it.")


class DeadLetterShape(Shape):
    """An event that an endpoint has not taken in any of ten tries."""

    webhook: str = Field(description="Id of the webhook.")
    record: int = Field(description="The record's place in the journal, `seq` of what is sent.")
    type: EventName
    recorded_at: datetime
    tries: int
    failed_at: datetime | None
    failure: str | None = Field(description="What became of the last try.")


class DeadLettersShape(Shape):
    """Events that are not tried any more, at most 1,000, the one that failed last first."""

    dead_letters: list[DeadLetterShape]


class AddWebhookRequest(BaseModel):
    """An address, and what it is sent."""

    model_config = ConfigDict(extra="forbid")

    url: _Url
    types: _Types
    signature: Signature = Signature.HMAC
    description: _Description = ""


class ChangeWebhookRequest(BaseModel):
    """What holds from now on; what is left out stays. One that was disabled is sent to again."""

    model_config = ConfigDict(extra="forbid")

    url: _Url | None = None
    types: _Types | None = None
    description: _Description | None = None


class RotateWebhookRequest(BaseModel):
    """Until when the secret before signs as well."""

    model_config = ConfigDict(extra="forbid")

    overlap_days: int = Field(default=7, ge=0, le=ROTATION_DAYS_MAX, strict=True, description="0: it ends now.")


class SendAgainRequest(BaseModel):
    """Which dead letters."""

    model_config = ConfigDict(extra="forbid")

    record: int | None = Field(
        default=None, ge=0, lt=2**63, strict=True, description="The one of this record; all where it is left out."
    )
