"""Whether the journal's tables and triggers are those that the migrations make.

The triggers are what keeps records from being changed or deleted; a journal whose triggers somebody has dropped,
changed or added to takes no more decisions. What is right is read from a database in memory that the same migrations
made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection

from ledger.store.all_tables import metadata
from ledger.store.database import memory_database, migrate
from ledger.store.trouble import OTHER_TABLES, FileTrouble

OTHER_TRIGGERS = "its triggers are missing or changed"


@dataclass(frozen=True, slots=True)
class _Schema:
    columns: frozenset[Any]  # (table, name, type, not null, default, place in the primary key, hidden)
    unique: frozenset[Any]  # (table, columns) of each index that holds rows apart
    triggers: frozenset[Any]  # (name, table, SQL)


def check_schema(connection: Connection) -> None:
    """Raises `FileTrouble`. A site's own tables, and indexes that only find rows, are left to it."""
    actual, expected = _read(connection), _expected()
    if actual.triggers != expected.triggers:
        raise FileTrouble(OTHER_TRIGGERS)
    if actual != expected:
        raise FileTrouble(OTHER_TABLES)


def append_only_tables() -> frozenset[str]:
    """Those whose rows the migrations keep from being changed."""
    return frozenset(table for name, table, _ in _expected().triggers if name == f"{table}_no_update")


@cache
def _expected() -> _Schema:
    database = memory_database()
    with database.connect() as connection:
        migrate(connection)
        return _read(connection)


def _read(connection: Connection) -> _Schema:
    def rows(statement: str) -> list[Any]:
        return [tuple(row) for row in connection.connection.cursor().execute(statement).fetchall()]

    tables = sorted(metadata.tables)
    columns = {(table, *column[1:]) for table in tables for column in rows(f"PRAGMA table_xinfo({table})")}
    unique = {
        (table, tuple(part[2] for part in rows(f"PRAGMA index_info({index[1]})")))
        for table in tables
        for index in rows(f"PRAGMA index_list({table})")
        if index[2]
    }
    listed = rows("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
    return _Schema(
        frozenset(columns), frozenset(unique), frozenset(trigger for trigger in listed if trigger[1] in tables)
    )
