"""Records of a CSV or NDJSON file, one at a time, each with the physical line it starts on and its exact text.

Nothing is lost and nothing stops the reading: a record that can't be taken apart comes with a fault instead of cells.
Memory stays constant: a record or line that grows beyond a bound is such a fault too.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from files.nesting import nested_too_deeply

LINE_MAX = 1 << 20
"""Characters of one physical line, and of one CSV field (where a forgotten quote would swallow the rest of a file)."""


class Format(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    ARROW = "arrow"


SUFFIXES = {
    ".csv": Format.CSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".arrow": Format.ARROW,
    ".arrows": Format.ARROW,
    ".feather": Format.ARROW,
    ".ipc": Format.ARROW,
}


def format_named(path: Path | str) -> Format | None:
    """What a file holds by its name."""
    return SUFFIXES.get(Path(path).suffix.lower())


class InputUnreadable(Exception):
    """The file can't be used at all; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """`cells` is None exactly where `fault` is set. For NDJSON `heading` names the cells."""

    line: int
    text: str
    cells: Sequence[str | None] | None
    fault: str = ""
    heading: tuple[str, ...] = ()
    body: dict[str, object] | None = None  # an NDJSON row as it stands, for files that need no map


def _why(error: UnicodeError) -> str:
    """Python's own words, but where they differ between its releases."""
    return "UTF-16 stream does not start with BOM" if "not start with BOM" in str(error) else str(error)


class _FedLines:
    """Feeds a csv reader and remembers the lines of the record being read."""

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
            said = f"can't be read: {_why(error)}; check --encoding, or save the file as UTF-8"
            raise InputUnreadable(said) from None
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LINE_MAX and not line.endswith("\n"):
            raise InputUnreadable(f"line {self.number} is longer than {LINE_MAX} characters; is this a text file?")
        self.kept.append(line)
        return line

    def take(self) -> tuple[int, str]:
        """Number of the first kept line, and their text; starts the next record."""
        first, text = self.number - len(self.kept) + 1, "".join(self.kept)
        self.kept = []
        return first, text


def csv_records(stream: IO[str], delimiter: str = ",") -> Iterator[FileRow]:
    """The heading is the first record. `stream` is opened with `newline=""` and `errors="surrogateescape"`. Blank lines
    are no records."""
    csv.field_size_limit(LINE_MAX)
    lines = _FedLines(stream)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    width: int | None = None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line, text = lines.take()
            yield FileRow(line, shown_raw(text), None, f"row: {_quoting(str(error))}")
            continue
        line, text = lines.take()
        if not cells:
            continue
        yield _checked(line, text, cells, width)
        width = len(cells) if width is None else width


def _checked(line: int, text: str, cells: list[str], width: int | None) -> FileRow:
    if bad := undecodable(text):
        return FileRow(line, shown_raw(text), None, f"row: {bad}")
    if width is not None and len(cells) != width:
        count = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
        return FileRow(line, shown_raw(text), None, f"row: has {count}, the heading has {width}")
    return FileRow(line, shown_raw(text), cells)


def _quoting(said: str) -> str:
    if "unexpected end" in said:
        return "a quote that is opened here is never closed"
    if "field larger" in said:
        return f"a cell is longer than {LINE_MAX} characters; a quote may not be closed"
    return f"the quotes are wrong: {said}"


def ndjson_records(stream: IO[str]) -> Iterator[FileRow]:
    """One JSON object a line. Numbers are kept as they are written, so that no decimal passes through a float."""
    lines = _FedLines(stream)
    for text in lines:
        line, _ = lines.take()
        if text.strip():
            yield ndjson_record(line, text)


def ndjson_record(line: int, text: str) -> FileRow:
    """`text` was decoded with `surrogateescape`."""
    raw = shown_raw(text)
    if bad := undecodable(text):
        return FileRow(line, raw, None, f"row: {bad}")
    try:
        body = read_json(text)
    except ValueError as error:
        return FileRow(line, raw, None, f"row: {error}")
    if isinstance(body, dict):
        return FileRow(line, raw, tuple(_cell(value) for value in body.values()), "", tuple(body), body)
    return FileRow(line, raw, None, "row: is not a JSON object")


def read_json(text: str) -> object:
    """JSON with whole numbers as int and other numbers as the text they are written in; raises ValueError with a
    message for the user on repeated keys, NaN and anything that isn't JSON."""
    try:
        value = json.loads(text, parse_float=str, parse_int=_whole, parse_constant=_constant, object_pairs_hook=_object)
        if nested_too_deeply(text, value):
            raise RecursionError
        return value
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if "\n" in text.rstrip() else f"column {error.colno}"
        said = f"{error.msg[:1].lower()}{error.msg[1:]}".removesuffix(" at")
        raise ValueError(f"is not JSON: {said} at {where}") from None
    except RecursionError:
        raise ValueError("is JSON nested too deeply") from None


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= 40 else text


def _constant(text: str) -> object:
    raise ValueError(f"holds {text}, which is not JSON")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"holds the key `{key}` twice")
        found[key] = value
    return found


def _cell(value: object) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def undecodable(text: str) -> str:
    """What is wrong with text that was decoded with `surrogateescape`, if anything."""
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        byte = ord(text[error.start]) - 0xDC00
        return f"byte 0x{byte:02X} at character {error.start + 1} is not in the file's encoding"
    return ""


def shown_raw(text: str) -> str:
    """The record's text without its last line end; bytes outside the encoding as `\\xE4`."""
    text = text.removesuffix("\n").removesuffix("\r")
    if text.isascii():
        return text
    return "".join(f"\\x{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c for c in text)
