"""Text that others chose, such as a file's name, on its way to a terminal or a log: what can't be seen is spelled out.

A name may hold escape sequences that move the cursor, or marks that turn the reading direction: what is shown would
then not be what is there.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_PLAIN = re.compile(r"[ -~\n\t]*")


def visible(text: str) -> str:
    """`\\x1b` for an escape, `\\u202e` for a mark that turns the reading direction; line ends and tabs stay."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_spelled(character) if _is_unseen(character) else character for character in text)


def visible_name(name: str) -> str:
    """As `visible`, line ends and tabs too: a name has none."""
    return "".join(_spelled(character) if unseen(character) else character for character in name)


def unseen(name: str) -> str | None:
    """The first character of a name that can't be seen, line ends and tabs included."""
    return next((character for character in name if unicodedata.category(character) in _INVISIBLE), None)


def unseen_replaced(text: str) -> str:
    """Each of them by one character, so that columns stay where they are."""
    return "".join("\ufffd" if _is_unseen(character) else character for character in text)


def _is_unseen(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) in _INVISIBLE


def _spelled(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
