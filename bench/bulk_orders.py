"""Orders for the bulk benchmark, made by DuckDB: plausible values, a twentieth of the optional ones missing."""

from __future__ import annotations

from collections.abc import Mapping

from engine.ruleset import RuleSet
from engine.vocabulary import Fact, Kind

ORDINARY = 20_000_000
"""Amounts up to 200,000.00."""


def facts_sql(ruleset: RuleSet, columns: Mapping[str, str], rows: int) -> str:
    """A query for the relation of facts, as integers at scale."""
    selected = [f"{_column(fact)} AS {columns[fact.name]}" for fact in ruleset.facts]
    return f"SELECT {', '.join(selected)} FROM range({rows}) AS all_orders(number)"


def _column(fact: Fact) -> str:
    value = _value(fact)
    return value if fact.required else f"CASE WHEN random() < 0.95 THEN {value} END"


def _value(fact: Fact) -> str:
    type_ = fact.type
    low, high = max(type_.low, -ORDINARY), min(type_.high, ORDINARY)
    match type_.kind:
        case Kind.YES_NO:
            return "random() < 0.1"
        case Kind.ENUM:
            words = ", ".join(f"'{member}'" for member in type_.members)
            return f"[{words}][1 + (random() * {len(type_.members)})::INTEGER % {len(type_.members)}]"
        case Kind.TEXT:
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
