"""Decides whole files through the rule set's SQL form, on DuckDB in this process: what `credence batch` runs.

Every row that is read becomes a decision or a reject with all its faults; the counts are compared at the end, and the
files take their places only then. Memory stays below a limit whatever the number of rows. The flow:

    files → `open_input` → relation `raw` → `RawFacts.sound` → facts → `SqlForm.query` → `decisions` → OUT
                                   └──────── `RawFacts.checked`, numbered → rows with faults → rejects
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from engine.lowering.sql.alternatives import with_alternatives
from engine.lowering.sql.levels import column
from engine.lowering.sql.portability import portability_mistakes, without_lists
from engine.lowering.sql.sql_form import OUTCOME, SqlForm
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.days import day_number
from engine.vocabulary.rates import Denomination
from engine.vocabulary.vocabulary import RATE_DAYS_USUAL
from files.batch.duckdb.csv_input import csv_lines, malformed_csv
from files.batch.duckdb.failures import failure
from files.batch.duckdb.list_relations import PLACE, RAW_PLACED, join, json_lists, place_rows
from files.batch.duckdb.recoded import TextOptions
from files.batch.duckdb.relation import BatchInput, numbered, open_input, ready, rows_of
from files.batch.duckdb.watched import watched
from files.batch.input import (
    FILE,
    LINE,
    UNREAD,
    files_of,
    identifier,
    list_column,
    quoted,
    quoted_list,
    refuse_formulas,
    sources,
)
from files.batch.job import BatchJob, BatchTally
from files.batch.output import FIRED, RULES, UNDETERMINED, OutputOptions, decisions, marked
from files.batch.person_texts import PERSONS, READ, WRITTEN, read_person
from files.batch.raw_currency import raw_currency
from files.batch.raw_facts import FAULTS, RAW, RawFacts
from files.formats import Format, format_named
from files.input_refused import InputRefused
from files.rejects import FILE_HEADING, REJECTS_HEADING
from files.whole_files import fault_of_paths

MEMORY = "2500MB"
"""DuckDB's own limit; with Arrow, Python and what DuckDB doesn't count the process stays below 4 GiB."""

_LINE, _FAULTS, _ = REJECTS_HEADING
"""Columns of the rejects; the row as it stands is not among them, since DuckDB has only its cells."""

_ROW = "row: "
"""How the fault of a row begins that could not be taken apart."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far the work is.

    `what`: what is being done, as a word for the progress bar. `share`: how much of it is done, from 0 to 1. `rows`:
    the rows that are done. `total`: all rows; 0 where that isn't known yet."""

    what: str
    share: float
    rows: int
    total: int = 0


Progress = Callable[[Step], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlBatchJob(BatchJob):
    """A batch that is decided in SQL, on DuckDB or on Spark."""

    sources: tuple[str, ...]
    """The files: names, and patterns such as `orders-*.csv`; on Spark paths of the cluster's storage."""
    ruleset: RuleSet
    """The compiled policies of one case kind on the day of the decisions."""
    encoding: str = "utf-8"
    """Of text files, a name that Python knows."""
    delimiter: str = ","
    """What separates the cells of CSV, one character."""
    results: bool = True
    """Write every value of the policies; otherwise only outcome, conditions and rules."""
    summary: bool = False
    """Count outcomes and rules, too."""
    memory: str = MEMORY
    """DuckDB's limit, in its own spelling."""
    rate_days: int = RATE_DAYS_USUAL
    """Days that a rate may be older than the decisions."""

    @property
    def money(self) -> Denomination:
        """In which currency is decided, and what others are worth in it."""
        return Denomination(self.ruleset.currency, self.rates, day_number(self.as_of), self.rate_days)


def run(job: SqlBatchJob, progress: Progress = lambda _step: None) -> BatchTally:
    """Decides every row and gives the counts; `progress` is told now and then how far the work is.

    Raises InputRefused where the input, the map or a path can't be used, QueryFailed where credence is to blame, and
    AssertionError where rows were lost; then nothing is written.
    """
    started = time.perf_counter()
    if mistakes := portability_mistakes([job.ruleset], lists=True):
        raise InputRefused("\n".join(map(str, mistakes)))
    refuse_formulas(job.row_map)
    written = {"--out": Path(job.out), "--rejects": Path(job.rejects)}
    output_format(job.out)
    if fault := fault_of_paths([Path(name) for name in files_of(job.sources)], written):
        raise InputRefused(fault)
    out, rejected = (path.resolve() for path in written.values())  # a link stays, and its target is written
    try:
        with (
            TemporaryDirectory(prefix=".credence-batch-", dir=out.parent) as scratch,
            TemporaryDirectory(prefix=".credence-batch-", dir=rejected.parent) as beside,
            duckdb.connect() as connection,
        ):
            folder, rejects = Path(scratch), Path(beside) / "rejects.csv"
            connection.execute(f"SET memory_limit = '{job.memory}'")
            connection.execute(f"SET temp_directory = {quoted(str(folder / 'spill'))}")
            connection.execute("SET enable_progress_bar = true")  # measures, too
            connection.execute("SET enable_progress_bar_print = false")
            tally = _run(job, connection, folder, rejects, progress)
            rejects.replace(rejected)
            (folder / "out").replace(out)
    except OSError as error:
        raise InputRefused(f"`{error.filename or job.out}`: {error.strerror or error}") from error
    tally.seconds = time.perf_counter() - started
    return tally


def _run(
    job: SqlBatchJob, connection: duckdb.DuckDBPyConnection, scratch: Path, rejects: Path, progress: Progress
) -> BatchTally:
    work: _Run | None = None
    try:
        work = _Run(job, connection, scratch, rejects, progress)
        return work.run()
    except duckdb.Error as error:
        raise failure(error, work.source if work else None, job.out, job.memory) from error


def output_format(path: str) -> Format:
    """The format of the decisions by the file's name. Raises InputRefused where a batch can't write it."""
    format_ = format_named(path)
    if format_ is None or format_ is Format.ARROW:
        raise InputRefused(f"--out `{path}`: a batch writes .parquet, .csv, .ndjson or .jsonl")
    return format_


class _Run:
    def __init__(
        self, job: SqlBatchJob, connection: duckdb.DuckDBPyConnection, scratch: Path, rejects: Path, progress: Progress
    ) -> None:
        self.job = job
        self.connection = connection
        self.scratch = scratch
        self.rejects = rejects
        self.progress = progress
        skip_lines = job.row_map.skip_lines if job.row_map else 0
        text = TextOptions(job.encoding, job.delimiter, skip_lines, scratch)
        self.source: BatchInput = open_input(job.sources, job.ruleset, job.row_map, connection, text, self._read)
        self.sources = sources(job.ruleset, self.source.heading, job.row_map, self.source.records)
        self.ruleset = without_lists(job.ruleset, {*self.sources, *(each.fact.name for each in job.lists)})
        self.form = SqlForm(with_alternatives(self.ruleset), "duckdb", day_number(job.as_of))
        day = day_number(job.as_of)
        self.joined = {each.fact.name: join(connection, each, self.sources, job.sources[0], day) for each in job.lists}
        self.currency = raw_currency(self.source.heading, job.row_map, job.money)
        self.total = 0
        self.has_persons = False

    def run(self) -> BatchTally:
        self.total = rows_of(self.source, self.connection)
        self._read_persons()
        self._read_lists()
        decided = self._write()
        rejected = self._write_rejects(decided)
        tally = BatchTally(
            rows=self.total,
            decided=decided,
            rejected=rejected,
            unread_columns=self.source.unread_columns,
            unseen_keys=self.source.unseen_keys,
        )
        tally.refuse_lost_rows()
        if self.job.summary:
            self._summarize(tally)
        return tally

    def _raw_facts(self, *kept: str) -> RawFacts:
        return RawFacts(
            self.ruleset.facts,
            self.form.columns,
            self.sources,
            self.form.dialect,
            kept,
            row_map=self.job.row_map,
            as_of=day_number(self.job.as_of),
            persons=self.has_persons,
            currency=self.currency,
            joined=self.joined,
        )

    def _read_persons(self) -> None:
        """Makes the relation of persons beyond ASCII, where the files hold any."""
        found: set[str] = set()
        for written in self._raw_facts().persons_written():
            ready(self.source, self.connection)
            found.update(text for (text,) in self.connection.execute(written.sql("duckdb")).fetchall())
        if found:
            texts = sorted(found)
            table = pa.table({WRITTEN: pa.array(texts, pa.string()), READ: [read_person(text) for text in texts]})
            self.connection.register("persons_read", table)
            self.connection.execute(f"CREATE TABLE {PERSONS} AS FROM persons_read")
            self.has_persons = True

    def _read_lists(self) -> None:
        """Makes the relations of lists that stand in text."""
        facts = {fact.name: fact for fact in self.ruleset.facts}
        raw_facts = self._raw_facts()
        for name, written in raw_facts.lists_written(RAW):
            of_list = list_column(facts[name], self.sources[name])
            if of_list is not None and name not in self.joined:
                ready(self.source, self.connection)
                query, day = written.sql("duckdb"), day_number(self.job.as_of)
                if lists := json_lists(self.connection, of_list, query, day, raw_facts.row_rates):
                    self.joined[name] = lists
        if self.joined:
            ready(self.source, self.connection)
            place_rows(self.connection)

    def _write(self) -> int:
        format_ = output_format(self.job.out)
        facts = self._raw_facts(PLACE).sound(RAW_PLACED) if self.joined else self._raw_facts().sound()
        options = OutputOptions(
            format=format_,
            results=self.job.results,
            spreadsheet=self.job.spreadsheet,
            place=PLACE if self.joined else "",
            rates=self._raw_facts().row_rates,
        )
        query = decisions(self.form, facts, options).sql("duckdb", copy=False)
        copy_options = {
            Format.CSV: "FORMAT csv, HEADER",
            Format.NDJSON: "FORMAT json",
            Format.PARQUET: "FORMAT parquet, COMPRESSION zstd",
        }[format_]
        ready(self.source, self.connection)
        return int(self._one(f"COPY ({query}) TO {quoted(str(self.scratch / 'out'))} ({copy_options})", "deciding")[0])

    # --- rejects -----------------------------------------------------------------------------------------------------

    def _write_rejects(self, decided: int) -> int:
        """File by file on one thread, so that a row's number is its own."""
        run = self.connection.execute
        run(f"CREATE TABLE rejected ({FILE_HEADING} VARCHAR, {_LINE} BIGINT, {_FAULTS} VARCHAR)")
        malformed = malformed_csv(self.connection) if self.source.format is Format.CSV else {}
        if malformed or decided < self.total:
            run("SET threads = 1")
            records = 0
            for index in range(len(self.source.files)):
                if self.source.format is Format.CSV:
                    records += self._reject_csv(index, malformed.get(self.source.texts[index].path, []))
                else:
                    self._reject(f"{identifier(LINE)}", index)
            run("RESET threads")
            self.total = records or self.total
        cells = [marked(column(name)).as_(name).sql("duckdb") for name in (FILE_HEADING, _FAULTS)]
        changed = f" REPLACE ({', '.join(cells)})" if self.job.spreadsheet else ""
        rows = f"SELECT *{changed} FROM (FROM rejected ORDER BY ALL)"
        copy = f"COPY ({rows}) TO {quoted(str(self.rejects))} (FORMAT csv, HEADER)"
        rejected = int(self._one(copy, "writing rejects")[0])
        if self.source.format is Format.CSV and self.total != decided + rejected:
            names = ", ".join(f"`{name}`" for name in self.source.files[:3])
            message = f"the quotes in {names} can be read in more than one way"
            raise InputRefused(message, "put quotes around whole cells only")
        return rejected

    def _reject(self, line: str, index: int, places: str = "") -> None:
        """The rows of one file with faults; `places` joins the lines on which its rows stand."""
        kept = (FILE, LINE, UNREAD) if self.source.format is Format.NDJSON else (FILE, LINE)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW numbered AS {numbered(self.source, self.connection, index)}"
        )
        checked = self._raw_facts(*kept).checked("numbered").sql("duckdb", copy=False)
        faults = FAULTS
        if UNREAD in kept:
            unread = identifier(UNREAD)
            others = self._without_those_of(unread)
            faults = (
                f"if(starts_with({unread}, '{_ROW}'), {unread}, nullif(concat_ws(chr(10), {unread}, {others}), ''))"
            )
        rows = f"SELECT {identifier(FILE)}, {identifier(LINE)}, {faults} AS faults FROM ({checked})"
        faulty = f"SELECT {identifier(FILE)}, {line}, faults FROM ({rows}) {places} WHERE faults IS NOT NULL"
        self._one(f"INSERT INTO rejected {faulty}", "finding faults")

    def _without_those_of(self, unread: str) -> str:
        """SQL of the faults of facts whose columns have none yet: a value that can't be read isn't missing, too."""
        facts, columns = quoted_list(list(self.sources)), quoted_list([s.column for s in self.sources.values()])
        named = f"chr(10) || map({facts}, {columns})[split_part(fault, ':', 1)] || ':'"
        known = f"contains(chr(10) || {unread}, {named})"
        kept = f"list_filter(string_split({FAULTS}, chr(10)), lambda fault: NOT coalesce({known}, false))"
        return f"nullif(array_to_string({kept}, chr(10)), '')"

    def _reject_csv(self, index: int, malformed: list[tuple[int, str]]) -> int:
        """Gives the number of records."""
        name = self.source.files[index]
        lines = csv_lines(self.source.texts[index], malformed, tuple(self.source.cells))
        good = pa.Array.from_buffers(pa.int64(), len(lines.good), [None, pa.py_buffer(lines.good)])
        self.connection.register("places", pa.table({"number": pa.array(range(1, len(good) + 1)), "place": good}))
        self._reject("place", index, f"JOIN places ON number = {identifier(LINE)}")
        self.connection.unregister("places")
        if lines.malformed:
            rows = [(name, line, fault) for line, fault in lines.malformed.items()]
            self.connection.executemany("INSERT INTO rejected VALUES (?, ?, ?)", rows)
        return len(lines.good) + len(lines.malformed)

    # --- summary -----------------------------------------------------------------------------------------------------

    def _summarize(self, tally: BatchTally) -> None:
        """Read back from what was written."""
        run, source = self.connection.execute, self._written()
        counted = run(f"SELECT {OUTCOME}, count(*) FROM {source} GROUP BY ALL").fetchall()
        tally.outcomes = Counter({str(outcome): int(count) for outcome, count in counted})
        text = output_format(self.job.out) is not Format.NDJSON
        counts: list[dict[str, int]] = []
        for name in (FIRED, UNDETERMINED):
            ids = f"string_split({name}, ' ')" if text else name
            rows = run(
                f"SELECT id, count(*) FROM (SELECT unnest({ids}) AS id FROM {source}) WHERE id <> '' GROUP BY id"
            )
            counts.append(dict(rows.fetchall()))
        tally.rules = {
            rule.id: (counts[0].get(rule.id, 0), counts[1].get(rule.id, 0)) for rule in self.job.ruleset.rules
        }

    def _written(self) -> str:
        file = quoted(str(self.scratch / "out"))
        lists = f"{OUTCOME}: 'VARCHAR'" + "".join(f", {name}: 'VARCHAR[]'" for name in RULES)
        return {
            Format.CSV: f"read_csv({file}, all_varchar = true, header = true, delim = ',')",
            Format.NDJSON: f"read_json({file}, format = 'newline_delimited', columns = {{{lists}}})",
            Format.PARQUET: f"read_parquet({file})",
        }[output_format(self.job.out)]

    # --- progress ----------------------------------------------------------------------------------------------------

    def _read(self, share: float, rows: int) -> None:
        self.progress(Step("reading", share, rows))

    def _share(self) -> float:
        if self.source.format is Format.ARROW:
            return self.source.arrow_rows / max(self.total, 1)
        return max(0.0, self.connection.query_progress()) / 100

    def _one(self, sql: str, what: str) -> tuple[Any, ...]:
        """The one row that a statement gives."""

        def look() -> None:
            share = self._share()
            self.progress(Step(what, share, int(share * self.total), self.total))

        [row] = watched(self.connection, sql, look)
        return tuple(row)
