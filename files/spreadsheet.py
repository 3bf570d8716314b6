"""Cells of CSV files that a spreadsheet would take for a formula, and how `--spreadsheet` turns them into text.

Leaf of the commands that write CSV. An order numbered `=HYPERLINK(…)` is a link, or worse, as soon as the file is
opened; programs need the number as it is, so the default changes nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from typing import IO

FORMULA_STARTS = "=+-@\t\r"
"""What makes a formula of a cell for Excel and LibreOffice (OWASP's list, "CSV Injection")."""

TEXT_MARK = "'"
"""What stands before a cell that is text to a spreadsheet whatever follows."""

Row = Sequence[str | int]


def row_writer(file: IO[str], *, spreadsheet: bool) -> Callable[[Row], None]:
    """Writes rows of CSV; `spreadsheet`: text cells marked where they need it, numbers never."""
    writer = csv.writer(file, lineterminator="\n")

    def write(row: Row) -> None:
        writer.writerow([_marked(cell) for cell in row] if spreadsheet else row)

    return write


def _marked(cell: str | int) -> str | int:
    return TEXT_MARK + cell if isinstance(cell, str) and cell.startswith(tuple(FORMULA_STARTS)) else cell
