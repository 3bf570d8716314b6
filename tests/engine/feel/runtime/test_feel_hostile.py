"""Expressions made to run long, deep or large end soon, most of them as null, and rules that hold for any values."""

from __future__ import annotations

import datetime
import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feel.parse import FeelSyntaxError, parse_expression, parse_unary_tests
from engine.feel.runtime import evaluate
from engine.feel.runtime.temporal import DaysDuration, MonthsDuration, read_duration
from engine.feel.runtime.values import both, compared, either, equal, negated

DOUBLED = ", ".join(f"{chr(98 + i)}: concatenate({chr(97 + i)}, {chr(97 + i)})" for i in range(24))
JOINED = ", ".join(f"{chr(98 + i)}: {chr(97 + i)} + {chr(97 + i)}" for i in range(24))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000_000,
        "9.9 ** 999999999",
        "(10 ** 10) ** (10 ** 10)",
        "exp(999999999999)",
        "1e6000 * 1e6000",
        'duration("P1D") * 1e6000',
        "for i in 1..10 ** 12 return i",
        "for a in 1..10000, b in 1..10000 return a",
        "some a in 1..10 ** 9 satisfies a < 0",
        "{f: function(n) f(n), x: f(1)}.x",
        "(function(f) f(f))(function(f) f(f))",
        f"{{a: [1, 2, 3], {DOUBLED}}}",
        f'{{a: "abc", {JOINED}}}.y',
        'matches("' + "a" * 50_000 + '", "(a|aa)+$b")',
        'matches("' + "x" * 5_000 + r'y", "(x+x+)+y\1")',
        'matches("' + "a" * 20_000 + '", "a*a*a*a*a*b|c")',
        'replace("' + "x" * 5_000 + r'y", "(x+x+)+y\1", "-")',
        'split("' + "x" * 5_000 + r'y", "(x+x+)+y\1")',
        'for i in 1..100000 return matches("' + "x" * 5_000 + r'y", "(x+x+)+y\1")',
        'matches("a", "((((a{1000}){1000}){1000}){1000})")',
        'matches("a", "' + "(?:" * 60 + "a" + "){2}" * 60 + '")',
        'matches("a", "a{1000000000}")',
        'matches("a", "[' + r"\w\W" * 240 + ']")',
        'replace("' + "a" * 10_000 + '", "a", "' + "b" * 10_000 + '")',
        'matches("a", "' + "(" * 900 + '")',
        '@"P' + "9" * 10_000 + 'Y"',
    ],
    ids=lambda text: text[:40],
)
def test_ends_soon_and_is_null(text: str) -> None:
    begun = time.process_time()
    assert evaluate(text, {}) is None
    assert time.process_time() - begun < 20  # seconds of the processor; the slowest takes about 1


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('matches("' + "a" * 5_000 + '", "^(a+)+$")', True),
        ('matches("' + "a" * 5_000 + '", "^a*a*a*a*b$")', False),
        ('matches("' + "a" * 40 + '", "' + "a?" * 40 + "a{40}" + '")', True),
        ('matches("aaa", "(a?|b?){50}c")', False),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_a_pattern_with_many_ways_to_match_ends_soon_with_its_answer(text: str, answer: bool) -> None:
    begun = time.process_time()
    assert evaluate(text, {}) is answer
    assert time.process_time() - begun < 20  # seconds of the processor


PATTERN = st.lists(
    st.sampled_from([*"ab-^$.|?*+(){}[],1&~\\ ", "(?:", "{2}", "{1,2}", "[a-c]", "[^a]", "-[b]", "(a)"])
    | st.sampled_from(["\\d", "\\w", "\\i", "\\1", "\\p{Lu}", "\\P{IsGreek}", "\\b", "\\-"]),
    max_size=12,
).map("".join)


@settings(deadline=None)  # a shared machine may stall
@given(PATTERN, st.text(alphabet="aAbB1 -\n", max_size=12), st.text(alphabet="smixq", max_size=2))
def test_any_pattern_is_matched_or_null(pattern: str, text: str, flags: str) -> None:
    context = {"t": text, "p": pattern, "f": flags}
    assert evaluate("matches(t, p, f)", context) in (True, False, None)
    assert isinstance(evaluate('replace(t, p, "-", f)', context), str | None)
    assert isinstance(evaluate("split(t, p)", context), list | None)


@settings(deadline=None)  # a shared machine may stall
@given(st.text(alphabet="ab1.+-*/()[]{}<>=!,:\"@? \n'and or in if then else not", max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    for parse in (parse_expression, parse_unary_tests):
        try:
            parse(text)
        except FeelSyntaxError as error:
            assert 0 <= error.offset <= len(text)
            assert error.message
            assert not error.message.endswith(".")
    evaluate(text, {"a": 1})


numbers = st.decimals(min_value=-(10**12), max_value=10**12, places=6)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    st.text(max_size=5),
    st.dates(),
    st.integers(-1000, 1000).map(MonthsDuration),
    numbers.map(DaysDuration),
)
truths = st.sampled_from([True, False, None])


@settings(deadline=None)  # a shared machine may stall
@given(numbers, st.decimals(min_value=-(10**6), max_value=10**6, places=6))
def test_sums_and_products_of_money_are_exact(a: Decimal, b: Decimal) -> None:
    assert evaluate("a + b - b = a", {"a": a, "b": b}) is True
    product = evaluate("a * b", {"a": a, "b": b})
    assert isinstance(product, Decimal)
    assert Fraction(product) == Fraction(a) * Fraction(b)


@settings(deadline=None)  # a shared machine may stall
@given(scalars, scalars)
def test_order_is_never_two_ways_at_once(a: object, b: object) -> None:
    assert equal(a, a) is True
    assert equal(a, b) is equal(b, a)
    assert compared("<", a, b) is compared(">", b, a)
    assert compared("<=", a, b) is negated(compared(">", a, b))


@settings(deadline=None)  # a shared machine may stall
@given(truths, truths)
def test_de_morgan_holds_with_null(a: bool | None, b: bool | None) -> None:
    assert negated(both(a, b)) is either(negated(a), negated(b))
    assert evaluate("not(a and b) = (not(a) or not(b))", {"a": a, "b": b}) is True


@settings(deadline=None)  # a shared machine may stall
@given(numbers, numbers, numbers)
def test_between_and_a_closed_range_agree(x: Decimal, low: Decimal, high: Decimal) -> None:
    context = {"x": x, "low": low, "high": high}
    assert evaluate("x between low and high", context) is evaluate("x in [low..high]", context)


@settings(deadline=None)  # a shared machine may stall
@given(st.integers(-(10**6), 10**6), st.integers(-(10**9), 10**9))
def test_a_duration_is_read_back_from_its_text(months: int, seconds: int) -> None:
    for duration in (MonthsDuration(months), DaysDuration(Decimal(seconds))):
        assert read_duration(str(duration)) == duration


@settings(deadline=None)  # a shared machine may stall
@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 1, 1)), st.integers(-30_000, 30_000))
def test_adding_days_and_taking_the_difference_are_inverse(date: datetime.date, days: int) -> None:
    assert evaluate('(date + @"P1D" * days - date).days', {"date": date, "days": days}) == days


@settings(deadline=None)  # a shared machine may stall
@given(numbers, st.integers(0, 6))
def test_rounding_to_a_scale_is_within_its_last_place(n: Decimal, scale: int) -> None:
    context = {"n": n, "s": scale}
    step = Decimal(1).scaleb(-scale)
    for function in ("decimal", "floor", "ceiling", "round up", "round down", "round half up", "round half down"):
        rounded = evaluate(f"{function}(n, s)", context)
        assert isinstance(rounded, Decimal)
        assert abs(rounded - n) < step
