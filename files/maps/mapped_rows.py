"""Takes rows through a row map: cells as text → the facts of a request, or every fault of the row.

Verb: RowMap + heading + `as_of` → one function a row. Nothing is guessed: a thousands separator that the map doesn't
name, a currency sign, a date in another format, a word the map doesn't translate are faults of that row. Formulas run
as generated Python on exact values, as those of policies do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from engine.lowering.python.python_form import formula_function
from engine.ruleset.interpret import Result
from engine.ruleset.ruleset import AS_OF
from engine.vocabulary.binding import FactsRefused, Fault, JsonScalar, Value, json_formatter, value_reader
from engine.vocabulary.days import day_number
from engine.vocabulary.past_dates import held
from engine.vocabulary.rates import Denomination, Rate
from engine.vocabulary.vocabulary import Future, Kind, Type
from files.maps.cell_converters import CELLS_REMEMBERED, Converter, NotMapped, amount_converter, column_converter
from files.maps.cell_faults import (
    fault_of_binding,
    fault_of_cell,
    fault_of_missing,
)
from files.maps.joined_ids import Join
from files.maps.map_formulas import as_person, misfit_of
from files.maps.row_currency import RowCurrency
from files.maps.row_map import ROW, Column, MapFormula, RowMap
from files.typed_cells import NO_TEXTS


class MappedRow(NamedTuple):
    """What one row becomes. A tuple with names, since one is made for every row of a file."""

    facts: Mapping[str, object]
    """By group, as in a request's body. A fact whose cell has a fault is null."""

    faults: tuple[Fault, ...]
    """Of the cells, in the order of the map's columns. Where there are any, no formula that reads a cell has run, and
    its fact is left out."""

    formula_faults: tuple[Fault, ...] = ()
    """Results of formulas that their facts can't hold, in the order of evaluation."""

    helpers: Sequence[Value] = ()
    """The helper columns' values in the order of `RowMap.helper_names`, bound as facts of their types are."""

    cells: Sequence[str | None] = ()
    """As they stood, for the words of faults."""

    slots: Mapping[str, int] = {}
    """Where the cell of each of the map's columns stands in `cells`, by the column's name."""

    rate: Rate | None = None
    """By which the row's amounts were converted; None where they were in the policies' own currency."""


RowReader = Callable[[Sequence[str | None]], MappedRow]
"""Takes a row's cells in the order of the heading; None and blank text are missing values."""


def row_reader(row_map: RowMap, heading: Sequence[str], as_of: date, money: Denomination | None = None) -> RowReader:
    """The function that takes a row through the map. The heading must be without faults, except that a key of NDJSON
    rows may be in no row. `as_of` is what formulas read under that name.

    Cells become values one by one, and the formulas read and give exact values. With
    `invoice.open_amount: {formula: row.amount - row.paid}` and the cells `100` and `30.5` under two helper columns of
    type money, for example, the formula reads 10000 and 3050 minor units and gives 6950, which stands in the facts as
    `69.50`.

    `money` says in which currency policies decide, and what others are worth in it: amounts of a row in another one are
    converted cell by cell, before any formula reads them. None: whoever asks looks at the currency himself.
    """
    currency = RowCurrency(row_map, heading, money) if money is not None else None
    if currency is not None and currency.is_idle:
        currency = None
    slots = {name: index for index, name in enumerate(heading)}
    places = _places(row_map)
    day = day_number(as_of)
    joins = [Join(column, slots) for column in row_map.columns if column.rest]
    slot_of = {join.column.name: len(heading) + at for at, join in enumerate(joins)}

    def plans(rate: Rate | None) -> list[_ColumnPlan]:
        return [
            _column(column, slot_of.get(column.name, slots.get(column.column)), places.get(column.name), day, rate)
            for column in row_map.columns
        ]

    own = plans(None)
    by_rate: dict[Rate, list[_ColumnPlan]] = {}
    formulas = _FormulaRunner(row_map.formulas, places, as_of)
    names = [*(column.name for column in row_map.columns), *(formula.name for formula in row_map.formulas)]
    groups = [group for group in dict.fromkeys(name.partition(".")[0] for name in names) if group != ROW]
    helpers = slice(1, 1 + len(row_map.helper_names))
    by_name = {plan.column.name: plan.slot for plan in own if plan.slot is not None}

    def read(cells: Sequence[str | None]) -> MappedRow:
        columns, rate = own, None
        if currency is not None:
            found = currency.of(cells)
            if isinstance(found, Fault):
                return MappedRow({}, (found,), cells=cells)
            if (rate := found) is not None:
                columns = by_rate.get(rate) or by_rate.setdefault(rate, plans(rate))
        if joins:
            cells = (*cells, *(join(cells) for join in joins))
        facts: dict[str, dict[str, JsonScalar]] = {group: {} for group in groups}
        values = formulas.values.copy()
        faults: list[Fault] = []
        for slot, convert, exact, place, group, key, column in columns:
            cell = cells[slot] if slot is not None else None
            text = cell.strip() if cell else ""
            try:
                if type(cell) in NO_TEXTS and column.type.kind.is_text:
                    raise NotMapped(*NO_TEXTS[type(cell)])
                if exact is None:
                    facts[group][key] = convert(text)
                    continue
                raw, values[place] = exact(text)
            except NotMapped as wrong:
                faults += wrong.faults or (fault_of_cell(column, text, wrong.message, wrong.hint),)
                raw = None
            if group != ROW:
                facts[group][key] = raw
        formula_faults = formulas.run(facts, values, cells_are_sound=not faults)
        return MappedRow(facts, tuple(faults), formula_faults, values[helpers], cells, by_name, rate)

    return read


def faults_of_row(row_map: RowMap | None, row: MappedRow, refused: Sequence[Fault]) -> tuple[Fault, ...]:
    """Every fault of one row, each said once. `refused` is what the binding of its facts found.

    A fault of a cell names the column. What only follows from another fault is left out: a formula's result in a row
    with a faulty cell, and a required fact that a formula leaves missing in a row where some formula's result is out of
    range. `row_map` is None for rows that are requests as they stand.
    """
    if row_map is None:
        return (*row.faults, *refused)
    columns = {column.name: column for column in row_map.columns}
    formulas = {formula.name for formula in row_map.formulas}
    known = {fault.path for fault in row.faults}
    others = [fault for fault in refused if fault.path not in known]
    of_cells = [
        _of_column(columns[fault.path], row, fault) if fault.path in columns else fault
        for fault in others
        if fault.path not in formulas
    ]
    if row.faults or of_cells:
        return (*row.faults, *of_cells)
    return row.formula_faults or tuple(fault for fault in others if fault.path in formulas)


def _of_column(column: Column, row: MappedRow, fault: Fault) -> Fault:
    """A fault that was found in a column's value. Where the cell is empty there is nothing to show."""
    slot = row.slots.get(column.name)
    text = "" if slot is None else (row.cells[slot] or "").strip()
    if not text or row_value(row, column.name) is None:
        return fault_of_missing(column, fault.message, fault.hint)
    return fault_of_binding(column, text, fault)


def row_value(row: MappedRow, name: str) -> object:
    """A fact of a row as it would be sent, by its full name; None where it is missing."""
    group, _, key = name.partition(".")
    members = row.facts.get(group)
    return members.get(key) if isinstance(members, Mapping) else None


def cell_reader(column: Column) -> Callable[[str | None], tuple[JsonScalar, Fault | None]]:
    """A function that reads one cell of this column by itself: its value as a request carries it, and what is wrong
    with it. None where the cell is blank, or wrong."""
    convert, bind = column_converter(column), value_reader(column.type, column.name)

    def read(cell: str | None) -> tuple[JsonScalar, Fault | None]:
        text = cell.strip() if cell else ""
        try:
            if type(cell) in NO_TEXTS and column.type.kind.is_text:
                raise NotMapped(*NO_TEXTS[type(cell)])
            raw = convert(text)
            bind(raw)
        except NotMapped as wrong:
            return None, fault_of_cell(column, text, wrong.message, wrong.hint)
        except FactsRefused as refused:
            return None, fault_of_binding(column, text, refused.faults[0])
        return raw, None

    return read


# --- cells -----------------------------------------------------------------------------------------------------------


_ExactConverter = Callable[[str], tuple[JsonScalar, Value]]
"""The same, and the bound value that formulas read."""


class _ColumnPlan(NamedTuple):
    """How one column is read; positional, since it is unpacked for every cell. `slot` is where its cell stands in a
    row, None for a key that a row lacks; `exact` is None where no one reads the value, which then has no `place` in the
    list of values; `group` and `key` are the two halves of the column's name."""

    slot: int | None
    convert: Converter
    exact: _ExactConverter | None
    place: int
    group: str
    key: str
    column: Column


def _column(column: Column, slot: int | None, place: int | None, day: int, rate: Rate | None) -> _ColumnPlan:
    group, _, key = column.name.partition(".")
    convert = column_converter(column) if rate is None else amount_converter(column, rate)
    if place is None:
        return _ColumnPlan(slot, convert, None, -1, group, key, column)
    return _ColumnPlan(slot, convert, _exact(column, convert, day), place, group, key, column)


def _exact(column: Column, convert: Converter, day: int) -> _ExactConverter:
    """Dates that were read once are remembered by their cells' text. To formulas, too, a date that counts as unknown
    after the day of the decision is none."""
    bind = value_reader(column.type, column.name)
    remembered: dict[str, tuple[JsonScalar, Value]] = {}
    remembered_max = CELLS_REMEMBERED if column.type.kind is Kind.DATE else 0

    def exact(text: str) -> tuple[JsonScalar, Value]:
        both = remembered.get(text)
        if both is None:
            raw = convert(text)
            try:
                value, _ = held(bind(raw), column.type, day)
                both = (None if value is None else raw, value)
            except FactsRefused as refused:
                faults = tuple(fault_of_binding(column, text, fault) for fault in refused.faults)
                raise NotMapped("", faults=faults) from None
            if len(remembered) < remembered_max:
                remembered[text] = both
        return both

    return exact


# --- formulas --------------------------------------------------------------------------------------------------------


def _places(row_map: RowMap) -> dict[str, int]:
    """Where each value that is needed stands in the list of values: `as_of`, the helper columns, the facts that
    formulas read, the formulas' results."""
    read = frozenset[str]().union(*(formula.reads for formula in row_map.formulas))
    helpers = row_map.helper_names
    facts = [column.name for column in row_map.columns if column.name in read]
    results = [formula.name for formula in row_map.formulas]
    return {name: place for place, name in enumerate(dict.fromkeys((AS_OF, *helpers, *facts, *results)))}


class _FormulaPlan(NamedTuple):
    """How one formula is run: `function` takes the list of values, `misfit` says what is wrong with a result, `show`
    gives it as a request carries it; `group` and `key` are the two halves of the fact's name."""

    function: Callable[[Sequence[Result]], Value]
    misfit: Callable[[Value], Fault | None] | None
    show: Callable[[Value], JsonScalar]
    place: int
    group: str
    key: str


class _FormulaRunner:
    """The formulas of one map for one `as_of`. Those that give every row the same, such as `false` or `as_of`, run
    once."""

    def __init__(self, formulas: Sequence[MapFormula], places: Mapping[str, int], as_of: date) -> None:
        self.values: list[Value] = [None] * len(places)
        """What all rows share of the list of values."""
        self._day = self.values[places[AS_OF]] = day_number(as_of)
        nullable = {name: name != AS_OF for name in places}
        fixed: set[str] = set()
        self._plans: list[_FormulaPlan] = []
        fixed_plans = []
        for formula in formulas:
            group, _, key = formula.name.partition(".")
            function = _known_on(formula.type, self._day, formula_function(formula.formula, places, nullable))
            function = as_person(function) if formula.makes_person else function
            place = places[formula.name]
            plan = _FormulaPlan(function, misfit_of(formula), json_formatter(formula.type), place, group, key)
            if formula.reads <= fixed:
                fixed.add(formula.name)
                fixed_plans.append(plan)
            else:
                self._plans.append(plan)
        shared: dict[str, dict[str, JsonScalar]] = {plan.group: {} for plan in fixed_plans}
        self._fixed_faults = tuple(_run(fixed_plans, shared, self.values))
        self._fixed_facts = [(group, key, raw) for group, members in shared.items() for key, raw in members.items()]

    def run(
        self, facts: Mapping[str, dict[str, JsonScalar]], values: list[Value], *, cells_are_sound: bool
    ) -> tuple[Fault, ...]:
        """Adds the results to the facts and the values; gives what is wrong with them."""
        for group, key, raw in self._fixed_facts:
            if group != ROW:
                facts[group][key] = raw
        if not cells_are_sound:
            return ()
        return (*self._fixed_faults, *_run(self._plans, facts, values))


def _run(
    plans: Sequence[_FormulaPlan], facts: Mapping[str, dict[str, JsonScalar]], values: list[Value]
) -> Iterator[Fault]:
    for function, misfit, show, place, group, key in plans:
        value = function(values)
        if misfit is not None and value is not None and (fault := misfit(value)):
            yield fault
            value = None
        values[place] = value
        if group != ROW:
            facts[group][key] = show(value)


def _known_on(
    type_: Type, day: int, function: Callable[[Sequence[Result]], Value]
) -> Callable[[Sequence[Result]], Value]:
    """The function, whose result is None where it counts as unknown on this day."""
    if type_.future is not Future.UNKNOWN:
        return function

    def known(values: Sequence[Result]) -> Value:
        return held(function(values), type_, day)[0]

    return known
