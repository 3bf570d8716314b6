"""Charts as SVG text, made without any library: they open offline, print sharp and need no script.

`svg` takes a `Chart` and gives one element, which `html_page` puts into its page. Colours and fonts come from the
page's style sheet by class (`s0` to `s5` fill, `l0` to `l5` draw a line); everything that is text is escaped. Lengths
are in pixels of the view box, which scales with the page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from itertools import accumulate

from rich.cells import cell_len, set_cell_size

from receivables.report.parts import Chart, ChartKind, Series

WIDTH = 760
HEIGHT = 300
"""Size of a chart with a legend of one line."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 12, 14, 58
"""Margins around the plot: room for the axis, labels and legend."""

_PLOT_WIDTH = WIDTH - _LEFT - _RIGHT
_PLOT_HEIGHT = HEIGHT - _TOP - _BOTTOM
_TICKS_ABOUT = 5
"""About so many steps make an axis that can be read."""

_CHARACTER = 7.2
"""Width of a character in text of 12 px; a wide one, such as a Chinese one, counts twice."""

_LABELS_ALL = 13
"""Up to so many labels all are written, cut off where they would touch; of more (quarters of many years) some."""
_GAP = 4
_LEGEND_LINE = 18


def svg(chart: Chart) -> str:
    """The chart as one `<svg>` element; without values it has empty axes."""
    tops = _tops(chart)
    ticks = nice_ticks(max(tops, default=0.0))
    lines = _legend_lines(chart)
    body = [*_axis(chart, ticks), *_LAYERS[chart.kind](chart, ticks[-1]), *_labels(chart), *_legend(lines)]
    title = escape(chart.title, quote=True)
    height = HEIGHT + _LEGEND_LINE * (len(lines) - 1 if lines[0] else -1)
    frame = f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {height}" aria-label="{title}">'
    return "\n".join([frame, f"<title>{escape(chart.title)}</title>", *body, "</svg>"])


def nice_ticks(top: float) -> list[float]:
    """The marks of an axis from 0 to at least `top`, in steps of 1, 2 or 5 times a power of ten: 0, 20, 40, 60, 80 for
    a top of 75. Nothing to show gives 0 and 1."""
    if not math.isfinite(top) or top <= 0:
        return [0.0, 1.0]
    rough = top / _TICKS_ABOUT
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [step * count for count in range(math.ceil(top / step - 1e-9) + 1)]


def _tops(chart: Chart) -> list[float]:
    if chart.kind is ChartKind.STACKED:
        return [sum(values) for values in _columns(chart)]
    return [value for column in _columns(chart) for value in column]


def _columns(chart: Chart) -> list[list[float]]:
    return [[series.values[index] or 0.0 for series in chart.series] for index in range(len(chart.labels))]


def _y(value: float, top: float) -> float:
    return _TOP + _PLOT_HEIGHT * (1 - value / top)


def _middle(chart: Chart, index: int) -> float:
    return _LEFT + _PLOT_WIDTH * (index + 0.5) / max(len(chart.labels), 1)


def _axis(chart: Chart, ticks: list[float]) -> Iterator[str]:
    for tick in ticks:
        y = _y(tick, ticks[-1])
        yield f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(chart.show(tick))}</text>'


def _labels(chart: Chart) -> Iterator[str]:
    count = len(chart.labels)
    room = _PLOT_WIDTH / max(count, 1)
    widest = max(map(cell_len, chart.labels), default=0) * _CHARACTER
    every = 1 if count <= _LABELS_ALL else math.ceil(widest / room)
    y = _TOP + _PLOT_HEIGHT + 16
    for index in range(0, count, max(every, 1)):
        x, label = _middle(chart, index), chart.labels[index]
        text = escape(_cut(label, room * every - _GAP))
        tooltip = f"<title>{escape(label)}</title>"
        yield f'<text class="tick" x="{x:.1f}" y="{y}" text-anchor="middle">{text}{tooltip}</text>'


def _cut(text: str, width: float) -> str:
    """The text, or as much of it as fits and an ellipsis."""
    if cell_len(text) * _CHARACTER <= width:
        return text
    return set_cell_size(text, max(int(width / _CHARACTER) - 1, 1)).rstrip() + "…"


def _legend_lines(chart: Chart) -> list[list[tuple[int, float, str]]]:
    """The number, place and name of each series, in as many lines as they need. One alone is named by the title."""
    lines: list[list[tuple[int, float, str]]] = [[]]
    x = float(_LEFT)
    for number, series in enumerate(chart.series if len(chart.series) > 1 else ()):
        width = 34 + _CHARACTER * cell_len(series.name)
        if lines[-1] and x + width > WIDTH:
            lines.append([])
            x = float(_LEFT)
        lines[-1].append((number, x, series.name))
        x += width
    return lines


def _legend(lines: list[list[tuple[int, float, str]]]) -> Iterator[str]:
    for index, line in enumerate(lines):
        y = HEIGHT - 14 + index * _LEGEND_LINE
        for number, x, name in line:
            yield f'<rect class="s{number % 6}" x="{x:.1f}" y="{y - 9}" width="10" height="10"/>'
            yield f'<text class="key" x="{x + 14:.1f}" y="{y}">{escape(name)}</text>'


def _bars(chart: Chart, top: float) -> Iterator[str]:
    room = _PLOT_WIDTH / max(len(chart.labels), 1) * 0.76
    width = room / max(len(chart.series), 1)
    for index, label in enumerate(chart.labels):
        left = _middle(chart, index) - room / 2
        for number, series in enumerate(chart.series):
            value = series.values[index]
            if value is not None:
                yield _bar(chart, series, label, number, left + number * width, width * 0.92, (0.0, value), top)


def _stacked(chart: Chart, top: float) -> Iterator[str]:
    width = _PLOT_WIDTH / max(len(chart.labels), 1) * 0.7
    for index, column in enumerate(_columns(chart)):
        left = _middle(chart, index) - width / 2
        bounds = [0.0, *accumulate(column)]
        for number, series in enumerate(chart.series):
            if column[number]:
                between = bounds[number], bounds[number + 1]
                yield _bar(chart, series, chart.labels[index], number, left, width, between, top)


def _bar(
    chart: Chart,
    series: Series,
    label: str,
    number: int,
    x: float,
    width: float,
    between: tuple[float, float],
    top: float,
) -> str:
    low, high = _y(between[0], top), _y(between[1], top)
    tooltip = escape(f"{label}, {series.name}: {chart.show(between[1] - between[0])}")
    place = f'x="{x:.1f}" y="{high:.1f}" width="{width:.1f}" height="{max(low - high, 0):.1f}"'
    return f'<rect class="s{number % 6}" {place}><title>{tooltip}</title></rect>'


def _lines(chart: Chart, top: float) -> Iterator[str]:
    for number, series in enumerate(chart.series):
        known = [(index, value) for index, value in enumerate(series.values) if value is not None]
        path = "".join(_step(chart, series, index, value, top) for index, value in known)
        if path:
            yield f'<path class="line l{number % 6}" d="{path.strip()}"/>'
        for index, value in known:
            tooltip = escape(f"{chart.labels[index]}, {series.name}: {chart.show(value)}")
            place = f'cx="{_middle(chart, index):.1f}" cy="{_y(value, top):.1f}" r="3"'
            yield f'<circle class="s{number % 6}" {place}><title>{tooltip}</title></circle>'


def _step(chart: Chart, series: Series, index: int, value: float, top: float) -> str:
    """One step of a line's path: it is drawn from the point before, or starts anew after a gap."""
    joined = index > 0 and series.values[index - 1] is not None
    return f"{'L' if joined else 'M'}{_middle(chart, index):.1f} {_y(value, top):.1f} "


_LAYERS = {ChartKind.BARS: _bars, ChartKind.STACKED: _stacked, ChartKind.LINES: _lines}
