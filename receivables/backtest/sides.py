"""The sections of a backtest's report that are about one policy set."""

from __future__ import annotations

from fractions import Fraction

from engine.deciding.value_words import ValueWords
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.text import Text
from receivables.backtest import backtest_words as say
from receivables.backtest.backtest import LATE_DAYS
from receivables.backtest.backtest_figures import OrderGroup, RuleFigures, SideFigures, ratio
from receivables.backtest.replay import GRADE
from receivables.report import report_words as common
from receivables.report.parts import Chart, ChartKind, ReportTable, Section, Series
from receivables.report.shown_figures import ShowFigures

SERIOUS = 2
"""Index of the threshold that summaries speak of: more than 15 days late."""
EACH = range(len(LATE_DAYS))


def side_sections(
    side: SideFigures, ruleset: RuleSet, everything: OrderGroup, show: ShowFigures, mark: str
) -> list[Section]:
    """`mark` stands behind the titles, to tell one policy set from another."""
    found = [
        _summary(side, everything, show),
        _accuracy(side, show),
        _effect(side, everything, show),
        _rules(side, everything, show),
        _grades(side, ValueWords(ruleset, show.language), everything, show),
        _quarters(side, show),
    ]
    return [Section(section.title + mark, section.paragraphs, section.parts) for section in found]


def late_headings(show: ShowFigures, *indices: int, text: Text = say.LATE) -> tuple[str, ...]:
    return tuple(show(text, days=LATE_DAYS[index]) for index in indices)


def quarter_name(key: str, show: ShowFigures) -> str:
    """From `2013-Q2`."""
    year, _, number = key.partition("-Q")
    return show.calendar_quarter(int(year), int(number))


# --- what the policies do --------------------------------------------------------------------------------------------


def _summary(side: SideFigures, everything: OrderGroup, show: ShowFigures) -> Section:
    accuracy = side.accuracy[SERIOUS]
    said = show(
        _summary_text(side, everything),
        held=show.share(ratio(side.held.all.amount, everything.all.amount)),
        precision=show.share(accuracy.precision),
        passed=show.share(side.passed.rate(SERIOUS)),
        days=accuracy.days,
        lift=show.times(accuracy.lift),
    )
    parts = (
        *_outcomes(side, everything, show),
        _quarter_chart(side, show),
        _lateness_chart(side, everything, show),
    )
    return Section(show(say.SUMMARY), (said,), parts)


def _summary_text(side: SideFigures, everything: OrderGroup) -> Text:
    """Nothing is said of a comparison that has only one half."""
    if not everything.known.count:
        return say.NOTHING_KNOWN
    if not side.held.all.count:
        return say.HOLD_NOTHING
    if not side.passed.all.count:
        return say.PASS_NOTHING
    return say.SUMMARY_TEXT if side.accuracy[SERIOUS].lift is not None else say.NOTHING_LATE


def _outcomes(side: SideFigures, everything: OrderGroup, show: ShowFigures) -> tuple[ReportTable, ReportTable]:
    """Shares that came late, and how much that was."""
    groups = [(show.outcome(name), group) for name, group in side.outcomes.items()]
    groups += [(show(say.HELD), side.held), (show(say.PASSED), side.passed), (show(common.ALL), everything)]
    rates = tuple((name, *_group_cells(group, everything, show)) for name, group in groups)
    sums = tuple((name, *_late_cells(group, show)) for name, group in groups)
    amounts, orders = (late_headings(show, *EACH, text=text) for text in (say.LATE_AMOUNT, say.LATE_ORDERS))
    return (
        ReportTable(show(say.OUTCOMES), _group_headings(common.OUTCOME, show), rates, note=show(say.LATE_NOTE)),
        ReportTable(show(say.OUTCOMES_LATE), (show(common.OUTCOME), *amounts, *orders), sums),
    )


def _late_cells(group: OrderGroup, show: ShowFigures) -> tuple[str, ...]:
    return (*(show.money(late.amount) for late in group.late), *(show.count(late.count) for late in group.late))


def _group_headings(first: Text, show: ShowFigures) -> tuple[str, ...]:
    counted = show.all(first, say.ORDERS, common.SHARE, common.AMOUNT, common.SHARE)
    return (*counted, *late_headings(show, *EACH), show(common.DISPUTED))


def _group_cells(group: OrderGroup, everything: OrderGroup, show: ShowFigures) -> tuple[str, ...]:
    return (
        show.count(group.all.count),
        show.share(ratio(group.all.count, everything.all.count)),
        show.money(group.all.amount),
        show.share(ratio(group.all.amount, everything.all.amount)),
        *(show.share(group.rate(index)) for index in EACH),
        show.share(ratio(group.all.disputed_amount, group.all.amount)),
    )


def _quarter_chart(side: SideFigures, show: ShowFigures) -> Chart:
    names = [name for name, group in side.outcomes.items() if group.all.count]
    series = tuple(
        Series(show.outcome(name), tuple(show.height(of[name]) for of in side.quarter_outcomes.values()))
        for name in names
    )
    labels = tuple(quarter_name(key, show) for key in side.quarter_outcomes)
    return Chart(ChartKind.STACKED, show.in_currency(show(say.BY_QUARTER_CHART)), labels, series, show.axis)


def _lateness_chart(side: SideFigures, everything: OrderGroup, show: ShowFigures) -> Chart:
    groups = {say.PASSED: side.passed, common.ALL: everything, say.HELD: side.held}
    series = tuple(
        Series(show(name), tuple(show.bar(group.rate(index)) for index in EACH)) for name, group in groups.items()
    )
    return Chart(ChartKind.BARS, show(say.LATENESS_CHART), late_headings(show, *EACH), series, show.share_axis)


# --- accuracy and effect ---------------------------------------------------------------------------------------------


def _accuracy(side: SideFigures, show: ShowFigures) -> Section:
    measures = (say.LIFT, say.PRECISION, say.RECALL)
    by_count = tuple(show(say.BY_COUNT, what=show(measure)) for measure in measures)
    headings = show.all(say.LATER_THAN, *measures, *by_count)
    rows = tuple(
        (
            show(say.DAYS, days=found.days),
            show.times(found.lift),
            show.share(found.precision),
            show.share(found.recall),
            show.times(found.count_lift),
            show.share(found.count_precision),
            show.share(found.count_recall),
        )
        for found in side.accuracy
    )
    lines = {say.PASSED: (1,), common.ALL: (0, 1), say.HELD: (0,)}
    series = tuple(
        Series(show(name), tuple(show.bar(_late_share([pair[i] for i in which])) for pair in side.quarters.values()))
        for name, which in lines.items()
    )
    title = show(say.LATE_QUARTERS_CHART, days=LATE_DAYS[SERIOUS])
    labels = tuple(quarter_name(key, show) for key in side.quarters)
    chart = Chart(ChartKind.LINES, title, labels, series, show.share_axis)
    return Section(show(say.ACCURACY), (show(say.ACCURACY_TEXT),), (ReportTable("", headings, rows), chart))


def _late_share(groups: list[OrderGroup]) -> Fraction | None:
    late = sum(group.late[SERIOUS].amount for group in groups)
    return ratio(late, sum(group.known.amount for group in groups))


def _effect(side: SideFigures, everything: OrderGroup, show: ShowFigures) -> Section:
    found, money, days, share = side.effect, show.money, show.days, show.share
    sold, passed = everything.all.amount, side.passed.all.amount
    rows = (
        (show(say.AS_IT_WAS), money(sold), days(found.dso), share(found.overdue_share)),
        (show(say.REFUSED), money(passed), days(found.dso_refused), share(found.overdue_share_without)),
        (show(say.PREPAID), money(sold), days(found.dso_prepaid), share(found.overdue_share_without)),
    )
    headings = show.all("", say.SALES, common.DSO, common.OVERDUE_SHARE)
    on_time = side.held.known.amount - side.held.late[0].amount
    note = show(say.ON_TIME_REFUSED, amount=money(on_time), share=share(ratio(on_time, sold)))
    return Section(show(say.EFFECT), (show(say.EFFECT_TEXT),), (ReportTable("", headings, rows, note=note),))


# --- rules, grades, quarters -----------------------------------------------------------------------------------------


def _rules(side: SideFigures, everything: OrderGroup, show: ShowFigures) -> Section:
    headings = (
        *show.all(common.RULE, say.SAYS, say.ORDERS, common.AMOUNT, common.SHARE),
        *late_headings(show, 0, SERIOUS),
        *show.all(say.UNTOLD, say.ALONE, say.ALONE_AMOUNT),
    )
    rows = tuple(_rule(rule, everything, show) for rule in side.rules)
    if not rows:
        return Section(show(say.RULES), (show(say.NO_RULES),))
    return Section(show(say.RULES), (), (ReportTable("", headings, rows, left=2, note=show(say.RULES_NOTE)),))


def _rule(rule: RuleFigures, everything: OrderGroup, show: ShowFigures) -> tuple[str, ...]:
    fired = rule.fired
    return (
        show(common.TITLED, title=show(rule.title), id=rule.rule),
        show.outcome(rule.outcome),
        show.count(fired.all.count),
        show.money(fired.all.amount),
        show.share(ratio(fired.all.amount, everything.all.amount)),
        show.share(fired.rate(0)),
        show.share(fired.rate(SERIOUS)),
        show.count(rule.undetermined.all.count),
        show.count(rule.alone.all.count),
        show.money(rule.alone.all.amount),
    )


def _grades(side: SideFigures, words: ValueWords, everything: OrderGroup, show: ShowFigures) -> Section:
    rows = tuple(
        (words.variable(GRADE, grade) if grade else show(say.UNGRADED), *_group_cells(group, everything, show))
        for grade, group in side.grades.items()
    )
    return Section(show(say.GRADES), (), (ReportTable("", _group_headings(common.GRADE, show), rows),))


def _quarters(side: SideFigures, show: ShowFigures) -> Section:
    days = LATE_DAYS[SERIOUS]
    headings = (
        *show.all(common.QUARTER, say.ORDERS, common.AMOUNT, say.HELD_SHARE),
        *(show(text, days=days) for text in (say.HELD_LATE, say.PASSED_LATE)),
    )
    rows = tuple(_quarter(key, *pair, show) for key, pair in side.quarters.items())
    return Section(show(say.QUARTERS), (), (ReportTable("", headings, rows),))


def _quarter(key: str, held: OrderGroup, passed: OrderGroup, show: ShowFigures) -> tuple[str, ...]:
    amount = held.all.amount + passed.all.amount
    return (
        quarter_name(key, show),
        show.count(held.all.count + passed.all.count),
        show.money(amount),
        show.share(ratio(held.all.amount, amount)),
        show.share(held.rate(SERIOUS)),
        show.share(passed.rate(SERIOUS)),
    )
