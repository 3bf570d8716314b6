"""Rows of a receivables file → the items of a portfolio, through an invoice row map.

Verb: RowMap + Vocabulary + `as_of` → one reader for all files. A row is an item, an invoice that is issued later, or a
list of faults; there is nothing else. The map is the one `decide-file` takes; beside its facts it names the columns
`amount` and `settled` (and may name `industry`) among its helpers, since a portfolio looks at the past as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import itemgetter
from typing import Any, cast

from engine.vocabulary.binding import Binder, FactsRefused, Fault, JsonScalar, Value
from engine.vocabulary.days import day_number
from engine.vocabulary.vocabulary import DATE, TEXT, Fact, Kind, Text, Type, Vocabulary
from files.maps.formula_names import reads
from files.maps.mapped_rows import RowReader, row_reader
from files.maps.row_map import ROW, Derived, RowMap
from receivables.items import Item

CASE = "invoice"
Facts = Mapping[str, object]
"""A mapping per group, as in a request."""
_Group = Mapping[str, JsonScalar]

_OWN = "row-"
"""Helper columns are bound under names that no declared fact can have: `invoice.row-amount`."""
_AMOUNT, _SETTLED, _INDUSTRY = (f"{CASE}.{_OWN}{name}" for name in ("amount", "settled", "industry"))
_DATES = ("invoice.invoice_date", "invoice.due_date")
_ITEM = (
    *("invoice.id", "account.id", *_DATES, _SETTLED, _AMOUNT),
    *("invoice.open_amount", "invoice.disputed", "account.country", _INDUSTRY),
)
"""The fields of an `Item`, by the facts they are bound as."""


@dataclass(frozen=True, slots=True)
class Book:
    """`facts` of every open item, by its number. `accounts` holds what the map says of a customer; `contradicted` the
    facts of a customer on which its rows differ, which are left out there. `later` counts invoices issued after the
    report's date."""

    items: tuple[Item, ...]
    facts: Mapping[str, Facts]
    accounts: Mapping[str, Mapping[str, JsonScalar]]
    contradicted: tuple[tuple[str, str], ...]
    later: int


def map_lacks(row_map: RowMap) -> tuple[str, ...]:
    """What this map doesn't say and a portfolio needs; empty where it will do."""
    if row_map.case != CASE:
        return (f"it is for the case kind `{row_map.case}`, not `{CASE}`",)
    types = {column.name: column.type.kind for column in row_map.columns}
    named = types.keys() | {part.name for part in row_map.derived}
    found = [f"`{name}` is not mapped" for name in _DATES if name not in named]
    for name, kind in (("amount", Kind.MONEY), ("settled", Kind.DATE)):
        if types.get(f"{ROW}.{name}") is not kind:
            found.append(f"under `columns`, `{name}: {{column: …, type: {kind}}}` is missing")
    return tuple(found)


class BookReader:
    """Takes rows one by one; raises nothing for what stands in them."""

    def __init__(self, row_map: RowMap, vocabulary: Vocabulary, as_of: date) -> None:
        """`row_map` lacks nothing (`map_lacks`)."""
        row_map, self._fixed = _without_fixed(row_map, vocabulary, as_of)
        self._map = _with_helpers(row_map)
        self._columns = {column.name: column.column for column in self._map.columns}
        self._as_of = as_of
        self._day = day_number(as_of)
        facts = (*vocabulary.of_case(CASE), *_own_facts(vocabulary))
        self._binder = Binder(CASE, facts)
        slots = {fact.name: slot for slot, fact in enumerate(facts)}
        self._cells: Callable[[Sequence[Value]], tuple[Any, ...]] = itemgetter(*(slots[name] for name in _ITEM))
        self._readers: dict[tuple[str, ...], RowReader] = {}
        self._items: dict[str, Item] = {}
        self._later: set[str] = set()
        self._facts: dict[str, Facts] = {}
        self._accounts: dict[str, dict[str, JsonScalar]] = {}
        self._contradicted: dict[tuple[str, str], None] = {}

    def add(self, heading: tuple[str, ...], cells: Sequence[str | None]) -> tuple[Fault, ...]:
        """The row's faults; without any it is part of the book."""
        read = self._readers.get(heading)
        if read is None:
            read = self._readers[heading] = row_reader(self._map, heading, self._as_of)
        mapped = read(cells)
        faults = [fault for fault in mapped.faults if not fault.path.startswith(f"{CASE}.{_OWN}")]
        try:
            values = self._binder.bind(mapped.facts)
        except FactsRefused as refused:
            unsure = mapped.unsure
            return (*faults, *(self._traced(fault) for fault in refused.faults if fault.path not in unsure))
        if faults:
            return tuple(faults)
        return self._take(values, mapped.facts)

    def book(self) -> Book:
        left_out = tuple(self._contradicted)
        for customer, name in left_out:
            self._accounts[customer].pop(name, None)
        same = self._fixed.get("account", {})
        accounts = {customer: {**same, **known} for customer, known in self._accounts.items()}
        return Book(tuple(self._items.values()), self._facts, accounts, left_out, len(self._later))

    def _traced(self, fault: Fault) -> Fault:
        """With the column it comes from, and under the name that the map's author wrote."""
        column = self._columns.get(fault.path)
        message = f"column `{column}`: {fault.message}" if column else fault.message
        return Fault(fault.path.replace(f"{CASE}.{_OWN}", f"{ROW}."), message, fault.hint)

    def _take(self, values: Sequence[Value], facts: Facts) -> tuple[Fault, ...]:
        item = Item(*self._cells(values))
        if item.issued is None or item.due is None:
            missing = [name for name, day in zip(_DATES, (item.issued, item.due), strict=True) if day is None]
            return tuple(self._traced(Fault(name, "is missing")) for name in missing)
        if item.number in self._items or item.number in self._later:
            return (self._traced(Fault("invoice.id", f"`{item.number}` stands in an earlier row too")),)
        if item.issued > self._day:
            self._later.add(item.number)
            return ()
        if fault := self._contradiction(item):
            return (fault,)
        self._items[item.number] = item
        if item.open_amount:
            self._facts[item.number] = {CASE: {**self._fixed.get(CASE, {}), **_declared(facts)}}
        self._account(item.customer, cast("Mapping[str, JsonScalar]", facts.get("account", {})))
        return ()

    def _contradiction(self, item: Item) -> Fault | None:
        """Between the open amount on the report's date, the whole amount and the day of settlement."""
        owed, said = item.open_amount, "invoice.open_amount"
        hint = "see docs/portfolio.md for how a map gives it"
        if bool(owed) != bool(item.open_on(self._day)):
            settled = (
                "is not 0 although the invoice was settled" if owed else "is 0 although the invoice is not settled"
            )
            return Fault(said, f"{settled} on {self._as_of}", hint)
        if owed * item.amount < 0 or abs(owed) > abs(item.amount):
            return Fault(said, "is not between 0 and the amount of the invoice", hint)
        return None

    def _account(self, customer: str, facts: Mapping[str, JsonScalar]) -> None:
        known = self._accounts.setdefault(customer, {})
        for name, raw in facts.items():
            if raw is not None and name != "id" and known.setdefault(name, raw) != raw:
                self._contradicted[customer, name] = None


def _without_fixed(row_map: RowMap, vocabulary: Vocabulary, as_of: date) -> tuple[RowMap, Mapping[str, _Group]]:
    """The map without the formulas that give every row the same (such as `false` or `as_of`), and what these give: a
    million rows need not work them out a million times. One that another formula or an item reads, or that a case
    can't do without or can't hold, stays, to be read and refused row by row."""
    names = {part.name: reads(part.formula.tree).keys() - {"as_of"} for part in row_map.derived}
    read = {name for used in names.values() for name in used}
    facts = {fact.name: fact for fact in vocabulary.of_case(CASE)}
    needed = read.union(_ITEM, (fact.name for fact in facts.values() if fact.required))

    def same(part: Derived) -> bool:
        return not names[part.name] and part.name not in needed

    fixed = [part for part in row_map.derived if same(part)]
    found = row_reader(replace(row_map, columns=(), derived=tuple(fixed)), (), as_of)(()).facts
    try:
        Binder(CASE, [replace(fact, required=False) for fact in facts.values()]).bind(found)
    except FactsRefused:
        return row_map, {}
    rest = tuple(part for part in row_map.derived if part not in fixed)
    return replace(row_map, derived=rest), cast("Mapping[str, _Group]", found)


def _with_helpers(row_map: RowMap) -> RowMap:
    """The map with its helper columns as facts too."""
    names = {f"{ROW}.{name.rpartition('-')[2]}": name for name in (_AMOUNT, _SETTLED, _INDUSTRY)}
    extra = [replace(column, name=names[column.name]) for column in row_map.columns if column.name in names]
    return replace(row_map, columns=(*row_map.columns, *extra))


def _own_facts(vocabulary: Vocabulary) -> tuple[Fact, ...]:
    place = next(iter(vocabulary.facts.values())).place

    def fact(name: str, type_: Type, required: bool) -> Fact:
        return Fact(name, type_, Text(name, name), None, required, None, place)

    return (
        fact(_AMOUNT, vocabulary.type_named(Kind.MONEY), True),
        fact(_SETTLED, DATE, False),
        fact(_INDUSTRY, TEXT, False),
    )


def _declared(facts: Facts) -> _Group:
    """Those of the invoice, without the helper columns."""
    own = cast("_Group", facts[CASE])
    return {name: raw for name, raw in own.items() if not name.startswith(_OWN)}
