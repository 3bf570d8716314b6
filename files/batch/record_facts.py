"""Facts that are lists, in bulk: raw columns → arrays of records with exact values, or the faults of their rows.

Part of `raw_facts`, in which every other fact is read. Three kinds of columns hold lists:

    arrays of structs      of Parquet and Arrow; each value is read as a column of its type is, in a function of arrays
    text                   JSON, from CSV and NDJSON; read in Python (`json_lists`) and joined by its text; on DuckDB
    a file beside          one record a row, read in Python (`joined_lists`) and joined by a fact; on DuckDB

A list of two structs, the second without its due date, is on DuckDB

    LIST_TRANSFORM("account.open_items", r -> {'amount': …r."amount"…, 'due': …r."due"…})   [{1250, 20635}, {700, null}]

with the faults beside it: `account.open_items[2].due: is required`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.diagnostics.diagnostic import Place
from engine.lowering.sql.dialect import DUCKDB, Dialect, binary, call, cast, data_type, number, text
from engine.lowering.sql.narrowing import is_narrow
from engine.ruleset.formula import record_variable
from engine.vocabulary.binding import Fault
from engine.vocabulary.conversion import out_of_range
from engine.vocabulary.record_words import (
    NO_LIST,
    NO_RECORD,
    RECORD_FAULTS_MAX,
    records_hint,
    too_many_records,
)
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact, Kind, ListField, Type
from files.batch.raw_columns import CheckedFact, ColumnType, FactSource, RawTarget, known, raw_column
from files.batch.row_rates import RATE_COLUMNS, RowRates
from files.batch.unscaled import tried

if TYPE_CHECKING:
    from files.batch.raw_lists import RawLists

KEY, RECORDS, RECORD_FAULTS = "credence key", "credence records", "credence faults"
"""Columns of a relation of joined records: the value that says whose they are, all of them as an array of structs, and
what is wrong with them, null where nothing is."""

_RECORD, _NUMBER, _FAULT = "r", "i", "fault"
_COUNT = "\ue000"
_NOWHERE, _NO_TEXT = Place("", 1, 1), Text("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedRelation:
    """Where the records of one list stand that come from a file of their own."""

    relation: str
    """Its name in the database; its columns are KEY, RECORDS and RECORD_FAULTS."""

    key: str
    """The fact by whose value rows and records belong together: `account.id`; for lists in JSON the list's own name,
    since its text is the key."""

    file: str = ""
    """The file's name, for faults."""


def fields_type(type_: Type, dialect: Dialect) -> exp.DataType:
    """The type of a column of a list's records, as the rule set's query reads them."""
    fields = [
        exp.ColumnDef(this=exp.to_identifier(field.name, quoted=True), kind=_scalar_type(field.type, dialect))
        for field in type_.fields
    ]
    struct = exp.DataType(this=exp.DataType.Type.STRUCT, expressions=fields, nested=True)
    return exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[struct], nested=True)


def _scalar_type(type_: Type, dialect: Dialect) -> exp.DataType:
    if type_.kind.is_numeric or type_.kind is Kind.DATE:
        word = dialect.narrow if type_.kind is Kind.DATE or is_narrow(type_) else dialect.wide
    else:
        word = "BOOLEAN" if type_.kind is Kind.YES_NO else dialect.text_type
    return data_type(word, dialect.name)


def no_list(type_: Type, dialect: Dialect) -> Expr:
    """A list of this type that is missing."""
    return exp.Cast(this=exp.Null(), to=fields_type(type_, dialect))


def other_list(target: RawTarget, cell: Expr, dialect: Dialect) -> CheckedFact:
    """A column that holds anything else: each of its values is a fault."""
    fault = Fault(target.name, NO_LIST, records_hint(target.type))
    return CheckedFact(no_list(target.type, dialect), ((known(cell), text(str(fault))),))


def array_list(
    target: RawTarget,
    source: FactSource,
    cell: Expr,
    read_by: RawLists,
    rates: RowRates | None = None,
) -> CheckedFact:
    """A column of arrays of structs. `read_by` reads the values of a record, each as a fact of its type. `rates`: by
    which the amounts of each row are converted."""
    dialect, fields = read_by.dialect, source.fields or {}
    functions = _Arrays(dialect)
    inner = _of_records(target.type, target.name, fields, read_by)
    amounts = [field for field in target.type.fields if field.type.kind is Kind.MONEY and field.name in fields]
    if rates is not None and amounts:
        others = {
            digits: dict(_of_records(other.type, target.name, fields, read_by))
            for digits, other in rates.targets(target).items()
        }
        inner = [(name, _times_rate(rates, reading, others, name, amounts)) for name, reading in inner]
    values = dialect.transformed(cell, _lambda(_struct(inner)))
    fault_lists = dialect.transformed(cell, _lambda(_record_faults(target, inner, functions), _NUMBER))
    if rates is not None and amounts:
        late = dialect.transformed(values, _lambda(_too_large(rates, target, amounts, functions), _NUMBER))
        fault_lists = dialect.joined([fault_lists, late])
        values = dialect.transformed(
            values, _lambda(_struct([(each.name, _held(rates, each)) for each in target.type.fields]))
        )
    faults = functions.joined(fault_lists)
    count = dialect.length(cell)
    message, hint = too_many_records(_COUNT, target.type)
    before, _, after = str(Fault(target.name, message, hint)).partition(_COUNT)
    too_many = binary(exp.GT, count, number(target.type.high))
    words = binary(exp.DPipe, binary(exp.DPipe, text(before), functions.with_commas(count)), text(after))
    within = exp.Case(ifs=[exp.If(this=binary(exp.LTE, count, number(target.type.high)), true=faults)])
    return CheckedFact(values, ((too_many, words), (known(within), within)))


def _struct(inner: Sequence[tuple[str, CheckedFact]]) -> Expr:
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name), expression=_of_record(reading.value))
            for name, reading in inner
        ]
    )


def _times_rate(
    rates: RowRates,
    own: CheckedFact,
    others: Mapping[int, Mapping[str, CheckedFact]],
    name: str,
    amounts: Sequence[ListField],
) -> CheckedFact:
    """A value of a record; an amount as `RowRates.product` has it, in rows that are not converted as it is."""
    if all(each.name != name for each in amounts):
        return own
    readings = {digits: by_name[name] for digits, by_name in others.items()}
    return CheckedFact(rates.product_or(own.value, readings), tuple(rates.faults(own, readings)))


def _held(rates: RowRates, field: ListField) -> CheckedFact:
    """A value of a record whose amounts are products."""
    part = raw_column(field.name)
    if field.type.kind is not Kind.MONEY:
        return CheckedFact(part, ())
    return CheckedFact(rates.held(field.type, tried(part, rates.dialect.narrow), part), ())


def _too_large(rates: RowRates, target: RawTarget, amounts: Sequence[ListField], functions: _Arrays) -> Expr:
    """An array of what is wrong with the amounts of one record once they are converted."""
    path = functions.numbered(f"{target.name}[")
    cases: list[Expr] = []
    for field in amounts:
        words = binary(exp.DPipe, path, text(str(out_of_range(field.type, f"].{field.name}"))))
        test, words = rates.too_large(field.type, raw_column(field.name), words)
        cases.append(exp.Case(ifs=[exp.If(this=_of_record(test), true=words)]))
    return functions.texts(cases)


Inner = list[tuple[str, CheckedFact]]
"""The values of a record by their names, in the order declared."""


def _of_records(type_: Type, list_name: str, columns: Mapping[str, ColumnType], read_by: RawLists) -> Inner:
    """Each value of a record as expressions over columns that are named as the struct's parts are."""
    names = {field.name: record_variable(list_name, field.name) for field in type_.fields}
    facts = [
        Fact(
            name=names[field.name],
            type=field.type,
            title=_NO_TEXT,
            note=None,
            required=field.required,
            example=None,
            place=_NOWHERE,
        )
        for field in type_.fields
    ]
    sources = {names[name]: FactSource(column=name, column_type=column) for name, column in columns.items()}
    reading = read_by.of_record(facts, sources)
    return [(field.name, reading.inlined(names[field.name])) for field in type_.fields]


def _of_record(expression: Expr) -> Expr:
    """The expression over a record's parts in place of columns."""

    def part(node: Expr) -> Expr:
        if not isinstance(node, exp.Column) or node.name in RATE_COLUMNS:
            return node
        return exp.Dot(this=exp.to_identifier(_RECORD), expression=exp.to_identifier(node.name, quoted=True))

    return expression.copy().transform(part)


def _record_faults(target: RawTarget, inner: Inner, functions: _Arrays) -> Expr:
    """An array of what is wrong with one record, with nulls for what is not."""
    path = functions.numbered(f"{target.name}[")
    of_values = [_value_faults(target, name, reading, path) for name, reading in inner if reading.faults]
    no_record = text(str(Fault("]", NO_RECORD, records_hint(target.type))))
    whole = exp.Array(expressions=[binary(exp.DPipe, path, no_record)])
    is_null = exp.Is(this=exp.to_identifier(_RECORD), expression=exp.Null())
    return exp.Case(ifs=[exp.If(this=is_null, true=whole)], default=functions.texts(of_values))


def _value_faults(target: RawTarget, field: str, reading: CheckedFact, path: Expr) -> Expr:
    """The first fault of a value whose test is true, with the record's number in its path."""
    skipped = len(record_variable(target.name, field))
    head = binary(exp.DPipe, path, text(f"].{field}"))
    return exp.Case(
        ifs=[
            exp.If(
                this=_of_record(test),
                true=binary(exp.DPipe, head, call("SUBSTRING", _of_record(words), number(skipped + 1))),
            )
            for test, words in reading.faults
        ]
    )


class _Arrays:
    """What DuckDB and Spark call differently."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._is_duckdb = dialect is DUCKDB

    def numbered(self, before: str) -> Expr:
        """The text with a record's number behind it, counted from 1."""
        index: Expr = exp.to_identifier(_NUMBER)
        one = index if self._is_duckdb else binary(exp.Add, index, number(1))
        return binary(exp.DPipe, text(before), cast(one, self._dialect.text_type))

    def texts(self, parts: list[Expr]) -> Expr:
        return self._dialect.array(parts, "STRING")

    def joined(self, arrays: Expr) -> Expr:
        """The first texts of arrays of texts, one a line; null where there are none, or no arrays."""
        flat = call("FLATTEN", arrays)
        fault = exp.to_identifier(_FAULT)
        has_fault = exp.Lambda(this=known(fault), expressions=[fault.copy()])
        kept = self._dialect.filtered(flat, has_fault)
        first = call("LIST_SLICE" if self._is_duckdb else "SLICE", kept, number(1), number(RECORD_FAULTS_MAX))
        lines = call("ARRAY_TO_STRING" if self._is_duckdb else "ARRAY_JOIN", first, text("\n"))
        return exp.Nullif(this=lines, expression=text(""))

    def with_commas(self, count: Expr) -> Expr:
        return call("FORMAT", text("{:,}"), count) if self._is_duckdb else call("FORMAT_NUMBER", count, number(0))


def _lambda(body: Expr, *more: str) -> exp.Lambda:
    return exp.Lambda(this=body, expressions=[exp.to_identifier(name) for name in (_RECORD, *more)])
