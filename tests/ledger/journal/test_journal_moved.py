"""A journal that is moved, replaced, removed or cut off under the service takes no decisions, and loses none."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from ledger.journal import checkpointing
from ledger.journal.journal import Journal
from ledger.journal.opening import check_writable
from ledger.store.database import database_kept_to_read, database_to_read, database_to_write
from ledger.store.file_store import FileStore
from ledger.store.journal_file import JournalFile
from ledger.store.secret_files import beside as keys_beside
from ledger.store.trouble import FileLost, JournalUnavailable
from tests.support.journal_moves import MOVES, Move, beside, listing
from tests.support.journal_records import fails, record, trouble
from tests.support.steps import one_in

ANSWERED = [f"answered-{number}" for number in range(25)]
LOST = "was moved or replaced"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "journal.db"


@pytest.fixture
def journal(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """After the first record nothing is written but records."""
    monkeypatch.setattr(checkpointing, "SECONDS", 1e9)
    journal = Journal(path)
    yield journal
    journal.close()


async def _answered(journal: Journal) -> None:
    """Some of it in the file, some in the log: SQLite carries the log over at each tenth of these."""
    for name in ANSWERED:
        await journal.record(record(name, "long " * 40_000))
    await journal.probe()  # the checkpoint has been written


def _ids(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        return {name for (name,) in connection.execute("SELECT id FROM entries")}
    finally:
        connection.close()


async def _probe(journal: Journal) -> str:
    try:
        await journal.probe()
    except JournalUnavailable as error:
        return str(error)
    return ""


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.name)
def test_nothing_is_recorded_read_or_made_while_the_file_is_not_the_one_that_was_opened(
    journal: Journal, path: Path, tmp_path: Path, move: Move
) -> None:
    async def go() -> None:
        await _answered(journal)
        journal.find(ANSWERED[0])
        move.act(path)
        before = listing(tmp_path)
        content = path.read_bytes() if move.leave_alone else b""
        for _ in range(2):
            said = [await trouble(journal, record("unanswered")), await _probe(journal)]
            with pytest.raises(JournalUnavailable) as unread:
                journal.find(ANSWERED[0])
            for each in (*said, str(unread.value)):
                assert LOST in each or "the file was cut off" in each
                assert "restart" in each or "restore" in each  # what to do
        assert listing(tmp_path) == before
        if move.leave_alone:  # what was cut off, or is somebody else's now, is not written into
            assert path.read_bytes() == content

    asyncio.run(go())


def test_a_file_that_was_cut_off_is_not_trusted_when_it_has_grown_again(journal: Journal, path: Path) -> None:
    async def go() -> None:
        await _answered(journal)
        size = path.stat().st_size
        os.truncate(path, 4096)
        assert await fails(journal, record("unanswered"))
        os.truncate(path, size)
        assert "the file was cut off" in await trouble(journal, record("unanswered"))

    asyncio.run(go())


def test_a_file_that_is_replaced_while_it_is_opened_is_noticed(path: Path) -> None:
    file = JournalFile(path)
    file.prepare()
    path.rename(path.with_name("moved.db"))
    path.touch()
    with pytest.raises(FileLost, match="while it was opened"):
        file.opened()


@pytest.mark.parametrize("move", [move for move in MOVES if move.back], ids=lambda move: move.name)
def test_it_goes_on_when_the_same_file_is_back(journal: Journal, path: Path, move: Move) -> None:
    async def go() -> None:
        await _answered(journal)
        move.act(path)
        assert await fails(journal, record("meanwhile"))
        assert move.back is not None
        move.back(path)
        assert not await fails(journal, record("after"))

    with capture_logs() as logs:
        asyncio.run(go())
    assert _ids(path) == {*ANSWERED, "after"}  # what was refused was not written either
    events = [line["event"] for line in logs if line["log_level"] != "warning"]
    assert events == ["journal made", "journal write failed", "journal writes again"]


@pytest.mark.parametrize("stopped", ["in order", "killed"])
@pytest.mark.parametrize("move", one_in(3, [move for move in MOVES if move.whole]), ids=lambda move: move.name)
def test_what_was_answered_is_in_the_file_wherever_it_is(
    journal: Journal, path: Path, tmp_path: Path, move: Move, stopped: str
) -> None:
    """Also where the log was left behind or removed, and where the service is killed after the first refusal: then the
    file by itself is looked at."""

    async def go() -> None:
        await _answered(journal)
        move.act(path)
        assert await fails(journal, record("unanswered"))

    asyncio.run(go())
    assert move.whole is not None
    file = move.whole(path)
    if stopped == "in order":
        journal.close()
    else:
        file = Path(shutil.copy(file, tmp_path / "alone.db"))
    assert set(ANSWERED) <= _ids(file)


def test_a_move_during_the_commit_is_noticed_before_the_answer(journal: Journal, path: Path) -> None:
    def write_and_move(_: object) -> None:
        path.rename(path.with_name("moved.db"))

    async def go() -> None:
        await _answered(journal)
        with pytest.raises(JournalUnavailable, match=LOST):
            await journal._put(write_and_move)

    asyncio.run(go())


def test_after_a_failure_another_file_with_the_same_name_is_refused(journal: Journal, path: Path) -> None:
    """The connection was closed meanwhile, and the disk may have given the file's number to another."""

    async def go() -> None:
        await _answered(journal)
        await _fail_otherwise(journal)
        for ending in ("", "-wal", "-shm"):
            beside(path, ending).unlink(missing_ok=True)
        assert await fails(journal, record("no file"))
        assert not path.exists()
        with pytest.raises(JournalUnavailable, match="new-epoch"):
            check_writable(path)
        keys_beside(path).last_checkpoint.unlink()
        check_writable(path)
        assert await fails(journal, record("another file"))
        file = _file_of(journal)
        file._identity = (path.stat().st_dev, path.stat().st_ino)  # the same number, as a disk may give it
        file._bytes, file._cut_off = 0, False  # and as large
        assert LOST in await trouble(journal, record("another file"))

    asyncio.run(go())
    assert _ids(path) == set()


async def _fail_otherwise(journal: Journal) -> None:
    """A failure after which the file is opened afresh."""

    def fail(_: object) -> None:
        raise sqlite3.OperationalError("made up")

    with pytest.raises(JournalUnavailable):
        await journal._put(fail)
    assert journal._opened is None


@pytest.mark.parametrize("file_is", ["missing", "empty"])
def test_a_log_without_its_file_is_not_thrown_away(path: Path, file_is: str) -> None:
    """SQLite would remove it. The service was killed, then the file was moved away or emptied."""
    killed = (
        "import asyncio, os, sys; from pathlib import Path; from ledger.journal.journal import Journal\n"
        "from tests.support.journal_records import record\n"
        "async def go():\n"
        " journal = Journal(Path(sys.argv[1]))\n await journal.record(record('first'))\n"
        " await journal.record(record('answered'))\n os._exit(9)\n"
        "asyncio.run(go())"
    )
    assert subprocess.run([sys.executable, "-c", killed, str(path)], stdout=subprocess.DEVNULL).returncode == 9
    log = beside(path, "-wal").read_bytes()
    assert log  # the first commit after a start empties it, the next ones don't
    whole = path.read_bytes()
    path.unlink()
    if file_is == "empty":
        path.touch()
    with pytest.raises(JournalUnavailable, match=f"the file is {file_is}, but its log `journal.db-wal` is there"):
        check_writable(path)
    assert beside(path, "-wal").read_bytes() == log
    path.write_bytes(whole)
    check_writable(path)
    assert _ids(path) == {"first", "answered"}


@pytest.mark.parametrize("database_of", [database_to_read, database_kept_to_read, database_to_write])
def test_no_connection_makes_the_file(path: Path, database_of: Callable[[JournalFile], Database]) -> None:
    file = JournalFile(path)
    file.prepare()
    path.unlink()
    with pytest.raises(OperationalError), database_of(file).connect() as connection:
        connection.exec_driver_sql("SELECT * FROM sqlite_master")
    assert listing(path.parent) == {}


def test_reading_a_journal_that_is_not_there_makes_none(path: Path) -> None:
    path.parent.mkdir()
    journal = Journal(path)
    with pytest.raises(JournalUnavailable):
        journal.find("any")
    journal.close()
    assert listing(path.parent) == {}


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE customers (name)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(JournalUnavailable, match="another program's database"):
        check_writable(path)
    assert path.read_bytes() == before


def _file_of(journal: Journal) -> JournalFile:
    assert isinstance(journal._store, FileStore)
    return journal._store.file
