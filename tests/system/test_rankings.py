"""The rankings that docs/backtest.md compares the policies with, and that no order of a file's rows changes them."""

from __future__ import annotations

import random
import re
from fractions import Fraction
from pathlib import Path

import pytest

from bench.backtest_rankings import lift, lifts
from tests.support.paths import ROOT

INVOICES = ROOT.parent / "shared" / "data" / "ibm_accounts_receivable.csv"

Ranked = list[tuple[Fraction, int, bool]]


def test_what_ties_is_held_in_equal_parts() -> None:
    """Of 1,000, 150 may be held: 100 stand first, and of the 400 that tie behind them an eighth, 40 of the late 320."""
    ranked: Ranked = [
        (Fraction(9), 100, True),
        (Fraction(5), 80, False),
        (Fraction(5), 320, True),
        (Fraction(0), 500, False),
    ]

    assert lift(ranked, Fraction(15, 100)) == Fraction(140, 420) / Fraction(15, 100)


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_rows_changes_no_lift(seed: int) -> None:
    chance = random.Random(seed)
    ranked = [(Fraction(chance.randint(0, 3)), chance.randint(1, 99), chance.random() < 0.3) for _ in range(30)]
    shuffled = chance.sample(ranked, len(ranked))

    assert lift(shuffled, Fraction(15, 100)) == lift(ranked, Fraction(15, 100))
    assert lift(ranked, Fraction(1)) in (0, 1)  # who holds everything holds like chance


@pytest.mark.skipif(not INVOICES.exists(), reason="the sample is not in this repository")
def test_the_document_quotes_what_the_command_gives(tmp_path: Path) -> None:
    """From the file as it is, and from one whose rows stand the other way round."""
    heading, *rows = INVOICES.read_text(encoding="utf-8").splitlines()
    turned = tmp_path / "turned.csv"
    turned.write_text("\n".join([heading, *reversed(rows)]) + "\n", encoding="utf-8")
    found = lifts(INVOICES)
    said = " ".join((ROOT / "docs" / "backtest.md").read_text(encoding="utf-8").split())
    quoted = re.search(r"holding the worst 15% of the amount gives ([0-9.]+), ranking by days overdue ([0-9.]+) ", said)

    assert lifts(turned) == found
    assert quoted is not None
    assert list(quoted.groups()) == [f"{float(found[name]):.1f}" for name in ("average days late", "days overdue")]
