"""What can be set from outside. Each setting is an environment variable: `CREDENCE_` and the name in capitals."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.hosts import hosts_of


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
    hosts: str = Field(
        default="",
        description="Names under which the service is reached, separated by commas, besides the address it listens on "
        "and localhost; `*` for any.",
    )
    body_bytes_max: int = Field(
        default=1 << 20, ge=1 << 10, description="Largest request body; a larger one is refused (413)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe line logged."
    )

    @field_validator("hosts")
    @classmethod
    def _hosts_are_names(cls, listed: str) -> str:
        hosts_of("127.0.0.1", listed)
        return listed
