"""`credence decide-file`: one decision for each row of a CSV or NDJSON file."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.cells import cell_len
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from api.cli.case import RulesOption, case_kind, day_of, today
from api.cli.check import read_map
from api.cli.terminal import FOUND_PROBLEMS, INTERRUPTED, engine_of, err, out, print_diagnostics, refuse
from api.decide_file import Job, Tally, Watch, decide_file
from api.records import InputUnreadable
from api.summary import Summary, UnknownName
from engine.decision import Decision
from engine.maps.row_map import RowMap
from engine.pipeline import Engine
from engine.ruleset import RuleSet
from engine.vocabulary import CASE_KINDS

Source = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, or NDJSON where it ends in .ndjson or .jsonl.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Decisions, one JSON object a line.")]
Rejects = Annotated[Path, typer.Option(metavar="FILE", help="Rows that can't be decided: line, faults, row.")]
MapFile = Annotated[
    Path | None,
    typer.Option("--map", metavar="FILE", help="Row map; without one, NDJSON rows are requests as they stand."),
]
Case = Annotated[str | None, typer.Option("--case", help="Case kind; default: the map's.")]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="Date of the decisions; default: today."),
]
Encoding = Annotated[str, typer.Option(help="The file's encoding, such as gb18030 or cp1252.")]
Delimiter = Annotated[str, typer.Option(help="What separates the cells of a CSV file; \\t for a tab.")]
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
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bar, no counts.")]


def decide_file_command(
    file: Source,
    out_file: Out,
    rejects: Rejects,
    map_file: MapFile = None,
    case: Case = None,
    as_of: AsOf = None,
    rules: RulesOption = Path("rules"),
    encoding: Encoding = "utf-8",
    delimiter: Delimiter = ",",
    summary: SummaryNames = None,
    total: Totals = None,
    quiet: Quiet = False,
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
    row_map = _row_map(map_file, engine) if map_file else None
    kind = _kind(case, row_map)
    when = day_of(as_of) if as_of else today()
    job = Job(file, kind, row_map, when, out_file, rejects, _known_encoding(encoding), _delimiter(delimiter))
    _refuse_paths(job)
    tables = _tables(summary or [], tuple(total or ()), engine.ruleset(kind, when))
    tally = _run(engine, job, tables, quiet)
    for table in tables:
        _print_summary(table)
    if tally.rejected:
        raise typer.Exit(FOUND_PROBLEMS)


def _run(engine: Engine, job: Job, tables: list[Summary], quiet: bool) -> Tally:
    started = time.perf_counter()

    def decided(facts: Mapping[str, object], decision: Decision) -> None:
        for table in tables:
            table.add(facts, decision)

    try:
        with _progress(job.source.stat().st_size, quiet) as progress:
            tally = decide_file(engine, job, Watch(progress, decided))
    except InputUnreadable as unreadable:
        refuse(f"{job.source}: {unreadable}")
    except OSError as error:
        refuse(f"`{error.filename or job.source}`: {error.strerror}")
    except KeyboardInterrupt:
        refuse("interrupted; nothing was written", INTERRUPTED)
    if not quiet:
        _print_tally(tally, time.perf_counter() - started, job)
    return tally


@contextmanager
def _progress(size: int, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Shows bytes read, since a file's rows aren't known before its end."""
    columns = (
        TextColumn("{task.fields[rows]:,} rows"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]:,.0f} rows/s"),
        TimeRemainingColumn(),
    )
    console = err()
    started = time.perf_counter()
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=size or None, rows=0, rate=0.0)

        def progress(done: int, rows: int) -> None:
            bar.update(task, completed=done, rows=rows, rate=rows / max(time.perf_counter() - started, 1e-9))

        yield progress


# --- options ---------------------------------------------------------------------------------------------------------


def _row_map(path: Path, engine: Engine) -> RowMap:
    try:
        content = path.read_bytes()
    except OSError as error:
        refuse(f"the map `{path}` can't be read: {error.strerror}")
    found, diagnostics = read_map(content, path.as_posix(), engine.vocabulary)
    if found is None:
        print_diagnostics(err(), diagnostics, {path.as_posix(): content})
        refuse(f"the map `{path}` has mistakes")
    return found


def _kind(case: str | None, row_map: RowMap | None) -> str:
    kind = case_kind(case) if case else row_map.case if row_map else None
    if kind is None:
        refuse(f"what is decided? Give --map, or --case {'|'.join(CASE_KINDS)}")
    if row_map and row_map.case != kind:
        refuse(f"the map `{row_map.name}` is for the case kind `{row_map.case}`, not `{kind}`")
    return kind


def _tables(summary: list[str], totals: tuple[str, ...], ruleset: RuleSet) -> list[Summary]:
    try:
        return [Summary(_names(by), totals, ruleset) for by in summary]
    except UnknownName as unknown:
        refuse(str(unknown))


def _names(by: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in by.split(",") if name.strip())


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        refuse(f"`{name}` is not a known encoding; try utf-8, gb18030, cp1252 or utf-16")


def _delimiter(text: str) -> str:
    text = "\t" if text == "\\t" else text
    if len(text) != 1 or text in '"\r\n':
        refuse("--delimiter takes one character, such as ; or \\t")
    return text


def _refuse_paths(job: Job) -> None:
    paths = {"FILE": job.source, "--out": job.out, "--rejects": job.rejects}
    for name, path in paths.items():
        if path.is_dir():
            refuse(f"{name} `{path}` is a folder")
    if not job.source.exists():
        refuse(f"`{job.source}` does not exist")
    for name in ("--out", "--rejects"):
        if not paths[name].parent.is_dir():
            refuse(f"{name}: the folder `{paths[name].parent}` does not exist")
    if len({path.resolve() for path in paths.values()}) < len(paths):
        refuse("FILE, --out and --rejects must be three different files")


# --- what is printed -------------------------------------------------------------------------------------------------


def _print_tally(tally: Tally, seconds: float, job: Job) -> None:
    rate = f"{seconds:.1f} s, {tally.rows / max(seconds, 1e-9):,.0f} rows/s"
    counts = f"{tally.rows} rows = {tally.decided} decisions + {tally.rejected} rejects"
    err().print(Text.assemble((counts, "red" if tally.rejected else "green"), f"  ({rate})"))
    ladder = CASE_KINDS[job.case].ladder
    said = [f"{outcome} {tally.outcomes[outcome]}" for outcome in ladder if tally.outcomes[outcome]]
    err().print(Text(", ".join(said) or "nothing to decide"))
    if tally.rejected:
        err().print(Text(f"the rejects and their faults are in {job.rejects}"))
    for name in tally.columns_unseen:
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
