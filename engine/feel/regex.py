"""XPath regular expressions on Python's engine, kept from running away (DMN 1.5, table 72, after XPath F&O 5.6).

Python's matcher backtracks, so a hostile pattern could take forever. A pattern is refused, which is null in FEEL, when
a repetition holds another one or an alternative that could match in several ways, or when it has so many repetitions
for the length of the text that trying all their ends would take too long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from re import _constants, _parser  # type: ignore[attr-defined]
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
_KNOWN_ESCAPES = frozenset("nrtdDwWsSpPiIcC\\|.?*+(){}$-[]^0123456789")


def _translated(pattern: str, flags: str) -> str:
    """XPath's notation in Python's: `$` is the very end, `(?…)` and unknown escapes are errors, categories are sets."""
    out: list[str] = []
    position, in_set = 0, 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "\\":
            escaped = pattern[position : position + 1]
            position += 1
            if escaped not in _KNOWN_ESCAPES or not escaped:
                raise ValueError(f"unknown escape \\{escaped}")
            if escaped in "pP":
                end = pattern.index("}", position)
                out.append(category(pattern[position + 1 : end], escaped == "P", bool(in_set)))
                position = end + 1
            elif escaped in _ESCAPES and not in_set:
                out.append(_ESCAPES[escaped])
            else:
                out.append("\\" + escaped)
        elif in_set:
            if character == "[":
                if pattern[position - 2] != "-":
                    raise ValueError("`[` inside a set")
                raise ValueError("subtraction in a set is not supported")
            in_set -= character == "]"
            out.append(character)
        elif character == "[":
            in_set += 1
            out.append(character)
            if pattern[position : position + 1] == "^":
                out.append("^")
                position += 1
            if pattern[position : position + 1] == "]":
                raise ValueError("empty set")
        elif character == "$":
            out.append("$" if "m" in flags else r"\Z")
        elif character == "(" and pattern[position : position + 1] == "?":
            if pattern[position : position + 2] != "?:":
                raise ValueError("`(?` is not XPath")
            out.append("(")
        elif "x" in flags and character in " \t\n\r":
            continue
        else:
            out.append(character)
    return "".join(out)


_REFERENCE = re.compile(r"\\(.?)|\$(\d*)", re.DOTALL)


def replacement(text: str, groups: int, literal: bool) -> Callable[[re.Match[str]], str]:
    """XPath's replacement notation: `$1` is a group, `\\$` and `\\\\` stand for themselves, anything else is an error."""
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
