"""Which rows of a table meet, and what none of them covers: for tables of thousands of rows too.

A row is a box: one region a column. Sets of rows are whole numbers, bit n for row n, so that one `&` of two numbers
joins two sets of thousands of rows. Each column's intervals are sorted once; after that, the rows at a value or in a
range are looked up, not searched for. Part of `engine.proving.table_checks`, which puts the findings into words.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, pairwise
from operator import or_, xor

from engine.proving.regions import Region

Box = tuple[Region, ...]

STEPS_MAX = 3_000_000
"""Starts and ends of rows that a search goes over before it is given up: a few seconds."""


def earlier_rows_that_meet(boxes: Sequence[Box | None]) -> list[int]:
    """For each row the set of rows before it that have a value in common with it. None: can't be told, meets none."""
    told = _told(boxes)
    found = [((1 << row) - 1) & told for row in range(len(boxes))]
    for column in range(_columns(boxes)):
        regions = {row: box[column] for row, box in enumerate(boxes) if box is not None}
        rows = _Column(regions)
        for row, region in regions.items():
            if found[row]:
                found[row] &= rows.meeting(region)
    return [rows if box is not None else 0 for rows, box in zip(found, boxes, strict=True)]


def rows_that_earlier_ones_cover(boxes: Sequence[Box | None]) -> list[int]:
    """Rows whose every value hits a row before them; where that takes too long to tell, a row is left out."""
    meeting = earlier_rows_that_meet(boxes)
    at_corners = _rows_at_corners(boxes, meeting)
    found, left = [], STEPS_MAX
    for row, box in enumerate(boxes):
        if box is None or not all(box) or not all(at_corners[row]) or left <= 0:
            continue
        before = (earlier for number in bits(meeting[row]) if (earlier := boxes[number]) is not None)
        first = list(islice(before, LOOKED_AT_ALONE))
        if any(_holds(earlier, box) for earlier in first):
            found.append(row)
            continue
        search = UncoveredSearch(box, [*first, *before], 1, left)
        left -= search.steps
        if search.found == []:
            found.append(row)
    return found


LOOKED_AT_ALONE = 10
"""Earlier rows that are held against a row one by one, before a search joins all of them."""


def _holds(outer: Box, inner: Box) -> bool:
    return all(mine & theirs == theirs for mine, theirs in zip(outer, inner, strict=True))


def _rows_at_corners(boxes: Sequence[Box | None], meeting: Sequence[int]) -> list[tuple[int, int]]:
    """Of the rows that meet each row, those at its least and at its greatest values. Where there are none, it isn't
    covered: most rows need no search."""
    least, greatest = list(meeting), list(meeting)
    for column in range(_columns(boxes)):
        regions = {row: box[column] for row, box in enumerate(boxes) if box is not None}
        rows = _Column(regions)
        for row, region in regions.items():
            if region.intervals:
                least[row] &= rows.at(region.intervals[0][0])
                greatest[row] &= rows.at(region.intervals[-1][1])
            else:
                least[row] &= rows.null
                greatest[row] &= rows.null
    return list(zip(least, greatest, strict=True))


def bits(rows: int) -> Iterator[int]:
    """The rows of a set, in order."""
    text = f"{rows:b}"
    at, last = text.rfind("1"), len(text) - 1
    while at >= 0:
        yield last - at
        at = text.rfind("1", 0, at)


def first_of(rows: int) -> int:
    """The first row of a set that is not empty."""
    return (rows & -rows).bit_length() - 1


def _columns(boxes: Sequence[Box | None]) -> int:
    return next((len(box) for box in boxes if box is not None), 0)


def _told(boxes: Sequence[Box | None]) -> int:
    return sum(1 << row for row, box in enumerate(boxes) if box is not None)


class _Column:
    """The rows of one column by value."""

    def __init__(self, regions: dict[int, Region]) -> None:
        self.null = sum(1 << row for row, region in regions.items() if region.null)
        changes: dict[int, int] = {}
        starts: dict[int, int] = {}
        for row, region in regions.items():
            for low, high in region.intervals:
                starts[low] = starts.get(low, 0) | 1 << row
                changes[low] = changes.get(low, 0) ^ 1 << row
                changes[high + 1] = changes.get(high + 1, 0) ^ 1 << row
        self._cuts = sorted(changes)
        self._active = list(accumulate((changes[cut] for cut in self._cuts), xor))  # rows from each cut to the next
        self._starts = sorted(starts)
        self._started = self._tree([starts[start] for start in self._starts])
        self._known: dict[Region, int] = {}

    @staticmethod
    def _tree(leaves: list[int]) -> list[int]:
        """Node n holds what 2n and 2n + 1 do; the leaves are the second half."""
        tree = [0] * len(leaves) + leaves
        for node in range(len(leaves) - 1, 0, -1):
            tree[node] = tree[2 * node] | tree[2 * node + 1]
        return tree

    def at(self, value: int) -> int:
        """The rows that take this value."""
        position = bisect_right(self._cuts, value) - 1
        return self._active[position] if position >= 0 else 0

    def meeting(self, region: Region) -> int:
        """The rows that have a value in common with this region."""
        found = self._known.get(region)
        if found is None:
            found = self.null if region.null else 0
            for low, high in region.intervals:
                found |= self.at(low) | self._starting(low, high)
            self._known[region] = found
        return found

    def _starting(self, low: int, high: int) -> int:
        """The rows that have an interval that starts between the two."""
        left = bisect_left(self._starts, low) + len(self._starts)
        right = bisect_right(self._starts, high) + len(self._starts)
        found = 0
        while left < right:
            if left & 1:
                found |= self._started[left]
                left += 1
            if right & 1:
                right -= 1
                found |= self._started[right]
            left, right = left >> 1, right >> 1
        return found


class UncoveredSearch:
    """Up to `most` boxes inside `whole` that none of `boxes` covers; `found` is None where it takes more than
    `steps_max` steps.

    Column after column, the values are cut into segments wherever a row starts or ends; in each segment the search goes
    on with the rows that take it. A set of rows that left nothing open in the columns behind is not gone through again.
    """

    def __init__(self, whole: Box, boxes: Sequence[Box], most: int, steps_max: int = STEPS_MAX) -> None:
        self.steps = 0
        self._whole = whole
        self._boxes = boxes
        self._most = most
        self._steps_max = steps_max
        self._covered: set[tuple[int, int]] = set()
        self._gaps: list[Box] = []
        # the rows that take every value from this column on
        self._free = [0] * (len(whole) + 1)
        for row, box in enumerate(boxes):
            self._free[self._first_free(box)] |= 1 << row
        self._free = list(accumulate(self._free, or_))
        self._search(0, (1 << len(boxes)) - 1, ())
        self.found = None if self.steps > steps_max else self._gaps

    def _first_free(self, box: Box) -> int:
        for column in reversed(range(len(self._whole))):
            if box[column] & self._whole[column] != self._whole[column]:
                return column + 1
        return 0

    def _search(self, column: int, active: int, prefix: Box) -> None:
        if len(self._gaps) >= self._most or self.steps > self._steps_max or (column, active) in self._covered:
            return
        before = len(self._gaps)
        if not active:
            self._gaps.append((*prefix, *self._whole[column:]))
        elif not self._free[column] & active:
            for segment, inside in self._segments(column, active):
                self._search(column + 1, inside, (*prefix, segment))
        if len(self._gaps) == before:
            self._covered.add((column, active))

    def _segments(self, column: int, active: int) -> Iterator[tuple[Region, int]]:
        """The column's values cut wherever an active row starts or ends, each with the active rows that take it."""
        whole, rows = self._whole[column], list(bits(active))
        if whole.null:
            yield Region((), True), sum(1 << row for row in rows if self._boxes[row][column].null)
        changes: dict[int, int] = {}
        for row in rows:
            for low, high in self._boxes[row][column].intervals:
                changes[low] = changes.get(low, 0) ^ 1 << row
                changes[high + 1] = changes.get(high + 1, 0) ^ 1 << row
        cuts = sorted(changes)
        active_from = list(accumulate((changes[cut] for cut in cuts), xor))
        self.steps += len(rows) + len(cuts)
        for low, high in whole.intervals:
            first, last = bisect_right(cuts, low), bisect_right(cuts, high)
            edges = [low, *cuts[first:last], high + 1]
            for position, (start, end) in enumerate(pairwise(edges), first - 1):
                yield Region(((start, end - 1),)), active_from[position] if position >= 0 else 0
