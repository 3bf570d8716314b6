"""Evaluates a FEEL tree on a plain context, as DMN 1.5, chapter 10.3 defines it. Needs no vocabulary and no types.

Every error of the language (an unknown name, a type that does not fit, a division by zero) is null where it happens,
and the expression around it goes on with that null. `_EVALUATE` at the end maps each type of node to its function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, cast

from engine.feel import syntax
from engine.feel.parse import FeelSyntaxError, parse_expression, parse_unary_tests
from engine.feel.runtime.builtins import BUILT_INS, counted, invoke
from engine.feel.runtime.instance_of import coerced, is_instance, type_of
from engine.feel.runtime.operators import arithmetic, minus
from engine.feel.runtime.properties import property_of
from engine.feel.runtime.temporal import read_at_literal
from engine.feel.runtime.values import (
    NUMBERS,
    Function,
    Range,
    both,
    compared,
    either,
    equal,
    less,
    negated,
    taken_in,
    within,
)
from engine.feel.syntax import Node, mentions_input

WORK_MAX = 1_000_000
"""Loop steps, and items and characters that built-ins give, in one evaluation."""


class WorkExceeded(Exception):
    """An evaluation has taken more than `WORK_MAX` steps."""


class Environment:
    """The names in force at a point of the expression, inner before outer, and the work left for the whole evaluation.

    Names of the outermost are a caller's Python values, and become FEEL values when they are read. `work` is one
    counter that all environments of an evaluation share.
    """

    __slots__ = ("names", "outer", "work")

    def __init__(self, names: Mapping[str, object], outer: Environment | None = None) -> None:
        self.names = names
        self.outer = outer
        self.work: list[int] = [WORK_MAX] if outer is None else outer.work

    def find(self, name: str) -> tuple[bool, object]:
        """Whether a name is in force, and its value."""
        scope: Environment | None = self
        while scope is not None:
            if name in scope.names:
                value = scope.names[name]
                return True, (taken_in(value) if scope.outer is None else value)
            scope = scope.outer
        return False, None

    def spend(self, amount: int) -> None:
        """Takes `amount` steps off the work that is left. Raises `WorkExceeded` when none is."""
        self.work[0] -= amount
        if self.work[0] < 0:
            raise WorkExceeded


def evaluate(text: str, context: Mapping[str, object] = MappingProxyType({})) -> object:
    """The value of a FEEL expression; null (None) for a FEEL error of any kind, syntax included. Never raises.

    `context` holds numbers, texts, booleans, dates, times, `timedelta`, lists, tuples, mappings and functions by name,
    and anything that `evaluate` has given. Its keys may be names of several words.
    """
    try:
        return evaluate_node(parse_expression(text, _odd_names(context)), context)
    except (FeelSyntaxError, RecursionError):
        return None


def evaluate_node(node: Node, context: Mapping[str, object]) -> object:
    """The value of an expression that has been parsed, as `evaluate` gives it."""
    return _guarded(lambda: value_of(node, Environment(context)))


def evaluate_unary_tests(tests: syntax.UnaryTests | str, value: object, context: Mapping[str, object]) -> bool | None:
    """Whether `value`, which the tests may call `?`, passes a cell of unary tests; None when that can't be said.

    `tests` are text or what `parse_unary_tests` gave.
    """
    try:
        tree = parse_unary_tests(tests, _odd_names(context)) if isinstance(tests, str) else tests
    except (FeelSyntaxError, RecursionError):
        return None
    return cast("bool | None", _guarded(lambda: passes(tree, taken_in(value), Environment(context))))


def _guarded(work: Callable[[], object]) -> object:
    try:
        return work()
    except (RecursionError, WorkExceeded, MemoryError, TimeoutError):  # the last from a regular expression
        return None


def _odd_names(context: Mapping[str, object]) -> set[str]:
    """Keys at any depth that are not plain words."""
    odd: set[str] = set()
    seen: set[int] = set()
    stack: list[object] = [context]
    while stack:
        value = stack.pop()
        if isinstance(value, str) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Mapping):
            odd.update(str(key) for key in value if not str(key).isidentifier())
            stack.extend(value.values())
        elif isinstance(value, list | tuple):
            stack.extend(value)
    return odd


def value_of(node: Node, scope: Environment) -> object:
    """The value of a node. Raises `WorkExceeded`, `RecursionError`, `MemoryError` and `TimeoutError`, nothing else."""
    return _EVALUATE[type(node)](node, scope)


# --- unary tests (DMN 1.5, 10.3.2.8) ----------------------------------------------------------------


def passes(tests: syntax.UnaryTests, value: object, scope: Environment) -> bool | None:
    """Whether a value passes unary tests: one that does is enough, and none may where they are negated."""
    inner = Environment({"?": value}, scope)
    if not tests.tests:
        answer: bool | None = True
    else:
        answer = False
        for test in tests.tests:
            answer = either(answer, _passes(test, value, inner))
            if answer:
                break
    return negated(answer) if tests.negated else answer


def _passes(test: Node, value: object, scope: Environment) -> bool | None:
    """Whether a value passes one test, by the kind of test that it is (see `syntax.UnaryTests`)."""
    if isinstance(test, syntax.Differs):
        return compared("!=", value, value_of(test.operand, scope))
    if isinstance(test, syntax.Interval) and not isinstance(value, Range):
        return _inside(test, value, scope)
    result = value_of(test, scope)
    if mentions_input(test):
        if isinstance(result, bool):
            return result
        if result is None:
            return None
    return _matches(value, result)


def _inside(test: syntax.Interval, value: object, scope: Environment) -> bool | None:
    """Null for an end that is null, where an `Interval` as a value would be no range at all."""
    above: bool | None = True
    if test.low is not None:
        above = compared(">=" if test.low_closed else ">", value, value_of(test.low, scope))
    if test.high is None:
        return above
    return both(above, compared("<=" if test.high_closed else "<", value, value_of(test.high, scope)))


def _matches(value: object, target: object) -> bool | None:
    """Whether a value equals the result of a test, lies in the range or is an element of the list that it gives."""
    if isinstance(target, Range):
        same = equal(value, target) if isinstance(value, Range) else None
        return True if same else within(value, target)
    if isinstance(target, list):
        if equal(value, target):
            return True
        return any(_matches(value, item) is True for item in target)
    return equal(value, target)


def _in(node: syntax.In, scope: Environment) -> object:
    return passes(node.tests, value_of(node.value, scope), scope)


# --- operators -------------------------------------------------------------------------------------------------------


def _and(node: syntax.And, scope: Environment) -> object:
    left = value_of(node.left, scope)
    return False if left is False else both(left, value_of(node.right, scope))


def _or(node: syntax.Or, scope: Environment) -> object:
    left = value_of(node.left, scope)
    return True if left is True else either(left, value_of(node.right, scope))


def _between(node: syntax.Between, scope: Environment) -> object:
    value = value_of(node.value, scope)
    low, high = value_of(node.low, scope), value_of(node.high, scope)
    return both(compared(">=", value, low), compared("<=", value, high))


def _interval(node: syntax.Interval, scope: Environment) -> object:
    low = None if node.low is None else value_of(node.low, scope)
    high = None if node.high is None else value_of(node.high, scope)
    if (node.low is not None and low is None) or (node.high is not None and high is None):
        return None
    if low is not None and high is not None and less(low, high) is None:
        return None
    return Range(low=low, low_closed=node.low_closed, high=high, high_closed=node.high_closed)


def _if(node: syntax.Conditional, scope: Environment) -> object:
    return value_of(node.then if value_of(node.condition, scope) is True else node.otherwise, scope)


# --- names, paths, filters -------------------------------------------------------------------------------------------


def _name(node: syntax.Name, scope: Environment) -> object:
    found, value = scope.find(node.name)
    if found:
        return value
    return Function((), BUILT_INS[node.name].call) if node.name in BUILT_INS else None


def _path(node: syntax.Path, scope: Environment) -> object:
    return property_of(value_of(node.source, scope), node.name)


def _filter(node: syntax.Filter, scope: Environment) -> object:
    source = value_of(node.source, scope)
    items = source if isinstance(source, list) else [] if source is None else [source]
    if not items:
        return None if isinstance(value_of(node.condition, scope), Decimal) else []
    kept = []
    for item in items:
        scope.spend(1)
        names = {"item": item, **item} if isinstance(item, dict) else {"item": item}
        answer = value_of(node.condition, Environment(names, scope))
        if isinstance(answer, Decimal):
            return _at(items, answer)
        if answer is True:
            kept.append(item)
    return kept


def _at(items: Sequence[object], index: Decimal) -> object:
    """The item at an index, which counts from 1, or from the end with -1; null where there is none."""
    if index == 0 or index != index.to_integral_value() or abs(index) > len(items):
        return None
    position = int(index)
    return items[position - 1 if position > 0 else position]


# --- loops -----------------------------------------------------------------------------------------------------------


def _for(node: syntax.For, scope: Environment) -> object:
    results: list[object] = []
    inner = Environment({"partial": results}, scope)
    for bound in _bindings(node.iterations, inner):
        if bound is None:
            return None
        results.append(value_of(node.result, bound))
    return results


def _bindings(iterations: Sequence[syntax.Iteration], scope: Environment) -> Iterator[Environment | None]:
    """The scopes of every turn, the first iteration outermost; None when a source cannot be gone through."""
    if not iterations:
        yield scope
        return
    items = _items(iterations[0], scope)
    if items is None:
        yield None
        return
    for item in items:
        scope.spend(1)
        yield from _bindings(iterations[1:], Environment({iterations[0].name: item}, scope))


def _items(iteration: syntax.Iteration, scope: Environment) -> Iterator[object] | None:
    """What a loop goes through; None if it can't."""
    source = value_of(iteration.source, scope)
    if iteration.end_value is not None:
        return counted(source, value_of(iteration.end_value, scope))
    if isinstance(source, Range):
        return counted(source.low, source.high, low_closed=source.low_closed, high_closed=source.high_closed)
    if source is None:
        return None
    return iter(source if isinstance(source, list) else [source])


def _quantified(node: syntax.Quantified, scope: Environment) -> object:
    answer: bool | None = node.every
    for bound in _bindings(node.iterations, scope):
        if bound is None:
            return None
        truth = value_of(node.satisfies, bound)
        answer = both(answer, truth) if node.every else either(answer, truth)
        if answer is not node.every and answer is not None:
            break
    return answer


# --- calls -----------------------------------------------------------------------------------------------------------


def _call(node: syntax.Call, scope: Environment) -> object:
    """Calls a function of the context or a literal, with positional or named arguments; else a built-in."""
    arguments = [value_of(argument, scope) for argument in node.arguments]
    if isinstance(node.function, syntax.Name):
        found, function = scope.find(node.function.name)
        if not found and node.function.name in BUILT_INS:
            return _built_in(node, arguments, scope)
    else:
        function = value_of(node.function, scope)
    if not isinstance(function, Function):
        return None
    if node.names:
        if sorted(node.names) != sorted(function.parameters):
            return None
        by_name = dict(zip(node.names, arguments, strict=True))
        arguments = [by_name[parameter] for parameter in function.parameters]
    elif function.parameters and len(arguments) != len(function.parameters):
        return None
    return function.call(*arguments)


def _built_in(node: syntax.Call, arguments: list[object], scope: Environment) -> object:
    assert isinstance(node.function, syntax.Name)
    result = invoke(BUILT_INS[node.function.name], arguments, node.names)
    if isinstance(result, list | str):
        scope.spend(len(result))
    return result


def _function_literal(node: syntax.FunctionLiteral, scope: Environment) -> object:
    def call(*arguments: object) -> object:
        if len(arguments) != len(node.parameters):
            return None
        scope.spend(1)
        given = map(coerced, arguments, node.types) if node.types else arguments
        return value_of(node.body, Environment(dict(zip(node.parameters, given, strict=True)), scope))

    return Function(node.parameters, call, node.types, type_of(node.body))


def _context_literal(node: syntax.ContextLiteral, scope: Environment) -> object:
    """Entries see those before them; a key that stands there twice makes the context null."""
    values: dict[str, object] = {}
    inner = Environment(values, scope)
    for key, entry in node.entries:
        if key in values:
            return None
        values[key] = value_of(entry, inner)
    return values


_EVALUATE: dict[type[Node], Callable[[Any, Environment], object]] = {
    syntax.Number: lambda node, _: NUMBERS.plus(node.value),
    syntax.String: lambda node, _: node.value,
    syntax.Boolean: lambda node, _: node.value,
    syntax.Null: lambda node, _: None,
    syntax.AtLiteral: lambda node, _: read_at_literal(node.text),
    syntax.Name: _name,
    syntax.Path: _path,
    syntax.Negation: lambda node, scope: minus(value_of(node.operand, scope)),
    syntax.Arithmetic: lambda node, scope: arithmetic(
        node.operator, value_of(node.left, scope), value_of(node.right, scope)
    ),
    syntax.Comparison: lambda node, scope: compared(
        node.operator, value_of(node.left, scope), value_of(node.right, scope)
    ),
    syntax.And: _and,
    syntax.Or: _or,
    syntax.Between: _between,
    syntax.Interval: _interval,
    syntax.Differs: lambda node, _: None,
    syntax.In: _in,
    syntax.Conditional: _if,
    syntax.Quantified: _quantified,
    syntax.For: _for,
    syntax.Call: _call,
    syntax.ListLiteral: lambda node, scope: [value_of(item, scope) for item in node.items],
    syntax.ContextLiteral: _context_literal,
    syntax.Filter: _filter,
    syntax.FunctionLiteral: _function_literal,
    syntax.InstanceOf: lambda node, scope: is_instance(value_of(node.value, scope), node.type_name),
}
