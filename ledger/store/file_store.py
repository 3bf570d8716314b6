"""A journal in an SQLite file: the file at its path, its connections, and the turn of one writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ledger.store.database import (
    LOCK_SECONDS_MAX,
    database_kept_to_read,
    database_to_read,
    database_to_write,
    migrate,
)
from ledger.store.journal_file import JournalFile
from ledger.store.schema_check import check_schema
from ledger.store.trouble import FileLost, WrittenEntry

EMPTIES_SECONDS = 1.0
"""How often it is tried to empty the write-ahead log after an erasure, while somebody keeps it."""

log = structlog.get_logger(__name__)


class FileTurn:
    """The file is locked from `BEGIN IMMEDIATE` to the commit."""

    def finish(self) -> None:
        """The commit follows when the turn ends."""


class FileStore:
    """As `Store` says."""

    faults: tuple[type[Exception], ...] = (sqlite3.Error,)
    data_faults: tuple[type[Exception], ...] = (sqlite3.IntegrityError, sqlite3.DataError)

    def __init__(self, path: Path) -> None:
        self.place = path
        self.file = JournalFile(path)
        self._to_empty, self._is_late = True, False  # who was stopped may have left something in the log
        self._empties_at = 0.0
        self._to_read, self._kept_to_read = database_to_read(self.file), database_kept_to_read(self.file)

    @property
    def bytes(self) -> int:
        """Size of the file when it was last looked at."""
        return self.file.bytes

    @property
    def log_bytes(self) -> int:
        """Size of the write-ahead log."""
        return self.file.log_bytes

    def connect_to_write(self) -> Connection:
        """Makes the file where there has never been one."""
        self.file.prepare()
        connection = database_to_write(self.file).connect().execution_options(writes=True)
        try:
            migrate(connection)
            self.file.opened()
            check_schema(connection)
        except BaseException:
            self.file.closed()
            connection.close()
            raise
        return connection

    def check(self) -> None:
        """The paths still lead to the files that were opened."""
        self.file.check()

    @contextmanager
    def turn(self, connection: Connection) -> Iterator[FileTurn]:
        """The commit's answer can't be lost: it comes from this process. Begun and ended without SQLAlchemy, which
        takes longer for it than the file does; what it is asked for within takes part."""
        raw: Any = connection.connection.driver_connection
        raw.execute("BEGIN IMMEDIATE")
        try:
            yield FileTurn()
            connection.commit()
            if raw.in_transaction:  # SQLAlchemy was not asked for anything
                raw.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error, SQLAlchemyError):
                connection.rollback()
            with suppress(sqlite3.Error):
                raw.rollback()
            raise
        if self._to_empty and monotonic() >= self._empties_at:
            self._empty(raw, wait_seconds=0)

    def was_committed(self, connection: Connection, transaction: str, last: WrittenEntry | None) -> bool:  # noqa: ARG002  # never asked
        """A commit in this process says itself what became of it."""
        return False

    def check_schema(self, connection: Connection) -> None:
        """Compared with a database in memory that the same migrations made."""
        check_schema(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Kept for later while the file is open to be written."""
        with (self._kept_to_read if self.file.is_open else self._to_read).connect() as connection:
            yield connection

    def after_failure(self, error: Exception, connection: Connection | None) -> bool:
        """The file is opened afresh; but where it is lost, what it holds is kept."""
        if not isinstance(error, FileLost):
            return True
        if connection is not None and self.file.may_be_completed:
            # what the log holds must not be lost with it: the connection still has both
            with suppress(sqlite3.Error, SQLAlchemyError):
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
        return False

    def leave_nothing(self, connection: Connection) -> None:
        """Where somebody reads what was there before, commits that follow try again, until the log is empty."""
        self._to_empty = True
        raw: Any = connection.connection.driver_connection
        self._empty(raw, wait_seconds=LOCK_SECONDS_MAX)

    def _empty(self, raw: sqlite3.Connection, *, wait_seconds: float) -> None:
        self._empties_at = monotonic() + EMPTIES_SECONDS
        try:
            raw.execute(f"PRAGMA busy_timeout={wait_seconds * 1000:.0f}")
            [[is_busy, _, _]] = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error:
            is_busy = 1
        finally:
            with suppress(sqlite3.Error):
                raw.execute(f"PRAGMA busy_timeout={LOCK_SECONDS_MAX * 1000:.0f}")
        self._to_empty = bool(is_busy)
        if is_busy and not self._is_late and wait_seconds:
            self._is_late = True
            log.warning(
                "what was erased still stands in the journal's write-ahead log, since somebody reads the file; "
                "it is emptied with a commit after they have ended",
                journal=str(self.place),
            )
        elif self._is_late and not is_busy:
            self._is_late = False
            log.warning(
                "the journal's write-ahead log is empty: nothing stands there any more", journal=str(self.place)
            )

    def closed(self) -> None:
        """SQLite takes -wal and -shm away when it closes the file."""
        self.file.closed()

    def dispose(self) -> None:
        """Whoever closes the file last takes the log in, which only a writer can: so readers first."""
        self._kept_to_read.dispose()
