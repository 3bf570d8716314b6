"""`credence check` says every mistake with its place, on a terminal with the line it is about."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from api.cli.console import print_diagnostics
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place
from tests.support.command_line import CASES, FACTS, MAP, ORDERS, credence, desk


def test_rules_without_mistakes_are_counted(tmp_path: Path) -> None:
    result = credence("check", desk(tmp_path / "rules"))

    assert result.exit_code == 0
    assert result.stdout.startswith("no mistakes: 2 policies, 4 rules, 1 table; 1 cases file, 1 row map; version ")
    silent = "no rules decide account, portfolio or limit: such cases are referred to a person"
    assert result.stdout.endswith(f"; {silent}\n")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("orders.yaml", ORDERS.replace("> limit", "> limt"), "orders.yaml:8:26: N001 "),
        ("cases/orders.yaml", CASES.replace("use: small", "use: smal", 1), "cases/orders.yaml:8:10: P040 "),
        ("maps/erp.yaml", MAP.replace("invoice.due_date", "invoice.due_dat"), "maps/erp.yaml:10:3: M001 "),
    ],
)
def test_a_mistake_is_found_in_policies_tests_and_maps(tmp_path: Path, file: str, text: str, said: str) -> None:
    rules = desk(tmp_path / "rules")
    (rules / file).write_text(text, encoding="utf-8")

    result = credence("check", rules)

    assert result.exit_code == 1
    assert result.stdout.startswith(f"{rules}/{said}")
    assert "did you mean" in result.stdout
    assert result.stdout.endswith("1 mistake in 1 file\n")


def test_an_exception_that_has_ended_is_a_warning(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    (rules / "exceptions.yaml").write_text(
        "kn: {waives: [orders.over-limit], when: 'account.id = \"C-1\"', from: 2020-07-01, until: 2020-07-31, by: a, "
        "approved_by: b, reason: Agreed}\n...\n",
        encoding="utf-8",
    )
    shown, as_json = credence("check", rules), json.loads(credence("check", rules, "--json").stdout)
    warning, counts, summary = shown.stdout.splitlines()
    assert shown.exit_code == 0
    assert "exceptions.yaml:1:1: W002 the exception `kn` ended on 2020-07-31" in warning
    assert counts == "1 warning in 1 file"
    assert summary.startswith("no mistakes: 2 policies")
    assert len(as_json["version"]) == 64
    assert [(item["code"], item["severity"]) for item in as_json["diagnostics"]] == [("W002", "warning")]


IN_POLICY = ("orders.yaml", ORDERS.replace("> limit", "> limt"))
IN_FACTS = ("facts.yaml", FACTS.replace("EUR", "EURO"))
BESIDE = {
    "a map that is cut off": ("maps/erp.yaml", MAP[: MAP.index("invoice.open")]),
    "a map that is no YAML": ("maps/erp.yaml", MAP.replace("title: {en", "title: {{en")),
    "a map of a fact that is none": ("maps/erp.yaml", MAP.replace("invoice.due_date", "invoice.due_dat")),
    "a test that is no YAML": ("cases/orders.yaml", CASES.replace("tests:", "tests: [")),
    "a test that uses nothing": ("cases/orders.yaml", CASES.replace("small\n", "smal\n", 1)),
}
"""Mistakes in files that speak of facts."""


def _said(rules: Path) -> list[str]:
    """What `credence check` says, without the number of mistakes."""
    return credence("check", rules).stdout.splitlines()[:-1]


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("first", [IN_POLICY, IN_FACTS], ids=["in a policy", "in the facts"])
def test_a_mistake_in_one_file_hides_none_in_another(tmp_path: Path, first: tuple[str, str], beside: str) -> None:
    """But for those that can't be told without the facts: of YAML itself (codes `Y…`) all can."""
    rules = desk(tmp_path / "rules")
    (rules / BESIDE[beside][0]).write_text(BESIDE[beside][1], encoding="utf-8")
    in_other_file = _said(rules)
    assert in_other_file

    (rules / first[0]).write_text(first[1], encoding="utf-8")
    said = _said(rules)

    known = [line for line in in_other_file if first is IN_POLICY or ": Y" in line]
    assert [line for line in said if not line.startswith(f"{rules}/{first[0]}")] == known
    assert len(said) > len(known)


def test_what_a_test_expects_is_not_held_against_policies_that_have_mistakes(tmp_path: Path) -> None:
    """The rule that the test names may be the one that can't be read."""
    rules = desk(tmp_path / "rules")
    (rules / "orders.yaml").write_text(ORDERS.replace("  over-limit:", "  Over-limit:"), encoding="utf-8")

    lines = credence("check", rules).stdout.splitlines()

    assert [line.partition(": ")[2][:4] for line in lines[:-1]] == ["P004"], lines


EXPECTED = {
    "reasons: [over-limit]": "14:39: N010 `over-limit` is no rule in decisions about orders "
    "(write `orders.over-limit`)",
    "reasons: [orders.over-limits]": "14:39: N010 `orders.over-limits` is no rule in decisions about orders "
    "(did you mean `orders.over-limit`?)",
    "reasons: [dunning.late]": "14:39: N010 `dunning.late` is no rule in decisions about orders",
    "reasons: [], undetermined: [orders.insolvnt]": "14:57: N010 `orders.insolvnt` is no rule or table in decisions "
    "about orders (did you mean `orders.insolvent`?)",
    "reasons: [], results: {dunning.step: a}": "14:52: N010 `dunning.step` is no result in decisions about orders",
    "reasons: [], conditions: {depost: 5}": "14:55: N010 `depost` is no condition in decisions about orders "
    "(did you mean `deposit`?)",
}


@pytest.mark.parametrize(("expected", "said"), EXPECTED.items())
def test_what_a_test_expects_must_have_a_name_that_decisions_have(tmp_path: Path, expected: str, said: str) -> None:
    rules = desk(tmp_path / "rules")
    cases = CASES.replace("reasons: [orders.over-limit], conditions: {deposit: 2000}", expected)
    cases = cases.replace("fixtures:", "# a line\nfixtures:")
    (rules / "cases" / "orders.yaml").write_text(cases, encoding="utf-8")

    result = credence("check", rules)

    assert result.exit_code == 1
    assert result.stdout.startswith(f"{rules}/cases/orders.yaml:{said}"), result.stdout
    assert said in credence("test", rules).stderr


def test_mistakes_as_json(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    (rules / "orders.yaml").write_text(ORDERS.replace("> limit", "> limt"), encoding="utf-8")

    result = credence("check", rules, "--json")

    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert answer["version"] is None
    assert [(d["line"], d["column"], d["code"]) for d in answer["diagnostics"]] == [(8, 26, "N001")]


def test_what_only_bulk_refuses_is_said_and_decides_all_the_same(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    spelled = ORDERS.replace("when: account.insolvent", "when: 'upper case(account.id) = \"C-1\"'")
    (rules / "orders.yaml").write_text(spelled, encoding="utf-8")

    result = credence("check", rules)

    assert result.exit_code == 1
    assert result.stdout == (
        f"{rules}/orders.yaml:14:12: B001 this policy can't run in bulk: databases disagree about `upper case` beyond "
        'the letters A to Z (list the spellings: `x in ["North", "NORTH"]`)\n1 mistake in 1 file\n'
    )
    order = tmp_path / "order.json"
    order.write_text('{"order": {"id": "SO-1", "amount": "900.00"}, "account": {"id": "c-1"}}', encoding="utf-8")
    decided = credence("decide", order, "--case", "order", "--rules", rules, "--json")
    assert (decided.exit_code, json.loads(decided.stdout)["outcome"]) == (0, "reject")


PAST = """# what was
history: past
title: {en: Past, zh: 历史}
currency: EUR
columns:
  invoice: {column: no}
  customer: {column: who}
  issued: {column: from}
  due: {column: due}
  settled: {column: paid}
  amount: {column: amount}
...
"""


def test_a_backtest_map_is_checked_as_one_and_is_no_row_map(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    (rules / "maps" / "past.yaml").write_text(PAST, encoding="utf-8")

    result = credence("check", rules)

    assert (result.exit_code, "1 row map;" in result.stdout) == (0, True)

    (rules / "maps" / "past.yaml").write_text(PAST.replace("EUR", "euro"), encoding="utf-8")
    assert "past.yaml:4:11: H005 `euro` is not a currency (did you mean `EUR`?)" in credence("check", rules).stdout


def test_a_backtest_map_is_known_by_its_key_however_it_is_written(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    (rules / "maps" / "past.yaml").write_text(PAST.replace("history:", '"history" :'), encoding="utf-8")

    assert "1 row map;" in credence("check", rules).stdout


def test_two_suites_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    (rules / "cases" / "second.yaml").write_text(CASES, encoding="utf-8")

    assert "second.yaml:1:8: P006 the suite `orders` is already at" in credence("check", rules).stdout


@pytest.mark.parametrize("what", ["missing", "file", "empty"])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, what: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()

    result = credence("check", tmp_path / what)

    assert result.exit_code == 2
    assert result.stderr.startswith("credence: the ")
    assert result.stdout == ""


def test_on_a_terminal_the_caret_stands_under_the_place() -> None:
    """Chinese characters are two cells wide, and a file may begin with a byte order mark."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=200, color_system=None, soft_wrap=True)
    content = b"\xef\xbb\xbf" + "title: {zh: 订单放行, en: Orders}\n".encode()

    print_diagnostics(
        console, [Diagnostic(Place("a.yaml", 1, 19), ErrorCode.P001, "no", "write it")], {"a.yaml": content}
    )

    assert written.getvalue().splitlines() == [
        "a.yaml:1:19: P001 no (write it)",
        "    1 │ title: {zh: 订单放行, en: Orders}",
        "      │ " + " " * 22 + "^",
    ]


FUTURE = """policy: fees
title: {en: Fees, zh: 费用}
decides: order
parameters:
  fee: {2027-01-01: 5}
values:
  total: order.amount + fee
table:
  hit: first
  outputs: {level: integer}
  rows:
    - {when: {order.amount: "> fee"}, then: {level: 1}}
    - {when: {}, then: {level: 0}}
rules:
  late-fee: {when: order.amount > fee and total > 5, then: hold, reason: {en: "{fee}", zh: "{fee}"}}
...
"""
SAID = (
    "fees.yaml:5:3: W001 the parameter `fee` has no value before 2027-01-01; until then `fees.total`, `fees.level`, "
    "`fees.late-fee` can't be worked out (give it a value from an earlier date on, or write `value: …` for always)"
)


def with_future_fee(tmp_path: Path) -> Path:
    rules = desk(tmp_path / "rules")
    (rules / "fees.yaml").write_text(FUTURE, encoding="utf-8")
    facts = (rules / "facts.yaml").read_text("utf-8")
    (rules / "facts.yaml").write_text(facts.replace("policies: [", "policies: [fees, "), encoding="utf-8")
    return rules


def test_a_parameter_that_begins_in_the_future_is_a_warning_with_all_that_reads_it(tmp_path: Path) -> None:
    rules = with_future_fee(tmp_path)

    result = credence("check", rules, "--as-of", "2026-12-31")

    assert result.stdout.splitlines()[:2] == [f"{rules}/{SAID}", "1 warning in 1 file"]
    assert result.stdout.splitlines()[2].startswith("no mistakes: 3 policies")
    assert result.exit_code == 0


def test_warnings_fail_where_the_check_is_strict(tmp_path: Path) -> None:
    result = credence("check", with_future_fee(tmp_path), "--as-of", "2026-12-31", "--strict")
    assert (result.exit_code, "1 warning in 1 file" in result.stdout) == (1, True)


@pytest.mark.parametrize("strict", [(), ("--strict",)])
def test_from_its_first_day_on_a_parameter_is_none(tmp_path: Path, strict: tuple[str, ...]) -> None:
    result = credence("check", with_future_fee(tmp_path), "--as-of", "2027-01-01", *strict)
    assert (result.exit_code, "W001" in result.stdout) == (0, False)


def test_warnings_have_a_severity_of_their_own_in_json(tmp_path: Path) -> None:
    rules = with_future_fee(tmp_path)
    unread = FUTURE.replace("  fee:", "  unread: 1\n  fee:")

    warned = json.loads(credence("check", rules, "--as-of", "2026-12-31", "--json").stdout)
    (rules / "fees.yaml").write_text(unread, encoding="utf-8")
    both = credence("check", rules, "--as-of", "2026-12-31")

    assert [each["severity"] for each in warned["diagnostics"]] == ["warning"]
    assert warned["version"] is not None
    assert "1 mistake and 1 warning in 1 file" in both.stdout
    assert both.exit_code == 1
