"""`credence batch` asks for the acts that `decide-file` asks for, in every format."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.dataset as pads
import pytest

from tests.support.command_line import credence, desk
from tests.support.steps import long_after

ACTS = """\
  covered:
    when: account.insured_limit < order.amount
    then: approve
    if_missing: ignore
    reason: {en: Above the cover., zh: 超出承保。}
    action: {do: notify_insurer, by: account.insured_until + 10, amount: order.amount - account.insured_limit}
  insolvent-act:
    when: account.insolvent
    then: reject
    if_missing: ignore
    reason: {en: Insolvent., zh: 破产。}
    action: file_proof_of_debt
...
"""
EXCEPTIONS = """\
kn:
  waives: [orders.covered]
  when: account.id = "C-3"
  from: 2026-07-01
  until: 2026-12-31
  by: a
  approved_by: b
  reason: Agreed
...
"""


def orders(folder: Path, *, acts: bool = True) -> Path:
    rules = desk(folder / "rules")
    if acts:
        policy = rules / "orders.yaml"
        policy.write_text(policy.read_text(encoding="utf-8").removesuffix("...\n") + ACTS, encoding="utf-8")
        (rules / "exceptions.yaml").write_text(EXCEPTIONS, encoding="utf-8")
    lines = []
    for number in range(120):
        account = {
            "id": f"C-{number % 7}",
            "insolvent": (True, False, None)[number % 3],
            "insured_limit": (None, "5000.00", "0.01", "99999999.99")[number % 4],
            "insured_until": ("2026-12-31", None)[number % 5 == 0],
        }
        lines.append(json.dumps({"order": {"id": f"SO-{number}", "amount": f"{number * 200}.00"}, "account": account}))
    source = folder / "orders.ndjson"
    source.write_text("\n".join(lines), encoding="utf-8")
    return source


def decided(source: Path, out: Path, command: str) -> Path:
    asked = ("--case", "order", "--as-of", "2026-07-01", "--rules", str(source.with_name("rules")), "--out", str(out))
    result = credence(command, str(source), *asked)
    assert result.exit_code == 0, result.stderr
    return out


def in_json(value: Any) -> Any:
    """A value of Parquet as a decision's JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:.2f}" if isinstance(value, Decimal) else value


def rows_of(out: Path, suffix: str) -> list[Any]:
    if suffix == "ndjson":
        return [json.loads(line)["actions"] for line in out.read_text(encoding="utf-8").splitlines()]
    cells = [row["actions"] for row in pads.dataset(out, format=suffix).to_table().to_pylist()]
    if suffix == "csv":
        return [json.loads(cell) if cell else [] for cell in cells]
    return [[{name: in_json(value) for name, value in action.items()} for action in cell] for cell in cells]


@pytest.mark.parametrize("suffix", long_after(1, ["ndjson", "csv", "parquet"]))
def test_a_batch_asks_for_what_decisions_ask_for(tmp_path: Path, suffix: str) -> None:
    source = orders(tmp_path)
    one = decided(source, tmp_path / "one.ndjson", "decide-file").read_text(encoding="utf-8")
    expected = [json.loads(line)["actions"] for line in one.splitlines()]
    assert rows_of(decided(source, tmp_path / f"out.{suffix}", "batch"), suffix) == expected
    assert {len(actions) for actions in expected} == {0, 1, 2}
    given = [(action["by"] is None, action["amount"] is None) for actions in expected for action in actions]
    assert set(given) == {(False, False), (True, False), (True, True)}


@pytest.mark.parametrize("suffix", long_after(1, ["ndjson", "csv", "parquet"]))
def test_policies_that_ask_for_nothing_have_the_column_too(tmp_path: Path, suffix: str) -> None:
    source = orders(tmp_path, acts=False)
    assert rows_of(decided(source, tmp_path / f"out.{suffix}", "batch"), suffix) == [[]] * 120
