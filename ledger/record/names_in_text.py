"""Whether a text that is kept for good names somebody who may have to be erased: by an account's or a case's number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_UNSPACED = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Letters of writing that sets no spaces between words, so that each may begin or end one."""

_JOINED = rf"[^\W_{_UNSPACED}]"
_SURE_LENGTH = 4


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def says_name(text: str, names: Iterable[str]) -> bool:
    """Whether a text in words has one of the names as a whole word; capital and full-width letters are as others.
    `C-17` stands in `asked by c-17`, `3` in `letter of 3 March` and not in `letter of 30 March`."""
    folded = _folded(text)
    return any(_as_word(name).search(folded) for name in map(_folded, names) if name)


def may_hold_name(text: str, names: Iterable[str]) -> bool:
    """Whether an id that a program made up may hold one of the names, wherever it stands: `C-17` in `xC-17y`. Of up to
    three letters and digits it has to be a whole word: random ids hold those by chance."""
    folded = _folded(text)
    for name in map(_folded, names):
        is_short = len(name) < _SURE_LENGTH and name.isalnum()
        if name and (_as_word(name).search(folded) if is_short else name in folded):
            return True
    return False


def _as_word(name: str) -> re.Pattern[str]:
    before = f"(?<!{_JOINED})" if re.match(_JOINED, name) else ""
    behind = f"(?!{_JOINED})" if re.match(_JOINED, name[-1]) else ""
    return re.compile(f"{before}{re.escape(name)}{behind}")
