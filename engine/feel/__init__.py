"""FEEL, the expression language of the OMG's DMN 1.5 standard: the leaves of every policy.

`evaluate(text, context)` runs one expression on plain Python values, without a vocabulary. Numbers come out as Decimal
of 34 digits, durations, ranges and functions as the types named here, everything else as Python's own.
"""

from engine.feel.evaluate import evaluate, evaluate_node, evaluate_unary_tests
from engine.feel.instants import DistantDate, DistantDateTime
from engine.feel.temporal import DaysDuration, MonthsDuration
from engine.feel.values import Function, Range

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
