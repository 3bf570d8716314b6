"""XPath regular expressions on Python's engine, kept from running away (DMN 1.5, table 72, after XPath F&O 5.6).

Python's matcher backtracks, so a hostile pattern could take forever. A pattern is refused, which is null in FEEL, when
a repetition holds another one or an alternative that could match in several ways, or when it has so many repetitions
for the length of the text that trying all their ends would take too long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from re import _constants, _parser
from typing import Any

from engine.feel.regex_categories import category

_STEPS_MAX = 10_000_000
_FREE_LENGTH = 12  # up to here even exponential matching is short
_PATTERN_MAX = 1_000
_FLAGS = {"s": re.DOTALL, "m": re.MULTILINE, "i": re.IGNORECASE, "x": re.VERBOSE}


def compiled(pattern: str, flags: str, text_length: int) -> re.Pattern[str]:
    """ValueError for a pattern that is malformed, or too expensive for a text of this length."""
    expression, unbounded, nested = _analysed(pattern, flags)
    if text_length > _FREE_LENGTH and (nested or (text_length + 1) ** (unbounded + 1) > _STEPS_MAX):
        raise ValueError("the pattern could take too long")
    return expression


@lru_cache(maxsize=512)
def _analysed(pattern: str, flags: str) -> tuple[re.Pattern[str], int, bool]:
    if len(pattern) > _PATTERN_MAX or not set(flags) <= set("smixq"):
        raise ValueError("pattern too long or unknown flag")
    options = 0
    for flag in flags.replace("q", ""):
        options |= _FLAGS[flag]
    try:
        source = re.escape(pattern) if "q" in flags else _translated(pattern, flags)
        tree = _parser.parse(source, options & ~re.VERBOSE)
        expression = re.compile(source, options & ~re.VERBOSE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error
    unbounded, nested = _repetitions(tree, inside=False)
    return expression, unbounded, nested


def _repetitions(tree: Any, *, inside: bool) -> tuple[int, bool]:
    """How many repetitions of open length there are, and whether any holds one or an alternative."""
    count, nested = 0, False
    for operator, argument in tree:
        if operator in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
            low, high, body = argument
            wide = high - low > 1
            inner, inner_nested = _repetitions(body, inside=inside or wide)
            count += inner * (min(int(high), 4) if not wide else 1) + (1 if wide else 0)
            nested = nested or inner_nested or (inside and high != low)
        elif operator is _constants.BRANCH:
            nested = nested or inside
            for branch in argument[1]:
                inner, inner_nested = _repetitions(branch, inside=inside)
                count, nested = count + inner, nested or inner_nested
        elif operator in (_constants.SUBPATTERN, _constants.ATOMIC_GROUP, _constants.ASSERT, _constants.ASSERT_NOT):
            body = argument if operator is _constants.ATOMIC_GROUP else argument[-1]
            inner, inner_nested = _repetitions(body, inside=inside)
            count, nested = count + inner, nested or inner_nested
    return count, nested


# Python spells these differently or means something else by them
_ESCAPES = {"i": "[A-Za-z_:]", "I": "[^A-Za-z_:]", "c": r"[-.\w:]", "C": r"[^-.\w:]"}
_KNOWN_ESCAPES = frozenset("nrtdDwWsSpPiIcC\\|.?*+(){}$-[]^123456789")
_SPACES = re.compile(r"(\[(?:[^\]\\]|\\.)*\])|\s+", re.DOTALL)


def _translated(pattern: str, flags: str) -> str:
    """XPath's notation in Python's: `$` is the very end, `.` is no line end, sets can be subtracted from, categories
    and blocks become sets; `(?…)` and unknown escapes are errors."""
    if "x" in flags:
        pattern = _SPACES.sub(lambda match: match[1] or "", pattern)
    out: list[str] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            text, position = _escape(pattern, position, in_set=False)
            out.append(text)
        elif character == "[":
            text, position = _set(pattern, position)
            out.append(text)
        elif pattern.startswith("(?", position) and not pattern.startswith("(?:", position):
            raise ValueError("`(?` is not XPath")
        else:
            out.append(_plain(character, flags))
            position += 1
    return "".join(out)


def _plain(character: str, flags: str) -> str:
    if character == "$" and "m" not in flags:
        return r"\Z"
    return r"[^\n\r]" if character == "." and "s" not in flags else character


def _escape(pattern: str, position: int, *, in_set: bool) -> tuple[str, int]:
    escaped = pattern[position + 1 : position + 2]
    if not escaped or escaped not in _KNOWN_ESCAPES or (in_set and escaped.isdigit()):
        raise ValueError(f"unknown escape \\{escaped}")
    if escaped in "pP":
        end = pattern.index("}", position)
        return category(pattern[position + 3 : end], escaped == "P", in_set), end + 1
    if escaped in _ESCAPES and not in_set:
        return _ESCAPES[escaped], position + 2
    return "\\" + escaped, position + 2


def _set(pattern: str, position: int) -> tuple[str, int]:
    """A set in brackets, beginning at `position`; `[a-z-[aeiou]]` is one set less another."""
    start = position
    position += 2 if pattern.startswith("[^", position) else 1
    out = [pattern[start:position]]
    while position < len(pattern):
        character = pattern[position]
        if character == "]" and len(out) > 1:
            return "".join(out) + "]", position + 1
        if character == "\\":
            text, position = _escape(pattern, position, in_set=True)
        elif pattern.startswith("-[", position) and len(out) > 1:
            less, position = _set(pattern, position + 1)
            if not pattern.startswith("]", position):
                raise ValueError("a subtraction ends its set")
            return f"(?!{less}){''.join(out)}]", position + 1
        elif character in "[]":
            raise ValueError(f"`{character}` inside a set")
        else:
            text, position = character, position + 1
        out.append(text)
    raise ValueError("a set is never closed")


_REFERENCE = re.compile(r"\\(.?)|\$(\d*)", re.DOTALL)


def replacement(text: str, groups: int, literal: bool) -> Callable[[re.Match[str]], str]:
    """XPath's replacement notation: `$1` is a group, `\\$` and `\\\\` stand for themselves."""
    if literal:
        return lambda match: text
    parts: list[str | int] = []
    end = 0
    for found in _REFERENCE.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        if found[0].startswith("\\"):
            if found[1] not in ("\\", "$") or not found[1]:
                raise ValueError("`\\` in a replacement stands before `$` or `\\` only")
            parts.append(found[1])
        else:
            number, rest = _group(found[2], groups)
            parts += (number, rest)
    parts.append(text[end:])
    return lambda match: "".join(part if isinstance(part, str) else (match[part] or "") for part in parts)


def _group(digits: str, groups: int) -> tuple[int | str, str]:
    if not digits:
        raise ValueError("`$` in a replacement stands before a digit")
    width = len(digits)
    while width > 1 and int(digits[:width]) > groups:
        width -= 1
    number = int(digits[:width])
    return (number if number <= groups else ""), digits[width:]
