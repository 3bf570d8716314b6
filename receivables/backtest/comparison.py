"""The sections of a backtest's report that set two policy sets side by side, and the orders that flip between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.vocabulary.text import Text
from receivables.backtest import backtest_words as say
from receivables.backtest.backtest import FLIPS_KEPT, Flip
from receivables.backtest.backtest_figures import (
    BacktestFigures,
    Change,
    OrderGroup,
    SideFigures,
    differing_rules,
    ratio,
)
from receivables.backtest.sides import SERIOUS, late_headings
from receivables.report import report_words as common
from receivables.report.parts import Chart, ChartKind, ReportTable, Section, Series
from receivables.report.shown_figures import ShowFigures

_FLIPS_SHOWN = 20  # JSON has more

Titles = Mapping[str, Text]
"""Of rules, by id."""


def comparison(figures: BacktestFigures, show: ShowFigures) -> list[Section]:
    headings = (show(common.FIGURE), *(side.label for side in figures.sides))
    columns = [_compared(side, figures.everything, show) for side in figures.sides]
    rows = tuple((name, *(column[name] for column in columns)) for name in columns[0])
    titles = {rule.rule: rule.title for side in figures.sides for rule in side.rules}
    parts = (_changes(figures, titles, show), _largest(figures, titles, show)) if figures.flips else ()
    flips = show(say.FLIPS_TEXT, flips=show.count(figures.flips))
    side_by_side = Section(show(say.COMPARISON), (), (ReportTable("", headings, rows), _outcome_chart(figures, show)))
    return [side_by_side, Section(show(say.FLIPS), (flips,), parts)]


def _compared(side: SideFigures, everything: OrderGroup, show: ShowFigures) -> Mapping[str, str]:
    accuracy = side.accuracy[SERIOUS]
    conditioned = side.outcomes["approve_with_conditions"].all.amount
    days, refused = accuracy.days, show(say.REFUSED)
    return {
        show(say.HELD_AMOUNT): show.share(ratio(side.held.all.amount, everything.all.amount)),
        show(say.CONDITIONED_AMOUNT): show.share(ratio(conditioned, everything.all.amount)),
        show(say.HELD_LATE, days=days): show.share(accuracy.precision),
        show(say.PASSED_LATE, days=days): show.share(side.passed.rate(SERIOUS)),
        show(say.LIFT_LATER, days=days): show.times(accuracy.lift),
        show(say.RECALL_LATER, days=days): show.share(accuracy.recall),
        show(say.IF, what=show(common.DSO), then=refused): show.days(side.effect.dso_refused),
        show(say.IF, what=show(common.OVERDUE_SHARE), then=refused): show.share(side.effect.overdue_share_without),
    }


def _outcome_chart(figures: BacktestFigures, show: ShowFigures) -> Chart:
    names = [name for name in figures.sides[0].outcomes if any(side.outcomes[name].all.count for side in figures.sides)]
    series = tuple(
        Series(show.outcome(name), tuple(show.height(side.outcomes[name].all.amount) for side in figures.sides))
        for name in names
    )
    labels = tuple(side.label for side in figures.sides)
    return Chart(ChartKind.STACKED, show.in_currency(show(say.BY_SIDE_CHART)), labels, series, show.axis)


def _only_in(figures: BacktestFigures, show: ShowFigures) -> tuple[str, ...]:
    return tuple(show(say.ONLY_IN, label=side.label) for side in figures.sides[:2])


def _named(rules: Iterable[str], titles: Titles, show: ShowFigures) -> str:
    named = (show(common.TITLED, title=show(titles[rule]), id=rule) for rule in rules)
    return ", ".join(named) or show(common.NONE)


def _changes(figures: BacktestFigures, titles: Titles, show: ShowFigures) -> ReportTable:
    headings = (
        *show.all(say.FROM_TO, *_only_in(figures, show), say.ORDERS, common.AMOUNT),
        *late_headings(show, 0, SERIOUS),
    )
    return ReportTable("", headings, tuple(_change(change, titles, show) for change in figures.changes), left=3)


def _change(change: Change, titles: Titles, show: ShowFigures) -> tuple[str, ...]:
    group = change.group
    return (
        _from_to(change.before, change.after, show),
        _named(change.only_first, titles, show),
        _named(change.only_second, titles, show),
        show.count(group.all.count),
        show.money(group.all.amount),
        show.share(group.rate(0)),
        show.share(group.rate(SERIOUS)),
    )


def _from_to(before: str, after: str, show: ShowFigures) -> str:
    return f"{show.outcome(before)} → {show.outcome(after)}"


def _largest(figures: BacktestFigures, titles: Titles, show: ShowFigures) -> ReportTable:
    headings = show.all(
        *(say.ORDER, common.CUSTOMER, say.DAY, say.FROM_TO),
        *_only_in(figures, show),
        *(common.AMOUNT, say.DAYS_LATE),
    )
    shown = figures.largest_flips[:_FLIPS_SHOWN]
    rows = tuple(_flip(flip, titles, show) for flip in shown)
    note = show(say.FIRST_OF, shown=len(shown), count=show.count(figures.flips), kept=FLIPS_KEPT)
    return ReportTable(show(say.LARGEST), headings, rows, left=6, note=note if len(shown) < figures.flips else "")


def _flip(flip: Flip, titles: Titles, show: ShowFigures) -> tuple[str, ...]:
    invoice, (first, second) = flip.invoice, flip.sides[:2]
    only_first, only_second = differing_rules(first, second)
    late = invoice.days_late
    return (
        invoice.number,
        invoice.customer,
        show.day(invoice.issued),
        _from_to(first.outcome, second.outcome, show),
        _named(only_first, titles, show),
        _named(only_second, titles, show),
        show.money(invoice.amount),
        show(say.OPEN) if late is None else show.count(late),
    )
