"""The proof that a record of a journal is in the newest checkpoint: a header, at most 63 hashes, a signed note."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ledger.journal.log_head import LOG_DISAGREES
from ledger.record.log_proofs import LogProof
from ledger.record.log_tiles import TILE_HASHES, restored
from ledger.record.merkle_proofs import NoTile, ProofMaker
from ledger.record.merkle_tree import leaf_hash
from ledger.store.tables import checkpoints, entries, tiles
from ledger.store.trouble import FileTrouble


class NotProvedYet(Exception):
    """The record is there, and the next checkpoint, within a second, will be the first to cover it."""


def proof_of(connection: Connection, called: str, size: int | None = None) -> LogProof | None:
    """Of the record with this id, or with this place where `called` is a number; None where there is no such record.
    `size`: by the checkpoint of so many records; None: by the newest. Raises `NotProvedYet`, and `FileTrouble` where
    the log is damaged."""
    by_place = called.isascii() and called.isdigit() and int(called) < 2**63
    which = entries.c.seq == int(called) if by_place else entries.c.id == called.lower()
    record = connection.execute(select(entries.c.seq, entries.c.header).where(which)).first()
    query = select(checkpoints) if size is None else select(checkpoints).where(checkpoints.c.size == size)
    newest = connection.execute(query.order_by(checkpoints.c.size.desc()).limit(1)).first()
    if record is None:
        return None
    if newest is None or record.seq >= newest.size:
        raise NotProvedYet(f"no checkpoint covers record {record.seq} yet")
    first = newest.size // TILE_HASHES * TILE_HASHES
    last = select(entries.c.header).where(entries.c.seq >= first, entries.c.seq < newest.size).order_by(entries.c.seq)
    leaves = [leaf_hash(row.header.encode()) for row in connection.execute(last)]

    def tile_at(level: int, number: int) -> bytes | None:
        where = (tiles.c.level == level) & (tiles.c.number == number)
        hashes: bytes | None = connection.execute(select(tiles.c.hashes).where(where)).scalar()
        return hashes

    tree = restored(newest.size, tile_at, leaves)
    if tree is None or len(leaves) != newest.size - first:
        raise FileTrouble(LOG_DISAGREES)
    try:
        hashes = ProofMaker(tree, tile_at).inclusion(record.seq)
    except NoTile as error:
        raise FileTrouble(LOG_DISAGREES) from error
    return LogProof(record.header.encode(), record.seq, tuple(hashes), newest.note)
