"""What a decision lacks stands in it once, with all that wait for it; the rules that only wait share a reason."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from datetime import date

import pytest

from engine.deciding.decision import Decision, Lack, Reason
from engine.pipeline import Engine, load
from engine.ruleset.ruleset import FACTS_MISSING
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Fact
from ledger.policies.rules_folder import read_folder
from tests.support.paths import RULES
from tests.support.policy_files import whole_set
from tests.support.small_policies import FACTS, HEAD, decide, engine_of

DAY = date(2026, 7, 1)


@pytest.fixture(scope="module")
def policies() -> Engine:
    loaded = load(read_folder(RULES).policies)
    assert loaded.engine is not None, loaded.diagnostics
    return loaded.engine


def assert_nothing_is_lost(decision: Decision) -> None:
    """Both ways round: who waits for what."""
    forward = {(item.id, name) for item in decision.undetermined for name in item.missing}
    assert {(id_, item.name) for item in decision.missing for id_ in item.needed_by} == forward
    names = [item.name for item in decision.missing]
    assert len(names) == len(set(names))
    undetermined = {item.id: item for item in decision.undetermined}
    reasons = {reason.rule: reason for reason in decision.reasons if reason.missing}
    assert all(undetermined[rule].missing == reason.missing for rule, reason in reasons.items())
    rules = {rule for rule, item in undetermined.items() if not item.ignored}
    assert {reason.rule for reason in decision.reasons if reason.rule in rules} == set(reasons)
    assert_only_what_waits_is_gathered(decision)


def assert_only_what_waits_is_gathered(decision: Decision) -> None:
    """Each rule's reason is shown as it is, or named by the one that says all that it would."""
    shown = decision.shown_reasons
    by_rule = {reason.rule: reason for reason in decision.reasons}
    assert [rule for reason in shown for rule in (reason.rules or [reason.rule])] == in_turn(decision.reasons, shown)
    for reason in shown:
        together = [by_rule[rule] for rule in reason.rules]
        if not together:
            assert reason == by_rule[reason.rule]
            continue
        assert reason.rule == FACTS_MISSING and len(together) > 1
        assert {each.outcome for each in together} == {reason.outcome}
        assert set(reason.missing) == {name for each in together for name in each.missing}
        assert all(each.missing and not each.remedy and not each.waived for each in together)
        lacks = {item.name: item.lack for item in decision.missing}
        assert {lacks[name] for name in reason.missing} == {Lack.FACT}
    waiting = [reason for reason in shown if reason.missing and not reason.remedy and not reason.waived]
    assert len(waiting) <= 1
    assert decision.as_json()["reasons"] == [reason.as_json() for reason in shown]


def in_turn(reasons: Iterable[Reason], shown: Iterable[Reason]) -> list[str]:
    """The rules in the order of the decision's reasons, those of one shown reason together where its first stands."""
    group_of = {rule: reason.rules for reason in shown for rule in reason.rules}
    order: dict[str, None] = {}
    for reason in reasons:
        order.update(dict.fromkeys(group_of.get(reason.rule, (reason.rule,))))
    return list(order)


def test_whatever_facts_are_left_out_each_stands_in_the_list_once_with_all_that_wait(policies: Engine) -> None:
    chance = random.Random(7)
    lengths = set()
    for kind in CASE_KINDS:
        facts = policies.vocabulary.of_case(kind)
        for share in (0.1, 0.3, 0.5, 0.7, 0.9) * 15:
            given = [fact for fact in facts if fact.required or chance.random() < share]
            decision = policies.decide(kind, request_of(given), DAY, "1")
            assert_nothing_is_lost(decision)
            names = {fact.name for fact in given}
            assert not any(item.name in names for item in decision.missing)
            lengths.add(len(decision.missing))
    assert len(lengths) > 10


def request_of(facts: Iterable[Fact]) -> dict[str, dict[str, object]]:
    request: dict[str, dict[str, object]] = {}
    for fact in facts:
        group, _, name = fact.name.partition(".")
        request.setdefault(group, {})[name] = fact.example
    return request


@pytest.mark.parametrize("kind", CASE_KINDS)
def test_a_naive_request_gets_a_short_answer(policies: Engine, kind: str) -> None:
    naive = request_of(fact for fact in policies.vocabulary.of_case(kind) if fact.required)
    decision = policies.decide(kind, naive, DAY, "1")
    assert_nothing_is_lost(decision)
    answer = json.dumps(decision.as_json(), ensure_ascii=False, separators=(",", ":"))
    assert len(decision.missing) >= 3 and len(answer.encode()) < 13_000
    assert len(decision.shown_reasons) <= 2
    for reason in decision.reasons:
        titles = {item.title.en for item in decision.missing if item.title} - {reason.rule}
        without_rule = reason.text.en.partition(":")[2]
        assert not reason.missing or not any(title in without_rule for title in titles)


def test_supplying_all_that_is_missing_leaves_nothing_to_ask_for(policies: Engine) -> None:
    """A form that asks for what the list names comes to an end."""
    facts: dict[str, dict[str, object]] = {"order": {"id": "SO-1", "amount": "100.00"}, "account": {"id": "C-1"}}
    rounds = 0
    while missing := policies.decide("order", facts, DAY, "1").missing:
        for item in missing:
            assert item.lack is Lack.FACT
            group, _, name = item.name.partition(".")
            assert name not in facts[group]
            facts[group][name] = policies.vocabulary.facts[item.name].example
        rounds += 1
    assert 0 < rounds < 6


def test_each_lack_is_told_apart_and_facts_come_in_the_order_of_requests() -> None:
    policy = (
        "parameters: {most: {type: integer, values: {2027-01-01: 5}, title: {en: Most, zh: 上限}}}\n"
        "values:\n"
        "  share: {formula: account.cap / (account.level * 1), title: {en: Share of cap, zh: 占比}}\n"
        "rules:\n"
        "  a: {when: [account.wait > 3, account.points > most], then: review, reason: {en: a, zh: 甲}}\n"
        "  b: {when: share > 2, then: review, reason: {en: a, zh: 甲}}\n"
        "  c: {when: account.cap / (account.level * 1) > 2, then: review, reason: {en: a, zh: 甲}}\n"
        "  d: {when: account.wait > 4, then: review, reason: {en: a, zh: 甲}, if_missing: ignore}\n"
    )
    decision = decide(engine_of(policy), cap="10.00", level=0)

    found = [(item.name, item.lack, item.type, item.unit, item.needed_by) for item in decision.missing]
    assert found == [
        ("account.points", Lack.FACT, "integer", None, ("p.a",)),
        ("account.wait", Lack.FACT, "days", "days", ("p.a", "p.d")),
        ("p.c", Lack.RULE, None, None, ("p.c",)),
        ("p.most", Lack.PARAMETER, "integer", None, ("p.a",)),
        ("p.share", Lack.VALUE, "money", "EUR", ("p.b",)),
    ]
    assert [item.title and item.title.zh for item in decision.missing] == ["积分", "等待天数", None, "上限", "占比"]
    assert [reason.facts for reason in decision.reasons if reason.rule == "p.a"] == [()]


UNSET = "without a value on this date: Most (p.most)"

SHARED = """parameters: {most: {type: integer, values: {2027-01-01: 5}, title: {en: Most, zh: 上限}}}
rules:
  fires: {when: account.level > 1, then: hold, reason: {en: 'It is {account.level}.', zh: 甲}}
  a: {when: account.points > 3, then: hold, reason: {en: a, zh: 甲}}
  b: {when: account.points > most, then: hold, reason: {en: b, zh: 甲}}
  c: {when: account.wait > 3, then: hold, reason: {en: c, zh: 甲}}
  d: {when: account.points > 5, then: hold, reason: {en: d, zh: 甲}}
"""


def test_rules_that_wait_for_facts_share_a_reason() -> None:
    """What else is lacking, and a single one that waits, is said by the rule itself; what fired stands before it."""
    engine = engine_of(SHARED, head=HEAD.replace("account", "order"))
    account: dict[str, object] = {"id": "C-1", "level": 2}
    facts = {"order": {"id": "SO-1", "amount": "1.00"}, "account": account}
    decision = engine.decide("order", facts, DAY, "1")

    assert [reason.rule for reason in decision.reasons] == ["p.fires", "p.a", "p.b", "p.c", "p.d"]
    assert [(reason.rule, reason.outcome, reason.rules, reason.text.en) for reason in decision.shown_reasons] == [
        ("p.fires", "hold", (), "It is 2."),
        ("facts-missing", "hold", ("p.a", "p.c", "p.d"), "3 rules can't be checked, 2 facts are missing."),
        ("p.b", "hold", (), f"p.b: can't be checked, 1 fact is missing; {UNSET}."),
    ]
    fired, together, _ = decision.shown_reasons
    assert together.text.zh == "3 条规则无法检查，缺少 2 项事实。"
    assert together.missing == ("account.points", "account.wait")
    assert together.as_json()["rules"] == ["p.a", "p.c", "p.d"] and "rules" not in fired.as_json()
    alone = engine.decide("order", facts | {"account": account | {"wait": 1, "points": 1}}, DAY, "1")
    assert alone.shown_reasons == alone.reasons and len(alone.reasons) == 2


def test_the_shared_reason_is_in_the_sites_languages() -> None:
    rules = "".join(
        f"  {name}: {{when: account.points > 3, then: review, reason: {{en: a, zh: 甲}}}}\n" for name in "ab"
    )
    facts = FACTS.format(currency="EUR").replace("facts:", "languages: [zh, en]\nfacts:")
    loaded = load(whole_set({"p": f"{HEAD}rules:\n{rules}"}, facts))
    assert loaded.engine is not None, loaded.diagnostics
    decision = decide(loaded.engine)

    [together] = decision.shown_reasons
    assert list(together.text.as_json().items()) == [
        ("zh", "2 条规则无法检查，缺少 1 项事实。"),
        ("en", "2 rules can't be checked, 1 fact is missing."),
    ]
