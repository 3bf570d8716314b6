"""The rule set as terms says of every case what the plain evaluator does, and every condition of its terms is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from engine.proving.smt.encode import FormulaEncoder
from engine.proving.smt.terms import Derivation, Terms
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import date_of
from engine.vocabulary.vocabulary import YES_NO
from tests.support.default_policies import default_policies
from tests.support.encoded import Encoding, first_difference
from tests.support.large import how_many
from tests.support.node_classes import node_classes
from tests.support.random_rulesets import facts_near_thresholds, random_ruleset

CASES = how_many(25, large=20_000)
"""For each kind of case of the default policies."""

SEEDS = range(how_many(45, large=600))
"""Of generated rule sets, each with so many facts:"""

FACTS = how_many(25, large=60)


@pytest.mark.parametrize("kind", CASE_KINDS)
def test_the_default_policies_as_terms_say_what_the_plain_evaluator_says(kind: str) -> None:
    rules = default_policies().ruleset(kind, date(2026, 7, 15))
    encoding = Encoding(rules)

    assert first_difference(encoding, facts_near_thresholds(rules, 17, CASES)) is None


@pytest.mark.parametrize("third", range(3))
def test_generated_rule_sets_as_terms_say_what_the_plain_evaluator_says(third: int) -> None:
    for seed in SEEDS[third::3]:
        rules = random_ruleset(seed, lists=seed % 2 == 0)
        assert first_difference(Encoding(rules), facts_near_thresholds(rules, seed, FACTS)) is None, seed


@pytest.mark.parametrize("kind", ("order", "invoice"))
def test_no_facts_break_a_condition_of_the_terms(kind: str) -> None:
    rules = default_policies().ruleset(kind, date(2026, 7, 15))
    encoding = Encoding(rules)

    assert [case for case in facts_near_thresholds(rules, 3, 25) if encoding.broken_conditions(case)] == []


def test_no_facts_break_a_condition_of_generated_terms() -> None:
    for seed in range(20):
        rules = random_ruleset(seed, lists=seed % 2 == 0)
        encoding = Encoding(rules)
        broken = [case for case in facts_near_thresholds(rules, seed, 12) if encoding.broken_conditions(case)]
        assert broken == [], seed


@pytest.mark.parametrize("kind", ("order", "account"))
def test_the_outcome_is_the_one_that_the_engine_decides(kind: str) -> None:
    engine = default_policies()
    encoding = Encoding(engine.ruleset(kind, date(2026, 7, 15)))
    for facts, as_of in facts_near_thresholds(encoding.ruleset, 29, 40):
        evaluator = engine._evaluator(kind, date_of(as_of))
        decided = evaluator.decide(facts, date_of(as_of), "d")
        assert encoding.severest((facts, as_of)) == decided.outcome, (facts, as_of)


def test_exceptions_waive_and_what_they_waive_counts_for_nothing() -> None:
    """Generated rule sets have exceptions; without them some outcome is more severe."""
    differs = 0
    for seed in range(30):
        rules = random_ruleset(seed)
        waived, plain = Encoding(rules), Encoding(replace(rules, exceptions=()))
        for case in facts_near_thresholds(rules, seed, 20):
            differs += waived.severest(case) != plain.severest(case)
    assert differs > 5


def test_every_class_of_formula_of_the_language_has_terms() -> None:
    language = [kind for kind in node_classes() if kind.__module__ == f.__name__ and kind is not f.Formula]
    encoder = FormulaEncoder(Terms(), {})

    assert set(encoder._by_class) == set(language)


def test_a_class_of_formula_without_terms_is_refused() -> None:
    class Added(f.Formula):
        pass

    node = Added(YES_NO, nullable=False)

    with pytest.raises(TypeError, match="Added has no terms"):
        FormulaEncoder(Terms(), {}).encoded(f.Not(YES_NO, node, nullable=False))


def test_of_a_list_nothing_is_claimed_but_what_its_terms_say() -> None:
    rules = random_ruleset(0, lists=True)
    encoding = Encoding(rules)
    derivations: list[Derivation] = list(encoding.terms.derivations.values())

    assert any("over the records of" in each.words and not each.is_exact for each in derivations)


def test_constants_are_folded() -> None:
    terms = Terms()
    true = FormulaEncoder(terms, {}).truth(f.Not(YES_NO, Constant(YES_NO, False, nullable=False), nullable=False))

    assert (true.true, true.false) == (terms.true, terms.false)
