"""Reading the leaves of a policy: FEEL expressions, cells of unary tests, literals and reason templates.

Each function takes the `FieldReader` that collects mistakes, a node, and what the node is (`the formula of …`, for
messages). It gives None for what can't be read, after noting the mistake. Places stay exact: a syntax error points at
its own character, inside quotes, lists and templates too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Place
from engine.diagnostics.wording import clipped, unquoted_word
from engine.feel import hints, syntax
from engine.feel.parse import FeelSyntaxError, parse_expression, parse_unary_tests
from engine.reading.document import Mapping, Node, Scalar, Sequence
from engine.reading.fields import FieldReader, kind_of
from engine.reading.policy import Expression, Template, TemplateByLanguage

STRAY_MAX = 100
"""Braces too many of one text that are reported."""

DIGITS_MAX = 34  # as many as FEEL's numbers have

_TREES_KEPT = 4_096
"""Texts whose trees are kept for the next set; the default set has some 1,100."""

_TREE = TypeVar("_TREE", bound=syntax.Node)
_DOUBLE_EQUALS = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<sign>==)', re.DOTALL)
_TEXT_WITH_SPACES = re.compile(r"[\w/.%+-]+( [\w/.%+-]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedScalar(Scalar):
    """The items of a YAML list read as one text, `a, b, c`, so that a list of tests is one expression.

    A place in that text is one in the item that it comes from.
    """

    parts: tuple[tuple[int, Scalar], ...] = ()
    """Each item with the offset at which it begins in the text, in ascending order."""

    def place_at(self, offset: int) -> Place:
        start, part = self.parts[max(bisect_right(self.parts, offset, key=lambda item: item[0]) - 1, 0)]
        return part.place_at(offset - start)


# --- expressions -----------------------------------------------------------------------------------------------------


def expression(reader: FieldReader, node: Node, what: str) -> Expression | None:
    """FEEL text as an expression; plain numbers, `true` and `false` are FEEL as they stand."""
    if not isinstance(node, Scalar):
        reader.wrong_kind(node, what, "FEEL text", "write the whole of it between quotes")
        return None
    if node.value is None and not node.quoted and node.text != "null":
        reader.mistake(node.place, ErrorCode.F002, f"{what} is empty", "write a FEEL expression")
        return None
    return _expression(reader, node, what, 0, len(node.text))


def condition(reader: FieldReader, node: Node, what: str) -> Expression | None:
    """FEEL text that is true or false. A plain number is refused here; other types are the compiler's business."""
    if isinstance(node, Scalar) and isinstance(node.value, Decimal):
        reader.wrong_kind(node, what, "a condition", "write a comparison, such as `order.amount > 1000`")
        return None
    return expression(reader, node, what)


def _expression(reader: FieldReader, scalar: Scalar, what: str, start: int, end: int) -> Expression | None:
    """The FEEL between two offsets of a scalar's text, such as a template's braces."""
    text = scalar.text[start:end]
    start += len(text) - len(text.lstrip())
    text = text.strip()
    if not text:
        reader.mistake(scalar.place_at(start), ErrorCode.F002, f"{what} is empty", "write a FEEL expression")
        return None
    try:
        _refuse_double_equals(text)
        if odd := reader.odd_word and reader.odd_word.search(hints.code_only(text)):
            word, at = odd["word"], odd.start("word")
            message, hint = unquoted_word(word)[0], f'write "{word}", and the whole between single quotes'
            reader.mistake(scalar.place_at(start + at), ErrorCode.F001, message, hint)
            return None
        tree = _tree(text)
        _refuse_misread(text, cell=False)
    except FeelSyntaxError as error:
        reader.mistake(scalar.place_at(start + error.offset), ErrorCode.F001, error.message, _hint(text))
        return None
    is_all = start == 0 and len(text) == len(scalar.text)
    return Expression(tree, scalar, start, None if is_all else len(text))


@lru_cache(maxsize=_TREES_KEPT)
def _tree(text: str) -> syntax.Node:
    """The tree of a text, read once: a reason holds the same expressions in each language, and a changed set is mostly
    the one before. Trees never change, and know places within their text only."""
    return parse_expression(text)


def _refuse_double_equals(text: str) -> None:
    """To FEEL `a == b` compares `a` with the range `= b`: never what someone means who has seen another language."""
    for match in _DOUBLE_EQUALS.finditer(text):
        if match["sign"]:
            raise FeelSyntaxError("`==` is not an operator, write `=` to compare", match.start())


def _refuse_misread(text: str, *, cell: bool) -> None:
    """Raises for what FEEL reads, but never as its author meant it, such as `10,000`."""
    if advice := hints.misread(text, cell=cell):
        raise FeelSyntaxError(*advice)


def _hint(text: str) -> str:
    return "only an output starts with `=`; leave the sign out" if text.startswith("=") else ""


# --- unary tests -----------------------------------------------------------------------------------------------------


def unary_tests(reader: FieldReader, node: Node, what: str) -> Expression | None:
    """A cell: FEEL unary tests, a plain value, `null`, `-`, or a list of those of which any may hold.

    `[A, "> 5"]` is the same as `A, > 5`, but for `not(A)` in it, which denies only its own tests.
    """
    match node:
        case Scalar():
            tree = _tests(reader, node, what)
            return Expression(tree, node) if tree else None
        case Sequence():
            return _tests_of_list(reader, node, what)
        case Mapping():
            reader.wrong_kind(node, what, "a unary test", 'write it between quotes, such as `"> 30"`')
            return None


def _tests(reader: FieldReader, scalar: Scalar, what: str) -> syntax.UnaryTests | None:
    if scalar.value is None and not scalar.quoted:
        if not scalar.text:
            hint = "write `null` for a missing value, `-` for any value"
            reader.mistake(scalar.place, ErrorCode.F002, f"{what} is empty", hint)
            return None
        end = len(scalar.text)
        return syntax.UnaryTests(start=0, end=end, tests=(syntax.Null(start=0, end=end),), negated=False)
    try:
        _refuse_double_equals(scalar.text)
        tree = parse_unary_tests(scalar.text)
        _refuse_misread(scalar.text, cell=True)
        _refuse_subtractions(tree, scalar.text)
        return tree
    except FeelSyntaxError as error:
        message, hint, offset = error.message, "", error.offset
        word = next((word for word in (scalar.text, *re.split(", *", scalar.text)) if word in reader.enum_words), None)
        if word is not None:
            (message, hint), offset = unquoted_word(word), scalar.text.index(word)
        elif _TEXT_WITH_SPACES.fullmatch(scalar.text):
            hint = f"""text of several words stands in both kinds of quotes, '"{clipped(scalar.text)}"'"""
        elif "is a subtraction" in error.message:
            hint = f"""or as a word in both kinds of quotes, '"{clipped(scalar.text)}"'"""
        reader.mistake(scalar.place_at(offset), ErrorCode.F001, message, hint)
        return None


def _refuse_subtractions(tree: syntax.UnaryTests, text: str) -> None:
    """`0-1000` among tests, or what `>= 2026-07-01` compares with."""
    for test in tree.tests:
        half = test.low or test.high if isinstance(test, syntax.Interval) and None in (test.low, test.high) else test
        if isinstance(half, syntax.Arithmetic) and (message := hints.subtraction(text[half.start : half.end])):
            raise FeelSyntaxError(message, half.start)


def _tests_of_list(reader: FieldReader, sequence: Sequence, what: str) -> Expression | None:
    if not sequence.items:
        reader.mistake(sequence.place, ErrorCode.P016, f"the list of {what} is empty", "write `-` for any value")
        return None
    scalars = [item for item in sequence.items if isinstance(item, Scalar)]
    for item in sequence.items:
        if not isinstance(item, Scalar):
            reader.wrong_kind(item, f"an item of {what}", "a unary test")
    starts = list(_starts(scalars))
    tests: list[syntax.Node] = []
    for start, scalar in zip(starts, scalars, strict=True):
        tree = _tests(reader, scalar, f"an item of {what}")
        if tree and not tree.tests:
            reader.mistake(
                scalar.place, ErrorCode.F001, "`-` means any value and can't be one of several", "write `-` alone"
            )
        elif tree:
            tests.extend(_alternatives(_shifted(tree, start)))
    if not scalars:
        return None
    text = ", ".join(scalar.text for scalar in scalars)
    joined = JoinedScalar(
        place=scalars[0].place, value=text, text=text, quoted=False, parts=tuple(zip(starts, scalars, strict=True))
    )
    return Expression(syntax.UnaryTests(start=0, end=len(text), tests=tuple(tests), negated=False), joined)


def _starts(scalars: list[Scalar]) -> Iterator[int]:
    """Where each scalar begins in the text that joins them with a comma and a space."""
    start = 0
    for scalar in scalars:
        yield start
        start += len(scalar.text) + len(", ")


def _alternatives(tree: syntax.UnaryTests) -> tuple[syntax.Node, ...]:
    """`not(A, B)` among other alternatives is the expression `not(? in (A, B))`."""
    if not tree.negated:
        return tree.tests
    at = {"start": tree.start, "end": tree.end}
    inner = syntax.In(value=syntax.Name(name="?", **at), tests=replace(tree, negated=False), **at)
    return (syntax.Call(function=syntax.Name(name="not", **at), arguments=(inner,), names=(), **at),)


def _shifted(node: _TREE, by: int) -> _TREE:
    """The same tree, read from `by` characters further on.

    Each item of a list of tests is parsed by itself, and its nodes count from the item's start; in the joined text `a,
    b` those of the second item begin at 3.
    """
    if not by:
        return node
    parts: dict[str, object] = {"start": node.start + by, "end": node.end + by}
    for field in fields(node):
        if field.name not in parts:
            parts[field.name] = _shifted_part(getattr(node, field.name), by)
    return type(node)(**parts)  # type: ignore[arg-type]  # the fields are the node's own


def _shifted_part(part: object, by: int) -> object:
    if isinstance(part, syntax.Node):
        return _shifted(part, by)
    return tuple(_shifted_part(item, by) for item in part) if isinstance(part, tuple) else part


# --- literals --------------------------------------------------------------------------------------------------------


def number(reader: FieldReader, node: Node, what: str) -> Decimal | None:
    """A number that is written plainly, such as a band's points."""
    if isinstance(node, Scalar) and isinstance(node.value, Decimal):
        return node.value if _short_enough(reader, node) else None
    hint = "write a plain number, without quotes, units or thousands separators"
    reader.wrong_kind(node, what, "a number", hint)
    return None


def literal(reader: FieldReader, node: Node, what: str) -> Decimal | str | bool | None:
    """A number, `true`, `false` or a word; null is a mistake, too."""
    if not isinstance(node, Scalar):
        reader.wrong_kind(node, what, "a number, `true`, `false` or a word")
        return None
    if node.value is None or (isinstance(node.value, str) and not node.value.strip()):
        reader.mistake(node.place, ErrorCode.P003, f"{what} has no value", "write a number, `true`, `false` or a word")
        return None
    return node.value if _short_enough(reader, node) else None


def output(reader: FieldReader, node: Node, what: str) -> Expression | Decimal | str | bool | None:
    """What a row gives: a literal, None for null, or a formula written `= …`. None too for what can't be read."""
    if not isinstance(node, Scalar):
        hint = 'write a number, a word, or a formula as `"= …"`'
        reader.wrong_kind(node, what, "one value", hint)
        return None
    if isinstance(node.value, str) and node.text.lstrip().startswith("="):
        return _expression(reader, node, what, node.text.index("=") + 1, len(node.text))
    if node.text == "null" and not node.quoted:
        return None
    return literal(reader, node, what)


def _short_enough(reader: FieldReader, scalar: Scalar) -> bool:
    value = scalar.value
    if not isinstance(value, Decimal) or len(value.as_tuple().digits) <= DIGITS_MAX:
        return True
    reader.mistake(
        scalar.place, ErrorCode.P015, f"{kind_of(scalar)} has more than {DIGITS_MAX} digits", "write fewer digits"
    )
    return False


# --- templates -------------------------------------------------------------------------------------------------------


def template_by_language(reader: FieldReader, node: Node | None, what: str) -> TemplateByLanguage | None:
    """A reason's or remedy's text in the site's languages; None for no node and for a mistake in any of them."""
    scalars = reader.languages(node, what) if node else None
    if scalars is None:
        return None
    read = [(language, _template(reader, scalar)) for language, scalar in scalars]
    sound = tuple((language, template) for language, template in read if template)
    return TemplateByLanguage(sound) if len(sound) == len(read) else None


def _template(reader: FieldReader, scalar: Scalar) -> Template | None:
    """A text in one language, with `{…}` around FEEL, and `{{` and `}}` for the braces themselves.

    `{{a}} {order.amount + 1}` gives the text `{a} ` and an expression at offset 7.
    """
    text, parts, literal_, at = scalar.text, list[str | Expression](), "", 0
    intact, stray = True, 0
    while at < len(text):
        pair = text[at : at + 2]
        if pair in ("{{", "}}"):
            literal_, at = literal_ + pair[0], at + 2
        elif text[at] == "}":
            reader.mistake(
                scalar.place_at(at), ErrorCode.P011, "`}` has no `{` before it", "write `}}` for the brace itself"
            )
            stray, at = stray + 1, at + 1
            if stray == STRAY_MAX:
                return None
        elif text[at] == "{":
            end = _closing_brace(text, at + 1)
            if end is None:
                hint = "write `}` after the FEEL expression, or `{{` for the brace itself"
                reader.mistake(
                    scalar.place_at(at), ErrorCode.P011, f"`{clipped(text[at:])}` has no `}}` after it", hint
                )
                return None
            formula = _expression(reader, scalar, "the text between the braces", at + 1, end)
            if formula:
                parts += [literal_, formula] if literal_ else [formula]
            intact, literal_, at = intact and formula is not None, "", end + 1
        else:
            literal_, at = literal_ + text[at], at + 1
    return Template(scalar, (*parts, literal_) if literal_ else tuple(parts)) if intact and not stray else None


def _closing_brace(text: str, start: int) -> int | None:
    """Where the brace opened before `start` closes; braces inside FEEL's own text and contexts don't count."""
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[{}]', text[start:], re.DOTALL):
        if match[0] == "{":
            depth += 1
        elif match[0] == "}":
            if depth == 0:
                return start + match.start()
            depth -= 1
    return None
