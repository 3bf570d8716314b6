"""`credence simulate --history`: what a change would do to past orders, beside how they were paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import INTERRUPTED, refuse
from api.cli.input_files import known_encoding, map_read, one_character
from api.cli.options import READ, DelimiterOption, EncodingOption
from api.cli.progress import progress_bar
from api.cli.tests_and_maps import read_map_of_history
from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from files.input_refused import InputRefused
from receivables.backtest.backtest_json import as_json
from receivables.backtest.backtest_report import report as report_of
from receivables.backtest.run_backtest import BacktestRequest, run
from receivables.history.history_file import HistoryRead, HistorySource
from receivables.report.parts import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryOptions:
    """Past invoices, and what their columns mean."""

    history: Annotated[
        Path | None,
        typer.Option(
            "--history",
            metavar="FILE",
            help="Invoices and when they were paid, as `credence backtest` takes them, instead of --decisions.",
            rich_help_panel=READ,
        ),
    ] = None
    """None: decisions are simulated."""

    history_map: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="The history map of --history.", rich_help_panel=READ),
    ] = None
    """Needed where there is a history."""

    encoding: EncodingOption = "utf-8"
    delimiter: DelimiterOption = ","


@dataclass(frozen=True, slots=True)
class SimulatedHistory:
    """What came of it, for programs and for people."""

    as_json: Mapping[str, object]
    report: Report
    rows: HistoryRead


def simulated_history(
    options: HistoryOptions, engines: Mapping[str, Engine], day: date, language: str | None, *, quiet: bool
) -> SimulatedHistory:
    """Each past order decided by both sets, beside how it was paid. Ends the command where the history can't be
    used."""
    if options.history is None or options.history_map is None:
        refuse("--history needs --map, the history map that says what its columns mean")
    vocabulary = next(iter(engines.values())).vocabulary
    history_map = map_read(
        options.history_map, "history", lambda content, name: read_map_of_history(content, name, vocabulary)
    )
    source = HistorySource(
        path=options.history,
        history_map=history_map,
        currency_digits=vocabulary.currency_digits,
        encoding=known_encoding(options.encoding),
        delimiter=one_character(options.delimiter),
    )
    request = BacktestRequest(source=source, engines=dict(engines), as_of=day, since=None, until=None)
    try:
        with progress_bar(quiet=quiet) as progress:
            result, rows = run(request, progress)
    except InputRefused as refused:
        refuse(str(refused))
    except FactsRefused as unfit:
        refuse(f"these policies can't take what the map assumes: {unfit}")
    except OSError as error:
        refuse(f"`{options.history}` can't be read: {error.strerror or error}")
    except KeyboardInterrupt:
        refuse("interrupted; nothing was written", INTERRUPTED)
    return SimulatedHistory(as_json(result, rows), report_of(result, language), rows)
