"""Persons are compared as people are; what may be taken for somebody else is refused with the characters named."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.vocabulary.persons import person, person_fault

SAME = {
    "u.b": ("U.B", "u.b ", " u.b", "u. b", "ｕ．ｂ", "Ｕ.B", "u\u00a0.b", "u․b"),
    "anno'neil": ("Ann O'Neil", "ann o’neil", "ANN OʼNEIL", "Ann O´Neil"),
    "inciyildiz": ("İnci Yıldız", "INCI YILDIZ", "ıncı yıldız", "i\u0307nci yildiz", "inci Y\u0131ld\u0131z"),
    "strasse": ("Straße", "STRASSE", "straſse"),
    "anna-lena": ("Anna‐Lena", "anna–lena", "Anna‑Lena"),
    "李雷": ("李 雷", "李\u3000雷"),
    "иванов": ("Иванов", "ИВАНОВ "),
}


@pytest.mark.parametrize(("form", "written"), [(form, each) for form, others in SAME.items() for each in others])
def test_one_person_in_many_writings(form: str, written: str) -> None:
    assert (person(written), person_fault(written)) == (form, None)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("u.bеcker", "holds letters of two scripts, Latin `u` and Cyrillic `е` (U+0435)"),
        ("ивaнов", "holds letters of two scripts, Cyrillic `и` (U+0438) and Latin `a`"),
        ("αnna", "holds letters of two scripts, Greek `α` (U+03B1) and Latin `n`"),
        ("u.١", "holds letters of two scripts, Latin `u` and Arabic `١` (U+0661)"),
        ("аβc", "holds letters of 3 scripts, Cyrillic `а` (U+0430), Greek `β` (U+03B2) and Latin `c`"),
        ("x\ue000", "holds a character that nobody sees (U+E000)"),
    ],
)
def test_what_may_be_taken_for_somebody_else_is_refused(written: str, said: str) -> None:
    fault = person_fault(written)
    assert fault is not None
    assert fault[0] == said


@pytest.mark.parametrize(
    "written", ["李雷 leader", "ひらカタ漢a", "김철수", "ㄅ李", "Ærøskøbing", "ʼu.b", "u_b-7@firma.de"]
)
def test_names_of_one_script_are_taken(written: str) -> None:
    assert person_fault(written) is None


def test_each_letter_beside_a_latin_one_keeps_its_form_and_is_named_where_it_is_of_another_script() -> None:
    """Of all letters that Unicode has: none is Latin but those whose name says so."""
    for code in range(0x80, sys.maxunicode + 1):
        letter = chr(code)
        if unicodedata.category(letter)[0] != "L":
            continue
        form = person(f"a{letter}")
        assert person(form) == form, hex(code)
        foreign = [each for each in form if each.isalpha() and not unicodedata.name(each, "").startswith("LATIN")]
        asian = ("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL", "IDEOGRAPHIC")
        if foreign and not all(unicodedata.name(each, "").startswith(asian) for each in foreign):
            assert person_fault(f"a{letter}") is not None, hex(code)


@given(st.text())
def test_the_form_of_a_form_is_itself(text: str) -> None:
    assert person(person(text)) == person(text)
