"""`amount * (1 + tolerance)` with a tolerance of 5, which is 600% of the amount. Part of `expressions`.

A parameter without a type is a plain number, and a factor of 5 may well be meant. Beside the 1 of a growth it is a
share, so a number above 1 there is most likely a percentage, and a tolerance of 500% approves nearly everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.compiling.lists import dotted_name
from engine.compiling.mismatch import Mismatch
from engine.compiling.shares import decimal_of
from engine.diagnostics.codes import ErrorCode
from engine.feel import syntax
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.vocabulary import Kind
from engine.vocabulary.written_numbers import percent, plain


def refuse_growth(node: syntax.Arithmetic, sides: Sequence[Formula], look_up: Callable[[str], Formula | None]) -> None:
    """Raises `Mismatch` for an amount that is multiplied with, or divided by, `1 + p` or `1 - p` where `p` is a plain
    number above 1. `sides` are the formulas of the node's left and right."""
    if node.operator not in ("*", "/"):
        return
    for side, other in ((node.left, sides[1]), (node.right, sides[0])):
        name = _beside_one(side) if other.type.kind is Kind.MONEY else None
        found = look_up(name) if name else None
        if isinstance(found, Constant) and found.type.kind is Kind.NUMBER and abs(number := decimal_of(found)) > 1:
            message = f"`{name}` is {plain(number)} here, which is {percent(number)}"
            hint = f"{plain(number)}% is written {plain(number / 100)}; declare it as a rate with a `maximum` if not"
            raise Mismatch(ErrorCode.T010, message, hint)


def _beside_one(node: syntax.Node) -> str | None:
    """The name in `1 + name`, `name + 1` or `1 - name`; None for any other formula."""
    if not isinstance(node, syntax.Arithmetic) or node.operator not in ("+", "-"):
        return None
    sides = (node.left, node.right)
    if not any(isinstance(side, syntax.Number) and side.value == 1 for side in sides):
        return None
    return dotted_name(node.right) or dotted_name(node.left)
