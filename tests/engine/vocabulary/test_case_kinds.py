"""Case kinds as data: what the file gives, and that anything in it that doesn't fit stops the process."""

from __future__ import annotations

from importlib.resources import files as package_files

import pytest

from engine.pipeline import load
from engine.vocabulary.case_kinds import CASE_KINDS, OUTCOME_TITLES, CaseKindsUnfit, read_case_kinds
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Kind
from tests.support.policy_files import whole_set

SHIPPED = package_files("engine.vocabulary").joinpath("case_kinds.yaml").read_text("utf-8")

TWO = """order:
  title: {en: order, zh: 订单}
  groups: [order, account]
  reads: [account]
  conditions: [hold]
  caution: hold
  ladder: {approve: {en: approve, zh: 放行}, hold: {en: hold, zh: 信用冻结}}
account:
  title: {en: account, zh: 档案}
  groups: [account]
  reads: []
  conditions: []
  caution: watch
  ladder: {good: {en: good, zh: 好}, watch: {en: watch, zh: 关注}}
"""


def test_a_file_gives_kinds_and_titles_in_its_order() -> None:
    kinds, titles = read_case_kinds(TWO)

    assert list(kinds) == ["order", "account"]
    order = kinds["order"]
    assert (order.groups, order.reads, order.conditional_outcomes) == (("order", "account"), ("account",), ("hold",))
    assert (order.ladder, order.caution, order.title) == (("approve", "hold"), "hold", Text("order", "订单"))
    assert [order.severity(outcome) for outcome in order.ladder] == [0, 1]
    assert [order.may_read(name) for name in kinds] == [True, True]
    assert [kinds["account"].may_read(name) for name in kinds] == [False, True]
    assert list(titles) == ["approve", "hold", "good", "watch"]
    assert titles["good"]["zh"] == "好"


def test_words_that_yaml_would_take_for_something_else_are_words() -> None:
    kinds, titles = read_case_kinds(TWO.replace("good: {en: good", "no: {en: 1"))
    assert kinds["account"].ladder == ("no", "watch")
    assert titles["no"].en == "1"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  reads: [account]\n", "  reads: [account]\n  colour: red\n", "order: colour: unknown or missing"),
        ("  reads: [account]\n", "", "order: reads: unknown or missing"),
        ("caution: hold", "caution: wait", "order: caution: wait is not one of: hold"),
        ("caution: hold", "caution: approve", "order: caution: approve is not one of: hold"),
        ("conditions: [hold]", "conditions: [reject]", "order: conditions: reject is not one of: approve, hold"),
        ("conditions: [hold]", "conditions: hold", "order: conditions: must be a list of words"),
        ("conditions: [hold]", "conditions: [hold, hold]", "order: conditions: a word is written twice"),
        ("reads: [account]", "reads: [invoice]", "order: reads: invoice is not one of: account"),
        ("reads: [account]", "reads: [order]", "order: reads: order is not one of: account"),
        ("groups: [order, account]", "groups: [order]", "order: reads account, but of its groups: account is not one"),
        ("groups: [order, account]", "groups: [account]", "order: groups: its own group `order` is not among them"),
        ("groups: [order, account]", "groups: [order, x]", "order: groups: x is not one of: order, account"),
        ("good: {en: good, zh: 好}", "hold: {en: stop, zh: 停}", "account: ladder: another kind gives `hold` another"),
        ("good: {en: good, zh: 好}", "good: {en: good}", "account: ladder: good: must be"),
        ("good: {en: good, zh: 好}", "good: {en: good, zh: ' '}", "account: ladder: good: must be"),
        ("good: {en: good, zh: 好}", "good: {en: good, zh: 好, de: gut}", "account: ladder: good: must be"),
        ("good: {en: good, zh: 好}", "Good: {en: good, zh: 好}", "account: `Good` is not a word"),
        ("good: {en: good, zh: 好}", "watch: {en: good, zh: 好}", "a key is written twice"),
        (
            "{good: {en: good, zh: 好}, watch: {en: watch, zh: 关注}}",
            "[good, watch]",
            "account: ladder: must be a mapping",
        ),
        ("title: {en: account, zh: 档案}", "title: account", "account: title: must be"),
        ("account:\n", "order:\n", "a key is written twice"),
        (TWO, "", "case kinds: must be a mapping with at least one entry"),
        (TWO, "order: [", "case kinds: "),
    ],
)
def test_anything_that_doesn_t_fit_is_refused(old: str, new: str, message: str) -> None:
    assert old in TWO
    with pytest.raises(CaseKindsUnfit) as refused:
        read_case_kinds(TWO.replace(old, new, 1))
    assert message in str(refused.value)


def test_a_kind_reads_what_the_kinds_that_it_reads_read() -> None:
    """Otherwise a test of its policies could not name what their decisions hold."""
    third = TWO.partition("account:\n")[0].replace("order:", "release:", 1).replace("[order,", "[release, order,")
    with pytest.raises(CaseKindsUnfit, match="release: reads order, but of what that reads: account is not one of"):
        read_case_kinds(TWO + third.replace("reads: [account]", "reads: [order]"))
    kinds, _ = read_case_kinds(TWO + third.replace("reads: [account]", "reads: [order, account]"))
    assert kinds["release"].may_read("order")


def test_the_shipped_file_is_what_the_process_uses() -> None:
    kinds, titles = read_case_kinds(SHIPPED)
    assert (kinds, titles) == (CASE_KINDS, OUTCOME_TITLES)
    assert set(titles) == {outcome for kind in kinds.values() for outcome in kind.ladder}


@pytest.mark.parametrize("kind", CASE_KINDS)
def test_a_case_of_every_kind_has_a_number_that_must_be_given(kind: str) -> None:
    """A decision's `subject` is that number."""
    engine = load(whole_set({"p": f"policy: p\ntitle: {{en: P, zh: 策}}\ndecides: {kind}\nvalues: {{x: 1}}\n"})).engine
    assert engine is not None
    fact = engine.vocabulary.facts[f"{kind}.id"]
    assert (fact.type.kind, fact.required) == (Kind.TEXT, True)
