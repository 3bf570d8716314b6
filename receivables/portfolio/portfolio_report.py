"""A portfolio as a report in one language: the sections that `report.html` and `report.text` show.

Verb: Portfolio → Report. Money and shares are exact; only the heights of chart bars are floating-point numbers.
"""

from __future__ import annotations

from fractions import Fraction

from engine.pipeline import Engine
from receivables.figures import Bucket, Line
from receivables.portfolio import portfolio_words
from receivables.portfolio.portfolio_decisions import Allowance
from receivables.portfolio.portfolio_shown import ShowPortfolio
from receivables.portfolio.report_quarters import turnover_section
from receivables.portfolio.report_warnings import account_section, warning_section
from receivables.portfolio.run_portfolio import Portfolio
from receivables.report import report_words as common
from receivables.report.parts import Chart, ChartKind, Report, ReportTable, Section, Series
from receivables.report.shown_figures import VERSION_SHOWN

BARS_MAX = 12


def portfolio_report(portfolio: Portfolio, engine: Engine, language: str) -> Report:
    show = ShowPortfolio(engine, portfolio.as_of, language)
    title = f"{show(portfolio_words.TITLE)}: {portfolio.name}"
    if not portfolio.book.items:
        return Report(language, title, _about(portfolio, engine, show), (_empty(portfolio, show),))
    sections = (
        _overview(portfolio, show),
        warning_section(portfolio, show),
        _aging(portfolio, show),
        turnover_section(portfolio, engine, show),
        _concentration(portfolio, show),
        _structure(portfolio, show),
        _allowance(portfolio, show),
        account_section(portfolio, show),
        _data(portfolio, show),
    )
    return Report(language, title, _about(portfolio, engine, show), sections)


def _empty(portfolio: Portfolio, show: ShowPortfolio) -> Section:
    """Tables of zeros would look as if nobody owed anything."""
    if not portfolio.rows:
        return Section(show(portfolio_words.OVERVIEW), (show(portfolio_words.NO_ROWS),))
    later, rejected = show.count(portfolio.book.later), show.count(portfolio.rejected)
    said = show(portfolio_words.NO_ITEMS, day=portfolio.as_of.isoformat(), later=later, rejected=rejected)
    return Section(show(portfolio_words.OVERVIEW), (said,))


def _about(portfolio: Portfolio, engine: Engine, show: ShowPortfolio) -> tuple[tuple[str, str], ...]:
    book, opening = portfolio.book, portfolio.figures.opening
    rows = show(
        portfolio_words.ROWS_SAID,
        rows=portfolio.rows,
        items=len(book.items),
        later=book.later,
        rejected=portfolio.rejected,
    )
    return (
        (show(portfolio_words.AS_OF), portfolio.as_of.isoformat()),
        (show(portfolio_words.FILES), ", ".join(portfolio.files)),
        (show(portfolio_words.ROWS), rows),
        (show(portfolio_words.COMPLETE_FROM), show(common.NONE) if opening is None else show.day(opening)),
        (show(portfolio_words.CURRENCY), engine.vocabulary.currency),
        (show(common.POLICIES), engine.version[:VERSION_SHOWN]),
    )


def _overview(portfolio: Portfolio, show: ShowPortfolio) -> Section:
    found, total = portfolio.figures, portfolio.figures.total
    allowances = portfolio.decided.allowances
    allowance = (
        portfolio_words.ALLOWANCE
        if all(each.key is not None for each in allowances)
        else portfolio_words.ALLOWANCE_PART
    )
    last = found.quarters[-1] if found.quarters else None
    rows = [
        (portfolio_words.RECEIVABLES, show.money(total.amount)),
        (portfolio_words.OPEN_ITEMS, show.count(total.count)),
        (portfolio_words.OVERDUE, show.money(total.overdue)),
        (portfolio_words.OVERDUE_ITEMS, show.count(total.overdue_count)),
        (common.OVERDUE_SHARE, show.share(total.overdue_share)),
        (common.DISPUTED, show(portfolio_words.UNKNOWN) if found.disputed is None else show.money(found.disputed)),
        (portfolio_words.CUSTOMERS, show.count(found.concentration.customers)),
        (common.DSO, show.days(last.dso if last else None)),
        (portfolio_words.EFFECTIVENESS, show.share(last.effectiveness if last else None)),
        (allowance, show.money(sum(each.allowance or 0 for each in allowances))),
    ]
    paragraphs = () if total.count else (show(portfolio_words.NOTHING_OPEN),)
    headings = (show(common.FIGURE), show(common.VALUE))
    return Section(
        show(portfolio_words.OVERVIEW),
        paragraphs,
        (ReportTable("", headings, tuple((show(key), value) for key, value in rows)),),
    )


def _aging(portfolio: Portfolio, show: ShowPortfolio) -> Section:
    found = portfolio.figures
    whole = sum(bucket.amount for bucket in found.aging)
    rows = [_bucket(show.bucket(bucket.key), bucket, whole, show) for bucket in found.aging]
    if found.credits.count:
        rows.append(_bucket(show(portfolio_words.CREDIT_NOTES), found.credits, 0, show))
    rows.append(_bucket(show(common.ALL), Bucket("", found.total.count, found.total.amount), 0, show))
    headings = tuple(map(show, (portfolio_words.DAYS_OVERDUE, portfolio_words.COUNT, common.AMOUNT, common.SHARE)))
    labels = tuple(show.bucket(bucket.key) for bucket in found.aging)
    amounts = Series(show(common.AMOUNT), tuple(show.height(bucket.amount) for bucket in found.aging))
    chart = Chart(ChartKind.BARS, show.in_currency(show(portfolio_words.AGING)), labels, (amounts,), show.axis)
    said = show(portfolio_words.AGING_SAID, day=portfolio.as_of.isoformat())
    return Section(show(portfolio_words.AGING), (said,), (ReportTable("", headings, tuple(rows)), chart))


def _bucket(name: str, bucket: Bucket, whole: int, show: ShowPortfolio) -> tuple[str, ...]:
    share = show.share(Fraction(bucket.amount, whole)) if whole > 0 else ""
    return (name, show.count(bucket.count), show.money(bucket.amount), share)


# --- who owes ---------------------------------------------------------------------------------------------------------


def _concentration(portfolio: Portfolio, show: ShowPortfolio) -> Section:
    found = portfolio.figures.concentration
    if not found.herfindahl:
        return Section(show(portfolio_words.CONCENTRATION), (show(portfolio_words.NOBODY_OWES),))
    said = show(
        portfolio_words.CONCENTRATION_SAID,
        count=show.count(found.customers),
        amount=show.money(found.owed),
        top=len(found.top),
        share=show.share(found.top_share),
        points=show.count(round(found.herfindahl * 10_000)),
        equal=show.number(1 / found.herfindahl),
    )
    rows = tuple(
        (str(rank), each.customer, show.count(each.count), show.money(each.amount), show.share(each.share))
        for rank, each in enumerate(found.top, 1)
    )
    headings = tuple(
        map(show, (portfolio_words.RANK, common.CUSTOMER, portfolio_words.COUNT, portfolio_words.BALANCE, common.SHARE))
    )
    series = Series(show(common.SHARE), tuple(show.bar(each.share) for each in found.top))
    labels = tuple(each.customer for each in found.top)
    chart = Chart(ChartKind.BARS, show(portfolio_words.LARGEST), labels, (series,), show.share_axis)
    return Section(show(portfolio_words.CONCENTRATION), (said,), (ReportTable("", headings, rows, left=2), chart))


def _structure(portfolio: Portfolio, show: ShowPortfolio) -> Section:
    parts: list[ReportTable | Chart] = []
    if portfolio.figures.total.count:
        for name, lines in portfolio.decided.overdue_by.items():
            parts += _by(name, lines, show)
    return Section(
        show(portfolio_words.STRUCTURE), () if parts else (show(portfolio_words.NOTHING_OPEN),), tuple(parts)
    )


def _by(name: str, lines: tuple[Line, ...], show: ShowPortfolio) -> list[ReportTable | Chart]:
    headings = (
        *(portfolio_words.KEY[name], portfolio_words.COUNT, portfolio_words.RECEIVABLES),
        *(portfolio_words.OVERDUE_ITEMS, portfolio_words.OVERDUE, common.OVERDUE_SHARE),
    )
    rows = tuple(
        (
            show.key(name, line.key),
            show.count(line.count),
            show.money(line.amount),
            show.count(line.overdue_count),
            show.money(line.overdue),
            show.share(line.overdue_share),
        )
        for line in lines
    )
    table = ReportTable(show(portfolio_words.BY[name]), tuple(map(show, headings)), rows)
    return [table, _by_chart(name, lines, show)]


def _by_chart(name: str, lines: tuple[Line, ...], show: ShowPortfolio) -> Chart:
    """The first lines, and the rest together, so that a book of a hundred countries can still be read."""
    shown, rest = lines[:BARS_MAX], lines[BARS_MAX:]
    labels = [show.key(name, line.key) for line in shown]
    overdue = [line.overdue for line in shown]
    current = [line.amount - line.overdue for line in shown]
    if rest:
        labels.append(show(portfolio_words.OTHERS))
        overdue.append(sum(line.overdue for line in rest))
        current.append(sum(line.amount - line.overdue for line in rest))
    series = (
        Series(show(portfolio_words.NOT_OVERDUE), tuple(map(show.height, current))),
        Series(show(portfolio_words.OVERDUE), tuple(map(show.height, overdue))),
    )
    return Chart(ChartKind.STACKED, show.in_currency(show(portfolio_words.BY[name])), tuple(labels), series, show.axis)


# --- loss allowance ---------------------------------------------------------------------------------------------------


def _allowance(portfolio: Portfolio, show: ShowPortfolio) -> Section:
    allowances = portfolio.decided.allowances
    if not allowances:
        return Section(show(portfolio_words.PROVISION), (show(portfolio_words.NO_INVOICE_OPEN),))
    headings = tuple(
        map(
            show,
            (
                portfolio_words.DAYS_OVERDUE,
                portfolio_words.COUNT,
                common.AMOUNT,
                portfolio_words.RATE,
                portfolio_words.ALLOWANCE,
            ),
        )
    )
    rows = [_provision(each, show) for each in allowances]
    count, amount = sum(each.count for each in allowances), sum(each.amount for each in allowances)
    total = sum(each.allowance or 0 for each in allowances)
    rows.append((show(common.ALL), show.count(count), show.money(amount), "", show.money(total)))
    missing = [show.names(each.missing) for each in allowances if each.key is None]
    note = show(portfolio_words.UNTOLD_ALLOWANCE, names=missing[0]) if missing else ""
    told = [each for each in allowances if each.key is not None]
    series = Series(show(portfolio_words.ALLOWANCE), tuple(show.height(each.allowance or 0) for each in told))
    labels = tuple(show.provision_bucket(each.key or "") for each in told)
    chart = Chart(ChartKind.BARS, show.in_currency(show(portfolio_words.PROVISION)), labels, (series,), show.axis)
    parts = (ReportTable("", headings, tuple(rows), note=note), chart)
    return Section(show(portfolio_words.PROVISION), (show(portfolio_words.PROVISION_SAID),), parts)


def _provision(each: Allowance, show: ShowPortfolio) -> tuple[str, ...]:
    return (
        show(portfolio_words.UNTOLD_BUCKET) if each.key is None else show.provision_bucket(each.key),
        show.count(each.count),
        show.money(each.amount),
        ", ".join(show.share(Fraction(rate)) for rate in each.rates),
        show(common.NONE) if each.allowance is None else show.money(each.allowance),
    )


def _data(portfolio: Portfolio, show: ShowPortfolio) -> Section:
    paragraphs = [show(portfolio_words.PAYMENTS)]
    if portfolio.rejected:
        paragraphs.append(show(common.REJECTED, count=show.count(portfolio.rejected), rows=show.count(portfolio.rows)))
    if contradicted := portfolio.book.contradicted:
        names = ", ".join(f"{customer}: account.{name}" for customer, name in contradicted[:20])
        more = ", …" if len(contradicted) > 20 else ""
        paragraphs.append(show(portfolio_words.CONTRADICTED, names=names + more))
    return Section(show(portfolio_words.DATA), tuple(paragraphs))
