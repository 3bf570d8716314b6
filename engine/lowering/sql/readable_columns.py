"""Facts and values of the SQL form as people read them, as `json_formatter` writes those of one decision.

Last step of a bulk query: integers at their scale become decimals again, and day counts dates. 12.50 EUR is 1250 inside
the SQL form, a rate of 5 percent 50000, and 2026-07-01 the number 20635.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, binary, cast, text
from engine.lowering.sql.levels import column
from engine.vocabulary.vocabulary import Kind, Type

_DIGITS = 18
"""Decimals of at most this many digits are 64-bit integers to a database."""

DIGITS_MAX = 38
"""Digits of the largest decimals that every dialect has."""

_DECIMAL = (Kind.MONEY, Kind.RATE, Kind.NUMBER)


def fact_value(type_: Type, name: str, dialect: Dialect) -> Expr:
    """The column `name`, which holds a fact or value of this type, with numbers as decimals and dates as dates. Exact:
    the integer is multiplied by its unit, never divided."""
    return _value(type_, column(name), dialect)


def list_value(element: Type, name: str, dialect: Dialect, *, as_json: bool) -> Expr:
    """The column `name`, which holds a list, with what `fact_value` gives for each element of this type. `as_json`
    gives what a decision's JSON has instead: money as the text `12.50`, a rate as the text `0.05`, a date as the text
    `2026-07-01`. For DuckDB and Spark."""
    item = exp.column("item")
    readable = _json_value(element, item, dialect) if as_json else _value(element, item, dialect)
    if readable == item:
        return column(name)
    each = exp.Lambda(this=readable, expressions=[exp.to_identifier("item")])
    return dialect.transformed(column(name), each)


def _value(type_: Type, value: Expr, dialect: Dialect) -> Expr:
    if type_.kind is Kind.DATE:
        return dialect.date(value)
    if not type_.kind.is_numeric or not type_.scale:
        return value
    digits = _DIGITS if max(-type_.low, type_.high) < 10**_DIGITS else DIGITS_MAX - type_.scale - 1
    integer = cast(value, f"DECIMAL({digits}, 0)")
    unit = cast(text(f"0.{'0' * (type_.scale - 1)}1"), f"DECIMAL({type_.scale + 1}, {type_.scale})")
    return binary(exp.Mul, integer, unit)


def _json_value(type_: Type, value: Expr, dialect: Dialect) -> Expr:
    """As `engine.vocabulary.binding.json_formatter`: money keeps its decimals, others lose zeros at their end."""
    if type_.kind is not Kind.DATE and type_.kind not in _DECIMAL:
        return value
    written = cast(_value(type_, value, dialect), dialect.text_type)
    if type_.kind not in (Kind.RATE, Kind.NUMBER) or not type_.scale:
        return written
    return dialect.trimmed_right(dialect.trimmed_right(written, "0"), ".")
