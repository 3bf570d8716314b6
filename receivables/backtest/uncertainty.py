"""How far a backtest's lift and held share are luck: the range that other customers of the same sort would give.

A history is a sample: with other customers the same policies would have held another share and caught another part of
what came late. One customer's orders are alike, so customers are what is drawn, not orders; a file with few late payers
has a wide range however many invoices it holds.

`lift_range` and `share_range` linearise the two ratios over customers (the delta method, as for ratios in cluster
sampling: W. G. Cochran, Sampling Techniques, 3rd ed. 1977, chapters 6 and 9): each customer's part in the ratio's
relative error is worked out, and the sum of their squares is its variance. For lift that is done on the logarithm,
since lift can't fall below 0. No random numbers are drawn, so a report says the same whenever it is made.
`python -m bench.backtest_interval` draws customers again and again instead; docs/backtest.md sets both side by side.

Example: with lift 4 and a standard error of its logarithm of 0.2 the range is 4 × exp(∓1.645 × 0.2), 2.9 to 5.6.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from receivables.ratios import NoValue

LEVEL = Fraction(9, 10)
"""In so many of such samples the range holds the ratio that all such customers would give."""

_DEVIATIONS = 1.6448536269514722
"""Standard deviations on either side that hold `LEVEL` of a normal distribution."""

CUSTOMERS_MIN = 10
"""With fewer customers, or for lift fewer who paid late, the spread between them says too little to work with."""


@dataclass(slots=True, kw_only=True)
class CustomerSums:
    """The orders of one customer under one policy set; mutable, since a history adds to them order by order. Amounts
    are in minor units."""

    amount: int = 0
    held: int = 0
    """What of `amount` the policies held."""
    known: int = 0
    """What of `amount` is known to have been paid in time or late."""
    known_held: int = 0
    late: int = 0
    """What of `known` was paid seriously late."""
    caught: int = 0
    """What of `late` the policies held."""


class LikelyRange(NamedTuple):
    """Between which values a ratio lies in `LEVEL` of such samples."""

    low: Fraction
    high: Fraction


def lift_range(customers: Collection[CustomerSums]) -> LikelyRange | NoValue:
    """The range of lift for paying seriously late: (caught ÷ late) ÷ (held ÷ known), by amount."""
    caught, late, held, known = (
        sum(getattr(each, name) for each in customers) for name in ("caught", "late", "known_held", "known")
    )
    if not late:
        return NoValue.NONE_LATE if known else NoValue.NOT_KNOWN_YET
    if not held:
        return NoValue.NONE_HELD
    if not caught or sum(1 for each in customers if each.late) < CUSTOMERS_MIN:
        return NoValue.TOO_FEW
    lift = Fraction(caught * known, late * held)
    spread = _spread(
        each.caught / caught - each.late / late - each.known_held / held + each.known / known for each in customers
    )
    factor = math.exp(_DEVIATIONS * spread)
    return LikelyRange(lift / Fraction(factor), lift * Fraction(factor))


def share_range(customers: Collection[CustomerSums]) -> LikelyRange | NoValue:
    """The range of the held share of the amount, from 0 to 1 at most."""
    amount, held = sum(each.amount for each in customers), sum(each.held for each in customers)
    if not amount:
        return NoValue.NO_ORDERS
    if len(customers) < CUSTOMERS_MIN:
        return NoValue.TOO_FEW
    share = Fraction(held, amount)
    spread = Fraction(_DEVIATIONS * _spread((each.held - float(share) * each.amount) / amount for each in customers))
    return LikelyRange(max(share - spread, Fraction(0)), min(share + spread, Fraction(1)))


def _spread(parts: Iterable[float]) -> float:
    """The standard error of a sum over customers, from each one's part in it; the parts add up to 0."""
    squares = [part * part for part in parts]
    count = len(squares)
    return math.sqrt(math.fsum(squares) * count / (count - 1)) if count > 1 else 0.0
