"""The shapes of people and keys, sent and answered. No answer ever holds a key, but the one that makes it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.http.answers import Shape
from ledger.access.changes import DAYS_MAX
from ledger.access.roles import Authority, Role

RATE_MAX = 1_000_000
"""More requests a second than any worker answers: what is typed wrong by some digits is refused."""

_Login = Annotated[str, Field(max_length=1_000, description="Compared without regard to case, width and blanks.")]
_Issuer = Annotated[str | None, Field(description="OIDC issuer that vouches for this person.")]
_Subject = Annotated[str | None, Field(description="What that issuer calls them, in the claim that is configured.")]


class PersonShape(Shape):
    """Somebody who may ask, or could once."""

    id: str = Field(description="Opaque; the journal has it instead of the name.")
    login: str
    name: str
    roles: list[Role]
    authority: Authority = Field(description="Up to which amounts they may release.")
    oidc_issuer: str | None
    oidc_subject: str | None
    active: bool = Field(description="False once ended: nothing of theirs opens anything.")


class ErasedPersonShape(Shape):
    """Somebody whose names are gone."""

    id: str = Field(description="What is left of them: records and acts have it.")
    erased: bool


class PeopleShape(Shape):
    """Everybody, ended ones included, by login."""

    people: list[PersonShape]


class KeyShape(Shape):
    """A key without its text: whose it is, what it opens, until when.

    Two programs on one machine have two keys, so each can be revoked alone; a person's key says nothing about roles by
    itself, since it has the person's.
    """

    id: str = Field(description="By which it is revoked, and recorded.")
    login: str | None = Field(description="Of the person whose it is; null for a service's.")
    service: str | None = Field(description="The program whose it is; null for a person's.")
    roles: list[Role] = Field(description="A person's key has the person's, as they are now.")
    acts_for: bool = Field(description="Whether it may name people in Credence-On-Behalf-Of.")
    per_second: int | None = Field(description="Requests a second in each worker; null: as the setting says.")
    created_at: datetime
    expires_at: datetime
    open: bool = Field(description="Whether it opens anything now.")


class KeysShape(Shape):
    """Every key, in the order in which they were made."""

    keys: list[KeyShape]


class NewKeyShape(Shape):
    """A new key. Its text is shown this once."""

    id: str
    key: str = Field(description="To be sent as `Authorization: Bearer …`.")
    expires_at: datetime


class AddPersonRequest(BaseModel):
    """Somebody new."""

    model_config = ConfigDict(extra="forbid")

    login: _Login
    name: str | None = Field(default=None, description="As colleagues call them; the login where it is left out.")
    roles: list[Role] = []
    authority: Authority = Authority.NONE
    oidc_issuer: _Issuer = None
    oidc_subject: _Subject = None


class ChangePersonRequest(BaseModel):
    """What is said of them from now on; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    roles: list[Role] | None = None
    authority: Authority | None = None
    oidc_issuer: _Issuer = None
    oidc_subject: _Subject = None


class CreateKeyRequest(BaseModel):
    """Whose the key is, a person's or a program's, and what it may."""

    model_config = ConfigDict(extra="forbid")

    login: _Login | None = None
    service: str | None = Field(default=None, description="Such as `erp`: a-z, 0-9, `.`, `_`, `-`.")
    roles: list[Role] = Field(default=[], description="A service's; a person's key has the person's.")
    acts_for: bool = Field(default=False, strict=True)
    per_second: int | None = Field(default=None, ge=1, le=RATE_MAX, strict=True)
    days: int = Field(default=DAYS_MAX, ge=1, le=DAYS_MAX, strict=True)


class RevokeKeyRequest(BaseModel):
    """When it ends."""

    model_config = ConfigDict(extra="forbid")

    in_days: int = Field(default=0, ge=0, le=DAYS_MAX, strict=True, description="0: now.")
