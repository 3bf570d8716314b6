"""The known word that a misspelt one was probably meant to be, for hints.

Comparing spellings takes long: comparing one word with thousands of names takes a tenth of a second. Whoever checks a
whole policy set wraps the check in `few_hints`. Then only the first mistakes get a hint, and none does once too many
words have been compared. The mistakes that follow are mostly the same ones, and they are reported without a hint.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches

HINTS_MAX = 20
"""Mistakes of one check that get a hint by spelling."""

COMPARED_MAX = 60_000
"""Words compared in one check, which takes about two seconds."""

LENGTH_MAX = 80
"""Characters of a word that are compared; what follows them is ignored."""


class _HintsLeft:
    """What one check may still spend."""

    def __init__(self) -> None:
        self.hints = HINTS_MAX
        self.words = COMPARED_MAX


_left: ContextVar[_HintsLeft | None] = ContextVar("hints that a check may still give", default=None)
"""None outside `few_hints`, where hints have no bound. A context variable, so that checks that run at the same time in
several threads or tasks don't spend each other's hints."""


@contextmanager
def few_hints() -> Iterator[None]:
    """Inside this context, `nearest` answers for the first mistakes only."""
    token = _left.set(_HintsLeft())
    try:
        yield
    finally:
        _left.reset(token)


def gives_hints() -> bool:
    """Whether `nearest` may still answer. For callers that need long to gather the known words."""
    left = _left.get()
    return left is None or (left.hints > 0 and left.words > 0)


def nearest(word: str, known: Collection[str]) -> str | None:
    """The word of `known` that is spelled most like `word`: `nearest("amout", ["amount", "id"])` is `amount`. None
    where no known word is like it, and inside `few_hints` once the bounds are reached."""
    left = _left.get()
    if left is not None and (left.hints <= 0 or left.words < len(known)):
        return None
    word = word[:LENGTH_MAX]
    matches = get_close_matches(word, known, n=1)
    if not matches and len(word) > 2:  # a word in capitals; a single letter is like every other
        matches = get_close_matches(word.lower(), known, n=1)
    if left is not None:
        left.words -= len(known)
        left.hints -= bool(matches)
    return matches[0] if matches else None
