"""Reports: charts whose bars are as long as their values say, tables that keep their words, nothing unescaped."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from engine.vocabulary.vocabulary import Vocabulary
from receivables.report.figure_formatter import FigureFormatter
from receivables.report.html_page import html
from receivables.report.parts import (
    Chart,
    ChartKind,
    Headline,
    Report,
    ReportTable,
    Section,
    Series,
    Threshold,
    Tile,
    Tiles,
    Tone,
)
from receivables.report.svg import WIDTH, nice_ticks, svg
from receivables.report.terminal_text import print_report

SVG = "{http://www.w3.org/2000/svg}"


def _chart(kind: ChartKind, *series: tuple[float | None, ...], names: str = "abcdefgh") -> Chart:
    labels = tuple(str(number) for number in range(len(series[0]) if series else 0))
    found = tuple(Series(name, values) for name, values in zip(names, series, strict=False))
    return Chart(kind=kind, title="Title", labels=labels, series=found, show=lambda value: f"{value:g}")


def _parsed(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(svg(chart).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def _bars(chart: Chart) -> list[tuple[str, float, float]]:
    """What each bar says, its top and its height."""
    found = []
    for rect in _parsed(chart).iter(f"{SVG}rect"):
        title = rect.find(f"{SVG}title")
        if title is not None:
            found.append((title.text or "", float(rect.attrib["y"]), float(rect.attrib["height"])))
    return found


def test_bars_are_as_long_as_their_values() -> None:
    (first, _, one), (second, _, half) = _bars(_chart(ChartKind.BARS, (10.0, 5.0)))

    assert (first, second) == ("0, a: 10", "1, a: 5")
    assert one == pytest.approx(2 * half, abs=0.2)


def test_stacked_bars_stand_on_one_another() -> None:
    (_, low_top, low), (_, high_top, high) = _bars(_chart(ChartKind.STACKED, (3.0,), (1.0,)))

    assert high_top + high == pytest.approx(low_top, abs=0.2)
    assert low == pytest.approx(3 * high, abs=0.3)


def test_a_line_is_broken_where_a_value_is_missing() -> None:
    chart = _chart(ChartKind.LINES, (1.0, 2.0, None, 2.0, 1.0))

    (path,) = _parsed(chart).iter(f"{SVG}path")
    assert re.sub(r"[^ML]", "", path.attrib["d"]) == "MLML"
    assert len(list(_parsed(chart).iter(f"{SVG}circle"))) == 4


@pytest.mark.parametrize("kind", ChartKind)
def test_a_chart_without_values_has_its_axes(kind: ChartKind) -> None:
    for chart in (_chart(kind), _chart(kind, (None, None)), _chart(kind, (0.0, 0.0))):
        assert list(_parsed(chart).iter(f"{SVG}line"))


@given(
    st.sampled_from(list(ChartKind)),
    st.integers(1, 40).flatmap(
        lambda count: st.lists(
            st.lists(st.none() | st.floats(0, 1e15), min_size=count, max_size=count).map(tuple), max_size=7
        )
    ),
)
def test_everything_drawn_lies_inside_the_chart(kind: ChartKind, series: list[tuple[float | None, ...]]) -> None:
    chart = _parsed(_chart(kind, *series))
    height = float(chart.attrib["viewBox"].split()[3])
    for element in chart.iter():
        for name, most in {"x": WIDTH, "x2": WIDTH, "cx": WIDTH, "y": height, "y2": height, "cy": height}.items():
            assert -0.1 <= float(element.attrib.get(name, 0)) <= most


@pytest.mark.parametrize("kind", [ChartKind.BARS, ChartKind.LINES, ChartKind.STACKED])
def test_a_threshold_is_a_line_at_its_value_and_always_in_sight(kind: ChartKind) -> None:
    chart = replace(_chart(kind, (10.0, 4.0)), thresholds=(Threshold("maximum", 10.0), Threshold("alarm", 60.0)))

    parsed = _parsed(chart)
    marks = {element.attrib["y1"] for element in parsed.iter(f"{SVG}line") if element.attrib["class"] == "mark"}
    at_ten, at_sixty = sorted((float(y) for y in marks), reverse=True)
    top = min(float(element.attrib["y1"]) for element in parsed.iter(f"{SVG}line"))

    assert at_sixty >= top
    texts = [text.text for text in parsed.iter(f"{SVG}text") if text.attrib["class"] == "marked"]
    assert texts == ["maximum 10", "alarm 60"]
    if kind is ChartKind.LINES:
        ends = [float(element.attrib["cy"]) for element in parsed.iter(f"{SVG}circle")]
        assert ends[0] == pytest.approx(at_ten, abs=0.11)
    else:
        assert _bars(chart)[0][1] == pytest.approx(at_ten, abs=0.11)


def test_lying_bars_are_as_long_as_their_values_and_carry_their_sums() -> None:
    chart = replace(_chart(ChartKind.ROWS, (30.0, 10.0), (10.0, 0.0)), thresholds=(Threshold("maximum", 20.0),))

    parsed = _parsed(chart)
    widths = [float(rect.attrib["width"]) for rect in parsed.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    values = [text.text for text in parsed.iter(f"{SVG}text") if text.attrib["class"] == "value"]
    (mark,) = (element for element in parsed.iter(f"{SVG}line") if element.attrib["class"] == "mark")
    (start,) = (
        float(element.attrib["x1"]) for element in parsed.iter(f"{SVG}line") if element.attrib["class"] == "grid"
    )

    assert widths == [pytest.approx(3 * widths[1], abs=0.3), widths[1], pytest.approx(widths[1], abs=0.3)]
    assert values == ["40", "10"]
    assert float(mark.attrib["x1"]) - start == pytest.approx(2 * widths[1], abs=0.3)


def test_a_report_begins_with_its_headline_and_tiles() -> None:
    """On a page before what the report is of; on a terminal as a table without empty columns. A sign beside the colour
    says whether a headline is good or bad, and words say it of a change."""
    tiles = Tiles(
        headings=("Figure", "Value", "Change", "Note"),
        tiles=(Tile(name="DSO", value="–", note="no sales"), Tile(name="Overdue", value="5.00")),
    )
    report = Report(
        "en",
        "Title",
        (("As of", "today"), ("Files", "one")),
        (Section("Overview", (), (tiles,)), Section("Rest", ("Text.",))),
        headline=Headline(Tone.BAD, "It is bad: <b>"),
    )
    console = Console(file=io.StringIO())

    page = html(report)
    print_report(console, report)

    text = console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    assert (
        page.index("It is bad: &lt;b&gt;") < page.index('class="tiles"') < page.index("<dt>Files") < page.index("Rest")
    )
    assert '<p class="headline bad"><span class="sign" aria-hidden="true">✕</span>' in page
    assert page.count("no sales") == 1
    assert text.index("It is bad: <b>") < text.index("Files") < text.index("| DSO ")
    assert "| Figure  | Value |     Note |" in text
    assert "Change" not in text


def test_a_table_of_words_is_cards_on_a_phone_and_one_of_numbers_is_not() -> None:
    words = ReportTable(
        title="", headings=("Rule", "Reason"), rows=(("a", "a reason of many words, too long"),), left=2
    )
    numbers = ReportTable(title="", headings=("a name that is rather long", "Amount"), rows=(("a", "1"),))

    page = html(Report("en", "", (), (Section("", (), (words, numbers)),)))

    assert page.count('<table class="cards">') == 1
    assert '<td class="word" data-name="Reason">a reason of many words' in page
    assert '<td class="word whole">a</td><td>1</td>' in page


LONG = (
    "approve with conditions",
    "passed: approve, with or without conditions",
    "信用冻结合计（含拒绝的订单）",
    "held",
)


def test_a_legend_that_is_too_long_goes_on_in_the_next_line() -> None:
    short, long = (_chart(ChartKind.BARS, *[(1.0,)] * 4), _chart(ChartKind.BARS, *[(1.0,)] * 4))
    long = replace(long, series=tuple(replace(one, name=name) for one, name in zip(long.series, LONG, strict=True)))

    lines = [len({key.attrib["y"] for key in _keys(chart)}) for chart in (short, long)]

    assert lines == [1, 3]
    assert [key.text for key in _keys(long)] == list(LONG)
    for key in _keys(long):
        assert float(key.attrib["x"]) + 6 * cell_len(key.text or "") <= WIDTH


def test_one_series_is_named_by_the_title() -> None:
    assert _keys(_chart(ChartKind.BARS, (1.0, 2.0))) == []


def _keys(chart: Chart) -> list[ElementTree.Element]:
    return [text for text in _parsed(chart).iter(f"{SVG}text") if text.attrib.get("class") == "key"]


@pytest.mark.parametrize("label", ["2013 Q1", "2012年1季度", "a customer with a long name", "有限责任公司上海分公司"])
@pytest.mark.parametrize("count", [1, 5, 8, 13, 14, 40])
def test_labels_do_not_touch(label: str, count: int) -> None:
    """A character of 12 px is about 6.5 px wide, a Chinese one 12."""
    chart = replace(_chart(ChartKind.BARS, (1.0,) * count), labels=(label,) * count)

    places = [
        (float(text.attrib["x"]), 6 * cell_len(text.text or ""))
        for text in _parsed(chart).iter(f"{SVG}text")
        if text.attrib["text-anchor"] == "middle"
    ]

    assert places
    assert len(places) == count or count > 13
    for (left, left_width), (right, right_width) in pairwise(places):
        assert left + left_width / 2 < right - right_width / 2


@given(st.floats(1e-9, 1e18))
def test_ticks_are_few_round_and_reach_the_top(top: float) -> None:
    ticks = nice_ticks(top)

    assert ticks[0] == 0 and ticks[-1] >= top * (1 - 1e-6)
    assert 3 <= len(ticks) <= 7
    assert f"{ticks[1]:.0e}"[0] in "125"


def test_what_can_not_be_drawn_to_scale_still_has_an_axis() -> None:
    assert nice_ticks(0) == nice_ticks(float("inf")) == nice_ticks(-3) == [0, 1]


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        (0, "0", "0"),
        (0.5, "0.5", "0.5"),
        (9_999, "10k", "10000"),
        (4_284.29, "4.28k", "4280"),
        (25_000, "25k", "2.5万"),
        (3e9, "3bn", "30亿"),
    ],
)
def test_an_axis_counts_as_its_readers_do(value: float, en: str, zh: str) -> None:
    assert (FigureFormatter("en", EUROS).axis(value), FigureFormatter("zh", EUROS).axis(value)) == (en, zh)


EUROS = Vocabulary(currency="EUR", currency_digits=2)
EVIL = "<script>alert('1')</script>&\"]]>"


def test_everything_from_data_is_escaped() -> None:
    chart = Chart(kind=ChartKind.BARS, title=EVIL, labels=(EVIL,), series=(Series(EVIL, (1.0,)),), show=lambda _: EVIL)
    table = ReportTable(title=EVIL, headings=(EVIL,), rows=((EVIL,),), note=EVIL)

    page = html(Report("en", EVIL, ((EVIL, EVIL),), (Section(EVIL, (EVIL,), (chart, table)),)))

    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 14


def test_a_page_names_its_language_and_forbids_fetching() -> None:
    page = html(Report("zh", "报告", (), ()))

    assert '<html lang="zh-Hans">' in page
    assert "default-src 'none'" in page


def test_short_tables_stay_on_one_printed_page_and_long_ones_repeat_their_heading() -> None:
    tables = [ReportTable(title="", headings=("a",), rows=(("1",),) * rows, note="as booked") for rows in (30, 31)]

    page = html(Report("en", "", (), (Section("", (), tuple(tables)),)))

    short, long = re.findall(
        r'<div class="(scroll[a-z ]*)"><table><thead>.*?</table>(?:\n<p class="note">as booked</p>)</div>', page, re.S
    )
    assert (short, long) == ("scroll short", "scroll")
    printed = page[page.index("@media print") :]
    assert re.search(r"figure, p, tr, \.short, header, \.tile { break-inside: avoid; }", printed)
    assert "thead { display: table-header-group; }" in printed


def test_on_a_narrow_terminal_numbers_stay_whole() -> None:
    console = Console(file=io.StringIO(), width=40)
    table = ReportTable(
        title="Amounts", headings=("name", "amount"), rows=(("a long name " * 9, "1,234,567.89"),), note="as booked"
    )
    chart = _chart(ChartKind.BARS, (1.0,))

    print_report(console, Report("en", "Title", (("of", "all"),), (Section("One", ("Text.",), (table, chart)),)))

    text = console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    assert "1,234,567.89 |" in text
    assert all(word in text for word in ("Title", "of: all", "One", "Text.", "Amounts", "as booked"))
