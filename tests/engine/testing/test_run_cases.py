"""Policy tests: what differs is named with expected against got, and what no test touches is named too."""

from __future__ import annotations

import pytest

from engine.pipeline import Engine, load
from engine.reading.cases import read_cases
from engine.reading.document import read
from engine.reading.policy import HitPolicy
from engine.reading.policy_test import Suite
from engine.testing.case_result import CasesRun
from engine.testing.run_cases import run_cases
from tests.support.policy_files import whole_set

POLICY = """\
policy: desk
title: {en: Desk, zh: 前台}
decides: order
parameters:
  most: {value: 1000, type: money}
scorecard:
  total: score
  criteria:
    size:
      title: {en: Size, zh: 规模}
      input: account.months
      bands: {"< 6": 1, ">= 6": 2, null: 0}
table:
  hit: first
  rows:
    - {id: tiny, when: {order.amount: "< 10"}, then: {desk_word: small}}
    - {id: small, when: {order.amount: "< 500"}, then: {desk_word: small}}
    - {id: rest, when: {}, then: {desk_word: large}}
rules:
  too-much:
    when: order.amount > most
    then: hold
    reason: {en: "{order.amount} is too much.", zh: "{order.amount} 过大。"}
    conditions:
      deposit: order.amount - most
    action: {do: notify_insurer, by: as_of + 30, amount: order.amount - most}
  prepaid:
    when: order.prepayment
    then: reject
    if_missing: ignore
    reason: {en: Prepaid., zh: 预付。}
"""


def _engine(policy: str) -> Engine:
    loaded = load(whole_set({"desk": policy}, folder="rules/"))
    assert loaded.engine is not None, [str(item) for item in loaded.diagnostics]
    return loaded.engine


def _run(tests: str, policy: str = POLICY) -> CasesRun:
    return _run_on(_engine(policy), tests)


def _run_on(engine: Engine, tests: str) -> CasesRun:
    text = f"""\
cases: desk
case_kind: order
as_of: 2026-07-01
fixtures:
  small: {{order: {{id: SO-1, amount: 5, prepayment: false}}, account: {{id: C-1, months: 3}}}}
  large: {{order: {{id: SO-2, amount: 1500, prepayment: false}}, account: {{id: C-1, months: 60}}}}
tests:
{tests}"""
    document, mistakes = read(text, "rules/cases/desk.yaml")
    assert document is not None, mistakes
    suite, diagnostics = read_cases(document, engine.vocabulary)
    assert isinstance(suite, Suite) and not diagnostics, diagnostics
    return run_cases([suite], engine)


def _test(use: str, expect: str) -> str:
    return f"  one:\n    use: [{use}]\n    expect: {expect}\n"


@pytest.mark.parametrize(
    ("use", "expect", "said"),
    [
        ("small", "{outcome: approve, reasons: []}", []),
        ("small", "{outcome: approve, reasons: [], undetermined: [], conditions: {}}", []),
        ("small", "{outcome: approve, reasons: [], results: {desk.desk_word: small, desk.score: 1.0}}", []),
        ("large", "{outcome: hold, reasons: [desk.too-much], conditions: {deposit: 500}}", []),
        (
            "small",
            "{outcome: hold, reasons: [desk.too-much]}",
            ["outcome: expected hold, got approve", "reasons: expected desk.too-much, got without desk.too-much"],
        ),
        (
            "large",
            "{outcome: hold, reasons: [desk.prepaid]}",
            ["reasons: expected desk.prepaid, got without desk.prepaid and besides desk.too-much"],
        ),
        (
            "large",
            "{outcome: hold, reasons: [desk.too-much], undetermined: [desk.prepaid]}",
            ["undetermined: expected desk.prepaid, got without desk.prepaid"],
        ),
        (
            "large",
            "{outcome: hold, reasons: [desk.too-much], conditions: {deposit: 400, security: yes}}",
            [
                "conditions.deposit: expected 400, got 500.00",
                "conditions.security: expected yes, got no such condition",
            ],
        ),
        ("large", "{outcome: hold, reasons: [desk.too-much], actions: {desk.too-much: }}", []),
        ("small", "{outcome: approve, reasons: [], actions: {}}", []),
        (
            "large",
            "{outcome: hold, reasons: [desk.too-much], actions: "
            "{desk.too-much: {action: notify_insurer, by: 2026-07-31, amount: 500}}}",
            [],
        ),
        (
            "large",
            "{outcome: hold, reasons: [desk.too-much], actions: "
            "{desk.too-much: {action: litigate, by: 2026-07-30, amount: null}, desk.prepaid: {by: 2026-07-01}}}",
            [
                "actions: expected desk.too-much, desk.prepaid, got without desk.prepaid",
                "actions.desk.too-much.action: expected litigate, got notify_insurer",
                "actions.desk.too-much.by: expected 2026-07-30, got 2026-07-31",
                "actions.desk.too-much.amount: expected null, got 500.00",
            ],
        ),
        (
            "large",
            "{outcome: hold, reasons: [desk.too-much], actions: {}}",
            ["actions: expected none, got besides desk.too-much"],
        ),
        (
            "large",
            "{outcome: hold, reasons: [desk.too-much], conditions: {}}",
            ["conditions.deposit: expected no such condition, got 500.00"],
        ),
        (
            "large",
            "{outcome: hold, reasons: [desk.too-much], results: {desk.desk_word: small, desk.score: 3, desk.scor: 1}}",
            [
                "results.desk.desk_word: expected small, got large",
                "results.desk.score: expected 3, got 2",
                "results.desk.scor: expected 1, got no result of that name",
            ],
        ),
    ],
)
def test_every_difference_is_named_with_expected_against_got(use: str, expect: str, said: list[str]) -> None:
    run = _run(_test(use, expect))

    assert [str(difference) for difference in run.results[0].differences] == said
    assert bool(run.failed) is bool(said)


def test_a_rule_that_is_undetermined_and_ignored_is_listed_but_gives_no_reason() -> None:
    tests = (
        "  one:\n    use: small\n    facts: {order: {prepayment: null}}\n"
        "    expect: {outcome: approve, reasons: [], undetermined: [desk.prepaid]}\n"
    )

    assert _run(tests).failed == ()


def test_coverage_names_rules_rows_and_bands_that_no_case_hits() -> None:
    run = _run(_test("small", "{outcome: approve, reasons: []}"))

    assert [(item.id, item.kind) for item in run.coverage.uncovered] == [
        ("desk.size#2", "band"),
        ("desk.size#3", "band"),
        ("desk.table#small", "row"),  # it holds for an amount of 5, but the row before it is the one that counts
        ("desk.table#rest", "row"),
        ("desk.too-much", "rule"),
        ("desk.prepaid", "rule"),
    ]
    assert run.coverage.percent == pytest.approx(100 * 2 / 8)
    assert str(run.coverage.uncovered[2].place) == "rules/desk.yaml:17:7"


def test_hits_are_counted_over_all_cases() -> None:
    run = _run(
        "  a:\n    use: small\n    expect: {outcome: approve, reasons: []}\n"
        "  b:\n    use: [large]\n    expect: {outcome: hold, reasons: [desk.too-much]}\n"
        "  c:\n    use: [small]\n    expect: {outcome: approve, reasons: []}\n"
    )

    hits = {item.id: item.hits for item in run.coverage.tried}
    assert (hits["desk.table#tiny"], hits["desk.table#rest"], hits["desk.too-much"]) == (2, 1, 1)


def test_the_run_is_data() -> None:
    whole = _run(_test("small", "{outcome: hold, reasons: []}")).as_json()

    assert whole["results"] == [
        {
            "suite": "desk",
            "test": "one",
            "file": "rules/cases/desk.yaml",
            "line": 8,
            "passed": False,
            "differences": [{"what": "outcome", "expected": "hold", "got": "approve"}],
        }
    ]
    assert (whole["passed"], whole["failed"]) == (0, 1)


COVERED = {
    HitPolicy.ANY: {"ahead", "behind"},
    HitPolicy.FIRST: {"ahead"},
    HitPolicy.PRIORITY: {"behind"},
    HitPolicy.COLLECT: {"ahead", "behind"},
    HitPolicy.RULE_ORDER: {"ahead", "behind"},
    HitPolicy.OUTPUT_ORDER: {"ahead", "behind"},
    HitPolicy.COLLECT_COUNT: {"ahead", "behind"},
}
"""By hit policy under which rows may overlap and give words, which of two rows that hold are covered."""


def test_each_hit_policy_says_which_rows_are_covered() -> None:
    numbers_only = {HitPolicy.COLLECT_SUM, HitPolicy.COLLECT_MIN, HitPolicy.COLLECT_MAX}
    assert set(COVERED) == set(HitPolicy) - {HitPolicy.UNIQUE} - numbers_only


@pytest.mark.parametrize("hit", COVERED)
def test_a_row_is_covered_where_its_output_counts(hit: HitPolicy) -> None:
    """Both rows hold; the second has the output that comes first in order of priority."""
    behind = "small" if hit is HitPolicy.ANY else "urgent"
    table = f"""\
policy: desk
title: {{en: Desk, zh: 前台}}
decides: order
table:
  hit: {hit}
  outputs: {{desk_word: {{order: [urgent, small]}}}}
  rows:
    - {{id: ahead, when: {{order.amount: "< 10"}}, then: {{desk_word: small}}}}
    - {{id: behind, when: {{order.amount: "> 1"}}, then: {{desk_word: {behind}}}}}
"""
    run = _run(_test("small", "{outcome: approve, reasons: []}"), table)

    assert {item.id.partition("#")[2] for item in run.coverage.tried if item.hits} == COVERED[hit]


SIGNED = "from: 2026-06-01, until: 2026-12-31, by: a, approved_by: b, reason: Agreed"
EXCEPTIONS = f"""\
kn: {{waives: [desk.too-much], when: 'account.id = "C-1"', {SIGNED}}}
other: {{waives: [desk.too-much], when: 'account.id = "C-2"', {SIGNED}}}
...
"""


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("{outcome: approve, reasons: [desk.too-much], waived: [desk.too-much], conditions: {}}", []),
        (
            "{outcome: approve, reasons: [desk.too-much]}",
            ["waived: expected none, got besides desk.too-much"],
        ),
        (
            "{outcome: approve, reasons: [desk.too-much], waived: [desk.too-much, desk.prepaid]}",
            ["waived: expected desk.too-much, desk.prepaid, got without desk.prepaid"],
        ),
    ],
)
def test_a_test_says_what_is_waived_and_covers_exceptions(expect: str, said: list[str]) -> None:
    loaded = load(whole_set({"desk": POLICY}, folder="rules/") | {"rules/exceptions.yaml": EXCEPTIONS.encode()})
    assert loaded.engine is not None, loaded.diagnostics
    run = _run_on(loaded.engine, _test("large", expect))
    assert [str(difference) for result in run.results for difference in result.differences] == said
    exceptions = [(item.id, item.hits) for item in run.coverage.tried if item.kind == "exception"]
    assert exceptions == [("exceptions.kn", 1), ("exceptions.other", 0)]
