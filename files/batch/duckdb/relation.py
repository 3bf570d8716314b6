"""What bulk reads, as one relation of raw columns in DuckDB: CSV, NDJSON, Parquet or Arrow files.

CSV and NDJSON hold cells of text; Parquet and Arrow columns count by their types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from engine.ruleset.ruleset import RuleSet
from files.arrow_files import arrow_batches
from files.batch.duckdb.csv_input import csv_heading, csv_sql
from files.batch.duckdb.ndjson_input import SCHEMA, NdjsonCells, UnknownKeys, cells_sql
from files.batch.duckdb.watched import watched
from files.batch.input import (
    FILE,
    LINE,
    UNREAD,
    BulkRefused,
    Format,
    files_of,
    first_line,
    format_of,
    identifier,
    quoted,
    quoted_list,
)
from files.batch.raw_facts import RAW, ColumnType
from files.maps.row_map import RowMap

NDJSON_LINES = "ndjson_lines"


@dataclass(slots=True)
class BulkInput:
    """`heading` gives each column's form, `columns` those that are read, `cells` the whole heading of a CSV file.
    `unread` are columns that hold no fact, `unseen` keys that a map reads and no NDJSON row has. `arrow_rows` counts
    what a scan has read."""

    files: list[str]
    format: Format
    columns: tuple[str, ...]
    heading: dict[str, ColumnType] = field(default_factory=dict)
    cells: list[str] = field(default_factory=list)
    unread: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    arrow_rows: int = 0


Reading = Callable[[float, int], None]
"""The share of the bytes that is read, and the rows in it."""


def open_input(
    patterns: Sequence[str],
    ruleset: RuleSet,
    row_map: RowMap | None,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    reading: Reading,
) -> BulkInput:
    """Defines the relation `raw` on this connection."""
    files = files_of(patterns)
    formats = {name: format_of(name) for name in files}
    other = next((name for name in files if formats[name] is not formats[files[0]]), None)
    if other:
        raise BulkRefused(f"`{files[0]}` and `{other}` are of two formats; give files of one format at a time")
    names = [column.column for column in row_map.columns] if row_map else [fact.name for fact in ruleset.facts]
    found = BulkInput(files, formats[files[0]], tuple(dict.fromkeys(names)))
    match found.format:
        case Format.CSV:
            _open_csv(found, connection)
        case Format.NDJSON:
            _open_ndjson(found, None if row_map else UnknownKeys(ruleset), connection, scratch, reading)
        case Format.PARQUET:
            columns = {name: _parquet_columns(name, connection) for name in files}
            _alike(columns)
            connection.execute(f"CREATE VIEW {RAW} AS FROM {_parquet(files)}")
            found.heading = {name: _form(type_) for name, type_ in columns[files[0]].items()}
        case Format.ARROW:
            _open_arrow(found, connection)
    if row_map is None:
        found.unread = tuple(name for name in found.heading if name not in found.columns)
    return found


def rows_of(found: BulkInput, connection: duckdb.DuckDBPyConnection) -> int:
    """Rows that could be taken apart, and of NDJSON the others too."""
    if found.format is Format.ARROW:
        return sum(batch.num_rows for batch in _arrow_reader(found, found.files))
    relation = NDJSON_LINES if found.format is Format.NDJSON else RAW
    [(rows,)] = watched(connection, f"SELECT count(*) FROM {relation}")
    return int(rows)


def ready(found: BulkInput, connection: duckdb.DuckDBPyConnection) -> None:
    """Before each scan of `raw`: an Arrow reader gives its rows once."""
    if found.format is Format.ARROW:
        found.arrow_rows = 0
        connection.register(RAW, _arrow_reader(found, found.files))


def numbered(found: BulkInput, connection: duckdb.DuckDBPyConnection, index: int) -> str:
    """SQL of one file's raw rows in order, with FILE and LINE, the row's number from 1."""
    name = found.files[index]
    place = f"{quoted(name)} AS {identifier(FILE)}"
    counted = f"row_number() OVER () AS {identifier(LINE)}"
    match found.format:
        case Format.CSV:
            return f"SELECT *, {place}, {counted} FROM ({csv_sql([name], found.cells, found.columns)})"
        case Format.PARQUET:
            return f"SELECT *, {place}, {counted} FROM {_parquet([name])}"
        case Format.ARROW:
            connection.register("one_arrow_file", _arrow_reader(found, [name]))
            return f"SELECT *, {place}, {counted} FROM one_arrow_file"
        case Format.NDJSON:
            return f"FROM {NDJSON_LINES} WHERE {identifier(FILE)} = {quoted(name)}"


def broken_file(found: BulkInput) -> str | None:
    """What is wrong with the first file that can't be read to its end, in a connection of its own, since the one that
    failed may be of no more use. NDJSON was read to its end before anything else was done."""
    wanted = ", ".join(identifier(name) for name in found.heading if name in found.columns) or "*"
    with duckdb.connect() as connection:
        for index, name in enumerate(found.files):
            if found.format is Format.NDJSON:
                continue
            try:
                rows = numbered(found, connection, index)
                connection.execute(
                    f"SELECT bit_xor(hash(read)) FROM (SELECT {wanted} FROM ({rows})) AS read"
                ).fetchall()
            except (BulkRefused, duckdb.Error) as error:
                said = first_line(error)
                return said if isinstance(error, BulkRefused) else f"`{name}` can't be read: {said}"
    return None


# --- formats ---------------------------------------------------------------------------------------------------------


def _open_csv(found: BulkInput, connection: duckdb.DuckDBPyConnection) -> None:
    headings = {name: csv_heading(name) for name in found.files}
    first = headings[found.files[0]]
    for name, heading in headings.items():
        if heading != first:
            raise BulkRefused(
                f"`{name}` has another heading than `{found.files[0]}`; give files of one heading at a time"
            )
    doubled = next((name for name in found.columns if first.count(name) > 1), None)
    if doubled:
        raise BulkRefused(f"`{doubled}` is the heading of {first.count(doubled)} columns; rename all but one")
    found.cells = first
    found.heading = {name: ColumnType.CELLS for name in first if name}
    connection.execute(f"CREATE VIEW {RAW} AS {csv_sql(found.files, first, found.columns)}")


def _parquet(files: Sequence[str]) -> str:
    return f"read_parquet({quoted_list(files)}, hive_partitioning = false)"  # else a folder `x=1` sets the column `x`


def _parquet_columns(name: str, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    try:
        columns = _described(f"FROM {_parquet([name])}", connection)
        _told_apart(pq.read_schema(name).names, name)
    except (duckdb.Error, pa.ArrowException) as error:
        raise BulkRefused(f"`{name}` can't be read as Parquet: {first_line(error)}") from error
    return columns


def _told_apart(names: Sequence[str], file: str) -> None:
    """DuckDB would take the first of two names that are one to it, and call the other `NAME_1`."""
    seen: dict[str, str] = {}
    for name in names:
        earlier = seen.get(name.lower())
        if earlier is not None:
            raise BulkRefused(f"`{file}` has the columns `{earlier}` and `{name}`; rename one of them")
        seen[name.lower()] = name


def _open_ndjson(
    found: BulkInput,
    unknown: UnknownKeys | None,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    reading: Reading,
) -> None:
    size = sum(Path(name).stat().st_size for name in found.files)
    cells = NdjsonCells(found.columns, unknown)
    connection.register("ndjson_texts", pa.RecordBatchReader.from_batches(SCHEMA, cells.batches(found.files)))
    parquet = quoted(str(scratch / "ndjson.parquet"))
    copy = f"COPY ({cells_sql(found.columns, 'ndjson_texts')}) TO {parquet} (FORMAT parquet)"
    watched(connection, copy, lambda: reading(cells.bytes / size, cells.rows))
    connection.execute(f"CREATE VIEW {NDJSON_LINES} AS FROM read_parquet({parquet})")
    names = ", ".join(map(identifier, found.columns))
    connection.execute(f"CREATE VIEW {RAW} AS SELECT {names} FROM {NDJSON_LINES} WHERE {identifier(UNREAD)} IS NULL")
    found.heading = dict.fromkeys(found.columns, ColumnType.CELLS)
    found.unseen = tuple(cells.unseen) if unknown is None else ()


def _open_arrow(found: BulkInput, connection: duckdb.DuckDBPyConnection) -> None:
    _alike({name: _arrow_columns(name) for name in found.files})
    reader = _arrow_reader(found, found.files)
    connection.register("arrow_columns", reader.schema.empty_table())
    for name, type_ in _described("FROM arrow_columns", connection).items():
        found.heading[name] = _form(type_)


def _arrow_columns(name: str) -> dict[str, str]:
    with _arrow(name) as (schema, _):
        _told_apart(schema.names, name)
        for column in schema:
            if pa.types.is_decimal256(column.type):
                raise BulkRefused(f"the column `{column.name}` of `{name}` is {column.type}; write it as decimal128")
        return {column.name: str(column.type) for column in schema}


@contextmanager
def _arrow(name: str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    try:
        with arrow_batches(name) as opened:
            yield opened
    except (pa.ArrowInvalid, OSError) as error:
        raise BulkRefused(f"`{name}` can't be read as Arrow: {first_line(error)}") from error


def _arrow_reader(found: BulkInput, files: Sequence[str]) -> pa.RecordBatchReader:
    def batches() -> Iterator[pa.RecordBatch]:
        for name in files:
            with _arrow(name) as (_, read):
                for batch in read:
                    found.arrow_rows += batch.num_rows
                    yield batch

    with _arrow(files[0]) as (schema, _):
        return pa.RecordBatchReader.from_batches(schema, batches())


def _alike(columns: Mapping[str, Mapping[str, str]]) -> None:
    """One column in two types would be read by the first one's, rounding the other's."""
    first, *rest = columns
    for name in rest:
        for column in {**columns[first], **columns[name]}:
            types = [columns[file].get(column) for file in (first, name)]
            if types[0] != types[1]:
                said = " and ".join(
                    f"{type_ or 'not at all'} in `{file}`" for type_, file in zip(types, (first, name), strict=True)
                )
                raise BulkRefused(f"the column `{column}` is {said}; give files of one kind at a time")


def _described(query: str, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {name: str(type_) for name, type_, *_ in connection.execute(f"DESCRIBE {query}").fetchall()}


def _form(type_: str) -> ColumnType:
    if type_.startswith("DECIMAL"):
        return ColumnType.DECIMAL
    if type_.endswith("INT") or type_ in ("INTEGER", "UINTEGER"):
        return ColumnType.WHOLE
    known = {
        "VARCHAR": ColumnType.TEXT,
        "BOOLEAN": ColumnType.YES_NO,
        "DATE": ColumnType.DATE,
        "DOUBLE": ColumnType.FLOAT,
        "FLOAT": ColumnType.FLOAT,
    }
    return ColumnType.TEXT if type_.startswith("ENUM") else known.get(type_, ColumnType.OTHER)
