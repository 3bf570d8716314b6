"""Exact integer arithmetic in SQL: division, rounding and remainder, which no two databases do alike for negatives.

Part of the SQL lowering. Databases agree on whole division of non-negative numbers only. A number that may be negative
is therefore moved up by a multiple of the divisor, divided, and the result moved back.

Example: x / 10 rounded half-even, x from -25 to 99. The multiple is even, so that odd quotients stay odd, and lifts the
lowest x above 0: 4 * 10. Half the divisor is added, so that rounding down rounds to the nearest:

    x = -17    -17 + 40 + 5 = 28     28 / 10 = 2                                    2 - 4 = -2
    x = -15    -15 + 40 + 5 = 30     30 / 10 = 3, a tie and odd, so one less: 2     2 - 4 = -2
    x = -25    -25 + 40 + 5 = 20     20 / 10 = 2, a tie and even                    2 - 4 = -2

Where the divisor is not constant there is no multiple to add: the number is divided towards zero, and the rest says
whether the quotient is moved by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlglot import exp

from engine.lowering.sql.dialect import NARROW_HIGH
from engine.lowering.sql.levels import Levels, SqlValue

_ADDED: Mapping[str, Callable[[int], tuple[int, int]]] = {
    "half_even": lambda d: (d // 2, d // 2),
    "half_up": lambda d: (d // 2, (d - 1) // 2),
    "half_down": lambda d: ((d - 1) // 2, d // 2),
    "up": lambda d: (d - 1, 0),
    "down": lambda d: (0, d - 1),
    "floor": lambda d: (0, 0),
    "ceiling": lambda d: (d - 1, d - 1),
}
"""For each rounding mode what is added, to a number that is not negative and to one that is, before dividing by `d` and
rounding down. `half_even` needs its ties corrected afterwards."""


def lift(low: int, divisor: int) -> int:
    """The even number of divisors by which a number of at least `low` is moved up to be no longer negative: 4 for -25
    and 10."""
    return 0 if low >= 0 else (-low // (2 * divisor) + 1) * 2


def highest(low: int, high: int, divisor: int) -> int:
    """The largest number that `rounded` computes with for a number from `low` to `high`."""
    return high + (lift(low, divisor) + 1) * divisor


# --- constant divisors -----------------------------------------------------------------------------------------------


def rounded(levels: Levels, value: SqlValue, bounds: tuple[int, int], divisor: int, mode: str) -> SqlValue:
    """`value / divisor` by a rounding mode, a key of `_ADDED`. The divisor is positive; `bounds` are the value's lowest
    and highest."""
    low, high = bounds
    wide = value.wide or highest(low, high, divisor) > NARROW_HIGH
    value = levels.lengthened(levels.widened(value, wide=wide))
    lifted = lift(low, divisor)
    for_positive, for_negative = _ADDED[mode](divisor)
    if for_positive != for_negative and low < 0:
        value = levels.let(value)
        is_positive = levels.test(exp.GTE, value, levels.number(0))
        added = levels.case([(is_positive, levels.number(for_positive))], levels.number(for_negative))
        moved = levels.operate(exp.Add, value, added, wide=wide)
        moved = _plus(levels, moved, lifted * divisor)
    else:
        moved = _plus(levels, value, lifted * divisor + for_positive)
    if mode == "half_even" and divisor % 2 == 0:
        moved = levels.let(moved)
        quotient = _half_even(levels, moved, levels.let(_divided(levels, moved, divisor)), divisor)
    else:
        quotient = _divided(levels, moved, divisor)
    return _plus(levels, quotient, -lifted)


def rounded_sum(levels: Levels, high: SqlValue, low: SqlValue, bounds: tuple[int, int], divisor: int) -> SqlValue:
    """`high + low / divisor`, half-even, all in 64 bits. `bounds` are those of `low`. A tie is decided by the parity of
    the sum, not of the quotient alone."""
    lifted = lift(bounds[0], divisor)
    moved = _plus(levels, levels.lengthened(low), lifted * divisor + divisor // 2)
    if divisor % 2:
        return _plus(levels, levels.operate(exp.Add, high, _divided(levels, moved, divisor)), -lifted)
    moved = levels.let(moved)
    quotient = levels.let(_divided(levels, moved, divisor))
    if high.constant == (0,):
        return _plus(levels, _half_even(levels, moved, quotient, divisor), -lifted)
    total = levels.let(levels.operate(exp.Add, high, quotient))
    return _plus(levels, _half_even(levels, moved, quotient, divisor, total), -lifted)


def _half_even(
    levels: Levels, moved: SqlValue, quotient: SqlValue, divisor: int, total: SqlValue | None = None
) -> SqlValue:
    """Corrects the ties of `quotient`, or of the `total` that it is part of. Half the divisor has been added to `moved`
    already: a tie is what the divisor divides without rest, and becomes one less where it is odd."""
    total = total or quotient
    product = levels.operate(exp.Mul, quotient, levels.number(divisor), wide=quotient.wide)
    is_tie = levels.test(exp.EQ, moved, product)
    is_odd_tie = levels.at(exp.and_(is_tie.sql, _odd(levels, total).sql), (is_tie, total))
    less = levels.operate(exp.Sub, total, levels.number(1), wide=total.wide)
    return levels.case([(is_odd_tie, less)], total)


def _odd(levels: Levels, value: SqlValue) -> SqlValue:
    """Whether a number is odd."""
    if value.wide and not levels.dialect.has_wide_bits:
        rest = levels.at(levels.dialect.remainder(value.sql, levels.number(2).sql, wide=True), (value,), wide=True)
        return levels.test(exp.NEQ, rest, levels.number(0))
    bit = levels.operate(exp.BitwiseAnd, value, levels.number(1), wide=value.wide)
    return levels.test(exp.EQ, bit, levels.number(1))


def _plus(levels: Levels, value: SqlValue, added: int) -> SqlValue:
    if added == 0:
        return value
    kind = exp.Add if added > 0 else exp.Sub
    return levels.operate(kind, value, levels.widened(levels.number(abs(added)), wide=value.wide), wide=value.wide)


def _divided(levels: Levels, value: SqlValue, divisor: int) -> SqlValue:
    """The quotient of a number that is not negative, rounded down."""
    if divisor == 1:
        return value
    if value.wide:
        value = levels.let(value)
    by = levels.widened(levels.number(divisor), wide=value.wide) if divisor > NARROW_HIGH else levels.number(divisor)
    return levels.at(levels.dialect.quotient(value.sql, by.sql, wide=value.wide), (value,), wide=value.wide, long=True)


# --- divisors that are not constant ----------------------------------------------------------------------------------


def divisor_or_null(levels: Levels, divisor: SqlValue, *, wide: bool, never_zero: bool) -> SqlValue:
    """A divisor of this width that costs nothing to repeat, null where it is 0, as in formulas the quotient is."""
    divisor = levels.lengthened(levels.widened(divisor, wide=wide))
    if never_zero:
        return levels.let(divisor)
    or_null = exp.Nullif(this=divisor.sql.copy(), expression=exp.Literal.number(0))
    null_if_zero = levels.at(or_null, (divisor,), wide=wide, long=True)
    return levels.define(replace(null_if_zero, nullable=True), "part")


def quotient(levels: Levels, left: SqlValue, right: SqlValue, *, signed: bool) -> SqlValue:
    """`left / right`, rounded half-even. Both are long, columns or literals of one width; a divisor of 0 has become
    null. `signed` says whether one of them may be negative.

    Example: 7 / 2 is 3, rest 1. The rest is as much as is missing to the next multiple, a tie, and 3 is odd: 4."""
    wide = left.wide
    divided = levels.dialect.quotient(left.sql, right.sql, wide=wide)
    towards_zero = levels.let(levels.at(divided, (left, right), wide=wide, long=True))
    covered = levels.operate(exp.Mul, towards_zero, right, wide=wide)
    rest = levels.operate(exp.Sub, left, covered, wide=wide)
    size = _magnitude(levels, right) if signed else right
    rest = levels.let(_magnitude(levels, rest) if signed else rest)
    missing = levels.let(levels.operate(exp.Sub, size, rest, wide=wide))
    is_tie = levels.test(exp.EQ, rest, missing)
    is_odd_tie = levels.at(exp.and_(is_tie.sql, _odd(levels, towards_zero).sql), (is_tie, towards_zero))
    is_away = levels.at(exp.or_(levels.test(exp.GT, rest, missing).sql, is_odd_tie.sql), (rest, missing, towards_zero))
    step: SqlValue = levels.number(1)
    if signed:
        signs = [levels.test(exp.LT, part, levels.number(0)) for part in (left, right)]
        step = levels.case([(levels.test(exp.NEQ, *signs), levels.number(-1))], levels.number(1))
    return levels.case([(is_away, levels.operate(exp.Add, towards_zero, step, wide=wide))], towards_zero)


def _magnitude(levels: Levels, value: SqlValue) -> SqlValue:
    return levels.at(exp.Abs(this=value.sql.copy()), (value,), wide=value.wide, long=True)


def modulo(levels: Levels, left: SqlValue, right: SqlValue, *, signed: bool) -> SqlValue:
    """The remainder with the sign of the divisor: -7 by 3 is 2, while databases say -1. Both are long, columns or
    literals of one width; a divisor of 0 has become null. `signed` says whether one of them may be negative."""
    divided = levels.dialect.remainder(left.sql, right.sql, wide=left.wide)
    rest = levels.at(divided, (left, right), wide=left.wide, long=True)
    if not signed:
        return rest
    rest = levels.let(rest)
    zero = levels.number(0)
    signs = [levels.test(exp.LT, part, zero) for part in (rest, right)]
    has_other_sign = levels.at(
        exp.and_(levels.test(exp.NEQ, rest, zero).sql, levels.test(exp.NEQ, *signs).sql), (rest, right)
    )
    return levels.case([(has_other_sign, levels.operate(exp.Add, rest, right, wide=left.wide))], rest)
