"""Arguments for every function of the table, so that a new row takes part in the generated tests by itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from engine.ruleset.formula import Constant, Formula
from engine.ruleset.functions import CONCATENATION, FUNCTIONS, FunctionParameter, FunctionRow, Takes
from engine.vocabulary.vocabulary import TEXT, Kind, Type

WRITTEN_NUMBERS = (1, 2, -1, -2, 9, 99, -9, 0)
TEXTS = ("", "é", "中", "文", "'{}\\", " É b ")
"""Each function does something to one of them, as a test holds."""


WITH_FORMS: tuple[FunctionRow, ...] = tuple(row for row in (*FUNCTIONS.values(), CONCATENATION) if row.forms)
"""The functions that a `FunctionCall` may name."""


def written_numbers(parameter: FunctionParameter) -> tuple[Constant, ...]:
    """Those that the parameter does not refuse."""
    return tuple(_number(value) for value in WRITTEN_NUMBERS if not parameter.refusal(value))


def counts(function: FunctionRow) -> range:
    """How many arguments the function takes."""
    return range(function.least, len(function.parameters) + 1)


def argument_lists(function: FunctionRow, text: Formula) -> list[tuple[Formula, ...]]:
    """`text` as the first argument, and behind it whatever the other parameters take; every number of arguments."""
    constants = [Constant(TEXT, value, nullable=False) for value in TEXTS]
    lists: list[tuple[Formula, ...]] = []
    for count in counts(function):
        others: list[Sequence[Formula]] = [
            (text, *constants) if parameter.takes is Takes.TEXT else written_numbers(parameter)
            for parameter in function.parameters[1:count]
        ]
        lists += [(text, *chosen) for chosen in product(*others)]
    return lists


def _number(value: int) -> Constant:
    return Constant(Type(Kind.INTEGER, scale=0, low=value, high=value), value, nullable=False)
