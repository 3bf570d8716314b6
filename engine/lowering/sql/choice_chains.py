"""Choices by ranges, as of a scorecard's bands, without the tests that the ones before have settled. Same value for
every input.

Part of the SQL lowering. Bands say both their ends, so that an editor reads each alone; walked through from the top,
`>= 3` is known once `< 3` has failed, and the last band needs no test where nothing else is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.vocabulary import YES_NO, Kind


@dataclass(frozen=True, slots=True)
class _Remaining:
    """What a value can still be: a number from `low` to `high` (of yes/no 0 and 1), or null."""

    low: int
    high: int
    null: bool

    @property
    def is_nothing(self) -> bool:
        return self.low > self.high and not self.null

    def is_sure(self, operator: str, number: int) -> bool:
        """The comparison holds for all that is left but null."""
        low, high = self.low, self.high
        match operator:
            case "<":
                return high < number
            case "<=":
                return high <= number
            case ">":
                return low > number
            case ">=":
                return low >= number
            case "=":
                return low == high == number
        return not low <= number <= high

    def without(self, operator: str, number: int) -> _Remaining:
        """Where the comparison is not true."""
        low, high = self.low, self.high
        match operator:
            case "<":
                low = max(low, number)
            case "<=":
                low = max(low, number + 1)
            case ">":
                high = min(high, number)
            case ">=":
                high = min(high, number - 1)
            case "=" if number == low:
                low += 1
            case "=" if number == high:
                high -= 1
            case "!=":
                low, high = max(low, number), min(high, number)
        return replace(self, low=low, high=high)


@dataclass(frozen=True, slots=True)
class _Test:
    """A comparison of `subject` with a number, or whether it is null (no operator). For a null the comparison is null,
    or false where it is `told`."""

    subject: Formula
    operator: str | None
    number: int = 0
    told: bool = False


_Known = dict[Formula, _Remaining]


def shortened(choice: f.If, rows: Mapping[str, Sequence[Formula]]) -> Formula:
    """`rows` are the conjuncts of the table rows that conditions name."""
    links: list[tuple[f.If, Formula]] = []
    known: _Known = {}
    rest: Formula = choice
    while isinstance(rest, f.If):
        parts = list(_parts(rest.condition, rows))
        kept = list(_unsettled(parts, known))
        if not kept:
            rest = rest.then
            break
        links.append((rest, rest.condition if len(kept) == len(parts) else _joined(kept)))
        rest = rest.otherwise
        test = _test(kept[0]) if len(kept) == 1 else None
        if test is not None:
            left = known[test.subject] = _left_after(test, known)
            if left.is_nothing and not kept[0].nullable:
                rest = links.pop()[0].then
                break
    while links and links[-1][0].then == rest and not links[-1][1].nullable:
        links.pop()
    whole = rest
    for link, condition in reversed(links):
        nullable = condition.nullable or link.then.nullable or whole.nullable
        whole = f.If(link.type, nullable, condition, link.then, whole)
    return whole


def _left_after(test: _Test, known: _Known) -> _Remaining:
    """Where the choice goes on: the test was false, and not null."""
    left = _left(test.subject, known)
    if test.operator is None:
        return replace(left, null=False)
    return replace(left.without(test.operator, test.number), null=left.null and test.told)


def _left(subject: Formula, known: _Known) -> _Remaining:
    if subject in known:
        return known[subject]
    type_ = subject.type
    return (
        _Remaining(0, 1, subject.nullable)
        if type_.kind is Kind.YES_NO
        else _Remaining(type_.low, type_.high, subject.nullable)
    )


# --- conditions ------------------------------------------------------------------------------------------------------


def _parts(condition: Formula, rows: Mapping[str, Sequence[Formula]]) -> Iterator[Formula]:
    match condition:
        case f.All(parts=parts):
            for part in parts:
                yield from _parts(part, rows)
        case f.Variable(name=name) if rows.get(name):
            for part in rows[name]:
                yield from _parts(part, rows)
        case f.IsTrue(operand=f.All(parts=parts)):
            for part in parts:
                yield from _parts(f.IsTrue(condition.type, False, part), rows)
        case _:
            yield condition


def _joined(parts: Sequence[Formula]) -> Formula:
    """As few `IsTrue` as can be."""
    if len(parts) == 1:
        return parts[0]
    bare = [part.operand for part in parts if isinstance(part, f.IsTrue)]
    if len(bare) == len(parts):
        return f.IsTrue(YES_NO, False, f.All(YES_NO, any(part.nullable for part in bare), tuple(bare)))
    return f.All(YES_NO, any(part.nullable for part in parts), tuple(parts))


def _unsettled(parts: Sequence[Formula], known: _Known) -> Iterator[Formula]:
    """Without what is sure. Of what is sure but for a null one stays, unless another comparison is the same for it."""
    tests = [_test(part) for part in parts]
    of_null = {(test.subject, test.told) for test in tests if test and test.operator and not _is_sure(test, known)}
    for part, test in zip(parts, tests, strict=True):
        if test is None or not _is_sure(test, known):
            yield part
        elif test.operator and _left(test.subject, known).null and (test.subject, test.told) not in of_null:
            of_null.add((test.subject, test.told))
            yield part


def _is_sure(test: _Test, known: _Known) -> bool:
    left = _left(test.subject, known)
    return left.low > left.high if test.operator is None else left.is_sure(test.operator, test.number)


def _test(part: Formula) -> _Test | None:
    match part:
        case f.IsNull(operand=subject) if _is_ordered(subject):
            return _Test(subject, None)
        case f.IsTrue(operand=f.Compare() as comparison):
            test = _test(comparison)
            return test and replace(test, told=True)
        case f.Compare(operator=operator, left=subject, right=Constant(value=int(value))) if _is_ordered(subject):
            return _Test(subject, operator, int(value))
    return None


def _is_ordered(formula: Formula) -> bool:
    return formula.type.kind.is_numeric or formula.type.kind in (Kind.DATE, Kind.YES_NO)
