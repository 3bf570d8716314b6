"""Random policy sets with lists of records, persons, named lists and exceptions: the plain evaluator, the generated
Python, the networks and SQL all say the same of random accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.deciding.matcher import Matcher
from engine.lowering.conditions import NetworkPlan
from engine.lowering.rete.rete_form import ReteForm
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


def off_by_one(group: NetworkPlan) -> NetworkPlan:
    """With another literal in the last condition of each rule, and of each exception."""
    wrong = ((*rule[:-1], replace(rule[-1], literal=rule[-1].literal + 1)) for rule in group.rules)
    return replace(group, rules=tuple(wrong))


def test_a_fault_in_a_network_is_seen() -> None:
    seen = 0
    for seed in SEEDS:
        ruleset, cases = cases_of(seed)
        matcher = Matcher(ruleset)
        matcher.rete = ReteForm(tuple(map(off_by_one, matcher.python.groups)))
        seen += any(matcher.match(*case).disagreement for case in cases[:50])
        matcher.close()
    assert seen == len(SEEDS)


def test_the_random_sets_hold_what_they_are_about() -> None:
    waived = acting = 0
    nodes: set[str] = set()
    for seed in SEEDS:
        ruleset, cases = cases_of(seed)
        assert len(cases) > ROWS // 2
        for formula in _formulas(ruleset):
            for node in walk(formula):
                nodes.add(type(node).__name__)
                if isinstance(node, f.Compare) and node.left.type.kind is Kind.PERSON:
                    nodes.add("person")
        acting += sum(rule.action is not None and rule.action.by is not None for rule in ruleset.rules)
        exceptions = {exception.id for exception in ruleset.exceptions}
        assert len(exceptions) == 2
        waived += sum(bool(exceptions & {*run(ruleset, by_name(ruleset, facts), day).fired}) for facts, day in cases)
    assert {"Aggregate", "MemberOf", "AddMonths", "DatePart", "Rescale", "person"} <= nodes
    assert waived > ROWS
    assert acting >= len(SEEDS)


def _formulas(ruleset: RuleSet) -> list[Formula]:
    found = [step.formula for step in ruleset.steps if isinstance(step, Named)]
    matches = [step for step in ruleset.steps if isinstance(step, Match)] + [rule.match for rule in ruleset.rules]
    found += [conjunct.formula for match in matches for conjunct in match.conjuncts]
    inner = [node.each for formula in found for node in walk(formula) if isinstance(node, f.Aggregate)]
    return [*found, *(each.where for each in inner), *(each.value for each in inner)]
