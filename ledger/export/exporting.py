"""An export: records that a filter wants, written to a folder or a table, and a record that says so.

What is exported ends at the newest checkpoint, so that all of it is covered by a signature. Files are written beside
their places. Once all is written the export is recorded, and only then they take their places: no file of customers'
figures stands there that the journal doesn't know of.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from ledger.journal.journal import Journal
from ledger.journal.opened_records import GoneRecord, OpenedRecord
from ledger.journal.signed_log import cosigned_notes, newest_note
from ledger.record.actors import COMMAND_LINE
from ledger.record.new_records import export_record
from ledger.search.all_wanted import BATCH, places_wanted, records_at
from ledger.search.record_contents import contents_of
from ledger.search.record_filter import RecordFilter
from ledger.search.record_search import UnreadableRecord
from ledger.store.key_database import SubjectKeys
from ledger.store.trouble import FileTrouble

PARTIAL = ".partial"
"""How the names of files end that are being written; what was killed leaves one, which may be deleted."""

_NAMING = ("account", "subject")
"""Words of a filter that name somebody."""

ShowExported = Callable[[str, int, int], object]
"""Called with what is being done, and how many records of how many are done; 0 where that isn't known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPlan:
    """What is to be exported."""

    wanted: RecordFilter
    """Which records."""

    words: Mapping[str, str]
    """The filter as it was written, for the record."""

    is_masked: bool
    """Without what is confidential or personal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointNote:
    """The newest signed checkpoint, and older ones by which witnesses vouch for the records before them."""

    size: int
    """How many records it covers."""

    note: str
    """As it was signed, with what witnesses said of it."""

    cosigned: Mapping[int, str]
    """By size, older ones: the newest that each set of witnesses cosigned and nobody cosigned a newer one together."""


class PartlyPublished(Exception):
    """The export is on record, and a file could not take its place."""

    def __init__(self, published: list[str], form: str, error: OSError) -> None:
        there = f"; the {' and the '.join(published)} is written" if published else ""
        super().__init__(f"the {form} can't take its place: {error.strerror}; the export is on record{there}")


class ExportFile(Protocol):
    """One thing that is written: a folder or a file."""

    form: str
    """What it is called in the record of the export."""

    def add(self, record: OpenedRecord | GoneRecord) -> None:
        """The next record; their numbers rise."""

    def finish(self, journal: Journal) -> None:
        """All records were added; what belongs to them is written, and all of it is on disk."""

    def publish(self) -> None:
        """Moved to its place."""

    def discard(self) -> None:
        """Nothing is left of it."""


def newest_checkpoint(journal: Journal) -> CheckpointNote:
    """Raises `FileTrouble` where nothing is signed yet."""

    def ask(connection: Connection, _: SubjectKeys) -> CheckpointNote | None:
        newest = newest_note(connection)
        if newest is None:
            return None
        size, note = newest
        older = {each: cosigned for each, cosigned in cosigned_notes(connection, size) if each != size}
        return CheckpointNote(size=size, note=note, cosigned=older)

    found = journal.ask(ask)
    if found is None:
        raise FileTrouble("the journal has no checkpoint yet; one is signed within a second of its first record")
    return found


def export(
    journal: Journal, plan: ExportPlan, size: int, files: Sequence[ExportFile], show: ShowExported = lambda *_: None
) -> int:
    """The number of records. `size`: of the newest checkpoint. Raises `JournalUnavailable`, `FileTrouble` and
    `OSError`; then nothing is at the files' places, and whoever made them discards them. Raises `PartlyPublished` where
    some are."""
    places = places_wanted(journal, plan.wanted, size, lambda found: show("finding", found, 0))
    accounts: set[str | None] = set()
    for done, record in enumerate(_records(journal, places), 1):
        for file in files:
            file.add(record)
        if plan.wanted.subject is not None and isinstance(record, OpenedRecord):
            accounts.add(contents_of(record).account)
        if done % BATCH == 0 or done == len(places):
            show("exporting", done, len(places))
    for file in files:
        file.finish(journal)
    account = plan.wanted.account or (accounts.pop() if len(accounts) == 1 else None)
    _record(journal, plan, size, len(places), [file.form for file in files], account)
    for number, file in enumerate(files):
        try:
            file.publish()
        except OSError as error:
            raise PartlyPublished([each.form for each in files[:number]], file.form, error) from error
    return len(places)


def _records(journal: Journal, places: array[int]) -> Iterator[OpenedRecord | GoneRecord]:
    """Raises `FileTrouble` at the first that can't be read: an export has all that it says, or isn't made."""
    for record in records_at(journal, places):
        if isinstance(record, UnreadableRecord):
            raise FileTrouble(record.trouble)
        yield record


def _record(journal: Journal, plan: ExportPlan, size: int, count: int, forms: list[str], account: str | None) -> None:
    """`account`: whom all of it is about, whose key seals what names them and goes with them. A number under which
    nothing was found is not kept: nobody could erase it."""
    words = {name: word for name, word in plan.words.items() if count or name not in _NAMING}
    said = {
        "by": getpass.getuser(),
        "filter": words,
        "forms": forms,
        "masked": plan.is_masked,
        "records": count,
        "size": size,
    }
    record = export_record(json.dumps(said, ensure_ascii=False), COMMAND_LINE, account if count else None)

    async def write() -> None:
        await journal.record(record)

    asyncio.run(write())


def sync_folder(folder: Path) -> None:
    """The names in it are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private(path: Path) -> None:
    """For its owner only: customers' figures are in it."""
    path.chmod(0o700 if path.is_dir() else 0o600)
