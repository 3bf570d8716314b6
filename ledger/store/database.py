"""The embedded database: opening it so that what is committed survives a power cut, and bringing its tables up to date.

PRAGMAs as in https://www.sqlite.org/pragma.html:
- WAL with synchronous=FULL: the log is fsynced at each commit.
- recursive_triggers: without it `INSERT OR REPLACE` deletes a row without asking the triggers.
- wal_autocheckpoint=500 pages (the default is 1000): shorter pauses, a third of the p99 in our measurements.
- secure_delete: what is deleted, such as what erased records were found by, is overwritten with zeros.
- journal_size_limit: what the log has grown to beside a long reader is given back once that reader is gone.

A connection never makes the file (`mode=rw`, `mode=ro`): a journal that was moved away must not be replaced by an empty
one. Only connections that read the file which the journal's thread has open are kept for later: any other one might
lead to a file that is no longer there, or overlook what has been written since.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, NullPool, Pool, QueuePool, create_engine, event, inspect
from sqlalchemy import Engine as Database

from ledger.store.journal_file import JournalFile
from ledger.store.prepared_sql import STATEMENTS_KEPT
from ledger.store.trouble import FileTrouble

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_SECONDS_MAX = 2.0
"""How long a write waits for another process that holds the file, before it counts as failed."""

LOG_BYTES_KEPT = 8 << 20
"""What the write-ahead log is cut back to; 500 pages of 4 kB are 2 MB."""

_ONE_MIGRATION_AT_A_TIME = """
SET LOCAL lock_timeout = '60s';
SELECT pg_advisory_xact_lock(hashtext('credence migrations'))
"""
EARLIER = ("0001", "0002", "0003")
"""Revisions of journals that kept decisions without proof."""

OF_BEFORE_RECORDS = (
    "it is a journal of an earlier version of credence; `credence journal take-over FILE --into NEW` writes what is in "
    "it into a new one"
)

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "recursive_triggers=ON",
    "secure_delete=ON",
    "wal_autocheckpoint=500",
    f"journal_size_limit={LOG_BYTES_KEPT}",
)


def database_to_write(file: JournalFile) -> Database:
    """Touches nothing on disk until the first connection. The file must be there."""
    return _database(lambda: _open_to_write(file))


def database_to_read(file: JournalFile) -> Database:
    """Also where nothing can be written. Changes nothing."""
    return _database(lambda: _open_to_read(file))


def database_kept_to_read(file: JournalFile) -> Database:
    """Of the file that is open to be written; a connection is opened once and used for many reads."""
    return _database(lambda: _connect(f"{file.uri}?mode=ro", check_same_thread=False), QueuePool)


def migrate(connection: Connection) -> None:
    """Brings the tables to the newest revision, in one transaction. Raises `FileTrouble` for a journal of before there
    were records: it is taken over into a new file, never changed."""
    _refuse_earlier(connection)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with connection.begin():
        if connection.dialect.name == "postgresql":  # SQLite's writers are one after the other as it is
            connection.exec_driver_sql(_ONE_MIGRATION_AT_A_TIME)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_earlier(connection: Connection) -> None:
    with connection.begin():
        if not inspect(connection).has_table("alembic_version"):
            return
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if revision in EARLIER:
        raise FileTrouble(OF_BEFORE_RECORDS)


def memory_database() -> Database:
    """A new one with each connection."""
    return _database(lambda: sqlite3.connect(":memory:", isolation_level=None))


def _database(creator: Callable[[], sqlite3.Connection], pool: type[Pool] = NullPool) -> Database:
    # hide_parameters: customers' figures don't belong in the log that an error message ends in
    database = create_engine("sqlite://", creator=creator, poolclass=pool, hide_parameters=True)
    event.listen(database, "begin", _begin)
    return database


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: taken halfway, it fails without waiting when another process has it."""
    raw: Any = connection.connection.driver_connection
    if raw.in_transaction:  # begun by `FileStore.turn`
        return
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _connect(uri: str, *, check_same_thread: bool = True) -> sqlite3.Connection:
    # isolation_level: the driver would begin transactions by its own rules, and never before DDL
    return sqlite3.connect(
        uri,
        uri=True,
        timeout=LOCK_SECONDS_MAX,
        isolation_level=None,
        check_same_thread=check_same_thread,
        cached_statements=STATEMENTS_KEPT,
    )


def _open_to_write(file: JournalFile) -> sqlite3.Connection:
    raw = _connect(f"{file.uri}?mode=rw")
    try:
        _refuse_another_programs(raw)
        for pragma in _PRAGMAS:
            raw.execute(f"PRAGMA {pragma}")
    except BaseException:
        raw.close()
        raise
    return raw


def _refuse_another_programs(raw: sqlite3.Connection) -> None:
    """Before anything in it is changed."""
    tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and "alembic_version" not in tables:
        raise FileTrouble("the file is another program's database")


def _open_to_read(file: JournalFile) -> sqlite3.Connection:
    """Where the folder can't be written SQLite fails for want of its index (-shm): then the log is read with an index
    in memory, and where there is no log, the file by itself. Only there: elsewhere either would overlook what is
    being written."""
    try:
        return _tried(f"{file.uri}?mode=ro")
    except sqlite3.OperationalError:
        if os.access(Path(os.path.realpath(file.path)).parent, os.W_OK) or not file.path.exists():
            raise
    if file.log_bytes:
        return _tried(f"{file.uri}?mode=ro&vfs=unix-none", "PRAGMA locking_mode=EXCLUSIVE")
    return _tried(f"{file.uri}?mode=ro&immutable=1")


def _tried(uri: str, *statements: str) -> sqlite3.Connection:
    """Opening reads nothing yet; asking for a table does."""
    raw = _connect(uri)
    try:
        for statement in (*statements, "SELECT 1 FROM sqlite_master LIMIT 1"):
            raw.execute(statement).fetchall()
    except BaseException:
        raw.close()
        raise
    return raw
