"""A portfolio from its files: rows → book → figures → what the policies say, with the count of every row.

Composes the engine's portfolio verbs at the edge; `report` and `as_json` show what comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.pipeline import Engine
from engine.vocabulary.binding import Fault
from engine.vocabulary.days import day_number
from files.formats import format_named
from files.long_run import ROWS_BETWEEN, Progress, no_progress, without_garbage_collection
from files.rejects import WriteReject
from files.rows import FileRow
from receivables.figures import PortfolioFigures, figures
from receivables.portfolio.portfolio_decisions import PortfolioDecisions, days_in_quarter, decide_portfolio
from receivables.portfolio.portfolio_files import PortfolioFileOptions, records
from receivables.portfolio.portfolio_rows import Book, BookReader

INDUSTRY = "portfolio.industry"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`opening`: the first day from which the files are complete; None: the first issue date. `industry`: of the whole
    portfolio; None: as the rows say where they agree."""

    files: Sequence[Path]
    reading: PortfolioFileOptions
    as_of: date
    opening: date | None = None
    industry: str | None = None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Rows read = items in the book + invoices issued later + rejects."""

    name: str
    files: tuple[str, ...]
    as_of: date
    rows: int
    rejected: int
    book: Book
    figures: PortfolioFigures
    decided: PortfolioDecisions


def portfolio_of(engine: Engine, wanted: Wanted, rejected: WriteReject, progress: Progress = no_progress) -> Portfolio:
    """Raises InputRefused, OSError, and FactsRefused where sums exceed what facts can hold."""
    with without_garbage_collection():
        book, rows, rejects = _read(engine, wanted, rejected, progress)
        name = ", ".join(path.stem for path in wanted.files)[:100]
        days = days_in_quarter(engine, wanted.as_of)
        opening = day_number(wanted.opening) if wanted.opening else None
        found = figures(book.items, day_number(wanted.as_of), days, opening)
        industry = wanted.industry or _industry(engine, book)
        decided = decide_portfolio(engine, book, found, name, industry, lambda done: progress("deciding", done))
    files = tuple(path.name for path in wanted.files)
    return Portfolio(name, files, wanted.as_of, rows, rejects, book, found, decided)


def _read(engine: Engine, wanted: Wanted, rejected: WriteReject, progress: Progress) -> tuple[Book, int, int]:
    """The book, the rows read and the rows rejected."""
    reader = BookReader(wanted.reading.row_map, engine.vocabulary, wanted.as_of)
    rows = rejects = before = 0
    whole = sum(path.stat().st_size for path in wanted.files) or 1
    for path in wanted.files:
        done = before
        format_ = format_named(path)
        plain = format_ is None or format_.is_text  # as many characters read as it holds
        for record in records(path, wanted.reading):
            rows += 1
            done += len(record.text) + 1  # bytes, but for what isn't ASCII
            if not rows % ROWS_BETWEEN:
                progress("reading", done / whole if plain else None)
            if faults := _faults(reader, record):
                rejects += 1
                rejected(path, record, faults)
        before += path.stat().st_size
        progress("reading", before / whole)
    book = reader.book()
    if rows != len(book.items) + book.later + rejects:
        raise AssertionError(f"rows were lost: {rows} read, {len(book.items)} + {book.later} + {rejects} known")
    return book, rows, rejects


def industries(engine: Engine) -> tuple[str, ...]:
    fact = engine.vocabulary.facts.get(INDUSTRY)
    return fact.type.members if fact else ()


def _faults(reader: BookReader, record: FileRow) -> tuple[Fault, ...]:
    if record.fault is not None or record.cells is None:
        return (record.fault,) if record.fault else ()
    return reader.add(record.heading, record.cells)


def _industry(engine: Engine, book: Book) -> str | None:
    """The one that all rows name."""
    named = {item.industry for item in book.items}
    only = named.pop() if len(named) == 1 else None
    return only if only in industries(engine) else None
