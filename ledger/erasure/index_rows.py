"""What a customer's records are found by: blinds and rules, deleted without looking through their tables.

A row's key begins with the blind or the rule. The blinds are gathered from the records while they can be read; of rules
there are few, so each is asked for. Of a record that can't be read any more, because its key went before its rows did,
rows are looked for by its place, through the table; that takes seconds in a long journal, and happens after a crash
only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, delete, func, select, tuple_

from ledger.journal.log_transaction import REQUEST, SUBJECT
from ledger.journal.opened_records import ENTRY, JOINED, OpenedRecord, opened_or_gone
from ledger.record.new_records import REQUEST_ID
from ledger.search.record_contents import contents_of
from ledger.store.key_database import OWN, SubjectKeys
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
    """Of the customer and of each record's case, with the record's place."""

    unread: list[int] = field(default_factory=list)
    """Records that can't be read, so that nobody knows what they are found by."""

    _accounts: dict[int, bytes | None] = field(default_factory=dict)

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
            self._read(connection, keys, some)

    def add(self, connection: Connection, keys: SubjectKeys, places: list[int]) -> None:
        """Adds these records, whosever they are. Raises `FileTrouble` where no key can be had."""
        self.places += places
        for some in _chunks(places):
            self._read(connection, keys, some)

    def _read(self, connection: Connection, keys: SubjectKeys, places: list[int]) -> None:
        query = select(*ENTRY).select_from(JOINED).where(entries.c.seq.in_(places)).order_by(entries.c.seq)
        for row in connection.execute(query):
            try:
                record = opened_or_gone(row, keys.key)
                subject = contents_of(record).subject if isinstance(record, OpenedRecord) else None
            except FileTrouble:
                record = None
            if not isinstance(record, OpenedRecord):
                self.unread.append(row.seq)
                continue
            if (account := self._account(keys, row.key_number)) is not None:
                self.blinds.append((account, row.seq))
            if (request_id := record.text(REQUEST_ID)) is not None:
                self.blinds.append((keys.blind(REQUEST, request_id), row.seq))
            if subject is not None:
                self.blinds.append((keys.blind(SUBJECT, subject), row.seq))

    def _account(self, keys: SubjectKeys, number: int) -> bytes | None:
        """The blind of the customer whose key it is; None: the journal's own."""
        if number == OWN:
            return None
        if number not in self._accounts:
            known = keys.number_and_blind(number=number)
            self._accounts[number] = None if known is None else known[1]
        return self._accounts[number]

    def delete(self, connection: Connection) -> None:
        """In the caller's transaction."""
        for pairs in _chunks(list(dict.fromkeys(self.blinds))):
            key = tuple_(entry_blinds.c.blind, entry_blinds.c.seq)
            connection.execute(delete(entry_blinds).where(key.in_(pairs)))
        for some in _chunks(self.unread):
            connection.execute(delete(entry_blinds).where(entry_blinds.c.seq.in_(some)))
        for rule in _rules(connection):
            for some in _chunks(self.places):
                connection.execute(delete(entry_rules).where(entry_rules.c.rule == rule, entry_rules.c.seq.in_(some)))


def names_in(connection: Connection, keys: SubjectKeys, places: list[int]) -> frozenset[str]:
    """Numbers of customers and cases that these records name; of what can't be read, none. Raises `FileTrouble` where
    no key can be had."""
    names: set[str | None] = set()
    for some in _chunks(places):
        query = select(*ENTRY).select_from(JOINED).where(entries.c.seq.in_(some))
        for row in connection.execute(query):
            record = opened_or_gone(row, keys.key)
            if isinstance(record, OpenedRecord):
                found = contents_of(record)
                names |= {found.account, found.subject}
    return frozenset(name for name in names if name)


def _rules(connection: Connection) -> Iterator[str]:
    """All that records are found by, each by one step in their index."""
    rule = connection.execute(select(func.min(entry_rules.c.rule))).scalar()
    while rule is not None:
        yield rule
        rule = connection.execute(select(func.min(entry_rules.c.rule)).where(entry_rules.c.rule > rule)).scalar()


def sealed_by(connection: Connection, number: int, blind: bytes | None, from_seq: int = 0) -> list[int]:
    """The places of the records that a key seals. By the customer's blind; None: by going through all bodies."""
    query = select(bodies.c.seq).where(bodies.c.key_number == number, bodies.c.seq >= from_seq)
    if blind is not None:
        found = select(entry_blinds.c.seq).where(entry_blinds.c.blind == blind, entry_blinds.c.seq >= from_seq)
        query = query.where(bodies.c.seq.in_(found))
    return list(connection.execute(query.order_by(bodies.c.seq)).scalars())


def _chunks(items: Sequence[_T]) -> Iterator[list[_T]]:
    for at in range(0, len(items), _AT_ONCE):
        yield list(items[at : at + _AT_ONCE])
