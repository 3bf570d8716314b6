"""Takes the rows of a history through its map: cells as text → an item, or every fault of the row.

`invoice_reader` takes a map and a file's heading and gives a function that reads one row. There are two ways through
it, with the same result. The full way reads every cell as `files.maps.mapped_rows` does for any map, in 22 µs a row.
Histories have millions of rows in which the same dates come again and again, so the quick way remembers what the full
way made of a cell's text: 3 µs a row. It takes a row only if all of its cells are known or plain; any other row goes
the full way, which alone refuses rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import cast

from engine.vocabulary.binding import Fault, JsonScalar
from engine.vocabulary.days import EPOCH, day_number
from engine.vocabulary.plain_text import text_fault
from engine.vocabulary.vocabulary import DATE, Kind, money_max
from files.maps.headings import heading_faults
from files.maps.mapped_rows import row_reader
from files.maps.row_currency import currency_unread, unread_currencies, written_otherwise
from files.maps.row_map import Column, RowMap
from receivables.history.history_map import COLUMNS_REQUIRED, HISTORY, HistoryMap
from receivables.items import Item, dated_item

InvoiceReader = Callable[[Sequence[str | None]], Item | tuple[Fault, ...]]

"""Reads the cells of one row, in the order of the heading."""

_CELLS_REMEMBERED = 100_000
"""Texts of cells whose meaning is remembered: more than the days of a century in several columns."""

_DIGITS_QUICK = 15
"""Digits of an amount that stays within what an amount may be in every currency, whatever they are."""

_NEEDED = tuple(name for name in COLUMNS_REQUIRED if name != "settled")


def history_heading_faults(history_map: HistoryMap, heading: Sequence[str]) -> tuple[Fault, ...]:
    """What keeps this map from reading a file with this heading; empty where nothing does. A hint that fits several
    faults, such as the list of columns, stands at the last of them alone."""
    faults = heading_faults(row_map_of(history_map), heading)
    last = {fault.hint: fault for fault in faults}
    return tuple(fault if fault is last[fault.hint] else replace(fault, hint="") for fault in faults)


def invoice_reader(history_map: HistoryMap, heading: Sequence[str], currency_digits: int) -> InvoiceReader:
    """A function that reads the rows of a file with this heading, which must be without faults
    (`history_heading_faults`); a column that the heading lacks, as NDJSON rows may lack a key, is a missing value.
    `currency_digits`: decimals of the currency, such as 2 for EUR."""
    full_way = _full_way(history_map, heading, currency_digits)
    slots = {name: index for index, name in enumerate(heading)}
    places = {column.name.partition(".")[2]: slots.get(column.column) for column in history_map.columns}
    translated = [column.name for column in history_map.columns if column.values is not None]
    described = bool(history_map.formulas or _unread(history_map, heading)) or any(
        column.rest or column.no_value or not column.numbers.is_plain for column in history_map.columns
    )
    has_others = {*COLUMNS_REQUIRED, "disputed"} != places.keys() or None in places.values()
    if described or has_others or translated not in ([], [f"{HISTORY}.disputed"]):
        return full_way
    return _quick_way(full_way, cast("Mapping[str, int]", places), currency_digits)


def _quick_way(full_way: InvoiceReader, places: Mapping[str, int], currency_digits: int) -> InvoiceReader:
    """`full_way` with a memory: dates and yes/no words that were read once are looked up by their cell's text. A row
    with another cell, an amount that isn't plain digits, or anything odd about it falls back to the full way.

    Example: after the row `7,C1,1/3/2012,2/2/2012,,10.00,No` the texts `1/3/2012` as day of issue, `2/2/2012` as due
    date, the empty one as payment and `No` as disputed are known, so `8,C2,1/3/2012,2/2/2012,,25.50,No` is read by four
    look-ups.
    """
    number, customer, issued, due, settled, amount = (places[name] for name in COLUMNS_REQUIRED)
    disputed = places["disputed"]
    issues: dict[str | None, int] = {}
    dues: dict[str | None, int] = {}
    payments: dict[str | None, int | None] = {}
    words: dict[str | None, bool | None] = {}

    def learned(cells: Sequence[str | None]) -> Item | tuple[Fault, ...]:
        item = full_way(cells)
        if isinstance(item, Item) and len(issues) + len(dues) + len(payments) + len(words) < _CELLS_REMEMBERED:
            issues[cells[issued]], dues[cells[due]] = item.issued, item.due
            payments[cells[settled]], words[cells[disputed]] = item.settled, item.disputed
        return item

    def invoice(cells: Sequence[str | None]) -> Item | tuple[Fault, ...]:
        who, what = cells[customer], cells[number]
        money = _quick_amount(cells[amount], currency_digits)
        try:
            day, until = issues[cells[issued]], dues[cells[due]]
            paid, bad = payments[cells[settled]], words[cells[disputed]]
        except KeyError:
            return learned(cells)
        if not money or day > until or not _is_plain(who) or not _is_plain(what):
            return learned(cells)
        return Item(cast("str", what), cast("str", who), day, until, paid, money, money if paid is None else 0, bad)

    return invoice


def _is_plain(text: str | None) -> bool:
    return bool(text and type(text) is str and text.strip() == text and text_fault(text) is None)


def _quick_amount(text: str | None, digits: int) -> int:
    """Minor units; 0 for anything but plain digits with the currency's decimals: `10.00` is 1000, `10` and `1e3` are
    0 where the currency has 2."""
    units, _, decimals = (text or "").partition(".")
    together = units + decimals
    if len(decimals) != digits or len(together) > _DIGITS_QUICK or not (together.isascii() and together.isdigit()):
        return 0
    return int(together)


def _full_way(history_map: HistoryMap, heading: Sequence[str], currency_digits: int) -> InvoiceReader:
    read = row_reader(_in_currency(row_map_of(history_map), currency_digits), heading, EPOCH)

    slots = {name: index for index, name in enumerate(heading)}
    unread = [(slots[column.column], column) for column in _unread(history_map, heading)]

    def invoice(cells: Sequence[str | None]) -> Item | tuple[Fault, ...]:
        for slot, column in unread:
            cell = (cells[slot] or "").strip()
            if cell in written_otherwise(history_map.currency):
                return (_unread_fault(column, cell, history_map.currency),)
        mapped = read(cells)
        if mapped.faults or mapped.formula_faults:
            return mapped.faults or mapped.formula_faults
        raw = cast("Mapping[str, JsonScalar]", mapped.facts[HISTORY])
        if any(raw[name] is None for name in _NEEDED):
            return _missing(raw)
        item = dated_item(
            str(raw["invoice"]),
            str(raw["customer"]),
            cast("int", _day(raw["issued"])),
            cast("int", _day(raw["due"])),
            _day(raw["settled"]),
            _minor_units(cast("str", raw["amount"]), currency_digits),
            disputed=bool(raw.get("disputed")),
            disputed_on=_day(raw.get("disputed_on")),
        )
        return _faults(item, raw.get("currency"), history_map.currency, currency_digits) or item

    return invoice


def _unread(history_map: HistoryMap, heading: Sequence[str]) -> list[Column]:
    """Columns of currencies that the map passes over."""
    if any(column.name == f"{HISTORY}.currency" for column in history_map.columns):
        return []
    return unread_currencies(row_map_of(history_map), heading)


def _unread_fault(column: Column, cell: str, own: str) -> Fault:
    fault = currency_unread(column, cell, own)
    hint = f"backtest one currency at a time; write `currency: {{column: {column.column}}}` under `columns`"
    return replace(fault, path=f"{HISTORY}.currency", hint=hint)


def _day(raw: JsonScalar) -> int | None:
    return None if raw is None else day_number(date.fromisoformat(cast("str", raw)))


def row_map_of(history_map: HistoryMap) -> RowMap:
    """The columns of a history as a row map, which reads them as it reads facts."""
    return RowMap(
        name=history_map.name,
        place=history_map.place,
        title=history_map.title,
        case="order",
        columns=(*history_map.helpers, *history_map.columns),
        formulas=history_map.formulas,
        skip_lines=history_map.skip_lines,
    )


def _in_currency(row_map: RowMap, digits: int) -> RowMap:
    """The map with amounts of so many decimals, to which they are rounded where it says so."""
    columns = (
        replace(column, type=replace(column.type, scale=digits)) if column.type.kind is Kind.MONEY else column
        for column in row_map.columns
    )
    return replace(row_map, columns=tuple(columns))


def _missing(raw: Mapping[str, JsonScalar]) -> tuple[Fault, ...]:
    return tuple(Fault(f"{HISTORY}.{name}", "is missing") for name in _NEEDED if raw[name] is None)


def _minor_units(text: str, digits: int) -> int:
    """More decimals than the currency has make the amount -1, which is then refused."""
    units, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    return -1 if len(decimals) > digits else int(units + decimals.ljust(digits, "0"))


def _faults(item: Item, currency: JsonScalar, expected_currency: str, currency_digits: int) -> tuple[Fault, ...]:
    """What is wrong with a row whose cells could all be read."""
    texts = (("invoice", item.number), ("customer", item.customer))
    wrong = ((name, text_fault(text)) for name, text in texts)
    faults = [Fault(f"{HISTORY}.{name}", *fault) for name, fault in wrong if fault]
    if not 0 < item.amount <= money_max(currency_digits):
        hint = "leave credit notes and empty invoices out; write amounts in the currency's own decimals"
        faults.append(Fault(f"{HISTORY}.amount", "is not an amount that an order can have", hint))
    days = (item.issued, item.due, item.settled, item.disputed_on)
    if any(day is not None and not DATE.low <= day <= DATE.high for day in days):
        faults.append(Fault(HISTORY, "holds a day outside of what policies can speak about, 1900 to 2199"))
    if currency is not None and currency != expected_currency:
        hint = "backtest one currency at a time"
        faults.append(
            Fault(f"{HISTORY}.currency", f"is `{str(currency)[:20]}`, the map says `{expected_currency}`", hint)
        )
    return tuple(faults)
