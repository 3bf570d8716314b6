"""Opening the journal to write: the file, its tables, its triggers and its last records are looked at first.

Nothing is decided on a journal that fails here.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, select, text

from ledger.journal.clock import Clock
from ledger.journal.last_records import check_last_records
from ledger.store.database import database_to_write, migrate
from ledger.store.journal_file import JournalFile
from ledger.store.schema_check import check_schema
from ledger.store.tables import decisions
from ledger.store.trouble import HELD, FileTrouble, JournalUnavailable, trouble_in_words

PROBE_BYTES = 32_000
"""More than a decision takes (4 to 6 kB, up to 30 kB): where this fits, a decision does."""

_PROBE = text(f"INSERT OR REPLACE INTO probe (number, filler) VALUES (1, randomblob({PROBE_BYTES}))")


def open_to_write(file: JournalFile, clock: Clock, holding: str | None = None) -> Connection:
    """`holding`: a decision that must be in it, since this process has answered it. The clock learns the time of the
    last record. Raises `FileTrouble` and what the database raises."""
    file.prepare()
    connection = database_to_write(file).connect().execution_options(writes=True)
    try:
        migrate(connection)
        file.opened()
        check_schema(connection)
        latest = check_last_records(connection, file.bytes)
        if latest is not None:
            clock.seen(latest)
        if holding is not None:
            _refuse_without(connection, holding)
    except BaseException:
        file.closed()
        connection.close()
        raise
    return connection


def try_write(connection: Connection) -> None:
    """In the caller's transaction. Committed, not rolled back: what is rolled back never leaves SQLite's memory, and a
    full disk isn't noticed. The triggers are looked at once more: they may have been dropped since the start."""
    check_schema(connection)
    connection.execute(_PROBE)


def check_writable(path: Path) -> None:
    """Makes the file where there is none and tries a write. Raises `JournalUnavailable` with what is wrong; to be held
    by another process passes, since that ends by itself."""
    try:
        connection = open_to_write(JournalFile(path), Clock())
        try:
            with connection.begin():
                try_write(connection)
        finally:
            connection.close()
    except Exception as error:
        trouble = trouble_in_words(error)
        if not trouble:
            raise
        if trouble != HELD:
            raise JournalUnavailable(trouble) from error


def _refuse_without(connection: Connection, id: str) -> None:
    """A file with the same number on disk may still be another one: the number is given anew."""
    with connection.begin():
        if connection.execute(select(decisions.c.sequence).where(decisions.c.id == id)).first() is None:
            raise FileTrouble("the file was moved or replaced: what was recorded last is not in it; put it back")
