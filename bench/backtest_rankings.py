"""What plain rankings would have held of IBM's sample: the two that docs/backtest.md compares the policies with.

`python -m bench.backtest_rankings invoices.csv` prints the lift of holding the worst 15% of the amount of the last 40%
of the dates. Orders that a ranking puts equally high are held in equal parts, so that the order of the file's rows
changes nothing: of two that tie where only one fits, half of each is held.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path

from bench.backtest import MAP, policies
from engine.reading.document import read
from receivables.backtest.backtest import Accounts, outcome, window_of
from receivables.history.history_file import HistorySource, read_history
from receivables.history.history_map_file import read_history_map
from receivables.payment_record import Invoice

SINCE = date(2013, 2, 25)
SHARE = Fraction(15, 100)
LATE_DAYS = 15

Score = Callable[[Sequence[Invoice], int], Fraction]
"""How bad a customer looked as a day opened, from all its invoices and the day."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("history", type=Path)
    for name, found in lifts(arguments.parse_args().history).items():
        print(f"{name}: {float(found):.2f}")


def lifts(path: Path) -> dict[str, Fraction]:
    engine = policies()
    document, _ = read(MAP.read_bytes(), MAP.name)
    assert document is not None
    history_map, _ = read_history_map(document, engine.vocabulary)
    assert history_map is not None
    source = HistorySource(path=path, history_map=history_map, currency_digits=engine.vocabulary.currency_digits)
    accounts = read_history(source).accounts
    return {name: lift(_ranked(accounts, score), SHARE) for name, score in RANKINGS.items()}


def _ranked(accounts: Accounts, score: Score) -> list[tuple[Fraction, int, bool]]:
    window = window_of(accounts, SINCE)
    return [
        (score(account, invoice.issued), invoice.amount, outcome(invoice, window.end)[0] > LATE_DAYS)
        for account in accounts.values()
        for invoice in account
        if invoice.issued >= window.since
    ]


def lift(ranked: Iterable[tuple[Fraction, int, bool]], share: Fraction) -> Fraction:
    """Late amount held ÷ what holding this share of the amount at random would; of score, amount, whether late."""
    groups: defaultdict[Fraction, list[int]] = defaultdict(lambda: [0, 0])
    for score, amount, is_late in ranked:
        groups[score][0] += amount
        groups[score][1] += amount if is_late else 0
    left = held = share * sum(amount for amount, _ in groups.values())
    caught = Fraction(0)
    for score in sorted(groups, reverse=True):
        amount, late = groups[score]
        taken = min(left, Fraction(amount))
        caught += taken * late / amount
        left -= taken
    whole_late = sum(late for _, late in groups.values())
    return caught / (share * whole_late) if held and whole_late else Fraction(0)


def average_days_late(account: Sequence[Invoice], day: int) -> Fraction:
    """Of all invoices paid before; who has paid none comes last."""
    late = [found for i in account if i.closed is not None and i.closed < day and (found := i.days_late) is not None]
    return Fraction(sum(late), len(late)) if late else Fraction(-1)


def days_overdue(account: Sequence[Invoice], day: int) -> Fraction:
    """Of the oldest open invoice; 0 where nothing is overdue."""
    owed = [i for i in account if i.issued < day and i.due < day and (i.closed is None or i.closed >= day)]
    return Fraction(max((day - i.due for i in owed), default=0))


RANKINGS: dict[str, Score] = {"average days late": average_days_late, "days overdue": days_overdue}


if __name__ == "__main__":
    main()
