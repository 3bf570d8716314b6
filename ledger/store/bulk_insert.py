"""Many rows in one statement: beside a busy event loop each statement costs more than the rows in it.

SQLite's driver gives up the interpreter lock for every statement, and for every row of `executemany`; getting it back
takes up to 5 ms while the loop computes. So rows go in as one `INSERT … VALUES (…), (…), …`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects import sqlite

VALUES_MAX = 30_000
"""SQLite takes 32,766 values in one statement."""


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """In the caller's transaction. Each row has the table's columns in their order."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        names = [column.name for column in table.columns]
        connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        return
    cursor = connection.connection.cursor()
    start, one = _statement(table)
    most = VALUES_MAX // len(table.columns)
    for at in range(0, len(rows), most):
        some = rows[at : at + most]
        cursor.execute(f"{start}{', '.join([one] * len(some))}", tuple(chain.from_iterable(some)))


@cache
def _statement(table: Table) -> tuple[str, str]:
    """`INSERT INTO … VALUES ` and `(?, ?, ?)`."""
    text = str(insert(table).compile(dialect=sqlite.dialect()))
    start, values, one = text.partition("VALUES ")
    return start + values, one
