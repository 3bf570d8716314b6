"""Rows of a CSV or NDJSON file, one at a time, each with the physical line it starts on and its exact text.

The one reader of text files with rows: `credence decide-file`, `portfolio` and `backtest` read through `open_rows`, and
`batch`, whose rows DuckDB reads, takes headings, line numbers and the words of faults from here.

Nothing is lost and nothing stops the reading: a row that can't be taken apart comes with a fault instead of cells.
Memory stays constant: a row or line that grows beyond a bound is such a fault too.

    with open_rows(Path("orders.csv")) as rows:
        rows.heading                             # ("order.id", "order.amount")
        for row in rows:
            row.line, row.cells, row.fault       # 2, ["SO-1", "12.50"], None

    1 order.id,order.amount
    2 SO-1,12.50                   → line 2, cells ["SO-1", "12.50"]
    3                              → no row: blank
    4 SO-2                         → line 4, fault `row: has 1 cell, the heading has 2`
    5 "SO
    6 3",7                         → line 5, cells ["SO\\n3", "7"]
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Generic, NamedTuple, TypeVar

from engine.vocabulary.binding import Fault
from engine.vocabulary.strict_json import BLANKS, JsonRefused, read_json_object
from files.encoding import decoding_refused, file_encoding, shown_raw, undecodable
from files.formats import Format, format_named
from files.input_refused import InputRefused

LINE_MAX = 1 << 20
"""Characters of one physical line, and of one CSV cell (where a forgotten quote would swallow the rest of a file)."""

_HEADINGS_MAX = 256
_OTHER_DELIMITERS = ";\t|,"
"""What often stands between cells, where a heading has only one."""

_NO_TABLES = {"pk\x03\x04": "an Excel workbook or another archive", "<html": "a web page", "<!doctype": "a web page"}
"""How files begin that only bear the name of a CSV file, in small letters."""

_HEADING_HINT = "if it isn't UTF-8, give --encoding, such as gb18030 or cp1252"


class FileRow(NamedTuple):
    """One row of a file. A tuple, since a file has millions: a frozen dataclass takes twice as long to make."""

    line: int
    """The physical line that the row begins on, from 1; of a columnar file the number of the row."""

    text: str
    """The row as it stands, without its line end, for the rejects; of a columnar file its values as JSON."""

    cells: Sequence[str | None] | None
    """One for each name of `heading`, None for null; None instead of all where the row can't be taken apart."""

    fault: Fault | None = None
    """Why there are no cells; set exactly where `cells` is None. Its path is `row`."""

    heading: tuple[str, ...] = ()
    """The columns' names, of an NDJSON row its own keys."""

    body: dict[str, object] | None = None
    """An NDJSON row as it was read, its decimals as `JsonDecimal`s."""


class RowFile:
    """An open CSV or NDJSON file; iterating gives its rows once, without the heading."""

    def __init__(self, raw: BinaryIO, rows: Iterator[FileRow], heading: tuple[str, ...] | None) -> None:
        """`raw`: the bytes that the rows are decoded from. `heading`: of CSV, with blanks around names taken away; None
        for NDJSON, whose rows bring their own."""
        self.heading = heading
        self._raw = raw
        self._rows = rows

    def __iter__(self) -> Iterator[FileRow]:
        return self._rows

    def bytes_read(self) -> int:
        """How far the reading is, for a progress bar: up to a buffer ahead of the rows given."""
        return self._raw.tell()


@contextmanager
def open_rows(path: Path, *, encoding: str = "utf-8", delimiter: str = ",", skip_lines: int = 0) -> Iterator[RowFile]:
    """Opens a CSV or NDJSON file, which of them its name says (CSV where it says nothing).

    `encoding` is one that Python knows; `delimiter` is one character, and a first line such as `sep=;` counts where it
    is the usual one; `skip_lines` are the lines of a CSV file above its heading, such a first line among them. Raises
    InputRefused, with the path as its place, where the file as a whole can't be read: at once for an empty file, UTF-16
    taken for UTF-8, no heading, a heading that can't be read, Parquet or Arrow; while reading for a line longer than
    `LINE_MAX`. Raises OSError.
    """
    format_ = format_named(path)
    if format_ is not None and not format_.is_text:
        message = f"this command reads CSV and NDJSON, not {format_.shown}"
        raise InputRefused(message, "export it as CSV", place=str(path))
    is_ndjson = format_ is Format.NDJSON
    decoding = file_encoding(path, encoding)
    newline = "\n" if is_ndjson else ""  # a line of NDJSON ends with \n, and only there
    with path.open("rb") as raw:
        try:
            stream = io.TextIOWrapper(raw, decoding, errors="surrogateescape", newline=newline)
            if is_ndjson:
                yield RowFile(raw, ndjson_rows(stream), None)
            else:
                start = csv_start(path, decoding, delimiter, skip_lines)
                yield _csv_file(raw, stream, start)
        except InputRefused as refused:
            raise refused.at(str(path)) from None


class CsvStart(NamedTuple):
    """How a CSV file begins."""

    delimiter: str
    """What separates its cells."""

    lines: int
    """Physical lines above its heading that are no part of the table."""


USUAL_DELIMITER = ","

_SEPARATOR_LINE = re.compile(r'"?sep=\s*(?P<sign>\\t|[^"\r\n])\s*"?[;,\t]*\r?\n?', re.IGNORECASE)
"""A first line by which a spreadsheet is told the delimiter."""


def csv_start(path: Path, decoding: str, delimiter: str, skip_lines: int) -> CsvStart:
    """What a first line such as `sep=;` says of the delimiter, and how many lines stand above the heading.

    Such a line is no part of the table, whether the map counts it among `skip_lines` or not. `decoding`: as
    `file_encoding` gives it. Raises InputRefused, without a place, where it names another delimiter than somebody asked
    for, or where the file can't be decoded.
    """
    try:
        with path.open(encoding=decoding, errors="surrogateescape", newline="") as stream:
            first = stream.readline(len('"sep=;"') + len(",,,,,,\r\n"))
    except UnicodeError as error:
        raise decoding_refused(error) from None
    named = _SEPARATOR_LINE.fullmatch(first)
    if not named:
        return CsvStart(delimiter, skip_lines)
    sign = named["sign"].replace("\\t", "\t")
    if delimiter not in (USUAL_DELIMITER, sign):
        message = f"the first line says `{first.strip()}`, and --delimiter is `{delimiter}`"
        raise InputRefused(message, "leave --delimiter out, or the first line")
    return CsvStart(sign, max(skip_lines, 1))


_LINES_LOOKED_AT = 50


def lines_above_heading(path: Path, names: Collection[str], *, encoding: str, delimiter: str) -> int | None:
    """How many lines stand above the row that holds all of these names; None where none of the first rows does, or the
    first one. For a hint: a report's title often stands above the table."""
    try:
        decoding = file_encoding(path, encoding)
        start = csv_start(path, decoding, delimiter, 0)
        with path.open(encoding=decoding, errors="surrogateescape", newline="") as stream:
            for above, line in enumerate(itertools.islice(_FedLines(stream), _LINES_LOOKED_AT)):
                cells = next(csv.reader([line], delimiter=start.delimiter), [])
                if set(names) <= {cell.strip() for cell in cells}:
                    return above or None
    except (InputRefused, csv.Error):
        return None
    return None


def _csv_file(raw: BinaryIO, stream: IO[str], start: CsvStart) -> RowFile:
    rows = csv_rows(stream, start.delimiter, start.lines)
    return RowFile(raw, rows, csv_heading(next(rows, None), start.delimiter))


def csv_heading(first: FileRow | None, delimiter: str = USUAL_DELIMITER) -> tuple[str, ...]:
    """The names that the first row of a CSV file gives the columns.

    `first` None: the file has no row. Raises InputRefused, without a place, also where the file is of another kind, or
    separates its cells by another sign than the delimiter.
    """
    if first is None:
        raise InputRefused("the file holds no heading")
    start = first.text.lstrip()
    if kind := next((kind for signature, kind in _NO_TABLES.items() if start.lower().startswith(signature)), None):
        raise InputRefused(f"the file is {kind}, no CSV", "open it in a spreadsheet and save it as CSV in UTF-8")
    if first.cells is None:
        fault = first.fault.message if first.fault else ""
        raise InputRefused(f"the heading in line {first.line} can't be read ({fault})", _HEADING_HINT)
    only = first.heading[0] if len(first.heading) == 1 else ""
    other = next((mark for mark in _OTHER_DELIMITERS if mark in only and mark != delimiter), None)
    if other is not None:
        mark, typed = ("tabs", "\\t") if other == "\t" else (f"`{other}`", other)
        raise InputRefused(f"the file separates its cells by {mark}", f"give --delimiter '{typed}'")
    return first.heading


# --- CSV -------------------------------------------------------------------------------------------------------------


class _FedLines:
    """Feeds lines to a csv reader and remembers those of the row being read."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.number = 0
        self.kept: list[str] = []

    def __iter__(self) -> _FedLines:
        return self

    def __next__(self) -> str:
        try:
            line = self.stream.readline(LINE_MAX)
        except UnicodeError as error:
            raise decoding_refused(error) from None
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LINE_MAX and not line.endswith("\n"):
            raise InputRefused(f"line {self.number} is longer than {LINE_MAX} characters; is this a text file?")
        self.kept.append(line)
        return line

    def take(self) -> tuple[int, str]:
        """Number of the first kept line, and their text; starts the next row."""
        first, text = self.number - len(self.kept) + 1, "".join(self.kept)
        self.kept = []
        return first, text


def csv_rows(stream: IO[str], delimiter: str = USUAL_DELIMITER, skip_lines: int = 0) -> Iterator[FileRow]:
    """Every row of a CSV file, the heading as the first; blank lines are no rows, nor are the first `skip_lines`.

    `stream` is opened with `newline=""` and `errors="surrogateescape"`. A row has a fault where its quotes are wrong,
    where it holds a byte outside the encoding, or where it has more or fewer cells than the first. Raises InputRefused
    for a line that is too long.
    """
    csv.field_size_limit(LINE_MAX)
    lines = _FedLines(stream)
    for _ in itertools.islice(lines, skip_lines):
        lines.take()
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    heading: tuple[str, ...] | None = None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line, text = lines.take()
            yield _faulty(line, text, _quoting(str(error)))
            continue
        line, text = lines.take()
        if not cells:
            continue
        if heading is None and not undecodable(text):
            heading = tuple(cell.strip() for cell in cells)
        yield _checked(line, text, cells, heading)


def csv_fault(text: str, heading: tuple[str, ...], delimiter: str = USUAL_DELIMITER) -> Fault | None:
    """What `csv_rows` says to the text of one row under this heading; None where it takes the row."""
    row = next(csv_rows(io.StringIO(text, newline=""), delimiter), None)
    if row is None or row.cells is None:
        return row.fault if row else None
    return _checked(row.line, text, row.cells, heading).fault


def _faulty(line: int, text: str, message: str) -> FileRow:
    return FileRow(line=line, text=shown_raw(text), cells=None, fault=Fault("row", message))


def _checked(line: int, text: str, cells: Sequence[str | None], heading: tuple[str, ...] | None) -> FileRow:
    if bad := undecodable(text):
        return _faulty(line, text, bad)
    if heading is not None and len(cells) != len(heading):
        count = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
        return _faulty(line, text, f"has {count}, the heading has {len(heading)}")
    return FileRow(line=line, text=shown_raw(text), cells=cells, heading=heading or ())


def _quoting(error: str) -> str:
    """What Python's csv reader stumbled over, in words for the owner of the file."""
    if "unexpected end" in error:
        return "a quote that is opened here is never closed"
    if "field larger" in error:
        return f"a cell is longer than {LINE_MAX} characters; a quote may not be closed"
    return f"the quotes are wrong: {error}"


# --- NDJSON ----------------------------------------------------------------------------------------------------------


def ndjson_rows(stream: IO[str]) -> Iterator[FileRow]:
    """One JSON object a line; blank lines are no rows. `stream` is opened as for `csv_rows`, but with `newline="\\n"`.
    Raises InputRefused for a line that is too long."""
    lines = _FedLines(stream)
    for text in lines:
        line, _ = lines.take()
        if text.strip(BLANKS):
            yield ndjson_row(line, text)


def ndjson_row(line: int, text: str) -> FileRow:
    """One line as a row. `text` was decoded with `surrogateescape`. Numbers are kept as they are written, so that no
    decimal passes through a float."""
    if bad := undecodable(text):
        return _faulty(line, text, bad)
    try:
        body = read_json_object(text, decimals_as_text=True)
    except JsonRefused as refused:
        return _faulty(line, text, refused.message)
    cells = tuple(map(json_cell, body.values()))
    return FileRow(line=line, text=shown_raw(text), cells=cells, heading=tuple(body), body=body)


def json_cell(value: object) -> str | None:
    """A value of JSON as the text of a cell: `true` for true, JSON's own text for a list or an object."""
    match value:
        case None | str():  # a number with a point stays what it is, a `JsonDecimal`
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


# --- one reader for each heading -------------------------------------------------------------------------------------

Reader = TypeVar("Reader")


class PerHeading(Generic[Reader]):
    """What reads cells under a heading, made once for each heading.

    A CSV file has one heading; NDJSON rows may have their keys in any order, and leave some out. The first
    `_HEADINGS_MAX` are remembered, so that a file whose every row has keys of its own doesn't fill the memory.
    """

    def __init__(self, make: Callable[[tuple[str, ...]], Reader]) -> None:
        """`make` gives the reader of a heading."""
        self._make = make
        self._made: dict[tuple[str, ...], Reader] = {}
        self._last: tuple[tuple[str, ...], Reader] | None = None

    def __call__(self, heading: tuple[str, ...]) -> Reader:
        if self._last is not None and self._last[0] is heading:  # every row of a CSV file
            return self._last[1]
        reader = self._made.get(heading)
        if reader is None:
            reader = self._make(heading)
            if len(self._made) < _HEADINGS_MAX:
                self._made[heading] = reader
        self._last = heading, reader
        return reader
