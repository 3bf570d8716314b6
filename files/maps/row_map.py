"""A row map: how the columns of a CSV file or the keys of NDJSON rows become the facts of one case kind.

The nouns that `read_row_map` gives and that `mapped_rows` and `credence batch` take. A row goes through the map only to
become a request body; what a fact may hold is decided by the one gate all facts enter through,
`engine.vocabulary.binding`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.diagnostics.diagnostic import Place
from engine.ruleset.formula import Formula, variables
from engine.ruleset.ruleset import AS_OF
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Kind, Type
from files.maps.date_format import DateFormat, read_in_any
from files.maps.number_format import PLAIN, NumberFormat

ROW = "row"
"""The group under which formulas read helper columns: `row.settled`."""

CURRENCY = "currency"
"""What the currency of a row's amounts is called, in maps and in the faults of rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the file and what its cells become."""

    name: str
    """The fact (`invoice.amount`) or the helper column (`row.settled`) that the cells give."""

    place: Place
    """Where the map says so."""

    column: str
    """The column's heading in the file, or the key of NDJSON rows; of several the first."""

    type: Type
    """What the cells hold: the fact's type, or the one declared for the helper column."""

    dates: tuple[DateFormat, ...] = ()
    """How the cells write dates: in one of these ways; none for every other type."""

    values: Mapping[str, str | int | bool | None] | None = None
    """Translates cells word by word into what a request would carry; None where the cell's own text counts."""

    numbers: NumberFormat = PLAIN
    """How the cells write numbers."""

    no_value: tuple[str, ...] = ()
    """Cells that stand for a missing value, beside empty ones: `n/a`, `0000-00-00`."""

    rest: tuple[str, ...] = ()
    """Further headings: the cells of all of them, joined by `joint`, are one id."""

    joint: str = ""
    """The one character between the parts of an id that is made of several columns. No part may hold it, so that no
    two different ids become one."""

    @property
    def no_value_typed(self) -> tuple[str, ...]:
        """The same words as a typed cell writes them: dates as YYYY-MM-DD, numbers with a decimal point. Words that
        are no date and no number are left out, since no typed cell is one of them."""
        if self.dates:
            days = (read_in_any(self.dates, word) for word in self.no_value)
            return tuple(day.isoformat() for day in days if day is not None)
        if not self.type.kind.is_numeric:
            return self.no_value
        plain = (self.numbers.plain(word, decimals=True) for word in self.no_value)
        return tuple(word for word in plain if word is not None)

    @property
    def columns(self) -> tuple[str, ...]:
        """All headings that are read, in order."""
        return (self.column, *self.rest)

    @property
    def shown(self) -> str:
        """The columns as a fault of one of their cells names them: column `No`, columns `Company`, `No`."""
        return f"column{'s' if self.rest else ''} {', '.join(f'`{name}`' for name in self.columns)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFormula:
    """A fact or a helper column that is worked out from other facts, helper columns and `as_of`.

    It means what the same formula means in a policy: a missing operand makes the result missing, and the result is
    rounded to the fact's decimals.
    """

    name: str
    """The fact (`invoice.open_amount`) or the helper column (`row.amount`) that the formula gives."""

    place: Place
    """Where the map names the fact."""

    type: Type
    """The fact's type. A result outside of its bounds is a fault of the row."""

    text: str
    """The formula as the author wrote it, for messages."""

    formula: Formula
    """The exact formula. Its variables are `as_of` and full names such as `invoice.amount` and `row.settled`, each of
    the type of its column or fact; its result has the kind and the scale of `type`, perhaps wider bounds."""

    @property
    def makes_person(self) -> bool:
        """Whether the formula gives a text that is read as a person's name."""
        return self.type.kind is Kind.PERSON and self.formula.type.kind is Kind.TEXT

    @property
    def reads(self) -> frozenset[str]:
        """The facts and helper columns that the formula needs, by full name; without `as_of`."""
        return frozenset(variables(self.formula)) - {AS_OF}


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedList:
    """A list whose records stand in a file of their own, as a map reads that file."""

    name: str
    """The fact."""

    place: Place
    """Where the map says so."""

    key: str
    """The fact of the rows by whose value they find their records."""

    key_column: Column
    """The column of the other file that holds this value."""

    columns: Mapping[str, Column]
    """Its columns with the values of records, by these values' names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMap:
    """A whole map, free of mistakes."""

    name: str
    """What the author calls the map; part of each decision's id in `credence decide-file`."""

    place: Place
    """Where the map begins."""

    title: Text
    """What readers are shown, in both languages."""

    case: str
    """The case kind that each row decides."""

    columns: tuple[Column, ...]
    """All columns that are read, helper columns first."""

    formulas: tuple[MapFormula, ...] = ()
    """In an order in which each reads only the results of those before it."""

    lists: tuple[MappedList, ...] = ()
    """The lists whose records stand in files of their own."""

    currency: Column | str | None = None
    """In which currency the amounts of a row are: the column that says so by ISO 4217 codes, or one code for all rows;
    None where the map says nothing, and amounts are in the policies' own."""

    skip_lines: int = 0
    """Lines of a CSV file above its heading, such as a report's title, that are no part of the table."""

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of all columns that are read, each once."""
        of_currency = self.currency.columns if isinstance(self.currency, Column) else ()
        return tuple(dict.fromkeys((*(name for column in self.columns for name in column.columns), *of_currency)))

    def reader_of(self, heading: str) -> str:
        """What is read from the column with this heading: a fact, a helper column or the currency."""
        return next((column.name for column in self.columns if heading in column.columns), CURRENCY)

    @property
    def helpers(self) -> tuple[Column, ...]:
        """The columns that are no facts, in the order of `columns`."""
        return tuple(column for column in self.columns if is_helper(column.name))

    @property
    def helper_names(self) -> tuple[str, ...]:
        """The helper columns' names: first of those that are read, then of those that are worked out."""
        formulas = (formula.name for formula in self.formulas if is_helper(formula.name))
        return (*(column.name for column in self.helpers), *formulas)


def is_helper(name: str) -> bool:
    """Whether this is the full name of a helper column, such as `row.settled`."""
    return name.partition(".")[0] == ROW
