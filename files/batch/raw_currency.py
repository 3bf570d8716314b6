"""In which currency a batch's rows are, as SQL: rows in one without a rate are rejected.

Part of `raw_facts`; the same as `files.maps.row_currency` says row by row, in the same words. What has a rate on the
day of the decision is converted (`row_rates`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, binary, text
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.rates import CurrencyRefused, Denomination, Rate
from files.batch.cell_sql import shown_in_sql
from files.batch.raw_columns import ColumnType, Test
from files.batch.row_rates import RowRates
from files.maps.row_currency import (
    constant_column,
    currency_missing,
    currency_refused,
    currency_unread,
    named_like_currencies,
    no_currency,
    others_than,
    unread_currencies,
    written_otherwise,
)
from files.maps.row_map import CURRENCY, Column, RowMap

_CELL, _CODE = "\ue000", "\ue001"
"""Stand for the cell and for its code while the words of a fault are written."""

_TEXTS = (ColumnType.CELLS, ColumnType.TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCurrency:
    """What the rows of some files say of their currency."""

    money: Denomination
    """In which currency is decided."""

    column: Column | None
    """The column that holds each row's currency; None where none does."""

    is_optional: bool
    """Whether a row without one is in the policies' own currency, as a request is that says none."""

    constant: str | None
    """The currency of all rows, where the map says so."""

    unread: tuple[Column, ...]
    """Columns of currencies that the map passes over."""

    @property
    def headings(self) -> tuple[str, ...]:
        """The columns that are read for it."""
        named = (self.column, *self.unread)
        return tuple(column.column for column in named if column is not None)

    def tests(self, dialect: Dialect, bare: Mapping[str, Expr]) -> Iterator[Test]:
        """What is true where a row can't be decided for its currency, and the words for it. `bare`: the cell of each
        of the headings, without blanks around it."""
        for column in self.unread:
            cell = bare[column.column]
            names = sorted(written_otherwise(self.money.currency))
            other = exp.In(this=cell.copy(), expressions=[text(name) for name in names])
            yield other, self._words(str(currency_unread(column, _CELL, self.money.currency)), cell, cell, dialect)
        if self.constant is not None and self.constant not in self._taken:
            code = text(self.constant)
            said = self._refused(constant_column(), self.constant)
            yield exp.Boolean(this=True), self._words(said, code, code, dialect)
        if self.column is not None:
            yield from self._of_column(self.column, dialect, bare[self.column.column])

    @property
    def rates(self) -> list[Rate]:
        """One for each currency that has a rate on this day; none where no row can be in another currency."""
        if self.column is None and self.constant is None:
            return []
        found = []
        for code in self.money.rates.currencies:
            try:
                rate = self.money.rate_for(code)
            except CurrencyRefused:
                continue
            found += [rate] if rate is not None and self.constant in (None, code) else []
        return found

    @property
    def _taken(self) -> set[str]:
        return {self.money.currency, *(rate.currency for rate in self.rates)}

    def code(self, bare: Mapping[str, Expr]) -> Expr:
        """A row's currency; null where it says none. `bare` as for `tests`."""
        if self.column is None:
            return text(self.constant or self.money.currency)
        cell = bare[self.column.column]
        if self.column.values is None:
            return cell.copy()
        values = {word: str(to) for word, to in self.column.values.items() if to is not None}
        ifs = [exp.If(this=text(word), true=text(to)) for word, to in values.items()]
        return exp.Case(this=cell.copy(), ifs=ifs, default=cell.copy()) if ifs else cell.copy()

    def row_rates(self, bare: Mapping[str, Expr], dialect: Dialect) -> RowRates | None:
        """How amounts are converted; None where none are. `bare` as for `tests`, over the raw columns."""
        rates, own_digits = self.rates, MINOR_UNITS[self.money.currency]
        return RowRates(rates, own_digits, self.code(bare), dialect) if rates else None

    def _of_column(self, column: Column, dialect: Dialect, cell: Expr) -> Iterator[Test]:
        code = self.code({column.column: cell})
        missing = exp.Is(this=exp.Paren(this=code.copy()), expression=exp.Null())
        if not self.is_optional:
            yield missing, text(str(currency_missing(column)))
        known = exp.In(this=exp.Paren(this=code.copy()), expressions=[text(each) for each in sorted(MINOR_UNITS)])
        yield exp.Not(this=known), self._words(str(no_currency(column, _CELL)), cell, code, dialect)
        taken = self._taken
        for known_code in self.money.rates.currencies:
            if known_code not in taken:
                is_it = binary(exp.EQ, exp.Paren(this=code.copy()), text(known_code))
                yield is_it, self._words(self._refused(column, known_code), cell, code, dialect)
        one_of = exp.In(this=exp.Paren(this=code.copy()), expressions=[text(each) for each in sorted(taken)])
        rated = self.money.rates.currencies
        for unrated in [each for each in others_than(self.money.currency) if each not in rated][:1]:
            yield exp.Not(this=one_of), self._words(self._refused(column, unrated), cell, code, dialect)

    def _refused(self, column: Column, code: str) -> str:
        """What is said of a currency that has no rate, `_CODE` for its code."""
        try:
            self.money.rate_for(code)
        except CurrencyRefused as refused:
            hint = refused.hint.replace(code, _CODE)
            return str(currency_refused(column, _CELL, CurrencyRefused(refused.message, hint)))
        raise AssertionError(f"{code} has a rate")

    def _words(self, said: str, cell: Expr, code: Expr, dialect: Dialect) -> Expr:
        """The words with the cell and the code of each row in them."""
        shown = shown_in_sql(cell, dialect)
        parts: list[Expr] = []
        for number, part in enumerate(said.split(_CELL)):
            parts += [shown] if number else []
            for inner, words in enumerate(part.split(_CODE)):
                parts += [exp.Paren(this=code.copy())] if inner else []
                parts += [text(words)] if words else []
        joined = parts[0]
        for each in parts[1:]:
            joined = binary(exp.DPipe, joined, each)
        return joined


def raw_currency(heading: Mapping[str, ColumnType], row_map: RowMap | None, money: Denomination) -> RawCurrency | None:
    """What files with this heading say of their currency; None where they say nothing. A column that holds no text
    says none."""
    texts = [name for name, type_ in heading.items() if type_ in _TEXTS]
    if row_map is None:
        column = next((_named(name) for name in texts if name == CURRENCY), None)
        unread = () if column else _unread(texts)
        found = RawCurrency(money=money, column=column, is_optional=True, constant=None, unread=unread)
    else:
        column = row_map.currency if isinstance(row_map.currency, Column) else None
        constant = row_map.currency if isinstance(row_map.currency, str) else None
        unread = tuple(unread_currencies(row_map, texts))
        found = RawCurrency(money=money, column=column, is_optional=False, constant=constant, unread=unread)
    is_said = found.column or found.unread or found.constant not in (None, money.currency)
    return found if is_said else None


def _named(heading: str) -> Column:
    column = constant_column()
    return Column(name=column.name, place=column.place, column=heading, type=column.type)


def _unread(texts: Sequence[str]) -> tuple[Column, ...]:
    return tuple(map(_named, named_like_currencies(texts)))
