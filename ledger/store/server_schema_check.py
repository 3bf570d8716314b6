"""Whether the tables and triggers of a journal on PostgreSQL are those that the migrations make.

There is no database in memory to make them in. Columns and keys are compared with the tables' description; triggers
with those that the same migrations make on SQLite, each in PostgreSQL's form: what refuses to be changed there, must
here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects import postgresql

from ledger.store.all_tables import metadata
from ledger.store.append_only import (
    BODY,
    FUNCTION,
    GUARD_BODY,
    GUARD_FUNCTION,
    GUARDED,
    MOVEMENTS_BODY,
    MOVEMENTS_FUNCTION,
    OCCASIONS,
    OF_CUSTOMERS,
)
from ledger.store.schema_check import OTHER_TRIGGERS, append_only_tables
from ledger.store.trouble import OTHER_TABLES, FileTrouble

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) AND c.relname = ANY(%s)
AND a.attnum > 0 AND NOT a.attisdropped
"""
_UNIQUE = """
SELECT c.relname, ARRAY(
  SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS part(number, place)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = part.number ORDER BY part.place)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE i.indisunique AND i.indisvalid AND pg_table_is_visible(c.oid) AND c.relname = ANY(%s)
"""
_TRIGGERS = """
SELECT c.relname, t.tgname, t.tgenabled::text, t.tgtype, p.proname, p.prosrc,
  p.pronamespace = n.oid AND p.proconfig = ARRAY['search_path=' || quote_ident(n.nspname) || ', pg_temp']
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid) AND c.relname = ANY(%s)
"""
_ALWAYS = "A"
_BEFORE_STATEMENT = {"update": 0b010010, "delete": 0b001010, "truncate": 0b100010}
"""Bits of pg_trigger.tgtype (PostgreSQL's catalog/pg_trigger.h): 1 for each row, 2 before, 8 delete, 16 update, 32
truncate."""
_FOR_EACH_ROW = 0b1


def check_server_schema(connection: Connection) -> None:
    """Raises `FileTrouble`. A site's own tables, and indexes that only find rows, are left to it."""
    tables = sorted(metadata.tables)

    def rows(statement: str) -> set[Any]:
        found = connection.exec_driver_sql(statement, (tables,)).all()
        return {tuple(tuple(part) if isinstance(part, list) else part for part in row) for row in found}

    if rows(_TRIGGERS) != _triggers():
        raise FileTrouble(OTHER_TRIGGERS)
    if rows(_COLUMNS) != _columns() or rows(_UNIQUE) != _unique():
        raise FileTrouble(OTHER_TABLES)


@cache
def _triggers() -> frozenset[Any]:
    triggers = {
        (table, f"{table}_no_{occasion}", _ALWAYS, _BEFORE_STATEMENT[occasion], FUNCTION, BODY, True)
        for table in append_only_tables()
        for occasion in OCCASIONS
        if occasion != "delete" or table not in (GUARDED, *OF_CUSTOMERS)
    }
    before_row = _BEFORE_STATEMENT["delete"] | _FOR_EACH_ROW
    of_customers = ((each, MOVEMENTS_FUNCTION, MOVEMENTS_BODY) for each in OF_CUSTOMERS)
    guards = ((GUARDED, GUARD_FUNCTION, GUARD_BODY), *of_customers)
    return frozenset(
        {*triggers, *((table, f"{table}_no_delete", _ALWAYS, before_row, *guard, True) for table, *guard in guards)}
    )


@cache
def _columns() -> frozenset[Any]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # the library has no types here
    return frozenset(
        (name, column.name, _type_name(column.type.compile(dialect)), not column.nullable)
        for name, table in metadata.tables.items()
        for column in table.columns
    )


@cache
def _unique() -> frozenset[Any]:
    """Each table's key, and what else may stand in it once."""
    return frozenset(
        (name, tuple(column.name for column in each.columns))
        for name, table in metadata.tables.items()
        for each in (*table.constraints, *table.indexes)
        if isinstance(each, PrimaryKeyConstraint | UniqueConstraint) or (isinstance(each, Index) and each.unique)
    )


def _type_name(compiled: str) -> str:
    """As PostgreSQL lists it: `VARCHAR(64)` is `character varying(64)`."""
    return compiled.lower().replace("varchar", "character varying")
