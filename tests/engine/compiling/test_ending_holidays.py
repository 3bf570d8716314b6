"""Holidays that end soon are warned of, wherever a formula takes them, and nothing else that is a list of dates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine.compiling.ending_holidays import NOTICE_DAYS
from engine.pipeline import Engine, load
from tests.support.default_policies import default_policies
from tests.support.policy_files import whole_set
from tests.support.small_policies import HEAD

LAST = date(2028, 12, 26)
OWN = "parameters: {free: {type: list, of: date, value: [2026-01-01, 2028-12-26, 2027-01-01]}}\n"
WORKED = (
    "parameters: {free: {type: list, of: date, value: [2026-01-01]}, on: {type: list, of: date, value: [2026-01-04]}}\n"
)
RULE = "when: '(FORMULA) > as_of', then: watch, reason: {en: a, zh: 甲}"


def warned(policy: str, today: date) -> list[str]:
    loaded = load(whole_set({"p": HEAD + policy}))
    assert loaded.engine is not None, loaded.diagnostics
    return told(loaded.engine, today)


def told(engine: Engine, today: date) -> list[str]:
    return [str(each) for each in engine.warnings(today) if each.code == "W006"]


@pytest.mark.parametrize(
    "formula",
    [
        "first working day(as_of, free)",
        "last working day(as_of, free)",
        'if as_of > date("2026-01-01") then first working day(as_of + 3, p.free) else as_of',
        "first working day(first working day(as_of, []), free)",
    ],
)
@pytest.mark.parametrize("place", ["values: {a: 'FORMULA'}\n", f"rules: {{a: {{{RULE}}}}}\n"], ids=["value", "rule"])
def test_a_list_that_ends_soon_is_named_with_its_last_date(formula: str, place: str) -> None:
    policy = OWN + place.replace("FORMULA", formula)
    assert warned(policy, LAST - timedelta(days=NOTICE_DAYS)) == []
    (line,) = warned(policy, LAST - timedelta(days=NOTICE_DAYS - 1))
    assert "the holidays in `p.free` end on 2028-12-26" in line
    assert warned(policy, LAST + timedelta(days=1000)) == [line]


def test_days_that_are_worked_and_other_dates_may_end() -> None:
    policy = WORKED + "values: {a: 'first working day(as_of, [], on)', b: 'list contains(free, as_of)'}\n"
    assert warned(policy, LAST) == []


def test_the_list_that_ships_is_an_example_that_ends() -> None:
    assert told(default_policies(), LAST - timedelta(days=NOTICE_DAYS)) == []
    (line,) = told(default_policies(), LAST)
    assert line.startswith("rules/lists/holidays.csv") or "holidays.csv" in line
