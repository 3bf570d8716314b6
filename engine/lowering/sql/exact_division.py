"""Exact integer arithmetic in SQL: division, rounding and remainder, which no two databases do alike for negatives.

Part of the SQL lowering. Databases agree on whole division of non-negative numbers only, so one that may be negative
is first moved up by an even multiple of the divisor (an even one keeps the parity that half-even looks at) and the
result moved back; where the divisor is not constant, magnitudes are divided and the sign is put back.
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
"""What is added, to a number that is not negative and to one that is, before dividing by `d` and rounding down."""


def lift(low: int, divisor: int) -> int:
    """The even factor by which a number of at least `low` is moved up to be no longer negative."""
    return 0 if low >= 0 else (-low // (2 * divisor) + 1) * 2


def highest(low: int, high: int, divisor: int) -> int:
    """The largest number that `rounded` computes with."""
    return high + (lift(low, divisor) + 1) * divisor


def rounded(levels: Levels, code: SqlValue, bounds: tuple[int, int], divisor: int, mode: str) -> SqlValue:
    """`code / divisor` by this mode. The divisor is positive; bounds are those of the code."""
    low, high = bounds
    wide = code.wide or highest(low, high, divisor) > NARROW_HIGH
    code = levels.lengthened(levels.widened(code, wide=wide))
    lifted = lift(low, divisor)
    for_positive, for_negative = _ADDED[mode](divisor)
    if for_positive != for_negative and low < 0:
        code = levels.let(code)
        ifs = levels.test(exp.GTE, code, levels.number(0))
        added = levels.case([(ifs, levels.number(for_positive))], levels.number(for_negative))
        moved = levels.operate(exp.Add, code, added, wide=wide)
        moved = _plus(levels, moved, lifted * divisor)
    else:
        moved = _plus(levels, code, lifted * divisor + for_positive)
    if mode == "half_even" and divisor % 2 == 0:
        moved = levels.let(moved)
        whole = _half_even(levels, moved, levels.let(_divided(levels, moved, divisor)), divisor)
    else:
        whole = _divided(levels, moved, divisor)
    return _plus(levels, whole, -lifted)


def rounded_sum(levels: Levels, high: SqlValue, low: SqlValue, bounds: tuple[int, int], divisor: int) -> SqlValue:
    """`high + low / divisor`, half-even, all in 64 bits. `bounds` are those of `low`."""
    lifted = lift(bounds[0], divisor)
    moved = _plus(levels, levels.lengthened(low), lifted * divisor + divisor // 2)
    if divisor % 2:
        return _plus(levels, levels.operate(exp.Add, high, _divided(levels, moved, divisor)), -lifted)
    moved = levels.let(moved)
    whole = levels.let(_divided(levels, moved, divisor))
    if high.constant == (0,):
        return _plus(levels, _half_even(levels, moved, whole, divisor), -lifted)
    total = levels.let(levels.operate(exp.Add, high, whole))
    return _plus(levels, _half_even(levels, moved, whole, divisor, total), -lifted)


def _half_even(
    levels: Levels, moved: SqlValue, whole: SqlValue, divisor: int, total: SqlValue | None = None
) -> SqlValue:
    """`moved` has half a divisor added already: a tie is what divides without rest, and goes back where it is odd."""
    total = total or whole
    product = levels.operate(exp.Mul, whole, levels.number(divisor), wide=whole.wide)
    tie = levels.test(exp.EQ, moved, product)
    both = levels.at(exp.and_(tie.sql, _odd(levels, total).sql), (tie, total))
    less = levels.operate(exp.Sub, total, levels.number(1), wide=total.wide)
    return levels.case([(both, less)], total)


def _odd(levels: Levels, code: SqlValue) -> SqlValue:
    if code.wide and not levels.dialect.has_wide_bits:
        rest = levels.at(levels.dialect.remainder(code.sql, levels.number(2).sql, wide=True), (code,), wide=True)
        return levels.test(exp.NEQ, rest, levels.number(0))
    bit = levels.operate(exp.BitwiseAnd, code, levels.number(1), wide=code.wide)
    return levels.test(exp.EQ, bit, levels.number(1))


def _plus(levels: Levels, code: SqlValue, added: int) -> SqlValue:
    if added == 0:
        return code
    kind = exp.Add if added > 0 else exp.Sub
    return levels.operate(kind, code, levels.widened(levels.number(abs(added)), wide=code.wide), wide=code.wide)


def _divided(levels: Levels, code: SqlValue, divisor: int) -> SqlValue:
    """Rounded down; the code is not negative."""
    if divisor == 1:
        return code
    if code.wide:
        code = levels.let(code)
    by = levels.widened(levels.number(divisor), wide=code.wide) if divisor > NARROW_HIGH else levels.number(divisor)
    return levels.at(levels.dialect.quotient(code.sql, by.sql, wide=code.wide), (code,), wide=code.wide, long=True)


# --- divisors that are not constant ----------------------------------------------------------------------------------


def divisor_or_null(levels: Levels, code: SqlValue, *, wide: bool, never_zero: bool) -> SqlValue:
    code = levels.lengthened(levels.widened(code, wide=wide))
    if never_zero:
        return levels.let(code)
    or_null = exp.Nullif(this=code.sql.copy(), expression=exp.Literal.number(0))
    null_if_zero = levels.at(or_null, (code,), wide=wide, long=True)
    return levels.define(replace(null_if_zero, nullable=True), "part")


def quotient(levels: Levels, left: SqlValue, right: SqlValue, *, signed: bool) -> SqlValue:
    """Half-even. Both are long, columns or literals of one width; a zero divisor has become null."""
    wide = left.wide
    divided = levels.dialect.quotient(left.sql, right.sql, wide=wide)
    whole = levels.let(levels.at(divided, (left, right), wide=wide, long=True))
    covered = levels.operate(exp.Mul, whole, right, wide=wide)
    rest = levels.operate(exp.Sub, left, covered, wide=wide)
    size = _magnitude(levels, right) if signed else right
    rest = levels.let(_magnitude(levels, rest) if signed else rest)
    other = levels.let(levels.operate(exp.Sub, size, rest, wide=wide))
    tie = levels.test(exp.EQ, rest, other)
    odd = levels.at(exp.and_(tie.sql, _odd(levels, whole).sql), (tie, whole))
    further = levels.at(exp.or_(levels.test(exp.GT, rest, other).sql, odd.sql), (rest, other, whole))
    step: SqlValue = levels.number(1)
    if signed:
        signs = [levels.test(exp.LT, part, levels.number(0)) for part in (left, right)]
        step = levels.case([(levels.test(exp.NEQ, *signs), levels.number(-1))], levels.number(1))
    return levels.case([(further, levels.operate(exp.Add, whole, step, wide=wide))], whole)


def _magnitude(levels: Levels, code: SqlValue) -> SqlValue:
    return levels.at(exp.Abs(this=code.sql.copy()), (code,), wide=code.wide, long=True)


def modulo(levels: Levels, left: SqlValue, right: SqlValue, *, signed: bool) -> SqlValue:
    """With the sign of the divisor. Both are long, columns or literals of one width."""
    divided = levels.dialect.remainder(left.sql, right.sql, wide=left.wide)
    rest = levels.at(divided, (left, right), wide=left.wide, long=True)
    if not signed:
        return rest
    rest = levels.let(rest)
    zero = levels.number(0)
    signs = [levels.test(exp.LT, part, zero) for part in (rest, right)]
    wrong = levels.at(exp.and_(levels.test(exp.NEQ, rest, zero).sql, levels.test(exp.NEQ, *signs).sql), (rest, right))
    return levels.case([(wrong, levels.operate(exp.Add, rest, right, wide=left.wide))], rest)
