"""Turns what the FEEL grammar has read into syntax nodes; called by lark, production by production.

Two things are settled here that the grammar leaves open: whether parentheses hold one expression or a list of unary
tests, and which built-up values may stand where (a bare `< 5` only as a test, or alone in parentheses).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from lark import Token, Transformer, v_args

from engine.feel.syntax import (
    And,
    Arithmetic,
    AtLiteral,
    Between,
    Boolean,
    Call,
    Comparison,
    Conditional,
    ContextLiteral,
    Differs,
    Filter,
    For,
    FunctionLiteral,
    In,
    InstanceOf,
    Interval,
    Iteration,
    ListLiteral,
    Name,
    Negation,
    Node,
    Null,
    Number,
    Or,
    Path,
    Quantified,
    String,
    UnaryTests,
)


class Misplaced(Exception):
    """A part that is well formed but cannot stand where it was found."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True, kw_only=True)
class BareTest(Node):
    """`< 5`: an operator without its left side. Never leaves this module."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Parenthesized(Node):
    """Parentheses before it is known what they hold. Never leaves this module."""

    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeText(Node):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCall(Node):
    """`not(…)` until it is known whether it is the function or a negated list of unary tests."""

    function: Name
    tests: tuple[Node, ...]


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6})|(.))", re.DOTALL)
_SIMPLE_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_NUMBER_DIGITS_MAX = 6144  # the largest exponent of IEEE 754 decimal128, FEEL's number (DMN 1.5, 10.3.2.3.1)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code is None:
        return _SIMPLE_ESCAPES.get(match[3], match[3] if match[3] in "\"'\\" else match[0])
    return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else match[0]


def string_value(literal: str) -> str:
    body = literal[literal.index('"') + 1 : -1]
    if "\\" not in body:
        return body
    text = _ESCAPE.sub(_unescaped, body)
    # an escaped surrogate pair is one character
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def value(node: Node) -> Node:
    """`node` where an expression is wanted."""
    if isinstance(node, Parenthesized):
        if len(node.tests) != 1:
            raise Misplaced("a list of tests in parentheses can only follow `in`, write a list as `[a, b]`", node.start)
        only = node.tests[0]
        if not isinstance(only, BareTest):
            return value(only)
        return _interval(only, node.start, node.end, equality=True)
    if isinstance(node, NotCall):
        arguments = tuple(value(argument) for argument in node.tests)
        return Call(start=node.start, end=node.end, function=node.function, arguments=arguments, names=())
    if isinstance(node, BareTest):
        raise Misplaced(f"`{node.operator}` has nothing on its left to compare with", node.start)
    return node


def test(node: Node) -> Node:
    """`node` where a unary test is wanted."""
    return _interval(node, node.start, node.end) if isinstance(node, BareTest) else value(node)


def _interval(bare: BareTest, start: int, end: int, *, equality: bool = False) -> Node:
    match bare.operator:
        case "<" | "<=":
            closed = bare.operator == "<="
            return Interval(start=start, end=end, low=None, low_closed=False, high=bare.operand, high_closed=closed)
        case ">" | ">=":
            closed = bare.operator == ">="
            return Interval(start=start, end=end, low=bare.operand, low_closed=closed, high=None, high_closed=False)
        case "!=":
            return Differs(start=start, end=end, operand=bare.operand)
        case _ if equality:
            same = bare.operand
            return Interval(start=start, end=end, low=same, low_closed=True, high=same, high_closed=True)
        case _:
            return bare.operand


_ORDERS = frozenset({"<", "<=", ">", ">="})
_MEANT = {"==": "=", "=<": "<=", "=>": ">=", "<>": "!=", "><": "!=", "!==": "!=", "<==": "<=", ">==": ">="}


def _refuse_unknown_operator(operator: Token, right: BareTest) -> None:
    written = f"{operator}{right.operator}"
    if operator in ("=", "!=") and right.operator[0] in "<>" and right.start > _end(operator):
        return
    meant = _MEANT.get(written)
    advice = f", write `{meant}`{' to compare' if meant == '=' else ''}" if meant else ""
    raise Misplaced(f"`{written}` is not an operator{advice}", _start(operator))


def unary_tests(nodes: tuple[Node, ...], start: int, end: int) -> UnaryTests:
    return UnaryTests(start=start, end=end, tests=tuple(test(node) for node in nodes), negated=False)


def _start(part: object) -> int:
    return cast(int, part.start_pos) if isinstance(part, Token) else cast(Node, part).start


def _end(part: object) -> int:
    return cast(int, part.end_pos) if isinstance(part, Token) else cast(Node, part).end


@v_args(inline=True)
class Builder(Transformer[Token, object]):
    """`name_of` gives back the author's own spelling of a NAME token, whose odd characters are masked."""

    def __init__(self) -> None:
        super().__init__(visit_tokens=False)
        self.name_of: Callable[[Token], str] = str

    def expression_start(self, node: Node) -> Node:
        return value(node)

    # unary tests: "-" | tests | "not" "(" tests ")"   (DMN 1.5 rules 15 to 17)
    def any_value(self, minus: Token) -> UnaryTests:
        return UnaryTests(start=_start(minus), end=_end(minus), tests=(), negated=False)

    def unary_tests(self, *nodes: Node) -> UnaryTests:
        only = nodes[0]
        if len(nodes) == 1 and isinstance(only, NotCall):
            tests = tuple(test(node) for node in only.tests)
            return UnaryTests(start=only.start, end=only.end, tests=tests, negated=True)
        return unary_tests(nodes, nodes[0].start, nodes[-1].end)

    # literals   (rules 33 to 39)
    def number(self, token: Token) -> Number:
        number = Decimal(token)
        if abs(number.adjusted()) > _NUMBER_DIGITS_MAX:
            raise Misplaced(f"the number `{str(token)[:40]}` is too large or too small", _start(token))
        return Number(start=_start(token), end=_end(token), value=number)

    def string(self, token: Token) -> String:
        return String(start=_start(token), end=_end(token), value=string_value(token))

    def true(self, token: Token) -> Boolean:
        return Boolean(start=_start(token), end=_end(token), value=True)

    def false(self, token: Token) -> Boolean:
        return Boolean(start=_start(token), end=_end(token), value=False)

    def null(self, token: Token) -> Null:
        return Null(start=_start(token), end=_end(token))

    def at_literal(self, token: Token) -> AtLiteral:
        return AtLiteral(start=_start(token), end=_end(token), text=string_value(token))

    def name(self, token: Token) -> Name:
        return Name(start=_start(token), end=_end(token), name=self.name_of(token))

    # operators   (rules 4, 19 to 26, 49 to 51)
    def arithmetic(self, left: Node, operator: Token, right: Node) -> Arithmetic:
        return Arithmetic(start=left.start, end=right.end, operator=str(operator), left=value(left), right=value(right))

    def negate(self, minus: Token, operand: Node) -> Negation:
        return Negation(start=_start(minus), end=operand.end, operand=value(operand))

    # the right side may be a range such as `>= 2`, as in `range = >= 2`; `==`, `=>` and `<>` are slips of the pen
    def compare(self, left: Node, operator: Token, right: Node) -> Comparison:
        if isinstance(right, BareTest):
            _refuse_unknown_operator(operator, right)
            right = _interval(right, right.start, right.end, equality=True)
        if isinstance(left, Comparison) and left.operator in _ORDERS and operator in _ORDERS:
            raise Misplaced("comparisons can't be chained, write `x in (5..10)`", left.start)
        return Comparison(start=left.start, end=right.end, operator=str(operator), left=value(left), right=value(right))

    def both(self, left: Node, _: Token, right: Node) -> And:
        return And(start=left.start, end=right.end, left=value(left), right=value(right))

    def either(self, left: Node, _: Token, right: Node) -> Or:
        return Or(start=left.start, end=right.end, left=value(left), right=value(right))

    def between(self, subject: Node, _between: Token, low: Node, _and: Token, high: Node) -> Between:
        return Between(start=subject.start, end=high.end, value=value(subject), low=value(low), high=value(high))

    # value "in" test | value "in" "(" test, ... ")"
    def in_test(self, subject: Node, _: Token, target: Node) -> In:
        nodes = target.tests if isinstance(target, Parenthesized) else (target,)
        tests = unary_tests(nodes, target.start, target.end)
        return In(start=subject.start, end=target.end, value=value(subject), tests=tests)

    def bare_test(self, operator: Token, operand: Node) -> BareTest:
        return BareTest(start=_start(operator), end=operand.end, operator=str(operator), operand=value(operand))

    # paths, filters, calls   (rules 18, 40, 41, 52)
    def path(self, source: Node, _: Token, name: Token) -> Path:
        return Path(start=source.start, end=_end(name), source=value(source), name=self.name_of(name))

    def filter(self, source: Node, _: Token, condition: Node, close: Token) -> Filter:
        return Filter(start=source.start, end=_end(close), source=value(source), condition=value(condition))

    def call(self, function: Node, _: Token, *rest: Node | Token) -> Node:
        nodes = cast(tuple[Node, ...], rest[:-1])
        start, end = function.start, _end(rest[-1])
        if isinstance(function, Name) and function.name == "not" and nodes:
            return NotCall(start=start, end=end, function=function, tests=nodes)
        arguments = tuple(value(node) for node in nodes)
        return Call(start=start, end=end, function=value(function), arguments=arguments, names=())

    def call_named(self, function: Node, _: Token, *rest: object) -> Call:
        pairs = cast(tuple[tuple[str, Node], ...], rest[:-1])
        names, arguments = zip(*pairs, strict=True)
        return Call(
            start=function.start, end=_end(rest[-1]), function=value(function), arguments=arguments, names=names
        )

    def named_argument(self, name: Token, argument: Node) -> tuple[str, Node]:
        return self.name_of(name), value(argument)

    # parentheses, lists, contexts, ranges   (rules 8, 53 to 59)
    def group(self, open_: Token, *rest: Node | Token) -> Parenthesized:
        return Parenthesized(start=_start(open_), end=_end(rest[-1]), tests=cast(tuple[Node, ...], rest[:-1]))

    def empty_list(self, token: Token) -> ListLiteral:
        return ListLiteral(start=_start(token), end=_end(token), items=())

    def list_literal(self, open_: Token, *rest: Node | Token) -> ListLiteral:
        items = tuple(value(node) for node in cast(tuple[Node, ...], rest[:-1]))
        return ListLiteral(start=_start(open_), end=_end(rest[-1]), items=items)

    def context_literal(self, open_: Token, *rest: object) -> ContextLiteral:
        entries = cast(tuple[tuple[str, Node], ...], rest[:-1])
        return ContextLiteral(start=_start(open_), end=_end(rest[-1]), entries=entries)

    def entry(self, key: Token, node: Node) -> tuple[str, Node]:
        return string_value(key) if key.type == "STRING" else self.name_of(key), value(node)

    def interval(self, open_: Token, low: Node, _: Token, high: Node, close: Token) -> Interval:
        return Interval(
            start=_start(open_),
            end=_end(close),
            low=value(low),
            low_closed=open_ == "[",
            high=value(high),
            high_closed=close == "]",
        )

    # if, for, some, every, function   (rules 44 to 47, 55)
    def if_expression(
        self, if_: Token, condition: Node, _t: Token, then: Node, _e: Token, otherwise: Node
    ) -> Conditional:
        return Conditional(
            start=_start(if_),
            end=otherwise.end,
            condition=value(condition),
            then=value(then),
            otherwise=value(otherwise),
        )

    def for_iteration(
        self, name: Token, _in: Token, source: Node, _range: Token | None, last: Node | None
    ) -> Iteration:
        end = source.end if last is None else last.end
        end_value = None if last is None else value(last)
        return Iteration(
            start=_start(name), end=end, name=self.name_of(name), source=value(source), end_value=end_value
        )

    def iteration(self, name: Token, _in: Token, source: Node) -> Iteration:
        return Iteration(
            start=_start(name), end=source.end, name=self.name_of(name), source=value(source), end_value=None
        )

    def for_expression(self, for_: Token, *rest: object) -> For:
        result = cast(Node, rest[-1])
        iterations = cast(tuple[Iteration, ...], rest[:-2])
        return For(start=_start(for_), end=result.end, iterations=iterations, result=value(result))

    def some_expression(self, some: Token, *rest: object) -> Quantified:
        return self._quantified(False, some, rest)

    def every_expression(self, every: Token, *rest: object) -> Quantified:
        return self._quantified(True, every, rest)

    def _quantified(self, every: bool, keyword: Token, rest: tuple[object, ...]) -> Quantified:
        satisfies = cast(Node, rest[-1])
        iterations = cast(tuple[Iteration, ...], rest[:-2])
        return Quantified(
            start=_start(keyword), end=satisfies.end, every=every, iterations=iterations, satisfies=value(satisfies)
        )

    def function_literal(self, function: Token, _open: Token, *rest: object) -> FunctionLiteral:
        body = cast(Node, rest[-1])
        pairs = cast(tuple[tuple[str, str], ...], rest[:-2])
        parameters, types = tuple(name for name, _ in pairs), tuple(type_ for _, type_ in pairs)
        return FunctionLiteral(
            start=_start(function), end=body.end, parameters=parameters, body=value(body), types=types
        )

    def parameter(self, name: Token, type_: TypeText | None) -> tuple[str, str]:
        return self.name_of(name), "Any" if type_ is None else type_.text

    # types, kept as canonical text   (rules 52, 54)
    def instance_of(self, subject: Node, _instance: Token, _of: Token, type_: TypeText) -> InstanceOf:
        return InstanceOf(start=subject.start, end=type_.end, value=value(subject), type_name=type_.text)

    def simple_type(self, name: Token) -> TypeText:
        return TypeText(start=_start(name), end=_end(name), text=self.name_of(name))

    def qualified_type(self, name: Token, _dot: Token, rest: TypeText) -> TypeText:
        return TypeText(start=_start(name), end=rest.end, text=f"{self.name_of(name)}.{rest.text}")

    def generic_type(self, name: Token, _lt: Token, inner: TypeText, gt: Token) -> TypeText:
        return TypeText(start=_start(name), end=_end(gt), text=f"{self.name_of(name)}<{inner.text}>")

    def context_type(self, name: Token, _lt: Token, *rest: object) -> TypeText:
        fields = ", ".join(cast(tuple[str, ...], rest[:-1]))
        return TypeText(start=_start(name), end=_end(rest[-1]), text=f"{self.name_of(name)}<{fields}>")

    def field(self, name: Token, type_: TypeText) -> str:
        return f"{self.name_of(name)}: {type_.text}"

    def function_type(self, function: Token, _lt: Token, *rest: object) -> TypeText:
        result = cast(TypeText, rest[-1])
        parameters = ", ".join(part.text for part in rest[:-1] if isinstance(part, TypeText))
        return TypeText(start=_start(function), end=result.end, text=f"function<{parameters}> -> {result.text}")
