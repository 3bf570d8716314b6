"""Characters that nobody sees: one definition for policies and facts, the same as Unicode's categories."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from engine.reading.document import read
from engine.vocabulary.binding import Binder, FactsRefused
from engine.vocabulary.invisible import CONTROLS, FILLERS, IN_POLICIES, SURROGATES, UNSEEN
from engine.vocabulary.plain_text import text_fault
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import TEXT, Fact
from tests.support.random_rulesets import HERE
from tests.support.small_policies import check

CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
RANGES = (*CONTROLS, *SURROGATES, *UNSEEN)
FACT = Fact(name="account.name", type=TEXT, title=Text("", ""), note=None, required=False, example=None, place=HERE)
EXAMPLES = {
    "right to left override": "\u202e",
    "isolate": "\u2066",
    "mark of direction": "\u200f",
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "zero width non-joiner": "\u200c",
    "soft hyphen": "\u00ad",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "byte order mark": "\ufeff",
    "tag": "\U000e0061",
    "musical control": "\U0001d173",
}


def test_the_ranges_are_unicodes_categories() -> None:
    """Of what this Python's Unicode knows: later versions may have assigned more."""
    known = [code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) != "Cn"]
    listed = {code for low, high in RANGES for code in range(low, high + 1)}
    assert [hex(code) for code in known if (unicodedata.category(chr(code)) in CATEGORIES) != (code in listed)] == []


@pytest.mark.long
def test_facts_refuse_them_all_and_nothing_else() -> None:
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        refused = any(low <= code <= high for low, high in (*RANGES, *FILLERS))
        assert (text_fault(f"a{letter}b") is not None) == refused, hex(code)


@pytest.mark.parametrize("name", list(EXAMPLES))
@pytest.mark.parametrize("place", ["{}x", "x{}", "x{}y"])
def test_a_text_fact_with_one_is_refused(name: str, place: str) -> None:
    with pytest.raises(FactsRefused) as refused:
        Binder("account", (FACT,)).bind({"account": {"name": place.format(EXAMPLES[name])}})
    [fault] = refused.value.faults
    assert (fault.path, fault.message) == ("account.name", "holds invisible characters")
    assert "U+200C, U+200D" in fault.hint


@pytest.mark.parametrize("letter", ["\u034f", "\u115f", "\u2800", "\u3164", "\ufe0f", "\U000e0100"])
def test_fillers_and_selectors_are_refused_in_facts_and_may_stand_in_policies(letter: str) -> None:
    with pytest.raises(FactsRefused, match="holds invisible characters"):
        Binder("account", (FACT,)).bind({"account": {"name": f"C-1{letter}"}})
    _, mistakes = read(f"a: x{letter}y\n", "p.yaml")
    assert mistakes == ()


@pytest.mark.parametrize("text", ["Ærø & Söhne", "北京贸易", "مؤسسة", "e\u0301", "👍", "a\u00a0b", "\u2764"])
def test_names_of_every_script_are_taken(text: str) -> None:
    assert Binder("account", (FACT,)).bind({"account": {"name": text}}) == [text]


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_policies_refuse_the_same(name: str) -> None:
    letter = EXAMPLES[name]
    _, plain = read(f"a: x{letter}y\n", "p.yaml")
    _, escaped = read(f'a: "x\\U{ord(letter):08x}y"\n', "p.yaml")
    assert [found.code for found in (*plain, *escaped)] == ["Y003", "Y003"]
    assert IN_POLICIES.search(letter)


@pytest.mark.parametrize("escape", ["\\u202e", "\\u200b", "\\U0e0061", "\\u0007"])
def test_an_escape_of_feel_brings_none_in(escape: str) -> None:
    [found] = check(
        f"rules:\n  r:\n    when: 'account.word = \"x{escape}\"'\n    then: watch\n    reason: {{en: a, zh: 甲}}\n"
    )
    code = int(escape[2:], 16)
    assert f'T003 `"x{escape}"`: this text holds the invisible character U+{code:04X}' in found
