"""Text files as DuckDB can read them: UTF-8, with the heading on the first line.

DuckDB takes a file apart in many places at once, which needs UTF-8. A file of another encoding, or with lines above its
heading, is written once more beside the output, line by line, and goes with the other scratch files. What people are
told (names, physical lines, bytes that are in no encoding) is of the file itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from files.encoding import decoding_refused, file_encoding, undecodable
from files.input_refused import InputRefused
from files.rows import LINE_MAX, USUAL_DELIMITER, csv_start

_PLAIN = "utf-8-sig"
"""What `file_encoding` calls UTF-8, which DuckDB reads as it is."""


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How the text files of a batch are read."""

    encoding: str = "utf-8"
    """A name that Python knows."""

    delimiter: str = USUAL_DELIMITER
    """What separates the cells of CSV, one character."""

    skip_lines: int = 0
    """Lines of a CSV file above its heading."""

    scratch: Path = Path()
    """A folder for files that are written once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """One file and what DuckDB reads in its place."""

    name: str
    """As it was given."""

    path: str
    """What DuckDB reads: the file, or its copy in UTF-8."""

    decoding: str
    """Python's name of the encoding that the file is decoded with."""

    delimiter: str = USUAL_DELIMITER
    lines_above: int = 0
    """Lines above the heading, which a copy doesn't have."""

    @property
    def is_copied(self) -> bool:
        """Whether DuckDB reads a copy."""
        return self.path != self.name

    def lines(self) -> Iterator[str]:
        """The lines of the file as they were given to DuckDB, decoded with `surrogateescape`. Raises InputRefused."""
        try:
            with Path(self.name).open(encoding=self.decoding, errors="surrogateescape", newline="") as stream:
                for number in range(self.lines_above):
                    if len(stream.readline(LINE_MAX)) == LINE_MAX:
                        message = f"line {number + 1} is longer than {LINE_MAX} characters; is this a text file?"
                        raise InputRefused(message, place=self.name)
                while line := stream.readline(LINE_MAX):
                    yield line
        except UnicodeError as error:
            raise decoding_refused(error).at(self.name) from None


def csv_file(name: str, options: TextOptions, index: int) -> TextFile:
    """A CSV file for DuckDB; `index` tells its copy from those of others. Raises InputRefused."""
    try:
        decoding = file_encoding(Path(name), options.encoding)
        start = csv_start(Path(name), decoding, options.delimiter, options.skip_lines)
    except InputRefused as refused:
        raise refused.at(name) from None
    file = TextFile(name=name, path=name, decoding=decoding, delimiter=start.delimiter, lines_above=start.lines)
    return _for_duckdb(file, options.scratch / f"csv-{index}.csv")


def ndjson_file(name: str, options: TextOptions, index: int) -> TextFile:
    """An NDJSON file as `csv_file` has CSV."""
    file = TextFile(name=name, path=name, decoding=file_encoding(Path(name), options.encoding))
    return _for_duckdb(file, options.scratch / f"ndjson-{index}.ndjson")


def recoded(line: str) -> bytes:
    """A line in UTF-8. What was in no encoding stays no UTF-8, also where its bytes would make a character together, as
    `é` in ASCII would."""
    written = line.encode("utf-8", "surrogateescape")
    if undecodable(line):
        try:
            written.decode("utf-8")
        except UnicodeDecodeError:
            return written
        return "".join("\udcff" if undecodable(each) else each for each in line).encode("utf-8", "surrogateescape")
    return written


def _for_duckdb(file: TextFile, copy: Path) -> TextFile:
    if file.decoding == _PLAIN and not file.lines_above:
        return file
    with copy.open("wb") as written:
        for line in file.lines():
            written.write(recoded(line))
    return TextFile(
        name=file.name,
        path=str(copy),
        decoding=file.decoding,
        delimiter=file.delimiter,
        lines_above=file.lines_above,
    )
