"""Characters that nobody sees, for all who read text: policies, maps and facts refuse the same ones.

What a reviewer can't see may make two ids out of one, hide a word, or turn the reading direction, so that something
else is decided than what is shown. Leaf: the ranges stand here once, and each engine's pattern is made of them.
"""

from __future__ import annotations

import re

CONTROLS = ((0x00, 0x1F), (0x7F, 0x9F))
"""General category Cc."""

SURROGATES = ((0xD800, 0xDFFF),)
"""Halves of characters, Cs: no text in UTF-8 holds any."""

UNSEEN = (
    *((0xAD, 0xAD), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2)),
    *((0x180E, 0x180E), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x2064), (0x2066, 0x206F), (0xFEFF, 0xFEFF)),
    *((0xFFF9, 0xFFFB), (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3)),
    *((0x1D173, 0x1D17A), (0xE0001, 0xE0001), (0xE0020, 0xE007F)),
)
"""Cf, Zl and Zp of Unicode 15.1: marks of direction, of joining and of breaking, and tags. Written out, since each
engine knows another version of Unicode."""

FILLERS = (
    *((0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180D), (0x180F, 0x180F), (0x2065, 0x2065)),
    *((0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0000)),
    *((0xE0002, 0xE001F), (0xE0080, 0xE0FFF)),
    *((0xFDD0, 0xFDEF), *((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000))),
)
"""What else Unicode shows as nothing (Default_Ignorable_Code_Point) or as a blank (Braille): fillers of scripts and
selectors of variants; and the 66 codes that never are characters. In the words of a policy they may stand, with an
emoji for example; in facts they would make two ids out of one."""

Ranges = tuple[tuple[int, int], ...]
"""First and last code point of each range."""


def python_class(*ranges: Ranges) -> str:
    """The ranges as they stand between the brackets of a character set in Python's `re`: `\\U0000007f-\\U0000009f`."""
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for part in ranges for low, high in part)


def sql_class(ranges: Ranges) -> str:
    """The ranges as a character set, brackets included, in the patterns of DuckDB (RE2) and Spark (Java):
    `[\\x{7f}-\\x{9f}]`."""
    return "[" + "".join(f"\\x{{{low:x}}}-\\x{{{high:x}}}" for low, high in ranges) + "]"


IN_POLICIES = re.compile(rf"(?![\t\n\r])[{python_class(CONTROLS, SURROGATES, UNSEEN)}\ufffe\uffff]")
"""What a policy's text may not hold: tabs and line ends stay; U+FFFE and U+FFFF are no characters."""

_CONTROL = re.compile(f"[{python_class(CONTROLS, SURROGATES)}]")
_UNSEEN = re.compile(f"[{python_class(UNSEEN, FILLERS)}]")


def holds_control(text: str) -> bool:
    """Whether the text holds a control character (Cc) or a lone surrogate (Cs). Almost no text does, so the fast test
    of Python's own comes first."""
    return not text.isprintable() and _CONTROL.search(text) is not None


def holds_unseen(text: str) -> bool:
    """Whether the text holds a character that is shown as nothing at all."""
    return not text.isascii() and _UNSEEN.search(text) is not None
