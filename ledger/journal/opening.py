"""Opening the journal to write: the file, its tables, its triggers, its keys, its last records are looked at first.

Nothing is decided on a journal that fails here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import urandom
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from ledger.journal.clock import Clock
from ledger.journal.erased_keys import note_erasures
from ledger.journal.last_records import check_last_records, check_whole
from ledger.journal.last_signed import JournalBehind, last_signed, why_behind
from ledger.journal.log_head import LogHead, read_head
from ledger.store.key_database import SubjectKeys
from ledger.store.log_keys import KeysOnDisk, LogKeys
from ledger.store.place import JournalPlace
from ledger.store.secret_files import KeyPlaces, beside, log_keys, wrapping_key
from ledger.store.store import Store, store_at
from ledger.store.tables import bodies, entries
from ledger.store.trouble import DAMAGED, HELD, FileTrouble, JournalUnavailable, trouble_in_words

PROBE_BYTES = 32_000
"""More than a decision takes (4 to 6 kB, up to 30 kB): where this fits, a decision does."""

_PROBE = text(
    "INSERT INTO probe (number, filler) VALUES (1, :filler) ON CONFLICT (number) DO UPDATE SET filler = excluded.filler"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJournal:
    """A journal that may be added to."""

    connection: Connection
    keys: SubjectKeys
    log_keys: Callable[[], LogKeys]
    """Who signs, as the file says now. Raises `FileTrouble`."""

    head: LogHead

    last_checkpoint: Path
    """File of what was signed last."""

    is_behind: bool = False
    """It doesn't begin with what was signed last: all that may be added is a new epoch."""


def open_to_write(
    store: Store, places: KeyPlaces, clock: Clock, holding: str | None = None, *, is_behind: bool = False
) -> OpenJournal:
    """`holding`: a record that must be in it, since this process has answered it. `is_behind`: it may be behind what
    was signed last. The clock learns the time of the last record. Raises `FileTrouble` (`JournalBehind`) and what the
    database raises."""
    connection = store.connect_to_write()
    try:
        check_whole(connection, store.bytes)
        return _with_keys(connection, places, clock, holding, may_be_behind=is_behind)
    except BaseException:
        store.closed()
        connection.close()
        raise


def _with_keys(
    connection: Connection, places: KeyPlaces, clock: Clock, holding: str | None, *, may_be_behind: bool
) -> OpenJournal:
    with connection.begin():
        ended = read_head(connection, None)
        most = connection.execute(select(func.max(bodies.c.seq))).scalar()
        if most is not None and most >= ended.tree.size:
            raise FileTrouble(f"{DAMAGED}: record {most} has a body and no header")
        is_new = ended.tree.size == 0
        on_disk = KeysOnDisk(places.signing_key, lambda: log_keys(places.signing_key, may_make=is_new))
        signing = on_disk()
        keys = SubjectKeys(places.subject_keys, wrapping_key(places.wrapping_key, may_make=is_new))
        keys.open(may_make=is_new, at_least=ended.last_key)
        note_erasures(connection, keys)
        last = last_signed(places.last_checkpoint, signing)
        newest = signing if last is None else signing.renamed(last.origin)
        latest = check_last_records(connection, ended, keys.key, newest.verifiers)
        if latest is not None:
            clock.seen(latest)
        if holding is not None:
            _refuse_without(connection, holding)
        behind = why_behind(connection, ended, last, signing.signer.name)
        if behind and not may_be_behind:
            raise JournalBehind(behind)
    return OpenJournal(
        connection=connection,
        keys=keys,
        log_keys=on_disk,
        head=ended,
        last_checkpoint=places.last_checkpoint,
        is_behind=bool(behind),
    )


def try_write(store: Store, connection: Connection) -> None:
    """In the caller's transaction. Committed, not rolled back: what is rolled back never leaves the database's memory,
    and a full disk isn't noticed. The triggers are looked at once more: they may have been dropped since the start."""
    store.check_schema(connection)
    connection.execute(_PROBE, {"filler": urandom(PROBE_BYTES)})


def check_writable(place: JournalPlace, places: KeyPlaces | None = None) -> None:
    """Makes the file where there is none, or the tables in an empty database, with their keys, and tries a write.
    Raises `JournalUnavailable` with what is wrong; to be held by another process passes, since that ends by itself."""
    store = store_at(place)
    try:
        opened = open_to_write(store, places or beside(place), Clock())
        try:
            with store.turn(opened.connection):
                try_write(store, opened.connection)
        finally:
            opened.connection.close()
            store.closed()
    except Exception as error:
        trouble = trouble_in_words(error)
        if not trouble:
            raise
        if trouble != HELD:
            raise JournalUnavailable(trouble) from error


def _refuse_without(connection: Connection, id: str) -> None:
    """A file with the same number on disk may still be another one: the number is given anew."""
    if connection.execute(select(entries.c.seq).where(entries.c.id == id)).first() is None:
        raise FileTrouble("the journal was moved or replaced: what was recorded last is not in it; put it back")
