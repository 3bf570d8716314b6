"""Rows of a file → the commands that they stand for, or everything that is wrong with a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from engine.diagnostics.nearest import nearest
from engine.diagnostics.wording import listed
from engine.vocabulary.binding import Fault
from engine.vocabulary.plain_text import text_fault
from engine.vocabulary.vocabulary import Kind
from files.input_refused import InputRefused
from files.maps.cell_converters import NotMapped, column_converter
from files.maps.cell_faults import fault_of_cell
from files.maps.joined_ids import Join
from files.maps.row_currency import named_like_currencies
from files.maps.row_map import CURRENCY, Column
from files.rows import FileRow
from files.typed_cells import NO_TEXTS
from ledger.credit.bounds import NUL
from ledger.imports.import_kinds import Cells, RowContext
from ledger.imports.import_map import ImportMap
from ledger.items.import_chunk import ImportedRow

PLACE = "_place"
"""Column in which a sender may say where a row stood in a file of its own."""

_REMEMBERED = 50_000

_UNREAD = "says a currency, and the map doesn't read it"

ReadCell = Callable[[str], tuple[Any, str]]
"""Text of a cell → its value, and what is wrong with it."""


class RowReader:
    """Reads the rows of files by one map."""

    def __init__(self, import_map: ImportMap) -> None:
        self.map = import_map
        self._readers = {column.name: _cell_reader(column) for column in import_map.columns}
        self._plans: dict[tuple[str, ...], _RowPlan] = {}
        self._required = import_map.kind.required
        self._is_plain = all(column.columns == (column.name,) for column in import_map.columns)

    def refuse_heading(self, heading: Sequence[str]) -> None:
        """Raises `InputRefused` for a CSV file that lacks a column, has one twice, or has one that nothing reads."""
        named = {title: column.name for column in self.map.columns for title in column.columns}
        there = listed(list(heading)[:30])
        missing = [title for title, name in named.items() if name in self._required and title not in heading]
        if missing:
            above = "; `skip_lines` of a map says how many lines stand above them" if len(heading) < 2 else ""
            raise InputRefused(f"the column {listed(missing)} is missing", f"the columns are {there}{above}")
        twice = [title for title in named if list(heading).count(title) > 1]
        if twice:
            raise InputRefused(f"the column {listed(twice)} is there twice", "keep the one that counts")
        if unknown := self._unknown(heading):
            close = nearest(unknown[0], named)
            hint = f"did you mean `{close}`?" if close else f"the columns are {listed(list(named)[:30])}"
            raise InputRefused(f"the column {listed(unknown[:5])} is unknown in {self.map.kind.word}", hint)
        for name in self._unread_currencies(heading):
            raise InputRefused(f"the column `{name}` {_UNREAD}", _read_currency(name))

    def _unknown(self, heading: Sequence[str]) -> list[str]:
        """What nothing reads, of a file without a map: a column that is misspelt says nothing of what it holds."""
        known = {column.name for column in self.map.columns}
        return [name for name in heading if name not in known and name != PLACE] if self._is_plain else []

    def _unread_currencies(self, heading: Sequence[str]) -> list[str]:
        """Columns that are plainly there to say a currency, and that the map passes over: amounts in another one than
        the account's would be booked as the account's."""
        titles = {column.name: column.columns for column in self.map.columns}
        if CURRENCY in titles or CURRENCY not in self.map.kind.columns:
            return []
        read = {title for each in titles.values() for title in each}
        return [name for name in named_like_currencies(heading) if name not in read]

    def cells(self, row: FileRow) -> tuple[Cells, str]:
        """The row by its columns' names, and what is wrong with it."""
        if row.cells is None:
            return {}, str(row.fault)
        plan = self._plans.get(row.heading) or self._plan(row.heading)
        found: dict[str, Any] = {}
        faults = list(plan.faults)
        cells = row.cells
        for cell_of, column, read in plan.columns:
            name, text = column.name, cell_of(cells)
            found[name] = None
            if not text:
                continue
            if NUL in text:
                faults.append(str(Fault(name, "holds the character U+0000, which can't be kept", "leave it out")))
            elif column.type.kind.is_text and (no_text := _no_text(row, column, text)):
                faults.append(str(Fault(name, *no_text)))
            else:
                value, fault = read(text)
                faults += [fault] if fault else []
                found[name] = None if fault else value
        missing = [name for name in self._required if found.get(name) is None]
        faults = faults or [str(Fault(name, "is missing", "")) for name in missing]
        return found, "; ".join(faults)

    def _plan(self, heading: tuple[str, ...]) -> _RowPlan:
        slots = {name: slot for slot, name in reversed(list(enumerate(heading)))}
        columns = [
            (
                Join(column, slots) if column.rest else itemgetter(slots[column.column]),
                column,
                self._readers[column.name],
            )
            for column in self.map.columns
            if not slots.keys().isdisjoint(column.columns)
        ]
        faults = [str(Fault(name, "is a column that nothing reads", "leave it out")) for name in self._unknown(heading)]
        faults += [str(Fault(name, _UNREAD, _read_currency(name))) for name in self._unread_currencies(heading)]
        plan = _RowPlan(columns, faults)
        if len(self._plans) < _REMEMBERED:
            self._plans[heading] = plan
        return plan


class _RowPlan(NamedTuple):
    """How the rows under one heading are read."""

    columns: Sequence[tuple[Callable[[Sequence[str | None]], str | None], Column, ReadCell]]
    """What gives the cell of each, and what reads it."""

    faults: Sequence[str]
    """What is wrong with each row of it."""


def _no_text(row: FileRow, column: Column, text: str) -> tuple[str, str] | None:
    """What is wrong with cells that hold something else than text, of which two programs may write two texts; whole
    numbers are written in one way only."""
    if row.body is None and type(text) is str and not column.rest:
        return None
    for name in column.columns:
        cell = row.cells[row.heading.index(name)] if row.cells is not None and name in row.heading else None
        if type(cell) in NO_TEXTS:
            return NO_TEXTS[type(cell)]
        if row.body is not None and isinstance(row.body.get(name), bool | list | dict):
            return "is not text", "write it between quotes"
    return None


def _read_currency(name: str) -> str:
    return f"write `{CURRENCY}: {{column: {name}}}` under `columns`"


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


def _cell_reader(column: Column) -> ReadCell:
    convert, fits = column_converter(column), _fit(column)

    @lru_cache(maxsize=4_096, typed=True)  # the number 1.234 is none of the text `1.234`
    def read(cell: str) -> tuple[Any, str]:
        text = cell.strip()
        try:
            value = convert(text) if text else None
            if value is not None:
                fits(value)
        except NotMapped as wrong:
            if wrong.faults:
                return None, "; ".join(map(str, wrong.faults))
            return None, str(fault_of_cell(column, text, wrong.message, wrong.hint))
        return value, ""

    return read


def _fit(column: Column) -> Callable[[Any], None]:
    """Raises `NotMapped` for a word that the column doesn't know, and for a text that can't be told from another."""
    members = column.type.members

    def fits(value: Any) -> None:
        if members and value not in members:
            close = nearest(str(value), members)
            hint = f"did you mean `{close}`?" if close else f"expected one of {', '.join(members)}"
            raise NotMapped("is not one of the known words", hint)
        if column.type.kind is Kind.TEXT and isinstance(value, str) and (wrong := text_fault(value)):
            raise NotMapped(*wrong)

    return fits
