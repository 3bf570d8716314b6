"""`credence backtest`: what a policy set would have done with a past year's orders, and how those were really paid."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, INTERRUPTED, err, out, print_json, refuse
from api.cli.input_files import known_encoding, map_read, one_character, refuse_idle_text_options, refuse_paths
from api.cli.options import (
    DAY_FORMATS,
    DECIDED,
    POLICIES,
    READ,
    RULES,
    AnswerOptions,
    QuietOption,
    RejectsOptions,
    ReportOption,
    TextFileOptions,
    as_of_day,
    asked_language,
)
from api.cli.policy_folder import engine_of
from api.cli.progress import progress_bar
from api.cli.report_files import print_place_of_rejects, rejected_rows, rejects_path, write_page
from api.cli.tests_and_maps import read_map_of_history
from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from files.input_refused import InputRefused
from files.rejects import WriteReject
from receivables.backtest.backtest_json import as_json
from receivables.backtest.backtest_report import report as report_of
from receivables.backtest.run_backtest import Backtest, BacktestRequest, labels, run
from receivables.history.history_file import HistoryRead, HistorySource
from receivables.report.html_page import html
from receivables.report.terminal_text import print_report

_SIDES_MAX = 2

HistoryOption = Annotated[
    Path,
    typer.Option(
        "--history",
        metavar="FILE",
        help="Invoices and when they were paid: CSV, or NDJSON where it ends in .ndjson or .jsonl.",
        rich_help_panel=READ,
    ),
]
HistoryMapOption = Annotated[
    Path,
    typer.Option(
        "--map",
        metavar="FILE",
        help="History map: which column is an invoice's customer, amount and dates (it begins with `history:`).",
        rich_help_panel=READ,
    ),
]
FoldersOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--rules",
        metavar="DIR",
        help="Folder of the policies; give it twice to compare two.",
        show_default=str(RULES),
        rich_help_panel=POLICIES,
    ),
]
SinceOption = Annotated[
    datetime | None,
    typer.Option(
        "--from",
        formats=DAY_FORMATS,
        metavar="DATE",
        help="First day whose orders are decided; default: the first of the history.",
        rich_help_panel=DECIDED,
    ),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option(
        "--until",
        formats=DAY_FORMATS,
        metavar="DATE",
        help="Last day whose orders are decided; default: the last of the history.",
        rich_help_panel=DECIDED,
    ),
]
ParametersDayOption = Annotated[
    datetime | None,
    typer.Option(
        "--parameters-of",
        "--as-of",
        formats=DAY_FORMATS,
        metavar="DATE",
        help="Day whose parameters decide all orders; each order is decided on its own day. Default: today at the "
        "site. --as-of is the older name.",
        rich_help_panel=DECIDED,
    ),
]


def backtest_command(
    *,
    history: HistoryOption,
    map_file: HistoryMapOption,
    rejected: RejectsOptions,
    text: TextFileOptions,
    answer: AnswerOptions,
    rules: FoldersOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    as_of: ParametersDayOption = None,
    report: ReportOption = None,
    quiet: QuietOption = False,
) -> None:
    """Replay past orders day by day, each decided on what was known that morning, and join how they were paid.

    Rows with faults are in no figure; they are counted, named, and go to the rejects file where there is one.

    \b
    Example:  credence backtest --history invoices.csv --map rules/maps/ibm_history.yaml \\
                  --from 2013-02-25 --report report.html

    Exit code: 0 done, 1 some rows could not be read or the rules have mistakes, 2 the file or the map can't be used,
    130 interrupted.
    """
    refuse_idle_text_options(text, [history])
    engines = _engines(rules or [RULES])
    first_engine = next(iter(engines.values()))
    vocabulary = first_engine.vocabulary
    language = asked_language(answer.language, first_engine)
    history_map = map_read(map_file, "history", lambda content, name: read_map_of_history(content, name, vocabulary))
    encoding, delimiter = known_encoding(text.encoding), one_character(text.delimiter)
    source = HistorySource(
        path=history,
        history_map=history_map,
        currency_digits=vocabulary.currency_digits,
        encoding=encoding,
        delimiter=delimiter,
    )
    rejects = rejects_path(rejected, report)
    refuse_paths([history], {"--report": report, "--rejects": rejects})
    first, last = _days(since, until)
    day = as_of_day(as_of, first_engine)
    request = BacktestRequest(source=source, engines=engines, as_of=day, since=first, until=last)
    result, rows = _run(request, rejected_rows(rejects, spreadsheet=rejected.spreadsheet), quiet=quiet)
    if report is not None:
        write_page(report, html(report_of(result, language)))
    if answer.as_json:
        print_json(as_json(result, rows))
    elif report is None:
        print_report(out(), report_of(result, language))
    _print_failures(result)
    _print_rejected(rejected, rows, rejects)
    if rows.rejected:
        raise typer.Exit(FOUND_PROBLEMS)


def _days(since: datetime | None, until: datetime | None) -> tuple[date | None, date | None]:
    """The first and the last day whose orders are decided; None: the history's own."""
    if since and until and since > until:
        refuse(f"--from {since.date()} lies after --until {until.date()}; give the earlier day as --from")
    return since and since.date(), until and until.date()


def _run(
    request: BacktestRequest, rejects: AbstractContextManager[WriteReject], *, quiet: bool
) -> tuple[Backtest, HistoryRead]:
    """Replays the history; ends the command where it can't be used or somebody interrupts."""
    try:
        with rejects as reject, progress_bar(quiet=quiet) as progress:
            return run(request, progress, reject)
    except InputRefused as refused:
        refuse(str(refused))
    except FactsRefused as unfit:
        refuse(f"these policies can't take what the map assumes: {unfit}")
    except OSError as error:
        refuse(f"`{request.source.path}` can't be read: {error.strerror or error}")
    except KeyboardInterrupt:
        refuse("interrupted; nothing was written", INTERRUPTED)


def _engines(folders: list[Path]) -> dict[str, Engine]:
    """The engines of one or two folders, by the label that tells them apart in the report."""
    if len(folders) > _SIDES_MAX:
        refuse(f"--rules is given {len(folders)} times; give one folder, or two to compare")
    names = labels([folder.as_posix() for folder in folders])
    engines = {name: engine_of(folder) for name, folder in zip(names, folders, strict=True)}
    currencies = sorted({engine.vocabulary.currency for engine in engines.values()})
    if len(currencies) > 1:
        refuse(f"the two policy sets keep their amounts in {' and '.join(currencies)}; they can't be compared")
    return engines


def _print_failures(result: Backtest) -> None:
    """A note for each part of the replay that fell back from SQL to deciding one by one: the figures are the same, and
    the failure is ours to mend.
    """
    for reason in result.failures:
        note = f"note: a fault of credence, not of the file: its SQL for these policies failed ({reason})"
        hint = "the orders were replayed one by one instead, with the same figures; please report this line"
        err().print(Text(f"{note}; {hint}", "yellow"))


def _print_rejected(options: RejectsOptions, history: HistoryRead, path: Path | None) -> None:
    """How many rows are in no figure, where any are, and where they went."""
    if history.rejected:
        invoices = history.rows - history.rejected
        counts = f"{history.rows} rows = {invoices} invoices + {history.rejected} that could not be read"
        err().print(Text(counts, "red"))
    print_place_of_rejects(options, path, history.rejected)
