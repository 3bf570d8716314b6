"""Rows of a receivables file → the items of a portfolio, through an invoice row map.

Verb: RowMap + Vocabulary + `as_of` → one reader for all files. A row is an item, an invoice that is issued later, or a
list of faults; there is nothing else. The map is the one `decide-file` takes; beside its facts it names `amount` and
may name `settled`, `industry` and `customer_name` among its helper columns, since a portfolio looks at the past as well
and is read by people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from operator import itemgetter
from typing import Any, cast

from engine.vocabulary.binding import Binder, FactsRefused, Fault, JsonScalar, Value
from engine.vocabulary.days import day_number
from engine.vocabulary.rates import NO_RATES, Denomination, Rate, Rates
from engine.vocabulary.vocabulary import Kind, Vocabulary
from files.maps.mapped_rows import MappedRow, RowReader, faults_of_row, row_reader
from files.maps.row_map import ROW, MapFormula, RowMap
from receivables.items import Item

CASE = "invoice"
Facts = Mapping[str, object]
"""A mapping per group, as in a request."""
_Group = Mapping[str, JsonScalar]

_AMOUNT, _SETTLED, _INDUSTRY, _CUSTOMER_NAME = (
    f"{ROW}.{name}" for name in ("amount", "settled", "industry", "customer_name")
)
"""The helper columns that a portfolio reads."""
_DATES = ("invoice.invoice_date", "invoice.due_date")
_ITEM_FACTS = ("invoice.id", "account.id", *_DATES, "invoice.open_amount", "invoice.disputed", "account.country")
"""The facts that an `Item` holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All items of the files, and what the rows say beside them."""

    items: tuple[Item, ...]
    """In the order of the rows, settled ones too; without those issued after the report's date."""

    facts: Mapping[str, Facts]
    """The facts of every open item, by its number: those of the group `invoice`."""

    accounts: Mapping[str, Mapping[str, JsonScalar]]
    """What the map says of each customer, by its number: facts of the group `account` without the group's name."""

    contradicted: tuple[tuple[str, str], ...]
    """Customer and fact for each fact of a customer on which its rows differ; `accounts` leaves these out."""

    later: int
    """How many invoices were issued after the report's date."""

    converted: tuple[tuple[Rate, int], ...] = ()
    """How many items were in another currency, by the rate by which their amounts were converted."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What people call a customer, by its number, where the map says it: the name in its last row that has one."""

    @property
    def has_settled(self) -> bool:
        """Whether any item says when it was settled. Otherwise these are open items alone, and what needs the settled
        ones too can't be worked out."""
        return any(item.settled is not None for item in self.items)


def map_lacks(row_map: RowMap) -> tuple[str, ...]:
    """What a portfolio needs and this map doesn't say, one sentence each; empty where the map will do.

    A map for `decide-file` needs neither the whole amount nor the day of settlement, since it decides on what is open
    now; a portfolio looks back over quarters. For a map without them it gives

        under `columns`, `amount: {column: …, type: money}` is missing
        under `columns`, `settled: {column: …, type: date}` is missing
    """
    if row_map.case != CASE:
        return (f"it is for the case kind `{row_map.case}`, not `{CASE}`",)
    types = {column.name: column.type.kind for column in row_map.columns}
    types |= {formula.name: formula.type.kind for formula in row_map.formulas}
    lacking = [f"`{name}` is not mapped" for name in _DATES if name not in types]
    if types.get(_AMOUNT) is not Kind.MONEY:
        lacking.append(f"under `columns`, `amount: {{column: …, type: {Kind.MONEY}}}` is missing")
    if types.get(_SETTLED, Kind.DATE) is not Kind.DATE:
        lacking.append(f"under `columns`, `settled` has the type `{types[_SETTLED]}`, not `{Kind.DATE}`")
    return tuple(lacking)


class BookReader:
    """Takes rows one by one, from all files of a portfolio; raises nothing for what stands in them.

        reader = BookReader(row_map, vocabulary, date(2026, 6, 30))
        for row in rows:
            faults = reader.add(row.heading, row.cells)
        book = reader.book()

    Every row is counted once: rows = items of the book + `later` + rows with faults.
    """

    def __init__(self, row_map: RowMap, vocabulary: Vocabulary, as_of: date, rates: Rates = NO_RATES) -> None:
        """`row_map` lacks nothing (`map_lacks`). Rows in another currency are converted by `rates`; those without a
        rate are refused."""
        self._map, self._fixed = _without_fixed(row_map, vocabulary, as_of)
        self._as_of = as_of
        self._day = day_number(as_of)
        self._money = Denomination(vocabulary.currency, rates, self._day, vocabulary.rate_days)
        self._converted: Counter[Rate] = Counter()
        facts = vocabulary.of_case(CASE)
        self._binder = Binder(CASE, facts)
        slots = {fact.name: slot for slot, fact in enumerate(facts)}
        self._item_facts: Callable[[Sequence[Value]], tuple[Any, ...]] = itemgetter(*(slots[n] for n in _ITEM_FACTS))
        helpers = {name: slot for slot, name in enumerate(row_map.helper_names)}
        self._amount, self._settled = helpers[_AMOUNT], helpers.get(_SETTLED)
        self._industry, self._name = helpers.get(_INDUSTRY), helpers.get(_CUSTOMER_NAME)
        self._readers: dict[tuple[str, ...], RowReader] = {}
        self._items: dict[str, Item] = {}
        self._later: set[str] = set()
        self._facts: dict[str, Facts] = {}
        self._accounts: dict[str, dict[str, JsonScalar]] = {}
        self._contradicted: dict[tuple[str, str], None] = {}
        self._names: dict[str, str] = {}

    def add(self, heading: tuple[str, ...], cells: Sequence[str | None]) -> tuple[Fault, ...]:
        """The row's faults, all of them; without any it is part of the book, or counted as issued later.

        A row is refused whole: one with an unreadable due date is in no figure, since no figure could say what it left
        out. `heading` may differ between files; its columns are looked up once for each.
        """
        read = self._readers.get(heading)
        if read is None:
            read = self._readers[heading] = row_reader(self._map, heading, self._as_of, self._money)
        row = read(cells)
        if row.faults and not row.facts:  # its currency
            return row.faults
        refused: list[Fault] = []
        values: list[Value] = []
        try:
            values = self._binder.bind(row.facts)
        except FactsRefused as error:
            refused += error.faults
        if not row.formula_faults and row.helpers[self._amount] is None:
            refused.append(Fault(_AMOUNT, "is required"))
        if row.faults or row.formula_faults or refused:
            return faults_of_row(self._map, row, refused)
        return self._take(values, row)

    def book(self) -> Book:
        """What the rows so far come to.

        A fact of a customer on which its rows differ is left out and named: neither row is believed, so the policies
        see it as missing and say so.
        """
        left_out = tuple(self._contradicted)
        for customer, name in left_out:
            self._accounts[customer].pop(name, None)
        same = self._fixed.get("account", {})
        accounts = {customer: {**same, **known} for customer, known in self._accounts.items()}
        return Book(
            items=tuple(self._items.values()),
            facts=self._facts,
            accounts=accounts,
            contradicted=left_out,
            later=len(self._later),
            converted=tuple(sorted(self._converted.items(), key=lambda each: each[0].currency)),
            names=self._names,
        )

    def _take(self, values: list[Value], row: MappedRow) -> tuple[Fault, ...]:
        """Adds a row that could be read, unless it contradicts itself or another row; gives the faults.

        Checked in this order: both dates are there, its number is new, it was issued by the report's date, its open
        amount agrees with its settlement.
        """
        item = self._item(values, row.helpers)
        if item.due is None and item.is_credit and item.issued is not None:
            item = item._replace(due=item.issued)  # a credit note is never overdue, and many have no due date
        if item.issued is None or item.due is None:
            missing = [name for name, day in zip(_DATES, (item.issued, item.due), strict=True) if day is None]
            return faults_of_row(self._map, row, [Fault(name, "is missing") for name in missing])
        if item.number in self._items or item.number in self._later:
            twice = Fault("invoice.id", "stands in an earlier row too")
            return faults_of_row(self._map, row, [twice])
        if item.issued > self._day:
            self._later.add(item.number)
            return ()
        if refused := self._binder.hold_to(self._day, values):
            return faults_of_row(self._map, row, refused)
        if fault := self._contradiction(item):
            return (fault,)
        self._items[item.number] = item
        if row.rate is not None:
            self._converted[row.rate] += 1
        if item.open_amount:
            of_invoice = cast("_Group", row.facts[CASE])
            self._facts[item.number] = {CASE: {**self._fixed.get(CASE, {}), **of_invoice}}
        self._account(item.customer, cast("_Group", row.facts.get("account", {})))
        if self._name is not None and (name := row.helpers[self._name]) is not None:
            self._names[item.customer] = str(name)
        return ()

    def _item(self, values: Sequence[Value], helpers: Sequence[Value]) -> Item:
        """The item of a row: `values` are its facts in the order of the vocabulary, `helpers` the columns under the
        map's `columns`. Amounts are in minor units, days since 1970-01-01; a date may be None, which `_take` refuses.
        """
        number, customer, issued, due, open_amount, disputed, country = self._item_facts(values)
        amount = cast("Any", helpers[self._amount])
        settled = None if self._settled is None else cast("Any", helpers[self._settled])
        industry = None if self._industry is None else cast("Any", helpers[self._industry])
        return Item(number, customer, issued, due, settled, amount, open_amount, disputed, country, industry)

    def _contradiction(self, item: Item) -> Fault | None:
        """Between the open amount on the report's date, the whole amount and the day of settlement; None where they
        agree.

        An invoice of 100 that was settled on 20 June owes 0 on 30 June, and 100 on 15 June: an export of today's
        balances that is reported as of an earlier day is noticed here.
        """
        owed, path = item.open_amount, "invoice.open_amount"
        hint = "see docs/portfolio.md for how a map gives it"
        if self._settled is not None and bool(owed) != bool(item.open_on(self._day)):
            settled = (
                "is not 0 although the invoice was settled" if owed else "is 0 although the invoice is not settled"
            )
            return Fault(path, f"{settled} on {self._as_of}", hint)
        if owed * item.amount < 0 or abs(owed) > abs(item.amount):
            return Fault(path, "is not between 0 and the amount of the invoice", hint)
        return None

    def _account(self, customer: str, facts: Mapping[str, JsonScalar]) -> None:
        """Notes what a row says of its customer, and each fact on which it differs from an earlier row. An empty cell
        says nothing.
        """
        known = self._accounts.setdefault(customer, {})
        for name, raw in facts.items():
            if raw is not None and name != "id" and known.setdefault(name, raw) != raw:
                self._contradicted[customer, name] = None


def _without_fixed(row_map: RowMap, vocabulary: Vocabulary, as_of: date) -> tuple[RowMap, Mapping[str, _Group]]:
    """The map without the formulas that give every row the same, such as `false` or `as_of`, and the facts that these
    give: a million rows need not bind and store them a million times.

    A formula that another one or an item reads, or whose fact a case can't do without, stays; so do all where some give
    what their facts can't hold, for each row is refused then. With

        account.insolvent: {formula: false}
        invoice.open_amount: {formula: if row.settled != null then 0 else row.amount}

    the first is taken out and gives `{"account": {"insolvent": False}}`; the second reads the row and stays.
    """
    read = {name for formula in row_map.formulas for name in formula.reads}
    required = {fact.name for fact in vocabulary.of_case(CASE) if fact.required}

    def is_fixed(formula: MapFormula) -> bool:
        of_item = formula.name in _ITEM_FACTS or formula.name.startswith(f"{ROW}.")
        return not formula.reads and not of_item and formula.name not in read | required

    fixed = tuple(formula for formula in row_map.formulas if is_fixed(formula))
    row = row_reader(replace(row_map, columns=(), formulas=fixed), (), as_of)(())
    if row.formula_faults:
        return row_map, {}
    others = tuple(formula for formula in row_map.formulas if formula not in fixed)
    return replace(row_map, formulas=others), cast("Mapping[str, _Group]", row.facts)
