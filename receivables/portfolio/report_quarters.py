"""The quarters in a portfolio report: DSO, what of it is delinquent, collection, and the two-quarter warning."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

from engine.pipeline import Engine
from receivables.figures import Quarter
from receivables.portfolio import portfolio_words
from receivables.portfolio.portfolio_decisions import PORTFOLIO, days_in_quarter
from receivables.portfolio.portfolio_shown import ShowPortfolio
from receivables.portfolio.run_portfolio import Portfolio
from receivables.report import report_words as common
from receivables.report.parts import Chart, ChartKind, ReportTable, Section, Series

DSO_RISING = f"{PORTFOLIO}.dso-rising"


def turnover_section(portfolio: Portfolio, engine: Engine, show: ShowPortfolio) -> Section:
    quarters = portfolio.figures.quarters
    days = show.number(days_in_quarter(engine, portfolio.as_of))
    if not quarters:
        return Section(show(portfolio_words.TURNOVER), (show(portfolio_words.NO_QUARTER),))
    tables = _quarter_tables(quarters, show)
    best = Series(show(portfolio_words.BEST_DSO), tuple(show.bar(quarter.best_possible_dso) for quarter in quarters))
    late = Series(
        show(portfolio_words.DELINQUENT), tuple(show.bar(quarter.average_days_delinquent) for quarter in quarters)
    )
    labels = tuple(show.quarter(quarter, brief=True) for quarter in quarters)
    chart = Chart(
        ChartKind.STACKED, show(portfolio_words.DAYS_OF_DSO), labels, (best, late), lambda value: f"{value:g}"
    )
    collected = Series(
        show(portfolio_words.EFFECTIVENESS), tuple(show.bar(quarter.effectiveness) for quarter in quarters)
    )
    line = Chart(ChartKind.LINES, show(portfolio_words.EFFECTIVENESS_OF), labels, (collected,), show.share_axis)
    said = (show(portfolio_words.TURNOVER_SAID, days=days), *_dso_warning(portfolio, show))
    known = [chart for chart in (chart, line) if any(value is not None for value in chart.series[0].values)]
    return Section(show(portfolio_words.TURNOVER), said, (*tables, *known))


def _dso_warning(portfolio: Portfolio, show: ShowPortfolio) -> Iterable[str]:
    """What the policy's rule about two quarters running says."""
    rules = {reason.rule: reason for reason in portfolio.decided.portfolio.reasons}
    reason = rules.get(DSO_RISING)
    if reason is None:
        yield show(portfolio_words.NOT_RISING)
    elif reason.missing:
        yield show(portfolio_words.RISING_UNTOLD, names=show.names(reason.missing))
    else:
        yield show(portfolio_words.RISING, reason=show(reason.text))


def _rise(before: Quarter, after: Quarter) -> Fraction | None:
    return after.dso / before.dso - 1 if before.dso and after.dso is not None else None


def _quarter_tables(quarters: tuple[Quarter, ...], show: ShowPortfolio) -> tuple[ReportTable, ReportTable]:
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
    first = (
        common.QUARTER,
        portfolio_words.OPENING,
        portfolio_words.SALES,
        portfolio_words.CLOSING,
        portfolio_words.OVERDUE,
    )
    second = (
        common.QUARTER,
        common.DSO,
        portfolio_words.RISE,
        portfolio_words.BEST_DSO,
        portfolio_words.DELINQUENT,
        portfolio_words.EFFECTIVENESS,
    )
    silences = " ".join(_silences(quarters, show))
    return (
        ReportTable(show(portfolio_words.AMOUNTS), tuple(map(show, first)), amounts),
        ReportTable(show(portfolio_words.RATIOS), tuple(map(show, second)), ratios, note=silences),
    )


def _ratios(quarter: Quarter, rise: Fraction | None, show: ShowPortfolio) -> tuple[str, ...]:
    signed = show.share(rise)
    return (
        show.quarter(quarter),
        show.days(quarter.dso),
        f"+{signed}" if rise is not None and rise > 0 else signed,
        show.days(quarter.best_possible_dso),
        show.days(quarter.average_days_delinquent),
        show.share(quarter.effectiveness),
    )


def _silences(quarters: Iterable[Quarter], show: ShowPortfolio) -> Iterable[str]:
    """Why a quarter has no ratios."""
    for quarter in quarters:
        if not quarter.whole:
            yield show(portfolio_words.PARTIAL, quarter=show.quarter(quarter))
        elif quarter.dso is None:
            yield show(portfolio_words.NO_SALES, quarter=show.quarter(quarter))
