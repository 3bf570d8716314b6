"""A change of policies from its first draft on: what it says, who worked on it, and what an approval is bound to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from ledger.journal.clock import moment
from ledger.policies.effective_instants import EffectiveInstant
from ledger.policies.findings import Findings


class ProposalState(StrEnum):
    """Where a change stands."""

    DRAFT = "draft"
    """Somebody works on it; what was approved before is void."""

    PROPOSED = "proposed"
    """It passed its gates and waits for approval."""

    APPROVED = "approved"
    """Enough persons approved exactly this."""

    SCHEDULED = "scheduled"
    """It takes effect at its instant."""

    IN_FORCE = "in-force"
    SUPERSEDED = "superseded"
    """Another set took its place."""

    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ProposalKind(StrEnum):
    """What sort of change."""

    FIRST = "first"
    """The first set of a journal."""

    CHANGE = "change"
    ROLLBACK = "rollback"
    """A set that was in force once, put back at once; a second person approves it within a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person's yes to one digest."""

    person: str
    behind: frozenset[str]
    """Who else is behind the key that was used."""

    digest: str
    at: str
    comment: str = ""
    seq: int = -1
    """Of the record that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One change. A value: each act makes another one."""

    number: int
    state: ProposalState = ProposalState.DRAFT
    kind: ProposalKind = ProposalKind.CHANGE
    revision: int = 1
    """Counts edits; a digest of one revision is never that of another."""

    author: str
    """Opaque id of whoever began it."""

    hands: frozenset[str]
    """Everybody whom an edit since the base counts for: none of them approves."""

    title: str
    why: str
    base: str | None
    """Version that it changes; None: there was none."""

    version: str | None = None
    """Of its own files, known once it is proposed."""

    files: Mapping[str, str]
    tests: Mapping[str, str] = field(default_factory=dict)
    effective: EffectiveInstant | None = None
    """From when on; None: as soon as it is activated."""

    acknowledged: Mapping[str, str] = field(default_factory=dict)
    """By item of the findings: why it is no reason against it."""

    findings: Findings | None = None
    """Of this revision."""

    approvals: tuple[Approval, ...] = ()
    """Of any digest; those that count are `standing_approvals`."""

    activation: int | None = None
    """Its place in the activation history."""

    changed_at: str = ""
    seq: int = -1
    """Of the record that began it."""

    @property
    def digest(self) -> str | None:
        """Of everything that an approver sees; None before it is proposed."""
        if self.version is None or self.findings is None:
            return None
        said = {
            "number": self.number,
            "revision": self.revision,
            "version": self.version,
            "base": self.base,
            "title": self.title,
            "why": self.why,
            "effective_at": moment(self.effective.at) if self.effective else None,
            "zone": self.effective.zone if self.effective else None,
            "acknowledged": dict(self.acknowledged),
            "tests": dict(self.tests),
            "findings": self.findings.as_json(),
        }
        canonical = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def standing_approvals(self) -> tuple[Approval, ...]:
        """Those of exactly what it is now."""
        digest = self.digest
        return tuple(each for each in self.approvals if digest is not None and each.digest == digest)

    @property
    def approvals_needed(self) -> int:
        """Persons; of a rollback the second one."""
        if self.kind is ProposalKind.ROLLBACK or self.findings is None:
            return 1
        return self.findings.approvals_needed

    @property
    def is_approved(self) -> bool:
        """By enough persons."""
        return len({each.person for each in self.standing_approvals}) >= self.approvals_needed
