"""A type by the word of another language is told which of ours it is, in every place where a type may stand; and that
word is right there."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from engine.pipeline import load
from engine.reading.type_words import _MEANT, _PERIODS
from tests.support.policy_files import whole_set
from tests.support.small_policies import HEAD, check

PLACES = {
    "a parameter": ("parameters: {ALL}\n", "NAME: {type: 'TYPE', value: 1}"),
    "a value": ("values: {ALL}\n", "NAME: {type: 'TYPE', formula: account.points}"),
    "an output": ("table: {hit: first, outputs: {ALL}, rows: []}\n", "NAME: {type: 'TYPE'}"),
    "an output's type alone": ("table: {hit: first, outputs: {ALL}, rows: []}\n", "NAME: 'TYPE'"),
}
"""A policy's part, and one of the things in it that have a type."""

FACTS = {
    "a fact": "  account.NAME: {type: 'TYPE', title: {en: X, zh: 甲}}\n",
    "a record's value": "  account.NAME: {type: list, of: {y: 'TYPE'}, title: {en: X, zh: 甲}}\n",
}
LISTS = ("a parameter", "a fact")
WORDS = [word for words in _MEANT.values() for word in words] + [*_PERIODS, "list of text", "Money", " yes/no "]
AT_ONCE = 15
"""Words tried in one file: hints are looked for at the first mistakes only."""


def said(place: str, types: Sequence[str]) -> list[str]:
    """What is said of each of the types, in their order, where each stands at such a place."""
    if place in PLACES:
        part, one = PLACES[place]
        things = [one.replace("NAME", f"p{at}").replace("TYPE", each) for at, each in enumerate(types)]
        return [line for line in check(part.replace("ALL", ", ".join(things))) if "P007" in line]
    things = [FACTS[place].replace("NAME", f"p{at}").replace("TYPE", each) for at, each in enumerate(types)]
    facts = "currency: EUR\nfacts:\n" + "".join(things)
    found = load(whole_set({"p": HEAD + "values: {a: 1}\n"}, facts)).diagnostics
    return [str(each) for each in found if each.code == "P007"]


@pytest.mark.parametrize("place", [*PLACES, *FACTS])
def test_a_type_of_another_language_is_told_which_it_is(place: str) -> None:
    told = set()
    for start in range(0, len(WORDS), AT_ONCE):
        words = WORDS[start : start + AT_ONCE]
        lines = said(place, words)
        assert len(lines) == len(words), lines
        for line in lines:
            if "(a list is a fact or a parameter" in line:
                assert place not in LISTS
                continue
            named = re.findall(r"`([a-z/]+)`|`type: (list), of: text`", line.partition(" (write ")[2])
            assert named, line
            told |= {plain or list_ for plain, list_ in named}
    assert told
    assert said(place, sorted(told)) == []


def test_other_words_get_the_nearest_or_all() -> None:
    assert "did you mean `money`?" in said("a value", ["mony"])[0]
    assert "`days`, `months`" in said("a value", ["qqqq"])[0]
    assert "possible are" in said("a fact", ["qqqq"])[0] and "`list`" in said("a fact", ["qqqq"])[0]
