"""Cases → what two policy sets decide otherwise, in groups, with sums. Verb of `receivables.simulation`.

Each case is decided by both. What differs is, in this order: nobody can tell; the outcome; the conditions; the rules
that are named. Cases that differ alike, by the same rules that only one set names, make a group.

An order that was decided five times in the time that is looked at is one subject with five decisions: it counts by its
last one, and its amount once. How many decisions differ is told beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import NamedTuple

from engine.deciding.decision import JsonValue
from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.rates import read_rates
from receivables.default_policies import NEW_CREDIT
from receivables.simulation.quick_decisions import QuickDecider, QuickDecision

EXAMPLES_KEPT = 5
"""Subjects that each group names, the largest."""

AMOUNTS: Mapping[str, str] = {
    "order": "order.amount",
    "invoice": "invoice.open_amount",
    "account": "account.open_invoices",
    "portfolio": "portfolio.receivables",
    "limit": "limit.amount",
}
"""By the kind of case the fact that says how much money a decision is about."""

NO_FACT = "facts"
"""What is missing where a set refuses facts without naming one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedCase:
    """One case that was, or might be, decided."""

    case: str
    """The kind of case."""
    as_of: date
    body: Mapping[str, object]
    """As a request carries it: groups of facts, perhaps `currency` and `rates`."""
    name: str = ""
    """What it is about; empty: the id among its facts."""


class SimulatedDifference(StrEnum):
    """In what two decisions of one case differ."""

    NOTHING = "nothing"
    UNKNOWN = "unknown"
    """A set refuses the facts, or only a missing fact makes the difference."""
    OUTCOME = "outcome"
    CONDITIONS = "conditions"
    """The outcome is the same, and the customer must bring something else."""
    REASONS = "reasons"
    """Other rules are named, and nothing else differs."""


class GroupKey(NamedTuple):
    """What cases of one group have in common."""

    case: str
    difference: SimulatedDifference
    before: str
    """The outcome; empty where the set refuses the facts."""
    after: str
    only_before: tuple[str, ...]
    """Rules that only the first set names; where nobody can tell, what is missing."""
    only_after: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class SimulatedGroup:
    """Sums over the subjects of one group; mutable while they are added up. Amounts are in minor units."""

    subjects: int = 0
    decisions: int = 0
    """How many decisions differ so; a subject's earlier ones count here too."""
    amount: int = 0
    """Of the subjects, each once."""
    new_credit: int | None = None
    """By how much more, or less, credit is let through than before; None where no policy says what is new credit."""
    conditions: Counter[str] = field(default_factory=Counter)
    """By how much more the conditions ask for than before, amounts of money by their name."""
    largest: list[tuple[int, str]] = field(default_factory=list)
    """Amount and name of the largest subjects, the largest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What came of all cases."""

    currency: str
    digits: int
    """Decimals of the currency."""
    decisions: int
    subjects: int
    amount: int
    """Of all subjects, each once, in minor units."""
    groups: Mapping[GroupKey, SimulatedGroup]
    """Those that differ; the ones about most money first."""

    def of(self, difference: SimulatedDifference) -> Iterator[tuple[GroupKey, SimulatedGroup]]:
        """The groups that differ in this."""
        return ((key, group) for key, group in self.groups.items() if key.difference is difference)


def simulate(before: Engine, after: Engine, cases: Iterable[SimulatedCase]) -> Simulation:
    """Decides each case by both sets. The later of two cases about the same subject counts. Raises `ValueError` where
    the sets keep their amounts in two currencies."""
    if before.vocabulary.currency != after.vocabulary.currency:
        raise ValueError("the two policy sets keep their amounts in different currencies")
    both = _Both(before, after)
    last: dict[tuple[str, str], _ComparedCase] = {}
    counted: Counter[GroupKey] = Counter()
    decisions = 0
    for case in cases:
        compared = both.compared(case)
        last[case.case, compared.subject] = compared
        counted[compared.key] += 1
        decisions += 1
    groups = _groups(last.values(), counted)
    ordered = dict(sorted(groups.items(), key=lambda item: (-item[1].amount, item[0])))
    return Simulation(
        currency=after.vocabulary.currency,
        digits=after.vocabulary.currency_digits,
        decisions=decisions,
        subjects=len(last),
        amount=sum(each.amount for each in last.values()),
        groups={key: group for key, group in ordered.items() if key.difference is not SimulatedDifference.NOTHING},
    )


class _ComparedCase(NamedTuple):
    """One case as both sets decide it."""

    subject: str
    key: GroupKey
    amount: int
    new_credit: int | None
    conditions: Mapping[str, int]


def _groups(last: Iterable[_ComparedCase], counted: Mapping[GroupKey, int]) -> dict[GroupKey, SimulatedGroup]:
    groups = {key: SimulatedGroup(decisions=count) for key, count in counted.items()}
    for each in last:
        group = groups[each.key]
        group.subjects += 1
        group.amount += each.amount
        if each.new_credit is not None:
            group.new_credit = (group.new_credit or 0) + each.new_credit
        for name, more in each.conditions.items():
            group.conditions[name] += more
        group.largest = sorted([*group.largest, (each.amount, each.subject)], key=_largest_first)[:EXAMPLES_KEPT]
    return groups


def _largest_first(entry: tuple[int, str]) -> tuple[int, str]:
    return -entry[0], entry[1]


class _Both:
    """Decides cases by both sets."""

    def __init__(self, before: Engine, after: Engine) -> None:
        self._engines = (before, after)
        self._deciders: dict[str, tuple[QuickDecider, QuickDecider]] = {}
        self._unit: int = 10**after.vocabulary.currency_digits

    def compared(self, case: SimulatedCase) -> _ComparedCase:
        """What differs. A fact that one set doesn't have is left out for it."""
        if case.case not in self._deciders:
            first, second = (QuickDecider(engine, case.case, NEW_CREDIT) for engine in self._engines)
            self._deciders[case.case] = first, second
        answers: list[QuickDecision] = []
        subject, amount = case.name, 0
        for engine, decider in zip(self._engines, self._deciders[case.case], strict=True):
            try:
                facts = _facts(engine, case)
                bound = decider.bind(facts, case.as_of)
            except FactsRefused as refused:
                lacks = tuple(sorted({fault.path for fault in refused.faults} or {NO_FACT}))
                key = GroupKey(case.case, SimulatedDifference.UNKNOWN, "", "", lacks, ())
                return _ComparedCase(subject or _id_of(case), key, amount, None, {})
            amount = self._amount(case, facts)
            subject = subject or _id_of(case)
            answers.append(decider.decide(bound, case.as_of))
        one, other = answers
        conditions = self._more_asked(one, other)
        return _ComparedCase(subject, _key(case.case, one, other), amount, _credit(case.case, one, other), conditions)

    def _amount(self, case: SimulatedCase, facts: Mapping[str, object]) -> int:
        group, _, name = AMOUNTS.get(case.case, "").partition(".")
        members = facts.get(group)
        return self._minor(members.get(name)) if isinstance(members, Mapping) else 0

    def _minor(self, value: object) -> int:
        try:
            return int(Decimal(str(value)) * self._unit)
        except InvalidOperation:
            return 0

    def _more_asked(self, one: QuickDecision, other: QuickDecision) -> dict[str, int]:
        was, is_ = dict(one.conditions), dict(other.conditions)
        names = (name for name in {**was, **is_} if was.get(name) != is_.get(name))
        amounts = {name: (was.get(name), is_.get(name)) for name in names}
        return {
            name: self._minor(after or 0) - self._minor(before or 0)
            for name, (before, after) in amounts.items()
            if all(value is None or isinstance(value, str) for value in (before, after))
        }


def _facts(engine: Engine, case: SimulatedCase) -> Mapping[str, object]:
    """In the set's own currency, and without what it doesn't know. Raises `FactsRefused`."""
    groups = CASE_KINDS[case.case].groups
    known = engine.vocabulary.facts
    facts: dict[str, object] = {}
    for group in groups:
        members = case.body.get(group)
        if isinstance(members, Mapping):
            facts[group] = {key: value for key, value in members.items() if f"{group}.{key}" in known}
        elif group in case.body:
            facts[group] = members
    currency = case.body.get("currency")
    if currency is None:
        return facts
    rates = read_rates(case.body.get("rates"), engine.vocabulary.currency)
    return engine.in_own_currency(case.case, facts, case.as_of, currency, rates)[0]


def _id_of(case: SimulatedCase) -> str:
    members = case.body.get(case.case)
    return str(members.get("id", "")) if isinstance(members, Mapping) else ""


def _key(case: str, one: QuickDecision, other: QuickDecision) -> GroupKey:
    only_before = tuple(sorted((one.rules | one.undetermined) - (other.rules | other.undetermined)))
    only_after = tuple(sorted((other.rules | other.undetermined) - (one.rules | one.undetermined)))
    if one.outcome != other.outcome:
        difference = SimulatedDifference.OUTCOME
        if _only_missing(one, other):
            difference = SimulatedDifference.UNKNOWN
    elif one.conditions != other.conditions:
        difference = SimulatedDifference.CONDITIONS
    elif only_before or only_after:
        difference = SimulatedDifference.REASONS
    else:
        difference = SimulatedDifference.NOTHING
    return GroupKey(case, difference, one.outcome, other.outcome, only_before, only_after)


def _only_missing(one: QuickDecision, other: QuickDecision) -> bool:
    """Whether the outcomes differ by nothing but rules of one set that lack a fact."""
    if one.undetermined == other.undetermined:
        return False
    return one.outcome_without_undetermined == other.outcome_without_undetermined


def _credit(case: str, one: QuickDecision, other: QuickDecision) -> int | None:
    """New credit that is let through after, less that before; a case that is let through has an outcome below the
    kind's caution."""
    if one.credit is None and other.credit is None:
        return None
    kind = CASE_KINDS[case]
    caution = kind.severity(kind.caution)
    before, after = (max(each.credit or 0, 0) if kind.severity(each.outcome) < caution else 0 for each in (one, other))
    return after - before


def json_of(simulation: Simulation) -> dict[str, object]:
    """As `credence simulate --json` prints it; amounts as decimal text."""

    def money(minor: int | None) -> JsonValue:
        return None if minor is None else str(Decimal(minor).scaleb(-simulation.digits))

    return {
        "currency": simulation.currency,
        "decisions": simulation.decisions,
        "subjects": simulation.subjects,
        "amount": money(simulation.amount),
        "groups": [
            {
                "case": key.case,
                "difference": key.difference,
                "before": key.before or None,
                "after": key.after or None,
                "only_before": list(key.only_before),
                "only_after": list(key.only_after),
                "subjects": group.subjects,
                "decisions": group.decisions,
                "amount": money(group.amount),
                "new_credit": money(group.new_credit),
                "conditions": {name: money(more) for name, more in group.conditions.items()},
                "largest": [{"subject": name, "amount": money(amount)} for amount, name in group.largest],
            }
            for key, group in simulation.groups.items()
        ],
    }
