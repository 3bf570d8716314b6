"""What a report is made of, in one language: a headline, and sections of paragraphs, tiles, tables and charts.

`portfolio_report` and `backtest_report` make these nouns, `html_page` and `terminal_text` print them. Everything in
them is text already, so that whoever prints them has nothing to work out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum


class ChartKind(StrEnum):
    """How the series of a chart are drawn."""

    BARS = "bars"
    """Side by side, for each label a group of bars."""
    STACKED = "stacked"
    """On top of one another, for each label one bar."""
    LINES = "lines"
    """Each series a line from label to label."""
    ROWS = "rows"
    """A lying bar for each label, its series behind one another, with the sum behind it: for names and buckets."""


class Tone(StrEnum):
    """Whether something is good or bad. Pages show it by a sign and a colour, so that nobody depends on the colour."""

    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"
    NEUTRAL = "neutral"
    """Neither, or nobody can say."""


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


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value that matters, such as a maximum of a policy, drawn as a line across a chart."""

    name: str
    """What it is, in a word or two; the value is written behind it."""
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One figure of the few that a report begins with."""

    name: str
    value: str
    """The figure with its unit, or a dash."""
    change: str = ""
    """Against the quarter before, with what it was then; empty where there is nothing to compare with."""
    tone: Tone = Tone.NEUTRAL
    """Whether that change is for the better."""
    note: str = ""
    """What else belongs to it, such as of how many items it is, or why there is a dash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """The figures that a report begins with: tiles on a page, a table on a terminal."""

    headings: tuple[str, str, str, str]
    """Of that table: figure, value, change, note."""
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """The one sentence that says whether things are good or bad, and why."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart. Its values stand upwards from 0 and its labels from left to right; those of `ROWS` to the right, and
    downwards."""

    kind: ChartKind
    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    show: Callable[[float], str]
    """Writes a value as it stands on the axis."""
    thresholds: tuple[Threshold, ...] = ()


Part = ReportTable | Chart | Tiles


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report under a title: first its paragraphs, then its tiles, tables and charts."""

    title: str
    paragraphs: tuple[str, ...]
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A report in one language."""

    language: str
    """The one of its own sentences, `en` or `zh`; titles that a site gives may be in another."""
    title: str
    about: tuple[tuple[str, str], ...]
    """The lines under the title, each a name and a text: of which data, under which policies."""
    sections: tuple[Section, ...]
    _: KW_ONLY
    headline: Headline | None = None
    """What stands above everything else; None where there is nothing to judge."""
