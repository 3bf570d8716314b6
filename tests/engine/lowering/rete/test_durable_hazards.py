"""One test for each way that durable_rules goes wrong (see its table of hazards): we are not exposed to it.

Where the hazard can be shown without harm, the test shows it too, so that it is known when a new release is free of it.
What would kill or hang the process is run in one of its own.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.deciding.matcher import Matcher, MatchResult
from engine.lowering.rete.rete_network import DECISIONS_PER_STATE, ReteError, ReteNetwork, durable_rules
from engine.ruleset import formula as f
from engine.ruleset.formula import Formula
from engine.ruleset.interpret import run
from engine.vocabulary.vocabulary import TEXT, YES_NO, Kind, Type
from tests.support.handmade_rulesets import WHOLE, compare, optional, required, ruleset
from tests.support.paths import ROOT
from tests.support.random_rulesets import by_name, facts_near_thresholds, random_ruleset

A, B, N = required("a"), required("b"), optional("n")


def matcher_of(
    rules: dict[str, list[Formula]], types: dict[str, Type] | None = None, missing: tuple[str, ...] = ()
) -> Matcher:
    return Matcher(ruleset(types or {"a": WHOLE}, rules, optional=missing))


def agreed(matching: MatchResult) -> list[int]:
    assert matching.disagreement is None
    return matching.fired


def test_a_thousand_rules_in_a_set() -> None:
    """A network holds 59 of ours; 513 different first conditions in one would hang."""
    matcher = matcher_of({f"p.r{i}": [compare(A, ">", i)] for i in range(1_000)})
    assert max(len(group.matches) for group in matcher.python.groups) <= 59
    assert agreed(matcher.match((500,), 0)) == list(range(500))


def test_more_than_64_matches_on_one_fact() -> None:
    matcher = matcher_of({f"p.r{i}": [compare(A, "!=", i)] for i in range(200)})
    assert agreed(matcher.match((-1,), 0)) == list(range(200))


def test_too_many_rules_for_one_network_are_refused_when_it_is_built() -> None:
    with pytest.raises(ValueError, match="60 rules in one network"):
        ReteNetwork([(i, [(0, ">", i)]) for i in range(60)], 1, 0)


def test_65_matches_in_one_network_would_be_an_error_of_its_own() -> None:
    """Nothing is deleted afterwards: no action started, so that `delete_state` would free what was never set."""
    rules = {f"r{i}": {"all": [{"m": {"$and": [{"$gt": {"a": -i}}]}}]} for i in range(65)}
    handle = durable_rules.create_ruleset("hazard", json.dumps(rules))
    with pytest.raises(Exception, match="303"):
        durable_rules.assert_fact(handle, '{"sid":"1","id":1,"a":5}')


def test_rules_that_are_only_negations() -> None:
    negations: list[Formula] = [
        f.Not(YES_NO, optional("y", YES_NO), nullable=True),
        f.Not(YES_NO, compare(A, ">", 5), nullable=False),
        f.IsNull(YES_NO, N, nullable=False),
        f.Not(YES_NO, f.IsNull(YES_NO, N, nullable=False), nullable=False),
        compare(A, "!=", 5),
    ]
    matcher = matcher_of(
        {f"p.r{i}": [formula] for i, formula in enumerate(negations)},
        {"a": WHOLE, "n": WHOLE, "y": YES_NO},
        ("n", "y"),
    )
    assert agreed(matcher.match((1, None, False), 0)) == [0, 1, 2, 4]
    assert agreed(matcher.match((6, 3, True), 0)) == [3, 4]
    assert agreed(matcher.match((5, 3, None), 0)) == [1, 3]


def test_a_comparison_with_a_missing_value_does_not_fire() -> None:
    types = {"a": WHOLE, "n": WHOLE}
    rules: dict[str, list[Formula]] = {
        f"p.{i}": [formula]
        for i, formula in enumerate(
            formula
            for operator in ("=", "!=", "<", "<=", ">", ">=")
            for formula in (compare(A, operator, N), compare(N, operator, A), compare(N, operator, 3))
        )
    }
    matching = matcher_of(rules, types, ("n",)).match((3, None), 0)
    assert agreed(matching) == []
    assert len(matching.undetermined) == 18


def test_division_by_zero_is_null_and_kills_nothing() -> None:
    types = {"a": WHOLE, "b": WHOLE}
    quotient, rest = f.Quotient(WHOLE, A, B, 0, nullable=True), f.Modulo(WHOLE, A, B, nullable=True)
    rules: dict[str, list[Formula]] = {"p.q": [compare(quotient, ">=", 0)], "p.m": [compare(rest, ">=", 0)]}
    matcher = matcher_of(rules, types)
    assert matcher.match((1, 0), 0).undetermined == [0, 1]
    assert agreed(matcher.match((1, 0), 0)) == []
    assert agreed(matcher.match((1, 2), 0)) == [0, 1]


def test_integers_at_the_ends_of_int64_and_beyond() -> None:
    """Parsed by atoll, which saturates: 2**64 = 2**63 - 1 to durable_rules."""
    wide = Type(Kind.INTEGER, scale=0, low=-(2**70), high=2**70)
    limits = (-(2**64), -(2**63) - 1, -(2**63), -(2**63) + 1, 2**63 - 1, 2**63, 2**64)
    for type_ in (
        wide,
        Type(Kind.INTEGER, scale=0, low=-(2**63), high=2**63 - 1),
        Type(Kind.INTEGER, scale=0, low=1 - 2**63, high=2**63 - 1),
    ):
        x = required("x", type_)
        matcher = matcher_of({f"p.{i}": [compare(x, "=", limit)] for i, limit in enumerate(limits)}, {"x": type_})
        for i, limit in enumerate(limits):
            if type_.low <= limit <= type_.high:
                assert agreed(matcher.match((limit,), 0)) == [i]


def test_money_never_becomes_a_float() -> None:
    """1e16, 1e-05 and NaN break its parser; 10**15 as text would be fine, as a float not."""
    money = Type(Kind.MONEY, scale=2, low=-(10**15), high=10**15)
    matcher = matcher_of({"p.r": [compare(required("m", money), "=", 10**15)]}, {"m": money})
    assert agreed(matcher.match((10**15,), 0)) == [0]
    assert "e" not in matcher.python.groups[0].rules[0][0].operator + str(matcher.python.match((10**15,), 0).asserted)


def test_types_do_not_mix() -> None:
    """To durable_rules "5" == 5, 1 == true and "abc" > 5. It gets integers only, and text is compared beforehand."""
    types = {"t": TEXT, "y": YES_NO, "a": WHOLE}
    rules: dict[str, list[Formula]] = {
        "p.text": [compare(required("t", TEXT), "=", "5")],
        "p.yes": [compare(required("y", YES_NO), "=", True)],
        "p.whole": [compare(A, "=", 5)],
    }
    matcher = matcher_of(rules, types)
    assert agreed(matcher.match(("5", False, 1), 0)) == [0]
    assert agreed(matcher.match(("5.0", True, 5), 0)) == [1, 2]
    assert agreed(matcher.match(("true", True, 1), 0)) == [1]


def test_case_ids_whose_hashes_collide_do_not_mix() -> None:
    """`C0139599` and `C0322382` share an FNV-32 hash, by which durable_rules tells sids apart: ours is always the same,
    and no id of a case gets there."""
    types = {"id": TEXT, "a": WHOLE}
    matcher = matcher_of({"p.r": [compare(A, ">", 5)], "p.s": [compare(A, "<=", 5)]}, types)
    assert [agreed(matcher.match(case, 0)) for case in (("C0139599", 9), ("C0322382", 1), ("C0139599", 9))] == [
        [0],
        [1],
        [0],
    ]
    assert all("C0" not in str(matcher.python.match((name, 9), 0).asserted) for name in ("C0139599", "C0322382"))


def test_colliding_sids_would_mix() -> None:
    rules = {"r": {"all": [{"m": {"$and": [{"$gt": {"a": 5}}]}}]}}
    handle = durable_rules.create_ruleset("hazard", json.dumps(rules))
    durable_rules.assert_fact(handle, '{"sid":"C0139599","id":1,"a":9}')
    code, _ = durable_rules.assert_fact(handle, '{"sid":"C0322382","id":1,"a":9}')
    assert code == 2  # observed before, though it is another case's


def test_twenty_threads_deciding_at_once_for_10_000_decisions() -> None:
    """More than 1,024 states, or states deleted out of order by threads, would be a MemoryError or a crash."""
    rules = random_ruleset(7, rules=40)
    matcher = Matcher(rules)
    cases = list(facts_near_thresholds(rules, 7, 500))
    ids = matcher.python.matches
    expected = [run(rules, by_name(rules, facts), as_of).fired for facts, as_of in cases]

    def decide(number: int) -> bool:
        matching = matcher.match(*cases[number % 500])
        return matching.disagreement is None and tuple(ids[index] for index in matching.fired) == expected[number % 500]

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(decide, range(10_000)))


def test_the_same_content_twice() -> None:
    matcher = matcher_of({"p.r": [compare(A, ">", 5)]})
    assert [agreed(matcher.match((9,), 0)) for _ in range(5)] == [[0]] * 5


def test_a_fact_left_behind_is_an_error_once_and_forgotten_then() -> None:
    network = ReteNetwork([(0, [(0, ">", 5)])], 1, 0)
    durable_rules.assert_fact(network.handle, network.template % 9)
    with pytest.raises(ReteError, match="code 2"):
        network.match((9,))
    assert network.match((9,)) == [0]


def test_an_action_left_open_is_an_error_once_and_not_silence() -> None:
    """An action that was started and not completed locks the state for 30 seconds: nothing would fire."""
    network = ReteNetwork([(0, [(0, ">", 5)])], 1, 0)
    _, state = durable_rules.assert_fact(network.handle, network.template % 9)
    durable_rules.start_action_for_state(network.handle, state)
    durable_rules.retract_fact(network.handle, '{"sid":"1","id":1}')
    with pytest.raises(ReteError, match="no rule fired"):
        network.match((9,))
    assert network.match((9,)) == [0]


def test_two_true_branches_of_an_or_fire_once() -> None:
    either = f.Any(YES_NO, (compare(A, ">", 5), compare(A, ">", 6), compare(A, ">", 7)), nullable=False)
    assert agreed(matcher_of({"p.r": [either]}).match((9,), 0)) == [0]


def test_conjuncts_said_twice_or_against_each_other() -> None:
    matcher = matcher_of(
        {
            "p.twice": [compare(A, ">", 5), compare(A, ">", 5)],
            "p.same": [compare(A, ">", 5)],
            "p.longer": [compare(A, ">", 5), compare(A, "<", 9)],
            "p.never": [compare(A, ">", 5), compare(A, "<", 5)],
        }
    )
    assert agreed(matcher.match((7,), 0)) == [0, 1, 2]
    assert agreed(matcher.match((9,), 0)) == [0, 1]


def test_states_are_deleted_every_thousand_decisions_and_the_answers_stay() -> None:
    matcher = matcher_of({"p.r": [compare(A, ">", 5)]})
    for number in range(2 * DECISIONS_PER_STATE + 10):
        assert agreed(matcher.match((number % 10,), 0)) == ([0] if number % 10 > 5 else [])


def test_rule_sets_replaced_a_thousand_times_leave_no_memory_behind() -> None:
    """A `Host` can't unregister a rule set, and `delete_ruleset` forgets the states: 0.7 MB a time."""
    rules = ruleset({"a": WHOLE}, {f"p.r{i}": [compare(A, ">", i)] for i in range(50)})

    def replace(times: int) -> None:
        for _ in range(times):
            Matcher(rules).match((25,), 0)
        gc.collect()

    replace(50)
    before = resident_kib()
    replace(200)
    assert resident_kib() - before < 5_000


def resident_kib() -> int:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


FRESH_STATE_DELETED = """
import json
import durable_rules_engine as engine
handle = engine.create_ruleset("hazard", json.dumps({"r": {"all": [{"m": {"$and": [{"a": 1}]}}]}}))
engine.assert_fact(handle, '{"sid":"1","id":1,"b":1}')
engine.delete_state(handle, "1")
"""

NETWORK_DELETED = """
from engine.lowering.rete.rete_network import ReteNetwork
network = ReteNetwork([(0, [(0, "=", 1)])], 1, 0)
network.match((0,))
network.close()
"""


@pytest.mark.parametrize(("program", "survives"), [(FRESH_STATE_DELETED, False), (NETWORK_DELETED, True)])
def test_a_state_in_which_no_rule_ever_fired_can_be_deleted(program: str, survives: bool) -> None:
    """`delete_state` frees two pointers that only a started action sets; MALLOC_PERTURB_ makes garbage of them. Each of
    our networks fires its probe when it is built."""
    environment = os.environ | {"MALLOC_PERTURB_": "165", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)
    assert done.returncode == 0 if survives else done.returncode < 0, done.stderr


def test_only_the_release_that_was_examined_is_accepted_on_the_pythons_it_was_tried_on() -> None:
    """On 3.13 with a define; tests/system/test_install.py compiles with it on each Python that is there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11,<3.14"
    assert "durable-rules==2.0.28" in project["dependencies"]


def test_only_the_six_calls_and_the_deletion_of_a_rule_set_are_used() -> None:
    """No Host, post, timers, batches or Python actions: one module imports the extension, none the package."""
    importers = [
        path.name
        for folder in ("engine", "files", "receivables", "ledger", "api")
        for path in (ROOT / folder).rglob("*.py")
        if "durable_rules_engine" in path.read_text() or "import durable" in path.read_text()
    ]
    assert sorted(importers) == ["extension.py", "rete_network.py"]  # the first only says how to mend its build
