"""What a text must be like to be a fact's value."""

from __future__ import annotations

from engine.vocabulary.invisible import holds_control, holds_unseen

TEXT_LENGTH_MAX = 200
"""Characters of a text fact. Numbers and names of people, orders and customers are shorter."""

UNSEEN_HINT = "leave out marks of direction, joiners (U+200C, U+200D), soft hyphens, tags and the like"
"""What to do about a text with characters that nobody sees."""


BLANK_AROUND = "begins or ends with a blank", "leave the blank out: nobody sees it, and it would be another text"
"""Said of texts that are compared letter by letter. Blanks around the cells of a file are dropped before."""


def has_blank_around(text: str) -> bool:
    """Whether a blank of any width stands before or behind the text."""
    return text != text.strip()


def text_fault(text: str) -> tuple[str, str] | None:
    """What is wrong with a text that is not empty, and what to do about it; None where it may be a fact's value."""
    if len(text) > TEXT_LENGTH_MAX:
        return f"is longer than {TEXT_LENGTH_MAX} characters", ""
    if text.isascii() and text.isprintable():
        return None
    if holds_control(text):
        return "holds control characters", ""
    return ("holds invisible characters", UNSEEN_HINT) if holds_unseen(text) else None
