"""What the gates find out about a set by real checks, tests and proofs; nothing that failed counts as passed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from api import policy_findings, proof_job
from api.policy_findings import PolicyExaminer, examine
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.policies.check_limits import CheckLimits
from ledger.policies.duties import Hands
from ledger.policies.findings import Findings
from ledger.policies.proposal import Proposal
from ledger.policies.states import ActRefused, ActWord, PolicyAct, PolicyDesk, acted
from tests.ledger.policies.test_policy_states import DESK
from tests.support.policy_acts import TEST, orders_with
from tests.support.running_service import FACTS, ORDERS

INVARIANTS = """\
large-never-passes:
  title: {en: Large orders wait, zh: 大额订单冻结}
  level: must
  case: order
  given: order.amount > 10000
  then: {outcome: hold}
small-passes-or-waits:
  title: {en: A goal, zh: 目标}
  level: goal
  case: order
  given: order.amount > 30000
  then: {outcome: hold}
...
"""
BEFORE = {"rules/facts.yaml": FACTS, "rules/orders.yaml": ORDERS, "rules/invariants.yaml": INVARIANTS}
TESTS = {"rules/cases/limits.yaml": TEST}


def _with(limit: int, **more: str) -> dict[str, str]:
    return {
        **BEFORE,
        "rules/orders.yaml": orders_with(limit),
        **{f"rules/{name}.yaml": text for name, text in more.items()},
    }


def _examined(files: dict[str, str], seconds: float = 60) -> Findings:
    return asyncio.run(PolicyExaminer(seconds).examined(files, TESTS, BEFORE))


def _proposed(found: Findings, desk: PolicyDesk = DESK) -> str:
    draft = Proposal(
        number=1, author="e", hands=frozenset({"e"}), title="t", why="w", base=desk.version_before, files={}
    )
    try:
        return acted(draft, PolicyAct(word=ActWord.PROPOSE, by=Hands("e", "e"), findings=found), desk).state
    except ActRefused as refused:
        return refused.code


def test_a_must_is_proved_or_keeps_the_change_a_draft() -> None:
    stricter, looser = _examined(_with(9000)), _examined(_with(20000))
    assert (stricter.mistakes, looser.mistakes) == ((), ())
    assert [(each.id, each.verdict) for each in stricter.invariants] == [
        ("large-never-passes", "proved"),
        ("small-passes-or-waits", "proved"),
    ]
    assert (stricter.words, _proposed(stricter)) == (("orders.limit: 10,000 → 9,000",), "proposed")
    assert [each.verdict for each in looser.invariants] == ["refuted", "proved"]
    assert looser.invariants[0].why == "a case is decided approve"
    assert _proposed(looser) == "invariant-not-proved"
    everything = replace(looser, tests_failed=())
    assert _proposed(replace(everything, invariants=stricter.invariants)) == "proposed"


def test_approvers_see_what_a_change_does_to_outcomes_and_to_the_policy_tests() -> None:
    stricter = _examined(_with(9000))
    assert stricter.categories["order"] == "stricter"
    assert {name for name, word in stricter.categories.items() if word == "same"} == set(CASE_KINDS) - {"order"}
    assert stricter.flips == ("none of 1 policy tests is decided otherwise",)
    looser = examine({name: text.encode() for name, text in _with(60000).items()}, TESTS, BEFORE)
    assert looser.findings.flips == ("order: hold → approve: 1 of 1 policy tests, 50000.00 EUR",)
    assert [each.case for each in looser.kinds if each.is_open] == ["order"]


def test_what_a_change_does_is_both_where_no_solver_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_job, "is_there", lambda: False)
    assert _examined(_with(9000)).categories["order"] == "both"


def test_what_ran_out_of_time_or_found_no_solver_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_job, "limits_for", lambda _: CheckLimits(processor_seconds=0.01, seconds=0.01))
    late = _examined(_with(9000))
    assert {each.verdict for each in late.invariants} == {"undecided"}
    assert _proposed(late) == "invariant-not-proved"
    monkeypatch.setattr(proof_job, "is_there", lambda: False)
    without = _examined(_with(9000))
    assert (without.has_solver, _proposed(without)) == (False, "proofs-unavailable")


def test_what_can_not_be_checked_in_time_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_findings, "LIMITS", CheckLimits(processor_seconds=0.001, seconds=0.001))
    found = _examined(_with(9000))
    assert (found.version, _proposed(found)) == (None, "policies-have-mistakes")


WEAKER = {
    "gone": INVARIANTS.partition("small-passes")[0] + "...\n",
    "a goal now": INVARIANTS.replace("level: must", "level: goal"),
    "given says less": INVARIANTS.replace("order.amount > 10000", "order.amount > 11000"),
    "then says less": INVARIANTS.replace("then: {outcome: hold}", "then: {outcome: approve}", 1),
}


@pytest.mark.parametrize("how", WEAKER)
def test_an_invariant_that_may_say_less_takes_two_persons(how: str) -> None:
    files = {name: text.encode() for name, text in _with(9000, invariants=WEAKER[how]).items()}
    found = examine(files, TESTS, BEFORE).findings
    assert found.version is not None, found.mistakes
    assert len(found.invariants_weakened) == 1
    assert found.approvals_needed == 2


def test_other_words_of_an_invariant_and_other_places_are_no_weaker_invariant() -> None:
    reworded = INVARIANTS.replace("Large orders wait", "Nothing large passes").replace(
        "large-never", "# …\nlarge-never"
    )
    files = {name: text.encode() for name, text in _with(9000, invariants=reworded).items()}
    assert examine(files, TESTS, BEFORE).findings.invariants_weakened == ()


def test_facts_that_come_and_go_are_told() -> None:
    region = "facts:\n  account.region: {type: text, title: {en: Region, zh: 地区}, example: north}\n"
    required = region.replace("type: text", "type: text, required: true")
    with_it, must = (FACTS.replace("facts: {}\n", each) for each in (region, required))
    files = {name: text.encode() for name, text in _with(9000, facts=must).items()}
    tests = {name: text.replace("{id: C-1}", "{id: C-1, region: north}") for name, text in TESTS.items()}
    found = examine(files, tests, {**BEFORE, "rules/facts.yaml": with_it}).findings
    assert found.mistakes == ()
    assert (found.facts_required, found.facts_removed, found.vocabulary_changed) == (("account.region",), (), True)
    back = {name: text.encode() for name, text in BEFORE.items()}
    gone = examine(back, TESTS, {**BEFORE, "rules/facts.yaml": with_it}).findings
    assert (gone.facts_removed, gone.facts_required) == (("account.region",), ())
    assert "fact:account.region" in gone.items
