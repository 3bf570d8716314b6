"""A fault planted in a network is found wherever it changes what fires: for each construct that rules have, and for
each way in which a condition of a network can be wrong.

Whether a fault changes anything is computed from the numbers that the network is given, without the network. So each
fault is reported on exactly those accounts on which it does, and no construct is left without one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from engine.lowering.conditions import NetworkCondition, NetworkPlan
from engine.lowering.python.python_form import PythonForm
from engine.lowering.rete.rete_form import ReteForm
from engine.pipeline import Engine
from engine.vocabulary.days import day_number
from tests.support.small_policies import AS_OF, REASON, engine_of

CONSTRUCTS = {
    "more than": "account.points > 2",
    "at least": "account.points >= 2",
    "less than": "account.points < 2",
    "at most": "account.points <= 2",
    "equal": "account.points = 2",
    "not equal": "account.points != 2",
    "the number first": "2 < account.points",
    "a required number": "account.level > 1",
    "an amount": "account.cap > 1.25",
    "an amount below zero": "account.cap < 0",
    "a day": 'account.day > date("2026-07-15")',
    "days": "account.wait > 7",
    "a word of an enum": "account.region = south",
    "another word": "account.region != south",
    "words beside one another": "account.region in [south, east]",
    "words that are not": "account.region in [north, east]",
    "no word of these": "not(account.region in [north, south])",
    "yes": "account.flag",
    "no": "not(account.flag)",
    "what is missing": "account.points = null",
    "what is there": "account.points != null",
    "a word that is missing": "account.region = null",
    "yes or no that is missing": "account.flag = null",
    "a range": "account.points in [2..4]",
    "a sum": "account.points + account.level > 3",
    "a text": 'account.word = "a"',
    "one of two": "account.points > 3 or account.flag",
    "two of two": "[account.points > 1, account.flag]",
    "three of three": "[account.level < 2, account.region != east, account.cap >= 0]",
    "a value": "v > 1",
    "a list": "count(account.items[paid]) > 0",
}
VALUES = "values:\n  v: {formula: account.points * account.level}\n"
ACCOUNTS = {
    "points": (None, 1, 2, 3, 4),
    "level": (0, 1, 2),
    "cap": (None, "-0.01", "0.00", "1.25", "1.26"),
    "region": (None, "north", "south", "east"),
    "flag": (None, True, False),
    "day": (None, "2026-07-15", "2026-07-16"),
    "wait": (7, 8),
    "word": ("a", "b"),
}
STEPS = {"points": 1, "level": 5, "cap": 3, "region": 7, "flag": 2, "day": 4, "wait": 3, "word": 5}
LISTS: Sequence[object] = (None, [], [{"amount": "1.00", "paid": True}], [{"amount": "1.00", "paid": False}])


HOLDS: Mapping[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Asserted = tuple[tuple[int | str, ...], ...]


@cache
def engine() -> Engine:
    conditions = (when if when.startswith("[") else f"'{when}'" for when in CONSTRUCTS.values())
    rules = (f"  r{at}: {{when: {when}, then: watch, reason: {REASON}}}\n" for at, when in enumerate(conditions))
    return engine_of(f"{VALUES}rules:\n{''.join(rules)}")


@cache
def python() -> PythonForm:
    return PythonForm(engine().ruleset("account", AS_OF))


@cache
def accounts() -> tuple[tuple[Sequence[int], Asserted], ...]:
    """Every points, flag and region together, the others beside them in turn: what fires, and what networks are
    given."""
    found = []
    for number, three in enumerate(product(ACCOUNTS["points"], ACCOUNTS["flag"], ACCOUNTS["region"])):
        facts = {name: values[number * STEPS[name] // 2 % len(values)] for name, values in ACCOUNTS.items()}
        facts |= dict(zip(("points", "flag", "region"), three, strict=True))
        items = LISTS[number % len(LISTS)]
        bound = engine().bind("account", {"account": {"id": "C-1", **facts, "items": items}}, AS_OF)
        matches = python().match(bound, day_number(AS_OF))
        found.append((matches.fired, matches.asserted))
    return tuple(found)


def holds(plan: NetworkPlan, rule: Sequence[NetworkCondition], given: tuple[int | str, ...]) -> bool:
    """Whether all conditions are true of what the network is given: numbers as they are, flags where they are there."""

    def one(condition: NetworkCondition) -> bool:
        if condition.subject in plan.numbers:
            number = given[plan.numbers.index(condition.subject)]
            return isinstance(number, int) and HOLDS[condition.operator](number, condition.literal)
        at = len(plan.numbers) + plan.flags.index(condition.subject)
        return bool(given[at]) and HOLDS[condition.operator](1, condition.literal)

    return all(map(one, rule))


Rule = tuple[NetworkCondition, ...]


def faults(plan: NetworkPlan, rule: Rule) -> Iterator[Rule]:
    """The rule with one of its conditions wrong in each way: its literal, its operator, its subject, or left out."""
    others = [*plan.numbers, *plan.flags]
    for at, condition in enumerate(rule):
        before, after = rule[:at], rule[at + 1 :]
        following = others[(others.index(condition.subject) + 1) % len(others)]
        wrong = [replace(condition, literal=condition.literal + by) for by in (1, -1)]
        wrong += [replace(condition, operator=sign) for sign in HOLDS if sign != condition.operator]
        wrong.append(replace(condition, subject=following))
        yield from ((*before, each, *after) for each in wrong)
        if before or after:
            yield (*before, *after)


def places(name: str) -> Iterator[tuple[int, int]]:
    """The network and the place in it of each match of a construct: alternatives have several."""
    index = python().matches.index(f"p.r{list(CONSTRUCTS).index(name)}")
    for network, plan in enumerate(python().groups):
        if index in plan.matches:
            yield network, plan.matches.index(index)


def fired(network: int, form: ReteForm, given: Asserted) -> list[int]:
    return form.match((given[network],))


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_each_fault_is_found_where_it_changes_what_fires(name: str) -> None:
    found = 0
    for network, place in places(name):
        plan = python().groups[network]
        right = plan.rules[place]
        for wrong in faults(plan, right):
            rules = (*plan.rules[:place], wrong, *plan.rules[place + 1 :])
            form = ReteForm((replace(plan, rules=rules),))
            for by_python, given in accounts():
                expected = [match for match in by_python if match in plan.matches]
                changes = holds(plan, wrong, given[network]) != holds(plan, right, given[network])
                assert (fired(network, form, given) != expected) == changes, (wrong, given)
                found += changes
            form.close()
    assert found, "no fault of this construct changes anything"


def test_a_rule_that_a_network_lacks_or_has_under_another_number_is_found() -> None:
    for network, plan in enumerate(python().groups):
        lacking = ReteForm((replace(plan, matches=plan.matches[1:], rules=plan.rules[1:]),))
        turned = ReteForm((replace(plan, matches=(*plan.matches[1:], plan.matches[0])),))
        for form in (lacking, turned):
            assert any(
                fired(network, form, given) != [match for match in by_python if match in plan.matches]
                for by_python, given in accounts()
            )
            form.close()


def test_without_a_fault_the_networks_agree() -> None:
    form = ReteForm(python().groups)
    assert all(form.match(given) == list(by_python) for by_python, given in accounts())
    kinds = {type(condition.subject) for plan in python().groups for rule in plan.rules for condition in rule}
    assert len(kinds) > 3, "flags of several kinds beside numbers"
    form.close()
