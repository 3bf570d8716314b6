"""Facts that are lists from a file of their own, one record a row: `--list account.open_items=open_items.csv`.

    account.id,amount,due           →  C-1: [{"amount": "12.50", "due": "2026-07-01"}, {"amount": "7.00"}]
    C-1,12.50,2026-07-01               C-2: []
    C-1,7.00,
    C-2,,

The column of a text fact says whose record a row is; the others are named like the values of a record, unless a map
says otherwise. A row that holds nothing but that key says that there are none: whoever has no row at all is unknown,
since a file that was cut off looks as if nobody further down had anything open. A row whose owner can't be told ends
the run, as it may be anybody's.

Every engine that decides files reads these through here, so that all of them say the same.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from engine.diagnostics.diagnostic import Place
from engine.diagnostics.wording import did_you_mean, listed
from engine.vocabulary.binding import Fault, JsonScalar
from engine.vocabulary.record_words import RECORD_FAULTS_MAX, too_many_records
from engine.vocabulary.vocabulary import TEXT, Fact, Kind, Type
from files.columnar import columnar_rows
from files.formats import format_named
from files.input_refused import InputRefused
from files.maps.date_format import ISO, DateFormat
from files.maps.mapped_rows import cell_reader
from files.maps.row_map import Column, MappedList, RowMap
from files.rows import FileRow, PerHeading, open_rows

_TAIL = 4
"""Bytes at the end of a text file in which its last line end must be, in any encoding."""

_NOWHERE = Place("", 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFile:
    """A file of records, named for one fact."""

    fact: Fact
    """The list that they make."""

    path: Path
    key: str
    """The fact by whose value a row of the cases and its records belong together; empty where no map says it, so that
    the heading does."""

    columns: Mapping[str, Column] = field(default_factory=dict)
    """What a map says of the columns, by what they hold: the key's fact, and values of a record. Empty without one."""

    keys: tuple[str, ...] = ()
    """The facts that a key may be: the text facts of the case kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedList:
    """All records of a file."""

    fact: Fact
    key: str
    """The fact by whose value they are found."""

    file: str
    """The file's name, for faults."""

    records: Mapping[str, Sequence[Mapping[str, JsonScalar]]]
    """By the key's value; those with a fault are left out."""

    faults: Mapping[str, Sequence[Fault]]
    """By the key's value, what is wrong with its records; nothing where nothing is."""


def list_file(name: str, path: Path, facts: Sequence[Fact], row_map: RowMap | None) -> ListFile:
    """The file that is given for a list by the fact's name. `facts`: those of the case kind. Raises InputRefused where
    there is no such list, or where the map reads it from a column."""
    by_name = {fact.name: fact for fact in facts}
    lists = [fact.name for fact in facts if fact.type.kind is Kind.LIST]
    fact = by_name.get(name)
    if fact is None or fact.type.kind is not Kind.LIST:
        hint = did_you_mean(name, lists) if lists else "declare it in `facts.yaml`"
        raise InputRefused(f"`{name}` is no list of this case kind", hint)
    keys = tuple(fact.name for fact in facts if fact.type.kind is Kind.TEXT)
    if row_map is None:
        return ListFile(fact=fact, path=path, key="", keys=keys)
    if any(column.name == name for column in row_map.columns):
        message = f"the map `{row_map.name}` reads `{name}` from a column"
        raise InputRefused(message, "leave --list out, or take it out of the map")
    mapped = next((each for each in row_map.lists if each.name == name), None)
    given = {column.name for column in row_map.columns}
    read = ListFile(fact=fact, path=path, key="", keys=tuple(key for key in keys if key in given))
    return read if mapped is None else _of_map(read, mapped)


def _of_map(file: ListFile, mapped: MappedList) -> ListFile:
    columns = {mapped.key: mapped.key_column, **mapped.columns}
    return ListFile(fact=file.fact, path=file.path, key=mapped.key, columns=columns, keys=file.keys)


def read_list_file(file: ListFile, *, encoding: str = "utf-8", delimiter: str = ",") -> JoinedList:
    """All records of the file, in memory. Raises InputRefused, with the file as its place, where it can't be read, its
    heading doesn't fit, a row can't be taken apart or doesn't say whose it is; and OSError."""
    reading = _Reading(file)
    format_ = format_named(file.path)
    if format_ is not None and not format_.is_text:
        for row in columnar_rows(file.path, reading.take_heading):
            reading.take(row)
        return reading.joined()
    _refuse_unended(file.path)
    with open_rows(file.path, encoding=encoding, delimiter=delimiter) as rows:
        if rows.heading is not None:
            reading.take_heading(rows.heading)
        for row in rows:
            reading.take(row)
    return reading.joined()


def _refuse_unended(path: Path) -> None:
    """A text file whose last line has no end is probably not all there, and its last number may lack digits."""
    with path.open("rb") as raw:
        size = raw.seek(0, os.SEEK_END)
        raw.seek(max(0, size - _TAIL))
        if size and not raw.read().rstrip(b"\x00").endswith((b"\n", b"\r")):
            message = "the last line has no line end, so that the file may be cut off"
            raise InputRefused(message, "see that nothing is missing, then end it with one", place=str(path))


class _Cell(NamedTuple):
    """How one cell of a row is read. `slot`: where it stands; None for a key that a row of NDJSON leaves out."""

    name: str
    slot: int | None
    read: Callable[[str | None], tuple[JsonScalar, Fault | None]]


class _Reading:
    """What has been read of one file."""

    def __init__(self, file: ListFile) -> None:
        self._file = file
        self._fields = {each.name: each for each in file.fact.type.fields}
        self._key = file.key
        self._heading: tuple[str, ...] | None = None
        self._cells: PerHeading[tuple[_Cell, ...]] = PerHeading(self._cells_of)
        self._records: dict[str, list[dict[str, JsonScalar]]] = {}
        self._counts: Counter[str] = Counter()
        self._faults: dict[str, list[Fault]] = {}

    def joined(self) -> JoinedList:
        """Everything, once all rows have been taken."""
        type_ = self._file.fact.type
        for key, count in self._counts.items():
            if count > type_.high:
                fault = Fault(self._file.fact.name, *too_many_records(f"{count:,}", type_))
                self._faults[key] = [fault, *self._faults.get(key, ())][:RECORD_FAULTS_MAX]
        return JoinedList(
            fact=self._file.fact,
            key=self._key,
            file=self._file.path.name,
            records={key: records for key, records in self._records.items() if key not in self._faults},
            faults=self._faults,
        )

    # --- headings ----------------------------------------------------------------------------------------------------

    def take_heading(self, heading: tuple[str, ...]) -> None:
        """The heading of all rows; those of NDJSON have keys of their own. Raises InputRefused where the key or a
        column of the map is missing, where one is there twice, and where one is no value of a record."""
        self._heading = heading
        self._cells(heading)

    def _cells_of(self, heading: tuple[str, ...]) -> tuple[_Cell, ...]:
        """The key first, then the values."""
        columns = self._file.columns or self._by_name(heading)
        for name, column in columns.items():
            count = heading.count(column.column)
            if count > 1 or (count == 0 and (self._heading is not None or name == self._key)):
                how = "is there twice" if count else "is missing"
                raise self._refused(f"the column `{column.column}`, which `{name}` is read from, {how}")
        cells = [
            _Cell(name, heading.index(column.column) if column.column in heading else None, cell_reader(column))
            for name, column in columns.items()
        ]
        return tuple(sorted(cells, key=lambda cell: cell.name != self._key))

    def _by_name(self, heading: tuple[str, ...]) -> dict[str, Column]:
        keys = [name for name in heading if name in self._file.keys]
        if len(keys) != 1 or (self._key and keys[0] != self._key):
            usual = self._key or f"{self._file.fact.group}.id"
            hint = f"name one column like the fact by which its rows belong to the others, such as `{usual}`"
            message = "several columns say" if len(keys) > 1 else f"no column{f' `{usual}`' if self._key else ''} says"
            raise self._refused(f"{message} whose record a row is", hint)
        self._key = keys[0]
        for name in heading:
            if name != self._key and name not in self._fields:
                hint = did_you_mean(name, self._fields) or f"they have {listed(list(self._fields))}"
                raise self._refused(f"the column `{name}` is no value of the records of `{self._file.fact.name}`", hint)
        return {name: self._column(name) for name in heading}

    def _column(self, name: str) -> Column:
        type_ = self._fields[name].type if name in self._fields else TEXT
        iso = DateFormat.of(ISO)
        dates = (iso,) if iso and type_.kind is Kind.DATE else ()
        return Column(name=f"{self._file.fact.name}[].{name}", place=_NOWHERE, column=name, type=type_, dates=dates)

    # --- rows --------------------------------------------------------------------------------------------------------

    def take(self, row: FileRow) -> None:
        """One row. Raises InputRefused where nobody can tell whose it is."""
        if row.cells is None:
            raise self._refused(f"line {row.line} can't be read: {row.fault.message if row.fault else ''}")
        (_, slot, read), *values = self._cells(row.heading)
        key, fault = read(None if slot is None else row.cells[slot])
        if not isinstance(key, str):
            why = str(fault) if fault else f"`{self._key}` is empty"
            raise self._refused(f"line {row.line} doesn't say whose record it is: {why}")
        records = self._records.setdefault(key, [])
        cells = {cell.name: None if cell.slot is None else row.cells[cell.slot] for cell in values}
        if not any(cell and cell.strip() for cell in cells.values()):
            return
        self._counts[key] += 1
        if self._counts[key] > self._file.fact.type.high:
            return
        record: dict[str, JsonScalar] = {}
        for name, _, read in values:
            record[name], fault = read(cells[name])
            if fault is not None:
                self._fault(key, row.line, fault.message, fault.hint)
        for name, each in self._fields.items():
            if each.required and record.get(name) is None and not (cells.get(name) or "").strip():
                self._fault(key, row.line, f"`{name}` is required")
        records.append(record)

    def _fault(self, key: str, line: int, message: str, hint: str = "") -> None:
        faults = self._faults.setdefault(key, [])
        if len(faults) < RECORD_FAULTS_MAX:
            where = f"line {line} of `{self._file.path.name}`"
            faults.append(Fault(self._file.fact.name, f"{where}: {message}", hint))

    def _refused(self, message: str, hint: str = "") -> InputRefused:
        return InputRefused(message, hint, place=str(self._file.path))


def in_two_currencies(name: str, type_: Type, file: str) -> Fault | None:
    """What is said of a row in another currency with records of this list; None where they hold no amounts."""
    if all(field.type.kind is not Kind.MONEY for field in type_.fields):
        return None
    hint = "write both in the policies' currency, or the records into the row"
    return Fault(name, f"comes from `{file}`, and the row is in another currency than that", hint)


# --- joined to rows --------------------------------------------------------------------------------------------------


def with_lists(
    facts: Mapping[str, object], lists: Sequence[JoinedList], *, is_converted: bool = False
) -> tuple[Mapping[str, object], list[Fault]]:
    """A row's facts with the records that belong to it, and what is wrong with those. `is_converted`: the row is in
    another currency than the policies', so that no amounts of another file can stand beside its own."""
    if not lists:
        return facts, []
    groups = dict(facts)
    faults: list[Fault] = []
    for each in lists:
        group, _, name = each.fact.name.partition(".")
        own, key = groups.get(group), _value(groups, each.key)
        if _value(groups, each.fact.name) is not None:
            hint = "leave one of the two out"
            faults.append(Fault(each.fact.name, f"is given in the row and in `{each.file}`", hint))
        elif isinstance(key, str) and (own is None or isinstance(own, Mapping)):
            mixed = (
                in_two_currencies(each.fact.name, each.fact.type, each.file)
                if is_converted and each.records.get(key)
                else None
            )
            faults += [mixed] if mixed else each.faults.get(key, ())
            groups[group] = {**(own or {}), name: each.records.get(key)}
    return groups, faults


def _value(groups: Mapping[str, object], fact: str) -> object:
    group, _, name = fact.partition(".")
    members = groups.get(group)
    return members.get(name) if isinstance(members, Mapping) else None
