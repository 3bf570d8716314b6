"""FEEL → exact formulas: looks up names, checks types and units, and refuses what policies can't say.

Three verbs: `compile_expression` for any value, `compile_condition` for yes/no, and `compile_tests` for the cells of
tables. Each reports every mistake of an expression, not only the first, at the innermost part that is wrong; and none
evaluates anything but constants.

Example: `order.amount * 0.05 > 100` becomes
`Compare(">", Product(Variable("order.amount"), Constant(5@2)), Constant(1000000@4))`: sides of one scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from engine.compiling import arithmetic as a
from engine.compiling.calls import compile_call, temporal
from engine.compiling.growth import refuse_growth
from engine.compiling.lists import (
    AGGREGATES,
    aggregated,
    contains,
    dotted_name,
    list_expression,
    quantified,
    refuse_list,
)
from engine.compiling.mismatch import Mismatch
from engine.compiling.named_lists import NamedList, member_of
from engine.compiling.suggestions import nearest_name, suggestion
from engine.compiling.unary_tests import false_of_null, joined
from engine.compiling.working_days import is_working_day_function, working_day
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic
from engine.diagnostics.wording import clipped, did_you_mean, unquoted_word
from engine.feel import syntax
from engine.reading.policy import Expression
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.ruleset.functions import FUNCTIONS
from engine.vocabulary.days import date_of
from engine.vocabulary.invisible import IN_POLICIES
from engine.vocabulary.vocabulary import YES_NO, Kind, Type

UNROLL_MAX = 200
"""How many steps `some` and `every` may take in one expression, and how many tests a list may hold."""


_ARITHMETIC: dict[str, Callable[[Formula, Formula], Formula]] = {
    "+": a.add,
    "-": a.subtract,
    "*": a.multiply,
    "/": a.divide,
    "**": a.power,
}

_DATE_PARTS = {"year": (1, 9999), "month": (1, 12), "day": (1, 31), "weekday": (1, 7)}

_UNSUPPORTED: dict[type[syntax.Node], str] = {
    syntax.Interval: "a range outside `in` or a table cell",
    syntax.ListLiteral: "a list outside `in`, `some`, `every` or a function of lists",
    syntax.ContextLiteral: "a context",
    syntax.Filter: "a filter of anything but a fact that is a list",
    syntax.For: "`for` over anything but a fact that is a list",
    syntax.FunctionLiteral: "a function definition",
    syntax.InstanceOf: "`instance of`",
    syntax.UnaryTests: "a list of tests outside a table cell",
    syntax.Differs: "a test outside a table cell",
}


class Broken(Exception):
    """An expression with mistakes, which are in the report already, or one that reads what has mistakes."""


class Scope:
    """Names as one policy sees them.

    `look_up` gives the formula that a name stands for, None for an unknown name, and raises `Broken` for a name whose
    own definition is broken; `known` lists all names, for suggestions.
    """

    def __init__(self, look_up: Callable[[str], Formula | None], known: Callable[[], Iterable[str]]) -> None:
        self.look_up = look_up
        self.known = known

    def with_name(self, name: str, formula: Formula) -> Scope:
        """The same names and one more, which hides an equal one: `?` in a cell, `x` in `some x in …`."""
        return self.with_names({name: formula})

    def with_names(self, names: Mapping[str, Formula]) -> Scope:
        """The same names and these, which hide equal ones: the values of a record inside a filter."""
        return Scope(lambda other: names.get(other) or self.look_up(other), lambda: (*names, *self.known()))


def compile_expression(
    expression: Expression, scope: Scope, report: list[Diagnostic], expected: Type | None = None
) -> Formula | None:
    """The formula of an expression, or None where it has mistakes, which are then in `report`.

    `expected` is the enum whose words may stand without quotes, as in an output of a table."""
    try:
        return ExpressionCompiler(expression, report).formula(expression.tree, scope, expected)
    except Broken:
        return None


def compile_condition(expression: Expression, scope: Scope, report: list[Diagnostic]) -> Formula | None:
    """As `compile_expression`, for what must be yes or no."""
    try:
        return ExpressionCompiler(expression, report).condition(expression.tree, scope)
    except Broken:
        return None


def compile_tests(
    subject: Formula, tests: Expression, scope: Scope, report: list[Diagnostic], *, null_is_no: bool = False
) -> Formula | None:
    """The unary tests of a cell, such as `"> 30"` or `[A, B]`, on the formula of its column, as one yes/no formula; or
    None where they have mistakes, which are then in `report`.

    `null_is_no`: where the subject is missing, every test but `null` itself is false rather than unknown, since some
    row of the column says what a missing value means."""
    tree = tests.tree
    assert isinstance(tree, syntax.UnaryTests)
    compiler = ExpressionCompiler(tests, report, is_cell=True)
    try:
        return compiler.tests(subject, tree, scope, null_is_no=null_is_no)
    except Broken:
        return None
    except Mismatch as mismatch:
        compiler.report_mismatch(tree, mismatch)
        return None


def _text(value: str) -> Formula:
    """A text between quotes. Its escapes may write what the file itself must not hold, and no fact holds."""
    if unseen := IN_POLICIES.search(value):
        message = f"this text holds the invisible character U+{ord(unseen[0]):04X}"
        raise Mismatch(ErrorCode.T003, message, "leave it out; no fact holds it")
    return a.word(value)


class ExpressionCompiler:
    """Compiles the nodes of one expression's syntax tree; reports mistakes at their places in its text.

    Each method raises `Broken` after a mistake has been reported. Methods for several nodes compile all of them first,
    so that the mistakes of each are seen.
    """

    def __init__(self, expression: Expression, report: list[Diagnostic], *, is_cell: bool = False) -> None:
        self._is_cell = is_cell
        self._expression = expression
        self._report = report
        self._unrolled = 0

    def report_mismatch(self, node: syntax.Node, mismatch: Mismatch) -> None:
        """Adds a diagnostic at the node, which begins with the author's words for it."""
        words = self.words_of(node)
        subject = f"`{words}`: " if words and f"`{words}`" not in mismatch.message else ""
        place = self._expression.place_of(node)
        self._report.append(Diagnostic(place, mismatch.code, subject + mismatch.message, mismatch.hint))

    def words_of(self, node: syntax.Node) -> str:
        """The author's words for the node, cut to what a message may quote."""
        return clipped(self._expression.text_of(node))

    def formula(self, node: syntax.Node, scope: Scope, expected: Type | None = None) -> Formula:
        """Raises `Broken` after reporting at the innermost node that is wrong."""
        try:
            return self._node(node, scope, expected)
        except Mismatch as mismatch:
            self.report_mismatch(node, mismatch)
            raise Broken from None

    def formulas(self, nodes: Sequence[syntax.Node], scope: Scope, expected: Type | None = None) -> tuple[Formula, ...]:
        """All of them, or `Broken` after the mistakes of each have been reported."""
        return self._all(nodes, lambda node: self.formula(node, scope, expected))

    def _node(self, node: syntax.Node, scope: Scope, expected: Type | None) -> Formula:
        match node:
            case syntax.Number():
                return a.number(node.value)
            case syntax.String():
                return _text(node.value)
            case syntax.Boolean():
                return a.constant(YES_NO, node.value)
            case syntax.Null():
                return a.NULL
            case syntax.AtLiteral():
                return temporal(node.text)
            case syntax.Name() | syntax.Path():
                return self._name(node, scope, expected)
            case syntax.Negation():
                return a.negate(self.formula(node.operand, scope))
            case syntax.Arithmetic():
                refuse_growth(node, sides := self.formulas((node.left, node.right), scope), scope.look_up)
                return _ARITHMETIC[node.operator](*sides)
            case syntax.Comparison():
                return self._comparison(node, scope)
            case syntax.And():
                return a.conjunction(self._conditions(_flat(node, syntax.And), scope))
            case syntax.Or():
                return a.disjunction(self._conditions(_flat(node, syntax.Or), scope))
            case syntax.Between():
                return self._between(node, scope)
            case syntax.In():
                return self.tests(self.formula(node.value, scope), node.tests, scope, null_is_no=False)
            case syntax.Conditional():
                return self._if(node, scope, expected)
            case syntax.Quantified():
                return self._quantified(node, node.iterations, scope)
            case syntax.Call():
                return self._call(node, scope)
            case _:
                refuse_list(node, scope, self)
                what = _UNSUPPORTED.get(type(node), "this")
                raise Mismatch(
                    ErrorCode.T003, f"{what} can't be used in a policy", "see docs/policy-language.md, FEEL in policies"
                )

    def _name(self, node: syntax.Node, scope: Scope, expected: Type | None) -> Formula:
        name = dotted_name(node)
        if name is not None:
            formula = scope.look_up(name)
            if isinstance(formula, NamedList):
                hint = f"ask whether something is in it: `account.country in {clipped(name)}`"
                raise Mismatch(ErrorCode.N008, f"`{clipped(name)}` is a list", hint)
            if formula is not None:
                if formula.type.kind is Kind.LIST:
                    refuse_list(node, scope, self)
                return formula
            if expected is not None and name in expected.members:
                return a.word(name)
        refuse_list(node, scope, self)
        if isinstance(node, syntax.Path) and (part := self._date_part(node, scope)) is not None:
            return part
        if name is None:
            raise Mismatch(ErrorCode.T003, "only facts, values and dates have parts in a policy")
        hint = suggestion(name, scope.known, expected, is_cell=self._is_cell)
        raise Mismatch(ErrorCode.N001, f"unknown name `{clipped(name)}`", hint)

    def _date_part(self, node: syntax.Path, scope: Scope) -> Formula | None:
        """`.year` and the like of a date; None where the path begins with something unknown. Raises `Mismatch` for
        parts that there are not."""
        name = dotted_name(node.source)
        source = scope.look_up(name) if name is not None else self.formula(node.source, scope)
        if source is None:
            return None
        part = f"`.{clipped(node.name)}`"
        if source.type.kind is not Kind.DATE:
            raise Mismatch(
                ErrorCode.T003, f"{a.described(source)} has no {part}", "only dates have parts, such as `.year`"
            )
        if node.name not in _DATE_PARTS:
            raise Mismatch(ErrorCode.T003, f"a date has no {part}", did_you_mean(node.name, _DATE_PARTS))
        low, high = _DATE_PARTS[node.name]
        if node.name == "year":
            low, high = date_of(source.type.low).year, date_of(source.type.high).year
        return f.DatePart(Type(Kind.INTEGER, scale=0, low=low, high=high), node.name, source, nullable=source.nullable)

    def _comparison(self, node: syntax.Comparison, scope: Scope) -> Formula:
        left, right = self._sides(node.left, node.right, scope)
        try:
            return a.compare(node.operator, left, right)
        except Mismatch as mismatch:
            if mismatch.code != ErrorCode.T007:
                raise
            word = node.right if isinstance(right, Constant) else node.left if isinstance(left, Constant) else node
            self.report_mismatch(word, mismatch)
            raise Broken from None

    def condition(self, node: syntax.Node, scope: Scope) -> Formula:
        """A formula that is yes or no."""
        condition = self.formula(node, scope)
        try:
            a.require_condition(condition)
        except Mismatch as mismatch:
            self.report_mismatch(node, mismatch)
            raise Broken from None
        return condition

    def _conditions(self, nodes: Sequence[syntax.Node], scope: Scope) -> tuple[Formula, ...]:
        """All of them, or `Broken` after the mistakes of each have been reported."""
        return self._all(nodes, lambda node: self.condition(node, scope))

    @staticmethod
    def _all(nodes: Sequence[syntax.Node], compiled: Callable[[syntax.Node], Formula]) -> tuple[Formula, ...]:
        formulas: list[Formula] = []
        for node in nodes:
            with suppress(Broken):
                formulas.append(compiled(node))
        if len(formulas) < len(nodes):
            raise Broken
        return tuple(formulas)

    def _sides(self, left: syntax.Node, right: syntax.Node, scope: Scope) -> tuple[Formula, Formula]:
        """Both sides of a comparison; a word on one side may be a member of the enum on the other."""
        words = [self._is_unknown_name(side, scope) for side in (left, right)]
        if words[0] is words[1]:
            first, second = self.formulas((left, right), scope)
        elif words[0]:
            second = self._beside_word(right, left, scope)
            first = self.formula(left, scope, second.type)
        else:
            first = self._beside_word(left, right, scope)
            second = self.formula(right, scope, first.type)
        return first, second

    def _beside_word(self, node: syntax.Node, word: syntax.Node, scope: Scope) -> Formula:
        """The other side of a comparison with an unknown name. Where that side is broken, the name can't be told from a
        member, and is reported only if it looks like another name."""
        try:
            return self.formula(node, scope)
        except Broken:
            name = dotted_name(word) or ""
            if hint := nearest_name(name, scope.known):
                self.report_mismatch(word, Mismatch(ErrorCode.N001, f"unknown name `{clipped(name)}`", hint))
            raise

    @staticmethod
    def _is_unknown_name(node: syntax.Node, scope: Scope) -> bool:
        if not isinstance(node, syntax.Name):
            return False
        try:
            return scope.look_up(node.name) is None
        except (Broken, Mismatch):
            return False

    def _between(self, node: syntax.Between, scope: Scope) -> Formula:
        value, low, high = self.formulas((node.value, node.low, node.high), scope)
        return a.conjunction((a.compare(">=", value, low), a.compare("<=", value, high)))

    def _if(self, node: syntax.Conditional, scope: Scope, expected: Type | None) -> Formula:
        condition: Formula | None = None
        with suppress(Broken):
            condition = self.condition(node.condition, scope)
        then, otherwise = self.formulas((node.then, node.otherwise), scope, expected)
        if condition is None:
            raise Broken
        return a.choose(condition, then, otherwise)

    def _quantified(self, node: syntax.Quantified, iterations: tuple[syntax.Iteration, ...], scope: Scope) -> Formula:
        """Written out: `some x in [1, 2] satisfies a > x` is `a > 1 or a > 2`. Lists within lists multiply."""
        first, rest = iterations[0], iterations[1:]
        source = first.source
        if (over := list_expression(source, scope, self)) is not None:
            return quantified(node, over, scope, self)
        if not isinstance(source, syntax.ListLiteral) or first.end_value is not None:
            raise Mismatch(
                ErrorCode.T003, "`some` and `every` run over a list only", "write `some x in [A, B] …`, or name a list"
            )
        parts = []
        for item in source.items:
            self._unrolled += 1
            if self._unrolled > UNROLL_MAX:
                raise Mismatch(
                    ErrorCode.T003, f"lists that run to more than {UNROLL_MAX} steps", "write fewer elements"
                )
            word = isinstance(item, syntax.Name) and self._is_unknown_name(item, scope)
            value = a.word(item.name) if word and isinstance(item, syntax.Name) else self.formula(item, scope)
            inner = scope.with_name(first.name, value)
            parts.append(self._quantified(node, rest, inner) if rest else self.condition(node.satisfies, inner))
        if not parts:
            raise Mismatch(ErrorCode.T003, "the list is empty", "write at least one element")
        return a.conjunction(parts) if node.every else a.disjunction(parts)

    def _call(self, node: syntax.Call, scope: Scope) -> Formula:
        name = dotted_name(node.function)
        if name is None or node.names:
            raise Mismatch(ErrorCode.T003, "call a built-in function by its name, with its arguments in order")
        arguments = node.arguments
        if name in AGGREGATES and len(arguments) == 1:
            if isinstance(arguments[0], syntax.ListLiteral):
                arguments = arguments[0].items
            elif (over := list_expression(arguments[0], scope, self)) is not None:
                return aggregated(name, over, self.words_of(arguments[0]))
        if name == "list contains":
            return self._list_contains(node, scope)
        if is_working_day_function(name):
            named = partial(self._named_list, scope=scope)
            return working_day(name, arguments, partial(self.formula, scope=scope), named)
        if name == "count" and arguments is node.arguments:
            raise Mismatch(ErrorCode.T004, "`count` takes a list", "write `count([A, B])`, or name a list")
        if name not in FUNCTIONS:  # its arguments may be anything that it takes elsewhere
            compile_call(name, ())
        return compile_call(name, self.formulas(arguments, scope))

    def _list_contains(self, node: syntax.Call, scope: Scope) -> Formula:
        if len(node.arguments) == 2 and (over := list_expression(node.arguments[0], scope, self)) is not None:
            return contains(over, lambda subject: self._equal(subject, node.arguments[1], scope))
        if len(node.arguments) != 2:
            raise Mismatch(ErrorCode.T004, "`list contains` takes a list and a value", "write `x in [A, B]`")
        listed, value = node.arguments
        if self._named_list(listed, scope) is None and not isinstance(listed, syntax.ListLiteral):
            message = "`list contains` takes a written-out list, or a parameter that is one"
            raise Mismatch(ErrorCode.T004, message, "write `x in [A, B]`")
        tests = syntax.UnaryTests(start=listed.start, end=listed.end, tests=(listed,), negated=False)
        return self.tests(self.formula(value, scope), tests, scope, null_is_no=False)

    def tests(self, subject: Formula, tests: syntax.UnaryTests, scope: Scope, *, null_is_no: bool) -> Formula:
        """Any of the tests, or with `not(…)` none of them; without tests (`-`) always true. Inside them `?` is the
        subject. May raise `Mismatch`, for the tests together."""
        if not tests.tests:
            return a.TRUE
        if len(tests.tests) > UNROLL_MAX:
            raise Mismatch(ErrorCode.T003, f"more than {UNROLL_MAX} tests")
        inner = scope.with_name("?", subject)
        parts: list[Formula] = []
        broken = False
        for test in self._each_test(tests.tests):
            before = len(self._report)
            try:
                parts.append(self._test(subject, test, inner))
            except Mismatch as mismatch:
                self.report_mismatch(test, mismatch)
                broken = True
            except Broken:
                broken = True
            if len(self._report) > before and self._expression.text_of(test) in subject.type.members:
                del self._report[before:]  # what FEEL makes of `N/30` helps nobody who means the word
                self.report_mismatch(test, Mismatch(ErrorCode.T001, *unquoted_word(self._expression.text_of(test))))
        if broken:
            raise Broken
        if not parts:
            raise Mismatch(ErrorCode.T003, "the list is empty", "write at least one element")
        asks_null = [part for part in parts if isinstance(part, f.IsNull)]
        others = joined([part for part in parts if not isinstance(part, f.IsNull)])
        if null_is_no:
            others = [false_of_null(subject, part) for part in others]
        any_test = a.disjunction([*asks_null, *others])
        if not tests.negated:
            return any_test
        if asks_null or not null_is_no or not subject.nullable:
            return a.negation(any_test)
        # `not(A)` on a missing subject is not true either, unless it is `not(null, …)`, which settles the question
        known = f.Not(YES_NO, f.IsNull(YES_NO, subject, nullable=False), nullable=False)
        return a.conjunction((known, a.negation(any_test)))

    @staticmethod
    def _each_test(tests: Sequence[syntax.Node]) -> Iterable[syntax.Node]:
        for test in tests:
            if isinstance(test, syntax.ListLiteral):
                yield from test.items
            else:
                yield test

    def _test(self, subject: Formula, test: syntax.Node, scope: Scope) -> Formula:
        match test:
            case syntax.Interval():
                return self._interval(subject, test, scope)
            case syntax.Differs():
                return a.negation(self._equal(subject, test.operand, scope))
            case syntax.UnaryTests():
                return self.tests(subject, test, scope, null_is_no=False)
        self._require_quotes(subject, test)
        if syntax.mentions_input(test):
            return self.condition(test, scope)
        if (listed := self._named_list(test, scope)) is not None:
            return member_of(subject, listed)
        return self._equal(subject, test, scope)

    def _require_quotes(self, subject: Formula, test: syntax.Node) -> None:
        """Raises `Mismatch` for a word of the subject's enum that FEEL reads as a formula, such as `N/30` or `0001`."""
        word = self._expression.text_of(test).strip()
        if word in subject.type.members and not isinstance(test, syntax.Name | syntax.String):
            message = f"`{clipped(word)}` is a word of the enum, but is read as a formula"
            raise Mismatch(ErrorCode.T001, message, f"""write it in both kinds of quotes, '"{clipped(word)}"'""")

    @staticmethod
    def _named_list(node: syntax.Node, scope: Scope) -> NamedList | None:
        """The list that a name stands for; None for anything else."""
        name = dotted_name(node)
        formula = scope.look_up(name) if name is not None else None
        return formula if isinstance(formula, NamedList) else None

    def _equal(self, subject: Formula, node: syntax.Node, scope: Scope) -> Formula:
        return a.compare("=", subject, self.formula(node, scope, subject.type))

    def _interval(self, subject: Formula, test: syntax.Interval, scope: Scope) -> Formula:
        parts = []
        if test.low is not None:
            parts.append(a.compare(">=" if test.low_closed else ">", subject, self.formula(test.low, scope)))
        if test.high is not None:
            parts.append(a.compare("<=" if test.high_closed else "<", subject, self.formula(test.high, scope)))
        return a.conjunction(parts)


def _flat(node: syntax.Node, kind: type[syntax.And | syntax.Or]) -> list[syntax.Node]:
    """The operands of a chain of one operator: `a and b and c` has three."""
    operands: list[syntax.Node] = []
    pending = [node]
    while pending:
        top = pending.pop()
        if isinstance(top, kind):
            pending += [top.right, top.left]
        else:
            operands.append(top)
    return operands
