"""What a journal asks of the place where it is kept, be it an SQLite file or a PostgreSQL database.

One `Store` belongs to one journal. Writing is for the journal's thread, reading for any.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from ledger.store.file_store import FileStore
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.trouble import WrittenEntry


class Turn(Protocol):
    """A transaction in which nobody else writes to this journal."""

    def finish(self) -> None:
        """The commit. Raises `AnswerLost` where nobody knows what became of it."""


class Store(Protocol):
    """Where one journal is kept."""

    faults: tuple[type[Exception], ...]
    """What the driver raises."""

    data_faults: tuple[type[Exception], ...]
    """What the driver raises where a row, not the place, is at fault."""

    @property
    def place(self) -> JournalPlace:
        """As text without passwords."""

    @property
    def bytes(self) -> int:
        """Size of the file when it was last looked at; 0 on a server."""

    @property
    def log_bytes(self) -> int:
        """Size of the write-ahead log beside the file; 0 on a server, which keeps its own."""

    def connect_to_write(self) -> Connection:
        """With the tables of this version, looked at. Makes what has never been there. Raises `FileTrouble` and what
        the database raises."""

    def check(self) -> None:
        """Raises `FileLost` where what is written now would be found by nobody."""

    def turn(self, connection: Connection) -> AbstractContextManager[Turn]:
        """Begins a transaction as the only writer; `Turn.finish` ends it. Raises `AnswerLost` where nobody knows
        whether it was committed."""

    def was_committed(self, connection: Connection, transaction: str, last: WrittenEntry | None) -> bool:
        """Whether a transaction whose answer was lost has been committed: asked over a new connection, once it has
        ended. `last`: the last entry that it wrote, which must be there."""

    def check_schema(self, connection: Connection) -> None:
        """Raises `FileTrouble` where tables or triggers are not those that the migrations make."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that changes nothing."""

    def after_failure(self, error: Exception, connection: Connection | None) -> bool:
        """Saves what can be saved. Whether the connection is to be given up."""

    def leave_nothing(self, connection: Connection) -> None:
        """What was deleted doesn't stand in the write-ahead log any longer than it must."""

    def closed(self) -> None:
        """The connection to write has been given up."""

    def dispose(self) -> None:
        """Nobody reads any more."""


def store_at(place: JournalPlace) -> Store:
    """The store of a journal at this place. Touches nothing yet."""
    if not isinstance(place, ServerAddress):
        return FileStore(place)
    from ledger.store.server_store import ServerStore  # needs psycopg, which a journal in a file doesn't

    return ServerStore(place)
