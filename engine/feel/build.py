"""Turns what the FEEL grammar has read into syntax nodes; called by lark, production by production.

Two things are settled here that the grammar leaves open, because one token of look-ahead can't tell them apart:

- Whether parentheses hold one expression or a list of unary tests. Both are read as `Parenthesized`; `value` and `test`
  decide from the place they stand in. `(a)` in `1 + (a)` is an expression, `(a, b)` in `x in (a, b)` a list of tests.
- Which built-up values may stand where: a bare `< 5` only as a test, or alone in parentheses, where it is a range.

Each handler of `Builder` carries its production of grammar.lark; words in capitals are tokens. A production whose name
begins with `_` there has no handler: its parts arrive among those of the production that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from lark import Token, Transformer, v_args

from engine.feel import syntax
from engine.feel.syntax import Node


class Misplaced(Exception):
    """A part that is well formed but can't stand where it was read, such as `< 5` where a value is wanted.

    `message` is for the author, lower case and without a final period; `offset` counts characters of the text from 0.
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True, kw_only=True)
class BareTest(Node):
    """`< 5`: an operator and its right side, until it is known what stands on the left. Never leaves this module."""

    operator: str
    """One of `= != < <= > >=`."""
    operand: Node
    """The right side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parenthesized(Node):
    """Parentheses before it is known whether they hold a value or tests. Never leaves this module."""

    tests: tuple[Node, ...]
    """What stands between the commas: nodes or bare tests, at least one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeText(Node):
    """A type as it is written behind `instance of` or a parameter. Never leaves this module."""

    text: str
    """The canonical spelling, with one space behind each comma and colon: `context<a: number, b: string>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCall(Node):
    """`not(…)` until it is known whether it is the function or a negated list of unary tests."""

    function: syntax.Name
    """The name `not`."""
    tests: tuple[Node, ...]
    """What stands in the parentheses."""


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6})|(.))", re.DOTALL)
_SIMPLE_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_NUMBER_DIGITS_MAX = 6144  # the largest exponent of IEEE 754 decimal128, FEEL's number (DMN 1.5, 10.3.2.3.1)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code is None:
        return _SIMPLE_ESCAPES.get(match[3], match[3] if match[3] in "\"'\\" else match[0])
    return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else match[0]


def string_value(literal: str) -> str:
    """The text that a string literal stands for, without its quotes and escapes.

    `"a\\n\\u00e9"` gives an `a`, a line end and an `é`. An unknown escape stays as written. `@"P1D"` gives `P1D`, too.
    """
    body = literal[literal.index('"') + 1 : -1]
    if "\\" not in body:
        return body
    text = _ESCAPE.sub(_unescaped, body)
    # an escaped surrogate pair is one character
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def value(node: Node) -> Node:
    """The node for `node` where an expression is wanted: parentheses fall away, `(< 5)` becomes a range.

    Raises `Misplaced` for a list of tests in parentheses and for a test without its left side.
    """
    if isinstance(node, Parenthesized):
        if len(node.tests) != 1:
            raise Misplaced("a list of tests in parentheses can only follow `in`, write a list as `[a, b]`", node.start)
        only = node.tests[0]
        if not isinstance(only, BareTest):
            return value(only)
        return _interval(only, node.start, node.end, equality=True)
    if isinstance(node, NotCall):
        arguments = tuple(value(argument) for argument in node.tests)
        return syntax.Call(start=node.start, end=node.end, function=node.function, arguments=arguments, names=())
    if isinstance(node, BareTest):
        raise Misplaced(f"`{node.operator}` has nothing on its left to compare with", node.start)
    return node


def test(node: Node) -> Node:
    """The node for `node` where a unary test is wanted: `< 5` becomes the interval below 5, `= 5` becomes `5`."""
    return _interval(node, node.start, node.end) if isinstance(node, BareTest) else value(node)


def _interval(bare: BareTest, start: int, end: int, *, equality: bool = False) -> Node:
    """The range that a bare test describes: `< 5` is `(..5)`, `!= 5` is `Differs`.

    With `equality`, in parentheses, `(= 5)` is the range `[5..5]`; as a test, `= 5` is the value alone.
    """
    match bare.operator:
        case "<" | "<=":
            closed = bare.operator == "<="
            return syntax.Interval(
                start=start, end=end, low=None, low_closed=False, high=bare.operand, high_closed=closed
            )
        case ">" | ">=":
            closed = bare.operator == ">="
            return syntax.Interval(
                start=start, end=end, low=bare.operand, low_closed=closed, high=None, high_closed=False
            )
        case "!=":
            return syntax.Differs(start=start, end=end, operand=bare.operand)
        case _ if equality:
            same = bare.operand
            return syntax.Interval(start=start, end=end, low=same, low_closed=True, high=same, high_closed=True)
        case _:
            return bare.operand


_ORDERS = frozenset({"<", "<=", ">", ">="})
_MEANT = {"==": "=", "=<": "<=", "=>": ">=", "<>": "!=", "><": "!=", "!==": "!=", "<==": "<=", ">==": ">="}


def _refuse_unknown_operator(operator: Token, right: BareTest) -> None:
    """Raises `Misplaced` for two operators in a row that are one operator of another language: `==`, `=>`, `<>`.

    `range = >= 2`, with a space, is FEEL: it compares with the range `[2..)`.
    """
    written = f"{operator}{right.operator}"
    if operator in ("=", "!=") and right.operator[0] in "<>" and right.start > _end(operator):
        return
    meant = _MEANT.get(written)
    advice = f", write `{meant}`{' to compare' if meant == '=' else ''}" if meant else ""
    raise Misplaced(f"`{written}` is not an operator{advice}", _start(operator))


def unary_tests(nodes: tuple[Node, ...], start: int, end: int) -> syntax.UnaryTests:
    """The node for a list of unary tests that was read from `start` to `end`."""
    return syntax.UnaryTests(start=start, end=end, tests=tuple(test(node) for node in nodes), negated=False)


def _start(part: object) -> int:
    return cast(int, part.start_pos) if isinstance(part, Token) else cast(Node, part).start


def _end(part: object) -> int:
    return cast(int, part.end_pos) if isinstance(part, Token) else cast(Node, part).end


@v_args(inline=True)
class Builder(Transformer[Token, object]):
    """One method for each production, named as in grammar.lark; each takes the parts of its production in their order.

    Tokens arrive as lark's `Token`, everything else as what the handler of that part gave: lark calls from the inside
    out. `name_of` gives the author's own spelling of a NAME token. `parse` sets it for each text, because it masks the
    odd characters of names.
    """

    def __init__(self) -> None:
        super().__init__(visit_tokens=False)
        self.name_of: Callable[[Token], str] = str

    def expression_start(self, node: Node) -> Node:
        """expression_start: expression"""
        return value(node)

    # unary tests: "-" | tests | "not" "(" tests ")"   (DMN 1.5 rules 15 to 17)
    def any_value(self, minus: Token) -> syntax.UnaryTests:
        """unary_tests_start: "-": any value passes."""
        return syntax.UnaryTests(start=_start(minus), end=_end(minus), tests=(), negated=False)

    def unary_tests(self, *nodes: Node) -> syntax.UnaryTests:
        """unary_tests_start: test ("," test)*; a single `not(…)` denies the tests in it."""
        only = nodes[0]
        if len(nodes) == 1 and isinstance(only, NotCall):
            tests = tuple(test(node) for node in only.tests)
            return syntax.UnaryTests(start=only.start, end=only.end, tests=tests, negated=True)
        return unary_tests(nodes, nodes[0].start, nodes[-1].end)

    # literals   (rules 33 to 39)
    def number(self, token: Token) -> syntax.Number:
        """primary: NUMBER"""
        number = Decimal(token)
        if abs(number.adjusted()) > _NUMBER_DIGITS_MAX:
            raise Misplaced(f"the number `{str(token)[:40]}` is too large or too small", _start(token))
        return syntax.Number(start=_start(token), end=_end(token), value=number)

    def string(self, token: Token) -> syntax.String:
        """primary: STRING"""
        return syntax.String(start=_start(token), end=_end(token), value=string_value(token))

    def true(self, token: Token) -> syntax.Boolean:
        """primary: "true" """
        return syntax.Boolean(start=_start(token), end=_end(token), value=True)

    def false(self, token: Token) -> syntax.Boolean:
        """primary: "false" """
        return syntax.Boolean(start=_start(token), end=_end(token), value=False)

    def null(self, token: Token) -> syntax.Null:
        """primary: "null" """
        return syntax.Null(start=_start(token), end=_end(token))

    def at_literal(self, token: Token) -> syntax.AtLiteral:
        """primary: AT_LITERAL: `@` and a string"""
        return syntax.AtLiteral(start=_start(token), end=_end(token), text=string_value(token))

    def name(self, token: Token) -> syntax.Name:
        """primary: NAME"""
        return syntax.Name(start=_start(token), end=_end(token), name=self.name_of(token))

    # operators   (rules 4, 19 to 26, 49 to 51)
    def arithmetic(self, left: Node, operator: Token, right: Node) -> syntax.Arithmetic:
        """additive: additive ("+" | "-") multiplicative
        multiplicative: multiplicative ("*" | "/") power
        power: power "**" negation; to the left, as DMN 1.5 has it
        """
        return syntax.Arithmetic(
            start=left.start, end=right.end, operator=str(operator), left=value(left), right=value(right)
        )

    def negate(self, minus: Token, operand: Node) -> syntax.Negation:
        """negation: "-" negation"""
        return syntax.Negation(start=_start(minus), end=operand.end, operand=value(operand))

    # the right side may be a range such as `>= 2`, as in `range = >= 2`; `==`, `=>` and `<>` are slips of the pen
    def compare(self, left: Node, operator: Token, right: Node) -> syntax.Comparison:
        """comparison: comparison ("=" | "!=" | "<" | "<=" | ">" | ">=") (additive | bare_test)

        The right side may be a range such as `>= 2`, as in `range = >= 2`. `==`, `=>` and `<>` are slips of the pen.
        """
        if isinstance(right, BareTest):
            _refuse_unknown_operator(operator, right)
            right = _interval(right, right.start, right.end, equality=True)
        if isinstance(left, syntax.Comparison) and left.operator in _ORDERS and operator in _ORDERS:
            raise Misplaced("comparisons can't be chained, write `x in (5..10)`", left.start)
        return syntax.Comparison(
            start=left.start, end=right.end, operator=str(operator), left=value(left), right=value(right)
        )

    def both(self, left: Node, _: Token, right: Node) -> syntax.And:
        """conjunction: conjunction "and" comparison"""
        return syntax.And(start=left.start, end=right.end, left=value(left), right=value(right))

    def either(self, left: Node, _: Token, right: Node) -> syntax.Or:
        """disjunction: disjunction "or" conjunction"""
        return syntax.Or(start=left.start, end=right.end, left=value(left), right=value(right))

    def between(self, subject: Node, _between: Token, low: Node, _and: Token, high: Node) -> syntax.Between:
        """comparison: comparison "between" additive "and" additive"""
        return syntax.Between(start=subject.start, end=high.end, value=value(subject), low=value(low), high=value(high))

    # value "in" test | value "in" "(" test, ... ")"
    def in_test(self, subject: Node, _: Token, target: Node) -> syntax.In:
        """comparison: comparison "in" (additive | bare_test)

        `x in (a, b)` reads as `in` and a group, whose members are the tests.
        """
        nodes = target.tests if isinstance(target, Parenthesized) else (target,)
        tests = unary_tests(nodes, target.start, target.end)
        return syntax.In(start=subject.start, end=target.end, value=value(subject), tests=tests)

    def bare_test(self, operator: Token, operand: Node) -> BareTest:
        """bare_test: ("=" | "!=" | "<" | "<=" | ">" | ">=") additive"""
        return BareTest(start=_start(operator), end=operand.end, operator=str(operator), operand=value(operand))

    # paths, filters, calls   (rules 18, 40, 41, 52)
    def path(self, source: Node, _: Token, name: Token) -> syntax.Path:
        """postfix: postfix "." NAME"""
        return syntax.Path(start=source.start, end=_end(name), source=value(source), name=self.name_of(name))

    def filter(self, source: Node, _: Token, condition: Node, close: Token) -> syntax.Filter:
        """postfix: postfix "[" expression "]" """
        return syntax.Filter(start=source.start, end=_end(close), source=value(source), condition=value(condition))

    def call(self, function: Node, _: Token, *rest: Node | Token) -> Node:
        """postfix: postfix "(" ")" | postfix "(" test ("," test)* ")"

        Arguments are read as tests because `not(…)` may hold some; for every other function they must be values.
        """
        nodes = cast(tuple[Node, ...], rest[:-1])
        start, end = function.start, _end(rest[-1])
        if isinstance(function, syntax.Name) and function.name == "not" and nodes:
            return NotCall(start=start, end=end, function=function, tests=nodes)
        arguments = tuple(value(node) for node in nodes)
        return syntax.Call(start=start, end=end, function=value(function), arguments=arguments, names=())

    def call_named(self, function: Node, _: Token, *rest: object) -> syntax.Call:
        """postfix: postfix "(" named_argument ("," named_argument)* ")" """
        pairs = cast(tuple[tuple[str, Node], ...], rest[:-1])
        names, arguments = zip(*pairs, strict=True)
        return syntax.Call(
            start=function.start, end=_end(rest[-1]), function=value(function), arguments=arguments, names=names
        )

    def named_argument(self, name: Token, argument: Node) -> tuple[str, Node]:
        """named_argument: NAME ":" expression"""
        return self.name_of(name), value(argument)

    # parentheses, lists, contexts, ranges   (rules 8, 53 to 59)
    def group(self, open_: Token, *rest: Node | Token) -> Parenthesized:
        """primary: "(" test ("," test)* ")" """
        return Parenthesized(start=_start(open_), end=_end(rest[-1]), tests=cast(tuple[Node, ...], rest[:-1]))

    def empty_list(self, token: Token) -> syntax.ListLiteral:
        """primary: "[" "]" """
        return syntax.ListLiteral(start=_start(token), end=_end(token), items=())

    def list_literal(self, open_: Token, *rest: Node | Token) -> syntax.ListLiteral:
        """primary: "[" expression ("," expression)* "]" """
        items = tuple(value(node) for node in cast(tuple[Node, ...], rest[:-1]))
        return syntax.ListLiteral(start=_start(open_), end=_end(rest[-1]), items=items)

    def context_literal(self, open_: Token, *rest: object) -> syntax.ContextLiteral:
        """primary: "{" [entry ("," entry)*] "}" """
        entries = cast(tuple[tuple[str, Node], ...], rest[:-1])
        return syntax.ContextLiteral(start=_start(open_), end=_end(rest[-1]), entries=entries)

    def entry(self, key: Token, node: Node) -> tuple[str, Node]:
        """entry: (NAME | STRING) ":" expression"""
        return string_value(key) if key.type == "STRING" else self.name_of(key), value(node)

    def interval(self, open_: Token, low: Node, _: Token, high: Node, close: Token) -> syntax.Interval:
        """primary: ("[" | "(" | "]") expression ".." expression ("]" | ")" | "[")

        A bracket that is turned away from its end leaves the end out, as a parenthesis does: `]1..5[` is `(1..5)`.
        """
        return syntax.Interval(
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
    ) -> syntax.Conditional:
        """open: "if" expression "then" expression "else" expression"""
        return syntax.Conditional(
            start=_start(if_),
            end=otherwise.end,
            condition=value(condition),
            then=value(then),
            otherwise=value(otherwise),
        )

    def for_iteration(
        self, name: Token, _in: Token, source: Node, _range: Token | None, last: Node | None
    ) -> syntax.Iteration:
        """for_iteration: NAME "in" expression [".." expression]

        Without `..` the last two parts are None.
        """
        end = source.end if last is None else last.end
        end_value = None if last is None else value(last)
        return syntax.Iteration(
            start=_start(name), end=end, name=self.name_of(name), source=value(source), end_value=end_value
        )

    def iteration(self, name: Token, _in: Token, source: Node) -> syntax.Iteration:
        """iteration: NAME "in" expression"""
        return syntax.Iteration(
            start=_start(name), end=source.end, name=self.name_of(name), source=value(source), end_value=None
        )

    def for_expression(self, for_: Token, *rest: object) -> syntax.For:
        """open: "for" for_iteration ("," for_iteration)* "return" expression"""
        result = cast(Node, rest[-1])
        iterations = cast(tuple[syntax.Iteration, ...], rest[:-2])
        return syntax.For(start=_start(for_), end=result.end, iterations=iterations, result=value(result))

    def some_expression(self, some: Token, *rest: object) -> syntax.Quantified:
        """open: "some" iteration ("," iteration)* "satisfies" expression"""
        return self._quantified(some, rest, every=False)

    def every_expression(self, every: Token, *rest: object) -> syntax.Quantified:
        """open: "every" iteration ("," iteration)* "satisfies" expression"""
        return self._quantified(every, rest, every=True)

    def _quantified(self, keyword: Token, rest: tuple[object, ...], *, every: bool) -> syntax.Quantified:
        satisfies = cast(Node, rest[-1])
        iterations = cast(tuple[syntax.Iteration, ...], rest[:-2])
        return syntax.Quantified(
            start=_start(keyword), end=satisfies.end, every=every, iterations=iterations, satisfies=value(satisfies)
        )

    def function_literal(self, function: Token, _open: Token, *rest: object) -> syntax.FunctionLiteral:
        """open: "function" "(" [parameter ("," parameter)*] ")" expression"""
        body = cast(Node, rest[-1])
        pairs = cast(tuple[tuple[str, str], ...], rest[:-2])
        parameters, types = tuple(name for name, _ in pairs), tuple(type_ for _, type_ in pairs)
        return syntax.FunctionLiteral(
            start=_start(function), end=body.end, parameters=parameters, body=value(body), types=types
        )

    def parameter(self, name: Token, type_: TypeText | None) -> tuple[str, str]:
        """parameter: NAME [":" type]"""
        return self.name_of(name), "Any" if type_ is None else type_.text

    # types, kept as canonical text   (rules 52, 54)
    def instance_of(self, subject: Node, _instance: Token, _of: Token, type_: TypeText) -> syntax.InstanceOf:
        """comparison: comparison "instance" "of" type"""
        return syntax.InstanceOf(start=subject.start, end=type_.end, value=value(subject), type_name=type_.text)

    def simple_type(self, name: Token) -> TypeText:
        """type: NAME"""
        return TypeText(start=_start(name), end=_end(name), text=self.name_of(name))

    def qualified_type(self, name: Token, _dot: Token, rest: TypeText) -> TypeText:
        """type: NAME "." type"""
        return TypeText(start=_start(name), end=rest.end, text=f"{self.name_of(name)}.{rest.text}")

    def generic_type(self, name: Token, _lt: Token, inner: TypeText, gt: Token) -> TypeText:
        """type: NAME "<" type ">", such as `list<number>` and `range<date>`"""
        return TypeText(start=_start(name), end=_end(gt), text=f"{self.name_of(name)}<{inner.text}>")

    def context_type(self, name: Token, _lt: Token, *rest: object) -> TypeText:
        """type: NAME "<" field ("," field)* ">", such as `context<a: number>`"""
        fields = ", ".join(cast(tuple[str, ...], rest[:-1]))
        return TypeText(start=_start(name), end=_end(rest[-1]), text=f"{self.name_of(name)}<{fields}>")

    def field(self, name: Token, type_: TypeText) -> str:
        """field: NAME ":" type"""
        return f"{self.name_of(name)}: {type_.text}"

    def function_type(self, function: Token, _lt: Token, *rest: object) -> TypeText:
        """type: "function" "<" [type ("," type)*] ">" "->" type"""
        result = cast(TypeText, rest[-1])
        parameters = ", ".join(part.text for part in rest[:-1] if isinstance(part, TypeText))
        return TypeText(start=_start(function), end=result.end, text=f"function<{parameters}> -> {result.text}")
