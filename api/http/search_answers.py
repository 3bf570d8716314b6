"""The shapes of what a search answers, and of its parameters; as in `api.http.answers`, for a client's author."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from api.http.answers import Shape, Version
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.record.record_header import RecordKind
from ledger.search.filter_words import ENGINES_RULES, OUTCOMES, POLICY_MIN, TEXT_MAX

PAGE_MAX = 200
"""Records on one page."""

PAGE = 50
"""Where a request says nothing."""

_TEXT: dict[str, Any] = {"minLength": 1, "maxLength": TEXT_MAX, "pattern": r"^[^\x00]*[^\x00\s][^\x00]*$"}
_RULE: dict[str, Any] = {**_TEXT, "pattern": rf"^([^\x00]*[^\x00\s][^\x00]*\.[^\x00]*|{'|'.join(ENGINES_RULES)})$"}
_TIME: dict[str, Any] = {
    "pattern": r"^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T[0-9:.]+(Z|[+-][0-9:]+))?$"
}
_VERSION: dict[str, Any] = {"pattern": f"^[0-9a-fA-F]{{{POLICY_MIN},64}}$"}
_CURSOR: dict[str, Any] = {"pattern": "^[A-Za-z0-9_-]{43}$"}
"""What the document says of parameters; `filter_words` refuses the rest, with what to write instead."""

_Word = str | SkipJsonSchema[None]
"""Nobody sends null in a query."""


class SearchParameters(BaseModel):
    """What lists of records are narrowed by; all that is given must hold. Words are checked by `filter_words`."""

    model_config = ConfigDict(populate_by_name=True)

    account: _Word = Field(default=None, json_schema_extra=_TEXT, description="The customer's number.")
    subject: _Word = Field(
        default=None,
        json_schema_extra=_TEXT,
        description="The number of the order, invoice, account or request that was decided.",
    )
    case: _Word = Field(
        default=None, json_schema_extra={"enum": [*CASE_KINDS]}, description="The kind of case.", examples=["order"]
    )
    outcome: _Word = Field(
        default=None,
        json_schema_extra={"enum": [*OUTCOMES]},
        description="What was decided or done.",
        examples=["hold"],
    )
    rule: _Word = Field(
        default=None,
        json_schema_extra=_RULE,
        description="A rule among the reasons, waived or not.",
        examples=["orders.over-limit"],
    )
    actor: _Word = Field(
        default=None,
        json_schema_extra=_TEXT,
        description="Who asked: a person's login or id, a program's name, a key's id, or the whole line. For those who "
        "see all decisions whole; with headers alone, by what stands in them, which is no login.",
    )
    policy: _Word = Field(
        default=None,
        json_schema_extra=_VERSION,
        description="The policy set's version, or at least its first 8 digits.",
        examples=["1c3db240"],
    )
    since: _Word = Field(
        default=None,
        json_schema_extra=_TIME,
        alias="from",
        description="Recorded on this day (UTC) or at this time, or later.",
        examples=["2026-07-01"],
    )
    until: _Word = Field(
        default=None,
        json_schema_extra=_TIME,
        description="Recorded by the end of this day (UTC), or at this time, or earlier.",
        examples=["2026-07-31T12:00:00Z"],
    )
    request_id: _Word = Field(default=None, json_schema_extra=_TEXT, description="The request's `X-Request-Id`.")
    limit: int = Field(default=PAGE, ge=1, le=PAGE_MAX, description="The most that one answer lists.")
    cursor: _Word = Field(
        default=None, json_schema_extra=_CURSOR, description="`next` of the page before, with the same filters."
    )


class JournalParameters(SearchParameters):
    """The same, of records of all kinds."""

    kind: _Word = Field(
        default=None,
        json_schema_extra={"enum": [*RecordKind]},
        description="The kind of record.",
        examples=["decision"],
    )


_SEQ = "Its place in the journal, from 0 without gaps: the `Journal-Entry` of the answer."
_NEXT = (
    "The cursor of the next page; null: nothing older fits. A full page always has one. It stays right while records "
    "are added."
)
_SEARCHED_TO = (
    "From the newest, or from where the cursor goes on, down to this place everything was looked at; for whoever "
    "doesn't see all records it is a round one on the way, and 0 at the end. Where a filter has no index, one answer "
    "looks at 200,000 records at most: a page may be short or empty, and `next` goes on."
)


class GoneShape(Shape):
    """Why what a record said can't be read any more. Its header stands, and so does its proof."""

    how: Literal["erased", "dropped"] = Field(
        description="`erased` by order, with all about that customer; or `dropped`, kept as long as the policies say."
    )
    by: int = Field(description="The record that says so.")


class DecisionLineShape(Shape):
    """A decision in a list."""

    id: str = Field(description="To read it by: `/v1/decisions/{id}`.")
    seq: int = Field(description=_SEQ)
    recorded_at: datetime
    case: str = Field(examples=["order"])
    subject: str | None = Field(
        description="The number of the order, invoice, account or request; null where there is `trouble`."
    )
    account: str | None = Field(description="The customer's number; null: the case is about no one customer.")
    as_of: date | None = Field(description="The day that it holds for; null where there is `trouble`.")
    outcome: str = Field(examples=["hold"])
    rules: list[str] = Field(
        description="The rules among its reasons, each of those for which `facts-missing` stands; for whoever "
        "sees decisions masked, without those that name a confidential fact."
    )
    policy_version: Version
    gone: GoneShape | None = Field(
        description="Where what was asked and answered is gone: the line has what the header says."
    )
    trouble: str | None = Field(
        description="Why what was asked and answered can't be read, so that the line has what the record's header "
        "says; null: nothing is wrong."
    )


class DecisionsShape(Shape):
    """Some decisions, the newest first."""

    decisions: list[DecisionLineShape]
    next: str | None = Field(description=_NEXT)
    searched_to: int = Field(description=_SEARCHED_TO)


class RecordLineShape(Shape):
    """What a record's header says: nobody is named, nothing was asked or answered in it."""

    seq: int = Field(description=_SEQ)
    id: str
    recorded_at: datetime
    kind: str = Field(description=f"One of {', '.join(f'`{kind}`' for kind in RecordKind)}.")
    case: str | None = Field(description="Of a decision, the kind of case.")
    outcome: str | None = Field(description="What was decided or done.")
    actor: str = Field(description="Who asked, by opaque ids.", examples=["key 7q2k of service erp"])
    request_id: str | None = Field(
        description="The request's `X-Request-Id`. Where it holds the number of the customer or the case no header has "
        "it, and so no list; the record itself has it."
    )
    policy_version: str | None = Field(description="The policy set that decided, or that took effect.")
    engine_version: str | None = Field(description="The build that decided.")
    body: str = Field(description="The digest of what was asked and answered, SHA-256.")


class RecordsShape(Shape):
    """Some records, the newest first."""

    records: list[RecordLineShape]
    next: str | None = Field(description=_NEXT)
    searched_to: int = Field(description=_SEARCHED_TO)


class ProofStateShape(Shape):
    """How far it can be proved that this record has not been changed."""

    leaf: str = Field(description="The record's leaf in the log, SHA-256 over a zero byte and `header`.")
    checkpoint: int | None = Field(
        description="The size of the first signed checkpoint that covers it; null: none does yet, which passes within "
        "a second."
    )


class RecordDetailsShape(RecordLineShape):
    """A record, with all that it holds. What the reader's role doesn't show is null, and the answer's header
    `Credence-Withheld` lists it."""

    account: str | None = Field(description="The customer's number.")
    subject: str | None = Field(description="What it is about: the case's number, the id of a person or key.")
    request: str | None = Field(description="The request as it was received, byte for byte.")
    answer: str | None = Field(description="The answer as it was sent, byte for byte.")
    act: str | None = Field(description="Of what is no decision: what was set, tried or exported.")
    gone: GoneShape | None = Field(description="Why all of this is null; null: it is there.")
    header: str = Field(description="The header's text, as it stands in the log.")
    proof: ProofStateShape
