"""Actions: a rule that fires asks for its act, one that is waived or can't be worked out asks for nothing."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest

from engine.deciding.decision import Decision
from engine.explaining.explain import explain
from engine.pipeline import Engine, load
from engine.vocabulary.actions import STANDARD_ACTIONS, read_actions
from engine.vocabulary.case_kinds import CaseKindsUnfit
from tests.support.exception_files import exception, with_exceptions
from tests.support.paths import ROOT
from tests.support.policy_files import whole_set
from tests.support.small_policies import AS_OF, FACTS, HEAD, decide, engine_of

RULES = """\
rules:
  points:
    when: account.points > 5
    then: review
    reason: {en: Points, zh: 积分}
    action: {do: notify_insurer, by: account.day + 30, amount: account.cap / 3}
  level:
    when: account.level > 5
    then: restrict
    reason: {en: Level, zh: 级别}
    action: {do: litigate}
  small:
    when: account.cap < 10
    then: good_standing
    if_missing: ignore
    reason: {en: Small, zh: 小}
    action: file_claim
  plain: {when: account.share > 0.5, then: watch, if_missing: ignore, reason: {en: Share, zh: 比例}}
"""
RED = 'account.color = "red"'


def asked(decision: Decision) -> list[tuple[str, str | None, str | None, str]]:
    return [(each.action, each.by, each.amount, each.rule) for each in decision.actions]


def test_each_rule_that_fires_asks_for_its_act_the_most_severe_first() -> None:
    decision = decide(engine_of(RULES), points=7, level=7, cap="5.00", day="2026-07-01", share="0.9")
    assert asked(decision) == [
        ("litigate", None, None, "p.level"),
        ("notify_insurer", "2026-07-31", "1.67", "p.points"),
        ("file_claim", None, None, "p.small"),
    ]
    assert [reason.rule for reason in decision.reasons] == ["p.level", "p.points", "p.plain", "p.small"]
    assert decision.outcome == "restrict"
    assert decision.as_json()["actions"][1] == {  # type: ignore[index]
        "action": "notify_insurer",
        "by": "2026-07-31",
        "amount": "1.67",
        "rule": "p.points",
    }


def test_an_act_beside_the_mildest_outcome_changes_no_outcome() -> None:
    decision = decide(engine_of(RULES), points=5, level=5, cap="9.99", day="2026-07-01")
    assert (decision.outcome, asked(decision)) == ("good_standing", [("file_claim", None, None, "p.small")])
    assert asked(decide(engine_of(RULES), points=5, level=5, cap="10.00", day="2026-07-01")) == []


def test_what_can_t_be_worked_out_of_an_act_is_left_open_and_the_act_stands() -> None:
    assert asked(decide(engine_of(RULES), points=7, cap="50.00")) == [("notify_insurer", None, "16.67", "p.points")]
    assert asked(decide(engine_of(RULES), points=7, day="2026-07-01")) == [
        ("notify_insurer", "2026-07-31", None, "p.points")
    ]


def test_a_rule_that_can_t_be_worked_out_asks_for_nothing_and_is_named() -> None:
    decision = decide(engine_of(RULES), day="2026-07-01")
    assert (decision.outcome, asked(decision)) == ("review", [])
    assert [item.id for item in decision.undetermined] == ["p.points", "p.small", "p.plain"]


def test_a_waived_rule_asks_for_nothing() -> None:
    loaded = load(with_exceptions(RULES, red=exception("p.points", RED)))
    assert loaded.engine is not None, loaded.diagnostics
    assert asked(decide(loaded.engine, points=7, cap="50.00", color="red")) == []
    assert len(decide(loaded.engine, points=7, cap="50.00", color="blue").actions) == 1


def test_an_act_is_asked_for_where_its_rule_counts_and_nowhere_else() -> None:
    loaded = load(with_exceptions(RULES, red=exception("p.points, p.small", RED)))
    assert loaded.engine is not None, loaded.diagnostics
    acting = {"p.points": "notify_insurer", "p.level": "litigate", "p.small": "file_claim"}
    given = {"points": (None, 3, 7), "level": (3, 7), "cap": (None, "5.00", "50.00"), "color": (None, "red", "blue")}
    for values in product(*given.values()):
        facts: dict[str, Any] = dict(zip(given, values, strict=True))
        decision = decide(loaded.engine, **facts)
        counted = [r.rule for r in decision.reasons if not r.missing and not r.waived and r.rule in acting]
        assert [(each.rule, each.action) for each in decision.actions] == [(id_, acting[id_]) for id_ in counted]


def test_an_explanation_says_what_each_rule_asks_for() -> None:
    facts = {"account": {"id": "C-1", "level": 7, "points": 3, "cap": "50.00", "share": "0.9"}}
    explanation = explain(engine_of(RULES), "account", facts, AS_OF, "test")
    rules = {rule.id: rule for policy in explanation.policies for rule in policy.rules}
    assert {id_: rule.action and rule.action.action for id_, rule in rules.items()} == {
        "p.points": None,
        "p.level": "litigate",
        "p.small": None,
        "p.plain": None,
    }
    assert rules["p.level"].as_json()["action"] == {"action": "litigate", "by": None, "amount": None, "rule": "p.level"}


OWN = "actions:\n  call_broker: {en: call the broker, zh: 联系保险经纪}\n"
CALLS = "rules: {a: {when: account.flag, then: watch, reason: {en: a, zh: 甲}, action: call_broker}}\n"


def loaded_with(own: str, policy: str = CALLS) -> tuple[Engine | None, list[str]]:
    found = load(whole_set({"p": HEAD + policy}, FACTS.format(currency="EUR") + own))
    return found.engine, [str(each) for each in found.diagnostics]


def test_a_site_has_actions_of_its_own() -> None:
    engine, said = loaded_with(OWN)
    assert engine is not None, said
    assert asked(decide(engine, flag=True)) == [("call_broker", None, None, "p.a")]
    title = engine.ruleset("account", AS_OF).action_titles["call_broker"]
    assert (title.en, title.zh) == ("call the broker", "联系保险经纪")
    assert list(engine.vocabulary.actions) == [*STANDARD_ACTIONS, "call_broker"]
    assert loaded_with("")[1] == [
        "p.yaml:4:78: N013 there is no action `call_broker` (declare it under `actions` in facts.yaml)"
    ]


def test_a_mistake_among_the_site_s_actions_is_the_only_one_told() -> None:
    """Nobody knows what the site's actions would have been."""
    engine, said = loaded_with("actions:\n  call_broker: {en: call the broker}\n")
    assert engine is None
    assert [each.partition(" ")[2] for each in said] == [
        "P010 the action `call_broker` has no Chinese text (write `zh: …`)"
    ]


def test_an_act_follows_the_parameters_of_its_day() -> None:
    policy = """\
parameters: {notice: {type: days, values: {2026-01-01: 30, 2026-07-01: 10}}}
rules:
  a: {when: account.flag, then: watch, reason: {en: a, zh: 甲}, action: {do: notify_insurer, by: as_of + notice}}
"""
    engine = engine_of(policy)
    days = {date(2026, 6, 30): "2026-07-30", date(2026, 7, 1): "2026-07-11", date(2025, 12, 31): None}
    for day, by in days.items():
        assert asked(decide(engine, day, flag=True)) == [("notify_insurer", by, None, "p.a")]


@pytest.mark.parametrize(("currency", "amount"), [("EUR", "0.67"), ("JPY", "1"), ("KWD", "0.667")])
def test_an_amount_has_the_currency_s_decimals(currency: str, amount: str) -> None:
    action = "{do: litigate, amount: account.cap * 2 / 3}"
    policy = f"rules: {{a: {{when: account.flag, then: watch, reason: {{en: a, zh: 甲}}, action: {action}}}}}\n"
    decision = decide(engine_of(policy, currency=currency), flag=True, cap="1")
    assert asked(decision) == [("litigate", None, amount, "p.a")]


def test_every_standard_action_can_be_asked_for_has_both_titles_and_is_in_the_language_document() -> None:
    page = (ROOT / "docs" / "policy-language.md").read_text(encoding="utf-8")
    for word, title in STANDARD_ACTIONS.items():
        policy = f"rules: {{a: {{when: account.flag, then: watch, reason: {{en: a, zh: 甲}}, action: {word}}}}}\n"
        assert [each.action for each in decide(engine_of(policy), flag=True).actions] == [word]
        assert title.en.strip() != title.zh.strip()
        assert f"`{word}`" in page
    assert {"notify_insurer", "file_claim", "file_proof_of_debt", "draw_guarantee", "litigate"} <= set(STANDARD_ACTIONS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {en: a}", "actions: a: must be"),
        ("A: {en: a, zh: 甲}", "actions: `A` is not a word"),
        ("a: {en: a, zh: 甲}\na: {en: b, zh: 乙}", "a key is written twice"),
        ("[a]", "actions: must be a mapping"),
        ("{", "actions: "),
    ],
)
def test_a_file_of_actions_that_doesn_t_fit_stops_the_process(text: str, said: str) -> None:
    with pytest.raises(CaseKindsUnfit, match=said.replace("[", r"\[")):
        read_actions(text)
