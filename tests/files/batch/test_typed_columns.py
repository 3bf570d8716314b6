"""Columns of Parquet and Arrow of every type, for facts of every type: with a map a batch reads them as `portfolio`
does, which reads them as cells of CSV; without one, as a request has its values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.vocabulary import Kind
from files.batch.duckdb.duckdb_run import SqlBatchJob, run
from files.columnar import columnar_rows
from files.input_refused import InputRefused
from files.maps.mapped_rows import row_reader
from tests.files.maps.test_columns_agree import map_of, same
from tests.support.random_row_maps import DAY, FACTS, seeing_engine

REFUSED = "refused"
Columns = Mapping[str, tuple[pa.DataType, list[Any]]]

TEXT = ["0", " 1 ", "1.0", "true", "red", "2026-07-15", "2026-02-30", "", None, "99999999999999999999", "-0.5"]
WHOLE = [0, 1, None, 3]
MIDNIGHT = datetime.fromisoformat("2026-07-15")
COLUMNS: Columns = {
    "text": (pa.string(), TEXT),
    "large text": (pa.large_string(), TEXT),
    "dictionary": (pa.dictionary(pa.int32(), pa.string()), TEXT),
    "int8": (pa.int8(), WHOLE),
    "uint32": (pa.uint32(), WHOLE),
    "int64": (pa.int64(), [*WHOLE, -(2**63), 2**63 - 1]),
    "uint64": (pa.uint64(), [*WHOLE, 2**64 - 1]),
    "decimal without places": (pa.decimal128(5, 0), [Decimal(0), None, Decimal(3)]),
    "decimal": (pa.decimal128(38, 9), [Decimal(0), Decimal("1.000"), None, Decimal("0.25"), Decimal("0.000000001")]),
    "date32": (pa.date32(), [date(2026, 7, 15), None, date(1899, 12, 31), date(9999, 12, 31)]),
    "date64": (pa.date64(), [date(2026, 7, 15), None]),
    **{
        f"timestamp[{unit}]": (pa.timestamp(unit), [MIDNIGHT, None, MIDNIGHT + timedelta(seconds=1)])
        for unit in ("s", "us", "ns")
    },
    "timestamp with a zone": (pa.timestamp("us", "UTC"), [datetime(2026, 7, 15, tzinfo=UTC), None]),
    "time": (pa.time64("us"), [time(1), None]),
    "yes/no": (pa.bool_(), [True, False, None]),
    "nothing": (pa.null(), [None]),
    "bytes": (pa.binary(), [b"1", None]),
    "array": (pa.list_(pa.int64()), [[1], None]),
    "struct": (pa.struct({"a": pa.int64()}), [{"a": 1}, None]),
}
OTHERS: Columns = {
    "float32": (pa.float32(), [0.0, 0.5, None]),
    "float64": (pa.float64(), [0.0, 0.5, None]),
}
"""Numbers that a portfolio takes, and a batch doesn't: they aren't exact."""

IN_ARROW = ("large text", "dictionary", "decimal", "timestamp[s]", "timestamp[ns]", "timestamp with a zone", "struct")

SEEN: Mapping[str, set[Any]] = {
    "text": {Decimal(0), Decimal(1), Decimal("-0.5"), "true", True, "red", "2026-07-15", None},
    "dictionary": {Decimal(0), Decimal(1), True, "red", "2026-07-15"},
    "uint64": {Decimal(3), Decimal(2**64 - 1)},
    "decimal": {Decimal("0.25")},
    "timestamp[ns]": {"2026-07-15"},
    "timestamp[s]": {"2026-07-15"},
}
"""What some columns must come to, whatever both readers say."""


def map_text() -> str:
    facts = "".join(f"  account.{name}: {{column: {name}}}\n" for name in FACTS if name not in ("level", "seen"))
    return f"map: m\ntitle: {{en: M, zh: 图}}\ncase: account\nfacts:\n  account.id: {{column: No}}\n{facts}" + (
        "  account.level: {column: level, values: {'0': 0, '1': 1, 'true': 2, 'false': 3}}\n...\n"
    )


MAP = map_of(map_text())
EVERY = [name for name in FACTS if name != "level"]
KINDS = {fact.name.removeprefix("account."): fact.type.kind for fact in seeing_engine().vocabulary.of_case("account")}


def written(path: Path, type_: pa.DataType, values: list[Any], *, named: bool) -> Path:
    """A file with a row for each value and fact: the value stands under that fact, and under no other."""
    rows = [(fact, value) for fact in EVERY for value in values]
    before = "account." if named else ""
    columns = {
        "account.id" if named else "No": pa.array([f"R{at}" for at in range(len(rows))]),
        f"{before}level": pa.array(["1"] * len(rows)) if not named else pa.array([1] * len(rows)),
    }
    for fact in EVERY:
        cells = [value if fact == each else None for each, value in rows]
        columns[f"{before}{fact}"] = pa.array(cells, type_)
    table = pa.table(columns)
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with ipc.new_file(path, table.schema) as stream:
            stream.write_table(table)
    return path


def in_bulk(path: Path, *, mapped: bool) -> dict[str, Any]:
    """By the row's id what the policy sees; rows that aren't there are refused."""
    out, engine = path.with_suffix(".ndjson"), seeing_engine()
    job = SqlBatchJob(
        sources=(str(path),),
        ruleset=engine.ruleset("account", DAY),
        as_of=DAY,
        out=str(out),
        rejects=f"{out}.csv",
        row_map=MAP if mapped else None,
    )
    run(job)
    lines = [json.loads(line, parse_float=Decimal) for line in out.read_text(encoding="utf-8").splitlines()]
    return {line["account.id"]: {fact: same(line[f"p.seen_{fact}"]) for fact in EVERY} for line in lines}


def decided(body: Mapping[str, Any]) -> Any:
    try:
        results = seeing_engine().decide("account", body, DAY, "id").results["p"]
    except FactsRefused:
        return REFUSED
    return {fact: same(results[f"seen_{fact}"]) for fact in EVERY}


def one_by_one(path: Path) -> dict[str, Any]:
    """As a portfolio reads the file."""
    found = {}
    for at, row in enumerate(columnar_rows(path, lambda _heading: None)):
        mapped = row_reader(MAP, row.heading, DAY)(row.cells or ())
        said = REFUSED if mapped.faults else decided(mapped.facts)
        if said != REFUSED:
            found[f"R{at}"] = said
    return found


@pytest.mark.parametrize(
    ("name", "suffix"), [*((name, ".parquet") for name in COLUMNS), *((name, ".arrow") for name in IN_ARROW)]
)
def test_a_map_reads_a_column_as_portfolio_does(name: str, suffix: str, tmp_path: Path) -> None:
    path = written(tmp_path / f"in{suffix}", *COLUMNS[name], named=False)
    bulk = in_bulk(path, mapped=True)
    assert bulk == one_by_one(path)
    assert {value for row in bulk.values() for value in row.values()} >= SEEN.get(name, set())


@pytest.mark.parametrize("name", ["text", "int64", "decimal", "date32", "timestamp[us]", "yes/no", "struct", *OTHERS])
def test_without_a_map_a_column_is_read_as_a_request_is(name: str, tmp_path: Path) -> None:
    type_, values = {**COLUMNS, **OTHERS}[name]
    path = written(tmp_path / "in.parquet", type_, values, named=True)
    rows = [(fact, value) for fact in EVERY for value in values]
    bodies = [{"account": {"id": "R", "level": 1, fact: as_json(value, KINDS[fact])}} for fact, value in rows]
    expected = {f"R{at}": said for at, body in enumerate(bodies) if (said := decided(body)) != REFUSED}
    assert in_bulk(path, mapped=False) == expected


def as_json(value: Any, kind: Kind) -> Any:
    """A value as a request would carry it: text as text, whole numbers as such, and a decimal without places is one."""
    if kind.is_text and value is not None and not isinstance(value, str):
        return 0.5
    if isinstance(value, Decimal) and kind in (Kind.INTEGER, Kind.DAYS, Kind.MONTHS) and value == int(value):
        return int(value)
    if isinstance(value, datetime):
        midnight = value.tzinfo is None and value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat()
    return str(value) if isinstance(value, date | time | Decimal) else value


def test_values_translate_whole_numbers_and_yes_and_no(tmp_path: Path) -> None:
    for cells in (pa.array([0, 1], pa.int8()), pa.array(["0", "1"]), pa.array([True, False])):
        path = tmp_path / "in.parquet"
        columns: dict[str, Any] = {"No": ["R0", "R1"], "level": cells}
        pq.write_table(pa.table({**columns, **{name: pa.nulls(2) for name in EVERY}}), path)
        assert sorted(in_bulk(path, mapped=True)) == ["R0", "R1"] == sorted(one_by_one(path))


HINTS: Mapping[str, tuple[Callable[[], pa.Array], str]] = {
    "points": (
        lambda: pa.array(["3"]),
        "account.points: `3` is not a whole number (write the column as whole numbers, or let --map read it)",
    ),
    "flag": (
        lambda: pa.array(["true"]),
        "account.flag: `true` is neither true nor false (write the column as yes/no (boolean), or let --map read it)",
    ),
    "cap": (
        lambda: pa.array([1.5]),
        "account.cap: is a floating-point number, which is not exact (write the column as decimals, such as "
        "decimal(18, 2), or as text)",
    ),
    "day": (
        lambda: pa.array([MIDNIGHT + timedelta(hours=12)], pa.timestamp("us")),
        "account.day: `2026-07-15 12:00:00` has a time of the day (write the column as dates)",
    ),
    "word": (lambda: pa.array([17]), "account.word: `17` is not text (write the column as text, or let --map read it)"),
}


@pytest.mark.parametrize("fact", HINTS)
def test_the_fault_says_what_the_column_should_be(fact: str, tmp_path: Path) -> None:
    cells, words = HINTS[fact]
    path = tmp_path / "in.parquet"
    columns = cast("dict[str, Any]", {"account.id": ["C-1"], "account.level": [1], f"account.{fact}": cells()})
    pq.write_table(pa.table(columns), path)
    assert in_bulk(path, mapped=False) == {}
    assert words in path.with_suffix(".ndjson.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
@pytest.mark.parametrize("type_", [pa.float16(), pa.decimal256(40, 2)], ids=str)
def test_columns_that_the_database_cannot_read_are_refused_by_name(
    type_: pa.DataType, suffix: str, tmp_path: Path
) -> None:
    path = written(tmp_path / f"in{suffix}", pa.int64(), [None], named=False)
    table = pa.table({"No": ["R0"], "level": ["1"], **{name: pa.nulls(1) for name in EVERY}, "x": pa.nulls(1, type_)})
    if suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with ipc.new_file(path, table.schema) as stream:
            stream.write_table(table)
    with pytest.raises(InputRefused, match=f"the column `x` of .* is {str(type_).partition('(')[0]}"):
        in_bulk(path, mapped=True)
