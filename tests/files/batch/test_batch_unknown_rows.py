"""A missing fact that can't change a table's outputs holds nothing up, whichever way the case comes in."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.command_line import credence

POLICY = """
policy: gen
title: {en: Demo, zh: 演示}
decides: order
tables:
  p:
    hit: priority
    outputs: {risk: {members: [high, low], order: [high, low]}}
    rows:
      - {id: abroad, when: {account.customer_class: key}, then: {risk: high}}
      - {id: any, when: {order.amount: ">= 0"}, then: {risk: high}}
      - {id: small, when: {order.amount: "< 100"}, then: {risk: low}}
  f:
    hit: first
    outputs: {band: {members: [x, y]}}
    rows:
      - {id: one, when: {account.customer_class: key}, then: {band: x}}
      - {id: two, when: {order.amount: "< 100"}, then: {band: x}}
      - {id: three, when: {}, then: {band: y}}
  m:
    hit: collect max
    outputs: {fee: {type: money}}
    rows:
      - {id: base, when: {}, then: {fee: 100}}
      - {id: key, when: {account.customer_class: key}, then: {fee: 5}}
rules:
  rejected:
    when: [risk = "high", band = "x", fee >= 100]
    then: reject
    reason: {en: Rejected., zh: 拒绝。}
...
"""
ORDERS = '{"order":{"id":"1","amount":"50.00"},"account":{"id":"a"}}\n'
RESULTS = {"risk": "high", "band": "x", "fee": "100.00"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "facts.yaml").write_text("policies: [gen]\ncurrency: EUR\n...\n", encoding="utf-8")
    (tmp_path / "rules" / "gen.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "in.ndjson").write_text(ORDERS, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", ["decide-file", "batch"])
def test_a_file_of_orders_is_decided(home: Path, command: str) -> None:
    out = home / "out.ndjson"
    common = ("--case", "order", "--as-of", "2026-07-01", "--rules", str(home / "rules"), "--out", str(out))
    more = ("--results",) if command == "batch" else ("--rejects", str(home / "rejects.csv"))
    ran = credence(command, str(home / "in.ndjson"), *common, *more)

    assert ran.exit_code == 0, ran.output
    [line] = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert line["outcome"] == "reject"
    if command == "decide-file":
        assert (line["results"]["gen"], line["undetermined"]) == (RESULTS, [])
    else:
        assert (line["gen.risk"], line["gen.band"], Decimal(str(line["gen.fee"]))) == ("high", "x", Decimal(100))


def test_the_explanation_says_that_the_row_can_not_matter(home: Path) -> None:
    ran = credence("explain", str(home / "in.ndjson"), "--rules", str(home / "rules"), "--as-of", "2026-07-01")

    assert ran.output.count("unknown, can't change the result") == 3
    assert "missing" not in ran.output
