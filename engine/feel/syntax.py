"""The syntax tree of FEEL, the expression language of the OMG's DMN 1.5 standard (chapter 10.3).

Trees are frozen, and compare by content and place. Whoever walks a tree takes `children`, or a table of functions by
the type of node, as `engine.feel.runtime.evaluate` does. A node that is added here needs a handler in `build`, and one
in each of those tables; what policies can't use is refused by name in `engine.compiling`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The part of an expression that stands at the characters `start:end` of its text."""

    start: int
    """Where it begins, counted in characters from 0, so that a checker can point at it."""
    end: int
    """The place behind its last character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Node):
    """A literal such as `0.05` or `1e6`."""

    value: Decimal
    """Exactly as written; FEEL's 34 digits are the business of who calculates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class String(Node):
    """A literal such as `"net 30"`."""

    value: str
    """Without quotes, its escapes resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Null(Node):
    """`null`, which asks whether something is missing when compared with `=`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLiteral(Node):
    """`@"2026-01-31"`, `@"P1Y"`: a date, time or duration written as a literal."""

    text: str
    """What stands between the quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """A variable; `?` is the value under test inside a unary test."""

    name: str
    """With single spaces between the words of a name of several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path(Node):
    """`source.name`: a fact of a group, a property of a date, an entry of a context."""

    source: Node
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation(Node):
    """`-operand`, arithmetic minus."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(Node):
    """`left operator right`."""

    operator: str
    """One of `+ - * / **`."""
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Node):
    """`left operator right`, giving true, false or null."""

    operator: str
    """One of `= != < <= > >=`."""
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class And(Node):
    """`left and right`."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Or(Node):
    """`left or right`."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Between(Node):
    """`value between low and high`, both ends included."""

    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval(Node):
    """`[low..high]`, or a unary test such as `< 5`, which is the interval without a low end."""

    low: Node | None
    """None where there is no lower end, as in `< 5`."""
    low_closed: bool
    """Whether the lower end itself is inside; false where there is none."""
    high: Node | None
    """None where there is no upper end, as in `> 5`."""
    high_closed: bool
    """Whether the upper end itself is inside; false where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs(Node):
    """The unary test `!= operand`."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaryTests(Node):
    """A cell: `test, test`, `not(test, …)`, or `-`. One test that passes is enough.

    A test is an `Interval`, a `Differs`, an expression that mentions `?` (its truth counts), or any other expression,
    which the value must equal, or be an element of.
    """

    tests: tuple[Node, ...]
    """Empty for `-`: any value passes."""
    negated: bool
    """True for `not(…)`: no test may pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class In(Node):
    """`value in tests`."""

    value: Node
    tests: UnaryTests


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Node):
    """`if condition then … else …`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration(Node):
    """`name in source`; with `end_value` set, `name in source..end_value`, which only `for` allows."""

    name: str
    """The variable that each turn of the loop gives a value."""
    source: Node
    """A list, a range, or the first number of `source..end_value`."""
    end_value: Node | None
    """The last number; None but in `for`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantified(Node):
    """`some … satisfies …` or `every … satisfies …`."""

    every: bool
    """True for `every`."""
    iterations: tuple[Iteration, ...]
    """At least one; the last turns fastest."""
    satisfies: Node
    """The condition on the variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class For(Node):
    """`for … return …`: the list of its results."""

    iterations: tuple[Iteration, ...]
    """At least one; the last turns fastest."""
    result: Node
    """The item of each turn; `partial` in it is the list so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """A call with positional or named arguments, never both. `function` is a `Name` for built-ins (`not` included)."""

    function: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...]
    """Empty if the arguments are positional, else one name for each argument."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLiteral(Node):
    """`[a, b]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextLiteral(Node):
    """`{a: 1, b: a + 1}`: a later entry may use the earlier ones."""

    entries: tuple[tuple[str, Node], ...]
    """Keys, without quotes, with their expressions, in the order written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Node):
    """`source[condition]`: an index or a condition on `item`."""

    source: Node
    condition: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLiteral(Node):
    """`function(a: number, b) body`."""

    parameters: tuple[str, ...]
    body: Node
    types: tuple[str, ...] = ()
    """One for each parameter, `Any` where none is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceOf(Node):
    """`value instance of type`."""

    value: Node
    type_name: str
    """The type in canonical spelling, such as `list<number>`."""


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
