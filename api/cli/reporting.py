"""What the commands that go through whole files share: options, maps, paths, a progress bar, a report's page."""

from __future__ import annotations

import codecs
import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

import typer
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from api.cli.check import read_map
from api.cli.terminal import err, print_diagnostics, refuse
from engine.diagnostics.diagnostic import Diagnostic
from engine.reading.document import Mapping
from engine.reading.document import read as read_document
from engine.vocabulary.vocabulary import Vocabulary
from files.bounded_files import read_named
from files.maps.row_map import RowMap
from files.whole_files import fault_of_paths, whole_files

Map = TypeVar("Map")
MAP_KINDS = {
    "map": "a row map (it begins with `map:`)",
    "history": "a history map (it begins with `history:`, for `credence backtest`)",
}

PageOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the report as one HTML file instead of as text.")
]
EncodingOption = Annotated[str, typer.Option(help="The file's encoding, such as gb18030 or cp1252.")]
DelimiterOption = Annotated[str, typer.Option(help="What separates the cells of a CSV file; \\t for a tab.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress bar.")]
NoCountsOption = Annotated[bool, typer.Option("--quiet", help="No progress bar, no counts.")]
SpreadsheetOption = Annotated[
    bool,
    typer.Option(
        "--spreadsheet",
        help="CSV outputs are for a spreadsheet: text that begins like a formula (= + - @) gets a ' before it.",
    ),
]
DecisionsDayOption = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="Date of the decisions; default: today."),
]

_RATE_SECONDS = 0.2
"""Before that, a rate says nothing."""


def known_encoding(name: str) -> str:
    """Some that Python knows are of no text (`base64`) or can't pass over bad bytes (`idna`): an empty file tells."""
    try:
        io.TextIOWrapper(io.BytesIO(), name, errors="surrogateescape").read()
        return codecs.lookup(name).name
    except (LookupError, UnicodeError):
        refuse(f"`{name}` is not a known encoding of text files; try utf-8, gb18030, cp1252 or utf-16")


def one_character(delimiter: str) -> str:
    delimiter = "\t" if delimiter == "\\t" else delimiter
    if len(delimiter) != 1 or delimiter in '"\r\n':
        refuse("--delimiter takes one character, such as ; or \\t")
    return delimiter


def map_read(path: Path, kind: str, read: Callable[[bytes, str], tuple[Map | None, Sequence[Diagnostic]]]) -> Map:
    """`kind` is the key that maps of the kind wanted begin with. Ends the command with the map's mistakes, each at its
    place."""
    try:
        content = read_named(path)
    except OSError as error:
        refuse(f"the map `{path}` can't be read: {error.strerror}")
    name = path.as_posix()
    given = [key for key in MAP_KINDS if key in _keys(content, name)]
    if given and kind not in given:
        refuse(f"the map `{path}` is {MAP_KINDS[given[0]]}; this command needs {MAP_KINDS[kind]}")
    found, diagnostics = read(content, name)
    if found is None:
        print_diagnostics(err(), diagnostics, {name: content})
        refuse(f"the map `{path}` has mistakes")
    return found


def row_map_read(path: Path, vocabulary: Vocabulary, kind: str | None) -> RowMap:
    """Ends the command where the map has mistakes, or is for another kind of case than this one."""
    found = map_read(path, "map", lambda content, name: read_map(content, name, vocabulary))
    if kind is not None and found.case != kind:
        refuse(f"the map `{found.name}` is for the case kind `{found.case}`, not `{kind}`")
    return found


def _keys(content: bytes, name: str) -> set[str]:
    document, _ = read_document(content, name)
    return {key.text for key, _ in document.root.entries} if document and isinstance(document.root, Mapping) else set()


def refuse_paths(inputs: Sequence[Path], outputs: dict[str, Path | None]) -> None:
    """Before a long run, not after it; `outputs` by the option that names them."""
    for index, path in enumerate(inputs):
        if path.is_dir():
            refuse(f"`{path}` is a folder")
        if not path.is_file():
            refuse(f"`{path}` {'is no ordinary file' if path.exists() else 'does not exist'}")
        if any(path.samefile(earlier) for earlier in inputs[:index]):
            refuse(f"`{path}` is given twice")
    written = {option: path for option, path in outputs.items() if path}
    if fault := fault_of_paths(inputs, written):
        refuse(fault)


def write_page(path: Path, page: str) -> None:
    try:
        with whole_files((path,)) as (file,):
            file.write(page)
    except OSError as error:
        refuse(f"--out `{path}` can't be written: {error.strerror}")
    err().print(Text(f"the report is in {path}"))


class Bars(Protocol):
    """What is being done; the share of it that is done, from 0 to 1, None where that isn't known; the rows that are
    done, and all of them, 0 where that isn't known."""

    def __call__(self, what: str, done: float | None, rows: int = 0, total: int = 0, /) -> None: ...


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Bars]:
    """A bar for each thing that is being done; one that only moves where the share isn't known. Nothing is shown where
    stderr is no terminal."""
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]}")),
        *(TimeElapsedColumn(), TimeRemainingColumn()),
    )
    console = err()
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        tasks: dict[str, tuple[TaskID, float]] = {}

        def progress(what: str, done: float | None, rows: int = 0, total: int = 0, /) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=None, rows=""), time.perf_counter()
            task, started = tasks[what]
            bar.update(task, rows=_rows(rows, total, time.perf_counter() - started) if rows else "")
            if done is not None:
                bar.update(task, total=1.0, completed=min(done, 1.0))

        yield progress


def _rows(rows: int, total: int, seconds: float) -> str:
    of_all = f" of {total:,}" if total else ""
    return f"{rows:,}{of_all} rows, {rows / max(seconds, _RATE_SECONDS):,.0f} rows/s"
