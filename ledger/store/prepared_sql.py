"""Statements that every commit runs, compiled once: SQLAlchemy takes half a millisecond for six of them, the database
a tenth of that.

Many rows go in as one `INSERT … VALUES (…), (…), …`. SQLite's driver gives up the interpreter lock for every statement,
and for every row of `executemany`; getting it back takes long while the event loop computes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Column, Connection, Executable, Table, insert
from sqlalchemy.dialects import sqlite

VALUES_MAX = 30_000
"""SQLite takes 32,766 values in one statement."""

STATEMENTS_KEPT = 1024
"""Compiled statements that a connection to write keeps: one for each number of rows that a commit may have."""


class PreparedSql:
    """One statement of SQLAlchemy's, with names for its values."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        compiled = statement.compile(dialect=sqlite.dialect())  # type: ignore[attr-defined]  # of all that is run
        self._text = str(compiled)
        self._names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._fixed: Mapping[str, Any] = {
            name: value for name, value in compiled.params.items() if name in self._names and value is not None
        }

    def run(self, connection: Connection, **values: Any) -> None:
        """In the caller's transaction."""
        if connection.dialect.name == "sqlite":
            self._on_sqlite(connection, values)
        else:
            connection.execute(self._statement, values)

    def first(self, connection: Connection, **values: Any) -> tuple[Any, ...] | None:
        """The first row; None where there is none."""
        if connection.dialect.name == "sqlite":
            row = self._on_sqlite(connection, values).fetchone()
        else:
            row = connection.execute(self._statement, values).first()
        return None if row is None else tuple(row)

    def _on_sqlite(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        given = {**self._fixed, **values}
        return raw_of(connection).execute(self._text, tuple([given[name] for name in self._names]))


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """In the caller's transaction. Each row has the table's columns in their order."""
    if not rows:
        return
    dialect, most = connection.dialect.name, VALUES_MAX // len(table.columns)
    for at in range(0, len(rows), most):
        some = rows[at : at + most]
        run_rows(connection, _insertion(table, dialect, len(some)), some)


def run_rows(connection: Connection, text: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """A statement whose places `place_rows` made, in the caller's transaction."""
    values, raw = tuple(chain.from_iterable(rows)), raw_of(connection)
    if connection.dialect.name == "sqlite":
        raw.execute(text, values)
    else:  # the driver would look for its own marks in tens of thousands of letters, each time
        from psycopg import RawCursor

        RawCursor(raw).execute(text, values)


def place_rows(one: str, rows: int, dialect: str) -> str:
    """Places for the values of so many rows, of which `one` is `(?, ?)`: on PostgreSQL `($1, $2), ($3, $4)`."""
    if dialect == "sqlite":
        return ", ".join([one] * rows)
    parts, number = one.split("?"), 0
    placed = []
    for _ in range(rows):
        row = parts[0]
        for part in parts[1:]:
            number += 1
            row += f"${number}{part}"
        placed.append(row)
    return ", ".join(placed)


def rows_with(
    connection: Connection, columns: Sequence[Column[Any]], keys: Sequence[bytes]
) -> Iterator[tuple[Any, ...]]:
    """The rows whose first column is one of these, with these columns of one table. In the caller's transaction."""
    names = ", ".join(column.name for column in columns)
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    for at in range(0, len(keys), VALUES_MAX):
        some = tuple(keys[at : at + VALUES_MAX])
        marks = ", ".join([mark] * len(some))
        asked = f"SELECT {names} FROM {columns[0].table.name} WHERE {columns[0].name} IN ({marks})"
        yield from raw_of(connection).execute(asked, some).fetchall()


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Statements that answer nothing, which a server gets in one round trip; what is wrong with one of them is raised
    at the end. On SQLite there is nobody to travel to."""
    raw: Any = connection.connection.driver_connection
    with nullcontext() if connection.dialect.name == "sqlite" else raw.pipeline():
        yield


def raw_of(connection: Connection) -> Any:
    """The driver's own connection, which runs statements as SQLAlchemy's does, without its wrappers."""
    return connection.connection.driver_connection


@lru_cache(maxsize=STATEMENTS_KEPT)
def _insertion(table: Table, dialect: str, rows: int) -> str:
    """`INSERT INTO … VALUES (?, ?, ?), (?, ?, ?)`. The same object each time: the driver finds what it has compiled by
    it."""
    start, one = _insertion_parts(table)
    return f"{start}VALUES {place_rows(one, rows, dialect)}"


@cache
def _insertion_parts(table: Table) -> tuple[str, str]:
    """What stands before the values, and one row's values: compiled once for all numbers of rows."""
    start, _, one = str(insert(table).compile(dialect=sqlite.dialect())).partition("VALUES ")
    return start, one
