"""What a map says of a column's signs, words and dates gives the same cell by cell, one by one and in SQL.

Every spec is tried with every cell: sound ones of its own and of the others, and cells made to come close. Values and
the words of faults are compared whole; what cells stand for is written down by hand for each spec.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.reading.document import read
from files.batch.decide_file import DecideFileJob, Watch, decide_file
from files.batch.duckdb.duckdb_run import SqlBatchJob, run
from files.columnar import columnar_rows
from files.maps.mapped_rows import row_reader
from files.maps.row_map import RowMap
from files.maps.row_map_file import read_row_map
from tests.support.random_row_maps import DAY, seeing_engine
from tests.support.steps import one_in


@dataclass(frozen=True)
class Spec:
    """`fact` is read from the column `x` as `entry` says; `sound` are cells and what they stand for."""

    fact: str
    entry: str
    sound: Mapping[str, str | int | None]
    top: str = ""


MINUS = "negative: [trailing_minus, parentheses]"
SPECS = {
    "plain": Spec("cap", "", {"12.50": "12.50", "0.01": "0.01", "000012.50": "12.50", "-00.10": "-0.10", "00": "0.00"}),
    "comma": Spec("cap", 'decimal: ","', {"12,50": "12.50", "12": "12.00", "0012,50": "12.50", "-000,1": "-0.10"}),
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


def text_of(spec: Spec) -> str:
    lines = ["map: m", "title: {en: M, zh: 图}", "case: account", spec.top, "facts:", "  account.id: {column: No}"]
    lines += ["  account.level: {formula: '1'}"] if spec.fact != "level" else []
    lines += [f"  account.{spec.fact}: {{column: x{', ' + spec.entry if spec.entry else ''}}}", "...", ""]
    return "\n".join(lines)


def map_of(text: str) -> RowMap:
    document, mistakes = read(text, "m.yaml")
    assert document is not None, mistakes
    found, diagnostics = read_row_map(document, seeing_engine().vocabulary)
    assert found is not None, diagnostics
    return found


Rows = list[dict[str, Any]]
Faults = dict[int, list[str]]


def both(text: str, path: Path) -> tuple[Rows, Rows, Faults, Faults]:
    """What a map makes of a file one by one and in bulk: the facts as the policy's values, and the faults by line."""
    engine, mapped = seeing_engine(), map_of(text)
    out, bulk = path.with_name("one.ndjson"), path.with_name("bulk.ndjson")
    one = DecideFileJob(source=path, case="account", row_map=mapped, as_of=DAY, out=str(out), rejects=f"{out}.csv")
    decide_file(engine, one, Watch())
    run(
        SqlBatchJob(
            sources=(str(path),),
            ruleset=engine.ruleset("account", DAY),
            as_of=DAY,
            out=str(bulk),
            rejects=f"{bulk}.csv",
            row_map=mapped,
        )
    )
    rows = [json.loads(line)["results"]["p"] for line in out.read_text(encoding="utf-8").splitlines()]
    many = [json.loads(line, parse_float=Decimal) for line in bulk.read_text(encoding="utf-8").splitlines()]
    many = [{name.removeprefix("p."): value for name, value in row.items()} for row in many]
    one_faults, many_faults = faults(Path(f"{out}.csv"), "; "), faults(Path(f"{bulk}.csv"), "\n")
    in_order = [{line: sorted(each) for line, each in some.items()} for some in (one_faults, many_faults)]
    return rows, many, in_order[0], in_order[1]


def faults(path: Path, between: str) -> dict[int, list[str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return {int(row["line"]): row["faults"].split(between) for row in csv.DictReader(stream)}


@pytest.mark.parametrize("name", one_in(3, SPECS))
def test_every_cell_is_the_same_to_both(name: str, tmp_path: Path) -> None:
    spec = SPECS[name]
    cells = [*spec.sound, *CLOSE, *(cell for each in SPECS.values() for cell in each.sound)]
    with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows(
            [("No", "x"), *((f"N{at}", cell) for at, cell in enumerate(cells))]
        )
    one_rows, many_rows, one_faults, bulk_faults = both(text_of(spec), tmp_path / "in.csv")
    assert bulk_faults == one_faults
    wrong = [line for line in range(2, 2 + len(spec.sound)) if line in one_faults]
    assert not wrong, one_faults[wrong[0]]
    seen = f"seen_{spec.fact}"
    one, many = ([row[seen] for row in rows] for rows in (one_rows, many_rows))
    assert [same(value) for value in many] == [same(value) for value in one]
    assert one[: len(spec.sound)] == list(spec.sound.values())
    assert all("`" in fault for each in one_faults.values() for fault in each)


def same(value: object) -> object:
    """Numbers by their value."""
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return value


SIGNS = """map: m
title: {en: M, zh: 图}
case: account
decimal: ","
thousands: "."
dates: dd-MMM-yy
two_digit_years_from: 1950
no_date: 31-Dec-49
facts:
  account.id: {column: [company, no], join: /}
  account.level: {formula: '1'}
  account.cap: {column: cap, round: true, no_value: ['999,00', '999,000']}
  account.share: {column: share}
  account.points: {column: points}
  account.day: {column: day}
...
"""


def test_a_number_of_json_is_never_read_by_the_signs_of_texts(tmp_path: Path) -> None:
    """As a text `1.234` is a thousand and something; as a number it is next to one."""
    lines = [
        '{"company": "1", "no": 7, "cap": 1.234, "share": 0.5, "points": 1, "day": "15-Jul-26"}',
        '{"company": "1", "no": "8", "cap": "0.234", "share": "0,5", "points": "2"}',
        '{"company": "1", "no": "9", "cap": "1.000", "share": 0.25, "points": 3, "day": "31-Dec-49"}',
        '{"company": "2", "no": "9", "cap": 999.00, "share": "0.25", "points": "4"}',
        '{"company": "2", "no": "10", "cap": 999.00, "share": null, "points": 5}',
        '{"company": "2/1", "no": "10", "cap": 1.5}',
    ]
    (tmp_path / "in.ndjson").write_text("\n".join(lines), encoding="utf-8")
    one, many, one_faults, many_faults = both(SIGNS, tmp_path / "in.ndjson")

    assert one_faults == many_faults
    assert sorted(one_faults) == [2, 4, 6]
    assert "`2/1/10` holds `/`" in one_faults[6][0]
    seen = [(row["seen_cap"], row["seen_share"], row["seen_points"], row["seen_day"]) for row in one]
    assert seen == [("1.23", "0.5", 1, "2026-07-15"), ("1000.00", "0.25", 3, None), (None, None, 5, None)]
    assert [same(row["seen_cap"]) for row in many] == [same(row["seen_cap"]) for row in one]
    assert [same(row["seen_share"]) for row in many] == [same(row["seen_share"]) for row in one]


def test_typed_columns_are_read_as_what_they_are(tmp_path: Path) -> None:
    table = pa.table(
        {
            "company": ["1"] * 4,
            "no": list("abcd"),
            "cap": pa.array([Decimal("1.234"), Decimal("0.125"), Decimal("999.000"), None], pa.decimal128(12, 3)),
            "share": pa.array([Decimal("0.500"), None, Decimal("0.001"), Decimal("0.1")], pa.decimal128(6, 3)),
            "points": pa.array([1, 2, 3, 4], pa.int64()),
            "day": pa.array([date(2149, 7, 1), date(2049, 12, 31), date(1950, 1, 1), None], pa.date32()),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    mapped, engine = map_of(SIGNS), seeing_engine()
    rows = columnar_rows(tmp_path / "in.parquet", lambda _heading: None)
    facts = [cast("Any", row_reader(mapped, row.heading, DAY)(row.cells or ()).facts)["account"] for row in rows]
    out = tmp_path / "bulk.ndjson"
    run(
        SqlBatchJob(
            sources=(str(tmp_path / "in.parquet"),),
            ruleset=engine.ruleset("account", DAY),
            as_of=DAY,
            out=str(out),
            rejects=f"{out}.csv",
            row_map=mapped,
        )
    )
    many = [json.loads(line, parse_float=Decimal) for line in out.read_text(encoding="utf-8").splitlines()]

    expected = [
        ("1.23", "0.500", "2149-07-01"),
        ("0.12", None, None),
        (None, "0.001", "1950-01-01"),
        (None, "0.100", None),
    ]
    assert [(row["cap"], row["share"], row["day"]) for row in facts] == expected
    assert [row["id"] for row in facts] == ["1/a", "1/b", "1/c", "1/d"] == [row["account.id"] for row in many]
    seen = [(row["p.seen_cap"], row["p.seen_share"], row["p.seen_day"]) for row in many]
    assert [tuple(map(same, row)) for row in seen] == [tuple(map(same, row)) for row in expected]
