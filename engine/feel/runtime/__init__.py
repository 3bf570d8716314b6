"""Evaluates FEEL by itself, as the DMN standard defines it: the library that shows how far credence conforms.

`evaluate(text, context)` runs one expression on plain Python values, without a vocabulary. Numbers come out as Decimal
of 34 digits, durations, ranges and functions as the types named here, everything else as Python's own. Decisions don't
pass through here: policies are compiled, with a stricter meaning of null (docs/policy-language.md has the differences).

    >>> evaluate("if overdue > 30 then limit * 0.5 else limit", {"overdue": 45, "limit": 1000})
    Decimal('500.0')

`evaluate`  walks the tree that `engine.feel.parse` gives: one function for each type of node, in one table at its end.
`values`    the values: what Python's types stand for, equality and order, three-valued logic, text.
`temporal`, `instants`  dates, times and durations; the second for those that Python's types can't hold.
`properties`, `instance_of`, `operators`  `date.year`; `instance of`; `+ - * / **`.
`signatures`  how a built-in declares what it takes, and how a call finds the overload that fits.
`builtins_*`  the built-ins by what they work on, after the tables of DMN 1.5, 10.3.4; `builtins` gathers them.
`regex`     XPath's regular expressions for `matches`, `replace` and `split`.

Two rules hold everywhere. An error of the language is null where it happens, and evaluation goes on. An expression made
to run long, deep or large ends soon as null: loops and lists draw on a budget, texts and patterns have limits.
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
