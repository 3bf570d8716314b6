"""How messages to authors and callers quote words, list what is possible, and guess what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from engine.diagnostics.nearest import nearest

LISTED_MAX = 12
"""Words that a hint may list; more than these help nobody."""

Hint = Callable[[str, Collection[str]], str]
"""What to write instead of a word that is none of those possible: `did_you_mean`, for one."""

CLIPPED_LENGTH = 60
"""Characters of an author's text that a message quotes at most."""


def did_you_mean(word: str, known: Collection[str]) -> str:
    """A hint for a word that is not known: the nearest known word, or all known words where none is near and they are
    few. Empty where neither helps."""
    if (close := nearest(word, known)) is not None:
        return f"did you mean `{close}`?"
    return f"possible are {listed(known)}" if 0 < len(known) <= LISTED_MAX else ""


def unquoted_word(word: str) -> tuple[str, str]:
    """What is said of an enum's word that FEEL reads as something else, such as `N/30`, and how to write it."""
    return (
        f"`{clipped(word)}` is a word here, and FEEL reads a formula",
        f"""write it in both kinds of quotes, '"{word}"'""",
    )


def odd_word_of(words: Collection[str]) -> re.Pattern[str] | None:
    """Finds one of these words, as `word`, where a formula compares with it or gives it and FEEL reads something else,
    such as `N/30`; None where no word is of that sort."""
    odd = [word for word in words if re.search(r"[^\w.]", word) and re.search(r"[^\W\d]", word) and '"' not in word]
    if not odd:
        return None
    longest_first = sorted(map(re.escape, odd), key=len, reverse=True)
    before, after = r"(?:=|,|\[|\(|\bthen\b|\belse\b)", r"(?=$|[),\]]|and\b|or\b|then\b|else\b)"
    return re.compile(rf"{before}\s*(?P<word>{'|'.join(longest_first)})\s*{after}")


def listed(words: Collection[str]) -> str:
    """The words in backticks with commas between them."""
    return ", ".join(f"`{word}`" for word in words)


def clipped(text: str) -> str:
    """The author's text on one line, short enough for a message; `…` stands for what is cut off."""
    line = " ".join(text.split())
    return line if len(line) <= CLIPPED_LENGTH else line[: CLIPPED_LENGTH - 1] + "…"
