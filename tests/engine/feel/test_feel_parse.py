"""FEEL texts beside the trees they are read into, and wrong texts beside what an author is told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.feel.parse import LENGTH_MAX, NESTING_MAX, FeelSyntaxError, parse_expression, parse_unary_tests
from engine.feel.syntax import (
    Arithmetic,
    Call,
    Comparison,
    ContextLiteral,
    Differs,
    Filter,
    FunctionLiteral,
    In,
    InstanceOf,
    Interval,
    Name,
    Negation,
    Node,
    Number,
    Path,
    String,
    UnaryTests,
    children,
    mentions_input,
)

NO_OPERATOR = "an operator is missing, write `and` or `or` between conditions, `=` or `+` between values"


def number(value: int, start: int, end: int) -> Number:
    return Number(start=start, end=end, value=Decimal(value))


def name(text: str, start: int) -> Name:
    return Name(start=start, end=start + len(text), name=text)


def test_spans_are_the_characters_read() -> None:
    assert parse_expression(" a.b + 10 ") == Arithmetic(
        start=1,
        end=9,
        operator="+",
        left=Path(start=1, end=4, source=name("a", 1), name="b"),
        right=number(10, 7, 9),
    )


def every_node(node: Node) -> list[Node]:
    return [node, *(inner for child in children(node) for inner in every_node(child))]


@pytest.mark.parametrize(
    "text",
    [
        "if a > 1 then b else c",
        "1 + if a then b else c - 2",
        "some x in [1, 2] satisfies x > 1",
        "for i in 1..3 return i * 2",
        'contains("abc", "b") and not(x)',
        "{a: 1, b: [2, {c: 3}]}.b[2].c",
        "x in (< 5, [7..9], 12)",
        "function(a: list<number>, b) a + b",
        "x between 1 and 2 or y instance of date and time",
        "-2 ** 2",
    ],
)
def test_a_node_lies_within_the_node_above_it(text: str) -> None:
    tree = parse_expression(text)
    for node in every_node(tree):
        assert 0 <= node.start < node.end <= len(text)
        assert all(node.start <= child.start and child.end <= node.end for child in children(node))
    assert (tree.start, tree.end) == (0, len(text))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("2 ** 3 ** 2", "((2 ** 3) ** 2)"),
        ("-2 ** 2", "((-2) ** 2)"),
        ("10 - -5", "(10 - (-5))"),
        ("1 + 2 < 4 - 1", "((1 + 2) < (4 - 1))"),
        ("(1 + 2) * 3", "((1 + 2) * 3)"),
    ],
)
def test_operators_bind_as_the_standard_says(text: str, shape: str) -> None:
    def drawn(node: Node) -> str:
        match node:
            case Arithmetic() | Comparison():
                return f"({drawn(node.left)} {node.operator} {drawn(node.right)})"
            case Negation():
                return f"(-{drawn(node.operand)})"
            case Number():
                return str(node.value)
        raise AssertionError(node)

    assert drawn(parse_expression(text)) == shape


def test_known_names_with_spaces_and_signs_are_one_name_and_the_longest_wins() -> None:
    names = ("Monthly Salary", "Monthly", "Date-Time", "Date-Time2")
    assert parse_expression("Monthly  Salary", names) == Name(start=0, end=15, name="Monthly Salary")
    tree = parse_expression("Date-Time - Date-Time2", names)
    assert isinstance(tree, Arithmetic)
    assert (tree.left, tree.right) == (name("Date-Time", 0), name("Date-Time2", 12))


def test_a_known_name_inside_a_text_or_a_comment_is_left_alone() -> None:
    assert parse_expression('"Monthly Salary"', ("Monthly Salary",)) == String(start=0, end=16, value="Monthly Salary")
    assert parse_expression("1 // Monthly Salary", ("Monthly Salary",)) == number(1, 0, 1)


def test_names_a_text_introduces_itself_may_have_spaces() -> None:
    tree = parse_expression("{net amount: 1, twice: net amount * 2}")
    assert isinstance(tree, ContextLiteral)
    assert [key for key, _ in tree.entries] == ["net amount", "twice"]


def test_not_is_a_call_unless_it_negates_a_whole_cell() -> None:
    call = parse_expression("not(x)")
    assert isinstance(call, Call)
    assert call.function == name("not", 0)
    cell = parse_unary_tests('not(< 5, "a")')
    assert cell.negated
    assert len(cell.tests) == 2
    assert not parse_unary_tests("not(x) and y").negated


def test_types_are_kept_as_canonical_text() -> None:
    tree = parse_expression("x instance of function<list< number >, string>->context<a:date and  time>")
    assert isinstance(tree, InstanceOf)
    assert tree.type_name == "function<list<number>, string> -> context<a: date and time>"
    function = parse_expression("function(a: number, b) a")
    assert isinstance(function, FunctionLiteral)
    assert (function.parameters, function.types) == (("a", "b"), ("number", "Any"))


def interval(low: int | None, low_closed: bool, high: int | None, high_closed: bool) -> tuple[object, ...]:
    return low, low_closed, high, high_closed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("< 5", interval(None, False, 5, False)),
        ("<=5", interval(None, False, 5, True)),
        ("> 5", interval(5, False, None, False)),
        (">=5", interval(5, True, None, False)),
        ("[1..2]", interval(1, True, 2, True)),
        ("(1..2)", interval(1, False, 2, False)),
        ("]1..2[", interval(1, False, 2, False)),
        ("[1..2[", interval(1, True, 2, False)),
        ("(=7)", interval(7, True, 7, True)),
    ],
)
def test_unary_tests_and_ranges_are_intervals(text: str, expected: tuple[object, ...]) -> None:
    (test,) = parse_unary_tests(text).tests
    assert isinstance(test, Interval)
    ends = [end.value if isinstance(end, Number) else None for end in (test.low, test.high)]
    assert (ends[0], test.low_closed, ends[1], test.high_closed) == expected


def test_a_dash_alone_is_any_value() -> None:
    assert parse_unary_tests(" - ") == UnaryTests(start=1, end=2, tests=(), negated=False)


def test_other_unary_tests() -> None:
    tests = parse_unary_tests('!= 3, = 4, "a", ? > 1')
    assert [type(test) for test in tests.tests] == [Differs, Number, String, Comparison]
    assert [mentions_input(test) for test in tests.tests] == [False, False, False, True]


def test_in_takes_one_test_or_several_in_parentheses() -> None:
    one, several = parse_expression("x in [1..2]"), parse_expression("x in (1, < 0)")
    assert isinstance(one, In)
    assert isinstance(several, In)
    assert [type(test) for test in one.tests.tests] == [Interval]
    assert [type(test) for test in several.tests.tests] == [Number, Interval]


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("", 0, "an expression is missing here"),
        ("1 +", 3, "the expression ends too early, a value is missing behind `+`"),
        ("(1 + 2", 6, "the expression ends too early, `)` or `..` is missing"),
        ("[1, 2", 5, "the expression ends too early, `]` is missing"),
        ("if a then b", 11, "the expression ends too early, `else` is missing"),
        ("a == b", 2, "`==` is not an operator, write `=` to compare"),
        ("a <> b", 2, "`<>` is not an operator, write `!=`"),
        ("a => b", 2, "`=>` is not an operator, write `>=`"),
        ("a = = b", 2, "`==` is not an operator, write `=` to compare"),
        ("a && b", 2, "`&` is not understood here, write `and`"),
        ("a || b", 2, "`|` is not understood here, write `or`"),
        ("5 % 2", 2, "`%` is not understood here, write `modulo(a, b)`, or a percentage as a fraction such as `0.05`"),
        ("'x'", 0, '`\'` is not understood here, write text in double quotes, `"…"`'),
        ('1 + "abc', 4, 'text that begins with `"` is never closed, write a second `"`'),
        (
            "a b",
            2,
            f"`b` is not expected here, {NO_OPERATOR}",
        ),
        (
            "(a 5)",
            3,
            f"`5` is not expected here, {NO_OPERATOR}",
        ),
        ("if a b then c else d", 5, "`b` is not expected here, `then` is missing"),
        (
            "account.insolvent order.prepayment",
            18,
            f"`order` is not expected here, {NO_OPERATOR}",
        ),
        ("not order.x", 0, "`not order.x` is not understood here, write `not(order.x)`"),
        ("x > 12abc", 4, "`12abc` is neither a number nor a name"),
        ("5 < x < 10", 0, "comparisons can't be chained, write `x in (5..10)`"),
        ("IF(a;b;c)", 0, "`IF(…)` is not FEEL, write `if … then … else …`"),
        ("max(a; b)", 5, "`;` is not understood here, FEEL separates arguments by commas"),
        ("f(< 5)", 2, "`<` has nothing on its left to compare with"),
        ("(1, 2)", 0, "a list of tests in parentheses can only follow `in`, write a list as `[a, b]`"),
        ("1e99999", 0, "the number `1e99999` is too large or too small"),
    ],
)
def test_a_mistake_is_said_with_its_place(text: str, offset: int, message: str) -> None:
    with pytest.raises(FeelSyntaxError) as raised:
        parse_expression(text)
    assert (raised.value.message, raised.value.offset) == (message, offset)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000_000,
        "[" * 20_000,
        "-" * 30_000 + "1",
        "{a:" * 5_000,
        " + ".join(["1"] * 5_000),
        "if " * 5_000,
        "a." * 10_000 + "b",
        "x" * (LENGTH_MAX + 1),
        '"' + "a" * 1_000_000,
        "/*" * 10_000,
        '"' + '\\"' * 16_000,
        "(" + "a " * 15_000 + '"":1',
        "\ue000",
    ],
)
def test_hostile_text_is_a_syntax_error(text: str) -> None:
    with pytest.raises(FeelSyntaxError):
        parse_expression(text)
    with pytest.raises(FeelSyntaxError):
        parse_unary_tests(text)


def test_nesting_is_allowed_up_to_its_limit() -> None:
    depth = NESTING_MAX - 1
    parse_expression("(" * depth + "1" + ")" * depth)
    parse_expression("not(" * depth + "true" + ")" * depth)
    with pytest.raises(FeelSyntaxError, match="nested more than 100 levels"):
        parse_expression("not(" * NESTING_MAX + "true" + ")" * NESTING_MAX)


KEYWORDS_IN_USE = [
    "a or b",
    "a and b",
    "x in [1]",
    "x between 1 and 2",
    "if a then b else c",
    "for i in a return b",
    "some i in a satisfies b",
    "every i in a satisfies b",
    "x instance of number",
    "x = true",
    "x = false",
    "x = null",
    "not(x) and true",
    "(function(a) b)",
    "date and time(x) or upper case(y)",
]


def glued() -> list[str]:
    """Each text above with one of its spaces taken out, so that a word runs into its neighbour."""
    return [
        text[:at] + text[at + 1 :]
        for text in KEYWORDS_IN_USE
        for at, sign in enumerate(text)
        if sign == " "
        and text[at - 1].isalnum()
        and text[at + 1].isalnum()
        and text[at:] not in (" in [1]", " case(y)")
    ]


@pytest.mark.parametrize("text", KEYWORDS_IN_USE)
def test_keywords_are_read_between_spaces_and_signs(text: str) -> None:
    parse_expression(text)
    parse_expression(f"({text})")


@pytest.mark.parametrize("text", glued())
def test_a_keyword_glued_to_another_word_is_no_keyword(text: str) -> None:
    with pytest.raises(FeelSyntaxError):
        parse_expression(text)


@pytest.mark.parametrize("word", ["or", "and", "in", "between", "then", "else", "return", "satisfies", "instance"])
def test_a_word_that_begins_or_ends_like_a_keyword_is_one_name(word: str) -> None:
    for whole in (f"{word}x", f"x{word}", f"{word}_1", f"{word}1", f"{word}é"):
        assert parse_expression(whole) == name(whole, 0)
        with pytest.raises(FeelSyntaxError, match="an operator is missing, write `and` or `or`"):
            parse_expression(f"a {whole}")


def test_a_name_that_begins_with_a_keyword_may_stand_anywhere() -> None:
    assert isinstance(parse_expression("xin [1]"), Filter)
    parse_expression("order.x or order.y and android in [nothing, trueish] and iffy > format")
    parse_expression('"a"and(b)or[c]=d')


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("x > 10,000", "write `10000`, without separators"),
        ("x > 10,000.50", "write `10000.50`, without separators"),
        ("x > 10 000", "write `10000`, without separators"),
        ("x in [1,000..2,000]", "write `1000`, without separators"),
        ("x > 1.000.000", "write `1000000`, without separators"),
        ("x > 1000,50", "decimals need a point, write `1000.50`"),
        ("x > 1.000,50", "decimals need a point, write `1000.50`, without separators"),
        ("x > $10000", "write the number alone; the fact's type gives the currency"),
        ("x > 10000 EUR", "write the number alone; the fact's type gives the currency"),
        ("x > 10000€", "write the number alone; the fact's type gives the currency"),
        ("a AND b", "write `and`"),
        ("a OR b", "write `or`"),
        ("a und b", "write `and`"),
        ("a oder b", "write `or`"),
        ("NOT a", "write `not(a)`"),
        ("IF a THEN b ELSE c", "write `if`"),
        ("x not in [1]", "write `not(x in …)`"),
        ("x is null", "write `= null`"),
        ("x is not null", "write `!= null`"),
        ("x is 5", "write `=`"),
        ("x > 5 and < 10", "write `x in (5..10)`"),
        ("x > 1.7.2026", 'write `date("2026-07-01")`'),
        ("x > 5%", "write `0.05`"),
        ("x < 6 months", 'write `duration("P6M")`, or `6`; the fact\'s type gives the unit'),
        ("x < 3天", "write `3`; the fact's type gives the unit"),
    ],
)
def test_what_other_tools_would_read_is_put_right(text: str, advice: str) -> None:
    with pytest.raises(FeelSyntaxError) as raised:
        parse_expression(text)
    assert raised.value.message.endswith(f"is not understood here, {advice}")


def test_advice_is_for_the_place_where_reading_stopped() -> None:
    with pytest.raises(FeelSyntaxError, match="an operator is missing"):
        parse_expression('"10,000 EUR is null" a')
