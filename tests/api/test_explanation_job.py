"""How formulas are shown with values in place of their names, and values that are taken apart once."""

from __future__ import annotations

import pytest

from api.console.decision_pages import DEPTH_MAX, value_tree
from api.explanation_job import ShownCondition, ShownDerivation, ShownInput, ShownRule, ShownStep, filled

READ = [
    ShownInput(name="orders.exposure", title="", value="EUR 63,500.00"),
    ShownInput(name="orders.exposure_after", title="", value="EUR 64,000.00"),
    ShownInput(name="limits.state", title="", value="limited"),
    ShownInput(name="order.amount", title="", value="EUR -1.00"),
]
FORMULAS = {
    "exposure > 5": "63,500.00 > 5",
    "exposure_after - exposure": "64,000.00 - 63,500.00",
    "orders.exposure": "63,500.00",
    'limits.state = "limits.state"': 'limited = "limits.state"',
    "max(order.amount, exposure)": "max(-1.00, 63,500.00)",
    "order.amounts": "order.amounts",
    "exposures": "exposures",
    "": "",
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_shown_with_values_in_it(formula: str) -> None:
    assert filled(formula, READ, "orders") == FORMULAS[formula]


def _step(name: str, *inputs: str) -> ShownStep:
    read = tuple(ShownInput(name=each, title=each, value="1") for each in inputs)
    return ShownStep(
        name=name, title=name, value="1", place="", formula="f", filled="f", inputs=read, rows=(), missing=()
    )


def _rule(*names: str) -> ShownRule:
    inputs = tuple(ShownInput(name=each, title=each, value="1") for each in names)
    condition = ShownCondition(text="", filled="", holds=True, inputs=inputs)
    return ShownRule(
        id="p.r", title="", place="", fired=True, effect="hold", is_decisive=True, conditions=(condition,), missing=(),
        source=(),
    )  # fmt: skip


def test_a_value_is_taken_apart_where_a_condition_names_it_and_nowhere_else() -> None:
    """`b` is read by `a` and by the condition itself; it is opened at the condition."""
    steps = {"p.a": _step("p.a", "p.b", "f.x"), "p.b": _step("p.b", "f.y")}
    rule = _rule("p.a", "p.b")
    shown = ShownDerivation(is_reproduced=True, rules=(rule,), steps=steps, given=(), not_given=())
    [a, b] = value_tree(shown, [rule])["p.r", 0]
    assert [(child.read.name, child.step, child.is_elsewhere) for child in a.children] == [
        ("p.b", None, True),
        ("f.x", None, False),
    ]
    assert b.step is steps["p.b"]


def test_values_that_read_one_another_a_thousand_deep_are_no_trouble() -> None:
    steps = {f"p.v{at}": _step(f"p.v{at}", f"p.v{at + 1}", f"p.v{at + 1}") for at in range(1000)}
    rule = _rule("p.v0")
    shown = ShownDerivation(is_reproduced=True, rules=(rule,), steps=steps, given=(), not_given=())
    [node] = value_tree(shown, [rule])["p.r", 0]
    deep = 0
    while node.children:
        deep, node = deep + 1, node.children[0]
    assert deep == DEPTH_MAX
