"""Formulas rewritten so that fewer of them need more than 64 bits. Same value, same nullness, for every input.

First step of the SQL lowering. A database divides 128-bit integers twenty times slower than 64-bit ones, and an amount
times a rate needs them. Where a product is rounded by a power of ten, it is split into a multiple of that power and a
rest, neither of which needs more than 64 bits.

Example: an amount in minor units times a rate in millionths, rounded to minor units, `amount * rate / 1000000`. With
amounts up to 10**15 the product has 21 digits. The amount is split first:

    whole = amount / 1000000, rounded down        rest = amount - whole * 1000000
    amount * rate = (whole * rate) * 1000000 + rest * rate
    result        =  whole * rate            + rest * rate / 1000000, rounded half-even

For 12345678.90 at 5 percent, 1234567890 times 50000: whole 1234, rest 567890, high 61700000, low 28394500000, and the
result 61700000 + 28394.5 is 61728394, a tie that goes to the even number. `Rounded(high, low, 1000000)` is this sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from itertools import product
from math import gcd

from engine.lowering.sql.dialect import NARROW_HIGH, NARROW_LOW
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.ruleset.interpret import value_of
from engine.vocabulary.vocabulary import Kind, Type

Pair = tuple[Formula, Formula]
"""`high` and `low` of a number that is `high * divisor + low`."""


@dataclass(frozen=True, slots=True)
class Rounded(Formula):
    """`high + low / divisor`, rounded half-even: a node that only the SQL lowering knows.

    `high`: the multiples of the divisor. `low`: the rest, which may be larger than the divisor. `divisor`: a positive
    constant. All three are whole numbers, and narrow."""

    high: Formula
    low: Formula
    divisor: Constant


def is_narrow(type_: Type) -> bool:
    """Whether every value of a number's type fits into 64 bits."""
    return type_.low >= NARROW_LOW and type_.high <= NARROW_HIGH


def narrowed(formula: Formula) -> Formula:
    """The formula with every part rewritten that this module knows how to; parts that are shared stay shared."""
    done: dict[int, Formula] = {}
    pending = [formula]
    while pending:
        node = pending[-1]
        missing = [part for part in node.operands if id(part) not in done]
        if missing:
            pending.extend(missing)
            continue
        pending.pop()
        if id(node) not in done:
            done[id(node)] = _simpler(with_operands(node, done))
    return done[id(formula)]


def with_operands(node: Formula, done: dict[int, Formula]) -> Formula:
    """The node with its operands replaced by what `done` has for them, by their `id`; itself where it has none."""
    changed: dict[str, object] = {}
    for item in fields(node):
        value = getattr(node, item.name)
        if isinstance(value, Formula):
            changed[item.name] = done[id(value)]
        elif isinstance(value, tuple) and value and isinstance(value[0], Formula):
            changed[item.name] = tuple(done[id(part)] for part in value)
    return replace(node, **changed) if changed else node  # type: ignore[arg-type]  # operands keep their fields


_FOLDED = (f.Sum, f.Difference, f.Product, f.Rescale, f.Absolute, f.Least, f.Greatest)


def _simpler(node: Formula) -> Formula:
    """A node whose operands are narrowed: constants computed, roundings split, comparisons without common factors."""
    if isinstance(node, _FOLDED) and all(isinstance(part, Constant) for part in node.operands):
        value = value_of(node, {})
        if value is not None and not isinstance(value, int):
            raise AssertionError("numbers fold to numbers")
        bounds = (0, 0) if value is None else (value, value)
        return Constant(replace(node.type, low=bounds[0], high=bounds[1]), value, nullable=value is None)
    match node:
        case f.Rescale() if node.type.scale < node.operand.type.scale:
            return _rounded(node)
        case f.Compare() if _is_wide_pair(node):
            return _compared(node)
    return node


# --- rounding --------------------------------------------------------------------------------------------------------


def _rounded(node: f.Rescale) -> Formula:
    """A rounding, moved to where it can be split. Rounding is monotone, so it may go before `min` and `max`; it may go
    into the branches of `if`."""
    inner, scale = node.operand, node.type.scale

    def rounded(part: Formula) -> Formula:
        return rescaled(part, scale, node.mode)

    match inner:
        case f.If():
            return replace(inner, type=node.type, then=rounded(inner.then), otherwise=rounded(inner.otherwise))
        case f.Least() | f.Greatest():
            return replace(inner, type=node.type, parts=tuple(map(rounded, inner.parts)))
        case f.Rescale() if inner.type.scale > inner.operand.type.scale:
            return rescaled(inner.operand, scale, node.mode)
    if node.mode != "half_even":
        return node
    return _split_rounded(node, 10 ** (inner.type.scale - scale)) or node


def rescaled(part: Formula, scale: int, mode: str) -> Formula:
    """A number at another scale; its bounds become those of the results, rounded away from each other."""
    step = scale - part.type.scale
    if step == 0:
        return part
    if step > 0:
        low, high = part.type.low * 10**step, part.type.high * 10**step
    else:
        low, high = part.type.low // 10**-step, -(-part.type.high // 10**-step)
    type_ = replace(part.type, scale=scale, low=low, high=high)
    return _simpler(f.Rescale(type_, part, mode, nullable=part.nullable))


def _split_rounded(node: f.Rescale, divisor: int) -> Formula | None:
    """A half-even rounding by `divisor` as a `Rounded` of narrow parts; None where there is no need or no such parts.
    A constant factor of the operand is cancelled first: `x * 50000 / 1000000` is `x / 20`."""
    inner = node.operand
    if isinstance(inner, f.Product) and (times := _times(inner)) is not None and times[1] > 0:
        common = gcd(times[1], divisor)
        low = _scaled(times[0], times[1] // common)
        if is_narrow(low.type):
            return _settled(node, (_constant(0), low), divisor // common)
    if is_narrow(inner.type):
        return None
    pair = _split(inner, divisor)
    if pair is None or not all(is_narrow(part.type) for part in pair):
        return None
    return _settled(node, pair, divisor)


def _settled(node: f.Rescale, pair: Pair, divisor: int) -> Formula:
    """The rounding `node` as `high + low / divisor`, with the type that it had."""
    if divisor == 1:
        return replace(_sum(*pair), type=node.type) if not _is_zero(pair[0]) else _retyped(pair[1], node.type)
    return Rounded(node.type, *pair, _constant(divisor), nullable=node.nullable)


def _retyped(formula: Formula, type_: Type) -> Formula:
    return replace(formula, type=replace(type_, low=formula.type.low, high=formula.type.high))


def _split(formula: Formula, divisor: int) -> Pair | None:
    """Formulas `high` and `low` with `formula = high * divisor + low`; None where none are known. The divisor is a
    power of ten. Sums, differences and choices are split part by part."""
    if is_narrow(formula.type):
        return _constant(0), formula
    match formula:
        case Constant(value=int(value)):
            return _constant(value // divisor), _constant(value % divisor)
        case f.Rescale() if formula.type.scale > formula.operand.type.scale:
            factor = 10 ** (formula.type.scale - formula.operand.type.scale)
            if factor % divisor == 0:
                return _scaled(formula.operand, factor // divisor), _constant(0)
            quotient, rest = _divided(formula.operand, divisor // factor)
            return quotient, _scaled(rest, factor)
        case f.Product():
            return _split_product(formula, divisor)
        case f.Sum() | f.Difference():
            left, right = _split(formula.left, divisor), _split(formula.right, divisor)
            combined = _sum if isinstance(formula, f.Sum) else _difference
            return left and right and (combined(left[0], right[0]), combined(left[1], right[1]))
        case f.If():
            then, otherwise = _split(formula.then, divisor), _split(formula.otherwise, divisor)
            if then is None or otherwise is None:
                return None
            low = _chosen(formula, then[1], otherwise[1])
            both_zero = _is_zero(then[0]) and _is_zero(otherwise[0])
            return (_constant(0) if both_zero else _chosen(formula, then[0], otherwise[0])), low
    return None


def _split_product(formula: f.Product, divisor: int) -> Pair | None:
    """The larger factor divided, both of its parts multiplied with the smaller one."""
    big, small = sorted((formula.left, formula.right), key=_magnitude, reverse=True)
    if isinstance(big, Constant) or not is_narrow(big.type):
        return None
    quotient, rest = _divided(big, divisor)
    return _product(quotient, small), _product(rest, small)


def _divided(formula: Formula, divisor: int) -> Pair:
    """The quotient, rounded down, and the rest, which is never negative."""
    scale = formula.type.scale - (len(str(divisor)) - 1)
    type_ = _numeric(formula.type.low // divisor, formula.type.high // divisor, scale)
    quotient = f.Rescale(type_, formula, "floor", nullable=formula.nullable)
    rest = f.Difference(_numeric(0, divisor - 1), formula, _scaled(quotient, divisor), nullable=formula.nullable)
    return quotient, rest


# --- comparing -------------------------------------------------------------------------------------------------------


def _is_wide_pair(node: f.Compare) -> bool:
    numeric = node.left.type.kind.is_numeric and node.right.type.kind.is_numeric
    return numeric and not (is_narrow(node.left.type) and is_narrow(node.right.type))


def _compared(node: f.Compare) -> Formula:
    """A comparison of two multiples without their common factor: `x * 1000000 > y * 50000` is `x * 20 > y`."""
    left, right = _times(node.left), _times(node.right)
    if left is None or right is None or left[1] <= 0 or right[1] <= 0:
        return node
    common = gcd(left[1], right[1])
    sides = (_scaled(part, factor // common) for part, factor in (left, right))
    return f.Compare(node.type, node.operator, *sides, nullable=node.nullable)


def _times(formula: Formula) -> tuple[Formula, int] | None:
    """A formula and a constant whose product this is; None for other formulas."""
    match formula:
        case f.Rescale() if formula.type.scale > formula.operand.type.scale:
            return formula.operand, 10 ** (formula.type.scale - formula.operand.type.scale)
        case f.Product(left=left, right=Constant(value=int(value))):
            return left, value
        case f.Product(left=Constant(value=int(value)), right=right):
            return right, value
    return None


# --- building --------------------------------------------------------------------------------------------------------


def _numeric(low: int, high: int, scale: int = 0) -> Type:
    return Type(Kind.NUMBER, scale=scale, low=low, high=high)


def _constant(value: int) -> Constant:
    return Constant(_numeric(value, value), value, nullable=False)


def _is_zero(formula: Formula) -> bool:
    return isinstance(formula, Constant) and formula.value == 0


def _magnitude(formula: Formula) -> int:
    return max(abs(formula.type.low), abs(formula.type.high))


def _scaled(formula: Formula, factor: int) -> Formula:
    return formula if factor == 1 else _product(formula, _constant(factor))


def _product(left: Formula, right: Formula) -> Formula:
    corners = [a * b for a, b in product((left.type.low, left.type.high), (right.type.low, right.type.high))]
    return f.Product(_hull(corners), left, right, nullable=left.nullable or right.nullable)


def _sum(left: Formula, right: Formula) -> Formula:
    if _is_zero(left) or _is_zero(right):
        return right if _is_zero(left) else left
    type_ = _numeric(left.type.low + right.type.low, left.type.high + right.type.high, left.type.scale)
    return f.Sum(type_, left, right, nullable=left.nullable or right.nullable)


def _difference(left: Formula, right: Formula) -> Formula:
    if _is_zero(right):
        return left
    type_ = _numeric(left.type.low - right.type.high, left.type.high - right.type.low, left.type.scale)
    return f.Difference(type_, left, right, nullable=left.nullable or right.nullable)


def _chosen(choice: f.If, then: Formula, otherwise: Formula) -> Formula:
    ends = [end for part in (then, otherwise) for end in (part.type.low, part.type.high)]
    nullable = choice.condition.nullable or then.nullable or otherwise.nullable
    return f.If(_hull(ends), choice.condition, then, otherwise, nullable=nullable)


def _hull(ends: Iterable[int]) -> Type:
    """The narrowest type that holds all of these numbers."""
    numbers = list(ends)
    return _numeric(min(numbers), max(numbers))
