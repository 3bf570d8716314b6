"""The sections of a backtest's report that are about one policy set."""

from __future__ import annotations

from fractions import Fraction

from api.backtest import words as say
from api.backtest.numbers import UNKNOWN, Numbers, percent_axis
from api.report.parts import Chart, ChartKind, Section, Series, Table
from engine.history.backtest import LATE_DAYS
from engine.history.figures import Group, RuleFigures, SideFigures, ratio
from engine.vocabulary import OUTCOME_TITLES, Text

SERIOUS = 2
"""Index of the threshold that summaries speak of: more than 15 days late."""


def side_sections(side: SideFigures, everything: Group, numbers: Numbers, mark: str) -> list[Section]:
    found = [section(side, everything, numbers) for section in (_summary, _effect, _rules, _grades)]
    found.insert(1, _accuracy(side, numbers))
    found.append(_quarters(side, numbers))
    return [Section(section.title + mark, section.paragraphs, section.parts) for section in found]


def said(text: Text, numbers: Numbers, **values: object) -> str:
    return text[numbers.language].format(**values)


def headings(numbers: Numbers, *texts: Text | str) -> tuple[str, ...]:
    return tuple(text if isinstance(text, str) else text[numbers.language] for text in texts)


def late_heading(numbers: Numbers, index: int) -> str:
    return said(say.LATE, numbers, days=LATE_DAYS[index])


# --- what the policies do --------------------------------------------------------------------------------------------


def _summary(side: SideFigures, everything: Group, numbers: Numbers) -> Section:
    accuracy = side.accuracy[SERIOUS]
    text = said(
        say.SUMMARY_TEXT,
        numbers,
        held=numbers.percent(ratio(side.held.all.amount, everything.all.amount)),
        precision=numbers.percent(accuracy.precision),
        passed=numbers.percent(side.passed.rate(SERIOUS)),
        days=accuracy.days,
        lift=numbers.times(accuracy.lift),
    )
    parts = (
        _outcomes(side, everything, numbers),
        _quarter_chart(side, numbers),
        _lateness_chart(side, everything, numbers),
    )
    return Section(say.SUMMARY[numbers.language], (text,), parts)


def _outcomes(side: SideFigures, everything: Group, numbers: Numbers) -> Table:
    language = numbers.language
    groups = [(OUTCOME_TITLES[name], group) for name, group in side.outcomes.items()]
    groups += [(say.HELD, side.held), (say.PASSED, side.passed), (say.ALL, everything)]
    late = [late_heading(numbers, index) for index in range(len(LATE_DAYS))]
    titles = headings(numbers, say.OUTCOME, say.ORDERS, say.SHARE, say.AMOUNT, say.SHARE, *late, say.DISPUTED)
    rows = tuple((name[language], *_group_cells(group, everything, numbers)) for name, group in groups)
    return Table(say.OUTCOMES[language], titles, rows, note=say.LATE_NOTE[language])


def _group_cells(group: Group, everything: Group, numbers: Numbers) -> tuple[str, ...]:
    return (
        f"{group.all.count:,}",
        numbers.percent(ratio(group.all.count, everything.all.count)),
        numbers.money(group.all.amount),
        numbers.percent(ratio(group.all.amount, everything.all.amount)),
        *(numbers.percent(group.rate(index)) for index in range(len(LATE_DAYS))),
        numbers.percent(ratio(group.all.disputed_amount, group.all.amount)),
    )


def _quarter_chart(side: SideFigures, numbers: Numbers) -> Chart:
    language = numbers.language
    names = [name for name, group in side.outcomes.items() if group.all.count]
    series = tuple(
        Series(OUTCOME_TITLES[name][language], tuple(float(of[name]) for of in side.quarter_outcomes.values()))
        for name in names
    )
    labels = tuple(side.quarter_outcomes)
    return Chart(ChartKind.STACKED, say.BY_QUARTER_CHART[language], labels, series, numbers.money_axis())


def _lateness_chart(side: SideFigures, everything: Group, numbers: Numbers) -> Chart:
    language = numbers.language
    groups = {say.PASSED: side.passed, say.ALL: everything, say.HELD: side.held}
    series = tuple(
        Series(name[language], tuple(_float(group.rate(index)) for index in range(len(LATE_DAYS))))
        for name, group in groups.items()
    )
    labels = tuple(late_heading(numbers, index) for index in range(len(LATE_DAYS)))
    return Chart(ChartKind.BARS, say.LATENESS_CHART[language], labels, series, percent_axis)


def _float(share: Fraction | None) -> float | None:
    return None if share is None else float(share)


# --- accuracy and effect ---------------------------------------------------------------------------------------------


def _accuracy(side: SideFigures, numbers: Numbers) -> Section:
    language = numbers.language
    measures = (say.LIFT, say.PRECISION, say.RECALL)
    by_count = tuple(said(say.BY_COUNT, numbers, what=measure[language]) for measure in measures)
    titles = headings(numbers, say.LATER_THAN, *measures, *by_count)
    rows = tuple(
        (
            said(say.DAYS, numbers, days=found.days),
            numbers.times(found.lift),
            numbers.percent(found.precision),
            numbers.percent(found.recall),
            numbers.times(found.count_lift),
            numbers.percent(found.count_precision),
            numbers.percent(found.count_recall),
        )
        for found in side.accuracy
    )
    lines = {say.PASSED: (1,), say.ALL: (0, 1), say.HELD: (0,)}
    series = tuple(
        Series(name[language], tuple(_late_share([pair[i] for i in which]) for pair in side.quarters.values()))
        for name, which in lines.items()
    )
    title = said(say.LATE_QUARTERS_CHART, numbers, days=LATE_DAYS[SERIOUS])
    chart = Chart(ChartKind.LINES, title, tuple(side.quarters), series, percent_axis)
    return Section(say.ACCURACY[language], (say.ACCURACY_TEXT[language],), (Table("", titles, rows), chart))


def _late_share(groups: list[Group]) -> float | None:
    late = sum(group.late[SERIOUS].amount for group in groups)
    return _float(ratio(late, sum(group.known.amount for group in groups)))


def _effect(side: SideFigures, everything: Group, numbers: Numbers) -> Section:
    language, found = numbers.language, side.effect
    money, days, percent = numbers.money, numbers.days, numbers.percent
    sold, passed = everything.all.amount, side.passed.all.amount
    rows = (
        (say.AS_IT_WAS[language], money(sold), days(found.dso), percent(found.overdue_share)),
        (say.REFUSED[language], money(passed), days(found.dso_refused), percent(found.overdue_share_without)),
        (say.PREPAID[language], money(sold), days(found.dso_prepaid), percent(found.overdue_share_without)),
    )
    titles = headings(numbers, "", say.SALES, say.DSO, say.OVERDUE_SHARE)
    on_time = side.held.known.amount - side.held.late[0].amount
    note = f"{say.ON_TIME_REFUSED[language]}: {money(on_time)} ({percent(ratio(on_time, sold))})"
    return Section(say.EFFECT[language], (say.EFFECT_TEXT[language],), (Table("", titles, rows, note=note),))


# --- rules, grades, quarters -----------------------------------------------------------------------------------------


def _rules(side: SideFigures, everything: Group, numbers: Numbers) -> Section:
    language = numbers.language
    late = [late_heading(numbers, index) for index in (0, SERIOUS)]
    titles = headings(
        numbers,
        say.RULE,
        "",
        say.SAYS,
        say.ORDERS,
        say.AMOUNT,
        say.SHARE,
        *late,
        say.UNTOLD,
        say.ALONE,
        say.ALONE_AMOUNT,
    )
    rows = tuple(_rule(rule, everything, numbers) for rule in side.rules)
    return Section(say.RULES[language], (), (Table("", titles, rows, left=3, note=say.RULES_NOTE[language]),))


def _rule(rule: RuleFigures, everything: Group, numbers: Numbers) -> tuple[str, ...]:
    language, fired = numbers.language, rule.fired
    return (
        rule.title[language],
        rule.rule,
        OUTCOME_TITLES[rule.outcome][language],
        f"{fired.all.count:,}",
        numbers.money(fired.all.amount),
        numbers.percent(ratio(fired.all.amount, everything.all.amount)),
        numbers.percent(fired.rate(0)),
        numbers.percent(fired.rate(SERIOUS)),
        f"{rule.undetermined.all.count:,}",
        f"{rule.alone.all.count:,}",
        numbers.money(rule.alone.all.amount),
    )


def _grades(side: SideFigures, everything: Group, numbers: Numbers) -> Section:
    late = [late_heading(numbers, index) for index in range(len(LATE_DAYS))]
    titles = headings(numbers, say.GRADE, say.ORDERS, say.SHARE, say.AMOUNT, say.SHARE, *late, say.DISPUTED)
    rows = tuple((grade or UNKNOWN, *_group_cells(group, everything, numbers)) for grade, group in side.grades.items())
    return Section(say.GRADES[numbers.language], (), (Table("", titles, rows),))


def _quarters(side: SideFigures, numbers: Numbers) -> Section:
    days = LATE_DAYS[SERIOUS]
    late = said(say.HELD_LATE, numbers, days=days), said(say.PASSED_LATE, numbers, days=days)
    titles = headings(numbers, say.QUARTER, say.ORDERS, say.AMOUNT, say.HELD_SHARE, *late)
    rows = tuple(_quarter(name, *pair, numbers) for name, pair in side.quarters.items())
    return Section(say.QUARTERS[numbers.language], (), (Table("", titles, rows),))


def _quarter(name: str, held: Group, passed: Group, numbers: Numbers) -> tuple[str, ...]:
    amount = held.all.amount + passed.all.amount
    return (
        name,
        f"{held.all.count + passed.all.count:,}",
        numbers.money(amount),
        numbers.percent(ratio(held.all.amount, amount)),
        numbers.percent(held.rate(SERIOUS)),
        numbers.percent(passed.rate(SERIOUS)),
    )
