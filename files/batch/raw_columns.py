"""The raw columns of a batch: how they hold their values, and what each is read as. Nouns of `raw_facts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.diagnostics.diagnostic import Place
from engine.lowering.sql.dialect import Dialect, call, cast, text
from engine.vocabulary.vocabulary import Kind, Type
from files.maps.date_format import ISO, DateFormat
from files.maps.number_format import NumberFormat
from files.maps.row_map import Column

_ROUNDED = NumberFormat(rounds=True)
_NOWHERE = Place("", 1, 1)


class ColumnType(StrEnum):
    """How a column holds its values."""

    CELLS = "cells"
    TEXT = "text"
    WHOLE = "whole numbers"
    DECIMAL = "decimals"
    FLOAT = "floating-point numbers"
    YES_NO = "yes/no"
    DATE = "dates"
    TIMESTAMP = "timestamps without a zone"
    RECORDS = "arrays of structs"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSource:
    """Where a fact or a helper column of a map comes from."""

    column: str
    """The raw column; of an id of several columns the first."""

    column_type: ColumnType
    """How that column holds its values."""

    mapped: Column | None = None
    """What the map says of it; None without a map."""

    words: Mapping[str, str | None] | None = None
    """Translates text, which then counts as cells do; a word that it doesn't know is a fault, and so is every value of
    a column that is no text. None where the column's own values count."""

    fields: Mapping[str, ColumnType] | None = None
    """Of arrays of structs: what the structs hold, by name."""


@dataclass(frozen=True, slots=True)
class RawTarget:
    """What a raw column is read as: a fact, or a helper column, which is held to its type as an optional fact is."""

    name: str
    """A fact's name, or that of a helper column (`row.settled`). Faults begin with it."""

    type: Type
    """What its values are: raw values that don't fit are faults of their rows."""

    required: bool
    """Whether a missing value is a fault."""


_WRITTEN_ONE_WAY = {
    ColumnType.WHOLE: (Kind.INTEGER, Kind.DAYS, Kind.MONTHS, Kind.MONEY, Kind.RATE, Kind.NUMBER),
    ColumnType.YES_NO: (Kind.YES_NO,),
}
"""Columns whose values have one text each, and the kinds of facts that take the values themselves."""

Test = tuple[Expr, Expr]
"""What is true where a value is faulty, and the words for it."""


@dataclass(frozen=True, slots=True)
class CheckedFact:
    """One target as expressions over the raw values."""

    value: Expr
    """An integer at the type's scale, a day count, text or yes/no; null where the raw value is."""

    faults: tuple[Test, ...]
    """Tests and words: what is wrong with the raw value is said by the first test that is true."""


def raw_column(name: str) -> Expr:
    """A column of a file by its heading."""
    return exp.column(exp.to_identifier(name, quoted=True))


def known(cell: Expr) -> Expr:
    """Whether there is a value."""
    whole = cell.copy() if isinstance(cell, exp.Column) else exp.Paren(this=cell.copy())
    return exp.Not(this=exp.Is(this=whole, expression=exp.Null()))


def as_cells(source: FactSource) -> FactSource:
    """Text of typed files that a map reads counts as cells do; so does what `is_written_out`."""
    if source.mapped is not None and source.column_type is ColumnType.TEXT:
        return replace(source, column_type=ColumnType.CELLS)
    if source.mapped is not None and is_written_out(source):
        return replace(source, column_type=ColumnType.CELLS)
    if source.mapped is not None and is_rounded_decimal(source):
        mapped = replace(source.mapped, numbers=_ROUNDED, no_value=source.mapped.no_value_typed)
        return replace(source, column_type=ColumnType.CELLS, mapped=mapped)
    return source


def is_written_out(source: FactSource) -> bool:
    """Whether a map takes for text what is written in one way only: a customer's number in whole numbers, a day as
    20260715, yes and no as 1 and 0 that its `values` translate."""
    if source.mapped is None or source.column_type not in _WRITTEN_ONE_WAY:
        return False
    is_own = source.mapped.type.kind in _WRITTEN_ONE_WAY[source.column_type]
    return source.words is not None or not is_own


def is_rounded_decimal(source: FactSource) -> bool:
    """Whether a column of decimals is rounded, for which its text is taken."""
    return source.column_type is ColumnType.DECIMAL and source.mapped is not None and source.mapped.numbers.rounds


def mapped_column(target: RawTarget, source: FactSource) -> Column:
    """What the map says of a target; without a map, a column that bears the target's name."""
    if source.mapped is not None:
        return source.mapped
    iso = DateFormat.of(ISO)
    return Column(
        name=target.name,
        place=_NOWHERE,
        column=source.column,
        type=target.type,
        dates=(iso,) if iso and target.type.kind is Kind.DATE else (),
    )


def faults_of_row(readings: Sequence[CheckedFact], dialect: Dialect, *, in_words: bool) -> Expr:
    """All faults of a row, one a line; without words an empty text where there are any. Tests that are null are not
    true."""
    tests = [test for reading in readings for test, _ in reading.faults]
    if not tests:
        return cast(exp.Null(), dialect.text_type)
    said: Expr = text("")
    if in_words:
        faulty = (reading.faults for reading in readings if reading.faults)
        said = call("CONCAT_WS", text("\n"), *map(_first_of, faulty))
    return exp.Case(ifs=[exp.If(this=exp.or_(*(test.copy() for test in tests), copy=False), true=said)])


def _first_of(faults: Sequence[Test]) -> Expr:
    return exp.Case(ifs=[exp.If(this=test, true=words.copy()) for test, words in faults])
