"""The shapes of the answers, for the OpenAPI document and for the answers that are not on the hot path.

A decision is never built from these models: its bytes come from `Decision.as_json()`; a test holds the two together.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

JournalState = Literal["writable", "unavailable"]

Version = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the policy set.")]


class Shape(BaseModel):
    """What all answers share: no member that isn't declared."""

    model_config = ConfigDict(extra="forbid")


class BilingualText(Shape):
    """The same text in both languages."""

    en: str
    zh: str


class ReasonShape(Shape):
    """A rule that fired, or that could not be evaluated because facts are missing."""

    rule: str = Field(description="`policy.rule`", examples=["orders.over-limit"])
    outcome: str
    text: BilingualText
    remedy: BilingualText | None = Field(description="What would make it pass.")
    facts: dict[str, JsonValue] = Field(description="The facts and values the rule used.")
    missing: list[str] = Field(description="Empty where the rule fired.")
    place: str = Field(description="Where the rule stands: file:line:column.", examples=["rules/orders.yaml:12:3"])


class UndeterminedShape(Shape):
    """A rule, table or value that could not be worked out."""

    id: str
    missing: list[str]
    ignored: bool = Field(description="Whether the policy says that it does not matter.")


class DecisionShape(Shape):
    """Money, rates and numbers are decimal text, dates ISO 8601 text, counts and days integers."""

    id: str = Field(description="UUID version 7.")
    case: str
    subject: str = Field(description="The number of the order, invoice or account.")
    as_of: date
    currency: str = Field(description="ISO 4217; all amounts are in it.", examples=["EUR"])
    outcome: str = Field(description="The most severe outcome of all reasons.")
    conditions: dict[str, JsonValue] = Field(description="What the customer must bring, such as a deposit.")
    reasons: list[ReasonShape]
    undetermined: list[UndeterminedShape]
    results: dict[str, dict[str, JsonValue]] = Field(description="What each policy worked out.")
    policy_version: Version
    engine_version: str = Field(description="The build that decided: release and fingerprint of the engine's files.")


class BodyFaultShape(Shape):
    """One thing wrong with the body, and what to send instead."""

    path: str = Field(description="JSON pointer (RFC 6901) into the body; empty for the body as a whole.")
    message: str
    hint: str


class DiagnosticShape(Shape):
    """A mistake in a policy file."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str


class Problem(Shape):
    """RFC 9457."""

    type: str = Field(description="What kind of problem; the path explains it.", examples=["/problems/invalid-request"])
    title: str
    status: int
    detail: str
    errors: list[BodyFaultShape] | None = Field(default=None, description="All faults of the body.")
    diagnostics: list[DiagnosticShape] | None = Field(default=None, description="All mistakes in the policy files.")


class PolicyFile(Shape):
    """One file of the policy set in force."""

    name: str = Field(examples=["rules/orders.yaml"])
    bytes: int
    sha256: str
    text: str | None = Field(default=None, description="With `?text=true`.")


class FailedChangeShape(Shape):
    """Files in the rules folder that do not check, and so have not taken effect."""

    at: datetime
    diagnostics: list[DiagnosticShape]


class PendingChangeShape(Shape):
    """Files in the rules folder that check, or nearly, and lack what the set in force has: it waits for
    `credence activate`."""

    at: datetime
    version: Version | None = Field(description="Of the pending set, to activate it by; null: it has mistakes too.")
    files: list[str] = Field(description="Files that are gone.", examples=[["orders.yaml"]])
    policies: list[str] = Field(description="Policies that are gone.", examples=[["orders"]])
    rules: list[str] = Field(description="Rules that are gone.", examples=[["orders.over-limit"]])


class PolicySetShape(Shape):
    """What decides now, and what the rules folder holds instead where it differs."""

    version: Version | None = Field(description="In force now; null: none.")
    since: datetime | None
    files: list[PolicyFile]
    failed_change: FailedChangeShape | None
    pending: PendingChangeShape | None


class OutcomeShape(Shape):
    """One step of a case kind's ladder."""

    name: str = Field(examples=["approve"])
    title: BilingualText


class CaseKindShape(Shape):
    """A kind of case, with the facts that it may carry and its ladder of outcomes."""

    name: str = Field(examples=["order"])
    title: BilingualText
    groups: list[str] = Field(
        description="The members of its request, each with facts.", examples=[["order", "account"]]
    )
    outcomes: list[OutcomeShape] = Field(description="From the mildest to the most severe.")


class FactWordShape(Shape):
    """A word that an enum fact may have."""

    name: str
    title: BilingualText | None = Field(description="Null: it is shown as it stands.")


class FactShape(Shape):
    """A fact that requests may carry: what it is called, what it means, and which values it takes."""

    name: str = Field(description="`group.fact`, as requests and policies have it.", examples=["order.amount"])
    title: BilingualText
    note: BilingualText | None
    type: Literal["money", "rate", "number", "integer", "days", "months", "date", "enum", "text", "person", "yes/no"]
    unit: str | None = Field(description="A currency, `days`, `months`, or `share` (0.05 is 5%); null: none.")
    decimals: int | None = Field(description="At most so many; null: it is no number.")
    minimum: str | None = Field(description="Decimal text, or a date; null: no bound but its type's.")
    maximum: str | None
    future: Literal["refused", "unknown"] | None = Field(
        description="Of a date of the past: one after the day of the decision is refused or counts as missing."
    )
    words: list[FactWordShape] | None = Field(description="Of an enum.")
    required: bool
    example: JsonValue


class VocabularyShape(Shape):
    """All that requests may carry and decisions may say, under the policy set in force."""

    currency: str = Field(description="ISO 4217; all amounts are in it.", examples=["EUR"])
    case_kinds: list[CaseKindShape]
    facts: list[FactShape]


FileName = Annotated[
    str, Field(pattern=r"^([^./\\\x00-\x1f][^/\\\x00-\x1f]{0,99}/)?[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,99}\.ya?ml$")
]


class CheckRequest(BaseModel):
    """Policy files to try, laid over those in the rules folder or alone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    files: dict[FileName, str] = Field(
        description="File name, such as `orders.yaml` or `rules/orders.yaml` → YAML text.",
        examples=[{"orders.yaml": "policy: orders\n"}],
        json_schema_extra={"additionalProperties": False},
    )
    alone: bool = Field(
        default=False, description="Check only these files; by default they replace those of the same name."
    )


class ActivateRequest(BaseModel):
    """Which pending policy set is meant."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: Version


class CheckAnswer(Shape):
    """What would happen if the files were saved."""

    ok: bool
    version: Version | None = Field(description="What the policy set's version would be.")
    diagnostics: list[DiagnosticShape] = Field(description="The first 100.")
    count: int = Field(description="How many diagnostics there are.")


class Readiness(Shape):
    """Whether it can decide now; where not, why."""

    ready: bool
    policy_version: Version | None
    policy_since: datetime | None
    compiling_since: datetime | None = Field(description="A change of the policies is being compiled since then.")
    journal: JournalState
    journal_trouble: str | None = Field(description="Why the journal takes no writes; null where it does.")
    clock_behind_seconds: float = Field(
        description="How far the clock is behind the journal's last record. Beyond 3600 a request must say `as_of`."
    )
    failed_change: FailedChangeShape | None
    pending: PendingChangeShape | None


class Alive(Shape):
    """The process answers."""

    alive: Literal[True] = True
