"""Takes the rows of a history through its map: cells as text → Item, or every fault of the row.

Verb: HistoryMap + heading → one function a row. The cells are read by `mapped_rows`, as those of any other map.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import cast

from engine.vocabulary.binding import TEXT_LENGTH_MAX, Fault, JsonScalar, text_fault
from engine.vocabulary.days import EPOCH, day_number
from engine.vocabulary.vocabulary import DATE, MONEY_BOUND
from files.maps.mapped_rows import heading_faults, row_reader
from files.maps.row_map import RowMap
from receivables.history.history_map import COLUMNS_REQUIRED, HISTORY, HistoryMap
from receivables.items import Item, dated_item

InvoiceReader = Callable[[Sequence[str | None]], Item | tuple[Fault, ...]]

_CELLS_REMEMBERED = 100_000
_DIGITS_QUICK = 14  # stays within what an amount may be
_NEEDED = tuple(name for name in COLUMNS_REQUIRED if name != "settled")


def history_heading_faults(history_map: HistoryMap, heading: Sequence[str]) -> tuple[Fault, ...]:
    """What keeps this map from reading a file with this heading. A hint that fits several faults, such as the list of
    columns, stands at the last of them alone."""
    faults = heading_faults(_row_map(history_map), heading)
    last = {fault.hint: fault for fault in faults}
    return tuple(fault if fault is last[fault.hint] else replace(fault, hint="") for fault in faults)


def invoice_reader(history_map: HistoryMap, heading: Sequence[str], currency_digits: int) -> InvoiceReader:
    """Cells stand in the order of `heading`, which must be without faults (a key that NDJSON rows lack is missing)."""
    whole_way = _whole_way(history_map, heading, currency_digits)
    slots = {name: index for index, name in enumerate(heading)}
    places = {column.name.partition(".")[2]: slots.get(column.column) for column in history_map.columns}
    translated = [column.name for column in history_map.columns if column.values is not None]
    plain = {*COLUMNS_REQUIRED, "disputed"}
    if plain != places.keys() or None in places.values() or translated not in ([], [f"{HISTORY}.disputed"]):
        return whole_way
    return _quick_way(whole_way, cast("Mapping[str, int]", places), currency_digits)


def _quick_way(whole_way: InvoiceReader, places: Mapping[str, int], currency_digits: int) -> InvoiceReader:
    """Days and words that were read once are remembered by their cell's text; a row with any other cell, or anything
    odd about it, takes the whole way."""
    number, customer, issued, due, settled, amount = (places[name] for name in COLUMNS_REQUIRED)
    disputed = places["disputed"]
    issues: dict[str | None, int] = {}
    dues: dict[str | None, int] = {}
    payments: dict[str | None, int | None] = {}
    words: dict[str | None, bool | None] = {}

    def learned(cells: Sequence[str | None]) -> Item | tuple[Fault, ...]:
        found = whole_way(cells)
        if isinstance(found, Item) and len(issues) + len(dues) + len(payments) + len(words) < _CELLS_REMEMBERED:
            issues[cells[issued]], dues[cells[due]] = found.issued, found.due
            payments[cells[settled]], words[cells[disputed]] = found.settled, found.disputed
        return found

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
    return bool(text and text.strip() == text and text.isprintable() and len(text) <= TEXT_LENGTH_MAX)


def _quick_amount(text: str | None, digits: int) -> int:
    """0 for anything but plain digits with the currency's decimals."""
    whole, _, decimals = (text or "").partition(".")
    together = whole + decimals
    if len(decimals) != digits or len(together) > _DIGITS_QUICK or not (together.isascii() and together.isdigit()):
        return 0
    return int(together)


def _whole_way(history_map: HistoryMap, heading: Sequence[str], currency_digits: int) -> InvoiceReader:
    read = row_reader(_row_map(history_map), heading, EPOCH)

    def invoice(cells: Sequence[str | None]) -> Item | tuple[Fault, ...]:
        mapped = read(cells)
        if mapped.faults:
            return mapped.faults
        raw = cast("Mapping[str, JsonScalar]", mapped.facts[HISTORY])
        if any(raw[name] is None for name in _NEEDED):
            return _missing(raw)
        found = dated_item(
            str(raw["invoice"]),
            str(raw["customer"]),
            cast("int", _day(raw["issued"])),
            cast("int", _day(raw["due"])),
            _day(raw["settled"]),
            _minor_units(cast("str", raw["amount"]), currency_digits),
            disputed=bool(raw.get("disputed")),
            disputed_on=_day(raw.get("disputed_on")),
        )
        return _faults(found, raw.get("currency"), history_map.currency) or found

    return invoice


def _day(raw: JsonScalar) -> int | None:
    return None if raw is None else day_number(date.fromisoformat(cast("str", raw)))


def _row_map(history_map: HistoryMap) -> RowMap:
    return RowMap(history_map.name, history_map.place, history_map.title, "order", history_map.columns, ())


def _missing(raw: Mapping[str, JsonScalar]) -> tuple[Fault, ...]:
    return tuple(Fault(f"{HISTORY}.{name}", "is missing") for name in _NEEDED if raw[name] is None)


def _minor_units(text: str, digits: int) -> int:
    """More decimals than the currency has make the amount -1, which is then refused."""
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    return -1 if len(decimals) > digits else int(whole + decimals.ljust(digits, "0"))


def _faults(invoice: Item, currency: JsonScalar, wanted: str) -> tuple[Fault, ...]:
    texts = (("invoice", invoice.number), ("customer", invoice.customer))
    wrong = ((name, text_fault(text)) for name, text in texts)
    found = [Fault(f"{HISTORY}.{name}", *fault) for name, fault in wrong if fault]
    if not 0 < invoice.amount <= MONEY_BOUND:
        hint = "leave credit notes and empty invoices out; write amounts in the currency's own decimals"
        found.append(Fault(f"{HISTORY}.amount", "is not an amount that an order can have", hint))
    if invoice.due < invoice.issued:
        found.append(Fault(f"{HISTORY}.due", "lies before the day of issue"))
    days = (invoice.issued, invoice.due, invoice.settled, invoice.disputed_on)
    if any(day is not None and not DATE.low <= day <= DATE.high for day in days):
        found.append(Fault(HISTORY, "holds a day outside of what policies can speak about, 1900 to 2199"))
    if currency is not None and currency != wanted:
        hint = "backtest one currency at a time"
        found.append(Fault(f"{HISTORY}.currency", f"is `{str(currency)[:20]}`, the map says `{wanted}`", hint))
    return tuple(found)
