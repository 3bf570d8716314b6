"""How far the backtest's lift on IBM's sample is luck: the same figures over resampled customers.

`python -m bench.backtest_interval invoices.csv` prints the 5th, 50th and 95th percentile of lift and held share on the
last 40% of the dates, drawing as many customers as there are, with replacement. Customers, not invoices, are drawn,
since one customer's invoices are alike.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bench.backtest import policies, source_of
from receivables.backtest.backtest import STOPPING, outcome, window_of
from receivables.backtest.replay import decider
from receivables.history.history_file import read_history
from receivables.payment_record import ReceivablesByDay, facts_at_issue

DRAWS = 4_000
SINCE = date(2013, 2, 25)
"""Where the last 40% of the sample's invoices begin, the part that no number was chosen on."""

Counts = tuple[int, int, int, int]
"""Of one customer: amount, amount held, amount later than 15 days, of that held."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("history", type=Path)
    customers = _customers(arguments.parse_args().history)
    chance = random.Random(1)
    drawn = [_lift(chance.choices(customers, k=len(customers))) for _ in range(DRAWS)]
    for name, values in zip(("lift", "held share"), zip(*drawn, strict=True), strict=True):
        ordered = sorted(values)
        print(name, *(f"{ordered[int(len(ordered) * part)]:.3f}" for part in (0.05, 0.5, 0.95)))


def _customers(path: Path) -> list[Counts]:
    engine = policies()
    source = source_of(path, engine)
    accounts = read_history(source).accounts
    window = window_of(accounts, SINCE)
    receivables = ReceivablesByDay(invoice for account in accounts.values() for invoice in account)
    decide = decider(engine.ruleset("order", date(2026, 7, 1)), source.history_map)
    counts = []
    for account in accounts.values():
        cases = [case for case in facts_at_issue(account, receivables) if case[0].issued >= window.since]
        rows = [(case[0], decided.outcome in STOPPING) for case, decided in zip(cases, decide(cases), strict=True)]
        late = [(invoice.amount, held) for invoice, held in rows if outcome(invoice, window.end)[0] > 15]
        amount, held = sum(invoice.amount for invoice, _ in rows), sum(i.amount for i, is_held in rows if is_held)
        counts.append((amount, held, sum(a for a, _ in late), sum(a for a, is_held in late if is_held)))
    return counts


def _lift(customers: Sequence[Counts]) -> tuple[float, float]:
    """Lift and held share of these customers together."""
    amount, held, late, caught = (sum(column) for column in zip(*customers, strict=True))
    share = held / amount
    return (caught / late / share if late and share else 0.0), share


if __name__ == "__main__":
    main()
