"""Which parts of a rule set depend on one table or enum alone. Most of that they keep their values is tested with the
SQL form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.lowering.sql.alternatives import Alternative, Position, with_alternatives
from engine.pipeline import load
from engine.ruleset.formula import Formula, Variable, walk
from engine.ruleset.ruleset import Match, Named, RuleSet
from engine.vocabulary.vocabulary import Fact, Kind
from tests.support.default_policies import AS_OF_DAY, default_policies
from tests.support.policy_files import whole_set
from tests.support.random_rulesets import random_ruleset
from tests.support.sql_against_engine import compare, on_duckdb


def looked_up(ruleset: RuleSet) -> Iterator[Alternative]:
    formulas: list[Formula] = []
    for step in ruleset.steps:
        match step:
            case Named():
                formulas.append(step.formula)
            case Match():
                formulas += [conjunct.formula for conjunct in step.conjuncts]
    return (node for formula in formulas for node in walk(formula) if isinstance(node, Alternative))


def values_of(ruleset: RuleSet, name: str) -> list[object]:
    """`ruleset` has its alternatives."""
    [step] = (step for step in ruleset.steps if isinstance(step, Named) and step.name == name)
    assert isinstance(step.formula, Alternative)
    return [value.value for value in step.formula.values]


def test_what_a_grade_alone_settles_is_listed_by_the_grades() -> None:
    """The last rows of the grading table go by an enum alone, the grade before knock-outs, so the grade is listed by
    its words, once each, and not by the rows."""
    ruleset = with_alternatives(default_policies().ruleset("order", AS_OF_DAY))

    assert values_of(ruleset, "grading.grade") == ["A", "B", "C", "D", "E", "unrated", None]
    assert values_of(ruleset, "terms.net_days") == [60, 45, 30, 15, 0, 15, None]
    assert values_of(ruleset, "terms.security") == [
        *("none", "none", "insurance wanted", "guarantee or insurance", "bank guarantee", "guarantee or insurance"),
        None,
    ]
    read = {node.number.name for node in looked_up(ruleset) if isinstance(node.number, Variable)}
    of_grade = {name for name in read if name.startswith("grading.grade")}
    assert of_grade == {"grading.grade.alternative", "grading.grade certain.alternative"}


def test_words_of_an_enum_are_compared_by_their_numbers() -> None:
    ruleset = with_alternatives(default_policies().ruleset("order", AS_OF_DAY))
    known = {step.name: step.formula for step in ruleset.steps if isinstance(step, Named)}

    status = known["account.status.alternative"]
    assert isinstance(status, Position) and status.words == ("active", "blocked", "closed")
    assert values_of(ruleset, "limits.state") == ["none", "limited", "unlimited", None]
    [closed] = (rule.match.conjuncts[0].formula for rule in ruleset.rules if rule.id == "orders.account-closed")
    assert isinstance(closed, Alternative)
    assert [value.value for value in closed.values] == [False, False, True, None]


POLICY = """
policy: demo
title: {{en: Demo, zh: 演示}}
decides: order
{}
rules:
  late:
    when: days >= 30
    then: reject
    reason: {{en: Too late., zh: 太迟。}}
"""

ROWS = """
    - {id: a, when: {order.amount: "< 100"}, then: {band: low, days: 10}}
    - {id: b, when: {order.amount: "[100..200)"}, then: {band: high, days: 20}}
    - {id: c, when: {order.amount: ">= 200"}, then: {band: high, days: 30}}
"""

ONE_OUTPUT_ENDS_ALIKE = f"""
table:
  hit: unique
  outputs: {{band: {{type: enum, members: [low, high]}}, days: {{type: days}}}}
  rows:{ROWS}
"""

TABLE_CALLED_AS_A_VALUE = f"""
tables:
  size:
    hit: unique
    outputs: {{band: {{type: enum, members: [low, high]}}, days: {{type: days}}}}
    rows:{ROWS.replace("    -", "      -")}
values:
  size: {{type: enum, members: [small, large], formula: 'if order.amount < 200 then "large" else "small"'}}
"""

NULL_CONSTANT = """
values:
  days: {type: integer, formula: "if order.amount < min(null, 5) then 1 else 30"}
"""


def test_outputs_of_a_table_are_listed_by_its_rows() -> None:
    """Where the rows go by anything but an enum; null belongs to no row. The last two have the same band."""
    loaded = load(whole_set({"demo": POLICY.format(ONE_OUTPUT_ENDS_ALIKE)}))
    assert loaded.engine and not loaded.diagnostics
    ruleset = with_alternatives(loaded.engine.ruleset("order", AS_OF_DAY))

    assert values_of(ruleset, "demo.days") == [10, 20, 30, None]
    assert values_of(ruleset, "demo.band") == ["low", "high", None]
    read = {node.number.name for node in looked_up(ruleset) if isinstance(node.number, Variable)}
    assert read == {"demo.days demo.table.alternative", "demo.band demo.table.alternative"}


@pytest.mark.parametrize("stated", [ONE_OUTPUT_ENDS_ALIKE, TABLE_CALLED_AS_A_VALUE, NULL_CONSTANT])
def test_outputs_keep_their_rows(stated: str) -> None:
    """Where the last rows differ in one output alone, where names meet, and where nothing is known."""
    loaded = load(whole_set({"demo": POLICY.format(stated)}))
    assert loaded.engine and not loaded.diagnostics
    ruleset = loaded.engine.ruleset("order", AS_OF_DAY)
    cases = [(tuple(_given(fact, amount) for fact in ruleset.facts), 20_000) for amount in (5_000, 15_000, 25_000)]

    assert compare(ruleset, cases, "duckdb", on_duckdb) == len(cases)


def _given(fact: Fact, amount: int) -> int | str | bool | None:
    if fact.name == "order.amount":
        return amount
    by_kind: dict[Kind, tuple[int | str | bool, ...]]
    by_kind = {Kind.ENUM: fact.type.members[:1], Kind.TEXT: ("x",), Kind.PERSON: ("x",), Kind.YES_NO: (True,)}
    return by_kind.get(fact.type.kind, (fact.type.low,))[0] if fact.required else None


def test_random_rule_sets_have_them_so_that_comparing_them_means_something() -> None:
    counts = [sum(1 for _ in looked_up(with_alternatives(random_ruleset(seed)))) for seed in range(60)]

    assert sum(count > 0 for count in counts) >= 10
