"""Aggregates over lists as SQL. Part of `nodes`.

A list is a column of arrays, whose entries are structs with a field for each value of a record. What is worked out for
each record is written out in full, without columns of its own: `sum(account.open_items[amount > order.amount].amount)`
is on DuckDB

    CASE WHEN account_open_items IS NULL THEN NULL
         ELSE LIST_SUM(LIST_TRANSFORM(LIST_FILTER(account_open_items, r -> r.amount > order_amount), r -> r.amount)) END

and on PostgreSQL a sub-select over `UNNEST(account_open_items) AS r`. Branches before the last one give null where a
record leaves the result open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, binary, number, wrapped
from engine.lowering.sql.levels import Levels, SqlValue
from engine.lowering.sql.narrowing import is_narrow, narrowed
from engine.ruleset import formula as f
from engine.ruleset.formula import Formula
from engine.ruleset.numbering import Formulas

RECORD = "r"
"""What a record is called in the SQL."""

_VALUE = "value_of_record"

Lower = Callable[[Formulas, Levels, Mapping[str, SqlValue]], Callable[[Formula], SqlValue]]
"""Gives a function that lowers formulas which the `Formulas` have counted."""


class _Records:
    """What is asked of one list's records, in a dialect's way: with functions of arrays that take a function, or with
    sub-selects."""

    def __init__(self, dialect: Dialect, records: Expr) -> None:
        self._dialect = dialect
        self._records = records

    def some(self, condition: Expr) -> Expr:
        """Whether the condition is true of a record."""
        return binary(exp.GT, self.count(condition), number(0))

    def count(self, condition: Expr) -> Expr:
        """Of how many records the condition is true."""
        if not self._dialect.has_lambdas:
            return exp.Subquery(this=self._select(exp.Count(this=exp.Star()), condition))
        return self._dialect.length(self._filtered(condition))

    def total(self, condition: Expr, value: Expr) -> Expr:
        """The sum of a wide value over the records of which the condition is true; 0 of none."""
        if not self._dialect.has_lambdas:
            total = self._over_values(exp.Sum, condition, value)
        else:
            total = self._dialect.total(self._transformed(condition, value))
        return exp.Coalesce(this=total, expressions=[self._dialect.wide_number(0)])

    def extreme(self, condition: Expr, value: Expr, *, greatest: bool) -> Expr:
        """The greatest or least value over the records of which the condition is true; null of none."""
        if not self._dialect.has_lambdas:
            return self._over_values(exp.Max if greatest else exp.Min, condition, value)
        return self._dialect.extreme(self._transformed(condition, value), greatest=greatest)

    def _filtered(self, condition: Expr) -> Expr:
        if condition == exp.Boolean(this=True):
            return self._records.copy()
        return self._dialect.filtered(self._records, _each(condition))

    def _transformed(self, condition: Expr, value: Expr) -> Expr:
        return self._dialect.transformed(self._filtered(condition), _each(value))

    def _select(self, what: Expr, condition: Expr) -> exp.Select:
        entries = exp.Unnest(expressions=[self._records.copy()], alias=exp.TableAlias(this=exp.to_identifier(RECORD)))
        return exp.select(what).from_(entries).where(condition.copy())

    def _over_values(self, function: type[Expr], condition: Expr, value: Expr) -> Expr:
        """The values in a sub-select of their own: `SUM(x)`, where x is no column of the records, would add up the
        query's rows."""
        values = self._select(exp.alias_(value.copy(), _VALUE), condition)
        of = function(this=exp.to_identifier(_VALUE))
        return exp.Subquery(this=exp.select(of).from_(exp.Subquery(this=values, alias=exp.to_identifier("each"))))


def _each(body: Expr) -> exp.Lambda:
    return exp.Lambda(this=body.copy(), expressions=[exp.to_identifier(RECORD)])


class _Inline(Levels):
    """Values of a record can't become columns of the query: each is written where it is read."""

    def let(self, value: SqlValue, hint: str = "part") -> SqlValue:  # noqa: ARG002 as the base's
        return value

    def define(self, value: SqlValue, hint: str) -> SqlValue:  # noqa: ARG002 as the base's
        return value


def aggregate(node: f.Aggregate, parts: Sequence[SqlValue], levels: Levels, lower: Lower) -> SqlValue:
    """The aggregate's value. `parts`: the list and the captured variables."""
    records, captured = parts[0], [levels.let(part) for part in parts[1:]]
    variables = dict(zip(node.each.reads, captured, strict=True))
    for field in node.records.type.fields:
        wide = field.type.kind.is_numeric and not is_narrow(field.type)
        sql = exp.Dot(this=exp.to_identifier(RECORD), expression=exp.to_identifier(field.name))
        variables[f.record_variable(node.records.name, field.name)] = SqlValue(
            sql, wide=wide, nullable=not field.required, long=True
        )
    where, value = narrowed(node.each.where), narrowed(node.each.value)
    counted = Formulas()
    for formula in (where, value):
        counted.use(formula)
    inner = _Inline(levels.dialect, levels.names)
    lowered = lower(counted, inner, variables)
    counts, taken = lowered(where), lowered(value)
    each = _Records(levels.dialect, records.sql)
    if node.function in ("any", "all"):
        branches, last = _logic(node.function, counts, taken, inner, each)
    else:
        branches, last = _number(node, counts, inner.widened(taken, wide=True), each)
    if records.nullable:
        branches.insert(0, (exp.Is(this=wrapped(records.sql), expression=exp.Null()), exp.Null()))
    ifs = [exp.If(this=test, true=result) for test, result in branches]
    whole: Expr = exp.Case(ifs=ifs, default=last) if ifs else last
    wide = node.function not in ("count", "any", "all")
    return levels.at(whole, parts, wide=wide, nullable=node.nullable, long=True)


Branches = list[tuple[Expr, Expr]]


def _logic(function: str, counts: SqlValue, taken: SqlValue, levels: Levels, each: _Records) -> tuple[Branches, Expr]:
    """`any` is true where some record that counts is; `all` is false where some record that counts is not."""
    if function == "all":
        taken = levels.at(exp.Not(this=wrapped(taken.sql)), (taken,))
    both = levels.combined([counts, taken], exp.And)
    settled = function == "any"
    branches: Branches = [(each.some(both.sql), exp.Boolean(this=settled))]
    if both.nullable:
        branches.append((each.some(levels.missing(both).sql), exp.Null()))
    return branches, exp.Boolean(this=not settled)


def _number(node: f.Aggregate, counts: SqlValue, taken: SqlValue, each: _Records) -> tuple[Branches, Expr]:
    branches: Branches = []
    if counts.nullable:
        branches.append((each.some(exp.Is(this=wrapped(counts.sql), expression=exp.Null())), exp.Null()))
    if node.function == "count":
        return branches, each.count(counts.sql)
    if taken.nullable:
        lacks = exp.and_(wrapped(counts.sql), exp.Is(this=wrapped(taken.sql), expression=exp.Null()))
        branches.append((each.some(lacks), exp.Null()))
    if node.function == "sum":
        return branches, each.total(counts.sql, taken.sql)
    return branches, each.extreme(counts.sql, taken.sql, greatest=node.function == "greatest")
