"""Sound policies beside what they decide: tables, scorecards, missing inputs, units, reasons, and their order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from typing import Any

import pytest

from engine.ruleset.ruleset import NO_RULES
from engine.vocabulary.case_kinds import CASE_KINDS
from tests.support.paths import ROOT
from tests.support.small_policies import AS_OF, FACTS, HEAD, decide, engine_of, results


def table(hit: str, *rows: str, outputs: str = "") -> str:
    written = "".join(f"    - {row}\n" for row in rows)
    return f"table:\n  hit: {hit}\n{outputs and f'  outputs: {outputs}'}{outputs and chr(10)}  rows:\n{written}"


def value(formula: str, facts: dict[str, object] | None = None, type_: str = "", as_of: date = AS_OF) -> Any:
    """What a value with this formula is worth."""
    typed = f", type: {type_}" if type_ else ""
    return results(f"values:\n  x: {{formula: '{formula}'{typed}}}\n", facts, as_of)["x"]


# --- hit policies: hits, no hit, unknown rows ------------------------------------------------------------------------

LOW = '{when: {account.points: "< 5"}, then: {x: 1}}'
HIGH = '{when: {account.points: ">= 5"}, then: {x: 2}}'
RED = "{when: {account.color: red}, then: {x: 10}}"
ANY = "{when: {}, then: {x: 7}}"
STOP = '{when: {account.points: "> 6"}, then: {x: stop}}'
WARN = '{when: {account.points: "> 3"}, then: {x: warn}}'
NONE = "{when: {}, then: {x: none}}"
ORDER = "{x: {order: [stop, warn, none]}}"

UNIQUE = table("unique", LOW, HIGH)
AGREE = table(
    "any", LOW, '{when: {account.points: "[5..9]"}, then: {x: 2}}', '{when: {account.points: "> 7"}, then: {x: 2}}'
)
FIRST = table("first", LOW, RED, ANY)
PRIORITY = table("priority", NONE, WARN, STOP, outputs=ORDER)
RULE_ORDER = table("rule-order", NONE, WARN, STOP)
OUTPUT_ORDER = table("output-order", NONE, WARN, STOP, outputs=ORDER)
COLLECT = table("collect", LOW, RED, ANY)
SUM, LEAST, MOST, COUNT = (table(f"collect {how}", LOW, RED) for how in ("sum", "min", "max", "count"))


@pytest.mark.parametrize(
    ("policy", "facts", "x"),
    [
        (UNIQUE, {"points": 4}, "1"),
        (UNIQUE, {"points": 5}, "2"),
        (UNIQUE, {}, None),
        (AGREE, {"points": 4}, "1"),
        (AGREE, {"points": 8}, "2"),
        (AGREE, {}, None),
        (FIRST, {"points": 4}, "1"),
        (FIRST, {"points": 5, "color": "red"}, "10"),
        (FIRST, {"points": 5, "color": "blue"}, "7"),
        (FIRST, {"points": 4, "color": None}, "1"),  # the unknown row stands behind the one that is hit
        (FIRST, {"color": "red"}, None),  # the unknown row stands ahead
        (FIRST, {"points": 5}, None),
        (PRIORITY, {"points": 7}, "stop"),
        (PRIORITY, {"points": 4}, "warn"),
        (PRIORITY, {"points": 0}, "none"),
        (PRIORITY, {}, None),
        (RULE_ORDER, {"points": 7}, ["none", "warn", "stop"]),
        (RULE_ORDER, {"points": 0}, ["none"]),
        (RULE_ORDER, {}, None),
        (OUTPUT_ORDER, {"points": 7}, ["stop", "warn", "none"]),
        (OUTPUT_ORDER, {"points": 4}, ["warn", "none"]),
        (OUTPUT_ORDER, {}, None),
        (COLLECT, {"points": 4, "color": "red"}, ["1", "10", "7"]),
        (COLLECT, {"points": 5, "color": "blue"}, ["7"]),
        (COLLECT, {"points": 5}, None),
        (SUM, {"points": 4, "color": "red"}, "11"),
        (SUM, {"points": 5, "color": "blue"}, "0"),
        (SUM, {"points": 4}, None),
        (LEAST, {"points": 4, "color": "red"}, "1"),
        (LEAST, {"points": 5, "color": "red"}, "10"),
        (LEAST, {"points": 5, "color": "blue"}, None),
        (LEAST, {"points": 4}, "1"),  # the unknown row would give no less
        (LEAST, {"color": "red"}, None),
        (MOST, {"points": 4, "color": "red"}, "10"),
        (MOST, {"points": 4, "color": "blue"}, "1"),
        (MOST, {"points": 5, "color": "blue"}, None),
        (MOST, {"points": 4}, None),
        (MOST, {"color": "red"}, "10"),  # the unknown row would give no more
        (COUNT, {"points": 4, "color": "red"}, 2),
        (COUNT, {"points": 5, "color": "blue"}, 0),
        (COUNT, {"color": "red"}, None),
    ],
)
def test_each_hit_policy(policy: str, facts: dict[str, object], x: object) -> None:
    assert results(policy, facts)["x"] == x


@pytest.mark.parametrize("policy", [UNIQUE, AGREE, PRIORITY, RULE_ORDER, COLLECT, SUM, LEAST])
def test_an_unknown_table_names_the_fact_that_is_missing(policy: str) -> None:
    undetermined = decide(engine_of(policy), color="red").undetermined
    assert [(item.id, item.missing, item.ignored) for item in undetermined] == [("p.table", ("account.points",), False)]


def test_a_table_longer_than_a_chain_finds_each_of_its_rows() -> None:
    rows = [f"{{when: {{account.wait: {number}}}, then: {{x: {number * 3}}}}}" for number in range(99)]
    last = '{when: {account.wait: "> 98"}, then: {x: -1}}'
    for hit in ("unique", "first"):
        engine = engine_of(table(hit, *rows, last))
        found = [decide(engine, wait=number).results["p"]["x"] for number in range(100)]
        assert found == [*(str(number * 3) for number in range(99)), "-1"]
        assert decide(engine).results["p"]["x"] is None


def test_a_column_that_asks_for_null_says_what_a_missing_value_means() -> None:
    policy = table("first", "{when: {account.points: null}, then: {x: 0}}", LOW, ANY)
    assert [results(policy, facts)["x"] for facts in ({}, {"points": 1}, {"points": 6})] == ["0", "1", "7"]
    assert decide(engine_of(policy)).undetermined == ()


def test_in_such_a_column_only_the_column_s_own_missing_value_is_a_no() -> None:
    policy = table(
        "first",
        "{when: {account.points: null}, then: {x: 0}}",
        '{when: {account.points: "> account.wait / @\\"P1D\\""}, then: {x: 1}}',
        ANY,
    )
    assert results(policy, {"wait": 5})["x"] == "0"
    assert results(policy, {"points": 6, "wait": 5})["x"] == "1"
    assert results(policy, {"points": 6})["x"] is None
    assert decide(engine_of(policy), points=6).undetermined[0].missing == ("account.wait",)


def test_not_of_a_missing_value_is_not_true_either() -> None:
    policy = table(
        "first", "{when: {account.color: null}, then: {x: 0}}", '{when: {account.color: "not(red)"}, then: {x: 1}}', ANY
    )
    assert [results(policy, facts)["x"] for facts in ({}, {"color": "red"}, {"color": "blue"})] == ["0", "7", "1"]
    known = table("first", '{when: {account.color: "not(null)"}, then: {x: 1}}', ANY)
    assert [results(known, facts)["x"] for facts in ({}, {"color": "red"})] == ["7", "1"]


def test_outputs_are_rounded_to_their_types_in_lists_too() -> None:
    policy = table(
        "collect",
        '{when: {}, then: {x: "= account.cap * 0.333"}}',
        "{when: {}, then: {x: 1}}",
        outputs="{x: {type: money}}",
    )
    assert results(policy, {"cap": "1.00"})["x"] == ["0.33", "1.00"]


# --- scorecards ------------------------------------------------------------------------------------------------------

SCORECARD = """scorecard:
  total: score
  criteria:
    liquid: {input: account.ratio, bands: {"< 1": 0, "[1..1.5)": 8, ">= 1.5": 15, null: 4}}
    near: {input: account.region, bands: {north: 5, "not(north, null)": 1, null: 2}}
"""


@pytest.mark.parametrize(
    ("facts", "points"),
    [
        ({"ratio": "0.999999", "region": "north"}, ("0", "5", "5")),
        ({"ratio": 1, "region": "south"}, ("8", "1", "9")),
        ({"ratio": "1.499999"}, ("8", "2", "10")),
        ({"ratio": "1.5"}, ("15", "2", "17")),
        ({}, ("4", "2", "6")),
    ],
)
def test_a_scorecard_adds_up_its_bands(facts: dict[str, object], points: tuple[str, str, str]) -> None:
    found = results(SCORECARD, facts)
    assert (found["liquid"], found["near"], found["score"]) == points


# --- dated parameters ------------------------------------------------------------------------------------------------

DATED = """parameters: {top: {2026-01-01: 100, 2026-07-01: 200}}
values: {x: if account.cap > top then 1 else 0}
rules:
  r: {when: account.cap > top, then: review, reason: {en: "Above {top}.", zh: "超过 {top}。"}}
"""


@pytest.mark.parametrize(("day", "x"), [(date(2026, 1, 1), "1"), (date(2026, 6, 30), "1"), (date(2026, 7, 1), "0")])
def test_the_parameter_in_force_counts(day: date, x: str) -> None:
    assert results(DATED, {"cap": "150.00"}, day)["x"] == x


def test_before_its_first_date_a_parameter_is_missing() -> None:
    decision = decide(engine_of(DATED), date(2025, 12, 31), cap="150.00")
    assert decision.outcome == "review"
    assert [(item.id, item.missing) for item in decision.undetermined] == [("p.r", ("p.top",))]
    assert decision.reasons[0].missing == ("p.top",)
    assert decision.results["p"]["x"] is None


# --- FEEL in policies ------------------------------------------------------------------------------------------------

N, U = None, {"points": None}


@pytest.mark.parametrize(
    ("formula", "facts", "expected"),
    [
        ("account.region = north", {"region": "north"}, True),
        ('account.region = "north"', {"region": "south"}, False),
        ("account.region != north", {}, N),
        ("account.region in [north, south]", {"region": "south"}, True),
        ("account.region in [north, null]", {}, True),
        ("account.region in [north, null]", {"region": "south"}, False),
        ("account.points in [1..3]", {"points": 3}, True),
        ("account.points in (1..3)", {"points": 3}, False),
        ("account.points in (< 2, > 8)", {"points": 9}, True),
        ("account.points in (< 2, > 8)", U, N),
        ("account.points between 2 and 4", {"points": 4}, True),
        ("some n in [1, 3] satisfies account.points = n", {"points": 3}, True),
        ("every n in [1, 3], m in [5] satisfies account.points > n and account.points < m", {"points": 4}, True),
        ("some c in [red, blue] satisfies account.color = c", {"color": "blue"}, True),
        ("if account.flag then 1 else 2", {"flag": False}, "2"),
        ("if account.flag then 1 else 2", {}, N),
        ("if account.flag then account.points else 0", {"flag": False}, 0),
        ("account.points = null", {}, True),
        ("account.points != null", {}, False),
        ("account.points = null or account.points > 3", {}, True),
        ("account.flag and account.points > 3", {"flag": False}, False),
        ("account.flag or account.points > 3", {"flag": True}, True),
        ("account.flag and account.points > 3", {"flag": True}, N),
        ("not(account.flag)", {}, N),
        ("account.day + 30", {"day": "2026-01-31"}, "2026-03-02"),
        ('account.day + duration("P1M")', {"day": "2026-01-31"}, "2026-02-28"),
        ('account.day - @"P1M"', {"day": "2024-03-31"}, "2024-02-29"),
        ("account.day + account.term", {"day": "2024-02-29", "term": 12}, "2025-02-28"),
        ("account.day - account.wait", {"day": "2026-03-01", "wait": 1}, "2026-02-28"),
        ("as_of - account.day", {"day": "2026-07-01"}, 14),
        ("account.day.year * 100 + account.day.month", {"day": "2026-07-01"}, "202607"),
        ("account.day.weekday", {"day": "2026-07-01"}, 3),
        ('date("2026-01-31") + duration("P1M")', {}, "2026-02-28"),
        ('account.word + "!"', {"word": "hé"}, "hé!"),
        ("string length(account.word)", {"word": "中文"}, 2),
        ("upper case(account.word)", {"word": "ab"}, "AB"),
        ("substring(account.word, -2, 1)", {"word": "abc"}, "b"),
        ('contains(account.word, "b")', {"word": "abc"}, True),
        ('list contains(["a", "b"], account.word)', {"word": "b"}, True),
        ("account.points * 2 + 1", {"points": 3}, "7"),
        ("count([1, 2, 3])", {}, 3),
        ("mean(account.points, 4)", {"points": 3}, "3.5"),
        ("max([account.points, 4, 2.5])", {"points": 3}, "4"),
        ("min(account.cap, 5)", {"cap": "7.00"}, "5.00"),
        ("abs(account.cap)", {"cap": "-7.10"}, "7.10"),
        ("modulo(-7, 3)", {}, "2"),
        ("floor(account.cap)", {"cap": "-7.10"}, "-8.00"),
        ("ceiling(account.cap, 1)", {"cap": "7.11"}, "7.20"),
        ("round half up(account.ratio, 1)", {"ratio": "0.25"}, "0.3"),
        ("round half down(account.ratio, 1)", {"ratio": "0.25"}, "0.2"),
        ("decimal(account.ratio, 1)", {"ratio": "0.35"}, "0.4"),
        ("account.ratio ** 2", {"ratio": "1.5"}, "2.25"),
        ("account.cap / account.wait", {"cap": 100, "wait": 0}, N),
        ("account.cap / 3", {"cap": 100}, "33.33"),
        ("account.cap / account.cap", {"cap": 100}, "1"),
        ("account.cap * account.share", {"cap": 100, "share": "0.000150"}, "0.02"),
        ("account.cap * account.wait", {"cap": 10, "wait": 3}, "30.00"),
        ("account.wait * 2", {"wait": 3}, 6),
        ("account.wait / account.wait", {"wait": 3}, "1"),
        ("account.share + account.points", {"share": "0.5", "points": 3}, "3.5"),
        ("1 / 3", {}, "0.333333"),
        ("-account.cap", {"cap": 10}, "-10.00"),
    ],
)
def test_what_a_formula_is_worth(formula: str, facts: dict[str, object], expected: object) -> None:
    assert value(formula.replace("'", "''"), facts) == expected


@pytest.mark.parametrize(
    ("formula", "type_", "facts", "expected"),
    [
        ("account.cap * 0.005", "money", {"cap": "1.00"}, "0.00"),  # 0.005: half-even
        ("account.cap * 0.005", "money", {"cap": "3.00"}, "0.02"),  # 0.015: half-even
        ("account.cap * 0.005", "money", {"cap": "-3.00"}, "-0.02"),
        ("account.cap / account.cap", "rate", {"cap": "3.00"}, "1"),
        ("account.points / 3", "integer", {"points": 2}, 1),
        ("account.points / 2", "integer", {"points": 5}, 2),
        ("account.wait / 2", "days", {"wait": 7}, 4),
        ("5", "money", {}, "5.00"),
        ("if account.flag then 5 else null", "money", {"flag": False}, None),
    ],
)
def test_a_value_is_rounded_once_when_it_is_named(
    formula: str, type_: str, facts: dict[str, object], expected: object
) -> None:
    assert value(formula, facts, type_) == expected


def test_policies_are_worked_out_in_the_order_in_which_they_read_each_other() -> None:
    engine = engine_of(
        "values: {b: q.a + 1, c: z.d + b}\n",
        q=HEAD.replace("policy: p", "policy: q") + "values: {a: account.points * 2}\n",
        z=HEAD.replace("policy: p", "policy: z") + "parameters: {k: 3}\nvalues: {d: p.b * k}\n",
    )
    found = decide(engine, points=2).results
    assert (found["q"]["a"], found["p"]["b"], found["z"]["d"], found["p"]["c"]) == ("4", "5", "15", "20")


# --- missing inputs --------------------------------------------------------------------------------------------------

KINDS: dict[str, tuple[str, dict[str, dict[str, object]], str, str]] = {
    "order": (
        "order.deposit_paid > 5",
        {"order": {"id": "1", "amount": 1}, "account": {"id": "1", "level": 0}},
        "hold",
        "approve",
    ),
    "invoice": (
        "invoice.credits_pending > 5",
        {"invoice": {"id": "1", "open_amount": 1}, "account": {"id": "1", "level": 0}},
        "review",
        "no_action",
    ),
    "account": ("account.points > 5", {"account": {"id": "1", "level": 0}}, "review", "good_standing"),
    "portfolio": ("portfolio.credit_sales > 5", {"portfolio": {"id": "1", "receivables": 1}}, "review", "normal"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("if_missing", ["", "caution", "ignore"])
def test_a_rule_that_can_t_be_checked(kind: str, if_missing: str) -> None:
    when, facts, caution, mildest = KINDS[kind]
    fact = when.split(" ")[0]
    written = f", if_missing: {caution if if_missing == 'caution' else if_missing}" if if_missing else ""
    rule = f"rules:\n  r: {{when: {when}, then: {caution}, reason: {{en: a, zh: 甲}}{written}}}\n"
    engine = engine_of(rule, head=HEAD.replace("decides: account", f"decides: {kind}"))
    decision = engine.decide(kind, facts, AS_OF, "1")
    assert [(item.id, item.missing) for item in decision.undetermined] == [("p.r", (fact,))]
    assert decision.undetermined[0].ignored is (if_missing == "ignore")
    assert decision.outcome == (mildest if if_missing == "ignore" else caution)
    if if_missing != "ignore":
        (reason,) = decision.reasons
        assert (reason.rule, reason.missing, reason.outcome) == ("p.r", (fact,), caution)
        assert reason.text.en == "p.r: can't be checked, 1 fact is missing."
        assert reason.text.zh == "p.r：无法检查，缺少 1 项事实。" and reason.remedy is None


def test_what_a_caller_must_send_is_told_apart_from_what_an_author_must_define() -> None:
    policy = (
        "parameters: {most: {type: integer, values: {2027-01-01: 5}, title: {en: Most, zh: 上限}}}\n"
        "rules:\n"
        "  both: {when: account.points > most, then: review, reason: {en: a, zh: 甲}}\n"
        "  fact: {when: account.points > 5, then: review, reason: {en: a, zh: 甲}}\n"
        "  parameter: {when: account.level > most, then: review, reason: {en: a, zh: 甲}}\n"
    )
    reasons = {reason.rule: reason for reason in decide(engine_of(policy)).reasons}

    supply, define = "1 fact is missing", "without a value on this date: Most (p.most)"
    assert {rule: reason.text.en for rule, reason in reasons.items()} == {
        "p.both": f"p.both: can't be checked, {supply}; {define}.",
        "p.fact": f"p.fact: can't be checked, {supply}.",
        "p.parameter": f"p.parameter: can't be checked, {define}.",
    }
    assert {rule: reason.remedy and reason.remedy.en for rule, reason in reasons.items()} == {
        "p.both": "In the policy, give Most (p.most) a value.",
        "p.fact": None,
        "p.parameter": "In the policy, give Most (p.most) a value.",
    }
    assert reasons["p.both"].text.zh == "p.both：无法检查，缺少 1 项事实；该日期无取值：上限（p.most）。"
    assert reasons["p.both"].missing == ("account.points", "p.most")


def test_missing_facts_are_followed_through_values_and_tables() -> None:
    policy = (
        UNIQUE
        + "values: {y: x * 2, z: y + account.level}\n"
        + "rules:\n  r: {when: z > 5, then: review, reason: {en: a, zh: 甲}}\n"
    )
    decision = decide(engine_of(policy))
    assert {item.id: item.missing for item in decision.undetermined} == {
        "p.table": ("account.points",),
        "p.r": ("account.points",),
    }


def test_missing_facts_are_followed_through_a_chain_of_thousands_of_values() -> None:
    chain = "".join(f"  v{n}: v{n - 1}\n" for n in range(1, 3000))
    rule = "  r: {when: v2999 > 1, then: review, reason: {en: a, zh: 甲}}\n"
    engine = engine_of(f"values:\n  v0: account.overdue_amount\n{chain}rules:\n{rule}")
    decision = decide(engine, id="C-1")
    assert [(reason.rule, reason.missing) for reason in decision.reasons] == [("p.r", ("account.overdue_amount",))]
    engine.close()


def test_where_no_fact_is_missing_the_value_itself_is_named() -> None:
    policy = (
        "values: {y: account.cap / account.level}\nrules:\n  r: {when: y > 5, then: review, reason: {en: a, zh: 甲}}\n"
    )
    assert decide(engine_of(policy), cap=1).undetermined[0].missing == ("p.y",)


def test_a_row_that_gives_null_is_not_why_no_row_is_hit_however_long_the_table() -> None:
    rows = [
        f"    - {{when: {{account.level: {level}, account.points: {points}}}, then: {{fee: {level}}}}}\n"
        for level in range(10)
        for points in (1, 2)
    ]
    table = "table:\n  hit: first\n  rows:\n    - {when: {account.color: red}, then: {fee: null}}\n"
    table += "".join(rows) + "    - {when: {}, then: {fee: null}}\n"
    decision = decide(engine_of(table), points=5)

    assert decision.results["p"] == {"fee": None} and decision.undetermined == ()
    assert decide(engine_of(table), points=1).undetermined[0].missing == ("account.color",)


def test_an_unknown_row_whose_output_chooses_is_why_no_row_is_hit() -> None:
    table = (
        "table:\n  hit: unique\n  rows:\n"
        '    - {when: {account.points: "< 5"}, then: {fee: "= if account.level > 3 or account.flag then 1 else 2"}}\n'
        '    - {when: {account.points: ">= 5"}, then: {fee: "= if account.level > 4 or account.flag then 3 else 4"}}\n'
    )
    (item,) = decide(engine_of(table), flag=False).undetermined

    assert (item.id, item.missing) == ("p.table", ("account.points",))


def test_a_rule_without_a_result_says_so_and_blames_neither_facts_nor_parameters() -> None:
    policy = (
        "values: {y: {formula: account.cap / account.level, title: {en: Share of cap, zh: 占比}}}\n"
        "rules:\n"
        "  inline: {when: account.points / account.level > 2, then: review, reason: {en: a, zh: 甲}}\n"
        "  named: {when: y > 5, then: review, reason: {en: a, zh: 甲}}\n"
    )
    inline, named = decide(engine_of(policy), cap=1, points=3).reasons

    assert (inline.missing, named.missing) == (("p.inline",), ("p.y",))
    assert inline.text.en == "p.inline: can't be checked, without a result: its condition."
    assert named.text.en == "p.named: can't be checked, without a result: Share of cap (p.y)."
    why = "divides by zero or reads a table that has no row for this case."
    assert inline.remedy and inline.remedy.en == f"Look whether its condition {why}"
    assert named.remedy and named.remedy.en == f"Look whether Share of cap (p.y) {why}"
    assert inline.text.zh == "p.inline：无法检查，无法得出结果：该规则的条件。"


# --- reasons ---------------------------------------------------------------------------------------------------------


def said(shown: str, facts: dict[str, object], currency: str = "EUR", before: str = "") -> tuple[str, str]:
    text = f"'{{{shown}}}'"
    policy = f"{before}rules:\n  r: {{when: true, then: review, reason: {{en: {text}, zh: {text}}}}}\n"
    (reason,) = decide(engine_of(policy, currency=currency), AS_OF, **facts).reasons
    return reason.text.en, reason.text.zh


@pytest.mark.parametrize(
    ("shown", "facts", "en", "zh"),
    [
        ("account.cap", {"cap": "-999.90"}, "EUR -999.90", "EUR -999.90"),
        ("account.cap", {"cap": 0}, "EUR 0.00", "EUR 0.00"),
        ("account.cap * 2000", {"cap": "999.99"}, "EUR 1,999,980.00", "EUR 1,999,980.00"),
        ("account.share", {"share": "0.05"}, "5%", "5%"),
        ("account.share", {"share": "-0.123456"}, "-12.3456%", "-12.3456%"),
        ("account.share", {"share": 0}, "0%", "0%"),
        ("account.day", {"day": "2026-07-01"}, "2026-07-01", "2026年7月1日"),
        ("account.wait", {"wait": 30}, "30", "30"),
        ("account.wait * 100", {"wait": 30}, "3,000", "3,000"),
        ("account.flag", {"flag": True}, "yes", "是"),
        ("account.flag", {"flag": False}, "no", "否"),
        ("account.points > 3", {"points": 4}, "yes", "是"),
        ("account.region", {"region": "north"}, "north", "north"),
        ("account.ratio", {"ratio": "1.50"}, "1.5", "1.5"),
        ("account.word", {"word": "{x} %s"}, "{x} %s", "{x} %s"),
        ("account.cap", {}, "unknown", "未知"),
        ("account.cap / 3", {"cap": 1}, "EUR 0.33", "EUR 0.33"),
    ],
)
def test_values_are_shown_in_their_type_s_format(shown: str, facts: dict[str, object], en: str, zh: str) -> None:
    assert said(shown, facts) == (en, zh)


@pytest.mark.parametrize(("currency", "cap", "en"), [("JPY", 900, "JPY 900"), ("KWD", "900.125", "KWD 900.125")])
def test_money_has_its_currency_s_digits(currency: str, cap: object, en: str) -> None:
    assert said("account.cap", {"cap": cap}, currency)[0] == en


def test_parameters_in_texts_are_shown_by_their_type() -> None:
    before = "parameters: {p1: {type: rate, value: 0.1}, p2: {type: money, value: 1500}}\n"
    assert said("p1", {}, before=before)[0] == "10%"
    assert said("p2", {}, before=before)[0] == "EUR 1,500.00"


TITLED = """parameters: {p1: {members: {low: {en: low risk, zh: 低风险}, high_risk}, value: low}}
values:
  grade: {members: {north: {en: Upper, zh: 上}, south}, formula: 'if points_known then "north" else "south"'}
  chosen: 'if points_known then grade else "south"'
  again: {members: [south, north], formula: chosen}
  points_known: account.points != null
table:
  hit: first
  outputs:
    security: {members: {none: {en: nothing, zh: 无}, bank guarantee: {en: bank guarantee, zh: 银行保函}}}
  rows:
    - {when: {account.points: "< 5"}, then: {security: none}}
    - {when: {}, then: {security: bank guarantee}}
"""


@pytest.mark.parametrize(
    ("shown", "facts", "en", "zh"),
    [
        ("p1", {}, "low risk", "低风险"),
        ("security", {"points": 4}, "nothing", "无"),
        ("security", {"points": 5}, "bank guarantee", "银行保函"),
        ("security", {}, "unknown", "未知"),
        ("grade", {"points": 4}, "Upper", "上"),
        ("grade", {}, "south", "south"),  # a member without a title
        ("chosen", {"points": 4}, "Upper", "上"),
        ("again", {"points": 4}, "Upper", "上"),  # declared again without titles
        ('if account.flag then security else "none"', {"points": 4, "flag": False}, "nothing", "无"),
    ],
)
def test_members_are_shown_by_their_titles(shown: str, facts: dict[str, object], en: str, zh: str) -> None:
    assert said(shown, facts, before=TITLED) == (en, zh)


def test_remedies_show_titles_and_results_keep_the_words() -> None:
    remedy = '{en: "Bring a {security}.", zh: "提供{security}。"}'
    rules = f"rules:\n  r: {{when: true, then: review, reason: {{en: a, zh: 甲}}, remedy: {remedy}}}\n"
    decision = decide(engine_of(TITLED + rules), points=5)
    said_ = decision.reasons[0].remedy
    assert said_ and (said_.en, said_.zh) == ("Bring a bank guarantee.", "提供银行保函。")
    assert decision.results["p"]["security"] == "bank guarantee"


RULES = """rules:
  first: {when: account.points > 1, then: watch, reason: {en: "one {{a}}", zh: 一}}
  second:
    when: [account.points > 2, account.cap > limit]
    then: restrict
    title: {en: Second, zh: 第二}
    reason: {en: "{account.cap} is above {limit}.", zh: "{account.cap} 超过 {limit}。"}
    remedy: {en: "Pay {account.cap - limit}.", zh: "请支付 {account.cap - limit}。"}
  third: {when: account.points > 3, then: watch, reason: {en: three, zh: 三}}
parameters: {limit: {type: money, value: 10}}
"""


def test_reasons_go_from_the_most_severe_to_the_mildest_and_say_the_numbers() -> None:
    decision = decide(engine_of(RULES), points=5, cap="12.50")
    assert decision.outcome == "restrict"
    assert [(reason.rule, reason.outcome) for reason in decision.reasons] == [
        ("p.second", "restrict"),
        ("p.first", "watch"),
        ("p.third", "watch"),
    ]
    second = decision.reasons[0]
    assert second.text.en == "EUR 12.50 is above EUR 10.00."
    assert second.text.zh == "EUR 12.50 超过 EUR 10.00。"
    assert second.remedy and second.remedy.en == "Pay EUR 2.50."
    assert second.facts == (("account.points", 5), ("account.cap", "12.50"), ("p.limit", "10.00"))
    assert second.place == "p.yaml:6:3"
    assert decision.reasons[1].text.en == "one {a}"


def test_nothing_fires_the_mildest_outcome_stands() -> None:
    decision = decide(engine_of(RULES), points=0, cap=0)
    assert (decision.outcome, decision.reasons, decision.undetermined) == ("good_standing", (), ())


def test_conditions_of_every_rule_that_fires_are_set() -> None:
    head = HEAD.replace("decides: account", "decides: order")
    rule = (
        "{when: order.amount > 100, then: approve_with_conditions, reason: {en: a, zh: 甲}, "
        "conditions: {deposit: order.amount * 0.3, days: 5, by: as_of + 10}}"
    )
    hold = "{when: order.amount > 1000, then: hold, reason: {en: a, zh: 甲}}"
    engine = engine_of(f"rules: {{r: {rule}, s: {hold}}}\n", head=head)
    facts = {"order": {"id": "1", "amount": "200.01"}, "account": {"id": "1", "level": 0}}
    decision = engine.decide("order", facts, AS_OF, "1")
    assert decision.outcome == "approve_with_conditions"
    assert decision.conditions == {"deposit": "60.00", "days": "5", "by": "2026-07-25"}


# --- determinism -----------------------------------------------------------------------------------------------------

SCRIPT = """
import json, sys
from pathlib import Path
from datetime import date
sys.path.insert(0, {root!r})
from engine.pipeline import load
files = {{f.name: f.read_bytes() for f in sorted(Path({root!r}, "rules").glob("*.yaml"))}}
engine = load(files).engine
facts = {{"order": {{"id": "1", "amount": "20000.01"}}, "account": {{"id": "C", "credit_limit": 1}}}}
decision = engine.decide("order", facts, date(2026, 7, 15), "x")
sys.stdout.write(json.dumps(decision.as_json(), ensure_ascii=True))
"""


def test_two_processes_give_the_same_bytes() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT.format(root=str(ROOT))],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(found) == 1
    assert json.loads(found.pop())["undetermined"]


def test_line_ends_and_byte_order_marks_leave_the_version_as_it_is_and_comments_don_t() -> None:
    from engine.pipeline import version

    files = {"facts.yaml": FACTS.encode(), "a.yaml": (HEAD + "values: {a: 1}\n").encode()}
    windows = {name: b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") for name, content in files.items()}
    assert version(files) == version(windows) == version({f"rules/{name}": content for name, content in files.items()})
    assert version(files) != version({**files, "a.yaml": files["a.yaml"] + b"# note\n"})


@pytest.mark.parametrize("kind", CASE_KINDS)
def test_what_no_rule_speaks_of_is_never_passed(kind: str) -> None:
    """A policy set with a policy for accounts that has no rules, and nothing else."""
    engine = engine_of("values:\n  x: 1\n")
    facts: dict[str, dict[str, object]] = {}
    for fact in engine.vocabulary.of_case(kind):
        facts.setdefault(fact.group, {})[fact.name.partition(".")[2]] = fact.example

    decision = engine.decide(kind, facts, AS_OF, "x")

    assert decision.outcome == CASE_KINDS[kind].caution
    assert [reason.rule for reason in decision.reasons] == [NO_RULES]
