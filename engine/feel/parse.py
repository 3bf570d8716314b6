"""Reads a FEEL expression or a cell of unary tests into a syntax tree (DMN 1.5, chapter 10.3.1).

The grammar is in grammar.lark. FEEL names may hold spaces and signs, so what is one name depends on which names are
known; before lark sees the text, every known name of that kind has its odd characters masked with a letter, which
keeps all positions. Text of an author or a stranger: too long or too deeply nested is an error like any other.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import cast

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError

from engine.feel.build import Builder, Misplaced
from engine.feel.hints import code_only, meant
from engine.feel.names import BUILT_IN_NAMES
from engine.feel.other_words import behind, meant_by_word, shortened, wide_sign
from engine.feel.syntax import Node, UnaryTests, children

LENGTH_MAX = 32_768
"""Characters of one expression. A cell that lists 5,000 country codes is shorter."""

NESTING_MAX = 100
"""Levels of a tree; keeps every walk over one far from Python's recursion limit."""

_MASK = "\ue000"  # a private-use character that grammar.lark allows inside names
_PLAIN_NAME = re.compile(r"\??[^\W\d]\w*|\?")
_KEYWORDS = frozenset(
    ("for", "if", "then", "else", "some", "every", "satisfies", "return", "function")
    + ("in", "between", "and", "or", "instance", "of", "true", "false", "null")
)
_SKIPPED = r'"(?:[^"\\]|\\.)*+"?|//[^\n]*|/\*.*?\*/'
# names of several words that the text itself introduces: parameters, context keys, named arguments, loop variables
_DECLARED = re.compile(
    _SKIPPED
    + r"|\bfunction\s*\((?P<parameters>[^()]{0,2000})\)"
    + r'|[{,(]\s*(?P<key>[^\W\d][^{}\[\](),:"<>=!@\n]{0,200}):'
    + r"|(?:\b(?:for|some|every)|,)\s+(?P<loop>[^\W\d]\w*(?:\s+\w+)+)\s+in\b",
    re.DOTALL,
)


class FeelSyntaxError(Exception):
    """A text that isn't FEEL, or is too long or too deeply nested.

    `message` says what is wrong and mostly what to write instead: lower case, without a final period, the author's own
    text in backticks. `offset` counts the characters of the text from 0; the text's length means its end.
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def parse_expression(text: str, names: Collection[str] = ()) -> Node:
    """The tree of one FEEL expression, such as `order.amount > limit * 1.1`.

    `names` are names in force that aren't plain words, such as `credit limit` or `due-date`: only a name that is known
    can hold spaces or signs. Names that the text itself introduces (loop variables, parameters, keys) need not be
    given. Raises `FeelSyntaxError`, also for text made to be too long or too deep; never anything else.
    """
    return cast(Node, _parse(text, names, "expression_start"))


def parse_unary_tests(text: str, names: Collection[str] = ()) -> UnaryTests:
    """The tree of a cell of a decision table, such as `[8..15], > 30`, `not("A")` or `-` for any value.

    `names` and errors are those of `parse_expression`. `?` in a test is the value under test.
    """
    return cast(UnaryTests, _parse(text, names, "unary_tests_start"))


class _WholeWords:
    """Has lark's lexer look for names in every place, so that a keyword ends where its word ends."""

    always_accept = ("NAME",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


_GRAMMAR = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")


class _Parser(threading.local):
    """One parser a thread, since the builder holds the text being read."""

    def __init__(self) -> None:
        self.builder = Builder()
        self.lark = Lark(
            _GRAMMAR,
            parser="lalr",
            lexer="contextual",
            start=["expression_start", "unary_tests_start"],
            transformer=self.builder,
            postlex=_WholeWords(),
            maybe_placeholders=True,
            cache=False,
        )


_parser = _Parser()


def _parse(text: str, names: Collection[str], start: str) -> object:
    """Masks names, has lark read the text from the production `start`, and turns lark's errors into ours."""
    _refuse_hostile(text)
    masked = _masked(text, names)
    _parser.builder.name_of = lambda token: _spelling(token, text)
    try:
        tree = _parser.lark.parse(masked, start=start)
    except UnexpectedToken as error:
        raise _unexpected_token(text, error.token, frozenset(error.accepts or error.expected)) from None
    except UnexpectedCharacters as error:
        raise _unexpected_character(text, error.pos_in_stream or 0) from None
    except VisitError as error:
        if isinstance(error.orig_exc, Misplaced):
            raise FeelSyntaxError(error.orig_exc.message, error.orig_exc.offset) from None
        raise
    except Misplaced as error:
        raise FeelSyntaxError(error.message, error.offset) from None
    if len(text) > NESTING_MAX:  # every level takes at least one character
        _refuse_deep(cast(Node, tree))
    return tree


# --- names -----------------------------------------------------------------------------------------------------------


def _spelling(token: Token, text: str) -> str:
    """What the author wrote for a NAME token: masked characters back, spaces between words as one."""
    if _MASK not in token:
        return str(token)
    return " ".join(text[token.start_pos : token.end_pos].split())


def _masked(text: str, names: Collection[str]) -> str:
    """The text with the odd characters of known names replaced by one that grammar.lark allows inside names.

    Positions stay: `string length(s)` becomes `string□length(s)`, with U+E000 for the box. Text in quotes and comments
    is left alone. A longer name goes before a shorter one that it begins with.
    """
    odd = {name for name in names if not _PLAIN_NAME.fullmatch(name)}
    if ":" in text or " in" in text or "function" in text:
        odd.update(_declared(text))
    if not odd and " " not in text.strip():
        return text
    return _name_pattern(frozenset(odd)).sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    name = match["name"]
    if name is None:
        return match[0]
    return re.sub(r"\W", _MASK, name)


def _declared(text: str) -> Iterator[str]:
    """The names of several words that the text introduces by itself: `for due date in …`, `{due date: 1}`,
    `function(due date)`.

    Only those without keywords in them, since `{a: if b then c: 1}` doesn't declare `if b then c`.
    """
    for match in _DECLARED.finditer(text):
        parameters = (match["parameters"] or "").split(",")
        for name in (match["key"] or match["loop"], *(part.partition(":")[0] for part in parameters)):
            words = name.split() if name else []
            plain = not words or (len(words) == 1 and _PLAIN_NAME.fullmatch(words[0]) is not None)
            if not plain and not _KEYWORDS.intersection(words):
                yield " ".join(words)


@lru_cache(maxsize=256)
def _name_pattern(odd: frozenset[str]) -> re.Pattern[str]:
    """Finds quoted text and comments (no group) and, outside them, the known names (group `name`), longest first."""
    known = sorted(odd | BUILT_IN_NAMES, key=lambda name: (-len(name), name))
    alternatives = "|".join(r"\s+".join(map(re.escape, name.split())) for name in known if name.strip())
    return re.compile(rf"{_SKIPPED}|(?<!\w)(?P<name>{alternatives})(?!\w)", re.DOTALL)


# --- hostile input ---------------------------------------------------------------------------------------------------


def _refuse_hostile(text: str) -> None:
    """Raises for what must not reach lark: too long, empty, too many open brackets, or our own mask character."""
    if len(text) > LENGTH_MAX:
        raise FeelSyntaxError(
            f"the expression has {len(text)} characters, the most allowed is {LENGTH_MAX}", LENGTH_MAX
        )
    if not text.strip():
        raise FeelSyntaxError("an expression is missing here", 0)
    hidden = text.find(_MASK)
    if hidden >= 0:
        raise FeelSyntaxError("the character U+E000 cannot be used here", hidden)
    if len(text) <= NESTING_MAX:
        return
    depth = 0
    for match in re.finditer(_SKIPPED + r"|(?P<open>[(\[{])|(?P<close>[)\]}])", text, re.DOTALL):
        depth += (match["open"] is not None) - (match["close"] is not None)
        if depth > NESTING_MAX:
            raise _too_deep(match.start())


def _refuse_deep(tree: Node) -> None:
    """Raises for a tree deeper than `NESTING_MAX`, which operators can be without any bracket: `- - - 1`."""
    level: list[Node] = [tree]
    for _ in range(NESTING_MAX):
        level = [child for node in level for child in children(node)]
        if not level:
            return
    raise _too_deep(level[0].start)


def _too_deep(offset: int) -> FeelSyntaxError:
    return FeelSyntaxError(f"the expression is nested more than {NESTING_MAX} levels deep", offset)


# --- messages --------------------------------------------------------------------------------------------------------

_INSTEAD = {
    "&&": "write `and`",
    "&": "write `and`",
    "||": "write `or`",
    "|": "write `or`",
    "!": "write `not(…)`",
    "%": "write `modulo(a, b)`, or a percentage as a fraction such as `0.05`",
    "'": 'write text in double quotes, `"…"`',
    "“": 'write text in straight double quotes, `"…"`',
    "”": 'write text in straight double quotes, `"…"`',
    **dict.fromkeys("‘’‚„«»「」", 'write text in straight double quotes, `"…"`'),
    "^": "write `**` for a power",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "×": "write `*`",
    "·": "write `*`",
    "÷": "write `/`",
    "−": "write an ASCII `-`",
    "–": "write an ASCII `-`",
    "—": "write an ASCII `-`",
    "。": "leave it out; decimals need a point, `.`",
    "$": "leave it out; the fact's type gives the currency",
    ";": "write one expression only",
}
_MISSING = {
    "ELSE": "`else`",
    "THEN": "`then`",
    "RETURN": "`return`",
    "SATISFIES": "`satisfies`",
    "RPAR": "`)`",
    "RBRACKET": "`]`",
    "RBRACE": "`}`",
    "RANGE": "`..`",
    "COLON": "`:`",
    "OF": "`of`",
}
_OPERAND_STARTS = frozenset({"NUMBER", "STRING", "NAME", "TRUE"})
_OPERANDS = frozenset({"NUMBER", "STRING", "AT_LITERAL", "NAME", "TRUE", "FALSE", "NULL", "LBRACE"})
_CLAUSES = frozenset({"ELSE", "THEN", "RETURN", "SATISFIES"})
_NO_OPERATOR = "an operator is missing, write `and` or `or` between conditions, `=` or `+` between values"
_BETWEEN = re.compile(r"\bbetween\b(?!.*\band\b)", re.DOTALL)
_GLUED = re.compile(r"[\w.]+")


def _unexpected_character(text: str, offset: int) -> FeelSyntaxError:
    """The message where lark's lexer knows no token: an idiom of another language, an open quote, a bad sign."""
    character = text[offset : offset + 1]
    if wide := wide_sign(code_only(text)[: offset + 1]):
        return FeelSyntaxError(*wide)
    if idiom := meant(text, offset):
        return FeelSyntaxError(*idiom)
    if character.isdecimal() and (glued := _GLUED.match(text, offset)):
        return FeelSyntaxError(f"`{glued[0][:40]}` is neither a number nor a name{shortened(glued[0])}", offset)
    if character == '"':
        return FeelSyntaxError('text that begins with `"` is never closed, write a second `"`', offset)
    return FeelSyntaxError(f"`{character}` is not understood here{_advice(text, offset)}", offset)


def _advice(text: str, offset: int) -> str:
    for width in (2, 1):
        if instead := _INSTEAD.get(text[offset : offset + width]):
            return f", {instead}"
    return ""


def _unexpected_token(text: str, token: Token, expected: frozenset[str]) -> FeelSyntaxError:
    """The message where a token doesn't fit. `expected` holds the tokens that could have come, from which is guessed
    what is missing: an operator between two operands, a closing bracket, a clause.
    """
    code = code_only(text)
    if wide := wide_sign(code[: token.end_pos]):
        return FeelSyntaxError(*wide)
    if token.type == "$END":
        end = len(text.rstrip())
        missing = _what_is_missing(expected, code, end)
        return FeelSyntaxError(f"the expression ends too early{missing}", end)
    offset = cast(int, token.start_pos)
    written = text[offset : token.end_pos]
    if "AND" in expected and (word := meant_by_word(code, offset)):
        return FeelSyntaxError(*word)
    if idiom := meant(text, offset):
        return FeelSyntaxError(*idiom)
    if len(written) > 40:
        written = written[:40] + "…"
    if token.type in _OPERANDS and "AND" in expected and not _CLAUSES & expected:
        return FeelSyntaxError(f"`{written}` is not expected here, {_NO_OPERATOR}", offset)
    missing = _advice(text, offset) or _what_is_missing(expected, code, offset)
    return FeelSyntaxError(f"`{written}` is not expected here{missing}", offset)


def _what_is_missing(expected: frozenset[str], code: str, offset: int) -> str:
    """What is missing at this offset, as the end of a message, as far as the possible tokens tell. `code` is the text
    without what is quoted."""
    if expected >= _OPERAND_STARTS:
        return f", a value is missing{behind(code, offset)}"
    if "AND" in expected and "$END" not in expected and _BETWEEN.search(code[:offset]):
        return ", `and` is missing, as in `between 1 and 5`"
    missing = [text for kind, text in _MISSING.items() if kind in expected]
    if missing:
        return f", {' or '.join(missing)} is missing"
    return ", a name is missing" if expected == {"NAME"} else ", an operator may be missing"
