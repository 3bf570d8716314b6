"""A report as one HTML file that needs nothing else: style and charts inside, no script, nothing fetched.

`html` takes a `Report` and gives the text of the page. Everything that comes from data is escaped, and the page's own
content security policy forbids scripts and requests. The style sheet is for screens, light and dark, and for paper.
"""

from __future__ import annotations

from html import escape

from rich.cells import cell_len

from receivables.report.parts import Chart, Headline, Part, Report, ReportTable, Section, Tile, Tiles, Tone
from receivables.report.svg import svg

_STYLE = """
:root { color-scheme: light dark; --ink: #1b2430; --soft: #55606e; --line: #d5dbe3; --paper: #fff; --tile: #f5f7fa;
  --good: #17734f; --watch: #8a5a00; --bad: #b3261e;
  --c0: #2f6fb5; --c1: #e08a1e; --c2: #a3322b; --c3: #6a4c93; --c4: #3c9a7b; --c5: #8a8f98; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #a3afbd; --line: #38424f; --paper: #161b22;
  --tile: #1f2630; --good: #6cd0a4; --watch: #f0bd5e; --bad: #ff9089;
  --c0: #6ea8e8; --c1: #f0a850; --c2: #e8746d; --c3: #b59ae0; --c4: #66c7a6; --c5: #aab0ba; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.2rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .8rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
h3, figcaption, caption { font-size: .95rem; font-weight: 600; text-align: left; margin: 0 0 .35rem; padding: 0; }
p { margin: .3rem 0 .7rem; max-width: 50rem; overflow-wrap: break-word; }
.headline { max-width: none; margin: 0 0 1.1rem; padding: .7rem .9rem; border-left: .35rem solid var(--soft);
  background: var(--tile); font-size: 1.05rem; font-weight: 600; }
.headline.good { border-color: var(--good); } .headline.watch { border-color: var(--watch); }
.headline.bad { border-color: var(--bad); } .sign { margin-right: .45rem; }
.good .sign { color: var(--good); } .watch .sign { color: var(--watch); } .bad .sign { color: var(--bad); }
.of { color: var(--soft); margin: 0 0 .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 1rem 0 0; font-size: .9rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); gap: .7rem; }
.tile { background: var(--tile); border-radius: .4rem; padding: .55rem .8rem .65rem; }
.tile > * { margin: 0; } .tile .name { color: var(--soft); font-size: .87rem; }
.tile .figure { font-size: 1.5rem; line-height: 1.3; font-weight: 600; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.tile .change, .tile .more { font-size: .87rem; line-height: 1.4; color: var(--soft); }
.tile .change.good { color: var(--good); } .tile .change.bad { color: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { caption-side: top; white-space: nowrap; }
th, td { padding: .22rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; white-space: normal; word-break: keep-all; }
.word { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 7rem; }
.long { min-width: 15rem; overflow-wrap: break-word; }
.whole { white-space: nowrap; min-width: 0; }
.scroll > .note { margin-top: .5rem; }
.note { color: var(--soft); font-size: .87rem; }
.parts { display: flex; flex-wrap: wrap; align-items: flex-start; gap: .2rem 2rem; margin-top: .8rem; }
.parts > * { margin: 0 0 1rem; } .parts > .scroll { flex: 0 1 auto; max-width: 100%; }
.parts > figure { flex: 1 1 23rem; max-width: 30rem; } .parts > .tiles { flex: 1 1 100%; }
.chart { width: 100%; height: auto; display: block; }
.chart text { font-size: 12px; fill: var(--ink); } .chart .tick { fill: var(--soft); }
.chart .marked { fill: var(--ink); font-style: italic; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.chart rect { stroke: var(--paper); stroke-width: 1; }
.grid { stroke: var(--line); stroke-width: 1; } .line { fill: none; stroke-width: 2.5; }
.mark { stroke: var(--ink); stroke-width: 1.4; stroke-dasharray: 5 4; }
.s0 { fill: var(--c0); } .s1 { fill: var(--c1); } .s2 { fill: var(--c2); }
.s3 { fill: var(--c3); } .s4 { fill: var(--c4); } .s5 { fill: var(--c5); }
.l0 { stroke: var(--c0); } .l1 { stroke: var(--c1); } .l2 { stroke: var(--c2); }
.l3 { stroke: var(--c3); } .l4 { stroke: var(--c4); } .l5 { stroke: var(--c5); }
@media screen and (max-width: 34rem) { body { padding: 1.2rem .9rem 3rem; font-size: 16px; } h1 { font-size: 1.35rem; }
  .tiles { grid-template-columns: 1fr 1fr; gap: .5rem; } .tile { padding: .5rem .6rem; }
  .tile .figure { font-size: 1.25rem; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .35rem; }
  .cards thead { display: none; } .cards, .cards tbody, .cards tr { display: block; }
  .cards tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  .cards td { display: block; border: 0; padding: .1rem 0; text-align: left; white-space: normal; min-width: 0; }
  .cards td::before { content: attr(data-name) ": "; color: var(--soft); } .cards td:empty { display: none; }
  .cards td:lang(zh)::before { content: attr(data-name) "："; } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --tile: #f2f2f2;
  --good: #17734f; --watch: #8a5a00; --bad: #b3261e; --c0: #2f6fb5; --c1: #e08a1e; --c2: #a3322b; --c3: #6a4c93;
  --c4: #3c9a7b; --c5: #8a8f98; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2, caption, section > p:not(.note):not(:last-child) { break-after: avoid; } .note { break-before: avoid; }
  figure, p, tr, .short, header, .tile { break-inside: avoid; } thead { display: table-header-group; }
  .scroll { overflow: visible; } table { font-size: 8pt; } th, td { padding: .15rem .35rem; }
  .tiles { grid-template-columns: repeat(4, 1fr); gap: 2mm; } .tile .figure { font-size: 13pt; }
  .parts { display: block; } .long { min-width: 0; }
  .parts > figure { display: inline-block; width: 48%; margin-right: 1%; vertical-align: top; }
  rect, circle, .tile, .headline { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  @page { size: A4; margin: 15mm; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Content security policy of the page: nothing may be loaded, only the style sheet inside it counts."""

_ONE_LINE_WIDTH = 24
"""Words up to this width, in columns of a terminal, are not broken into lines."""

_ONE_PAGE_ROWS = 30
"""Tables with up to so many rows are kept on one printed page; longer ones repeat their headings."""

_LONG_TEXT_WIDTH = 60
"""A column of words in which a cell is wider, in columns of a terminal, is a column of sentences and gets more room."""

_SIGNS = {Tone.GOOD: "✓", Tone.WATCH: "▲", Tone.BAD: "✕", Tone.NEUTRAL: ""}
"""Beside the colour of a headline, for whoever doesn't tell the colours apart."""

_LANGUAGE_TAGS = {"zh": "zh-Hans"}


def html(report: Report) -> str:
    """The text of the page, with a line end at its end. Behind the headline comes the first section, and only then what
    the report is of in full; the first line of that stands under the title."""
    title = escape(report.title)
    about = "".join(f"<dt>{escape(key)}</dt><dd>{escape(text)}</dd>\n" for key, text in report.about)
    colon = "：" if report.language == "zh" else ": "
    first, *others = map(_section, report.sections) if report.sections else ("",)
    lines = (
        "<!doctype html>",
        f'<html lang="{_LANGUAGE_TAGS.get(report.language, report.language)}">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{title}</title>",
        f"<style>{_STYLE}</style></head>",
        f"<body><header><h1>{title}</h1>",
        *(f'<p class="of">{escape(key)}{colon}{escape(text)}</p>' for key, text in report.about[:1]),
        *([_headline(report.headline)] if report.headline else []),
        "</header>",
        "<main>",
        first,
        f"<dl>\n{about}</dl>",
        *others,
        "</main></body></html>",
    )
    return "\n".join(lines) + "\n"


def _headline(headline: Headline) -> str:
    sign = f'<span class="sign" aria-hidden="true">{_SIGNS[headline.tone]}</span>' if _SIGNS[headline.tone] else ""
    return f'<p class="headline {headline.tone}">{sign}{escape(headline.text)}</p>'


def _section(section: Section) -> str:
    paragraphs = [f"<p>{escape(text)}</p>" for text in section.paragraphs]
    parts = ['<div class="parts">', *map(_part, section.parts), "</div>"] if section.parts else []
    return "\n".join(["<section>", f"<h2>{escape(section.title)}</h2>", *paragraphs, *parts, "</section>"])


def _part(part: Part) -> str:
    """Parts stand beside one another where the page is wide enough."""
    if isinstance(part, ReportTable):
        return _table(part)
    return _tiles(part) if isinstance(part, Tiles) else _figure(part)


def _tiles(tiles: Tiles) -> str:
    return "\n".join(['<div class="tiles">', *map(_tile, tiles.tiles), "</div>"])


def _tile(tile: Tile) -> str:
    lines = [f'<p class="name">{escape(tile.name)}</p>', f'<p class="figure">{escape(tile.value)}</p>']
    if tile.change:
        lines.append(f'<p class="change {tile.tone}">{escape(tile.change)}</p>')
    if tile.note:
        lines.append(f'<p class="more">{escape(tile.note)}</p>')
    return f'<div class="tile">{"".join(lines)}</div>'


def _figure(chart: Chart) -> str:
    return f"<figure><figcaption>{escape(chart.title)}</figcaption>\n{svg(chart)}\n</figure>"


def _table(table: ReportTable) -> str:
    """A table; one of several columns of words becomes a list of cards on a phone, where it would be cut off."""
    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    wide = frozenset(index for index in range(table.left) if any(_is_long(row[index]) for row in table.rows))
    is_cards = table.left > 1 and any(_is_broken(row[index]) for row in table.rows for index in range(table.left))
    heading = _row("th", table.headings, table.left, wide, ())
    rows = "\n".join(_row("td", row, table.left, wide, table.headings if is_cards else ()) for row in table.rows)
    note = f'\n<p class="note">{escape(table.note)}</p>' if table.note else ""
    style = ' class="cards"' if is_cards else ""
    grid = f"<table{style}>{caption}<thead>{heading}</thead>\n<tbody>\n{rows}\n</tbody></table>"
    short = " short" if len(table.rows) <= _ONE_PAGE_ROWS else ""
    return f'<div class="scroll{short}">{grid}{note}</div>'


def _is_long(text: str) -> bool:
    return cell_len(text) > _LONG_TEXT_WIDTH


def _is_broken(text: str) -> bool:
    return cell_len(text) > _ONE_LINE_WIDTH


def _row(tag: str, cells: tuple[str, ...], left: int, wide: frozenset[int], names: tuple[str, ...]) -> str:
    """One row; where `names` are given, each cell carries its heading, which a phone shows in front of it."""
    scope = ' scope="col"' if tag == "th" else ""
    marked = []
    for index, text in enumerate(cells):
        name = f' data-name="{escape(names[index], quote=True)}"' if names else ""
        word = _word(text, is_word=index < left, is_wide=index in wide)
        marked.append(f"<{tag}{scope}{word}{name}>{escape(text)}</{tag}>")
    return f"<tr>{''.join(marked)}</tr>"


def _word(text: str, *, is_word: bool, is_wide: bool) -> str:
    """The class of a cell: words that are short stay on one line, longer ones may be broken, sentences have room."""
    if not is_word:
        return ""
    style = " long" if is_wide else "" if _is_broken(text) else " whole"
    return f' class="word{style}"'
