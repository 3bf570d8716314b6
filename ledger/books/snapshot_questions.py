"""Questions to the ledger's tables whose texts never change: either database prepares each once, and a server gets all
that wait in one round trip.

A condition names its values in their order: `{among}` is a list of names, `{value}` one value.

    questions.put(DayRecord, "account {among} AND day > {value}", accounts, day)

SQLAlchemy would take twice as long as the database for the same, and write another text for each number of names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from ledger.credit.snapshot import Snapshot
from ledger.store.ledger_tables import STORED
from ledger.store.prepared_sql import raw_of, together

TEXTS_KEPT = 256

_SQLITE = {"among": "IN (SELECT value FROM json_each(?))", "value": "?"}
_POSTGRESQL = {"among": "= ANY(%s)", "value": "%s"}

TakeRows = Callable[[Iterable[tuple[Any, ...]]], None]


class Questions:
    """Asked of one transaction; what is answered goes into one snapshot."""

    def __init__(self, connection: Connection, snapshot: Snapshot) -> None:
        self._connection, self._snapshot = connection, snapshot
        self._is_file = connection.dialect.name == "sqlite"
        self._waiting: list[tuple[str, tuple[Any, ...], TakeRows]] = []

    def put(self, kind: type[Any], condition: str, *values: Collection[str] | int) -> None:
        """All rows of a kind that fulfil the condition; nothing is asked where a list of names is empty."""
        self._put(_of_kind(STORED[kind].table.name, condition, is_file=self._is_file), values, self._rows_of(kind))

    def put_other(self, text: str, take: TakeRows, *values: Collection[str] | int) -> None:
        """Another question, and who takes its rows."""
        self._put(_worded(text, is_file=self._is_file), values, take)

    def take(self) -> None:
        """Asks all that wait."""
        raw, waiting = raw_of(self._connection), self._waiting
        self._waiting = []
        if self._is_file:
            for text, values, take in waiting:
                take(raw.execute(text, values))
            return
        with together(self._connection):
            answers = [(raw.execute(text, values), take) for text, values, take in waiting]
        for answer, take in answers:
            take(answer.fetchall())

    def _put(self, text: str, values: Collection[Collection[str] | int], take: TakeRows) -> None:
        given: list[Any] = []
        for value in values:
            if isinstance(value, int):
                given.append(value)
            elif not value and "NOT" not in text:
                return
            else:
                names = sorted(value)
                given.append(json.dumps(names, ensure_ascii=False) if self._is_file else names)
        self._waiting.append((text, tuple(given), take))

    def _rows_of(self, kind: type[Any]) -> TakeRows:
        decode, put = STORED[kind].decode, self._snapshot.put

        def take(rows: Iterable[tuple[Any, ...]]) -> None:
            for row in rows:
                put(decode(row))

        return take


@lru_cache(maxsize=TEXTS_KEPT)
def _of_kind(table: str, condition: str, *, is_file: bool) -> str:
    """The same object each time: the drivers find by it what they have prepared."""
    stored = next(each.table for each in STORED.values() if each.table.name == table)
    columns = ", ".join(f'"{column.name}"' for column in stored.columns)
    return _worded(f"SELECT {columns} FROM {table} WHERE {condition}", is_file=is_file)


@lru_cache(maxsize=TEXTS_KEPT)
def _worded(text: str, *, is_file: bool) -> str:
    return text.format(**(_SQLITE if is_file else _POSTGRESQL))
