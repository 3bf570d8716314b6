"""A report as one HTML file that needs nothing else: style and charts inside, no script, nothing fetched.

`html` takes a `Report` and gives the text of the page. Everything that comes from data is escaped, and the page's own
content security policy forbids scripts and requests. The style sheet is for screens, light and dark, and for paper.
"""

from __future__ import annotations

from html import escape

from rich.cells import cell_len

from receivables.report.parts import Chart, Report, ReportTable, Section
from receivables.report.svg import svg

_STYLE = """
:root { color-scheme: light dark; --ink: #1b2430; --soft: #5b6776; --line: #d5dbe3; --paper: #fff;
  --c0: #2f6fb5; --c1: #e0a030; --c2: #c2453d; --c3: #6a4c93; --c4: #3c9a7b; --c5: #8a8f98; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa7b6; --line: #38424f; --paper: #161b22;
  --c0: #6ea8e8; --c1: #f0bd5e; --c2: #e8746d; --c3: #ab8fd6; --c4: #66c7a6; --c5: #aab0ba; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.2rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .8rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
h3, figcaption, caption { font-size: .95rem; font-weight: 600; text-align: left; margin: 0 0 .35rem; padding: 0; }
p { margin: .3rem 0 .7rem; max-width: 50rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: .8rem 0 1.2rem; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { caption-side: top; white-space: nowrap; }
th, td { padding: .22rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; white-space: normal; word-break: keep-all; }
.word { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 7rem; }
.whole { white-space: nowrap; min-width: 0; }
.scroll > .note { margin-top: .5rem; }
.note { color: var(--soft); font-size: .85rem; }
figure { margin: .8rem 0 1.2rem; } .chart { width: 100%; height: auto; max-width: 50rem; display: block; }
.chart text { font-size: 12px; fill: var(--ink); } .chart .tick { fill: var(--soft); }
.grid { stroke: var(--line); stroke-width: 1; } .line { fill: none; stroke-width: 2; }
.s0 { fill: var(--c0); } .s1 { fill: var(--c1); } .s2 { fill: var(--c2); }
.s3 { fill: var(--c3); } .s4 { fill: var(--c4); } .s5 { fill: var(--c5); }
.l0 { stroke: var(--c0); } .l1 { stroke: var(--c1); } .l2 { stroke: var(--c2); }
.l3 { stroke: var(--c3); } .l4 { stroke: var(--c4); } .l5 { stroke: var(--c5); }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --c0: #2f6fb5;
  --c1: #e0a030; --c2: #c2453d; --c3: #6a4c93; --c4: #3c9a7b; --c5: #8a8f98; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2, caption, section > p:not(.note) { break-after: avoid; } .note { break-before: avoid; }
  figure, p, tr, .short, header { break-inside: avoid; } thead { display: table-header-group; }
  .scroll { overflow: visible; } table { font-size: 8pt; } th, td { padding: .15rem .35rem; }
  .chart { max-height: 70mm; }
  rect, circle { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  @page { size: A4; margin: 15mm; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Content security policy of the page: nothing may be loaded, only the style sheet inside it counts."""

_ONE_LINE_WIDTH = 24
"""Words up to this width, in columns of a terminal, are not broken into lines."""

_ONE_PAGE_ROWS = 30
"""Tables with up to so many rows are kept on one printed page; longer ones repeat their headings."""

_LANGUAGE_TAGS = {"zh": "zh-Hans"}


def html(report: Report) -> str:
    """The text of the page, with a line end at its end."""
    title = escape(report.title)
    about = "".join(f"<dt>{escape(key)}</dt><dd>{escape(text)}</dd>\n" for key, text in report.about)
    lines = (
        "<!doctype html>",
        f'<html lang="{_LANGUAGE_TAGS.get(report.language, report.language)}">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{title}</title>",
        f"<style>{_STYLE}</style></head>",
        f"<body><header><h1>{title}</h1>",
        f"<dl>\n{about}</dl></header>",
        "<main>",
        *map(_section, report.sections),
        "</main></body></html>",
    )
    return "\n".join(lines) + "\n"


def _section(section: Section) -> str:
    paragraphs = [f"<p>{escape(text)}</p>" for text in section.paragraphs]
    parts = [_table(part) if isinstance(part, ReportTable) else _figure(part) for part in section.parts]
    return "\n".join(["<section>", f"<h2>{escape(section.title)}</h2>", *paragraphs, *parts, "</section>"])


def _figure(chart: Chart) -> str:
    return f"<figure><figcaption>{escape(chart.title)}</figcaption>\n{svg(chart)}\n</figure>"


def _table(table: ReportTable) -> str:
    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    heading = _row("th", table.headings, table.left)
    rows = "\n".join(_row("td", row, table.left) for row in table.rows)
    note = f'\n<p class="note">{escape(table.note)}</p>' if table.note else ""
    grid = f"<table>{caption}<thead>{heading}</thead>\n<tbody>\n{rows}\n</tbody></table>"
    short = " short" if len(table.rows) <= _ONE_PAGE_ROWS else ""
    return f'<div class="scroll{short}">{grid}{note}</div>'


def _row(tag: str, cells: tuple[str, ...], left: int) -> str:
    scope = ' scope="col"' if tag == "th" else ""
    words = (_word(text, is_word=index < left) for index, text in enumerate(cells))
    marked = (f"<{tag}{scope}{word}>{escape(text)}</{tag}>" for word, text in zip(words, cells, strict=True))
    return f"<tr>{''.join(marked)}</tr>"


def _word(text: str, *, is_word: bool) -> str:
    """The class of a cell: words that are short stay on one line, longer ones may be broken."""
    unbroken = " whole" if cell_len(text) <= _ONE_LINE_WIDTH else ""
    return f' class="word{unbroken}"' if is_word else ""
