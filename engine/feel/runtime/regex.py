"""XPath regular expressions on Python's engine, kept from running away (DMN 1.5, table 72, after XPath F&O 5.6).

Python's matcher backtracks, so a hostile pattern could take forever. A pattern is refused, which is null in FEEL, when
a repetition holds another one or an alternative (unless the text is short), or when the pattern leaves so many choices
that trying them all on a text of this length would take too long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from re import _constants, _parser
from typing import Any

from engine.feel.runtime.regex_categories import category

_STEPS_MAX = 10_000_000
_FREE_LENGTH = 8  # characters; up to here a repetition inside another one is short whatever it holds
_PATTERN_MAX = 1_000
_FLAGS = {"s": re.DOTALL, "m": re.MULTILINE, "i": re.IGNORECASE, "x": re.VERBOSE}


def compiled(pattern: str, flags: str, text_length: int) -> re.Pattern[str]:
    """ValueError for a pattern that is malformed, or too expensive for a text of this length."""
    expression, freedom = _analysed(pattern, flags)
    if freedom.counted or (freedom.nested and text_length > _FREE_LENGTH):
        raise ValueError("a repetition holds another one")
    if freedom.choices * (text_length + 1) ** (freedom.open_ends + 1) > _STEPS_MAX:
        raise ValueError("the pattern could take too long")
    return expression


@lru_cache(maxsize=512)
def _analysed(pattern: str, flags: str) -> tuple[re.Pattern[str], _Freedom]:
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
    freedom = _Freedom()
    _measure(tree, freedom, inside=False, counted=False)
    return expression, freedom


@dataclass(slots=True)
class _Freedom:
    """In how many ways a pattern can be matched: an open end in as many as the text is long, the rest in `choices`."""

    open_ends: int = 0
    choices: int = 1
    nested: bool = False  # something free inside a repetition
    counted: bool = False  # … that has to run a set number of times, even over nothing


_REPEATS = frozenset({_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT})
_GROUPS = frozenset({_constants.SUBPATTERN, _constants.ASSERT, _constants.ASSERT_NOT})


def _measure(tree: Any, freedom: _Freedom, *, inside: bool, counted: bool) -> None:
    for operator, argument in tree:
        if operator in _REPEATS:
            low, high, body = argument
            if low != high:
                _count(freedom, int(high) - int(low) + 1 if high < _OPEN else 0, inside, counted)
            repeats = high > 1
            runs = counted or (repeats and (low > 1 or high < _OPEN))
            _measure(body, freedom, inside=inside or repeats, counted=runs)
        elif operator is _constants.BRANCH:
            _count(freedom, len(argument[1]), inside, counted)
            for branch in argument[1]:
                _measure(branch, freedom, inside=inside, counted=counted)
        elif operator in _GROUPS:
            _measure(argument[-1], freedom, inside=inside, counted=counted)
        elif operator is _constants.ATOMIC_GROUP:
            _measure(argument, freedom, inside=inside, counted=counted)


_OPEN = 1_000  # a repetition allowed this often counts as without end


def _count(freedom: _Freedom, ways: int, inside: bool, counted: bool) -> None:
    if ways:
        freedom.choices = min(freedom.choices * ways, _STEPS_MAX + 1)
    else:
        freedom.open_ends += 1
    freedom.nested = freedom.nested or inside
    freedom.counted = freedom.counted or counted


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
