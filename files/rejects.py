"""Rows that can't be used, with all their faults, as a CSV file that people mend and send again.

One row of the rejects for each row refused: the line it stands on, its faults with `; ` between two, and the row as it
stands, so that it can be put right in place. Commands that read several files say in which.

    line,faults,row                                    credence decide-file
    file,line,faults,row                               credence portfolio
    file,line,faults                                   credence batch, written by DuckDB; there one fault a line
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from engine.vocabulary.binding import Fault
from files.rows import FileRow
from files.spreadsheet import row_writer

REJECTS_HEADING = ("line", "faults", "row")
FILE_HEADING = "file"
"""Stands before the others where a command reads several files."""

WriteReject = Callable[[Path, FileRow, tuple[Fault, ...]], None]
"""Takes the file that is read, its row and what is wrong with it."""


def rejects_writer(file: IO[str], *, several_files: bool, spreadsheet: bool) -> WriteReject:
    """Writes the heading at once, and a row at each call.

    `several_files`: a first column says in which file the row stands. `spreadsheet`: text that begins like a formula is
    marked as text (`files.spreadsheet`).
    """
    write = row_writer(file, spreadsheet=spreadsheet)
    write((FILE_HEADING, *REJECTS_HEADING) if several_files else REJECTS_HEADING)

    def write_reject(source: Path, row: FileRow, faults: tuple[Fault, ...]) -> None:
        cells = (row.line, faults_in_words(faults), row.text)
        write((source.name, *cells) if several_files else cells)

    return write_reject


def without_empty_rejects(path: Path, rejected: int, *, is_named: bool) -> Path | None:
    """Where the rejects are once all is done; None where no row was rejected and nobody named a file for them.

    Such a file is taken away again, and with it one of a former run: what stands beside a result is about that result.
    A file that somebody named is there in any case, with its heading at least, for programs that read it next.
    """
    if rejected or is_named:
        return path
    path.unlink(missing_ok=True)
    return None


def faults_in_words(faults: Iterable[Fault]) -> str:
    """All faults of a row in one line, for a cell or for the terminal."""
    return "; ".join(map(str, faults))
