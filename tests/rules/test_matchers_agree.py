"""The default policies on facts at every threshold: both matchers and the plain evaluator say the same."""

from __future__ import annotations

from datetime import date

import pytest

from engine.deciding.matcher import Matcher
from engine.pipeline import Engine
from engine.ruleset.interpret import run
from engine.vocabulary.case_kinds import CASE_KINDS
from tests.support.large import how_many
from tests.support.random_rulesets import by_name, facts_near_thresholds
from tests.support.steps import one_in

CASES = how_many(5_000, large=25_000)
"""For each kind of case."""

EVALUATED = how_many(25, large=50)
"""Each so many cases the plain evaluator, which is slow, is asked as well."""


@pytest.mark.parametrize("kind", one_in(3, CASE_KINDS))
def test_the_default_policies_are_matched_alike(kind: str, default_engine: Engine) -> None:
    rules = default_engine.ruleset(kind, date(2026, 7, 15))
    matcher = Matcher(rules)
    ids, names = matcher.python.matches, list(matcher.python.slots)
    hit: set[int] = set()
    for number, (facts, as_of) in enumerate(facts_near_thresholds(rules, 11, CASES)):
        found = matcher.match(facts, as_of)
        assert found.disagreement is None, (facts, as_of)
        hit.update(found.fired)
        if number % EVALUATED == 0:
            expected = run(rules, by_name(rules, facts), as_of)
            assert found.values == [expected.variables[name] for name in names], (facts, as_of)
            assert tuple(ids[index] for index in found.fired) == expected.fired, (facts, as_of)
            assert tuple(ids[index] for index in found.undetermined) == expected.undetermined, (facts, as_of)
    matcher.close()
    assert len(hit) > 0.9 * len(ids), "agreement on rules that never fire says little"
