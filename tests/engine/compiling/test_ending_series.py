"""Values by date that are renewed at equal steps are missed once the next is due: in tables, in parameters, and in the
table of reference rates that ships."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine.compiling.ending_series import NOTICE_DAYS, next_date
from engine.pipeline import Engine, load
from tests.support.default_policies import default_policies
from tests.support.policy_files import whole_set
from tests.support.small_policies import HEAD

NEXT = date(2027, 1, 1)
HALVES = ("2025-01-01", "2025-07-01", "2026-01-01", "2026-07-01")


def told(engine: Engine, today: date) -> list[str]:
    return [str(each) for each in engine.warnings(today) if each.code == "W007"]


def engine_of(policy: str) -> Engine:
    loaded = load(whole_set({"p": HEAD + policy}))
    assert loaded.engine is not None, loaded.diagnostics
    return loaded.engine


def parameter(dates: tuple[str, ...]) -> str:
    values = ", ".join(f"{day}: 0.0{at}" for at, day in enumerate(dates))
    return f"parameters: {{share: {{type: rate, value: {{{values}}}}}}}\n"


def table(tests: tuple[str, ...]) -> str:
    rows = "".join(
        f"    - {{id: r{at}, when: {{as_of: '{test}'}}, then: {{a: {at}}}}}\n" for at, test in enumerate(tests)
    )
    return f"table:\n  hit: collect sum\n  outputs: {{a: {{type: number, maximum: 9}}}}\n  rows:\n{rows}"


@pytest.mark.parametrize(
    "policy",
    [
        parameter(HALVES),
        table(tuple(f'>= date("{day}")' for day in HALVES)),
        table(tuple(f'[@"{day}"..@"2099-12-31"]' for day in HALVES)),
        table(('< date("2025-01-01")', *(f'>= date("{day}")' for day in HALVES))),
        parameter(("1999-03-15", *HALVES)),
    ],
    ids=["parameter", "from", "range", "with a row before", "after other dates"],
)
def test_the_next_date_is_missed_from_two_weeks_before(policy: str) -> None:
    engine = engine_of(policy)
    assert told(engine, NEXT - timedelta(days=NOTICE_DAYS)) == []
    (line,) = told(engine, NEXT - timedelta(days=NOTICE_DAYS - 1))
    assert "6 months" in line and str(NEXT) in line
    assert "`as_of: '>= date(" in line or "parameter" in policy
    assert told(engine, NEXT + timedelta(days=999)) == [line]


@pytest.mark.parametrize(
    "policy",
    [
        parameter(HALVES[1:]),
        parameter((*HALVES[:3], "2026-08-01")),
        parameter((*HALVES[:3], "2026-07-02")),
        table(tuple(f'>= date("{day}")' for day in HALVES[1:])),
        table(tuple(f'< date("{day}")' for day in HALVES)),
        table(tuple(f'not(>= date("{day}"))' for day in HALVES)),
    ],
    ids=["three", "uneven months", "uneven days", "three rows", "ends alone", "negated"],
)
def test_what_is_no_series_is_never_missed(policy: str) -> None:
    assert told(engine_of(policy), date(2099, 1, 1)) == []


@pytest.mark.parametrize("months", [1, 2, 3, 6, 12, 24])
@pytest.mark.parametrize("day", [1, 15, 28, 31])
def test_the_next_date_goes_on_with_the_steps(months: int, day: int) -> None:
    """The last day of a month follows on a last day, whatever number it has."""
    series = []
    for at in range(6):
        year, month = divmod(2023 * 12 + months * at, 12)
        series.append(date(year, month + 1, day) if day < 31 else last_of(year, month + 1))
    assert next_date(series[:-1]) == series[-1]
    assert next_date([*series[:-2], series[-2] + timedelta(days=40)]) is None


def last_of(year: int, month: int) -> date:
    return (date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def test_the_reference_rates_that_ship_name_the_row_to_add() -> None:
    assert told(default_policies(), date(2026, 12, 17)) == []
    (line,) = told(default_policies(), date(2026, 12, 18))
    assert line.startswith("rules/concessions.yaml:")
    assert "the rows of `concessions.reference` follow by `interest_until` every 6 months" in line
    assert """add a row with `interest_until: '> date("2026-12-31")'` and its value""" in line
