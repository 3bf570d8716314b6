"""A journal's records read and checked page by page: as many as fill a tile.

Each page is a short read of its own, for what is recorded never changes; a long one would keep SQLite's log from
shrinking. One that can't be read is read record by record, so that the one on the damaged piece of the disk is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, select

from ledger.journal.journal import Journal
from ledger.journal.opened_records import JOINED
from ledger.record.log_tiles import TILE_HASHES
from ledger.store.key_database import SubjectKeys
from ledger.store.tables import bodies, entries
from ledger.store.trouble import JournalUnavailable, is_damage
from ledger.verify.journal_faults import FaultKind
from ledger.verify.record_check import MEMBER_OF, RecordCheck

PAGE = TILE_HASHES

_ROW = (
    *(entries.c.seq, entries.c.header, *(entries.c[name] for name in MEMBER_OF)),
    *(bodies.c.key_number, bodies.c.nonce, bodies.c.sealed),
)


class RecordPages:
    """Of the first `size` records; what is wrong goes into the faults of `records`."""

    def __init__(self, journal: Journal, keys: SubjectKeys | None, size: int, records: RecordCheck) -> None:
        """`keys`: None: bodies are not opened."""
        self._journal, self._keys, self._size = journal, keys, size
        self.records = records
        self.checked = 0
        """Records that were there."""
        self._unreadable: set[int] = set()  # of one page

    def leaves(self, first: int) -> list[bytes | None]:
        """Checks the page that begins with this record. Gives the leaf hash of each; None for what can't be read or is
        another record's. Raises `JournalUnavailable`."""
        rows = self._page(first)
        self.checked += len(rows)
        if self._keys is not None:
            self._keys.make_ready(row.key_number for row in rows.values())
        return [self._leaf(seq, rows.get(seq)) for seq in range(first, self._end(first))]

    def _end(self, first: int) -> int:
        return min(first + PAGE, self._size)

    def _leaf(self, seq: int, row: Row[Any] | None) -> bytes | None:
        where, records = f"record {seq}", self.records
        if row is None:
            if seq not in self._unreadable:
                records.faults.add(FaultKind.RECORD_MISSING, f"{where}: is missing")
            return None
        header, leaf = records.header(seq, row.header, where)
        if header is not None:
            fields = row._mapping
            records.columns(header, fields, where)
            records.body(header, fields, where)
        return leaf

    def _page(self, first: int) -> dict[int, Row[Any]]:
        self._unreadable.clear()
        try:
            rows = self._journal.read(_rows_between(first, first + PAGE))
        except JournalUnavailable as error:
            if not is_damage(str(error)):
                raise
            rows = [row for seq in range(first, self._end(first)) for row in self._single(seq)]
        found: dict[int, Row[Any]] = {}
        for row in rows:
            if row.seq in found:
                self.records.faults.add(FaultKind.RECORD_MOVED, f"record {row.seq}: stands there twice")
            found.setdefault(row.seq, row)
        return found

    def _single(self, seq: int) -> Sequence[Row[Any]]:
        try:
            return self._journal.read(_rows_between(seq, seq + 1))
        except JournalUnavailable as error:
            if not is_damage(str(error)):
                raise
            self.records.faults.add(FaultKind.HEADER, f"record {seq}: its row can't be read")
            self._unreadable.add(seq)
            return ()


def _rows_between(first: int, end: int) -> Select[Any]:
    query = select(*_ROW).select_from(JOINED).where(entries.c.seq >= first, entries.c.seq < end)
    return query.order_by(entries.c.seq)
