"""The log as others see it: its newest checkpoint, witnesses' cosignatures, its tiles, and what proofs are made of."""

from __future__ import annotations

import time
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select

from ledger.journal.log_head import LOG_DISAGREES
from ledger.journal.tile_roots import tree_from_tiles
from ledger.record.log_tiles import TILE_HASHES, LogTree
from ledger.record.merkle_proofs import NoTile, ProofMaker
from ledger.record.merkle_tree import HASH_BYTES, leaf_hash
from ledger.record.signed_notes import BadNote, signer_of
from ledger.record.trust_policies import TrustPolicy
from ledger.record.witness_requests import WitnessRequest
from ledger.store.tables import checkpoints, cosignatures, entries, tiles
from ledger.store.trouble import FileTrouble

_LENGTH_BYTES = 2
"""Before each entry of a bundle."""


class NoCheckpoint(Exception):
    """There is none of this size, or none at all."""


class NoCosignature(ValueError):
    """It is no cosignature of that checkpoint by a witness that is trusted; the message says why."""


class KeptCosignature(NamedTuple):
    """A witness's answer that is in the journal."""

    witness: str
    """As the trust policy names it."""

    seconds: int
    """When it says that it saw the checkpoint, since 1970."""

    is_new: bool
    """False: one of this witness was there already, and that one stays."""


def newest_note(connection: Connection) -> tuple[int, str] | None:
    """Size and note of the newest checkpoint, with what witnesses said of it; None where nothing is signed yet."""
    row = connection.execute(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
    return None if row is None else (row.size, with_cosignatures(connection, row.size, row.note))


def cosigned_notes(connection: Connection, size: int) -> list[tuple[int, str]]:
    """Size and note of the checkpoints of up to `size` records by which any quorum is met that the log's can meet: for
    each set of witnesses the newest that all of them cosigned. The newest comes first."""
    columns = cosignatures.c
    query = select(columns.size, columns.witness).where(columns.size <= size).order_by(columns.size.desc())
    found: list[tuple[int, set[str]]] = []
    for each, rows in groupby(connection.execute(query), lambda row: int(row.size)):
        witnesses = {row.witness for row in rows}
        if not any(witnesses <= together for _, together in found):
            found.append((each, witnesses))
    return [(each, cosigned_note(connection, each)) for each, _ in found]


def note_over(connection: Connection, seq: int) -> tuple[int, str] | None:
    """Size and note of the checkpoint that proves most of this record: of those that cover it, the one with most
    cosignatures, of these the newest; None where none covers it yet."""
    count = func.count(cosignatures.c.witness)
    query = select(cosignatures.c.size).where(cosignatures.c.size > seq).group_by(cosignatures.c.size)
    cosigned = connection.execute(query.order_by(count.desc(), cosignatures.c.size.desc()).limit(1)).scalar()
    where = checkpoints.c.size > seq if cosigned is None else checkpoints.c.size == cosigned
    row = connection.execute(select(checkpoints).where(where).order_by(checkpoints.c.size.desc()).limit(1)).first()
    return None if row is None else (row.size, with_cosignatures(connection, row.size, row.note))


def cosigned_note(connection: Connection, size: int) -> str:
    """The checkpoint over so many records with the lines of all witnesses. Raises `NoCheckpoint`."""
    return with_cosignatures(connection, size, note_of_size(connection, size))


def with_cosignatures(connection: Connection, size: int, note: str) -> str:
    """The note with the lines of all witnesses behind it."""
    query = select(cosignatures.c.line).where(cosignatures.c.size == size).order_by(cosignatures.c.witness)
    return note + "".join(connection.execute(query).scalars())


def note_of_size(connection: Connection, size: int) -> str:
    """The checkpoint over so many records, as the log signed it. Raises `NoCheckpoint`."""
    note: str | None = connection.execute(select(checkpoints.c.note).where(checkpoints.c.size == size)).scalar()
    if note is None:
        raise NoCheckpoint(f"the journal has no checkpoint of {size} records")
    return note


def request_since(connection: Connection, old_size: int) -> WitnessRequest:
    """The newest checkpoint, and how its log goes on from `old_size`. Raises `NoCheckpoint` where it covers no more
    than a part of those, and `FileTrouble` where the log is damaged."""
    row = connection.execute(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
    if row is None or row.size < old_size:
        ends = f"the newest covers {row.size}" if row else "it has none yet"
        raise NoCheckpoint(f"the journal has no checkpoint of {old_size} records or more: {ends}")
    maker = proof_maker(connection, row.size)
    try:
        return WitnessRequest(old_size, tuple(maker.consistency(old_size)), row.note)
    except NoTile as error:
        raise FileTrouble(LOG_DISAGREES) from error


def proof_maker(connection: Connection, size: int) -> ProofMaker:
    """Of the log as it was at this size. Raises `FileTrouble` where it is damaged or smaller."""
    tree = tree_at(connection, size)
    return ProofMaker(tree, lambda level, number: _full_tile(connection, level, number))


def tree_at(connection: Connection, size: int) -> LogTree:
    """Over the first `size` headers, from the tiles and the headers behind them. Raises `FileTrouble`."""
    first = size // TILE_HASHES * TILE_HASHES
    headers = _headers(connection, first, size)
    tree = tree_from_tiles(connection, size, headers)
    if tree is None or len(headers) != size - first:
        raise FileTrouble(LOG_DISAGREES)
    return tree


def leaves_between(connection: Connection, first: int, end: int) -> list[bytes]:
    """Leaf hashes of the records from `first` until before `end`, worked out from their headers. Raises `FileTrouble`
    where one is missing."""
    leaves = _leaves(connection, first, end)
    if len(leaves) != end - first:
        raise FileTrouble(LOG_DISAGREES)
    return leaves


def tile_of(connection: Connection, level: int, number: int, width: int) -> bytes | None:
    """The first `width` hashes of a tile; None where the signed log doesn't have so many."""
    end = number * TILE_HASHES + width
    signed = connection.execute(select(func.max(checkpoints.c.size))).scalar() or 0
    if end > signed >> 8 * level:
        return None
    if width == TILE_HASHES:
        return _full_tile(connection, level, number)
    if level == 0:
        return b"".join(leaves_between(connection, number * TILE_HASHES, end))
    hashes = tree_at(connection, signed).pending[level] if number == signed >> 8 * (level + 1) else ()
    if not hashes:  # a tile that is full by now, as it was once
        return (_full_tile(connection, level, number) or b"")[: width * HASH_BYTES] or None
    return b"".join(hashes[:width])


def bundle_of(connection: Connection, number: int, width: int) -> bytes | None:
    """The headers of as many records, each behind its length in two bytes; None where the signed log doesn't have so
    many."""
    first, signed = number * TILE_HASHES, connection.execute(select(func.max(checkpoints.c.size))).scalar() or 0
    if first + width > signed:
        return None
    texts = [text.encode() for text in _headers(connection, first, first + width)]
    return b"".join(len(text).to_bytes(_LENGTH_BYTES) + text for text in texts)


def keep_cosignature(connection: Connection, policy: TrustPolicy, size: int, answer: str) -> KeptCosignature:
    """What a witness answered, in the caller's transaction. It may answer by several keys, a line each: the line of the
    key that the policy names is kept, the others are passed over. Raises `NoCheckpoint` and `NoCosignature`."""
    note, found = note_of_size(connection, size), dict[str, tuple[str, int]]()
    for line in answer.strip("\n").split("\n"):
        try:
            signer_of(f"{line}\n")
            cosigned = policy.cosigned(f"{note}{line}\n", time.time())
        except BadNote as error:
            raise NoCosignature(f"it is not over the checkpoint of {size} records: {error}") from error
        found |= {name: (f"{line}\n", seconds) for name, seconds in cosigned.items()}
    if len(found) != 1:
        raise NoCosignature("it has not one line of one witness that the trust policy names")
    [(name, (line, seconds))] = found.items()
    key = f"{policy.witnesses[name].name}+{policy.witnesses[name].id.hex()}"
    where = (cosignatures.c.size == size) & (cosignatures.c.witness == key)
    is_new = connection.execute(select(cosignatures.c.size).where(where)).first() is None
    if is_new:
        connection.execute(insert(cosignatures), {"size": size, "witness": key, "line": line})
    return KeptCosignature(name, seconds, is_new)


def _leaves(connection: Connection, first: int, end: int) -> list[bytes]:
    return [leaf_hash(text.encode()) for text in _headers(connection, first, end)]


def _headers(connection: Connection, first: int, end: int) -> list[str]:
    query = select(entries.c.header).where(entries.c.seq >= first, entries.c.seq < end).order_by(entries.c.seq)
    return list(connection.execute(query).scalars())


def _full_tile(connection: Connection, level: int, number: int) -> bytes | None:
    where = (tiles.c.level == level) & (tiles.c.number == number)
    hashes: bytes | None = connection.execute(select(tiles.c.hashes).where(where)).scalar()
    return hashes
