"""Rows with lists of records, decided one by one and in bulk: the same decisions, the same rows refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.pipeline import Engine, load
from engine.vocabulary.binding import FactsRefused
from tests.support.command_line import credence
from tests.support.large import how_many
from tests.support.random_policies import DAY
from tests.support.random_records import (
    Row,
    policy_files,
    random_rows,
    write_apart,
    write_cells,
    write_requests,
    write_structs,
)
from tests.support.steps import long_after

ROWS = 80
SEEDS = range(how_many(2, large=40))

Decided = dict[str, Mapping[str, Any] | None]
"""What is decided by account: outcome and values; None for a row that is refused."""


def engine_of(seed: int) -> Engine:
    loaded = load(policy_files(seed))
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


def one_by_one(engine: Engine, rows: list[Row]) -> Decided:
    found: Decided = {}
    for row in rows:
        try:
            decision = engine.decide("account", {"account": row.facts}, DAY, "-")
        except FactsRefused:
            found[row.id] = None
        else:
            assert all(reason.rule != "engine-disagreement" for reason in decision.reasons)
            found[row.id] = {"outcome": decision.outcome, **decision.results["p"]}
    return found


class Desk:
    """A policy set in a folder, with random rows for it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        (folder / "rules").mkdir()
        for name, content in policy_files(seed).items():
            (folder / "rules" / name).parent.mkdir(exist_ok=True)
            (folder / "rules" / name).write_bytes(content)
        self.rows = list(random_rows(seed, ROWS))
        self.expected = one_by_one(engine_of(seed), self.rows)

    def run(self, command: str, source: str, *options: str) -> tuple[Decided, dict[str, str]]:
        """What a command decides of a file, and the faults of each row that it refuses, by their line."""
        out, rejects = self.folder / f"{command}-{source}.out.ndjson", self.folder / "rejects.csv"
        asked = ("--case", "account", "--as-of", str(DAY), "--rules", self.folder / "rules", "--rejects", rejects)
        ran = credence(command, self.folder / source, *asked, "--out", out, *options)
        assert out.exists(), (ran.output, ran.exception)
        with rejects.open(newline="", encoding="utf-8") as stream:
            faults = {row["line"]: row["faults"] for row in csv.DictReader(stream)}
        first = 2 if source.endswith(".csv") else 1
        found: Decided = {row[0]: None for row in self.rows}
        sound = [row[0] for line, row in enumerate(self.rows, first) if str(line) not in faults]
        for id_, line in zip(sound, out.read_text("utf-8").splitlines(), strict=True):
            body = json.loads(line)
            if command == "batch":
                assert body["account.id"] == id_
                body["results"] = {"p": {name[2:]: value for name, value in body.items() if name.startswith("p.")}}
            found[id_] = {"outcome": body["outcome"], **body["results"]["p"]}
        return found, faults


def same(found: Decided, expected: Decided) -> None:
    assert {id_ for id_, value in found.items() if value is None} == {
        id_ for id_, value in expected.items() if value is None
    }
    for id_, value in expected.items():
        assert _plain(found[id_]) == _plain(value), id_


def _plain(value: Mapping[str, Any] | None) -> Any:
    """Numbers by value."""
    return None if value is None else {name: _number(each) for name, each in value.items()}


def _number(value: Any) -> Any:
    try:
        return value if isinstance(value, bool) or value is None else float(value)
    except ValueError:
        return value


@pytest.mark.parametrize("seed", long_after(1, SEEDS))
def test_lists_in_rows_are_decided_alike_in_every_way(seed: int, tmp_path: Path) -> None:
    desk = Desk(tmp_path, seed)
    write_requests(tmp_path / "rows.ndjson", desk.rows)
    write_cells(tmp_path / "rows.csv", desk.rows)
    write_structs(tmp_path / "rows.parquet", desk.rows)
    outcomes = {value and value["outcome"] for value in desk.expected.values()}
    assert len(outcomes) > 2
    assert None in outcomes

    one, faults = desk.run("decide-file", "rows.ndjson")
    same(one, desk.expected)
    for source in ("rows.ndjson", "rows.csv", "rows.parquet"):
        found, bulk_faults = desk.run("batch", source)
        same(found, desk.expected)
        assert len(bulk_faults) == len(faults)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.spark
def test_spark_reads_arrays_of_structs_as_duckdb_does(tmp_path: Path) -> None:
    """Rejects hold no line there, and ids instead; JSON in text is refused before anything is written."""
    pytest.importorskip("pyspark.sql", exc_type=ImportError)
    desk = Desk(tmp_path, 1)
    write_structs(tmp_path / "rows.parquet", desk.rows)
    write_cells(tmp_path / "rows.csv", desk.rows)
    asked = ("--case", "account", "--as-of", str(DAY), "--rules", tmp_path / "rules", "--engine", "spark")
    places = ("--master", "local[1]", "--out", tmp_path / "out.ndjson", "--rejects", tmp_path / "rejects")
    refused = credence("batch", tmp_path / "rows.csv", *asked, *places)
    assert (refused.exit_code, (tmp_path / "out.ndjson").exists()) == (2, False)
    assert "on Spark a list is a column of arrays of structs, and `account.items` holds text" in refused.stderr
    assert "; make it one with from_json(`account.items`, 'array<struct<amount: decimal(18,2), " in refused.stderr

    ran = credence("batch", tmp_path / "rows.parquet", *asked, *places)
    assert ran.exit_code == 1, (ran.output, ran.exception)
    found: Decided = {row.id: None for row in desk.rows}
    for part in sorted((tmp_path / "out.ndjson").glob("part-*")):
        for line in part.read_text("utf-8").splitlines():
            body = json.loads(line)
            values = {name[2:]: value for name, value in body.items() if name.startswith("p.")}
            found[body["account.id"]] = {"outcome": body["outcome"], **values}
    same(found, desk.expected)
    one, faults = desk.run("batch", "rows.parquet")
    same(one, desk.expected)
    rejects = pq.read_table(tmp_path / "rejects").to_pylist()
    assert sorted(each["faults"] for each in rejects) == sorted(faults.values())


# --- a file of records beside the rows -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", long_after(1, SEEDS))
def test_lists_from_a_file_of_their_own_are_decided_alike(seed: int, tmp_path: Path) -> None:
    """Blank cells are missing there, and a line that holds no value is no record."""
    desk = Desk(tmp_path, seed)
    desk.rows = [row._replace(items=row.items and [_as_cells(each) for each in row.items if each]) for row in desk.rows]
    desk.expected = one_by_one(engine_of(seed), desk.rows)
    assert None in desk.expected.values()
    write_apart(tmp_path / "rows.ndjson", tmp_path / "items.csv", desk.rows, seed)
    lines = list(csv.reader((tmp_path / "items.csv").read_text("utf-8").splitlines()))
    pq.write_table(pa.Table.from_pylist(_columns(lines)), tmp_path / "items.parquet")
    beside = ("--list", f"account.items={tmp_path / 'items.csv'}")
    one, faults = desk.run("decide-file", "rows.ndjson", *beside)
    same(one, desk.expected)
    found, bulk_faults = desk.run("batch", "rows.ndjson", *beside)
    same(found, desk.expected)
    assert {line: set(words.split("; ")) for line, words in faults.items()} == {
        line: set(words.replace("\n", "; ").split("; ")) for line, words in bulk_faults.items()
    }
    of_parquet = ("--list", f"account.items={tmp_path / 'items.parquet'}")
    for command in ("decide-file", "batch"):
        same(desk.run(command, "rows.ndjson", *of_parquet)[0], desk.expected)


def _as_cells(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if str(value).strip()}


def _columns(lines: list[list[str]]) -> list[dict[str, str | None]]:
    """The lines of a CSV file as rows of text, blanks as nulls."""
    heading, *rows = lines
    return [{name: cell or None for name, cell in zip(heading, row, strict=True)} for row in rows]
