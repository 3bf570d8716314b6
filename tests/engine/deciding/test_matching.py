"""Both matchers and the plain evaluator, held against each other; and what happens when they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.deciding.matcher import Disagreement, Matcher
from engine.lowering.conditions import NetworkPlan
from engine.lowering.rete.rete_form import ReteForm
from engine.lowering.sql.alternatives import with_alternatives
from engine.lowering.sql.narrowing import narrowed
from engine.ruleset.formula import Formula, FunctionCall, Variable, walk
from engine.ruleset.functions import FORMS
from engine.ruleset.interpret import run
from engine.ruleset.ruleset import Match, Named
from tests.support.handmade_rulesets import WHOLE, compare, required, ruleset
from tests.support.large import how_many
from tests.support.node_classes import node_classes
from tests.support.random_rulesets import by_name, facts_near_thresholds, random_ruleset
from tests.support.steps import one_in

RULE_SETS = 250
CASES = how_many(80, large=400)
A = required("a")


@pytest.mark.parametrize("tenth", one_in(3, range(10)))
def test_interpreter_python_and_rete_name_the_same_rules(tenth: int) -> None:
    """250 random rule sets in ten parts, 100,000 cases under `make large`: same values, same fired, same undetermined,
    everywhere."""
    for seed in range(tenth * RULE_SETS // 10, (tenth + 1) * RULE_SETS // 10):
        rules = random_ruleset(seed)
        matcher = Matcher(rules)
        ids = matcher.python.matches
        names = list(matcher.python.slots)
        for facts, as_of in facts_near_thresholds(rules, seed, CASES):
            found = matcher.match(facts, as_of)
            expected = run(rules, by_name(rules, facts), as_of)
            assert found.disagreement is None, (seed, facts, as_of)
            assert found.values == [expected.variables[name] for name in names], (seed, facts, as_of)
            assert tuple(ids[index] for index in found.fired) == expected.fired, (seed, facts, as_of)
            assert tuple(ids[index] for index in found.undetermined) == expected.undetermined, (seed, facts, as_of)
        matcher.close()


def test_the_generated_cases_are_worth_something() -> None:
    """Every node and function, native and computed conditions, many fired and many undetermined: agreement means
    nothing if not."""
    nodes: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    conditions: Counter[bool] = Counter()
    found: Counter[str] = Counter()
    for seed in range(40):
        rules = random_ruleset(seed, lists=seed % 4 == 0)
        matcher = Matcher(rules)
        roots = [*formulas(rules.steps), *(each.formula for rule in rules.rules for each in rule.match.conjuncts)]
        found_nodes = [node for formula in roots for node in walk(formula)]
        nodes.update(type(node).__name__ for node in found_nodes)
        functions.update(node.function for node in found_nodes if isinstance(node, FunctionCall))
        for group in matcher.python.groups:
            conditions.update(isinstance(part.subject, Variable) for rule in group.rules for part in rule)
        for facts, as_of in facts_near_thresholds(rules, seed, 25):
            matching = matcher.match(facts, as_of)
            found.update({"all": len(matcher.python.matches), "fired": len(matching.fired)})
            found["undetermined"] += len(matching.undetermined)
    assert {kind.__name__ for kind in Formula.__subclasses__() if kind.__module__ == Formula.__module__} == set(nodes)
    assert set(functions) == set(FORMS)
    assert min(conditions.values()) > 200
    assert 0.1 < found["fired"] / found["all"] < 0.7
    assert found["undetermined"] / found["all"] > 0.03


def test_the_generated_rule_sets_have_every_node_that_the_sql_lowering_adds() -> None:
    added = {kind for kind in node_classes() if kind.__module__.startswith("engine.lowering.sql.")}
    found: set[type[Formula]] = set()
    for seed in range(40):
        rules = with_alternatives(random_ruleset(seed))
        found |= {type(node) for formula in formulas(rules.steps) for node in walk(narrowed(formula))}
    assert added
    assert added <= found


def formulas(steps: Sequence[object]) -> list[Formula]:
    found = [step.formula for step in steps if isinstance(step, Named)]
    for step in steps:
        if isinstance(step, Match):
            found += [conjunct.formula for conjunct in step.conjuncts]
    return found


def tampered(group: NetworkPlan) -> NetworkPlan:
    """One constant of the first rule, off by one."""
    first, *others = group.rules
    wrong = (replace(first[0], literal=first[0].literal + 1), *first[1:])
    return replace(group, rules=(wrong, *others))


def test_a_fault_in_the_network_is_reported_with_the_ids_that_differ() -> None:
    matcher = Matcher(ruleset({"a": WHOLE}, {"p.r": [compare(A, ">", 5)], "p.s": [compare(A, ">", 0)]}))
    matcher.rete = ReteForm(tuple(tampered(group) for group in matcher.python.groups))
    wrong, right = matcher.match((6,), 0), matcher.match((7,), 0)
    assert wrong.disagreement == Disagreement(("p.r",), ())
    assert wrong.fired == [0, 1]
    assert right.disagreement is None


def test_a_rule_that_only_the_network_names_is_reported() -> None:
    matcher = Matcher(ruleset({"a": WHOLE}, {"p.r": [compare(A, "<", 5)]}))
    matcher.rete = ReteForm(tuple(tampered(group) for group in matcher.python.groups))
    assert matcher.match((5,), 0).disagreement == Disagreement((), ("p.r",))


def test_a_rule_named_twice_is_reported() -> None:
    matcher = Matcher(ruleset({"a": WHOLE}, {"p.r": [compare(A, "<", 5)]}))
    group = matcher.python.groups[0]
    matcher.rete = ReteForm((replace(group, matches=(0, 0), rules=group.rules * 2),))
    assert matcher.match((1,), 0).disagreement == Disagreement((), ("p.r",))


def test_tampering_is_seen_in_generated_rule_sets_too() -> None:
    """Off by one in one literal of a network, over facts near the thresholds: half of such faults come to light."""
    seen = 0
    for seed in range(40):
        rules = random_ruleset(seed)
        matcher = Matcher(rules)
        matcher.rete = ReteForm(tuple(tampered(group) for group in matcher.python.groups))
        seen += any(matcher.match(*case).disagreement for case in facts_near_thresholds(rules, seed, 200))
    assert seen >= 20


def test_an_exception_in_the_rete_form_is_reported_and_never_raised() -> None:
    class Broken(ReteForm):
        def match(self, asserted: Sequence[tuple[int | str, ...]]) -> list[int]:
            raise MemoryError(f"no more states for {len(asserted)} facts")

    matcher = Matcher(ruleset({"a": WHOLE}, {"p.r": [compare(A, ">", 5)]}))
    matcher.rete = Broken(())
    matching = matcher.match((6,), 0)
    assert matching.fired == [0]
    assert matching.disagreement == Disagreement((), (), "no more states for 1 facts")


def test_a_closed_matcher_reports_instead_of_agreeing_that_nothing_fires() -> None:
    matcher = Matcher(ruleset({"a": WHOLE}, {"p.r": [compare(A, ">", 5)]}))
    matcher.close()
    assert matcher.match((0,), 0).disagreement


def test_a_rule_set_without_rules_agrees_on_nothing() -> None:
    assert Matcher(ruleset({"a": WHOLE}, {})).match((1,), 0) == ([1, 0], [], [], None)
