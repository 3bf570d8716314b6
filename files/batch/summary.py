"""Counts of a decided file, grouped: how many rows got what, how much money that is, how many of them are disputed.

What `credence decide-file --summary outcome,reason --total invoice.open_amount` prints; rows are added while they are
decided, so that nothing is read back:

    | outcome   | reason          | rows | invoice.open_amount |
    |-----------|-----------------|-----:|--------------------:|
    | call      | dunning.level-2 |   31 |           18,204.10 |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.deciding.decision import Decision, JsonValue
from engine.diagnostics.wording import did_you_mean
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Kind
from files.input_refused import InputRefused

OUTCOME = "outcome"
REASON = "reason"
"""The rule that decided: the first of a decision's reasons, which is one of the most severe."""


@dataclass(slots=True)
class SummaryGroup:
    """Rows that agree on what a table is grouped by: how many, and the sum of each total over them."""

    count: int = 0
    totals: list[Decimal] = field(default_factory=list)


class Summary:
    """One table: a group of rows for each combination of the values that it is grouped by."""

    def __init__(self, by: tuple[str, ...], totals: tuple[str, ...], ruleset: RuleSet) -> None:
        """`by` names `outcome`, `reason`, results (`dunning.level_due`) or facts. `totals` names facts: amounts
        and numbers are added up, of yes/no facts those that are true are counted. Raises InputRefused for a name
        that is none of them."""
        self.by = by
        self.totals = totals
        self.groups: dict[tuple[str, ...], SummaryGroup] = {}
        facts = {fact.name: fact for fact in ruleset.facts}
        known = (OUTCOME, REASON, *ruleset.results, *facts)
        for name in by:
            if name not in known:
                hint = did_you_mean(name, known) or "such as `account.id`"
                raise InputRefused(f"`{name}` is not `outcome`, `reason`, a result or a fact ({hint})")
        addable = [name for name, fact in facts.items() if fact.type.kind.is_numeric or fact.type.kind is Kind.YES_NO]
        for name in totals:
            if name not in addable:
                hint = did_you_mean(name, addable) or "amounts, numbers and yes/no facts can"
                raise InputRefused(f"`{name}` is no fact that can be added up ({hint})")
        self._scales = [facts[name].type.scale if facts[name].type.kind is Kind.MONEY else 0 for name in totals]
        self._order = {member: rank for rank, member in enumerate(_ladder(ruleset, by))}

    def add(self, facts: Mapping[str, object], decision: Decision) -> None:
        """Counts one row: its facts, as they were sent and bound, and its decision."""
        key = tuple(_text(_value(name, facts, decision)) for name in self.by)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = SummaryGroup(totals=[Decimal()] * len(self.totals))
        group.count += 1
        for index, name in enumerate(self.totals):
            group.totals[index] += _number(_fact(name, facts))

    def rows(self) -> list[tuple[tuple[str, ...], SummaryGroup]]:
        """Outcomes and enum members in their own order, everything else by its text."""
        return sorted(self.groups.items(), key=lambda item: tuple(self._rank(*pair) for pair in enumerate(item[0])))

    def sums(self, groups: Collection[SummaryGroup]) -> list[str]:
        """The totals over these groups, as text."""
        columns = [sum((group.totals[index] for group in groups), Decimal()) for index in range(len(self.totals))]
        return [
            f"{number:,.{scale}f}" if scale else f"{number:,}"
            for number, scale in zip(columns, self._scales, strict=True)
        ]

    def _rank(self, index: int, text: str) -> tuple[int, str]:
        return (self._order.get((index, text), len(self._order)), text)


def _ladder(ruleset: RuleSet, by: tuple[str, ...]) -> list[tuple[int, str]]:
    ladder: list[tuple[int, str]] = []
    for index, name in enumerate(by):
        type_ = ruleset.variables.get(name)
        members = CASE_KINDS[ruleset.case].ladder if name == OUTCOME else type_.members if type_ else ()
        ladder += [(index, member) for member in members]
    return ladder


def _value(name: str, facts: Mapping[str, object], decision: Decision) -> object:
    if name == OUTCOME:
        return decision.outcome
    if name == REASON:
        return next((reason.rule for reason in decision.reasons if not reason.waived), None)
    policy, _, value = name.partition(".")
    results: Mapping[str, JsonValue] = decision.results.get(policy, {})
    return results[value] if value in results else _fact(name, facts)


def _fact(name: str, facts: Mapping[str, object]) -> object:
    group, _, key = name.partition(".")
    members = facts.get(group)
    return members.get(key) if isinstance(members, Mapping) else None


def _text(value: object) -> str:
    match value:
        case None:
            return "(none)"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_text, value))
        case _:
            return str(value)


def _number(value: object) -> Decimal:
    """0 for a missing fact; the facts have been bound, so other text is a number."""
    return Decimal(value) if isinstance(value, str | int) else Decimal()
