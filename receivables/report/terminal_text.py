"""A report on the terminal: its paragraphs and tables; charts are for paper and screens (`report.html`)."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from receivables.report.parts import Report, ReportTable

WIDTH = 400
"""Tables keep their columns whole, whatever the terminal's width: it wraps or scrolls them."""

WORDS_WIDTH = 56


def print_report(console: Console, report: Report) -> None:
    console.width = WIDTH
    console.print(Text(report.title, "bold"))
    for key, text in report.about:
        console.print(Text.assemble((f"{key}: ", "dim"), text))
    for section in report.sections:
        console.print()
        console.print(Text(section.title, "bold underline"))
        for paragraph in section.paragraphs:
            console.print(Text(paragraph))
        for part in section.parts:
            if isinstance(part, ReportTable):
                _print_table(console, part)


def _print_table(console: Console, table: ReportTable) -> None:
    grid = Grid(box=box.MARKDOWN, title=table.title or None, title_justify="left")
    for index, heading in enumerate(table.headings):
        if index < table.left:
            grid.add_column(Text(heading), max_width=WORDS_WIDTH)
        else:
            grid.add_column(Text(heading), justify="right", no_wrap=True)
    for row in table.rows:
        grid.add_row(*map(Text, row))
    console.print()
    console.print(grid)
    if table.note:
        console.print(Text(table.note, "dim"))
