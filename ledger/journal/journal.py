"""The decision journal: a decision is on disk before anyone hears of it.

One thread writes. Everything that waits when it comes round goes into one transaction, so that concurrent requests
share one fsync; each caller's future is resolved after that commit, with one call into the event loop per batch.
Whatever goes wrong on disk reaches the callers as `JournalUnavailable`; the next batch opens the file afresh, so that
the journal recovers when the disk does.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from queue import Empty, SimpleQueue
from time import monotonic, perf_counter, sleep
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Row, Select, func, insert, select
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from ledger.journal.clock import Clock, moment
from ledger.journal.opening import open_to_write, try_write
from ledger.store.place import JournalPlace
from ledger.store.store import Statement, store_at
from ledger.store.tables import activations, decisions, policy_sets
from ledger.store.trouble import (
    DAMAGED,
    AnswerLost,
    FileTrouble,
    JournalUnavailable,
    trouble_in_words,
    unavailable,
)

BATCH_MAX = 256
"""Records in one transaction: bounds how long the first of them waits for the last."""

WAITING_MAX = 10_000
"""Records that may wait for the disk before further ones are refused at once."""

LOOK_UP_SECONDS_MAX = 5
"""How long a batch whose commit was not answered is looked for before its callers are told that it is not known."""

LOG_BYTES_ALARM = 64 << 20
"""A write-ahead log of this size can't be emptied into the file: somebody has been reading for long."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One decision as the journal keeps it: what was asked, what was answered, and columns to find it by."""

    id: str
    """UUID version 7 in lower case."""

    recorded_at: str
    """When it was recorded: ISO 8601, UTC, microseconds (`clock.moment`)."""

    case_kind: str
    """`order`, `invoice`, `account` or `portfolio`."""

    subject: str
    """The number of the order, invoice or account."""

    outcome: str
    """As in the answer."""

    policy_version: str
    """SHA-256 of the policy set that decided."""

    request: str
    """The body as it was received, byte for byte."""

    answer: str
    """The decision as it was answered, byte for byte."""

    actor: str
    """Who asked, as `ledger.access.actors` writes it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision read back, with what says who may see it."""

    answer: str
    """As it was answered, byte for byte."""

    case_kind: str
    """`order`, `invoice`, `account` or `portfolio`."""

    actor: str | None
    """Who asked; None in records of before that was kept."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction carried and took, for whoever observes the journal."""

    records: int
    """How many records and other work shared the transaction."""

    seconds: float
    """From its start to its end on disk, or to its failure."""

    failed: bool
    """Nothing of it is on disk."""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """What a policy version stood for, as the journal keeps it."""

    version: str
    """SHA-256 over the files and the standard facts."""

    loaded_at: str
    """When it took effect first: ISO 8601, UTC."""

    files: Mapping[str, str]
    """File name → text."""

    standard_facts: str | None
    """The engine's own facts at that time, which the version covers; None in a journal of before they were kept."""


_Answer = TypeVar("_Answer")
_Work = Record | Callable[[Connection], object]
_Waiting = tuple[_Work, "asyncio.Future[None]"]


_DATA_AT_FAULT = (IntegrityError, DataError, UnicodeError)

_HEAD = "UPDATE head SET size = %s, at = %s"
_OF_SET = (policy_sets.c.version, policy_sets.c.loaded_at, policy_sets.c.files, policy_sets.c.standard_facts)


class Journal:
    """Decisions and policy sets, written by one thread.

    Made by the event loop's thread; what it gives is awaited there. `observe` is called by the writer thread after
    each transaction. `place` may name a file that isn't there yet, or an empty database: the first write makes the
    tables.
    """

    def __init__(
        self, place: JournalPlace, observe: Callable[[Commit], None] = lambda _: None, clock: Clock | None = None
    ) -> None:
        self.place = place
        self.clock = clock or Clock()
        self._observe = observe
        self._store = store_at(place)
        self._connection: Connection | None = None
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

    def record(self, record: Record) -> asyncio.Future[None]:
        """Done once the record is on disk; fails with `JournalUnavailable`."""
        return self._put(record)

    def record_policy_set(
        self, version: str, files: Mapping[str, str], standard_facts: str | None
    ) -> asyncio.Future[None]:
        """The set takes effect: kept once per version, so that a decision's policies can be read back by its
        `policy_version`, and once more in the order in which sets took effect where it wasn't the last one."""
        texts = json.dumps(dict(files), ensure_ascii=False)
        row = {"version": version, "files": texts, "standard_facts": standard_facts}
        return self._put(lambda connection: _activate(connection, row, self.clock))

    def write(self, work: Callable[[Connection], object]) -> asyncio.Future[None]:
        """Done once what `work` wrote is on disk. It runs in the writer's thread and transaction, perhaps twice; where
        it raises, all that shares the transaction fails, so it raises only what is a fault of the file."""
        return self._put(work)

    def probe(self) -> asyncio.Future[None]:
        """Done once a write as large as a decision has reached the disk."""
        return self._put(lambda connection: try_write(self._store, connection))

    @property
    def log_bytes(self) -> int:
        """Size of the write-ahead log."""
        return self._store.log_bytes

    def find(self, id: str) -> str | None:
        """The decision as it was answered. Blocks: call it from a thread."""
        recorded = self.recorded(id)
        return None if recorded is None else recorded.answer

    def recorded(self, id: str) -> Recorded | None:
        """The decision and who asked for it. Blocks: call it from a thread."""
        columns = (decisions.c.answer, decisions.c.case_kind, decisions.c.actor)
        row = self._read(select(*columns).where(decisions.c.id == id))
        return None if row is None else Recorded(row.answer, row.case_kind, row.actor)

    def read(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """All rows of a query on the journal's other tables. Raises `JournalUnavailable`. Blocks: call it from a
        thread."""
        return self._rows(lambda connection: connection.execute(query).all())

    def find_policy_set(self, version: str) -> PolicySet | None:
        """Blocks: call it from a thread."""
        return _policy_set(self._read(select(*_OF_SET).where(policy_sets.c.version == version)))

    def latest_policy_set(self) -> PolicySet | None:
        """The one that took effect last; None in a journal that has none. Await a `probe` first: it makes a new journal
        and brings the tables of an old one up to date. Blocks: call it from a thread."""
        last = self._read(select(activations.c.version).order_by(activations.c.number.desc()).limit(1))
        return self.find_policy_set(last[0]) if last else self._latest_before_activations()

    def _latest_before_activations(self) -> PolicySet | None:
        """A journal of before 0002 says when each set was loaded first, and under which the last decision was made."""
        newest = _policy_set(self._read(select(*_OF_SET).order_by(policy_sets.c.loaded_at.desc()).limit(1)))
        last = self._read(
            select(decisions.c.recorded_at, decisions.c.policy_version).order_by(decisions.c.sequence.desc()).limit(1)
        )
        if newest is None or last is None or last.recorded_at < newest.loaded_at:
            return newest
        return self.find_policy_set(last.policy_version) or newest

    def close(self) -> None:
        """Writes what is waiting, then stops. Blocks: call it from a thread while the event loop runs."""
        if not self._closed:
            self._closed = True
            self._waiting.put(None)
            self._thread.join()

    def _read(self, query: Select[Any]) -> Row[Any] | None:
        return self._rows(lambda connection: connection.execute(query).first())

    def _rows(self, ask: Callable[[Connection], _Answer]) -> _Answer:
        try:
            self._store.check()
            with self._store.reading() as connection:
                return ask(connection)
        except (SQLAlchemyError, FileTrouble) as error:
            self._is_doubted = self._is_doubted or trouble_in_words(error) == DAMAGED
            raise unavailable("the journal can't be read now", error) from error

    def _put(self, work: _Work) -> asyncio.Future[None]:
        if self._closed:
            raise JournalUnavailable("the journal is closed")
        if self._waiting.qsize() >= WAITING_MAX:
            raise JournalUnavailable("too many decisions wait for the journal")
        future = asyncio.get_running_loop().create_future()
        self._waiting.put((work, future))
        return future

    # The writer thread, from here on.

    def _run(self) -> None:
        while batch := self._next_batch():
            self._write(batch)
        self._store.dispose()
        self._disconnect()

    def _next_batch(self) -> list[_Waiting]:
        """Blocks for the first, then takes what else is there; empty once the journal is closed and drained."""
        first = self._waiting.get()
        batch = [] if first is None else [first]
        try:
            while first is not None and len(batch) < BATCH_MAX:
                following = self._waiting.get_nowait()
                if following is None:
                    self._waiting.put(None)  # closes after this batch
                    break
                batch.append(following)
        except Empty:
            pass
        return batch

    def _write(self, batch: Sequence[_Waiting]) -> None:
        """One transaction for all; one for each where the data of one of them, not the disk, was at fault."""
        error = self._commit([work for work, _ in batch])
        if not isinstance(error, (*_DATA_AT_FAULT, *self._store.data_faults)) or len(batch) == 1:
            _settle((future for _, future in batch), error)
            return
        for work, future in batch:
            _settle([future], self._commit([work]))

    def _commit(self, works: Sequence[_Work]) -> Exception | None:
        started = perf_counter()
        try:
            self._commit_in_place(works)
            self._last_id = next((work.id for work in reversed(works) if isinstance(work, Record)), self._last_id)
        except Exception as error:  # whatever it is, the callers must hear of it and the thread must live
            self._note(error, len(works))
            self._after_failure(error)
            self._observe(Commit(len(works), perf_counter() - started, failed=True))
            return error
        self._observe(Commit(len(works), perf_counter() - started, failed=False))
        if self._trouble:
            self._trouble = ""
            log.info("journal writes again", journal=str(self.place))
        return None

    def _commit_in_place(self, works: Sequence[_Work]) -> None:
        """Into the file that was opened, and still is at its path after the commit: a record that nobody will find
        must not be answered."""
        connection = self._connected()
        self._store.check()
        if self._trouble:
            # a smaller record than a usual one may still fit: it isn't the end of the trouble
            with self._store.turn(connection):
                try_write(self._store, connection)
        try:
            self._in_one_transaction(works, connection)
        except AnswerLost as lost:
            self._look_up(lost)
        self._store.check()
        self._watch_log()

    def _look_up(self, lost: AnswerLost) -> None:
        """Returns where the transaction was committed. Raises what broke its connection where it wasn't, and `lost`
        where that can't be known in time."""
        self._disconnect()
        end = monotonic() + LOOK_UP_SECONDS_MAX
        while monotonic() < end:
            try:
                was_committed = self._store.was_committed(self._connected(), lost.transaction)
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
        """The next batch opens the journal afresh; but where its file is lost, what it holds is kept."""
        if self._store.after_failure(error, self._connection):
            self._disconnect()

    def _note(self, error: Exception, records: int) -> None:
        """What the disk refuses is said once, however often it is tried; what has no words is said in full."""
        trouble = trouble_in_words(error)
        if not trouble:
            log.exception("journal write failed", journal=str(self.place), records=records)
        elif trouble != self._trouble:
            self._trouble = trouble
            log.error("journal write failed", journal=str(self.place), records=records, reason=trouble)

    def _in_one_transaction(self, works: Sequence[_Work], connection: Connection) -> None:
        """Records alone are one statement, which SQLite commits by itself. The driver gives up the interpreter lock
        for each statement, and beside a busy event loop getting it back takes up to 5 ms: BEGIN, INSERT and COMMIT
        one by one halve the service's rate."""
        records = [work for work in works if isinstance(work, Record)]
        if len(records) == len(works) and connection.dialect.name == "sqlite":
            connection.connection.cursor().execute(_insertion(len(records)), _values(records))
            return
        with self._store.turn(connection) as turn:
            if turn.head is not None and turn.head[1]:
                self.clock.seen(datetime.fromisoformat(turn.head[1]))  # another process's clock may be ahead
            for work in works:
                if not isinstance(work, Record):
                    work(connection)
            turn.finish(self._statements(records, turn.head))

    def _statements(self, records: Sequence[Record], head: tuple[int, str] | None) -> list[Statement]:
        """On a server records get the numbers after the head's, and no time before its."""
        if head is None:
            return [(_insertion(len(records)), _values(records))] if records else []
        size, at = head
        move_head = (_HEAD, (size + len(records), max(at, moment(self.clock.now()))))
        numbered = (_numbered_insertion(len(records)), _numbered_values(records, size, at))
        return [numbered, move_head] if records else [move_head]

    def _connected(self) -> Connection:
        """Looked at as at the start where a reader has met damage: a write alone would not meet it."""
        if self._is_doubted:
            self._is_doubted = False
            self._disconnect()
        if self._connection is None:
            self._connection = open_to_write(self._store, self.clock, holding=self._last_id)
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._store.closed()
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.invalidate()
                connection.close()


_COLUMNS = tuple(column.name for column in fields(Record))


_NO_EARLIER = "max(?, coalesce((SELECT recorded_at FROM decisions ORDER BY sequence DESC LIMIT 1), ''))"
"""The record's time or that of the last one, whichever is later: other processes write too, by clocks of their own."""


@lru_cache(maxsize=BATCH_MAX)
def _insertion(records: int) -> str:
    """One statement for the whole batch, in which SQLite numbers the rows."""
    row = f"({', '.join(_NO_EARLIER if column == 'recorded_at' else '?' for column in _COLUMNS)})"
    return f"INSERT INTO decisions ({', '.join(_COLUMNS)}) VALUES {', '.join([row] * records)}"


def _values(records: Iterable[Record]) -> tuple[str, ...]:
    return tuple(getattr(record, column) for record in records for column in _COLUMNS)


@lru_cache(maxsize=BATCH_MAX)
def _numbered_insertion(records: int) -> str:
    """The same on PostgreSQL, whose own numbers would have gaps."""
    row = f"({', '.join(['%s'] * (len(_COLUMNS) + 1))})"
    return f"INSERT INTO decisions (sequence, {', '.join(_COLUMNS)}) VALUES {', '.join([row] * records)}"


def _numbered_values(records: Iterable[Record], size: int, at: str) -> tuple[int | str, ...]:
    values: list[int | str] = []
    for number, record in enumerate(records, size + 1):
        at = max(at, record.recorded_at)
        values += [number, *(at if column == "recorded_at" else getattr(record, column) for column in _COLUMNS)]
    return tuple(values)


def _policy_set(row: Row[Any] | None) -> PolicySet | None:
    if row is None:
        return None
    try:
        return PolicySet(row.version, row.loaded_at, json.loads(row.files), row.standard_facts)
    except ValueError as error:
        raise unavailable("the journal can't be read now", FileTrouble(DAMAGED)) from error


def _activate(connection: Connection, row: Mapping[str, str | None], clock: Clock) -> None:
    version, now = row["version"], moment(clock.now())
    if connection.execute(select(policy_sets.c.version).where(policy_sets.c.version == version)).first() is None:
        connection.execute(insert(policy_sets), {**row, "loaded_at": now})
    last = connection.execute(select(activations.c.version).order_by(activations.c.number.desc()).limit(1)).scalar()
    if last != version:
        kind = "first" if last is None else "watch"
        number = select(func.coalesce(func.max(activations.c.number), 0) + 1).scalar_subquery()
        connection.execute(insert(activations).values(number=number, version=version, from_at=now, kind=kind))


def _settle(futures: Iterable[asyncio.Future[None]], error: Exception | None) -> None:
    """Resolves the futures in their event loops: one call into each loop, whatever the number of futures."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for future in futures:
        by_loop.setdefault(future.get_loop(), []).append(future)
    for loop, those in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve, those, error)


def _resolve(futures: Iterable[asyncio.Future[None]], error: Exception | None) -> None:
    for future in futures:
        if future.done():
            continue  # its caller went away
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(unavailable("the decision could not be written to the journal", error))
