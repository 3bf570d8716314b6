"""Reads back what was recorded last, before anything is added: a damaged file must not look like a journal.

A disk can lose or garble a page without SQLite noticing: it looks at a page only when it needs it. The last records
are on the pages that the next ones go to. A small file is checked whole (SQLite's `integrity_check`, 20 ms of processor
for 50 MB); a large one takes too long for a start: docs/operations.md leaves it to a nightly check.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from ledger.store.trouble import DAMAGED, FileTrouble

RECORDS_CHECKED = 256
TEXT_MAX = 16 << 20
"""Characters of records read at a start; a request may have a megabyte."""

WHOLE_BYTES_MAX = 256 << 20
"""Files up to this size are checked whole."""

_REPEATED = {
    "id": "id",
    "case_kind": "case",
    "subject": "subject",
    "outcome": "outcome",
    "policy_version": "policy_version",
}
"""Columns that repeat a member of the answer."""

_LAST = f"""
SELECT sequence, (SELECT same.sequence FROM decisions AS same WHERE same.id = decisions.id),
recorded_at, request, answer, {", ".join(_REPEATED)} FROM decisions
ORDER BY decisions.sequence DESC LIMIT {RECORDS_CHECKED}
"""
_SETS = """
SELECT loaded_at FROM policy_sets UNION ALL SELECT from_at FROM activations
UNION ALL SELECT at FROM access_acts WHERE number = (SELECT max(number) FROM access_acts)
"""
_UUID7 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7([0-9a-f]{3})-")


def check_last_records(connection: Connection, file_bytes: int) -> datetime | None:
    """The latest moment in the journal, None where it is empty. Raises `FileTrouble` where it is damaged. A server
    keeps watch over its own pages."""
    raw: Any = connection.connection.cursor()
    is_small_file = connection.dialect.name == "sqlite" and file_bytes <= WHOLE_BYTES_MAX
    try:
        if is_small_file and raw.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
            raise FileTrouble(DAMAGED)
        moments = [*_moments(raw.execute(_LAST)), *(_moment(at) for (at,) in raw.execute(_SETS).fetchall())]
    except sqlite3.DatabaseError as error:
        if hasattr(error, "sqlite_errorcode"):
            raise
        raise FileTrouble(DAMAGED) from error  # the driver's own: text that is not UTF-8
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise FileTrouble(DAMAGED) from error
    return max(moments, default=None)


def _moments(rows: Any) -> Iterator[datetime]:
    """Raises ValueError at the first record that can't have been written like this."""
    following, read = None, 0
    for sequence, by_id, recorded_at, request, answer, *columns in rows:
        if by_id != sequence or following not in (None, sequence + 1):
            raise ValueError(f"record {sequence}: is not where its id or the next one says")
        _check_answer(sequence, request, answer, columns)
        yield _moment(recorded_at)
        yield from _id_moment(columns[0])
        following, read = sequence, read + len(request) + len(answer)
        if read > TEXT_MAX:
            return


def _check_answer(sequence: int, request: str, answer: str, columns: Sequence[str]) -> None:
    parsed = json.loads(answer)
    if not isinstance(json.loads(request), dict) or not isinstance(parsed, dict):
        raise ValueError(f"record {sequence}: is no request and answer")
    if [parsed.get(member) for member in _REPEATED.values()] != list(columns):
        raise ValueError(f"record {sequence}: its columns are not those of its answer")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _id_moment(id: str) -> Iterator[datetime]:
    """The time in an id of ours, rounded up."""
    parts = _UUID7.match(id)
    if parts:
        milliseconds, fraction = int(parts[1] + parts[2], 16), int(parts[3], 16)
        yield datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            milliseconds=milliseconds, microseconds=fraction * 1000 // 4096 + 1
        )
