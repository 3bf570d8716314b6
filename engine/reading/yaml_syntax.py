"""What an author probably did where libyaml can't read on: its error → place, code, message, hint. Part of `read`."""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Place

BREAK = re.compile(r"\r\n?|\n")
"""The end of a line, as any system writes it."""


def rest_of_line(source: str, at: int) -> str:
    """The rest of the line, short enough to quote in a message."""
    rest = BREAK.split(source[at : at + 200], maxsplit=1)[0].strip()
    return rest if len(rest) <= 40 else rest[:39] + "…"


# A part of libyaml's "context; problem" → code, whether the place is where the text in question began, message, hint.
# {} is the author's text from that place on, {0[0]} its first character. The first row that fits counts.
_STARTS = "quote text that starts with `{0[0]}`"
_UNCLOSED = (ErrorCode.Y040, True, "the quote opened here is not closed", "add the closing quote")
_SYNTAX: tuple[tuple[str, tuple[ErrorCode, bool, str, str]], ...] = (
    ("tab character", (ErrorCode.Y031, False, "a tab indents this line", "indent with spaces")),
    ("quoted scalar; found unexpected end", _UNCLOSED),
    ("document indicator", _UNCLOSED),
    ("quoted scalar;", (ErrorCode.Y040, False, "`{}` is not an escape", "double the `\\`, or use single quotes")),
    ("block scalar;", (ErrorCode.Y040, True, "`{0[0]}` starts a block of text on the next lines", _STARTS)),
    ("an alias;", (ErrorCode.Y020, True, "`{}` reads as an alias", _STARTS)),
    ("an anchor;", (ErrorCode.Y021, True, "`{}` reads as an anchor", _STARTS)),
    ("a tag;", (ErrorCode.Y022, True, "`{}` reads as a tag", _STARTS)),
    ("tag handle", (ErrorCode.Y022, True, "`{}` reads as a tag", _STARTS)),
    ("directive", (ErrorCode.Y007, True, "`{}` is a directive", "delete the line")),
    ("incompatible YAML", (ErrorCode.Y007, False, "`{}` is a directive", "delete the line")),
    ("cannot start any token", (ErrorCode.Y040, False, "text cannot start with `{0[0]}`", _STARTS)),
    (
        "block sequence entries",
        (ErrorCode.Y040, False, "a list item cannot start here", _STARTS + ", or start a new line"),
    ),
    ("mapping keys are not", (ErrorCode.Y040, False, "text cannot start with `? `", _STARTS)),
    ("expected node content", (ErrorCode.Y040, False, "`{}` stands where a value is expected", _STARTS)),
    (
        "flow sequence;",
        (ErrorCode.Y040, True, "`{}` is not closed with `]`", "text that starts with `[` must be quoted"),
    ),
    (
        "flow mapping;",
        (ErrorCode.Y040, True, "`{}` is not closed with `}}`", "text that starts with `{{` must be quoted"),
    ),
    ("'-' indicator", (ErrorCode.Y040, False, "`{}` is not an item of the list above", "start it with `- `")),
)
_SPACE_HINT = "put a space after the colon"
_UNSPACED = re.compile(r" *[^\s:#'\"]+(:)[^\s:/]")
_MARKER = re.compile(r"(?:^|(?<=[\r\n]))(%|\.\.\.)")
_MARKERS = {
    "%": (ErrorCode.Y007, "is a directive", "delete the line"),
    "...": (
        ErrorCode.Y006,
        "ends the document, but more follows",
        "delete the line, or put the rest into a file of its own",
    ),
}
_ENDED = {
    "}": "text that starts with `{` must be quoted",
    "]": "text that starts with `[` must be quoted",
    '"': "put the whole text, inner quotes included, into single quotes",
    "'": "double a single quote within the text, or use double quotes around all of it",
}


def syntax_mistake(
    error: yaml.YAMLError, source: str, place: Callable[[int], Place]
) -> tuple[Place, ErrorCode, str, str]:
    """Place, code, message and hint for libyaml's error.

    libyaml gives up at the first, so there is one a file. Its own words name what it wanted; `_SYNTAX` turns them, and
    the text at that place, into what the author probably did.
    """
    problem = "; ".join(filter(None, (getattr(error, "context", ""), getattr(error, "problem", ""))))
    at = getattr(getattr(error, "problem_mark", None), "index", 0)
    begun = getattr(getattr(error, "context_mark", None), "index", at)
    line_start = max(source.rfind("\n", 0, at), source.rfind("\r", 0, at)) + 1
    before = source[line_start:at]
    if "\t" in before + source[at : at + 1] and not before.strip():
        return (
            place(line_start + (before + "\t").index("\t")),
            ErrorCode.Y031,
            "a tab indents this line",
            "indent with spaces",
        )
    if source.startswith(":", at) and "expected" in problem and source[line_start:at].strip()[-1:] in ("", "{", ","):
        return place(at), ErrorCode.Y012, "this entry has no key", "write a name before the colon"
    comma = _cutting_comma(source[begun:at]) if "flow " in problem else None
    if comma is not None:
        return place(begun + comma), ErrorCode.Y014, "the comma ends the value here", "put the value between quotes"
    cut = _cutting_bracket(source, at) if "flow " in problem else None
    if cut is not None:
        opened = source[at]
        message = f"`{opened}` ends the value here, and begins another"
        return place(cut), ErrorCode.Y040, message, "put the whole value between quotes"
    for part, (code, from_start, message, hint) in _SYNTAX:
        if part in problem:
            where = begun if from_start else at
            where = source.rfind("\\", 0, at + 1) if "escape" in message else where
            text = rest_of_line(source, where) or " "
            return place(where), code, message.format(text), hint.format(text)
    return _unfit_place(problem, source, at, begun, line_start, place)


def _cutting_bracket(source: str, at: int) -> int | None:
    """Where a value begins that goes on with a bracket or a quote at `at`, as in `{a: x in ["A"]}`; None where the
    bracket is the first of its value."""
    if source[at : at + 1] not in ("[", "{", '"', "'"):
        return None
    start = max(source.rfind(mark, 0, at) + len(mark) for mark in (": ", ", ", "[", "{", "\n"))
    value = source[start:at]
    return start + len(value) - len(value.lstrip()) if value.strip() and not value.rstrip().endswith(",") else None


_QUOTED_OR_MARK = re.compile(r'"[^"]*"|[(),]')


def _cutting_comma(flow: str) -> int | None:
    """Where a comma stands within an open `(`, as in `{f: contains(x, "y")}`; None where none does. `flow` ends where
    libyaml gave up."""
    comma, depth = None, 0
    for match in _QUOTED_OR_MARK.finditer(flow):
        mark = match[0]
        depth += (mark == "(") - (mark == ")")
        if mark == "," and depth == 1 and comma is None:
            comma = match.start()
        if not depth:
            comma = None
    return comma


def _unfit_place(
    problem: str, source: str, at: int, begun: int, line_start: int, place: Callable[[int], Place]
) -> tuple[Place, ErrorCode, str, str]:
    """Where libyaml says only that it wanted a key, a colon or the end of the document."""
    before, text, here = source[line_start:at].strip(), rest_of_line(source, at), place(at)
    above = BREAK.split(source[max(0, line_start - 500) : line_start].rstrip())[-1]
    unspaced = _UNSPACED.match(above)
    if "could not find expected ':'" in problem:
        text = rest_of_line(source, begun)
        return (
            place(begun),
            ErrorCode.Y040,
            f"`{text}` has no key",
            _SPACE_HINT if ":" in text else "write `key: value`",
        )
    if "<document start>" in problem and (marker := _MARKER.search(source, 0, at)):
        code, kind, hint = _MARKERS[marker[1]]
        where = marker.start(1)
        return place(where), code, f"`{rest_of_line(source, where)}` {kind}", hint
    if "mapping values" in problem and ": " in before:
        return here, ErrorCode.Y040, "a second colon in one line", "quote text that holds `: `"
    if "mapping values" in problem and unspaced:
        colon = source.rindex(above, 0, line_start) + unspaced.start(1)
        return place(colon), ErrorCode.Y040, "no space follows this colon", _SPACE_HINT
    if "mapping values" in problem:
        hint = "the lines above are a value already: indent this one as the key it belongs beside, or quote them"
        return here, ErrorCode.Y040, f"`{rest_of_line(before, 0)}` cannot be a key here", hint
    if "<document start>" in problem and text.startswith(":"):
        return here, ErrorCode.Y040, "no space follows this colon", _SPACE_HINT
    if text[:1] in ("]", "}"):
        return here, ErrorCode.Y040, f"`{text[0]}` closes nothing", "delete it, or quote the whole text"
    if before:
        return (
            here,
            ErrorCode.Y040,
            f"`{text}` follows a value that has ended",
            _ENDED.get(before[-1], "quote the whole text"),
        )
    return (
        here,
        ErrorCode.Y040,
        f"`{text}` doesn't line up with the lines above",
        "indent it as the entries it belongs to are",
    )
