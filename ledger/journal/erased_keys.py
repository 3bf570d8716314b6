"""Which subject keys are gone by order, as the journal's records say: what the keys' own database must agree with.

Each process holds keys ready. Which of them leave it learns from the log: where somebody else has written since its
last transaction, it looks for erasures among those records, while nobody else can write. From the moment that an
erasure is confirmed its key is read anew for each record, so no body is ever sealed by a key that is gone, whoever
deletes it and whatever happens to that process.

A backup of the keys that is put back brings erased ones along; they are erased again before anything is written.
"""

from __future__ import annotations

import structlog
from sqlalchemy import Connection, literal_column, select

from ledger.record.gone_bodies import CONFIRMED, ERASED, key_in
from ledger.store.key_database import SubjectKeys
from ledger.store.tables import IS_ERASURE, entries

log = structlog.get_logger(__name__)

_OUTCOMES = select(entries.c.outcome).where(literal_column(IS_ERASURE.text))


def keys_leaving_since(connection: Connection, seq: int) -> list[int]:
    """Numbers of the keys that records from this place on say are erased, or are to be."""
    return _numbers(connection, seq, CONFIRMED, ERASED)


def _numbers(connection: Connection, seq: int, *begins: str) -> list[int]:
    outcomes = connection.execute(_OUTCOMES.where(entries.c.seq >= seq)).scalars().all()
    found = (key_in(outcome, begin) for outcome in outcomes for begin in begins)
    return [number for number in found if number is not None]


def note_erasures(connection: Connection, keys: SubjectKeys) -> None:
    """When a journal is opened to be written. Raises `FileTrouble` where erased keys are there and can't be erased."""
    keys.forget(keys_leaving_since(connection, 0))
    back = keys.open_ones(_numbers(connection, 0, ERASED))
    if back:
        keys.erase(back)
        log.warning("erased subject keys were there again, as from a backup; they are erased again", keys=back)
