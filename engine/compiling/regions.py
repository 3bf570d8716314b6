"""Sets of values that make a condition true or false, exactly: integer intervals plus "missing".

Used by the checks of tables and rules. Enum members and yes/no are counted 0, 1, 2 …; text takes part with the words
that are mentioned plus one value that stands for all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine import formula as f
from engine.facts import shown
from engine.formula import Constant, Formula
from engine.vocabulary import Kind, Type

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
        if self.null and other.null:
            return True
        return any(low <= top and bottom <= high for low, high in self.intervals for bottom, top in other.intervals)

    def __and__(self, other: Region) -> Region:
        found = []
        for low, high in self.intervals:
            for other_low, other_high in other.intervals:
                if max(low, other_low) <= min(high, other_high):
                    found.append((max(low, other_low), min(high, other_high)))
        return Region(tuple(found), self.null and other.null)

    def __or__(self, other: Region) -> Region:
        return Region(_merged([*self.intervals, *other.intervals]), self.null or other.null)


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

    def number_of(self, value: object) -> int:
        return self.words.index(value) if self.words else int(value)  # type: ignore[call-overload]  # numbers where there are no words

    def shown(self, low: int, high: int) -> str:
        """A range in the author's words."""
        if self.words:
            return ", ".join(_word(self.words[number]) for number in range(low, high + 1))
        if low == high:
            return f"{shown(low, self.type)}"
        lowest, highest = self.whole.intervals[0][0], self.whole.intervals[-1][1]
        if low == lowest and high == highest:
            return "any value"
        if high == highest:
            return f">= {shown(low, self.type)}"
        if low == lowest:
            return f"<= {shown(high, self.type)}"
        return f"[{shown(low, self.type)}..{shown(high, self.type)}]"

    def reach(self) -> str:
        """All values, ending the sentence "`account.months` …"."""
        if self.words:
            return f"is one of {', '.join(_word(word) for word in self.words)}"
        low, high = self.whole.intervals[0][0], self.whole.intervals[-1][1]
        return f"lies between {shown(low, self.type)} and {shown(high, self.type)}"


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
    found = [truth(part, subject, over) for part in parts]
    true, false = over.whole, Region(())
    if not every:
        true, false = false, true
    for part in found:
        if part is None:
            return None
        true, false = (true & part[0], false | part[1]) if every else (true | part[0], false & part[1])
    return true, false


def _numbers(values: Iterable[object], over: Domain) -> list[int]:
    return [over.number_of(value) for value in values if not over.words or value in over.words]


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
    found: list[Interval] = []
    for low, high in whole.intervals:
        at = low
        for inner_low, inner_high in region.intervals:
            if inner_high < at or inner_low > high:
                continue
            if inner_low > at:
                found.append((at, inner_low - 1))
            at = inner_high + 1
        if at <= high:
            found.append((at, high))
    return Region(tuple(found), whole.null and not region.null)
