"""Rows of a receivables file in any of its formats, one at a time: the readers of `files` behind one door.

Edge of `credence portfolio`: `run_portfolio` takes the rows from here and gives each to the book. All cells are text
when they leave here, whatever the format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from files.columnar import columnar_rows
from files.formats import format_named
from files.input_refused import InputRefused
from files.maps.headings import heading_faults, refuse_unfit_heading
from files.maps.row_map import RowMap
from files.rows import FileRow, open_rows


@dataclass(frozen=True, slots=True)
class PortfolioFileOptions:
    """How the files of a portfolio are read; all of them alike.

    `row_map`: which columns hold what. `encoding`: of text files, a name that Python knows, such as `gb18030`.
    `delimiter`: what separates the cells of CSV, one character. Both change nothing for Parquet and Arrow.
    """

    row_map: RowMap
    encoding: str = "utf-8"
    delimiter: str = ","


def records(path: Path, options: PortfolioFileOptions) -> Iterator[FileRow]:
    """Every row with its heading, or with a fault, in the order of the file.

    A Parquet file's columns come as text too: a date as the map spells dates, a decimal with its digits, so that one
    row reader serves all formats. Raises InputRefused, with the path as its place, where the file as a whole can't be
    read or the map names columns that it doesn't have, and OSError.
    """

    def check(heading: tuple[str, ...]) -> None:
        if faults := heading_faults(options.row_map, heading):
            raise InputRefused("\n".join(map(str, faults)), place=str(path))

    format_ = format_named(path)
    if format_ is not None and not format_.is_text:
        yield from columnar_rows(path, check)
        return
    row_map, encoding, delimiter = options.row_map, options.encoding, options.delimiter
    with open_rows(path, encoding=encoding, delimiter=delimiter, skip_lines=row_map.skip_lines) as rows:
        if rows.heading is not None:
            faults = heading_faults(row_map, rows.heading)
            refuse_unfit_heading(path, row_map, faults, encoding=encoding, delimiter=delimiter)
        yield from rows
