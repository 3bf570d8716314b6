"""The policies that ship, read and compiled once for all tests of a process.

The fixtures `default_folder` and `default_engine` (tests/conftest.py) give the same; what is parametrized before there
are fixtures, and what several processes ask for, calls these.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from engine.pipeline import Engine, load
from ledger.policies.rules_folder import RulesFolder, read_folder
from tests.support.paths import RULES

AS_OF_DAY = date(2026, 7, 1)
"""The day on which tests ask for their parameters."""


@cache
def default_folder() -> RulesFolder:
    """All files under rules/, named as the service names them: `rules/orders.yaml`."""
    return read_folder(RULES, "rules")


@cache
def default_policies() -> Engine:
    """Their engine; nobody may close it."""
    loaded = load(default_folder().policies)
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine
