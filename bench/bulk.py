"""Bulk decisions: our SQL beside SQL tuned by hand, zen-engine and Spark, in one run.

`python -m bench.bulk --rows 5000000` prints Markdown. By hand and generated, SQL for the same policy reads the same
Parquet file, and is compared row by row before anything is timed; repeats take turns, so that a busy moment of the
machine hits all alike. Peak memory is that of a process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import duckdb

from bench.bulk_by_hand import query as by_hand
from bench.bulk_orders import facts_sql
from bench.bulk_zen import zen_rate
from engine.pipeline import load
from engine.ruleset import RuleSet
from engine.sql.form import OUTCOME, SqlForm
from engine.vocabulary import EPOCH

AS_OF = date(2026, 7, 1)
REPEATS = 5
ROOT = Path(__file__).parents[1]
POLICIES = {"bench/bulk_policy": ROOT / "bench" / "bulk_policy", "rules (the default policies)": ROOT / "rules"}
DUCKDB_MEMORY = "2500MB"
_TOTALS = "SELECT outcome, count(*) FROM ({}) GROUP BY outcome"
_MASKS = "SELECT count(outcome), sum(fired_1), sum(undetermined_1) FROM ({})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--alone", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--spark", action="store_true", help="also run Spark on local[2]")
    given = parser.parse_args()
    if given.alone:
        what, name = given.alone
        _alone(what, name, given.rows)
        return
    print(f"{given.rows:,} orders, DuckDB {duckdb.__version__}, {os.cpu_count()} cores, median of {REPEATS}\n")
    rates = _policy_by_hand(given.rows)
    _default_policies(given.rows)
    zen = zen_rate(POLICIES["bench/bulk_policy"])
    print(
        f"\nzen-engine, same policy, one core: {zen:,.0f} rows/s; ours is {rates['ours, masks'] / zen:,.0f} times that."
    )
    if given.spark:
        from bench.bulk_spark import spark_rate

        _, form, path = _prepared("bench/bulk_policy", given.rows)
        spark = spark_rate(form.ruleset, path, AS_OF, given.rows)
        share = spark / rates["ours, totals"]
        print(f"\nSpark local[2], totals: {spark / 1e6:.2f} million rows/s, {share:.2f} of DuckDB's.")


def _policy_by_hand(rows: int) -> Mapping[str, float]:
    ruleset, form, path = _prepared("bench/bulk_policy", rows)
    _same(ours(form), by_hand(), path)
    queries = {
        "by hand, totals": _TOTALS.format(by_hand()),
        "ours, totals": _TOTALS.format(ours(form)),
        "by hand, masks": _MASKS.format(by_hand()),
        "ours, masks": _MASKS.format(ours(form)),
    }
    rates = _rates(queries, path, rows)
    print(f"bench/bulk_policy: {len(ruleset.rules)} rules, {len(ruleset.steps)} values and table rows\n")
    print("| query | million rows/s | × by hand |\n|---|---:|---:|")
    for name, rate in rates.items():
        print(f"| {name} | {rate / 1e6:.2f} | {rate / rates['by hand, ' + name.split(', ')[1]]:.2f} |")
    return rates


def _default_policies(rows: int) -> None:
    ruleset, form, path = _prepared("rules (the default policies)", rows)
    queries = {"totals": _TOTALS.format(ours(form)), "masks": _MASKS.format(ours(form))}
    rates = _rates(queries, path, rows)
    print(f"\nDefault order policies: {len(ruleset.rules)} rules, {len(ruleset.steps)} values and table rows\n")
    print("| query | million rows/s |\n|---|---:|")
    for name, rate in rates.items():
        print(f"| {name} | {rate / 1e6:.2f} |")
    print("\n| `credence batch`, Parquet to Parquet | million rows/s | peak MiB |\n|---|---:|---:|")
    for what in ("reasons", "every value"):
        command = [sys.executable, "-m", "bench.bulk", "--rows", str(rows), "--alone", what, str(path)]
        said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
        million, peak = float(said.split()[0]) / 1e6, said.split()[1]
        print(f"| outcome, rule ids{'' if what == 'reasons' else ', every value'} | {million:.2f} | {peak} |")


def _prepared(name: str, rows: int) -> tuple[RuleSet, SqlForm, Path]:
    ruleset = _ruleset(POLICIES[name])
    form = SqlForm(ruleset, "duckdb", (AS_OF - EPOCH).days)
    path = Path(gettempdir()) / f"credence-bench-orders-{rows}-{len(ruleset.facts)}.parquet"
    if not path.exists():
        partial = path.with_suffix(".partial")
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({facts_sql(ruleset, form.columns, rows)}) TO '{partial}' (FORMAT parquet)")
        partial.rename(path)
    return ruleset, form, path


def _ruleset(folder: Path) -> RuleSet:
    loaded = load({path.name: path.read_bytes() for path in folder.glob("*.yaml")})
    assert loaded.engine, loaded.diagnostics
    return loaded.engine.ruleset("order", AS_OF)


def ours(form: SqlForm) -> str:
    masks = [mask.column for mask in (*form.fired, *form.undetermined)]
    return form.query([OUTCOME, *masks]).sql("duckdb")


def _connected(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '{DUCKDB_MEMORY}'")
    connection.execute(f"CREATE VIEW facts AS FROM read_parquet('{path}')")
    return connection


def _same(mine: str, theirs: str, path: Path) -> None:
    with _connected(path) as connection:
        difference = f"SELECT count(*) FROM (FROM ({mine}) POSITIONAL JOIN ({theirs}) AS hand) AS both_sides({_BOTH})"
        [(count,)] = connection.execute(f"{difference} WHERE (a, b, c) IS DISTINCT FROM (x, y, z)").fetchall()
    assert count == 0, f"{count} rows differ"


_BOTH = "a, b, c, x, y, z"


def _rates(queries: Mapping[str, str], path: Path, rows: int) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in queries}
    with _connected(path) as connection:
        for _ in range(REPEATS):
            for name, query in queries.items():
                seconds[name].append(_timed(lambda query=query: connection.execute(query).fetchall()))  # type: ignore[misc]
    return {name: rows / statistics.median(found) for name, found in seconds.items()}


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _alone(what: str, name: str, rows: int) -> None:
    """`credence batch` without its reading of raw values: the file holds facts as integers."""
    from sqlglot import parse_one

    from api.bulk.output import decisions

    ruleset = _ruleset(ROOT / "rules")
    form = SqlForm(ruleset, "duckdb", (AS_OF - EPOCH).days)
    facts = parse_one(f"SELECT * FROM read_parquet('{name}')", dialect="duckdb")
    query = decisions(form, facts, results=what != "reasons", lists=False).sql("duckdb")  # type: ignore[arg-type]
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{DUCKDB_MEMORY}'")
        took = _timed(lambda: connection.execute(f"COPY ({query}) TO '{folder}/out.parquet' (FORMAT parquet)"))
    print(rows / took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


if __name__ == "__main__":
    main()
