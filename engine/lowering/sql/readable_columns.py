"""Facts and values of the SQL form as people read them, as `shower` shows those of one decision.

Last step of a bulk query: the integers at scale become decimals and dates again.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, binary, text
from engine.lowering.sql.levels import column
from engine.vocabulary.vocabulary import Kind, Type

_DIGITS = 18
"""Decimals of as many digits are 64-bit integers to a database."""


_DECIMAL = (Kind.MONEY, Kind.RATE, Kind.NUMBER)


def fact_value(type_: Type, name: str, dialect: Dialect) -> Expr:
    """Decimals with their point, dates as dates. Exact: no division is made."""
    return _value(type_, column(name), dialect)


def list_value(element: Type, name: str, dialect: Dialect, *, as_json: bool) -> Expr:
    """A list of what `fact_value` gives; `as_json`: of what stands in a decision's JSON, where money is the text
    `12.50`, a rate the text `0.05`, a date the text `2026-07-01`."""
    item = exp.column("item")
    shown = _in_json(element, item, dialect) if as_json else _value(element, item, dialect)
    if shown == item:
        return column(name)
    each = exp.Lambda(this=shown, expressions=[exp.to_identifier("item")])
    return dialect.transformed(column(name), each)


def _value(type_: Type, found: Expr, dialect: Dialect) -> Expr:
    if type_.kind is Kind.DATE:
        return dialect.date(found)
    if not type_.kind.is_numeric or not type_.scale:
        return found
    digits = _DIGITS if max(-type_.low, type_.high) < 10**_DIGITS else 38 - type_.scale - 1
    whole = exp.cast(found, f"DECIMAL({digits}, 0)")
    unit = exp.cast(text(f"0.{'0' * (type_.scale - 1)}1"), f"DECIMAL({type_.scale + 1}, {type_.scale})")
    return binary(exp.Mul, whole, unit)


def _in_json(type_: Type, found: Expr, dialect: Dialect) -> Expr:
    """As `engine.vocabulary.binding.shower` has it."""
    if type_.kind is not Kind.DATE and type_.kind not in _DECIMAL:
        return found
    whole = exp.cast(_value(type_, found, dialect), dialect.text_type)
    if type_.kind not in (Kind.RATE, Kind.NUMBER) or not type_.scale:
        return whole
    return dialect.trimmed_right(dialect.trimmed_right(whole, "0"), ".")
