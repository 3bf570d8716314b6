"""Pieces of Python source, and the operators of a formula as shapes that join them.

A piece carries the names that must be known (not None) for its body to hold. So a chain of operators over operands that
are never null has no null test at all, and one over nullable operands tests each name once: `a + b * a` with a nullable
a is one piece with the guard `a` and the body `(a + (b * a))`, not three with a test each. `source` makes pieces of
formulas and statements of pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from engine.lowering.python import exact
from engine.ruleset import formula as f
from engine.ruleset.formula import Formula
from engine.ruleset.functions import FORMS
from engine.vocabulary.binding import KnownValue

RUNTIME: Mapping[str, object] = {
    **{function.__name__: function for function in exact.ROUNDINGS.values()},
    **{function.__name__: function for function in exact.DATE_PARTS.values()},
    "add_months": exact.add_months,
    "substring": exact.substring,
}
"""The global names of generated source."""


class Piece(NamedTuple):
    """The source of one formula. A NamedTuple with positional fields, since loading a rule set makes thousands of them.

    `guards`: names of which none may be None where the body is evaluated. `body`: an expression that is never None
    then. `depth`: how deeply it is nested; 0 costs nothing to repeat.
    `open`: the body is an expression without guards that may be None itself.
    `truth`, `doubt`: expressions for "is true" and "is not false", where an open piece of yes/no has simpler ones than
    a test of its body; empty elsewhere."""

    guards: tuple[str, ...]
    body: str
    depth: int = 0
    open: bool = False
    truth: str = ""
    doubt: str = ""

    @property
    def certain(self) -> bool:
        """Whether the body is never None."""
        return not self.guards and not self.open

    @property
    def value(self) -> str:
        """An expression for the formula's value, None included."""
        if "None" in self.guards:
            return "None"
        return f"(None if {unknown(self.guards)} else {self.body})" if self.guards else self.body

    @property
    def is_true(self) -> str:
        """An expression, True or False, for whether a piece of yes/no is true."""
        if self.truth:
            return self.truth
        if self.open or self.guards == (self.body,):
            return f"{self.body} is True"
        return " and ".join([*(f"{name} is not None" for name in self.guards), self.body])

    @property
    def not_false(self) -> str:
        """An expression, True or False, for whether a piece of yes/no is true or None."""
        if self.doubt:
            return self.doubt
        if self.open or self.guards == (self.body,):
            return f"{self.body} is not False"
        return " or ".join([*(f"{name} is None" for name in self.guards), self.body])


NULL = Piece(("None",), "None")
"""The constant None: a piece whose guard is never known."""


def unknown(guards: Iterable[str]) -> str:
    """An expression for whether one of the names is None; empty for no names."""
    return " or ".join(f"{name} is None" for name in dict.fromkeys(guards))


def merged(pieces: Sequence[Piece], word: str) -> tuple[list[str], list[Piece]]:
    """The operands of one `and` or `or` (`word`): the bodies that are never None, and the other pieces, of which those
    with the same guards are joined into one, so that the guards are tested once."""
    certain = [piece.body for piece in pieces if not piece.guards]
    together: dict[tuple[str, ...], list[str]] = {}
    for piece in pieces:
        if piece.guards:
            together.setdefault(piece.guards, []).append(piece.body)
    joined = f" {word} ".join
    return certain, [
        Piece(guards, bodies[0] if len(bodies) == 1 else f"({joined(bodies)})") for guards, bodies in together.items()
    ]


def strict(shape: str, parts: Sequence[Piece]) -> Piece:
    """An operator whose result is None exactly where an operand is. `shape` has a `{}` for each operand's body."""
    guards = dict.fromkeys(guard for part in parts for guard in part.guards)
    depth = max((part.depth for part in parts), default=0) + 1
    return Piece(tuple(guards), shape.format(*(part.body for part in parts)), depth)


def literal(value: KnownValue) -> str:
    """A constant as source. The only way in which an author's text gets into it: as its `repr`."""
    if isinstance(value, str):
        return repr(str(value))
    return f"({value!r})" if value < 0 else repr(value)


def shape(node: Formula, count: int) -> str:
    """The source of a strict operator over `count` operands, with a `{}` for each. Raises `TypeError` for a node that
    has none."""
    match node:
        case f.Sum():
            return "({} + {})"
        case f.Difference():
            return "({} - {})"
        case f.Product():
            return "({} * {})"
        case f.Quotient(shift=shift):
            return f"half_even({{}} * {10**shift}, {{}})"
        case f.Modulo():
            return "({} % {})"
        case f.Compare(operator=operator):
            return f"({{}} {'==' if operator == '=' else operator} {{}})"
        case f.MemberOf(values=values):
            members = ", ".join(literal(value) for value in values).replace("{", "{{").replace("}", "}}")
            return f"({{}} in {{{{{members}}}}})" if values else "({} in ())"
        case f.Rescale(operand=operand, mode=mode):
            decimals = node.type.scale - operand.type.scale
            return f"({{}} * {10**decimals})" if decimals >= 0 else f"{mode}({{}}, {10**-decimals})"
        case f.Absolute():
            return "abs({})"
        case f.Least():
            return _call("min", count)
        case f.Greatest():
            return _call("max", count)
        case f.Not():
            return "(not {})"
        case f.AddMonths():
            return "add_months({}, {})"
        case f.DatePart(part=part):
            return f"{exact.DATE_PARTS[part].__name__}({{}})"
        case f.FunctionCall(function=function):
            arguments = ", ".join(f"{{{index}}}" for index in range(count))
            return FORMS[function].python.replace("{arguments}", arguments)
    raise TypeError(f"no source is defined for {type(node).__name__}")


def _call(function: str, count: int) -> str:
    """min and max of a single operand are that operand."""
    arguments = "{}, " * count
    return f"{function}({arguments})" if count > 1 else "{}"
