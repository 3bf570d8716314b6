"""An earlier journal written into a new one: the same ids, times, requests and answers, as records from now on.

The new journal is made in a folder of its own beside its place and moved there when it is whole, its database last:
what was broken off is not mistaken for a journal. The last record says how many were taken over, from which file.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy import insert

from ledger.journal.checkpointing import Checkpointing
from ledger.journal.clock import Clock
from ledger.journal.log_head import LogHead
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opening import OpenJournal, open_to_write
from ledger.record.body_parts import Part
from ledger.record.new_records import Record
from ledger.record.record_header import RecordKind
from ledger.store.file_store import FileStore
from ledger.store.secret_files import KeyPlaces, beside
from ledger.store.tables import people, policy_sets
from ledger.store.trouble import FileTrouble
from ledger.take_over.earlier_journal import EarlierJournal, closed_after, open_earlier

RECORDS_A_COMMIT = 1_000
_WORK = "taking-over"

ShowTaken = Callable[[int, int], object]
"""Called with the records taken so far, and how many there are."""


def take_over(old: Path, new: Path, places: KeyPlaces, show: ShowTaken = lambda *_: None) -> int:
    """The number of records taken over. `old` stays as it is; nothing may be at `new` and at `places` yet. Raises
    `FileTrouble`, `OSError` and what the database raises; then nothing is at `new`."""
    _refuse_taken(new, places)
    earlier = open_earlier(old)
    work = new.absolute().with_name(f"{new.name}.{_WORK}")
    made = beside(work / new.name)
    with closed_after(earlier):
        try:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(mode=0o700, parents=True)
            taken = _written(earlier, old, work / new.name, made, show)
            for source, target in zip(_files(made), _files(places), strict=True):
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                shutil.move(source, target)
            (work / new.name).rename(new)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return taken


def _refuse_taken(new: Path, places: KeyPlaces) -> None:
    for path in (new, *_files(places)):
        if path.exists():
            raise FileTrouble(f"`{path}` is there already; give a place where nothing is, or move it away")


def _files(places: KeyPlaces) -> tuple[Path, Path, Path]:
    return places.signing_key, places.wrapping_key, places.subject_keys


def _written(earlier: EarlierJournal, old: Path, path: Path, places: KeyPlaces, show: ShowTaken) -> int:
    clock = Clock()
    store = FileStore(path)
    opened = open_to_write(store, places, clock)
    try:
        with opened.connection.begin():
            for row in earlier.policy_sets():
                opened.connection.execute(insert(policy_sets), row)
            for row in earlier.people():
                opened.connection.execute(insert(people), row)
        head, total, taken = opened.head, earlier.size, 0
        records = earlier.records()
        show(taken, total)
        while batch := list(islice(records, RECORDS_A_COMMIT)):
            head = _append(opened, clock, head, iter(batch))
            taken += len(batch)
            show(taken, total)
        head = _append(opened, clock, head, iter([_summary(old, taken)]))
        Checkpointing().sign(opened, head)
    finally:
        opened.connection.close()
        store.closed()
    return taken


def _append(opened: OpenJournal, clock: Clock, head: LogHead, records: Iterator[Record]) -> LogHead:
    with opened.connection.begin():
        transaction = LogTransaction(opened.connection, opened.keys, clock, head)
        for record in records:
            transaction.append(record)
        transaction.flush()
    return transaction.head


def _summary(old: Path, taken: int) -> Record:
    """The record that says that all before it was taken over, and when."""
    said = json.dumps({"file": old.name, "records": taken}, ensure_ascii=False)
    return Record(
        kind=RecordKind.IMPORTED, outcome="complete", actor="command line", parts=(Part("taken-over", said.encode()),)
    )
