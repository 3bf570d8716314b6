"""Texts that no fact can hold, as tests in SQL: too long, with characters that nobody sees, empty. Leaf of `raw_facts`.

The same as `engine.vocabulary.plain_text` and the binder have it, whose words are given for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, binary, number
from engine.vocabulary.invisible import CONTROLS, FILLERS, UNSEEN, sql_class
from engine.vocabulary.plain_text import TEXT_LENGTH_MAX

BLANKS = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)))) + (
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Python strips from a text."""

_CONTROL, _UNSEEN = sql_class(CONTROLS), sql_class((*UNSEEN, *FILLERS))
_BLANK = f"\\A[{BLANKS}]*\\z"
_BLANK_AROUND = f"\\A[{BLANKS}]|[{BLANKS}]\\z"


def unfit_texts_of(
    dialect: Dialect, value: Expr, words: Callable[[str], Expr], *, blank: bool, around: bool = False
) -> Iterator[tuple[Expr, Expr]]:
    """Tests for text that no fact can hold; `words` says what is wrong, of a text with the same fault. `blank`: empty
    text is one of them; `around`: so is text with a blank before or behind it."""
    long = binary(exp.GT, exp.Length(this=value.copy()), number(TEXT_LENGTH_MAX))
    yield long, words("x" * (TEXT_LENGTH_MAX + 1))
    yield dialect.matches(value, _CONTROL), words("\x00")
    yield dialect.matches(value, _UNSEEN), words("\u200b")
    if blank:
        yield dialect.matches(value, _BLANK), words("")
    if around:
        yield dialect.matches(value, _BLANK_AROUND), words(" x")
