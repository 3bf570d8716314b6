"""The actions that a case asks for as one list: records of action, latest date, amount and rule.

Last step of a bulk query, as `readable_columns`: for DuckDB and Spark, which write files. Each action stands in columns
of its own in the SQL form; here they come together in the order of a decision's own list.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, data_type, text
from engine.lowering.sql.levels import column
from engine.lowering.sql.readable_columns import DIGITS_MAX, fact_value
from engine.lowering.sql.sql_form import ActionColumns, SqlForm
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.vocabulary import DATE


def action_list(form: SqlForm, *, as_json: bool) -> Expr:
    """For each case the list of its actions, empty where it has none. `as_json` gives dates and amounts as the texts
    that a decision's JSON has; otherwise they are dates and decimals."""
    dialect = form.dialect
    types = _types(form, as_json=as_json)
    empty = dialect.array((), f"STRUCT<{', '.join(f'`{name}` {type_}' for name, type_ in types.items())}>")
    arrays = [_one_or_none(each, form, types, empty) for each in form.actions]
    return dialect.joined(arrays) if arrays else empty


def _types(form: SqlForm, *, as_json: bool) -> dict[str, str]:
    """The type of each value of a record, as BigQuery names it."""
    money = f"DECIMAL({DIGITS_MAX}, {MINOR_UNITS[form.ruleset.currency]})"
    return {
        "action": "STRING",
        "by": "STRING" if as_json else "DATE",
        "amount": "STRING" if as_json else money,
        "rule": "STRING",
    }


def _one_or_none(action: ActionColumns, form: SqlForm, types: dict[str, str], empty: Expr) -> Expr:
    record = exp.Struct(
        expressions=[
            exp.PropertyEQ(
                this=exp.to_identifier(name, quoted=True),
                expression=exp.Cast(this=value, to=data_type(types[name], "bigquery")),
            )
            for name, value in _values(action, form.dialect)
        ]
    )
    asked = exp.If(this=column(action.asked), true=exp.Array(expressions=[record]))
    return exp.Case(ifs=[asked], default=empty.copy())


def _values(action: ActionColumns, dialect: Dialect) -> Iterator[tuple[str, Expr]]:
    yield "action", text(action.action.word)
    yield "by", fact_value(DATE, action.by, dialect) if action.by else exp.Null()
    amount = action.action.amount
    yield "amount", fact_value(amount.type, action.amount, dialect) if amount and action.amount else exp.Null()
    yield "rule", text(action.rule)
