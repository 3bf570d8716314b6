"""Persons by their logins or names, compared as people are: `u.becker` and `U.Becker ` are one person.

Four eyes are two persons, and a policy that asks for them compares texts. Programs write one login in many ways, and
somebody may write it in another way on purpose, so a fact of the type `person` holds the one form that `person` gives;
what could be taken for another's name is refused by `person_fault`. Leaf beside `invisible`, for every way in.

    person("U.Becker ")      "u.becker"
    person("Ｕ．Ｂｅｃｋｅｒ")     "u.becker"
    person("Anna Groß")      "annagross"
    person_fault("u.bеcker") holds letters of two scripts, Latin `u` and Cyrillic `е` (U+0435)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_FOLDED = str.maketrans(dict.fromkeys("‐‒–—―−﹘", "-") | dict.fromkeys("‘’‛′ʼʹ", "'"))
"""Hyphens and apostrophes, which programs put in for one another."""

_ACUTE = "\u00b4"
"""An apostrophe by the key beside it, which NFKC takes for an accent on the letter before."""

_DOT_ABOVE = "\u0307"

_TOGETHER = tuple(
    frozenset({"LATIN", "CJK", *scripts}) for scripts in (("HIRAGANA", "KATAKANA"), ("BOPOMOFO",), ("HANGUL",))
)
"""Scripts that stand together in names, as Unicode's Technical Standard 39 has them under "highly restrictive": their
letters are not taken for one another."""

_SCRIPT_OF_WORD = {"IDEOGRAPHIC": "CJK", "ARABIC-INDIC": "ARABIC", "KATAKANA-HIRAGANA": "KATAKANA"}
"""The script of letters whose names begin otherwise than with it."""


def person(text: str) -> str:
    """The form in which persons are compared and shown: Unicode's NFKC, then without regard to case, without blanks,
    hyphens and apostrophes of one shape. `person(person(text))` is `person(text)`."""
    if text.isascii():
        return "".join(text.split()).lower()
    folded, before = _folded(text), text
    while folded != before:  # without blanks, and with a case folded, letters and marks may belong together once more
        folded, before = _folded(folded), folded
    return folded


def _folded(text: str) -> str:
    cased = unicodedata.normalize("NFD", text.replace(_ACUTE, "'")).casefold()
    dotted = cased.replace(f"i{_DOT_ABOVE}", "i").replace(
        "ı", "i"
    )  # `İ` and `I` are capitals of `i` and `ı` in Turkish
    return "".join(unicodedata.normalize("NFKC", dotted).translate(_FOLDED).split())


def person_fault(text: str) -> tuple[str, str] | None:
    """What is wrong with a text that is not empty as a person's name, and what to do about it; None where it is one.

    Letters of two scripts are refused, since a Cyrillic `а` looks as a Latin `a` does, and so is what no font shows.
    """
    if text.isascii():
        return None
    folded = person(text)
    if not folded.isprintable():
        shown = next(f"U+{ord(character):04X}" for character in folded if not character.isprintable())
        return f"holds a character that nobody sees ({shown})", "write the login as the person types it"
    first: dict[str, str] = {}
    for character, script in _scripts(folded):
        first.setdefault(script, character)
    if len(first) < 2 or any(first.keys() <= together for together in _TOGETHER):
        return None
    letters = [_shown(script, character) for script, character in first.items()]
    message = f"holds letters of {len(letters)} scripts, {', '.join(letters[:-1])} and {letters[-1]}"
    return message.replace(" 2 scripts", " two scripts"), "write the login in one script, as the person types it"


def _scripts(text: str) -> Iterator[tuple[str, str]]:
    """Each letter and each digit that isn't ASCII, with its script by the first word of its Unicode name; marks, signs
    and 0 to 9 belong to none."""
    for character in text:
        category = unicodedata.category(character)
        if category[0] == "L" or (category[0] == "N" and not character.isascii()):
            word = unicodedata.name(character, "unnamed").partition(" ")[0]
            yield character, _SCRIPT_OF_WORD.get(word, word.partition("-")[0])


def _shown(script: str, character: str) -> str:
    code = "" if character.isascii() else f" (U+{ord(character):04X})"
    return f"{script.capitalize() if script != 'CJK' else 'Chinese'} `{character}`{code}"
