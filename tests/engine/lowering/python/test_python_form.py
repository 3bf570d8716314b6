"""Formulas have the values that `formula` says, interpreted and compiled; and what the source is like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from engine.lowering.python.python_form import PythonForm
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.ruleset.interpret import value_of
from engine.ruleset.ruleset import AS_OF, ListResult
from engine.vocabulary.binding import Value
from engine.vocabulary.vocabulary import DATE, FORMULA_BOUND, TEXT, YES_NO, Kind, Type
from tests.support.handmade_rulesets import GRADE, MONEY, compare, match, named, optional, required, ruleset, whole
from tests.support.random_formulas import days
from tests.support.random_rulesets import HERE

BIG = Type(Kind.NUMBER, scale=0, low=-FORMULA_BOUND, high=FORMULA_BOUND)
A, B = optional("a", BIG), optional("b", BIG)
P, Q = optional("p", YES_NO), optional("q", YES_NO)
T, D = optional("t", TEXT), optional("d", DATE)

Given = Mapping[str, Value]


def number(scale: int) -> Type:
    return Type(Kind.NUMBER, scale=scale, low=-FORMULA_BOUND, high=FORMULA_BOUND)


def rescale(mode: str, decimals: int = -1) -> Formula:
    operand = optional("a", number(1))
    return f.Rescale(number(1 + decimals), operand, mode, nullable=True)


def text_call(function: str, *parts: Formula) -> Formula:
    return f.FunctionCall(TEXT, function, parts, nullable=True)


def text(value: str) -> Constant:
    return Constant(TEXT, value, nullable=False)


def part(name: str) -> Formula:
    return f.DatePart(BIG, name, D, nullable=True)


def of_a(formula: Formula, pairs: Iterable[tuple[int, int]]) -> list[tuple[Formula, Given, Value]]:
    return [(formula, {"a": a}, expected) for a, expected in pairs]


def of_p_and_q(
    formula: Formula, truth_table: Iterable[tuple[bool | None, bool | None, bool | None]]
) -> list[tuple[Formula, Given, Value]]:
    return [(formula, {"p": p, "q": q}, expected) for p, q, expected in truth_table]


QUOTIENT = f.Quotient(BIG, A, B, 0, nullable=True)
CASES: list[tuple[Formula, Given, Value]] = [
    (f.Sum(BIG, A, B, nullable=True), {"a": 2, "b": -3}, -1),
    (f.Sum(BIG, A, B, nullable=True), {"a": 3, "b": 1}, 4),
    (f.Sum(BIG, A, B, nullable=True), {"a": None, "b": 1}, None),
    (f.Difference(BIG, A, B, nullable=True), {"a": 2, "b": -3}, 5),
    (f.Product(BIG, A, B, nullable=True), {"a": 10**19, "b": 10**18}, 10**37),
    (QUOTIENT, {"a": 5, "b": 2}, 2),
    (QUOTIENT, {"a": 7, "b": 2}, 4),
    (QUOTIENT, {"a": -5, "b": 2}, -2),
    (QUOTIENT, {"a": 5, "b": -2}, -2),
    (QUOTIENT, {"a": -7, "b": -2}, 4),
    (QUOTIENT, {"a": 1, "b": 0}, None),
    (QUOTIENT, {"a": None, "b": 0}, None),
    (f.Quotient(number(12), A, whole(3), 12, nullable=True), {"a": 2}, 666_666_666_667),
    (f.Quotient(BIG, A, whole(0), 0, nullable=True), {"a": 2}, None),
    (f.Modulo(BIG, A, B, nullable=True), {"a": 12, "b": -5}, -3),
    (f.Modulo(BIG, A, B, nullable=True), {"a": -12, "b": 5}, 3),
    (f.Modulo(BIG, A, B, nullable=True), {"a": 12, "b": 0}, None),
    *of_a(rescale("half_even"), ((25, 2), (35, 4), (-25, -2), (26, 3))),
    *of_a(rescale("half_up"), ((25, 3), (-25, -3), (24, 2))),
    *of_a(rescale("half_down"), ((25, 2), (-25, -2), (26, 3))),
    *of_a(rescale("up"), ((21, 3), (-21, -3), (20, 2))),
    *of_a(rescale("down"), ((29, 2), (-29, -2))),
    *of_a(rescale("floor"), ((29, 2), (-21, -3))),
    *of_a(rescale("ceiling"), ((21, 3), (-29, -2))),
    (rescale("half_even", 2), {"a": 25}, 2_500),
    (f.Absolute(BIG, A, nullable=True), {"a": -4}, 4),
    (f.Least(BIG, (A, B, whole(3)), nullable=True), {"a": 7, "b": 5}, 3),
    (f.Least(BIG, (A, B), nullable=True), {"a": 7, "b": None}, None),
    (f.Greatest(BIG, (A,), nullable=True), {"a": 7}, 7),
    (compare(A, "!=", B), {"a": 1, "b": None}, None),
    (compare(A, "<", B), {"a": 2**63, "b": 2**63 + 1}, True),
    (f.MemberOf(YES_NO, A, (1, 2), nullable=True), {"a": 2}, True),
    (f.MemberOf(YES_NO, A, (), nullable=True), {"a": 2}, False),
    (f.MemberOf(YES_NO, T, ("{a}", "it's"), nullable=True), {"t": "it's"}, True),
    *of_p_and_q(
        f.All(YES_NO, (P, Q), nullable=True),
        ((True, True, True), (True, None, None), (None, False, False), (None, None, None)),
    ),
    *of_p_and_q(
        f.Any(YES_NO, (P, Q), nullable=True),
        ((False, False, False), (False, None, None), (None, True, True), (None, None, None)),
    ),
    (f.All(YES_NO, (), nullable=False), {}, True),
    (f.Any(YES_NO, (), nullable=False), {}, False),
    (f.Not(YES_NO, P, nullable=True), {"p": None}, None),
    (f.IsNull(YES_NO, QUOTIENT, nullable=False), {"a": 1, "b": 0}, True),
    (f.IsTrue(YES_NO, f.All(YES_NO, (P, Q), nullable=True), nullable=False), {"p": True, "q": None}, False),
    (f.IsTrue(YES_NO, f.Any(YES_NO, (P, Q), nullable=True), nullable=False), {"p": True, "q": None}, True),
    (f.If(BIG, P, A, B, nullable=True), {"p": True, "a": 1, "b": None}, 1),
    (f.If(BIG, P, A, B, nullable=True), {"p": False, "a": 1, "b": None}, None),
    (f.If(BIG, P, A, B, nullable=True), {"p": None, "a": 1, "b": 1}, None),
    (f.AddMonths(DATE, D, A, nullable=True), {"d": days(2024, 1, 31), "a": 1}, days(2024, 2, 29)),
    (f.AddMonths(DATE, D, A, nullable=True), {"d": days(2026, 1, 31), "a": 1}, days(2026, 2, 28)),
    (f.AddMonths(DATE, D, A, nullable=True), {"d": days(2000, 3, 31), "a": -13}, days(1999, 2, 28)),
    (f.AddMonths(DATE, D, A, nullable=True), {"d": days(1999, 12, 31), "a": 2}, days(2000, 2, 29)),
    (f.AddMonths(DATE, D, A, nullable=True), {"d": days(2099, 12, 31), "a": 2}, days(2100, 2, 28)),
    (part("year"), {"d": days(2026, 11, 22)}, 2026),
    (part("month"), {"d": days(2026, 11, 22)}, 11),
    (part("day"), {"d": days(2026, 11, 22)}, 22),
    (part("weekday"), {"d": days(2026, 11, 22)}, 7),
    (part("weekday"), {"d": days(1969, 12, 29)}, 1),
    (text_call("string length", T), {"t": "等级A"}, 3),
    (text_call("upper case", T), {"t": "straße"}, "STRASSE"),
    (text_call("lower case", T), {"t": None}, None),
    (text_call("contains", T, text("'")), {"t": "it's"}, True),
    (text_call("starts with", T, text("it")), {"t": "it's"}, True),
    (text_call("ends with", T, text("it")), {"t": "it's"}, False),
    (text_call("substring", T, whole(2)), {"t": "abc"}, "bc"),
    (text_call("substring", T, whole(-2), whole(1)), {"t": "abc"}, "b"),
    (text_call("substring", T, whole(4)), {"t": "abc"}, ""),
    (text_call("substring", T, whole(-4)), {"t": "abc"}, ""),
    (text_call("concatenation", T, text('"{}')), {"t": "x"}, 'x"{}'),
]


@pytest.mark.parametrize(("formula", "variables", "expected"), CASES)
def test_a_formula_has_its_value_interpreted_and_compiled(formula: Formula, variables: Given, expected: Value) -> None:
    types = {"a": BIG, "b": BIG, "p": YES_NO, "q": YES_NO, "t": TEXT, "d": DATE}
    given = {name: variables.get(name) for name in types}
    form = PythonForm(ruleset(types, {}, [named("v", formula)], optional=list(types)))
    matched = form.match(tuple(given.values()), 0)
    interpreted = value_of(formula, given)
    assert (interpreted, type(interpreted)) == (expected, type(expected))
    assert (matched.values[form.slots["v"]], type(matched.values[form.slots["v"]])) == (expected, type(expected))
    assert form.function(formula)(matched.values) == expected


def test_values_stand_by_slot_and_matches_are_rows_then_rules() -> None:
    row = match("p.t#1", compare(required("a"), ">", 1))
    listed = ListResult(name="p.all", entries=(("p.t#1", whole(7)),), element=whole(0).type, title=None, place=HERE)
    form = PythonForm(ruleset({"a": whole(0).type}, {"p.r": [required("p.t#1", YES_NO)]}, [row, listed]))
    assert dict(form.slots) == {"a": 0, AS_OF: 1, "p.t#1": 2, "p.all": 3}
    assert form.matches == ("p.t#1", "p.r")
    assert form.match((2,), 20_000)[:3] == ([2, 20_000, True, (7,)], [0, 1], [])
    assert form.match((1,), 20_000)[:3] == ([1, 20_000, False, ()], [], [])


def test_a_list_is_null_when_a_row_is_undetermined_and_the_rule_that_reads_the_row_too() -> None:
    rows = [match("p.t#1", compare(optional("a"), ">", 1)), match("p.t#2")]
    listed = ListResult(
        name="p.all",
        entries=(("p.t#1", whole(7)), ("p.t#2", whole(8))),
        element=whole(0).type,
        title=None,
        place=HERE,
    )
    rules = {"p.r": [optional("p.t#1", YES_NO)]}
    form = PythonForm(ruleset({"a": whole(0).type}, rules, [*rows, listed], optional=["a"]))
    assert form.match((None,), 0)[:3] == ([None, 0, None, True, None], [1], [0, 2])
    assert form.match((2,), 0)[:3] == ([2, 0, True, True, (7, 8)], [0, 1, 2], [])


def test_operands_that_are_always_known_cost_no_null_test() -> None:
    total = f.Sum(MONEY, required("a", MONEY), required("b", MONEY), nullable=False)
    form = PythonForm(ruleset({"a": MONEY, "b": MONEY}, {"p.r": [compare(total, ">", 5)]}))
    assert "None" not in form.source


def test_what_is_said_twice_is_computed_once() -> None:
    product = f.Product(number(4), required("a", MONEY), required("b", MONEY), nullable=False)
    total = f.Sum(number(4), product, product, nullable=False)
    rules = {"p.r": [compare(total, ">", 5)], "p.s": [compare(total, "<", 3)]}
    form = PythonForm(ruleset({"a": MONEY, "b": MONEY}, rules))
    assert form.source.count("f0 * f1") == 1


def test_text_of_authors_gets_into_the_source_only_as_the_repr_of_a_constant() -> None:
    hostile = "'); raise SystemExit('\n\\"
    rules = {f"p.{hostile}": [compare(required(f"order.{hostile}", TEXT), "=", hostile)]}
    form = PythonForm(ruleset({f"order.{hostile}": TEXT}, rules))
    assert form.match((hostile,), 0).fired == [0]
    assert hostile not in form.source
    assert repr(hostile) in form.source


def test_a_grade_the_fact_does_not_declare_matches_no_grade() -> None:
    grade = required("g", GRADE)
    form = PythonForm(ruleset({"g": GRADE}, {"p.r": [compare(grade, "=", "A")]}))
    assert form.match(("Z",), 0).asserted == ((-1,),)


def test_a_thousand_rules_and_a_sum_of_a_thousand_terms_are_lowered() -> None:
    total: Formula = required("a", BIG)
    for term in range(1_000):
        total = f.Sum(BIG, total, f.If(BIG, compare(A, ">", term), whole(term), whole(0), nullable=True), nullable=True)
    rules = {f"p.r{i}": [compare(required("a", BIG), ">", i), compare(A, "<", i)] for i in range(1_000)}
    form = PythonForm(ruleset({"a": BIG}, rules, [named("p.total", total)], optional=["a"]))
    assert form.match((10,), 0).values[form.slots["p.total"]] == 10 + sum(range(10))
