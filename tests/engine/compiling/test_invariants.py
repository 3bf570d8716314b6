"""Mistakes in rules/invariants.yaml: each with its place, and what to write instead."""

from __future__ import annotations

import pytest

from engine.pipeline import load
from tests.support.small_invariants import files

HEAD = "x:\n  title: {en: T, zh: 标题}\n  level: must\n  case: order\n"

MISTAKES = {
    "a name that is gone": (
        "  given: desk.opn > 5\n  then: {outcome: hold}\n",
        "5:10: V002 unknown name `desk.opn`, so that the invariant `x` says nothing (did you mean `desk.open`?)",
    ),
    "a name of a side that is gone": (
        "  change: {order.amount: less}\n  then: {holds: before.desk.opn < 5}\n",
        "6:17: V002 unknown name `before.desk.opn`, so that the invariant `x` says nothing "
        "(did you mean `before.desk.open`?)",
    ),
    "a fact that is gone": (
        "  change: {order.amont: less}\n  then: not worse\n",
        "5:12: V002 a case of `order` has no fact `order.amont`, so that the invariant `x` says nothing "
        "(did you mean `order.amount`?)",
    ),
    "a change that doesn't fit": (
        "  change: {account.status: less}\n  then: not worse\n",
        "5:12: V004 `account.status` can't be `less` (write `other`, `any`, `from missing`, `to missing`)",
    ),
    "by the same as nothing": (
        "  change: {account.open_invoices: less by the same}\n  then: not worse\n",
        "5:12: V004 `account.open_invoices` changes by the same as nothing "
        "(let another fact be `less` or `more` first)",
    ),
    "a split that is no amount": (
        "  split: {amount: account.months}\n  then: not both pass\n",
        "5:19: V004 `account.months` is no amount, which alone can be split and carried (name an amount of money)",
    ),
    "a claim that there is not": (
        "  change: {order.amount: less}\n  then: not wors\n",
        "6:9: P007 `not wors` is not `then` of the invariant `x` (did you mean `not worse`?)",
    ),
    "an outcome of another kind": (
        "  then: {outcome: restrict}\n",
        "5:19: P008 `restrict` is not an outcome for orders",
    ),
    "a claim without a change": (
        "  then: not worse\n",
        "5:9: P002 `not worse` needs a `change` (write `change: {…: less}`)",
    ),
    "a condition that is none": (
        "  given: order.amount\n  then: {outcome: hold}\n",
        "5:10: T002 `order.amount`: money is not a condition",
    ),
}


def _said(body: str) -> list[str]:
    return [str(each) for each in load(files(invariants=f"{HEAD}{body}...\n")).diagnostics]


@pytest.mark.parametrize(("body", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_with_its_place(body: str, expected: str) -> None:
    said = _said(body)

    assert len(said) == 1
    assert said[0].startswith(f"rules/invariants.yaml:{expected}")


def test_a_file_that_is_cut_off_is_refused() -> None:
    cut_off = files(invariants=f"{HEAD}  then: {{outcome: hold}}\n")

    assert [each.code for each in load(cut_off).diagnostics] == ["Y008"]


def test_invariants_belong_to_the_version_and_change_no_decision() -> None:
    with_invariants = load(files()).engine
    without = load({name: text for name, text in files().items() if "invariants" not in name}).engine
    assert with_invariants is not None and without is not None

    assert with_invariants.version != without.version
    for one, other in zip(with_invariants.rulesets(), without.rulesets(), strict=True):
        assert (one.steps, one.rules, one.facts) == (other.steps, other.rules, other.facts)
