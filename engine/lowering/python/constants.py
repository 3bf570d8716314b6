"""Formulas of constants worked out by the generated Python's own source, for the compiler.

A policy's `0.05 * 2` is computed once, when it is compiled, and every lowering then holds the result. So it must not
come from `engine.ruleset.interpret`: the tests hold the lowerings against that, and a slip in it would be on both
sides. Here one node's expression becomes a function, once for each distinct expression: a sum is
`lambda x0, x1: (x0 + x1)`, cents of a number with 4 decimals are `lambda x0: half_even(x0, 100)`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from engine.lowering.python.pieces import RUNTIME, shape
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.binding import Value


def constant_value(node: Formula) -> Value:
    """The value of an arithmetic node; None where an operand is null, or a divisor is 0.

    Raises `TypeError` where an operand is no constant, and for nodes of logic, whose nulls follow rules of their own.
    """
    values = []
    for operand in node.operands:
        if not isinstance(operand, Constant):
            raise TypeError(f"an operand of {type(node).__name__} is not a constant")
        values.append(operand.value)
    if None in values or (isinstance(node, f.Quotient | f.Modulo) and values[1] == 0):
        return None
    return _function(shape(node, len(values)), len(values))(*values)


@cache
def _function(source: str, count: int) -> Callable[..., Value]:
    names = [f"x{index}" for index in range(count)]
    function: Callable[..., Value] = eval(f"lambda {', '.join(names)}: {source.format(*names)}", dict(RUNTIME))
    return function
