"""What a report is made of, in one language: sections of paragraphs, tables and charts.

`portfolio_report` and `backtest_report` make these nouns, `html_page` and `terminal_text` print them. Everything in
them is text already, so that whoever prints them has nothing to work out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class ChartKind(StrEnum):
    """How the series of a chart are drawn."""

    BARS = "bars"
    """Side by side, for each label a group of bars."""
    STACKED = "stacked"
    """On top of one another, for each label one bar."""
    LINES = "lines"
    """Each series a line from label to label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A table. Every row has as many cells as there are headings."""

    title: str
    """What stands above it; empty for no title."""
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    """So many columns, the first ones, are words; the others are numbers that are set flush right."""
    note: str = ""
    """What stands below it; empty for nothing."""


@dataclass(frozen=True, slots=True)
class Series:
    """The values of a chart that belong together."""

    name: str
    values: tuple[float | None, ...]
    """One for each label of its chart, none negative; None leaves a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart. Its values stand upwards from 0, its labels from left to right."""

    kind: ChartKind
    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    show: Callable[[float], str]
    """Writes a value as it stands on the axis."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report under a title: first its paragraphs, then its tables and charts."""

    title: str
    paragraphs: tuple[str, ...]
    parts: tuple[ReportTable | Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A report in one language."""

    language: str
    """The one of its own sentences, `en` or `zh`; titles that a site gives may be in another."""
    title: str
    about: tuple[tuple[str, str], ...]
    """The lines under the title, each a name and a text: of which data, under which policies."""
    sections: tuple[Section, ...]
