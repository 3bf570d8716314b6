"""Words that a site adds to a standard enum: taken in requests, in policies and in schemas like the standard ones."""

from __future__ import annotations

from datetime import date

import pytest

from engine.pipeline import Engine, Loaded, load
from engine.reading.request_schemas import facts_schema
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact, Kind
from tests.support.default_policies import default_policies
from tests.support.policy_files import whole_set

DAY = date(2026, 7, 15)
ENUMS = [fact for fact in default_policies().vocabulary.facts.values() if fact.type.kind is Kind.ENUM]
OPEN = [fact for fact in ENUMS if fact.extensible]
ADDED = "{dealer: {en: a dealer, zh: 经销商}, AA+: }"


def loaded(fact: Fact, rows: str) -> Loaded:
    """A policy with a table over the fact, at a site that adds two words to it."""
    policy = f"policy: p\ntitle: {{en: P, zh: 策}}\ndecides: {fact.group}\ntable:\n  rows:\n{rows}"
    rule = "rules:\n  r: {when: x > 1, then: CAUTION, reason: {en: 'It is {F}.', zh: '为{F}。'}}\n"
    rule = rule.replace("CAUTION", CASE_KINDS[fact.group].caution).replace("F}", f"{fact.name}}}")
    return load(whole_set({"p": policy + rule}, f"currency: EUR\nfacts:\n  {fact.name}: {{members: {ADDED}}}\n"))


def row(fact: Fact, words: str, number: int) -> str:
    return f"    - {{when: {{{fact.name}: {words}}}, then: {{x: {number}}}}}\n"


def missing(fact: Fact) -> str:
    return "" if fact.required else row(fact, "null", 0)


def engine_of(fact: Fact) -> Engine:
    standard = row(fact, f'"{", ".join(fact.type.members)}"', 1)
    found = loaded(fact, standard + row(fact, "dealer", 2) + row(fact, """'"AA+"'""", 3) + row(fact, "null", 0))
    assert found.engine is not None, list(map(str, found.diagnostics))
    return found.engine


def request(engine: Engine, fact: Fact, word: str) -> dict[str, dict[str, object]]:
    body: dict[str, dict[str, object]] = {}
    for each in engine.vocabulary.of_case(fact.group):
        if each.required:
            body.setdefault(each.group, {})[each.name.partition(".")[2]] = each.example
    body[fact.group][fact.name.partition(".")[2]] = word
    return body


def test_the_standard_enums_that_differ_from_site_to_site_can_be_extended() -> None:
    assert [fact.name for fact in OPEN] == [
        "account.customer_class",
        "account.external_rating",
        "limit.basis",
        "portfolio.industry",
    ]


@pytest.mark.parametrize("fact", OPEN, ids=lambda fact: fact.name)
def test_an_added_word_is_taken_like_the_others(fact: Fact) -> None:
    engine = engine_of(fact)
    extended = engine.vocabulary.facts[fact.name]
    assert extended.type.members == (*fact.type.members, "dealer", "AA+")
    assert dict(extended.type.titles)["dealer"] == Text("a dealer", "经销商")
    results = {
        word: engine.decide(fact.group, request(engine, fact, word), DAY, "x").results["p"]["x"]
        for word in (fact.type.members[0], "dealer", "AA+")
    }
    assert list(results.values()) == ["1", "2", "3"]
    decision = engine.decide(fact.group, request(engine, fact, "dealer"), DAY, "x")
    assert decision.reasons[0].text == Text("It is a dealer.", "为经销商。")
    with pytest.raises(FactsRefused, match="not one of the known words"):
        engine.decide(fact.group, request(engine, fact, "dealr"), DAY, "x")
    schema = facts_schema(engine.vocabulary, fact.group)["properties"][fact.group]["properties"]
    assert {"dealer", "AA+"} <= set(schema[fact.name.partition(".")[2]]["enum"])


@pytest.mark.parametrize("fact", OPEN, ids=lambda fact: fact.name)
def test_a_table_without_a_row_for_an_added_word_is_named(fact: Fact) -> None:
    standard = row(fact, f'"{", ".join(fact.type.members)}"', 1)
    found = loaded(fact, standard + row(fact, "dealer", 2) + row(fact, "null", 0))
    assert [each.code for each in found.diagnostics] == ["L006"]
    assert "AA+" in found.diagnostics[0].message


@pytest.mark.parametrize("fact", [fact for fact in ENUMS if not fact.extensible], ids=lambda fact: fact.name)
def test_the_words_of_the_others_are_fixed(fact: Fact) -> None:
    found = loaded(fact, row(fact, f'"{", ".join(fact.type.members)}"', 2) + missing(fact))
    assert [each.code for each in found.diagnostics if each.code.startswith("P")] == ["P032"]
    assert "whose words are fixed" in found.diagnostics[0].message
