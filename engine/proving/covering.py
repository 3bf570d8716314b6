"""Which rows of a table meet, and which values none of them covers: for tables of thousands of rows too.

A row is a box: one region a column. Sets of rows are whole numbers, bit n for row n, so that one `&` of two numbers
intersects two sets of thousands of rows. The intervals of each column are sorted once; after that the rows at a value
or in a range are looked up, not searched for. Part of `engine.proving.table_checks`, which words the findings.

Example: three rows over `score`, 0 to 100, and `months`, 0 to 36.

              score       months
    row 0     0 to 49     all
    row 1     50 to 100   0 to 12
    row 2     40 to 60    10 to 20

    rows at score 45                     0b101     rows 0 and 2
    earlier rows that meet row 2         0b011     0b011 in `score` & 0b011 in `months`
    rows that earlier ones cover         none
    uncovered                            score 50 to 60, months 21 to 36; score 61 to 100, months 13 to 36

The search for what is uncovered goes column by column: `score` is cut into 0-39, 40-49, 50-60, 61-100, wherever a row
starts or ends. Row 0 takes part in the first two and has no condition on `months`, so nothing is open there. In 50-60
rows 1 and 2 go on to `months`, which they cover up to 20; in 61-100 row 1 does, up to 12.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, pairwise
from operator import or_, xor

from engine.proving.regions import Region

Box = tuple[Region, ...]
"""The values that hit a row: one region for each column, in the table's order."""

STEPS_MAX = 3_000_000
"""Starts and ends of rows that a search goes over before it is given up: a few seconds."""

COMPARED_ALONE = 10
"""Earlier rows that are compared with a row one by one, before a search takes all of them together."""


# --- rows that meet or cover each other ------------------------------------------------------------------------------


def earlier_rows_that_meet(boxes: Sequence[Box | None]) -> list[int]:
    """For each row the set of rows before it that have a value in common with it. A row without a box, whose values are
    not known, meets none."""
    known = _known(boxes)
    meeting = [((1 << row) - 1) & known for row in range(len(boxes))]
    for column in range(_columns(boxes)):
        regions = {row: box[column] for row, box in enumerate(boxes) if box is not None}
        rows = _RowsByValue(regions)
        for row, region in regions.items():
            if meeting[row]:
                meeting[row] &= rows.meeting(region)
    return [rows if box is not None else 0 for rows, box in zip(meeting, boxes, strict=True)]


def rows_that_earlier_ones_cover(boxes: Sequence[Box | None]) -> list[int]:
    """The rows whose every value hits a row before them. All rows share `STEPS_MAX` steps; a row for which they don't
    suffice is left out.

    Three tests of growing cost: whether an earlier row holds the row's least and greatest corner, whether one of the
    first earlier rows covers it alone, and the search for a value that none covers."""
    meeting = earlier_rows_that_meet(boxes)
    at_corners = _rows_at_corners(boxes, meeting)
    covered, steps_left = [], STEPS_MAX
    for row, box in enumerate(boxes):
        if box is None or not all(box) or not all(at_corners[row]) or steps_left <= 0:
            continue
        before = (earlier for number in bits(meeting[row]) if (earlier := boxes[number]) is not None)
        first = list(islice(before, COMPARED_ALONE))
        if any(_covers(earlier, box) for earlier in first):
            covered.append(row)
            continue
        search = UncoveredSearch(box, [*first, *before], 1, steps_left)
        steps_left -= search.steps
        if search.found == []:
            covered.append(row)
    return covered


def _covers(outer: Box, inner: Box) -> bool:
    """Whether the outer box holds every value of the inner one."""
    return all(mine & theirs == theirs for mine, theirs in zip(outer, inner, strict=True))


def _rows_at_corners(boxes: Sequence[Box | None], meeting: Sequence[int]) -> list[tuple[int, int]]:
    """For each row, of the rows that meet it, the sets of those that take its least and its greatest values. Where one
    set is empty the row isn't covered: most rows need no search."""
    least, greatest = list(meeting), list(meeting)
    for column in range(_columns(boxes)):
        regions = {row: box[column] for row, box in enumerate(boxes) if box is not None}
        rows = _RowsByValue(regions)
        for row, region in regions.items():
            if region.intervals:
                least[row] &= rows.at(region.intervals[0][0])
                greatest[row] &= rows.at(region.intervals[-1][1])
            else:
                least[row] &= rows.null
                greatest[row] &= rows.null
    return list(zip(least, greatest, strict=True))


def bits(rows: int) -> Iterator[int]:
    """The rows of a set, in order. Reads the number's binary text, which takes time in proportion to its length; taking
    off the lowest bit again and again would copy the number each time."""
    text = f"{rows:b}"
    at, last = text.rfind("1"), len(text) - 1
    while at >= 0:
        yield last - at
        at = text.rfind("1", 0, at)


def first_of(rows: int) -> int:
    """The first row of a set that is not empty."""
    return (rows & -rows).bit_length() - 1


def _columns(boxes: Sequence[Box | None]) -> int:
    """How many columns the boxes have."""
    return next((len(box) for box in boxes if box is not None), 0)


def _known(boxes: Sequence[Box | None]) -> int:
    """The set of rows that have a box."""
    return sum(1 << row for row, box in enumerate(boxes) if box is not None)


class _RowsByValue:
    """The rows of one column, looked up by value. `null`: the set of rows that a missing value hits.

    The values are cut wherever an interval starts or ends, and the set of rows between two cuts is the set before it
    with the rows exchanged that start or end at the cut."""

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
        self._meeting: dict[Region, int] = {}

    @staticmethod
    def _tree(leaves: list[int]) -> list[int]:
        """A segment tree of sets: node n holds the rows of the nodes 2n and 2n + 1, and the leaves are the second
        half, so that the union of any range of leaves takes few nodes."""
        tree = [0] * len(leaves) + leaves
        for node in range(len(leaves) - 1, 0, -1):
            tree[node] = tree[2 * node] | tree[2 * node + 1]
        return tree

    def at(self, value: int) -> int:
        """The rows that take this value."""
        position = bisect_right(self._cuts, value) - 1
        return self._active[position] if position >= 0 else 0

    def meeting(self, region: Region) -> int:
        """The rows that have a value in common with this region: for each of its intervals those at its start, and
        those that start inside."""
        rows = self._meeting.get(region)
        if rows is None:
            rows = self.null if region.null else 0
            for low, high in region.intervals:
                rows |= self.at(low) | self._starting(low, high)
            self._meeting[region] = rows
        return rows

    def _starting(self, low: int, high: int) -> int:
        """The rows that have an interval that starts between the two."""
        left = bisect_left(self._starts, low) + len(self._starts)
        right = bisect_right(self._starts, high) + len(self._starts)
        rows = 0
        while left < right:
            if left & 1:
                rows |= self._started[left]
                left += 1
            if right & 1:
                right -= 1
                rows |= self._started[right]
            left, right = left >> 1, right >> 1
        return rows


# --- what no row covers ----------------------------------------------------------------------------------------------


class UncoveredSearch:
    """A search for up to `most` boxes inside the box `inside` that none of `boxes` covers; constructing it runs it.

    `found`: the boxes; None where the search was given up after `steps_max` steps. `steps`: how many it took, one for
    each start or end of a row that it went over.

    Column after column, the values are cut into segments wherever a row starts or ends; in each segment the search goes
    on with the rows that take it. A set of rows that left nothing uncovered in the columns behind is remembered and not
    gone through again; so are rows that take every value from some column on."""

    def __init__(self, inside: Box, boxes: Sequence[Box], most: int, steps_max: int = STEPS_MAX) -> None:
        self.steps = 0
        self._inside = inside
        self._boxes = boxes
        self._most = most
        self._steps_max = steps_max
        self._covered: set[tuple[int, int]] = set()
        self._gaps: list[Box] = []
        self._unlimited_from = self._rows_unlimited_from_columns()
        self._search(0, (1 << len(boxes)) - 1, ())
        self.found = None if self.steps > steps_max else self._gaps

    def _rows_unlimited_from_columns(self) -> list[int]:
        """For each column the set of rows that take every value from this column on."""
        rows = [0] * (len(self._inside) + 1)
        for row, box in enumerate(self._boxes):
            rows[self._first_unlimited(box)] |= 1 << row
        return list(accumulate(rows, or_))

    def _first_unlimited(self, box: Box) -> int:
        """The first column from which on the box takes every value."""
        for column in reversed(range(len(self._inside))):
            if box[column] & self._inside[column] != self._inside[column]:
                return column + 1
        return 0

    def _search(self, column: int, active: int, prefix: Box) -> None:
        """Goes on at a column with the rows that take the segments `prefix` of the columns before it."""
        if len(self._gaps) >= self._most or self.steps > self._steps_max or (column, active) in self._covered:
            return
        before = len(self._gaps)
        if not active:
            self._gaps.append((*prefix, *self._inside[column:]))
        elif not self._unlimited_from[column] & active:
            for segment, rows in self._segments(column, active):
                self._search(column + 1, rows, (*prefix, segment))
        if len(self._gaps) == before:
            self._covered.add((column, active))

    def _segments(self, column: int, active: int) -> Iterator[tuple[Region, int]]:
        """The column's values cut wherever an active row starts or ends, each with the active rows that take it."""
        inside, rows = self._inside[column], list(bits(active))
        if inside.null:
            yield Region((), null=True), sum(1 << row for row in rows if self._boxes[row][column].null)
        changes: dict[int, int] = {}
        for row in rows:
            for low, high in self._boxes[row][column].intervals:
                changes[low] = changes.get(low, 0) ^ 1 << row
                changes[high + 1] = changes.get(high + 1, 0) ^ 1 << row
        cuts = sorted(changes)
        active_from = list(accumulate((changes[cut] for cut in cuts), xor))
        self.steps += len(rows) + len(cuts)
        for low, high in inside.intervals:
            first, last = bisect_right(cuts, low), bisect_right(cuts, high)
            edges = [low, *cuts[first:last], high + 1]
            for position, (start, end) in enumerate(pairwise(edges), first - 1):
                yield Region(((start, end - 1),)), active_from[position] if position >= 0 else 0
