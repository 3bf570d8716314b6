"""A file of exchange rates: CSV with the columns `currency`, `date` and `rate`, in any order.

    currency,date,rate
    USD,2026-07-14,0.9215
    JPY,2026-07-14,0.0058

What the rates mean is in `engine.vocabulary.rates`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.diagnostics.wording import listed
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.rates import KEYS, Rates, rates_of
from files.input_refused import InputRefused
from files.rows import RowFile, open_rows

_FAULTS_SHOWN = 20


def read_rates_file(path: Path, own: str) -> Rates:
    """The rates in a file; `own` is the currency in which policies decide. Raises InputRefused, with the file as its
    place, for a file that can't be read, another heading, and every row with a fault; and OSError."""
    with open_rows(path) as file:
        if file.heading is None or sorted(file.heading) != sorted(KEYS):
            found = listed(file.heading[:10]) if file.heading else "no heading"
            raise InputRefused(f"a file of rates has the columns {listed(KEYS)}; this one has {found}", place=str(path))
        try:
            return rates_of(_entries(file), own)
        except FactsRefused as refused:
            faults = [f"  {fault}" for fault in refused.faults[:_FAULTS_SHOWN]]
            more = len(refused.faults) - len(faults)
            faults += [f"  and {more} more"] if more else []
            raise InputRefused("\n".join(["these rates can't be used:", *faults]), place=str(path)) from None


def _entries(file: RowFile) -> Iterator[tuple[str, object]]:
    for row in file:
        if row.cells is None:
            raise InputRefused(f"line {row.line}: {row.fault.message if row.fault else 'is no row'}")
        cells = [cell.strip() if cell else cell for cell in row.cells]
        yield f"line {row.line}", dict(zip(row.heading, cells, strict=True))
