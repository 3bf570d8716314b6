"""Where things stand in the checkout, for all tests."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
"""The default policies, with their cases and maps."""

NOVEMBER_2026 = ROOT / "tests" / "policies" / "2026-11"
"""Whole policies that stay as they are, and quicker to compile and to plan a query for than the default ones."""
