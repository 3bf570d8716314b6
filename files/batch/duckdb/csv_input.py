"""CSV files for DuckDB: their headings, how they are read, and where their records stand.

DuckDB counts records and says at which byte one is broken; blank lines and line ends within quotes put records out of
step with the physical lines that a person sees in an editor. Those are looked up only for files with rejects.
"""

from __future__ import annotations

import codecs
import csv
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO

import duckdb

from files.batch.input import BulkRefused, identifier, quoted_list
from files.records import LINE_MAX, undecodable


def csv_heading(name: str) -> list[str]:
    with Path(name).open("rb") as stream:
        start = stream.read(2)
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise BulkRefused(f"`{name}` is UTF-16, not UTF-8; save it as UTF-8")
    with Path(name).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        heading = [cell.strip() for cell in next(csv.reader(stream), [])]
    if not any(heading):
        raise BulkRefused(f"`{name}` begins with a blank line; its first line must be the heading")
    if any(undecodable(cell) for cell in heading):
        raise BulkRefused(f"the heading of `{name}` is not UTF-8; save the file as UTF-8")
    other = next((mark for mark in _SEPARATORS if len(heading) == 1 and mark in heading[0]), None)
    if other:
        shown = "tabs" if other == "\t" else f"`{other}`"
        raise BulkRefused(f"`{name}` separates its cells by {shown}; save it with commas")
    return heading


_SEPARATORS = ";\t|"


def csv_sql(files: Sequence[str], heading: Sequence[str], wanted: Collection[str]) -> str:
    """The wanted columns, by name; a heading may have others twice, or in two spellings of one word."""
    used = [name for name in dict.fromkeys(heading) if name in wanted]
    named = ", ".join(f"nullif(c{heading.index(name)}, '') AS {identifier(name)}" for name in used)
    columns = ", ".join(f"c{place}: 'VARCHAR'" for place in range(len(heading)))
    return (
        f"SELECT {named or 'c0'} FROM read_csv({quoted_list(files)}, columns = {{{columns}}}, header = true, "
        "auto_detect = false, delim = ',', quote = '\"', escape = '\"', store_rejects = true, rejects_limit = 0, "
        f"hive_partitioning = false, {_NO_NULL})"
    )


_NO_NULL = "nullstr = '\n', allow_quoted_nulls = false"
"""No cell is null, since one without quotes holds no line end. DuckDB drops null cells behind the last column, and so
takes a row that a decimal comma shifted for a sound one, and gives a row for each blank line of a single column."""


def malformed_csv(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[int, str]]]:
    """By file: a byte of each record that the first scan could not take apart, from 1, and its fault."""
    tables = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchone()
    if tables == (0,):  # made with the first such row
        return {}
    rows = connection.execute(
        "SELECT file_path, byte_position, error_type::VARCHAR FROM reject_errors "
        "JOIN reject_scans USING (scan_id, file_id) "
        "WHERE scan_id = (SELECT max(scan_id) FROM reject_errors) ORDER BY ALL"
    ).fetchall()
    found: dict[str, list[tuple[int, str]]] = {}
    for name, byte, kind in rows:
        found.setdefault(name, []).append((byte, f"row: {_MALFORMED.get(kind, kind.lower())}"))
    return found


_MALFORMED = {
    "MISSING COLUMNS": "has fewer cells than the heading",
    "TOO MANY COLUMNS": "has more cells than the heading",
    "UNQUOTED VALUE": "the quotes are wrong",
    "INVALID ENCODING": "holds bytes that are not UTF-8",
    "LINE SIZE OVER MAXIMUM": "is longer than bulk reads",
}


# --- lines -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class CsvLines:
    """The first lines of the records behind the heading: `good` of those that could be taken apart, in order."""

    good: array[int] = field(default_factory=lambda: array("q"))
    malformed: dict[int, str] = field(default_factory=dict)


def csv_lines(path: str, malformed: Sequence[tuple[int, str]]) -> CsvLines:
    """`malformed`: a byte of each broken record, from 1, and what is wrong with it. Raises BulkRefused where a
    quote is opened and never closed, since what follows can't be told apart."""
    found = CsvLines()
    waiting = sorted(malformed, reverse=True)
    with Path(path).open(encoding="latin-1", newline="") as stream:  # a character is a byte
        records = _records(stream, path)
        next(records, None)
        for line, end in records:
            if waiting and waiting[-1][0] <= end:
                found.malformed[line] = waiting[-1][1]
                while waiting and waiting[-1][0] <= end:
                    waiting.pop()
            else:
                found.good.append(line)
    return found


def _records(stream: IO[str], name: str) -> Iterator[tuple[int, int]]:
    """The first line and the last byte of each record, from 1."""
    csv.field_size_limit(LINE_MAX)
    lines = _CsvLines(stream, name)
    for text in lines:
        first = lines.number
        if text.count('"') % 2:
            _to_the_end(text, lines, first)
        if text.strip("\r\n"):
            yield first, lines.bytes


class _CsvLines:
    def __init__(self, stream: IO[str], name: str) -> None:
        self._stream = stream
        self.name = name
        self.number = 0
        self.bytes = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._stream.readline(LINE_MAX):
            self.number += 1
            self.bytes += len(line)
            if len(line) == LINE_MAX and not line.endswith("\n"):
                raise BulkRefused(
                    f"`{self.name}`, line {self.number} is longer than {LINE_MAX} bytes; is this a text file?"
                )
            yield line


def _to_the_end(text: str, lines: _CsvLines, first: int) -> None:
    """Reads the lines that a quote holds together; one that is wrong ends with its line."""
    try:
        next(csv.reader(chain([text], lines), strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error) or "field larger" in str(error):
            hint = 'close it, or write it twice ("") where it stands for itself'
            raise BulkRefused(
                f"`{lines.name}`, line {first}: a quote that is opened here is never closed; {hint}"
            ) from None
