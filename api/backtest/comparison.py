"""The sections of a backtest's report that set two policy sets side by side, and the orders that flip between them."""

from __future__ import annotations

from collections.abc import Mapping

from api.backtest import words as say
from api.backtest.numbers import UNKNOWN, Numbers
from api.backtest.sides import SERIOUS, headings, late_heading, said
from api.report.parts import Section, Table
from engine.history.backtest import Flip
from engine.history.figures import Change, Figures, Group, SideFigures, differing_rules, ratio
from engine.vocabulary import OUTCOME_TITLES

_FLIPS_SHOWN = 25  # JSON has more


def comparison(figures: Figures, numbers: Numbers) -> list[Section]:
    language = numbers.language
    titles = (say.FIGURE[language], *(side.label for side in figures.sides))
    columns = [_compared(side, figures.everything, numbers) for side in figures.sides]
    rows = tuple((name, *(column[name] for column in columns)) for name in columns[0])
    flips = said(say.FLIPS_TEXT, numbers, flips=f"{figures.flips:,}")
    parts = (_changes(figures, numbers), _largest(figures, numbers)) if figures.flips else ()
    side_by_side = Section(say.COMPARISON[language], (), (Table("", titles, rows),))
    return [side_by_side, Section(say.FLIPS[language], (flips,), parts)]


def _compared(side: SideFigures, everything: Group, numbers: Numbers) -> Mapping[str, str]:
    language, accuracy = numbers.language, side.accuracy[SERIOUS]
    conditioned = side.outcomes["approve_with_conditions"].all.amount
    return {
        say.HELD_AMOUNT[language]: numbers.percent(ratio(side.held.all.amount, everything.all.amount)),
        say.CONDITIONED_AMOUNT[language]: numbers.percent(ratio(conditioned, everything.all.amount)),
        said(say.HELD_LATE, numbers, days=accuracy.days): numbers.percent(accuracy.precision),
        said(say.PASSED_LATE, numbers, days=accuracy.days): numbers.percent(side.passed.rate(SERIOUS)),
        said(say.LIFT_LATER, numbers, days=accuracy.days): numbers.times(accuracy.lift),
        said(say.RECALL_LATER, numbers, days=accuracy.days): numbers.percent(accuracy.recall),
        f"{say.DSO[language]}, {say.REFUSED[language]}": numbers.days(side.effect.dso_refused),
        f"{say.OVERDUE_SHARE[language]}, {say.REFUSED[language]}": numbers.percent(side.effect.overdue_share_without),
    }


def _only_in(figures: Figures, numbers: Numbers) -> tuple[str, str]:
    first, second = (said(say.ONLY_IN, numbers, label=side.label) for side in figures.sides[:2])
    return first, second


def _changes(figures: Figures, numbers: Numbers) -> Table:
    late = [late_heading(numbers, index) for index in (0, SERIOUS)]
    titles = headings(numbers, say.FROM_TO, *_only_in(figures, numbers), say.ORDERS, say.AMOUNT, *late)
    return Table("", titles, tuple(_change(change, numbers) for change in figures.changes), left=3)


def _change(change: Change, numbers: Numbers) -> tuple[str, ...]:
    group = change.group
    return (
        _from_to(change.before, change.after, numbers),
        ", ".join(change.only_first) or UNKNOWN,
        ", ".join(change.only_second) or UNKNOWN,
        f"{group.all.count:,}",
        numbers.money(group.all.amount),
        numbers.percent(group.rate(0)),
        numbers.percent(group.rate(SERIOUS)),
    )


def _from_to(before: str, after: str, numbers: Numbers) -> str:
    return f"{OUTCOME_TITLES[before][numbers.language]} → {OUTCOME_TITLES[after][numbers.language]}"


def _largest(figures: Figures, numbers: Numbers) -> Table:
    titles = headings(
        numbers, say.ORDER, say.CUSTOMER, say.DAY, say.FROM_TO, *_only_in(figures, numbers), say.AMOUNT, say.DAYS_LATE
    )
    rows = tuple(_flip(flip, numbers) for flip in figures.largest_flips[:_FLIPS_SHOWN])
    return Table(say.LARGEST[numbers.language], titles, rows, left=6)


def _flip(flip: Flip, numbers: Numbers) -> tuple[str, ...]:
    invoice, (first, second) = flip.invoice, flip.sides[:2]
    only_first, only_second = differing_rules(first, second)
    late = invoice.days_late
    return (
        invoice.number,
        invoice.customer,
        numbers.day(invoice.issued),
        _from_to(first.outcome, second.outcome, numbers),
        ", ".join(only_first) or UNKNOWN,
        ", ".join(only_second) or UNKNOWN,
        numbers.money(invoice.amount),
        say.OPEN[numbers.language] if late is None else str(late),
    )
