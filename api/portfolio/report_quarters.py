"""The quarters in a portfolio report: DSO, what of it is delinquent, collection, and the two-quarter warning."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

from api.portfolio import words
from api.portfolio.run import Portfolio
from api.portfolio.show import Show
from api.report import words as common
from api.report.parts import Chart, ChartKind, Section, Series, Table
from engine.pipeline import Engine
from engine.portfolio.decided import PORTFOLIO, days_in_quarter
from engine.portfolio.figures import Quarter

DSO_RISING = f"{PORTFOLIO}.dso-rising"


def turnover_section(portfolio: Portfolio, engine: Engine, show: Show) -> Section:
    quarters = portfolio.figures.quarters
    days = show.number(days_in_quarter(engine, portfolio.as_of))
    if not quarters:
        return Section(show(words.TURNOVER), (show(words.NO_QUARTER),))
    tables = _quarter_tables(quarters, show)
    best = Series(show(words.BEST_DSO), tuple(show.bar(quarter.best_possible_dso) for quarter in quarters))
    late = Series(show(words.DELINQUENT), tuple(show.bar(quarter.average_days_delinquent) for quarter in quarters))
    labels = tuple(show.quarter(quarter, brief=True) for quarter in quarters)
    chart = Chart(ChartKind.STACKED, show(words.DAYS_OF_DSO), labels, (best, late), lambda value: f"{value:g}")
    collected = Series(show(words.EFFECTIVENESS), tuple(show.bar(quarter.effectiveness) for quarter in quarters))
    line = Chart(ChartKind.LINES, show(words.EFFECTIVENESS_OF), labels, (collected,), show.share_axis)
    said = (show(words.TURNOVER_SAID, days=days), *_dso_warning(portfolio, show))
    known = [chart for chart in (chart, line) if any(value is not None for value in chart.series[0].values)]
    return Section(show(words.TURNOVER), said, (*tables, *known))


def _dso_warning(portfolio: Portfolio, show: Show) -> Iterable[str]:
    """What the policy's rule about two quarters running says."""
    rules = {reason.rule: reason for reason in portfolio.decided.portfolio.reasons}
    reason = rules.get(DSO_RISING)
    if reason is None:
        yield show(words.NOT_RISING)
    elif reason.missing:
        yield show(words.RISING_UNTOLD, names=show.names(reason.missing))
    else:
        yield show(words.RISING, reason=show(reason.text))


def _rise(before: Quarter, after: Quarter) -> Fraction | None:
    return after.dso / before.dso - 1 if before.dso and after.dso is not None else None


def _quarter_tables(quarters: tuple[Quarter, ...], show: Show) -> tuple[Table, Table]:
    amounts = tuple(
        (
            show.quarter(each),
            show(common.NONE) if each.opening is None else show.money(each.opening),
            *map(show.money, (each.sales, each.receivables, each.overdue)),
        )
        for each in quarters
    )
    rises = [None, *(_rise(before, after) for before, after in pairwise(quarters))]
    ratios = tuple(_ratios(quarter, rise, show) for quarter, rise in zip(quarters, rises, strict=True))
    first = (common.QUARTER, words.OPENING, words.SALES, words.CLOSING, words.OVERDUE)
    second = (common.QUARTER, common.DSO, words.RISE, words.BEST_DSO, words.DELINQUENT, words.EFFECTIVENESS)
    silences = " ".join(_silences(quarters, show))
    return (
        Table(show(words.AMOUNTS), tuple(map(show, first)), amounts),
        Table(show(words.RATIOS), tuple(map(show, second)), ratios, note=silences),
    )


def _ratios(quarter: Quarter, rise: Fraction | None, show: Show) -> tuple[str, ...]:
    signed = show.share(rise)
    return (
        show.quarter(quarter),
        show.days(quarter.dso),
        f"+{signed}" if rise is not None and rise > 0 else signed,
        show.days(quarter.best_possible_dso),
        show.days(quarter.average_days_delinquent),
        show.share(quarter.effectiveness),
    )


def _silences(quarters: Iterable[Quarter], show: Show) -> Iterable[str]:
    """Why a quarter has no ratios."""
    for quarter in quarters:
        if not quarter.whole:
            yield show(words.PARTIAL, quarter=show.quarter(quarter))
        elif quarter.dso is None:
            yield show(words.NO_SALES, quarter=show.quarter(quarter))
