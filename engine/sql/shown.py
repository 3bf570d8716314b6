"""Facts and values of the SQL form as people read them, as `engine.facts.shower` shows those of one decision.

Last step of a bulk query: the integers at scale become decimals and dates again.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.sql.code import column
from engine.sql.dialect import Dialect, binary, text
from engine.vocabulary import Kind, Type

_DIGITS = 18
"""Decimals of as many digits are 64-bit integers to a database."""


def fact_value(type_: Type, name: str, dialect: Dialect) -> Expr:
    """Decimals with their point, dates as dates. Exact: no division is made."""
    found = column(name)
    if type_.kind is Kind.DATE:
        return dialect.date(found)
    if not type_.kind.is_numeric or not type_.scale:
        return found
    digits = _DIGITS if max(-type_.low, type_.high) < 10**_DIGITS else 38 - type_.scale - 1
    whole = exp.cast(found, f"DECIMAL({digits}, 0)")
    unit = exp.cast(text(f"0.{'0' * (type_.scale - 1)}1"), f"DECIMAL({type_.scale + 1}, {type_.scale})")
    return binary(exp.Mul, whole, unit)
