"""A backtest as a report in one language, for people: what `credence backtest` prints or writes as a page.

`report` takes a `Backtest` and gives a `Report`, which `report.html_page` and `report.terminal_text` turn into a page
or into text. Its sections stand in `report_policy_set` (one policy set) and `report_comparison` (two side by side);
here are the heading and what is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.deciding.value_words import ValueWords
from receivables.backtest import backtest_texts as texts
from receivables.backtest.backtest_figures import SideFigures
from receivables.backtest.report_backtest_summary import headline
from receivables.backtest.report_comparison import comparison_sections
from receivables.backtest.report_policy_set import policy_set_sections
from receivables.backtest.run_backtest import Backtest
from receivables.history.history_map import Assumption
from receivables.report import report_texts
from receivables.report.figure_formatter import VERSION_LENGTH, FigureFormatter
from receivables.report.parts import Report, ReportTable, Section


def report(backtest: Backtest, language: str | None = None) -> Report:
    """The whole report for readers of `language`; None stands for the site's first."""
    show = FigureFormatter(language, backtest.vocabulary, backtest.history_map.currency)
    figures = backtest.figures
    sections = comparison_sections(figures, show) if len(figures.sides) > 1 else []
    for side, ruleset in zip(figures.sides, backtest.rulesets, strict=True):
        mark = f" · {side.label}" if len(figures.sides) > 1 else ""
        sections += policy_set_sections(side, ruleset, figures.everything, show, mark)
    sections.append(_assumed(backtest, show))
    return Report(
        show.language,
        show(texts.TITLE),
        tuple(_about(backtest, show)),
        tuple(sections),
        headline=headline(figures, show),
    )


def _about(backtest: Backtest, show: FigureFormatter) -> Iterator[tuple[str, str]]:
    """What was replayed, as pairs of name and text: the file, the days of the orders, until when payments are known,
    how many orders, how many of them are still open, rows with faults where there are any, the policies and their
    parameters' day.

    The still open ones are named since they are in no figure about lateness: of a history that ends today the last
    weeks are.
    """
    window, everything = backtest.window, backtest.figures.everything
    yield show(texts.DATA), f"{show(backtest.history_map.title)} ({backtest.file})"
    yield show(texts.ORDERS_FROM), f"{show.day(window.since)} – {show.day(window.until)}"
    yield show(texts.KNOWN_UNTIL), show.day(window.end)
    yield (
        show(texts.ORDERS_REPLAYED),
        f"{show.count(everything.all.count)} · {_amount(everything.all.amount, show)}",
    )
    still_open = everything.all.count - everything.known.count
    if still_open:
        amount = _amount(everything.all.amount - everything.known.amount, show)
        yield show(texts.STILL_OPEN), f"{show.count(still_open)} · {amount}"
    if backtest.rejected:
        rejected = {"count": show.count(backtest.rejected), "rows": show.count(backtest.rows)}
        yield show(texts.REJECTS), show(report_texts.REJECTED, **rejected)
    yield show(report_texts.POLICIES), " · ".join(map(_policies, backtest.figures.sides))
    yield show(texts.PARAMETERS_OF), backtest.as_of.isoformat()


def _amount(amount: int, show: FigureFormatter) -> str:
    """`925,363.00 EUR`: in a line of text the currency has to be said each time."""
    return f"{show.money(amount)} {show.currency}"


def _policies(side: SideFigures) -> str:
    """`rules (a764ad04948d)`: the folder as users call it, and the beginning of the set's version."""
    return f"{side.label} ({side.version[:VERSION_LENGTH]})"


def _assumed(backtest: Backtest, show: FigureFormatter) -> Section:
    """What the figures rest on, last, and in full: the facts that the history tells, and those that the map assumes,
    each with its reason. A backtest is as good as these; whoever doubts one changes the map and runs it again.

    Where the history is in another currency than the policies, a paragraph says that its amounts were taken as they
    are.
    """
    history_map, vocabulary = backtest.history_map, backtest.vocabulary
    words = ValueWords(backtest.rulesets[0], show.reader[0])
    paragraphs = [show(texts.ASSUMED_TEXT)]
    if history_map.currency != vocabulary.currency:
        paragraphs.append(show(texts.CURRENCY_NOTE, history=history_map.currency, policies=vocabulary.currency))
    from_history = tuple(
        (_fact(name, words, show),) for name in history_map.facts_from_history if name in vocabulary.facts
    )
    parts = [ReportTable(title=show(texts.FROM_HISTORY), headings=(show(texts.FACT),), rows=from_history)]
    if rows := tuple(_assumption(part, words, show) for part in history_map.assumptions):
        parts.insert(
            0,
            ReportTable(title="", headings=show.all(texts.FACT, report_texts.VALUE, texts.BECAUSE), rows=rows, left=3),
        )
    return Section(show(texts.ASSUMED), tuple(paragraphs), tuple(parts))


def _assumption(part: Assumption, words: ValueWords, show: FigureFormatter) -> tuple[str, ...]:
    """Fact, value and reason. A date that is assumed to be each order's own day is said so instead of a value."""
    value = show(texts.DAY_OF_ORDER) if part.as_of else words.variable(part.name, part.value)
    return _fact(part.name, words, show), value, show(part.because)


def _fact(name: str, words: ValueWords, show: FigureFormatter) -> str:
    return show(report_texts.TITLED, title=words.title(name), id=name)
