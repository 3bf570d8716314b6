"""What a customer's records are found by: blinds and rules, gathered while they can be read, then deleted.

A row's key begins with the blind or the rule, which the record's body says: so rows are deleted one by one, without
looking through the table. Of a record that can't be read any more, because its key went before its rows did, they are
looked for by its place, through all rows; that takes seconds in a long journal, and happens after a crash only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, delete, select, tuple_

from ledger.journal.log_transaction import ACCOUNT, SUBJECT
from ledger.journal.opened_records import ENTRY, JOINED, OpenedRecord, opened_or_gone
from ledger.search.masking import rules_of
from ledger.search.record_contents import contents_of
from ledger.store.key_database import SubjectKeys
from ledger.store.tables import bodies, entries, entry_blinds, entry_rules
from ledger.store.trouble import FileTrouble

_AT_ONCE = 500
_T = TypeVar("_T")


@dataclass(slots=True)
class IndexRows:
    """Of all records that one key seals, up to some place."""

    places: list[int] = field(default_factory=list)
    """The records, in their order."""

    blinds: list[tuple[bytes, int]] = field(default_factory=list)
    rules: list[tuple[str, int]] = field(default_factory=list)

    unread: list[int] = field(default_factory=list)
    """Records that can't be read, so that nobody knows what they are found by."""

    @property
    def behind(self) -> int:
        """The place behind the last record."""
        return self.places[-1] + 1 if self.places else 0

    def gather(self, connection: Connection, keys: SubjectKeys, number: int) -> None:
        """Adds those of the records that came since. Raises `FileTrouble` where no key can be had."""
        known = keys.number_and_blind(number=number)
        for some in _chunks(sealed_by(connection, number, None if known is None else known[1], self.behind)):
            self.places += some
            if known is None:
                self.unread += some
                continue
            query = select(*ENTRY).select_from(JOINED).where(entries.c.seq.in_(some)).order_by(entries.c.seq)
            for row in connection.execute(query):
                self._add(row, keys, known[1])

    def _add(self, row: Any, keys: SubjectKeys, account: bytes) -> None:
        try:
            record = opened_or_gone(row, keys.key)
            contents = contents_of(record) if isinstance(record, OpenedRecord) else None
        except FileTrouble:
            contents = None
        if contents is None:
            self.unread.append(row.seq)
            return
        self.blinds.append((account, row.seq))
        for what, name in ((SUBJECT, contents.subject), (ACCOUNT, contents.account)):
            if name is not None:
                self.blinds.append((keys.blind(what, name), row.seq))
        if contents.decision is not None:
            reasons = contents.decision.get("reasons") or ()
            rules = {*rules_of({"reasons": reasons}), *(reason["rule"] for reason in reasons)}
            self.rules += [(rule, row.seq) for rule in sorted(rules)]

    def delete(self, connection: Connection) -> None:
        """In the caller's transaction."""
        for table, rows in ((entry_blinds, self.blinds), (entry_rules, self.rules)):
            _delete(connection, table, rows)
            for some in _chunks(self.unread):
                connection.execute(delete(table).where(table.c.seq.in_(some)))


def sealed_by(connection: Connection, number: int, blind: bytes | None, from_seq: int = 0) -> list[int]:
    """The places of the records that a key seals. By the customer's blind; None: by going through all bodies."""
    query = select(bodies.c.seq).where(bodies.c.key_number == number, bodies.c.seq >= from_seq)
    if blind is not None:
        found = select(entry_blinds.c.seq).where(entry_blinds.c.blind == blind, entry_blinds.c.seq >= from_seq)
        query = query.where(bodies.c.seq.in_(found))
    return list(connection.execute(query.order_by(bodies.c.seq)).scalars())


def _delete(connection: Connection, table: Table, rows: Iterable[tuple[Any, int]]) -> None:
    first, second = table.primary_key.columns
    for some in _chunks(list(dict.fromkeys(rows))):
        connection.execute(delete(table).where(tuple_(first, second).in_(some)))


def _chunks(items: Sequence[_T]) -> Iterator[list[_T]]:
    for at in range(0, len(items), _AT_ONCE):
        yield list(items[at : at + _AT_ONCE])
