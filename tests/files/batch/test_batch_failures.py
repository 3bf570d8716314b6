"""Whose fault it is when an engine stops: a broken file is named, and credence's own query never blames a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.cli.console import OWN_FAULT
from engine.lowering.sql.levels import Levels, SqlValue
from tests.support.command_line import credence
from tests.support.running_service import write_rules

WIDE = """\
policy: orders
title: {en: Orders, zh: 订单}
decides: order
parameters:
  wanted: {type: number, value: 1.5, title: {en: Wanted, zh: 期望}}
rules:
  weak:
    when: wanted / account.broken_promises < 1
    then: hold
    reason: {en: Weak., zh: 弱。}
...
"""
ROW: dict[str, dict[str, object]] = {
    "order": {"id": "S-1", "amount": "50.00"},
    "account": {"id": "C-1", "broken_promises": 2},
}
MAP = """\
history: past
title: {en: Past, zh: 历史}
currency: EUR
columns:
  invoice: {column: no}
  customer: {column: who}
  issued: {column: from}
  due: {column: due}
  settled: {column: paid}
  amount: {column: sum}
assume:
  account.broken_promises: {value: 2, because: {en: Two., zh: 两次。}}
...
"""
HISTORY = """\
no,who,from,due,paid,sum
1,C,2025-01-01,2025-02-01,2025-02-03,10.00
2,C,2025-03-01,2025-04-01,2025-04-09,20.00
"""


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """SQL in which DuckDB multiplies 1500000 by 1000000 in 32 bits."""

    def as_it_is(_: Levels, code: SqlValue) -> SqlValue:
        return code

    monkeypatch.setattr(Levels, "lengthened", as_it_is)
    yield


def rows_in(folder: Path, suffix: str) -> Path:
    path, cells = folder / f"in.{suffix}", {f"{g}.{n}": str(v) for g, part in ROW.items() for n, v in part.items()}
    match suffix:
        case "ndjson":
            path.write_text(json.dumps(ROW) + "\n")
        case "csv":
            path.write_text(f"{','.join(cells)}\n{','.join(cells.values())}\n")
        case _:
            table = pa.table({name: [cell] for name, cell in cells.items()})
            table = table.set_column(3, "account.broken_promises", pa.array([2]))
            if suffix == "parquet":
                pq.write_table(table, path)
            else:
                with pa.ipc.new_file(path, table.schema) as writer:
                    writer.write_table(table)
    return path


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("suffix", ["csv", "ndjson", "parquet", "arrow"])
def test_a_failure_of_the_query_is_told_as_our_own_fault(suffix: str, tmp_path: Path) -> None:
    rules, source = write_rules(tmp_path / "rules", WIDE), rows_in(tmp_path, suffix)
    before = sorted(tmp_path.iterdir())

    result = credence("batch", source, "--case", "order", "--rules", rules, "--out", tmp_path / "out.csv")

    assert (result.exit_code, result.stderr.count("\n")) == (OWN_FAULT, 1), result.stderr
    assert "a fault of credence, not of your files" in result.stderr
    assert "Overflow in multiplication" in result.stderr
    assert "`credence decide-file` decides the rows one by one" in result.stderr
    assert "can't be read" not in result.stderr
    assert str(source) not in result.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_the_same_rows_are_decided_by_the_query_as_it_is(tmp_path: Path) -> None:
    rules = write_rules(tmp_path / "rules", WIDE)
    for suffix in ("csv", "ndjson", "parquet", "arrow"):
        out = tmp_path / f"{suffix}.ndjson"
        result = credence("batch", rows_in(tmp_path, suffix), "--case", "order", "--rules", rules, "--out", out)
        assert result.exit_code == 0, result.stderr
        assert json.loads(out.read_text())["fired"] == ["orders.weak"]


def damaged_inside(path: Path) -> Path:
    """Its heading and its end are sound, its values are not."""
    ids = [f"S-{number}" for number in range(5_000)]
    table = pa.table({"order.id": ids, "order.amount": ["1.00"] * 5_000, "account.id": ["C"] * 5_000})
    pq.write_table(table, path, compression="none")
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + b"\xab" * 400 + whole[404:])
    return path


def test_a_file_that_turns_out_broken_while_rows_are_decided_is_named(tmp_path: Path) -> None:
    """And it alone, not the one beside it."""
    rules = write_rules(tmp_path / "rules")
    sound = tmp_path / "a.parquet"
    damaged = damaged_inside(tmp_path / "b.parquet")
    pq.write_table(pa.table({"order.id": ["S"], "order.amount": ["1.00"], "account.id": ["C"]}), sound)

    result = credence("batch", sound, damaged, "--case", "order", "--rules", rules, "--out", tmp_path / "out.csv")

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stderr
    assert f"{damaged}: can't be read" in result.stderr
    assert str(sound) not in result.stderr
    assert "fault of credence" not in result.stderr


def backtest(folder: Path) -> tuple[int, str, str]:
    (folder / "map.yaml").write_text(MAP, encoding="utf-8")
    (folder / "history.csv").write_text(HISTORY, encoding="utf-8")
    rules = write_rules(folder / "rules", WIDE)
    files = ("--history", folder / "history.csv", "--map", folder / "map.yaml")
    result = credence("backtest", *files, "--rules", rules, "--json")
    return result.exit_code, result.stdout, result.stderr


def test_a_backtest_goes_on_one_by_one_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = backtest(tmp_path)
    assert (whole[0], whole[2]) == (0, "")

    monkeypatch.setattr(Levels, "lengthened", lambda _, code: code)
    code, printed, said = backtest(tmp_path)

    assert (code, said.count("\n")) == (0, 1), said
    assert "note: a fault of credence, not of the file" in said
    assert "Overflow in multiplication" in said
    assert "replayed one by one instead, with the same figures" in said
    assert printed == whole[1]
