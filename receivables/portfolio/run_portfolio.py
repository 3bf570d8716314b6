"""A portfolio from its files: rows → items → figures → what the policies say, with the count of every row.

`portfolio_of` is the one verb that callers need; `portfolio_report` and `portfolio_json` show what it gives:

    request = PortfolioRequest(files=[path], reading=options, as_of=date(2026, 6, 30))
    portfolio = portfolio_of(engine, request, rejected=lambda path, row, faults: …)
    print_report(console, portfolio_report(portfolio, engine, "en"))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.pipeline import Engine
from engine.vocabulary.binding import Fault
from engine.vocabulary.days import day_number
from engine.vocabulary.rates import NO_RATES, Rates
from files.formats import format_named
from files.long_run import ROWS_BETWEEN, Progress, no_progress, without_garbage_collection
from files.rejects import WriteReject
from files.rows import FileRow
from receivables.figures import PortfolioFigures, figures
from receivables.portfolio.portfolio_decisions import PortfolioDecisions, days_in_quarter, decide_portfolio
from receivables.portfolio.portfolio_files import PortfolioFileOptions, records
from receivables.portfolio.portfolio_rows import Book, BookReader

INDUSTRY = "portfolio.industry"
"""The fact that the portfolio's industry is asked by; its type lists the industries there are."""

_NAME_LENGTH_MAX = 100
"""Longer than any list of files that people read; a fact of text may hold 200 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioRequest:
    """Which files are one portfolio, and as of when."""

    files: Sequence[Path]
    """At least one; an item stands in one of them only."""
    reading: PortfolioFileOptions
    """The row map, and how text is read."""
    as_of: date
    """The report's date; everything is as of its close."""
    opening: date | None = None
    """The first day from which the files are complete; None: the first day of issue in them."""
    rates: Rates = NO_RATES
    """What other currencies are worth; rows in one without a rate are rejected."""
    industry: str | None = None
    """The industry of the whole portfolio; None: what the rows say, where they all say the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """A portfolio with all its figures. Rows read = items in the book + invoices issued later + rejects."""

    name: str
    """The names of its files, which is the id of the decision on it."""
    files: tuple[str, ...]
    """The files' names without their folders, in the order given."""
    as_of: date
    """The report's date."""
    rows: int
    """Rows read, headings left out."""
    rejected: int
    """Rows with faults, which are in no figure."""
    book: Book
    """The items, and what the rows say beside them."""
    figures: PortfolioFigures
    """Aging, quarters and concentration, which no policy changes."""
    decisions: PortfolioDecisions
    """What the policies say: grades, loss allowance, warnings."""


def portfolio_of(
    engine: Engine, request: PortfolioRequest, rejected: WriteReject, progress: Progress = no_progress
) -> Portfolio:
    """Reads the files and works everything out, policies included.

    `rejected` is called for each row with faults. `progress` is called with the phase, `reading` or `deciding`, and the
    share of it that is done, None where that isn't known. Raises InputRefused and OSError where a file as a whole
    can't be read, and FactsRefused where sums exceed what facts can hold.
    """
    with without_garbage_collection():
        book, rows, rejects = _read(engine, request, rejected, progress)
        name = ", ".join(path.stem for path in request.files)[:_NAME_LENGTH_MAX]
        days = days_in_quarter(engine, request.as_of)
        opening = day_number(request.opening) if request.opening else None
        portfolio_figures = figures(book.items, day_number(request.as_of), days, opening, has_settled=book.has_settled)
        industry = request.industry or _industry(engine, book)
        decisions = decide_portfolio(
            engine, book, portfolio_figures, name, industry, lambda share: progress("deciding", share)
        )
    return Portfolio(
        name=name,
        files=tuple(path.name for path in request.files),
        as_of=request.as_of,
        rows=rows,
        rejected=rejects,
        book=book,
        figures=portfolio_figures,
        decisions=decisions,
    )


def _read(
    engine: Engine, request: PortfolioRequest, rejected: WriteReject, progress: Progress
) -> tuple[Book, int, int]:
    """The book, the rows read and the rows rejected.

    Progress of text files is by characters, which are bytes but for what isn't ASCII; of columnar files nobody knows
    how far a batch reaches, so it is None until the file is done. Raises AssertionError if a row were neither in the
    book nor rejected: a sum that silently lacks an invoice is worse than none.
    """
    reader = BookReader(request.reading.row_map, engine.vocabulary, request.as_of, request.rates)
    rows = rejects = bytes_before = 0
    all_bytes = sum(path.stat().st_size for path in request.files) or 1
    for path in request.files:
        bytes_done = bytes_before
        format_ = format_named(path)
        is_text = format_ is None or format_.is_text  # as many characters read as it holds
        for record in records(path, request.reading):
            rows += 1
            bytes_done += len(record.text) + 1  # bytes, but for what isn't ASCII
            if not rows % ROWS_BETWEEN:
                progress("reading", bytes_done / all_bytes if is_text else None)
            if faults := _faults(reader, record):
                rejects += 1
                rejected(path, record, faults)
        bytes_before += path.stat().st_size
        progress("reading", bytes_before / all_bytes)
    book = reader.book()
    if rows != len(book.items) + book.later + rejects:
        raise AssertionError(f"rows were lost: {rows} read, {len(book.items)} + {book.later} + {rejects} known")
    return book, rows, rejects


def industries(engine: Engine) -> tuple[str, ...]:
    """The industries that the policies know, as `PortfolioRequest.industry` names them; empty where they know none."""
    fact = engine.vocabulary.facts.get(INDUSTRY)
    return fact.type.members if fact else ()


def _faults(reader: BookReader, record: FileRow) -> tuple[Fault, ...]:
    """Those that its file's reader found, or those that the book finds; a row that is in the book has none."""
    if record.fault is not None or record.cells is None:
        return (record.fault,) if record.fault else ()
    return reader.add(record.heading, record.cells)


def _industry(engine: Engine, book: Book) -> str | None:
    """The one that all rows name, where the policies know it; None otherwise, and the site's own number is the largest
    DSO then. One row without an industry is enough: the portfolio's benchmark is not guessed.
    """
    named = {item.industry for item in book.items}
    only = named.pop() if len(named) == 1 else None
    return only if only in industries(engine) else None
