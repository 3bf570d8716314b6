"""A portfolio as a report in one language, for people: what `credence portfolio` prints or writes as a page.

`portfolio_report` takes a `Portfolio` and gives a `Report`, which `report.html_page` and `report.terminal_text` turn
into a page or into text. Money and shares are exact; only the heights of chart bars are floating-point numbers. The
sections about quarters and warnings stand in `report_quarters` and `report_warnings`, what comes first in
`report_summary`.
"""

from __future__ import annotations

from fractions import Fraction

from engine.pipeline import Engine
from engine.vocabulary.rates import Rate
from receivables.default_policies import BUYER_SHARE_MAX, missing_policies
from receivables.figures import Bucket, Line
from receivables.portfolio import portfolio_texts as texts
from receivables.portfolio.portfolio_decisions import Allowance, threshold
from receivables.portfolio.portfolio_formatter import PortfolioFormatter
from receivables.portfolio.report_quarters import turnover_section
from receivables.portfolio.report_summary import headline, overview_section
from receivables.portfolio.report_warnings import account_section, warning_section
from receivables.portfolio.run_portfolio import Portfolio
from receivables.ratios import NoValue, ratio
from receivables.report import report_texts
from receivables.report.figure_formatter import VERSION_LENGTH
from receivables.report.parts import Chart, ChartKind, Report, ReportTable, Section, Series, Threshold

BARS_MAX = 12
"""Bars of the overdue structure that still can be read; what is left is one more bar."""

_NAMES_MAX = 20
"""Contradicted facts that the report names; the rest is an ellipsis, and JSON has all."""


def portfolio_report(portfolio: Portfolio, engine: Engine, language: str | None = None) -> Report:
    """The whole report for readers of `language`; None stands for the site's first. `engine` holds the policies that
    decided the portfolio.

    Its sections, in this order: overview, warnings on the portfolio, aging, turnover, concentration, overdue structure,
    loss allowance, warnings on customers, and what the data don't say. Where no row counts, the report says so instead
    of showing zeros: a book of nothing looks like one in which nobody owes anything.
    """
    show = PortfolioFormatter(engine, portfolio.as_of, language)
    title = show(texts.TITLE, name=portfolio.name)
    if not portfolio.book.items:
        return Report(show.language, title, _about(portfolio, engine, show), (_empty(portfolio, show),))
    sections = (
        overview_section(portfolio, engine, show),
        warning_section(portfolio, show),
        _aging(portfolio, show),
        turnover_section(portfolio, engine, show),
        _concentration(portfolio, engine, show),
        _structure(portfolio, show),
        _allowance(portfolio, show),
        account_section(portfolio, show),
        _data(portfolio, engine, show),
    )
    return Report(
        show.language,
        title,
        _about(portfolio, engine, show),
        sections,
        headline=headline(portfolio, engine, show),
    )


def _empty(portfolio: Portfolio, show: PortfolioFormatter) -> Section:
    """Tables of zeros would look as if nobody owed anything."""
    if not portfolio.rows:
        return Section(show(texts.OVERVIEW), (show(texts.NO_ROWS),))
    later, rejected = show.count(portfolio.book.later), show.count(portfolio.rejected)
    paragraph = show(texts.NO_ITEMS, day=portfolio.as_of.isoformat(), later=later, rejected=rejected)
    return Section(show(texts.OVERVIEW), (paragraph,))


def _about(portfolio: Portfolio, engine: Engine, show: PortfolioFormatter) -> tuple[tuple[str, str], ...]:
    """What stands below the title, as name and value: the day, the files, what became of the rows, from when the books
    are complete, the currency, and the version of the policies.
    """
    book, opening = portfolio.book, portfolio.figures.opening
    rows = show(
        texts.ROWS_TEXT,
        rows=portfolio.rows,
        items=len(book.items),
        later=book.later,
        rejected=portfolio.rejected,
    )
    return (
        (show(texts.AS_OF), portfolio.as_of.isoformat()),
        (show(texts.FILES), ", ".join(portfolio.files)),
        (show(texts.ROWS), rows),
        (show(texts.COMPLETE_FROM), show(report_texts.NONE) if opening is None else show.day(opening)),
        (show(texts.CURRENCY), engine.vocabulary.currency),
        *((show(texts.CONVERTED), _converted(rate, items, show)) for rate, items in book.converted),
        (show(report_texts.POLICIES), engine.version[:VERSION_LENGTH]),
    )


def _converted(rate: Rate, items: int, show: PortfolioFormatter) -> str:
    """`USD (3) at 0.9215 of 2026-07-14`: three items."""
    return show(texts.CONVERTED_TEXT, items=items, **rate.as_json())


def _aging(portfolio: Portfolio, show: PortfolioFormatter) -> Section:
    """Invoices by days overdue. Credit notes have a row of their own and no share: they are not overdue, and set off
    against a bucket they would make it look better than it is.
    """
    figures = portfolio.figures
    all_invoices = sum(bucket.amount for bucket in figures.aging)
    rows = [_bucket(show.bucket(bucket.key), bucket, all_invoices, show) for bucket in figures.aging]
    if figures.credits.count:
        rows.append(_bucket(show(texts.CREDIT_NOTES), figures.credits, None, show))
    rows.append(_bucket(show(report_texts.ALL), Bucket("", figures.total.count, figures.total.amount), None, show))
    headings = tuple(map(show, (texts.DAYS_OVERDUE, texts.COUNT, report_texts.AMOUNT, report_texts.SHARE)))
    labels = tuple(show.bucket(bucket.key) for bucket in figures.aging)
    amounts = Series(show(report_texts.AMOUNT), tuple(show.height(bucket.amount) for bucket in figures.aging))
    chart = Chart(
        kind=ChartKind.ROWS,
        title=show.in_currency(show(texts.AGING_CHART)),
        labels=labels,
        series=(amounts,),
        show=show.axis,
    )
    paragraph = show(texts.AGING_TEXT, day=portfolio.as_of.isoformat())
    note = "" if all_invoices else show.why([NoValue.NO_OPEN_INVOICE])
    table = ReportTable(title="", headings=headings, rows=tuple(rows), note=note)
    return Section(show(texts.AGING), (paragraph,), (chart, table))


def _bucket(name: str, bucket: Bucket, all_invoices: int | None, show: PortfolioFormatter) -> tuple[str, ...]:
    """`all_invoices`: the amount that shares are of; None for a row without a share."""
    share = "" if all_invoices is None else show.share(ratio(bucket.amount, all_invoices, NoValue.NO_OPEN_INVOICE))
    return (name, show.count(bucket.count), show.money(bucket.amount), share)


# --- who owes ---------------------------------------------------------------------------------------------------------


def _concentration(portfolio: Portfolio, engine: Engine, show: PortfolioFormatter) -> Section:
    concentration, names = portfolio.figures.concentration, portfolio.book.names
    herfindahl = concentration.herfindahl
    if isinstance(herfindahl, NoValue):
        return Section(show(texts.CONCENTRATION), (show(texts.NO_BALANCE),))
    paragraph = show(
        texts.CONCENTRATION_TEXT,
        count=show.count(concentration.customers),
        amount=show.money(concentration.owed),
        top=len(concentration.top),
        share=show.share(concentration.top_share),
        points=show.count(round(herfindahl * 10_000)),
        equal=show.number(1 / herfindahl),
    )
    covered = portfolio.decisions.covered
    rows = tuple(
        (
            str(rank),
            show.customer(each.customer, names),
            show.count(each.count),
            show.money(each.amount),
            show.share(each.share),
            *((show.money(covered.get(each.customer, 0)),) if covered else ()),
        )
        for rank, each in enumerate(concentration.top, 1)
    )
    headings = (
        *(texts.RANK, report_texts.CUSTOMER, texts.COUNT, texts.BALANCE, report_texts.SHARE),
        *((texts.COVERED,) if covered else ()),
    )
    maximum = threshold(engine, portfolio.as_of, BUYER_SHARE_MAX)
    chart = Chart(
        kind=ChartKind.ROWS,
        title=show(texts.LARGEST),
        labels=tuple(names.get(each.customer, each.customer) for each in concentration.top),
        series=(Series(show(report_texts.SHARE), tuple(show.bar(each.share) for each in concentration.top)),),
        show=show.share_axis,
        thresholds=() if maximum is None else (Threshold(show(texts.MAXIMUM_LINE), float(maximum)),),
    )
    table = ReportTable(title="", headings=tuple(map(show, headings)), rows=rows, left=2)
    return Section(show(texts.CONCENTRATION), (paragraph,), (chart, table))


def _structure(portfolio: Portfolio, show: PortfolioFormatter) -> Section:
    """What is open and overdue by grade, country and industry: a table and a chart of stacked bars each."""
    parts: list[ReportTable | Chart] = []
    if portfolio.figures.total.count:
        for name, lines in portfolio.decisions.overdue_by.items():
            parts += _by(name, lines, show)
    return Section(show(texts.STRUCTURE), () if parts else (show(texts.NOTHING_OPEN),), tuple(parts))


def _by(name: str, lines: tuple[Line, ...], show: PortfolioFormatter) -> list[ReportTable | Chart]:
    has_credits = any(line.credits for line in lines)
    headings = (
        *(texts.KEY[name], texts.COUNT, texts.OPEN_INVOICES),
        *(texts.OVERDUE_ITEMS, texts.OVERDUE, report_texts.OVERDUE_SHARE),
        *((texts.CREDIT_NOTES, texts.RECEIVABLES) if has_credits else ()),
    )
    rows = tuple(
        (
            show.key(name, line.key),
            show.count(line.count),
            show.money(line.invoices),
            show.count(line.overdue_count),
            show.money(line.overdue),
            show.share(line.overdue_share),
            *((show.money(line.credits), show.money(line.amount)) if has_credits else ()),
        )
        for line in lines
    )
    why = show.why(line.overdue_share for line in lines)
    table = ReportTable(title=show(texts.BY[name]), headings=tuple(map(show, headings)), rows=rows, note=why)
    return [_by_chart(name, lines, show), table]


def _by_chart(name: str, lines: tuple[Line, ...], show: PortfolioFormatter) -> Chart:
    """The first lines, and the rest together, so that a book of a hundred countries can still be read."""
    first, rest = lines[:BARS_MAX], lines[BARS_MAX:]
    labels = [show.key(name, line.key) for line in first]
    overdue = [line.overdue for line in first]
    current = [line.invoices - line.overdue for line in first]
    if rest:
        labels.append(show(texts.OTHERS))
        overdue.append(sum(line.overdue for line in rest))
        current.append(sum(line.invoices - line.overdue for line in rest))
    series = (
        Series(show(texts.NOT_OVERDUE), tuple(map(show.height, current))),
        Series(show(texts.OVERDUE), tuple(map(show.height, overdue))),
    )
    return Chart(
        kind=ChartKind.ROWS,
        title=show.in_currency(show(texts.BY_CHART[name])),
        labels=tuple(labels),
        series=series,
        show=show.axis,
    )


# --- loss allowance ---------------------------------------------------------------------------------------------------


def _allowance(portfolio: Portfolio, show: PortfolioFormatter) -> Section:
    """The provision matrix, in the policy's own buckets with its rates, and the total. Invoices for which it could not
    be worked out have a row without an amount, and the note names the facts that were missing.
    """
    allowances = portfolio.decisions.allowances
    if not allowances:
        return Section(show(texts.PROVISION), (show(texts.NO_INVOICE_OPEN),))
    headings = tuple(
        map(
            show,
            (
                texts.DAYS_OVERDUE,
                texts.COUNT,
                report_texts.AMOUNT,
                texts.RATE,
                texts.ALLOWANCE,
            ),
        )
    )
    rows = [_provision(each, show) for each in allowances]
    count, amount = sum(each.count for each in allowances), sum(each.amount for each in allowances)
    total = sum(each.allowance or 0 for each in allowances)
    rows.append((show(report_texts.ALL), show.count(count), show.money(amount), "", show.money(total)))
    missing = [show.names(each.missing) for each in allowances if each.key is None]
    note = show(texts.ALLOWANCE_MISSING, names=missing[0]) if missing else ""
    known = [each for each in allowances if each.key is not None]
    series = Series(show(texts.ALLOWANCE), tuple(show.height(each.allowance or 0) for each in known))
    labels = tuple(show.provision_bucket(each.key or "") for each in known)
    chart = Chart(
        kind=ChartKind.ROWS,
        title=show.in_currency(show(texts.PROVISION)),
        labels=labels,
        series=(series,),
        show=show.axis,
    )
    parts = (chart, ReportTable(title="", headings=headings, rows=tuple(rows), note=note))
    return Section(show(texts.PROVISION), (show(texts.PROVISION_TEXT),), parts)


def _provision(each: Allowance, show: PortfolioFormatter) -> tuple[str, ...]:
    return (
        show(texts.ALLOWANCE_UNKNOWN) if each.key is None else show.provision_bucket(each.key),
        show.count(each.count),
        show.money(each.amount),
        ", ".join(show.share(Fraction(rate)) for rate in each.rates),
        show(report_texts.NONE) if each.allowance is None else show.money(each.allowance),
    )


def _data(portfolio: Portfolio, engine: Engine, show: PortfolioFormatter) -> Section:
    """What the data don't say, and which policies are missing."""
    paragraphs = [show(texts.PAYMENTS), *map(show, missing_policies(engine.policies))]
    if portfolio.rejected:
        paragraphs.append(
            show(report_texts.REJECTED, count=show.count(portfolio.rejected), rows=show.count(portfolio.rows))
        )
    if contradicted := portfolio.book.contradicted:
        names = ", ".join(f"{customer}: account.{name}" for customer, name in contradicted[:_NAMES_MAX])
        more = ", …" if len(contradicted) > _NAMES_MAX else ""
        paragraphs.append(show(texts.CONTRADICTED, names=names + more))
    return Section(show(texts.DATA), tuple(paragraphs))
