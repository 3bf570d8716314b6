"""Unicode general categories (`\\p{Lu}`) as sets for Python's regular expressions, which lack them."""

from __future__ import annotations

import sys
import unicodedata
from functools import lru_cache


def category(name: str, negated: bool, in_set: bool) -> str:
    """ValueError for a name that is not a general category; blocks (`\\p{IsBasicLatin}`) are not supported."""
    ranges = "".join(
        text for known, text in sorted(_all_categories().items()) if (known.startswith(name)) is not negated
    )
    if not name or len(name) > 2 or not any(known.startswith(name) for known in _all_categories()):
        raise ValueError(f"unknown category {name}")
    return ranges if in_set else f"[{ranges}]"


@lru_cache(maxsize=1)
def _all_categories() -> dict[str, str]:
    spans: dict[str, list[tuple[int, int]]] = {}
    for code in range(sys.maxunicode + 1):
        found = spans.setdefault(unicodedata.category(chr(code)), [])
        if found and found[-1][1] == code - 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return {name: "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in found) for name, found in spans.items()}
