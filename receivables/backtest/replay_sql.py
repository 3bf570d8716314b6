"""Decides past orders by the thousands through the rule set's SQL form, on DuckDB in this process.

The same answers as `replay.decider`, several times faster: only what differs from order to order becomes a column of a
table, what is assumed of all stands in the query as a constant. The query gives each order's fired and undetermined
rules as bit masks; orders with the same masks and grade get one `ReplayedOrder` between them.

Needs the extra `bulk` (DuckDB and pyarrow); `run_backtest.fastest` falls back to `replay.decider` without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from engine.lowering.sql.alternatives import with_alternatives
from engine.lowering.sql.dialect import binary
from engine.lowering.sql.masks import Mask
from engine.lowering.sql.sql_form import OUTCOME, SqlForm
from engine.ruleset.ruleset import AS_OF, RuleSet
from engine.vocabulary.binding import Value
from receivables.backtest.replay import Decide, FactRows, PastOrder, ReplayedOrder, answers
from receivables.default_policies import GRADE
from receivables.history.history_map import ACCOUNT_FACTS, ORDER_FACTS, HistoryMap

ORDERS = "orders"
"""Name of the table that the query reads."""

QUERY_ERRORS = (duckdb.Error,)
"""What a decider may raise: its orders were read before, so the query is to blame."""


def sql_decider(ruleset: RuleSet, history_map: HistoryMap) -> Decide:
    """A function that decides many orders with one query. The rule set must be one in which `portability_mistakes` (of
    `engine.lowering.sql.portability`) finds nothing, since SQL can't express others. Raises what `FactRows` raises; the
    function raises `QUERY_ERRORS`."""
    form = SqlForm(with_alternatives(ruleset))
    masks = [*form.fired, *form.undetermined, *form.waived]
    grade = [form.columns[GRADE]] if GRADE in form.columns else []
    facts = _FactTable(form, history_map)
    selected = [mask.column for mask in masks] or [OUTCOME]  # without rules there is something to select all the same
    query = form.query([*selected, *grade], facts.relation()).sql(dialect=form.dialect.name)
    connection = duckdb.connect()
    read = _reader(ruleset, form, has_grade=bool(grade))

    def decide(orders: Sequence[PastOrder]) -> list[ReplayedOrder]:
        connection.register(ORDERS, facts.table(orders))
        return [read(row) for row in connection.execute(query).fetchall()]

    return decide


class _FactTable:
    """The relation of facts that the query reads: columns for what the history tells, constants for what is assumed,
    nulls for the rest."""

    def __init__(self, form: SqlForm, history_map: HistoryMap) -> None:
        self._form = form
        self._template = FactRows(form.ruleset, history_map).template
        names = {fact.name for fact in form.ruleset.facts}
        self._account = [
            (name, index)
            for index, name in enumerate(ACCOUNT_FACTS)
            if name in names and name in history_map.facts_from_history
        ]
        self._columns = {*ORDER_FACTS, *(name for name, _ in self._account)}
        self._days = {part.name for part in history_map.assumptions if part.as_of}

    def relation(self) -> exp.Select:
        """The facts as a subquery over the table `ORDERS`, each under the column that the query expects, and cast to
        its type.

        A date that is not to lie in the future is null in orders of an earlier day: what is assumed to have happened on
        a day is not known before it. An assumption that is each order's own day is the column of the day itself.
        """
        form = self._form
        columns = []
        for fact, value in zip(form.ruleset.facts, self._template, strict=True):
            source = exp.column(fact.name, quoted=True) if fact.name in self._columns else _literal(value)
            if fact.name in self._days:
                source = exp.column(AS_OF, quoted=True)
            elif fact.type.future and value is not None:  # not known before that day
                is_known = binary(exp.LTE, source, exp.column(AS_OF, quoted=True))
                source = exp.Case(ifs=[exp.If(this=is_known, true=source.copy())])
            cast = exp.cast(source, form.sql_type(fact.type), dialect=form.dialect.name)
            columns.append(exp.alias_(cast, form.columns[fact.name], quoted=True))
        day = exp.cast(exp.column(AS_OF, quoted=True), form.dialect.narrow, dialect=form.dialect.name)
        return exp.select(*columns, exp.alias_(day, form.columns[AS_OF], quoted=True)).from_(ORDERS)

    def table(self, orders: Sequence[PastOrder]) -> pa.Table:
        """These orders as columns: numbers as 64-bit integers in the facts' own scale (minor units, days since
        1970-01-01), texts as strings. Only what differs from order to order is here.
        """
        items, facts = zip(*orders, strict=True)
        by_field = list(zip(*facts, strict=True))
        columns: dict[str, Any] = {
            "order.id": [item.number for item in items],
            "order.amount": [item.amount for item in items],
            "order.payment_days": [item.payment_days for item in items],
            "account.id": [item.customer for item in items],
            AS_OF: [item.issued for item in items],
        }
        columns |= {name: by_field[index] for name, index in self._account}
        types = {fact.name: pa.string() for fact in self._form.ruleset.facts if fact.type.kind.is_text}
        return pa.table({name: pa.array(values, types.get(name, pa.int64())) for name, values in columns.items()})


def _literal(value: Value) -> exp.Expr:
    """An assumed value as it stands in the query."""
    return exp.null() if value is None else exp.convert(value)


def _reader(ruleset: RuleSet, form: SqlForm, *, has_grade: bool) -> Callable[[tuple[Any, ...]], ReplayedOrder]:
    """A function from a row of the result to what it says; rows that are equal are read once."""
    answer = answers(ruleset, 0)
    indices = {rule.id: index for index, rule in enumerate(ruleset.rules)}
    answered: dict[tuple[Any, ...], ReplayedOrder] = {}
    width = len(form.fired)
    groups = (form.fired, 0), (form.undetermined, width), (form.waived, 2 * width)

    def read(row: tuple[Any, ...]) -> ReplayedOrder:
        replayed = answered.get(row)
        if replayed is None:
            fired, undetermined, waived = (_ids(masks, row[first:]) for masks, first in groups)
            counted, unsure = ([indices[id_] for id_ in ids if id_ not in waived] for ids in (fired, undetermined))
            replayed = answered[row] = answer(counted, unsure, row[-1] if has_grade else None)
        return replayed

    return read


def _ids(masks: Sequence[Mask], words: Sequence[int]) -> list[str]:
    """The rules whose bits are set. Example: a mask of the rules (a, b, c) with the word 5, binary 101, gives a and
    c."""
    return [
        id_ for mask, word in zip(masks, words, strict=False) for bit, id_ in enumerate(mask.ids) if word >> bit & 1
    ]
