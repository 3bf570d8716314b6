"""What `portfolio` and `backtest` write: the report as a page, and rows with faults.

A row with faults is in no figure, so it must not get lost: it goes to a file wherever there is one, and where a report
is only printed the first faults are printed too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.text import Text

from api.cli.console import err, refuse
from api.cli.options import RejectsOptions
from engine.vocabulary.binding import Fault
from files.rejects import WriteReject, faults_in_words, rejects_writer, without_empty_rejects
from files.rows import FileRow
from files.whole_files import whole_files

REJECTS_SHOWN = 5
"""Rows with faults that are printed where no file holds them."""


def write_page(path: Path, page: str) -> None:
    """Writes a report's HTML, whole or not at all."""
    try:
        with whole_files((path,)) as (file,):
            file.write(page)
    except OSError as error:
        refuse(f"--report `{path}` can't be written: {error.strerror}")
    err().print(Text(f"the report is in {path}"))


def rejects_path(options: RejectsOptions, report: Path | None) -> Path | None:
    """Where rows with faults go: the file given, or a name behind that of the page; None where neither is given."""
    if options.rejects is not None:
        return Path(options.rejects)
    return Path(f"{report}.rejects.csv") if report else None


@contextmanager
def rejected_rows(path: Path | None, *, spreadsheet: bool) -> Iterator[WriteReject]:
    """What takes the rows with faults while the block runs: a CSV file with file, line, faults and the row's text.

    The file appears when the block ends without an exception. Where `path` is None the first rows' faults are printed.
    """
    if path is None:
        yield _show_first()
        return
    with ExitStack() as stack:
        try:
            (file,) = stack.enter_context(whole_files((path,)))
        except OSError as error:
            refuse(f"--rejects `{path}` can't be written: {error.strerror}")
        yield rejects_writer(file, several_files=True, spreadsheet=spreadsheet)


def _show_first() -> WriteReject:
    """Prints the faults of the first rows; then one line that says how to keep them all."""
    shown = 0

    def show(source: Path, row: FileRow, faults: tuple[Fault, ...]) -> None:
        nonlocal shown
        shown += 1
        if shown <= REJECTS_SHOWN:
            err().print(Text(f"{source}:{row.line}: {faults_in_words(faults)}", "red"))
        elif shown == REJECTS_SHOWN + 1:
            err().print(Text("… and more; --rejects FILE keeps them all", "red"))

    return show


def print_place_of_rejects(options: RejectsOptions, path: Path | None, rejected: int) -> None:
    """Names the file that holds the rows with faults, where there are any; where there are none, takes away the file
    that nobody named."""
    if path is not None:
        path = without_empty_rejects(path, rejected, is_named=options.rejects is not None)
    if path is not None and rejected:
        err().print(Text(f"the rejects and their faults are in {path}"))
