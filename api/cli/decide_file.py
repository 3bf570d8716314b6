"""`credence decide-file`: one decision for each row of a CSV or NDJSON file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.cells import cell_len
from rich.text import Text

from api.cli.case import RulesOption, case_kind, day_of, today
from api.cli.reporting import (
    DecisionsDayOption,
    DelimiterOption,
    EncodingOption,
    NoCountsOption,
    SpreadsheetOption,
    known_encoding,
    one_character,
    progress_bar,
    refuse_paths,
    row_map_read,
)
from api.cli.terminal import FOUND_PROBLEMS, INTERRUPTED, engine_of, err, out, refuse
from engine.deciding.decision import Decision
from engine.pipeline import Engine
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS
from files.batch.decide_file import DecideFileJob, Watch, decide_file
from files.batch.job import BatchTally
from files.batch.summary import Summary
from files.input_refused import InputRefused

Source = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, or NDJSON where it ends in .ndjson or .jsonl.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Decisions, one JSON object a line.")]
Rejects = Annotated[Path, typer.Option(metavar="FILE", help="Rows that can't be decided: line, faults, row.")]
MapFile = Annotated[
    Path | None,
    typer.Option("--map", metavar="FILE", help="Row map; without one, NDJSON rows are requests as they stand."),
]
Case = Annotated[str | None, typer.Option("--case", help="Case kind; default: the map's.")]
SummaryNames = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAMES",
        help="Print a table grouped by these, with commas: outcome, reason, results (terms.net_days), facts.",
    ),
]
Totals = Annotated[
    list[str] | None,
    typer.Option(metavar="FACT", help="Fact to add up in the tables (yes/no facts are counted)."),
]


def decide_file_command(
    file: Source,
    out_file: Out,
    rejects: Rejects,
    map_file: MapFile = None,
    case: Case = None,
    as_of: DecisionsDayOption = None,
    rules: RulesOption = Path("rules"),
    encoding: EncodingOption = "utf-8",
    delimiter: DelimiterOption = ",",
    summary: SummaryNames = None,
    total: Totals = None,
    spreadsheet: SpreadsheetOption = False,
    quiet: NoCountsOption = False,
) -> None:
    """Decide every row of a file; rows with faults go to the rejects file, with all their faults.

    Rows in = decisions + rejects, always. Both files appear only when everything is done. Ids follow from the content:
    deciding the same file again gives the same bytes.

    \b
    Example:  credence decide-file invoices.csv --map rules/maps/erp.yaml \\
                  --as-of 2026-07-01 --out decisions.ndjson --rejects rejects.csv \\
                  --summary outcome --total invoice.open_amount

    Exit code: 0 every row decided, 1 some rejected or the rules have mistakes, 2 the file or the map can't be used,
    130 interrupted.
    """
    engine = engine_of(rules)
    kind = case_kind(case) if case else None
    row_map = row_map_read(map_file, engine.vocabulary, kind) if map_file else None
    kind = kind or (row_map.case if row_map else _no_kind())
    when = day_of(as_of) if as_of else today()
    job = DecideFileJob(
        source=file,
        case=kind,
        row_map=row_map,
        as_of=when,
        out=str(out_file),
        rejects=str(rejects),
        encoding=known_encoding(encoding),
        delimiter=one_character(delimiter),
        spreadsheet=spreadsheet,
    )
    refuse_paths([file], {"--out": out_file, "--rejects": rejects})
    tables = _tables(summary or [], tuple(total or ()), engine.ruleset(kind, when))
    tally = _run(engine, job, tables, quiet)
    for table in tables:
        _print_summary(table)
    if tally.rejected:
        raise typer.Exit(FOUND_PROBLEMS)


def _run(engine: Engine, job: DecideFileJob, tables: list[Summary], quiet: bool) -> BatchTally:
    started, size = time.perf_counter(), job.source.stat().st_size

    def decided(facts: Mapping[str, object], decision: Decision) -> None:
        for table in tables:
            table.add(facts, decision)

    try:
        with progress_bar(quiet) as bar:
            watch = Watch(lambda read, rows: bar("deciding", read / (size or 1), rows), decided)
            tally = decide_file(engine, job, watch)
    except InputRefused as refused:
        refuse(str(refused))
    except OSError as error:
        refuse(f"`{error.filename or job.source}`: {error.strerror}")
    except KeyboardInterrupt:
        refuse("interrupted; nothing was written", INTERRUPTED)
    if not quiet:
        _print_tally(tally, time.perf_counter() - started, job)
    return tally


# --- options ---------------------------------------------------------------------------------------------------------


def _no_kind() -> NoReturn:
    refuse(f"what is decided? Give --map, or --case {'|'.join(CASE_KINDS)}")


def _tables(summary: list[str], totals: tuple[str, ...], ruleset: RuleSet) -> list[Summary]:
    try:
        return [Summary(_names(by), totals, ruleset) for by in summary]
    except InputRefused as refused:
        refuse(str(refused))


def _names(by: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in by.split(",") if name.strip())


# --- what is printed -------------------------------------------------------------------------------------------------


def _print_tally(tally: BatchTally, seconds: float, job: DecideFileJob) -> None:
    rate = f"{seconds:.1f} s, {tally.rows / max(seconds, 1e-9):,.0f} rows/s"
    counts = f"{tally.rows} rows = {tally.decided} decisions + {tally.rejected} rejects"
    err().print(Text.assemble((counts, "red" if tally.rejected else "green"), f"  ({rate})"))
    ladder = CASE_KINDS[job.case].ladder
    said = [f"{outcome} {tally.outcomes[outcome]}" for outcome in ladder if tally.outcomes[outcome]]
    err().print(Text(", ".join(said) or "nothing to decide"))
    if tally.rejected:
        err().print(Text(f"the rejects and their faults are in {job.rejects}"))
    for name in tally.unseen_keys:
        err().print(Text(f"note: no row has the key `{name}` that the map reads", "yellow"))


def _print_summary(summary: Summary) -> None:
    """As a Markdown table, so that it can be pasted."""
    groups = summary.groups.values()
    rows = [[*summary.by, "rows", *summary.totals]]
    rows += [[*key, f"{group.count:,}", *summary.sums((group,))] for key, group in summary.rows()]
    labels = ["all", *[""] * (len(summary.by) - 1)]
    rows.append([*labels, f"{sum(group.count for group in groups):,}", *summary.sums(groups)])
    widths = [max(cell_len(row[index]) for row in rows) for index in range(len(rows[0]))]
    named = len(summary.by)
    rule = [f"{'-' * width}{'-' if index < named else ':'}" for index, width in enumerate(widths)]
    console = out()
    console.print()
    for number, row in enumerate(rows):
        cells = [
            _aligned(cell, width, index < named) for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        console.print(Text(f"| {' | '.join(cells)} |"))
        if number == 0:
            console.print(Text(f"|-{'|-'.join(rule)}|"))


def _aligned(cell: str, width: int, left: bool) -> str:
    space = " " * (width - cell_len(cell))
    return f"{cell}{space}" if left else f"{space}{cell}"
