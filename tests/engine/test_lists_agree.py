"""Random policy sets with lists of records, persons, named lists and exceptions: the plain evaluator, the generated
Python, the networks and SQL all say the same of random accounts."""

from __future__ import annotations

import pytest

from engine.deciding.matcher import Matcher
from engine.pipeline import load
from engine.ruleset import formula as f
from engine.ruleset.formula import Formula, walk
from engine.ruleset.interpret import run
from engine.ruleset.ruleset import Match, Named, RuleSet
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import day_number
from engine.vocabulary.vocabulary import Kind
from tests.support.large import how_many
from tests.support.random_policies import DAY
from tests.support.random_records import policy_files, random_rows
from tests.support.random_rulesets import Case, by_name
from tests.support.sql_against_engine import compare, on_duckdb

SEEDS = range(how_many(8, large=200))
ROWS = 150


def cases_of(seed: int) -> tuple[RuleSet, list[Case]]:
    loaded = load(policy_files(seed))
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    cases: list[Case] = []
    for row in random_rows(seed, ROWS, faulty=0):
        try:
            cases.append((tuple(loaded.engine.bind("account", {"account": row.facts}, DAY)), day_number(DAY)))
        except FactsRefused:  # a keeper in two scripts, for one
            continue
    return loaded.engine.ruleset("account", DAY), cases


@pytest.mark.parametrize("seed", SEEDS)
def test_every_form_says_the_same(seed: int) -> None:
    ruleset, cases = cases_of(seed)
    matcher = Matcher(ruleset)
    ids, names = matcher.python.matches, list(matcher.python.slots)
    for facts, as_of in cases:
        found, expected = matcher.match(facts, as_of), run(ruleset, by_name(ruleset, facts), as_of)
        assert found.disagreement is None, facts
        assert found.values == [expected.variables[name] for name in names], facts
        assert tuple(ids[index] for index in found.fired) == expected.fired, facts
        assert tuple(ids[index] for index in found.undetermined) == expected.undetermined, facts
    matcher.close()
    assert compare(ruleset, cases, "duckdb", on_duckdb) == len(cases)


def test_the_random_sets_hold_what_they_are_about() -> None:
    waived = 0
    nodes: set[str] = set()
    for seed in SEEDS:
        ruleset, cases = cases_of(seed)
        assert len(cases) > ROWS // 2
        for formula in _formulas(ruleset):
            for node in walk(formula):
                nodes.add(type(node).__name__)
                if isinstance(node, f.Compare) and node.left.type.kind is Kind.PERSON:
                    nodes.add("person")
        exceptions = {exception.id for exception in ruleset.exceptions}
        assert len(exceptions) == 2
        waived += sum(bool(exceptions & {*run(ruleset, by_name(ruleset, facts), day).fired}) for facts, day in cases)
    assert {"Aggregate", "MemberOf", "person"} <= nodes
    assert waived > ROWS


def _formulas(ruleset: RuleSet) -> list[Formula]:
    found = [step.formula for step in ruleset.steps if isinstance(step, Named)]
    matches = [step for step in ruleset.steps if isinstance(step, Match)] + [rule.match for rule in ruleset.rules]
    found += [conjunct.formula for match in matches for conjunct in match.conjuncts]
    inner = [node.each for formula in found for node in walk(formula) if isinstance(node, f.Aggregate)]
    return [*found, *(each.where for each in inner), *(each.value for each in inner)]
