"""What a report is made of, in one language: sections of paragraphs, tables and charts.

Nouns shared by the reports of backtest and portfolio; `report.html` and `report.text` turn them into pages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class ChartKind(StrEnum):
    BARS = "bars"  # series side by side
    STACKED = "stacked"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class ReportTable:
    """The first `left` columns are words, the others numbers that are set flush right."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One value for each label of its chart; None leaves a gap."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Values are not negative. `show` writes a value as it stands on the axis."""

    kind: ChartKind
    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    show: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    paragraphs: tuple[str, ...]
    parts: tuple[ReportTable | Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """`about` are the lines under the title: what, of which data, under which policies."""

    language: str
    title: str
    about: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
