"""Which rows meet and what none covers, held against the plain way: every pair of rows, every value."""

from __future__ import annotations

import itertools
import random

import pytest

from engine.proving.covering import (
    Box,
    UncoveredSearch,
    bits,
    earlier_rows_that_meet,
    first_of,
    rows_that_earlier_ones_cover,
)
from engine.proving.regions import Interval, Region, intersection

REACH = 7
EVERYTHING = Region(((0, REACH),), True)

Point = tuple[int | None, ...]


def some_region(chance: random.Random) -> Region:
    """Any set of values, missing ones too; sometimes empty, often all."""
    if chance.random() < 0.3:
        return EVERYTHING
    values = [value for value in range(REACH + 1) if chance.random() < chance.choice((0.2, 0.8))]
    return Region(intervals(values), chance.random() < 0.3)


def intervals(values: list[int]) -> tuple[Interval, ...]:
    starts = [value for value in values if value - 1 not in values]
    ends = [value for value in values if value + 1 not in values]
    return tuple(zip(starts, ends, strict=True))


def holds(region: Region, value: int | None) -> bool:
    return region.null if value is None else any(low <= value <= high for low, high in region.intervals)


def points(box: Box) -> set[Point]:
    values = [*range(REACH + 1), None]
    return set(itertools.product(*([value for value in values if holds(region, value)] for region in box)))


def table(seed: int) -> tuple[list[Box], list[set[Point]]]:
    chance = random.Random(seed)
    columns = chance.randint(1, 3)
    boxes = [tuple(some_region(chance) for _ in range(columns)) for _ in range(chance.randint(1, 9))]
    return boxes, [points(box) for box in boxes]


@pytest.mark.parametrize("block", range(8))
def test_rows_meet_where_they_have_a_value_in_common(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        boxes, held = table(seed)
        expected = [[other for other in range(row) if held[row] & held[other]] for row in range(len(boxes))]
        assert [list(bits(rows)) for rows in earlier_rows_that_meet(boxes)] == expected
        assert [first_of(rows) for rows in earlier_rows_that_meet(boxes) if rows] == [one[0] for one in expected if one]
        unclear = random.Random(seed).randrange(len(boxes))
        partly_known = [None if row == unclear else box for row, box in enumerate(boxes)]
        without = [[] if row == unclear else [n for n in one if n != unclear] for row, one in enumerate(expected)]
        assert [list(bits(rows)) for rows in earlier_rows_that_meet(partly_known)] == without


@pytest.mark.parametrize("block", range(8))
def test_a_row_is_covered_where_those_before_it_hold_all_its_values(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        boxes, held = table(seed)
        before = [set().union(*held[:row]) for row in range(len(boxes))]
        expected = [row for row in range(len(boxes)) if held[row] and held[row] <= before[row]]
        assert rows_that_earlier_ones_cover(boxes) == expected


@pytest.mark.parametrize("block", range(8))
def test_gaps_are_what_no_row_holds_and_nothing_else(block: int) -> None:
    """All of them together, where as many are asked for as there are; no two share a value."""
    for seed in range(block * 50, block * 50 + 50):
        boxes, held = table(seed)
        everything = (EVERYTHING,) * len(boxes[0])
        uncovered = UncoveredSearch(everything, boxes, 10_000).found
        assert uncovered is not None
        gaps = [points(gap) for gap in uncovered]
        assert set().union(*gaps) == points(everything) - set().union(*held)
        assert sum(map(len, gaps)) == len(set().union(*gaps))
        assert UncoveredSearch(everything, boxes, 2).found == uncovered[:2]


def test_a_search_that_takes_too_long_says_nothing() -> None:
    boxes, _ = table(7)
    assert UncoveredSearch((EVERYTHING,) * len(boxes[0]), boxes, 3, 0).found is None


def test_regions_are_joined_and_cut_as_sets_of_values() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        regions = [some_region(chance) for _ in range(chance.randint(1, 5))]
        held = [points((region,)) for region in regions]
        assert points((intersection(regions),)) == set.intersection(*held)
        assert points((regions[0] & regions[-1],)) == held[0] & held[-1]
        assert regions[0].meets(regions[-1]) == bool(held[0] & held[-1])
        assert points((regions[0] | regions[-1],)) == held[0] | held[-1]
