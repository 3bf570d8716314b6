"""The syntax tree of FEEL, the expression language of the OMG's DMN 1.5 standard (chapter 10.3).

Every node carries the half-open span `start:end` of characters it was read from, so that a checker can point at it.
Trees are frozen and compare by content and span.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Node):
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class String(Node):
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean(Node):
    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Null(Node):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLiteral(Node):
    """`@"2026-01-31"`, `@"P1Y"`: a date, time or duration written as a literal."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """A variable; `?` is the value under test inside a unary test."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Path(Node):
    """`source.name`"""

    source: Node
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation(Node):
    """Arithmetic minus."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(Node):
    operator: str  # + - * / **
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Node):
    operator: str  # = != < <= > >=
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class And(Node):
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Or(Node):
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Between(Node):
    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval(Node):
    """`[low..high]`, or a unary test such as `< 5`, which is the interval without a low end."""

    low: Node | None
    low_closed: bool
    high: Node | None
    high_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs(Node):
    """The unary test `!= operand`."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaryTests(Node):
    """`test, test`, `not(test, …)`, or `-` (no tests: any value passes). A test is an `Interval`, a `Differs`, an
    expression that mentions `?` (its truth counts), or any other expression (equal to it, or an element of it)."""

    tests: tuple[Node, ...]
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class In(Node):
    value: Node
    tests: UnaryTests


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration(Node):
    """`name in source`; with `end_value` set, `name in source..end_value`, which only `for` allows."""

    name: str
    source: Node
    end_value: Node | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantified(Node):
    every: bool  # `every` rather than `some`
    iterations: tuple[Iteration, ...]
    satisfies: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class For(Node):
    iterations: tuple[Iteration, ...]
    result: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """A call with positional or named arguments, never both. `function` is a `Name` for built-ins (`not` included)."""

    function: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...]  # empty when positional, else one name an argument


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLiteral(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextLiteral(Node):
    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Node):
    """`source[condition]`: an index or a condition on `item`."""

    source: Node
    condition: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLiteral(Node):
    parameters: tuple[str, ...]
    body: Node
    types: tuple[str, ...] = ()  # one a parameter, `Any` where none is written


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceOf(Node):
    value: Node
    type_name: str


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below, in the order of the fields."""
    for field in fields(node):
        part = getattr(node, field.name)
        if isinstance(part, Node):
            yield part
        elif isinstance(part, tuple):
            for item in part:
                if isinstance(item, Node):
                    yield item
                elif isinstance(item, tuple):  # an entry of a context
                    yield from (inner for inner in item if isinstance(inner, Node))


def mentions_input(node: Node) -> bool:
    """Whether a unary test says where its input goes, with `?`."""
    if isinstance(node, Name):
        return node.name == "?"
    return any(mentions_input(child) for child in children(node))
