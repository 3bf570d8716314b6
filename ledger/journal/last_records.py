"""Reads back what was recorded last, before anything is added: a damaged file must not look like a journal.

A disk can lose or garble a page without SQLite noticing: it looks at a page only when it needs it. The last records
are on the pages that the next ones go to: each is found by its id, says in its header what its columns say, opens with
its key and has the body that the header says (or a record says why that is gone), and is the leaf that its tile or the
head has. The newest checkpoint was signed by the key that will sign the next one. A small file is checked whole
(SQLite's `integrity_check`, 20 ms of processor for 50 MB); a large one takes too long for a start: docs/operations.md
leaves it to a nightly check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from ledger.journal.log_head import LogHead
from ledger.journal.opened_records import ENTRY, KeyNumbered, opened_or_gone
from ledger.record.checkpoints import read_checkpoint
from ledger.record.log_tiles import TILE_HASHES, hashes_in
from ledger.record.merkle_tree import leaf_hash
from ledger.record.record_header import Header
from ledger.record.signed_notes import BadNote, NoteVerifier
from ledger.store.tables import bodies, checkpoints, entries, policy_sets, tiles
from ledger.store.trouble import DAMAGED, FILE_DAMAGED, FileTrouble

RECORDS_CHECKED = 256
SEALED_BYTES_MAX = 16 << 20
"""Of bodies read at a start; a request may have a megabyte."""

WHOLE_BYTES_MAX = 256 << 20
"""Files up to this size are checked whole."""

_SAME_ID = entries.alias("same_id")
_LAST = (
    select(
        *ENTRY,
        select(_SAME_ID.c.seq).where(_SAME_ID.c.id == entries.c.id).scalar_subquery().label("by_id"),
        *(entries.c[name] for name in ("id", "at", "kind", "case_kind", "outcome", "actor", "policy")),
    )
    .select_from(entries.outerjoin(bodies, entries.c.seq == bodies.c.seq))
    .order_by(entries.c.seq.desc())
    .limit(RECORDS_CHECKED)
)
_UUID7 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7([0-9a-f]{3})-")


def check_whole(connection: Connection, file_bytes: int) -> None:
    """SQLite's own check of a small file. Raises `FileTrouble`."""
    if connection.dialect.name != "sqlite" or file_bytes > WHOLE_BYTES_MAX:
        return
    if connection.connection.cursor().execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
        raise FileTrouble(FILE_DAMAGED)


def check_last_records(
    connection: Connection, ended: LogHead, key: KeyNumbered, verifiers: Sequence[NoteVerifier]
) -> datetime | None:
    """The latest moment in the journal, None where it is empty. `verifiers`: of its epochs. Raises `FileTrouble` where
    it is damaged."""
    _check_newest_checkpoint(connection, ended, verifiers)
    try:
        rows = connection.execute(_LAST).all()
        moments = [*_moments(connection, rows, ended, key)]
        moments += [_moment(at) for (at,) in connection.execute(select(policy_sets.c.loaded_at))]
    except (ValueError, TypeError, OverflowError, RecursionError, AttributeError) as error:
        raise FileTrouble(DAMAGED) from error
    return max(moments, default=None)


def _moments(connection: Connection, rows: Sequence[Row[Any]], ended: LogHead, key: KeyNumbered) -> Iterator[datetime]:
    """Raises ValueError at the first record that can't have been written like this."""
    last_tile = ended.tree.size // TILE_HASHES - 1
    where = (tiles.c.level == 0) & (tiles.c.number == last_tile)
    leaves = hashes_in(connection.execute(select(tiles.c.hashes).where(where)).scalar() or b"")
    read = 0
    for row, seq in zip(rows, range(ended.tree.size - 1, -1, -1), strict=False):
        header = opened_or_gone(row, key).header
        if row.seq != seq or row.by_id != seq or _repeated(header) != tuple(row)[-7:]:
            raise ValueError(f"record {seq}: its columns are not those of its header")
        if seq // TILE_HASHES == last_tile and leaves[seq % TILE_HASHES] != leaf_hash(row.header.encode()):
            raise ValueError(f"record {seq}: is not the one in its tile")
        yield _moment(header.at)
        yield from _id_moment(header.id)
        read += len(row.sealed or b"")
        if read > SEALED_BYTES_MAX:
            return


def _repeated(header: Header) -> tuple[str, ...]:
    """What columns say as well."""
    return header.id, header.at, header.kind, header.case, header.outcome, header.actor, header.policy


def _check_newest_checkpoint(connection: Connection, ended: LogHead, verifiers: Sequence[NoteVerifier]) -> None:
    row = connection.execute(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
    if (row.size if row else 0) != ended.signed:
        raise FileTrouble(f"{DAMAGED}: checkpoint {ended.signed} was signed, and it is not the newest")
    if row is None:
        return
    try:
        checkpoint = read_checkpoint(row.note, *verifiers)
    except BadNote as error:
        signed = f"the signing key is not the one that signed checkpoint {row.size} of this journal"
        raise FileTrouble(f"{signed}; put the right file there") from error
    if checkpoint.size != row.size or checkpoint.size > ended.tree.size:
        raise FileTrouble(
            f"{DAMAGED}: checkpoint {checkpoint.size} was signed, and the journal ends at {ended.tree.size}"
        )
    if checkpoint.size == ended.tree.size and checkpoint.root != ended.tree.root:
        raise FileTrouble(f"{DAMAGED}: its records are not those that checkpoint {checkpoint.size} was signed over")


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
