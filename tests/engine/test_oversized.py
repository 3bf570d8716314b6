"""However large a policy set is, and whatever is repeated in it, checking it ends in time or says why it can't."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest

from api.policy_check import check
from engine.compiling import stretches
from engine.compiling.compile import CHANGE_DATES_MAX
from engine.diagnostics.nearest import HINTS_MAX, few_hints, nearest
from engine.pipeline import load
from tests.support.large import IS_LARGE, how_many
from tests.support.oversized import KINDS, of_size
from tests.support.policy_files import whole_set
from tests.support.small_policies import FACTS, HEAD, engine_of
from tests.support.small_policies import check as mistakes
from tests.support.steps import one_in

SIZE = how_many(6_000, large=12_000)
SECONDS_MAX = how_many(8, large=15)
"""Far more than the slowest kind of this size takes: 2 seconds for a table that is read anew on many dates, a quarter
of a second for the others; under `make large` twice as much."""


@pytest.mark.parametrize("kind", one_in(4, KINDS))
def test_a_set_of_each_kind_is_checked_in_time(kind: str) -> None:
    """Of a size at which what takes long by the square of it would be seen; with what bulk says about it."""
    files = of_size(kind, SIZE)
    start = time.process_time()
    checked = check(files)
    assert time.process_time() - start < SECONDS_MAX
    assert checked.version is not None or checked.count


@pytest.mark.parametrize("rows", [how_many(1_200, large=4_000)])
def test_a_table_of_thousands_of_rows_is_checked_exactly(rows: int) -> None:
    """Ranges side by side without a gap; one row is then widened by one, and one narrowed by one."""
    lines = [
        f'      - {{when: {{account.wide: "[{n * 5}..{n * 5 + 4}]"}}, then: {{out: {n % 7}}}}}' for n in range(rows)
    ]
    fact = f"account.wide: {{type: integer, minimum: 0, maximum: {rows * 5 - 1}, title: {{en: Wide, zh: 宽}}}}"
    facts = FACTS.format(currency="EUR").replace("facts:\n", f"facts:\n  {fact}\n", 1)

    def said(lines: list[str]) -> list[str]:
        policy = HEAD + "tables:\n  t:\n    rows:\n" + "\n".join(lines) + "\n"
        found = load(whole_set({"p": policy}, facts)).diagnostics
        return [f"{one.place.line}: {one.code} {one.message}" for one in found]

    assert said(lines) == []
    wider = [line.replace("[5000..5004]", "[5000..5005]") for line in lines]
    assert said(wider) == ["1008: L002 the row `p.t#1002` overlaps `p.t#1001` at p.yaml:1007:9"]
    narrower = [line.replace("[5000..5004]", "[5000..5003]") for line in lines]
    assert said(narrower) == ["5: L006 no row covers `account.wide`: 5004"]


def parameter(dates: int, rules: int = 1) -> str:
    first = date(2000, 1, 1)
    values = ", ".join(f"{first + timedelta(days=n)}: {n}" for n in range(dates))
    texts = "".join(
        f"  r{n}: {{when: account.cap > p - 500 + {n}, then: watch, reason: {{en: x, zh: 甲}}}}\n" for n in range(rules)
    )
    return f"parameters: {{p: {{{values}}}}}\nrules:\n{texts}"


def test_parameters_change_on_so_many_dates_at_most() -> None:
    assert mistakes(parameter(CHANGE_DATES_MAX)) == []
    [said] = mistakes(parameter(CHANGE_DATES_MAX + 1))
    assert said.startswith(f"4:14: Y098 the parameters of all policies change on {CHANGE_DATES_MAX + 1} dates together")


def test_what_reads_a_parameter_of_many_dates_is_limited_too() -> None:
    [said] = mistakes(parameter(400, 101))
    assert said.startswith("4:14: Y098 what reads parameters changes 40,400 times in all, more than 40,000")


def test_each_row_of_a_table_counts_as_what_reads_a_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a hundred rows and a rule, 101 times on each date; the most that pass are seen under a tenth of the limit,
    as compiling 40,000 takes long."""
    rows = "".join(f"    - {{when: {{account.cap: '> p + {n}'}}, then: {{x: {n}}}}}\n" for n in range(100))

    def said(dates: int) -> list[str]:
        parameters, _, rule = parameter(dates).partition("rules:\n")
        found = mistakes(f"{parameters}table:\n  hit: first\n  rows:\n{rows}rules:\n{rule}")
        return [one.partition(" (")[0] for one in found if "Y098" in one]

    [too_many] = said(397)
    assert too_many.startswith("4:14: Y098 what reads parameters changes 40,097 times in all, more than 40,000")
    assert not IS_LARGE or said(396) == []
    monkeypatch.setattr(stretches, "RECOMPILED_MAX", 4_000)
    assert said(39) == []
    [too_many] = said(40)
    assert too_many.startswith("4:14: Y098 what reads parameters changes 4,040 times in all, more than 4,000")


def test_what_reads_a_dated_parameter_has_its_value_on_each_date() -> None:
    """Also what reads it through a value, and beside what doesn't read it."""
    text = "parameters: {p: {2026-01-01: 1, 2026-07-01: 2, 2027-01-01: 3}, q: {2026-07-01: 10}}\n"
    text += "values: {v: p * 100, w: v + p, x: account.level + 1, y: q + p}\n"
    engine = engine_of(text)
    facts = {"account": {"id": "C-1", "level": 4}}
    found = [
        {**engine.decide("account", facts, day, "1").results["p"]}
        for day in (date(2026, 6, 30), date(2026, 7, 1), date(2027, 1, 1))
    ]
    assert [result["w"] for result in found] == ["101", "202", "303"]
    assert [result["x"] for result in found] == [5, 5, 5]
    assert [result["y"] for result in found] == [None, "12", "13"]


def test_only_the_first_mistakes_of_a_check_get_a_hint_by_spelling() -> None:
    rules = "".join(
        f"  r{n}: {{when: account.pionts > {n}, then: watch, reason: {{en: x, zh: 甲}}}}\n"
        for n in range(HINTS_MAX + 9)
    )
    said = mistakes(f"rules:\n{rules}")
    assert len(said) == HINTS_MAX + 9
    assert sum("did you mean `account.points`" in one for one in said) == HINTS_MAX
    assert nearest("pionts", ["points"]) == "points"
    with few_hints():
        assert [nearest("pionts", ["points"]) for _ in range(HINTS_MAX + 1)][-2:] == ["points", None]
