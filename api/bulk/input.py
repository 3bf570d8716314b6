"""What bulk reads: CSV, NDJSON, Parquet or Arrow files as one relation of raw columns, and the fact each column holds.

CSV and NDJSON hold cells of text; NDJSON is taken apart here, since a database's JSON reader turns 1234567890123456.78
into a float. Parquet and Arrow columns count by their types.
"""

from __future__ import annotations

import csv
import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from api.records import ndjson_records
from engine.maps.row_map import RowMap
from engine.reading.form import did_you_mean, listed
from engine.ruleset import RuleSet
from engine.sql.facts import RAW, Form, Source

LINE = "line"
FILE = "file"
_NDJSON_ROWS = 50_000


class BulkRefused(Exception):
    """The input, map or output can't be used as a whole; nothing is written. The message says what to do."""


class Format(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    ARROW = "arrow"


_SUFFIXES = {
    ".csv": Format.CSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".parquet": Format.PARQUET,
    ".arrow": Format.ARROW,
    ".feather": Format.ARROW,
}


@dataclass(slots=True)
class Input:
    """`heading` gives each column's form. `malformed` are rows that could not be taken apart (NDJSON: in a file of
    their own, by file and line)."""

    files: list[str]
    format: Format
    heading: dict[str, Form] = field(default_factory=dict)
    malformed: list[tuple[str, int, str]] = field(default_factory=list)


def format_of(path: str) -> Format:
    found = _SUFFIXES.get(Path(path).suffix)
    if found is None:
        raise BulkRefused(f"`{path}` is none of the files that bulk knows: {', '.join(_SUFFIXES)}")
    return found


def open_input(patterns: Sequence[str], connection: duckdb.DuckDBPyConnection, scratch: Path) -> Input:
    """Defines the relation `raw` on this connection."""
    files = [name for pattern in patterns for name in sorted(glob.glob(pattern)) or [pattern]]  # noqa: PTH207 also absolute
    missing = [name for name in files if not Path(name).is_file()]
    if missing:
        raise BulkRefused(f"`{missing[0]}` is no file")
    formats = {format_of(name) for name in files}
    if len(formats) > 1:
        raise BulkRefused("all input files must be of one format")
    found = Input(files, formats.pop())
    match found.format:
        case Format.CSV:
            _open_csv(found, connection)
        case Format.NDJSON:
            _open_ndjson(found, connection, scratch)
        case Format.PARQUET:
            connection.execute(f"CREATE VIEW {RAW} AS FROM {_parquet(files)}")
            _describe(found, connection)
        case Format.ARROW:
            connection.register(RAW, pads.dataset(files, format="ipc"))
            _describe(found, connection)
    return found


def numbered(found: Input, connection: duckdb.DuckDBPyConnection, index: int) -> str:
    """SQL of one file's raw rows in order, with `file` and `line`: a CSV's heading is on line 1."""
    name = found.files[index]
    file = quoted(name)
    match found.format:
        case Format.CSV:
            return f"SELECT *, {file} AS {FILE}, row_number() OVER () AS {LINE} FROM {_csv([name], found.heading)}"
        case Format.NDJSON:
            return f"SELECT * FROM {RAW} WHERE {FILE} = {file}"
        case Format.PARQUET:
            return f"SELECT *, {file} AS {FILE}, file_row_number + 1 AS {LINE} FROM {_parquet([name], numbers=True)}"
        case Format.ARROW:
            connection.register(f"arrow_{index}", pads.dataset(name, format="ipc"))
            return f"SELECT *, {file} AS {FILE}, row_number() OVER () AS {LINE} FROM arrow_{index}"


def malformed_csv(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str]]:
    """File, record number and fault of what the first scan of CSV files could not take apart."""
    tables = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchone()
    if tables == (0,):  # made with the first such row
        return []
    rows = connection.execute(
        "SELECT file_path, line, min(error_type::VARCHAR) FROM reject_errors "
        "JOIN reject_scans USING (scan_id, file_id) "
        "WHERE scan_id = (SELECT min(scan_id) FROM reject_errors) GROUP BY file_path, line ORDER BY file_path, line"
    ).fetchall()
    return [(name, line, f"row: {_MALFORMED.get(kind, kind.lower())}") for name, line, kind in rows]


_MALFORMED = {
    "MISSING COLUMNS": "has fewer cells than the heading",
    "TOO MANY COLUMNS": "has more cells than the heading",
    "UNQUOTED VALUE": "the quotes are wrong",
    "INVALID ENCODING": "holds bytes that are not UTF-8",
    "LINE SIZE OVER MAXIMUM": "is longer than bulk reads",
}


# --- formats ---------------------------------------------------------------------------------------------------------


def _open_csv(found: Input, connection: duckdb.DuckDBPyConnection) -> None:
    headings = {name: _csv_heading(name) for name in found.files}
    first = headings[found.files[0]]
    for name, heading in headings.items():
        if heading != first:
            raise BulkRefused(f"`{name}` has another heading than `{found.files[0]}`")
    doubled = [name for name in first if first.count(name) > 1]
    if doubled:
        raise BulkRefused(f"`{doubled[0]}` is the heading of {first.count(doubled[0])} columns; rename one")
    found.heading = dict.fromkeys(first, Form.CELLS)
    connection.execute(f"CREATE VIEW {RAW} AS FROM {_csv(found.files, found.heading)}")


def _csv_heading(name: str) -> list[str]:
    try:
        with Path(name).open(encoding="utf-8-sig", newline="") as stream:
            return next(csv.reader(stream), [])
    except UnicodeDecodeError:
        raise BulkRefused(f"the heading of `{name}` is not UTF-8; save the file as UTF-8") from None


def _csv(files: Sequence[str], heading: Mapping[str, Form]) -> str:
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in heading)
    return (
        f"read_csv({_list(files)}, columns = {{{columns}}}, header = true, auto_detect = false, delim = ',', "
        "quote = '\"', escape = '\"', store_rejects = true, rejects_limit = 0)"
    )


def _parquet(files: Sequence[str], *, numbers: bool = False) -> str:
    return f"read_parquet({_list(files)}{', file_row_number = true' if numbers else ''})"


def _open_ndjson(found: Input, connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    keys: dict[str, None] = {}
    paths = []
    for number, batch in enumerate(_ndjson_batches(found)):
        keys.update(dict.fromkeys(key for row in batch for key in row))
        schema = pa.schema([(key, pa.int64() if key == LINE else pa.string()) for key in keys])
        path = scratch / f"ndjson-{number:06d}.parquet"
        pq.write_table(pa.Table.from_pylist(batch, schema), path)
        paths.append(str(path))
    if not paths:
        raise BulkRefused("the input holds no row that is a JSON object")
    found.heading = dict.fromkeys((key for key in keys if key not in (FILE, LINE)), Form.CELLS)
    connection.execute(f"CREATE VIEW {RAW} AS FROM read_parquet({_list(paths)}, union_by_name = true)")


def _ndjson_batches(found: Input) -> Iterator[list[dict[str, object]]]:
    batch: list[dict[str, object]] = []
    for name in found.files:
        with Path(name).open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            for record in ndjson_records(stream):
                if record.body is None:
                    found.malformed.append((name, record.line, record.fault))
                    continue
                batch.append({FILE: name, LINE: record.line, **_flat(record.body)})
                if len(batch) >= _NDJSON_ROWS:
                    yield batch
                    batch = []
    if batch:
        yield batch


def _flat(body: Mapping[str, object]) -> dict[str, str | None]:
    """`{"order": {"amount": 5}}` and `{"order.amount": 5}` alike."""
    flat: dict[str, str | None] = {}
    for key, value in body.items():
        if isinstance(value, dict):
            flat.update({f"{key}.{inner}": _cell(item) for inner, item in value.items()})
        else:
            flat[key] = _cell(value)
    return flat


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _describe(found: Input, connection: duckdb.DuckDBPyConnection) -> None:
    for name, type_, *_ in connection.execute(f"DESCRIBE {RAW}").fetchall():
        found.heading[name] = _form(str(type_))


def _form(type_: str) -> Form:
    if type_.startswith("DECIMAL"):
        return Form.DECIMAL
    if type_.endswith("INT") or type_ == "INTEGER" or type_ == "UINTEGER":
        return Form.WHOLE
    known = {"VARCHAR": Form.TEXT, "BOOLEAN": Form.YES_NO, "DATE": Form.DATE, "DOUBLE": Form.FLOAT, "FLOAT": Form.FLOAT}
    return Form.TEXT if type_.startswith("ENUM") else known.get(type_, Form.OTHER)


# --- columns and facts -----------------------------------------------------------------------------------------------


def sources(ruleset: RuleSet, heading: Mapping[str, Form], row_map: RowMap | None) -> dict[str, Source]:
    """By fact. Without a map a column bears the fact's name; with one, only what the map names is read."""
    facts = {fact.name: fact for fact in ruleset.facts}
    if row_map is None:
        groups = {fact.group for fact in ruleset.facts}
        for name in heading:
            if name.partition(".")[0] in groups and "." in name and name not in facts:
                raise BulkRefused(f"the column `{name}` is no fact of this case kind ({did_you_mean(name, facts)})")
        found = {name: Source(name, form) for name, form in heading.items() if name in facts}
        if not found:
            raise BulkRefused("no column bears the name of a fact, such as `order.amount`; give --map")
        return found
    if row_map.derived:
        names = listed([part.name for part in row_map.derived])
        raise BulkRefused(f"the map works out {names} by formulas, which can't run in bulk; use `credence decide-file`")
    for column in row_map.columns:
        if column.column not in heading:
            hint = did_you_mean(column.column, heading)
            raise BulkRefused(f"the column `{column.column}`, read for `{column.name}`, is missing ({hint})")
    return {
        column.name: Source(column.column, heading[column.column], column.dates, _words(column.values))
        for column in row_map.columns
        if column.name in facts
    }


def _words(values: Mapping[str, str | int | bool | None] | None) -> dict[str, str | None] | None:
    return None if values is None else {word: _cell(value) for word, value in values.items()}


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, names))}]"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
