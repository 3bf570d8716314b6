"""The shapes of the answers, for the OpenAPI document and for the answers that are not on the hot path.

A decision is never built from these models: its bytes come from `Decision.as_json()`; a test holds the two together.

A class's docstring and the descriptions of its fields are what a client's author reads in the document and in the
classes that are generated from it, so they are written for him. `Shape` at the end of a name only tells a model from
the noun of the engine that it shows (`ReasonShape`, `Reason`); the document goes without it.

What is added to a decision later than the first journals gets a default: records are answered as they were written, and
must still have the shape that the document gives them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, RootModel
from typing_extensions import TypeAliasType

FactType = TypeAliasType(
    "FactType",
    Literal["money", "rate", "number", "integer", "days", "months", "date", "enum", "text", "person", "yes/no", "list"],
)
"""What a fact or value holds. Under a name of its own, so that a client has one type for it."""

UNIT = "A currency, `days`, `months`, or `share` (0.05 is 5%); null: none."

JournalState = TypeAliasType("JournalState", Literal["writable", "unavailable"])
"""Whether decisions can be recorded now, and so made."""

FutureDates = TypeAliasType("FutureDates", Literal["refused", "unknown"])
"""What becomes of a date of the past that lies after the day of the decision: a fault, or as if it were left out."""

Version = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the policy set.")]


class Shape(BaseModel):
    """What all answers share: no member that isn't declared.

    That holds for us, so that a test notices a member that is answered and not documented. Clients hear the opposite:
    the document says that answers may grow.
    """

    model_config = ConfigDict(extra="forbid")


class TextShape(RootModel[dict[str, str]]):
    """The same text by language, in ISO 639-1 codes and the site's order of languages. A policy's texts have every
    language that the site lists; credence's own have those of English and Chinese that it lists, or English. A reader
    of another language is shown the first that is there."""


class WaiverShape(Shape):
    """An exception by which a reason does not count."""

    exception: str = Field(examples=["exceptions.long-terms-kn"])
    by: str = Field(description="Who asked for it.")
    approved_by: str
    reason: TextShape
    until: date = Field(description="The last day on which it holds.")


class ReasonShape(Shape):
    """A rule that fired, or that could not be evaluated because facts are missing; perhaps waived by an exception."""

    rule: str = Field(
        description="`policy.rule`; `facts-missing` where the reason stands for several rules.",
        examples=["orders.over-limit"],
    )
    rules: list[str] = Field(
        default=[],
        description="All the rules that can't be checked because the facts in `missing` are; left out where the reason "
        "is that of `rule`.",
    )
    outcome: str
    text: TextShape
    remedy: TextShape | None = Field(
        description="What would make it pass; null where the rule names nothing, or where the facts in `missing` would."
    )
    facts: dict[str, JsonValue] = Field(description="The facts and values the rule used, as far as they are known.")
    missing: list[str] = Field(
        description="Empty where the rule fired; else the names of what is missing, as in the decision's `missing`."
    )
    place: str = Field(description="Where the rule stands: file:line:column.", examples=["rules/orders.yaml:12:3"])
    waived: list[WaiverShape] = Field(
        default=[],
        description="By which exceptions it does not count; empty where it counts, left out in decisions that were "
        "recorded before there were exceptions.",
    )


class RequestedActionShape(Shape):
    """What somebody has to do about the case; a rule that fired asks for it."""

    action: str = Field(examples=["notify_insurer"])
    by: date | None = Field(description="The latest date; null: the rule names none, or it can't be worked out.")
    amount: str | None = Field(description="How much it is about, in the decision's currency.", examples=["12500.00"])
    rule: str = Field(description="The rule that asks for it; its reason says why.")


class UndeterminedShape(Shape):
    """A rule, table or exception that could not be worked out."""

    id: str
    ignored: bool = Field(description="Whether the policy says that it does not matter.")


class MissingInputShape(Shape):
    """A fact that was left out, once for all the rules and tables that wait for it."""

    name: str = Field(examples=["account.open_invoices"])
    kind: Literal["fact", "parameter", "value", "rule"] = Field(
        description="A fact to supply; or, of the policy: a parameter without a value on this day, or a value or a "
        "rule's condition without a result (a division by zero, a table without a row for the case)."
    )
    title: TextShape | None
    type: FactType | None
    unit: str | None = Field(description=UNIT)
    needed_by: list[str] = Field(description="The rules and tables that could not be worked out without it.")


class PassedRuleShape(Shape):
    """A rule that was checked and did not fire."""

    rule: str = Field(examples=["orders.group-limit"])
    title: TextShape | None


class FigureShape(Shape):
    """A value that its policy shows, such as the headroom under the credit limit."""

    name: str = Field(description="`policy.value`, as in `results`.", examples=["orders.headroom"])
    title: TextShape
    type: FactType
    unit: str | None = Field(description=UNIT)
    value: JsonValue = Field(examples=["23400.00"])


class PolicyResultsShape(RootModel[dict[str, JsonValue]]):
    """What one policy worked out: its values and the outputs of its table, by name. Null: it could not be told."""


class RateShape(Shape):
    """What one unit of a currency was worth on a day."""

    currency: str = Field(description="ISO 4217.", examples=["USD"])
    date: date
    rate: str = Field(description="In units of the answer's currency.", examples=["0.9215"])


class LeverShape(Shape):
    """So much of something that can be changed about a case."""

    name: str = Field(examples=["payment"])
    title: TextShape
    amount: str | int | None = Field(description="How much it takes: money as decimal text, or days; null: none helps.")
    fact: str = Field(description="The fact that changes.", examples=["account.open_invoices"])
    becomes: str | int | None = Field(description="What that fact is then.")


class SwitchShape(Shape):
    """Something that is done or not, such as renewing the assessment."""

    name: str = Field(examples=["assessment"])
    title: TextShape


class NearestChangeShape(Shape):
    """One lever, two together, or a switch, and what came of it."""

    state: str = Field(
        description="`passes`: with so much, and not with a unit less. `impossible`: all amounts were looked at. "
        "`undecided`: it could not be worked out."
    )
    switches: list[SwitchShape] = Field(description="What has to be done besides.")
    levers: list[LeverShape]
    outcome: str | None = Field(description="What the case is decided then; null unless it passes.")
    conditions: dict[str, JsonValue] = Field(description="What the customer must bring still.")


class NearestShape(Shape):
    """What would let a case pass; nothing of it is recorded."""

    case: str
    subject: str = Field(description="The number of the order or request.")
    as_of: date
    currency: str = Field(description="ISO 4217; all amounts are in it.", examples=["EUR"])
    outcome: str = Field(description="As the case is.")
    passes: bool = Field(description="Whether it passes as it is; then nothing was looked for.")
    changes: list[NearestChangeShape]
    policy_version: Version


class DecisionShape(Shape):
    """Money, rates and numbers are decimal text, dates ISO 8601 text, counts and days integers."""

    id: str = Field(description="UUID version 7.")
    case: str
    subject: str = Field(description="The number of the order, invoice or account.")
    as_of: date
    currency: str = Field(description="ISO 4217; all amounts are in it.", examples=["EUR"])
    converted_from: RateShape | None = Field(
        default=None,
        description="The currency in which the request's amounts were, and the rate by which they were converted; "
        "left out where they were in `currency`.",
    )
    dropped_facts: list[str] | None = Field(
        default=None,
        description="Facts of the request that the policies in force have no more, so that they count for nothing; "
        "left out where there were none.",
    )
    outcome: str = Field(description="The most severe outcome of all reasons that are not waived.")
    conditions: dict[str, JsonValue] = Field(description="What the customer must bring, such as a deposit.")
    actions: list[RequestedActionShape] = Field(
        default=[],
        description="What people have to do, the most severe first; none for rules that are waived or could not be "
        "worked out. Left out in decisions that were recorded before there were actions.",
    )
    reasons: list[ReasonShape]
    missing: list[MissingInputShape] = Field(
        default=[],
        description="What all that could not be worked out lacks, each once; left out only in decisions that were "
        "recorded before there was this list.",
    )
    undetermined: list[UndeterminedShape]
    passed: list[PassedRuleShape] = Field(
        default=[], description="What was checked without objection; left out as `missing`."
    )
    figures: list[FigureShape] = Field(
        default=[],
        description="Values that the policies show, such as the headroom under limits; one without a result in this "
        "case is not listed. Left out as `missing`.",
    )
    results: dict[str, PolicyResultsShape] = Field(description="What each policy worked out, by the policy's name.")
    policy_version: Version
    policy_language: int = Field(
        default=1, description="The version of the policy language. Left out where it is the first."
    )
    engine_version: str = Field(description="The build that decided: release and fingerprint of the engine's files.")


class BodyFaultShape(Shape):
    """One thing wrong with the body, and what to send instead."""

    path: str = Field(description="JSON pointer (RFC 6901) into the body; empty for the body as a whole.")
    message: str
    hint: str


class DiagnosticShape(Shape):
    """A mistake in a policy file, or a warning about one."""

    file: str
    line: int
    column: int
    severity: Literal["mistake", "warning"] = Field(
        description="`warning`: the policies pass, and most likely something else was meant.",
        examples=["mistake"],
    )
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
    """Files in the rules folder that check, or nearly, and lack or waive what holds under the set in force: they wait
    for `credence activate`."""

    at: datetime
    version: Version | None = Field(description="Of the pending set, to activate it by; null: it has mistakes too.")
    files: list[str] = Field(description="Files that are gone.", examples=[["orders.yaml"]])
    policies: list[str] = Field(description="Policies that are gone.", examples=[["orders"]])
    rules: list[str] = Field(description="Rules that are gone.", examples=[["orders.over-limit"]])
    exceptions: list[str] = Field(
        description="Exceptions that are new or say something else: they waive what held before.",
        examples=[["exceptions.long-terms-kn"]],
    )


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
    title: TextShape


class ConditionShape(Shape):
    """Something that an approval may depend on."""

    name: str = Field(description="As in a decision's `conditions`.", examples=["deposit"])
    title: TextShape | None
    type: FactType
    unit: str | None = Field(description=UNIT)


class ActionShape(Shape):
    """Something that rules may ask people to do."""

    name: str = Field(description="As in a decision's `actions`.", examples=["notify_insurer"])
    title: TextShape


class CaseKindShape(Shape):
    """A kind of case, with the facts that it may carry, its ladder of outcomes and the conditions it may put."""

    name: str = Field(examples=["order"])
    title: TextShape
    groups: list[str] = Field(
        description="The members of its request, each with facts.", examples=[["order", "account"]]
    )
    outcomes: list[OutcomeShape] = Field(description="From the mildest to the most severe.")
    conditions: list[ConditionShape] = Field(description="That its decisions may put, by name.")


FUTURE = "Of a date of the past: one after the day of the decision is refused or counts as missing."


class FactWordShape(Shape):
    """A word that an enum fact may have."""

    name: str
    title: TextShape | None = Field(description="Null: it is shown as it stands.")


class RecordValueShape(Shape):
    """A value that each record of a list may carry."""

    name: str = Field(description="As requests and formulas have it.", examples=["amount"])
    title: TextShape | None
    type: FactType
    required: bool
    future: FutureDates | None = Field(description=FUTURE)


class FactShape(Shape):
    """A fact that requests may carry: what it is called, what it means, and which values it takes."""

    name: str = Field(description="`group.fact`, as requests and policies have it.", examples=["order.amount"])
    title: TextShape
    note: TextShape | None
    type: FactType
    unit: str | None = Field(description=UNIT)
    decimals: int | None = Field(description="At most so many; null: it is no number.")
    minimum: str | None = Field(description="Decimal text, or a date; null: no bound but its type's.")
    maximum: str | None
    future: FutureDates | None = Field(description=FUTURE)
    words: list[FactWordShape] | None = Field(description="Of an enum.")
    records: list[RecordValueShape] | None = Field(description="What each record of a list holds.")
    at_most: int | None = Field(description="The most records of a list.")
    required: bool
    example: JsonValue


class VocabularyShape(Shape):
    """All that requests may carry and decisions may say, under the policy set in force."""

    currency: str = Field(description="ISO 4217; all amounts are in it.", examples=["EUR"])
    timezone: str = Field(
        description="In which it is today where a request has no `as_of`; its name in the IANA database.",
        examples=["Europe/Berlin"],
    )
    languages: list[str] = Field(
        description="Of texts, by ISO 639-1 code; the first is for readers of all others.", examples=[["en", "zh"]]
    )
    case_kinds: list[CaseKindShape]
    actions: list[ActionShape] = Field(description="That rules may ask for, the standard ones first.")
    facts: list[FactShape]


_NAME = r"[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,99}"
FileName = Annotated[str, Field(pattern=rf"^({_NAME}/)?({_NAME}\.ya?ml|lists/{_NAME}\.(ya?ml|csv))$")]


class CheckRequest(BaseModel):
    """Policy files to try, laid over those in the rules folder or alone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    files: dict[FileName, str] = Field(
        description="File name, such as `orders.yaml`, `rules/orders.yaml` or `lists/banks.csv` → its text.",
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


class UnapprovedRollbackShape(Shape):
    """A rollback that a second person has to look at."""

    proposal: int = Field(description="To be approved.")
    activation: int
    since: datetime
    due: datetime = Field(description="A day later.")
    overdue: bool


class Readiness(Shape):
    """Whether it can decide now; where not, why. Whoever has no role is told `ready` alone."""

    ready: bool
    worker: int | None = Field(
        default=None, description="Which of several workers answers, from 1; what follows is its own."
    )
    policy_version: Version | None = None
    policy_since: datetime | None = None
    compiling_since: datetime | None = Field(
        default=None, description="A change of the policies is being compiled since then."
    )
    journal: JournalState | None = None
    journal_trouble: str | None = Field(
        default=None, description="Why the journal takes no writes; null where it does."
    )
    clock_behind_seconds: float | None = Field(
        default=None,
        description="How far the clock is behind the journal's last record. Beyond 3600 a request must say `as_of`.",
    )
    failed_change: FailedChangeShape | None = None
    pending: PendingChangeShape | None = None
    policies: Literal["approved"] | None = Field(
        default=None, description="In approved mode, what follows too: the folder is only shown."
    )
    policy_name: str | None = Field(default=None, examples=["Credit policy 2026-07, v14"])
    folder_differs: list[str] | None = Field(
        default=None, description="Files of the rules folder that are not as those in force; null: it can't be read."
    )
    rollback_unapproved: UnapprovedRollbackShape | None = Field(
        default=None, description="An earlier set was put back, and no second person has approved that yet."
    )


class Alive(Shape):
    """The process answers."""

    alive: Literal[True] = True
