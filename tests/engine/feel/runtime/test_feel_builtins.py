"""Calls of built-in functions beside their values; None is FEEL's null."""

from __future__ import annotations

import datetime
import inspect
import re
from decimal import Decimal

import pytest

from engine.feel.parse import parse_expression
from engine.feel.runtime import Function, evaluate
from engine.feel.runtime.signatures import BUILT_INS
from engine.feel.runtime.values import equal
from engine.feel.syntax import Call, Name

D = Decimal
CASES: dict[str, list[tuple[str, object]]] = {
    "rounding": [
        ("decimal(2.345, 2)", D("2.34")),
        ("decimal(2.355, 2)", D("2.36")),
        ("decimal(-1.5, 0)", D(-2)),
        ("decimal(1234, -2)", D(1200)),
        ("floor(-1.1)", D(-2)),
        ("floor(1.56, 1)", D("1.5")),
        ("ceiling(1.1)", D(2)),
        ("ceiling(-1.56, 1)", D("-1.5")),
        ("round up(-5.5, 0)", D(-6)),
        ("round down(5.9, 0)", D(5)),
        ("round half up(5.5, 0)", D(6)),
        ("round half up(-1.126, 2)", D("-1.13")),
        ("round half down(5.5, 0)", D(5)),
        ("round half down(1.126, 2)", D("1.13")),
        ("round up(1, 6177)", None),
        ("round up(1)", None),
        ("decimal(1, null)", None),
        ("round up(0.0000001, 2)", D("0.01")),
    ],
    "numbers": [
        ("abs(-3)", D(3)),
        ('abs(@"-P1D") = @"P1D"', True),
        ("modulo(-12, 5)", D(3)),
        ("modulo(12, -5)", D(-3)),
        ("modulo(10.1, 4.5)", D("1.1")),
        ("modulo(1, 0)", None),
        ("sqrt(16)", D(4)),
        ("sqrt(-1)", None),
        ("log(0)", None),
        ("decimal(log(10), 6)", D("2.302585")),
        ("decimal(exp(1), 6)", D("2.718282")),
        ("exp(1000000)", None),
        ("odd(3)", True),
        ("even(0)", True),
        ("even(2.5)", False),
        ('abs("1")', None),
        ("abs([-2])", D(2)),
        ("abs(1, 2)", None),
        ("abs(m: 1)", None),
    ],
    "aggregates": [
        ("min(3, 1, 2)", D(1)),
        ('max(["a", "c", "b"])', "c"),
        ('min([1, "a"])', None),
        ("min([])", None),
        ("sum([1, 2.5])", D("3.5")),
        ("sum(1, null)", None),
        ("sum([])", None),
        ('sum(["a", "b"])', None),
        ("mean(1, 2)", D("1.5")),
        ("count([1, null])", D(2)),
        ("median(8, 2, 5, 3, 4)", D(4)),
        ("median([6, 1, 2, 3])", D("2.5")),
        ("mode([6, 1, 9, 6, 1])", [D(1), D(6)]),
        ("decimal(stddev(2, 4, 7, 5), 4)", D("2.0817")),
        ("product(2, 3, 4)", D(24)),
        ("all([true, false])", False),
        ("all([])", True),
        ("all(true, null)", None),
        ("any([false, true])", True),
        ("any([])", False),
        ("any(false, null)", None),
        ('any(list: [1, "a"])', None),
    ],
    "lists": [
        ('list contains(["a", null], null)', True),
        ("list contains([1, 2], 3)", False),
        ("sublist([1, 2, 3], 2)", [D(2), D(3)]),
        ("sublist([1, 2, 3], -2, 1)", [D(2)]),
        ("sublist([1, 2, 3], 4)", None),
        ("append([1], 2, null)", [D(1), D(2), None]),
        ("append(1, 2)", [D(1), D(2)]),
        ("concatenate([1], [2, 3])", [D(1), D(2), D(3)]),
        ("insert before([1, 3], 2, 2)", [D(1), D(2), D(3)]),
        ("remove([1, 2, 3], -1)", [D(1), D(2)]),
        ("remove([1], 2)", None),
        ("list replace([1, 2], 2, 9)", [D(1), D(9)]),
        ("list replace([2, 4], function(item, new) item < new, 3)", [D(3), D(4)]),
        ("list replace([2, 4], function(item) true, 3)", None),
        ("reverse([1, 2])", [D(2), D(1)]),
        ("index of([1, 2, 1], 1)", [D(1), D(3)]),
        ("union([1, 2], [2, 3])", [D(1), D(2), D(3)]),
        ("distinct values([1, 1.0, [2], [2]])", [D(1), [D(2)]]),
        ("duplicate values([1, 2, 1])", [D(1)]),
        ("flatten([1, [2, [[3]]]])", [D(1), D(2), D(3)]),
        ("sort([2, 1])", [D(1), D(2)]),
        ("sort([2, 1], function(a, b) 1)", None),
        ("count(null)", None),
    ],
    "strings": [
        ('string length("\U0001f40e")', D(1)),
        ('substring("foobar", 3, 2)', "ob"),
        ('substring("foobar", -2)', "ar"),
        ('substring("foobar", 0)', None),
        ('substring("foobar", 9)', None),
        ('upper case("aBc")', "ABC"),
        ('lower case("aBc")', "abc"),
        ('contains("foobar", "ob")', True),
        ('starts with("foobar", "bar")', False),
        ('ends with("foobar", "bar")', True),
        ('substring before("a-b-c", "-")', "a"),
        ('substring after("a-b-c", "-")', "b-c"),
        ('substring before("abc", "x")', ""),
        ('string join(["a", null, "b"], ", ")', "a, b"),
        ("string join([1], null)", None),
        ('split("a;b;;", ";")', ["a", "b", "", ""]),
        ("contains(null, null)", None),
        ('substring(string: "abc", start position: 2)', "bc"),
    ],
    "regular expressions": [
        (r'matches("A-12", "^[A-Z]-\d+$")', True),
        ('matches("ab", "a.c")', False),
        ('matches("ABC", "b", "i")', True),
        ('matches("a\nb", "a.b")', False),
        ('matches("a\nb", "a.b", "s")', True),
        ('matches("x[1]", "x[1]", "q")', True),
        ('matches("e", "[a-z-[aeiou]]")', False),
        (r'matches("Ж", "\p{Lu}")', True),
        (r'matches("Ж", "\P{IsCyrillic}")', False),
        (r'matches("Δ", "^\p{IsGreekandCoptic}$")', True),
        (r'matches("ვ", "^\p{IsGeorgian}$")', True),
        (r'matches("ვ", "\p{IsNowhere}")', None),
        (r'matches("Жа", "^\i\c*$")', True),
        (r'matches("1a", "^\i\c*$")', False),
        (r'matches("x", "^[\i-[:]]$")', True),
        (r'matches(":", "^[\i-[:]]$")', False),
        (r'matches("a", "\p{Lu}", "i")', False),
        ('matches("aab", "^a*?b$")', True),
        ('matches("a b", "a b", "x")', False),
        ('matches("a b", "a[ ]b", "x")', True),
        ('matches("&", "^[a&&b]$")', True),
        ('matches("a\n", "a$")', False),
        ('matches("a\n", "a$", "m")', True),
        (r'matches("a", "\Aa")', None),
        (r'matches("a", "\Ka")', None),
        ('matches("a{", "a{")', None),
        ('matches("ab", "(?=a)")', None),
        (r'replace("aab", "(a)\1", "<$1>")', "<a>b"),
        (r'replace("ab", "(a)(b)", "$2$1$12")', "baa2"),
        ('matches("a", "[")', None),
        ('matches("a", "a", "z")', None),
        ('replace("abracadabra", "a(.)", "a$1$1")', "abbraccaddabbra"),
        (r'replace("a", "a", "\$1")', "$1"),
        ('replace("a", "a", "$")', None),
        ('replace("a", "x*", "-")', None),
    ],
    "conversion": [
        ('number("1 234,5", " ", ",")', D("1234.5")),
        ('number("1,5")', None),
        ('number("٣")', None),
        ('number("1_000")', None),
        ('number("1e99999")', None),
        ('number("1", ".", ".")', None),
        ("number(5)", D(5)),
        ("string(1.50)", "1.5"),
        ("string(1e3)", "1000"),
        ("string(null)", None),
        ("string(true)", "true"),
        ('string([1, "a", {b: null}])', '[1, "a", {b: null}]'),
        ("string([1..5))", "[1..5)"),
        ('string(@"2026-01-31T08:00:00Z")', "2026-01-31T08:00:00Z"),
        ('range("[1..5)") = [1..5)', True),
        ('range("(..5]") = (<= 5)', True),
        ('range("[date(\\"2026-01-01\\")..@\\"2026-02-01\\"]").start.day', D(1)),
        ('range("[1..]")', None),
        ('range("[1+1..3]")', None),
    ],
    "contexts": [
        ('get value({a: 1}, "a")', D(1)),
        ('get value({a: {b: 1}}, ["a", "b"])', D(1)),
        ("get entries({a: 1})", [{"key": "a", "value": D(1)}]),
        ('context([{key: "a", value: 1}])', {"a": D(1)}),
        ('context([{key: "a"}])', None),
        ('context put({a: {b: 1}}, ["a", "b"], 2)', {"a": {"b": D(2)}}),
        ('context put({a: 1}, ["a", "b"], 2)', None),
        ("context merge([{a: 1}, {a: 2, b: 3}])", {"a": D(2), "b": D(3)}),
        ("context merge([1])", None),
    ],
    "ranges": [
        ("before(1, 2)", True),
        ("before([1..5), 5)", True),
        ("before([1..5], [5..9])", False),
        ("after(6, [1..5])", True),
        ("meets([1..5], [5..9])", True),
        ("met by([5..9], [1..5))", False),
        ("overlaps([1..5], [5..9])", True),
        ("overlaps([1..5), [5..9])", False),
        ("overlaps before([1..5], [3..8])", True),
        ("overlaps after([3..8], [1..5])", True),
        ("finishes(5, [1..5])", True),
        ("finishes([3..5], [1..5])", True),
        ("finished by([1..5), [3..5])", False),
        ("includes([1..5], 5)", True),
        ("includes([1..5], (1..5))", True),
        ("includes((1..5], [1..5])", False),
        ("during(3, [1..5])", True),
        ("starts(1, (1..5])", False),
        ("started by([1..5], [1..3])", True),
        ("coincides([1..5], [1..5])", True),
        ('includes([1..5], "a")', None),
        ('before(1, "a")', None),
    ],
    "the same thing": [
        ("is(1, 1.0)", True),
        ('is(1, "1")', False),
        ("is(null, null)", True),
        ('is(@"10:00:00Z", @"10:00:00+00:00")', True),
        ('is(@"10:00:00", @"10:00:00Z")', False),
        ('is(@"2026-01-01T10:00:00+00:00", @"2026-01-01T11:00:00+01:00")', False),
    ],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(*case, id=f"{theme}: {case[0]}") for theme, cases in CASES.items() for case in cases],
)
def test_value(text: str, expected: object) -> None:
    value = evaluate(text, {})
    assert (type(value), value) == (type(expected), expected)


def test_a_name_in_the_context_comes_before_a_built_in() -> None:
    assert evaluate("count + 1", {"count": 2}) == D(3)


def test_every_built_in_can_be_written() -> None:
    for name in BUILT_INS:
        tree = parse_expression(f"{name}(1)")
        assert isinstance(tree, Call)
        assert tree.function == Name(start=0, end=len(name), name=name)


def test_the_clock_is_the_callers_or_there_is_none() -> None:
    assert evaluate("today()", {}) is None
    assert evaluate("now()", {}) is None
    day = datetime.date(2026, 1, 31)
    assert evaluate('today() + duration("P1D")', {"today": Function((), lambda: day)}) == datetime.date(2026, 2, 1)


EXAMPLE = re.compile(r"^ *`(.+)` is `(.+)`\.$", re.MULTILINE)


@pytest.mark.parametrize("name", sorted(BUILT_INS))
def test_the_examples_of_a_built_in_hold(name: str) -> None:
    for overload in BUILT_INS[name].overloads:
        examples = EXAMPLE.findall(inspect.getdoc(overload.run) or "")
        assert examples, overload.run.__name__
        for expression, value in examples:
            assert equal(evaluate(expression), evaluate(value)) is True, expression
            assert evaluate(value) is not None or value == "null", value


def test_a_pattern_has_at_most_a_thousand_characters_and_thirty_large_sets() -> None:
    assert evaluate("matches(t, t)", {"t": "a" * 1000}) is True
    assert evaluate("matches(t, t)", {"t": "a" * 1001}) is None
    assert evaluate("matches(t, p)", {"t": "a" * 30, "p": r"\w" * 30}) is True
    assert evaluate("matches(t, p)", {"t": "a" * 31, "p": r"\w" * 31}) is None
    assert evaluate("matches(t, p)", {"t": "a", "p": "(ab{100}){990}"}) is False
    assert evaluate("matches(t, p)", {"t": "a", "p": "(ab{100}){991}"}) is None
