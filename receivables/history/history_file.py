"""Reads an invoice history from a CSV or NDJSON file through its map; faulty rows are kept apart, with all faults.

Edge of `credence backtest`: the rows come from `files.rows`, their meaning from the map, the figures of each account
from `payment_record`. A history is kept in memory, since facts of one customer need all of that customer's invoices:
about 300 bytes a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.vocabulary.binding import Fault
from files.long_run import ROWS_BETWEEN, Progress, no_progress
from files.maps.headings import refuse_unfit_heading
from files.rejects import WriteReject
from files.rows import FileRow, PerHeading, RowFile, open_rows
from receivables.history.history_map import HISTORY, HistoryMap
from receivables.history.history_rows import InvoiceReader, history_heading_faults, invoice_reader, row_map_of
from receivables.items import Item

REJECTS_KEPT = 1_000
"""Rows with faults that are kept with their words; all are counted."""

_NUMBER = f"{HISTORY}.invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySource:
    """Which file holds the history, and how to read it."""

    path: Path
    history_map: HistoryMap
    """Which columns hold what."""
    currency_digits: int
    """Decimals of an amount: 2 for cents."""
    encoding: str = "utf-8"
    """A name that Python knows."""
    delimiter: str = ","
    """What separates the cells of CSV, one character."""


@dataclass(slots=True)
class HistoryRead:
    """A history in memory: every row is an invoice or a reject."""

    accounts: dict[str, list[Item]] = field(default_factory=dict)
    """Each customer's invoices, in the order of the file."""
    rows: int = 0
    """All rows that were read: invoices and rejects."""
    rejected: int = 0
    """Rows with faults, which are in no figure."""
    rejects: list[tuple[int, tuple[Fault, ...]]] = field(default_factory=list)
    """The first `REJECTS_KEPT` rows with faults: the line of each and every fault."""

    def reject(self, line: int, faults: tuple[Fault, ...]) -> None:
        self.rejected += 1
        if len(self.rejects) < REJECTS_KEPT:
            self.rejects.append((line, faults))


def read_history(
    source: HistorySource, progress: Progress = no_progress, rejected: WriteReject | None = None
) -> HistoryRead:
    """Every row of the file as an invoice, or as a reject with all its faults.

    `rejected` is called for each row with faults, `progress` now and then with the share of the bytes that is read.
    Raises InputRefused, with the path as its place, where the file as a whole can't be read or doesn't fit the map, and
    OSError.
    """
    history = HistoryRead()
    accounts = history.accounts
    numbers: set[str] = set()
    size = source.path.stat().st_size or 1
    skip_lines = source.history_map.skip_lines
    with open_rows(source.path, encoding=source.encoding, delimiter=source.delimiter, skip_lines=skip_lines) as file:
        for row, read in _rows(source, file):
            history.rows += 1
            if not history.rows % ROWS_BETWEEN:
                progress("reading", file.bytes_read() / size)
            invoice = _invoice(row, read, numbers)
            if not isinstance(invoice, Item):
                history.reject(row.line, invoice)
                if rejected is not None:
                    rejected(source.path, row, invoice)
            elif (account := accounts.get(invoice.customer)) is None:
                accounts[invoice.customer] = [invoice]
            else:
                account.append(invoice)
    return history


def _invoice(row: FileRow, read: InvoiceReader, numbers: set[str]) -> Item | tuple[Fault, ...]:
    """`numbers`: of the invoices in the rows before, to which this row's is added."""
    if row.cells is None:
        return (row.fault,) if row.fault else ()
    invoice = read(row.cells)
    if isinstance(invoice, Item):
        if invoice.number in numbers:
            return (Fault(_NUMBER, f"`{invoice.number}` stands in an earlier row too"),)
        numbers.add(invoice.number)
    return invoice


def _rows(source: HistorySource, file: RowFile) -> Iterator[tuple[FileRow, InvoiceReader]]:
    """Each row with what reads its cells. A key that an NDJSON row lacks is a missing value."""
    if file.heading is not None:
        refuse_unfit_heading(
            source.path,
            row_map_of(source.history_map),
            history_heading_faults(source.history_map, file.heading),
            encoding=source.encoding,
            delimiter=source.delimiter,
            between="; ",
        )
    readers = PerHeading(lambda heading: invoice_reader(source.history_map, heading, source.currency_digits))
    for row in file:
        yield row, readers(row.heading)
