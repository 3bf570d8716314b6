"""Records of a receivables file in any of its formats: CSV, NDJSON, Parquet and Arrow, one at a time.

Edge of `credence portfolio`. All cells are text when they leave here; a typed date is spelled as the map expects it.
"""

from __future__ import annotations

import codecs
import importlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from files import extras
from files.maps.mapped_rows import heading_faults
from files.maps.row_map import RowMap
from files.records import FileRow, Format, InputUnreadable, csv_records, format_named, ndjson_records

_SPELLED = re.compile(r"yyyy|MM?|dd?")
_BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class PortfolioFileOptions:
    row_map: RowMap
    encoding: str = "utf-8"
    delimiter: str = ","


def records(path: Path, reading: PortfolioFileOptions) -> Iterator[FileRow]:
    """Each with its heading, or with a fault. Raises InputUnreadable where the file as a whole doesn't fit."""
    found = format_named(path)
    if found is Format.PARQUET or found is Format.ARROW:
        return _columnar(path, found, reading)
    return _text(path, reading, found is Format.NDJSON)


def _text(path: Path, reading: PortfolioFileOptions, ndjson: bool) -> Iterator[FileRow]:
    with path.open("rb") as raw:
        start = raw.read(4)
    encoding = _encoding(start, reading.encoding)
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as stream:
        if ndjson:
            yield from ndjson_records(stream)
            return
        found = csv_records(stream, reading.delimiter)
        first = next(found, None)
        if first is None or first.cells is None:
            said = f"the heading can't be read ({first.fault})" if first else "the file holds no heading"
            raise InputUnreadable(f"{said}; if it isn't UTF-8, give --encoding, such as gb18030 or cp1252")
        heading = tuple((cell or "").strip() for cell in first.cells)
        _check(reading.row_map, heading)
        for record in found:
            yield FileRow(record.line, record.text, record.cells, record.fault, heading)


def _encoding(start: bytes, wanted: str) -> str:
    """A byte order mark is no part of the first heading."""
    if not start:
        raise InputUnreadable("the file is empty")
    if wanted.lower() not in ("utf-8", "utf8"):
        return wanted
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputUnreadable("the file is UTF-16, not UTF-8; give --encoding utf-16, or save it as UTF-8")
    return "utf-8-sig"


def _check(row_map: RowMap, heading: tuple[str, ...]) -> None:
    if faults := heading_faults(row_map, heading):
        raise InputUnreadable("\n".join(map(str, faults)))


# --- columnar files ---------------------------------------------------------------------------------------------------


def _columnar(path: Path, format_: Format, reading: PortfolioFileOptions) -> Iterator[FileRow]:
    """`line` is the row's number, from 1."""
    spellings = {column.column: column.dates.spelling for column in reading.row_map.columns if column.dates}
    number = 0
    for heading, rows in _batches(path, format_):
        _check(reading.row_map, heading)
        for row in rows:
            number += 1
            cells = tuple(_cell(row[name], spellings.get(name)) for name in heading)
            yield FileRow(
                number, json.dumps(dict(zip(heading, cells, strict=True)), ensure_ascii=False), cells, "", heading
            )


def _batches(path: Path, format_: Format) -> Iterator[tuple[tuple[str, ...], list[Mapping[str, object]]]]:
    try:
        arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
        arrow_files: Any = importlib.import_module("files.arrow_files")
    except ImportError:
        raise InputUnreadable(f"Parquet and Arrow files need pyarrow; install it with `{extras.BULK}`") from None
    try:
        if format_ is Format.PARQUET:
            for batch in parquet.ParquetFile(path).iter_batches(_BATCH_ROWS):
                yield tuple(batch.schema.names), batch.to_pylist()
            return
        with arrow_files.arrow_batches(path) as (schema, batches):
            for batch in batches:
                yield tuple(schema.names), batch.to_pylist()
    except (arrow.ArrowException, UnicodeError, OSError) as error:
        said = str(getattr(error, "strerror", None) or error)  # pyarrow's own OSErrors have no strerror
        raise InputUnreadable(f"can't be read as {path.suffix[1:]}: {said.splitlines()[0]}") from None


def _cell(value: object, spelling: str | None) -> str | None:
    """A floating-point number as the shortest decimal that stands for it; what has no plain text is refused by the
    map."""
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case date() if spelling and not isinstance(value, datetime):
            return _spelled(value, spelling)
        case _:
            return str(value)


def _spelled(day: date, spelling: str) -> str:
    words = {"yyyy": f"{day.year:04}", "MM": f"{day.month:02}", "M": f"{day.month}", "dd": f"{day.day:02}"}
    return _SPELLED.sub(lambda found: words.get(found[0], f"{day.day}"), spelling)
