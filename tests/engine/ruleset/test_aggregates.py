"""Aggregates over lists: the same in the plain evaluator, the generated Python, the networks and SQL, and by hand."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.deciding.matcher import Matcher
from engine.ruleset import formula as f
from engine.ruleset.formula import walk
from engine.ruleset.interpret import run
from engine.ruleset.ruleset import Match, Named
from tests.support.random_rulesets import by_name, facts_near_thresholds, random_ruleset

SEEDS = range(60)
CASES = 120


@pytest.mark.parametrize("sixth", range(6))
def test_interpreter_python_and_rete_agree_on_lists(sixth: int) -> None:
    for seed in SEEDS[sixth::6]:
        rules = random_ruleset(seed, lists=True)
        matcher = Matcher(rules)
        ids = matcher.python.matches
        names = list(matcher.python.slots)
        for facts, as_of in facts_near_thresholds(rules, seed, CASES):
            found = matcher.match(facts, as_of)
            expected = run(rules, by_name(rules, facts), as_of)
            assert found.disagreement is None, (seed, facts, as_of)
            values = [expected.variables[name] for name in names]
            assert found.values == values, (seed, facts, as_of)
            assert tuple(ids[index] for index in found.fired) == expected.fired, (seed, facts, as_of)
            assert tuple(ids[index] for index in found.undetermined) == expected.undetermined, (seed, facts, as_of)
        matcher.close()


def test_the_generated_lists_are_worth_something() -> None:
    functions: Counter[str] = Counter()
    results: Counter[tuple[str, str]] = Counter()
    for seed in SEEDS:
        rules = random_ruleset(seed, lists=True)
        roots = [step.formula for step in rules.steps if isinstance(step, Named)]
        roots += [conjunct.formula for rule in rules.rules for conjunct in rule.match.conjuncts]
        roots += [each.formula for step in rules.steps if isinstance(step, Match) for each in step.conjuncts]
        functions.update(node.function for root in roots for node in walk(root) if isinstance(node, f.Aggregate))
    assert min(functions[name] for name in ("sum", "count", "least", "greatest", "any", "all")) > 10, functions
    assert not results
