"""What can be set from outside. Each setting is an environment variable: `CREDENCE_` and the name in capitals."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.host_names import is_loopback, listed_names
from api.network_addresses import listed_networks
from api.oidc_issuers import read_issuers
from ledger.journal.kept_answers import KEPT_DAYS
from ledger.policies.policy_mode import PolicyMode
from ledger.record.trust_policies import NO_QUORUM
from ledger.store.place import JournalPlace, ServerAddress, journal_place
from ledger.store.secret_files import KeyPlaces, beside
from ledger.store.trouble import FileTrouble
from ledger.verify.trusted_key import trust_policy_in

PREFIX = "CREDENCE_"


class Settings(BaseSettings):
    """All settings of the service, checked when they are read; what is wrong is said in one line (`refusal`)."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, arbitrary_types_allowed=True)

    rules: Path = Field(
        default=Path("rules"), description="Folder of the policy files; watched while the service runs."
    )
    policies: PolicyMode = Field(
        default=PolicyMode.WATCH,
        description="How policies come into force: `watch`, by being saved in the rules folder; `approved`, by being "
        "proposed, approved by another person and activated.",
    )
    journal: JournalPlace = Field(
        default=Path("var/credence.db"),
        description="SQLite file of the decision journal, made if missing; or the address of a PostgreSQL database, "
        "postgresql://user@host/database.",
    )
    signing_key: str = Field(
        default="",
        description="File of the key that signs the journal's checkpoints, made with a new journal. Default: beside "
        "the journal, `credence.signing-key` for `credence.db`.",
    )
    wrapping_key: str = Field(
        default="",
        description="File of the key that opens the subject keys, made with a new journal. Default: beside the "
        "journal, `credence.wrapping-key`.",
    )
    subject_keys: str = Field(
        default="",
        description="SQLite file of the keys by which bodies of records are sealed, made with a new journal. Default: "
        "beside the journal, `credence.keys.db`.",
    )
    last_checkpoint: str = Field(
        default="",
        description="File of the checkpoint that was signed last, written each time. Default: beside the signing key, "
        "`credence.checkpoint.last`.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(
        default=1, ge=1, le=64, description="Processes that answer, on one journal; each has the limits below."
    )
    hosts: str = Field(
        default="",
        description="Names under which the service is reached, separated by commas, besides the address it listens on "
        "and localhost; `*` for any.",
    )
    body_bytes_max: int = Field(
        default=1 << 20, ge=1 << 10, le=64 << 20, description="Largest request body; a larger one is refused (413)."
    )
    connections_max: int = Field(
        default=1_000, ge=1, le=100_000, description="Connections open at once; the one silent for longest gives way."
    )
    keep_alive_seconds: float = Field(
        default=8, ge=0.1, le=3_600, description="How long a connection on which nothing is asked stays open."
    )
    head_bytes_max: int = Field(
        default=32 << 10, ge=1 << 10, le=1 << 20, description="Largest request line with headers (431 beyond it)."
    )
    head_seconds_max: float = Field(
        default=10, ge=0.1, le=600, description="From the first byte of a head to its last (408 beyond it)."
    )
    body_seconds_max: float = Field(
        default=20, ge=0.1, le=600, description="From the end of a head to the end of its body (408 beyond it)."
    )
    bodies_bytes_max: int = Field(
        default=32 << 20,
        ge=1 << 20,
        le=4 << 30,
        description="All bodies not answered yet together; at least twice the largest body.",
    )
    unread_seconds_max: float = Field(
        default=20, ge=0.1, le=600, description="How long an answer that nobody takes keeps its connection."
    )
    insecure_local: bool = Field(
        default=False,
        description="Ask nobody for a key: whoever is at this machine may all. On a loopback address only.",
    )
    oidc: str = Field(default="", description="YAML file of the OIDC issuers whose tokens are taken.")
    requests_per_second_max: int = Field(
        default=500, ge=1, le=1_000_000, description="Requests a second of one key in each worker (429 beyond it)."
    )
    idempotency_days: int = Field(
        default=KEPT_DAYS,
        ge=1,
        le=365,
        description="How long the answer to a request with an Idempotency-Key is kept for the same request.",
    )
    trust_policy: str = Field(
        default="",
        description="File in the form of C2SP tlog-policy: the witnesses whose cosignatures of checkpoints are taken.",
    )
    witnessed_within_hours: int = Field(
        default=0,
        ge=0,
        le=8_784,
        description="How long a record may stand without a checkpoint over it that the witnesses of the trust policy "
        "cosigned; beyond it the log and a metric say so. 0: nobody asks.",
    )
    public_log: bool = Field(
        default=False,
        description="Show checkpoints and hashes of the log to everybody, without a key: how many records there are "
        "and how fast they come, nothing of what they say.",
    )
    webhook_networks: str = Field(
        default="",
        description="Networks and addresses to which events may be sent beside the public network, separated by "
        "commas: `10.20.0.0/16`.",
    )
    webhook_dead_letter_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="How long an event that is not tried any more can be sent again; then it is deleted.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe line logged."
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="A JSON object a line, or text for somebody who reads along."
    )

    def as_environment(self) -> dict[str, str]:
        """The variables that give these settings again, to another process. That of the journal has its password."""
        said = {name: getattr(self, name) for name in type(self).model_fields}
        said["journal"] = self.journal.uri if isinstance(self.journal, ServerAddress) else self.journal
        return {variable_of(name): str(value) for name, value in said.items() if value is not None}

    @property
    def key_places(self) -> KeyPlaces:
        """Where the journal's keys are."""
        return beside(
            self.journal,
            signing_key=_path(self.signing_key),
            wrapping_key=_path(self.wrapping_key),
            subject_keys=_path(self.subject_keys),
            last_checkpoint=_path(self.last_checkpoint),
        )

    @field_validator("host", "rules", mode="before")
    @classmethod
    def _says_something(cls, said: object, field: ValidationInfo) -> object:
        """An empty address would mean all of them, an empty folder the one that the process happens to run in."""
        if not str(said).strip():
            raise ValueError(f"the setting {variable_of(str(field.field_name))} is empty; leave it out for the default")
        return said

    @field_validator("oidc")
    @classmethod
    def _issuers_can_be_read(cls, file: str) -> str:
        """Refuses a file with a mistake at the start, not at the first token."""
        if file.strip():
            read_issuers(Path(file))
        return file.strip()

    @field_validator("trust_policy")
    @classmethod
    def _trust_policy_can_be_read(cls, file: str) -> str:
        """Refuses a file with a mistake at the start, not at the first cosignature."""
        try:
            if file.strip():
                trust_policy_in(Path(file.strip()))
        except FileTrouble as error:
            raise ValueError(str(error)) from error
        return file.strip()

    @field_validator("webhook_networks")
    @classmethod
    def _networks_can_be_read(cls, listed: str) -> str:
        """Refuses a list with a mistake at the start, not at the first event."""
        try:
            listed_networks(listed)
        except ValueError as error:
            raise ValueError(f"the setting CREDENCE_WEBHOOK_NETWORKS: {error}") from None
        return listed

    @field_validator("hosts")
    @classmethod
    def _hosts_are_names(cls, listed: str) -> str:
        """Refuses a list with anything in it that is no name or address, before a request meets it."""
        listed_names(listed)
        return listed

    @model_validator(mode="after")
    def _witnesses_are_named(self) -> Settings:
        """Whose cosignatures are waited for."""
        if self.witnessed_within_hours:
            policy = trust_policy_in(Path(self.trust_policy)) if self.trust_policy else None
            if policy is None or policy.quorum == NO_QUORUM:
                raise ValueError(
                    "CREDENCE_WITNESSED_WITHIN_HOURS waits for witnesses; name them in CREDENCE_TRUST_POLICY, with a "
                    "quorum that is not `none`"
                )
        return self

    @model_validator(mode="after")
    def _insecure_is_local(self) -> Settings:
        """Without keys nobody else may reach it: neither from another machine nor under a name that a foreign page
        could take over."""
        if self.insecure_local and not is_loopback(self.host):
            raise ValueError(
                f"--insecure-local asks nobody for a key, so it listens on 127.0.0.1 only, not on `{self.host}`; leave "
                "it out, and make keys with `credence keys create`"
            )
        if self.insecure_local and self.hosts.strip():
            raise ValueError(
                "--insecure-local asks nobody for a key, so it answers to localhost only; leave CREDENCE_HOSTS out"
            )
        return self

    @field_validator("journal", mode="before")
    @classmethod
    def _can_be_a_journal(cls, place: object) -> object:
        """Looked at as it was written: a path has no slash at its end and is never empty."""
        return place if isinstance(place, ServerAddress) else journal_place(str(place))


def _path(given: str) -> Path | None:
    return Path(given) if given.strip() else None


def refusal(error: ValidationError) -> str:
    """What is wrong with the settings, in one line, such as

    the setting CREDENCE_PORT: input should be less than or equal to 65535
    """
    return "; ".join(_said(each["loc"], each["msg"], each.get("ctx", {}).get("error")) for each in error.errors())


def _said(place: tuple[int | str, ...], message: str, ours: object) -> str:
    """One of pydantic's complaints with the variable's name, or our own sentence as it is."""
    if isinstance(ours, ValueError):
        return str(ours)
    return f"the setting {variable_of('.'.join(map(str, place)))}: {message[:1].lower()}{message[1:]}"


def variable_of(field: str) -> str:
    """`body_bytes_max` → `CREDENCE_BODY_BYTES_MAX`."""
    return f"{PREFIX}{field.upper()}"
