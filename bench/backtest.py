"""The backtest on generated histories of growing size: whole runs, file to figures, each in a process of its own.

`python -m bench.backtest` prints a Markdown table of medians; `--millions 1 3 10` chooses the sizes. What is timed is
what `credence backtest` does between its start and its report: policies loaded, CSV read, facts, decisions, figures.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from engine.pipeline import Engine, load
from engine.reading.document import read
from ledger.policies.rules_folder import read_folder
from receivables.backtest.run_backtest import BacktestRequest, run
from receivables.history.history_file import HistorySource
from receivables.history.history_map_file import read_history_map

ROOT = Path(__file__).parents[1]
MAP = ROOT / "rules" / "maps" / "ibm_history.yaml"
HEADING = "invoiceNumber,customerID,InvoiceDate,DueDate,SettledDate,InvoiceAmount,Disputed\n"
INVOICES_A_CUSTOMER = 100
DAYS = 3 * 365
FIRST = date(2021, 1, 1)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millions", type=float, nargs="+", default=[0.25, 1, 4, 10])
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one:
        print(*(f"{seconds:.3f}" for seconds in one_run(options.one)))
        return
    print("| invoices | seconds | processor seconds | µs an invoice | peak MiB |")
    print("|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for millions in options.millions:
            _size(Path(folder) / "history.csv", int(millions * 1_000_000), options.repeats)


def _size(path: Path, count: int, repeats: int) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADING)
        stream.writelines(history(count))
    runs = [_in_a_process(path) for _ in range(repeats)]
    seconds, processor, peak = (statistics.median(column) for column in zip(*runs, strict=True))
    each = seconds / count * 1e6
    print(f"| {count:,} | {seconds:.1f} | {processor:.1f} | {each:.1f} | {peak:,.0f} |", flush=True)


def _in_a_process(path: Path) -> list[float]:
    command = [sys.executable, "-m", "bench.backtest", "--one", str(path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    return [float(word) for word in printed.split()]


def one_run(path: Path) -> tuple[float, float, float]:
    """One whole run: seconds by the clock, seconds of processor time, peak MiB."""
    start = time.perf_counter()
    engine = policies()
    request = BacktestRequest(source=source_of(path, engine), engines={"rules": engine}, as_of=date(2026, 7, 1))
    backtest, history_read = run(request)
    seconds = time.perf_counter() - start
    assert not history_read.rejected, history_read.rejects[:3]
    assert backtest.figures.everything.all.count == history_read.rows
    return seconds, time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def source_of(path: Path, engine: Engine) -> HistorySource:
    """A history with the columns of IBM's sample, read through the shipped map."""
    document, _ = read(MAP.read_bytes(), MAP.name)
    assert document is not None
    history_map, diagnostics = read_history_map(document, engine.vocabulary)
    assert history_map is not None, diagnostics
    return HistorySource(path=path, history_map=history_map, currency_digits=engine.vocabulary.currency_digits)


def policies() -> Engine:
    """The shipped policies."""
    loaded = load(read_folder(ROOT / "rules").policies)
    assert loaded.engine is not None, loaded.diagnostics
    return loaded.engine


def history(count: int) -> Iterator[str]:
    """So many rows of a CSV file in order of issue, as a ledger gives it. Each customer pays late at its own rate and
    by its own days."""
    chance = random.Random(20_260_701)
    customers = max(count // INVOICES_A_CUSTOMER, 1)
    habits = [(chance.betavariate(1, 2), chance.choice((3, 8, 20, 40))) for _ in range(customers)]
    days = [_written(FIRST + timedelta(days=day)) for day in range(DAYS + 400)]
    for number in range(count):
        issued = number * DAYS // count
        customer = chance.randrange(customers)
        rate, mean = habits[customer]
        late = int(chance.expovariate(1 / mean)) + 1 if chance.random() < rate else -chance.randrange(20)
        settled = days[min(issued + 30 + late, len(days) - 1)]
        amount = f"{chance.lognormvariate(7, 1):.2f}"
        yield f"{number},C{customer},{days[issued]},{days[issued + 30]},{settled},{amount},No\n"


def _written(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"


if __name__ == "__main__":
    main()
