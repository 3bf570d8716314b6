"""Bulk decisions: our SQL beside SQL tuned by hand, zen-engine and Spark, on the default order policies, in one run.

`python -m bench.bulk --rows 5000000` prints Markdown. By hand and generated, SQL for the same policies reads the same
Parquet file, and is compared row by row before anything is timed; repeats take turns, so that a busy moment of the
machine hits all alike. Processor time is given beside the rate because it hardly depends on what else runs. Peak
memory is that of a process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import NamedTuple

import duckdb
from sqlglot import exp

from bench import bulk_by_hand, bulk_zen
from bench.bulk_orders import facts_sql
from engine.lowering.sql.alternatives import with_alternatives
from engine.lowering.sql.sql_form import OUTCOME, SqlForm
from engine.pipeline import load
from engine.vocabulary.days import EPOCH
from files.batch.output import OutputOptions, decisions
from files.formats import Format
from ledger.policies.rules_folder import read_folder

AS_OF = date(2026, 7, 1)
REPEATS = 5
ROOT = Path(__file__).parents[1]
DUCKDB_MEMORY = "2500MB"
EDGE_ROWS = 1_000_000
"""Edge cases that are compared before anything is timed."""

ZEN_ORDERS = 3_000
"""Orders that zen-engine decides, which takes it a second for each 13,000."""

_OUTDATED = "bench/bulk_by_hand.py is not written for today's rules/: {}; write it anew"
_TOTALS = "SELECT outcome, count(*) FROM ({}) GROUP BY outcome"
_MASKS = "SELECT count(outcome), sum(fired_1), sum(undetermined_1) FROM ({})"
_IDS = ("order_id", "account_id")


class Cost(NamedTuple):
    """What a query costs, medians over the repeats."""

    rate: float
    """Rows a second."""

    processor: float
    """Seconds a row, of all cores together."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--alone", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--spark", action="store_true", help="also run Spark on local[2]")
    options = parser.parse_args()
    if options.alone:
        what, name = options.alone
        _alone(what, name, options.rows)
        return
    print(
        f"{options.rows:,} orders, DuckDB {duckdb.__version__}, {os.cpu_count()} cores, median of {options.repeats}\n"
    )
    form = _form()
    path = _orders(form, options.rows)
    _compare(form, path)
    costs = _beside_hand(form, path, options.rows, options.repeats)
    _batch(path, options.rows)
    _beside_zen(path, costs["ours, bitmask of rules"])
    if options.spark:
        _beside_spark(form, path, options.rows, costs["ours, totals by outcome"].rate)


def _form() -> SqlForm:
    loaded = load(read_folder(ROOT / "rules").policies)
    assert loaded.engine, loaded.diagnostics
    ruleset = loaded.engine.ruleset("order", AS_OF)
    print(f"Default order policies: {len(ruleset.rules)} rules, {len(ruleset.steps)} values and table rows\n")
    return SqlForm(with_alternatives(ruleset), "duckdb", (AS_OF - EPOCH).days)


def _orders(form: SqlForm, rows: int, *, edges: bool = False) -> Path:
    """A Parquet file of orders, made once and kept in the temporary folder. `edges`: the edge cases instead."""
    kind = "edges" if edges else "orders"
    path = Path(gettempdir()) / f"credence-bench-{kind}-{rows}-{len(form.ruleset.facts)}.parquet"
    if not path.exists():
        partial = path.with_suffix(".partial")
        query = facts_sql(form.ruleset, form.columns, rows, edges=edges)
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({query}) TO '{partial}' (FORMAT parquet)")
        partial.rename(path)
    return path


def ours(form: SqlForm) -> str:
    """Our query for outcome and masks."""
    return form.query([OUTCOME, *(mask.column for mask in (*form.fired, *form.undetermined))]).sql("duckdb")


def _facts(path: Path | str) -> exp.Select:
    return exp.select("*").from_(f"read_parquet('{path}')", dialect="duckdb")


def _our_lists(form: SqlForm, path: Path) -> str:
    """What `credence batch` writes, without the conditions."""
    query = decisions(form, _facts(path), OutputOptions(format=Format.NDJSON, results=False)).sql("duckdb")
    return f'SELECT "order.id", "account.id", outcome, fired, undetermined FROM ({query})'


def _connected(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '{DUCKDB_MEMORY}'")
    connection.execute(f"CREATE VIEW facts AS FROM read_parquet('{path}')")
    return connection


# --- the same results ------------------------------------------------------------------------------------------------


def _compare(form: SqlForm, path: Path) -> None:
    """Ends the benchmark where the query by hand and ours differ in a row."""
    ids = tuple(id_ for mask in form.fired for id_ in mask.ids)
    if ids != bulk_by_hand.IDS:
        sys.exit(_OUTDATED.format(f"its rules are others: {sorted({*ids} ^ {*bulk_by_hand.IDS})}"))
    for file in (_orders(form, EDGE_ROWS, edges=True), path):
        _same(ours(form), bulk_by_hand.masks(), file)
    with _connected(path) as connection:
        sums = [
            connection.execute(f"SELECT count(*), sum(hash(COLUMNS(*))) FROM ({query})").fetchall()
            for query in (_our_lists(form, path), bulk_by_hand.lists(*_IDS))
        ]
    assert sums[0] == sums[1], "the lists differ"


def _same(mine: str, theirs: str, path: Path) -> None:
    """Row by row: outcome, fired and undetermined rules."""
    pairs = f"(FROM ({mine}) POSITIONAL JOIN ({theirs}) AS hand) AS both_sides(a, b, c, x, y, z)"
    query = f"SELECT count(*), bit_or(xor(b, y) | xor(c, z)) FROM {pairs} WHERE (a, b, c) IS DISTINCT FROM (x, y, z)"
    with _connected(path) as connection:
        [(count, bits)] = connection.execute(query).fetchall()
    if count:
        wrong = [id_ for i, id_ in enumerate(bulk_by_hand.IDS) if bits >> i & 1]
        sys.exit(_OUTDATED.format(f"{count:,} rows of {path.name} differ, in {wrong or 'the outcome'}"))


# --- rates -----------------------------------------------------------------------------------------------------------


def _beside_hand(form: SqlForm, path: Path, rows: int, repeats: int) -> Mapping[str, Cost]:
    with TemporaryDirectory() as folder, _connected(path) as connection:
        connection.execute(f"SET temp_directory = '{folder}/spill'")
        to_file = f"COPY ({{}}) TO '{folder}/lists.parquet' (FORMAT parquet)"
        queries = {
            "by hand, totals by outcome": _TOTALS.format(bulk_by_hand.masks()),
            "ours, totals by outcome": _TOTALS.format(ours(form)),
            "by hand, bitmask of rules": _MASKS.format(bulk_by_hand.masks()),
            "ours, bitmask of rules": _MASKS.format(ours(form)),
            "by hand, lists of rule ids, Parquet to Parquet": to_file.format(bulk_by_hand.lists(*_IDS)),
            "ours, lists of rule ids, Parquet to Parquet": to_file.format(_our_lists(form, path)),
        }
        costs = _costs(queries, connection, rows, repeats)
    print("| query | million rows/s | × by hand | processor µs a row | × by hand |\n|---|---:|---:|---:|---:|")
    for name, cost in costs.items():
        hand = costs["by hand, " + name.split(", ", 1)[1]]
        print(f"| {name} | {cost.rate / 1e6:.2f} | {cost.rate / hand.rate:.2f} ", end="")
        print(f"| {cost.processor * 1e6:.2f} | {hand.processor / cost.processor:.2f} |")
    return costs


def _costs(
    queries: Mapping[str, str], connection: duckdb.DuckDBPyConnection, rows: int, repeats: int
) -> dict[str, Cost]:
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in queries}
    for _ in range(repeats):
        for name, query in queries.items():
            measured[name].append(_timed(connection, query))
    return {
        name: Cost(rows / statistics.median(wall for wall, _ in times), statistics.median(u for _, u in times) / rows)
        for name, times in measured.items()
    }


def _timed(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[float, float]:
    """Seconds on the clock, and of this process on all cores."""
    start, used = time.perf_counter(), time.process_time()
    connection.execute(query).fetchall()
    return time.perf_counter() - start, time.process_time() - used


# --- what credence batch writes --------------------------------------------------------------------------------------


def _batch(path: Path, rows: int) -> None:
    print("\n| `credence batch`, Parquet to Parquet | million rows/s | peak MiB |\n|---|---:|---:|")
    for what in ("reasons", "every value"):
        command = [sys.executable, "-m", "bench.bulk", "--rows", str(rows), "--alone", what, str(path)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
        million, peak = float(printed.split()[-2]) / 1e6, printed.split()[-1]
        print(f"| outcome, rule ids{'' if what == 'reasons' else ', every value'} | {million:.2f} | {peak} |")


def _alone(what: str, name: str, rows: int) -> None:
    """`credence batch` without its reading of raw values: the file holds facts as integers."""
    options = OutputOptions(format=Format.PARQUET, results=what != "reasons")
    query = decisions(_form(), _facts(name), options).sql("duckdb")
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{DUCKDB_MEMORY}'")
        took, _ = _timed(connection, f"COPY ({query}) TO '{folder}/out.parquet' (FORMAT parquet)")
    print(rows / took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


# --- other engines ---------------------------------------------------------------------------------------------------


def _beside_zen(path: Path, our: Cost) -> None:
    columns = bulk_zen.facts()
    known = " AND ".join(f"{name} IS NOT NULL" for name in columns if name not in bulk_zen.MAY_BE_MISSING)
    decided = f"({bulk_by_hand.masks(*columns)})"
    query = f"SELECT fired_1, {', '.join(columns)} FROM {decided} WHERE undetermined_1 = 0 AND {known}"
    with _connected(path) as connection:
        rows = connection.execute(f"{query} LIMIT {ZEN_ORDERS}").fetchall()
    orders = [{name: value for name, value in zip(columns, row[1:], strict=True) if value is not None} for row in rows]
    expected = [frozenset(id_ for i, id_ in enumerate(bulk_by_hand.IDS) if row[0] >> i & 1) for row in rows]
    equal = sum(mine == theirs for mine, theirs in zip(expected, bulk_zen.fired(orders), strict=True))
    clock, used = bulk_zen.seconds(orders)
    print(f"\nzen-engine, the same rules, one core: {1 / clock:,.0f} rows/s. Ours with the bitmask does")
    print(f"{clock * our.rate:,.0f} times as many, on one core {used / our.processor:,.0f} times by processor time.")
    print(f"Of {len(orders):,} orders with nothing unknown, both fire the same rules for {equal:,}.")


def _beside_spark(form: SqlForm, path: Path, rows: int, our_rate: float) -> None:
    from bench.bulk_spark import spark_rate

    spark = spark_rate(form.ruleset, path, AS_OF, rows)
    print(f"\nSpark local[2], totals: {spark / 1e6:.2f} million rows/s, {spark / our_rate:.2f} of DuckDB's.")


if __name__ == "__main__":
    main()
