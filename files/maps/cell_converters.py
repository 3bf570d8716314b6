"""Cells of one column → what a request would carry: texts, numbers as a map writes them, dates, words, amounts of other
currencies. Part of `mapped_rows`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from engine.vocabulary.binding import FactsRefused, Fault, JsonScalar
from engine.vocabulary.conversion import converted_records, converter, foreign
from engine.vocabulary.decimals import DECIMALS_READ
from engine.vocabulary.rates import Rate
from engine.vocabulary.strict_json import JsonRefused, read_json
from engine.vocabulary.vocabulary import Kind
from files.maps.cell_faults import (
    PLAIN_HINT,
    fault_of_binding,
    no_date,
    no_known_word,
    no_number,
    no_yes_no,
)
from files.maps.date_format import read_in_any
from files.maps.joined_ids import Unjoined
from files.maps.number_format import PLAIN, rounded, without_zeros_before
from files.maps.row_map import Column
from files.typed_cells import is_typed

_WHOLE_NUMBER = re.compile(rf"(-?[0-9]{{1,{DECIMALS_READ}}})(\.0{{1,{DECIMALS_READ}}})?", re.ASCII)
_PLAIN_NUMBER = re.compile(PLAIN.signed_pattern(decimals=True), re.ASCII)
CELLS_REMEMBERED = 10_000
"""A file has few different days; a hostile one must not fill the memory."""


class NotMapped(Exception):
    """A cell that can't be read: what is wrong with it, and what to write instead; `faults` where that is said
    already."""

    def __init__(self, message: str, hint: str = "", faults: tuple[Fault, ...] = ()) -> None:
        self.message = message
        self.hint = hint
        self.faults = faults


Converter = Callable[[str], JsonScalar]
"""Cell without blanks around it → the fact as a request carries it."""


def amount_converter(column: Column, rate: Rate) -> Converter:
    """Amounts are read with the decimals of the rate's currency and converted; other cells are read as ever."""
    if column.type.kind is Kind.LIST:
        return _records_converter(column, rate)
    if column.type.kind is not Kind.MONEY:
        return column_converter(column)
    in_currency = replace(column, type=foreign(column.type, rate.currency))
    read, convert = column_converter(in_currency), converter(column.type, rate, column.name)

    def amount(text: str) -> JsonScalar:
        raw = read(text)
        try:
            return convert(raw)
        except FactsRefused as refused:
            [fault] = refused.faults
            raise NotMapped("", faults=(fault_of_binding(in_currency, text, fault),)) from None

    return amount


def _records_converter(column: Column, rate: Rate) -> Converter:
    read = column_converter(column)

    def records(text: str) -> JsonScalar:
        try:
            return cast("JsonScalar", converted_records(read(text), column.type, rate, column.name))
        except FactsRefused as refused:
            raise NotMapped("", faults=tuple(refused.faults)) from None

    return records


def column_converter(column: Column) -> Converter:
    convert = _translated(column, _plain_converter(column))
    if not column.no_value:
        return convert
    words, typed = frozenset(column.no_value), frozenset(column.no_value_typed)

    def given(text: str) -> JsonScalar:
        return None if text in (typed if is_typed(text) else words) else convert(text)

    return given


def _translated(column: Column, convert: Converter) -> Converter:
    if (values := column.values) is None:
        return convert
    unknown = no_known_word(list(values))

    def translated(text: str) -> JsonScalar:
        if text not in values:
            if not text:
                return None
            raise NotMapped(*unknown)
        value = values[text]
        return convert(value) if isinstance(value, str) else value

    return translated


def _plain_converter(column: Column) -> Converter:
    match column.type.kind:
        case Kind.DATE:
            return _date_converter(column)
        case Kind.INTEGER | Kind.DAYS | Kind.MONTHS:
            return _whole_number_converter(column)
        case Kind.MONEY | Kind.RATE | Kind.NUMBER:
            return _decimal_converter(column)
        case Kind.YES_NO:
            return _yes_no
        case Kind.ENUM | Kind.TEXT | Kind.PERSON:
            return _text
        case Kind.LIST:
            return _records


def _text(text: str) -> JsonScalar:
    if isinstance(text, Unjoined):
        raise NotMapped(*text.wrong)
    return str(text) or None


def _records(text: str) -> JsonScalar:
    """A list stands in a cell as JSON: `[{"amount": "12.50"}]`."""
    if not text:
        return None
    try:
        return cast("JsonScalar", read_json(text, decimals_as_text=True))
    except JsonRefused as refused:
        raise NotMapped(f"is not a list in JSON: {refused}") from None


def _whole_number_converter(column: Column) -> Converter:
    numbers, wrong = column.numbers, no_number(column)
    is_plain = numbers.is_plain

    def convert(text: str) -> JsonScalar:
        if not text:
            return None
        plain = text if is_plain or is_typed(text) else numbers.plain(text, decimals=False)
        match = _WHOLE_NUMBER.fullmatch(plain) if plain is not None else None
        if match is None:
            raise NotMapped(*wrong)
        return int(match[1])

    return convert


def _decimal_converter(column: Column) -> Converter:
    numbers, scale, wrong = column.numbers, column.type.scale, no_number(column)
    if numbers.is_plain:
        return _plain_decimal

    def convert(text: str) -> JsonScalar:
        if not text:
            return None
        plain = (PLAIN if is_typed(text) else numbers).plain(text, decimals=True)
        if plain is None:
            raise NotMapped(*wrong)
        if not numbers.thousands:  # among thousands, `0.234` is none
            plain = without_zeros_before(plain)
        return rounded(plain, scale) if numbers.rounds else plain

    return convert


def _plain_decimal(text: str) -> JsonScalar:
    """As the function that `_decimal_converter` makes, for most files and in less time."""
    if not text:
        return None
    if not _PLAIN_NUMBER.fullmatch(text):
        raise NotMapped("is not a plain decimal number", PLAIN_HINT)
    return without_zeros_before(str(text))


def _yes_no(text: str) -> JsonScalar:
    if not text:
        return None
    if text not in ("true", "false"):
        raise NotMapped(*no_yes_no())
    return text == "true"


def _date_converter(column: Column) -> Converter:
    if not column.dates:
        raise AssertionError(f"the date column `{column.name}` has no format")
    formats, wrong = column.dates, no_date(column)
    remembered: dict[str, JsonScalar] = {"": None}

    def convert(text: str) -> JsonScalar:
        if is_typed(text):
            return str(text)
        if text in remembered:
            return remembered[text]
        day = read_in_any(formats, text)
        if day is None:
            raise NotMapped(wrong)
        if len(remembered) < CELLS_REMEMBERED:
            remembered[text] = day.isoformat()
        return day.isoformat()

    return convert
