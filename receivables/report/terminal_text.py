"""A report on the terminal: its paragraphs and tables. Charts are left out; they are for paper and screens
(`html_page`), and what they show stands in the tables too."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from receivables.report.parts import Report, ReportTable, Tiles

WIDTH = 400
"""Columns that text may take. Tables keep their shape whatever the terminal's width, which wraps or scrolls them."""

WORDS_WIDTH = 56
"""Widest column of words; what is longer is broken into lines."""


def print_report(console: Console, report: Report) -> None:
    """Prints the report, its tables in Markdown's form, so that they can be pasted."""
    console.width = WIDTH
    console.print(Text(report.title, "bold"))
    if report.headline:
        console.print(Text(report.headline.text, "bold"))
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
            elif isinstance(part, Tiles):
                _print_table(console, _table_of(part))


def _table_of(tiles: Tiles) -> ReportTable:
    """The same figures as a table, without the columns in which no tile says anything."""
    rows = [(tile.name, tile.value, tile.change, tile.note) for tile in tiles.tiles]
    kept = [column for column in range(len(tiles.headings)) if any(row[column] for row in rows)]
    return ReportTable(
        title="",
        headings=tuple(tiles.headings[column] for column in kept),
        rows=tuple(tuple(row[column] for column in kept) for row in rows),
    )


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
