"""Which parts of a rule set hang on one table alone; that they keep their values is shown with the SQL form."""

from __future__ import annotations

from collections.abc import Iterator

from engine.formula import Formula, walk
from engine.ruleset import Match, Named, RuleSet
from engine.sql.alternatives import Alternative, with_alternatives
from tests.engine.generated import random_ruleset
from tests.engine.test_sql_form import AS_OF_DAY, default_policies


def looked_up(ruleset: RuleSet) -> Iterator[Alternative]:
    formulas: list[Formula] = []
    for step in with_alternatives(ruleset).steps:
        match step:
            case Named():
                formulas.append(step.formula)
            case Match():
                formulas += [conjunct.formula for conjunct in step.conjuncts]
    return (node for formula in formulas for node in walk(formula) if isinstance(node, Alternative))


def values_of(ruleset: RuleSet, name: str) -> list[object]:
    [step] = (step for step in with_alternatives(ruleset).steps if isinstance(step, Named) and step.name == name)
    assert isinstance(step.formula, Alternative)
    return [value.value for value in step.formula.values]


def test_what_a_grade_alone_settles_is_listed_by_the_rows_of_the_grading_table() -> None:
    ruleset = default_policies().ruleset("order", AS_OF_DAY)

    assert values_of(ruleset, "grading.grade") == ["E", "unrated", "unrated", "D", "A", "B", "C", "D", "E", None, None]
    assert values_of(ruleset, "terms.net_days") == [0, 15, 15, 15, 60, 45, 30, 15, 0, None, None]
    assert values_of(ruleset, "terms.security")[3:5] == ["guarantee or insurance", "none"]
    assert {node.number for node in looked_up(ruleset)} == {next(looked_up(ruleset)).number}


def test_random_rule_sets_have_them_so_that_comparing_them_means_something() -> None:
    found = [sum(1 for _ in looked_up(random_ruleset(seed))) for seed in range(60)]

    assert sum(count > 0 for count in found) >= 10
