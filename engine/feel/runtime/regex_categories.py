"""Unicode general categories (`\\p{Lu}`) and blocks (`\\p{IsCyrillic}`) as sets for Python's regular expressions, which
lack both."""

from __future__ import annotations

import sys
import unicodedata
from functools import lru_cache

# the blocks that names and addresses are likely to be checked against; Unicode's Blocks.txt has some 300 more
_BLOCKS = {
    "BasicLatin": (0x0000, 0x007F),
    "Latin-1Supplement": (0x0080, 0x00FF),
    "LatinExtended-A": (0x0100, 0x017F),
    "LatinExtended-B": (0x0180, 0x024F),
    "Greek": (0x0370, 0x03FF),
    "GreekandCoptic": (0x0370, 0x03FF),
    "Cyrillic": (0x0400, 0x04FF),
    "Hebrew": (0x0590, 0x05FF),
    "Arabic": (0x0600, 0x06FF),
    "Hiragana": (0x3040, 0x309F),
    "Katakana": (0x30A0, 0x30FF),
    "CJKUnifiedIdeographs": (0x4E00, 0x9FFF),
    "HangulSyllables": (0xAC00, 0xD7AF),
}


def category(name: str, negated: bool, in_set: bool) -> str:
    """ValueError for a name that is neither a general category nor one of the blocks above."""
    if name.startswith("Is") and (span := _BLOCKS.get(name.removeprefix("Is"))) is not None:
        low, high = span
        if not negated:
            return _in_brackets(_span(low, high), in_set)
        below = _span(0, low - 1) if low else ""
        return _in_brackets(below + _span(high + 1, sys.maxunicode), in_set)
    ranges = "".join(
        text for known, text in sorted(_all_categories().items()) if (known.startswith(name)) is not negated
    )
    if not name or len(name) > 2 or not any(known.startswith(name) for known in _all_categories()):
        raise ValueError(f"unknown category {name}")
    return _in_brackets(ranges, in_set)


def _in_brackets(ranges: str, in_set: bool) -> str:
    return ranges if in_set else f"[{ranges}]"


def _span(low: int, high: int) -> str:
    return f"\\U{low:08x}-\\U{high:08x}"


@lru_cache(maxsize=1)
def _all_categories() -> dict[str, str]:
    spans: dict[str, list[tuple[int, int]]] = {}
    for code in range(sys.maxunicode + 1):
        found = spans.setdefault(unicodedata.category(chr(code)), [])
        if found and found[-1][1] == code - 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return {name: "".join(_span(low, high) for low, high in found) for name, found in spans.items()}
