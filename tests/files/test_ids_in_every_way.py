"""An id that isn't text is refused, or kept exactly as it is written, in every way in: `1.10` and `1.1` are two ids in
one program and one in another.

HTTP requests, case files and policy tests in JSON and YAML, NDJSON and CSV by `decide-file` and `batch`, with a map and
without, Parquet and Arrow.
"""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest

from api.settings import Settings
from engine.reading.cases import read_cases
from engine.reading.document import read
from engine.vocabulary.binding import FactsRefused
from files.case_file import read_case
from tests.support.command_line import credence
from tests.support.facts_in_every_way import DAY, engine, rules_files
from tests.support.running_service import running
from tests.support.steps import one_in

POINTS = ["1.0", "1.10", "1.5", "-0.0", "0.00", "12345678901234567.5"]
EXPONENTS = ["1e3", "1E+2", "1.0e0", "1e400", "5e-324", "-1E-2"]
WHOLE = ["0", "12", "-1", "9007199254740993", "12345678901234567890123"]
OTHERS = ["true", "false"]
TEXTS = ["1.0", "1.10", "1e3", "012", "12", "-0", "true", "1_000", "0x1F", "NaN", "1,5", "2026-07-01"]
NUMBERS = [*POINTS, *EXPONENTS, *WHOLE, *OTHERS]
WRITTEN = [*NUMBERS, *(f'"{text}"' for text in TEXTS)]
KEPT: list[str | None] = [None] * len(NUMBERS) + [*TEXTS]
WITH_MAP = [*([None] * len([*POINTS, *EXPONENTS])), *WHOLE, *OTHERS, *TEXTS]
"""A map reads whole numbers, true and false, which are written in one way only."""

MAP = "map: m\ntitle: {en: M, zh: M}\ncase: account\nfacts:\n  account.id: {column: id}\n...\n"


def test_requests(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    for name, content in rules_files().items():
        (tmp_path / "rules" / name).write_bytes(content)
    kept = []
    with running(Settings(rules=tmp_path / "rules", journal=tmp_path / "credence.db")) as client:
        for written in WRITTEN:
            text = f'{{"as_of": "{DAY}", "account": {{"id": {written}}}}}'
            answer = client.post("/v1/decisions/account", content=text, headers={"content-type": "application/json"})
            assert answer.status_code in (201, 422)
            kept.append(json.loads(written) if answer.status_code == 201 else None)
            assert answer.status_code == 201 or "is not text" in answer.text
    assert kept == KEPT


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_case_files(suffix: str) -> None:
    """In YAML `1e3` and `012` are text, and kept as they are written."""
    deciding, kept = engine(), []
    for written in WRITTEN:
        text = f'{{"account": {{"id": {written}}}}}'
        if suffix == "yaml":
            text = f"case: account\naccount: {{id: {written}}}\n...\n"
        case = read_case(text.encode(), f"case.{suffix}", deciding.vocabulary, None)
        try:
            deciding.bind("account", case.facts, DAY)
            kept.append(case.facts["account"]["id"])  # type: ignore[index]  # a group of facts
        except FactsRefused as refused:
            assert [str(fault) for fault in refused.faults] == ["account.id: is not text (send it between quotes)"]
            kept.append(None)
    exponents = EXPONENTS if suffix == "yaml" else [None] * len(EXPONENTS)
    expected = [*([None] * len(POINTS)), *exponents, *KEPT[len(POINTS) + len(EXPONENTS) :]]
    assert kept == expected


def test_policy_tests() -> None:
    vocabulary, kept = engine().vocabulary, []
    for written in WRITTEN:
        expect = "expect: {outcome: good_standing, reasons: []}"
        test = f"  t: {{facts: {{account: {{id: {written}}}}}, {expect}}}\n"
        text = f"cases: c\ncase_kind: account\nas_of: {DAY}\ntests:\n{test}"
        document, _ = read(text.encode(), "cases.yaml")
        assert document is not None
        suite, mistakes = read_cases(document, vocabulary)
        kept.append(suite.cases[0].facts["account"]["id"] if suite and not mistakes else None)
    assert kept == [*([None] * len(POINTS)), *EXPONENTS, *KEPT[len(POINTS) + len(EXPONENTS) :]]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    for name, content in rules_files().items():
        (tmp_path / "rules" / name).write_bytes(content)
    (tmp_path / "m.yaml").write_text(MAP, "utf-8")
    return tmp_path


def refused_rows(desk: Path, command: str, source: str, *options: str | Path) -> tuple[set[int], list[str]]:
    """The rows that are refused, counted from 0, and the ids of the others as they are written out, where they are."""
    asked = ("--case", "account", "--as-of", str(DAY), "--rules", desk / "rules")
    out, rejects = desk / "out.ndjson", desk / "rejects.csv"
    ran = credence(command, desk / source, *asked, "--out", out, "--rejects", rejects, *options)
    assert ran.exit_code in (0, 1), ran.stderr
    first = 2 if source.endswith("csv") else 1
    with rejects.open(newline="", encoding="utf-8") as stream:
        lines = {int(row["line"]) - first: row["faults"] for row in csv.DictReader(stream)}
    assert all("not text (" in faults for faults in lines.values())
    decided = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    return set(lines), [decision["account.id"] for decision in decided if "account.id" in decision]


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("command", ["decide-file", "batch"])
def test_ndjson(command: str, mapped: bool, desk: Path) -> None:
    lines = (f'{{"id": {each}}}' if mapped else f'{{"account": {{"id": {each}}}}}' for each in WRITTEN)
    (desk / "in.ndjson").write_text("\n".join(lines) + "\n", "utf-8")
    refused, ids = refused_rows(desk, command, "in.ndjson", *(("--map", desk / "m.yaml") if mapped else ()))
    expected = WITH_MAP if mapped else KEPT
    assert refused == {row for row, kept in enumerate(expected) if kept is None}
    if command == "batch":
        assert sorted(ids) == sorted(kept for kept in expected if kept is not None)


@pytest.mark.parametrize("command", ["decide-file", "batch"])
def test_csv_keeps_every_cell(command: str, desk: Path) -> None:
    cells = [written.strip('"') for written in WRITTEN]
    with (desk / "in.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["id"], *([cell] for cell in cells)])
    refused, ids = refused_rows(desk, command, "in.csv", "--map", desk / "m.yaml")
    assert refused == set()
    if command == "batch":
        assert sorted(ids) == sorted(cells)


COLUMNS = {
    "floats": pa.array([1.0, 1.5, 1e3, 0.1, 1e300]),
    "decimals": pa.array([Decimal("1.00"), Decimal("1.10"), Decimal("12")], pa.decimal128(10, 2)),
    "whole decimals": pa.array([Decimal(1), Decimal(12)], pa.decimal128(10, 0)),
    "whole numbers": pa.array([1, 2**62, -1, 0]),
    "yes and no": pa.array([True, False]),
    "dates": pa.array([date(2026, 7, 1)]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_that_are_no_text_are_refused(name: str, desk: Path) -> None:
    column = COLUMNS[name]
    parquet.write_table(pa.table({"account.id": column}), desk / "in.parquet")
    assert refused_rows(desk, "batch", "in.parquet")[0] == set(range(len(column)))


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_map_reads_whole_numbers_and_yes_and_no(name: str, suffix: str, desk: Path) -> None:
    """As it does from JSON: they are written in one way only."""
    column = COLUMNS[name]
    write = parquet.write_table if suffix == "parquet" else feather.write_feather
    write(pa.table({"id": column}), desk / f"in.{suffix}")
    refused, ids = refused_rows(desk, "batch", f"in.{suffix}", "--map", desk / "m.yaml")
    if name in ("whole numbers", "yes and no"):
        assert (refused, sorted(ids)) == (set(), sorted(json.dumps(value.as_py()) for value in column))
    else:
        assert refused == set(range(len(column)))


PARTS = {
    "text": pa.array(["7", "07"]),
    "whole numbers": pa.array([7, 8], pa.int16()),
    "yes and no": pa.array([True, False]),
    "floats": pa.array([1.5, 2.0]),
    "dates": pa.array([date(2026, 7, 1)] * 2),
}


@pytest.mark.parametrize("one", PARTS)
@pytest.mark.parametrize("other", one_in(3, PARTS))
def test_so_are_ids_of_several_columns(one: str, other: str, desk: Path) -> None:
    (desk / "two.yaml").write_text(MAP.replace("column: id", "column: [a, b], join: /"), encoding="utf-8")
    parquet.write_table(pa.table({"a": PARTS[one], "b": PARTS[other]}), desk / "in.parquet")
    refused, ids = refused_rows(desk, "batch", "in.parquet", "--map", desk / "two.yaml")
    if {one, other} & {"floats", "dates"}:
        assert refused == {0, 1}
    else:
        written = [
            [each if isinstance(each, str) else json.dumps(each) for each in PARTS[x].to_pylist()] for x in (one, other)
        ]
        assert (refused, sorted(ids)) == (set(), sorted(f"{a}/{b}" for a, b in zip(*written, strict=True)))


def test_text_of_parquet_is_kept(desk: Path) -> None:
    cells = [written.strip('"') for written in WRITTEN]
    parquet.write_table(pa.table({"account.id": cells}), desk / "in.parquet")
    refused, ids = refused_rows(desk, "batch", "in.parquet")
    assert (refused, sorted(ids)) == (set(), sorted(cells))
