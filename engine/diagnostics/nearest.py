"""The known word that a misspelt one was probably meant to be, for hints.

Comparing spellings takes long: a word against thousands of names a tenth of a second. Whoever checks a whole policy set
says so with `few_hints`: then only the first mistakes get one, and none once too many words have been compared. The
mistakes after them are the same ones most of the time, and are reported all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches

HINTS_MAX = 20
"""Mistakes of one check that get a hint by spelling."""

COMPARED_MAX = 60_000
"""Words compared in one check: about two seconds."""

LENGTH_MAX = 80
"""Characters of a word that are compared."""


class _HintsLeft:
    def __init__(self) -> None:
        self.hints = HINTS_MAX
        self.words = COMPARED_MAX


_left: ContextVar[_HintsLeft | None] = ContextVar("hints that a check may still give", default=None)


@contextmanager
def few_hints() -> Iterator[None]:
    """Inside, `nearest` answers for the first mistakes only."""
    token = _left.set(_HintsLeft())
    try:
        yield
    finally:
        _left.reset(token)


def gives_hints() -> bool:
    """False once a check has given as many as it gives: for callers whose words take long to gather."""
    left = _left.get()
    return left is None or (left.hints > 0 and left.words > 0)


def nearest(word: str, known: Collection[str]) -> str | None:
    """The word of `known` spelled most like `word`; None where none is like it, or no more hints are given."""
    left = _left.get()
    if left is not None and (left.hints <= 0 or left.words < len(known)):
        return None
    found = get_close_matches(word[:LENGTH_MAX], known, n=1)
    if left is not None:
        left.words -= len(known)
        left.hints -= bool(found)
    return found[0] if found else None
