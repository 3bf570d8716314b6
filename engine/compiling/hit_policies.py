"""DMN's hit policies as formulas: which row's output counts, or how the outputs of all rows hit are put together.

Part of `compile`. The meaning of a missing input are in docs/policy-language.md ("Missing inputs"): a row match is
null where it is unknown, and each hit policy says here when that makes an output null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine import formula as f
from engine.compiling import arithmetic as a
from engine.compiling.arithmetic import Mismatch
from engine.formula import Constant, Formula, Variable
from engine.policy import HitPolicy
from engine.ruleset import Match
from engine.vocabulary import YES_NO, Kind, Type

CHAIN = 12
"""Longest chain of nested conditions; longer tables are halved first, so that formulas stay shallow."""


def hits(matches: Sequence[Match]) -> tuple[Formula, ...]:
    """Row matches as yes/no variables; a row without conditions is always hit."""
    return tuple(_hit(match) for match in matches)


def _hit(match: Match) -> Formula:
    if not match.conjuncts:
        return a.constant(YES_NO, True)
    return Variable(YES_NO, any(conjunct.formula.nullable for conjunct in match.conjuncts), match.id)


def single(hit: HitPolicy, rows: Sequence[Formula], outputs: Sequence[Formula], ranks: Sequence[int]) -> Formula:
    """The output of the one row that counts; null where no row is hit, or where an unknown row could be the one.

    Under `unique` and `any` a row that is hit settles it, since a check has shown that the others can't be hit or
    agree. Under `first` and `priority` an unknown row ahead of it could."""
    outputs = a.unified(outputs, "outputs of one column")
    if hit in (HitPolicy.UNIQUE, HitPolicy.ANY):
        conditions: list[Formula] = [f.IsTrue(YES_NO, False, row) if row.nullable else row for row in rows]
        return _first_true(conditions, outputs)
    chosen: Sequence[int] = range(len(outputs))
    if hit is HitPolicy.PRIORITY:
        chosen = sorted(chosen, key=lambda index: (ranks[index], index))
    return _first_true([rows[index] for index in chosen], [outputs[index] for index in chosen])


def _first_true(conditions: Sequence[Formula], results: Sequence[Formula]) -> Formula:
    if len(conditions) <= CHAIN:
        whole: Formula = Constant(results[-1].type, True, None)
        for condition, result in zip(reversed(conditions), reversed(results), strict=True):
            always = isinstance(condition, Constant)
            whole = result if always else a.choose(condition, result, whole)
        return whole
    half = len(conditions) // 2
    left = _first_true(conditions[:half], results[:half])
    right = _first_true(conditions[half:], results[half:])
    return a.choose(a.disjunction(conditions[:half]), left, right)


def collected(hit: HitPolicy, rows: Sequence[Formula], outputs: Sequence[Formula]) -> Formula:
    """Sum, count, least or greatest over the rows hit; null where any row is unknown. No row hit: sum and count are 0,
    least and greatest null."""
    if hit is HitPolicy.COLLECT_COUNT:
        one, zero = (a.constant(Type(Kind.INTEGER), value) for value in (1, 0))
        return balanced([a.choose(row, one, zero) for row in rows], a.add)
    outputs = a.unified(outputs, "outputs of one column")
    for output in outputs:
        if not output.type.kind.is_numeric:
            raise Mismatch("T001", f"{a.described(output)} can't be collected by `{hit}`", "collect numbers")
    if hit is HitPolicy.COLLECT_SUM:
        zeros = [a.constant(Type(output.type.kind, output.type.scale), 0) for output in outputs]
        return balanced(
            [a.choose(row, output, zero) for row, output, zero in zip(rows, outputs, zeros, strict=True)], a.add
        )
    return _extreme(rows, outputs, greatest=hit is HitPolicy.COLLECT_MAX)


def _extreme(rows: Sequence[Formula], outputs: Sequence[Formula], *, greatest: bool) -> Formula:
    """A row that is not hit counts as a value beyond all others; with none hit the result is null."""
    low, high = min(o.type.low for o in outputs), max(o.type.high for o in outputs)
    beyond = a.constant(Type(outputs[0].type.kind, outputs[0].type.scale), low - 1 if greatest else high + 1)
    best = a.extreme(
        [a.choose(row, output, beyond) for row, output in zip(rows, outputs, strict=True)], greatest=greatest
    )
    return a.choose(a.disjunction(rows), best, Constant(best.type, True, None))


def balanced(parts: Sequence[Formula], combine: Callable[[Formula, Formula], Formula]) -> Formula:
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return combine(balanced(parts[:half], combine), balanced(parts[half:], combine))
