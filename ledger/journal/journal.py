"""The journal: a record is on disk before anyone hears of it.

One thread writes. Everything that waits when it comes round goes into one transaction, so that concurrent requests
share one fsync; each caller's future is resolved after that commit, with one call into the event loop per batch.
Whatever goes wrong on disk reaches the callers as `JournalUnavailable`; the next batch opens the file afresh, so that
the journal recovers when the disk does. A checkpoint is signed after a commit, at most one a second.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from time import monotonic, perf_counter, sleep
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Row, Select
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from ledger.journal.checkpointing import Checkpointing
from ledger.journal.clock import Clock, moment
from ledger.journal.due_activations import take_effect_where_due
from ledger.journal.futures import settle_futures
from ledger.journal.journal_work import (
    JournalWork,
    SharedWork,
    Together,
    Work,
    activate,
    done_all,
    keep,
    recorded_id,
)
from ledger.journal.kept_answers import KEPT, KeptAnswer, KeyedRecord, KeyedRequest, kept_answer, requests_of
from ledger.journal.log_head import LogHead
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import (
    Activation,
    OpenedRecord,
    PolicySet,
    Recorded,
    activations,
    decision_with_id,
    decisions_from,
    last_of,
    policy_set,
    record_called,
    records_of,
    version_in_force,
)
from ledger.journal.opening import OpenJournal, open_to_write, try_write
from ledger.record.actors import Actor
from ledger.record.canonical_json import NotCanonical
from ledger.record.new_records import Record
from ledger.record.record_header import RecordKind
from ledger.record.sealing import BodyKey
from ledger.store.key_database import SubjectKeys
from ledger.store.place import JournalPlace
from ledger.store.secret_files import KeyPlaces, beside, wrapping_key
from ledger.store.store import store_at
from ledger.store.trouble import (
    AnswerLost,
    FileTrouble,
    JournalUnavailable,
    WrittenEntry,
    is_damage,
    trouble_in_words,
    unavailable,
)

BATCH_MAX = 256
"""Records in one transaction: bounds how long the first of them waits for the last."""

WAITING_MAX = 10_000
"""Records that may wait for the disk before further ones are refused at once."""

LOOK_UP_SECONDS_MAX = 5
"""How long a batch whose commit was not answered is looked for before its callers are told that it is not known."""
READ_MAX = 200
"""Decisions read at once, where all are gone through."""

FORGETS_SECONDS = 60
"""Between two looks for answers that are kept no more."""

LOG_BYTES_ALARM = 64 << 20
"""A write-ahead log of this size can't be emptied into the file: somebody has been reading for long."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction carried and took, for whoever observes the journal."""

    records: int
    """How many records and other work shared the transaction."""

    seconds: float
    """From its start to its end on disk, or to its failure."""

    failed: bool
    """Nothing of it is on disk."""


RULES_FOLDER = "rules folder"
"""Who puts a policy set into force that was saved in the watched folder."""

_Answer = TypeVar("_Answer")
_Waiting = tuple[Work, "asyncio.Future[Any]"]


_DATA_AT_FAULT = (IntegrityError, DataError, UnicodeError, NotCanonical)


class Journal:
    """Records and policy sets, written by one thread.

    Made by the event loop's thread; what it gives is awaited there. `observe` is called by the writer thread after
    each transaction. `place` may name a file that isn't there yet, or an empty database: the first write makes it, with
    its keys. `places` says where those are; beside the file where nothing is said.
    """

    def __init__(
        self,
        place: JournalPlace,
        observe: Callable[[Commit], None] = lambda _: None,
        clock: Clock | None = None,
        places: KeyPlaces | None = None,
        answers_kept: timedelta = KEPT,
    ) -> None:
        self.place = place
        self._kept = answers_kept
        self._forgets_at = 0.0  # when it is next looked for answers that are kept no more
        self.clock = clock or Clock()
        self._observe = observe
        self._places = places or beside(place)
        self._store = store_at(place)
        self._opened: OpenJournal | None = None
        self._head: LogHead | None = None  # after the last commit of this process
        self._keys: SubjectKeys | None = None
        self._checkpointing = Checkpointing()
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._closed = False
        self._trouble = ""  # what the disk was last found to refuse; logged when it changes
        self._last_id: str | None = None  # of what this process committed last
        self._log_alarm = LOG_BYTES_ALARM
        self._is_doubted = False  # somebody has read damage
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Records that wait for the next transaction."""
        return self._waiting.qsize()

    def record(self, record: Record, request: KeyedRequest | None = None) -> asyncio.Future[int]:
        """The record's place in the log, once it is on disk; fails with `JournalUnavailable`. `request`: what a
        decision answers; fails with `AnsweredBefore` or `RequestKeyReused` where it is on disk already."""
        return self._put(record if request is None else KeyedRecord(record, request))

    def kept_answer(self, request: KeyedRequest) -> KeptAnswer | None:
        """What the request was answered; None where it is new. Raises `RequestKeyReused`, `JournalUnavailable`. Blocks:
        call it from a thread."""
        since = moment(self.clock.now() - self._kept)
        return self._rows(lambda connection: kept_answer(connection, self._subject_keys(), request, since))

    def keep_answer(self, request: KeyedRequest, answer: KeptAnswer) -> asyncio.Future[Any]:
        """Done once it is on disk, of a request that led to no record; fails as `record` does."""
        return self._put(lambda transaction: keep(transaction, request, answer))

    def record_policy_set(
        self,
        version: str,
        files: Mapping[str, str],
        standard_facts: str | None,
        actor: Actor | str = RULES_FOLDER,
        also: JournalWork = lambda _: None,
        *,
        how: str = "watch",
        after: int | None = None,
    ) -> asyncio.Future[Any]:
        """The set takes effect: kept once per version, so that a decision's policies can be read back by its `policy`,
        and recorded where it wasn't the last one that took effect. `also` is done before, in the same
        transaction; where it gives an exception, nothing is recorded. Gives the `PolicyTimeline` that it led to; fails
        with `PolicyMoved` where the last activation is not `after` any more."""
        texts = json.dumps(dict(files), ensure_ascii=False)
        row = {"version": version, "files": texts, "standard_facts": standard_facts}

        def work(transaction: LogTransaction) -> object:
            given = also(transaction)
            return given if isinstance(given, Exception) else activate(transaction, row, actor, how=how, after=after)

        return self._put(work)

    def write(self, work: JournalWork) -> asyncio.Future[Any]:
        """Done once what `work` wrote is on disk. It runs in the writer's thread and transaction, perhaps twice; where
        it raises, all that shares the transaction fails, so it raises only what is a fault of the file."""
        return self._put(work)

    def write_together(self, together: Together, asked: Any) -> asyncio.Future[Any]:
        """As `write`, done at once with all that `together` is asked for in the same transaction."""
        return self._put(SharedWork(together, asked))

    def probe(self) -> asyncio.Future[Any]:
        """Done once a write as large as a decision has reached the disk."""
        return self._put(lambda transaction: try_write(self._store, transaction.connection))

    @property
    def log_bytes(self) -> int:
        """Size of the write-ahead log."""
        return self._store.log_bytes

    @property
    def unsigned_seconds(self) -> float:
        """For how long there have been records that no checkpoint covers."""
        return self._checkpointing.unsigned_seconds(monotonic())

    def find(self, id: str) -> str | None:
        """The decision as it was answered. Blocks: call it from a thread."""
        recorded = self.recorded(id)
        return None if recorded is None else recorded.answer

    def recorded(self, id: str) -> Recorded | None:
        """The decision and who asked for it. Blocks: call it from a thread."""
        return self._rows(lambda connection: decision_with_id(connection, self._key_to_read, id))

    def record_called(self, called: str) -> OpenedRecord | None:
        """The record of any kind with this id, or with this place in the log where it is a number. Blocks: call it from
        a thread."""
        return self._rows(lambda connection: record_called(connection, self._key_to_read, called))

    def decisions(self, from_seq: int = 0) -> Iterator[Recorded]:
        """All decisions in their order, from this place on. Blocks: call it from a thread."""
        while some := self._decisions(from_seq):
            yield from some
            from_seq = some[-1].seq + 1

    def _decisions(self, seq: int) -> list[Recorded]:
        return self._rows(lambda connection: decisions_from(connection, self._key_to_read, seq, READ_MAX))

    def records(self, *kinds: RecordKind) -> list[OpenedRecord]:
        """All records of these kinds in their order, opened; not for decisions. Blocks: call it from a thread."""
        return self._rows(lambda connection: records_of(connection, self._key_to_read, kinds))

    def last(self, *kinds: RecordKind) -> int | None:
        """The place of the last record of these kinds. Blocks: call it from a thread."""
        return self._rows(lambda connection: last_of(connection, kinds))

    def read(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """All rows of a query on the journal's tables. Raises `JournalUnavailable`. Blocks: call it from a thread."""
        return self._rows(lambda connection: connection.execute(query).all())

    def ask(self, question: Callable[[Connection, SubjectKeys], _Answer]) -> _Answer:
        """What a question to the tables gives that needs the keys too. Raises `JournalUnavailable`. Blocks: call it
        from a thread."""
        return self._rows(lambda connection: question(connection, self._subject_keys()))

    def find_policy_set(self, version: str) -> PolicySet | None:
        """Blocks: call it from a thread."""
        return self._rows(lambda connection: policy_set(connection, version))

    def latest_policy_set(self) -> PolicySet | None:
        """The one that took effect last; None in a journal that has none. Await a `probe` first: it makes a new
        journal. Blocks: call it from a thread."""
        version = self._rows(version_in_force)
        return None if version is None else self.find_policy_set(version)

    def activations(self) -> list[Activation]:
        """Which policy set took effect when, the first one first. Blocks: call it from a thread."""
        return self._rows(activations)

    def close(self) -> None:
        """Writes what is waiting, then stops. Blocks: call it from a thread while the event loop runs."""
        if not self._closed:
            self._closed = True
            self._waiting.put(None)
            self._thread.join()

    def _key_to_read(self, number: int) -> BodyKey:
        return self._subject_keys().key(number)

    def _subject_keys(self) -> SubjectKeys:
        keys = self._keys
        if keys is None:
            wrapping = wrapping_key(self._places.wrapping_key, may_make=False)
            keys = self._keys = SubjectKeys(self._places.subject_keys, wrapping)
        return keys

    def _rows(self, ask: Callable[[Connection], _Answer]) -> _Answer:
        try:
            self._store.check()
            with self._store.reading() as connection:
                return ask(connection)
        except (SQLAlchemyError, FileTrouble) as error:
            self._is_doubted = self._is_doubted or is_damage(trouble_in_words(error))
            raise unavailable("the journal can't be read now", error) from error

    def _put(self, work: Work) -> asyncio.Future[Any]:
        if self._closed:
            raise JournalUnavailable("the journal is closed")
        if self._waiting.qsize() >= WAITING_MAX:
            raise JournalUnavailable("too many decisions wait for the journal")
        future = asyncio.get_running_loop().create_future()
        self._waiting.put((work, future))
        return future

    # The writer thread, from here on.

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            if batch:
                self._write(batch)
            self._sign(at_once=False)
        self._sign(at_once=True)
        self._store.dispose()
        self._disconnect()

    def _next_batch(self) -> list[_Waiting] | None:
        """Blocks for the first, or until a checkpoint is due, then takes what else is there; None once the journal is
        closed and drained."""
        try:
            first = self._waiting.get(timeout=self._checkpointing.due_in(monotonic()) if self._opened else None)
        except Empty:
            return []
        if first is None:
            return None
        batch = [first]
        with suppress(Empty):
            while len(batch) < BATCH_MAX:
                following = self._waiting.get_nowait()
                if following is None:
                    self._waiting.put(None)  # closes after this batch
                    break
                batch.append(following)
        return batch

    def _sign(self, *, at_once: bool) -> None:
        """A checkpoint, where one is due. Where it can't be written it is tried again a second later: nothing that was
        answered depends on it."""
        if self._opened is None or self._head is None:
            return
        if self._checkpointing.is_due(self._head.tree.size, monotonic(), at_once=at_once):
            try:
                self._store.check()
                self._checkpointing.sign(self._opened, self._head)
                self._store.check()
            except Exception as error:
                if not isinstance(error, (SQLAlchemyError, FileTrouble, *self._store.faults)):
                    raise
                self._checkpointing.failed(error)

    def _write(self, batch: Sequence[_Waiting]) -> None:
        """One transaction for all; one for each where the data of one of them, not the disk, was at fault."""
        done = self._commit([work for work, _ in batch])
        if not isinstance(done, (*_DATA_AT_FAULT, *self._store.data_faults)) or len(batch) == 1:
            settle_futures([future for _, future in batch], done)
            return
        for work, future in batch:
            settle_futures([future], self._commit([work]))

    def _commit(self, works: Sequence[Work]) -> list[Any] | Exception:
        """What each work gives, or why nothing was written."""
        started = perf_counter()
        try:
            given = self._commit_in_place(works)
        except Exception as error:  # whatever it is, the callers must hear of it and the thread must live
            self._note(error, len(works))
            self._after_failure(error)
            self._observe(Commit(len(works), perf_counter() - started, failed=True))
            return error
        self._observe(Commit(len(works), perf_counter() - started, failed=False))
        if self._trouble:
            self._trouble = ""
            log.info("journal writes again", journal=str(self.place))
        return given

    def _commit_in_place(self, works: Sequence[Work]) -> list[Any]:
        """Into the file that was opened, and still is at its path after the commit: a record that nobody will find
        must not be answered."""
        opened = self._to_write()
        self._store.check()
        opened.keys.check()
        if self._trouble:
            with self._store.turn(opened.connection):  # a smaller record may still fit: no end of the trouble
                try_write(self._store, opened.connection)
        given = self._in_one_transaction(works, opened)
        self._store.check()
        ids = (recorded_id(work, result) for work, result in zip(reversed(works), reversed(given), strict=True))
        self._last_id = next((each for each in ids if each), self._last_id)
        self._watch_log()
        return given

    def _in_one_transaction(self, works: Sequence[Work], opened: OpenJournal) -> list[Any]:
        given: list[Any] = []
        last: WrittenEntry | None = None
        try:
            with self._store.turn(opened.connection) as turn:
                transaction = LogTransaction(opened.connection, opened.keys, self.clock, self._head, self._kept)
                take_effect_where_due(transaction)
                transaction.kept.look_for(requests_of(works))
                given += done_all(transaction, works)
                transaction.flush()
                self._forget(transaction)
                last = transaction.last
                turn.finish()
            self._head = transaction.head
            if transaction.has_erased:
                self._store.leave_nothing(opened.connection)
        except AnswerLost as lost:
            self._look_up(lost, last)  # and reads the head anew
        return given

    def _forget(self, transaction: LogTransaction) -> None:
        """Once a minute, and each second while much is to be forgotten."""
        if monotonic() >= self._forgets_at:
            self._forgets_at = monotonic() + (1 if transaction.kept.forget() else FORGETS_SECONDS)

    def _look_up(self, lost: AnswerLost, last: WrittenEntry | None) -> None:
        """Returns where the transaction was committed. Raises what broke its connection where it wasn't, and `lost`
        where that can't be known in time."""
        self._disconnect()
        end = monotonic() + LOOK_UP_SECONDS_MAX
        while monotonic() < end:
            try:
                was_committed = self._store.was_committed(self._to_write().connection, lost.transaction, last)
            except Exception:
                self._disconnect()
                sleep(0.1)
                continue
            log.warning("journal's commit was not answered", journal=str(self.place), committed=was_committed)
            if was_committed:
                return
            raise lost.__cause__ or lost
        raise lost

    def _watch_log(self) -> None:
        """Said at 64 MB and at each doubling; anew once it has been small."""
        log_bytes = self._store.log_bytes  # one more question of 2 µs
        if log_bytes >= self._log_alarm:
            self._log_alarm = log_bytes * 2
            log.warning("journal's log grows", journal=str(self.place), bytes=log_bytes, reason="a reader doesn't end")
        elif log_bytes < LOG_BYTES_ALARM // 2:
            self._log_alarm = LOG_BYTES_ALARM

    def _after_failure(self, error: Exception) -> None:
        """The journal is opened afresh; but where its file is lost, what it holds is kept."""
        if self._store.after_failure(error, self._opened.connection if self._opened else None):
            self._disconnect()

    def _note(self, error: Exception, records: int) -> None:
        """What the disk refuses is said once, however often it is tried; what has no words is said in full."""
        trouble = trouble_in_words(error)
        if not trouble:
            log.exception("journal write failed", journal=str(self.place), records=records)
        elif trouble != self._trouble:
            self._trouble = trouble
            log.error("journal write failed", journal=str(self.place), records=records, reason=trouble)

    def _to_write(self) -> OpenJournal:
        """Looked at as at the start where a reader has met damage: a write alone would not meet it."""
        if self._is_doubted:
            self._is_doubted = False
            self._disconnect()
        if self._opened is None:
            self._opened = open_to_write(self._store, self._places, self.clock, holding=self._last_id)
            self._head, self._keys = self._opened.head, self._opened.keys
        return self._opened

    def _disconnect(self) -> None:
        opened, self._opened = self._opened, None
        self._store.closed()
        if opened is not None:
            with suppress(SQLAlchemyError):
                opened.connection.invalidate()
                opened.connection.close()
