"""Where things stand in the checkout, for all tests."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
"""The default policies, with their cases and maps."""
