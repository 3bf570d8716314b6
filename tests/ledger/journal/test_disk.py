"""The journal on disks that are full, small, read-only, and beside a reader that doesn't end."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ledger.journal import checkpointing
from ledger.journal import journal as journal_module
from ledger.journal.journal import Journal
from ledger.store.database import LOG_BYTES_KEPT
from ledger.store.secret_files import beside
from ledger.store.trouble import JournalUnavailable
from tests.support.journal_records import fails, faults_of, note_of, record

MEGABYTES = 4
KEYS = ("journal.keys.db", "journal.signing-key", "journal.wrapping-key")


def _mounts() -> bool:
    """Whether this process may mount: root may, where the machine lets it."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes."""
    if not _mounts():
        pytest.skip("a small disk needs the right to mount")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


async def _writable(journal: Journal) -> bool:
    try:
        await journal.probe()
    except JournalUnavailable:
        return False
    return True


@pytest.mark.parametrize("left", [0, 4096, 8192, 16_384, 32_768])
def test_on_a_full_disk_readiness_and_decisions_agree_and_the_log_does_not_flap(
    disk: Path, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a little room is left, into which a small write fits and a decision doesn't."""
    monkeypatch.setattr(checkpointing, "SECONDS", 1e9)  # else it may be a checkpoint that finds no room
    journal = Journal(disk / "journal.db")
    answered = []

    async def go() -> None:
        await journal.record(record("first"))
        await journal.probe()  # the checkpoint has been written
        ballast = disk / "ballast"
        _fill(ballast, left)
        for number in range(1_000):
            if await fails(journal, record(f"id-{number}", "x" * 5_000)):
                break
            answered.append(f"id-{number}")
        for number in range(20):
            assert not await _writable(journal)
            assert await fails(journal, record(f"small-{number}"))
        ballast.unlink()
        assert await _writable(journal)
        assert not await fails(journal, record("after", "x" * 5_000))

    with capture_logs() as logs:
        asyncio.run(go())
    told = ("journal write failed", "journal writes again")
    lines = [(line["event"], line.get("reason")) for line in logs if line["event"] in told]
    assert lines == [("journal write failed", "the disk is full"), ("journal writes again", None)]
    assert [name for name in answered if journal.find(name) is None] == []
    journal.close()
    assert faults_of(disk / "journal.db") == []


def test_a_checkpoint_that_can_not_be_kept_is_told_once_and_decisions_go_on(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk of the signing key is full, not that of the journal; and told again when it is signed."""
    monkeypatch.setattr(checkpointing, "SECONDS", 0.0)
    journal = Journal(tmp_path / "journal.db", places=beside(tmp_path / "journal.db", last_checkpoint=disk / "last"))

    async def go() -> None:
        await journal.record(record("first"))
        _fill(disk / "ballast", 0)
        for number in range(5):
            await journal.record(record(f"id-{number}"))
        assert journal.unsigned_seconds > 0
        (disk / "ballast").unlink()
        await journal.record(record("after"))

    with capture_logs() as logs:
        asyncio.run(go())
        journal.close()
    told = [(line["event"], line.get("reason")) for line in logs if line["event"] != "journal made"]
    reason = "the last checkpoint `last` can't be written: No space left on device"
    assert told == [("checkpoint not signed", reason), ("checkpoints are signed again", None)]
    assert faults_of(tmp_path / "journal.db") == []


def _fill(ballast: Path, left: int) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            file.truncate(file.tell() - left)


def test_a_start_on_a_full_disk_recovers_when_there_is_room(disk: Path) -> None:
    _fill(disk / "ballast", 0)
    journal = Journal(disk / "journal.db")

    async def go() -> None:
        assert not await _writable(journal)
        assert await fails(journal, record("before"))
        (disk / "ballast").unlink()
        assert await _writable(journal)
        assert not await fails(journal, record("after"))

    asyncio.run(go())
    journal.close()
    assert faults_of(disk / "journal.db") == []


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """Root writes into what has no rights to be written, so it needs a disk that is mounted so."""
    if os.geteuid() != 0:
        files = [*folder.iterdir()]
        for file in files:
            file.chmod(0o400)
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        for file in files:
            file.chmod(0o600)
        return
    if not _mounts():
        pytest.skip("a read-only disk needs the right to mount")
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize(
    "left", [[""], ["", "-wal"], ["", "-wal", "-shm"]], ids=["closed in order", "log without index", "killed"]
)
def test_on_a_read_only_disk_what_was_recorded_is_read_and_nothing_is_overlooked(
    tmp_path: Path, left: list[str]
) -> None:
    source, folder = tmp_path / "source" / "journal.db", tmp_path / "folder"
    _leave_in(source, folder, left)
    with _read_only(folder):
        journal = Journal(folder / "journal.db")

        async def go() -> None:
            assert await fails(journal, record("refused"))

        for _ in range(2):
            assert note_of(journal.find("in the file")) == "é"
            assert note_of(journal.find("in the log")) == "ü"
            assert journal.find("refused") is None
            assert journal.latest_policy_set() is not None
            asyncio.run(go())
        journal.close()
        assert sorted(file.name for file in folder.iterdir()) == sorted(
            [*(f"journal.db{ending}" for ending in left), *KEYS]
        )


def _leave_in(source: Path, folder: Path, left: list[str]) -> None:
    """A journal as a stop or a kill leaves it: one record in the file, one in the log unless it was closed in order."""
    journal = Journal(source)
    folder.mkdir()

    async def go() -> None:
        await journal.record_policy_set("v1", {}, None)
        await journal.record(record("in the file", "é"))
        with closing(sqlite3.connect(source)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        await journal.record(record("in the log", "ü"))

    asyncio.run(go())
    if left == [""]:
        journal.close()
    for ending in left:
        shutil.copy(f"{source}{ending}", folder)
    for key in KEYS:
        shutil.copy(source.with_name(key), folder)
    journal.close()


def test_a_journal_that_becomes_writable_again_is_written_and_read_anew(tmp_path: Path) -> None:
    """Nothing that was opened while the disk was read-only is kept: it would overlook what is written after."""
    folder = tmp_path / "folder"
    _leave_in(tmp_path / "source" / "journal.db", folder, ["", "-wal"])
    journal = Journal(folder / "journal.db")

    async def go() -> None:
        with _read_only(folder):
            assert journal.find("in the log") is not None
            assert await fails(journal, record("refused"))
        assert not await fails(journal, record("after"))
        assert journal.find("after") is not None
        assert journal.find("in the log") is not None

    asyncio.run(go())
    journal.close()


def test_where_the_folder_can_be_written_a_failure_to_read_is_told(tmp_path: Path) -> None:
    """The ways around the index are for disks on which nobody writes: here they could overlook a record."""
    folder = tmp_path / "folder"
    _leave_in(tmp_path / "source" / "journal.db", folder, ["", "-wal"])
    (folder / "journal.db-shm").symlink_to("/no/such/folder/index")
    journal = Journal(folder / "journal.db")
    with pytest.raises(JournalUnavailable, match="it can't be opened"):
        journal.find("in the log")
    journal.close()


def test_beside_a_long_reader_the_log_grows_is_said_and_shrinks_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "LOG_BYTES_ALARM", 10 << 20)
    path = tmp_path / "journal.db"
    journal = Journal(path)
    sizes: list[int] = []

    async def go() -> None:
        async def write(megabytes: int) -> None:
            for _ in range(megabytes * 4):
                await journal.record(record(f"id-{len(sizes)}", "x" * 250_000))
                sizes.append(journal.log_bytes)

        await write(4)
        reader = sqlite3.connect(path)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        await write(24)
        grown = journal.log_bytes
        assert grown > 20 << 20
        reader.close()
        await write(4)
        assert journal.log_bytes <= LOG_BYTES_KEPT < grown

    with capture_logs() as logs:
        asyncio.run(go())
    assert max(sizes[:16]) <= LOG_BYTES_KEPT
    said = [line["bytes"] for line in logs if line["event"] == "journal's log grows"]
    assert len(said) == 2
    assert said[1] >= 2 * said[0]
    journal.close()
