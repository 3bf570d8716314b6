"""CSV files for DuckDB: their headings, how they are read, and where their records stand.

DuckDB reads and counts the records, on all processors, and says at which byte one is broken. What a person is told is
`files.rows`' to say, as it does for `credence decide-file`: the words of faults, and the physical lines that an editor
shows. Blank lines and line ends within quotes put records out of step with those lines, so a file with rejects, and no
other, is gone through once more, in Python:

    1 order.id,order.amount
    2 S1,5                     record 1, line 2
    3
    4 "S                       record 2, line 4
    5 2",x
    6 S3                       broken: DuckDB names a byte of it; `csv_fault` says `has 1 cell, the heading has 2`
    7 S4,7                     record 3, line 7: broken records are not counted

    csv_lines → good = [2, 4, 7], malformed = {6: "row: has 1 cell, the heading has 2"}
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import duckdb

from files.batch.duckdb.recoded import TextFile, recoded
from files.batch.input import identifier, quoted, quoted_list
from files.input_refused import InputRefused
from files.rows import LINE_MAX, csv_fault, csv_heading, csv_rows


def duckdb_heading(file: TextFile) -> list[str]:
    """The names of a CSV file's columns, without blanks around them, as DuckDB will find them in the first line.

    Raises InputRefused, with the file as its place, where the heading can't be read, stands further down, or separates
    its cells by something else than the delimiter.
    """
    with Path(file.name).open(encoding=file.decoding, errors="surrogateescape", newline="") as stream:
        try:
            first = next(csv_rows(stream, file.delimiter, file.lines_above), None)
            heading = csv_heading(first, file.delimiter)
        except InputRefused as refused:
            raise refused.at(file.name) from None
    if first is not None and first.line > file.lines_above + 1:
        message = "a blank line stands above the heading"
        hint = f"delete it, or write `skip_lines: {first.line - 1}` at the top of the map"
        raise InputRefused(message, hint, place=file.name)
    return list(heading)


_NO_NULL = "nullstr = '\n', allow_quoted_nulls = false"
"""No cell is null, since one without quotes holds no line end. DuckDB drops null cells behind the last column, and so
takes a row that a decimal comma shifted for a sound one, and gives a row for each blank line of a single column."""


def csv_sql(files: Sequence[TextFile], heading: Sequence[str], columns: Collection[str]) -> str:
    """The query that reads some columns of CSV files, by name. `heading`: all names, in the order of the files; it may
    have others than `columns` twice, or in two spellings of one word, so DuckDB is given names of ours (`c0`, `c1`).
    All files have the first one's delimiter."""
    paths, delimiter = [file.path for file in files], files[0].delimiter
    used = [name for name in dict.fromkeys(heading) if name in columns]
    named = ", ".join(f"nullif(c{heading.index(name)}, '') AS {identifier(name)}" for name in used)
    types = ", ".join(f"c{place}: 'VARCHAR'" for place in range(len(heading)))
    return (
        f"SELECT {named or 'c0'} FROM read_csv({quoted_list(paths)}, columns = {{{types}}}, header = true, "
        f"auto_detect = false, delim = {quoted(delimiter)}, quote = '\"', escape = '\"', store_rejects = true, "
        f"rejects_limit = 0, hive_partitioning = false, {_NO_NULL})"
    )


_MALFORMED = {
    "MISSING COLUMNS": "has fewer cells than the heading",
    "TOO MANY COLUMNS": "has more cells than the heading",
    "UNQUOTED VALUE": "the quotes are wrong",
    "INVALID ENCODING": "holds bytes that are not UTF-8",
    "LINE SIZE OVER MAXIMUM": "is longer than DuckDB reads",
}
"""DuckDB's error types in words, for records that `csv_fault` would take."""


def malformed_csv(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[int, str]]]:
    """By file: a byte of each record that the first scan could not take apart, from 1, and its fault in few words."""
    tables = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchone()
    if tables == (0,):  # made with the first such row
        return {}
    rows = connection.execute(
        "SELECT file_path, byte_position, error_type::VARCHAR FROM reject_errors "
        "JOIN reject_scans USING (scan_id, file_id) "
        "WHERE scan_id = (SELECT max(scan_id) FROM reject_errors) ORDER BY ALL"
    ).fetchall()
    malformed: dict[str, list[tuple[int, str]]] = {}
    for name, byte, kind in rows:
        malformed.setdefault(name, []).append((byte, f"row: {_MALFORMED.get(kind, kind.lower())}"))
    return malformed


# --- lines -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class CsvLines:
    """Where the records behind the heading begin: physical lines, from 1.

    `good`: of those that could be taken apart, in order. `malformed`: of the others, each with its fault.
    """

    good: array[int] = field(default_factory=lambda: array("q"))
    malformed: dict[int, str] = field(default_factory=dict)


def csv_lines(file: TextFile, malformed: Sequence[tuple[int, str]], heading: tuple[str, ...]) -> CsvLines:
    """Goes through a file once more, for the lines of its records.

    `malformed`: a byte of each broken record, from 1, and what is wrong with it in DuckDB's words. Raises InputRefused
    where a quote is opened and never closed, since what follows can't be told apart.
    """
    lines = CsvLines()
    waiting = sorted(malformed, reverse=True)
    records = _records(file)
    next(records, None)
    for line, end, text in records:
        if waiting and waiting[-1][0] <= end:
            row = text if file.is_copied else text.encode("latin-1").decode("utf-8", "surrogateescape")
            lines.malformed[line] = str(csv_fault(row, heading, file.delimiter) or waiting[-1][1])
            while waiting and waiting[-1][0] <= end:
                waiting.pop()
        else:
            lines.good.append(line)
    return lines


def _records(file: TextFile) -> Iterator[tuple[int, int, str]]:
    """The first line, the last byte (from 1) and the text of each record. Bytes are those of what DuckDB reads; of the
    file itself each is a character of the text, of a copy characters are what they are."""
    csv.field_size_limit(LINE_MAX)
    lines = _CsvLines(file)
    for text in lines:
        first = lines.number
        record = _to_the_end(text, lines, first) if text.count('"') % 2 else text
        if text.strip("\r\n"):
            yield first, lines.bytes, record


class _CsvLines:
    """Physical lines, counted, with the bytes read so far."""

    def __init__(self, file: TextFile) -> None:
        self._lines = iter(file.lines() if file.is_copied else _as_bytes(file.path))
        self._is_copied = file.is_copied
        self.name = file.name
        self.delimiter = file.delimiter
        self.number = file.lines_above
        self.bytes = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.number += 1
            self.bytes += len(recoded(line)) if self._is_copied else len(line)
            if len(line) == LINE_MAX and not line.endswith("\n"):
                message = f"line {self.number} is longer than {LINE_MAX} bytes; is this a text file?"
                raise InputRefused(message, place=self.name)
            yield line


def _as_bytes(path: str) -> Iterator[str]:
    """Physical lines in which a character is a byte."""
    with Path(path).open(encoding="latin-1", newline="") as stream:
        while line := stream.readline(LINE_MAX):
            yield line


def _to_the_end(text: str, lines: _CsvLines, first: int) -> str:
    """The text of all lines that a quote holds together; one that is wrong ends with its line."""
    record: list[str] = []

    def fed() -> Iterator[str]:
        for line in chain([text], lines):
            record.append(line)
            yield line

    try:
        next(csv.reader(fed(), delimiter=lines.delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error) or "field larger" in str(error):
            message = f"line {first}: a quote that is opened here is never closed"
            hint = 'close it, or write it twice ("") where it stands for itself'
            raise InputRefused(message, hint, place=lines.name) from None
    return "".join(record)
