"""`credence portfolio`: what a file of receivables says on a day, and what the policies say about it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, INTERRUPTED, err, out, print_json, refuse
from api.cli.input_files import (
    known_encoding,
    one_character,
    rates_read,
    refuse_idle_text_options,
    refuse_paths,
    row_map_read,
)
from api.cli.options import (
    DAY_FORMATS,
    DECIDED,
    RULES,
    AnswerOptions,
    QuietOption,
    RatesOption,
    RejectsOptions,
    ReportOption,
    RowMapOption,
    RulesOption,
    TextFileOptions,
    asked_language,
    day_of,
)
from api.cli.policy_folder import engine_of
from api.cli.progress import progress_bar
from api.cli.report_files import print_place_of_rejects, rejected_rows, rejects_path, write_page
from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from files.input_refused import InputRefused
from files.maps.row_map import RowMap
from files.rejects import WriteReject
from receivables.portfolio.portfolio_files import PortfolioFileOptions
from receivables.portfolio.portfolio_json import portfolio_json
from receivables.portfolio.portfolio_report import portfolio_report
from receivables.portfolio.portfolio_rows import map_lacks
from receivables.portfolio.run_portfolio import Portfolio, PortfolioRequest, industries, portfolio_of
from receivables.report.html_page import html
from receivables.report.terminal_text import print_report

FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILE", help="CSV, NDJSON, Parquet or Arrow files.")]
ReportDayOption = Annotated[
    datetime,
    typer.Option(
        "--as-of",
        formats=DAY_FORMATS,
        metavar="DATE",
        help="Day of the report. There is no default, since open items are right only for the day of their export.",
        rich_help_panel=DECIDED,
    ),
]
OpeningOption = Annotated[
    datetime | None,
    typer.Option(
        "--opening",
        formats=DAY_FORMATS,
        metavar="DATE",
        help="First day from which the files are complete; default: the first issue date.",
        rich_help_panel=DECIDED,
    ),
]
IndustryOption = Annotated[
    str | None,
    typer.Option(
        "--industry",
        metavar="WORD",
        help="The portfolio's industry; default: the one that all rows name.",
        rich_help_panel=DECIDED,
    ),
]


def portfolio(
    *,
    files: FilesArgument,
    map_file: RowMapOption,
    as_of: ReportDayOption,
    rejected: RejectsOptions,
    text: TextFileOptions,
    answer: AnswerOptions,
    report: ReportOption = None,
    opening: OpeningOption = None,
    industry: IndustryOption = None,
    rates: RatesOption = None,
    rules: RulesOption = RULES,
    quiet: QuietOption = False,
) -> None:
    """Aging, DSO, collection effectiveness, concentration, loss allowance and early warnings of a portfolio.

    Rows with faults are in no figure; they are counted, named, and go to the rejects file where there is one. Rates,
    thresholds and reasons are those of the policies.

    \b
    Example:  credence portfolio receivables.csv --map rules/maps/erp.yaml \\
                  --as-of 2026-06-30 --report report.html

    Exit code: 0 every row counted, 1 some rejected or the rules have mistakes, 2 a file or the map can't be used, 130
    interrupted.
    """
    refuse_idle_text_options(text, files)
    engine = engine_of(rules)
    language = asked_language(answer.language, engine)
    if industry is not None and industry not in industries(engine):
        refuse(f"`{industry}` is not an industry of the policies; expected one of {', '.join(industries(engine))}")
    row_map = _row_map(map_file, engine)
    reading = PortfolioFileOptions(row_map, known_encoding(text.encoding), one_character(text.delimiter))
    request = PortfolioRequest(
        files=files,
        reading=reading,
        as_of=day_of(as_of),
        opening=_opening(opening, as_of),
        rates=rates_read(rates, engine),
        industry=industry,
    )
    rejects = rejects_path(rejected, report)
    refuse_paths(files, {"--report": report, "--rejects": rejects})
    result = _portfolio(engine, request, rejected_rows(rejects, spreadsheet=rejected.spreadsheet), quiet=quiet)
    _print(result, engine, language, report, as_json=answer.as_json)
    print_place_of_rejects(rejected, rejects, result.rejected)
    if result.rejected:
        raise typer.Exit(FOUND_PROBLEMS)


def _portfolio(
    engine: Engine, request: PortfolioRequest, rejects: AbstractContextManager[WriteReject], *, quiet: bool
) -> Portfolio:
    """Reads and works everything out; ends the command where a file can't be used or somebody interrupts."""
    try:
        with rejects as reject, progress_bar(quiet=quiet) as progress:
            return portfolio_of(engine, request, reject, progress)
    except InputRefused as refused:
        refuse(str(refused))
    except OSError as error:
        refuse(f"`{error.filename or request.files[0]}`: {error.strerror}")
    except KeyboardInterrupt:
        refuse("interrupted; nothing was written", INTERRUPTED)
    except FactsRefused as unfit:
        refuse("the sums of this portfolio can't be decided on:\n" + "\n".join(f"  {f}" for f in unfit.faults))


def _print(result: Portfolio, engine: Engine, language: str | None, page: Path | None, *, as_json: bool) -> None:
    """Writes the page where one is asked for, and prints JSON, or the report where there is no page."""
    report = portfolio_report(result, engine, language)
    if page:
        write_page(page, html(report))
    if as_json:
        print_json(portfolio_json(result, engine))
    elif not page:
        print_report(out(), report)
    if result.rejected:
        err().print(Text(f"{result.rejected} of {result.rows} rows have faults and are in no figure", "red"))


def _row_map(path: Path, engine: Engine) -> RowMap:
    """The map, which must hold what a portfolio needs; ends the command with all that it lacks."""
    row_map = row_map_read(path, engine.vocabulary)
    if lacks := map_lacks(row_map):
        refuse(f"the map `{path}` is not usable for a portfolio:\n" + "\n".join(f"  {lack}" for lack in lacks))
    return row_map


def _opening(day: datetime | None, as_of: datetime) -> date | None:
    """The first day of complete books, which can't lie behind the report's date."""
    if day is not None and day > as_of:
        refuse(f"--opening {day.date()} lies after --as-of {as_of.date()}; it is the first day of complete books")
    return day_of(day) if day else None
