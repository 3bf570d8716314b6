"""The life of a change of policies, as data and one pure verb: `(Proposal, PolicyAct, PolicyDesk) → Proposal`.

    draft ─propose→ proposed ─approve→ approved ─activate→ in force ─→ superseded
      ↑                │  ↑                └─schedule→ scheduled ─(at its instant)→ in force
      └─ edit, withdraw┘  └── fail: another set came between        └─cancel→ approved

An edit of what is proposed or approved makes a draft of it again, with another digest: approvals are void. What may
follow what is the table `MOVES`; what else must hold is asked by one function for each act, below it. Whatever refuses
raises `ActRefused` with the word of its problem.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from ledger.journal.clock import moment
from ledger.policies.duties import Hands
from ledger.policies.effective_instants import EffectiveInstant
from ledger.policies.findings import Findings
from ledger.policies.proposal import Approval, Proposal, ProposalKind, ProposalState


class ActWord(StrEnum):
    """What can be done with a change."""

    EDIT = "edit"
    PROPOSE = "propose"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REJECT = "reject"
    ACTIVATE = "activate"
    SCHEDULE = "schedule"
    CANCEL = "cancel"
    TAKE_EFFECT = "take-effect"
    """At its instant."""
    FAIL = "fail"
    """Another set came between: it is to be looked at again."""
    SUPERSEDE = "supersede"


_DRAFT, _PROPOSED, _APPROVED, _SCHEDULED, _IN_FORCE, _SUPERSEDED, _REJECTED, _WITHDRAWN = ProposalState

_ROWS = (
    (ActWord.EDIT, (_DRAFT, _PROPOSED, _APPROVED), _DRAFT),
    (ActWord.PROPOSE, (_DRAFT,), _PROPOSED),
    (ActWord.WITHDRAW, (_DRAFT, _PROPOSED, _APPROVED), _WITHDRAWN),
    (ActWord.APPROVE, (_PROPOSED,), _PROPOSED),  # or approved, once enough have
    (ActWord.APPROVE, (_IN_FORCE,), _IN_FORCE),  # the second person of a rollback
    (ActWord.REJECT, (_PROPOSED, _APPROVED), _REJECTED),
    (ActWord.ACTIVATE, (_APPROVED,), _IN_FORCE),
    (ActWord.SCHEDULE, (_APPROVED,), _SCHEDULED),
    (ActWord.CANCEL, (_SCHEDULED,), _APPROVED),
    (ActWord.TAKE_EFFECT, (_SCHEDULED,), _IN_FORCE),
    (ActWord.FAIL, (_SCHEDULED,), _PROPOSED),
    (ActWord.SUPERSEDE, (_IN_FORCE,), _SUPERSEDED),
)

MOVES: Mapping[tuple[ProposalState, ActWord], ProposalState] = {
    (state, word): becomes for word, states, becomes in _ROWS for state in states
}
"""(state, act) → state. What isn't here can't be done."""


class ActRefused(Exception):
    """An act that can't be done; `code` is the word of its problem, the message says why and what to do instead."""

    def __init__(self, code: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.code, self.detail, self.members = code, detail, members


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalEdit:
    """What a draft says from now on; None: as before."""

    files: Mapping[str, str] | None = None
    base: str | None = None
    """Version that the files were made from; None: the one in force."""

    tests: Mapping[str, str] | None = None
    title: str | None = None
    why: str | None = None
    effective: EffectiveInstant | None = None
    takes_effect_at_once: bool = False
    """No instant any more."""

    acknowledged: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAct:
    """Who does what."""

    word: ActWord
    by: Hands
    digest: str | None = None
    """What they have seen."""

    comment: str = ""
    revision: int | None = None
    """Which one they edit or propose."""

    edit: ProposalEdit | None = None
    findings: Findings | None = None
    """Of the revision that is proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDesk:
    """What holds at the moment of an act."""

    now: datetime
    version_before: str | None
    """In force just before the change would be."""

    taken: frozenset[datetime] = field(default_factory=frozenset)
    """Instants at which other sets take effect."""


def acted(proposal: Proposal, act: PolicyAct, desk: PolicyDesk) -> Proposal:
    """The change after the act. Raises `ActRefused`."""
    word = act.word
    if word is ActWord.ACTIVATE and proposal.effective is not None:
        word = ActWord.SCHEDULE
    becomes = MOVES.get((proposal.state, word))
    if act.digest is not None and act.digest != proposal.digest:
        raise ActRefused(
            "proposal-changed",
            f"proposal {proposal.number} is not what you looked at: it was edited since; look at it again",
            digest=proposal.digest,
        )
    if becomes is None or (proposal.state is _IN_FORCE and word is ActWord.APPROVE and not _is_rollback(proposal)):
        raise ActRefused("proposal-state", _not_possible(proposal, act))
    guard = _GUARDS.get(word)
    return replace(
        proposal if guard is None else guard(proposal, act, desk), state=_state(word, proposal, act, becomes)
    )


def _not_possible(proposal: Proposal, act: PolicyAct) -> str:
    """What is missing where it waits for approval; else how it stands."""
    if proposal.state is _PROPOSED and act.word is ActWord.ACTIVATE:
        have, need = len(proposal.standing_approvals), proposal.approvals_needed
        void = "; what was approved before the last edit is void" if len(proposal.approvals) > have else ""
        now = f"{have} of {need} persons approved what it says now"
        return f"proposal {proposal.number} waits for approval: {now}{void}"
    return f"proposal {proposal.number} is {proposal.state}, so nobody can {act.word} it"


def _state(word: ActWord, proposal: Proposal, act: PolicyAct, becomes: ProposalState) -> ProposalState:
    if word is not ActWord.APPROVE or becomes is not _PROPOSED:
        return becomes
    persons = {each.person for each in proposal.standing_approvals} | {act.by.person}
    return _APPROVED if len(persons) >= proposal.approvals_needed else _PROPOSED


def _is_rollback(proposal: Proposal) -> bool:
    return proposal.kind is ProposalKind.ROLLBACK


# --- what must hold, act by act --------------------------------------------------------------------------------------


def _edited(proposal: Proposal, act: PolicyAct, desk: PolicyDesk) -> Proposal:
    _require_revision(proposal, act)
    edit = act.edit or ProposalEdit()
    if _is_rollback(proposal):
        raise ActRefused("proposal-state", "a rollback is not edited: it is a set that was in force once")
    effective = None if edit.takes_effect_at_once else edit.effective or proposal.effective
    return replace(
        proposal,
        revision=proposal.revision + 1,
        hands=proposal.hands | act.by.all,
        files=proposal.files if edit.files is None else edit.files,
        tests=proposal.tests if edit.tests is None else edit.tests,
        title=edit.title or proposal.title,
        why=edit.why or proposal.why,
        effective=effective,
        acknowledged=proposal.acknowledged if edit.acknowledged is None else edit.acknowledged,
        base=proposal.base if edit.files is None else edit.base or desk.version_before,
        version=None,
        findings=None,
    )


def _proposed(proposal: Proposal, act: PolicyAct, desk: PolicyDesk) -> Proposal:
    _require_revision(proposal, act)
    found = act.findings
    if found is None or found.version is None or found.mistakes:
        listed = list(found.mistakes) if found else []
        raise ActRefused("policies-have-mistakes", "the files have mistakes; mend them first", mistakes=listed)
    _require_base(proposal, desk)
    if found.version == proposal.base:
        raise ActRefused("proposal-state", "the files are those that are in force; there is nothing to propose")
    _require_instant(proposal, desk)
    if not found.has_solver:
        raise ActRefused(
            "proofs-unavailable", "nothing can be proved here: the solver isn't installed (the extra `proofs`)"
        )
    if found.not_proved:
        said = [f"{each.id} ({each.verdict}{each.why and f': {each.why}'})" for each in found.not_proved]
        raise ActRefused(
            "invariant-not-proved",
            f"what must hold is not proved: {'; '.join(said)}",
            invariants=[each.id for each in found.not_proved],
        )
    open_items = {item: what for item, what in found.items.items() if not proposal.acknowledged.get(item, "").strip()}
    if open_items:
        said = [f"{item} ({what})" for item, what in open_items.items()]
        raise ActRefused(
            "tests-not-acknowledged",
            f"to be mended, or acknowledged in words: {'; '.join(said)}",
            items=list(open_items),
        )
    return replace(proposal, version=found.version, findings=found)


def _approved(proposal: Proposal, act: PolicyAct, desk: PolicyDesk) -> Proposal:
    person = _other_person(proposal, act)
    if not _is_rollback(proposal):
        _require_base(proposal, desk)
    for each in proposal.standing_approvals:
        if each.person == person:
            raise ActRefused("proposal-state", "you have approved it already; another person does")
        if act.by.all & (each.behind | {each.person}):
            raise ActRefused("approver-is-author", "whoever made the key of one approver is no second one")
    approval = Approval(
        person=person,
        behind=act.by.behind,
        digest=proposal.digest or "",
        at=moment(desk.now),
        comment=act.comment,
    )
    return replace(proposal, approvals=(*proposal.approvals, approval))


def _rejected(proposal: Proposal, act: PolicyAct, _: PolicyDesk) -> Proposal:
    _other_person(proposal, act)
    return proposal


def _activated(proposal: Proposal, act: PolicyAct, desk: PolicyDesk) -> Proposal:
    _other_person(proposal, act)
    if not proposal.is_approved:
        have, need = len(proposal.standing_approvals), proposal.approvals_needed
        raise ActRefused("approval-missing", f"{have} of {need} persons approved what it says now")
    _require_base(proposal, desk)
    _require_instant(proposal, desk)
    return proposal


def _other_person(proposal: Proposal, act: PolicyAct) -> str:
    """Who acts. Raises `ActRefused` for nobody in particular, and for everybody who had a hand in the change."""
    if act.by.person is None:
        raise ActRefused("person-needed", "this takes a person: a key of their own, or a name to act for")
    if act.by.all & proposal.hands:
        raise ActRefused(
            "approver-is-author",
            "whoever drafted or edited a change, or made the key by which it was, neither approves, rejects nor "
            "activates it; another person does",
        )
    return act.by.person


def _require_revision(proposal: Proposal, act: PolicyAct) -> None:
    if act.revision is not None and act.revision != proposal.revision:
        raise ActRefused(
            "draft-changed",
            f"the draft is at revision {proposal.revision}, not {act.revision}; read it again",
            revision=proposal.revision,
        )


def _require_base(proposal: Proposal, desk: PolicyDesk) -> None:
    if proposal.base != desk.version_before:
        raise ActRefused(
            "base-moved",
            "another set is in force by then than the one that it changes; edit the draft with files made from it",
            base=proposal.base,
            in_force=desk.version_before,
        )


def require_time(proposal: Proposal, desk: PolicyDesk) -> None:
    """What can be said before the gates take their minutes. Raises `ActRefused`."""
    _require_base(proposal, desk)
    _require_instant(proposal, desk)


def _require_instant(proposal: Proposal, desk: PolicyDesk) -> None:
    instant = proposal.effective
    if instant is None:
        return
    if instant.is_too_near(desk.now):
        raise ActRefused(
            "activation-in-the-past",
            f"{instant.local} is past or nearer than a minute: choose a later one, or none",
        )
    if instant.at in desk.taken:
        raise ActRefused("instant-taken", f"another set takes effect at {instant.local}; choose another instant")


_GUARDS: Mapping[ActWord, Callable[[Proposal, PolicyAct, PolicyDesk], Proposal]] = {
    ActWord.EDIT: _edited,
    ActWord.PROPOSE: _proposed,
    ActWord.APPROVE: _approved,
    ActWord.REJECT: _rejected,
    ActWord.ACTIVATE: _activated,
    ActWord.SCHEDULE: _activated,
}
