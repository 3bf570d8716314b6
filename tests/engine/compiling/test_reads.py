"""A condition knows which facts, values and parameters its author named; parameters are constants by then."""

from __future__ import annotations

import pytest

from engine.ruleset.ruleset import Match, RuleSet
from tests.support.small_policies import AS_OF, engine_of

POLICY = """
parameters: {least: 5, days: {type: days, value: 30}}
values: {double: account.points * 2}
table:
  hit: first
  rows:
    - {when: {double: "> least", account.wait: "? > days and ? < account.wait + days"}, then: {grade: A}}
    - {when: {account.points + double: 7, account.color: "not(red)"}, then: {grade: B}}
    - {when: {}, then: {grade: C}}
rules:
  r:
    when:
      - account.points > least and p.double > account.points
      - grade in [A, B] or account.level = 7
    then: review
    reason: {en: "{days}", zh: "{days}"}
"""


@pytest.fixture(scope="module")
def ruleset() -> RuleSet:
    return engine_of(POLICY).ruleset("account", AS_OF)


def test_a_rule_s_conditions_know_what_they_read(ruleset: RuleSet) -> None:
    [rule] = ruleset.rules
    assert [conjunct.reads for conjunct in rule.match.conjuncts] == [
        ("account.points", "p.least"),
        ("p.double", "account.points"),
        ("p.grade", "account.level"),
    ]


def test_a_rule_uses_what_its_conditions_and_then_its_texts_name(ruleset: RuleSet) -> None:
    [rule] = ruleset.rules
    assert rule.uses == ("account.points", "p.least", "p.double", "p.grade", "account.level", "p.days")


def test_a_cell_reads_its_column_and_what_it_names_itself(ruleset: RuleSet) -> None:
    first, second, rest = (step for step in ruleset.steps if isinstance(step, Match))
    assert [conjunct.reads for conjunct in first.conjuncts] == [
        ("p.double", "p.least"),
        ("account.wait", "p.days"),
    ]
    assert [conjunct.reads for conjunct in second.conjuncts] == [("account.points", "p.double"), ("account.color",)]
    assert rest.conjuncts == ()
