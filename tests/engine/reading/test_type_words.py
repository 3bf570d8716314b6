"""A type by the word of another language is told which of ours it is, in every place where a type may stand; and that
word is right there."""

from __future__ import annotations

import re

import pytest

from engine.pipeline import load
from engine.reading.type_words import _MEANT, _PERIODS
from tests.support.policy_files import whole_set
from tests.support.small_policies import HEAD, check

PLACES = {
    "a parameter": "parameters: {p: {type: 'TYPE', value: 1}}\n",
    "a value": "values: {p: {type: 'TYPE', formula: account.points}}\n",
    "an output": "table: {hit: first, outputs: {p: {type: 'TYPE'}}, rows: [{when: {}, then: {p: 1}}]}\n",
    "an output's type alone": "table: {hit: first, outputs: {p: 'TYPE'}, rows: [{when: {}, then: {p: 1}}]}\n",
}
FACTS = {
    "a fact": "  account.x: {type: 'TYPE', title: {en: X, zh: 甲}}\n",
    "a record's value": "  account.x: {type: list, of: {y: 'TYPE'}, title: {en: X, zh: 甲}}\n",
}
LISTS = ("a parameter", "a fact")
WORDS = [word for words in _MEANT.values() for word in words] + [*_PERIODS, "list of text", "Money", " yes/no "]


def said(place: str, type_: str) -> list[str]:
    if place in PLACES:
        return [line for line in check(PLACES[place].replace("TYPE", type_)) if "P007" in line]
    facts = "currency: EUR\nfacts:\n" + FACTS[place].replace("TYPE", type_)
    found = load(whole_set({"p": HEAD + "values: {a: 1}\n"}, facts)).diagnostics
    return [str(each) for each in found if each.code == "P007"]


@pytest.mark.parametrize("place", [*PLACES, *FACTS])
def test_a_type_of_another_language_is_told_which_it_is(place: str) -> None:
    for word in WORDS:
        (line,) = said(place, word)
        if "(a list is a fact or a parameter" in line:
            assert place not in LISTS
            continue
        named = re.findall(r"`([a-z/]+)`|`type: (list), of: text`", line.partition(" (write ")[2])
        assert named, line
        for plain, list_ in named:
            assert said(place, plain or list_) == []


def test_other_words_get_the_nearest_or_all() -> None:
    assert "did you mean `money`?" in said("a value", "mony")[0]
    assert "`days`, `months`" in said("a value", "qqqq")[0]
    assert "possible are" in said("a fact", "qqqq")[0] and "`list`" in said("a fact", "qqqq")[0]
