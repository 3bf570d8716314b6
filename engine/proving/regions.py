"""Sets of values that make a condition true or false, exactly: integer intervals plus "missing".

Used by the checks of tables and rules. Enum members and yes/no are counted 0, 1, 2 …; text takes part with the words
that are mentioned plus one value that stands for all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.binding import json_value
from engine.vocabulary.vocabulary import Kind, Type

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Region:
    """Disjoint inclusive intervals in ascending order, and whether a missing value belongs to it."""

    intervals: tuple[Interval, ...]
    null: bool = False

    def __bool__(self) -> bool:
        return self.null or bool(self.intervals)

    def meets(self, other: Region) -> bool:
        """Whether the two have a value in common."""
        return (self.null and other.null) or next(_common(self.intervals, other.intervals), None) is not None

    def __and__(self, other: Region) -> Region:
        return Region(tuple(_common(self.intervals, other.intervals)), self.null and other.null)

    def __or__(self, other: Region) -> Region:
        return Region(_merged([*self.intervals, *other.intervals]), self.null or other.null)


def _common(one: Sequence[Interval], other: Sequence[Interval]) -> Iterator[Interval]:
    """What two ascending rows of intervals share, by one walk along both."""
    mine = theirs = 0
    while mine < len(one) and theirs < len(other):
        low, high = max(one[mine][0], other[theirs][0]), min(one[mine][1], other[theirs][1])
        if low <= high:
            yield low, high
        if one[mine][1] < other[theirs][1]:
            mine += 1
        else:
            theirs += 1


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    found: list[Interval] = []
    for low, high in sorted(intervals):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Domain:
    """All values a subject can take. `words` gives enum members, texts and yes/no their numbers."""

    type: Type
    words: tuple[object, ...]
    whole: Region
    _numbers: dict[object, int] = field(default_factory=dict, repr=False, compare=False)

    def number_of(self, value: object) -> int | None:
        """None for a text that is none of the words."""
        if not self.words:
            return int(value)  # type: ignore[call-overload,no-any-return]  # numbers where there are no words
        if not self._numbers:
            self._numbers.update((word, number) for number, word in enumerate(self.words))
        return self._numbers.get(value)

    def shown(self, low: int, high: int) -> str:
        """A range in the author's words."""
        if self.words:
            return ", ".join(_word(self.words[number]) for number in range(low, high + 1))
        if low == high:
            return f"{json_value(low, self.type)}"
        lowest, highest = self.whole.intervals[0][0], self.whole.intervals[-1][1]
        if low == lowest and high == highest:
            return "any value"
        if high == highest:
            return f">= {json_value(low, self.type)}"
        if low == lowest:
            return f"<= {json_value(high, self.type)}"
        return f"[{json_value(low, self.type)}..{json_value(high, self.type)}]"

    def reach(self) -> str:
        """All values, ending the sentence "`account.months` …"."""
        if self.words:
            return f"is one of {', '.join(_word(word) for word in self.words)}"
        low, high = self.whole.intervals[0][0], self.whole.intervals[-1][1]
        return f"lies between {json_value(low, self.type)} and {json_value(high, self.type)}"


def _word(word: object) -> str:
    if isinstance(word, bool):
        return "true" if word else "false"
    return "any other text" if word is None else str(word)


def domain(subject: Formula, conditions: Sequence[Formula]) -> Domain:
    """Where `subject` can lie; `conditions` are those that mention it (their texts become its words)."""
    type_ = subject.type
    words: tuple[object, ...] = ()
    match type_.kind:
        case Kind.ENUM:
            words = type_.members
        case Kind.YES_NO:
            words = (False, True)
        case Kind.TEXT:
            words = (*dict.fromkeys(_texts(conditions)), None)
    whole = ((0, len(words) - 1),) if words else ((type_.low, type_.high),)
    return Domain(type_, words, Region(whole, subject.nullable))


def _texts(conditions: Sequence[Formula]) -> Iterable[str]:
    for condition in conditions:
        for node in f.walk(condition):
            if isinstance(node, Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, f.MemberOf):
                yield from (value for value in node.values if isinstance(value, str))


Truth = tuple[Region, Region]
"""Where a condition is true, and where it is false; it is unknown elsewhere."""


def truth(condition: Formula, subject: Formula, over: Domain) -> Truth | None:
    """None where the condition reads more than the subject and constants, or does so in a way not followed here."""
    nothing, known = Region(()), Region(over.whole.intervals)
    match condition:
        case Constant(value=bool() as value):
            return (over.whole, nothing) if value else (nothing, over.whole)
        case f.Compare():
            return _comparison(condition, subject, over)
        case f.MemberOf(operand=operand, values=values) if (factor := _factor(operand, subject)) is not None:
            numbers = [n // factor for n in _numbers(values, over) if n % factor == 0]
            inside = known & Region(_merged((n, n) for n in numbers))
            return inside, _complement(inside, known)
        case f.IsNull(operand=operand) if operand == subject:
            return Region((), over.whole.null), known
        case f.IsTrue(operand=operand) if (found := truth(operand, subject, over)) is not None:
            return found[0], _complement(found[0], over.whole)
        case f.Not(operand=operand) if (found := truth(operand, subject, over)) is not None:
            return found[1], found[0]
        case f.All(parts=parts) | f.Any(parts=parts):
            return _combined(parts, subject, over, every=isinstance(condition, f.All))
        case _ if condition == subject and subject.type.kind is Kind.YES_NO:
            return Region(((1, 1),)), Region(((0, 0),))
    return None


def _combined(parts: Sequence[Formula], subject: Formula, over: Domain, *, every: bool) -> Truth | None:
    found: list[Truth] = []
    for part in parts:
        of_part = truth(part, subject, over)
        if of_part is None:
            return None
        found.append(of_part)
    trues, falses = [true for true, _ in found], [false for _, false in found]
    if every:
        return intersection([over.whole, *trues]), _union(falses)
    return _union(trues), intersection([over.whole, *falses])


def _union(regions: Sequence[Region]) -> Region:
    """All at once: one after the other would go over what was found so far again and again."""
    merged = _merged(interval for region in regions for interval in region.intervals)
    return Region(merged, any(region.null for region in regions))


def intersection(regions: Sequence[Region]) -> Region:
    """Of at least one. By halves: one after the other would go over what is left again and again."""
    if len(regions) == 1:
        return regions[0]
    half = len(regions) // 2
    return intersection(regions[:half]) & intersection(regions[half:])


def _numbers(values: Iterable[object], over: Domain) -> list[int]:
    return [number for value in values if (number := over.number_of(value)) is not None]


_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


def _comparison(condition: f.Compare, subject: Formula, over: Domain) -> Truth | None:
    left, right, operator = condition.left, condition.right, condition.operator
    if isinstance(left, Constant):
        left, right, operator = right, left, _FLIPPED[operator]
    if not isinstance(right, Constant) or right.value is None:
        return None
    factor = _factor(left, subject)
    if factor is None:
        return None
    known = Region(over.whole.intervals)
    inside = known & _half_line(operator, right.value, factor, over, known)
    return inside, _complement(inside, known)


def _factor(formula: Formula, subject: Formula) -> int | None:
    """What the subject is multiplied with in this formula, None where that is not all that happens to it."""
    if formula == subject:
        return 1
    if isinstance(formula, f.Rescale) and formula.operand == subject and formula.type.scale >= subject.type.scale:
        factor: int = 10 ** (formula.type.scale - subject.type.scale)
        return factor
    return None


def _half_line(operator: str, value: object, factor: int, over: Domain, known: Region) -> Region:
    """Numbers n with `n * factor operator value`."""
    if over.words:
        number = Region(_merged((n, n) for n in _numbers([value], over)))
        return number if operator == "=" else _complement(number, known)
    assert isinstance(value, int)
    low, high = known.intervals[0][0], known.intervals[-1][1]
    match operator:
        case "<":
            return Region(((low, (value - 1) // factor),))
        case "<=":
            return Region(((low, value // factor),))
        case ">":
            return Region(((value // factor + 1, high),))
        case ">=":
            return Region(((-(-value // factor), high),))
    equal = Region(((value // factor, value // factor),)) if value % factor == 0 else Region(())
    return equal if operator == "=" else _complement(equal & known, known)


def _complement(region: Region, whole: Region) -> Region:
    gaps: list[Interval] = []
    if whole.intervals:
        at = whole.intervals[0][0]
        for low, high in region.intervals:
            if low > at:
                gaps.append((at, low - 1))
            at = max(at, high + 1)
        gaps.append((at, max(at, whole.intervals[-1][1])))
    return Region(tuple(_common(gaps, whole.intervals)), whole.null and not region.null)
