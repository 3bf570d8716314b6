"""What a map says of a column's signs, words and dates gives the same cell by cell, one by one and in SQL.

Every spec is tried with every cell: sound ones of its own and of the others, and cells made to come close. Values and
the words of faults are compared whole; what cells stand for is written down by hand for each spec.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from engine.reading.document import read
from files.batch.decide_file import DecideFileJob, Watch, decide_file
from files.batch.duckdb.duckdb_run import SqlBatchJob, run
from files.maps.row_map import RowMap
from files.maps.row_map_file import read_row_map
from tests.support.random_row_maps import DAY, seeing_engine


@dataclass(frozen=True)
class Spec:
    """`fact` is read from the column `x` as `entry` says; `sound` are cells and what they stand for."""

    fact: str
    entry: str
    sound: Mapping[str, str | int | None]
    top: str = ""


MINUS = "negative: [trailing_minus, parentheses]"
SPECS = {
    "plain": Spec("cap", "", {"12.50": "12.50", "0.01": "0.01"}),
    "comma": Spec("cap", 'decimal: ","', {"12,50": "12.50", "12": "12.00"}),
    "comma and points": Spec(
        "cap", 'decimal: ",", thousands: "."', {"1.000,00": "1000.00", "100,5": "100.50", "1000,00": "1000.00"}
    ),
    "commas": Spec("cap", 'thousands: ","', {"1,000.00": "1000.00", "1000": "1000.00", "999.9": "999.90"}),
    "apostrophes": Spec("cap", """thousands: "'\"""", {"1'000.00": "1000.00", "1\u2019000": "1000.00"}),
    "blanks": Spec(
        "cap",
        'decimal: ",", thousands: " "',
        {"1 000,00": "1000.00", "1\u00a0000": "1000.00", "1\u202f000,0": "1000.00"},
    ),
    "negatives": Spec("share", f'decimal: ",", {MINUS}', {"-0,5": "-0.5", "0,5-": "-0.5", "(0,5)": "-0.5", "0-": "0"}),
    "rounded": Spec(
        "cap",
        "round: true",
        {"0.125": "0.12", "0.135": "0.14", "0.1250000000000000000001": "0.13", "999.994": "999.99", "7.005": "7.00"},
    ),
    "rounded with signs": Spec(
        "share", f'decimal: ",", thousands: ".", round: true, {MINUS}', {"0,0000005-": "0", "(0,9000015)": "-0.900002"}
    ),
    "whole": Spec("level", 'thousands: "."', {"1": 1, "0": 0}),
    "days": Spec("wait", f'thousands: ".", {MINUS}', {"7": 7, "0-": 0}),
    "no value": Spec("cap", 'no_value: ["n/a", "-", "0.00"]', {"n/a": None, "-": None, "0.00": None, "0.0": "0.00"}),
    "no text": Spec("word", "no_value: [unknown, '#N/A']", {"unknown": None, "#N/A": None, "Unknown": "Unknown"}),
    "iso": Spec("day", "", {"2026-07-15": "2026-07-15"}),
    "no date": Spec(
        "day", "", {"0000-00-00": None, "2026-01-31": "2026-01-31"}, "no_date: [0000-00-00, 1900-01-01, 9999-12-31]"
    ),
    "months": Spec("day", "format: dd-MMM-yyyy", {"15-Jul-2026": "2026-07-15", "01-FEB-2026": "2026-02-01"}),
    "short years": Spec(
        "day", "format: dd-MMM-yy", {"15-jul-26": "2026-07-15", "31-Dec-49": "2049-12-31", "01-Jan-50": "1950-01-01"},
        "two_digit_years_from: 1950",
    ),
    "short years from 1999": Spec(
        "day", "format: d.M.yy", {"1.2.99": "1999-02-01", "1.2.00": "2000-02-01", "01.02.98": "2098-02-01"},
        "two_digit_years_from: 1999",
    ),
    "long months": Spec("day", "format: 'd MMMM yyyy'", {"5 May 2026": "2026-05-05", "15 july 2026": "2026-07-15"}),
    "two formats": Spec(
        "day", "format: [dd.MM.yyyy, yyyy-MM-dd, yyyyMMdd]",
        {"15.07.2026": "2026-07-15", "2026-07-15": "2026-07-15", "20260715": "2026-07-15"},
    ),
    "american": Spec("day", "format: M/d/yyyy", {"7/15/2026": "2026-07-15", "07/05/2026": "2026-07-05"}),
}  # fmt: skip
CLOSE = (
    "", " ", "x", "--1", "1-2", "(1", "1)", "-(1)", "()", "-", "12.34,5", "1.2345", "1.23", "1,23", "12,34.5", "1..000",
    "1.000.000,00", "1,000,000", "0001", ",5", "5,", ".5", "5.", "1.000.00", "1 00", "1 0000", "1\u20090", "1e3", "+1",
    "1.000000000000000000000000001", "99999999999999999999", "99999999999999999999.995", "1'000'000", "\u0661",
    "31-Feb-2026", "15-ſep-2026", "15-Juli-2026", "00-Jul-26", "2026-02-30", "30.02.2026", "0000-01-01", "20261301",
    "1900-01-01", "9999-12-31", "31.12.9999", "1-Jan-00", "13/1/2026", "a\tb", "y" * 60, "\u00a012,50\u00a0",
    "é" * 39 + "ab",
    "a\x01b", "\x01", "a\u2028b", "2026-07-15T00:00", "999.995", "1000.004", "1.000,004",
)  # fmt: skip


def row_map(spec: Spec) -> RowMap:
    lines = ["map: m", "title: {en: M, zh: 图}", "case: account", spec.top, "facts:", "  account.id: {column: No}"]
    lines += ["  account.level: {formula: '1'}"] if spec.fact != "level" else []
    lines += [f"  account.{spec.fact}: {{column: x{', ' + spec.entry if spec.entry else ''}}}", "..."]
    document, mistakes = read("\n".join(lines), "m.yaml")
    assert document is not None, mistakes
    found, diagnostics = read_row_map(document, seeing_engine().vocabulary)
    assert found is not None, diagnostics
    return found


def faults(path: Path, between: str) -> dict[int, list[str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return {int(row["line"]): row["faults"].split(between) for row in csv.DictReader(stream)}


@pytest.mark.parametrize("name", SPECS)
def test_every_cell_is_the_same_to_both(name: str, tmp_path: Path) -> None:
    spec, engine = SPECS[name], seeing_engine()
    cells = [*spec.sound, *CLOSE, *(cell for each in SPECS.values() for cell in each.sound)]
    with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows(
            [("No", "x"), *((f"N{at}", cell) for at, cell in enumerate(cells))]
        )
    mapped, out, bulk = row_map(spec), tmp_path / "one.ndjson", tmp_path / "bulk.ndjson"
    decide_file(
        engine,
        DecideFileJob(
            source=tmp_path / "in.csv", case="account", row_map=mapped, as_of=DAY, out=str(out), rejects=f"{out}.csv"
        ),
        Watch(),
    )
    run(
        SqlBatchJob(
            sources=(str(tmp_path / "in.csv"),),
            ruleset=engine.ruleset("account", DAY),
            as_of=DAY,
            out=str(bulk),
            rejects=f"{bulk}.csv",
            row_map=mapped,
        )
    )

    one_faults, bulk_faults = faults(Path(f"{out}.csv"), "; "), faults(Path(f"{bulk}.csv"), "\n")
    assert bulk_faults == one_faults
    wrong = [line for line in range(2, 2 + len(spec.sound)) if line in one_faults]
    assert not wrong, one_faults[wrong[0]]
    seen = f"seen_{spec.fact}"
    one = [json.loads(line)["results"]["p"][seen] for line in out.read_text(encoding="utf-8").splitlines()]
    many = [
        json.loads(line, parse_float=Decimal)[f"p.{seen}"] for line in bulk.read_text(encoding="utf-8").splitlines()
    ]
    assert [same(value) for value in many] == [same(value) for value in one]
    assert one[: len(spec.sound)] == list(spec.sound.values())
    assert all("`" in fault for each in one_faults.values() for fault in each)


def same(value: object) -> object:
    """Numbers by their value."""
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return value
