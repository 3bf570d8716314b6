"""What the Rete networks are given, and that they tell failing from finding nothing."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from engine.lowering import conditions
from engine.lowering.conditions import NetworkCondition, field_name
from engine.lowering.python.python_form import PythonForm
from engine.lowering.rete import rete_form
from engine.lowering.rete.rete_form import ReteForm
from engine.lowering.rete.rete_network import ReteError, ReteNetwork
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.vocabulary import TEXT, YES_NO, Kind, Type
from tests.support.handmade_rulesets import GRADE, MONEY, WHOLE, compare, match, optional, required, ruleset
from tests.support.random_rulesets import AWKWARD_TEXTS, facts_near_thresholds, random_ruleset

INT64 = Type(Kind.INTEGER, scale=0, low=-(2**63), high=2**63 - 1)
NEARLY_INT64 = Type(Kind.INTEGER, scale=0, low=-(2**63) + 1, high=2**63 - 1)

A, N = required("a"), optional("n")
G, Y = optional("g", GRADE), optional("y", YES_NO)
X, T = required("x", INT64), required("t", TEXT)
NULL_OF_N = -(10**9) - 1


def both(ruleset: RuleSet) -> tuple[PythonForm, ReteForm]:
    form = PythonForm(ruleset)
    return form, ReteForm(form.groups)


def fires(formula: Formula, types: dict[str, Type], facts: tuple[int | str | None, ...]) -> bool:
    form, rete = both(ruleset(types, {"p.r": [formula]}))
    return rete.match(form.match(facts, 0).asserted) == [0]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (compare(A, ">", 5), [(A, ">", 5)]),
        (compare(Constant(WHOLE, 5, nullable=False), ">", A), [(A, "<", 5)]),
        (compare(A, "!=", 5), [(A, "!=", 5)]),
        (compare(N, ">", 5), [(N, ">", 5)]),
        (compare(N, "<", 5), [(N, "<", 5), (N, ">", NULL_OF_N)]),
        (compare(N, "!=", 5), [(N, "!=", 5), (N, ">", NULL_OF_N)]),
        (compare(N, ">", -(2**40)), [(N, ">", -(2**40)), (N, ">", NULL_OF_N)]),
        (compare(G, "=", "C"), [(G, "=", 2)]),
        (f.MemberOf(YES_NO, G, ("C", "B"), nullable=True), [(G, ">=", 1), (G, "<=", 2)]),
        (Y, [(Y, "=", 1)]),
        (f.Not(YES_NO, Y, nullable=True), [(Y, "=", 0)]),
        (f.IsNull(YES_NO, N, nullable=False), [(N, "=", NULL_OF_N)]),
        (f.Not(YES_NO, f.IsNull(YES_NO, N, nullable=False), nullable=False), [(N, ">", NULL_OF_N)]),
        (
            f.IsTrue(YES_NO, f.All(YES_NO, (Y, compare(A, "<", 5)), nullable=True), nullable=False),
            [(Y, "=", 1), (A, "<", 5)],
        ),
    ],
)
def test_plain_comparisons_are_left_to_the_network(formula: Formula, expected: list[tuple[Formula, str, int]]) -> None:
    assert conditions.conditions(match("p.r", formula)) == tuple(NetworkCondition(*parts) for parts in expected)


@pytest.mark.parametrize(
    "formula",
    [
        compare(T, "=", "5"),
        compare(A, ">", N),
        compare(A, ">", 2**63),
        compare(X, ">", 5),  # its least value leaves no int64 for null
        compare(G, "=", "no such grade"),
        compare(N, "=", Constant(WHOLE, None, nullable=True)),
        f.MemberOf(YES_NO, G, ("A", "C"), nullable=True),
        f.Any(YES_NO, (Y, compare(A, ">", 5)), nullable=True),
        f.Not(YES_NO, compare(A, ">", 5), nullable=False),
    ],
)
def test_everything_else_is_computed_beforehand(formula: Formula) -> None:
    assert conditions.conditions(match("p.r", formula)) == (NetworkCondition(formula, "=", 1),)


@pytest.mark.parametrize(
    "value", [-(2**63) + 1, -(2**63) + 2, -(2**53) - 1, -1, 0, 2**53, 2**53 + 1, 2**63 - 2, 2**63 - 1]
)
def test_integers_up_to_the_ends_of_int64_compare_exactly(value: int) -> None:
    """Natively where they fit; whoever says ±2**63 itself gets a flag that was computed beforehand."""
    for type_ in (NEARLY_INT64, INT64):
        variable = required("x", type_)
        for operator, offsets in {"=": (0,), "<": (1,), ">": (-1,), ">=": (0, -1), "<=": (0, 1), "!=": (-1, 1)}.items():
            for offset in (-1, 0, 1):
                fired = fires(compare(variable, operator, value + offset), {"x": type_}, (value,))
                assert fired is (offset in offsets), (type_, operator, offset)


def test_a_match_without_conjuncts_fires() -> None:
    form, rete = both(ruleset({"a": WHOLE}, {"p.r": [], "p.s": [compare(A, ">", 1)]}))
    assert rete.match(form.match((0,), 0).asserted) == [0]


def test_networks_hold_at_most_59_rules_and_120_subjects_each_in_match_order() -> None:
    many = {f"f{i}": WHOLE for i in range(400)}
    wide: list[Formula] = [compare(required(name), ">", 0) for name in many]
    rules: dict[str, list[Formula]] = {f"p.r{i}": wide[3 * i : 3 * i + 5] for i in range(130)}
    form, rete = both(ruleset(many, rules | {"p.all": [*wide]}))
    assert [len(group.matches) <= 59 for group in form.groups] == [True] * len(form.groups)
    assert all(len(group.numbers) + len(group.flags) <= 120 for group in form.groups)
    assert [index for group in form.groups for index in group.matches] == list(range(131))
    assert rete.match(form.match((1,) * 400, 0).asserted) == list(range(131))
    assert rete.match(form.match((1,) * 399 + (0,), 0).asserted) == list(range(130))


def test_no_text_of_an_author_or_a_request_gets_into_the_networks() -> None:
    """Facts are ASCII JSON with our own field names and integers, whatever the rules and the request contain."""
    fact_json = re.compile(r'\{"sid":"1","id":1(,"[a-y][A-Y]?":-?[0-9]{1,19})*\}', re.ASCII)
    for seed in range(30):
        rules = random_ruleset(seed)
        form = PythonForm(rules)
        for facts, as_of in facts_near_thresholds(rules, seed, 20):
            for group, asserted in zip(form.groups, form.match(facts, as_of).asserted, strict=True):
                network = rete_form.network(group)
                assert fact_json.fullmatch(network.template % asserted), network.template % asserted
                network.close()


def test_awkward_texts_neither_match_nor_break_anything() -> None:
    rules: dict[str, list[Formula]] = {f"p.r{i}": [compare(T, "=", text)] for i, text in enumerate(AWKWARD_TEXTS)}
    form, rete = both(ruleset({"t": TEXT}, rules))
    for index, text in enumerate(AWKWARD_TEXTS):
        assert rete.match(form.match((text,), 0).asserted) == [index]


def test_field_names_differ_for_durable_rules_which_compares_only_their_hashes() -> None:
    names = [field_name(index) for index in range(600)]
    hashes = {fnv_1a(name) for name in [*names, "id", "sid", "z", "$s"]}
    assert len(hashes) == 604


def fnv_1a(text: str) -> int:
    hashed = 0x811C9DC5
    for byte in text.encode():
        hashed = (hashed ^ byte) * 16_777_619 & 0xFFFFFFFF
    return hashed


def test_a_failure_is_an_error_and_not_an_empty_answer_and_the_next_decision_is_right() -> None:
    form, rete = both(ruleset({"a": WHOLE}, {"p.r": [compare(A, ">", 1)]}))
    matched = form.match((2,), 0)
    for broken in ((None,), (2, 3), (), ("x",)):
        with pytest.raises(ReteError):
            rete.match((broken,))  # type: ignore[arg-type]  # on purpose
        assert rete.match(matched.asserted) == [0]


def test_a_fact_that_is_not_json_is_an_error_and_the_next_decision_is_right() -> None:
    network = ReteNetwork([(7, [(0, ">", 1), (1, "=", 1)])], 1, 1)
    for flag in (',"b":1e-05', ',"b":1e16', ',"b":1e400', ',"b":inf', ',"b":', ',"b"', '"'):
        with pytest.raises(ReteError):
            network.match((2, flag))
        assert network.match((2, ',"b":1')) == [7]


def test_a_closed_form_does_not_answer() -> None:
    form, rete = both(ruleset({"a": WHOLE}, {"p.r": [compare(A, ">", 1)]}))
    [network] = rete._networks
    rete.close()
    rete.close()
    with pytest.raises(ReteError):
        network.match(form.match((2,), 0).asserted[0])
    with pytest.raises(ValueError, match="longer"):
        rete.match(form.match((2,), 0).asserted)


def test_money_beyond_53_bits_is_told_apart() -> None:
    form, rete = both(ruleset({"m": MONEY}, {"p.r": [compare(required("m", MONEY), ">", 10**15 - 1)]}))
    assert [rete.match(form.match((10**15 - step,), 0).asserted) for step in (0, 1)] == [[0], []]


def test_groups_are_even() -> None:
    rules = {f"p.r{i}": [compare(A, ">", i)] for i in range(100)}
    form = PythonForm(ruleset({"a": WHOLE}, rules))
    assert [group.matches[0] for group in form.groups] == [0, 50]
    assert all(low + 1 == high for group in form.groups for low, high in pairwise(group.matches))


def test_equalities_stand_first_then_what_most_rules_test() -> None:
    def rules(*texts: str) -> list[list[NetworkCondition]]:
        return [
            [NetworkCondition(required(name), operator, int(number)) for name, operator, number in map(str.split, text)]
            for text in (text.split(", ") for text in texts)
        ]

    given = rules("c < 3, a > 1, b = 2", "c < 3, a <= 4, b != 2", "a > 1")
    assert rete_form.shared_first(given) == rules("b = 2, a > 1, c < 3", "a <= 4, c < 3, b != 2", "a > 1")
