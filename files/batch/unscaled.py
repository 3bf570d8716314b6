"""Decimals → whole numbers at their type's scale, as SQL: `12.50` is 1250. Part of `raw_facts`."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, binary, cast, data_type, number, text
from engine.vocabulary.decimals import decimal_formatter
from engine.vocabulary.vocabulary import Kind, Type

NARROW_DIGITS, WIDE_DIGITS = 18, 38
"""Digits of the decimals that databases hold in 64 and in 128 bits."""


def unscaled(type_: Type, cell: Expr, dialect: Dialect) -> Expr:
    """Null where the number is out of range: multiplied, it might not be held. Decimals of 18 digits take a quarter
    less time than wider ones, so that amounts that fit are read so where some might not."""
    largest, scale = max(-type_.low, type_.high), type_.scale
    if largest * 10**scale < 10**NARROW_DIGITS:
        return _moved(cell, scale, NARROW_DIGITS, (type_.low, type_.high), dialect)
    wide = _moved(cell, scale, WIDE_DIGITS, (type_.low, type_.high), dialect)
    if type_.kind is not Kind.MONEY:
        return wide
    most = 10 ** (NARROW_DIGITS - scale) - 1
    usual = _moved(cell, scale, NARROW_DIGITS, (max(type_.low, -most), min(type_.high, most)), dialect)
    return exp.Coalesce(this=usual, expressions=[wide])


def tried(cell: Expr, type_: str) -> Expr:
    """Null where the cell is none of this type; `safe` keeps Spark from failing instead."""
    return exp.TryCast(this=cell.copy(), to=data_type(type_), safe=True)


def _moved(cell: Expr, scale: int, digits: int, ends: tuple[int, int], dialect: Dialect) -> Expr:
    """A decimal of so many digits between two ends as a whole number."""
    type_ = f"DECIMAL({digits}, {scale})"
    read, written = tried(cell, type_), decimal_formatter(scale)
    whole = binary(exp.Mul, read, number(10**scale)) if scale else read.copy()
    low, high = (cast(text(written(end)), type_) for end in ends)
    within = exp.Between(this=read.copy(), low=low, high=high)
    moved = exp.Cast(this=whole, to=data_type(dialect.narrow))
    return exp.Case(ifs=[exp.If(this=within, true=moved)])
