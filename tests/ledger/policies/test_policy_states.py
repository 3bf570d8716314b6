"""The life of a change as a pure function: every act in every state, what voids an approval, what each gate refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from ledger.policies.duties import Hands
from ledger.policies.effective_instants import EffectiveInstant
from ledger.policies.findings import Findings, InvariantFinding, findings_of
from ledger.policies.proposal import Approval, Proposal, ProposalKind, ProposalState
from ledger.policies.states import MOVES, ActRefused, ActWord, PolicyAct, PolicyDesk, ProposalEdit, acted

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DESK = PolicyDesk(now=NOW, version_before="base")
EDITOR, APPROVER, OTHER = (Hands(name, name) for name in ("editor", "approver", "other"))
FOUND = Findings(version="new", tests_passed=1)
DRAFT = Proposal(number=7, author="editor", hands=EDITOR.all, title="T", why="W", base="base", files={"a": "b"})


def _acted(
    proposal: Proposal, word: ActWord, by: Hands = APPROVER, desk: PolicyDesk = DESK, **said: object
) -> Proposal:
    if word is ActWord.PROPOSE:
        said.setdefault("findings", FOUND)
    return acted(proposal, PolicyAct(word=word, by=by, **said), desk)  # type: ignore[arg-type]


def _refused(act: Callable[[], object]) -> str:
    with pytest.raises(ActRefused) as refused:
        act()
    return refused.value.code


PROPOSED = _acted(DRAFT, ActWord.PROPOSE, EDITOR)
APPROVED = _acted(PROPOSED, ActWord.APPROVE)


@pytest.mark.parametrize(("state", "word"), list(product(ProposalState, ActWord)))
def test_each_act_in_each_state_does_what_the_table_says_or_is_refused(state: ProposalState, word: ActWord) -> None:
    """`schedule` is what `activate` becomes where there is an instant."""
    if word is ActWord.PROPOSE:
        proposal = replace(DRAFT, state=state)
    else:
        proposal = replace(APPROVED if word in (ActWord.ACTIVATE, ActWord.SCHEDULE) else PROPOSED, state=state)
    becomes = MOVES.get((state, word))
    is_confirmed = (state, word) == (ProposalState.IN_FORCE, ActWord.APPROVE)
    if becomes is None or is_confirmed:
        assert _refused(lambda: _acted(proposal, word)) == "proposal-state"
        return
    after = _acted(proposal, word)
    assert after.state == (ProposalState.APPROVED if word is ActWord.APPROVE else becomes)


def test_whoever_activates_what_was_edited_reads_that_approvals_are_void() -> None:
    again = _acted(_acted(APPROVED, ActWord.EDIT, EDITOR, edit=ProposalEdit(title="Other")), ActWord.PROPOSE, EDITOR)
    with pytest.raises(ActRefused, match=r"0 of 1 persons approved .*; what was approved before the last edit is void"):
        _acted(again, ActWord.ACTIVATE)
    with pytest.raises(ActRefused, match=r"0 of 1 persons approved what it says now$"):
        _acted(PROPOSED, ActWord.ACTIVATE)


def test_the_states_from_which_nothing_leads_are_the_ends() -> None:
    ends = set(ProposalState) - {state for state, _ in MOVES}
    assert ends == {ProposalState.SUPERSEDED, ProposalState.REJECTED, ProposalState.WITHDRAWN}
    assert set(MOVES.values()) >= set(ProposalState) - {ProposalState.DRAFT}


EDITS = {
    "files": ProposalEdit(files={"a": "c"}),
    "tests": ProposalEdit(tests={"t": "u"}),
    "title": ProposalEdit(title="Other"),
    "why": ProposalEdit(why="Other"),
    "effective": ProposalEdit(effective=EffectiveInstant(NOW + timedelta(days=1), "Europe/Berlin")),
    "takes_effect_at_once": ProposalEdit(takes_effect_at_once=True),
    "acknowledged": ProposalEdit(acknowledged={"test:none": "Meant."}),
    "base": ProposalEdit(base="base"),
}


@pytest.mark.parametrize("member", [each.name for each in fields(ProposalEdit)])
def test_whatever_is_edited_voids_what_was_approved_also_where_it_is_edited_back(member: str) -> None:
    after = _acted(APPROVED, ActWord.EDIT, EDITOR, edit=EDITS[member])
    assert (after.state, after.digest, after.standing_approvals) == (ProposalState.DRAFT, None, ())
    again = _acted(after, ActWord.PROPOSE, EDITOR)
    assert again.digest not in (None, APPROVED.digest)
    assert again.standing_approvals == ()
    assert _refused(lambda: _acted(again, ActWord.ACTIVATE, digest=APPROVED.digest)) == "proposal-changed"
    assert (
        _refused(lambda: _acted(replace(again, state=ProposalState.APPROVED), ActWord.ACTIVATE)) == "approval-missing"
    )


HANDS = {
    "the author": EDITOR,
    "another key of the author": Hands("editor", "editor", frozenset({"admin"})),
    "a key that the author made for somebody": Hands("approver", "approver", frozenset({"editor"})),
    "whoever made the author's key": Hands("maker", "maker"),
    "a program": Hands(None, "service:erp"),
    "nobody in particular": Hands(None, "local"),
}


@pytest.mark.parametrize("word", [ActWord.APPROVE, ActWord.REJECT, ActWord.ACTIVATE])
@pytest.mark.parametrize("who", HANDS)
def test_whoever_had_a_hand_in_it_judges_nothing(who: str, word: ActWord) -> None:
    hands = frozenset({"editor", "maker"})
    proposal = replace(APPROVED if word is ActWord.ACTIVATE else PROPOSED, hands=hands)
    code = _refused(lambda: _acted(proposal, word, HANDS[who]))
    assert code == ("person-needed" if HANDS[who].person is None else "approver-is-author")


def test_an_editor_of_a_later_revision_does_not_approve_either() -> None:
    draft = _acted(DRAFT, ActWord.EDIT, OTHER, edit=ProposalEdit(why="A comment."))
    proposal = _acted(draft, ActWord.PROPOSE, EDITOR)
    assert _refused(lambda: _acted(proposal, ActWord.APPROVE, OTHER)) == "approver-is-author"
    assert _acted(proposal, ActWord.APPROVE).state is ProposalState.APPROVED


def _invariant(level: str, verdict: str) -> Findings:
    return replace(FOUND, invariants=(InvariantFinding(id="i", level=level, verdict=verdict),))


GATES = {
    "mistakes": (replace(FOUND, mistakes=("a.yaml:1:1: …",)), "policies-have-mistakes"),
    "no version": (replace(FOUND, version=None), "policies-have-mistakes"),
    "the same files": (replace(FOUND, version="base"), "proposal-state"),
    "no solver": (replace(_invariant("must", "undecided"), has_solver=False), "proofs-unavailable"),
    "a must that is refuted": (_invariant("must", "refuted"), "invariant-not-proved"),
    "a must that ran out of time": (_invariant("must", "undecided"), "invariant-not-proved"),
    "a goal that is refuted": (_invariant("goal", "refuted"), "tests-not-acknowledged"),
    "a test that fails": (replace(FOUND, tests_failed=("orders/large",)), "tests-not-acknowledged"),
    "no tests": (replace(FOUND, tests_passed=0), "tests-not-acknowledged"),
    "a fact that goes": (replace(FOUND, facts_removed=("account.region",)), "tests-not-acknowledged"),
    "a fact that must come": (replace(FOUND, facts_required=("account.region",)), "tests-not-acknowledged"),
}


@pytest.mark.parametrize("gate", GATES)
def test_each_gate_keeps_a_draft_a_draft(gate: str) -> None:
    found, code = GATES[gate]
    assert _refused(lambda: _acted(DRAFT, ActWord.PROPOSE, EDITOR, findings=found)) == code
    acknowledged = replace(DRAFT, acknowledged=dict.fromkeys(found.items, "It is meant."))
    if code == "tests-not-acknowledged":
        assert _acted(acknowledged, ActWord.PROPOSE, EDITOR, findings=found).state is ProposalState.PROPOSED
        blank = replace(DRAFT, acknowledged=dict.fromkeys(found.items, " "))
        assert _refused(lambda: _acted(blank, ActWord.PROPOSE, EDITOR, findings=found)) == code
    else:
        assert _refused(lambda: _acted(acknowledged, ActWord.PROPOSE, EDITOR, findings=found)) == code


def test_findings_are_read_as_they_were_written() -> None:
    found = replace(_invariant("goal", "refuted"), words=("a → b",), categories={"order": "looser"}, flips=("4",))
    assert findings_of(found.as_json()) == found


TWO = {
    "an invariant that may say less": replace(FOUND, invariants_weakened=("i",)),
    "another vocabulary": replace(FOUND, vocabulary_changed=True),
    "a goal that nobody decided": _invariant("goal", "undecided"),
}


@pytest.mark.parametrize("why", TWO)
def test_some_changes_need_two_persons_who_are_two(why: str) -> None:
    draft = replace(DRAFT, acknowledged={"goal:i": "Known."})
    one = _acted(_acted(draft, ActWord.PROPOSE, EDITOR, findings=TWO[why]), ActWord.APPROVE)
    assert one.state is ProposalState.PROPOSED
    assert _refused(lambda: _acted(one, ActWord.APPROVE)) == "proposal-state"
    twin = Hands("other", "other", frozenset({"approver"}))
    assert _refused(lambda: _acted(one, ActWord.APPROVE, twin)) == "approver-is-author"
    both = _acted(one, ActWord.APPROVE, OTHER)
    assert (both.state, len(both.standing_approvals)) == (ProposalState.APPROVED, 2)


def test_another_set_in_between_stops_every_step() -> None:
    moved = replace(DESK, version_before="another")
    for proposal, word, by in ((DRAFT, ActWord.PROPOSE, EDITOR), (PROPOSED, ActWord.APPROVE, APPROVER),
                               (APPROVED, ActWord.ACTIVATE, APPROVER)):  # fmt: skip
        assert _refused(lambda p=proposal, w=word, b=by: _acted(p, w, b, moved)) == "base-moved"  # type: ignore[misc]
    rebased = _acted(APPROVED, ActWord.EDIT, EDITOR, moved, edit=ProposalEdit(files={"a": "c"}))
    assert rebased.base == "another"
    kept = _acted(APPROVED, ActWord.EDIT, EDITOR, moved, edit=ProposalEdit(files={"a": "c"}, base="base"))
    assert _refused(lambda: _acted(kept, ActWord.PROPOSE, EDITOR, moved)) == "base-moved"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(-86_400, "activation-in-the-past"), (10, "activation-in-the-past"), (59, "activation-in-the-past"), (61, None)],
)
def test_an_instant_is_a_minute_away_and_nobody_else_s(seconds: int, code: str | None) -> None:
    instant = EffectiveInstant(NOW + timedelta(seconds=seconds), "UTC")
    draft = replace(DRAFT, effective=instant)
    if code is not None:
        assert _refused(lambda: _acted(draft, ActWord.PROPOSE, EDITOR)) == code
        return
    proposal = _acted(_acted(draft, ActWord.PROPOSE, EDITOR), ActWord.APPROVE)
    assert _acted(proposal, ActWord.ACTIVATE).state is ProposalState.SCHEDULED
    taken = replace(DESK, taken=frozenset({instant.at}))
    assert _refused(lambda: _acted(proposal, ActWord.ACTIVATE, desk=taken)) == "instant-taken"
    late = replace(DESK, now=NOW + timedelta(seconds=30))
    assert _refused(lambda: _acted(proposal, ActWord.ACTIVATE, desk=late)) == "activation-in-the-past"


def test_an_approval_of_another_digest_never_counts() -> None:
    forged = replace(PROPOSED, state=ProposalState.APPROVED, approvals=(
        Approval(person="approver", behind=frozenset(), digest="0" * 64, at=""),
    ))  # fmt: skip
    assert _refused(lambda: _acted(forged, ActWord.ACTIVATE)) == "approval-missing"


def test_a_rollback_in_force_takes_a_second_person_and_nothing_else_does() -> None:
    back = replace(PROPOSED, kind=ProposalKind.ROLLBACK, state=ProposalState.IN_FORCE)
    assert _refused(lambda: _acted(back, ActWord.APPROVE, EDITOR)) == "approver-is-author"
    assert _acted(back, ActWord.APPROVE).is_approved
    assert _refused(lambda: _acted(back, ActWord.EDIT, EDITOR)) == "proposal-state"
