"""`credence test` runs policy tests, shows expected against got, and what no test touches."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from tests.support.command_line import CASES, credence, desk


def _failing(folder: Path) -> Path:
    rules = desk(folder / "rules")
    text = CASES.replace("outcome: approve, reasons: []", "outcome: hold, reasons: [orders.insolvent]")
    (rules / "cases" / "orders.yaml").write_text(text, encoding="utf-8")
    return rules


def test_passing_tests_with_the_rules_that_none_covers(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")

    result = credence("test", rules)

    assert result.exit_code == 0
    assert f"{rules}/orders.yaml:13:3 rule orders.insolvent not covered" in result.stdout
    assert f"{rules}/dunning.yaml:8:9 row dunning.ladder#settled not covered" in result.stdout
    assert "coverage 14.3%: 1 of 7" in result.stdout
    assert "2 passed, 0 failed" in result.stdout


def test_a_failure_shows_expected_against_got_and_its_place(tmp_path: Path) -> None:
    rules = _failing(tmp_path)

    result = credence("test", rules)

    assert result.exit_code == 1
    assert f"{rules}/cases/orders.yaml:7 orders/small-order-passes failed" in result.stdout
    assert "    outcome\n        expected  hold\n        got       approve\n" in result.stdout
    assert "1 passed, 1 failed" in result.stdout


def test_coverage_below_the_minimum_fails(tmp_path: Path) -> None:
    result = credence("test", desk(tmp_path / "rules"), "--min-coverage", "50")

    assert result.exit_code == 1
    assert "coverage is 14.3%, wanted 50%" in result.stdout


def test_results_as_json(tmp_path: Path) -> None:
    answer = json.loads(credence("test", _failing(tmp_path), "--json").stdout)

    assert (answer["passed"], answer["failed"]) == (1, 1)
    assert answer["results"][0]["differences"][0] == {"what": "outcome", "expected": "hold", "got": "approve"}
    assert answer["coverage"]["total"] == 7


def test_results_as_junit(tmp_path: Path) -> None:
    result = credence("test", _failing(tmp_path), "--junit", tmp_path / "report.xml")

    root = ElementTree.parse(tmp_path / "report.xml").getroot()
    cases = root.findall("testsuite/testcase")
    assert result.exit_code == 1
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert [(case.get("classname"), case.get("name"), case.get("line")) for case in cases] == [
        ("orders", "small-order-passes", "7"),
        ("orders", "large-order-waits", "10"),
    ]
    failure = cases[0].find("failure")
    assert failure is not None and failure.get("message") == "outcome: expected hold, got approve"


def test_rules_without_tests_are_refused(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    (rules / "cases" / "orders.yaml").unlink()

    result = credence("test", rules)

    assert result.exit_code == 2
    assert "there are no policy tests" in result.stderr


def test_tests_with_mistakes_are_not_run(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    (rules / "cases" / "orders.yaml").write_text(CASES.replace("amount: 12000", "amont: 12000"), encoding="utf-8")

    result = credence("test", rules)

    assert result.exit_code == 1
    assert "P041" in result.stderr
