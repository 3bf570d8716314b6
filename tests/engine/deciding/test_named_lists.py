"""Parameters that are lists of words: in both matchers, in SQL, by date, and in what readers see."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from engine.explaining.explain import explain
from engine.vocabulary.binding import Value
from engine.vocabulary.days import day_number
from tests.support.random_rulesets import Case
from tests.support.small_policies import REASON, decide, engine_of
from tests.support.sql_against_engine import compare, on_duckdb

POLICY = f"""parameters:
  words:
    type: list
    title: {{en: Words, zh: 词表}}
    values: {{2026-01-01: [a, b], 2026-07-01: [b, "it's", 等级, d, e], 2026-10-01: []}}
  regions: {{type: list, of: enum, members: [north, south, east], value: [north, east]}}
values:
  listed: account.word in words
  beside: account.word in ["x", words]
  contained: list contains(words, account.word)
tables:
  known:
    rows:
      - {{when: {{account.word: words}}, then: {{kind: 1}}}}
      - {{when: {{account.word: not(words)}}, then: {{kind: 2}}}}
  wanted_regions:
    hit: first
    rows:
      - {{when: {{account.region: regions}}, then: {{area: 1}}}}
      - {{when: {{}}, then: {{area: 2}}}}
rules:
  listed: {{when: account.word in words, then: review, reason: {REASON}}}
  strange: {{when: not(account.word in words), then: watch, reason: {REASON}}}
"""
ENGINE = engine_of(POLICY)
LISTS: dict[date, set[str]] = {
    date(2026, 3, 1): {"a", "b"},
    date(2026, 9, 30): {"b", "it's", "等级", "d", "e"},
    date(2026, 10, 1): set(),
}
WORDS = ("a", "b", "it's", "等级", "e", "x", "A", "ab")


@pytest.mark.parametrize(("as_of", "word"), list(product(LISTS, WORDS)))
def test_what_is_in_a_list_is_said_by_its_words_of_that_day(as_of: date, word: str) -> None:
    decision = decide(ENGINE, as_of, word=word)
    results = decision.results["p"]
    is_in = word in LISTS[as_of]

    assert (results["listed"], results["contained"], results["kind"]) == (is_in, is_in, "1" if is_in else "2")
    assert results["beside"] == (is_in or word == "x")
    assert decision.outcome == ("review" if is_in else "watch")


@pytest.mark.parametrize(("region", "area"), [("north", "1"), ("east", "1"), ("south", "2")])
def test_a_list_of_an_enum_s_words(region: str, area: str) -> None:
    assert decide(ENGINE, region=region).results["p"]["area"] == area


def test_whether_something_missing_is_in_a_list_is_unknown() -> None:
    """In an empty list too: nobody knows what it is."""
    for as_of in LISTS:
        decision = decide(ENGINE, as_of)
        assert decision.results["p"]["listed"] is None
        assert [each.missing for each in decision.undetermined if each.id == "p.listed"] == [("account.word",)]


def test_before_its_first_date_a_list_is_unknown_and_named() -> None:
    decision = decide(ENGINE, date(2025, 12, 31), word="a")
    assert decision.outcome == "review"
    assert [each.missing for each in decision.undetermined if each.id == "p.listed"] == [("p.words",)]


def test_readers_see_the_first_entries_of_a_list_and_how_many_there_are() -> None:
    decision = decide(ENGINE, word="b")
    [reason] = [each for each in decision.reasons if each.rule == "p.listed"]
    assert dict(reason.facts) == {"account.word": "b", "p.words": "b, it's, 等级 … (5)"}

    facts = {"account": {"id": "C-1", "level": 0, "word": "b"}}
    explanation = explain(ENGINE, "account", facts, date(2026, 7, 15), "test")
    [policy] = explanation.policies
    [rule] = [each for each in policy.rules if each.id == "p.listed"]
    [condition] = rule.conditions
    assert (condition.text, condition.value) == ("account.word in words", True)
    assert [(each.name, each.value) for each in condition.inputs] == [
        ("account.word", "b"),
        ("p.words", "b, it's, 等级 … (5)"),
    ]
    assert condition.inputs[1].title is not None
    assert condition.inputs[1].title.zh == "词表"


@pytest.mark.parametrize("as_of", [date(2025, 12, 31), *LISTS])
def test_sql_says_the_same(as_of: date) -> None:
    ruleset = ENGINE.ruleset("account", as_of)
    given: dict[str, Value] = {"account.id": "C-1", "account.level": 0}
    cases: list[Case] = [
        (
            tuple({**given, "account.word": word, "account.region": region}.get(fact.name) for fact in ruleset.facts),
            day_number(as_of),
        )
        for word, region in product((*WORDS, None), ("north", "south", None))
    ]
    assert compare(ruleset, cases, "duckdb", on_duckdb) == len(cases)
