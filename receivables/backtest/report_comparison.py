"""The sections of a backtest's report on two policy sets: their figures side by side, and the orders that flip.

An order flips where the two sets decide it differently. Flips are grouped by the two outcomes and by the rules that
only one set names for them, which are to blame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.vocabulary.text import Text
from receivables.backtest import backtest_texts as texts
from receivables.backtest.backtest import FLIPS_KEPT, SERIOUS, Flip
from receivables.backtest.backtest_figures import (
    WITH_CONDITIONS,
    BacktestFigures,
    Change,
    OrderGroup,
    SideFigures,
    differing_rules,
)
from receivables.backtest.report_policy_set import late_headings
from receivables.report import report_texts
from receivables.report.figure_formatter import FigureFormatter
from receivables.report.parts import Chart, ChartKind, ReportTable, Section, Series

_FLIPS_LISTED = 20
"""Single orders that the report lists; JSON has up to `FLIPS_KEPT`."""

Titles = Mapping[str, Text]
"""Of rules, by id."""


def comparison_sections(figures: BacktestFigures, show: FigureFormatter) -> list[Section]:
    """The comparison, and what flips; `figures` have two sides."""
    headings = (show(report_texts.FIGURE), *(side.label for side in figures.sides))
    columns = [_summary_by_title(side, figures.everything, show) for side in figures.sides]
    rows = tuple((name, *(column[name] for column in columns)) for name in columns[0])
    titles = {rule.rule: rule.title for side in figures.sides for rule in side.rules}
    parts = (_changes(figures, titles, show), _largest(figures, titles, show)) if figures.flips else ()
    flips = show(texts.FLIPS_TEXT, flips=show.count(figures.flips))
    side_by_side = Section(
        show(texts.COMPARISON), (), (ReportTable(title="", headings=headings, rows=rows), _outcome_chart(figures, show))
    )
    return [side_by_side, Section(show(texts.FLIPS), (flips,), parts)]


def _summary_by_title(side: SideFigures, everything: OrderGroup, show: FigureFormatter) -> Mapping[str, str]:
    """The figures by which two policy sets are compared, each under the name that stands in the first column.

    Names are the same on both sides, so the sides' columns are put together by them. Ranges are left out: both sets
    decide the same orders, so a range of each says nothing about their difference.
    """
    accuracy = side.accuracy[SERIOUS]
    conditioned = side.outcomes[WITH_CONDITIONS]
    days, refused = accuracy.days, show(texts.REFUSED)
    return {
        show(texts.HELD_AMOUNT): show.share(side.held.share_of(everything)),
        show(texts.CONDITIONED_AMOUNT): show.share(conditioned.share_of(everything)),
        show(texts.HELD_LATE, days=days): show.share(accuracy.precision),
        show(texts.PASSED_LATE, days=days): show.share(side.passed.rate(SERIOUS)),
        show(texts.LIFT_LATER, days=days): show.times(accuracy.lift),
        show(texts.RECALL_LATER, days=days): show.share(accuracy.recall),
        show(texts.IF, what=show(report_texts.DSO), then=refused): show.days(side.effect.dso_refused),
        show(texts.IF, what=show(report_texts.OVERDUE_SHARE), then=refused): show.share(
            side.effect.overdue_share_without
        ),
    }


def _outcome_chart(figures: BacktestFigures, show: FigureFormatter) -> Chart:
    """One column for each policy set, the amounts stacked by outcome: all orders are in both, so the columns are as
    high.
    """
    names = [name for name in figures.sides[0].outcomes if any(side.outcomes[name].all.count for side in figures.sides)]
    series = tuple(
        Series(show.outcome(name), tuple(show.height(side.outcomes[name].all.amount) for side in figures.sides))
        for name in names
    )
    labels = tuple(side.label for side in figures.sides)
    return Chart(
        kind=ChartKind.STACKED,
        title=show.in_currency(show(texts.BY_SIDE_CHART)),
        labels=labels,
        series=series,
        show=show.axis,
    )


def _only_in(figures: BacktestFigures, show: FigureFormatter) -> tuple[str, ...]:
    """Headings of the two columns with the rules that one set alone names."""
    return tuple(show(texts.ONLY_IN, label=side.label) for side in figures.sides[:2])


def _named(rules: Iterable[str], titles: Titles, show: FigureFormatter) -> str:
    """Rules in words with their ids: `Credit limit (orders.over-limit)`; where there are none, the word for it."""
    named = (show(report_texts.TITLED, title=show(titles[rule]), id=rule) for rule in rules)
    return ", ".join(named) or show(report_texts.NONE)


def _changes(figures: BacktestFigures, titles: Titles, show: FigureFormatter) -> ReportTable:
    """One row for each kind of flip: from which outcome to which, the rules to blame on either side, how many orders
    and how much, and how these were paid. The largest amounts first.

    Orders that go from approve to hold and came late are what the second set wins; those that were paid in time are its
    price.
    """
    headings = (
        *show.all(texts.FROM_TO, *_only_in(figures, show), texts.ORDERS, report_texts.AMOUNT),
        *late_headings(show, 0, SERIOUS),
    )
    return ReportTable(
        title="", headings=headings, rows=tuple(_change(change, titles, show) for change in figures.changes), left=3
    )


def _change(change: Change, titles: Titles, show: FigureFormatter) -> tuple[str, ...]:
    """The cells of one kind of flip."""
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


def _from_to(before: str, after: str, show: FigureFormatter) -> str:
    """`approve → hold`, in the words of the reader's language."""
    return f"{show.outcome(before)} → {show.outcome(after)}"


def _largest(figures: BacktestFigures, titles: Titles, show: FigureFormatter) -> ReportTable:
    """Single orders that flip, the largest first, so that somebody who knows the customers can say which set is right.
    Of more than `_FLIPS_LISTED` the note says how many there are and where the rest is.
    """
    headings = show.all(
        *(texts.ORDER, report_texts.CUSTOMER, texts.DAY, texts.FROM_TO),
        *_only_in(figures, show),
        *(report_texts.AMOUNT, texts.DAYS_LATE),
    )
    listed = figures.largest_flips[:_FLIPS_LISTED]
    rows = tuple(_flip(flip, titles, show) for flip in listed)
    note = show(texts.FIRST_OF, shown=len(listed), count=show.count(figures.flips), kept=FLIPS_KEPT)
    return ReportTable(
        title=show(texts.LARGEST),
        headings=headings,
        rows=rows,
        left=6,
        note=note if len(listed) < figures.flips else "",
    )


def _flip(flip: Flip, titles: Titles, show: FigureFormatter) -> tuple[str, ...]:
    """The cells of one order. How late it was paid stands last; an invoice that is still open has the word for it
    instead.
    """
    item, (first, second) = flip.item, flip.decisions[:2]
    only_first, only_second = differing_rules(first, second)
    late = item.days_late
    return (
        item.number,
        item.customer,
        show.day(item.issued),
        _from_to(first.outcome, second.outcome, show),
        _named(only_first, titles, show),
        _named(only_second, titles, show),
        show.money(item.amount),
        show(texts.OPEN) if late is None else show.count(late),
    )
