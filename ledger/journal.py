"""The decision journal: a decision is on disk before anyone hears of it.

One thread writes. Everything that waits when it comes round goes into one transaction, so that concurrent requests
share one fsync; each caller's future is resolved after that commit, with one call into the event loop per batch.
Whatever goes wrong on disk reaches the callers as `JournalUnavailable`; the next batch opens the file afresh, so that
the journal recovers when the disk does.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from queue import Empty, SimpleQueue
from time import perf_counter

import structlog
from alembic.util.exc import CommandError
from sqlalchemy import Column, ColumnElement, Connection, insert, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from ledger.database import migrate, sqlite_database
from ledger.tables import decisions, policy_sets

BATCH_MAX = 256
"""Records in one transaction: bounds how long the first of them waits for the last."""

WAITING_MAX = 10_000
"""Records that may wait for the disk before further ones are refused at once."""

_PROBE = text("UPDATE alembic_version SET version_num = version_num")  # a real write that changes nothing

log = structlog.get_logger(__name__)


class JournalUnavailable(Exception):
    """The journal can't be written or read now; what was to be recorded must not be answered."""


@dataclass(frozen=True, slots=True)
class Record:
    """One decision as the journal keeps it. `request` is the body as received, `answer` the decision as answered."""

    id: str
    recorded_at: str
    case_kind: str
    subject: str
    outcome: str
    policy_version: str
    request: str
    answer: str


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction carried and took, for whoever observes the journal."""

    records: int
    seconds: float
    failed: bool


_Work = Record | Callable[[Connection], object]
_Waiting = tuple[_Work, "asyncio.Future[None]"]


def moment(at: datetime) -> str:
    """A time as the journal and the answers write it: ISO 8601, UTC, microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Journal:
    """Made by the event loop's thread; `observe` is called by the writer thread after each transaction."""

    def __init__(self, path: Path, observe: Callable[[Commit], None] = lambda _: None) -> None:
        self.path = path
        self._observe = observe
        self._database = sqlite_database(path)
        self._connection: Connection | None = None
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._closed = False
        self._trouble = ""  # what the disk was last found to refuse; logged when it changes
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        return self._waiting.qsize()

    def record(self, record: Record) -> asyncio.Future[None]:
        """Done once the record is on disk; fails with `JournalUnavailable`."""
        return self._put(record)

    def record_policy_set(self, version: str, loaded_at: str, files: Mapping[str, str]) -> asyncio.Future[None]:
        """Kept once per version: a decision's policies can be read back by its `policy_version`."""
        row = {"version": version, "loaded_at": loaded_at, "files": json.dumps(dict(files), ensure_ascii=False)}
        known = select(policy_sets.c.version).where(policy_sets.c.version == version)

        def write(connection: Connection) -> None:
            if connection.execute(known).first() is None:
                connection.execute(insert(policy_sets), row)

        return self._put(write)

    def probe(self) -> asyncio.Future[None]:
        """Done once a write has reached the disk."""
        return self._put(lambda connection: connection.execute(_PROBE))

    def find(self, id: str) -> str | None:
        """The decision as it was answered. Blocks: call it from a thread."""
        return self._read(decisions.c.answer, decisions.c.id == id)

    def find_policy_set(self, version: str) -> dict[str, str] | None:
        """File name → text. Blocks: call it from a thread."""
        files = self._read(policy_sets.c.files, policy_sets.c.version == version)
        return None if files is None else json.loads(files)

    def close(self) -> None:
        """Writes what is waiting, then stops. Blocks: call it from a thread while the event loop runs."""
        if not self._closed:
            self._closed = True
            self._waiting.put(None)
            self._thread.join()
            self._database.dispose()

    def _read(self, column: Column[str], condition: ColumnElement[bool]) -> str | None:
        try:
            with self._database.connect() as connection:
                return connection.execute(select(column).where(condition)).scalar()
        except SQLAlchemyError as error:
            raise JournalUnavailable("the journal can't be read now") from error

    def _put(self, work: _Work) -> asyncio.Future[None]:
        if self._closed:
            raise JournalUnavailable("the journal is closed")
        if self._waiting.qsize() >= WAITING_MAX:
            raise JournalUnavailable("too many decisions wait for the journal")
        future = asyncio.get_running_loop().create_future()
        self._waiting.put((work, future))
        return future

    # The writer thread, from here on.

    def _run(self) -> None:
        while batch := self._next_batch():
            self._write(batch)
        self._disconnect()

    def _next_batch(self) -> list[_Waiting]:
        """Blocks for the first, then takes what else is there; empty once the journal is closed and drained."""
        first = self._waiting.get()
        batch = [] if first is None else [first]
        try:
            while first is not None and len(batch) < BATCH_MAX:
                following = self._waiting.get_nowait()
                if following is None:
                    self._waiting.put(None)  # closes after this batch
                    break
                batch.append(following)
        except Empty:
            pass
        return batch

    def _write(self, batch: Sequence[_Waiting]) -> None:
        """One transaction for all; one for each where the data of one of them, not the disk, was at fault."""
        error = self._commit([work for work, _ in batch])
        if not isinstance(error, _DATA_AT_FAULT) or len(batch) == 1:
            _settle((future for _, future in batch), error)
            return
        for work, future in batch:
            _settle([future], self._commit([work]))

    def _commit(self, works: Sequence[_Work]) -> Exception | None:
        started = perf_counter()
        try:
            self._in_one_transaction(works, self._connected())
        except Exception as error:  # whatever it is, the callers must hear of it and the thread must live
            self._note(error, len(works))
            self._disconnect()
            self._observe(Commit(len(works), perf_counter() - started, failed=True))
            return error
        self._observe(Commit(len(works), perf_counter() - started, failed=False))
        if self._trouble:
            self._trouble = ""
            log.info("journal writes again", journal=str(self.path))
        return None

    def _note(self, error: Exception, records: int) -> None:
        """What the disk refuses is said once, however often it is tried; what has no words is said in full."""
        trouble = trouble_in_words(error)
        if not trouble:
            log.exception("journal write failed", journal=str(self.path), records=records)
        elif trouble != self._trouble:
            self._trouble = trouble
            log.error("journal write failed", journal=str(self.path), records=records, reason=trouble)

    def _in_one_transaction(self, works: Sequence[_Work], connection: Connection) -> None:
        """Records alone are one statement, which SQLite commits by itself. The driver gives up the interpreter lock
        for each statement, and beside a busy event loop getting it back takes up to 5 ms: BEGIN, INSERT and COMMIT
        one by one halve the service's rate."""
        records = [work for work in works if isinstance(work, Record)]
        if len(records) == len(works):
            connection.connection.cursor().execute(_insertion(len(records)), _values(records))
            return
        with connection.begin():
            if records:
                connection.exec_driver_sql(_insertion(len(records)), _values(records))
            for work in works:
                if not isinstance(work, Record):
                    work(connection)

    def _connected(self) -> Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            migrate(self._database)
            self._connection = self._database.connect().execution_options(writes=True)
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.invalidate()
                connection.close()


_DATA_AT_FAULT = (IntegrityError, DataError, sqlite3.IntegrityError, sqlite3.DataError, UnicodeError)

_HELD = "another process holds it"
_TROUBLES = {
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_PERM: "it may not be written",
    sqlite3.SQLITE_IOERR: "the disk fails",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened",
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database",
}


def trouble_in_words(error: Exception) -> str:
    """What is wrong with the journal's file; empty where the error is about something else."""
    if isinstance(error, CommandError):
        return "its tables are not those of this version of credence"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    raw = getattr(error, "orig", None) or error
    code = getattr(raw, "sqlite_errorcode", None)
    return "" if code is None else _TROUBLES.get(code & 0xFF, "")


def check_writable(path: Path) -> None:
    """Makes the file where there is none and tries a write. Raises `JournalUnavailable` with what is wrong; to be held
    by another process passes, since that ends by itself."""
    database = sqlite_database(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        migrate(database)
        with database.connect().execution_options(writes=True) as connection, connection.begin():
            connection.execute(_PROBE)
    except Exception as error:
        trouble = trouble_in_words(error)
        if not trouble:
            raise
        if trouble != _HELD:
            raise JournalUnavailable(trouble) from error
    finally:
        database.dispose()


_COLUMNS = tuple(column.name for column in fields(Record))


@lru_cache(maxsize=BATCH_MAX)
def _insertion(records: int) -> str:
    """One statement for the whole batch."""
    rows = [dict.fromkeys(_COLUMNS, "") for _ in range(records)]
    return str(insert(decisions).values(rows).compile(dialect=sqlite.dialect()))


def _values(records: Iterable[Record]) -> tuple[str, ...]:
    return tuple(getattr(record, column) for record in records for column in _COLUMNS)


def _settle(futures: Iterable[asyncio.Future[None]], error: Exception | None) -> None:
    """Resolves the futures in their event loops: one call into each loop, whatever the number of futures."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for future in futures:
        by_loop.setdefault(future.get_loop(), []).append(future)
    for loop, those in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve, those, error)


def _resolve(futures: Iterable[asyncio.Future[None]], error: Exception | None) -> None:
    for future in futures:
        if future.done():
            continue  # its caller went away
        if error is None:
            future.set_result(None)
        else:
            refused = JournalUnavailable("the decision could not be written to the journal")
            refused.__cause__ = error
            future.set_exception(refused)
