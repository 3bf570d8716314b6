"""A cell with an enum's word that FEEL reads as a formula is told how to write it; so written, it means the word."""

from __future__ import annotations

import pytest

from engine.pipeline import load
from tests.support.policy_files import whole_set
from tests.support.small_policies import FACTS, HEAD, REASON

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


ODD = ("A+", "BB-", "N/30", "net 30", "not-yet", "2/10 net 30")
OWN = "{{type: enum, members: [{words}], formula: '{formula}'}}"


@pytest.mark.parametrize("word", ODD)
@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ('if account.flag then "N/30" else null', "a = {}"),
        ('if account.flag then "N/30" else null', "a in [{}, null]"),
        ("if account.flag then {} else null", 'a = "N/30"'),
        ('if account.flag then "N/30" else {}', 'a = "N/30"'),
    ],
    ids=["compared", "among others", "given", "given else"],
)
def test_a_word_that_the_policy_declares_itself_is_told_so_too(word: str, value: str, rule: str) -> None:
    words = ", ".join(f'"{each}"' for each in ODD)
    head = f"{HEAD}values:\n  a: {OWN.format(words=words, formula=value.format(word))}\n"
    policy = f"{head}rules:\n  b: {{when: '{rule.format(word)}', then: watch, reason: {REASON}}}\n"
    mistakes = [str(found) for found in load(whole_set({"p": policy}, FACTS.format(currency="EUR"))).diagnostics]
    assert any(f'`{word}` is a word here, and FEEL reads a formula (write "{word}"' in each for each in mistakes)
    quoted = policy.replace(value.format(word), value.format(f'"{word}"')).replace(
        rule.format(word), rule.format(f'"{word}"')
    )
    assert load(whole_set({"p": quoted}, FACTS.format(currency="EUR"))).diagnostics == ()
