"""In which currency the amounts of a row are: what the map says, or what a column of the file is plainly there for.

A map says `currency: {column: Waers}`, or `currency: USD` for all rows. Where it says nothing and the file has a column
that is called `Currency`, say, rows in another currency than the policies' are refused all the same: nobody who exports
dollars and yen means them to be added up as euros. `credence batch` does the same in SQL, with these words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from engine.diagnostics.diagnostic import Place
from engine.vocabulary.binding import Fault
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.rates import CurrencyRefused, Denomination, Rate
from engine.vocabulary.vocabulary import TEXT
from files.maps.cell_faults import fault_of_cell, fault_of_missing
from files.maps.row_map import CURRENCY, ROW, Column, RowMap

_HEADINGS = frozenset(
    [
        "currency",
        "currencycode",
        "currencykey",
        "currencyisocode",
        "isocurrency",
        "isocurrencycode",
        "curr",
        "cur",
        "ccy",
        "documentcurrency",
        "invoicecurrency",
        "ordercurrency",
        "transactioncurrency",
        "trxcurrency",
        "waers",
        "waerk",
        "währung",
        "waehrung",
        "währungsschlüssel",
        "währungscode",
        "belegwährung",
        "devise",
        "monnaie",
        "divisa",
        "moneda",
        "moeda",
        "valuta",
        "waluta",
        "měna",
        "币种",
        "币别",
        "货币",
        "货币代码",
        "交易币种",
        "幣別",
        "通貨",
        "통화",
    ]
)
"""What columns of currencies are called, in small letters and without blanks and signs."""

_DOLLARS = ("USD", "AUD", "BND", "CAD", "FJD", "HKD", "NZD", "SGD", "TWD", "CLP", "COP", "MXN")
_SIGNS_OF_CURRENCIES: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("$",), _DOLLARS),
    **dict.fromkeys(("US$", "美元"), ("USD",)),
    **dict.fromkeys(("€", "Euro", "EURO", "euro", "欧元"), ("EUR",)),
    **dict.fromkeys(("£",), ("GBP", "EGP", "GIP", "SHP", "FKP")),
    **dict.fromkeys(("¥", "￥"), ("JPY", "CNY")),
    **dict.fromkeys(("RMB", "rmb", "CNH", "人民币"), ("CNY",)),
    **dict.fromkeys(("HK$", "港币", "港元"), ("HKD",)),
    **dict.fromkeys(("日元",), ("JPY",)),
    **dict.fromkeys(("Fr.", "SFr."), ("CHF",)),
}
"""What people write in place of a code, and the currencies that it may stand for."""

_SIGNS = re.compile(r"[\W_]+")
_REMEMBERED_MAX = 1_000


def named_like_currencies(heading: Sequence[str]) -> Iterator[str]:
    """The columns of a file that are plainly there to say a currency."""
    return (name for name in heading if _SIGNS.sub("", name).casefold() in _HEADINGS)


def unread_currencies(row_map: RowMap, heading: Sequence[str]) -> list[Column]:
    """The columns that a map passes over though each row's currency stands there; none where the map says what the
    currency is. A column that is named under `columns` and that no formula reads is passed over too."""
    if row_map.currency is not None:
        return []
    used = {name for formula in row_map.formulas for name in formula.reads}
    columns = (each for each in row_map.columns if not each.name.startswith(f"{ROW}.") or each.name in used)
    read = {name for column in columns for name in column.columns}
    return [_column(name) for name in named_like_currencies(heading) if name not in read]


def _column(heading: str) -> Column:
    return Column(name=CURRENCY, place=Place("", 1, 1), column=heading, type=TEXT)


def constant_column() -> Column:
    """What is said of a currency that no column gives."""
    return _column(CURRENCY)


def currency_missing(column: Column) -> Fault:
    """What is said of a row whose currency is not told."""
    return fault_of_missing(column, "is missing", "say of each row in which currency its amounts are")


def currency_refused(column: Column, cell: str, refused: CurrencyRefused) -> Fault:
    """What is said of a row in a currency that can't be decided on."""
    return fault_of_cell(column, cell, refused.message, refused.hint)


def no_currency(column: Column, cell: str) -> Fault:
    """What is said of a cell that holds no code of a currency."""
    return fault_of_cell(column, cell, "is not a currency", "write its ISO 4217 code, or translate it with `values`")


def currency_unread(column: Column, cell: str, own: str) -> Fault:
    """What is said of a row in another currency that the map passes over."""
    message = f"is another currency than {own}, and the map doesn't say what the currency is"
    heading = column.column
    hint = f"write `{CURRENCY}: {{column: {heading}}}` in the map, or `{CURRENCY}: {own}` if all amounts are in {own}"
    return fault_of_cell(column, cell, message, hint)


def others_than(own: str) -> list[str]:
    """The codes of all currencies but the policies' own."""
    return sorted(set(MINOR_UNITS) - {own})


@cache
def written_otherwise(own: str) -> frozenset[str]:
    """All that plainly names another currency than the policies' own, as people write it: `USD`, `usd`, `RMB`, `$`."""
    codes = others_than(own)
    signs = (sign for sign, meant in _SIGNS_OF_CURRENCIES.items() if own not in meant)
    return frozenset((*codes, *map(str.lower, codes), *signs))


class RowCurrency:
    """Says of each row by which rate its amounts are converted. Made once for each heading."""

    def __init__(self, row_map: RowMap, heading: Sequence[str], money: Denomination) -> None:
        self._money = money
        self._column = row_map.currency if isinstance(row_map.currency, Column) else None
        self._constant = row_map.currency if isinstance(row_map.currency, str) else None
        slots = {name: index for index, name in enumerate(heading)}
        self._slot = slots.get(self._column.column) if self._column else None
        self._unread = [(slots[column.column], column) for column in unread_currencies(row_map, heading)]
        self._known: dict[str, Rate | Fault | None] = {}

    @property
    def is_idle(self) -> bool:
        """Whether every row is in the policies' own currency, as far as anybody says."""
        return self._column is None and self._constant in (None, self._money.currency) and not self._unread

    def of(self, cells: Sequence[str | None]) -> Rate | Fault | None:
        """The rate for a row, None where its amounts need none, or why it can't be decided on."""
        for slot, column in self._unread:
            cell = (cells[slot] or "").strip()
            if cell in written_otherwise(self._money.currency):
                return currency_unread(column, cell, self._money.currency)
        if self._column is None:
            return None if self._constant is None else self._looked_up(constant_column(), self._constant)
        cell = (cells[self._slot] or "").strip() if self._slot is not None else ""
        return self._looked_up(self._column, cell)

    def _looked_up(self, column: Column, cell: str) -> Rate | Fault | None:
        if cell not in self._known:
            if len(self._known) >= _REMEMBERED_MAX:
                self._known.clear()
            self._known[cell] = self._rate(column, cell)
        return self._known[cell]

    def _rate(self, column: Column, cell: str) -> Rate | Fault | None:
        written = str(column.values.get(cell, cell)) if column.values is not None else cell
        if not written:
            return currency_missing(column)
        if written not in MINOR_UNITS:
            return no_currency(column, cell)
        try:
            return self._money.rate_for(written)
        except CurrencyRefused as refused:
            return currency_refused(column, cell, refused)
