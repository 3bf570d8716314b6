"""What can be wrong with the journal, in words: for its callers, the log and `/readyz`."""

from __future__ import annotations

import sqlite3

from alembic.util.exc import CommandError


class JournalUnavailable(Exception):
    """The journal can't be written or read now; what was to be recorded must not be answered."""


class FileTrouble(Exception):
    """The file can't be the journal as it stands; the message says what is wrong and what to do."""


class FileLost(FileTrouble):
    """The file that was opened no longer stands at its path, whole. The connection to it is kept: with it the file
    can't be given up by the disk, and it is recognised when it comes back."""


DAMAGED = "the file is damaged"
HELD = "another process holds it"
OTHER_TABLES = "its tables are not those of this version of credence"

_TROUBLES = {
    sqlite3.SQLITE_BUSY: HELD,
    sqlite3.SQLITE_LOCKED: HELD,
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_PERM: "it may not be written",
    sqlite3.SQLITE_IOERR: "the disk fails",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened",
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database",
}


def trouble_in_words(error: BaseException | None) -> str:
    """What is wrong with the journal's file; empty where the error is about something else."""
    if isinstance(error, FileTrouble):
        return str(error)
    if isinstance(error, CommandError):
        return OTHER_TABLES
    if isinstance(error, OSError):
        return error.strerror or str(error)
    raw = getattr(error, "orig", None) or error
    if isinstance(raw, sqlite3.OperationalError) and str(raw).startswith("Could not decode to UTF-8"):
        return DAMAGED  # the driver's own: what was text isn't any more
    code = getattr(raw, "sqlite_errorcode", None)
    return "" if code is None else _TROUBLES.get(code & 0xFF, "")


def unavailable(what: str, error: BaseException) -> JournalUnavailable:
    """`what` could not be done, with the reason where there are words for it."""
    reason = trouble_in_words(error)
    refused = JournalUnavailable(f"{what}: {reason}" if reason else what)
    refused.__cause__ = error
    return refused
