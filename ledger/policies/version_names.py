"""What people call a set that was in force: `Credit policy 2026-07, v14`, beside its hash."""

from __future__ import annotations

from datetime import datetime

from engine.vocabulary.days import day_in


def version_name(number: int, from_at: str, zone: str) -> str:
    """The month in which it took effect at the site, and its place in the activation history."""
    day = day_in(zone, datetime.fromisoformat(from_at))
    return f"Credit policy {day:%Y-%m}, v{number}"
