"""`credence decide-file`: one decision for each row of a file."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from rich.text import Text

from api.cli.batch import decide_by_query
from api.cli.console import INTERRUPTED, err, refuse
from api.cli.file_run import FileCounts, FileRun, prepare, print_counts, print_unseen_keys
from api.cli.input_files import known_encoding, one_character, refuse_idle_text_options, refuse_paths
from api.cli.options import (
    CountOptions,
    EngineOption,
    FileEngine,
    FileOptions,
    RejectsOptions,
    TextFileOptions,
)
from api.cli.progress import progress_bar
from api.cli.summary_tables import summary_tables
from engine.deciding.decision import Decision
from engine.pipeline import Engine
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS
from files.batch.decide_file import DecideFileJob, Watch, decide_file
from files.batch.job import BatchTally
from files.batch.summary import Summary
from files.formats import Format, format_named
from files.input_refused import InputRefused

_LINES = (Format.NDJSON, None)
"""What may be the format of decisions that are written row by row: a name without a known suffix is as good."""

_OTHER_ENGINE = "give --engine duckdb"


def decide_file_command(
    *,
    what: FileOptions,
    rejected: RejectsOptions,
    text: TextFileOptions,
    counts: CountOptions,
    engine: EngineOption = FileEngine.PYTHON,
) -> None:
    """Decide every row of a file; rows with faults go to the rejects file, with all their faults.

    Rows in = decisions + rejects, always. All files appear only when everything is done. Ids follow from the content:
    deciding the same file again gives the same bytes.

    Without --map an NDJSON row is a request as it stands; a CSV file needs a map. With --engine duckdb or spark it is
    `credence batch`: see there.

    \b
    Example:  credence decide-file invoices.csv --map rules/maps/erp.yaml \\
                  --as-of 2026-07-01 --out decisions.ndjson \\
                  --summary-by outcome --total invoice.open_amount

    Exit code: 0 every row decided, 1 some rejected or the rules have mistakes, 2 the file or the map can't be used,
    3 a fault of credence itself, 130 interrupted.
    """
    run = FileRun(engine=engine, what=what, rejected=rejected, text=text, counts=counts)
    if engine is FileEngine.PYTHON:
        decide_row_by_row(run)
    else:
        decide_by_query(run)


def decide_row_by_row(run: FileRun) -> None:
    """Decides one file through the service's own code, and prints the counts; ends the command where it can't.

    Everything that can be refused is refused before the first row is read: options, policies, map, paths, names of
    summaries. Memory doesn't grow with the file.
    """
    source, result = _source(run), Path(run.what.out_file)
    prepared = prepare(run)
    job = DecideFileJob(
        source=source,
        case=prepared.case,
        row_map=prepared.row_map,
        lists=prepared.lists,
        as_of=prepared.as_of,
        rates=prepared.rates,
        out=str(result),
        rejects=run.rejects,
        encoding=known_encoding(run.text.encoding),
        delimiter=one_character(run.text.delimiter),
        spreadsheet=run.rejected.spreadsheet,
    )
    refuse_paths([source], {"--out": result, "--rejects": Path(job.rejects)})
    ruleset = prepared.policies.ruleset(prepared.case, prepared.as_of)
    tables = summary_tables(run.counts.summary_by or [], tuple(run.counts.total or ()), ruleset)
    rules = _RuleCounts(ruleset) if run.counts.summary else None
    tally = _decided(prepared.policies, job, tables, rules, quiet=run.counts.quiet)
    print_unseen_keys(tally.unseen_keys)
    print_counts(
        run,
        FileCounts(
            case=job.case,
            rows=tally.rows,
            decided=tally.decided,
            rejected=tally.rejected,
            outcomes=tally.outcomes,
            rules=rules.by_rule() if rules else {},
            tables=tables,
        ),
    )


def _source(run: FileRun) -> Path:
    """The one file to decide; ends the command where the options are for the other engines."""
    what = run.what
    if len(what.files) != 1:
        refuse(f"row by row one file is decided at a time, not {len(what.files)}; {_OTHER_ENGINE} for all of them")
    source = Path(what.files[0])
    if format_named(source) in (Format.PARQUET, Format.ARROW):
        refuse(f"`{source}`: row by row only CSV and NDJSON are decided; {_OTHER_ENGINE}")
    if format_named(what.out_file) not in _LINES:
        hint = f"name a file that ends in .ndjson, or {_OTHER_ENGINE}"
        refuse(f"--out `{what.out_file}`: row by row the decisions are written as JSON, one a line; {hint}")
    refuse_idle_text_options(run.text, [source])
    if not what.results:
        refuse(f"row by row every value is written; {_OTHER_ENGINE} for --no-results")
    if what.master is not None:
        refuse("--master is for Spark; give --engine spark")
    return source


class _RuleCounts:
    """For how many decisions each rule fired, and for how many it could not be told.

    A rule that is undetermined gives a reason too, unless its author ignores that; it counts as undetermined then, and
    not as fired: the two never overlap, and neither do those of the SQL engines.
    """

    def __init__(self, ruleset: RuleSet) -> None:
        self._rules = [rule.id for rule in ruleset.rules]
        self._fired: Counter[str] = Counter()
        self._undetermined: Counter[str] = Counter()

    def add(self, decision: Decision) -> None:
        """Counts one decision."""
        undetermined = {item.id for item in decision.undetermined}
        self._undetermined.update(undetermined)
        self._fired.update({reason.rule for reason in decision.reasons} - undetermined)

    def by_rule(self) -> dict[str, tuple[int, int]]:
        """Rows fired and rows undetermined, by rule; every rule of the case kind, also those with none."""
        return {rule: (self._fired[rule], self._undetermined[rule]) for rule in self._rules}


def _decided(
    engine: Engine, job: DecideFileJob, tables: list[Summary], rules: _RuleCounts | None, *, quiet: bool
) -> BatchTally:
    """Reads, decides and writes every row; gives the counts. Ends the command where the file can't be used or somebody
    interrupts: then no file is written.
    """
    started, size = time.perf_counter(), job.source.stat().st_size

    def count(facts: Mapping[str, object], decision: Decision) -> None:
        for table in tables:
            table.add(facts, decision)
        if rules is not None:
            rules.add(decision)

    try:
        with progress_bar(quiet=quiet) as bar:
            watch = Watch(lambda read, rows: bar("deciding", read / (size or 1), rows), count)
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


def _print_tally(tally: BatchTally, seconds: float, job: DecideFileJob) -> None:
    """Rows = decisions + rejects with the pace, then the outcomes, the mildest first."""
    rate = f"{seconds:.1f} s, {tally.rows / max(seconds, 1e-9):,.0f} rows/s"
    counts = f"{tally.rows} rows = {tally.decided} decisions + {tally.rejected} rejects"
    err().print(Text.assemble((counts, "red" if tally.rejected else "green"), f"  ({rate})"))
    ladder = CASE_KINDS[job.case].ladder
    by_outcome = [f"{outcome} {tally.outcomes[outcome]}" for outcome in ladder if tally.outcomes[outcome]]
    err().print(Text(", ".join(by_outcome) or "nothing to decide"))
