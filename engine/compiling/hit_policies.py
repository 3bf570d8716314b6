"""DMN's hit policies as formulas: which row's output counts, or how the outputs of all rows hit are put together.

Part of `decision_tables`. A row match is null where it is unknown, and an unknown row may turn out either way. An
output is null only where that could change it (docs/policy-language.md, "Missing inputs"): one output by itself, each
unknown row hit or not whatever the others are.

All hit policies do this alike. First the output is worked out with unknown rows counted as not hit (`certain`). An
unknown row that could not change that, such as one that gives the same under `first`, or no more under `collect max`,
counts as not hit for good; any other makes the output null. So formulas grow with the number of rows, not with the
number of ways in which they can turn out.

Worked examples, one for each hit policy, with three rows that give 1, 2 and 1 (`first`, `unique` …) or the points 5, 8
and 3 (`collect …`). `+` is a row that is hit, `-` one that is not, `?` an unknown one:

    unique, any     - + ?   2: the others can't be hit, or agree, as the check of the table has shown
                    - - ?   null: the third may be hit, or none
    first           + ? -   1: a row behind the one that is hit doesn't matter
                    ? - +   1: the first gives the same as the first row that is hit for certain
                    ? + -   null: 1 if the first is hit, 2 if not
                    ? - -   null: 1, or none
    priority        as `first`, after the rows were sorted by the declared order of their outputs
    collect max     ? + -   8: 5 would be no more
                    + ? -   null: 5, or 8
    collect min     + ? -   5: 8 would be no less
    collect sum     + - ?   null: 5, or 8; were the third's output 0, it would be 5
    collect count   + - ?   null: 1, or 2
    collect, rule-order, output-order (lists, made in `decision_tables`): null with any unknown row
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from engine.compiling import arithmetic as a
from engine.compiling.mismatch import Mismatch
from engine.diagnostics.codes import ErrorCode
from engine.reading.policy import HitPolicy
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula, Variable
from engine.ruleset.ruleset import Match
from engine.vocabulary.vocabulary import YES_NO, Kind, Type

IN_TURN = (HitPolicy.FIRST, HitPolicy.PRIORITY)
"""Hit policies under which rows may hold together and disagree, and one of them counts."""

CHAIN = 12
"""Longest chain of nested conditions; longer tables are halved first, so that formulas stay shallow."""


@dataclass(frozen=True, slots=True)
class Combined:
    """What a table gives under one name."""

    formula: Formula
    """The output; null where an unknown row could change it."""

    certain: tuple[tuple[str, Formula], ...] = ()
    """Variables that `formula` reads, with their formulas, worked out before it: the output with unknown rows counted
    as not hit, or the least and the most that a sum can be."""


def hits(matches: Sequence[Match]) -> tuple[Formula, ...]:
    """Row matches as yes/no variables, each null where the row is unknown; a row without conditions is the constant
    true."""
    return tuple(_hit(match) for match in matches)


def _hit(match: Match) -> Formula:
    if not match.conjuncts:
        return a.TRUE
    return Variable(YES_NO, match.id, nullable=any(conjunct.formula.nullable for conjunct in match.conjuncts))


def single(
    hit: HitPolicy, rows: Sequence[Formula], outputs: Sequence[Formula], ranks: Sequence[int], name: str
) -> Combined:
    """The output of the one row that counts; null where no row is hit, or where an unknown row could change it.

    Under `unique` and `any` a row that is hit settles it, since a check has shown that the others can't be hit or
    agree. Under `first` and `priority` an unknown row ahead of it can't change it if it gives the same. `name` is the
    output's, for the variable that holds what is certain. Raises AssertionError for a hit policy under which not one
    row counts."""
    outputs = a.unified(outputs, "outputs of one column")
    if hit in (HitPolicy.UNIQUE, HitPolicy.ANY):
        return Combined(_first_true(_certainly(rows), outputs))
    order = turns(hit, ranks)
    return _in_turn([rows[index] for index in order], [outputs[index] for index in order], name)


def turns(hit: HitPolicy, ranks: Sequence[int]) -> list[int]:
    """The indexes of the rows in the order in which they count: the first of them that is hit gives the output.

    `ranks` has each row's rank, 0 the highest. Under `first` they don't matter; under `priority` the ranks 2, 0, 2, 1
    give 1, 3, 0, 2. Raises AssertionError for a hit policy not in `IN_TURN`.
    """
    match hit:
        case HitPolicy.FIRST:
            return list(range(len(ranks)))
        case HitPolicy.PRIORITY:
            return sorted(range(len(ranks)), key=lambda index: (ranks[index], index))
        case _:
            raise AssertionError(f"under `{hit}` no row counts before others")


def _in_turn(rows: Sequence[Formula], outputs: Sequence[Formula], name: str) -> Combined:
    """The output of the first row that is hit.

    A row whose output may be given again behind it has two links in the chain of choices: hit, it gives its output;
    unknown, it gives null unless what is certain is the same. With rows x, y, z that give 1, 2, 1 the variable
    `certain` is `if x is true then 1 else if y is true then 2 else if z is true then 1 else null`, and the output

        if x is true then 1
        else if x is unknown and certain != 1 then null
        else if y then 2                    (null where y is unknown: 2 is not given again)
        else if z then 1 else null
    """
    again = [row.nullable and given for row, given in zip(rows, _given_again(outputs), strict=True)]
    if not any(again):
        return Combined(_first_true(rows, outputs))
    certain, variable = _certain(_first_true(_certainly(rows), outputs), name)
    links: list[tuple[Formula, Formula]] = []
    for row, output, is_open in zip(rows, outputs, again, strict=True):
        if is_open:
            differs = a.negation(_same(variable, output))
            unknown = f.IsNull(YES_NO, row, nullable=False)
            links += [
                (f.IsTrue(YES_NO, row, nullable=False), output),
                (a.conjunction([unknown, differs]), _null_of(output)),
            ]
        else:
            links.append((row, output))
    return Combined(_first_true(*zip(*links, strict=True)), certain)


def _given_again(outputs: Sequence[Formula]) -> list[bool]:
    """Of each output, whether one behind it may be the same: 1, 2, 1 gives true, false, false. Behind them all stands
    the null of no row hit. A formula may be the same as anything."""
    from_the_end: list[bool] = []
    constants: set[object] = {None}
    any_formula = False
    for output in reversed(outputs):
        if isinstance(output, Constant):
            from_the_end.append(any_formula or output.value in constants)
            constants.add(output.value)
        else:
            from_the_end.append(bool(from_the_end))
            any_formula = True
    return from_the_end[::-1]


def _same(certain: Formula, output: Formula) -> Formula:
    """Whether both have one value, or both none."""
    same = a.compare("=", certain, output)
    if not same.nullable:
        return same
    same = f.IsTrue(YES_NO, same, nullable=False)
    if not output.nullable:
        return same
    both_null = a.conjunction([f.IsNull(YES_NO, certain, nullable=False), f.IsNull(YES_NO, output, nullable=False)])
    return a.disjunction([same, both_null])


# --- unknown rows ----------------------------------------------------------------------------------------------------


def _certainly(rows: Sequence[Formula]) -> list[Formula]:
    """The rows with unknown ones counted as not hit; never null."""
    return [f.IsTrue(YES_NO, row, nullable=False) if row.nullable else row for row in rows]


def _possibly(rows: Sequence[Formula]) -> list[Formula]:
    """The rows with unknown ones counted as hit: `row or row is null`, and null or true is true."""
    return [a.disjunction([row, f.IsNull(YES_NO, row, nullable=False)]) if row.nullable else row for row in rows]


def _settled(row: Formula, harmless: Formula) -> Formula:
    """The row match, false instead of null where it is `harmless`: hit or not, the output is the same."""
    return a.conjunction([row, a.negation(a.conjunction([f.IsNull(YES_NO, row, nullable=False), harmless]))])


def _certain(formula: Formula, name: str, which: str = "certain") -> tuple[tuple[tuple[str, Formula]], Variable]:
    """A variable for the output without its unknown rows, with its formula. No author's name has a blank in it."""
    full = f"{name} {which}"
    return ((full, formula),), Variable(formula.type, full, nullable=formula.nullable)


# --- one row counts --------------------------------------------------------------------------------------------------


def _first_true(conditions: Sequence[Formula], results: Sequence[Formula]) -> Formula:
    """The result of the first condition that is true, null without one: `if c1 then r1 else if c2 then r2 else null`.
    More than `CHAIN` conditions are halved first: `if c1 or … or c10 then (those) else (the others)`."""
    if len(conditions) <= CHAIN:
        choice = _null_of(results[-1])
        for condition, result in zip(reversed(conditions), reversed(results), strict=True):
            is_always_true = isinstance(condition, Constant)
            choice = result if is_always_true else a.choose(condition, result, choice)
        return choice
    half = len(conditions) // 2
    left = _first_true(conditions[:half], results[:half])
    right = _first_true(conditions[half:], results[half:])
    return a.choose(a.disjunction(conditions[:half]), left, right)


def _null_of(output: Formula) -> Formula:
    return Constant(output.type, None, nullable=True)


# --- all rows count --------------------------------------------------------------------------------------------------


def collected(
    hit: HitPolicy,
    rows: Sequence[Formula],
    outputs: Sequence[Formula],
    name: str,
    rounded: Callable[[Formula], Formula],
) -> Combined:
    """Sum, count, least or greatest over the rows hit; null where an unknown row could change it. No row hit: sum and
    count are 0, least and greatest null. `rounded` gives a formula as it will be named; for `name` see `single`. Raises
    `Mismatch` for outputs that are no numbers, and AssertionError for a hit policy that combines nothing."""
    if hit is HitPolicy.COLLECT_COUNT:
        one, zero = (a.constant(Type(Kind.INTEGER), value) for value in (1, 0))
        return Combined(balanced([a.choose(row, one, zero) for row in rows], a.add))
    outputs = a.unified(outputs, "outputs of one column")
    for output in outputs:
        if not output.type.kind.is_numeric:
            raise Mismatch(ErrorCode.T001, f"{a.described(output)} can't be collected by `{hit}`", "collect numbers")
    match hit:
        case HitPolicy.COLLECT_SUM:
            return _total(rows, outputs, name, rounded)
        case HitPolicy.COLLECT_MIN | HitPolicy.COLLECT_MAX:
            greatest = hit is HitPolicy.COLLECT_MAX
            return _extreme(rows, [rounded(output) for output in outputs], name, greatest=greatest)
        case _:
            raise AssertionError(f"`{hit}` combines no numbers")


def _total(
    rows: Sequence[Formula], outputs: Sequence[Formula], name: str, rounded: Callable[[Formula], Formula]
) -> Combined:
    """The sum over the rows hit.

    An unknown row that adds 0 can't change the sum. Where sums have more decimals than are kept, neither can unknown
    rows that all together, those below 0 or those above, leave what is kept the same. Example: cents are kept, a row
    that is hit adds 5.000 and an unknown one 0.004: the least, 5.000, and the most, 5.004, are both 5.00.
    """
    plain = _sum(rows, outputs)
    may_be_zero = [row.nullable and _may_be_zero(output) for row, output in zip(rows, outputs, strict=True)]
    if rounded(plain).type.scale == plain.type.scale:
        settled = [
            _settled(row, _is_zero(output)) if is_open else row
            for row, output, is_open in zip(rows, outputs, may_be_zero, strict=True)
        ]
        return Combined(_sum(settled, outputs))
    if not any(row.nullable for row in rows):
        return Combined(plain)
    least, low = _certain(rounded(_bound(rows, outputs, greatest=False)), name, "least")
    most, high = _certain(rounded(_bound(rows, outputs, greatest=True)), name, "most")
    same = f.IsTrue(YES_NO, a.compare("=", low, high), nullable=False)
    return Combined(_sum([_settled(row, same) if row.nullable else row for row in rows], outputs), (*least, *most))


def _sum(rows: Sequence[Formula], outputs: Sequence[Formula]) -> Formula:
    zeros = [a.constant(Type(output.type.kind, scale=output.type.scale), 0) for output in outputs]
    return balanced(
        [a.choose(row, output, zero) for row, output, zero in zip(rows, outputs, zeros, strict=True)], a.add
    )


def _bound(rows: Sequence[Formula], outputs: Sequence[Formula], *, greatest: bool) -> Formula:
    """The least or greatest that the sum can be, whichever of the unknown rows are hit: an unknown row adds its output
    where that makes the sum less, or greater, and 0 where not."""
    zeros = [a.constant(Type(output.type.kind, scale=output.type.scale), 0) for output in outputs]
    added = [
        a.choose(certain, output, a.extreme([output, zero], greatest=greatest))
        for certain, output, zero in zip(_certainly(rows), outputs, zeros, strict=True)
    ]
    return _sum(_possibly(rows), added)


def _may_be_zero(output: Formula) -> bool:
    """By the bounds of its type."""
    if isinstance(output, Constant):
        return output.value == 0
    return output.type.low <= 0 <= output.type.high


def _is_zero(output: Formula) -> Formula:
    same = a.compare("=", output, a.constant(Type(output.type.kind, scale=output.type.scale), 0))
    return f.IsTrue(YES_NO, same, nullable=False) if same.nullable else same


def _extreme(rows: Sequence[Formula], outputs: Sequence[Formula], name: str, *, greatest: bool) -> Combined:
    """The greatest or the least over the rows hit.

    An unknown row can't change the greatest if it gives no more than a row that is hit. Where all outputs are constants
    the greatest is the first row that is hit of the rows sorted by output, nulls before them: 5, 8, 3 is looked through
    as 8, 5, 3, as `first` is. Formulas are compared with what is certain.
    """
    constants = [output.value for output in outputs if isinstance(output, Constant)]
    if len(constants) == len(outputs):
        sign = -1 if greatest else 1
        keys = [(value is not None, sign * int(value or 0)) for value in constants]
        order = sorted(range(len(outputs)), key=keys.__getitem__)
        combined = _in_turn([rows[index] for index in order], [outputs[index] for index in order], name)
        # rows behind one that is always hit count for the type: what compares the output isn't refused for their sake
        return replace(combined, formula=replace(combined.formula, type=a.hull(outputs), nullable=True))
    are_open = [row.nullable and beaten for row, beaten in zip(rows, _beaten(outputs, greatest=greatest), strict=True)]
    if not any(are_open):
        return Combined(_best(rows, outputs, greatest=greatest))
    certain, variable = _certain(_best(_certainly(rows), outputs, greatest=greatest), name)
    within = "<=" if greatest else ">="
    settled = [
        _settled(row, f.IsTrue(YES_NO, a.compare(within, output, variable), nullable=False)) if is_open else row
        for row, output, is_open in zip(rows, outputs, are_open, strict=True)
    ]
    return Combined(_best(settled, outputs, greatest=greatest), certain)


def _beaten(outputs: Sequence[Formula], *, greatest: bool) -> Iterator[bool]:
    """Of each output, whether another may be as great, or as small, by the bounds of their types. Two best ones are
    enough to look at, since only one of them is the output itself."""
    reach = [output.type.high if greatest else -output.type.low for output in outputs]
    best = heapq.nlargest(2, range(len(outputs)), key=reach.__getitem__)
    for index, output in enumerate(outputs):
        others = [other for other in best if other != index]
        least = output.type.low if greatest else -output.type.high
        yield bool(others) and not a.is_null(output) and least <= reach[others[0]]


def _best(rows: Sequence[Formula], outputs: Sequence[Formula], *, greatest: bool) -> Formula:
    """A row that is not hit counts as a value beyond all others; with none hit the result is null."""
    low, high = min(o.type.low for o in outputs), max(o.type.high for o in outputs)
    beyond = a.constant(Type(outputs[0].type.kind, scale=outputs[0].type.scale), low - 1 if greatest else high + 1)
    best = a.extreme(
        [a.choose(row, output, beyond) for row, output in zip(rows, outputs, strict=True)], greatest=greatest
    )
    return a.choose(a.disjunction(rows), best, Constant(best.type, None, nullable=True))


def balanced(parts: Sequence[Formula], combine: Callable[[Formula, Formula], Formula]) -> Formula:
    """The parts combined two by two, so that the formula is as shallow as can be: `(a + b) + (c + d)`."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return combine(balanced(parts[:half], combine), balanced(parts[half:], combine))
