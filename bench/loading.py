"""Loading a policy set: read, check and compile, then what the first decision waits for.

`python -m bench.loading` prints a Markdown table: medians of processor time, so that a busy machine doesn't show, with
imports left out. "ready" is every case kind's lowering, which the service does before it answers its first request.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path, PurePath

from engine.feel.parse import parse_expression
from engine.pipeline import Engine, load
from ledger.policies.rules_folder import read_folder

RULES = Path(__file__).parent.parent / "rules"
"""The default policies."""

SIZES = (100, 1_000, 2_000)
"""Rules in each of the generated policy sets."""

AS_OF = date(2026, 7, 15)
"""The date whose rule sets are lowered."""

RULES_PER_FILE = 50


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeats", type=int, default=5)
    arguments.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="rules in each generated set")
    options = arguments.parse_args()
    repeats = options.repeats
    parse_expression("1")  # the grammar's own loading counts as import
    print(f"one core, median of {repeats} loads\n")
    print("| policies | files | rules and rows | KiB | first load ms | load ms | ready ms | load, ms a rule |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    row("default set", default_set(), repeats)
    for size in options.sizes:
        row(f"generated, {size:,} rules", generated(size), repeats)


def default_set() -> dict[str, bytes]:
    """The default policies and their vocabulary, by file name."""
    return dict(read_folder(RULES).policies)


def row(label: str, files: Mapping[str, bytes], repeats: int) -> None:
    """Prints a line of the table. The first load is given apart: it pays for caches that later ones find full."""
    loads, readies = [], []
    for _ in range(repeats):
        start = time.process_time()
        loaded = load(files)
        loads.append(time.process_time() - start)
        assert loaded.engine is not None, loaded.diagnostics[:5]
        start = time.process_time()
        loaded.engine.warm(AS_OF)
        readies.append(time.process_time() - start)
        rules = rules_of(loaded.engine)
        loaded.engine.close()
    milliseconds = statistics.median(loads) * 1e3
    size = sum(map(len, files.values())) / 1024
    print(
        f"| {label} | {len(files)} | {rules} | {size:,.0f} | {loads[0] * 1e3:,.0f} | {milliseconds:,.0f} "
        f"| {statistics.median(readies) * 1e3:,.0f} | {milliseconds / rules:.2f} |"
    )


def rules_of(engine: Engine) -> int:
    """Rules, table rows and scorecard bands of all policies together."""
    policies = engine.policies.values()
    bands = sum(len(c.bands) for p in policies if p.scorecard for c in p.scorecard.criteria)
    rows = sum(len(table.rows) for policy in policies for table in policy.tables.values())
    return bands + rows + sum(len(policy.rules) for policy in policies)


# --- a generated policy set ------------------------------------------------------------------------------------------

CONDITIONS = (
    "order.amount > {a}00 and account.days_overdue_max > {b}",
    "exposure > account.credit_limit * (1 + tolerance) and order.payment_days > {b}",
    'account.country in ["DE", "FR", "C{b}"] and order.amount between {a} and {a}000',
    "account.broken_promises >= {b} or account.overdue_amount > max({a}00, account.credit_limit * 0.{b})",
    "if account.litigation then order.amount > {a} else order.amount > {a}000",
)


def generated(rules: int) -> dict[str, bytes]:
    """A policy set of so many rules with plausible conditions, the same on every run."""
    chance = random.Random(rules)
    files: dict[str, bytes] = {}
    for number, start in enumerate(range(0, rules, RULES_PER_FILE)):
        files[f"made{number}.yaml"] = "".join(_policy(number, min(RULES_PER_FILE, rules - start), chance)).encode()
    listed = ", ".join(PurePath(name).stem for name in files)
    files["facts.yaml"] = f"currency: EUR\npolicies: [{listed}]\n...\n".encode()
    return files


def _policy(number: int, rules: int, chance: random.Random) -> Iterator[str]:
    yield f"policy: made{number}\ntitle: {{en: Made {number}, zh: 策略}}\ndecides: order\n"
    yield "parameters:\n  tolerance: {2026-01-01: 0.10, 2026-07-01: 0.05}\n"
    yield "values:\n  exposure: account.open_invoices + account.open_orders + order.amount\nrules:\n"
    for index in range(rules):
        condition = chance.choice(CONDITIONS).format(a=chance.randint(1, 999), b=chance.randint(10, 99))
        yield f"  rule-{index}:\n    when: '{condition}'\n    then: hold\n    if_missing: ignore\n"
        yield "    reason:\n      en: Now {exposure}.\n      zh: 敞口 {exposure}。\n"
    yield "...\n"


if __name__ == "__main__":
    main()
