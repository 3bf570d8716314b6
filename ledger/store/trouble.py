"""What can be wrong with the journal, in words: for its callers, the log and `/readyz`."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from alembic.util.exc import CommandError


class JournalUnavailable(Exception):
    """The journal can't be written or read now; what was to be recorded must not be answered."""


class FileTrouble(Exception):
    """The file can't be the journal as it stands; the message says what is wrong and what to do."""


class FileLost(FileTrouble):
    """The file that was opened no longer stands at its path, whole. The connection to it is kept: with it the file
    can't be given up by the disk, and it is recognised when it comes back."""


class WrittenEntry(NamedTuple):
    """A record by which a transaction is known again."""

    seq: int
    header: str


class AnswerLost(Exception):
    """The connection to the server broke before it said whether it had committed. The transaction is asked for by its
    number before anything is said to those who wait."""

    def __init__(self, transaction: str) -> None:
        super().__init__("its server's answer to the commit was lost")
        self.transaction = transaction


DAMAGED = "the journal is damaged"
"""Whatever it is kept in: what stands there can't have been written like this."""
FILE_DAMAGED = "the file is damaged"
DATABASE_DAMAGED = "the database is damaged"
"""SQLite, or the server, says so itself."""
HELD = "another process holds it"
OTHER_TABLES = "its tables are not those of this version of credence"
TABLES_LACKING = f"{OTHER_TABLES}; `credence journal take-over` writes a journal of an earlier one into a new one"

_TROUBLES = {
    sqlite3.SQLITE_BUSY: HELD,
    sqlite3.SQLITE_LOCKED: HELD,
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_PERM: "it may not be written",
    sqlite3.SQLITE_IOERR: "the disk fails",
    sqlite3.SQLITE_CORRUPT: FILE_DAMAGED,
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened",
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database",
}

_CONNECTION_BROKE = "08006"
_SERVER_TROUBLES = {
    "08": "the connection to its server broke",
    "25006": "it is read-only",
    "28": "its server refuses the user",
    "3D000": "its server has no database of that name",
    "40": "another process was in the way",
    "42501": "its user has no right to it; `credence journal roles` says which it needs",
    "42703": OTHER_TABLES,
    "42P01": OTHER_TABLES,
    "53100": "the disk is full",
    "53200": "its server is out of memory",
    "53300": "its server takes no more connections",
    "55P03": HELD,
    "57014": "its server cancelled it",
    "57P": "its server is going down or coming up",
    "58": "the disk fails",
    "XX001": DATABASE_DAMAGED,
    "XX002": DATABASE_DAMAGED,
}
"""By PostgreSQL's codes, or how they begin: the longest counts
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


def trouble_in_words(error: BaseException | None) -> str:
    """What is wrong with the journal's place; empty where the error is about something else."""
    if isinstance(error, FileTrouble):
        return str(error)
    if isinstance(error, CommandError):
        return OTHER_TABLES
    if isinstance(error, OSError):
        return error.strerror or str(error)
    raw = getattr(error, "orig", None) or error
    if isinstance(raw, AnswerLost):
        return (
            "its server's answer to the commit was lost; whether it was recorded is not known yet, so look for its id"
        )
    if isinstance(raw, sqlite3.OperationalError) and str(raw).startswith("Could not decode to UTF-8"):
        return FILE_DAMAGED  # the driver's own: what was text isn't any more
    if isinstance(raw, sqlite3.OperationalError) and str(raw).startswith(("no such table", "no such column")):
        return TABLES_LACKING
    code = getattr(raw, "sqlite_errorcode", None)
    return _server_trouble(raw) if code is None else _TROUBLES.get(code & 0xFF, "")


def is_damage(trouble: str) -> bool:
    """Whether it says, among other words, that what is stored was changed or lost."""
    return any(words in trouble for words in (DAMAGED, FILE_DAMAGED, DATABASE_DAMAGED))


def _server_trouble(raw: object) -> str:
    """By the server's code; without one the connection broke, before the server could say anything."""
    code = getattr(raw, "sqlstate", None)
    if code is None and hasattr(raw, "sqlstate") and type(raw).__name__ == "OperationalError":
        code = _CONNECTION_BROKE
    found = (words for length in (5, 3, 2) if (words := _SERVER_TROUBLES.get((code or "")[:length])))
    return next(found, "")


def unavailable(what: str, error: BaseException) -> JournalUnavailable:
    """`what` could not be done, with the reason where there are words for it."""
    reason = trouble_in_words(error)
    refused = JournalUnavailable(f"{what}: {reason}" if reason else what)
    refused.__cause__ = error
    return refused
