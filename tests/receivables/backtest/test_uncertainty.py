"""How far lift and held share are luck: ranges worked out by hand, against drawing customers again, and when nothing
is said; and every ratio of a backtest has a value or a reason, in the report and in JSON."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Vocabulary
from receivables.backtest.backtest import LATE_DAYS, BacktestTally, OrderSums, TallyKey
from receivables.backtest.backtest_figures import LADDER, BacktestFigures, RuleName, Side, figures
from receivables.backtest.backtest_json import _Writer
from receivables.backtest.replay import ReplayedOrder
from receivables.backtest.report_backtest_summary import headline, tiles
from receivables.backtest.uncertainty import CUSTOMERS_MIN, CustomerSums, LikelyRange, lift_range, share_range
from receivables.ratios import NoValue
from receivables.report.figure_formatter import FigureFormatter
from receivables.report.parts import Tone
from tests.support.large import how_many

EUROS = Vocabulary(currency="EUR", currency_digits=2)


def customer(amount: int, held: int, late: int, caught: int) -> CustomerSums:
    """One whose orders' payments are all known."""
    return CustomerSums(amount=amount, held=held, known=amount, known_held=held, late=late, caught=caught)


# Twelve customers: half of them pay late in part, and two of three of those are held.
TWELVE = [customer(100, 0, 0, 0)] * 2 + [customer(100, 60, 30, 20)] * 5 + [customer(100, 10, 40, 5)] * 5


def test_the_range_of_lift_is_worked_out_by_hand() -> None:
    """Known 1,200, held 350, late 350, caught 125: lift (125/350) / (350/1,200) = 1.224. Each customer's part is
    caught/125 - late/350 - held/350 + known/1,200: 2 × 1/12; 5 × (0.16 - 0.085714 - 0.171429 + 0.083333) = -0.013810;
    5 × (0.04 - 0.114286 - 0.028571 + 0.083333) = -0.019524."""
    parts = [1 / 12] * 2 + [-0.0138095] * 5 + [-0.0195238] * 5
    spread = math.sqrt(sum(part * part for part in parts) * 12 / 11)
    lift = (125 / 350) / (350 / 1200)

    found = lift_range(TWELVE)

    assert isinstance(found, LikelyRange)
    assert float(found.low) == pytest.approx(lift / math.exp(1.6449 * spread), rel=1e-4)
    assert float(found.high) == pytest.approx(lift * math.exp(1.6449 * spread), rel=1e-4)


def test_the_ranges_are_those_of_drawing_customers_again() -> None:
    """On a made-up file of 80 customers, within a sixth of the width."""
    chance = random.Random(7)
    customers = []
    for _ in range(80):
        amount = chance.randint(50, 150)
        late = chance.choice([0, 0, 0, amount // 3, amount // 2])
        held = chance.choice([0, 0, amount // 4, amount]) if not late else chance.choice([0, amount, amount])
        customers.append(customer(amount, held, late, late * held // amount))
    lifts, shares = [], []
    for _ in range(1_500):
        drawn = chance.choices(customers, k=len(customers))
        known, held, late, caught = (
            sum(getattr(each, name) for each in drawn) for name in ("known", "known_held", "late", "caught")
        )
        lifts.append(caught * known / late / held)
        shares.append(held / known)
    for found, values in ((lift_range(customers), lifts), (share_range(customers), shares)):
        values.sort()
        assert isinstance(found, LikelyRange)
        low, high = values[75], values[-75]
        assert float(found.low) == pytest.approx(low, abs=(high - low) / 6)
        assert float(found.high) == pytest.approx(high, abs=(high - low) / 6)


@pytest.mark.parametrize(
    ("customers", "lift", "share"),
    [
        ([], NoValue.NOT_KNOWN_YET, NoValue.NO_ORDERS),
        ([CustomerSums(amount=5, held=5)] * 20, NoValue.NOT_KNOWN_YET, None),
        ([customer(100, 50, 0, 0)] * 20, NoValue.NONE_LATE, None),
        ([customer(100, 0, 50, 0)] * 20, NoValue.NONE_HELD, None),
        ([customer(100, 50, 50, 0)] * 20, NoValue.TOO_FEW, None),
        ([customer(100, 50, 50, 20)] * (CUSTOMERS_MIN - 1), NoValue.TOO_FEW, NoValue.TOO_FEW),
        ([customer(100, 50, 50, 20)] * CUSTOMERS_MIN, None, None),
    ],
)
def test_nothing_is_said_where_there_is_too_little(
    customers: list[CustomerSums], lift: NoValue | None, share: NoValue | None
) -> None:
    for found, reason in ((lift_range(customers), lift), (share_range(customers), share)):
        assert found is reason if reason else isinstance(found, LikelyRange)


# --- random tallies --------------------------------------------------------------------------------------------------

ORDERS = st.lists(
    st.tuples(
        st.sampled_from("abcdefghijklm"),
        st.sampled_from(LADDER),
        st.none() | st.integers(0, len(LATE_DAYS)),
        st.integers(1, 10_000),
    ),
    max_size=30,
)
NAMES = {"orders.a": RuleName(Text("a", "甲"), "hold", "hold")}


Order = tuple[str, str, int | None, int]
"""Customer, outcome, lateness as in `TallyKey`, amount."""


def figures_of(orders: list[Order]) -> BacktestFigures:
    tally = BacktestTally()
    for number, (name, outcome, lateness, amount) in enumerate(orders):
        decided = (ReplayedOrder(outcome, ("orders.a",) if outcome == "hold" else (), (), None),)
        key = TallyKey(f"2026-Q{number % 4 + 1}", lateness, decided)
        sums = tally.cells.setdefault(key, OrderSums())
        sums.count += 1
        sums.amount += amount
        sums.amount_days += amount * 30
        sums.late_amount_days += amount * 10 if lateness else 0
        is_held, is_late = outcome in ("hold", "reject"), lateness is not None and lateness > 2
        (customer_sums,) = tally.customers.setdefault(name, (CustomerSums(),))
        customer_sums.amount += amount
        customer_sums.held += amount * is_held
        customer_sums.known += amount * (lateness is not None)
        customer_sums.known_held += amount * (lateness is not None and is_held)
        customer_sums.late += amount * is_late
        customer_sums.caught += amount * (is_late and is_held)
    return figures(tally, [Side("1", "v", NAMES)])


@given(ORDERS)
@settings(max_examples=how_many(80, large=10_000), deadline=None)
def test_every_ratio_of_a_backtest_is_between_its_bounds_or_has_a_reason(
    orders: list[Order],
) -> None:
    found = figures_of(orders)
    (side,) = found.sides

    for accuracy in side.accuracy:
        for share in (accuracy.precision, accuracy.recall, accuracy.count_precision, accuracy.count_recall):
            assert isinstance(share, NoValue) or 0 <= share <= 1
        assert isinstance(accuracy.lift, NoValue) or accuracy.lift >= 0
    if isinstance(side.lift_range, LikelyRange):
        lift = side.accuracy[2].lift
        assert isinstance(lift, Fraction) and side.lift_range.low <= lift <= side.lift_range.high
    if isinstance(side.held_range, LikelyRange):
        assert 0 <= side.held_range.low <= side.held_range.high <= 1
    _every_null_has_a_reason(_Writer(2).side(side))
    for language in ("en", "zh"):
        show = FigureFormatter(language, EUROS)
        assert all(tile.note for tile in tiles(side, found.everything, show).tiles if tile.value == "–")


def _every_null_has_a_reason(found: Any) -> None:
    if isinstance(found, list):
        for each in found:
            _every_null_has_a_reason(each)
    elif isinstance(found, dict):
        if "no_value" in found:
            assert {name for name, value in found.items() if value is None} == found["no_value"].keys()
        for each in found.values():
            _every_null_has_a_reason(each)


@pytest.mark.parametrize(
    ("caught", "tone", "said"),
    [
        (45, Tone.GOOD, "The policies tell late payers apart: they hold 50.0% of the amount"),
        (25, Tone.WATCH, "The policies don't tell late payers apart better than chance"),
        (5, Tone.BAD, "The policies hold those who pay and pass those who don't"),
    ],
)
def test_the_headline_is_good_only_where_luck_can_not_explain_it(caught: int, tone: Tone, said: str) -> None:
    """Of 50 late orders so many are held, and of 50 others as many as make half of all held."""
    orders: list[Order] = [("abcdefghijklm"[n % 13], "hold" if n < caught else "approve", 3, 100) for n in range(50)]
    orders += [("abcdefghijklm"[n % 13], "approve" if n < caught else "hold", 0, 100) for n in range(50)]
    found = figures_of(orders)

    line = headline(found, FigureFormatter("en", EUROS))

    assert (line.tone, line.text.startswith(said)) == (tone, True), line.text
