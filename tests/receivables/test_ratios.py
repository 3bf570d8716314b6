"""A change is a share of what was before; where there is none, the reason stands in its place."""

from __future__ import annotations

from fractions import Fraction

import pytest

from receivables.ratios import NoValue, Ratio, change


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Fraction(32), Fraction(40), Fraction(1, 4)),
        (Fraction(40), Fraction(32), Fraction(-1, 5)),
        (Fraction(3, 2), Fraction(3, 2), Fraction(0)),
        (Fraction(2), Fraction(0), Fraction(-1)),
        (Fraction(0), Fraction(5), NoValue.NOTHING_BEFORE),
        (NoValue.NOTHING_BEFORE, Fraction(5), NoValue.NONE_BEFORE),
        (Fraction(5), NoValue.NONE_BEFORE, NoValue.NONE_BEFORE),
    ],
)
def test_what_a_ratio_rose_by(before: Ratio, after: Ratio, expected: Ratio) -> None:
    assert change(before, after) == expected
