"""Values that a comma cuts into pieces, since within `{…}` and `[…]` YAML ends a value at every comma.

Part of `read`. To YAML `{formula: decimal(row.amt, 2)}` is the key `formula` with `decimal(row.amt` and a key `2)` with
nothing behind it, `{en: Too high, call us}` has a key `call us`, and `[max(b, c) > 1]` is a list of two. What is a
piece of what came before is found here, so that one mistake is said, and reading goes on with what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from engine.feel.hints import separators
from engine.vocabulary.languages import LANGUAGE_NAMES

_TEXT_IN_FEEL = re.compile(r'"[^"]*"')
_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,34}(,\d{1,34})+(\.\d{1,34})?", re.ASCII)


class CutPiece(NamedTuple):
    """What stands between two commas or before a colon, as far as it matters here."""

    text: str | None
    """Plain text, empty where nothing is written; None for what is quoted, and for lists and mappings."""

    is_number: bool = False


def end_of_value(pieces: Sequence[CutPiece], at: int, *, is_mapping: bool) -> int:
    """Where the value that begins at `at` ends: behind its last piece, or behind itself where it is whole. `pieces` are
    the items of a list, or the keys and values of a mapping by turns."""
    step = 2 if is_mapping else 1
    text, after = pieces[at].text, at + 1
    if not text:
        return after
    while after < len(pieces):
        piece, *value = pieces[after : after + step]
        more = is_mapping and _goes_on(pieces[at - 1], text, piece)
        if not piece.text or any(each.text != "" for each in value) or not (_is_open(text) or more):
            break
        text, after = f"{text},{piece.text}", after + step
    return at + 1 if _is_open(text) else after


def end_of_key(pieces: Sequence[CutPiece], at: int) -> int:
    """The same of a mapping's key, such as `max(a, b)` in `{max(a, b): 5}`: where its value stands."""
    text, after = pieces[at].text or "", at
    while _is_open(text) and after + 2 < len(pieces) and pieces[after + 1].text == "":
        more = pieces[after + 2].text
        if not more:
            break
        text, after = f"{text},{more}", after + 2
    return at + 1 if _is_open(text) else after + 1


def number_meant(written: str) -> tuple[Decimal, str] | None:
    """The number that a text such as `1,000.00` or `1,5` stands for, and how to write it; None for other texts."""
    if not _NUMBER.fullmatch(written):
        return None
    hint = separators(written.removeprefix("-"))
    plain = re.findall(r"`([^`]*)`", hint)[0]
    sign = "-" if written.startswith("-") else ""
    return Decimal(sign + plain), hint.replace(f"`{plain}`", f"`{sign}{plain}`")


def _goes_on(key: CutPiece, text: str, piece: CutPiece) -> bool:
    """Whether a key without a value is more of the text before it, though no bracket is open: digits behind digits,
    anything in a text for readers, and what no key looks like."""
    if _NUMBER.fullmatch(f"{text},{piece.text}"):
        return True
    if key.text in LANGUAGE_NAMES:
        return piece.text not in LANGUAGE_NAMES
    return not piece.is_number and not _NAME.fullmatch(piece.text or "")


def _is_open(text: str) -> bool:
    """Whether plain text opens a bracket or a quote that it doesn't close."""
    rest = _TEXT_IN_FEEL.sub("", text)
    return '"' in rest or rest.count("(") > rest.count(")")
