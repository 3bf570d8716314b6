"""All that a filter wants, the oldest first: for whoever goes through records instead of turning pages.

Places are found first, eight bytes for each record; then the records are read by them, some at a time, so that a
journal of any size is gone through in little memory. What is recorded meanwhile is not among them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from sqlalchemy import Connection, select

from ledger.journal.journal import Journal
from ledger.journal.opened_records import ENTRY, JOINED, BodyUnreadable, opened_or_gone, row_called
from ledger.record.record_header import Header
from ledger.search.record_filter import RecordFilter
from ledger.search.record_search import FoundRecord, UnreadableRecord, header_of, headers_wanted
from ledger.store.key_database import SubjectKeys
from ledger.store.tables import entries
from ledger.store.trouble import DAMAGED, FileTrouble

BATCH = 500
"""Records read at once."""

_FOUND_AT_ONCE = 10_000


def places_wanted(
    journal: Journal, wanted: RecordFilter, below: int | None, show: Callable[[int], object] = lambda _: None
) -> array[int]:
    """The places of all records that a filter wants, rising. `below`: only records below this place. `show` is told how
    many were found so far. Raises `JournalUnavailable`, `FileTrouble`."""
    places, is_last = array("q"), False
    while not is_last:
        start = below

        def ask(connection: Connection, keys: SubjectKeys, start: int | None = start) -> tuple[list[int], int, bool]:
            page = headers_wanted(connection, keys, wanted, start, _FOUND_AT_ONCE)
            return [header.seq for header in page.records], page.searched_to, page.is_last

        some, below, is_last = journal.ask(ask)
        places.extend(some)
        show(len(places))
    places.reverse()
    return places


def records_at(journal: Journal, places: Sequence[int]) -> Iterator[FoundRecord]:
    """The records at these places; one whose body can't be shown doesn't stop the others. Raises `JournalUnavailable`,
    `FileTrouble` where a header is damaged or no key can be had."""
    for at in range(0, len(places), BATCH):
        some = list(places[at : at + BATCH])

        def ask(connection: Connection, keys: SubjectKeys, some: list[int] = some) -> list[FoundRecord]:
            query = select(*ENTRY).select_from(JOINED).where(entries.c.seq.in_(some)).order_by(entries.c.seq)
            return [opened_or_not(row, keys) for row in connection.execute(query)]

        yield from journal.ask(ask)


def headers_at(journal: Journal, places: Sequence[int]) -> Iterator[Header]:
    """The headers at these places, in their order, read some at a time as they are asked for. Raises
    `JournalUnavailable`, `FileTrouble` where one is missing or damaged."""
    for at in range(0, len(places), BATCH):
        some = places[at : at + BATCH]
        found = journal.ask(partial(_headers, places=list(some)))
        for place in some:
            if place not in found:
                raise FileTrouble(f"{DAMAGED}: record {place} is missing")
            yield found[place]


def _headers(connection: Connection, _: SubjectKeys, places: list[int]) -> dict[int, Header]:
    query = select(entries.c.seq, entries.c.header).where(entries.c.seq.in_(places))
    return {row.seq: header_of(row) for row in connection.execute(query)}


def record_or_trouble(journal: Journal, called: str) -> FoundRecord | None:
    """The record of any kind with this id or place, or what is wrong with its body; None where there is none. Raises
    `JournalUnavailable`, `FileTrouble` where the header is damaged or no key can be had."""

    def ask(connection: Connection, keys: SubjectKeys) -> FoundRecord | None:
        row = row_called(connection, called)
        return None if row is None else opened_or_not(row, keys)

    return journal.ask(ask)


def opened_or_not(row: object, keys: SubjectKeys) -> FoundRecord:
    """A row of `ENTRY` with its body, or with what is wrong with it. Raises `FileTrouble` where the header is
    damaged."""
    header = header_of(row)
    try:
        return opened_or_gone(row, keys.key)
    except BodyUnreadable as error:
        return UnreadableRecord(header, str(error))
