"""The shapes of drafts, proposals and the activation history, sent and answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from api.http.answers import FileName, Shape, Version
from ledger.policies.proposal import ProposalKind, ProposalState

Words = Annotated[str, Field(min_length=1, max_length=2_000)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="Of the proposal as it was looked at.")]
_Tests = Annotated[
    dict[str, str],
    Field(max_length=200, description="File name → text of the set's policy tests, which are run."),
]
_Files = Annotated[
    dict[FileName, str],
    Field(
        min_length=1,
        max_length=200,
        description="The whole set: file name, such as `orders.yaml` or `lists/banks.csv` → its text.",
        json_schema_extra={"additionalProperties": False},
    ),
]
_Acknowledged = Annotated[
    dict[Annotated[str, Field(max_length=300)], Words],
    Field(max_length=500, description="Item of the findings, such as `test:orders/large` → why it is meant."),
]
_On = Annotated[str, Field(description="The day from which on it decides, 00:00 at the site.", max_length=40)]
_At = Annotated[str, Field(description="The moment, local at the site or with its offset.", max_length=40)]


def _without_null(schema: JsonDict) -> None:
    """What is left out has no word of its own in a request, so none stands in the document."""
    given: Any = schema.pop("anyOf")
    schema.update(next(each for each in given if each != {"type": "null"}))
    schema.pop("default", None)


_LEFT_OUT = Field(json_schema_extra=_without_null)

ActivationKind = TypeAliasType("ActivationKind", Literal["first", "watch", "approved", "rollback", "engine"])
"""How a set took effect: the first one, saved in the watched folder, approved, put back, or by a new release."""


class BeginDraftRequest(BaseModel):
    """A change of the policies in force: the whole set as it is to be."""

    model_config = ConfigDict(extra="forbid")

    title: Words
    why: Words
    files: _Files
    tests: _Tests = {}
    base: Version | None = Field(
        default=None, description="The version that the files were made from; the one in force."
    )
    on: _On | None = None
    at: _At | None = None
    acknowledged: _Acknowledged = {}


class EditDraftRequest(BaseModel):
    """What the draft says from now on; what isn't sent stays. Approvals are void."""

    model_config = ConfigDict(extra="forbid")

    title: Words | None = None
    why: Words | None = None
    files: Annotated[_Files | None, _LEFT_OUT] = None
    tests: Annotated[_Tests | None, _LEFT_OUT] = None
    base: Version | None = Field(
        default=None, description="The version that the files were made from; the one in force."
    )
    on: _On | None = None
    at: _At | None = None
    at_once: bool = Field(default=False, description="From its activation on, at no instant.")
    acknowledged: Annotated[_Acknowledged | None, _LEFT_OUT] = None

    @field_validator("files", "tests", "acknowledged", mode="before")
    @classmethod
    def _is_said(cls, value: object) -> object:
        if value is None:
            raise PydanticCustomError("null", "is null; leave it out, and it stays as it is")
        return value


class ActOnProposalRequest(BaseModel):
    """Which proposal, as it was looked at."""

    model_config = ConfigDict(extra="forbid")

    digest: Digest
    comment: str = Field(default="", max_length=2_000, description="In the record; of a refusal, why.")


class RollBackRequest(BaseModel):
    """Which set is to decide again, and why."""

    model_config = ConfigDict(extra="forbid")

    version: Version
    why: Words
    acknowledged: _Acknowledged = {}


class EffectiveShape(Shape):
    """From when on a set decides."""

    at: datetime
    local: str = Field(description="At the site, with its offset.")
    zone: str = Field(examples=["Europe/Berlin"])


class InvariantFindingShape(Shape):
    """What came of one invariant."""

    id: str
    level: Literal["must", "goal"]
    verdict: Literal["proved", "refuted", "undecided"]
    why: str


class FindingsShape(Shape):
    """What the gates found out, held against the set that it changes."""

    version: Version | None
    mistakes: list[str]
    tests_passed: int
    tests_failed: list[str]
    has_solver: bool
    invariants: list[InvariantFindingShape]
    facts_removed: list[str] = Field(description="Requests that send them are refused then.")
    facts_required: list[str] = Field(description="Requests without them are refused then.")
    vocabulary_changed: bool
    invariants_weakened: list[str] = Field(description="Gone, or with other words than before.")
    words: list[str] = Field(description="What changes, line by line.")
    categories: dict[str, str] = Field(description="By kind of case: same, stricter, looser, both.")
    flips: list[str] = Field(description="What would be decided otherwise, where somebody has looked.")
    items: dict[str, str] = Field(description="What is to be acknowledged, and what it is.")


class ApprovalShape(Shape):
    """A person's yes."""

    who: str
    at: datetime
    comment: str
    counts: bool = Field(description="False: the proposal was edited since, so it is void.")


class EditShape(Shape):
    """One revision of a draft."""

    revision: int
    who: str
    at: datetime
    files: list[str] = Field(description="That it changed.")


class ProposalShape(Shape):
    """A change of the policies, from its first draft on."""

    number: int
    state: ProposalState
    kind: ProposalKind
    revision: int
    digest: str | None = Field(description="What an approval is bound to; null before it is proposed.")
    title: str
    why: str
    author: str
    base: Version | None = Field(description="The set that it changes.")
    base_moved: bool = Field(description="Another set is in force by then.")
    version: Version | None
    name: str | None = Field(description="Once it was in force.", examples=["Credit policy 2026-07, v14"])
    activation: int | None
    effective: EffectiveShape | None = Field(description="null: as soon as it is activated.")
    acknowledged: dict[str, str]
    findings: FindingsShape | None
    approvals_needed: int
    approvals: list[ApprovalShape]
    edits: list[EditShape]
    changed_at: datetime
    may_be: list[str] = Field(description="What can be done with it in this state.", examples=[["approve", "reject"]])


class DraftShape(Shape):
    """A draft with its texts."""

    proposal: ProposalShape
    files: dict[str, str]
    tests: dict[str, str]


class ProposalsShape(Shape):
    """Changes of the policies, the newest first."""

    proposals: list[ProposalShape]


class ActivationShape(Shape):
    """A set took effect."""

    number: int
    name: str = Field(examples=["Credit policy 2026-07, v14"])
    version: Version
    from_at: datetime
    kind: ActivationKind
    proposal: int | None
    author: str | None
    approvers: list[str]
    who: str = Field(description="Who put it into force.")
    in_force: bool


class ActivationsShape(Shape):
    """The activation history, the first set first."""

    activations: list[ActivationShape]


class PolicyVersionShape(Shape):
    """The texts of a set that is kept."""

    version: Version
    files: dict[str, str]


PROPOSAL_REQUESTS: tuple[type[BaseModel], ...] = (
    BeginDraftRequest,
    EditDraftRequest,
    ActOnProposalRequest,
    RollBackRequest,
)
"""What is sent."""
