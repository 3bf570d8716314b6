"""`credence batch --engine spark`: from a cluster's storage to a cluster's storage, in folders.

Composes `spark` with reading and writing. Paths are Spark's own (`hdfs://…`, `s3a://…`, local ones), never looked at as
files of this machine.
"""

from __future__ import annotations

import codecs
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sf

from engine.lowering.sql.sql_form import ACTIONS, OUTCOME
from engine.ruleset.ruleset import RuleSet
from files.batch.duckdb.duckdb_run import SqlBatchJob, output_format
from files.batch.duckdb.failures import QueryFailed
from files.batch.input import format_of
from files.batch.job import BatchTally
from files.batch.output import FIRED, RULES, UNDETERMINED
from files.batch.spark.frames import decide_frame
from files.formats import Format
from files.input_refused import InputRefused
from files.spreadsheet import FORMULA_STARTS, TEXT_MARK

HUGE_METHOD = "spark.sql.codegen.hugeMethodLimit"
COMPILED = "8000"
"""Bytes of bytecode beyond which HotSpot interprets a method instead of compiling it (its DontCompileHugeMethods). A
policy set becomes one method of 40,000; told so, Spark runs it in pieces: three times as fast for the default set."""


def run(job: SqlBatchJob, master: str) -> BatchTally:
    """`job.out` and `job.rejects` become folders. Raises InputRefused, or QueryFailed where credence is to blame, with
    nothing left behind."""
    started = time.perf_counter()
    read, written = _formats(job)
    with _in_one_line():
        session = SparkSession.builder.master(master).appName("credence batch").getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        session.conf.set(HUGE_METHOD, COMPILED)
        for option, path in (("--out", job.out), ("--rejects", job.rejects)):
            if _exists(session, path):
                raise InputRefused(f"{option} `{path}` exists; on Spark it becomes a new folder")
        frame = _frame(session, job, read)
        try:
            with _sorted(frame):
                tally = _write(job, frame, cells=read is Format.CSV, written=written)
        except BaseException:
            for path in (job.out, job.rejects):
                _delete(session, path)
            raise
    tally.seconds = time.perf_counter() - started
    return tally


def _formats(job: SqlBatchJob) -> tuple[Format, Format]:
    read = {format_of(path) for path in job.sources}
    if len(read) != 1 or read - {Format.CSV, Format.PARQUET}:
        raise InputRefused(
            "on Spark, a batch reads CSV or Parquet, one of them at a time; --engine duckdb reads the others"
        )
    return read.pop(), output_format(job.out)


def _frame(session: SparkSession, job: SqlBatchJob, format_: Format) -> DataFrame:
    """Spark puts a sign of its own for a byte that an encoding doesn't know, and leaves no lines above a heading out;
    neither is said of a row, so that both are refused."""
    if format_ is Format.PARQUET:
        return session.read.parquet(*job.sources)
    other = "--engine duckdb or python reads it so"
    if codecs.lookup(job.encoding).name not in ("utf-8", "utf-8-sig"):
        raise InputRefused(f"on Spark, CSV is read as UTF-8, not {job.encoding}", other)
    if job.row_map is not None and job.row_map.skip_lines:
        raise InputRefused("on Spark, the heading is the first line, and the map has `skip_lines`", other)
    reader = session.read.options(
        header=True, mode="FAILFAST", escape='"', multiLine=True, enforceSchema=False, sep=job.delimiter
    )
    frame = reader.csv(list(job.sources))
    if frame.columns and frame.columns[0].lower().startswith("sep="):
        raise InputRefused(f"on Spark, the heading is the first line, and that says `{frame.columns[0]}`", other)
    return frame


def _write(job: SqlBatchJob, frame: DataFrame, *, cells: bool, written: Format) -> BatchTally:
    as_json = written is not Format.PARQUET
    decided = decide_frame(
        frame,
        job.ruleset,
        job.as_of,
        job.row_map,
        cells=cells,
        results=job.results,
        lists_as_json=as_json,
        money=job.money,
    )
    _written(decided.decisions, job.out, written, spreadsheet=job.spreadsheet)
    _written(decided.rejects, job.rejects, Format.PARQUET)
    session = frame.sparkSession
    decisions = _read_back(session, job.out, written)
    rejected = session.read.parquet(job.rejects).count()
    tally = BatchTally(rows=frame.count(), decided=decisions.count(), rejected=rejected)
    tally.refuse_lost_rows()
    if job.summary:
        _summarize(job.ruleset, decisions, tally)
    return tally


def _written(frame: DataFrame, path: str, format_: Format, *, spreadsheet: bool = False) -> None:
    match format_:
        case Format.CSV:
            cells = [_cell(name, type_, spreadsheet=spreadsheet).alias(name) for name, type_ in frame.dtypes]
            frame.select(cells).write.csv(path, header=True, escape='"', emptyValue="")
        case Format.NDJSON:
            parts = {name: sf.filter(sf.split(name, " "), lambda id_: id_ != "") for name in RULES}
            frame.withColumns(parts).write.option("ignoreNullFields", "false").json(path)
        case _:
            frame.write.parquet(path)


def _cell(name: str, type_: str, *, spreadsheet: bool) -> Column:
    if type_.startswith("array"):
        written = sf.to_json(_column(name), {"ignoreNullFields": "false"})
        return sf.when(sf.size(_column(name)) > 0, written).otherwise("") if name == ACTIONS else written
    if type_ != "string" or not spreadsheet:
        return _column(name)
    begins = sf.substring(_column(name), 1, 1).isin(list(FORMULA_STARTS))
    return sf.when(begins, sf.concat(sf.lit(TEXT_MARK), _column(name))).otherwise(_column(name))


def _column(name: str) -> Column:
    return sf.col(f"`{name}`")


def _read_back(session: SparkSession, path: str, format_: Format) -> DataFrame:
    match format_:
        case Format.CSV:
            return session.read.csv(path, header=True, escape='"', multiLine=True)
        case Format.NDJSON:
            rules = "".join(f", {name} ARRAY<STRING>" for name in RULES)
            return session.read.schema(f"{OUTCOME} STRING{rules}").json(path)
        case _:
            return session.read.parquet(path)


def _summarize(ruleset: RuleSet, decisions: DataFrame, tally: BatchTally) -> None:
    tally.outcomes = Counter({row[0]: row[1] for row in decisions.groupBy(OUTCOME).count().collect()})
    types = dict(decisions.dtypes)
    counts = []
    for name in (FIRED, UNDETERMINED):
        ids = sf.col(name) if types[name].startswith("array") else sf.split(name, " ")
        rows = decisions.select(sf.explode(ids).alias("id")).groupBy("id").count().collect()
        counts.append({row[0]: row[1] for row in rows})
    tally.rules = {rule.id: (counts[0].get(rule.id, 0), counts[1].get(rule.id, 0)) for rule in ruleset.rules}


# --- storage and failures --------------------------------------------------------------------------------------------


def _exists(session: SparkSession, path: str) -> bool:
    system, place = _place(session, path)
    return bool(system.exists(place))


def _delete(session: SparkSession, path: str) -> None:
    system, place = _place(session, path)
    recursively = True  # Java takes no keywords
    system.delete(place, recursively)


def _place(session: SparkSession, path: str) -> tuple[Any, Any]:
    """The file system that a path is of, and the path as it knows it."""
    context: Any = session.sparkContext
    place = context._jvm.org.apache.hadoop.fs.Path(path)
    return place.getFileSystem(context._jsc.hadoopConfiguration()), place


_SPARK_ERRORS = (PySparkException, Py4JJavaError)
_STORAGE = ("java.io.", "java.nio.", "org.apache.hadoop.", "java.net.")
"""Where the exceptions of file systems stand."""


@contextmanager
def _sorted(frame: DataFrame) -> Iterator[None]:
    """Of what goes wrong while rows are decided: the files' or the storage's, as it is, or the query's, as QueryFailed.
    The files are to blame where they can't be read by themselves."""
    try:
        yield
    except _SPARK_ERRORS as error:
        frame.write.format("noop").mode("overwrite").save()
        if not any(name.startswith(_STORAGE) for name in _classes(error)):
            raise QueryFailed(_said(error)) from error
        raise


def _classes(error: PySparkException | Py4JJavaError) -> Iterator[str]:
    """The Java classes of an error and of its causes."""
    cause: Any = error.java_exception if isinstance(error, Py4JJavaError) else getattr(error, "_origin", None)
    while cause is not None:
        yield cause.getClass().getName()
        cause = cause.getCause()


def _said(error: PySparkException | Py4JJavaError) -> str:
    if isinstance(error, PySparkException):
        return str(error).splitlines()[0]
    cause = error.java_exception
    while cause.getCause() is not None:
        cause = cause.getCause()
    return str(cause.toString().splitlines()[0])


@contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except PySparkException as error:
        if error.getCondition() == "JAVA_GATEWAY_EXITED":
            raise InputRefused(
                "Spark needs a Java runtime; install one, such as the package default-jre-headless"
            ) from error
        raise InputRefused(f"Spark can't do it: {_said(error)}") from error
    except Py4JJavaError as error:
        raise InputRefused(f"Spark can't do it: {_said(error)}") from error
