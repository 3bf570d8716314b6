"""What a backtest says: tally → figures, for one policy set or two side by side.

Verb after `backtest`. Definitions and sources stand in docs/backtest.md. Amounts are minor units, shares are exact
fractions; both are written out only in `as_json`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.text import Text
from receivables.backtest.backtest import LATE_DAYS, BacktestTally, Flip, Sums, TallyKey
from receivables.backtest.replay import ReplayedOrder

LADDER = CASE_KINDS["order"].ladder
STOPPING = ("hold", "reject")
"""Outcomes that keep an order from going out: these orders are called held."""


@dataclass(slots=True)
class OrderGroup:
    """Some orders. `late[i]` are those paid more than `LATE_DAYS[i]` days late; what was still open at the end of the
    history and not yet that late is in `all` but neither in `known` nor in `late`."""

    all: Sums = field(default_factory=Sums)
    known: Sums = field(default_factory=Sums)
    late: tuple[Sums, ...] = field(default_factory=lambda: tuple(Sums() for _ in LATE_DAYS))

    def add(self, lateness: int | None, sums: Sums) -> None:
        self.all += sums
        if lateness is not None:
            self.known += sums
            for late in self.late[:lateness]:
                late += sums

    def rate(self, index: int) -> Fraction | None:
        """Share of the amount that was paid later than `LATE_DAYS[index]` days."""
        return ratio(self.late[index].amount, self.known.amount)

    def count_rate(self, index: int) -> Fraction | None:
        return ratio(self.late[index].count, self.known.count)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Holding as a forecast of lateness. Lift is how many times as much late amount was held as holding the same
    amount at random would; precision the share of what was held that came late; recall the share of what came late that
    was held."""

    days: int
    lift: Fraction | None
    precision: Fraction | None
    recall: Fraction | None
    count_lift: Fraction | None
    count_precision: Fraction | None
    count_recall: Fraction | None


@dataclass(frozen=True, slots=True)
class Effect:
    """Days sales outstanding and the overdue share of receivables: as it was, had held orders been refused, had they
    been paid in advance."""

    dso: Fraction | None
    dso_refused: Fraction | None
    dso_prepaid: Fraction | None
    overdue_share: Fraction | None
    overdue_share_without: Fraction | None


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """`alone`: the orders that no other rule would have held."""

    rule: str
    title: Text
    outcome: str
    fired: OrderGroup
    undetermined: OrderGroup
    alone: OrderGroup


@dataclass(frozen=True, slots=True)
class RuleName:
    title: Text
    outcome: str
    if_missing: str | None


@dataclass(frozen=True, slots=True)
class SideFigures:
    label: str
    version: str
    outcomes: Mapping[str, OrderGroup]
    held: OrderGroup
    passed: OrderGroup
    accuracy: tuple[Accuracy, ...]
    effect: Effect
    rules: tuple[RuleFigures, ...]
    grades: Mapping[str, OrderGroup]
    quarters: Mapping[str, tuple[OrderGroup, OrderGroup]]  # held, passed
    quarter_outcomes: Mapping[str, Mapping[str, int]]  # amounts


@dataclass(frozen=True, slots=True)
class Change:
    """Orders that flip from one outcome to another, with the rules that only one side names for them."""

    before: str
    after: str
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    group: OrderGroup


@dataclass(frozen=True, slots=True)
class BacktestFigures:
    everything: OrderGroup
    sides: tuple[SideFigures, ...]
    changes: tuple[Change, ...]
    flips: int
    largest_flips: tuple[Flip, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One policy set under test: what it is called, its version, its rules by id."""

    label: str
    version: str
    rules: Mapping[str, RuleName]


def figures(tally: BacktestTally, sides: Iterable[Side]) -> BacktestFigures:
    cells = sorted(tally.cells.items(), key=_by_quarter)
    found = tuple(_side(side, index, cells) for index, side in enumerate(sides))
    flips = sorted(tally.largest_flips, key=lambda entry: (-entry[0], entry[1]))
    changes = _changes(cells) if len(found) > 1 else ()
    return BacktestFigures(
        _group(cells, lambda _: True), found, changes, tally.flips, tuple(flip for _, _, flip in flips)
    )


Cells = list[tuple[TallyKey, Sums]]


def _by_quarter(entry: tuple[TallyKey, Sums]) -> str:
    return entry[0].quarter


def _group(cells: Cells, wanted: Callable[[TallyKey], bool]) -> OrderGroup:
    group = OrderGroup()
    for cell, sums in cells:
        if wanted(cell):
            group.add(cell.lateness, sums)
    return group


def _side(side: Side, index: int, cells: Cells) -> SideFigures:
    outcomes = {name: OrderGroup() for name in LADDER}
    grades: defaultdict[str, OrderGroup] = defaultdict(OrderGroup)
    quarters: defaultdict[str, tuple[OrderGroup, OrderGroup]] = defaultdict(lambda: (OrderGroup(), OrderGroup()))
    amounts: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(LADDER, 0))
    held, passed = OrderGroup(), OrderGroup()
    for cell, sums in cells:
        decided = cell.sides[index]
        is_held = decided.outcome in STOPPING
        in_quarter = quarters[cell.quarter][0 if is_held else 1]
        for group in (outcomes[decided.outcome], grades[decided.grade or ""], held if is_held else passed, in_quarter):
            group.add(cell.lateness, sums)
        amounts[cell.quarter][decided.outcome] += sums.amount
    return SideFigures(
        side.label,
        side.version,
        outcomes,
        held,
        passed,
        tuple(_accuracy(days, i, held, passed) for i, days in enumerate(LATE_DAYS)),
        effect(held, passed),
        _rules(side.rules, index, cells),
        dict(sorted(grades.items())),
        dict(quarters),
        dict(amounts),
    )


def _accuracy(days: int, index: int, held: OrderGroup, passed: OrderGroup) -> Accuracy:
    late, late_passed = held.late[index], passed.late[index]
    amount = _forecast(late.amount, held.known.amount, late_passed.amount, passed.known.amount)
    count = _forecast(late.count, held.known.count, late_passed.count, passed.known.count)
    return Accuracy(days, *amount, *count)


def _forecast(
    hit: int, held: int, missed: int, passed: int
) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    """Lift, precision, recall."""
    precision, base = ratio(hit, held), ratio(hit + missed, held + passed)
    lift = precision / base if precision is not None and base else None
    return lift, precision, ratio(hit, hit + missed)


def effect(held: OrderGroup, passed: OrderGroup) -> Effect:
    before, after = held.all, passed.all
    owed, sold = before.amount_days + after.amount_days, before.amount + after.amount
    return Effect(
        ratio(owed, sold),
        ratio(after.amount_days, after.amount),
        ratio(after.amount_days, sold),
        ratio(before.late_amount_days + after.late_amount_days, owed),
        ratio(after.late_amount_days, after.amount_days),
    )


def _rules(names: Mapping[str, RuleName], index: int, cells: Cells) -> tuple[RuleFigures, ...]:
    """Rules that said something, in the order of the policies."""
    fired: defaultdict[str, OrderGroup] = defaultdict(OrderGroup)
    undetermined: defaultdict[str, OrderGroup] = defaultdict(OrderGroup)
    alone: defaultdict[str, OrderGroup] = defaultdict(OrderGroup)
    for cell, sums in cells:
        decided = cell.sides[index]
        stopping = _stopping(decided, names)
        for where, rules in ((fired, decided.rules), (undetermined, decided.undetermined)):
            for rule in rules:
                where[rule].add(cell.lateness, sums)
        if len(stopping) == 1:
            alone[stopping[0]].add(cell.lateness, sums)
    return tuple(
        RuleFigures(rule, name.title, name.outcome, fired[rule], undetermined[rule], alone[rule])
        for rule, name in names.items()
        if rule in fired or rule in undetermined
    )


def _stopping(decided: ReplayedOrder, names: Mapping[str, RuleName]) -> list[str]:
    fired = [rule for rule in decided.rules if names[rule].outcome in STOPPING]
    return fired + [rule for rule in decided.undetermined if names[rule].if_missing in STOPPING]


def _changes(cells: Cells) -> tuple[Change, ...]:
    """The largest amounts first."""
    found: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], OrderGroup] = {}
    for cell, sums in cells:
        first, second = cell.sides[:2]
        if first.outcome != second.outcome:
            only_first, only_second = differing_rules(first, second)
            key = (first.outcome, second.outcome, only_first, only_second)
            found.setdefault(key, OrderGroup()).add(cell.lateness, sums)
    changes = [Change(*key, group) for key, group in found.items()]
    return tuple(sorted(changes, key=lambda change: (-change.group.all.amount, change.only_first, change.only_second)))


def differing_rules(first: ReplayedOrder, second: ReplayedOrder) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The rules that only one of two decisions names, whether fired or undetermined."""
    one, other = (*first.rules, *first.undetermined), (*second.rules, *second.undetermined)
    return tuple(rule for rule in one if rule not in other), tuple(rule for rule in other if rule not in one)


def ratio(part: int, whole: int) -> Fraction | None:
    """None for a share of nothing."""
    return Fraction(part, whole) if whole else None
