"""Charts as SVG text, made without any library: they open offline, print sharp and need no script.

`svg` takes a `Chart` and gives one element, which `html_page` puts into its page. Colours and fonts come from the
page's style sheet by class (`s0` to `s5` fill, `l0` to `l5` draw a line, `mark` draws a threshold); everything that is
text is escaped. Lengths are in pixels of the view box, which is as wide as a phone shows without making its text small;
wider pages put two charts beside one another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import accumulate

from rich.cells import cell_len, set_cell_size

from receivables.report.parts import Chart, ChartKind, Series

WIDTH = 400
HEIGHT = 236
"""Size of a chart with columns or lines, whose labels and legend take one line each."""

_RIGHT, _TOP, _BOTTOM = 10, 22, 54
"""Margins around the plot: room for a threshold's name at the top, for labels and legend below."""

_PLOT_HEIGHT = HEIGHT - _TOP - _BOTTOM
_TICKS_ABOUT = 4
"""About so many steps make an axis that can be read."""

_CHARACTER = 7.6
"""Width of a character in text of 12 px in wide fonts; a wide one, such as a Chinese one, counts twice."""

_LABELS_ALL = 13
"""Up to so many labels all are written, cut off where they would touch; of more (quarters of many years) some."""
_GAP = 4
_LINE = 14
"""Height of a line of labels."""
_LEGEND_LINE = 18
_ROW = 26
"""Height of a bar that lies, with the room around it."""
_LABEL_PART = 0.36
"""The part of a chart's width that the labels of lying bars may take."""


def svg(chart: Chart) -> str:
    """The chart as one `<svg>` element; without values it has empty axes."""
    body, height = _lying(chart) if chart.kind is ChartKind.ROWS else _standing(chart)
    legend = _legend_lines(chart)
    body += _legend(legend, height + 4)
    height += _LEGEND_LINE * len(legend) if legend[0] else 0
    frame = (
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {height}" aria-label="{escape(chart.title, quote=True)}">'
    )
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


def _top(chart: Chart) -> float:
    """The largest value that has to be seen, thresholds among them."""
    columns = _columns(chart)
    is_stacked = chart.kind in (ChartKind.STACKED, ChartKind.ROWS)
    tops = map(sum, columns) if is_stacked else (value for column in columns for value in column)
    return max([*tops, *(threshold.value for threshold in chart.thresholds)], default=0.0)


def _columns(chart: Chart) -> list[list[float]]:
    return [[series.values[index] or 0.0 for series in chart.series] for index in range(len(chart.labels))]


def _text(x: float, y: float, text: str, style: str, anchor: str = "start", inside: str = "") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}{inside}</text>'


def _cut(text: str, width: float) -> str:
    """The text, or as much of it as fits and an ellipsis."""
    if _wide(text) <= width:
        return text
    return set_cell_size(text, max(int(width / _CHARACTER) - 1, 1)).rstrip() + "…"


def _wide(text: str) -> float:
    return cell_len(text) * _CHARACTER


# --- columns and lines -----------------------------------------------------------------------------------------------


class _Plot:
    """Where values stand in a chart of columns or lines."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.ticks = nice_ticks(_top(chart))
        self.left = max(map(_wide, map(chart.show, self.ticks))) + 10
        self.width = WIDTH - _RIGHT - self.left

    def y(self, value: float) -> float:
        return _TOP + _PLOT_HEIGHT * (1 - value / self.ticks[-1])

    def middle(self, index: int) -> float:
        return self.left + self.width * (index + 0.5) / max(len(self.chart.labels), 1)

    @property
    def room(self) -> float:
        """Width for one label."""
        return self.width / max(len(self.chart.labels), 1)


def _standing(chart: Chart) -> tuple[list[str], int]:
    """The elements of a chart of columns or lines, and its height without a legend."""
    plot = _Plot(chart)
    labels, lines = _labels(plot)
    body = [*_axis(plot), *_LAYERS[chart.kind](plot), *_thresholds(plot), *labels]
    return body, HEIGHT - _BOTTOM + 12 + _LINE * max(lines, 1)


def _axis(plot: _Plot) -> Iterator[str]:
    for tick in plot.ticks:
        y = plot.y(tick)
        yield f'<line class="grid" x1="{plot.left:.1f}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}"/>'
        yield _text(plot.left - 6, y + 4, plot.chart.show(tick), "tick", "end")


def _thresholds(plot: _Plot) -> Iterator[str]:
    """Each as a dashed line with its name above its left end."""
    for threshold in plot.chart.thresholds:
        y = plot.y(threshold.value)
        name = f"{threshold.name} {plot.chart.show(threshold.value)}"
        yield f'<line class="mark" x1="{plot.left:.1f}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}"/>'
        yield _text(plot.left + 4, y - 4, _cut(name, plot.width), "marked")


def _labels(plot: _Plot) -> tuple[list[str], int]:
    """The labels below the plot, and how many lines they take."""
    labels = plot.chart.labels
    widest = max(map(_wide, labels), default=0)
    every = max(1 if len(labels) <= _LABELS_ALL else math.ceil(widest / plot.room), 1)
    y, found, most = _TOP + _PLOT_HEIGHT + 16, [], 0
    for index in range(0, len(labels), every):
        x = plot.middle(index)
        first, *more = _folded(labels[index], plot.room * every - _GAP)
        most = max(most, 1 + len(more))
        rest = "".join(f'<tspan x="{x:.1f}" dy="{_LINE}">{escape(line)}</tspan>' for line in more)
        found.append(_text(x, y, first, "tick", "middle", f"{rest}<title>{escape(labels[index])}</title>"))
    return found, most


def _folded(label: str, width: float) -> tuple[str, ...]:
    """The label in one line, or in two where it has a blank or a Chinese year to break at, or cut off."""
    if _wide(label) <= width:
        return (label,)
    for mark, keep in ((" ", 0), ("年", 1)):
        before, found, after = label.partition(mark)
        parts = (before + found * keep, after)
        if found and after and max(map(_wide, parts)) <= width:
            return parts
    return (_cut(label, width),)


def _bars(plot: _Plot) -> Iterator[str]:
    chart, room = plot.chart, plot.room * 0.76
    width = room / max(len(chart.series), 1)
    for index, label in enumerate(chart.labels):
        left = plot.middle(index) - room / 2
        for number, series in enumerate(chart.series):
            value = series.values[index]
            if value is not None:
                y, base = plot.y(value), plot.y(0)
                place = (left + number * width, y, width * 0.92, base - y)
                yield _bar(number, place, f"{label}, {series.name}: {chart.show(value)}")


def _stacked(plot: _Plot) -> Iterator[str]:
    chart, width = plot.chart, plot.room * 0.7
    for index, column in enumerate(_columns(chart)):
        left = plot.middle(index) - width / 2
        for number, low, high in _parts(column):
            y = plot.y(high)
            tooltip = f"{chart.labels[index]}, {chart.series[number].name}: {chart.show(high - low)}"
            yield _bar(number, (left, y, width, plot.y(low) - y), tooltip)


def _parts(column: Sequence[float]) -> Iterator[tuple[int, float, float]]:
    """The parts of a stacked bar: number of the series, where it begins and where it ends; none for a 0."""
    bounds = [0.0, *accumulate(column)]
    return ((number, bounds[number], bounds[number + 1]) for number, value in enumerate(column) if value)


def _bar(number: int, place: tuple[float, float, float, float], tooltip: str) -> str:
    x, y, width, height = place
    where = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
    return f'<rect class="s{number % 6}" {where}><title>{escape(tooltip)}</title></rect>'


def _lines(plot: _Plot) -> Iterator[str]:
    chart = plot.chart
    for number, series in enumerate(chart.series):
        known = [(index, value) for index, value in enumerate(series.values) if value is not None]
        path = "".join(_step(plot, series, index, value) for index, value in known)
        if path:
            yield f'<path class="line l{number % 6}" d="{path.strip()}"/>'
        for index, value in known:
            tooltip = escape(f"{chart.labels[index]}, {series.name}: {chart.show(value)}")
            place = f'cx="{plot.middle(index):.1f}" cy="{plot.y(value):.1f}" r="3.5"'
            yield f'<circle class="s{number % 6}" {place}><title>{tooltip}</title></circle>'


def _step(plot: _Plot, series: Series, index: int, value: float) -> str:
    """One step of a line's path: it is drawn from the point before, or starts anew after a gap."""
    joined = index > 0 and series.values[index - 1] is not None
    return f"{'L' if joined else 'M'}{plot.middle(index):.1f} {plot.y(value):.1f} "


_LAYERS = {ChartKind.BARS: _bars, ChartKind.STACKED: _stacked, ChartKind.LINES: _lines}


# --- lying bars ------------------------------------------------------------------------------------------------------


def _lying(chart: Chart) -> tuple[list[str], int]:
    """The elements of a chart of lying bars, and its height without a legend: each bar beside its label, with its value
    behind it, so that no axis is needed; thresholds are dashed lines from top to bottom."""
    columns = _columns(chart)
    values = [chart.show(sum(column)) for column in columns]
    left = min(max(map(_wide, chart.labels), default=0), WIDTH * _LABEL_PART) + 8
    right = max(map(_wide, values), default=0) + 10
    top = _top(chart) or 1.0
    if not math.isfinite(top):
        top = 1.0
    scale = (WIDTH - left - right) / top
    first = 20 if chart.thresholds else 4
    height = first + _ROW * max(len(columns), 1)
    body = [f'<line class="grid" x1="{left:.1f}" y1="{first}" x2="{left:.1f}" y2="{height}"/>']
    for index, column in enumerate(columns):
        y = first + _ROW * index + 4
        label = chart.labels[index]
        body.append(_text(left - 6, y + 13, _cut(label, left - 6), "tick", "end", f"<title>{escape(label)}</title>"))
        for number, low, high in _parts(column):
            tooltip = f"{label}, {chart.series[number].name}: {chart.show(high - low)}"
            body.append(_bar(number, (left + low * scale, y, (high - low) * scale, _ROW - 8), tooltip))
        body.append(_text(left + sum(column) * scale + 5, y + 13, values[index], "value"))
    for threshold in chart.thresholds:
        x = left + threshold.value * scale
        body.append(f'<line class="mark" x1="{x:.1f}" y1="{first - 2}" x2="{x:.1f}" y2="{height}"/>')
        anchor = "end" if x > WIDTH * 0.6 else "start"
        body.append(_text(x, 13, f"{threshold.name} {chart.show(threshold.value)}", "marked", anchor))
    return body, height + 4


# --- legend ----------------------------------------------------------------------------------------------------------


def _legend_lines(chart: Chart) -> list[list[tuple[int, float, str]]]:
    """The number, place and name of each series, in as many lines as they need. One alone is named by the title."""
    lines: list[list[tuple[int, float, str]]] = [[]]
    x = 4.0
    for number, series in enumerate(chart.series if len(chart.series) > 1 else ()):
        name = _cut(series.name, WIDTH - 24)
        width = 30 + _wide(name)
        if lines[-1] and x + width > WIDTH:
            lines.append([])
            x = 4.0
        lines[-1].append((number, x, name))
        x += width
    return lines


def _legend(lines: list[list[tuple[int, float, str]]], top: float) -> list[str]:
    found = []
    for index, line in enumerate(lines):
        y = top + 9 + index * _LEGEND_LINE
        for number, x, name in line:
            found.append(f'<rect class="s{number % 6}" x="{x:.1f}" y="{y - 9:.1f}" width="10" height="10"/>')
            found.append(f'<text class="key" x="{x + 14:.1f}" y="{y:.1f}">{escape(name)}</text>')
    return found
