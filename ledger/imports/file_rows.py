"""Rows of a file → the commands that they stand for, or everything that is wrong with a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from engine.diagnostics.nearest import nearest
from engine.diagnostics.wording import listed
from engine.vocabulary.binding import FactsRefused, Fault, value_reader
from files.input_refused import InputRefused
from files.maps.cell_converters import NotMapped, column_converter
from files.maps.row_map import Column
from files.rows import FileRow
from ledger.credit.bounds import NUL
from ledger.imports.import_kinds import Cells, RowContext
from ledger.imports.import_map import ImportMap
from ledger.items.import_chunk import ImportedRow

PLACE = "_place"
"""Column in which a sender may say where a row stood in a file of its own."""

_REMEMBERED = 50_000

ReadCell = Callable[[str], tuple[Any, str]]
"""Text of a cell → its value, and what is wrong with it."""


class RowReader:
    """Reads the rows of files by one map."""

    def __init__(self, import_map: ImportMap) -> None:
        self.map = import_map
        words = import_map.kind.members
        self._readers = {
            column.name: _cell_reader(column, is_word=column.name in words) for column in import_map.columns
        }
        self._plans: dict[tuple[str, ...], list[tuple[int, str, ReadCell]]] = {}
        self._required = import_map.kind.required

    def refuse_heading(self, heading: Sequence[str]) -> None:
        """Raises `InputRefused` for a CSV file that lacks a column, or has one that nothing reads."""
        named = {column.column: column.name for column in self.map.columns}
        there = listed(list(heading)[:30])
        missing = [title for title, name in named.items() if name in self._required and title not in heading]
        if missing:
            raise InputRefused(f"the column {listed(missing)} is missing", f"the columns are {there}")
        unknown = [name for name in heading if name not in named and name != PLACE]
        if unknown and all(column.column == column.name for column in self.map.columns):
            close = nearest(unknown[0], named)
            hint = f"did you mean `{close}`?" if close else f"the columns are {listed(list(named)[:30])}"
            raise InputRefused(f"the column {listed(unknown[:5])} is unknown in {self.map.kind.word}", hint)

    def cells(self, row: FileRow) -> tuple[Cells, str]:
        """The row by its columns' names, and what is wrong with it."""
        if row.cells is None:
            return {}, str(row.fault)
        plan = self._plans.get(row.heading) or self._plan(row.heading)
        found: dict[str, Any] = {}
        faults = []
        cells = row.cells
        for slot, name, read in plan:
            text = cells[slot]
            if text and NUL in text:
                faults.append(str(Fault(name, "holds the character U+0000, which can't be kept", "leave it out")))
            elif text:
                value, fault = read(text)
                if fault:
                    faults.append(fault)
                else:
                    found[name] = value
            else:
                found[name] = None
        missing = [name for name in self._required if found.get(name) is None]
        faults = faults or [str(Fault(name, "is missing", "")) for name in missing]
        return found, "; ".join(faults)

    def _plan(self, heading: tuple[str, ...]) -> list[tuple[int, str, ReadCell]]:
        slots = {name: slot for slot, name in reversed(list(enumerate(heading)))}
        plan = [
            (slots[column.column], column.name, self._readers[column.name])
            for column in self.map.columns
            if column.column in slots
        ]
        if len(self._plans) < _REMEMBERED:
            self._plans[heading] = plan
        return plan


def imported_rows(reader: RowReader, rows: Iterator[FileRow], context: RowContext) -> Iterator[ImportedRow]:
    """Numbered from 1. A row whose place is said by its sender has that one, and its line otherwise."""
    command = reader.map.kind.command
    for number, row in enumerate(rows, 1):
        cells, fault = reader.cells(row)
        place = _place(row)
        if fault:
            yield ImportedRow(number=number, place=place, command=None, faults=fault)
        else:
            yield ImportedRow(number=number, place=place, command=command(cells, context))


def _place(row: FileRow) -> str:
    if row.cells is not None and PLACE in row.heading:
        return (row.cells[row.heading.index(PLACE)] or "").replace(NUL, "") or str(row.line)
    return str(row.line)


def _cell_reader(column: Column, *, is_word: bool) -> ReadCell:
    """`is_word`: the command is made of one of the column's words, and of no other."""
    convert, name = column_converter(column), column.name
    bind = value_reader(column.type, name) if is_word else None

    @lru_cache(maxsize=4_096)
    def read(cell: str) -> tuple[Any, str]:
        text = cell.strip()
        try:
            value = convert(text) if text else None
            if bind is not None:
                bind(value)
            return value, ""
        except FactsRefused as refused:
            return None, "; ".join(map(str, refused.faults))
        except NotMapped as wrong:
            if wrong.faults:
                return None, "; ".join(map(str, wrong.faults))
            return None, str(Fault(name, f"`{text[:60]}` {wrong.message}", wrong.hint))

    return read
