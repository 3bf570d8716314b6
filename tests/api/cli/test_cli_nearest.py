"""`credence nearest`: what is printed, in both languages and as JSON, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import credence
from tests.support.paths import ROOT, RULES

ORDER = ROOT / "docs" / "order.json"


def test_each_lever_has_its_line() -> None:
    result = credence("nearest", ORDER, "--rules", RULES)

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "SO-1001: hold"
    assert "  payment by the customer 500.00 (account.open_invoices becomes 44,500.00) → approve" in lines
    assert "  higher credit limit 476.19 (account.credit_limit becomes 60,476.19) → approve" in lines
    assert "  shorter credit period: impossible" in lines


def test_levers_are_chosen_and_the_language_too() -> None:
    result = credence("nearest", ORDER, "--rules", RULES, "--lever", "order", "--lang", "zh")

    assert result.stdout.splitlines() == ["SO-1001: hold", "  缩减订单 500.00 (order.amount 变为 18,000.00) → approve"]
    shown = json.loads(credence("nearest", ORDER, "--rules", RULES, "--lever", "period", "--json").stdout)
    assert [(each["state"], each["levers"][0]["amount"]) for each in shown["changes"]] == [("impossible", None)]


@pytest.mark.parametrize(
    ("words", "said"),
    (
        (("--lever", "ordr"), "`ordr` is no lever of this kind of case (did you mean `order`?)"),
        (("--lever", "order", "--lever", "order"), "give at most 2 different levers"),
        (("--case", "invoice"), "no lever is known for a case of the kind `invoice`"),
    ),
)
def test_what_is_no_lever_is_refused(words: tuple[str, ...], said: str) -> None:
    result = credence("nearest", ORDER, "--rules", RULES, *words)

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_case_that_nothing_helps_ends_with_1(tmp_path: Path) -> None:
    body = json.loads(ORDER.read_text())
    body["account"]["sanctions_hit"] = True
    case = tmp_path / "order.json"
    case.write_text(json.dumps(body))

    result = credence("nearest", case, "--rules", RULES)

    assert result.exit_code == 1
    assert "no amount of any of these lets it pass" in result.stdout
