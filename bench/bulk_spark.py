"""The benchmark's totals on Spark, in this process's own local session."""

from __future__ import annotations

import statistics
import time
from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

from engine.lowering.sql.sql_form import OUTCOME, SqlForm
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.days import EPOCH
from files.batch.spark.cluster import COMPILED, HUGE_METHOD

REPEATS = 3


def spark_rate(ruleset: RuleSet, path: Path, as_of: date, rows: int) -> float:
    """Rows a second on local[2]; the first run, which compiles, doesn't count."""
    settings: dict[str, bool | float | int | str | None] = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "2g",
        "spark.sql.shuffle.partitions": "2",
        HUGE_METHOD: COMPILED,
    }
    session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.read.parquet(str(path)).createOrReplaceTempView("facts")
    form = SqlForm(ruleset, "spark", (as_of - EPOCH).days)
    query = f"SELECT outcome, count(*) FROM ({form.query([OUTCOME]).sql('spark')}) GROUP BY outcome"
    session.sql(query).collect()
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        session.sql(query).collect()
        seconds.append(time.perf_counter() - start)
    session.stop()
    return rows / statistics.median(seconds)
