"""A kind of case is decided only where some rule can give its caution outcome or worse; else a person has to look at
it, in every form a rule set is run in. Sets with every combination of outcomes for each kind of case."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import pytest

from engine.explaining.explain import explain
from engine.pipeline import Engine, load
from engine.ruleset.ruleset import NO_RULES
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import EPOCH
from receivables.backtest.replay import decider
from receivables.items import dated_item
from receivables.payment_record import ReceivablesByDay, facts_at_issue
from tests.receivables.backtest.test_backtest import MAP
from tests.support.policy_files import whole_set
from tests.support.small_policies import AS_OF, HEAD, REASON, engine_of
from tests.support.sql_against_engine import compare_decisions, on_duckdb
from tests.support.steps import one_in

pytest.importorskip("duckdb")


def rules(kind: str, outcomes: tuple[str, ...]) -> str:
    """One rule that never fires, and one that always does, for each outcome."""
    head = HEAD.replace("decides: account", f"decides: {kind}")
    own = f"{kind}.id"
    lines = [
        f"  {name}-{index}: {{when: '{own} {test} \"none\"', then: {outcome}, if_missing: ignore, reason: {REASON}}}\n"
        for index, outcome in enumerate(outcomes)
        for name, test in (("never", "="), ("fires", "!="))
    ]
    return head + (f"rules:\n{''.join(lines)}" if lines else "values: {x: 1}\n")


def sets() -> list[tuple[str, tuple[str, ...]]]:
    """Without a rule, and with up to two outcomes of each ladder."""
    return [
        (kind.name, outcomes)
        for kind in CASE_KINDS.values()
        for size in (0, 1, 2)
        for outcomes in combinations(kind.ladder, size)
    ]


def example(engine: Engine, kind: str) -> dict[str, dict[str, object]]:
    facts: dict[str, dict[str, object]] = {}
    for fact in engine.vocabulary.of_case(kind):
        facts.setdefault(fact.group, {})[fact.name.partition(".")[2]] = fact.example
    return facts


@pytest.mark.parametrize(("kind", "outcomes"), one_in(4, sets()), ids=str)
def test_nothing_passes_that_no_rule_could_have_stopped(kind: str, outcomes: tuple[str, ...]) -> None:
    case = CASE_KINDS[kind]
    severities = [case.severity(outcome) for outcome in outcomes]
    is_decided = max(severities, default=0) >= case.severity(case.caution)
    expected = case.ladder[max(severities)] if is_decided else case.caution
    engine = engine_of("", head=rules(kind, outcomes))
    facts = example(engine, kind)
    ruleset = engine.ruleset(kind, AS_OF)

    decision = engine.decide(kind, facts, AS_OF, "1")
    explained = explain(engine, kind, facts, AS_OF, "1").decision

    assert ruleset.is_decided is is_decided
    assert (decision.outcome, explained) == (expected, decision)
    assert [reason.rule for reason in decision.reasons].count(NO_RULES) == (not is_decided)
    if not is_decided:
        assert decision.reasons[0].rule == NO_RULES
    bound = engine.bind(kind, facts, AS_OF)
    assert compare_decisions(ruleset, [(tuple(bound), (AS_OF - EPOCH).days)], "duckdb", on_duckdb) == 1
    engine.close()


SWITCHED_OFF = ["false", "switched_on", "[order.amount > 1, switched_on]", "order.amount > 1 and switched_on"]


@pytest.mark.parametrize("condition", SWITCHED_OFF)
def test_a_rule_that_is_switched_off_decides_nothing(condition: str) -> None:
    head = HEAD.replace("decides: account", "decides: order")
    rule = f"then: hold, reason: {REASON}"
    parameters = "parameters: {switched_on: {2000-01-01: false, 2020-01-01: SWITCH}}\nrules:\n"
    approves = f"  a: {{when: order.amount > 0, then: approve, reason: {REASON}}}\n"
    holds = f"  h: {{when: {condition if condition[0] == '[' else repr(condition)}, {rule}}}\n"
    text = head + parameters + holds + approves
    off, on = (engine_of("", head=text.replace("SWITCH", value)) for value in ("false", "true"))
    facts = example(off, "order")

    decision = off.decide("order", facts, AS_OF, "1")
    assert (decision.outcome, [reason.rule for reason in decision.reasons][:1]) == ("hold", [NO_RULES])
    assert on.ruleset("order", AS_OF).is_decided is ("switched_on" in condition)
    off.close()
    on.close()


@pytest.mark.parametrize("outcomes", [found for kind, found in sets() if kind == "order"], ids=str)
def test_a_backtest_says_the_same_one_by_one_and_in_sql(outcomes: tuple[str, ...]) -> None:
    from receivables.backtest.replay_sql import sql_decider

    loaded = load(whole_set({"p": rules("order", outcomes)}))
    assert loaded.engine is not None
    ruleset = loaded.engine.ruleset("order", AS_OF)
    invoice = dated_item("1", "C", 15_000, 15_030, None, 100)
    cases = list(facts_at_issue([invoice], ReceivablesByDay([invoice])))

    one, sql = decider(ruleset, MAP)(cases), sql_decider(ruleset, MAP)(cases)

    caution = CASE_KINDS["order"].severity("hold")
    severities = [CASE_KINDS["order"].severity(outcome) for outcome in outcomes]
    least = 0 if any(severity >= caution for severity in severities) else caution
    assert one == sql
    assert one[0].outcome == CASE_KINDS["order"].ladder[max([least, *severities])]
    assert (NO_RULES in one[0].rules) is bool(least)


def test_each_stretch_of_dates_is_judged_by_itself_and_a_test_can_expect_the_reason() -> None:
    loaded = load(whole_set({"p": rules("order", ("approve",))}))
    assert loaded.engine is not None
    assert [ruleset.case for ruleset in loaded.engine.rulesets() if ruleset.is_decided] == []
    decision = loaded.engine.decide("order", example(loaded.engine, "order"), date(2026, 7, 1), "1")
    assert decision.reasons[0].text.en == (
        "The policies in force have no rule for this case (order) that could give `hold` or worse."
    )
    assert decision.reasons[0].text.zh == "现行政策没有能对此类案件（订单）给出“信用冻结”或更严结果的规则。"
