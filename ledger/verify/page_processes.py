"""Pages of records checked in processes beside this one: most of a long check is opening bodies and hashing them.

A process gets a run of pages, reads them over a connection of its own, and gives back their leaf hashes and what it
learnt of other records. Only of a run without any fault: one with a fault, one that doesn't go on from the run before
it, and one whose process ended are checked once more, here and in order. So what is found, and in which words, never
depends on how many processes there are.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from ledger.journal.journal import Journal
from ledger.record.log_tiles import hashes_in
from ledger.store.key_database import SubjectKeys
from ledger.store.place import JournalPlace
from ledger.store.secret_files import KeyPlaces
from ledger.verify.journal_faults import FaultsFound
from ledger.verify.record_check import RecordCheck
from ledger.verify.record_pages import PAGE, RecordPages

RUN = 16 * PAGE
"""Records that a process checks at a time."""

RECORDS_FOR_ANOTHER = 25_000
"""Records for which starting a process (a second) is worth it."""

_AHEAD = 2
"""Runs that each process has been given."""


@dataclass(frozen=True, slots=True)
class CheckedRun:
    """Pages without any fault."""

    leaves: bytes
    """Their leaf hashes, one after the other."""

    records: RecordCheck
    """What was learnt of them, and what they say of others."""

    def pages(self) -> Iterator[list[bytes | None]]:
        """The leaf hashes page by page."""
        hashes: list[bytes | None] = [*hashes_in(self.leaves)]
        for at in range(0, len(hashes), PAGE):
            yield hashes[at : at + PAGE]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """What each process opens by itself."""

    place: JournalPlace
    """The journal."""

    keys: KeyPlaces | None
    """Of its bodies; None: they are not opened."""

    size: int
    """Records that are checked."""


def how_many_processes(size: int) -> int:
    """As many as there are processors, for a journal of so many records that starting them is worth it."""
    return max(1, min(len(os.sched_getaffinity(0)), size // RECORDS_FOR_ANOTHER))


def runs_of(size: int) -> list[range]:
    """The records of each run."""
    return [range(first, min(first + RUN, size)) for first in range(0, size, RUN)]


def runs_checked(journals: Journals, runs: Sequence[range], processes: int) -> Iterator[CheckedRun | None]:
    """Run after run; None: this one is to be checked here."""
    checkers = [_Checker(journals) for _ in range(processes)]
    try:
        asked: deque[_Checker] = deque()
        for number, run in enumerate(runs):
            checker = checkers[number % processes]
            checker.ask(run)
            asked.append(checker)
            if len(asked) >= processes * _AHEAD:
                yield asked.popleft().answer()
        while asked:
            yield asked.popleft().answer()
    finally:
        for checker in checkers:
            checker.end()


class _Checker:
    """One process. Whatever becomes of it, its answer is None then, and never a wrong one."""

    def __init__(self, journals: Journals) -> None:
        context = multiprocessing.get_context("spawn")  # a copy of this process would have its threads' locks
        self._here, there = context.Pipe()
        self._process = context.Process(target=_run, args=(there, journals), daemon=True)
        self._process.start()
        there.close()  # so that either end hears of it when the other is gone

    def ask(self, run: range) -> None:
        """Check these records."""
        with suppress(OSError):
            self._here.send(run)

    def answer(self) -> CheckedRun | None:
        """Of the oldest run that was asked for."""
        try:
            answer = self._here.recv()
        except (OSError, EOFError):
            return None
        return answer if isinstance(answer, CheckedRun) else None

    def end(self) -> None:
        self._here.close()
        self._process.terminate()
        self._process.join()


def _run(asked: Connection, journals: Journals) -> None:
    """In the process, until whoever asks is gone."""
    from ledger.verify.journal_check import body_keys

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a key pressed at the terminal is for who asks
    journal = Journal(journals.place, places=journals.keys)
    keys = None if journals.keys is None else body_keys(journals.keys)
    with suppress(OSError, EOFError):
        while True:
            run: range = asked.recv()
            try:
                checked = checked_run(journal, keys, journals.size, run)
            except Exception:  # it will come again where it is checked in order, and is said there
                checked = None
            asked.send(checked)


def checked_run(journal: Journal, keys: SubjectKeys | None, size: int, run: range) -> CheckedRun | None:
    """None where anything is wrong. Raises as `RecordPages.leaves`."""
    records = RecordCheck(faults=FaultsFound(), key=None if keys is None else keys.key)
    pages = RecordPages(journal, keys, size, records)
    leaves = [leaf for at in run[::PAGE] for leaf in pages.leaves(at)]
    whole = [leaf for leaf in leaves if leaf is not None]
    if records.faults.total or len(whole) != len(leaves):
        return None
    records.key = None  # it stays in this process
    return CheckedRun(b"".join(whole), records)
