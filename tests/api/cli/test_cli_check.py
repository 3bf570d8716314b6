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
from tests.support.command_line import CASES, MAP, ORDERS, credence, desk


def test_rules_without_mistakes_are_counted(tmp_path: Path) -> None:
    result = credence("check", desk(tmp_path / "rules"))

    assert result.exit_code == 0
    assert result.stdout.startswith("no mistakes: 2 policies, 4 rules, 1 table; 1 cases file, 1 row map; version ")
    assert result.stdout.endswith("; no rules decide account or portfolio: such cases are referred to a person\n")


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
