"""A fault that is planted in one form of a rule set is found over random accounts, for each construct that policies
have: what differs by a day, a cent, a sign or a record says so in the generated Python and in SQL.

A second policy set has a fault in each of its entries, and its forms stand in for the right ones. Where no fault were
found, agreement of the forms would mean nothing for that construct.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import NamedTuple

import pytest

from engine.pipeline import Engine, load
from engine.ruleset.interpret import run
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.days import day_number
from tests.support.policy_files import ended, whole_set
from tests.support.random_policies import DAY
from tests.support.random_records import FACTS, random_rows
from tests.support.random_rulesets import Case, by_name
from tests.support.small_policies import HEAD, REASON
from tests.support.sql_against_engine import Said, compare, on_duckdb, said_by_sql, said_one_by_one

ROWS = 200


class Planted(NamedTuple):
    """A formula of a kind of value, and the one that has a fault in it."""

    right: str
    wrong: str


VALUES = {
    "a filter by a date": Planted("sum(account.items[due < as_of].amount)", "sum(account.items[due <= as_of].amount)"),
    "a filter by a word": Planted("count(account.items[kind = invoice])", "count(account.items[kind = credit])"),
    "a filter by yes and no": Planted("count(account.items[paid])", "count(account.items[not(paid)])"),
    "a filter by a person": Planted(
        'count(account.items[clerk = "U.Becker"])', 'count(account.items[clerk = "M.Lehmann"])'
    ),
    "a filter by a list": Planted("count(account.items[word in lists.lands])", "count(account.items[word in words])"),
    "a sum": Planted("sum(account.items.amount)", "sum(for i in account.items return i.amount + 0.01)"),
    "a sum of products": Planted(
        "sum(for i in account.items return i.amount * i.share)",
        "sum(for i in account.items return i.amount * i.share * 0.999999)",
    ),
    "a count": Planted("count(account.items)", "count(account.items[amount != 99.99])"),
    "a least": Planted("min(account.items.due)", "min(account.items[amount > 0].due)"),
    "a greatest": Planted("max(account.items.amount)", "max(account.items[paid = null or paid].amount)"),
    "a mean": Planted("mean(account.items.amount)", "mean(account.items.amount) + 0.000001"),
    "some": Planted(
        "some i in account.items satisfies i.amount > account.cap",
        "some i in account.items satisfies i.amount >= account.cap",
    ),
    "every": Planted(
        "every i in account.items satisfies i.due < as_of", "every i in account.items satisfies i.due <= as_of"
    ),
    "what is missing in a record": Planted(
        "count(account.items[due = null])", "count(account.items[due = null or waits = null])"
    ),
    "a person": Planted('account.keeper = "U.Becker"', 'account.keeper = "M.Weiss"'),
    "a person among others": Planted('account.keeper in ["u.becker", "李雷"]', 'account.keeper in ["u.becker"]'),
    "a list in a policy": Planted("account.land in always", 'account.land in ["DE"]'),
    "a list in a file": Planted("account.land in lists.lands", "account.land in always"),
    "no list": Planted("not(account.land in lists.lands)", "not(account.land in always)"),
    "an end of month": Planted(
        "last day of month(account.day)", 'account.day + duration("P1M") - account.day.day * duration("P1D")'
    ),
    "an end of month of leap years": Planted(
        "last day of month(account.day)",
        "if account.day.month = 2 then account.day else last day of month(account.day)",
    ),
    "months": Planted('account.day + duration("P1M")', "account.day + 30"),
    "a working day": Planted(
        "first working day(account.day, lists.holidays)", "last working day(account.day, lists.holidays)"
    ),
    "a holiday": Planted("first working day(account.day, lists.holidays)", "first working day(account.day, off)"),
    "rounding to tens": Planted("round half up(account.cap / 2.5, -1)", "decimal(account.cap / 2.5, -1)"),
    "rounding to hundreds": Planted("round half up(account.cap, -2)", "round half down(account.cap, -2)"),
    "rounding to thousands": Planted("round up(account.cap, -3)", "round up(account.cap, -2)"),
    "rounding of what is below zero": Planted("round down(-account.cap, -2)", "floor(-account.cap, -2)"),
    "the even digit": Planted("decimal(account.cap / 4, 0)", "round half up(account.cap / 4, 0)"),
}
ACTIONS = {
    "an action's day": Planted("{do: litigate, by: account.day + 10}", "{do: litigate, by: account.day + 11}"),
    "an action's amount": Planted("{do: litigate, amount: account.cap}", "{do: litigate, amount: account.cap + 0.01}"),
    "an action's word": Planted("{do: litigate}", "{do: file_claim}"),
}
EXCEPTIONS = {
    "an exception's rules": Planted("waives: [p.other]", "waives: [p.third]"),
    "an exception's condition": Planted("when: count(account.items) > 1", "when: count(account.items) > 2"),
    "an exception's last day": Planted("until: 2026-07-15", "until: 2026-07-14"),
}
EXCEPTION = "  from: 2026-02-01\n  by: a.first\n  approved_by: b.second\n  reason: agreed\n"
REST = [planted.right for planted in EXCEPTIONS.values()]
LISTS = {
    "lists/lands.csv": b"entry,from,until\nAT,,2026-07-15\nSG,2026-07-15,\n...\n",
    "lists/holidays.yaml": b"of: date\nvalue: [2026-07-15, 2026-07-14]\n...\n",
}


def files(which: int) -> dict[str, bytes]:
    """The right set (0), or the one in which each entry has its fault (1)."""
    values = "".join(f"  v{number}: '{planted[which]}'\n" for number, planted in enumerate(VALUES.values()))
    rules = "".join(
        f"  a{number}: {{when: account.cap > 5, then: watch, reason: {REASON}, action: {planted[which]}}}\n"
        for number, planted in enumerate(ACTIONS.values())
    )
    rules += "".join(
        f"  {name}: {{when: '{when}', then: review, reason: {REASON}}}\n"
        for name, when in (
            ("other", "account.cap > 100"),
            ("third", "account.cap > 12 or account.land in always or account.land in words"),
            ("fourth", "account.day in off or account.day in lists.holidays or account.land in lists.lands"),
        )
    )
    parameters = "  always: [DE, SG]\n  words: [A, SG]\n  off: {type: list, of: date, value: [2026-12-25]}\n"
    text = f"parameters:\n{parameters}values:\n{values}rules:\n{rules}"
    exceptions = ""
    for number, planted in enumerate(EXCEPTIONS.values()):
        lines = [*REST[:number], planted[which], *REST[number + 1 :]]
        exceptions += f"e{number}:\n" + "".join(f"  {line}\n" for line in lines) + EXCEPTION
    return whole_set({"p": HEAD + text}, FACTS) | LISTS | {"exceptions.yaml": ended(exceptions).encode()}


@cache
def ruleset(which: int) -> RuleSet:
    return _engine(which).ruleset("account", DAY)


@cache
def _engine(which: int) -> Engine:
    loaded = load(files(which))
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


@cache
def cases() -> list[Case]:
    bound: list[Case] = []
    for row in random_rows(1, ROWS, faulty=0):
        with suppress(FactsRefused):  # a keeper in two scripts, for one
            bound.append((tuple(_engine(0).bind("account", {"account": row.facts}, DAY)), day_number(DAY)))
    return bound


NAMES = [f"p.v{number}" for number in range(len(VALUES))]


@cache
def one_by_one(which: int) -> Said:
    return said_one_by_one(ruleset(which), cases(), NAMES)


@cache
def by_sql(which: int) -> Said:
    return said_by_sql(ruleset(which), cases(), NAMES, "duckdb", on_duckdb)


def parts(said: Said, name: str) -> list[object]:
    """What a form says of one construct, case by case."""
    if name in VALUES:
        return list(said.values[NAMES[list(VALUES).index(name)]])
    if name in ACTIONS:
        rule = f"p.a{list(ACTIONS).index(name)}"
        return [[each for each in asked if each[0] == rule] for asked in said.actions]
    exception = f"exceptions.e{list(EXCEPTIONS).index(name)}"
    if name == "an exception's rules":
        return list(map(list, said.waived))
    return [exception in fired for fired in said.fired]


def test_without_a_fault_all_forms_agree() -> None:
    assert len(cases()) > ROWS // 2
    for which in (0, 1):
        assert compare(ruleset(which), cases(), "duckdb", on_duckdb) == len(cases())
    for facts, as_of in cases()[:50]:
        plain = run(ruleset(0), by_name(ruleset(0), facts), as_of).variables
        assert [plain[name] for name in NAMES] == [_value(name, (facts, as_of)) for name in NAMES]


def _value(name: str, case: Case) -> object:
    return one_by_one(0).values[name][cases().index(case)]


@pytest.mark.parametrize("name", [*VALUES, *ACTIONS, *EXCEPTIONS])
def test_a_planted_fault_is_found(name: str) -> None:
    """One that Python has, by SQL; and one that SQL has, by Python."""
    assert parts(one_by_one(0), name) == parts(by_sql(0), name)
    assert parts(one_by_one(0), name) != parts(by_sql(1), name)
    assert parts(one_by_one(1), name) != parts(by_sql(0), name)
