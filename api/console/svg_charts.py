"""Charts of an account as SVG, drawn by the service: no script, no library, sharp on paper. Each has its table beside
it on the page, so a chart is never the only place of a number.

Colours come from the style sheet by class, which knows light, dark and print. Amounts are exact decimals; only lengths
are rounded, to tenths of a pixel of the view box.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from markupsafe import Markup, escape

from api.console.frame import grouped

WIDTH = 460
"""Of the view box, in pixels."""

_ROW, _LABEL, _VALUE = 28, 158, 104
_PLOT_HEIGHT, _LEFT, _BOTTOM, _TOP = 150, 104, 22, 30
_PLOT_WIDTH = WIDTH - _LEFT - 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartBar:
    """A row of a bar chart; in a waterfall it begins where the one before ends."""

    label: str
    amount: Decimal
    begin: Decimal = Decimal(0)
    colour: str = "c-plain"
    """A class of the style sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartStep:
    """A value that holds from one day to another."""

    from_day: date
    until_day: date
    value: Decimal


def bar_chart(title: str, bars: Sequence[ChartBar]) -> Markup:
    """Bars that lie, each with its label and amount."""
    ends = [edge for bar in bars for edge in (bar.begin, bar.begin + bar.amount)]
    low, high = min([*ends, Decimal(0)]), max([*ends, Decimal(0)])
    span = high - low or Decimal(1)
    room = Decimal(WIDTH - _LABEL - _VALUE)

    def place(value: Decimal) -> Decimal:
        return _LABEL + (value - low) / span * room

    lines = []
    for at, bar in enumerate(bars):
        top = at * _ROW
        left, right = sorted((place(bar.begin), place(bar.begin + bar.amount)))
        lines.append(
            f'<text class="label" x="{_LABEL - 8}" y="{top + 19}" text-anchor="end">{escape(bar.label)}</text>'
            f'<rect class="{bar.colour}" x="{left:.1f}" y="{top + 4}" width="{right - left:.1f}" '
            f'height="{_ROW - 8}"/><text class="value" x="{WIDTH}" y="{top + 19}" text-anchor="end">'
            f"{grouped(format(bar.amount, 'f'))}</text>"
        )
    return _svg(title, len(bars) * _ROW, lines)


def step_chart(
    title: str, steps: Sequence[ChartStep], points: Sequence[tuple[date, Decimal]], words: tuple[str, str]
) -> Markup:
    """Steps of a limit, and over them a line through what was owed. `words` names the steps, then the line."""
    days = [day for step in steps for day in (step.from_day, step.until_day)] + [day for day, _ in points]
    first, last = min(days), max(days) + timedelta(days=1)
    long = Decimal((last - first).days or 1)
    top = max([step.value for step in steps] + [value for _, value in points] + [Decimal(0)]) or Decimal(1)

    def x(day: date) -> str:
        return f"{_LEFT + (day - first).days / long * _PLOT_WIDTH:.1f}"

    def y(value: Decimal) -> str:
        return f"{_TOP + (1 - max(value, Decimal(0)) / top) * _PLOT_HEIGHT:.1f}"

    lines = [*_key(*words), *_axes(first, last, top)]
    lines += [
        f'<line class="c-limit" x1="{x(each.from_day)}" x2="{x(each.until_day + timedelta(days=1))}" '
        f'y1="{y(each.value)}" y2="{y(each.value)}"/>'
        for each in steps
    ]
    corners = " ".join(f"{x(day)},{y(value)}" for day, value in points)
    lines.append(f'<polyline class="c-line" points="{corners}"/>')
    return _svg(title, _TOP + _PLOT_HEIGHT + _BOTTOM, lines)


def _key(*words: str) -> Iterator[str]:
    """Which line is which, above them; the limit's is the thick one, so that it isn't told by colour alone."""
    for at, (kind, word) in enumerate(zip(("c-limit", "c-line"), words, strict=True)):
        left = _LEFT + at * _PLOT_WIDTH // 2
        yield f'<line class="{kind}" x1="{left}" x2="{left + 20}" y1="9" y2="9"/>'
        yield f'<text class="label" x="{left + 26}" y="14">{escape(word)}</text>'


def _axes(first: date, last: date, top: Decimal) -> Iterator[str]:
    base = _TOP + _PLOT_HEIGHT
    yield f'<line class="c-axis" x1="{_LEFT}" x2="{_LEFT + _PLOT_WIDTH}" y1="{base}" y2="{base}"/>'
    yield f'<text class="value" x="{_LEFT - 8}" y="{_TOP + 9}" text-anchor="end">{grouped(format(top, "f"))}</text>'
    yield f'<text class="value" x="{_LEFT - 8}" y="{base}" text-anchor="end">0</text>'
    yield f'<text class="value" x="{_LEFT}" y="{base + 17}">{first.isoformat()}</text>'
    right, ends = _LEFT + _PLOT_WIDTH, (last - timedelta(days=1)).isoformat()
    yield f'<text class="value" x="{right}" y="{base + 17}" text-anchor="end">{ends}</text>'


def _svg(title: str, height: int, lines: Sequence[str]) -> Markup:
    named = escape(title)
    body = "".join(lines)
    return Markup(  # texts in it are escaped above
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {height}" aria-label="{named}"><title>{named}</title>'
        f"{body}</svg>"
    )
