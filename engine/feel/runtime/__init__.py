"""Evaluates FEEL by itself, as the DMN standard defines it: the library that shows how far credence conforms.

`evaluate(text, context)` runs one expression on plain Python values, without a vocabulary. Numbers come out as Decimal
of 34 digits, durations, ranges and functions as the types named here, everything else as Python's own. Decisions don't
pass through here: policies are compiled.
"""

from engine.feel.runtime.evaluate import evaluate, evaluate_node, evaluate_unary_tests
from engine.feel.runtime.instants import DistantDate, DistantDateTime
from engine.feel.runtime.temporal import DaysDuration, MonthsDuration
from engine.feel.runtime.values import Function, Range

__all__ = [
    "DaysDuration",
    "DistantDate",
    "DistantDateTime",
    "Function",
    "MonthsDuration",
    "Range",
    "evaluate",
    "evaluate_node",
    "evaluate_unary_tests",
]
