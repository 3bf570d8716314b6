"""What a change does to a kind of case: same, stricter, looser or both; every case shown is decided so by both sets."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from engine.pipeline import Engine, load
from engine.proofs import category
from engine.proofs.category import CategoryOfKind, ChangeCategory, Direction, KnownCase, categorized
from engine.proving.smt.settle import ProofVerdict
from engine.vocabulary.case_kinds import CASE_KINDS
from tests.support.small_invariants import POLICY, files

TODAY = date(2026, 7, 15)

_UNKNOWN = "when: account.insolvent\n    then: reject"
_INSOLVENT = "then: reject\n    reason: {en: Insolvent"
_REGION = "account.region: {type: enum, members: [%s], title: {en: Region, zh: 区}}"
_FACTS = f"currency: EUR\npolicies: [desk]\nfacts:\n  {_REGION}\n...\n"
_REGION_RULE = POLICY.replace("when: open > most\n", 'when: open > most or account.region = "s"\n')

EDITS = {
    "nothing": ("", "", ChangeCategory.SAME),
    "texts": ("Too much., zh: 过多。", "More than enough., zh: 过多。", ChangeCategory.SAME),
    "written-otherwise": ("when: open > most\n", "when: not(open <= most)\n", ChangeCategory.SAME),
    "rule-under-another-name": ("  too-much:", "  much:", ChangeCategory.SAME),
    "covered-rule-dropped": ("when: open > 2 * most", "when: open > 3 * most", ChangeCategory.SAME),
    "higher-limit": ("value: 1000", "value: 2000", ChangeCategory.LOOSER),
    "lower-limit": ("value: 1000", "value: 500", ChangeCategory.STRICTER),
    "milder-outcome": (_INSOLVENT, _INSOLVENT.replace("reject", "hold"), ChangeCategory.LOOSER),
    "unknown-ignored": (_UNKNOWN, _UNKNOWN.replace("then", "if_missing: ignore\n    then"), ChangeCategory.LOOSER),
    "at-least": ("when: open > most\n", "when: open >= most\n", ChangeCategory.STRICTER),
    "both": ("when: open > most\n", "when: open > most - 500 and order.amount < 5000\n", ChangeCategory.BOTH),
    "later-only": ("value: 1000", "value: {2020-01-01: 1000, 2030-01-01: 900}", ChangeCategory.BOTH),
    "from-now-on": ("value: 1000", "value: {2026-01-01: 1000, 2030-01-01: 900}", ChangeCategory.STRICTER),
    "past-only": ("value: 1000", "value: {2000-01-01: 900, 2026-07-15: 1000}", ChangeCategory.SAME),
}  # fmt: skip
"""What is edited in the small policy set, and what that does to orders that are decided on 2026-07-15 or later."""


@cache
def _engine(old: str = "", new: str = "") -> Engine:
    assert not old or POLICY.count(old) >= 1, old
    desk = POLICY.replace(old, new, 1) if old else POLICY
    if "2 * most" in desk and new.startswith("value: {"):
        desk = desk.replace("when: open > 2 * most", "when: open > 2 * 1000")
    loaded = load(files(desk=desk))
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


def _asked(before: Engine, after: Engine, **options: object) -> CategoryOfKind:
    return categorized(before, after, "order", TODAY, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EDITS)
def test_a_change_has_its_category_and_a_case_that_both_decide_so(name: str) -> None:
    old, new, expected = EDITS[name]
    if name == "later-only":
        expected = ChangeCategory.STRICTER  # of what is decided from today on, nothing else
    before, after = _engine(), _engine(old, new)

    found = _asked(before, after)

    assert found.category is expected
    kind = CASE_KINDS["order"]
    for direction, answer in found.answers.items():
        assert answer.verdict is not ProofVerdict.UNDECIDED
        assert (answer.witness is not None) == (answer.verdict is ProofVerdict.REFUTED)
        if answer.witness:
            one, other = (
                engine.decide("order", answer.witness.facts, answer.witness.as_of, "witness").outcome
                for engine in (before, after)
            )
            is_stricter = kind.severity(other) > kind.severity(one)
            assert one != other
            assert is_stricter == (direction is Direction.STRICTER)
    for other_kind in ("invoice", "account"):
        assert categorized(before, after, other_kind, TODAY).category is ChangeCategory.SAME


def test_backwards_it_is_the_other_way_round() -> None:
    old, new, _ = EDITS["higher-limit"]

    assert _asked(_engine(old, new), _engine()).category is ChangeCategory.STRICTER


def test_a_known_case_is_shown_before_one_that_is_found() -> None:
    old, new, _ = EDITS["higher-limit"]
    facts = {"order": {"id": "SO-1", "amount": "1500.00"}, "account": {"id": "C-1", "insolvent": False}}
    known = KnownCase(name="a/between", case="order", as_of=TODAY, facts=facts)

    found = _asked(_engine(), _engine(old, new), known=[known])

    witness = found.answers[Direction.LOOSER].witness
    assert witness is not None
    assert (witness.name, witness.before.outcome, witness.after.outcome) == ("a/between", "hold", "approve")


def test_what_is_not_proved_counts_as_both() -> None:
    old, new, _ = EDITS["higher-limit"]

    for restarts in ((), None):
        found = _asked(_engine(), _engine(old, new), restarts=restarts)
        assert found.category is ChangeCategory.BOTH
        assert {answer.verdict for answer in found.answers.values()} == {ProofVerdict.UNDECIDED}


def test_a_fact_that_only_one_set_has_is_free_for_the_other() -> None:
    after = load(files(facts=_FACTS % "n, s", desk=_REGION_RULE)).engine
    assert after is not None

    found = _asked(_engine(), after)

    assert found.category is ChangeCategory.STRICTER
    assert _asked(after, _engine()).category is ChangeCategory.LOOSER


def test_a_fact_of_another_type_is_compared_where_both_types_hold_it() -> None:
    """What neither type may hold can't be decided by both, and is no case."""
    engines = [load(files(facts=_FACTS % members, desk=_REGION_RULE)).engine for members in ("n, s", "n, s, e")]
    assert engines[0] is not None and engines[1] is not None

    assert _asked(engines[0], engines[1]).category is ChangeCategory.SAME


def test_a_wrong_claim_of_the_solver_shows_no_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is found, both sets decide it before it is said."""
    old, new, _ = EDITS["higher-limit"]
    monkeypatch.setattr(category._BothEngines, "_goes", lambda *_: False)

    found = _asked(_engine(), _engine(old, new), restarts=(0.5,))

    assert all(answer.witness is None for answer in found.answers.values())
    assert found.answers[Direction.LOOSER].verdict is ProofVerdict.UNDECIDED
