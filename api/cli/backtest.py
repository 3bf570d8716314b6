"""`credence backtest`: what a policy set would have done with a past year's orders, and how those were really paid."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.cli.case import JsonOption, LanguageOption, day_of, today
from api.cli.reporting import (
    DelimiterOption,
    EncodingOption,
    PageOption,
    QuietOption,
    known_encoding,
    map_read,
    one_character,
    progress_bar,
    refuse_paths,
    write_page,
)
from api.cli.terminal import FOUND_PROBLEMS, INTERRUPTED, Language, engine_of, err, out, print_json, refuse
from engine.diagnostics.diagnostic import Diagnostic, in_order
from engine.pipeline import Engine
from engine.reading.document import read
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.vocabulary import Vocabulary
from files.input_refused import InputRefused
from receivables.backtest.backtest_json import as_json
from receivables.backtest.backtest_report import report
from receivables.backtest.run_backtest import Backtest, labels, run
from receivables.history.history_file import HistoryRead, HistorySource
from receivables.history.history_map import HistoryMap
from receivables.history.history_map_file import read_history_map
from receivables.report.html_page import html
from receivables.report.terminal_text import print_report

_REJECTS_SHOWN = 10
_SIDES_MAX = 2
_DAY = ["%Y-%m-%d"]


HistoryOption = Annotated[
    Path, typer.Option("--history", metavar="FILE", help="Invoices and when they were paid: CSV, or NDJSON.")
]
MapOption = Annotated[Path, typer.Option("--map", metavar="FILE", help="History map: columns, and what is assumed.")]
RulesOption = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="DIR", help="Folder of the policies; twice to compare two. Default: rules."),
]
SinceOption = Annotated[
    datetime | None, typer.Option("--from", formats=_DAY, metavar="DATE", help="First day whose orders are decided.")
]
UntilOption = Annotated[
    datetime | None, typer.Option("--until", formats=_DAY, metavar="DATE", help="Last day whose orders are decided.")
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=_DAY, metavar="DATE", help="Day whose parameters are in force; default: today."),
]


def backtest_command(
    history: HistoryOption,
    map_file: MapOption,
    rules: RulesOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    as_of: AsOfOption = None,
    out_file: PageOption = None,
    as_json_: JsonOption = False,
    language: LanguageOption = Language.EN,
    encoding: EncodingOption = "utf-8",
    delimiter: DelimiterOption = ",",
    quiet: QuietOption = False,
) -> None:
    """Replay past orders day by day, each decided on what was known that morning, and join how they were paid.

    Example:  credence backtest --history invoices.csv --map rules/maps/ibm_history.yaml --from 2013-02-25 --out
    report.html

    --out writes a report that opens offline and prints.

    Exit code: 0 done, 1 some rows could not be read or the rules have mistakes, 2 the file or the map can't be used,
    130 interrupted.
    """
    engines = _engines(rules or [Path("rules")])
    vocabulary = next(iter(engines.values())).vocabulary
    history_map = map_read(map_file, "history", lambda content, name: _history_map(content, name, vocabulary))
    source = HistorySource(
        path=history,
        history_map=history_map,
        currency_digits=vocabulary.currency_digits,
        encoding=known_encoding(encoding),
        delimiter=one_character(delimiter),
    )
    refuse_paths([history], {"--out": out_file})
    when = day_of(as_of) if as_of else today()
    first, last = _days(since, until)
    request = BacktestRequest(source=source, engines=engines, as_of=when, since=first, until=last)
    found, read_ = _run(request, quiet)
    if out_file is not None:
        write_page(out_file, html(report(found, language)))
    if as_json_:
        print_json(as_json(found, read_))
    elif out_file is None:
        print_report(out(), report(found, language))
    for said in found.failures:
        note = f"note: a fault of credence, not of the file: its SQL for these policies failed ({said})"
        hint = "the orders were replayed one by one instead, with the same figures; please report this line"
        err().print(Text(f"{note}; {hint}", "yellow"))
    _say_rejects(read_, history)
    if read_.rejected:
        raise typer.Exit(FOUND_PROBLEMS)


def _days(since: datetime | None, until: datetime | None) -> tuple[date | None, date | None]:
    if since and until and since > until:
        refuse(f"--from {since.date()} lies after --until {until.date()}; give the earlier day as --from")
    return since and since.date(), until and until.date()


def _run(request: BacktestRequest, quiet: bool) -> tuple[Backtest, HistoryRead]:
    try:
        with progress_bar(quiet) as progress:
            return run(asked, progress)
    except InputRefused as refused:
        refuse(str(refused))
    except FactsRefused as refused:
        refuse(f"these policies can't take what the map assumes: {refused}")
    except OSError as error:
        refuse(f"`{request.source.path}` can't be read: {error.strerror or error}")
    except KeyboardInterrupt:
        refuse("interrupted; nothing was written", INTERRUPTED)


def _engines(folders: list[Path]) -> dict[str, Engine]:
    if len(folders) > _SIDES_MAX:
        refuse(f"--rules is given {len(folders)} times; give one folder, or two to compare")
    names = labels([folder.as_posix() for folder in folders])
    engines = {name: engine_of(folder) for name, folder in zip(names, folders, strict=True)}
    currencies = sorted({engine.vocabulary.currency for engine in engines.values()})
    if len(currencies) > 1:
        refuse(f"the two policy sets keep their amounts in {' and '.join(currencies)}; they can't be compared")
    return engines


def _history_map(content: bytes, name: str, vocabulary: Vocabulary) -> tuple[HistoryMap | None, tuple[Diagnostic, ...]]:
    document, mistakes = read(content, name, end_mark=True)
    found, diagnostics = read_history_map(document, vocabulary) if document else (None, ())
    both = in_order((*mistakes, *diagnostics))
    return (None if both else found), both


def _say_rejects(history: HistoryRead, path: Path) -> None:
    for line, faults in history.rejects[:_REJECTS_SHOWN]:
        err().print(Text(f"{path}:{line}: {'; '.join(map(str, faults))}", "yellow"))
    if history.rejected:
        invoices = history.rows - history.rejected
        counts = f"{history.rows} rows = {invoices} invoices + {history.rejected} that could not be read"
        err().print(Text(counts, "red"))
