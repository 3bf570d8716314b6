"""Expressions beside their values, theme by theme; None is FEEL's null."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal

import pytest

from engine.feel.parse import parse_expression, parse_unary_tests
from engine.feel.runtime import evaluate, evaluate_node, evaluate_unary_tests

D = Decimal
ORDER: Mapping[str, object] = {
    "amount": 1200,
    "rate": 0.1,
    "Monthly Salary": 2500,
    "grade": "B",
    "open": None,
    "due": datetime.date(2026, 3, 31),
    "account": {"limit": D("5000.00"), "credit score": 640},
    "items": [{"sku": "a", "qty": 2}, {"sku": "b", "qty": 5}, {"sku": "c"}],
    "numbers": (1, 2, 3),
    "double": None,
}

CASES: dict[str, list[tuple[str, object]]] = {
    "arithmetic": [
        ("0.1 + 0.2", D("0.3")),
        ("1 / 3", D("0.3333333333333333333333333333333333")),
        ("7 - 2 * 3", D(1)),
        ("2 ** 10", D(1024)),
        ("-3 ** 2", D(9)),
        ("1 / 0", None),
        ("10 ** 10 ** 10", D(10) ** 100),
        ("10 ** (10 ** 10)", None),
        ("0 ** 0", D(1)),
        ("(-8) ** 0.5", None),
        ("1 + null", None),
        ('1 + "a"', None),
        ('"ab" + "cd"', "abcd"),
        ("[1] + 1", None),
        ("1e2 + .5", D("100.5")),
    ],
    "if, for, some, every and function as the last operand": [
        ("1 + if amount > 5 then 1 else 2", D(2)),
        ("1 + if amount < 5 then 1 else 2 + 3", D(6)),
        ("2 * -if true then 3 else 4", D(-6)),
        ("2 ** if true then 3 else 4", D(8)),
        ("[1, 2] = for x in [1, 2] return x", True),
        ("true and some x in [1, 2] satisfies x > 1", True),
        ("false or every x in [1, 2] satisfies x > 1", False),
        ("2 in if true then [1..3] else [4..5]", True),
        ("2 between 1 and if true then 3 else 4", True),
        ("2 between if true then 1 else 4 and 3", None),
    ],
    "three-valued logic": [
        ("true and null", None),
        ("false and null", False),
        ("null and false", False),
        ("true or null", True),
        ("false or null", None),
        ('true and "yes"', None),
        ("not(true)", False),
        ("not(null)", None),
        ("not(1)", None),
        ("open > 5 or amount > 5", True),
        ("open > 5 and amount > 5", None),
    ],
    "equality and order": [
        ("null = null", True),
        ("null != 1", True),
        ("1 = 1.00", True),
        ('1 = "1"', None),
        ('1 != "1"', None),
        ('"a" < "b"', True),
        ("1 < null", None),
        ("true < false", None),
        ("[1, [2]] = [1, [2]]", True),
        ("[1, 2] = [2, 1]", False),
        ("{a: 1, b: 2} = {b: 2, a: 1}", True),
        ("{a: 1} = {a: 2}", False),
        ("[1..3] = [1..3]", True),
        ("[1..3] = [1..3)", False),
        ("{} = []", None),
        ("(function(a) a) = 1", None),
    ],
    "between and in": [
        ("5 between 1 and 5", True),
        ("null between 1 and 5", None),
        ("5 between 1 and null", None),
        ("0 between 1 and null", False),
        ("5 in (1..5)", False),
        ("5 in [1..5]", True),
        ("5 in (< 3, >= 5)", True),
        ("5 in [1, 3, 5]", True),
        ("5 in [[1..2], [4..6]]", True),
        ("[1, 2] in [[1, 2], [3]]", True),
        ("4 in != 5", True),
        ('grade in ("A", "B")', True),
        ('grade in "C"', False),
        ("null in [1, null]", True),
        ('5 in ["a"]', False),
        ('5 in "a"', None),
    ],
    "ranges": [
        ("[1..10].start", D(1)),
        ("(1..10].start included", False),
        ("(> 5).end", None),
        ('[1.."a"]', None),
        ("[1..null]", None),
        ('["a".."c"] instance of range<string>', True),
        ("(>= 2) = [2..3]", False),
    ],
    "conditionals": [
        ('if amount > 1000 then "big" else "small"', "big"),
        ("if null then 1 else 2", D(2)),
        ('if "x" then 1 else 2', D(2)),
        ("if true then if false then 1 else 2 else 3", D(2)),
    ],
    "names and paths": [
        ("amount", D(1200)),
        ("rate * 3", D("0.3")),
        ("Monthly Salary * 12", D(30000)),
        ("account.credit score + 1", D(641)),
        ("account.limit - amount", D("3800.00")),
        ("nobody", None),
        ("nobody.there", None),
        ("amount.there", None),
        ("items.sku", ["a", "b", "c"]),
        ("items.qty", [D(2), D(5), None]),
        ("{a: {b: {c: 1}}}.a.b.c", D(1)),
        ("{a: 1}.b", None),
    ],
    "lists and filters": [
        ("numbers[1]", D(1)),
        ("numbers[-1]", D(3)),
        ("numbers[0]", None),
        ("numbers[4]", None),
        ("numbers[1.5]", None),
        ("numbers[item >= 2]", [D(2), D(3)]),
        ("items[qty > 2].sku", ["b"]),
        ("items[item.qty > 2][1].sku", "b"),
        ("100[1]", D(100)),
        ("100[2]", None),
        ("100[false]", []),
        ("[][1]", None),
        ("[][true]", []),
        ("null[true]", []),
        ("[1, 2, 3][null]", []),
        ("[{item: 1}, {item: 5}][item > 2]", [{"item": D(5)}]),
    ],
    "loops": [
        ("for i in [1, 2] return i * 10", [D(10), D(20)]),
        ("for i in 3..1 return i", [D(3), D(2), D(1)]),
        ("for i in (1..4) return i", [D(2), D(3)]),
        ("for x in [1, 2], y in [x, 10] return x * y", [D(1), D(10), D(4), D(20)]),
        ("for i in 1..4 return if i = 1 then 1 else i * partial[-1]", [D(1), D(2), D(6), D(24)]),
        (
            'for d in @"2026-02-27"..@"2026-03-01" return d.day',
            [D(27), D(28), D(1)],
        ),
        ("for i in 5 return i", [D(5)]),
        ("for i in null return i", None),
        ("for i in 1..2.5 return i", None),
        ("for line item in items return line item.sku", ["a", "b", "c"]),
        ("some x in numbers satisfies x > 2", True),
        ("some x in [] satisfies x > 2", False),
        ("every x in [] satisfies x > 2", True),
        ("every x in numbers satisfies x > 1", False),
        ("some x in [null, 1] satisfies x > 2", None),
        ("every x in [null, 1] satisfies x > 2", False),
        ("some x in [1, 2], y in [2, 3] satisfies x = y", True),
        ("every x in null satisfies true", None),
    ],
    "contexts": [
        ("{a: 1, b: a + 1}", {"a": D(1), "b": D(2)}),
        ('{"odd key!": 1}', {"odd key!": D(1)}),
        ("{net amount: 2, gross: net amount * 1.1}.gross", D("2.2")),
        ("{a: 1, a: 2}", None),
    ],
    "functions": [
        ("(function(a, b) a + b)(1, 2)", D(3)),
        ("(function(a, b) a - b)(b: 1, a: 5)", D(4)),
        ("(function(a) a)(1, 2)", None),
        ("(function(a, b) a)(1)", None),
        ("(function(a) a)(b: 1)", None),
        ('(function(a: number) a)("x")', None),
        ("(function(a: number) a)([7])", D(7)),
        ("(function(a: list<number>) a)(7)", [D(7)]),
        ("{add: function(n) function(m) n + m, r: add(1)(2)}.r", D(3)),
        ('"abs"(1)', None),
        ("no such function(1)", None),
        ("sort([3, 1, 2], function(x, y) x > y)", [D(3), D(2), D(1)]),
        ("{f: abs}.f(-1)", D(1)),
    ],
    "instance of": [
        ("1 instance of number", True),
        ("null instance of number", False),
        ("null instance of Any", False),
        ("null instance of Null", True),
        ('@"P1D" instance of days and time duration', True),
        ('@"P1M" instance of days and time duration', False),
        ("[1, 2] instance of list<number>", True),
        ('[1, "a"] instance of list<number>', False),
        ("{a: 1, b: 2} instance of context<a: number>", True),
        ("{a: 1} instance of context<a: number, b: number>", False),
        ("{a: null} instance of context<a: list<string>>", True),
        ("(function(x) x) instance of function<number> -> number", True),
        ("(function(x) 1) instance of function<number> -> string", False),
        ("(function(x) 1) instance of function<> -> number", False),
        ('(function() @"P1D") instance of function<> -> days and time duration', True),
        ("(function() [1, 2]) instance of function<> -> list<number>", True),
        ("(function() {a: 1}) instance of function<> -> context<a: number, b: number>", False),
        ("(function() {a: 1, b: true}) instance of function<> -> context<b: boolean>", True),
        ("(function(x: context<a: number>) 1) instance of function<context<a: number, b: number>> -> Any", True),
        ("(function(x: context<a: number, b: number>) 1) instance of function<context<a: number>> -> Any", False),
        ("(function(f: function<> -> number) 1) instance of function<function<> -> number> -> number", True),
        ("1 instance of unheard of", None),
        ("1 instance of tUnheard", None),
    ],
    "comments and text": [
        ("1 + /* one more */ 1 // done", D(2)),
        (r'"a\"b\\c\n\t\u00e9"', 'a"b\\c\n\té'),
        (r'"\uD83D\uDC0E" = "\U01F40E"', True),
        ('"https://x" + "/*"', "https://x/*"),
    ],
    "syntax errors are null": [("1 +", None), ("", None), ("a b c", None), ("(1, 2)", None)],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(*case, id=f"{theme}: {case[0]}") for theme, cases in CASES.items() for case in cases],
)
def test_value(text: str, expected: object) -> None:
    value = evaluate(text, ORDER)
    assert (type(value), value) == (type(expected), expected)


def test_a_parsed_tree_evaluates_like_its_text() -> None:
    assert evaluate_node(parse_expression("amount * 2"), ORDER) == D(2400)


def test_a_function_of_the_caller_is_called_with_feel_values() -> None:
    context = {"is factor": lambda value, factor: value % factor == 0, "most": max, "wait": lambda *args: len(args)}
    assert evaluate("for f in [1, 2, 3] return is factor(10, f)", context) == [True, True, False]
    assert evaluate("is factor(factor: 5, value: 10)", context) is True
    assert evaluate("is factor(10)", context) is None
    assert evaluate("wait(1, 2) + most(3, 4)", context) == D(6)


def test_a_function_found_by_one_evaluation_serves_another() -> None:
    context = {"Net Amount": evaluate("function(gross amount: number) gross amount / tax", {"tax": 2})}
    assert evaluate("Net Amount(10) + Net Amount(gross amount: 4)", context) == D(7)
    assert evaluate('Net Amount("10")', context) is None


def test_a_parameter_of_a_type_only_the_model_knows_takes_any_value() -> None:
    assert evaluate("(function(loan: tLoan) loan.rate)({rate: 3})") == D(3)


def test_what_feel_has_no_place_for_is_null() -> None:
    assert evaluate("x", {"x": float("nan")}) is None
    assert evaluate("x", {"x": D("Infinity")}) is None
    assert evaluate("x", {"x": object()}) is None
    assert evaluate("x", {"x": 10**7000}) is None


def test_a_self_containing_context_is_null() -> None:
    endless: dict[str, object] = {}
    endless["x"] = endless
    assert evaluate_node(parse_expression("x"), endless) is None
    assert evaluate("x", endless) is None


@pytest.mark.parametrize(
    ("cell", "value", "expected"),
    [
        ("-", None, True),
        ("< 5", 4, True),
        ("< 5", None, None),
        ("[8..15]", 15, True),
        ('"A", "B"', "B", True),
        ('not("A", "B")', "B", False),
        ("not(< 5)", 7, True),
        ("not(null)", None, False),
        ("null", None, True),
        ("!= 3", 4, True),
        ("[1, 2, 3]", 2, True),
        ("? > amount", 2000, True),
        ("? > 1 and ? < 3", 2, True),
        ('starts with(?, "S")', "Sofia", True),
        ("amount", 1200, True),
        ("amount * 2", 1200, False),
        ("> open", 1, None),
        ("5 +", 1, None),
    ],
)
def test_unary_tests(cell: str, value: object, expected: bool | None) -> None:
    assert evaluate_unary_tests(cell, value, ORDER) is expected


def test_parsed_unary_tests_pass_like_their_text() -> None:
    assert evaluate_unary_tests(parse_unary_tests("> 3, null"), 4, {}) is True
