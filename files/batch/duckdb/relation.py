"""What a batch reads, as one relation of raw columns in DuckDB: CSV, NDJSON, Parquet or Arrow files.

CSV and NDJSON hold cells of text; Parquet and Arrow columns count by their types. The flow here:

    open_input   names the files, reads their headings, defines the relation `raw`
    rows_of      counts its rows, so that none can be lost
    ready        before each scan of `raw`
    numbered     one file's rows once more, with the place of each, for the rejects
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.vocabulary import Kind
from files.batch.duckdb.csv_input import csv_sql, duckdb_heading
from files.batch.duckdb.ndjson_input import SCHEMA, NdjsonCells, UnknownKeys, cells_sql
from files.batch.duckdb.recoded import TextFile, TextOptions, csv_file, ndjson_file
from files.batch.duckdb.watched import watched
from files.batch.input import (
    FILE,
    LINE,
    UNREAD,
    files_of,
    first_line,
    format_of,
    identifier,
    quoted,
    quoted_list,
)
from files.batch.raw_facts import RAW, ColumnType
from files.columnar import arrow_batches
from files.formats import Format
from files.input_refused import InputRefused
from files.maps.headings import heading_faults, refuse_unfit_heading
from files.maps.row_currency import named_like_currencies
from files.maps.row_map import CURRENCY, Column, RowMap
from files.rows import open_rows

NDJSON_LINES = "ndjson_lines"

_ROWS_OF_KEYS = 100
"""Rows of NDJSON whose keys say whether a currency is among them."""


@dataclass(slots=True, kw_only=True)
class BatchInput:
    """The files of a batch, opened; `open_input` fills it in."""

    files: list[str]
    """Their names, all of one format and with one heading."""
    format: Format
    columns: tuple[str, ...]
    """The columns that are read: those of the map, else the facts' names."""
    heading: dict[str, ColumnType] = field(default_factory=dict)
    """The columns that the files have, and how each holds its values."""
    records: dict[str, dict[str, ColumnType]] = field(default_factory=dict)
    """Of columns of arrays of structs, what the structs hold."""
    texts: list[TextFile] = field(default_factory=list)
    """What DuckDB reads for each of `files`, where they are text."""
    cells: list[str] = field(default_factory=list)
    """The whole heading of a CSV file, in its order, with blank and doubled names."""
    unread_columns: tuple[str, ...] = ()
    """Columns that hold no fact; only without a map."""
    unseen_keys: tuple[str, ...] = ()
    """Keys that the map reads and no NDJSON row has."""
    arrow_rows: int = 0
    """Rows that the present scan of Arrow files has read, for the progress."""


Reading = Callable[[float, int], None]
"""The share of the bytes that is read, and the rows in it."""


def open_input(
    patterns: Sequence[str],
    ruleset: RuleSet,
    row_map: RowMap | None,
    connection: duckdb.DuckDBPyConnection,
    options: TextOptions,
    reading: Reading,
) -> BatchInput:
    """Opens the files that the patterns stand for, and defines the relation `raw` on this connection.

    `row_map` None: columns bear the names of the rule set's facts. `options`: how text is read, and a folder for what
    DuckDB reads in place of a file. `reading` is told how far the reading of NDJSON is. Raises InputRefused where the
    files can't be read, differ in format or heading, or lack a heading."""
    files = files_of(patterns)
    formats = {name: format_of(name) for name in files}
    other = next((name for name in files if formats[name] is not formats[files[0]]), None)
    if other:
        raise InputRefused(f"`{files[0]}` and `{other}` are of two formats; give files of one format at a time")
    facts = [fact.name for fact in ruleset.facts]
    names = row_map.headings if row_map else [*facts, CURRENCY]
    source = BatchInput(files=files, format=formats[files[0]], columns=tuple(dict.fromkeys(names)))
    match source.format:
        case Format.CSV:
            source.texts = [csv_file(name, options, index) for index, name in enumerate(files)]
            _open_csv(source, row_map, connection)
        case Format.NDJSON:
            unknown = None if row_map else UnknownKeys(ruleset)
            if row_map is not None and row_map.currency is None:
                keys = _first_keys(files, options)
                source.columns = tuple(dict.fromkeys((*source.columns, *named_like_currencies(keys))))
            lists = _list_columns(ruleset, row_map)
            texts = _text_columns(ruleset, row_map)
            cells = NdjsonCells(source.columns, unknown, _decimal_signs(row_map), texts, lists)
            source.texts = [ndjson_file(name, options, index) for index, name in enumerate(files)]
            _open_ndjson(source, cells, connection, options.scratch, reading)
            for name in [name for name in lists if name in cells.unseen_keys and row_map is None]:
                del source.heading[name]  # no row has the list, so that none has to be read
            source.unseen_keys = tuple(cells.unseen_keys) if row_map else ()
        case Format.PARQUET:
            columns = {name: _parquet_columns(name, connection) for name in files}
            _alike(columns)
            connection.execute(f"CREATE VIEW {RAW} AS FROM {_parquet(files)}")
            source.heading = {name: _column_type(type_) for name, type_ in columns[files[0]].items()}
            _look_into(source, f"FROM {_parquet(files)}", connection)
        case Format.ARROW:
            _open_arrow(source, connection)
    if row_map is None:
        source.unread_columns = tuple(name for name in source.heading if name not in source.columns)
    return source


def rows_of(source: BatchInput, connection: duckdb.DuckDBPyConnection) -> int:
    """Rows that could be taken apart, and of NDJSON the others too."""
    if source.format is Format.ARROW:
        return sum(batch.num_rows for batch in _arrow_reader(source, source.files))
    relation = NDJSON_LINES if source.format is Format.NDJSON else RAW
    [(rows,)] = watched(connection, f"SELECT count(*) FROM {relation}")
    return int(rows)


def ready(source: BatchInput, connection: duckdb.DuckDBPyConnection) -> None:
    """Before each scan of `raw`: an Arrow reader gives its rows once."""
    if source.format is Format.ARROW:
        source.arrow_rows = 0
        connection.register(RAW, _arrow_reader(source, source.files))


def numbered(source: BatchInput, connection: duckdb.DuckDBPyConnection, index: int) -> str:
    """SQL of one file's raw rows in order, with FILE and LINE, the row's number from 1."""
    name = source.files[index]
    place = f"{quoted(name)} AS {identifier(FILE)}"
    counted = f"row_number() OVER () AS {identifier(LINE)}"
    match source.format:
        case Format.CSV:
            return f"SELECT *, {place}, {counted} FROM ({csv_sql([source.texts[index]], source.cells, source.columns)})"
        case Format.PARQUET:
            return f"SELECT *, {place}, {counted} FROM {_parquet([name])}"
        case Format.ARROW:
            connection.register("one_arrow_file", _arrow_reader(source, [name]))
            return f"SELECT *, {place}, {counted} FROM one_arrow_file"
        case Format.NDJSON:
            return f"FROM {NDJSON_LINES} WHERE {identifier(FILE)} = {quoted(name)}"


def broken_file(source: BatchInput) -> InputRefused | None:
    """What is wrong with the first file that can't be read to its end, in a connection of its own, since the one that
    failed may be of no more use. NDJSON was read to its end before anything else was done."""
    columns = ", ".join(identifier(name) for name in source.heading if name in source.columns) or "*"
    with duckdb.connect() as connection:
        for index, name in enumerate(source.files):
            if source.format is Format.NDJSON:
                continue
            try:
                rows = numbered(source, connection, index)
                connection.execute(
                    f"SELECT bit_xor(hash(read)) FROM (SELECT {columns} FROM ({rows})) AS read"
                ).fetchall()
            except (InputRefused, duckdb.Error) as error:
                if isinstance(error, InputRefused):
                    return error
                return InputRefused(f"can't be read: {first_line(error)}", place=name)
    return None


# --- formats ---------------------------------------------------------------------------------------------------------


def _open_csv(source: BatchInput, row_map: RowMap | None, connection: duckdb.DuckDBPyConnection) -> None:
    headings = {file.name: duckdb_heading(file) for file in source.texts}
    first = headings[source.files[0]]
    other = next((text for text in source.texts if text.delimiter != source.texts[0].delimiter), None)
    if other:
        message = f"`{other.name}` separates its cells by another sign than `{source.files[0]}`"
        raise InputRefused(message, "give files of one delimiter at a time")
    for name, heading in headings.items():
        if heading != first:
            message = f"`{name}` has another heading than `{source.files[0]}`"
            raise InputRefused(message, "give files of one heading at a time")
    if row_map is not None:
        text, faults = source.texts[0], heading_faults(row_map, first)
        refuse_unfit_heading(Path(text.name), row_map, faults, encoding=text.decoding, delimiter=text.delimiter)
    source.columns = (*source.columns, *(name for name in named_like_currencies(first) if name not in source.columns))
    doubled = next((name for name in source.columns if first.count(name) > 1), None)
    if doubled:
        raise InputRefused(f"`{doubled}` is the heading of {first.count(doubled)} columns; rename all but one")
    source.cells = first
    source.heading = {name: ColumnType.CELLS for name in first if name}
    connection.execute(f"CREATE VIEW {RAW} AS {csv_sql(source.texts, first, source.columns)}")


def _parquet(files: Sequence[str]) -> str:
    return f"read_parquet({quoted_list(files)}, hive_partitioning = false)"  # else a folder `x=1` sets the column `x`


def _parquet_columns(name: str, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    try:
        columns = _described(f"FROM {_parquet([name])}", connection)
        schema = pq.read_schema(name)
        _refuse_equal_names(schema.names, name)
        _refuse_unreadable(schema, name)
    except (duckdb.Error, pa.ArrowException) as error:
        raise InputRefused(f"can't be read as Parquet: {first_line(error)}", place=name) from error
    return columns


def _refuse_unreadable(schema: pa.Schema, file: str) -> None:
    """DuckDB reads decimals of more than 38 digits as floating-point numbers or not at all, and no half floats."""
    for column in schema:
        if pa.types.is_decimal256(column.type) or pa.types.is_float16(column.type):
            raise InputRefused(f"the column `{column.name}` of `{file}` is {column.type}; write it as decimal128")


def _refuse_equal_names(names: Sequence[str], file: str) -> None:
    """DuckDB would take the first of two names that are one to it, and call the other `NAME_1`."""
    seen: dict[str, str] = {}
    for name in names:
        earlier = seen.get(name.lower())
        if earlier is not None:
            raise InputRefused(f"`{file}` has the columns `{earlier}` and `{name}`; rename one of them")
        seen[name.lower()] = name


def _open_ndjson(
    source: BatchInput,
    cells: NdjsonCells,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    reading: Reading,
) -> None:
    size = sum(Path(file.path).stat().st_size for file in source.texts)
    connection.register(
        "ndjson_texts",
        pa.RecordBatchReader.from_batches(SCHEMA, cells.batches([(file.name, file.path) for file in source.texts])),
    )
    parquet = quoted(str(scratch / "ndjson.parquet"))
    copy = f"COPY ({cells_sql(source.columns, 'ndjson_texts')}) TO {parquet} (FORMAT parquet)"
    watched(connection, copy, lambda: reading(cells.bytes / size, cells.rows))
    connection.execute(f"CREATE VIEW {NDJSON_LINES} AS FROM read_parquet({parquet})")
    names = ", ".join(map(identifier, source.columns))
    connection.execute(f"CREATE VIEW {RAW} AS SELECT {names} FROM {NDJSON_LINES} WHERE {identifier(UNREAD)} IS NULL")
    source.heading = dict.fromkeys(source.columns, ColumnType.CELLS)


def _first_keys(files: Sequence[str], options: TextOptions) -> list[str]:
    """The keys of the first rows."""
    keys: dict[str, None] = {}
    for name in files:
        with open_rows(Path(name), encoding=options.encoding) as rows:
            for row in islice(rows, _ROWS_OF_KEYS):
                keys.update(dict.fromkeys(row.heading))
    return list(keys)


def _decimal_signs(row_map: RowMap | None) -> dict[str, str]:
    """The decimal sign of each column whose texts are written otherwise than JSON's numbers."""
    columns = row_map.columns if row_map else ()
    written = [column for column in columns if column.numbers.has_signs]
    return {column.column: column.numbers.decimal for column in written}


def _text_columns(ruleset: RuleSet, row_map: RowMap | None) -> list[str]:
    """The columns that are read as text."""
    if row_map is None:
        return [CURRENCY, *(fact.name for fact in ruleset.facts if fact.type.kind.is_text)]
    return [each.column for each in row_map.columns if each.type.kind.is_text]


def _list_columns(ruleset: RuleSet, row_map: RowMap | None) -> list[str]:
    """The columns that hold lists of records."""
    named = row_map.columns if row_map else ruleset.facts
    return [each.column if isinstance(each, Column) else each.name for each in named if each.type.kind is Kind.LIST]


def _open_arrow(source: BatchInput, connection: duckdb.DuckDBPyConnection) -> None:
    _alike({name: _arrow_columns(name) for name in source.files})
    reader = _arrow_reader(source, source.files)
    connection.register("arrow_columns", reader.schema.empty_table())
    try:
        columns = _described("FROM arrow_columns", connection)
    except duckdb.Error as error:
        raise InputRefused(f"can't be read as Arrow: {first_line(error)}", place=source.files[0]) from error
    source.heading = {name: _column_type(type_) for name, type_ in columns.items()}
    _look_into(source, "FROM arrow_columns", connection)


def _arrow_columns(name: str) -> dict[str, str]:
    with _arrow(name) as (schema, _):
        _refuse_equal_names(schema.names, name)
        _refuse_unreadable(schema, name)
        return {column.name: str(column.type) for column in schema}


@contextmanager
def _arrow(name: str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    try:
        with arrow_batches(name) as opened:
            yield opened
    except (pa.ArrowInvalid, OSError) as error:
        raise InputRefused(f"can't be read as Arrow: {first_line(error)}", place=name) from error


def _arrow_reader(source: BatchInput, files: Sequence[str]) -> pa.RecordBatchReader:
    def batches() -> Iterator[pa.RecordBatch]:
        for name in files:
            with _arrow(name) as (_, read):
                for batch in read:
                    source.arrow_rows += batch.num_rows
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
                differing = " and ".join(
                    f"{type_ or 'not at all'} in `{file}`" for type_, file in zip(types, (first, name), strict=True)
                )
                raise InputRefused(f"the column `{column}` is {differing}; give files of one kind at a time")


def _described(query: str, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {name: str(type_) for name, type_, *_ in connection.execute(f"DESCRIBE {query}").fetchall()}


def _look_into(source: BatchInput, query: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Finds the columns of arrays of structs among the query's."""
    found = connection.sql(query)
    for name, type_ in zip(found.columns, found.types, strict=True):
        element: Any = type_.children[0][1] if type_.id == "list" else None
        if element is not None and element.id == "struct":
            source.heading[name] = ColumnType.RECORDS
            source.records[name] = {part: _column_type(str(inner)) for part, inner in element.children}


def _column_type(type_: str) -> ColumnType:
    """How a column of this DuckDB type holds its values."""
    if type_.startswith("DECIMAL"):
        return ColumnType.DECIMAL
    if type_.endswith("INT") or type_ in ("INTEGER", "UINTEGER"):
        return ColumnType.WHOLE
    known = {
        "VARCHAR": ColumnType.TEXT,
        "BOOLEAN": ColumnType.YES_NO,
        "DATE": ColumnType.DATE,
        "TIMESTAMP": ColumnType.TIMESTAMP,
        "TIMESTAMP_S": ColumnType.TIMESTAMP,
        "TIMESTAMP_MS": ColumnType.TIMESTAMP,
        "TIMESTAMP_NS": ColumnType.TIMESTAMP,
        "DOUBLE": ColumnType.FLOAT,
        "FLOAT": ColumnType.FLOAT,
    }
    return ColumnType.TEXT if type_.startswith("ENUM") else known.get(type_, ColumnType.OTHER)
