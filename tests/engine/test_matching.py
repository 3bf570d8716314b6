"""Both matchers and the plain evaluator, held against each other; and what happens when they differ."""

from __future__ import annotations

import pytest

from engine.interpret import run
from engine.matching import Matcher
from tests.engine.generated import by_name, facts_near_thresholds, random_ruleset

RULE_SETS = 250
CASES = 400


@pytest.mark.parametrize("tenth", range(10))
def test_interpreter_python_and_rete_name_the_same_rules(tenth: int) -> None:
    """100,000 cases over 250 random rule sets, in ten parts: same values, same fired, same undetermined, everywhere."""
    for seed in range(tenth * RULE_SETS // 10, (tenth + 1) * RULE_SETS // 10):
        ruleset = random_ruleset(seed)
        matcher = Matcher(ruleset)
        ids = matcher.python.matches
        names = list(matcher.python.slots)
        for facts, as_of in facts_near_thresholds(ruleset, seed, CASES):
            found = matcher.match(facts, as_of)
            expected = run(ruleset, by_name(ruleset, facts), as_of)
            assert found.disagreement is None, (seed, facts, as_of)
            assert found.values == [expected.variables[name] for name in names], (seed, facts, as_of)
            assert tuple(ids[index] for index in found.fired) == expected.fired, (seed, facts, as_of)
            assert tuple(ids[index] for index in found.undetermined) == expected.undetermined, (seed, facts, as_of)
        matcher.close()
