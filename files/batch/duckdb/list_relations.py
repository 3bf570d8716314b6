"""Lists on DuckDB that are read in Python: relations of the records in JSON cells, and of those in files of their own.

Part of `duckdb_run`. What decides row by row reads them in the same way, so that the same is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import duckdb
import pyarrow as pa

from engine.vocabulary.binding import Fault, JsonScalar, Records, after_the_day, value_reader
from engine.vocabulary.past_dates import held
from engine.vocabulary.vocabulary import Kind, Type
from files.batch.json_lists import json_list_reader
from files.batch.raw_columns import FactSource
from files.batch.raw_facts import RAW
from files.batch.record_facts import KEY, RECORD_FAULTS, RECORDS, JoinedRelation
from files.batch.row_rates import RowRates
from files.input_refused import InputRefused
from files.joined_lists import JoinedList
from files.maps.row_map import Column

_BATCH = 10_000
"""Lists that are read and handed over at once."""

RAW_PLACED, PLACE = "raw_placed", "credence_place"
"""The raw rows with the place of each, since a join gives rows in any order."""

_Read = tuple[str, Records | None, Sequence[Fault]]


def json_lists(
    connection: duckdb.DuckDBPyConnection, column: Column, written: str, day: int, rates: RowRates | None
) -> JoinedRelation | None:
    """The relation of the lists that stand in a column of text; None where it is empty. `written`: a query of its
    different texts; `day`: of the decision; `rates`: by which the amounts of each row are converted."""
    read = json_list_reader(column, day, rates)
    relation = _relation(connection, column.name, column.type)
    connection.execute(f"CREATE TABLE {relation}_texts AS {written}")
    if not connection.execute(f"FROM {relation}_texts LIMIT 1").fetchall():
        return None
    with connection.cursor() as cursor:  # which reads on while this connection writes
        for batch in cursor.sql(f"FROM {relation}_texts").to_arrow_reader(_BATCH):
            _add(connection, relation, column.type, [(text, *read(text)) for text in batch.column(0).to_pylist()])
    connection.execute(f"DROP TABLE {relation}_texts")
    return JoinedRelation(relation=relation, key=column.name)


def join(
    connection: duckdb.DuckDBPyConnection, joined: JoinedList, sources: Mapping[str, FactSource], rows: str, day: int
) -> JoinedRelation:
    """Makes the relation of a list's records, one row a key. `rows`: the file that they are joined to; `day`: of the
    decision. Raises InputRefused where no column of that gives the key."""
    name, type_ = joined.fact.name, joined.fact.type
    if joined.key not in sources:
        hint = "give it as a column, or join by another fact"
        raise InputRefused(f"`{joined.file}` is joined by `{joined.key}`, which no column of `{rows}` gives", hint)
    bind = value_reader(type_, name)
    relation = _relation(connection, name, type_)
    keys = list(dict.fromkeys([*joined.records, *joined.faults]))
    for start in range(0, len(keys), _BATCH):
        some = keys[start : start + _BATCH]
        bound = (held(bind(cast("JsonScalar", joined.records.get(key))), type_, day) for key in some)
        read = [
            (key, cast("Records | None", records), joined.faults.get(key) or _after(name, late, day))
            for key, (records, late) in zip(some, bound, strict=True)
        ]
        _add(connection, relation, type_, read)
    return JoinedRelation(relation=relation, key=joined.key, file=joined.file)


def _after(name: str, late: Sequence[str], day: int) -> list[Fault]:
    return [after_the_day(f"{name}{path}", day) for path in late]


def place_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes RAW_PLACED of the relation RAW."""
    connection.execute(f"CREATE TABLE raw_rows AS FROM {RAW}")
    connection.execute(f"CREATE VIEW {RAW_PLACED} AS SELECT *, rowid AS {PLACE} FROM raw_rows")


def _relation(connection: duckdb.DuckDBPyConnection, fact: str, type_: Type) -> str:
    relation = f"list_{fact.replace('.', '_')}"
    _add(connection, relation, type_, ())
    return relation


def _add(connection: duckdb.DuckDBPyConnection, relation: str, type_: Type, read: Sequence[_Read]) -> None:
    """Adds some lists to the relation, which is made where there are none."""
    names = [field.name for field in type_.fields]
    structs = [_structs(records, names) for _, records, _ in read]
    faults = ["\n".join(map(str, each)) or None for _, _, each in read]
    struct = pa.struct([(field.name, _arrow_type(field.type)) for field in type_.fields])
    arrays = [
        pa.array([key for key, _, _ in read], pa.string()),
        pa.array(structs, pa.list_(struct)),
        pa.array(faults, pa.string()),
    ]
    connection.register("lists_read", pa.table(arrays, names=[KEY, RECORDS, RECORD_FAULTS]))
    make = f"INSERT INTO {relation}" if read else f"CREATE TABLE {relation} AS"
    connection.execute(f"{make} FROM lists_read")
    connection.unregister("lists_read")


def _structs(records: Records | None, names: Iterable[str]) -> list[dict[str, Any]] | None:
    return None if records is None else [dict(zip(names, record, strict=True)) for record in records]


def _arrow_type(type_: Type) -> pa.DataType:
    if type_.kind.is_numeric or type_.kind is Kind.DATE:
        return pa.int64()
    return pa.bool_() if type_.kind is Kind.YES_NO else pa.string()
