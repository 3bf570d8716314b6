"""Sets of values that make a condition true or false, exactly: integer intervals plus "missing".

Used by the checks of tables and rules. Every value is an integer: numbers at their type's scale, days, enum members and
yes/no counted 0, 1, 2 and so on. Text takes part with the words that the conditions mention, plus one value that stands
for all other texts.

Example: `score` is a whole number from 0 to 100 that may be missing, and the condition is `score >= 50 and score < 80`.

    domain            Region(((0, 100),), null=True)
    score >= 50       true on ((50, 100),)     false on ((0, 49),)      unknown where score is missing
    score < 80        true on ((0, 79),)       false on ((80, 100),)
    both              true on ((50, 79),)      false on ((0, 49), (80, 100))

True of both is the intersection of where each is true, false the union of where one is false.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.binding import json_value
from engine.vocabulary.vocabulary import Kind, Type

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
"""The comparison that says the same with its sides exchanged."""

Interval = tuple[int, int]
"""The lowest and the highest of a run of integers, both inclusive."""


@dataclass(frozen=True, slots=True)
class Region:
    """A set of values.

    `intervals`: disjoint and in ascending order, with a gap between neighbours. `null`: whether a missing value belongs
    to the set. An empty region is falsy; `&` and `|` give the intersection and the union."""

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
    """The intervals in order, those that overlap or touch joined."""
    merged: list[Interval] = []
    for low, high in sorted(intervals):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def _union(regions: Sequence[Region]) -> Region:
    """All at once: joining one after the other would walk along the union so far each time."""
    merged = _merged(interval for region in regions for interval in region.intervals)
    return Region(merged, any(region.null for region in regions))


def intersection(regions: Sequence[Region]) -> Region:
    """What at least one region have in common. By halves: one after the other would walk along the intersection so far
    each time."""
    if len(regions) == 1:
        return regions[0]
    half = len(regions) // 2
    return intersection(regions[:half]) & intersection(regions[half:])


def _complement(region: Region, domain: Region) -> Region:
    """The values of `domain` that are not in `region`, which lies inside it."""
    gaps: list[Interval] = []
    if domain.intervals:
        at = domain.intervals[0][0]
        for low, high in region.intervals:
            if low > at:
                gaps.append((at, low - 1))
            at = max(at, high + 1)
        gaps.append((at, max(at, domain.intervals[-1][1])))
    return Region(tuple(_common(gaps, domain.intervals)), domain.null and not region.null)


# --- the values of a subject -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Domain:
    """All values that a subject, a fact or a value that conditions are about, can take.

    `type`: the subject's type. `words`: enum members, yes/no or texts, each standing for its index; empty for numbers
    and dates. A None among them stands for every text that is not mentioned. `values`: the whole domain as a region."""

    type: Type
    words: tuple[object, ...]
    values: Region
    _numbers: dict[object, int] = field(default_factory=dict, repr=False, compare=False)

    def number_of(self, value: object) -> int | None:
        """The integer that stands for a constant; None for a text that is none of the words."""
        if not self.words:
            return int(value)  # type: ignore[call-overload,no-any-return]  # numbers where there are no words
        if not self._numbers:
            self._numbers.update((word, number) for number, word in enumerate(self.words))
        return self._numbers.get(value)

    def in_words(self, low: int, high: int) -> str:
        """An interval as an author writes it: `>= 80.00`, `[1..5]`, or a list of words."""
        if self.words:
            return ", ".join(_word(self.words[number]) for number in range(low, high + 1))
        if low == high:
            return f"{json_value(low, self.type)}"
        lowest, highest = self.values.intervals[0][0], self.values.intervals[-1][1]
        if low == lowest and high == highest:
            return "any value"
        if high == highest:
            return f">= {json_value(low, self.type)}"
        if low == lowest:
            return f"<= {json_value(high, self.type)}"
        return f"[{json_value(low, self.type)}..{json_value(high, self.type)}]"

    def reach(self) -> str:
        """All values, as the end of a sentence that begins with the subject: `lies between 0 and 100`."""
        if self.words:
            return f"is one of {', '.join(_word(word) for word in self.words)}"
        low, high = self.values.intervals[0][0], self.values.intervals[-1][1]
        return f"lies between {json_value(low, self.type)} and {json_value(high, self.type)}"


def _word(word: object) -> str:
    if isinstance(word, bool):
        return "true" if word else "false"
    return "any other text" if word is None else str(word)


def domain_of(subject: Formula, conditions: Sequence[Formula]) -> Domain:
    """The values that `subject` can take; `conditions` are those that mention it, and their texts become its words."""
    type_ = subject.type
    words: tuple[object, ...] = ()
    match type_.kind:
        case Kind.ENUM:
            words = type_.members
        case Kind.YES_NO:
            words = (False, True)
        case Kind.TEXT | Kind.PERSON:
            words = (*dict.fromkeys(_texts(conditions)), None)
    intervals = ((0, len(words) - 1),) if words else ((type_.low, type_.high),)
    return Domain(type_, words, Region(intervals, subject.nullable))


def _texts(conditions: Sequence[Formula]) -> Iterable[str]:
    for condition in conditions:
        for node in f.walk(condition):
            if isinstance(node, Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, f.MemberOf):
                yield from (value for value in node.values if isinstance(value, str))


# --- where a condition holds -----------------------------------------------------------------------------------------

Truth = tuple[Region, Region]
"""Where a condition is true, and where it is false; it is unknown elsewhere."""


def truth(condition: Formula, subject: Formula, domain: Domain) -> Truth | None:
    """Where in its subject's domain a condition is true and where it is false. None where it reads more than the
    subject and constants, or in a way that is not followed here, such as a product of the subject."""
    nothing, known = Region(()), Region(domain.values.intervals)
    match condition:
        case Constant(value=bool() as value):
            return (domain.values, nothing) if value else (nothing, domain.values)
        case f.Compare():
            return _comparison(condition, subject, domain)
        case f.MemberOf(operand=operand, values=values) if (factor := _factor(operand, subject)) is not None:
            numbers = [number // factor for number in _numbers(values, domain) if number % factor == 0]
            inside = known & Region(_merged((number, number) for number in numbers))
            return inside, _complement(inside, known)
        case f.IsNull(operand=operand) if operand == subject:
            return Region((), domain.values.null), known
        case f.IsTrue(operand=operand) if (inner := truth(operand, subject, domain)) is not None:
            return inner[0], _complement(inner[0], domain.values)
        case f.Not(operand=operand) if (inner := truth(operand, subject, domain)) is not None:
            return inner[1], inner[0]
        case f.All(parts=parts) | f.Any(parts=parts):
            return _combined(parts, subject, domain, every=isinstance(condition, f.All))
        case _ if condition == subject and subject.type.kind is Kind.YES_NO:
            return Region(((1, 1),)), Region(((0, 0),))
    return None


def _combined(parts: Sequence[Formula], subject: Formula, domain: Domain, *, every: bool) -> Truth | None:
    """Of a conjunction (`every`) or a disjunction; see the example above."""
    truths: list[Truth] = []
    for part in parts:
        of_part = truth(part, subject, domain)
        if of_part is None:
            return None
        truths.append(of_part)
    trues, falses = [true for true, _ in truths], [false for _, false in truths]
    if every:
        return intersection([domain.values, *trues]), _union(falses)
    return _union(trues), intersection([domain.values, *falses])


def _numbers(values: Iterable[object], domain: Domain) -> list[int]:
    return [number for value in values if (number := domain.number_of(value)) is not None]


def _comparison(condition: f.Compare, subject: Formula, domain: Domain) -> Truth | None:
    left, right, operator = condition.left, condition.right, condition.operator
    if isinstance(left, Constant):
        left, right, operator = right, left, _FLIPPED[operator]
    if not isinstance(right, Constant) or right.value is None:
        return None
    factor = _factor(left, subject)
    if factor is None:
        return None
    known = Region(domain.values.intervals)
    inside = known & _half_line(operator, right.value, factor, domain, known)
    return inside, _complement(inside, known)


def _factor(formula: Formula, subject: Formula) -> int | None:
    """By how much the subject is multiplied in this formula; None where more happens to it."""
    if formula == subject:
        return 1
    if isinstance(formula, f.Rescale) and formula.operand == subject and formula.type.scale >= subject.type.scale:
        factor: int = 10 ** (formula.type.scale - subject.type.scale)
        return factor
    return None


def _half_line(operator: str, value: object, factor: int, domain: Domain, known: Region) -> Region:
    """The numbers n for which `n * factor operator value` is true. With a factor of 100, `n * 100 < 250` is true up to
    2, since (250 - 1) // 100 is 2, and `n * 100 >= 250` from 3 on, since -(-250 // 100) is 3."""
    if domain.words:
        number = Region(_merged((number, number) for number in _numbers([value], domain)))
        return number if operator == "=" else _complement(number, known)
    if not isinstance(value, int):
        raise TypeError(f"numbers are compared with numbers, not with {value!r}")
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
