"""The file of OIDC issuers whose tokens are taken (setting CREDENCE_OIDC), read and checked at the start.

    issuers:
      - issuer: https://login.example.com
        audience: credence
        jwks: https://login.example.com/.well-known/jwks.json
        algorithms: [ES256]
        roles_claim: groups
        roles: {credit-desk: desk, credit-policy: editor}
    ...

It ends with YAML's end mark, as policies do: a file that was cut off must not be taken for one that says less.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from api.host_names import is_loopback
from ledger.access.roles import Role

BYTES_MAX = 1 << 20
_END_MARK = "..."

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures with a public key alone: with HS256 whoever may check a token could make one."""


class Issuer(BaseModel):
    """One issuer: what its tokens must be like, and whom and what they speak of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(description="What tokens say under `iss`, to the letter.")
    audience: str = Field(min_length=1, description="What tokens say under `aud`: this service.")
    jwks: str = Field(description="Where the issuer's public keys are.")
    algorithms: tuple[Algorithm, ...] = Field(default=("RS256",), min_length=1)
    token_types: tuple[str, ...] = Field(default=("at+jwt", "JWT"), min_length=1, description="Under `typ`.")
    person_claim: str = Field(default="sub", min_length=1, description="The claim that names the person.")
    roles_claim: str | None = Field(default=None, description="The claim that lists groups or roles.")
    roles: dict[str, Role] = Field(default={}, description="The role that each value of that claim stands for.")
    clock_skew_seconds: int = Field(default=30, ge=0, le=300, strict=True)

    @field_validator("issuer", "jwks")
    @classmethod
    def _is_https(cls, url: str) -> str:
        """But for an issuer on this machine, nobody on the way may change what it says."""
        parts = urlsplit(url)
        is_local = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if not parts.hostname or not (parts.scheme == "https" or is_local):
            raise ValueError(f"`{url}` is no https address")
        return url

    @model_validator(mode="after")
    def _roles_have_a_claim(self) -> Issuer:
        if bool(self.roles) != (self.roles_claim is not None):
            raise ValueError("`roles_claim` and `roles` go together; without them roles are those that admins gave")
        return self


class _IssuersFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    issuers: tuple[Issuer, ...] = Field(min_length=1, max_length=20)


def read_issuers(path: Path) -> tuple[Issuer, ...]:
    """Raises ValueError with one line that says what is wrong."""
    try:
        with path.open("rb") as file:
            text = file.read(BYTES_MAX).decode()
        content = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or "it is not YAML in UTF-8"
        raise ValueError(f"the issuers' file `{path}` can't be read: {reason}") from None
    if text.rstrip().rpartition("\n")[2] != _END_MARK:
        raise ValueError(f"the issuers' file `{path}` ends without its end mark `...`; it may be cut off")
    try:
        issuers = _IssuersFile.model_validate(content).issuers
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"the issuers' file `{path}`: {where}: {message[:1].lower()}{message[1:]}") from None
    if len({each.issuer for each in issuers}) < len(issuers):
        raise ValueError(f"the issuers' file `{path}` names an issuer twice")
    return issuers
