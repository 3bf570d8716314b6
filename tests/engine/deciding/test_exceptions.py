"""Exceptions: a waived rule stays a reason and asks for nothing; what is unknown waives nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest

from engine.deciding.decision import Decision
from engine.lowering.rete.rete_form import ReteForm
from engine.pipeline import Engine, load, load_stored
from tests.support.exception_files import SIGNED, exception, with_exceptions
from tests.support.large import how_many
from tests.support.policy_files import ended, whole_set
from tests.support.small_policies import AS_OF, FACTS, HEAD, REASON, decide

RULES = """\
rules:
  points: {when: account.points > 5, then: review, reason: {en: Points, zh: 积分}}
  level: {when: account.level > 5, then: restrict, reason: {en: Level, zh: 级别}}
  small: {when: account.cap < 10, then: watch, if_missing: ignore, reason: {en: Small, zh: 小}}
"""
RED = 'account.color = "red"'


def engine_with(**exceptions: str) -> Engine:
    loaded = load(with_exceptions(RULES, **exceptions))
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    assert loaded.diagnostics == ()
    return loaded.engine


def told(decision: Decision) -> tuple[str, list[tuple[str, list[str]]]]:
    """The outcome, and each reason with the exceptions that waive it."""
    return decision.outcome, [(r.rule, [each.exception for each in r.waived]) for r in decision.reasons]


def test_a_waived_rule_is_a_reason_and_does_not_count() -> None:
    engine = engine_with(red=exception("p.points", RED))
    waived = decide(engine, points=7, cap=50, color="red")
    assert told(waived) == ("good_standing", [("p.points", ["exceptions.red"])])
    assert waived.as_json()["reasons"][0]["waived"] == [  # type: ignore[index]
        {
            "exception": "exceptions.red",
            "by": "u.hoffmann",
            "approved_by": "m.lehmann",
            "reason": {"en": "Agreed", "zh": "已约定"},
            "until": "2026-07-31",
        }
    ]
    assert told(decide(engine, points=7, cap=50, color="blue")) == ("review", [("p.points", [])])
    assert told(decide(engine, points=5, cap=50, color="red")) == ("good_standing", [])


def test_what_is_not_waived_decides_and_stands_first() -> None:
    engine = engine_with(red=exception("p.level", RED))
    assert told(decide(engine, points=7, level=7, cap=1, color="red")) == (
        "review",
        [("p.points", []), ("p.small", []), ("p.level", ["exceptions.red"])],
    )


def test_every_exception_that_waives_a_rule_is_named() -> None:
    engine = engine_with(red=exception("p.points, p.level", RED), a_b=exception("p.points", "account.level < 9"))
    assert told(decide(engine, points=7, level=7, cap=50, color="red")) == (
        "good_standing",
        [("p.level", ["exceptions.red"]), ("p.points", ["exceptions.red", "exceptions.a-b"])],
    )


@pytest.mark.parametrize(
    ("day", "outcome"),
    [
        ("2026-06-30", "review"),
        ("2026-07-01", "good_standing"),
        ("2026-07-31", "good_standing"),
        ("2026-08-01", "review"),
    ],
)
def test_both_days_are_counted_in_and_the_case_s_own_date_decides(day: str, outcome: str) -> None:
    engine = engine_with(red=exception("p.points", RED))
    assert decide(engine, date.fromisoformat(day), points=7, cap=50, color="red").outcome == outcome


def test_an_unknown_exception_waives_nothing_and_says_what_is_missing() -> None:
    engine = engine_with(red=exception("p.points", RED))
    decision = decide(engine, points=7, cap=50)
    assert told(decision) == ("review", [("p.points", [])])
    assert [(item.id, item.missing, item.ignored) for item in decision.undetermined] == [
        ("exceptions.red", ("account.color",), False)
    ]
    assert (
        decide(engine, date(2026, 8, 1), points=7, cap=50).undetermined == ()
    )  # it holds no more, whatever the colour


def test_a_rule_that_can_t_be_worked_out_is_waived_whichever_way_it_would_turn_out() -> None:
    engine = engine_with(red=exception("p.points, p.small", RED))
    decision = decide(engine, color="red")
    assert told(decision) == ("good_standing", [("p.points", ["exceptions.red"])])
    assert decision.reasons[0].missing == ("account.points",)
    assert [item.id for item in decision.undetermined] == ["p.points", "p.small"]
    assert told(decide(engine, color="blue")) == ("review", [("p.points", [])])


def test_a_waived_rule_that_waits_for_facts_is_not_gathered_with_those_that_count() -> None:
    rules = RULES.replace(" if_missing: ignore,", "") + RULES.splitlines()[1].replace("points:", "more:") + "\n"
    loaded = load(with_exceptions(rules, red=exception("p.points", RED)))
    assert loaded.engine is not None, loaded.diagnostics
    shown = decide(loaded.engine, color="red").shown_reasons
    assert [(reason.rule, reason.rules, bool(reason.waived)) for reason in shown] == [
        ("facts-missing", ("p.small", "p.more"), False),
        ("p.points", (), True),
    ]


def test_nothing_that_is_missing_makes_an_outcome_milder() -> None:
    """Whatever is left out: an exception that would waive is unknown then, and a rule that would fire asks for caution
    unless it is waived for certain."""
    engine = engine_with(
        red=exception("p.points", f"{RED} and account.flag"), far=exception("p.level", "account.wait > 30")
    )
    given = {"points": (3, 7), "level": (3, 7), "color": ("red", "blue"), "flag": (True, False), "wait": (10, 40)}
    severity = {step: number for number, step in enumerate(("good_standing", "watch", "review", "restrict"))}
    compared = 0
    for values in product(*given.values()):
        facts: dict[str, Any] = dict(zip(given, values, strict=True))
        full = decide(engine, cap=50, **facts).outcome
        for left_out in ("points", "color", "flag", "wait"):
            rest = {name: value for name, value in facts.items() if name != left_out}
            least = decide(engine, cap=50, **rest).outcome
            assert severity[least] >= severity[full], (facts, left_out)
            compared += 1
    assert compared == 128


def test_a_waived_condition_is_not_asked_for() -> None:
    head = "policy: p\ntitle: {en: P, zh: 策略}\ndecides: order\n"
    rules = (
        "rules:\n  deposit: {when: order.amount > 100, then: approve_with_conditions, reason: {en: a, zh: 甲}, "
        "conditions: {deposit: order.amount * 0.3}}\n"
        "  huge: {when: order.amount > 100000, then: hold, reason: {en: a, zh: 甲}}\n"
    )
    files = with_exceptions(rules, head=head, kn=exception("p.deposit", 'account.id = "C-1"'))
    engine = load(files).engine
    assert engine is not None
    order = {"id": "O-1", "amount": "200.00"}
    waived, other = (
        engine.decide("order", {"order": order, "account": {"id": id_, "level": 0}}, AS_OF, "t")
        for id_ in ("C-1", "C-2")
    )
    assert (waived.outcome, waived.conditions) == ("approve", {})
    assert (other.outcome, other.conditions) == ("approve_with_conditions", {"deposit": "60.00"})


def test_a_parameter_that_changes_changes_the_exception() -> None:
    policy = "parameters: {top: {2026-01-01: 5, 2026-07-10: 8}}\n" + RULES
    files = with_exceptions(policy, kn=exception("p.level", "account.points < p.top"))
    engine = load(files).engine
    assert engine is not None, load(files).diagnostics
    outcomes = [decide(engine, date(2026, 7, day), level=7, points=5, cap=50).outcome for day in (9, 10)]
    assert outcomes == ["restrict", "good_standing"]


def test_an_exception_may_read_what_no_rule_reads() -> None:
    """A value of another kind's policy, and a parameter that nothing else needs."""
    policies = {
        "p": HEAD + "parameters: {top: 3}\nvalues: {double: account.points * 2}\n" + RULES,
        "o": HEAD.replace("policy: p", "policy: o").replace("account", "order")
        + f"rules:\n  big: {{when: order.amount > 5, then: hold, reason: {REASON}}}\n",
    }
    files = whole_set(policies, FACTS.format(currency="EUR"))
    files["exceptions.yaml"] = ended(f"kn: {exception('o.big', 'p.double > p.top')}\n").encode()
    loaded = load(files)
    assert loaded.engine is not None
    assert loaded.diagnostics == ()
    outcomes = [
        loaded.engine.decide(
            "order",
            {"order": {"id": "O-1", "amount": 9}, "account": {"id": "C-1", "level": 0, "points": points}},
            AS_OF,
            "t",
        ).outcome
        for points in (1, 2)
    ]
    assert outcomes == ["hold", "approve"]


def test_a_network_that_misses_an_exception_is_a_disagreement() -> None:
    """Both forms find exceptions; where they differ, the case goes to a person."""
    engine = engine_with(red=exception("p.points", RED))
    evaluator = engine._evaluator("account", AS_OF)
    group = evaluator._matcher.python.groups[0]
    index = evaluator._matcher.python.matches.index("exceptions.red")
    kept = [number for number in range(len(group.matches)) if group.matches[number] != index]
    evaluator._matcher.rete = ReteForm(
        (replace(group, matches=tuple(group.matches[n] for n in kept), rules=tuple(group.rules[n] for n in kept)),)
    )
    facts = {"account": {"id": "C-1", "level": 0, "points": 7, "cap": 50, "color": "red"}}
    decision = engine.decide("account", facts, AS_OF, "t")
    assert decision.outcome == "review"
    assert [reason.rule for reason in decision.reasons if not reason.waived] == ["engine-disagreement"]


# --- the file as a whole ---------------------------------------------------------------------------------------------


def test_without_its_file_nothing_is_waived_and_the_version_is_another() -> None:
    files = with_exceptions(RULES, red=exception("p.points", RED))
    with_file = load(files).engine
    without = load({name: text for name, text in files.items() if name != "exceptions.yaml"}).engine
    assert with_file is not None
    assert without is not None
    assert with_file.version != without.version
    assert told(decide(without, points=7, cap=50, color="red")) == ("review", [("p.points", [])])


def test_a_file_cut_anywhere_gives_no_engine_or_waives_the_same() -> None:
    files = with_exceptions(RULES, red=exception("p.points", RED), blue=exception("p.level", 'account.color = "blue"'))
    content = files["exceptions.yaml"]
    refused = 0
    ends = sorted({*range(0, len(content), how_many(4, large=1)), *range(len(content) - 12, len(content))})
    for end in ends:
        engine = load({**files, "exceptions.yaml": content[:end]}).engine
        if engine is None:
            refused += 1
            continue
        assert [each.id for each in engine.exceptions] == ["exceptions.red", "exceptions.blue"], end
    assert refused >= len(ends) - 2


def test_a_stored_set_needs_no_end_mark_and_decides_the_same() -> None:
    files = with_exceptions(RULES, red=exception("p.points", RED))
    stored = {name: text.removesuffix(b"...\n") for name, text in files.items()}
    engine = load_stored(stored).engine
    assert engine is not None
    assert told(decide(engine, points=7, cap=50, color="red")) == ("good_standing", [("p.points", ["exceptions.red"])])


@pytest.mark.parametrize(
    "broken",
    [
        exception("p.pointss", RED),
        exception("p.points", "account.colour = 1"),
        exception("p.points", RED, dates="from: 2026-07-01"),
        exception("p.points", RED, dates="from: 2026-07-01, until: 2027-12-31"),
        exception("p.points", RED, signed=SIGNED.replace("m.lehmann", "U.Hoffmann")),
        exception("p.points", RED, signed=SIGNED.replace("by: u.hoffmann, ", "")),
        exception("p.points", "true"),
        "{}",
        "[]",
    ],
)
def test_a_broken_exception_puts_nothing_into_force(broken: str) -> None:
    loaded = load(with_exceptions(RULES, red=exception("p.points", RED), kn=broken))
    assert loaded.engine is None
    assert {item.place.file for item in loaded.diagnostics} == {"exceptions.yaml"}
