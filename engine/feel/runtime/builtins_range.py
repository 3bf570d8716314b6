"""Built-ins that relate points and ranges (DMN 1.5, table 78), and ranges gone through one by one."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from engine.feel.parse import FeelSyntaxError, parse_expression
from engine.feel.runtime.signatures import Unfit, built_in
from engine.feel.runtime.temporal import read_at_literal, read_date, read_datetime, read_duration, read_time
from engine.feel.runtime.values import Range, equal, less, within
from engine.feel.syntax import AtLiteral, Call, Name, Negation, Node, Number, String

_POINT = "number|string|date|time|date and time|days and time duration|years and months duration"


def counted(low: object, high: object, *, low_closed: bool = True, high_closed: bool = True) -> Iterator[object] | None:
    """Whole numbers or days from one end to the other, downwards too (DMN 1.5, 10.3.2.14); None for anything else."""
    if isinstance(low, Decimal) and isinstance(high, Decimal):
        if low != low.to_integral_value() or high != high.to_integral_value():
            return None
        first, last = int(low), int(high)
        return map(Decimal, _steps(first, last, low_closed=low_closed, high_closed=high_closed))
    if type(low) is datetime.date and type(high) is datetime.date:
        steps = _steps(low.toordinal(), high.toordinal(), low_closed=low_closed, high_closed=high_closed)
        return map(datetime.date.fromordinal, steps)
    return None


def _steps(first: int, last: int, *, low_closed: bool, high_closed: bool) -> range:
    step = 1 if first <= last else -1
    return range(first if low_closed else first + step, last + step if high_closed else last, step)


_READERS: dict[str, Callable[[str], object]] = {
    "date": read_date,
    "date and time": read_datetime,
    "time": read_time,
    "duration": read_duration,
}


@built_in("range", "from: string")
def _range(text: str) -> object:
    """A range written as text, its ends literals; an end that is open may be left out (DMN 1.5, table 70).

    `range("[18..21)")` is `[18..21)`.
    `range("(..5]")` is `(<= 5)`.
    """
    text = text.strip()
    if len(text) < 4 or text[0] not in "[(]" or text[-1] not in "])[":
        return None
    low_closed, high_closed = text[0] == "[", text[-1] == "]"
    for cut in re.finditer(r"\.\.", text):
        try:
            low, high = _end(text[1 : cut.start()], closed=low_closed), _end(text[cut.end() : -1], closed=high_closed)
        except (FeelSyntaxError, Unfit):
            continue
        if low is None and high is None:
            return None
        if low is None or high is None or less(low, high) is not None:
            return Range(low=low, low_closed=low_closed, high=high, high_closed=high_closed)
    return None


def _end(text: str, *, closed: bool) -> object:
    """The value of one end of a range that is written as text; None for an end that is open and left out."""
    if not text.strip() and not closed:
        return None
    value = _literal(parse_expression(text))
    if value is None:
        raise Unfit
    return value


def _literal(node: Node) -> object:
    match node:
        case Number() | String():
            return node.value
        case Negation(operand=Number(value=value)):
            return -value
        case AtLiteral():
            return read_at_literal(node.text)
        case Call(function=Name(name=name), arguments=(String(value=text),)) if name in _READERS:
            return _READERS[name](text)
        case _:
            return None


def _before(left: object, right: object) -> bool:
    answer = less(left, right)
    if answer is None:
        raise Unfit
    return answer


def _same(left: object, right: object) -> bool:
    return equal(left, right) is True


def _inside(point: object, interval: Range) -> bool:
    answer = within(point, interval)
    if answer is None:
        raise Unfit
    return answer


def _ends_before(left: Range, right: Range) -> bool:
    """All of `left` comes before all of `right`."""
    if left.high is None or right.low is None:
        return False
    touching = not (left.high_closed and right.low_closed)
    return _before(left.high, right.low) or (touching and _same(left.high, right.low))


def _as_range(value: object) -> Range:
    return value if isinstance(value, Range) else Range(low=value, low_closed=True, high=value, high_closed=True)


@built_in("before", f"point1: {_POINT}", f"point2: {_POINT}")
@built_in("before", f"point: {_POINT}", "range: range")
@built_in("before", "range: range", f"point: {_POINT}")
@built_in("before", "range1: range", "range2: range")
def _is_before(left: object, right: object) -> object:
    """`before([1..5), 5)` is `true`.
    `before([1..5], 5)` is `false`.
    """
    if not isinstance(left, Range) and not isinstance(right, Range):
        return _before(left, right)
    return _ends_before(_as_range(left), _as_range(right))


@built_in("after", f"point1: {_POINT}", f"point2: {_POINT}")
@built_in("after", f"point: {_POINT}", "range: range")
@built_in("after", "range: range", f"point: {_POINT}")
@built_in("after", "range1: range", "range2: range")
def _is_after(left: object, right: object) -> object:
    """`after([5..10], [1..5))` is `true`."""
    return _is_before(right, left)


def _of_ranges(name: str) -> Callable[[Callable[[Range, Range], bool]], Callable[[Range, Range], bool]]:
    return built_in(name, "range1: range", "range2: range")


@_of_ranges("meets")
def _meets(left: Range, right: Range) -> bool:
    """The first ends where the second begins, both with that point.

    `meets([1..5], [5..10])` is `true`.
    `meets([1..5), [5..10])` is `false`.
    """
    return left.high_closed and right.low_closed and _same(left.high, right.low)


@_of_ranges("met by")
def _met_by(left: Range, right: Range) -> bool:
    """`met by([5..10], [1..5])` is `true`."""
    return _meets(right, left)


@_of_ranges("overlaps")
def _overlaps(left: Range, right: Range) -> bool:
    """They have a point in common.

    `overlaps([1..5], [3..8])` is `true`.
    `overlaps([1..5), [5..8])` is `false`.
    """
    _comparable(left, right)
    return not _ends_before(left, right) and not _ends_before(right, left)


def _comparable(left: Range, right: Range) -> None:
    """Raises `Unfit` unless the ends of two ranges can be compared with each other."""
    for a in (left.low, left.high):
        for b in (right.low, right.high):
            if a is not None and b is not None:
                _before(a, b)


@_of_ranges("overlaps before")
def _overlaps_before(left: Range, right: Range) -> bool:
    """`left` begins first, and they share their middle: `left` ends inside `right`.

    `overlaps before([1..5], [3..8])` is `true`.
    `overlaps before([3..8], [1..5])` is `false`.
    """
    return _starts_earlier(left, right) and _overlaps(left, right) and not _ends_later(left, right)


@_of_ranges("overlaps after")
def _overlaps_after(left: Range, right: Range) -> bool:
    """`overlaps after([3..8], [1..5])` is `true`."""
    return _overlaps_before(right, left)


def _starts_earlier(left: Range, right: Range) -> bool:
    """Whether `left` has something before all of `right`. A closed end begins before an open one."""
    if right.low is None or left.low is None:
        return left.low is None and right.low is not None
    if _same(left.low, right.low):
        return left.low_closed and not right.low_closed
    return _before(left.low, right.low)


def _ends_later(left: Range, right: Range) -> bool:
    """Whether `left` has something behind all of `right`. A closed end reaches beyond an open one."""
    if left.high is None or right.high is None:
        return left.high is None and right.high is not None
    if _same(left.high, right.high):
        return left.high_closed and not right.high_closed
    return _before(right.high, left.high)


def _same_start(left: Range, right: Range) -> bool:
    return left.low_closed == right.low_closed and _same(left.low, right.low)


def _same_end(left: Range, right: Range) -> bool:
    return left.high_closed == right.high_closed and _same(left.high, right.high)


@_of_ranges("finishes")
def _finishes(left: Range, right: Range) -> bool:
    """The first lies inside the second, and they end alike.

    `finishes([5..10], [1..10])` is `true`.
    """
    _comparable(left, right)
    return _same_end(left, right) and not _starts_earlier(left, right)


@built_in("finishes", f"point: {_POINT}", "range: range")
def _point_finishes(point: object, interval: Range) -> bool:
    """`finishes(10, [1..10])` is `true`.
    `finishes(10, [1..10))` is `false`.
    """
    _inside(point, interval)
    return interval.high_closed and _same(point, interval.high)


@_of_ranges("finished by")
def _finished_by(left: Range, right: Range) -> bool:
    """`finished by([1..10], [5..10])` is `true`."""
    return _finishes(right, left)


@built_in("finished by", "range: range", f"point: {_POINT}")
def _finished_by_point(interval: Range, point: object) -> bool:
    """`finished by([1..10], 10)` is `true`."""
    return _point_finishes(point, interval)


@_of_ranges("starts")
def _starts(left: Range, right: Range) -> bool:
    """The first lies inside the second, and they begin alike.

    `starts([1..5], [1..10])` is `true`.
    """
    _comparable(left, right)
    return _same_start(left, right) and not _ends_later(left, right)


@built_in("starts", f"point: {_POINT}", "range: range")
def _point_starts(point: object, interval: Range) -> bool:
    """`starts(1, [1..10])` is `true`.
    `starts(1, (1..10])` is `false`.
    """
    _inside(point, interval)
    return interval.low_closed and _same(point, interval.low)


@_of_ranges("started by")
def _started_by(left: Range, right: Range) -> bool:
    """`started by([1..10], [1..5])` is `true`."""
    return _starts(right, left)


@built_in("started by", "range: range", f"point: {_POINT}")
def _started_by_point(interval: Range, point: object) -> bool:
    """`started by([1..10], 1)` is `true`."""
    return _point_starts(point, interval)


@_of_ranges("includes")
def _includes(left: Range, right: Range) -> bool:
    """The second lies inside the first.

    `includes([1..10], [4..6])` is `true`.
    `includes([1..10), [4..10])` is `false`.
    """
    _comparable(left, right)
    return not _starts_earlier(right, left) and not _ends_later(right, left)


@built_in("includes", "range: range", f"point: {_POINT}")
def _includes_point(interval: Range, point: object) -> bool:
    """`includes([1..10], 10)` is `true`.
    `includes([1..10), 10)` is `false`.
    """
    return _inside(point, interval)


@_of_ranges("during")
def _during(left: Range, right: Range) -> bool:
    """`during([4..6], [1..10])` is `true`."""
    return _includes(right, left)


@built_in("during", f"point: {_POINT}", "range: range")
def _point_during(point: object, interval: Range) -> bool:
    """`during(5, [1..10])` is `true`."""
    return _inside(point, interval)


@_of_ranges("coincides")
def _coincides(left: Range, right: Range) -> bool:
    """`coincides([1..5], [1..5])` is `true`.
    `coincides([1..5], [1..5))` is `false`.
    """
    _comparable(left, right)
    return _same_start(left, right) and _same_end(left, right)


@built_in("coincides", f"point1: {_POINT}", f"point2: {_POINT}")
def _points_coincide(left: object, right: object) -> object:
    """`coincides(5, 5)` is `true`."""
    return equal(left, right)
