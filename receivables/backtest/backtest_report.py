"""A backtest's figures as a report in one language: which tables and charts there are, and what is assumed.

Verb: figures → Report. `report.html` and `report.text` show it.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.deciding.value_words import ValueWords
from receivables.backtest import backtest_words as say
from receivables.backtest.backtest_figures import SideFigures
from receivables.backtest.comparison import comparison
from receivables.backtest.run_backtest import Backtest
from receivables.backtest.sides import side_sections
from receivables.history.history_map import Assumption
from receivables.report import report_words as common
from receivables.report.parts import Report, ReportTable, Section
from receivables.report.shown_figures import VERSION_SHOWN, ShowFigures


def report(backtest: Backtest, language: str) -> Report:
    show = ShowFigures(language, backtest.history_map.currency, backtest.vocabulary.currency_digits)
    figures = backtest.figures
    sections = comparison(figures, show) if len(figures.sides) > 1 else []
    for side, ruleset in zip(figures.sides, backtest.rulesets, strict=True):
        mark = f" · {side.label}" if len(figures.sides) > 1 else ""
        sections += side_sections(side, ruleset, figures.everything, show, mark)
    sections.append(_assumed(backtest, show))
    return Report(language, show(say.TITLE), tuple(_about(backtest, show)), tuple(sections))


def _about(backtest: Backtest, show: ShowFigures) -> Iterator[tuple[str, str]]:
    window, everything = backtest.window, backtest.figures.everything
    yield show(say.DATA), f"{show(backtest.history_map.title)} ({backtest.file})"
    yield show(say.ORDERS_FROM), f"{show.day(window.since)} – {show.day(window.until)}"
    yield show(say.KNOWN_UNTIL), show.day(window.end)
    yield show(say.ORDERS_REPLAYED), f"{show.count(everything.all.count)} · {_amount(everything.all.amount, show)}"
    still_open = everything.all.count - everything.known.count
    if still_open:
        amount = _amount(everything.all.amount - everything.known.amount, show)
        yield show(say.STILL_OPEN), f"{show.count(still_open)} · {amount}"
    if backtest.rejected:
        rejected = {"count": show.count(backtest.rejected), "rows": show.count(backtest.rows)}
        yield show(say.REJECTS), show(common.REJECTED, **rejected)
    yield show(common.POLICIES), " · ".join(map(_policies, backtest.figures.sides))
    yield show(say.PARAMETERS_OF), backtest.as_of.isoformat()


def _amount(amount: int, show: ShowFigures) -> str:
    return f"{show.money(amount)} {show.currency}"


def _policies(side: SideFigures) -> str:
    return f"{side.label} ({side.version[:VERSION_SHOWN]})"


def _assumed(backtest: Backtest, show: ShowFigures) -> Section:
    history_map, vocabulary = backtest.history_map, backtest.vocabulary
    words = ValueWords(backtest.rulesets[0], show.language)
    paragraphs = [show(say.ASSUMED_TEXT)]
    if history_map.currency != vocabulary.currency:
        paragraphs.append(show(say.CURRENCY_NOTE, history=history_map.currency, policies=vocabulary.currency))
    told = tuple((_fact(name, words, show),) for name in history_map.told if name in vocabulary.facts)
    parts = [ReportTable(show(say.TOLD), (show(say.FACT),), told)]
    if rows := tuple(_assumption(part, words, show) for part in history_map.assumptions):
        parts.insert(0, ReportTable("", show.all(say.FACT, common.VALUE, say.BECAUSE), rows, left=3))
    return Section(show(say.ASSUMED), tuple(paragraphs), tuple(parts))


def _assumption(part: Assumption, words: ValueWords, show: ShowFigures) -> tuple[str, ...]:
    value = show(say.DAY_OF_ORDER) if part.as_of else words.variable(part.name, part.value)
    return _fact(part.name, words, show), value, show(part.because)


def _fact(name: str, words: ValueWords, show: ShowFigures) -> str:
    return show(common.TITLED, title=words.title(name), id=name)
