"""Policies with mistakes beside the diagnostics they must give; sound ones beside what they mean."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Place
from engine.feel import syntax
from engine.reading.document import read
from engine.reading.policy import Expression, Policy
from engine.reading.policy_file import read_policy
from engine.vocabulary.text import Text
from tests.support.mistakes import Mistake, assert_diagnostics, each_mistake, mistakes_in
from tests.support.paths import ROOT

CODES = {code for code in ErrorCode if code[0] in "PF"} - {ErrorCode.P000}
MISTAKES = Path(__file__).parent / "mistakes"
FILES = [MISTAKES / name for name in ("policies.txt", "policy_heads.txt", "cells.txt")]
HEAD = "policy: orders\ntitle: {en: Orders, zh: 订单}\ndecides: order\n"
"""What stands above each of the texts below, which begin at line 4."""

REASON = "{en: a, zh: b}"


def diagnostics(text: str) -> tuple[str, ...]:
    document, mistakes = read(text, "rules/p.yaml")
    assert document and not mistakes
    return tuple(str(found).removeprefix("rules/p.yaml:").replace(": ", " ", 1) for found in read_policy(document)[1])


def policy(text: str) -> Policy:
    document, mistakes = read(HEAD + text, "p.yaml")
    assert document and not mistakes
    found, mistakes = read_policy(document)
    assert not mistakes
    assert found
    return found


@each_mistake(*FILES)
def test_all_that_is_wrong_with_a_policy_is_said_where_it_stands(mistake: Mistake) -> None:
    document, _ = read(mistake.text, "p.yaml")
    assert document
    assert_diagnostics(mistake, read_policy(document)[1], "p.yaml")


def test_all_mistakes_come_at_once_and_in_order() -> None:
    text = "".join(text for text in ("values: {a: 1 +}\n", "rules: {A: {when: true}}\n", "tabel: 1\n"))
    assert [line.split()[1] for line in diagnostics(HEAD + text)] == ["F001", "P002", "P002", "P004", "P001"]


def test_every_code_is_explained_and_every_explained_code_is_tested() -> None:
    pages = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    assert [code for code in CODES if f"### {code} " not in pages] == []
    tested = {code for file in FILES for mistake in mistakes_in(file) for code in mistake.codes}
    elsewhere = {code for code in CODES if code.startswith(("P03", "P04"))}  # test_read_vocabulary, test_read_cases
    elsewhere -= {ErrorCode.P033, ErrorCode.P036, ErrorCode.P046}
    assert CODES - tested == elsewhere


def test_an_unfit_output_name_is_said_once_a_table() -> None:
    rows = "".join("    - {when: {}, then: {order: 1, a: 1}}\n" for _ in range(5))
    assert len(diagnostics(f"{HEAD}table:\n  rows:\n{rows}")) == 1


def test_rules_with_mistakes_are_left_out_so_that_the_rest_can_be_checked() -> None:
    rules = (
        f"rules:\n  a: {{when: true, then: hold, reason: {REASON}}}\n  b: {{when: x >, then: hold, reason: {REASON}}}\n"
    )
    document, _ = read(HEAD + rules, "p.yaml")
    assert document
    found, mistakes = read_policy(document)
    assert found and list(found.rules) == ["a"]
    assert len(mistakes) == 1


# --- what sound parts mean -------------------------------------------------------------------------------------------


def test_parameters_in_all_three_forms() -> None:
    found = policy(
        "parameters:\n  a: 3\n  b: {2026-01-01: 0.10, 2026-07-01: 0.05}\n"
        "  c: {type: money, title: {en: C, zh: 丙}, note: {en: n, zh: n}, values: {2026-01-01: 50}}\n"
        "  d: {type: date, value: 2026-03-01}\n"
    ).parameters
    assert [value.value for value in found["a"].values] == [Decimal(3)]
    assert found["a"].values[0].since is None
    assert [(value.since, value.value) for value in found["b"].values] == [
        (date(2026, 1, 1), Decimal("0.10")),
        (date(2026, 7, 1), Decimal("0.05")),
    ]
    assert found["c"].title == Text("C", "丙")
    assert found["c"].type and found["c"].type.word == "money"
    assert found["d"].values[0].value == "2026-03-01"


def test_members_are_a_list_or_have_titles_and_alone_make_an_enum() -> None:
    titled = "{x: {en: X, zh: 甲}, net 30, 'y': }"
    found = policy(
        f"parameters:\n  a: {{type: enum, members: [x], value: x}}\n  b: {{members: {titled}, value: x}}\n"
        f"values: {{c: {{formula: a, type: {{type: enum, members: {titled}}}}}}}\n"
        f"table: {{outputs: {{d: {{members: {titled}}}}}, rows: [{{when: {{}}, then: {{d: net 30}}}}]}}\n"
    )
    plain = found.parameters["a"].type
    assert plain and (plain.members, plain.titles) == (("x",), ())
    for type_ in (found.parameters["b"].type, found.values["c"].type, found.tables["table"].outputs[0].type):
        assert type_ and type_.word == "enum"
        assert type_.members == ("x", "net 30", "y")
        assert type_.titles == (("x", Text("X", "甲")),)


def cell(text: str) -> Expression:
    return (
        policy(f"table: {{rows: [{{when: {{x: {text}}}, then: {{a: 1}}}}]}}\n").tables["table"].rows[0].cells[0].tests
    )


def tree_of(text: str) -> syntax.UnaryTests:
    tree = cell(text).tree
    assert isinstance(tree, syntax.UnaryTests)
    return tree


@pytest.mark.parametrize(
    ("plain", "feel"),
    [
        ("5", "'5'"),
        ("-5", "'-5'"),
        ("true", "'true'"),
        ("null", "'null'"),
        ("-", "'-'"),
        ("A", "'A'"),
        ("[A, B]", "'A, B'"),
    ],
)
def test_a_plain_cell_means_the_same_as_its_feel(plain: str, feel: str) -> None:
    assert cell(plain).tree == cell(feel).tree


def test_a_tilde_is_null() -> None:
    assert isinstance(tree_of("~").tests[0], syntax.Null)


def test_each_item_of_a_list_keeps_its_place() -> None:
    found = cell('[A, "> 5", null, "not(B, C)"]')
    assert isinstance(found.tree, syntax.UnaryTests)
    kinds = [type(test) for test in found.tree.tests]
    assert kinds == [syntax.Name, syntax.Interval, syntax.Null, syntax.Call]
    assert [found.place_of(test).column for test in found.tree.tests] == [28, 32, 38, 45]
    assert [found.text_of(test) for test in found.tree.tests] == ["A", "> 5", "null", "not(B, C)"]


def test_not_among_alternatives_denies_only_its_own_tests() -> None:
    call = tree_of('[A, "not(B)"]').tests[1]
    assert isinstance(call, syntax.Call)
    inner = call.arguments[0]
    assert isinstance(inner, syntax.In)
    assert inner.value == syntax.Name(name="?", start=call.start, end=call.end)
    assert not inner.tests.negated


def test_outputs_are_literals_words_formulas_or_null() -> None:
    row = policy('table: {rows: [{when: {}, then: {a: 1, b: 2/10 net 60, c: "= x * 2", d: null, e: true}}]}\n')
    cells = {cell.name: cell.content for cell in row.tables["table"].rows[0].outputs}
    formula = cells.pop("c")
    assert cells == {"a": Decimal(1), "b": "2/10 net 60", "d": None, "e": True}
    assert isinstance(formula, Expression)
    assert formula.text == "x * 2"
    assert formula.place == Place("p.yaml", 4, 62)


def test_templates_keep_text_and_formulas_apart() -> None:
    text = 'a {{b}} {if x = "}" then {c: 1}.c else 2} d{y}'
    rule = policy(f"rules: {{r: {{when: true, then: hold, reason: {{en: '{text}', zh: 无}}}}}}\n").rules["r"]
    parts = dict(rule.reason.by_language)["en"].parts
    assert [part if isinstance(part, str) else part.text for part in parts] == [
        "a {b} ",
        'if x = "}" then {c: 1}.c else 2',
        " d",
        "y",
    ]
    assert dict(rule.reason.by_language)["zh"].parts == ("无",)


def test_conditions_remedy_and_if_missing() -> None:
    rule = policy(
        "rules: {r: {when: [x > 1, true], then: approve_with_conditions, if_missing: ignore, title: {en: t, zh: t}, "
        "reason: {en: a, zh: b}, remedy: {en: c, zh: d}, conditions: {deposit: order.amount * 0.3, days: 5}}}\n"
    ).rules["r"]
    assert len(rule.when) == 2
    assert rule.if_missing and rule.if_missing.text == "ignore"
    assert rule.remedy and dict(rule.remedy.by_language)["en"].parts == ("c",)
    assert [condition.name for condition in rule.conditions] == ["deposit", "days"]


def test_a_table_without_a_hit_policy_is_unique() -> None:
    table = policy("table: {rows: [{when: {}, then: {a: 1}}]}\n").tables["table"]
    assert table.hit.value == "unique"
    assert [output.name for output in table.outputs] == ["a"]


def test_a_null_band_may_be_written_among_other_tests() -> None:
    found = policy("scorecard: {total: s, criteria: {c: {input: x, bands: {'< 1, null': 0, '>= 1': 5}}}}\n").scorecard
    assert found and [band.points for band in found.criteria[0].bands] == [0, 5]


# --- anything at all -------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["policy", "title", "decides", "parameters", "values", "scorecard", "table", "tables", "rules", "when", "then"]
    + ["reason", "en", "zh", "rows", "hit", "outputs", "type", "members", "order", "formula", "criteria", "bands"]
    + ["input", "total", "conditions", "if_missing", "remedy", "id", "a", "enum", "money", "value", "hold", "orders"]
    + ["'> 5'", "'{x'", "5", "-1.5", "true", "null", "~", "2026-01-01", "priority", "'= 1'", "''", "'x +'", "'-'"]
)
YAML = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(WORDS, inner, max_size=5).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
        ),
    ),
    max_leaves=40,
)
PARTS = st.dictionaries(WORDS, YAML, max_size=9).map(
    lambda entries: "".join(f"{key}: {value}\n" for key, value in entries.items())
)


@settings(max_examples=400, deadline=None)
@given(PARTS, st.booleans())
@example("table: {rows: [{when: {a: ['not(a)', ~]}, then: {a: =}}]}\n", True)
def test_any_yaml_gives_a_policy_or_diagnostics(text: str, headed: bool) -> None:
    document, _ = read(HEAD + text if headed else text, "p.yaml")
    if document is None:
        return
    found, mistakes = read_policy(document)
    assert found is not None or mistakes
    assert {mistake.code for mistake in mistakes} <= CODES


# --- what was meant --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["100, 200", "100,200", "< 10, 500", "[0..1000]", "-5", "(5..10)", "? - 5 > 1", "a - 5", '"10,000", "€5"']
)
def test_a_sound_cell_gives_no_advice(cell: str) -> None:
    policy(f"table: {{rows: [{{when: {{a: '{cell}'}}, then: {{b: 1}}}}]}}\n")
