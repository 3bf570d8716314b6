"""Generated row maps give the same in the interpreter, in `decide-file` and in `batch`: values and faults."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.reading.document import read
from engine.ruleset.ruleset import RuleSet
from files.batch.decide_file import DecideFileJob, Watch, decide_file
from files.batch.duckdb.duckdb_run import SqlBatchJob, run
from files.maps.row_map import RowMap
from files.maps.row_map_file import read_row_map
from tests.support.random_row_maps import DAY, RandomRowMap, seeing_engine, seen
from tests.support.steps import long_after

ROWS = 150
SEEDS = range(16)


def write_csv(path: Path, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)


def faults_of(path: Path, between: str) -> dict[int, list[str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return {int(row["line"]): row["faults"].split(between) for row in csv.DictReader(stream)}


def of_numbers(values: dict[str, Any]) -> dict[str, Any]:
    """Decimals by value: 0.10 and 0.1 are one; databases know dates."""
    numbers = ("seen_cap", "seen_share", "seen_ratio")
    return {name: value if value is None or name not in numbers else Decimal(value) for name, value in values.items()}


def _sql_job(home: Path, ruleset: RuleSet, out: Path, rejects: Path, row_map: RowMap) -> SqlBatchJob:
    return SqlBatchJob(
        sources=(str(home / "in.csv"),),
        ruleset=ruleset,
        as_of=DAY,
        out=str(out),
        rejects=str(rejects),
        row_map=row_map,
    )


@pytest.mark.parametrize("seed", long_after(5, SEEDS))
def test_one_by_one_and_in_bulk_as_the_interpreter_has_it(seed: int, tmp_path: Path) -> None:
    made = RandomRowMap(seed)
    rows = made.rows(ROWS)
    write_csv(tmp_path / "in.csv", made.heading, [cells for cells, _ in rows])
    engine = seeing_engine()
    one = DecideFileJob(
        source=tmp_path / "in.csv",
        case="account",
        row_map=made.row_map,
        as_of=DAY,
        out=str(tmp_path / "one.ndjson"),
        rejects=str(tmp_path / "one.rejects.csv"),
    )
    decide_file(engine, one, Watch())
    ruleset, out, rejects = engine.ruleset("account", DAY), tmp_path / "bulk.ndjson", tmp_path / "bulk.rejects.csv"
    run(_sql_job(tmp_path, ruleset, out, rejects, made.row_map))

    expected = {number: row for number, (_, row) in enumerate(rows, 2)}
    faulty = {number: set(row.faulty) for number, row in expected.items() if row.faulty}
    faults = [faults_of(tmp_path / "one.rejects.csv", "; "), faults_of(rejects, "\n")]
    for some in faults:
        assert {number: {fault.partition(":")[0] for fault in each} for number, each in some.items()} == faulty
    for number in faulty:
        assert sorted(faults[0][number]) == sorted(faults[1][number])

    decided = [of_numbers(seen(row.facts)) for row in expected.values() if not row.faulty]
    one_by_one = [
        json.loads(line)["results"]["p"] for line in (tmp_path / "one.ndjson").read_text(encoding="utf-8").splitlines()
    ]
    assert [of_numbers(each) for each in one_by_one] == decided
    in_bulk = [json.loads(line, parse_float=Decimal) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [of_numbers({name: each[f"p.{name}"] for name in decided[0]}) for each in in_bulk] == decided


def test_a_cell_that_its_type_does_not_hold_is_never_calculated_with(tmp_path: Path) -> None:
    """Squared, 18 digits would overflow the database's integers, and end the run instead of rejecting a row."""
    text = (
        "map: squares\ntitle: {en: Squares, zh: 平方}\ncase: account\ncolumns: {n: {column: N, type: integer}}\n"
        "facts:\n  account.id: {column: No}\n  account.level: {formula: 'modulo(row.n * row.n, 7)'}\n...\n"
    )
    document, mistakes = read(text, "squares.yaml")
    assert document is not None, mistakes
    row_map, diagnostics = read_row_map(document, seeing_engine().vocabulary)
    assert row_map is not None, diagnostics
    write_csv(tmp_path / "in.csv", ("No", "N"), (("1", "999999999999999999"), ("2", "1000000000"), ("3", "")))
    ruleset, out, rejects = seeing_engine().ruleset("account", DAY), tmp_path / "out.csv", tmp_path / "rejects.csv"

    tally = run(_sql_job(tmp_path, ruleset, out, rejects, row_map))

    assert (tally.decided, tally.rejected) == (1, 2)
    assert faults_of(rejects, "\n") == {
        2: ["row.n: column `N`: `999999999999999999` is out of range (expected between -1000000000 and 1000000000)"],
        4: ["account.level: is required"],
    }


@pytest.mark.long
def test_the_generated_maps_are_worth_something() -> None:
    """Formulas that read others, results that are missing, results out of range and faulty cells all come along."""
    made = [RandomRowMap(seed) for seed in SEEDS]
    formulas = [formula for each in made for formula in each.row_map.formulas]
    rows = [(each, row) for each in made for _, row in each.rows(ROWS)]
    names = {formula.name for formula in formulas}
    missing = sum(row.facts.get(name) is None for _, row in rows if not row.faulty for name in names)
    of_formulas = sum(bool(row.faulty & {f.name for f in each.row_map.formulas}) for each, row in rows)
    of_cells = sum(any(name.startswith("row.") for name in row.faulty) for _, row in rows)

    assert len(formulas) > 6 * len(made)
    assert sum(bool(formula.reads & names) for formula in formulas) > len(made)
    assert sum(bool(formula.reads) for formula in formulas) > len(formulas) / 2
    assert missing > len(rows) / 4
    assert min(of_formulas, of_cells, sum(not row.faulty for _, row in rows)) > len(rows) / 20
