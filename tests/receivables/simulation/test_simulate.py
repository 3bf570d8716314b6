"""What two policy sets decide otherwise: the quick answers are the engine's, and groups and sums are exact."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache

import pytest

from api.cli.diff import known_cases
from api.cli.policy_sides import PolicySide
from api.proof_job import SetText
from engine.pipeline import Engine, load
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import date_of
from ledger.policies.rules_folder import read_folder
from receivables.simulation.quick_decisions import QuickDecider
from receivables.simulation.simulate import SimulatedCase, SimulatedDifference, Simulation, json_of, simulate
from tests.support.default_policies import cases_of_policy_tests, default_policies
from tests.support.paths import NOVEMBER_2026
from tests.support.random_rulesets import facts_near_thresholds
from tests.support.small_invariants import POLICY, files

DAY = date(2026, 7, 15)


# --- the quick answers are the engine's ---


@pytest.mark.parametrize("case", CASE_KINDS)
def test_a_quick_decision_is_the_engines(case: str) -> None:
    engine = default_policies()
    decider = QuickDecider(engine, case, "orders.new_credit")
    ruleset = engine.ruleset(case, DAY)
    random_facts = facts_near_thresholds(ruleset, seed=len(case), count=40)
    for facts, day in (*random_facts, *cases_of_policy_tests(case)[::8]):
        as_of = date_of(day) if _is_on_a_stretch(ruleset.since, ruleset.until, day) else DAY
        decision = engine._evaluator(case, as_of).decide(facts, as_of, "id")
        quick = decider.decide(facts, as_of)
        assert quick.outcome == decision.outcome
        assert quick.rules == {each.rule for each in decision.reasons if not each.waived and not each.missing}
        assert quick.undetermined == {each.rule for each in decision.reasons if each.missing and not each.waived}
        assert dict(quick.conditions) == dict(decision.conditions)
        credit = decision.results.get("orders", {}).get("new_credit")
        assert quick.credit == (None if credit is None else int(Decimal(str(credit)) * 100))


def _is_on_a_stretch(since: date | None, until: date | None, day: int) -> bool:
    return (since is None or since <= date_of(day)) and (until is None or date_of(day) < until)


# --- the policies of November 2026, with edits whose figures were counted by hand ---


EDITS = {
    "limit-tolerance": ("orders", "value: 0.05", "value: 0.10"),
    "deposit-of-c": ("terms", "deposit_rate: 0.10", "deposit_rate: 0.40"),
    "no-broken-promise": ("orders", "broken_promises_max", ""),
    "insolvency-by-credit-check": (
        "orders",
        "when: [not(order.prepayment), account.insolvent]",
        "when: [credit_check, account.insolvent]",
    ),
}


@cache
def _november(edit: str = "") -> PolicySide:
    folder = read_folder(NOVEMBER_2026, "rules")
    policies = dict(folder.policies)
    if edit:
        name, old, new = EDITS[edit]
        text = policies[f"rules/{name}.yaml"].decode()
        if edit == "no-broken-promise":
            start = text.index("broken_promises_max:")
            old = text[start : text.index("value: 1", start) + len("value: 1")]
            new = old.removesuffix("1") + "0"
        assert text.count(old) >= 1, edit
        policies[f"rules/{name}.yaml"] = text.replace(old, new, 1).encode()
    loaded = load(policies)
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return PolicySide(edit or "before", SetText(policies, None, is_stored=False), loaded.engine, folder)


def _orders_of_november() -> Iterator[SimulatedCase]:
    for known in known_cases(_november()):
        if known.name.startswith("orders/"):
            yield SimulatedCase(case=known.case, as_of=known.as_of, body=known.facts, name=known.name)


def _told(simulation: Simulation) -> dict[str, tuple[int, str]]:
    """How many subjects, and how much money, of each kind of difference."""
    told: dict[str, tuple[int, int]] = {}
    for key, group in simulation.groups.items():
        word = f"{key.before} → {key.after}" if key.difference is SimulatedDifference.OUTCOME else key.difference.value
        subjects, amount = told.get(word, (0, 0))
        told[word] = (subjects + group.subjects, amount + group.amount)
    return {word: (subjects, f"{amount / 100:,.2f}") for word, (subjects, amount) in told.items()}


@pytest.mark.parametrize(
    ("edit", "flips", "conditions", "reasons"),
    (
        ("limit-tolerance", {"hold → approve": (4, "101,000.02")}, 0, 0),
        ("deposit-of-c", {"approve → approve_with_conditions": (4, "38,000.00")}, 3, 2),
        (
            "no-broken-promise",
            {"approve → hold": (10, "77,000.00"), "approve_with_conditions → hold": (4, "32,000.00")},
            0,
            8,
        ),
        ("insolvency-by-credit-check", {}, 0, 0),
    ),
)
def test_flips_of_november_are_counted_with_their_money(
    edit: str, flips: dict[str, tuple[int, str]], conditions: int, reasons: int
) -> None:
    done = simulate(_november().engine, _november(edit).engine, _orders_of_november())

    told = _told(done)
    assert done.subjects == done.decisions
    assert {word: each for word, each in told.items() if "→" in word} == flips
    assert told.get("conditions", (0, ""))[0] == conditions
    assert told.get("reasons", (0, ""))[0] == reasons


# --- a small set ---


def _small(old: str = "", new: str = "") -> Engine:
    loaded = load(files(desk=POLICY.replace(old, new) if old else POLICY))
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


def _order(number: str, amount: str, **account: object) -> SimulatedCase:
    body = {"order": {"id": number, "amount": amount}, "account": {"id": "C-1", "insolvent": False, **account}}
    return SimulatedCase(case="order", as_of=DAY, body=body)


def test_an_order_that_was_decided_five_times_counts_once() -> None:
    before, after = _small(), _small("value: 1000", "value: 2000")
    done = simulate(before, after, [_order("SO-1", "1500.00") for _ in range(5)])

    ((key, group),) = done.groups.items()
    assert (key.before, key.after, key.only_before, key.only_after) == ("hold", "approve", ("desk.too-much",), ())
    assert (group.subjects, group.decisions, group.amount) == (1, 5, 150_000)
    assert (done.subjects, done.decisions, done.amount) == (1, 5, 150_000)


def test_the_last_decision_of_an_order_counts() -> None:
    before, after = _small(), _small("value: 1000", "value: 2000")
    done = simulate(before, after, [_order("SO-1", "1500.00"), _order("SO-1", "900.00")])

    assert [(group.subjects, group.decisions, group.amount) for group in done.groups.values()] == [(0, 1, 0)]
    assert done.amount == 90_000


def test_what_only_a_missing_fact_decides_is_no_flip() -> None:
    before = _small()
    rule = "  litigation:\n    when: account.litigation\n    then: hold\n    reason: {en: L., zh: 诉。}\n"
    after = _small("rules:\n", f"rules:\n{rule}")
    done = simulate(before, after, [_order("SO-1", "10.00"), _order("SO-2", "10.00", litigation=True)])

    assert {(key.difference, key.after, group.subjects) for key, group in done.groups.items()} == {
        (SimulatedDifference.UNKNOWN, "hold", 1),
        (SimulatedDifference.OUTCOME, "hold", 1),
    }


def test_facts_that_a_set_refuses_are_named() -> None:
    done = simulate(_small(), _small("value: 1000", "value: 2000"), [_order("SO-1", "a lot")])

    ((key, group),) = done.groups.items()
    assert (key.difference, key.only_before, group.subjects) == (SimulatedDifference.UNKNOWN, ("order.amount",), 1)


def test_other_conditions_are_told_with_their_money() -> None:
    asks = "    then: approve_with_conditions\n    conditions: {deposit: order.amount * %s}\n"
    before, after = (
        _small("when: open > most\n    then: hold\n", "when: open > most\n" + asks % share) for share in ("0.1", "0.25")
    )
    done = simulate(before, after, [_order("SO-1", "1500.00"), _order("SO-2", "1600.00")])

    ((key, group),) = done.groups.items()
    assert (key.difference, dict(group.conditions)) == (SimulatedDifference.CONDITIONS, {"deposit": 46_500})
    shown = json_of(done)["groups"]
    assert isinstance(shown, list)
    assert (shown[0]["amount"], shown[0]["conditions"]) == ("3100.00", {"deposit": "465.00"})


def test_sets_in_two_currencies_are_not_compared() -> None:
    other = load(files(facts="currency: USD\npolicies: [desk]\n...\n")).engine
    assert other is not None

    with pytest.raises(ValueError, match="different currencies"):
        simulate(_small(), other, [])
