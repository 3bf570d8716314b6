"""Business dates on record: each has a row for what was begun on it, so that no process goes back behind another.

A clock that is set back, or a process that starts again, would take approvals, limits and guarantees as they were on a
day that is over.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select, text

from ledger.store.ledger_tables import days

COMMANDS_OF_THE_DAY = "commands"
"""The step that the first command of a business date begins."""

_BEGIN = text("INSERT INTO days (day, step) VALUES (:day, :step) ON CONFLICT (day, step) DO NOTHING")
_LAST = select(func.max(days.c.day))


def begin_step(connection: Connection, day: int, step: str) -> bool:
    """Whether this transaction is the first to begin it."""
    return bool(connection.execute(_BEGIN, {"day": day, "step": step}).rowcount)


def last_business_day(connection: Connection) -> int:
    """The latest on record, as days since 1970-01-01; 0 where there is none."""
    return connection.scalar(_LAST) or 0
