"""XPath regular expressions, kept from running away (DMN 1.5, table 72, after XPath F&O 5.6).

`elementpath` translates XPath's notation into Python's; the package `regex` runs what comes out, since it can be given
a time limit where Python's own `re` can't. Three guards keep hostile patterns harmless, each a ValueError or a
TimeoutError, which is null in FEEL:

- A match may take `SECONDS_MAX` seconds: `(a|aa)+$b` would try for years to match a long row of `a`.
- A pattern may be `COPIES_MAX` characters long once its counted repetitions are written out, as `regex` does while it
  compiles: `((a{1000}){1000}){1000}` would fill the memory before any match begins.
- A pattern may name `LARGE_SETS_MAX` of the large sets such as `\\w`, each of which takes time to translate.

Both packages are the extra `feel`, and imported when the first pattern is used: together they take half a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

SECONDS_MAX = 0.5
"""Processor time of one match, or of one walk over all matches of a text."""

COPIES_MAX = 100_000
"""Characters and sets of a pattern with every counted repetition written out; 60 ms to compile."""

LARGE_SETS_MAX = 30
"""Mentions of `\\w`, `\\p{L}` and their like in one pattern; these many take two seconds at worst."""

PATTERN_LENGTH_MAX = 1_000

_FLAGS = {"s": re.DOTALL, "m": re.MULTILINE, "i": re.IGNORECASE, "x": re.NOFLAG, "q": re.NOFLAG}
"""Both `regex` and `elementpath` take Python's own flags; what `x` and `q` mean is done here."""

_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPES_OF_XPATH = frozenset("nrtdDwWsSpPiIcC\\|.?*+(){}$-[]^123456789")
_LARGE_SETS = frozenset("dDwWsSpPiIcC")
_SPACES = re.compile(r"(\[(?:[^\]\\]|\\.)*\])|\s+", re.DOTALL)


@lru_cache(maxsize=512)
def compiled(pattern: str, flags: str) -> regex.Pattern[str]:
    """What XPath's `pattern` means under `flags`, any of `s m i x q`.

    Match with `timeout=SECONDS_MAX`, which raises TimeoutError. Raises ValueError for a pattern that is malformed, too
    long or too costly to compile, and for an unknown flag.
    """
    import regex

    if len(pattern) > PATTERN_LENGTH_MAX or not set(flags) <= _FLAGS.keys():
        raise ValueError("pattern too long or unknown flag")
    options = re.NOFLAG
    for flag in flags:
        options |= _FLAGS[flag]
    try:
        source = regex.escape(pattern) if "q" in flags else _translated(pattern, flags, options)
        if _copies(source) > COPIES_MAX:
            raise ValueError("the repetitions are too many")
        return regex.compile(source, options)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _translated(pattern: str, flags: str, options: int) -> str:
    """XPath's notation in Python's. Python's own escapes (`\\A`, `\\K`) are errors here, as they are in XPath."""
    from elementpath.regex import RegexError, translate_pattern

    escapes = _ESCAPE.findall(pattern)
    if not _ESCAPES_OF_XPATH.issuperset(escapes) or "" in escapes:
        raise ValueError("unknown escape")
    if sum(escape in _LARGE_SETS for escape in escapes) > LARGE_SETS_MAX:
        raise ValueError("too many large sets")
    if "x" in flags:
        pattern = _SPACES.sub(lambda match: match[1] or "", pattern)
    try:
        return translate_pattern(pattern, options)
    except RegexError as error:
        raise ValueError(str(error)) from error


_PIECE = re.compile(r"\{(?P<least>\d+)[^}]*\}|(?P<open>\()|(?P<close>\))|\[(?:[^\]\\]|\\.)*\]|\\.|.", re.DOTALL)


def _copies(source: str) -> int:
    """The length of a translated pattern with its counted repetitions written out as often as they must run at least.

    `(ab{3}){10}` is 40: an `a` and three `b`, ten times.
    """
    lengths = [0]  # of each group that is open, the whole pattern first
    latest = 0  # of the piece that a repetition would repeat
    for match in _PIECE.finditer(source):
        if match["open"]:
            lengths.append(0)
            continue
        if match["close"] and len(lengths) > 1:
            latest = lengths.pop()
        elif match["least"]:
            latest *= max(int(match["least"]) - 1, 0)
        else:
            latest = 1
        lengths[-1] += latest
    return sum(lengths)


_REFERENCE = re.compile(r"\\(.?)|\$(\d*)", re.DOTALL)


def replacement(text: str, groups: int, *, literal: bool) -> Callable[[regex.Match[str]], str]:
    """What puts XPath's replacement `text` in the place of a match: `$1` is a group, `\\$` and `\\\\` are themselves.

    `groups` is how many groups the pattern has: of `$12` in a pattern of three, the `2` is text. With `literal` nothing
    in `text` has a meaning. Raises ValueError for a `\\` or a `$` that stands before anything else.
    """
    if literal:
        return lambda match: text
    parts: list[str | int] = []
    end = 0
    for reference in _REFERENCE.finditer(text):
        parts.append(text[end : reference.start()])
        end = reference.end()
        if reference[0].startswith("\\"):
            if reference[1] not in ("\\", "$") or not reference[1]:
                raise ValueError("`\\` in a replacement stands before `$` or `\\` only")
            parts.append(reference[1])
        else:
            parts += _group(reference[2], groups)
    parts.append(text[end:])
    return lambda match: "".join(part if isinstance(part, str) else (match[part] or "") for part in parts)


def _group(digits: str, groups: int) -> tuple[int | str, str]:
    """The group that the digits behind `$` name, and those digits behind it that are text again."""
    if not digits:
        raise ValueError("`$` in a replacement stands before a digit")
    width = len(digits)
    while width > 1 and int(digits[:width]) > groups:
        width -= 1
    number = int(digits[:width])
    return (number if number <= groups else ""), digits[width:]
