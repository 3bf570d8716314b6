"""Where the log ends: its head row, and the tree over all headers, each worked out from the other's neighbours.

The head row is what writers lock and a cache. At a start the tree is built from the full tiles and the headers behind
them, and must have the frontier that the head row says; later a writer keeps the tree in memory, and builds it again
where another process has written since.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from ledger.journal.policy_timeline import NONE_YET, PolicyTimeline, read_timeline
from ledger.journal.tile_roots import tree_from_tiles
from ledger.record.log_tiles import TILE_HASHES, LogTree
from ledger.store.prepared_sql import PreparedSql
from ledger.store.tables import entries, head
from ledger.store.trouble import DAMAGED, FileTrouble

LOG_DISAGREES = f"{DAMAGED}: where the log ends, its head and its records don't agree"

_READ = PreparedSql(select(head.c.size, head.c.frontier, head.c.at, head.c.last_key, head.c.signed).with_for_update())
_WRITE = PreparedSql(
    update(head).values({name: bindparam(name) for name in ("size", "frontier", "at", "last_key", "signed")}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHead:
    """The end of the log."""

    tree: LogTree
    """Over the headers of all records."""

    at: str
    """Of the last record; empty where there is none."""

    last_key: int
    """The greatest number of a subject key that a body uses."""

    signed: int
    """Size of the newest checkpoint; 0 where there is none."""

    timeline: PolicyTimeline = NONE_YET
    """Which policy set is in force. Kept in memory while nobody else has written: every change of it is a record."""


def read_head(connection: Connection, known: LogHead | None) -> LogHead:
    """In the caller's transaction, whose lock keeps others from writing. `known`: as it was after the last transaction
    of this process. Raises `FileTrouble`."""
    row = _READ.first(connection)
    if row is None:
        return _begun(connection)
    size, frontier, at, last_key, signed = row
    is_known = known is not None and known.tree.size == size
    tree = known.tree if is_known and known is not None else tree_of(connection, size)
    if b"".join(tree.frontier) != frontier:
        raise FileTrouble(LOG_DISAGREES)
    timeline = known.timeline if is_known and known is not None else read_timeline(connection)
    return LogHead(tree=tree, at=at, last_key=last_key, signed=signed, timeline=timeline)


def _begun(connection: Connection) -> LogHead:
    """A new log. Raises `FileTrouble` where there are records without a head."""
    if connection.execute(select(entries.c.seq).limit(1)).first() is not None:
        raise FileTrouble(LOG_DISAGREES)
    connection.execute(insert(head), {"number": 1, "size": 0, "frontier": b"", "at": "", "last_key": 0, "signed": 0})
    return LogHead(tree=LogTree(), at="", last_key=0, signed=0)


def tree_of(connection: Connection, size: int) -> LogTree:
    """Over the first `size` headers. Raises `FileTrouble` where the log doesn't end there or tiles are missing."""
    first = size // TILE_HASHES * TILE_HASHES
    query = select(entries.c.seq, entries.c.header).where(entries.c.seq >= first).order_by(entries.c.seq)
    last = connection.execute(query).all()
    ends = connection.execute(select(func.max(entries.c.seq))).scalar()
    if [row.seq for row in last] != list(range(first, size)) or ends != (size - 1 if size else None):
        raise FileTrouble(LOG_DISAGREES)
    tree = tree_from_tiles(connection, size, [row.header for row in last])
    if tree is None:
        raise FileTrouble(LOG_DISAGREES)
    return tree


def write_head(connection: Connection, ended: LogHead) -> None:
    """In the caller's transaction."""
    frontier = b"".join(ended.tree.frontier)
    last = {"at": ended.at, "last_key": ended.last_key, "signed": ended.signed}
    _WRITE.run(connection, size=ended.tree.size, frontier=frontier, **last)
