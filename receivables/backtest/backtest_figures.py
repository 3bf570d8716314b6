"""A backtest's figures: the tally of a replay, read for one policy set or for two side by side.

`figures` takes what `receivables.backtest.backtest` counted. Definitions and sources stand in docs/backtest.md. Amounts
are in minor units, shares are exact fractions; both are rounded only where they are written out.

Words used throughout: an order is *held* if the policies would have kept it from going out (hold or reject), else
*passed*; it is *known* if its payment is, that is all but those still open and not yet long overdue. A *side* is one of
the policy sets under test.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.text import Text
from receivables.backtest.backtest import LATE_DAYS, STOPPING, BacktestTally, Flip, OrderSums, TallyKey
from receivables.backtest.replay import ReplayedOrder
from receivables.backtest.uncertainty import CustomerSums, LikelyRange, lift_range, share_range
from receivables.ratios import NoValue, Ratio, ratio

WITH_CONDITIONS = "approve_with_conditions"
"""The outcome of orders that pass only if the customer brings something."""

LADDER = CASE_KINDS["order"].ladder
"""The outcomes of orders, the mildest first."""


@dataclass(slots=True)
class OrderGroup:
    """Sums over some of the orders, and over those of them that were paid late; mutable while cells are added."""

    all: OrderSums = field(default_factory=OrderSums)
    """Every order of the group."""
    known: OrderSums = field(default_factory=OrderSums)
    """Those whose lateness is known."""
    late: tuple[OrderSums, ...] = field(default_factory=lambda: tuple(OrderSums() for _ in LATE_DAYS))
    """`late[i]`: those of the known ones that were paid more than `LATE_DAYS[i]` days late."""

    def add(self, lateness: int | None, sums: OrderSums) -> None:
        """Adds the orders of one cell; `lateness` as in `TallyKey`."""
        self.all += sums
        if lateness is not None:
            self.known += sums
            for late in self.late[:lateness]:
                late += sums

    def rate(self, index: int) -> Ratio:
        """Share of the known amount that was paid later than `LATE_DAYS[index]` days."""
        return ratio(self.late[index].amount, self.known.amount, self._unknown)

    def count_rate(self, index: int) -> Ratio:
        """The same share by the number of orders."""
        return ratio(self.late[index].count, self.known.count, self._unknown)

    def share_of(self, everything: OrderGroup) -> Ratio:
        """The group's share of the amount of all orders."""
        return ratio(self.all.amount, everything.all.amount, NoValue.NO_ORDERS)

    def count_share_of(self, everything: OrderGroup) -> Ratio:
        """The same share by the number of orders."""
        return ratio(self.all.count, everything.all.count, NoValue.NO_ORDERS)

    @property
    def disputed_share(self) -> Ratio:
        """The share of the group's amount that was disputed at some time."""
        return ratio(self.all.disputed_amount, self.all.amount, NoValue.NO_ORDERS)

    @property
    def _unknown(self) -> NoValue:
        return NoValue.NOT_KNOWN_YET if self.all.count else NoValue.NO_ORDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Holding as a forecast of lateness, for one threshold; first by amount, then by the number of orders."""

    days: int
    """The threshold, one of `LATE_DAYS`."""
    lift: Ratio
    """How many times as much late amount was held as holding the same amount at random would."""
    precision: Ratio
    """Share of what was held that came late."""
    recall: Ratio
    """Share of what came late that was held."""
    count_lift: Ratio
    count_precision: Ratio
    count_recall: Ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Days sales outstanding and the overdue share of receivables: as it was, and had held orders not gone out. None
    where there is nothing to divide by."""

    dso: Ratio
    """As it was, in days: amount-days ÷ amount."""
    dso_refused: Ratio
    """Had held orders been refused: neither owed nor sold."""
    dso_prepaid: Ratio
    """Had held orders been paid in advance: sold, and owed for no day."""
    overdue_share: Ratio
    """Late amount-days ÷ amount-days, as it was."""
    overdue_share_without: Ratio
    """The same without held orders, refused or prepaid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    """What one rule did."""

    rule: str
    """Its id."""
    title: Text
    outcome: str
    """What it asks for."""
    fired: OrderGroup
    undetermined: OrderGroup
    """Orders for which it could not be checked, because a fact was missing."""
    alone: OrderGroup
    """The orders held by it that no other rule would have held."""


@dataclass(frozen=True, slots=True)
class RuleName:
    """What the figures have to know of a rule."""

    title: Text
    outcome: str
    if_missing: str | None
    """Its outcome where it can't be checked; None where it is ignored then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFigures:
    """The figures of one policy set."""

    label: str
    """What users call it."""
    version: str
    """The version of the set, as decisions record it."""
    outcomes: Mapping[str, OrderGroup]
    """By outcome, the mildest first, those without orders too."""
    held: OrderGroup
    passed: OrderGroup
    accuracy: tuple[Accuracy, ...]
    """One for each of `LATE_DAYS`."""
    customers: int
    """How many customers the orders are of."""
    lift_range: LikelyRange | NoValue
    """Between which lift for paying seriously late, by amount, lies in nine of ten samples of such customers."""
    held_range: LikelyRange | NoValue
    """The same of the held share of the amount."""
    effect: Effect
    rules: tuple[RuleFigures, ...]
    """The rules that said something, in the order of the policies."""
    grades: Mapping[str, OrderGroup]
    """By grade of the customer, in order; the empty text stands for orders without one."""
    quarters: Mapping[str, tuple[OrderGroup, OrderGroup]]
    """By quarter, oldest first: the orders held and passed."""
    quarter_outcomes: Mapping[str, Mapping[str, int]]
    """By quarter, the amount of each outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Orders that flip from one outcome to another, with the same rules to blame."""

    before: str
    """The outcome under the first policy set."""
    after: str
    """The outcome under the second."""
    only_first: tuple[str, ...]
    """Rules that only the first set names for them, fired or not checked."""
    only_second: tuple[str, ...]
    """Rules that only the second set names."""
    group: OrderGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestFigures:
    """All figures of one backtest."""

    everything: OrderGroup
    """All orders that were decided."""
    sides: tuple[SideFigures, ...]
    """One for each policy set."""
    changes: tuple[Change, ...]
    """The largest amounts first; empty with one policy set."""
    flips: int
    """How many orders the two sets decide differently."""
    largest_flips: tuple[Flip, ...]
    """The largest of these, at most `FLIPS_KEPT`."""


@dataclass(frozen=True, slots=True)
class Side:
    """One policy set under test."""

    label: str
    """What users call it."""
    version: str
    rules: Mapping[str, RuleName]
    """By id, in the order of the policies."""


Cells = list[tuple[TallyKey, OrderSums]]
"""A tally's cells, in order of quarter."""


def figures(tally: BacktestTally, sides: Iterable[Side]) -> BacktestFigures:
    """Every figure of the tally. `sides` are the policy sets that decided it, in the same order."""
    cells = sorted(tally.cells.items(), key=_by_quarter)
    side_figures = tuple(
        _side(side, index, cells, [sums[index] for sums in tally.customers.values()])
        for index, side in enumerate(sides)
    )
    largest = sorted(tally.largest_flips, key=lambda entry: (-entry[0], entry[1]))
    everything = OrderGroup()
    for cell, sums in cells:
        everything.add(cell.lateness, sums)
    return BacktestFigures(
        everything=everything,
        sides=side_figures,
        changes=_changes(cells) if len(side_figures) > 1 else (),
        flips=tally.flips,
        largest_flips=tuple(flip for _, _, flip in largest),
    )


def _by_quarter(entry: tuple[TallyKey, OrderSums]) -> str:
    return entry[0].quarter


def _side(side: Side, index: int, cells: Cells, customers: Sequence[CustomerSums]) -> SideFigures:
    """Every figure of the policy set at `index`, from one walk over the cells.

    Each cell falls into four groups at once: its outcome, its grade, held or passed, and the same within its quarter.
    All of these are sums, so a group's figures never depend on the order in which cells come.
    """
    outcomes = {name: OrderGroup() for name in LADDER}
    grades: defaultdict[str, OrderGroup] = defaultdict(OrderGroup)
    quarters: defaultdict[str, tuple[OrderGroup, OrderGroup]] = defaultdict(lambda: (OrderGroup(), OrderGroup()))
    amounts: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(LADDER, 0))
    held, passed = OrderGroup(), OrderGroup()
    for cell, sums in cells:
        decided = cell.decisions[index]
        is_held = decided.outcome in STOPPING
        in_quarter = quarters[cell.quarter][0 if is_held else 1]
        for group in (outcomes[decided.outcome], grades[decided.grade or ""], held if is_held else passed, in_quarter):
            group.add(cell.lateness, sums)
        amounts[cell.quarter][decided.outcome] += sums.amount
    return SideFigures(
        label=side.label,
        version=side.version,
        outcomes=outcomes,
        held=held,
        passed=passed,
        accuracy=tuple(_accuracy(days, i, held, passed) for i, days in enumerate(LATE_DAYS)),
        customers=len(customers),
        lift_range=lift_range(customers),
        held_range=share_range(customers),
        effect=effect(held, passed),
        rules=_rules(side.rules, index, cells),
        grades=dict(sorted(grades.items())),
        quarters=dict(quarters),
        quarter_outcomes=dict(amounts),
    )


def _accuracy(days: int, index: int, held: OrderGroup, passed: OrderGroup) -> Accuracy:
    """Of one threshold, twice: of amounts, then of numbers of orders. Only known orders count: of an invoice that is
    open and not yet late enough nobody can say whether the forecast was right.
    """
    late, late_passed = held.late[index], passed.late[index]
    lift, precision, recall = _forecast(late.amount, held.known.amount, late_passed.amount, passed.known.amount)
    count_lift, count_precision, count_recall = _forecast(
        late.count, held.known.count, late_passed.count, passed.known.count
    )
    return Accuracy(
        days=days,
        lift=lift,
        precision=precision,
        recall=recall,
        count_lift=count_lift,
        count_precision=count_precision,
        count_recall=count_recall,
    )


def _forecast(hit: int, held: int, missed: int, passed: int) -> tuple[Ratio, Ratio, Ratio]:
    """Lift, precision and recall of a forecast: `hit` of the `held` came late, and `missed` of the `passed`.

    Example: of 90 held 30 came late, of 80 passed 70. Precision is 30 ÷ 90, the share that came late of everything 100
    ÷ 170, so lift is 1/3 ÷ 10/17 = 17/30; recall is 30 ÷ 100.
    """
    unknown = NoValue.NONE_LATE if held + passed else NoValue.NOT_KNOWN_YET
    precision, recall = ratio(hit, held, NoValue.NONE_HELD), ratio(hit, hit + missed, unknown)
    if not isinstance(precision, Fraction):
        return precision, precision, recall
    base = Fraction(hit + missed, held + passed)
    return precision / base if base else NoValue.NONE_LATE, precision, recall


def effect(held: OrderGroup, passed: OrderGroup) -> Effect:
    """What would have become of receivables without the held orders; `held` and `passed` are all orders together."""
    owed, sold = held.all.amount_days + passed.all.amount_days, held.all.amount + passed.all.amount
    late = held.all.late_amount_days + passed.all.late_amount_days
    return Effect(
        dso=ratio(owed, sold, NoValue.NO_ORDERS),
        dso_refused=ratio(passed.all.amount_days, passed.all.amount, NoValue.NO_ORDERS),
        dso_prepaid=ratio(passed.all.amount_days, sold, NoValue.NO_ORDERS),
        overdue_share=ratio(late, owed, NoValue.NOTHING_OWED),
        overdue_share_without=ratio(passed.all.late_amount_days, passed.all.amount_days, NoValue.NOTHING_OWED),
    )


def _rules(names: Mapping[str, RuleName], index: int, cells: Cells) -> tuple[RuleFigures, ...]:
    """Rules that said something, in the order of the policies."""
    fired: defaultdict[str, OrderGroup] = defaultdict(OrderGroup)
    undetermined: defaultdict[str, OrderGroup] = defaultdict(OrderGroup)
    alone: defaultdict[str, OrderGroup] = defaultdict(OrderGroup)
    for cell, sums in cells:
        decided = cell.decisions[index]
        stopping = _stopping(decided, names)
        for groups, rules in ((fired, decided.rules), (undetermined, decided.undetermined)):
            for rule in rules:
                groups[rule].add(cell.lateness, sums)
        if len(stopping) == 1:
            alone[stopping[0]].add(cell.lateness, sums)
    return tuple(
        RuleFigures(
            rule=rule,
            title=name.title,
            outcome=name.outcome,
            fired=fired[rule],
            undetermined=undetermined[rule],
            alone=alone[rule],
        )
        for rule, name in names.items()
        if rule in fired or rule in undetermined
    )


def _stopping(decided: ReplayedOrder, names: Mapping[str, RuleName]) -> list[str]:
    """The rules that hold this order, fired or not checked."""
    fired = [rule for rule in decided.rules if names[rule].outcome in STOPPING]
    return fired + [rule for rule in decided.undetermined if names[rule].if_missing in STOPPING]


def _changes(cells: Cells) -> tuple[Change, ...]:
    """The kinds of flips between the first two policy sets, the largest amounts first.

    Orders are of one kind where both outcomes and the rules on either side are the same: an order that goes from
    approve to hold by `orders.over-limit` alone is not mixed with one that another new rule holds too.
    """
    groups: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], OrderGroup] = {}
    for cell, sums in cells:
        first, second = cell.decisions[:2]
        if first.outcome != second.outcome:
            only_first, only_second = differing_rules(first, second)
            key = (first.outcome, second.outcome, only_first, only_second)
            groups.setdefault(key, OrderGroup()).add(cell.lateness, sums)
    changes = [
        Change(before=before, after=after, only_first=only_first, only_second=only_second, group=group)
        for (before, after, only_first, only_second), group in groups.items()
    ]
    return tuple(sorted(changes, key=lambda change: (-change.group.all.amount, change.only_first, change.only_second)))


def differing_rules(first: ReplayedOrder, second: ReplayedOrder) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The rules that only one of two decisions names, whether they fired or could not be checked: those of the first,
    and those of the second."""
    one, other = (*first.rules, *first.undetermined), (*second.rules, *second.undetermined)
    return tuple(rule for rule in one if rule not in other), tuple(rule for rule in other if rule not in one)
