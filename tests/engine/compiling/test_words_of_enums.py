"""A cell with an enum's word that FEEL reads as a formula is told how to write it; so written, it means the word."""

from __future__ import annotations

import pytest

from engine.pipeline import load
from tests.support.policy_files import whole_set
from tests.support.small_policies import FACTS, HEAD

WORDS = ("0001", "N/30", "30-60", "A B", "1e3", "not-yet", "2/10 net 30", "true", "5", "net_30", "a.b")
PLAIN = ("net_30", "a.b")
"""FEEL takes these for words."""
TERMS = (
    "  account.terms: {type: enum, members: ["
    + ", ".join(f'"{word}"' for word in WORDS)
    + "], title: {en: T, zh: 条}}\n"
)
TABLE = """table:
  hit: first
  rows:
    - {{when: {{account.terms: {cell}}}, then: {{x: 1}}}}
    - {{when: {{}}, then: {{x: 2}}}}
"""


def said(cell: str) -> list[str]:
    files = whole_set({"p": HEAD + TABLE.format(cell=cell)}, FACTS.format(currency="EUR") + TERMS)
    return [str(found) for found in load(files).diagnostics]


@pytest.mark.parametrize("cell", ["{}", "'{}'", "['{}', \"null\"]", "'{}, null'"])
@pytest.mark.parametrize("word", [word for word in WORDS if word not in PLAIN])
def test_a_word_without_quotes_is_told_how_to_quote_it(word: str, cell: str) -> None:
    [mistake] = said(cell.format(word))
    assert f"`{word}` is a word here, and FEEL reads a formula" in mistake
    assert f"""'"{word}"'""" in mistake


@pytest.mark.parametrize("word", WORDS)
def test_written_so_it_is_the_word(word: str) -> None:
    assert said(f"""'"{word}"'""") == []
