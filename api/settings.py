"""What can be set from outside. Each setting is an environment variable: `CREDENCE_` and the name in capitals."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger.place import unfit_place


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CREDENCE_", frozen=True)

    rules: Path = Field(
        default=Path("rules"), description="Folder of the policy files; watched while the service runs."
    )
    journal: Path = Field(
        default=Path("var/credence.db"), description="SQLite file of the decision journal; made if missing."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    body_bytes_max: int = Field(
        default=1 << 20, ge=1 << 10, description="Largest request body; a larger one is refused (413)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe line logged."
    )

    @field_validator("journal", mode="before")
    @classmethod
    def _can_be_a_journal(cls, place: object) -> object:
        """Looked at as it was written: a path has no slash at its end and is never empty."""
        trouble = unfit_place(str(place))
        if trouble is not None:
            raise ValueError(trouble)
        return place


def refusal(error: ValidationError) -> str:
    """What is wrong with the settings, in one line."""
    return "; ".join(_said(each["loc"], each["msg"], each.get("ctx", {}).get("error")) for each in error.errors())


def _said(place: tuple[int | str, ...], message: str, ours: object) -> str:
    return str(ours) if isinstance(ours, ValueError) else f"{'.'.join(map(str, place))}: {message}"
