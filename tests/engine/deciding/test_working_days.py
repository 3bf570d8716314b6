"""`first working day` and `last working day`: held to a calendar that is walked day by day, in each form of one."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from engine.pipeline import Engine
from engine.vocabulary.binding import Value
from engine.vocabulary.days import day_number
from tests.support.large import how_many
from tests.support.random_rulesets import Case
from tests.support.small_policies import check, decide, engine_of
from tests.support.sql_against_engine import compare, on_duckdb

START = date(2026, 9, 25)
GOLDEN_WEEK = [START + timedelta(days=number) for number in range(6, 13)]
"""1 to 7 October 2026 in China; the Saturday after it, 10 October, is worked."""

POLICY = """parameters:
  off: {{type: list, of: date, title: {{en: Off, zh: 假日}}, values: {{2026-01-01: [{off}]}}}}
  on: {{type: list, of: date, title: {{en: On, zh: 上班日}}, value: [{on}]}}
values:
  first: first working day(account.day, off, on)
  last: last working day(account.day, off, on)
  plain: first working day(account.day, off)
  written: last working day(account.day, [@"2026-10-01"])
"""


def _engine(off: list[date], on: list[date]) -> Engine:
    return engine_of(POLICY.format(off=", ".join(map(str, off)), on=", ".join(map(str, on))))


def _walked(day: date, off: list[date], on: list[date], step: int) -> date:
    while not (day in on or (day.isoweekday() <= 5 and day not in off)):
        day += timedelta(days=step)
    return day


def _calendars() -> list[tuple[list[date], list[date]]]:
    chance = random.Random(12)
    days = [START + timedelta(days=number) for number in range(28)]
    drawn = [
        (sorted(chance.sample(days, chance.randint(0, 14))), sorted(chance.sample(days, chance.randint(0, 4))))
        for _ in range(how_many(12, large=300))
    ]
    return [(GOLDEN_WEEK, [date(2026, 10, 10)]), ([], []), *drawn]


def test_both_find_what_walking_day_by_day_finds() -> None:
    moved = 0
    for off, on in _calendars():
        engine = _engine(off, on)
        for day in (START + timedelta(days=number) for number in range(-4, 34)):
            results = decide(engine, day=day.isoformat()).results["p"]
            expected = {"first": _walked(day, off, on, 1), "last": _walked(day, off, on, -1)}
            expected |= {"plain": _walked(day, off, [], 1), "written": _walked(day, [date(2026, 10, 1)], [], -1)}
            assert {name: results[name] for name in expected} == {n: d.isoformat() for n, d in expected.items()}, day
            moved += expected["first"] != _walked(day, [], [], 1)
    assert moved > 50


def test_sql_says_the_same() -> None:
    for off, on in _calendars()[:4]:
        ruleset = _engine(off, on).ruleset("account", START)
        days = [None, *(day_number(START) + number for number in range(-4, 34))]
        given: dict[str, Value] = {"account.id": "C-1", "account.level": 0}
        cases: list[Case] = [
            (tuple({**given, "account.day": day}.get(fact.name) for fact in ruleset.facts), day_number(START))
            for day in days
        ]
        assert compare(ruleset, cases, "duckdb", on_duckdb) == len(cases)


def test_a_missing_day_and_a_list_before_its_first_date_are_unknown() -> None:
    engine = _engine(GOLDEN_WEEK, [])

    assert decide(engine).results["p"]["first"] is None
    before = decide(engine, date(2025, 12, 31), day="2026-10-01")
    assert before.results["p"]["first"] is None
    assert before.results["p"]["written"] == "2026-09-30"


TOO_LONG = ", ".join(str(START + timedelta(days=number)) for number in range(40))
MISTAKES = {
    "first working day(account.day)": "takes 2 or 3 arguments, found 1 (write `first working day(as_of, lists",
    "last working day(account.level, [])": "is not a date (write `last working day(as_of, lists.holidays)`)",
    "first working day(as_of, words)": "`words` is a list of words, not of days",
    "first working day(as_of, account.day)": "takes a written-out list of days, or a list that has a name",
    "first working day(as_of, [account.day])": 'each day of the list must be written out (write `[@"2026-12-25"]`)',
    "last working day(as_of, long)": "more than 31 days in a row from 2026-10-26 aren't worked",
}


@pytest.mark.parametrize("formula", MISTAKES)
def test_a_mistake_says_what_to_write(formula: str) -> None:
    title = "title: {en: A, zh: 甲}"
    text = f"""parameters:
  words: {{type: list, of: text, {title}, value: [a]}}
  long: {{type: list, of: date, {title}, value: [{TOO_LONG}]}}
values:
  found: {formula}
"""
    [found] = [line for line in check(text) if "T0" in line]

    assert MISTAKES[formula] in found
