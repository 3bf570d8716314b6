"""The journal on a real SQLite file: order of events, shared commits, failures of the disk, nothing ever changed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from structlog.testing import capture_logs

from ledger.journal import journal as journal_module
from ledger.journal.clock import Clock
from ledger.journal.journal import Commit, Journal
from ledger.journal.opening import check_writable, open_to_write
from ledger.store.all_tables import metadata
from ledger.store.database import LOCK_SECONDS_MAX
from ledger.store.file_store import FileStore
from ledger.store.secret_files import beside
from ledger.store.trouble import JournalUnavailable, trouble_in_words
from tests.support.journal_records import fails, note_of, record
from tests.support.patience import PATIENCE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = Journal(path)
    yield journal
    journal.close()


def test_what_is_recorded_is_on_disk_before_the_caller_goes_on(journal: Journal, path: Path) -> None:
    async def go() -> None:
        for number in range(20):
            await journal.record(record(f"id-{number}", "é" * number))
            with closing(sqlite3.connect(path)) as other, other:  # another connection sees committed rows only
                query = "SELECT seq, length(sealed) > 100 FROM entries JOIN bodies USING (seq) WHERE id = ?"
                assert other.execute(query, [f"id-{number}"]).fetchone() == (number, 1)

    asyncio.run(go())
    assert note_of(journal.find("id-3")) == "ééé"
    assert journal.find("id-99") is None


def test_records_that_wait_together_share_a_commit_up_to_its_bound(path: Path) -> None:
    commits: list[Commit] = []
    journal = Journal(path, commits.append)
    held = threading.Event()

    async def go() -> None:
        waiting = [journal._put(lambda _: held.wait(PATIENCE))]  # what comes meanwhile waits together
        waiting += [journal.record(record(f"id-{number}")) for number in range(2_000)]
        held.set()
        await asyncio.gather(*waiting)

    asyncio.run(go())
    journal.close()
    assert sum(commit.records for commit in commits) == 2_001
    assert len(commits) <= 2_000 / journal_module.BATCH_MAX + 5
    assert max(commit.records for commit in commits) == journal_module.BATCH_MAX


def test_a_commit_says_how_long_it_took_whether_it_failed_or_not(path: Path) -> None:
    commits: list[Commit] = []
    journal = Journal(path, commits.append)
    started = time.perf_counter()

    async def go() -> None:
        await journal._put(lambda _: time.sleep(0.05))
        with closing(sqlite3.connect(path, isolation_level=None)) as other, other:
            other.execute("BEGIN IMMEDIATE")
            assert await fails(journal, record("during"))
            other.execute("ROLLBACK")

    asyncio.run(go())
    journal.close()
    (worked, failed), within = commits, time.perf_counter() - started
    assert (worked.failed, failed.failed) == (False, True)
    assert 0.05 <= worked.seconds <= within
    assert LOCK_SECONDS_MAX * 0.9 <= failed.seconds <= within


def test_columns_repeat_the_header(journal: Journal, path: Path) -> None:
    given = [
        replace(record(f"id-{n}"), outcome=f"outcome {n}", case_kind=f"case {n}", policy=f"v{n}", actor=f"actor {n}")
        for n in range(3)
    ]

    async def go() -> None:
        assert await asyncio.gather(*map(journal.record, given)) == [0, 1, 2]

    asyncio.run(go())
    with closing(sqlite3.connect(path)) as other, other:
        other.row_factory = sqlite3.Row
        rows = other.execute("SELECT * FROM entries ORDER BY seq").fetchall()
    for seq, (row, each) in enumerate(zip(rows, given, strict=True)):
        header = json.loads(row["header"])
        assert {name: row[name] for name in ("seq", "id", "at", "kind", "outcome", "actor", "policy")} == {
            name: header[name] for name in ("seq", "id", "at", "kind", "outcome", "actor", "policy")
        }
        assert row["case_kind"] == header["case"]
        assert (row["seq"], row["id"], row["outcome"]) == (seq, each.id, each.outcome)
        assert (row["case_kind"], row["policy"], row["actor"]) == (each.case_kind, each.policy, each.actor)


def test_closing_writes_what_waits_and_then_takes_no_more(path: Path) -> None:
    journal = Journal(path)

    async def go() -> None:
        await journal.probe()
        assert (
            await asyncio.to_thread(journal.find, "none") is None
        )  # a reader's connection is kept, and closed in time
        waiting = [journal.record(record(f"id-{number}")) for number in range(500)]
        await asyncio.to_thread(journal.close)
        await asyncio.gather(*waiting)
        with pytest.raises(JournalUnavailable):
            journal.record(record("late"))

    asyncio.run(go())
    assert not path.with_name("journal.db-wal").exists()
    with closing(sqlite3.connect(path)) as other, other:
        assert other.execute("SELECT count(*) FROM entries").fetchone() == (500,)


def test_too_many_waiting_records_are_refused_at_once(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "WAITING_MAX", 0)

    async def go() -> None:
        with pytest.raises(JournalUnavailable, match="too many"):
            journal.record(record("id"))

    asyncio.run(go())


def test_a_lock_held_by_another_process_fails_the_callers_and_passes(journal: Journal, path: Path) -> None:
    async def go() -> None:
        await journal.record(record("before"))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        assert await asyncio.gather(*(fails(journal, record(f"during-{n}")) for n in range(50))) == [True] * 50
        assert time.monotonic() - started < 25 * LOCK_SECONDS_MAX  # they wait together, not one after the other
        other.execute("ROLLBACK")
        other.close()
        assert not await fails(journal, record("after"))

    asyncio.run(go())
    assert journal.find("during-0") is None


def test_a_full_disk_fails_the_callers_and_passes(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own limit on pages gives the same SQLITE_FULL as the disk does."""

    async def go() -> None:
        await journal.record(record("before"))
        await journal._put(lambda transaction: transaction.connection.exec_driver_sql("PRAGMA max_page_count = 1"))
        assert await fails(journal, record("during", "x" * 100_000))
        assert not await fails(journal, record("after", "x" * 100_000))

    asyncio.run(go())
    assert note_of(journal.find("before")) == ""
    assert journal.find("during") is None


def test_a_folder_that_can_not_be_made_fails_until_it_can(tmp_path: Path) -> None:
    obstacle = tmp_path / "var"
    obstacle.write_text("a file where the folder should be")
    journal = Journal(obstacle / "journal.db")

    async def go() -> None:
        assert await fails(journal, record("before"))
        obstacle.unlink()
        await journal.probe()
        assert not await fails(journal, record("after"))

    asyncio.run(go())
    journal.close()


def test_a_file_that_is_no_database_fails_until_it_is_gone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, " * 1000)
    journal = Journal(path)

    async def go() -> None:
        assert await fails(journal, record("before"))
        path.unlink()
        assert not await fails(journal, record("after"))

    asyncio.run(go())
    journal.close()


def test_one_impossible_record_does_not_fail_the_others_of_its_commit(journal: Journal) -> None:
    async def go() -> None:
        await journal.record(record("taken"))
        records = [record("first"), record("taken"), record("second")]
        assert await asyncio.gather(*(fails(journal, record) for record in records)) == [False, True, False]

    asyncio.run(go())


@pytest.mark.parametrize("recursive_triggers", ["ON", "OFF"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET outcome = 'approve'",
        "INSERT OR REPLACE INTO entries SELECT 999, id, '', '', '', '', '', '', '' FROM entries",
        "UPDATE OR REPLACE entries SET id = 'other'",
        "UPDATE bodies SET sealed = x''",
        "UPDATE tiles SET hashes = x''",
        "UPDATE checkpoints SET note = ''",
        "UPDATE policy_sets SET files = ''",
        *(
            statement
            for table in ("entries", "bodies", "tiles", "checkpoints", "policy_sets")
            for statement in (f"DELETE FROM {table}", f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
        ),
    ],
)
def test_nothing_recorded_can_be_changed_or_deleted(
    journal: Journal, path: Path, statement: str, recursive_triggers: str
) -> None:
    async def go() -> None:
        await journal.record_policy_set("v1", {"rules/orders.yaml": "policy: orders"}, "facts: {}")
        await asyncio.gather(*(journal.record(record(f"id-{number}")) for number in range(300)))

    asyncio.run(go())
    journal.close()  # signs a checkpoint
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(f"PRAGMA recursive_triggers = {recursive_triggers}")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(statement)


def test_migrations_make_the_tables_that_the_code_describes(path: Path) -> None:
    for _ in range(2):  # nothing to do the second time
        connection = open_to_write(FileStore(path), beside(path), Clock()).connection
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA recursive_triggers").scalar() == 1
        connection.close()


def test_what_the_disk_refuses_is_logged_once_and_so_is_its_end(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("no database\n" * 99)

    async def go() -> None:
        journal = Journal(path)
        for number in range(3):
            assert await fails(journal, record(f"id-{number}"))
        path.unlink()
        for number in range(3):
            await journal.record(record(f"id-{number}"))
        await asyncio.to_thread(journal.close)

    with capture_logs() as logs:
        asyncio.run(go())
    ours = [(line["log_level"], line["event"], line.get("reason")) for line in logs]
    assert ours == [
        ("warning", "journal was open to others", None),
        ("error", "journal write failed", "the file is not an SQLite database"),
        ("info", "journal made", None),
        ("info", "journal writes again", None),
    ]
    assert not any("exc_info" in line for line in logs)


def test_a_file_that_is_read_only_is_called_so(path: Path) -> None:
    check_writable(path)
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as other, pytest.raises(sqlite3.Error) as refused:
        other.execute("DELETE FROM alembic_version")
    assert trouble_in_words(refused.value) == "it is read-only"
    other.close()


def test_a_journal_is_tried_before_it_is_used(path: Path) -> None:
    check_writable(path)
    with sqlite3.connect(path) as other:
        other.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    other.close()
    with pytest.raises(JournalUnavailable, match="not those of this version"):
        check_writable(path)
    with pytest.raises(JournalUnavailable, match="it is a folder"):
        check_writable(path.parent)
