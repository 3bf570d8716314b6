"""Where in a range a proposition holds: terms worked out over boxes of their unknowns. Part of `engine.proving.smt`.

For a case of which all but one or two numbers are known no solver is needed: a box is a range for each of these, and
over it every number lies between two, and every proposition is true, false or open. What is open is halved until it is
not; a box of one point never is. So the first point at which something holds is exact, whatever goes up or down with
the numbers in between.

    amount 0 … 100 less:  exposure between 63,400 and 63,500  →  `exposure <= 63,450` is open; halved at 50 …

Beside its range a number keeps how it moves with the unknowns, as far as it does so evenly: so that of a payment of x
and an order that is s - x smaller the exposure is known to fall by s, whatever x is.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple, cast

from engine.proving.smt.products import PRODUCT, QUOTIENT
from engine.proving.smt.term_values import Evaluation
from engine.proving.smt.terms import Operator, Sort, Term, Terms, reached

Range = tuple[int, int]
"""The least and the greatest, both counted in."""


class Moving(NamedTuple):
    """A number over a box: its range, and the same as a sum of the unknowns."""

    low: int
    high: int
    slopes: tuple[Fraction | int, ...]
    """By how much it moves with each unknown; 0 where it doesn't, or not evenly."""
    rest_low: Fraction | int
    """What is left without the unknowns lies between this and `rest_high`."""
    rest_high: Fraction | int


Worked = Moving | bool | None
"""A number; or whether a proposition holds, None where it does at some points and at others not."""

WIDEST: Range = (-(10**60), 10**60)
"""Of a number of which nothing is known."""

SUM = "+"
"""In a box of two unknowns, the range of their sum."""

BOXES_MAX = 4_000
"""That are looked at for one search."""


class TooManyBoxes(Exception):
    """The search was not done within `BOXES_MAX` boxes."""


class BoxEvaluation:
    """Works out one proposition over boxes of some unknowns; the other unknowns have values."""

    def __init__(self, terms: Terms, wanted: Term, unknowns: Mapping[str, object], free: Iterable[str]) -> None:
        self._terms = terms
        self._wanted = wanted
        self._free = tuple(free)
        self._still = (0,) * len(self._free)
        everything = reached([wanted], {})
        depends: set[int] = set()
        for term in everything:
            is_free = term.operator is Operator.UNKNOWN and term.value in self._free
            if is_free or any(part.number in depends for part in term.parts):
                depends.add(term.number)
        self._depending = [term for term in everything if term.number in depends]
        fixed = [term for term in everything if term.number not in depends]
        self._fixed: dict[int, Worked] = {}
        for number, value in Evaluation(terms, fixed)(unknowns).items():
            is_records = not isinstance(value, int)  # a list, which only aggregates read
            self._fixed[number] = value if isinstance(value, bool) else self._plain(0 if is_records else value, value)
        self.boxes = 0

    def __call__(self, box: Mapping[str, Range]) -> bool | None:
        """Whether it holds at every point of the box (True), at none (False), or that can't be told (None). Raises
        `TooManyBoxes`."""
        self.boxes += 1
        if self.boxes > BOXES_MAX:
            raise TooManyBoxes
        found = dict(self._fixed)
        for term in self._depending:
            found[term.number] = self._worked(term, found, box)
        answer = found[self._wanted.number]
        return answer if isinstance(answer, bool) else None

    def _plain(self, low: int, high: int) -> Moving:
        """A range without any slope."""
        return Moving(low, high, self._still, low, high)

    def _worked(self, term: Term, found: Mapping[int, Worked], box: Mapping[str, Range]) -> Worked:
        parts = [found[part.number] for part in term.parts]
        if term.sort is Sort.PROPOSITION:
            return _proposition(term, parts)
        match term.operator:
            case Operator.UNKNOWN:
                low, high = box[str(term.value)]
                return Moving(low, high, tuple(int(name == term.value) for name in self._free), 0, 0)
            case Operator.CHOICE:
                condition, then, otherwise = parts
                if condition is not None:
                    return then if condition else otherwise
                return self._either(cast(Moving, then), cast(Moving, otherwise))
            case Operator.CASES:
                constants = cast("tuple[int, ...]", term.value)
                possible = [value for value, holds in zip(constants, parts, strict=True) if holds is not False]
                sure = [value for value, holds in zip(constants, parts, strict=True) if holds is True]
                kept = sure or possible
                return self._plain(min(kept), max(kept))
            case Operator.LINEAR:
                constant, factors = cast("tuple[int, tuple[int, ...]]", term.value)
                return self._sum(constant, factors, cast("list[Moving]", parts), box)
        return self._derived(term, cast("list[Moving]", parts), box)

    def _either(self, one: Moving, other: Moving) -> Moving:
        low, high = min(one.low, other.low), max(one.high, other.high)
        if one.slopes != other.slopes:
            return self._plain(low, high)
        rest = min(one.rest_low, other.rest_low), max(one.rest_high, other.rest_high)
        return Moving(low, high, one.slopes, *rest)

    def _sum(self, constant: int, factors: Iterable[int], parts: list[Moving], box: Mapping[str, Range]) -> Moving:
        low = high = constant
        rest_low: Fraction | int = constant
        rest_high: Fraction | int = constant
        slopes: list[Fraction | int] = list(self._still)
        for factor, part in zip(factors, parts, strict=True):
            up = factor > 0
            low += factor * (part.low if up else part.high)
            high += factor * (part.high if up else part.low)
            rest_low += factor * (part.rest_low if up else part.rest_high)
            rest_high += factor * (part.rest_high if up else part.rest_low)
            for at, slope in enumerate(part.slopes):
                slopes[at] += factor * slope
        return self._within(low, high, tuple(slopes), rest_low, rest_high, box)

    def _within(
        self,
        low: int,
        high: int,
        slopes: tuple[Fraction | int, ...],
        rest_low: Fraction | int,
        rest_high: Fraction | int,
        box: Mapping[str, Range],
    ) -> Moving:
        """The narrower of a range and of what the slopes say."""
        if any(slopes):
            for way in self._ways(slopes, box):
                ends = [(slope * span[0], slope * span[1]) for slope, span in way]
                low = max(low, ceil(rest_low + sum(min(each) for each in ends)))
                high = min(high, floor(rest_high + sum(max(each) for each in ends)))
        return Moving(low, high, slopes, rest_low, rest_high)

    def _ways(
        self, slopes: tuple[Fraction | int, ...], box: Mapping[str, Range]
    ) -> Iterator[list[tuple[Fraction | int, Range]]]:
        """The same slopes by the unknowns; and of two whose sum has a range, by the sum and either of them."""
        yield [(slope, box[name]) for name, slope in zip(self._free, slopes, strict=True) if slope]
        if SUM in box:
            (first, second), (one, other) = slopes, (box[name] for name in self._free)
            yield [(second, box[SUM]), (first - second, one)]
            yield [(first, box[SUM]), (second - first, other)]

    def _derived(self, term: Term, parts: list[Moving], box: Mapping[str, Range]) -> Moving:
        """At a point what it is; of what rises, or falls, with each part the ends; of all else nothing."""
        derivation = self._terms.derivations[term.number]
        if all(part.low == part.high for part in parts):
            value = int(derivation.compute(*(part.low for part in parts)))
            return self._plain(value, value)
        if derivation.kind in ("rounded", "half", "year"):
            (part,) = parts
            low, high = int(derivation.compute(part.low)), int(derivation.compute(part.high))
            if derivation.kind != "rounded":
                return self._plain(low, high)
            divisor = _divisor(term)
            slopes = tuple(Fraction(slope) / divisor if slope else 0 for slope in part.slopes)
            rest = Fraction(part.rest_low) / divisor - 1, Fraction(part.rest_high) / divisor + 1
            return self._within(low, high, slopes, *rest, box)
        is_ratio = derivation.kind == QUOTIENT and not parts[1].low <= 0 <= parts[1].high
        if derivation.kind == PRODUCT or is_ratio:
            ends = [int(derivation.compute(x, y)) for x in parts[0][:2] for y in parts[1][:2]]
            return self._scaled(derivation.kind, parts, box, min(ends), max(ends))
        return self._plain(*WIDEST)

    def _scaled(self, kind: str, parts: list[Moving], box: Mapping[str, Range], low: int, high: int) -> Moving:
        """A product of which one factor is a point moves as the other does."""
        one, other = parts if parts[1].low == parts[1].high else (parts[1], parts[0])
        if kind != PRODUCT or other.low != other.high:
            return self._plain(low, high)
        factor = other.low
        rests = one.rest_low * factor, one.rest_high * factor
        slopes = tuple(slope * factor for slope in one.slopes)
        return self._within(low, high, slopes, min(rests), max(rests), box)


def _proposition(term: Term, parts: list[Worked]) -> bool | None:
    match term.operator:
        case Operator.NOT:
            return None if parts[0] is None else not parts[0]
        case Operator.ALL:
            return False if False in parts else None if None in parts else True
        case Operator.ANY:
            return True if True in parts else None if None in parts else False
    part = cast(Moving, parts[0])
    if term.operator is Operator.NOT_POSITIVE:
        return True if part.high <= 0 else False if part.low > 0 else None
    return True if part.low == part.high == 0 else False if part.low > 0 or part.high < 0 else None


def _divisor(term: Term) -> int:
    """Of a rounded term, see `engine.proving.smt.rounding.rounded`."""
    _, (divisor, _) = cast("tuple[str, tuple[int, str]]", term.value)
    return divisor


def first_point(holds: Callable[[Range], bool | None], span: Range) -> int | None:
    """The least number of a span at which something holds; None: at none. `holds` answers for a part of the span as
    `BoxEvaluation` does."""
    pending = [span]
    while pending:
        low, high = pending.pop()
        if low > high:
            continue
        answer = holds((low, high))
        if answer:
            return low
        if answer is None and low < high:
            middle = (low + high) // 2
            pending += [(middle + 1, high), (low, middle)]
    return None


HoldsOfTwo = Callable[[Range, Range, Range], bool | None]
"""Answers for ranges of the sum of two numbers, of the first and of the second."""

_Box = tuple[Range, Range, Range]
"""Of the sum, the first and the second."""


def least_sum(holds: HoldsOfTwo, tops: tuple[int, int], most: int) -> tuple[int, int] | None:
    """The two numbers from 1 to their tops with the least sum, at most `most`, at which something holds; of several the
    ones with the least first number; None: there are none."""
    pending: list[tuple[int, _Box, bool]] = []

    whole = _tightened(((2, most), (1, tops[0]), (1, tops[1])))
    if whole is not None:
        pending.append((whole[0][0], whole, False))
    while pending:
        total, box, is_sure = heapq.heappop(pending)
        if is_sure:
            found = _first_with(holds, total, tops)
            return None if found is None else (found, total - found)
        kept = [(len(rest), at, rest) for at in range(3) if (rest := _halves(holds, box, at)) is not None]
        if kept:
            for half, answer in min(kept)[2]:
                heapq.heappush(pending, (half[0][0], half, answer is True))
    return None


def _halves(holds: HoldsOfTwo, box: _Box, at: int) -> list[tuple[_Box, bool | None]] | None:
    """The box halved by one of its three ranges, without halves in which it holds nowhere; None: it can't be halved
    so."""
    low, high = box[at]
    if low == high:
        return None
    middle = (low + high) // 2
    rest: list[tuple[_Box, bool | None]] = []
    for span in ((low, middle), (middle + 1, high)):
        half = _tightened((*box[:at], span, *box[at + 1 :]))  # type: ignore[arg-type]  # three ranges again
        answer = False if half is None else holds(*half)
        if half is not None and answer is not False:
            rest.append((half, answer))
    return rest


def _tightened(box: _Box) -> _Box | None:
    """Without what the three ranges rule out among themselves; None: nothing is left."""
    (low, high), (first, last), (least, greatest) = box
    low, high = max(low, first + least), min(high, last + greatest)
    first, last = max(first, low - greatest), min(last, high - least)
    least, greatest = max(least, low - last), min(greatest, high - first)
    if low > high or first > last or least > greatest:
        return None
    return (low, high), (first, last), (least, greatest)


def _first_with(holds: HoldsOfTwo, total: int, tops: tuple[int, int]) -> int | None:
    def answer(first: Range) -> bool | None:
        return holds((total, total), first, (total - first[1], total - first[0]))

    return first_point(answer, (max(1, total - tops[1]), min(tops[0], total - 1)))
