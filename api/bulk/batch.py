"""Decides whole files through the rule set's SQL form, on DuckDB in this process: what `credence batch` runs.

Every row that is read becomes a decision or a reject with all its faults; the counts are compared at the end, and the
files take their places only then. Memory stays below a limit whatever the number of rows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import duckdb

from api.bulk.input import (
    FILE,
    LINE,
    BulkRefused,
    Format,
    Input,
    format_of,
    malformed_csv,
    numbered,
    open_input,
    quoted,
    sources,
)
from api.bulk.output import FIRED, UNDETERMINED, decisions
from engine.maps.row_map import RowMap
from engine.ruleset import RuleSet
from engine.sql.check import check
from engine.sql.facts import FAULTS, RawFacts
from engine.sql.form import OUTCOME, SqlForm
from engine.vocabulary import EPOCH

MEMORY = "2500MB"
"""DuckDB's own limit; with Arrow, Python and what DuckDB doesn't count the process stays below 4 GiB."""

Progress = Callable[[str, float], None]
"""What is being done, and the share of it that is done."""

_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Job:
    patterns: tuple[str, ...]
    ruleset: RuleSet
    as_of: date
    out: Path
    rejects: Path
    row_map: RowMap | None = None
    results: bool = True
    summary: bool = False
    memory: str = MEMORY


@dataclass(slots=True)
class Tally:
    rows: int = 0
    decided: int = 0
    rejected: int = 0
    seconds: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)
    rules: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Rows that each rule fired for, and rows it could not be told for; only where a summary is wanted."""


def run(job: Job, progress: Progress = lambda _what, _done: None) -> Tally:
    """Raises BulkRefused before anything is written."""
    started = time.perf_counter()
    refused = check(job.ruleset)
    if refused:
        raise BulkRefused("\n".join(map(str, refused)))
    output_format(job.out)
    scratch = Path(mkdtemp(prefix=".credence-batch-", dir=job.out.parent))
    try:
        with duckdb.connect() as connection:
            connection.execute(f"SET memory_limit = '{job.memory}'")
            connection.execute(f"SET temp_directory = {quoted(str(scratch / 'spill'))}")
            tally = _Run(job, connection, scratch, progress).run()
        (scratch / "rejects.csv").replace(job.rejects)
        (scratch / "out").replace(job.out)
    except duckdb.Error as error:
        raise BulkRefused(f"the files can't be read or written: {str(error).splitlines()[0]}") from error
    finally:
        rmtree(scratch, ignore_errors=True)
    tally.seconds = time.perf_counter() - started
    return tally


def output_format(path: Path) -> Format:
    found = format_of(str(path))
    if found is Format.ARROW:
        raise BulkRefused("bulk writes .parquet, .csv, .ndjson or .jsonl")
    return found


class _Run:
    def __init__(self, job: Job, connection: duckdb.DuckDBPyConnection, scratch: Path, progress: Progress) -> None:
        self.job = job
        self.connection = connection
        self.scratch = scratch
        self.progress = progress
        self.form = SqlForm(job.ruleset, "duckdb", (job.as_of - EPOCH).days)
        self.found: Input = open_input(job.patterns, connection, scratch)
        self.sources = sources(job.ruleset, self.found.heading, job.row_map)

    def run(self) -> Tally:
        total, bad = self._one(f"SELECT count(*), count({FAULTS}) FROM ({self._checked()})", "checking")
        malformed = self._malformed()
        decided = self._write()
        rejected = self._write_rejects(malformed, any_bad=bad > 0)
        tally = Tally(total + len(malformed), decided, rejected)
        if tally.rows != decided + rejected:
            raise AssertionError(f"rows were lost: {tally}")
        if self.job.summary:
            self._summarize(tally)
        return tally

    def _raw_facts(self, *kept: str) -> RawFacts:
        return RawFacts(self.job.ruleset.facts, self.form.columns, self.sources, self.form.dialect, kept)

    def _checked(self) -> str:
        return self._raw_facts().checked().sql("duckdb")

    def _write(self) -> int:
        format_ = output_format(self.job.out)
        facts = self._raw_facts().sound()
        query = decisions(self.form, facts, results=self.job.results, lists=format_ is Format.NDJSON).sql("duckdb")
        options = {
            Format.CSV: "FORMAT csv, HEADER",
            Format.NDJSON: "FORMAT json",
            Format.PARQUET: "FORMAT parquet, COMPRESSION zstd",
        }[format_]
        return int(self._one(f"COPY ({query}) TO {quoted(str(self.scratch / 'out'))} ({options})", "deciding")[0])

    # --- rejects -----------------------------------------------------------------------------------------------------

    def _malformed(self) -> list[tuple[str, int, str]]:
        """Rows that are no rows, by file and number."""
        return malformed_csv(self.connection) if self.found.format is Format.CSV else self.found.malformed

    def _write_rejects(self, malformed: list[tuple[str, int, str]], *, any_bad: bool) -> int:
        """File by file on one thread, so that a row's number is its own."""
        run = self.connection.execute
        run(f"CREATE TABLE rejected ({FILE} VARCHAR, {LINE} BIGINT, {FAULTS} VARCHAR)")
        if malformed:
            self.connection.executemany("INSERT INTO rejected VALUES (?, ?, ?)", malformed)
        run(f"CREATE TABLE malformed AS SELECT {FILE}, {LINE} AS broken FROM rejected")
        if any_bad:
            run("SET threads = 1")
            for index in range(len(self.found.files)):
                run(f"CREATE OR REPLACE TEMP VIEW numbered AS {numbered(self.found, self.connection, index)}")
                checked = self._raw_facts(FILE, LINE).checked("numbered").sql("duckdb")
                rejects = f"SELECT {FILE}, {LINE}, {FAULTS} FROM ({checked}) WHERE {FAULTS} IS NOT NULL"
                self._one(f"INSERT INTO rejected {self._renumbered(rejects, bool(malformed))}", "writing rejects")
            run("RESET threads")
        target = quoted(str(self.scratch / "rejects.csv"))
        return int(self._one(f"COPY (FROM rejected ORDER BY {FILE}, {LINE}) TO {target} (FORMAT csv, HEADER)")[0])

    def _renumbered(self, rejects: str, needed: bool) -> str:
        """A CSV's rows are counted without the malformed ones before them; the heading is record 1."""
        if self.found.format is not Format.CSV:
            return rejects
        if not needed:
            return f"SELECT {FILE}, {LINE} + 1, {FAULTS} FROM ({rejects})"
        before = f"broken - 1 - row_number() OVER (PARTITION BY {FILE} ORDER BY broken)"
        return (
            f"SELECT {FILE}, {LINE} + 1 + (SELECT count(*) FROM (SELECT {FILE} AS name, {before} AS good "
            f"FROM malformed) WHERE name = r.{FILE} AND good < r.{LINE}), {FAULTS} FROM ({rejects}) AS r"
        )

    # --- summary -----------------------------------------------------------------------------------------------------

    def _summarize(self, tally: Tally) -> None:
        """Read back from what was written."""
        run, source = self.connection.execute, self._written()
        counted = run(f"SELECT {OUTCOME}, count(*) FROM {source} GROUP BY ALL").fetchall()
        tally.outcomes = {str(outcome): int(count) for outcome, count in counted}
        text = output_format(self.job.out) is not Format.NDJSON
        found: list[dict[str, int]] = []
        for name in (FIRED, UNDETERMINED):
            ids = f"string_split({name}, ' ')" if text else name
            rows = run(
                f"SELECT id, count(*) FROM (SELECT unnest({ids}) AS id FROM {source}) WHERE id <> '' GROUP BY id"
            )
            found.append(dict(rows.fetchall()))
        tally.rules = {rule.id: (found[0].get(rule.id, 0), found[1].get(rule.id, 0)) for rule in self.job.ruleset.rules}

    def _written(self) -> str:
        file = quoted(str(self.scratch / "out"))
        lists = f"{OUTCOME}: 'VARCHAR', {FIRED}: 'VARCHAR[]', {UNDETERMINED}: 'VARCHAR[]'"
        return {
            Format.CSV: f"read_csv({file}, all_varchar = true, header = true, delim = ',')",
            Format.NDJSON: f"read_json({file}, format = 'newline_delimited', columns = {{{lists}}})",
            Format.PARQUET: f"read_parquet({file})",
        }[output_format(self.job.out)]

    def _one(self, sql: str, what: str = "") -> tuple[Any, ...]:
        """The one row that a statement gives, while a second thread shows how far it is."""
        done = threading.Event()

        def look() -> None:
            while not done.wait(_LOOK_SECONDS):
                self.progress(what, max(0.0, self.connection.query_progress()) / 100)

        watcher = threading.Thread(target=look, daemon=True)
        if what:
            watcher.start()
        try:
            [row] = self.connection.execute(sql).fetchall()  # to the end: what a scan rejects is kept when it is over
        finally:
            done.set()
            if what:
                watcher.join()
        return tuple(row)
