"""Opening the journal to write: its place, its tables, its triggers and its last records are looked at first.

Nothing is decided on a journal that fails here.
"""

from __future__ import annotations

from os import urandom

from sqlalchemy import Connection, select, text

from ledger.journal.clock import Clock
from ledger.journal.last_records import check_last_records
from ledger.store.place import JournalPlace
from ledger.store.store import Store, store_at
from ledger.store.tables import decisions
from ledger.store.trouble import HELD, FileTrouble, JournalUnavailable, trouble_in_words

PROBE_BYTES = 32_000
"""More than a decision takes (4 to 6 kB, up to 30 kB): where this fits, a decision does."""

_PROBE = text(
    "INSERT INTO probe (number, filler) VALUES (1, :filler) ON CONFLICT (number) DO UPDATE SET filler = excluded.filler"
)


def open_to_write(store: Store, clock: Clock, holding: str | None = None) -> Connection:
    """`holding`: a decision that must be in it, since this process has answered it. The clock learns the time of the
    last record. Raises `FileTrouble` and what the database raises."""
    connection = store.connect_to_write()
    try:
        with connection.begin():
            latest = check_last_records(connection, store.bytes)
            if latest is not None:
                clock.seen(latest)
            if holding is not None:
                _refuse_without(connection, holding)
    except BaseException:
        store.closed()
        connection.close()
        raise
    return connection


def try_write(store: Store, connection: Connection) -> None:
    """In the caller's transaction. Committed, not rolled back: what is rolled back never leaves the database's memory,
    and a full disk isn't noticed. The triggers are looked at once more: they may have been dropped since the start."""
    store.check_schema(connection)
    connection.execute(_PROBE, {"filler": urandom(PROBE_BYTES)})


def check_writable(place: JournalPlace) -> None:
    """Makes the file where there is none, or the tables in an empty database, and tries a write. Raises
    `JournalUnavailable` with what is wrong; to be held by another process passes, since that ends by itself."""
    store = store_at(place)
    try:
        connection = open_to_write(store, Clock())
        try:
            with store.turn(connection):
                try_write(store, connection)
        finally:
            connection.close()
            store.closed()
    except Exception as error:
        trouble = trouble_in_words(error)
        if not trouble:
            raise
        if trouble != HELD:
            raise JournalUnavailable(trouble) from error


def _refuse_without(connection: Connection, id: str) -> None:
    """A file with the same number on disk may still be another one, for the number is given anew; a database may be
    restored from a backup."""
    if connection.execute(select(decisions.c.sequence).where(decisions.c.id == id)).first() is None:
        raise FileTrouble("the file was moved or replaced: what was recorded last is not in it; put it back")
