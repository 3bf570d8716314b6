"""A list of records in a cell of a CSV file: JSON, read as strictly as a request, and blank where it is missing."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.command_line import credence

FACTS = """currency: EUR
policies: [p]
facts:
  account.items: {type: list, of: {amount: {type: money, required: true}, due: date}, title: {en: Items, zh: 项目}}
...
"""
POLICY = """policy: p
title: {en: P, zh: 策略}
decides: order
rules:
  r:
    when: sum(account.items.amount) > 5
    then: hold
    reason: {en: a, zh: 甲}
...
"""
MAP = """map: m
title: {en: M, zh: 图}
case: order
facts:
  order.id: {column: no}
  order.amount: {column: amount}
  account.id: {column: account}
  account.items: {column: items}
...
"""
CELLS = {
    '[{"amount": "10.00", "due": "2026-01-01"}]': "hold",
    "[]": "approve",
    "": "hold",  # missing
    "[{bad": "is not a list in JSON",
    "5": "is not a list",
    '[{"due": "2026-01-01"}]': "[1].amount: is required",
    '[{"amount": "1", "amount": "2"}]': "is not a list in JSON",
}


def test_cells_that_hold_lists(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "facts.yaml").write_text(FACTS, "utf-8")
    (rules / "p.yaml").write_text(POLICY, "utf-8")
    (tmp_path / "map.yaml").write_text(MAP, "utf-8")
    rows = ['{},1,a,"{}"'.format(i, cell.replace('"', '""')) for i, cell in enumerate(CELLS)]
    (tmp_path / "in.csv").write_text("no,amount,account,items\n" + "\n".join(rows) + "\n", "utf-8")
    out = tmp_path / "out.ndjson"
    done = credence("decide-file", tmp_path / "in.csv", "--rules", rules, "--map", tmp_path / "map.yaml", "--out", out)
    assert done.exit_code == 1, done.output  # there are rejects
    outcomes = {row["subject"]: row["outcome"] for row in map(json.loads, out.read_text("utf-8").splitlines())}
    rejects = (tmp_path / "out.ndjson.rejects.csv").read_text("utf-8").splitlines()[1:]
    for index, (cell, expected) in enumerate(CELLS.items()):
        if expected in ("hold", "approve"):
            assert outcomes[str(index)] == expected, cell
        else:
            [line] = [each for each in rejects if each.startswith(f"{index + 2},")]
            assert expected in line, cell
