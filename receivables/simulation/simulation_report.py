"""A simulation as a report in one language, for people: what `credence simulate` prints or writes as a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.pipeline import Engine
from engine.vocabulary.case_kinds import CASE_KINDS
from receivables.report import report_texts
from receivables.report.figure_formatter import VERSION_LENGTH, FigureFormatter
from receivables.report.parts import Report, ReportTable, Section
from receivables.simulation import simulation_texts as texts
from receivables.simulation.simulate import GroupKey, SimulatedDifference, SimulatedGroup, Simulation


def report_of_simulation(
    simulation: Simulation,
    sides: Iterable[tuple[str, Engine]],
    unread: int,
    language: str | None = None,
) -> Report:
    """The report for readers of `language`; None stands for the site's first. `sides` are the two sets with their
    names, `unread` says how many cases could not be read."""
    (first, before), (second, after) = sides
    show = FigureFormatter(language, after.vocabulary, simulation.currency)
    counted = show(
        texts.COUNTED,
        subjects=show.count(simulation.subjects),
        decisions=show.count(simulation.decisions),
        amount=_amount(simulation.amount, show),
    )
    about = [
        (show(texts.BEFORE), f"{first} ({before.version[:VERSION_LENGTH]})"),
        (show(texts.AFTER), f"{second} ({after.version[:VERSION_LENGTH]})"),
        (show(texts.CASES), counted),
    ]
    if unread:
        about.append((show(texts.UNREADABLE), show.count(unread)))
    return Report(show.language, show(texts.TITLE), tuple(about), tuple(_sections(simulation, show)))


def _sections(simulation: Simulation, show: FigureFormatter) -> Iterator[Section]:
    found = False
    for difference, (title, paragraph) in texts.SECTIONS.items():
        groups = list(simulation.of(difference))
        subjects = sum(group.subjects for _, group in groups)
        amount = _amount(sum(group.amount for _, group in groups), show)
        if groups:
            found = True
            heading = show(title, subjects=show.count(subjects), amount=amount)
            yield Section(heading, (show(paragraph),), (_table(difference, groups, show),))
    yield Section("", (show(texts.FIRST_ORDER),) if found else (show(texts.NOTHING), show(texts.FIRST_ORDER)))


def _table(
    difference: SimulatedDifference, groups: Iterable[tuple[GroupKey, SimulatedGroup]], show: FigureFormatter
) -> ReportTable:
    is_unknown = difference is SimulatedDifference.UNKNOWN
    words = (texts.MISSING, texts.ONLY_AFTER) if is_unknown else (texts.ONLY_BEFORE, texts.ONLY_AFTER)
    headings = (
        *show.all(report_texts.OUTCOME, *words, texts.SUBJECTS, texts.DECISIONS, report_texts.AMOUNT),
        *show.all(
            texts.MORE_ASKED if difference is SimulatedDifference.CONDITIONS else texts.NEW_CREDIT, texts.LARGEST
        ),
    )
    rows = tuple(
        (
            _outcomes(key, show),
            ", ".join(key.only_before) or show(report_texts.NONE),
            ", ".join(key.only_after) or show(report_texts.NONE),
            show.count(group.subjects),
            show.count(group.decisions),
            show.money(group.amount),
            _more(difference, group, show),
            ", ".join(name for _, name in group.largest),
        )
        for key, group in groups
    )
    return ReportTable(title="", headings=headings, rows=rows, left=3)


def _outcomes(key: GroupKey, show: FigureFormatter) -> str:
    kind = CASE_KINDS[key.case].title[show.reader]
    outcomes = " → ".join(dict.fromkeys(show.outcome(each) for each in (key.before, key.after) if each))
    return f"{kind}: {outcomes}" if outcomes else kind


def _more(difference: SimulatedDifference, group: SimulatedGroup, show: FigureFormatter) -> str:
    if difference is SimulatedDifference.CONDITIONS:
        told = (f"{name} {show.signed(show.money(more))}" for name, more in sorted(group.conditions.items()))
        return ", ".join(told) or show(report_texts.NONE)
    if group.new_credit is None:
        return show(report_texts.NONE)
    return show.signed(show.money(group.new_credit))


def _amount(amount: int, show: FigureFormatter) -> str:
    return f"{show.money(amount)} {show.currency}"
