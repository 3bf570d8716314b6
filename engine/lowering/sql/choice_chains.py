"""Chains of choices by ranges, such as a scorecard's bands, without the tests that earlier ones have settled. Same
value for every input.

Part of the SQL lowering. An author writes both ends of each band, so that each can be read alone. Walked through from
the top, `>= 3` is known once `< 3` has failed, and the last choice needs no test where nothing else is left.

Example, of an x from 0 to 9 that is never missing:

    written                                  x can still be    shortened
    if x < 3 then 1                          0 to 9            if x < 3 then 1
    else if x >= 3 and x < 6 then 2          3 to 9            else if x < 6 then 2
    else if x >= 6 then 3                    6 to 9            else 3
    else null                                nothing

If x may be missing, the last test stays: `x >= 6` also keeps the missing x out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.vocabulary import YES_NO, Kind


@dataclass(frozen=True, slots=True)
class _Remaining:
    """What a value can still be after the choices so far.

    `low` and `high`: a number between them, yes and no being 1 and 0; no number where `low` is above `high`. `null`:
    whether it can also be missing."""

    low: int
    high: int
    null: bool

    @property
    def is_nothing(self) -> bool:
        """Whether no value is left: the chain never goes on from here."""
        return self.low > self.high and not self.null

    def is_sure(self, operator: str, number: int) -> bool:
        """Whether the comparison with `number` is true of every number that is left."""
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
        """What remains where the comparison with `number` is not true. A number in the middle can't be taken away, so
        that more may remain here than can occur, which costs a test and no value."""
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
    """One condition on one value.

    `subject`: the value. `operator` and `number`: what it is compared with; no operator asks whether it is null.
    `null_is_false`: whether the comparison is false of a missing subject, by `IsTrue`; otherwise it is null."""

    subject: Formula
    operator: str | None
    number: int = 0
    null_is_false: bool = False


_Known = dict[Formula, _Remaining]
"""What each subject can still be; one that is not in it can be all that its type allows."""


def shortened(choice: f.If, rows: Mapping[str, Sequence[Formula]]) -> Formula:
    """A chain of choices with the tests left out that earlier ones have settled, and the choices that are never
    reached. `rows` are the conjuncts of the table rows, by the ids under which conditions name them."""
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
    chain = rest
    for link, condition in reversed(links):
        nullable = condition.nullable or link.then.nullable or chain.nullable
        chain = f.If(link.type, condition, link.then, chain, nullable=nullable)
    return chain


def _left_after(test: _Test, known: _Known) -> _Remaining:
    """What the test's subject can still be in the next choice: the test was false, and not null."""
    left = _left(test.subject, known)
    if test.operator is None:
        return replace(left, null=False)
    return replace(left.without(test.operator, test.number), null=left.null and test.null_is_false)


def _left(subject: Formula, known: _Known) -> _Remaining:
    """What a subject can still be."""
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
    """The parts of a conjunction: nested ones and those of table rows opened, each part under its own `IsTrue`."""
    match condition:
        case f.All(parts=parts):
            for part in parts:
                yield from _parts(part, rows)
        case f.Variable(name=name) if rows.get(name):
            for part in rows[name]:
                yield from _parts(part, rows)
        case f.IsTrue(operand=f.All(parts=parts)):
            for part in parts:
                yield from _parts(f.IsTrue(condition.type, part, nullable=False), rows)
        case _:
            yield condition


def _joined(parts: Sequence[Formula]) -> Formula:
    """The conjunction of these parts, with one `IsTrue` around all where each has one."""
    if len(parts) == 1:
        return parts[0]
    bare = [part.operand for part in parts if isinstance(part, f.IsTrue)]
    if len(bare) == len(parts):
        return f.IsTrue(
            YES_NO, f.All(YES_NO, tuple(bare), nullable=any(part.nullable for part in bare)), nullable=False
        )
    return f.All(YES_NO, tuple(parts), nullable=any(part.nullable for part in parts))


def _unsettled(parts: Sequence[Formula], known: _Known) -> Iterator[Formula]:
    """The parts that are not sure by now. A part that is sure of every number, while its subject may be missing, stays
    too, unless another comparison of that subject stays: for a missing one both give the same."""
    tests = [_test(part) for part in parts]
    stay = {
        (test.subject, test.null_is_false) for test in tests if test and test.operator and not _is_sure(test, known)
    }
    for part, test in zip(parts, tests, strict=True):
        if test is None or not _is_sure(test, known):
            yield part
        elif test.operator and _left(test.subject, known).null and (test.subject, test.null_is_false) not in stay:
            stay.add((test.subject, test.null_is_false))
            yield part


def _is_sure(test: _Test, known: _Known) -> bool:
    """Whether the test is true of every number that its subject can still be."""
    left = _left(test.subject, known)
    return left.low > left.high if test.operator is None else left.is_sure(test.operator, test.number)


def _test(part: Formula) -> _Test | None:
    """A condition as a test of one subject against one number, None where it is something else."""
    match part:
        case f.IsNull(operand=subject) if _is_ordered(subject):
            return _Test(subject, None)
        case f.IsTrue(operand=f.Compare() as comparison):
            test = _test(comparison)
            return test and replace(test, null_is_false=True)
        case f.Compare(operator=operator, left=subject, right=Constant(value=int(value))) if _is_ordered(subject):
            return _Test(subject, operator, int(value))
    return None


def _is_ordered(formula: Formula) -> bool:
    """Whether its values are numbers, or days, or no and yes as 0 and 1."""
    return formula.type.kind.is_numeric or formula.type.kind in (Kind.DATE, Kind.YES_NO)
