"""A decision says what was checked without objection, and shows the values that its policies want shown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from engine.deciding.decision import Decision
from engine.pipeline import Engine, Loaded, load
from engine.ruleset.ruleset import ALWAYS
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.policies.rules_folder import read_folder
from tests.support.paths import RULES
from tests.support.policy_files import whole_set
from tests.support.small_policies import REASON, decide, engine_of

DAY = date(2026, 7, 1)
ORDER: dict[str, object] = {"id": "SO-1", "amount": "12000.00", "payment_days": 30, "prepayment": False}
ACCOUNT: dict[str, object] = {
    "id": "C-1", "status": "active", "months": 58, "limit_status": "limited", "credit_limit": "60000.00",
    "open_invoices": "40000.00", "delivered_not_invoiced": "5000.00", "open_orders": "0.00", "overdue_amount": "0.00",
    "receivables_total": "2400000.00", "days_overdue_max": 0, "dunning_level": 0, "disputed_amount": "0.00",
    "broken_promises": 0, "insolvent": False, "litigation": False, "abnormal_operation": False,
    "current_ratio": "1.62", "debt_ratio": "0.55", "on_time_rate": "0.94", "average_days_late": 2,
    "assessed_on": "2026-03-10", "external_rating": "BBB", "average_monthly_sales": "61000.00",
}  # fmt: skip


@pytest.fixture(scope="module")
def policies() -> Engine:
    loaded = load(read_folder(RULES).policies)
    assert loaded.engine is not None, loaded.diagnostics
    return loaded.engine


def figures(decision: Decision) -> dict[str, object]:
    return {figure.name: figure.value for figure in decision.figures}


def order(engine: Engine, facts: dict[str, object], account: dict[str, object]) -> Decision:
    return engine.decide("order", {"order": ORDER | facts, "account": ACCOUNT | account}, DAY, "1")


def test_a_shown_value_stands_among_the_figures_with_title_type_and_unit() -> None:
    policy = (
        "values:\n"
        "  left: {formula: account.cap - 5, title: {en: Left, zh: 余量}, show: true}\n"
        "  quiet: {formula: account.cap - 6, title: {en: Quiet, zh: 静}, show: false}\n"
        "  plain: account.cap - 7\n"
        "  first: {formula: left * 2, title: {en: First, zh: 首}, show: true, type: money}\n"
        "  wait: {formula: account.wait + 1, title: {en: Wait, zh: 等待}, show: true}\n"
        f"rules:\n  r: {{when: account.points > 3, then: review, reason: {REASON}}}\n"
    )
    decision = decide(engine_of(policy), cap="100.00", points=1, wait=4)
    assert [figure.as_json() for figure in decision.figures] == [
        {"name": "p.left", "title": {"en": "Left", "zh": "余量"}, "type": "money", "unit": "EUR", "value": "95.00"},
        {"name": "p.first", "title": {"en": "First", "zh": "首"}, "type": "money", "unit": "EUR", "value": "190.00"},
        {"name": "p.wait", "title": {"en": "Wait", "zh": "等待"}, "type": "days", "unit": "days", "value": 5},
    ]
    assert figures(decide(engine_of(policy), points=1, wait=4)) == {"p.wait": 5}


def test_what_neither_fires_nor_stays_open_is_passed() -> None:
    policy = (
        "parameters: {on: false}\nrules:\n"
        f"  fired: {{when: account.points > 3, then: review, reason: {REASON}}}\n"
        f"  passed: {{when: account.points > 8, then: review, reason: {REASON}, title: {{en: Points, zh: 积分}}}}\n"
        f"  untitled: {{when: account.points < 2, then: review, reason: {REASON}}}\n"
        f"  open: {{when: account.wait > 8, then: review, reason: {REASON}, if_missing: ignore}}\n"
        f"  advice: {{when: account.points > 8, then: good_standing, reason: {REASON}}}\n"
        f"  off: {{when: [on, account.points > 3], then: review, reason: {REASON}}}\n"
    )
    decision = decide(engine_of(policy), points=5)
    assert [rule.as_json() for rule in decision.passed] == [
        {"rule": "p.passed", "title": {"en": "Points", "zh": "积分"}},
        {"rule": "p.untitled", "title": None},
    ]


def test_a_rule_that_does_not_apply_to_the_case_is_not_passed() -> None:
    """The first of several conditions says to which cases a rule applies, also where `and` joins them."""
    policy = (
        "rules:\n"
        f"  listed: {{when: [account.flag, account.points > 8], then: review, reason: {REASON}}}\n"
        f"  joined: {{when: account.flag and account.points > 8, then: review, reason: {REASON}}}\n"
        f"  alone: {{when: account.points > 8, then: review, reason: {REASON}}}\n"
        f"  unknown: {{when: [account.share > 0, account.points > 8], then: review, reason: {REASON}}}\n"
    )
    passed = {
        flag: [rule.rule.removeprefix("p.") for rule in decide(engine_of(policy), points=5, flag=flag).passed]
        for flag in (True, False)
    }
    assert passed == {True: ["listed", "joined", "alone", "unknown"], False: ["alone", "unknown"]}


PAID = {"prepayment": True, "deposit_paid": "12000.00"}
"""An order that is paid first."""


@pytest.mark.parametrize(
    ("order_facts", "never", "always"),
    [
        ({}, {"delivery."}, {"orders.over-limit", "orders.overdue-amount"}),
        ({"checkpoint": "entry"}, {"delivery."}, {"orders.over-limit"}),
        (PAID, {"delivery.", "orders.over-limit", "orders.overdue-amount", "orders.deposit-missing"},
         {"orders.account-blocked", "orders.account-closed"}),
        ({"checkpoint": "delivery", "approved_on": "2026-06-30", "approved_amount": "12000.00"},
         {"orders.over-limit", "orders.overdue-amount"}, {"delivery.deposit-open", "orders.insolvency"}),
    ],
    ids=["no-checkpoint", "entry", "prepaid", "delivery"],
)  # fmt: skip
def test_an_order_has_passed_only_what_it_was_checked_for(
    policies: Engine, order_facts: dict[str, object], never: set[str], always: set[str]
) -> None:
    passed = {rule.rule for rule in order(policies, order_facts, {}).passed}

    assert not {rule for rule in passed if rule.startswith(tuple(never))}
    assert always <= passed


@pytest.mark.parametrize("kind", CASE_KINDS)
def test_every_rule_that_can_object_is_a_reason_undetermined_or_passed(policies: Engine, kind: str) -> None:
    facts: dict[str, dict[str, object]] = {}
    for number, fact in enumerate(policies.vocabulary.of_case(kind)):
        group, _, name = fact.name.partition(".")
        if fact.required or number % 3:
            facts.setdefault(group, {})[name] = fact.example
    decision = policies.decide(kind, facts, DAY, "1")
    reasons = {reason.rule for reason in decision.reasons if not reason.missing}
    groups = [reasons, {rule.rule for rule in decision.passed}, {item.id for item in decision.undetermined}]
    rules = policies.ruleset(kind, DAY).rules
    mildest = CASE_KINDS[kind].ladder[0]
    for rule in rules:
        times = sum(rule.id in group for group in groups)
        silent = rule.outcome == mildest or rule.is_switched_off or rule.scope is not ALWAYS
        assert times == 1 or (times == 0 and silent), rule.id


@pytest.mark.parametrize("missing_cents", [0, 1])
def test_the_head_room_of_the_default_policies_is_what_one_more_order_may_add(
    policies: Engine, missing_cents: int
) -> None:
    """Each is the distance to its rule: used up to the cent the rule doesn't fire, one cent more and it does."""
    account: dict[str, object] = {"group_limit": "70000.00", "group_exposure": "50000.00"}
    limits = {"orders.headroom": "orders.over-limit", "orders.group_headroom": "orders.group-limit",
              "orders.single_order_headroom": "orders.single-order"}  # fmt: skip
    first = order(policies, {}, account)
    assert (first.outcome, {name: figures(first)[name] for name in limits}) == (
        "approve",
        {
            "orders.headroom": "6000.00",
            "orders.group_headroom": "11500.00",
            "orders.single_order_headroom": "188000.00",
        },
    )
    for name, rule in limits.items():
        amount = Decimal("12000.00") + Decimal(str(figures(first)[name])) + Decimal(missing_cents) / 100
        decision = order(policies, {"amount": str(amount)}, account)
        assert (rule in {reason.rule for reason in decision.reasons}) is bool(missing_cents)
        assert Decimal(str(figures(decision)[name])) == -Decimal(missing_cents) / 100


def test_the_insurers_limit_is_shown_where_it_counts(policies: Engine) -> None:
    insured: dict[str, object] = {"insured_limit": "80000.00", "insured_until": "2026-12-31", "insured_cover": "0.90"}
    assert figures(order(policies, {}, insured))["orders.insured_headroom"] == "23000.00"
    assert "orders.insured_headroom" not in figures(order(policies, {}, insured | {"insured_until": "2026-06-30"}))


def test_no_head_room_where_no_limit_is_checked(policies: Engine) -> None:
    prepaid = order(policies, {"prepayment": True, "deposit_paid": "12000.00"}, {})
    unlimited = order(policies, {}, {"limit_status": "unlimited"})
    assert (prepaid.outcome, figures(prepaid)) == ("approve", {})
    assert "orders.headroom" not in figures(unlimited)


def test_a_condition_has_the_type_that_its_author_declares() -> None:
    head = "policy: p\ntitle: {en: P, zh: 策略}\ndecides: order\n"
    rules = (
        f"rules:\n  r:\n    when: order.prepayment\n    then: approve_with_conditions\n    reason: {REASON}\n"
        "    conditions:\n      deposit: {formula: CONDITION, type: TYPE, title: {en: Deposit, zh: 定金}}\n"
        f"  h: {{when: order.amount > 100, then: hold, reason: {REASON}}}\n"
    )

    def loaded(formula: str, type_: str) -> Loaded:
        text = head + rules.replace("CONDITION", formula).replace("TYPE", type_)
        return load(whole_set({"p": text}))

    for formula, type_, value in (("order.amount / 3", "money", "3.33"), ("order.payment_days", "days", 30)):
        engine = loaded(formula, type_).engine
        assert engine is not None
        facts = {
            "order": {"id": "1", "amount": "10.00", "prepayment": True, "payment_days": 30},
            "account": {"id": "1"},
        }
        assert engine.decide("order", facts, DAY, "1").conditions == {"deposit": value}
        assert engine.ruleset("order", DAY).condition_titles["deposit"].zh == "定金"
    (mistake,) = loaded("order.amount", "date").diagnostics
    assert (mistake.code, mistake.place.line) == ("T001", 10)


def test_each_list_is_shown_by_the_type_of_its_own_members() -> None:
    """Whatever the names of the others are, and in which order they stand."""
    outputs = {"zz": "money", "mm": "rate", "aa": "integer"}
    declared = "".join(f"      {name}: {{type: {type_}, title: {{en: x, zh: x}}}}\n" for name, type_ in outputs.items())
    rows = "    rows:\n      - {when: {}, then: {zz: 7, mm: 0.05, aa: 7}}\n"
    engine = engine_of(f"tables:\n  t:\n    hit: rule-order\n    outputs:\n{declared}{rows}")
    assert decide(engine).results["p"] == {"zz": ["7.00"], "mm": ["0.05"], "aa": [7]}
