"""Which of many matches fired, and which are undetermined, as bits of whole numbers.

Part of the SQL lowering. A query has a pair of mask columns, `fired_1` and `undetermined_1`, for each 62 rules, instead
of two columns for each rule; rules have columns of their own only in the query that people read.

How a mask is computed: each match is one number, in which bit *i* says that match *i* fired, and the bit `_HALF` places
higher that it is undetermined. The numbers of `_HALF` matches are added up, so that one sum holds both masks, and are
taken apart again. With a `_HALF` of 4 and four matches, of which 0 and 2 fired and 3 is undetermined:

    match 0, fired           0000 0001
    match 2, fired           0000 0100
    match 3, undetermined    1000 0000
    sum                      1000 0101      its high half is `undetermined` 1000, its low half `fired` 0101

A mask of 62 matches puts the halves of two sums together: `low sum's half + high sum's half * 2 ** _HALF`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.condition_rewrites import branches, negated, null_with
from engine.lowering.sql.dialect import binary, number
from engine.lowering.sql.levels import Levels, SqlValue, column

BITS = 62
"""Matches in a mask. 62 bits are a positive 64-bit integer, in every database and in a sum of them."""

_HALF = BITS // 2

Conjuncts = Sequence[SqlValue]
"""The conditions of one match; it fires where all are true and is undetermined where none is false and one is null."""


@dataclass(frozen=True, slots=True)
class Mask:
    """A column of the query that holds up to `BITS` matches.

    `column`: its name, such as `fired_1`. `ids`: the ids of the matches; bit `1 << i` stands for `ids[i]`."""

    column: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MaskPairs:
    """The masks of a rule set's rules. Both tuples hold the same ids, `BITS` a mask, in the order of the rules."""

    fired: tuple[Mask, ...]
    undetermined: tuple[Mask, ...]


def mask_pairs(levels: Levels, match_ids: Sequence[str], conjuncts_by_match: Sequence[Conjuncts]) -> MaskPairs:
    """Defines the mask columns of these matches, of which `conjuncts_by_match` holds the conditions in the same
    order."""
    fired: list[Mask] = []
    undetermined: list[Mask] = []
    for start in range(0, len(match_ids), BITS):
        stop = min(start + BITS, len(match_ids))
        ids = tuple(match_ids[start:stop])
        halves = [conjuncts_by_match[half : min(half + _HALF, stop)] for half in range(start, stop, _HALF)]
        sums = [_sum_of_numbers(levels, half) for half in halves]
        for masks, name, high in ((fired, "fired", False), (undetermined, "undetermined", True)):
            parts = [_half_of(levels, each, high=high) for each in sums]
            masks.append(_mask(levels, f"{name}_{len(masks) + 1}", ids, parts))
    return MaskPairs(tuple(fired), tuple(undetermined))


def waived_masks(
    levels: Levels, masks: MaskPairs, waived: Mapping[str, SqlValue], ignored: Collection[str]
) -> tuple[Mask, ...]:
    """A mask column beside each pair: the rules that would count and are waived. No masks where no rule may be.

    `waived` holds, for rules that may be, whether they are: never null. `ignored` are the rules that don't count where
    they are undetermined. Of the rules 0, 1 and 2 of which exceptions waive 0 and 1 in this case:

        fired 101, undetermined 010, waived by exceptions 011      the mask is 001 + 010 = 011
    """
    if not waived:
        return ()
    columns = []
    for index, (fired, undetermined) in enumerate(zip(masks.fired, masks.undetermined, strict=True), 1):
        zero = SqlValue(_zero(levels), long=True)
        bits = [
            levels.case([(waived[id_], _bits(levels, 1 << bit))], zero)
            for bit, id_ in enumerate(fired.ids)
            if id_ in waived
        ]
        if bits:
            allowed = levels.let(levels.total(bits), "match_bits")
            counting = sum(1 << bit for bit, id_ in enumerate(fired.ids) if id_ not in ignored)
            unsure = _common(levels, _value(undetermined), _bits(levels, counting))
            values = [_common(levels, each, allowed) for each in (_value(fired), unsure)]  # no rule is in both
            zero = levels.operate(exp.Add, *values)
        columns.append(Mask(levels.define(zero, f"waived_{index}").sql.name, fired.ids))
    return tuple(columns)


def without(levels: Levels, masks: Sequence[Mask], waived: Sequence[Mask]) -> tuple[Mask, ...]:
    """The masks without the rules that are waived, as columns of their own; the masks themselves where none may be."""
    if not waived:
        return tuple(masks)
    columns = []
    for mask, other in zip(masks, waived, strict=True):
        counted = levels.operate(exp.Sub, _value(mask), _common(levels, _value(mask), _value(other)))
        columns.append(Mask(levels.define(counted, f"counted_{mask.column}").sql.name, mask.ids))
    return tuple(columns)


def _value(mask: Mask) -> SqlValue:
    return SqlValue(column(mask.column), long=True)


def _common(levels: Levels, one: SqlValue, other: SqlValue) -> SqlValue:
    """The rules that are in both."""
    return levels.at(binary(exp.BitwiseAnd, one.sql, other.sql), (one, other), long=True)


def _bits(levels: Levels, bits: int) -> SqlValue:
    return SqlValue(levels.dialect.to_narrow(exp.Literal.number(bits)), long=True)


def _mask(levels: Levels, name: str, ids: tuple[str, ...], halves: Sequence[SqlValue]) -> Mask:
    bits = halves[0]
    for half in halves[1:]:
        bits = levels.operate(exp.Add, bits, levels.operate(exp.Mul, half, levels.number(1 << _HALF)))
    return Mask(levels.define(bits, name).sql.name, ids)


def _half_of(levels: Levels, numbers: SqlValue, *, high: bool) -> SqlValue:
    """The undetermined matches (`high`) of a sum of numbers, or those that fired."""
    split = levels.dialect.high_bits if high else levels.dialect.low_bits
    return levels.at(split(numbers.sql, _HALF), (numbers,), long=True)


def _sum_of_numbers(levels: Levels, conjuncts_by_match: Sequence[Conjuncts]) -> SqlValue:
    """The numbers of at most `_HALF` matches added up.

    A condition that several matches share is tested once: `a and b`, `a and c` and `d` give
    `(CASE WHEN NOT a THEN 0 ELSE number(b) + number(c) END) + number(d)`."""
    columns = (each.sql.name for each in chain(*conjuncts_by_match) if isinstance(each.sql, exp.Column))
    readers = Counter(columns)
    numbers: list[SqlValue] = []
    groups: dict[str, tuple[SqlValue, list[SqlValue]]] = {}
    for bit, conjuncts in enumerate(conjuncts_by_match):
        shared = [each for each in conjuncts if isinstance(each.sql, exp.Column) and readers[each.sql.name] > 1]
        if not shared:
            numbers.append(_number(levels, conjuncts, bit))
            continue
        test = max(shared, key=lambda each: readers[each.sql.name])
        others = [each for each in conjuncts if each.sql != test.sql]
        groups.setdefault(test.sql.name, (test, []))[1].append(_number(levels, others, bit))
    numbers += [_where(levels, test, levels.total(group)) for test, group in groups.values()]
    return levels.let(levels.total(numbers), "match_bits")


def _where(levels: Levels, test: SqlValue, numbers: SqlValue) -> SqlValue:
    """The numbers of matches that also have the condition `test`: 0 where it is false. Where it is null, a match that
    is not false without it is undetermined: both halves are added up as the high one."""
    nothing = SqlValue(_zero(levels), long=True)
    if not test.nullable:
        return levels.case([(test, numbers)], nothing)
    is_false = replace(test, sql=negated(test.sql))
    bits = levels.define(levels.case([(is_false, nothing)], numbers), "match_bits")
    either = levels.operate(exp.Add, _half_of(levels, bits, high=False), _half_of(levels, bits, high=True))
    undetermined = levels.operate(exp.Mul, either, levels.number(1 << _HALF))
    return levels.case([(levels.missing(test), undetermined)], bits)


def _number(levels: Levels, conjuncts: Conjuncts, bit: int) -> SqlValue:
    """A match as a number: `1 << bit` where it fires, `1 << bit + _HALF` where it is undetermined, else 0. A CASE that
    ends at the first false condition, so that the others are computed for few rows."""
    conjuncts = [levels.let(each) if isinstance(each.sql, exp.Func) else each for each in conjuncts]
    fired, undetermined = (levels.dialect.to_narrow(exp.Literal.number(1 << place)) for place in (bit, bit + _HALF))
    ifs = [
        branch
        for each in conjuncts
        if each.constant != (True,)
        for branch in branches(negated(each.sql), _zero(levels))
    ]
    nullable = [each for each in conjuncts if each.nullable]
    null_tests = _null_tests(levels, nullable)
    if null_tests is not None:
        ifs += [exp.If(this=test, true=undetermined.copy()) for test in null_tests]
        last = fired
    else:
        ifs += branches(levels.combined(nullable, exp.And).sql, fired)
        last = undetermined
    return levels.at(exp.Case(ifs=ifs, default=last) if ifs else last, conjuncts, nullable=False, long=True)


def _null_tests(levels: Levels, conditions: Conjuncts) -> list[Expr] | None:
    """Tests of columns of which one is true where a condition is null, given that none is false; None where a
    condition's nullness depends on more than its columns'."""
    names: dict[str, None] = {}
    for each in conditions:
        columns = null_with(each.sql)
        if columns is None:
            return None
        names |= dict.fromkeys(name for name in columns if name in levels.nullable)
    return [exp.Is(this=column(name), expression=exp.Null()) for name in names]


def _zero(levels: Levels) -> Expr:
    return levels.dialect.to_narrow(number(0))
