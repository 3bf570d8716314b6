"""`credence batch` and `credence sql`: the policies over whole tables, on DuckDB, Spark, or as text for a warehouse."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from api.cli.case import RulesOption, case_kind, day_of, today
from api.cli.reporting import DecisionsDayOption, NoCountsOption, SpreadsheetOption, progress_bar, row_map_read
from api.cli.terminal import (
    FOUND_PROBLEMS,
    INTERRUPTED,
    OWN_FAULT,
    engine_of,
    err,
    out,
    print_diagnostics,
    refuse,
)
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number
from files import extras
from files.input_refused import InputRefused

if TYPE_CHECKING:  # the extra `bulk` may be missing
    from files.batch.duckdb.duckdb_run import SqlBatchJob
    from files.batch.job import BatchTally

_NAMES_SHOWN = 10
_EXTRA = f"bulk needs its libraries; install them with `{extras.BULK}`"
_SPARK_EXTRA = f"Spark needs its library; install it with `{extras.SPARK}`"


class Target(StrEnum):
    DUCKDB = "duckdb"
    SPARK = "spark"
    POSTGRES = "postgres"
    SNOWFLAKE = "snowflake"
    BIGQUERY = "bigquery"


class Runner(StrEnum):
    DUCKDB = "duckdb"
    SPARK = "spark"


Case = Annotated[str, typer.Option("--case", help=f"Case kind: {', '.join(CASE_KINDS)}.")]


def sql(
    case: Case,
    as_of: DecisionsDayOption = None,
    dialect: Annotated[Target, typer.Option("--dialect", help="Whose SQL.")] = Target.DUCKDB,
    rules: RulesOption = Path("rules"),
) -> None:
    """Print the policies as one SQL query over a relation `facts`, with one column for each value and rule.

    A fact `order.amount` is the column `order_amount`: amounts in minor units, rates and numbers times 1000000, dates
    as days since 1970-01-01, everything whole. A comment at the top names each column that is read, with its unit and
    range, and what comes out.

    Example:  credence sql --case order --as-of 2026-07-01 --dialect snowflake

    Exit code: 0 printed, 1 a policy has mistakes or can't run in bulk.
    """
    try:
        from engine.lowering.sql.query_comment import header_comment
        from engine.lowering.sql.sql_form import SqlForm
    except ImportError:
        refuse(_EXTRA)
    when = day_of(as_of) if as_of else today()
    ruleset = engine_of(rules).ruleset(case_kind(case), when)
    _refuse_what_bulk_cannot(ruleset)
    _warn_of_no_rules(ruleset)
    form = SqlForm(ruleset, dialect, day_number(when))
    query = form.text()
    sys.stdout.write(header_comment(form, query, when) + query)


def batch(
    files: Annotated[list[str], typer.Argument(metavar="IN...", help="CSV, NDJSON, Parquet or Arrow; globs too.")],
    case: Case,
    out_file: Annotated[str, typer.Option("--out", metavar="FILE", help="Decisions: .parquet, .csv or .ndjson.")],
    as_of: DecisionsDayOption = None,
    map_file: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="Row map; without one, columns are named like `order.amount`."),
    ] = None,
    rejects: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Rows with faults; default: OUT with .rejects.csv, on Spark .rejects.parquet."
        ),
    ] = None,
    rules: RulesOption = Path("rules"),
    results: Annotated[bool, typer.Option("--results/--no-results", help="Write every value, or only reasons.")] = True,
    summary: Annotated[bool, typer.Option("--summary", help="Print tables by outcome and by rule.")] = False,
    engine: Annotated[Runner, typer.Option("--engine", help="Where it runs.")] = Runner.DUCKDB,
    master: Annotated[str, typer.Option(metavar="URL", help="Spark's master, such as spark://host:7077.")] = "local[*]",
    spreadsheet: SpreadsheetOption = False,
    quiet: NoCountsOption = False,
) -> None:
    """Decide millions of rows with the decisions that the service would give; rows with faults go to the rejects.

    Rows in = decisions + rejects, always. Files appear only when everything is done. With --engine spark, IN (CSV or
    Parquet) and OUT are paths of the cluster's storage, such as s3a://books/orders; OUT becomes a folder of files, and
    the rejects one of Parquet files.

    Example:  credence batch 'orders-*.parquet' --case order --as-of 2026-07-01 --out decisions.parquet --summary

    Exit code: 0 every row decided, 1 some rejected, or a policy has mistakes or can't run in bulk, 2 the input can't be
    used, 3 a fault of credence itself, 130 interrupted.
    """
    try:
        from files.batch.duckdb.duckdb_run import SqlBatchJob
        from files.batch.duckdb.failures import QueryFailed
    except ImportError:
        refuse(_EXTRA)
    kind, when = case_kind(case), day_of(as_of) if as_of else today()
    policies = engine_of(rules)
    ruleset = policies.ruleset(kind, when)
    _refuse_what_bulk_cannot(ruleset)
    row_map = row_map_read(map_file, policies.vocabulary, kind) if map_file else None
    beside = rejects or f"{out_file}.rejects.{'csv' if engine is Runner.DUCKDB else 'parquet'}"
    job = SqlBatchJob(
        sources=tuple(files),
        ruleset=ruleset,
        as_of=when,
        out=out_file,
        rejects=beside,
        row_map=row_map,
        results=results,
        summary=summary,
        spreadsheet=spreadsheet,
    )
    try:
        tally = _on_spark(job, master) if engine is Runner.SPARK else _on_duckdb(job, quiet)
    except InputRefused as refused:
        refuse(str(refused))
    except QueryFailed as failed:
        refuse(str(failed), OWN_FAULT)
    except KeyboardInterrupt:
        refuse("interrupted; nothing was written", INTERRUPTED)
    _warn_of_no_rules(ruleset)
    if not quiet:
        err().print(f"{tally.rows:,} rows: {tally.decided:,} decided, {tally.rejected:,} rejected; {_rate(tally)}")
        _print_notes(job, tally)
    if summary:
        _print_summary(tally, kind)
    if tally.rejected:
        raise typer.Exit(FOUND_PROBLEMS)


def _refuse_what_bulk_cannot(ruleset: RuleSet) -> None:
    from engine.lowering.sql.portability import portability_mistakes

    if refused := portability_mistakes([ruleset]):
        print_diagnostics(err(), refused, {})
        raise typer.Exit(FOUND_PROBLEMS)


def _warn_of_no_rules(ruleset: RuleSet) -> None:
    if not ruleset.is_decided:
        caution = CASE_KINDS[ruleset.case].caution
        none = f"no rule decides {ruleset.case} cases, as none can give `{caution}` or worse"
        err().print(Text(f"{none}: every row is `{caution}`", "yellow"))


def _on_duckdb(job: SqlBatchJob, quiet: bool) -> BatchTally:
    from files.batch.duckdb import duckdb_run as duckdb_batch

    with progress_bar(quiet) as bar:
        return duckdb_batch.run(job, lambda step: bar(step.what, step.share, step.rows, step.total))


def _on_spark(job: SqlBatchJob, master: str) -> BatchTally:
    try:
        from files.batch.spark.cluster import run
    except ImportError:
        refuse(_SPARK_EXTRA)
    return run(job, master)


def _print_notes(job: SqlBatchJob, tally: BatchTally) -> None:
    if tally.rejected:
        err().print(Text(f"the rejects and their faults are in {job.rejects}"))
    if tally.unread_columns:
        shown = ", ".join(f"`{name}`" for name in tally.unread_columns[:_NAMES_SHOWN])
        more = (
            f" and {len(tally.unread_columns) - _NAMES_SHOWN} more" if len(tally.unread_columns) > _NAMES_SHOWN else ""
        )
        err().print(Text(f"note: no fact is named {shown}{more}; not read", "yellow"))
    for name in tally.unseen_keys:
        err().print(Text(f"note: no row has the key `{name}` that the map reads", "yellow"))


def _rate(tally: BatchTally) -> str:
    return f"{tally.rows / max(tally.seconds, 1e-9):,.0f} rows/s in {tally.seconds:.1f} s"


def _print_summary(tally: BatchTally, kind: str) -> None:
    outcomes = Table("outcome", "rows", "share", box=box.SIMPLE)
    for outcome in reversed(CASE_KINDS[kind].ladder):
        count = tally.outcomes.get(outcome, 0)
        outcomes.add_row(outcome, f"{count:,}", f"{count / max(tally.decided, 1):.1%}")
    by_rule = Table("rule", "fired", "undetermined", box=box.SIMPLE)
    for rule, (fired, undetermined) in tally.rules.items():
        by_rule.add_row(Text(rule), f"{fired:,}", f"{undetermined:,}")
    for table in (outcomes, by_rule):
        for column in table.columns[1:]:
            column.justify = "right"
        out().print(table)
