"""`credence batch`: whole tables decided by one SQL query, on DuckDB or Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.cli.console import INTERRUPTED, OWN_FAULT, err, refuse
from api.cli.file_run import (
    FileCounts,
    FileRun,
    Prepared,
    prepare,
    print_counts,
    print_unread_columns,
    print_unseen_keys,
)
from api.cli.input_files import known_encoding, one_character
from api.cli.options import (
    CountOptions,
    EngineOption,
    FileEngine,
    FileOptions,
    RejectsOptions,
    TextFileOptions,
)
from api.cli.progress import progress_bar
from api.cli.sql import NEEDS_BULK, refuse_what_sql_cannot_say, warn_where_no_rule_decides
from files import extras
from files.input_refused import InputRefused

if TYPE_CHECKING:  # the extra `bulk` may be missing
    from files.batch.duckdb.duckdb_run import SqlBatchJob
    from files.batch.job import BatchTally

_NEEDS_SPARK = f"Spark needs its library; install it with `{extras.SPARK}`"


def batch(
    *,
    what: FileOptions,
    rejected: RejectsOptions,
    text: TextFileOptions,
    counts: CountOptions,
    engine: EngineOption = FileEngine.DUCKDB,
) -> None:
    """Decide millions of rows with the decisions that the service would give; rows with faults go to the rejects.

    Rows in = decisions + rejects, always. Files appear only when everything is done. Columns are named like facts
    (order.amount), or --map says which is which. A text file of another encoding than UTF-8, or with lines above its
    heading, is copied to UTF-8 beside the decisions first; Spark reads UTF-8 alone.

    With --engine spark, FILE (CSV or Parquet) and --out are paths of the cluster's storage, such as s3a://books/orders;
    --out becomes a folder of files, and the rejects one of Parquet files. It is the same as `credence decide-file
    --engine duckdb`.

    Example:  credence batch 'orders-*.parquet' --case order --as-of 2026-07-01 --out decisions.parquet --summary

    Exit code: 0 every row decided, 1 some rejected, or a policy has mistakes or can't run in bulk, 2 the input can't be
    used, 3 a fault of credence itself, 130 interrupted.
    """
    if engine is FileEngine.PYTHON:
        refuse("`credence batch` decides by --engine duckdb or spark; `credence decide-file` decides row by row")
    decide_by_query(FileRun(engine=engine, what=what, rejected=rejected, text=text, counts=counts))


def decide_by_query(run: FileRun) -> None:
    """Decides whole files by one SQL query, and prints the counts; ends the command where it can't."""
    try:
        from files.batch.duckdb.duckdb_run import SqlBatchJob
        from files.batch.duckdb.failures import QueryFailed
    except ImportError:
        refuse(NEEDS_BULK)
    _refuse_options_of_row_by_row(run)
    prepared = prepare(run)
    ruleset = prepared.policies.ruleset(prepared.case, prepared.as_of)
    refuse_what_sql_cannot_say(ruleset, lists=True)
    job = SqlBatchJob(
        sources=tuple(run.what.files),
        ruleset=ruleset,
        as_of=prepared.as_of,
        out=run.what.out_file,
        rejects=run.rejects,
        row_map=prepared.row_map,
        lists=prepared.lists,
        rates=prepared.rates,
        rate_days=prepared.policies.vocabulary.rate_days,
        results=run.what.results,
        summary=run.counts.summary,
        spreadsheet=run.rejected.spreadsheet,
        encoding=known_encoding(run.text.encoding),
        delimiter=one_character(run.text.delimiter),
    )
    try:
        tally = _on_spark(job, run) if run.engine is FileEngine.SPARK else _on_duckdb(job, run)
    except InputRefused as refused:
        refuse(str(refused))
    except QueryFailed as failed:
        refuse(str(failed), OWN_FAULT)
    except KeyboardInterrupt:
        refuse("interrupted; nothing was written", INTERRUPTED)
    warn_where_no_rule_decides(ruleset)
    _print_tally(run, prepared, tally)


def _refuse_options_of_row_by_row(run: FileRun) -> None:
    """Ends the command where an option is given that a query can't follow, and says which engine can."""
    if run.counts.summary_by or run.counts.total:
        refuse(f"--summary-by and --total are for --engine python; --engine {run.engine} has --summary, without names")
    if run.what.lists and run.engine is FileEngine.SPARK:
        instead = "on Spark give a column of arrays of structs instead, as collect_list(struct(…)) makes one of a file"
        refuse(f"--list is for --engine duckdb or python; {instead}")
    if run.what.master is not None and run.engine is not FileEngine.SPARK:
        refuse("--master is for Spark; give --engine spark")


def _on_duckdb(job: SqlBatchJob, run: FileRun) -> BatchTally:
    """Decides in this process. Raises `InputRefused`, `QueryFailed` and KeyboardInterrupt."""
    from files.batch.duckdb import duckdb_run

    with progress_bar(quiet=run.counts.quiet) as bar:
        return duckdb_run.run(job, lambda step: bar(step.what, step.share, step.rows, step.total))


def _on_spark(job: SqlBatchJob, run: FileRun) -> BatchTally:
    """Decides on the cluster of `--master`, or in this process; ends the command where Spark isn't installed."""
    try:
        from files.batch.spark import cluster
    except ImportError:
        refuse(_NEEDS_SPARK)
    return cluster.run(job, run.what.master or "local[*]")


def _print_tally(run: FileRun, prepared: Prepared, tally: BatchTally) -> None:
    """Counts and pace, notes on what the map and the files don't share, then the answer (`print_counts`)."""
    if not run.counts.quiet:
        rate = f"{tally.rows / max(tally.seconds, 1e-9):,.0f} rows/s in {tally.seconds:.1f} s"
        err().print(f"{tally.rows:,} rows: {tally.decided:,} decided, {tally.rejected:,} rejected; {rate}")
    print_unread_columns(tally.unread_columns)
    print_unseen_keys(tally.unseen_keys)
    print_counts(
        run,
        FileCounts(
            case=prepared.case,
            rows=tally.rows,
            decided=tally.decided,
            rejected=tally.rejected,
            outcomes=tally.outcomes,
            rules=tally.rules,
        ),
    )
