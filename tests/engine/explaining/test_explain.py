"""An explanation holds everything that was tried, with the values that decided it."""

from __future__ import annotations

from datetime import date

import pytest

from engine.explaining.explain import explain
from engine.explaining.explanation import Explanation, TriedRule, TriedTable, WorkedOut
from engine.pipeline import Engine, load
from engine.vocabulary.text import Text
from tests.support.policy_files import whole_set

GRADES = """\
policy: grades
title: {en: Grades, zh: 等级}
decides: account
table:
  hit: unique
  rows:
    - {id: good, when: {account.on_time_rate: ">= 0.9"}, then: {grade: A}}
    - {id: bad, when: {account.on_time_rate: "< 0.9"}, then: {grade: E}}
"""
DESK = """\
policy: desk
title: {en: Desk, zh: 前台}
decides: order
parameters:
  most:
    type: money
    title: {en: Most, zh: 上限}
    values: {2026-01-01: 1000, 2026-08-01: 2000}
values:
  owed:
    title: {en: Owed, zh: 欠款}
    formula: account.open_invoices + order.amount
rules:
  too-much:
    title: {en: Too much, zh: 过大}
    when: owed > most and not(order.prepayment)
    then: hold
    reason: {en: Too much., zh: 过大。}
  bad-grade:
    when: grades.grade = "E"
    then: reject
    reason: {en: Bad., zh: 差。}
  insolvent:
    when: account.insolvent
    then: hold
    if_missing: ignore
    reason: {en: Insolvent., zh: 破产。}
"""


AS_OF = date(2026, 7, 1)


def _engine(exceptions: str = "") -> Engine:
    files = whole_set({"desk": DESK, "grades": GRADES}, folder="rules/")
    loaded = load(files | ({"rules/exceptions.yaml": exceptions.encode()} if exceptions else {}))
    assert loaded.engine is not None, [str(item) for item in loaded.diagnostics]
    return loaded.engine


def _explained(order: dict[str, object], account: dict[str, object]) -> Explanation:
    facts = {"order": {"id": "SO-1", **order}, "account": {"id": "C-1", **account}}
    return explain(_engine(), "order", facts, date(2026, 7, 1), "id")


def _rules(explanation: Explanation) -> dict[str, TriedRule]:
    return {rule.id: rule for policy in explanation.policies for rule in policy.rules}


FULL: dict[str, object] = {"open_invoices": "900.00", "on_time_rate": "0.95", "insolvent": False}


def test_a_rule_that_fired_shows_each_sub_condition_with_what_it_read() -> None:
    rule = _rules(_explained({"amount": "200.00", "prepayment": False}, FULL))["desk.too-much"]

    assert (rule.fired, rule.effect, rule.decisive) == (True, "hold", True)
    assert [(part.text, part.value) for part in rule.conditions] == [
        ("owed > most", True),
        ("not(order.prepayment)", True),
    ]
    assert [(item.name, item.value) for item in rule.conditions[0].inputs] == [
        ("desk.owed", "1100.00"),
        ("desk.most", "1000.00"),  # the parameter in force on the day
    ]
    assert rule.conditions[0].inputs[1].title == Text("Most", "上限")


def test_a_rule_that_did_not_fire_shows_which_sub_condition_kept_it() -> None:
    rule = _rules(_explained({"amount": "200.00", "prepayment": True}, FULL))["desk.too-much"]

    assert (rule.fired, rule.effect, rule.decisive, rule.missing) == (False, None, False, ())
    assert [part.value for part in rule.conditions] == [True, False]


def test_a_missing_fact_is_named_at_the_rule_the_table_and_the_value() -> None:
    explanation = _explained({"amount": "200.00", "prepayment": False}, {"insolvent": None})
    rules = _rules(explanation)
    steps = [step for policy in explanation.policies for step in policy.steps]
    owed = next(step for step in steps if isinstance(step, WorkedOut))
    table = next(step for step in steps if isinstance(step, TriedTable))

    assert (rules["desk.too-much"].fired, rules["desk.too-much"].effect) == (None, "hold")
    assert rules["desk.too-much"].missing == ("account.open_invoices",)
    assert (rules["desk.insolvent"].fired, rules["desk.insolvent"].effect) == (None, None)  # if_missing: ignore
    assert (owed.name, owed.value, owed.missing) == ("desk.owed", None, ("account.open_invoices",))
    assert [row.hit for row in table.rows] == [None, None]
    assert table.missing == ("account.on_time_rate",)
    assert "account.open_invoices" in [item.name for item in explanation.not_given]


BANDS = """\
policy: bands
title: {en: Bands, zh: 分档}
decides: account
table:
  hit: first
  rows:
    - {id: key, when: {account.customer_class: key}, then: {band: x, share: 1}}
    - {id: small, when: {account.open_invoices: "< 100"}, then: {band: x, share: 1}}
    - {id: middle, when: {account.open_invoices: "< 500"}, then: {band: x, share: 2}}
    - {id: rest, when: {}, then: {band: y, share: 3}}
"""


@pytest.mark.parametrize(
    ("owed", "band", "share"),
    [("50.00", "x", "1"), ("200.00", "x", None), ("900.00", None, None)],
)
def test_a_row_that_is_unknown_matters_only_where_it_leaves_an_output_open(
    owed: str, band: str | None, share: str | None
) -> None:
    """The fact behind it is missing there alone, and an output that it can't change is known beside one that it can."""
    rule = "rules:\n  asked: {when: share >= 2, then: watch, reason: {en: a, zh: 甲}}\n"
    facts = b"policies: [bands]\ncurrency: EUR\n...\n"
    loaded = load({"rules/facts.yaml": facts, "rules/bands.yaml": (BANDS + rule + "...\n").encode()})
    assert loaded.engine is not None
    explanation = explain(loaded.engine, "account", {"account": {"id": "C-1", "open_invoices": owed}}, AS_OF, "id")
    [table] = (step for policy in explanation.policies for step in policy.steps if isinstance(step, TriedTable))
    missing = () if share else ("account.customer_class",)
    tables = [item for item in explanation.decision.undetermined if item.id == "bands.table"]

    assert [output.value for output in table.outputs] == [band, share]
    assert (table.rows[0].hit, table.rows[0].can_matter, table.missing) == (None, not share, missing)
    assert [row.can_matter for row in table.rows[1:]] == [True] * 3  # known
    assert [item.missing for item in tables] == ([] if share else [missing])
    assert _rules(explanation)["bands.asked"].missing == missing


def test_tables_and_values_stand_in_the_order_they_were_worked_out() -> None:
    explanation = _explained({"amount": "200.00", "prepayment": False}, {**FULL, "on_time_rate": "0.5"})
    grades = next(policy for policy in explanation.policies if policy.name == "grades")
    table = grades.steps[0]

    assert isinstance(table, TriedTable)
    assert [(row.id, row.hit) for row in table.rows] == [("grades.table#good", False), ("grades.table#bad", True)]
    assert [(output.name, output.value) for output in table.outputs] == [("grades.grade", "E")]
    assert table.rows[1].conditions[0].text == "account.on_time_rate < 0.9"
    assert _rules(explanation)["desk.bad-grade"].decisive
    assert not _rules(explanation)["desk.too-much"].decisive  # a hold beside a rejection


def test_the_decision_in_an_explanation_is_the_decision() -> None:
    facts = {"order": {"id": "SO-1", "amount": "200.00", "prepayment": False}, "account": {"id": "C-1", **FULL}}
    engine = _engine()

    explanation = explain(engine, "order", facts, date(2026, 7, 1), "id")

    assert explanation.decision.as_json() == engine.decide("order", facts, date(2026, 7, 1), "id").as_json()
    fired = {rule.id for rule in _rules(explanation).values() if rule.effect}
    assert fired == {reason.rule for reason in explanation.decision.reasons}


def test_an_explanation_is_json() -> None:
    whole = _explained({"amount": "200.00", "prepayment": False}, FULL).as_json()

    assert list(whole) == ["decision", "given", "not_given", "policies", "exceptions"]
    policies = whole["policies"]
    assert isinstance(policies, list)
    assert {policy["policy"] for policy in policies} == {"desk", "grades"}


EXCEPTIONS = """\
small: {waives: [desk.too-much, desk.bad-grade], when: [order.amount < 500, account.country = "DE"], SIGNED}
old: {waives: [desk.too-much], when: order.amount < 500, SIGNED}
...
""".replace("SIGNED", "from: 2026-06-01, until: 2026-06-30, by: a, approved_by: b, reason: c").replace(
    "06-30", "07-01", 1
)


@pytest.mark.parametrize(
    ("country", "waived_by", "effect", "holds", "missing"),
    [
        ("DE", ("exceptions.small",), None, True, ()),
        ("FR", (), "hold", False, ()),
        (None, (), "hold", None, ("account.country",)),
    ],
)
def test_an_explanation_says_which_exceptions_hold_and_what_they_waive(
    country: str | None, waived_by: tuple[str, ...], effect: str | None, holds: bool | None, missing: tuple[str, ...]
) -> None:
    order = {"id": "SO-1", "amount": "200.00", "prepayment": False}
    facts = {"order": order, "account": {"id": "C-1", "country": country, **FULL}}

    explanation = explain(_engine(EXCEPTIONS), "order", facts, AS_OF, "id")

    rules = _rules(explanation)
    too_much, bad_grade = rules["desk.too-much"], rules["desk.bad-grade"]
    assert (too_much.fired, too_much.waived_by, too_much.effect) == (True, waived_by, effect)
    assert (bad_grade.fired, bad_grade.waived_by) == (False, ())  # there is nothing to waive
    small, old = explanation.exceptions
    assert (small.id, small.waives, small.holds, small.missing) == (
        "exceptions.small",
        ("desk.too-much", "desk.bad-grade"),
        holds,
        missing,
    )
    assert [part.text for part in small.conditions] == [
        "as_of >= 2026-06-01",
        "as_of <= 2026-07-01",
        "order.amount < 500",
        'account.country = "DE"',
    ]
    assert (old.holds, [part.value for part in old.conditions]) == (False, [True, False, True])
    waived = {reason.rule for reason in explanation.decision.reasons if reason.waived}
    assert waived == {rule.id for rule in rules.values() if rule.waived_by}
