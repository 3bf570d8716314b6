"""Relations between two decisions that must hold for the default policies, tried on random customers and orders.

Each relation is a function that says what breaks it in one random state, or nothing. It holds for the policies that
ship, and finds a fault that is planted in them: a relation that no policy can break shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache

import pytest

from engine.pipeline import Engine, load
from engine.vocabulary.binding import FactsRefused
from tests.support.default_policies import default_folder, default_policies
from tests.support.desk_states import AS_OF, TODAY, DeskStates, Facts, Judge
from tests.support.large import how_many

STATES = how_many(600, large=25_000)
"""For each relation."""

SPLITS = how_many(300, large=6_000)
"""States, each with several splits."""

HOLD = 2
"""The severity of a hold among outcomes of orders."""

Plant = tuple[str, str, str]
"""A file of the default policies, what it says once, and what is put in its place."""


class Desk:
    """What the relations ask: orders and accounts, decided by one policy set."""

    def __init__(self, engine: Engine) -> None:
        self.order = Judge(engine, "order")
        self.account = Judge(engine, "account")
        about_customers = ("standing.stop_", "grading.defaulted")
        self.customer_rules = frozenset(rule for name in about_customers for rule in self.order.rules_reading(name))


Help = Callable[[Facts, DeskStates], Facts | None]
"""What can only help, done to the facts; None where it can't be done."""

Relation = Callable[[Desk, DeskStates], str | None]
"""Says what breaks it in one random state, or nothing."""

# --- what can only help never makes an order worse -------------------------------------------------------------------


def _insured(facts: Facts, states: DeskStates) -> Facts:
    """More insurance: a higher limit, or one where there was none."""
    if not facts.get("account.insured_limit") or facts["account.insured_until"] < TODAY:
        until = TODAY + states.choice(0, 20, 400)
        facts |= {"account.insured_limit": 0, "account.insured_cover": 900_000, "account.insured_until": until}
    return {**facts, "account.insured_limit": facts["account.insured_limit"] + states.money(100, 5_000, 60_000)}


def _insured_for_longer(facts: Facts, states: DeskStates) -> Facts | None:
    if not facts.get("account.insured_limit"):  # a limit of zero that still runs is the insurer's refusal
        return None
    return {**facts, "account.insured_until": facts["account.insured_until"] + states.choice(1, 30, 400)}


def _guaranteed(facts: Facts, states: DeskStates) -> Facts:
    """More of a guarantee, or one where there was none, even for a few days."""
    if not facts.get("account.guarantee_amount") or facts["account.guarantee_until"] < TODAY:
        until = TODAY + states.choice(0, 7, 400)
        facts |= {"account.guarantee_amount": 0, "account.guarantee_cover": 1_000_000, "account.guarantee_until": until}
    return {**facts, "account.guarantee_amount": facts["account.guarantee_amount"] + states.money(100, 5_000, 60_000)}


def _guaranteed_for_longer(facts: Facts, states: DeskStates) -> Facts | None:
    if facts.get("account.guarantee_amount") is None:
        return None
    return {**facts, "account.guarantee_until": facts["account.guarantee_until"] + states.choice(1, 30, 400)}


def _paid(facts: Facts, states: DeskStates) -> Facts | None:
    """A payment, which settles what is overdue first, then what is disputed last."""
    owed = facts["account.open_invoices"]
    if owed <= 0:
        return None
    amount = states.share(owed)
    overdue = facts["account.overdue_amount"] - min(amount, facts["account.overdue_amount"])
    after = {
        "account.open_invoices": owed - amount,
        "account.overdue_amount": overdue,
        "account.days_overdue_max": facts["account.days_overdue_max"] if overdue else 0,
        "account.disputed_amount": min(facts["account.disputed_amount"], owed - amount),
        "account.receivables_total": facts["account.receivables_total"] - amount,
    }
    if "account.group_exposure" in facts:
        after["account.group_exposure"] = facts["account.group_exposure"] - amount
    return {**facts, **after}


def _deposit(facts: Facts, states: DeskStates) -> Facts | None:
    if facts["order.amount"] <= 0:
        return None
    return {**facts, "order.deposit_paid": (facts["order.deposit_paid"] or 0) + states.share(facts["order.amount"])}


def _letter_of_credit(facts: Facts, states: DeskStates) -> Facts | None:
    if facts["order.amount"] <= 0:
        return None
    more = (facts.get("order.letter_of_credit_amount") or 0) + states.share(facts["order.amount"])
    until = facts.get("order.letter_of_credit_until") or TODAY + states.choice(5, 21, 400)
    return {**facts, "order.letter_of_credit_amount": more, "order.letter_of_credit_until": until}


def _smaller(facts: Facts, states: DeskStates) -> Facts | None:
    if facts["order.amount"] <= 0:
        return None
    return {**facts, "order.amount": facts["order.amount"] - states.share(facts["order.amount"])}


def _sooner(facts: Facts, states: DeskStates) -> Facts | None:
    days = facts["order.payment_days"]
    return {**facts, "order.payment_days": states.choice(0, days // 2, days - 1)} if days else None


def _never_worse(help_: Help) -> Relation:
    def relation(desk: Desk, states: DeskStates) -> str | None:
        before = states.state()
        after = help_(dict(before), states)
        if after is None:
            return None
        first, second = desk.order(before), desk.order(after)
        if second.severity <= first.severity:
            return None
        changed = {name: (before.get(name), value) for name, value in after.items() if before.get(name) != value}
        return f"{sorted(second.fired - first.fired | second.undetermined)} after {changed} of {before}"

    relation.__name__ = f"never_worse{help_.__name__}"
    return relation


# --- the others ------------------------------------------------------------------------------------------------------

SCORED = (
    "current_ratio",
    "debt_ratio",
    "external_rating",
    "on_time_rate",
    "seriously_late_rate",
    "average_days_late",
    "broken_promises",
    "litigation",
    "months",
)


def hiding_earns_no_points(desk: Desk, states: DeskStates) -> str | None:
    facts = states.state()
    score = desk.account(facts).values["grading.score"]
    for name in SCORED:
        hidden = desk.account({**facts, f"account.{name}": None}).values["grading.score"]
        if hidden > score:
            return f"{hidden} points instead of {score} without {name} of {facts}"
    return None


def held_for_the_customer_never_in_good_standing(desk: Desk, states: DeskStates) -> str | None:
    facts = states.state()
    held = {rule for rule in desk.order(facts).fired & desk.customer_rules if _outcome(desk, rule) >= HOLD}
    if held and desk.account(facts).severity == 0:
        return f"{held} and yet in good standing: {facts}"
    return None


def _outcome(desk: Desk, rule: str) -> int:
    return next(desk.order.ladder.index(each.outcome) for each in desk.order.ruleset.rules if each.id == rule)


def nothing_is_asked_for_twice(desk: Desk, states: DeskStates) -> str | None:
    facts = states.state()
    order = desk.order(facts)
    deposit = order.values["orders.deposit_missing"] if "orders.deposit-missing" in order.fired else 0
    security = order.values["orders.security_needed"] if "orders.security-missing" in order.fired else 0
    if deposit and deposit > order.values["orders.new_credit"]:
        return f"a deposit of {deposit} for {order.values['orders.new_credit']}: {facts}"
    if deposit + security and deposit + security > order.values["orders.owed_after"]:
        return f"{deposit} and {security} for {order.values['orders.owed_after']}: {facts}"
    return None


NEEDS_DATES = {
    "account.guarantee_amount": ("account.guarantee_cover", "account.guarantee_until"),
    "account.insured_limit": ("account.insured_cover", "account.insured_until"),
    "account.temporary_limit": ("account.temporary_from", "account.temporary_until"),
    "order.letter_of_credit_amount": ("order.letter_of_credit_until",),
}


def zero_needs_no_date(desk: Desk, states: DeskStates) -> str | None:
    facts = states.state()
    amount = states.choice(*NEEDS_DATES)
    none = {**facts, amount: None, **dict.fromkeys(NEEDS_DATES[amount])}
    for judge in (desk.order, desk.account):
        absent, zero = judge(none), judge({**none, amount: 0})
        if (zero.severity, zero.fired, zero.undetermined) != (absent.severity, absent.fired, absent.undetermined):
            return f"{amount} of zero: {sorted(zero.fired ^ absent.fired | zero.undetermined)} of {facts}"
    return None


def splitting_opens_nothing(desk: Desk, states: DeskStates) -> str | None:
    """Neither for a desk that knows only the sister order's value, nor one after the other with what passed in the
    open orders; and the later part takes no less authority than the whole."""
    facts = states.state()
    whole = facts["order.amount"]
    if whole < 2:
        return None
    facts |= {"order.deposit_paid": None, "order.letter_of_credit_amount": None}
    decided = desk.order(facts)
    for _ in range(3):
        first = min(max(states.share(whole), 1), whole - 1)
        both = [
            desk.order({**facts, "order.amount": part, "order.related_amount": whole - part})
            for part in (first, whole - first)
        ]
        early = desk.order({**facts, "order.amount": first})
        late = desk.order(_after(facts, first, passed=early.severity < HOLD))
        if decided.severity >= HOLD and all(part.severity < HOLD for part in both):
            return f"{sorted(decided.fired)} but not in halves of {first}: {facts}"
        if decided.severity >= HOLD and early.severity < HOLD and late.severity < HOLD:
            return f"{sorted(decided.fired)} but not one after the other, {first} first: {facts}"
        ranks = [each.values["release.rank_needed"] for each in (decided, late, *both)]
        if None not in ranks and min(ranks) < ranks[0]:
            return f"rank {ranks[0]} for the whole, {ranks[1:]} in parts of {first}: {facts}"
    return None


def _after(facts: Facts, first: int, *, passed: bool) -> Facts:
    """The facts of the second part, once the first has passed or is held."""
    second = {**facts, "order.amount": facts["order.amount"] - first, "order.related_amount": first}
    if not passed:
        return {**second, "order.related_held": first}
    second |= {"account.open_orders": facts["account.open_orders"] + first, "order.related_approved": first}
    if "account.group_exposure" in facts:
        second["account.group_exposure"] = facts["account.group_exposure"] + first
    return second


# --- they hold, and find what is planted -----------------------------------------------------------------------------

_PLANTED_HELPS: dict[Help, Plant] = {
    _insured: (
        "rules/orders.yaml",
        'terms.security = "insurance wanted", uncovered > own_risk]\n    if_missing: ignore\n    then: approve',
        'terms.security = "insurance wanted", uncovered > own_risk, limits.insured > 0]\n    then: hold',
    ),
    _insured_for_longer: (
        "rules/cover.yaml",
        "account.insured_until < delivery_date]\n    if_missing: ignore\n    then: approve",
        "account.insured_until >= delivery_date]\n    then: hold",
    ),
    _guaranteed: (
        "rules/cover.yaml",
        "account.guarantee_until < due_date + drawing_days]\n    if_missing: ignore\n    then: approve",
        "account.guarantee_until < due_date + drawing_days]\n    then: hold",
    ),
    _guaranteed_for_longer: (
        "rules/cover.yaml",
        "account.guarantee_until < due_date + drawing_days]\n    if_missing: ignore\n    then: approve",
        "account.guarantee_until >= due_date + drawing_days]\n    then: hold",
    ),
    _paid: (
        "rules/standing.yaml",
        "formula: account.disputed_amount > negligible and account.disputed_amount > disputed_allowed",
        "formula: account.disputed_amount > account.open_invoices * disputed_share_max",
    ),
    _deposit: (
        "rules/orders.yaml",
        'when: [open_terms, limits.state = "none", exposure_after > 0]',
        "when: [credit_check, deposit_paid > 0]",
    ),
    _letter_of_credit: (
        "rules/cover.yaml",
        "order.letter_of_credit_amount > 0, letter_of_credit = 0]\n    if_missing: ignore\n    then: approve",
        "order.letter_of_credit_amount > 0, letter_of_credit = 0]\n    then: hold",
    ),
    _smaller: (
        "rules/orders.yaml",
        "exposure_after > limit_with_tolerance]",
        "exposure_after > limit_with_tolerance or order.amount < 500]",
    ),
    _sooner: (
        "rules/orders.yaml",
        "when: [open_terms, order.payment_days > days_granted]",
        "when: [open_terms, order.payment_days < days_granted]",
    ),
}
_PLANTED: dict[Relation, Plant] = {
    hiding_earns_no_points: ("rules/grading.yaml", '"CCC, CC, C, D": 0, null: 0}', '"CCC, CC, C, D": 0, null: 5}'),
    held_for_the_customer_never_in_good_standing: (
        "rules/standing.yaml",
        "    when: stop_promises\n    then: review",
        "    when: stop_promises\n    then: good_standing",
    ),
    nothing_is_asked_for_twice: (
        "rules/orders.yaml",
        "max(uncovered - own_risk - (if deposit_due then deposit_missing else 0), 0)",
        "max(uncovered - own_risk, 0)",
    ),
    zero_needs_no_date: (
        "rules/limits.yaml",
        "if account.guarantee_amount = null or account.guarantee_amount = 0 then 0",
        "if account.guarantee_amount = null then 0",
    ),
    splitting_opens_nothing: (
        "rules/orders.yaml",
        "limits.gross_exposure + new_credit + sisters_to_come",
        "limits.gross_exposure + new_credit",
    ),
}
RELATIONS: dict[Relation, Plant] = {_never_worse(help_): plant for help_, plant in _PLANTED_HELPS.items()} | _PLANTED


@cache
def _default_desk() -> Desk:
    return Desk(default_policies())


@cache
def _planted_desk(group: int) -> Desk:
    """The default policies with the faults of one group planted in them: those that don't touch the same text."""
    files = dict(default_folder().policies)
    for relation, (name, text, instead) in RELATIONS.items():
        if _group(relation) == group:
            content = files[name].decode()
            assert content.count(text) == 1, f"{name} no longer says: {text}"
            files[name] = content.replace(text, instead).encode()
    loaded = load(files)
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return Desk(loaded.engine)


def _group(relation: Relation) -> int:
    return int(relation.__name__.endswith(("_for_longer", "_sooner")))


def _broken(relation: Relation, desk: Desk, seed: int, count: int) -> Iterator[str]:
    states = DeskStates(seed)
    for _ in range(count):
        if (broken := relation(desk, states)) is not None:
            yield broken


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.__name__)
def test_the_relation_holds(relation: Relation) -> None:
    count = SPLITS if relation is splitting_opens_nothing else STATES

    assert next(_broken(relation, _default_desk(), 1, count), None) is None


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.__name__)
def test_the_relation_finds_what_is_planted(relation: Relation) -> None:
    found = _broken(relation, _planted_desk(_group(relation)), 1, 4_000)

    assert next(found, None) is not None


def _refused_orders() -> Iterator[Facts]:
    """Orders of a weak payer whom the insurer refuses, partly guaranteed, around a deposit too small to ask for."""
    weak = {
        "account.status": "active",
        "account.insolvent": False,
        "account.litigation": False,
        "account.abnormal_operation": False,
        "account.assessed_on": TODAY - 10,
        "account.broken_promises": 1,
        "account.seriously_late_rate": 200_000,
        "account.delivered_not_invoiced": 0,
        "account.open_orders": 0,
        "account.receivables_total": 500_000_000,
        "account.dunning_level": 0,
        "account.on_time_rate": 350_000,
        "account.average_days_late": 20,
        "account.months": 30,
        "account.limit_status": "limited",
        "account.credit_limit": 4_000_000,
        "account.open_invoices": 0,
        "account.overdue_amount": 0,
        "account.disputed_amount": 0,
        "account.insured_limit": 0,
        "account.insured_cover": 900_000,
        "account.insured_until": TODAY + 400,
        "account.guarantee_amount": 34_000,
        "account.guarantee_cover": 1_000_000,
        "account.guarantee_until": TODAY + 400,
        "order.payment_days": 15,
        "order.prepayment": False,
    }
    for amount in (*range(56_000, 86_000, 1_500), 83_333, 83_334, 84_285, 84_286):
        for deposit in (0, 10_000, 20_199, 20_200, 25_000):
            yield {**weak, "order.amount": amount, "order.deposit_paid": deposit}


@pytest.mark.parametrize("smaller", (True, False), ids=("smaller-order", "larger-deposit"))
def test_a_deposit_too_small_to_ask_for_lets_no_refusal_hold_the_better_order(smaller: bool) -> None:
    desk = _default_desk()
    name, same = ("order.amount", "order.deposit_paid") if smaller else ("order.deposit_paid", "order.amount")
    by_same: dict[int, list[tuple[int, int]]] = {}
    for facts in _refused_orders():
        by_same.setdefault(facts[same], []).append((facts[name], desk.order(facts).severity))

    assert {severity for each in by_same.values() for _, severity in each} == {0, 1, HOLD}
    for each in by_same.values():
        severities = [severity for _, severity in sorted(each, reverse=not smaller)]
        assert severities == sorted(severities), sorted(each)


def test_states_reach_every_outcome_and_most_rules() -> None:
    desk, states = _default_desk(), DeskStates(1)
    decided = [desk.order(states.state()) for _ in range(4_000)]
    fired = frozenset[str]().union(*(each.fired for each in decided))

    assert {each.severity for each in decided} == {0, 1, 2, 3}
    unreached = {rule.id for rule in desk.order.ruleset.rules if rule.id.startswith("orders.")} - fired
    assert len(unreached) <= 4, unreached
    assert sum(each.severity < HOLD for each in decided) > 800


def test_a_past_fact_dated_after_the_decision_never_counts() -> None:
    """It refuses the request, or is as if it weren't there."""
    engine = default_policies()
    past = [fact for fact in engine.vocabulary.facts.values() if fact.type.future is not None]
    assert len(past) >= 8
    order = {"id": "SO-1", "amount": "8000.00", "prepayment": False, "payment_days": 30}
    account = {"id": "C-1", "status": "blocked", "insolvent": False, "abnormal_operation": False}
    for fact in past:
        group, _, key = fact.name.partition(".")
        for kind, facts in (("order", {"order": order, "account": account}), ("account", {"account": account})):
            if group not in facts:
                continue
            later = {**facts, group: {**facts[group], key: date(2026, 7, 16).isoformat()}}
            try:
                decided = engine.decide(kind, later, AS_OF, "later")
            except FactsRefused:
                continue
            assert decided.as_json() == engine.decide(kind, facts, AS_OF, "later").as_json(), fact.name
