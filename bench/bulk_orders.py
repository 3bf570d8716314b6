"""Orders for the bulk benchmark, made by DuckDB: plausible values, a twentieth of the optional ones missing.

Beside them edge cases, never timed: values at and beside the thresholds of the default policies, few and small amounts
so that ties of rounding are common, a fifth missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.vocabulary import Fact, Kind

ORDINARY = 20_000_000
"""Amounts up to 200,000.00."""

_EDGES: Mapping[Kind, Sequence[int]] = {
    Kind.MONEY: (
        0,
        0,
        1,
        2,
        5,
        9,
        10,
        11,
        30,
        500_000,
        1_000_000,
        1_000_001,
        2_000_000,
        5_000_000,
        10_000_001,
        30_000_000,
    ),
    Kind.RATE: (0, 20_000, 50_000, 100_000, 250_000, 250_001, 400_000, 500_000, 700_000, 900_000, 1_000_000),
    Kind.NUMBER: (999_999, 1_000_000, 1_500_000, 2_000_000),
    Kind.DATE: (20_239, 20_240, 20_512, 20_513, 20_573, 20_574, 20_604, 20_605, 20_634, 20_635, 20_636),
    Kind.DAYS: (0, 1, 3, 4, 10, 15, 30, 31, 45, 60, 61),
    Kind.MONTHS: (5, 6, 23, 24, 59, 60),
    Kind.INTEGER: (0, 1, 2, 3),
}


def facts_sql(ruleset: RuleSet, columns: Mapping[str, str], rows: int, *, edges: bool = False) -> str:
    """A query for the relation of facts, as integers at scale."""
    selected = [f"{_column(fact, edges=edges)} AS {columns[fact.name]}" for fact in ruleset.facts]
    return f"SELECT {', '.join(selected)} FROM range({rows}) AS all_orders(number)"


def _column(fact: Fact, *, edges: bool) -> str:
    value = _edge(fact) if edges else _value(fact)
    return value if fact.required else f"CASE WHEN random() < {0.8 if edges else 0.95} THEN {value} END"


def _value(fact: Fact) -> str:
    type_ = fact.type
    low, high = max(type_.low, -ORDINARY), min(type_.high, ORDINARY)
    match type_.kind:
        case Kind.YES_NO:
            return "random() < 0.1"
        case Kind.ENUM:
            return _one_of([f"'{member}'" for member in type_.members])
        case Kind.TEXT | Kind.PERSON:
            return f"'{fact.name[:1].upper()}-' || (random() * 100000)::INTEGER"
        case Kind.DATE:
            return "(20100 + random() * 700)::BIGINT"
        case Kind.DAYS:
            low, high = max(low, 0), min(high, 90)
        case Kind.INTEGER | Kind.MONTHS:
            low, high = max(low, 0), min(high, 60)
        case Kind.RATE | Kind.NUMBER:
            low, high = max(low, 0), min(high, 2_000_000)
    return f"({low} + random() * {high - low})::BIGINT"


def _edge(fact: Fact) -> str:
    if fact.type.kind.is_text:
        return _one_of(["'Li'", "'Ng'", "'Roy'", "'Kim'"])
    if fact.type.kind not in _EDGES:
        return _value(fact)
    known = [str(value) for value in _EDGES[fact.type.kind] if fact.type.low <= value <= fact.type.high]
    return f"{_one_of(known)}::BIGINT"


def _one_of(values: Sequence[str]) -> str:
    return f"[{', '.join(values)}][1 + (random() * {len(values)})::INTEGER % {len(values)}]"
