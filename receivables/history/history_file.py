"""Reads an invoice history from a CSV or NDJSON file through its map; faulty rows are kept apart, with all faults.

A history is kept in memory, since facts of one customer need all of that customer's invoices: about 300 bytes a row.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.vocabulary.binding import Fault
from files.long_run import ROWS_BETWEEN, Progress, untold
from files.records import FileRow, Format, InputUnreadable, csv_records, format_named, ndjson_records
from receivables.history.history_map import HISTORY, HistoryMap
from receivables.history.history_rows import InvoiceReader, history_heading_faults, invoice_reader
from receivables.payment_record import Invoice

REJECTS_KEPT = 1_000
_NUMBER = f"{HISTORY}.invoice"


@dataclass(frozen=True, slots=True)
class HistorySource:
    path: Path
    history_map: HistoryMap
    currency_digits: int
    encoding: str = "utf-8"
    delimiter: str = ","


@dataclass(slots=True)
class HistoryRead:
    """`rejects` holds the first faulty rows: their line and every fault; `rejected` counts them all."""

    accounts: dict[str, list[Invoice]] = field(default_factory=dict)
    rows: int = 0
    rejected: int = 0
    rejects: list[tuple[int, tuple[Fault, ...]]] = field(default_factory=list)

    def reject(self, line: int, faults: tuple[Fault, ...]) -> None:
        self.rejected += 1
        if len(self.rejects) < REJECTS_KEPT:
            self.rejects.append((line, faults))


RowRejected = Callable[[Path, FileRow, tuple[Fault, ...]], None]
"""Takes each row with faults, as they are read: the file, the row and all its faults."""


def read_history(
    source: HistorySource, progress: Progress = untold, rejected: RowRejected | None = None
) -> HistoryRead:
    """`rejected` takes each row with faults. Raises InputUnreadable where the file as a whole doesn't fit the map,
    OSError where it can't be read."""
    found = HistoryRead()
    accounts = found.accounts
    numbers: set[str] = set()
    encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    whole = source.path.stat().st_size or 1
    with source.path.open("rb") as raw:
        stream = io.TextIOWrapper(raw, encoding, errors="surrogateescape", newline="")
        for record, read in _records(source, stream):
            found.rows += 1
            if not found.rows % ROWS_BETWEEN:
                progress("reading", raw.tell() / whole)
            invoice = _invoice(record, read, numbers)
            if not isinstance(invoice, Invoice):
                found.reject(record.line, invoice)
                if rejected is not None:
                    rejected(source.path, record, invoice)
            elif (account := accounts.get(invoice.customer)) is None:
                accounts[invoice.customer] = [invoice]
            else:
                account.append(invoice)
    return found


def _invoice(record: FileRow, read: InvoiceReader, numbers: set[str]) -> Invoice | tuple[Fault, ...]:
    """`numbers`: of the rows before."""
    if record.cells is None:
        return (Fault("row", record.fault.removeprefix("row: ")),)
    invoice = read(record.cells)
    if isinstance(invoice, Invoice):
        if invoice.number in numbers:
            return (Fault(_NUMBER, f"`{invoice.number}` stands in an earlier row too"),)
        numbers.add(invoice.number)
    return invoice


def _records(source: HistorySource, stream: io.TextIOWrapper) -> Iterator[tuple[FileRow, InvoiceReader]]:
    format_ = format_named(source.path)
    if format_ in (Format.PARQUET, Format.ARROW):
        raise InputUnreadable(f"a backtest reads CSV and NDJSON, not {str(format_).capitalize()}; export it as CSV")
    if format_ is Format.NDJSON:
        yield from _ndjson(source, stream)
        return
    records = csv_records(stream, source.delimiter)
    heading = next(records, None)
    if heading is None or heading.cells is None:
        hint = "if it isn't UTF-8, give --encoding, such as gb18030 or utf-16"
        said = f"the heading can't be read ({heading.fault.removeprefix('row: ')}); {hint}" if heading else ""
        raise InputUnreadable(said or "the file is empty; it needs a heading and rows")
    names = [(name or "").strip() for name in heading.cells]
    if faults := history_heading_faults(source.history_map, names):
        raise InputUnreadable("; ".join(map(str, faults)))
    read = invoice_reader(source.history_map, names, source.currency_digits)
    for record in records:
        yield record, read


def _ndjson(source: HistorySource, stream: io.TextIOWrapper) -> Iterator[tuple[FileRow, InvoiceReader]]:
    """Rows may have their keys in any order; a key that a row lacks is a missing value."""
    shape: tuple[str, ...] | None = None
    for record in ndjson_records(stream):
        if shape is None or record.heading != shape:
            shape = record.heading
            read = invoice_reader(source.history_map, shape, source.currency_digits)
        yield record, read
