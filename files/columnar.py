"""Rows of Parquet and Arrow files, in batches or one at a time; needs pyarrow, which the extra `bulk` brings.

`arrow_batches` gives an Arrow file's record batches as they are: DuckDB decides on columns by their types.
`columnar_rows` gives the same files' rows as cells of text, as if they came from CSV, for commands that read any format
through a row map: a decimal keeps its digits, and numbers are `JsonDecimal`s, dates `TypedDate`s, which no format of
the map reads as something else.

    columnar_rows(Path("items.parquet"), check)
    → FileRow(line=1, text='{"No": "17", "Due": "2026-02-01", "Paid": "true"}', cells=("17", "2026-02-01", "true"), …)
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.vocabulary.decimals import JsonDecimal
from files import extras
from files.formats import Format, format_named
from files.input_refused import InputRefused
from files.rows import FileRow
from files.typed_cells import TypedDate, Untexted

if TYPE_CHECKING:  # the extra `bulk` may be missing
    import pyarrow as pa

_ARROW_FILE_MAGIC = b"ARROW1"
"""How an Arrow IPC file begins; an IPC stream begins otherwise (Arrow's columnar format, "IPC File Format")."""

_BATCH_ROWS = 10_000


@contextmanager
def arrow_batches(path: Path | str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """The schema and the record batches of an Arrow file in any of its forms: IPC file (`.arrow`, `.feather`) and IPC
    stream (`.arrows`). Which of them a file is, its first bytes say, not its name.

    One batch is in memory at a time. pyarrow's errors leave as they are.
    """
    import pyarrow as pa
    from pyarrow import ipc

    with pa.OSFile(str(path)) as source:
        is_file = source.read(len(_ARROW_FILE_MAGIC)) == _ARROW_FILE_MAGIC
        source.seek(0)
        with ipc.open_file(source) if is_file else ipc.open_stream(source) as reader:
            numbers = range(reader.num_record_batches) if is_file else ()
            yield reader.schema, map(reader.get_batch, numbers) if is_file else iter(reader)


def columnar_rows(path: Path, check_heading: Callable[[tuple[str, ...]], None]) -> Iterator[FileRow]:
    """Every row of a Parquet or Arrow file as cells of text; `line` is its number, from 1.

    `check_heading` is called with the columns' names before the first row. Raises what that raises, and InputRefused,
    with the path as its place, where the file can't be read or pyarrow is missing.
    """
    number = 0
    checked: tuple[str, ...] | None = None
    for heading, rows in _batches(path):
        if heading != checked:
            check_heading(heading)
            checked = heading
        for row in rows:
            number += 1
            cells = tuple(_cell(row[name]) for name in heading)
            text = json.dumps(dict(zip(heading, cells, strict=True)), ensure_ascii=False)
            yield FileRow(line=number, text=text, cells=cells, heading=heading)


def _batches(path: Path) -> Iterator[tuple[tuple[str, ...], list[Mapping[str, object]]]]:
    """The columns' names with some of the rows, until there are no more."""
    try:
        arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        message = "Parquet and Arrow files need pyarrow"
        raise InputRefused(message, f"install it with `{extras.BULK}`", place=str(path)) from None
    format_ = format_named(path) or Format.ARROW
    try:
        if format_ is Format.PARQUET:
            file = parquet.ParquetFile(path)
            yield tuple(file.schema_arrow.names), []
            for batch in file.iter_batches(_BATCH_ROWS):
                yield tuple(batch.schema.names), batch.to_pylist()
            return
        with arrow_batches(path) as (schema, batches):
            yield tuple(schema.names), []
            for batch in batches:
                yield tuple(schema.names), batch.to_pylist()
    except (arrow.ArrowException, UnicodeError, OSError) as error:
        cause = str(getattr(error, "strerror", None) or error)  # pyarrow's own OSErrors have no strerror
        raise InputRefused(f"can't be read as {format_.shown}: {cause.splitlines()[0]}", place=str(path)) from None


def _cell(value: object) -> str | None:
    """A floating-point number becomes the shortest decimal that stands for it, a timestamp without a zone at midnight
    its date; what has no plain text is none of an id, and no date or number either."""
    if isinstance(value, datetime) and value.tzinfo is None and value.time() == time():
        value = value.date()
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return JsonDecimal(format(value, "f"))
        case float():
            return JsonDecimal(value)
        case date() if not isinstance(value, datetime):
            return TypedDate(value)
        case int():
            return str(value)
        case _:
            return Untexted(value)
