"""`credence batch` waives what `decide-file` waives, in every format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.dataset as pads
import pytest

from tests.support.command_line import credence, desk
from tests.support.steps import long_after

EXCEPTIONS = """\
kn:
  waives: [orders.over-limit, orders.insolvent]
  when: account.id = "C-3" or account.country = "DE"
  from: 2026-07-01
  until: 2026-12-31
  by: a
  approved_by: b
  reason: Agreed
...
"""


def orders(folder: Path) -> Path:
    (desk(folder / "rules") / "exceptions.yaml").write_text(EXCEPTIONS, encoding="utf-8")
    lines = []
    for number in range(120):
        account = {
            "id": f"C-{number % 7}",
            "insolvent": (True, False, None)[number % 3],
            "country": ("DE", None)[number % 2],
        }
        lines.append(json.dumps({"order": {"id": f"SO-{number}", "amount": f"{number * 200}.00"}, "account": account}))
    source = folder / "orders.ndjson"
    source.write_text("\n".join(lines), encoding="utf-8")
    return source


def decided(source: Path, out: Path, command: str, day: str) -> Path:
    asked = ("--case", "order", "--as-of", day, "--rules", str(source.with_name("rules")), "--out", str(out))
    result = credence(command, str(source), *asked)
    assert result.exit_code == 0, result.stderr
    return out


def shown(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """A row of a batch; ids are text or a list."""
    ids = (row[name] or "" for name in ("fired", "waived", "undetermined"))
    lists = [sorted(cell.split() if isinstance(cell, str) else cell) for cell in ids]
    deposit = row["condition.deposit"]
    return row["order.id"], row["outcome"], *lists, None if deposit is None else float(deposit)


def said(decision: Mapping[str, Any]) -> tuple[Any, ...]:
    unsure = sorted(item["id"] for item in decision["undetermined"] if not item["id"].startswith("exceptions."))
    waived = sorted(reason["rule"] for reason in decision["reasons"] if reason["waived"])
    fired = sorted({reason["rule"] for reason in decision["reasons"]}.difference(unsure))
    deposit = decision["conditions"].get("deposit")
    return decision["subject"], decision["outcome"], fired, waived, unsure, None if deposit is None else float(deposit)


@pytest.mark.parametrize("suffix", long_after(1, ["ndjson", "csv", "parquet"]))
@pytest.mark.parametrize("day", ["2026-07-01", "2027-01-01"])
def test_a_batch_waives_what_decisions_waive(tmp_path: Path, suffix: str, day: str) -> None:
    source = orders(tmp_path)
    one = decided(source, tmp_path / "one.ndjson", "decide-file", day).read_text(encoding="utf-8")
    expected = [said(json.loads(line)) for line in one.splitlines()]
    out = decided(source, tmp_path / f"out.{suffix}", "batch", day)
    if suffix == "ndjson":
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    else:
        rows = pads.dataset(out, format=suffix).to_table().to_pylist()
    assert [shown(row) for row in rows] == expected
    assert len(expected) == 120
    assert any(waived for _, _, _, waived, _, _ in expected) is (day == "2026-07-01")
    assert {outcome for _, outcome, *_ in expected} == {"approve", "hold", "reject"}
