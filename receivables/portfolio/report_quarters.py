"""The section of a portfolio report about quarters: DSO, how much of it is delinquent, collection, and if DSO rises.

DSO, best possible DSO and CEI are worked out in `receivables.figures`; the warning that DSO rose in two quarters
running is a rule of the policy `portfolio_health`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

from engine.pipeline import Engine
from receivables.default_policies import DSO_RISING
from receivables.figures import Quarter
from receivables.portfolio import portfolio_texts as texts
from receivables.portfolio.portfolio_decisions import days_in_quarter
from receivables.portfolio.portfolio_formatter import PortfolioFormatter
from receivables.portfolio.run_portfolio import Portfolio
from receivables.report import report_texts
from receivables.report.parts import Chart, ChartKind, ReportTable, Section, Series


def turnover_section(portfolio: Portfolio, engine: Engine, show: PortfolioFormatter) -> Section:
    """Two tables by quarter, amounts and ratios, with their charts; a quarter without ratios is given the reason.

    Below them stands what the policy says of two quarters running: it fired, it didn't, or it could not be checked for
    want of quarters. A chart without any value is left out.
    """
    quarters = portfolio.figures.quarters
    days = show.number(days_in_quarter(engine, portfolio.as_of))
    if not portfolio.book.has_settled:
        return Section(show(texts.TURNOVER), (show(texts.ONLY_OPEN),))
    if not quarters:
        return Section(show(texts.TURNOVER), (show(texts.NO_QUARTER),))
    tables = _quarter_tables(quarters, show)
    best = Series(show(texts.BEST_DSO), tuple(show.bar(quarter.best_possible_dso) for quarter in quarters))
    late = Series(show(texts.DELINQUENT), tuple(show.bar(quarter.average_days_delinquent) for quarter in quarters))
    labels = tuple(show.quarter(quarter, brief=True) for quarter in quarters)
    chart = Chart(
        kind=ChartKind.STACKED,
        title=show(texts.DAYS_OF_DSO),
        labels=labels,
        series=(best, late),
        show=lambda value: f"{value:g}",
    )
    collected = Series(show(texts.EFFECTIVENESS), tuple(show.bar(quarter.effectiveness) for quarter in quarters))
    line = Chart(
        kind=ChartKind.LINES,
        title=show(texts.EFFECTIVENESS_OF),
        labels=labels,
        series=(collected,),
        show=show.share_axis,
    )
    paragraphs = (show(texts.TURNOVER_TEXT, days=days), *_dso_warning(portfolio, show))
    charts = [chart for chart in (chart, line) if any(value is not None for value in chart.series[0].values)]
    return Section(show(texts.TURNOVER), paragraphs, (*tables, *charts))


def _dso_warning(portfolio: Portfolio, show: PortfolioFormatter) -> Iterable[str]:
    """What the policy's rule about two quarters running says: its reason, that it didn't fire, or what it lacked."""
    rules = {reason.rule: reason for reason in portfolio.decisions.portfolio.reasons if not reason.waived}
    reason = rules.get(DSO_RISING)
    if reason is None:
        yield show(texts.NOT_RISING)
    elif reason.missing:
        yield show(texts.RISING_NOT_CHECKED, names=show.names(reason.missing))
    else:
        yield show(texts.RISING, reason=show(reason.text))


def _rise(before: Quarter, after: Quarter) -> Fraction | None:
    """By which share DSO rose from one quarter to the next: 40 days after 32 are 1/4, shown as +25%. None where either
    has no DSO, or the first one's is 0.
    """
    return after.dso / before.dso - 1 if before.dso and after.dso is not None else None


def _quarter_tables(quarters: tuple[Quarter, ...], show: PortfolioFormatter) -> tuple[ReportTable, ReportTable]:
    """Amounts and ratios apart, since ten columns fit no page: opening, sales, closing and overdue in the first; DSO,
    its change, best possible DSO, delinquency and CEI in the second, with why a quarter has no ratios below it.
    """
    amounts = tuple(
        (
            show.quarter(each),
            show(report_texts.NONE) if each.opening is None else show.money(each.opening),
            *map(show.money, (each.sales, each.receivables, each.overdue)),
        )
        for each in quarters
    )
    rises = [None, *(_rise(before, after) for before, after in pairwise(quarters))]
    ratios = tuple(_ratios(quarter, rise, show) for quarter, rise in zip(quarters, rises, strict=True))
    first = (
        report_texts.QUARTER,
        texts.OPENING,
        texts.SALES,
        texts.CLOSING,
        texts.OVERDUE,
    )
    second = (
        report_texts.QUARTER,
        report_texts.DSO,
        texts.RISE,
        texts.BEST_DSO,
        texts.DELINQUENT,
        texts.EFFECTIVENESS,
    )
    notes = " ".join(_why_no_ratios(quarters, show))
    return (
        ReportTable(title=show(texts.AMOUNTS), headings=tuple(map(show, first)), rows=amounts),
        ReportTable(title=show(texts.RATIOS), headings=tuple(map(show, second)), rows=ratios, note=notes),
    )


def _ratios(quarter: Quarter, rise: Fraction | None, show: PortfolioFormatter) -> tuple[str, ...]:
    """A row of the second table; a rise has a plus sign, so that it isn't taken for the level."""
    signed = show.share(rise)
    return (
        show.quarter(quarter),
        show.days(quarter.dso),
        f"+{signed}" if rise is not None and rise > 0 else signed,
        show.days(quarter.best_possible_dso),
        show.days(quarter.average_days_delinquent),
        show.share(quarter.effectiveness),
    )


def _why_no_ratios(quarters: Iterable[Quarter], show: PortfolioFormatter) -> Iterable[str]:
    """One sentence for each quarter without: the books begin within it, or it had no credit sales."""
    for quarter in quarters:
        if not quarter.whole:
            yield show(texts.PARTIAL, quarter=show.quarter(quarter))
        elif quarter.dso is None:
            yield show(texts.NO_SALES, quarter=show.quarter(quarter))
