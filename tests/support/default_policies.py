"""The policies that ship, read and compiled once for all tests of a process.

The fixtures `default_folder` and `default_engine` (tests/conftest.py) give the same; what is parametrized before there
are fixtures, and what several processes ask for, calls these.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from engine.pipeline import Engine, load
from engine.reading.cases import read_cases
from engine.reading.document import read
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import day_number
from engine.vocabulary.rates import read_rates
from ledger.policies.rules_folder import RulesFolder, read_folder
from tests.support.paths import NOVEMBER_2026, RULES
from tests.support.random_rulesets import Case

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


@cache
def policies_of_november_2026() -> Engine:
    """The engine of a smaller set, for tests that need whole policies and don't care which; nobody may close it."""
    loaded = load(read_folder(NOVEMBER_2026, "rules").policies)
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


@cache
def cases_of_policy_tests(case: str) -> tuple[Case, ...]:
    """The facts and days of the policy tests of this kind of case, those that can't be bound left out."""
    engine = default_policies()
    found: dict[Case, None] = {}
    for name, content in default_folder().cases.items():
        document, _ = read(content, name)
        suite = read_cases(document, engine.vocabulary)[0] if document else None
        for test in suite.cases if suite and suite.case_kind == case else ():
            try:
                rates = read_rates(test.rates, engine.vocabulary.currency)
                facts, _ = engine.in_own_currency(case, test.facts, test.as_of, test.currency, rates)
                values = engine.bind(case, facts, test.as_of)
            except FactsRefused:
                continue
            found[tuple(values), day_number(test.as_of)] = None
    return tuple(found)
