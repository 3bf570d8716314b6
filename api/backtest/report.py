"""A backtest's figures as a report in one language: which tables and charts there are, and what is assumed.

Verb: figures → Report. `report.html` and `report.text` show it.
"""

from __future__ import annotations

from collections.abc import Iterator

from api.backtest import words as say
from api.backtest.comparison import comparison
from api.backtest.numbers import Numbers
from api.backtest.run import Backtest
from api.backtest.sides import side_sections
from api.report.parts import Report, Section, Table
from engine.history.figures import SideFigures
from engine.history.history_map import Assumption, HistoryMap
from engine.vocabulary import Vocabulary

_VERSION_SHOWN = 12


def report(backtest: Backtest, language: str) -> Report:
    numbers = Numbers(backtest.vocabulary.currency_digits, language)
    sides = backtest.figures.sides
    sections: list[Section] = []
    if len(sides) > 1:
        sections += comparison(backtest.figures, numbers)
    for side in sides:
        mark = f" · {side.label}" if len(sides) > 1 else ""
        sections += side_sections(side, backtest.figures.everything, numbers, mark)
    sections.append(_assumed(backtest.history_map, backtest.vocabulary, language))
    return Report(language, say.TITLE[language], tuple(_about(backtest, numbers)), tuple(sections))


def _about(backtest: Backtest, numbers: Numbers) -> Iterator[tuple[str, str]]:
    language, window = numbers.language, backtest.window
    everything = backtest.figures.everything
    yield say.DATA[language], f"{backtest.history_map.title[language]} ({backtest.file})"
    yield say.ORDERS_FROM[language], f"{numbers.day(window.since)} – {numbers.day(window.until)}"
    yield say.KNOWN_UNTIL[language], numbers.day(window.end)
    amount = f"{numbers.money(everything.all.amount)} {backtest.history_map.currency}"
    yield say.ORDERS_REPLAYED[language], f"{everything.all.count:,} · {amount}"
    still_open = everything.all.count - everything.known.count
    if still_open:
        amount = numbers.money(everything.all.amount - everything.known.amount)
        yield say.STILL_OPEN[language], f"{still_open:,} · {amount}"
    if backtest.rejected:
        yield say.REJECTED[language], f"{backtest.rejected:,}"
    yield say.POLICIES[language], " · ".join(map(_policies, backtest.figures.sides))
    yield say.PARAMETERS_OF[language], backtest.as_of.isoformat()


def _policies(side: SideFigures) -> str:
    return f"{side.label} ({side.version[:_VERSION_SHOWN]})"


def _assumed(history_map: HistoryMap, vocabulary: Vocabulary, language: str) -> Section:
    rows = tuple(_assumption(part, vocabulary, language) for part in history_map.assumptions)
    headings = (say.FACT[language], "", say.VALUE[language], say.BECAUSE[language])
    assumed = Table("", headings, rows, left=4)
    told = tuple(
        (name, vocabulary.facts[name].title[language]) for name in history_map.told if name in vocabulary.facts
    )
    paragraphs = [say.ASSUMED_TEXT[language]]
    if history_map.currency != vocabulary.currency:
        note = say.CURRENCY_NOTE[language]
        paragraphs.append(note.format(history=history_map.currency, policies=vocabulary.currency))
    parts = (assumed, Table(say.TOLD[language], (say.FACT[language], ""), told, left=2))
    return Section(say.ASSUMED[language], tuple(paragraphs), parts if rows else parts[1:])


def _assumption(part: Assumption, vocabulary: Vocabulary, language: str) -> tuple[str, ...]:
    title = vocabulary.facts[part.name].title[language]
    return part.name, title, say.DAY_OF_ORDER[language] if part.as_of else _value(part.value), part.because[language]


def _value(value: str | int | bool | None) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
