"""The section of a portfolio report about quarters: DSO, how much of it is delinquent, collection, and if DSO rises.

DSO, best possible DSO and CEI are worked out in `receivables.figures`; the warning that DSO rose in two quarters
running is a rule of the policy `portfolio_health`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from engine.pipeline import Engine
from engine.vocabulary.text import Text
from receivables.default_policies import (
    DSO_RISING,
    EFFECTIVENESS_MIN,
    OVERDUE_SHARE_ALARM,
    OVERDUE_SHARE_WATCH,
)
from receivables.figures import Quarter
from receivables.portfolio import portfolio_texts as texts
from receivables.portfolio.portfolio_decisions import days_in_quarter, threshold
from receivables.portfolio.portfolio_formatter import PortfolioFormatter
from receivables.portfolio.run_portfolio import Portfolio
from receivables.ratios import NoValue, Ratio, change, reasons_among
from receivables.report import report_texts
from receivables.report.parts import Chart, ChartKind, ReportTable, Section, Series, Threshold

_RATIO_HEADINGS = (
    report_texts.DSO,
    texts.RISE,
    texts.BEST_DSO,
    texts.DELINQUENT,
    report_texts.OVERDUE_SHARE,
    texts.EFFECTIVENESS,
)
"""Of the ratios that `_ratios` gives, in their order."""


def turnover_section(portfolio: Portfolio, engine: Engine, show: PortfolioFormatter) -> Section:
    """Charts, and two tables by quarter, amounts and ratios; a quarter without ratios is given the reason.

    Above them stands what the policy says of two quarters running: it fired, it didn't, or it could not be checked for
    want of quarters. A chart without any value is left out.
    """
    quarters = portfolio.figures.quarters
    days = show.number(days_in_quarter(engine, portfolio.as_of))
    if not portfolio.book.has_settled:
        return Section(show(texts.TURNOVER), (show(texts.ONLY_OPEN),))
    if not quarters:
        return Section(show(texts.TURNOVER), (show(texts.NO_QUARTER),))
    paragraphs = (show(texts.TURNOVER_TEXT, days=days), *_dso_warning(portfolio, show))
    charts = _charts(portfolio, engine, show)
    charts = [chart for chart in charts if any(value is not None for value in chart.series[0].values)]
    return Section(show(texts.TURNOVER), paragraphs, (*charts, *_quarter_tables(quarters, show)))


def _charts(portfolio: Portfolio, engine: Engine, show: PortfolioFormatter) -> list[Chart]:
    """DSO, overdue share and CEI from quarter to quarter, with the policy's thresholds as lines."""
    quarters = portfolio.figures.quarters
    labels = tuple(show.quarter(quarter, brief=True) for quarter in quarters)
    best = Series(show(texts.BEST_DSO), tuple(show.bar(quarter.best_possible_dso) for quarter in quarters))
    late = Series(show(texts.DELINQUENT), tuple(show.bar(quarter.average_days_delinquent) for quarter in quarters))
    overdue = Series(show(report_texts.OVERDUE_SHARE), tuple(show.bar(quarter.overdue_share) for quarter in quarters))
    collected = Series(show(texts.EFFECTIVENESS), tuple(show.bar(quarter.effectiveness) for quarter in quarters))
    dso_max = portfolio.decisions.dso_max()
    maximum = () if dso_max is None else (Threshold(show(texts.MAXIMUM_LINE), float(dso_max)),)

    def lines(*names: tuple[Text, str]) -> tuple[Threshold, ...]:
        found = ((text, threshold(engine, portfolio.as_of, name)) for text, name in names)
        return tuple(Threshold(show(text), float(value)) for text, value in found if value is not None)

    return [
        Chart(
            kind=ChartKind.STACKED,
            title=show(texts.DAYS_OF_DSO),
            labels=labels,
            series=(best, late),
            show=lambda value: f"{value:.3g}",
            thresholds=maximum,
        ),
        Chart(
            kind=ChartKind.LINES,
            title=show(texts.OVERDUE_SHARE_OF),
            labels=labels,
            series=(overdue,),
            show=show.share_axis,
            thresholds=lines((texts.WATCH_LINE, OVERDUE_SHARE_WATCH), (texts.ALARM_LINE, OVERDUE_SHARE_ALARM)),
        ),
        Chart(
            kind=ChartKind.LINES,
            title=show(texts.EFFECTIVENESS_OF),
            labels=labels,
            series=(collected,),
            show=show.share_axis,
            thresholds=lines((texts.TARGET_LINE, EFFECTIVENESS_MIN)),
        ),
    ]


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


def _quarter_tables(quarters: tuple[Quarter, ...], show: PortfolioFormatter) -> tuple[ReportTable, ReportTable]:
    """Amounts and ratios apart, since twelve columns fit no page: opening, sales, closing, open invoices and overdue in
    the first; the ratios in the second, with why a quarter lacks some below it.
    """
    amounts = tuple(
        (
            show.quarter(each),
            show(report_texts.NONE) if each.opening is None else show.money(each.opening),
            *map(show.money, (each.sales, each.receivables, each.invoices, each.overdue)),
        )
        for each in quarters
    )
    rises = [NoValue.NO_QUARTER, *(change(before.dso, after.dso) for before, after in pairwise(quarters))]
    ratios = tuple(_ratios(quarter, rise) for quarter, rise in zip(quarters, rises, strict=True))
    rows = tuple(
        (show.quarter(quarter), *_ratio_cells(of_quarter, show))
        for quarter, of_quarter in zip(quarters, ratios, strict=True)
    )
    first = (report_texts.QUARTER, texts.OPENING, texts.SALES, texts.CLOSING, texts.OPEN_INVOICES, texts.OVERDUE)
    notes = " ".join(note for pair in zip(quarters, ratios, strict=True) for note in _why_no_ratios(*pair, show))
    return (
        ReportTable(title=show(texts.AMOUNTS), headings=tuple(map(show, first)), rows=amounts),
        ReportTable(
            title=show(texts.RATIOS),
            headings=tuple(map(show, (report_texts.QUARTER, *_RATIO_HEADINGS))),
            rows=rows,
            note=notes,
        ),
    )


def _ratios(quarter: Quarter, rise: Ratio) -> tuple[Ratio, ...]:
    return (
        quarter.dso,
        rise,
        quarter.best_possible_dso,
        quarter.average_days_delinquent,
        quarter.overdue_share,
        quarter.effectiveness,
    )


def _ratio_cells(ratios: tuple[Ratio, ...], show: PortfolioFormatter) -> tuple[str, ...]:
    """The cells of a quarter; a rise has its sign."""
    dso, rise, best, delinquent, overdue, effectiveness = ratios
    return (
        show.days(dso),
        show.signed(show.share(rise)),
        show.days(best),
        show.days(delinquent),
        show.share(overdue),
        show.share(effectiveness),
    )


def _why_no_ratios(quarter: Quarter, ratios: tuple[Ratio, ...], show: PortfolioFormatter) -> Iterable[str]:
    """One sentence for each reason why ratios of the quarter are dashes, with their names."""
    name = show.quarter(quarter)
    if not quarter.whole:
        yield show(texts.PARTIAL, quarter=name)
        return
    for reason in reasons_among(ratios):
        lacking = (show(text) for text, value in zip(_RATIO_HEADINGS, ratios, strict=True) if value is reason)
        names = ("、" if show.language == "zh" else "; ").join(lacking)
        yield show(texts.NO_RATIO, quarter=name, names=names, reason=show(reason.text))
