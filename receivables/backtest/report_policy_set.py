"""The sections of a backtest's report on one policy set: outcomes, accuracy, effect, rules, grades, quarters.

All figures come from `SideFigures`; here is only how they stand in tables and charts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.deciding.value_words import ValueWords
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.text import Text
from receivables.backtest import backtest_texts as texts
from receivables.backtest.backtest import LATE_DAYS, SERIOUS
from receivables.backtest.backtest_figures import OrderGroup, RuleFigures, SideFigures
from receivables.backtest.report_backtest_summary import tiles
from receivables.default_policies import GRADE
from receivables.ratios import NoValue, Ratio, ratio, value_of
from receivables.report import report_texts
from receivables.report.figure_formatter import FigureFormatter
from receivables.report.parts import Chart, ChartKind, ReportTable, Section, Series

EACH = range(len(LATE_DAYS))
"""The indices of all thresholds."""


def policy_set_sections(
    side: SideFigures, ruleset: RuleSet, everything: OrderGroup, show: FigureFormatter, mark: str
) -> list[Section]:
    """The sections on `side`, whose rule set is `ruleset`; `everything` are the figures of all orders. `mark` stands
    behind the titles, to tell one policy set from another."""
    sections = [
        _summary(side, everything, show),
        _accuracy(side, show),
        _effect(side, everything, show),
        _rules(side, everything, show),
        _grades(side, ruleset, everything, show),
        _quarters(side, show),
    ]
    return [Section(section.title + mark, section.paragraphs, section.parts) for section in sections]


def late_headings(show: FigureFormatter, *indices: int, text: Text = texts.LATE) -> tuple[str, ...]:
    """Headings of columns about lateness, one for each of these indices of `LATE_DAYS`."""
    return tuple(show(text, days=LATE_DAYS[index]) for index in indices)


def quarter_name(key: str, show: FigureFormatter) -> str:
    """The name of a quarter, from a key such as `2013-Q2`."""
    year, _, number = key.partition("-Q")
    return show.calendar_quarter(int(year), int(number))


# --- what the policies do --------------------------------------------------------------------------------------------


def _summary(side: SideFigures, everything: OrderGroup, show: FigureFormatter) -> Section:
    """What the policies do, in a sentence, eight tiles, two charts and two tables.

    The sentence speaks of the threshold `SERIOUS` alone, more than 15 days late: a reader who knows one figure of each
    kind can read the tables, where all thresholds stand.
    """
    accuracy = side.accuracy[SERIOUS]
    paragraph = show(
        _summary_text(side, everything),
        held=show.share(side.held.share_of(everything)),
        precision=show.share(accuracy.precision),
        passed=show.share(side.passed.rate(SERIOUS)),
        days=accuracy.days,
        lift=show.times(accuracy.lift),
    )
    parts = (
        tiles(side, everything, show),
        _quarter_chart(side, show),
        _lateness_chart(side, everything, show),
        *_outcomes(side, everything, show),
    )
    return Section(show(texts.SUMMARY), (paragraph,), parts)


def _summary_text(side: SideFigures, everything: OrderGroup) -> Text:
    """The sentence that fits: a comparison of held and passed orders needs both."""
    if not everything.known.count:
        return texts.NOTHING_KNOWN
    if not side.held.all.count:
        return texts.HOLD_NOTHING
    if not side.passed.all.count:
        return texts.PASS_NOTHING
    return texts.NOTHING_LATE if value_of(side.accuracy[SERIOUS].lift) is None else texts.SUMMARY_TEXT


def _outcomes(side: SideFigures, everything: OrderGroup, show: FigureFormatter) -> tuple[ReportTable, ReportTable]:
    """Two tables by outcome: the shares that came late, and how much that was."""
    groups = [(show.outcome(name), group) for name, group in side.outcomes.items()]
    groups += [
        (show(texts.HELD), side.held),
        (show(texts.PASSED), side.passed),
        (show(report_texts.ALL), everything),
    ]
    rates = tuple((name, *_group_cells(group, everything, show)) for name, group in groups)
    sums = tuple((name, *_late_cells(group, show)) for name, group in groups)
    amounts, orders = (late_headings(show, *EACH, text=text) for text in (texts.LATE_AMOUNT, texts.LATE_ORDERS))
    return (
        ReportTable(
            title=show(texts.OUTCOMES),
            headings=_group_headings(report_texts.OUTCOME, show),
            rows=rates,
            note=" ".join(filter(None, (show(texts.LATE_NOTE), show.why(_group_ratios(group for _, group in groups))))),
        ),
        ReportTable(
            title=show(texts.OUTCOMES_LATE), headings=(show(report_texts.OUTCOME), *amounts, *orders), rows=sums
        ),
    )


def _late_cells(group: OrderGroup, show: FigureFormatter) -> tuple[str, ...]:
    """First the amounts, then the numbers of orders, each for all thresholds: of `LATE_DAYS` (0, 7, 15, 30) eight
    cells.
    """
    return (*(show.money(late.amount) for late in group.late), *(show.count(late.count) for late in group.late))


def _group_headings(first: Text, show: FigureFormatter) -> tuple[str, ...]:
    """Of a table that has one group of orders in each row, under `first` what tells them apart; `_group_cells` has the
    cells.
    """
    counted = show.all(first, texts.ORDERS, report_texts.SHARE, report_texts.AMOUNT, report_texts.SHARE)
    return (*counted, *late_headings(show, *EACH), show(report_texts.DISPUTED))


def _group_ratios(groups: Iterable[OrderGroup]) -> Iterator[Ratio]:
    """The ratios in the rows of these groups that may have no value."""
    for group in groups:
        yield from (*(group.rate(index) for index in EACH), group.disputed_share)


def _group_cells(group: OrderGroup, everything: OrderGroup, show: FigureFormatter) -> tuple[str, ...]:
    """One row: how many orders and how much, each with its share of `everything`; of what is known the share that came
    late, by threshold; and the share that was disputed at some time.

    Example: 62 orders of 170, of EUR 398,547 in 925,363: `62`, `36.5%`, `398,547.00`, `43.1%`, then `76.5%` late by a
    day and more, `57.4%` by more than 7 days …, `0.0%` disputed.
    """
    return (
        show.count(group.all.count),
        show.share(group.count_share_of(everything)),
        show.money(group.all.amount),
        show.share(group.share_of(everything)),
        *(show.share(group.rate(index)) for index in EACH),
        show.share(group.disputed_share),
    )


def _quarter_chart(side: SideFigures, show: FigureFormatter) -> Chart:
    """Amounts by quarter of issue, one column for each quarter, stacked by outcome. Outcomes that no order has are left
    out, so that the legend names what can be seen.
    """
    names = [name for name, group in side.outcomes.items() if group.all.count]
    series = tuple(
        Series(show.outcome(name), tuple(show.height(of[name]) for of in side.quarter_outcomes.values()))
        for name in names
    )
    labels = tuple(quarter_name(key, show) for key in side.quarter_outcomes)
    return Chart(
        kind=ChartKind.STACKED,
        title=show.in_currency(show(texts.BY_QUARTER_CHART)),
        labels=labels,
        series=series,
        show=show.axis,
    )


def _lateness_chart(side: SideFigures, everything: OrderGroup, show: FigureFormatter) -> Chart:
    """Which share of the known amount came later than each threshold, for the orders that pass, for all, and for those
    held. Policies that tell late payers apart have the held bar well above the one for all, at every threshold.
    """
    groups = {texts.PASSED: side.passed, report_texts.ALL: everything, texts.HELD: side.held}
    series = tuple(
        Series(show(name), tuple(show.bar(group.rate(index)) for index in EACH)) for name, group in groups.items()
    )
    return Chart(
        kind=ChartKind.BARS,
        title=show(texts.LATENESS_CHART),
        labels=late_headings(show, *EACH),
        series=series,
        show=show.share_axis,
    )


# --- accuracy and effect ---------------------------------------------------------------------------------------------


def _accuracy(side: SideFigures, show: FigureFormatter) -> Section:
    """Holding as a forecast of lateness: lift, precision and recall for each threshold, by amount and by number of
    orders; how far two of them are luck; and whether the difference lasts, quarter by quarter.

    By amount comes first, since money is what is lost; by number shows whether a few large orders make the figure.
    """
    measures = (texts.LIFT, texts.PRECISION, texts.RECALL)
    by_count = tuple(show(texts.BY_COUNT, what=show(measure)) for measure in measures)
    headings = show.all(texts.LATER_THAN, *measures, *by_count)
    rows = tuple(
        (
            show(texts.DAYS, days=accuracy.days),
            show.times(accuracy.lift),
            show.share(accuracy.precision),
            show.share(accuracy.recall),
            show.times(accuracy.count_lift),
            show.share(accuracy.count_precision),
            show.share(accuracy.count_recall),
        )
        for accuracy in side.accuracy
    )
    why = show.why(
        value
        for accuracy in side.accuracy
        for value in (accuracy.lift, accuracy.precision, accuracy.recall, accuracy.count_lift)
    )
    lines = {texts.PASSED: (1,), report_texts.ALL: (0, 1), texts.HELD: (0,)}
    series = tuple(
        Series(show(name), tuple(show.bar(_late_share([pair[i] for i in which])) for pair in side.quarters.values()))
        for name, which in lines.items()
    )
    title = show(texts.LATE_QUARTERS_CHART, days=LATE_DAYS[SERIOUS])
    labels = tuple(quarter_name(key, show) for key in side.quarters)
    chart = Chart(kind=ChartKind.LINES, title=title, labels=labels, series=series, show=show.share_axis)
    return Section(
        show(texts.ACCURACY),
        (show(texts.ACCURACY_TEXT), uncertainty(side, show)),
        (ReportTable(title="", headings=headings, rows=rows, note=why), chart),
    )


def uncertainty(side: SideFigures, show: FigureFormatter) -> str:
    """How far lift and the held share are luck, in a sentence; or why nobody can say."""
    late = side.held.late[SERIOUS].count + side.passed.late[SERIOUS].count
    known = side.held.known.count + side.passed.known.count
    counted = {"customers": show.count(side.customers), "late": show.count(late), "orders": show.count(known)}
    lift, held = side.lift_range, side.held_range
    if isinstance(lift, NoValue) or isinstance(held, NoValue):
        reason = lift if isinstance(lift, NoValue) else held
        why = show(reason.text) if isinstance(reason, NoValue) else ""
        return show(texts.UNCERTAINTY_UNKNOWN, days=LATE_DAYS[SERIOUS], why=why, **counted)
    return show(
        texts.UNCERTAINTY,
        days=LATE_DAYS[SERIOUS],
        low=show.factor(lift.low),
        high=show.factor(lift.high),
        held_low=show.share(held.low),
        held_high=show.share(held.high),
        **counted,
    )


def _late_share(groups: list[OrderGroup]) -> Ratio:
    """Of these groups together, the share of the known amount that was paid more than 15 days late. Shares of groups
    can't be averaged: sums are, here of the held and the passed orders of one quarter.
    """
    late = sum(group.late[SERIOUS].amount for group in groups)
    return ratio(late, sum(group.known.amount for group in groups), NoValue.NOT_KNOWN_YET)


def _effect(side: SideFigures, everything: OrderGroup, show: FigureFormatter) -> Section:
    """What would have become of sales, DSO and the overdue share, had the held orders been refused or paid in advance.

    Refused orders are neither sold nor owed; prepaid ones are sold and owed for no day. Nobody's behaviour is taken to
    change, so these are bounds and no forecast. Below stands the price: what was held and yet paid in time.
    """
    effect, money, days, share = side.effect, show.money, show.days, show.share
    sold, passed = everything.all.amount, side.passed.all.amount
    rows = (
        (show(texts.AS_IT_WAS), money(sold), days(effect.dso), share(effect.overdue_share)),
        (show(texts.REFUSED), money(passed), days(effect.dso_refused), share(effect.overdue_share_without)),
        (show(texts.PREPAID), money(sold), days(effect.dso_prepaid), share(effect.overdue_share_without)),
    )
    headings = show.all("", texts.SALES, report_texts.DSO, report_texts.OVERDUE_SHARE)
    why = show.why(
        (effect.dso, effect.dso_refused, effect.dso_prepaid, effect.overdue_share, effect.overdue_share_without)
    )
    on_time = side.held.known.amount - side.held.late[0].amount
    note = show(texts.ON_TIME_REFUSED, amount=money(on_time), share=share(ratio(on_time, sold, NoValue.NO_ORDERS)))
    return Section(
        show(texts.EFFECT),
        (show(texts.EFFECT_TEXT),),
        (ReportTable(title="", headings=headings, rows=rows, note=" ".join(filter(None, (note, why)))),),
    )


# --- rules, grades, quarters -----------------------------------------------------------------------------------------


def _rules(side: SideFigures, everything: OrderGroup, show: FigureFormatter) -> Section:
    """One row for each rule that said something: what it asks for, how much it hit, how that was paid, how often it
    could not be checked, and what it held *alone*, so that without it the order would have gone out.

    A rule with much under "alone" that came late earns its keep; one with nothing there could go without a trace.
    """
    headings = (
        *show.all(report_texts.RULE, texts.SAYS, texts.ORDERS, report_texts.AMOUNT, report_texts.SHARE),
        *late_headings(show, 0, SERIOUS),
        *show.all(texts.NOT_CHECKED, texts.ALONE, texts.ALONE_AMOUNT),
    )
    rows = tuple(_rule(rule, everything, show) for rule in side.rules)
    if not rows:
        return Section(show(texts.RULES), (show(texts.NO_RULES),))
    why = show.why(rule.fired.rate(index) for rule in side.rules for index in (0, SERIOUS))
    return Section(
        show(texts.RULES),
        (),
        (
            ReportTable(
                title="",
                headings=headings,
                rows=rows,
                left=2,
                note=" ".join(filter(None, (show(texts.RULES_NOTE), why))),
            ),
        ),
    )


def _rule(rule: RuleFigures, everything: OrderGroup, show: FigureFormatter) -> tuple[str, ...]:
    """The cells of one rule; only of what it fired on, but for the three last."""
    fired = rule.fired
    return (
        show(report_texts.TITLED, title=show(rule.title), id=rule.rule),
        show.outcome(rule.outcome),
        show.count(fired.all.count),
        show.money(fired.all.amount),
        show.share(fired.share_of(everything)),
        show.share(fired.rate(0)),
        show.share(fired.rate(SERIOUS)),
        show.count(rule.undetermined.all.count),
        show.count(rule.alone.all.count),
        show.money(rule.alone.all.amount),
    )


def _grades(side: SideFigures, ruleset: RuleSet, everything: OrderGroup, show: FigureFormatter) -> Section:
    """By grade of the customer; a set whose order policies read no grade is told apart from customers without one."""
    words = ValueWords(ruleset, show.reader[0])
    rows = tuple(
        (
            words.variable(GRADE, grade) if grade else show(texts.UNGRADED),
            *_group_cells(group, everything, show),
        )
        for grade, group in side.grades.items()
    )
    paragraphs = () if GRADE in ruleset.variables else (show(texts.GRADE_NOT_READ, grade=GRADE),)
    why = show.why(_group_ratios(side.grades.values()))
    table = ReportTable(title="", headings=_group_headings(report_texts.GRADE, show), rows=rows, note=why)
    return Section(show(texts.GRADES), paragraphs, (table,))


def _quarters(side: SideFigures, show: FigureFormatter) -> Section:
    """The held share by quarter of issue, and how much of the held and of the passed came late: whether the policies do
    the same in good and in bad times. Late quarters at the end may have few orders whose payment is known.
    """
    days = LATE_DAYS[SERIOUS]
    headings = (
        *show.all(report_texts.QUARTER, texts.ORDERS, report_texts.AMOUNT, texts.HELD_SHARE),
        *(show(text, days=days) for text in (texts.HELD_LATE, texts.PASSED_LATE)),
    )
    rows = tuple(_quarter(key, *pair, show) for key, pair in side.quarters.items())
    why = show.why(group.rate(SERIOUS) for pair in side.quarters.values() for group in pair)
    return Section(show(texts.QUARTERS), (), (ReportTable(title="", headings=headings, rows=rows, note=why),))


def _quarter(key: str, held: OrderGroup, passed: OrderGroup, show: FigureFormatter) -> tuple[str, ...]:
    """The cells of one quarter; `key` is such as `2013-Q2`."""
    amount = held.all.amount + passed.all.amount
    return (
        quarter_name(key, show),
        show.count(held.all.count + passed.all.count),
        show.money(amount),
        show.share(ratio(held.all.amount, amount, NoValue.NO_ORDERS)),
        show.share(held.rate(SERIOUS)),
        show.share(passed.rate(SERIOUS)),
    )
