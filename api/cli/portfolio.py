"""`credence portfolio`: what a file of receivables says on a day, and what the policies say about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.cli.case import RulesOption, day_of
from api.cli.check import read_map
from api.cli.reporting import (
    DelimiterOption,
    EncodingOption,
    PageOption,
    QuietOption,
    SpreadsheetOption,
    known_encoding,
    map_read,
    one_character,
    progress_bar,
    refuse_paths,
    write_page,
)
from api.cli.terminal import FOUND_PROBLEMS, INTERRUPTED, Language, engine_of, err, out, print_json, refuse
from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused, Fault
from files.input_refused import InputRefused
from files.maps.row_map import RowMap
from files.rejects import WriteReject, faults_in_words, rejects_writer
from files.rows import FileRow
from files.whole_files import whole_files
from receivables.portfolio.portfolio_files import PortfolioFileOptions
from receivables.portfolio.portfolio_json import portfolio_json
from receivables.portfolio.portfolio_report import portfolio_report
from receivables.portfolio.portfolio_rows import map_lacks
from receivables.portfolio.run_portfolio import Portfolio, Wanted, industries, portfolio_of
from receivables.report.html_page import html
from receivables.report.terminal_text import print_report

REJECTS_SHOWN = 5


Files = Annotated[list[Path], typer.Argument(metavar="FILES", help="CSV, NDJSON, Parquet or Arrow files.")]
MapFile = Annotated[Path, typer.Option("--map", metavar="FILE", help="Row map of invoices (docs/portfolio.md).")]
AsOf = Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="The report's date.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, with reasons in both languages.")]
ReportLanguage = Annotated[Language, typer.Option("--lang", help="Language of the report.")]
Opening = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="First day from which the files are complete; default: the first issue date.",
    ),
]
Industry = Annotated[
    str | None, typer.Option(metavar="WORD", help="The portfolio's industry; default: what all rows say.")
]
Rejects = Annotated[Path | None, typer.Option(metavar="FILE", help="Rows with faults: file, line, faults, row.")]


def portfolio(
    files: Files,
    map_file: MapFile,
    as_of: AsOf,
    out_file: PageOption = None,
    as_json: AsJson = False,
    language: ReportLanguage = Language.EN,
    opening: Opening = None,
    industry: Industry = None,
    rejects: Rejects = None,
    spreadsheet: SpreadsheetOption = False,
    rules: RulesOption = Path("rules"),
    encoding: EncodingOption = "utf-8",
    delimiter: DelimiterOption = ",",
    quiet: QuietOption = False,
) -> None:
    """Aging, DSO, collection effectiveness, concentration, loss allowance and early warnings of a portfolio.

    Rows with faults are in no figure; they are counted, named, and go to the rejects file. Rates, thresholds and
    reasons are those of the policies. --out writes a report that opens offline and prints.

    Example:  credence portfolio receivables.csv --map rules/maps/erp.yaml --as-of 2026-06-30 --out report.html

    Exit code: 0 every row counted, 1 some rejected or the rules have mistakes, 2 a file or the map can't be used, 130
    interrupted.
    """
    engine = engine_of(rules)
    if industry is not None and industry not in industries(engine):
        refuse(f"`{industry}` is not an industry of the policies; expected one of {', '.join(industries(engine))}")
    reading = PortfolioFileOptions(_row_map(map_file, engine), known_encoding(encoding), one_character(delimiter))
    request = PortfolioRequest(
        files=files, reading=reading, as_of=day_of(as_of), opening=_opening(opening, as_of), industry=industry
    )
    refuse_paths(files, {"--out": out_file, "--rejects": rejects})
    found = _found(engine, request, _rejected(rejects, spreadsheet=spreadsheet), quiet)
    _show(found, engine, language.value, out_file, as_json)
    if found.rejected:
        raise typer.Exit(FOUND_PROBLEMS)


def _found(engine: Engine, wanted: Wanted, rejects: AbstractContextManager[WriteReject], quiet: bool) -> Portfolio:
    try:
        with rejects as rejected, progress_bar(quiet) as progress:
            return portfolio_of(engine, wanted, rejected, progress)
    except InputRefused as refused:
        refuse(str(refused))
    except OSError as error:
        refuse(f"`{error.filename or request.files[0]}`: {error.strerror}")
    except KeyboardInterrupt:
        refuse("interrupted; nothing was written", INTERRUPTED)
    except FactsRefused as refused:
        refuse("the sums of this portfolio can't be decided on:\n" + "\n".join(f"  {f}" for f in refused.faults))


def _show(found: Portfolio, engine: Engine, language: str, out_file: Path | None, as_json: bool) -> None:
    report = portfolio_report(found, engine, language)
    if out_file:
        write_page(out_file, html(report))
    if as_json:
        print_json(portfolio_json(found, engine))
    elif not out_file:
        print_report(out(), report)
    if found.rejected:
        err().print(Text(f"{found.rejected} of {found.rows} rows have faults and are in no figure", "red"))


@contextmanager
def _rejected(path: Path | None, *, spreadsheet: bool) -> Iterator[WriteReject]:
    """Writes rejects to the file where there is one; else shows the first on stderr."""
    if path is None:
        shown = 0

        def show(source: Path, record: FileRow, faults: tuple[Fault, ...]) -> None:
            nonlocal shown
            shown += 1
            if shown <= REJECTS_SHOWN:
                err().print(Text(f"{source}:{record.line}: {faults_in_words(faults)}", "red"))
            elif shown == REJECTS_SHOWN + 1:
                err().print(Text("… and more; --rejects FILE keeps them all", "red"))

        yield show
        return
    with ExitStack() as stack:
        try:
            (file,) = stack.enter_context(whole_files((path,)))
        except OSError as error:
            refuse(f"--rejects `{path}` can't be written: {error.strerror}")
        yield rejects_writer(file, several_files=True, spreadsheet=spreadsheet)


# --- options ---------------------------------------------------------------------------------------------------------


def _row_map(path: Path, engine: Engine) -> RowMap:
    found = map_read(path, "map", lambda content, name: read_map(content, name, engine.vocabulary))
    if lacks := map_lacks(found):
        refuse(f"the map `{path}` is not usable for a portfolio:\n" + "\n".join(f"  {lack}" for lack in lacks))
    return found


def _opening(day: datetime | None, as_of: datetime) -> date | None:
    if day is not None and day > as_of:
        refuse(f"--opening {day.date()} lies after --as-of {as_of.date()}; it is the first day of complete books")
    return day_of(day) if day else None
