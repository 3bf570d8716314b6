"""`credence backtest`: what a policy set would have done with a past year's orders, and how those were really paid."""

from __future__ import annotations

import codecs
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.backtest.as_json import as_json
from api.backtest.history_file import HistoryRead, Source
from api.backtest.report import report
from api.backtest.run import Asked, Backtest, NothingToReplay, labels, run
from api.cli.case import JsonOption, LanguageOption, day_of, today
from api.cli.terminal import (
    FOUND_PROBLEMS,
    INTERRUPTED,
    Language,
    engine_of,
    err,
    out,
    print_diagnostics,
    print_json,
    refuse,
)
from api.records import InputUnreadable
from api.report.html import html
from api.report.text import print_report
from engine.diagnostic import in_order
from engine.facts import FactsRefused
from engine.history.history_map import HistoryMap
from engine.history.map_file import read_history_map
from engine.pipeline import Engine
from engine.reading.document import read
from engine.vocabulary import Vocabulary

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
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Also write the report as HTML.")]
EncodingOption = Annotated[str, typer.Option(help="The file's encoding, such as gb18030 or cp1252.")]
DelimiterOption = Annotated[str, typer.Option(help="What separates the cells of a CSV file; \\t for a tab.")]


def backtest_command(
    history: HistoryOption,
    map_file: MapOption,
    rules: RulesOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    as_of: AsOfOption = None,
    out_file: OutOption = None,
    as_json_: JsonOption = False,
    language: LanguageOption = Language.EN,
    encoding: EncodingOption = "utf-8",
    delimiter: DelimiterOption = ",",
) -> None:
    """Replay past orders day by day, each decided on what was known that morning, and join how they were paid.

    Example:  credence backtest --history invoices.csv --map rules/maps/ibm_history.yaml --from 2013-02-25 --out
    report.html

    Exit code: 0 done, 1 some rows could not be read or the rules have mistakes, 2 the file or the map can't be used,
    130 interrupted.
    """
    engines = _engines(rules or [Path("rules")])
    vocabulary = next(iter(engines.values())).vocabulary
    source = Source(
        history, _history_map(map_file, vocabulary), vocabulary.currency_digits, _codec(encoding), _separator(delimiter)
    )
    when = day_of(as_of) if as_of else today()
    asked = Asked(source, engines, when, since and since.date(), until and until.date())
    found, read_ = _run(asked)
    if out_file is not None:
        _write(out_file, html(report(found, language)))
    if as_json_:
        print_json(as_json(found, read_))
    else:
        print_report(out(), report(found, language))
    _say_rejects(read_, history)
    if read_.rejected:
        raise typer.Exit(FOUND_PROBLEMS)


def _run(asked: Asked) -> tuple[Backtest, HistoryRead]:
    console = err()
    try:
        if not console.is_terminal:
            return run(asked)
        with console.status(f"replaying {asked.source.path.name} …"):
            return run(asked)
    except (InputUnreadable, NothingToReplay) as unusable:
        refuse(f"{asked.source.path}: {unusable}")
    except FactsRefused as refused:
        refuse(f"these policies can't take what the map assumes: {refused}")
    except (UnicodeError, OSError) as error:
        refuse(f"`{asked.source.path}` can't be read: {getattr(error, 'strerror', None) or error}")
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


def _history_map(path: Path, vocabulary: Vocabulary) -> HistoryMap:
    try:
        content = path.read_bytes()
    except OSError as error:
        refuse(f"the map `{path}` can't be read: {error.strerror}")
    document, mistakes = read(content, path.as_posix())
    found, diagnostics = read_history_map(document, vocabulary) if document else (None, ())
    if found is None or mistakes:
        print_diagnostics(err(), in_order((*mistakes, *diagnostics)), {path.as_posix(): content})
        refuse(f"the map `{path}` has mistakes")
    return found


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        refuse(f"`{name}` is not a known encoding; try utf-8, gb18030, cp1252 or utf-16")


def _separator(text: str) -> str:
    text = "\t" if text == "\\t" else text
    if len(text) != 1 or text in '"\r\n':
        refuse("--delimiter takes one character, such as ; or \\t")
    return text


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        refuse(f"--out `{path}` can't be written: {error.strerror}")


def _say_rejects(history: HistoryRead, path: Path) -> None:
    for line, faults in history.rejects[:_REJECTS_SHOWN]:
        err().print(Text(f"{path}:{line}: {'; '.join(map(str, faults))}", "yellow"))
    if history.rejected:
        invoices = history.rows - history.rejected
        counts = f"{history.rows} rows = {invoices} invoices + {history.rejected} that could not be read"
        err().print(Text(counts, "red"))
