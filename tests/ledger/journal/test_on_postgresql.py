"""The journal on a real PostgreSQL server: its lock, connections that break, answers that are lost, what is refused."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from ledger.journal import checkpointing
from ledger.journal import journal as journal_module
from ledger.journal.journal import Commit, Journal
from ledger.journal.opening import check_writable
from ledger.store import server_store
from ledger.store.database import LOCK_SECONDS_MAX
from ledger.store.place import ServerAddress
from ledger.store.trouble import JournalUnavailable, is_damage, trouble_in_words
from tests.support.cut_connections import Way, way_to
from tests.support.journal_reading import from_journal
from tests.support.journal_records import fails, record, trouble
from tests.support.large import how_many
from tests.support.patience import PATIENCE
from tests.support.postgresql import address, connected


@pytest.fixture
def journal(database: ServerAddress) -> Iterator[Journal]:
    journal = Journal(database)
    yield journal
    journal.close()


@pytest.fixture
def way(postgresql: str, tmp_path: Path) -> Iterator[Way]:
    with way_to(postgresql, tmp_path) as way:
        yield way


@pytest.fixture
def far(database: ServerAddress, way: Way, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """On the other end of a way that can be cut. After the first record there is no commit but those of records."""
    monkeypatch.setattr(checkpointing, "SECONDS", 1e9)
    name = database.uri.partition("@/")[2].partition("?")[0]
    journal = Journal(address(str(way.folder), name))
    yield journal
    journal.close()


def _ids(database: ServerAddress) -> list[str]:
    with connected(database) as connection:
        return [
            each
            for (each,) in connection.execute("SELECT id FROM entries WHERE kind = 'decision' ORDER BY seq").fetchall()
        ]


def test_what_is_recorded_is_committed_before_the_caller_goes_on(journal: Journal, database: ServerAddress) -> None:
    async def go() -> None:
        for number in range(5):
            await journal.record(record(f"id-{number}"))
            assert _ids(database)[-1] == f"id-{number}"

    asyncio.run(go())


def test_records_have_numbers_without_gaps_whatever_fails_between(journal: Journal, database: ServerAddress) -> None:
    async def go() -> None:
        await journal.record(record("taken"))
        for number in range(5):
            records = [record(f"a-{number}"), record("taken"), record(f"b-{number}")]
            assert await asyncio.gather(*(fails(journal, each) for each in records)) == [False, True, False]

    with capture_logs():  # tracebacks take long to print
        asyncio.run(go())
    with connected(database) as connection:
        numbers = [number for (number,) in connection.execute("SELECT seq FROM entries ORDER BY 1").fetchall()]
        assert numbers == list(range(11))
        assert connection.execute("SELECT size FROM head").fetchone() == (11,)


def test_an_answer_that_was_lost_is_looked_up_before_anything_is_said(
    far: Journal, way: Way, database: ServerAddress
) -> None:
    """Committed, and the answer swallowed: said to be recorded, once. Cut before the server had it: said to be not."""

    async def go() -> None:
        await far.record(record("before"))
        await far.probe()  # the checkpoint has been written
        way.swallows_the_next_commits_answer = True
        assert await asyncio.gather(*(fails(far, record(f"lost-{n}")) for n in range(3))) == [False] * 3
        assert not way.swallows_the_next_commits_answer
        way.refuses_the_next_commit = True
        assert "the connection to its server broke" in await trouble(far, record("cut"))
        assert not way.refuses_the_next_commit
        assert not await fails(far, record("after"))

    with capture_logs() as logs:
        asyncio.run(go())
    said = [line["committed"] for line in logs if line["event"] == "journal's commit was not answered"]
    assert said[0] is True
    assert said[-1] is False
    assert sorted(_ids(database)) == sorted(["before", "lost-0", "lost-1", "lost-2", "after"])


def test_the_number_of_a_lost_commit_alone_proves_nothing(
    far: Journal, way: Way, database: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that crashed before it wrote the number down gives it to somebody else, who then commits."""
    monkeypatch.setattr(server_store, "_STATUS", "SELECT 'committed' WHERE %s::text <> ''")

    async def go() -> None:
        await far.record(record("before"))
        await far.probe()  # the checkpoint has been written
        way.refuses_the_next_commit = True
        assert "the connection to its server broke" in await trouble(far, record("cut"))

    with capture_logs():
        asyncio.run(go())
    assert _ids(database) == ["before"]


def test_where_it_can_not_be_looked_up_in_time_nobody_is_told_either_way(
    far: Journal, way: Way, database: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "LOOK_UP_SECONDS_MAX", 0.3)

    async def go() -> None:
        await far.record(record("before"))
        await far.probe()  # the checkpoint has been written
        way.swallows_the_next_commits_answer = way.closed = True
        assert "whether it was recorded is not known yet" in await trouble(far, record("unknown"))
        assert "its server can't be used" in await trouble(far, record("during"))
        way.closed = False
        assert not await fails(far, record("after"))

    asyncio.run(go())
    assert _ids(database) == ["before", "unknown", "after"]


def test_a_connection_that_broke_is_made_afresh_by_the_next_batch(
    journal: Journal, database: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "SECONDS", 1e9)  # a checkpoint would find out before the record does

    async def go() -> None:
        for number in range(3):
            await journal.record(record(f"id-{number}"))
            await journal.probe()  # the checkpoint has been written
            assert journal.find(f"id-{number}") is not None
            with connected(database) as connection:
                ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                connection.execute(ended + "AND pid <> pg_backend_pid()")
            told = await trouble(journal, record(f"during-{number}"))  # by the server, or by the broken connection
            assert "going down or coming up" in told or "the connection to its server broke" in told
            assert journal.find(f"id-{number}") is not None

    asyncio.run(go())
    assert _ids(database) == ["id-0", "id-1", "id-2"]


def test_a_lock_held_by_another_process_fails_the_callers_and_passes(journal: Journal, database: ServerAddress) -> None:
    async def go() -> None:
        await journal.record(record("before"))
        with psycopg.connect(database.uri) as other:
            other.execute("SELECT FROM head FOR UPDATE")
            started = time.monotonic()
            told = await asyncio.gather(*(trouble(journal, record(f"during-{n}")) for n in range(20)))
            assert all("another process holds it" in each for each in told)
            assert time.monotonic() - started < 10 * LOCK_SECONDS_MAX
        assert not await fails(journal, record("after"))

    asyncio.run(go())
    assert _ids(database) == ["before", "after"]


def test_a_database_that_is_read_only_is_called_so_and_can_be_read(journal: Journal, database: ServerAddress) -> None:
    name = database.uri.partition("@/")[2].partition("?")[0]

    async def go() -> None:
        await journal.record(record("before"))
        with connected(database) as connection:
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await asyncio.to_thread(_end_all, database)
        await trouble(journal, record("broken"))
        assert "it is read-only" in await trouble(journal, record("during"))
        assert journal.find("before") is not None
        with connected(database) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        assert not await fails(journal, record("after"))

    asyncio.run(go())
    assert _ids(database) == ["before", "after"]


def _end_all(database: ServerAddress) -> None:
    with connected(database) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP TRIGGER entries_no_update ON entries", "its triggers are missing or changed"),
        ("ALTER FUNCTION refuse_uncovered() RESET search_path", "its triggers are missing or changed"),
        ("ALTER FUNCTION refuse_change() SET search_path = pg_temp, public", "its triggers are missing or changed"),
        ("ALTER TABLE entries DISABLE TRIGGER entries_no_delete", "its triggers are missing or changed"),
        ("ALTER TABLE entries ENABLE TRIGGER entries_no_truncate", "its triggers are missing or changed"),
        ("ALTER TABLE entries ENABLE REPLICA TRIGGER entries_no_update", "its triggers are missing or changed"),
        (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$",
            "its triggers are missing or changed",
        ),
        (
            "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$; "
            "CREATE TRIGGER more BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION more()",
            "its triggers are missing or changed",
        ),
        ("ALTER TABLE entries ADD COLUMN more TEXT", "its tables are not those of this version of credence"),
        ("ALTER TABLE entries ALTER COLUMN outcome TYPE TEXT", "its tables are not those of this version"),
        ("ALTER TABLE entries ALTER COLUMN outcome DROP NOT NULL", "its tables are not those of this version"),
        ("ALTER TABLE entries DROP CONSTRAINT entries_id_key", "its tables are not those of this version"),
        ("CREATE UNIQUE INDEX one ON entries (outcome)", "its tables are not those of this version"),
        ("DROP TABLE probe", "its tables are not those of this version of credence"),
        ("UPDATE alembic_version SET version_num = 'later'", "its tables are not those of this version of credence"),
    ],
)
def test_tables_and_triggers_that_are_not_ours_are_refused(database: ServerAddress, change: str, said: str) -> None:
    check_writable(database)
    with connected(database) as connection:
        connection.execute(change)
    with pytest.raises(JournalUnavailable, match=said):
        check_writable(database)


def test_a_sites_own_tables_and_indexes_are_left_to_it(database: ServerAddress) -> None:
    check_writable(database)
    with connected(database) as connection:
        connection.execute("CREATE INDEX by_subject ON entries (actor)")
        connection.execute("CREATE TABLE notes (note text UNIQUE)")
    check_writable(database)


def test_a_trigger_dropped_under_the_service_makes_it_unready_and_stops_decisions(
    journal: Journal, database: ServerAddress
) -> None:
    async def go() -> None:
        await journal.record(record("before"))
        with connected(database) as connection:
            connection.execute("ALTER TABLE entries DISABLE TRIGGER entries_no_update")
            with pytest.raises(JournalUnavailable, match="its triggers are missing or changed"):
                await journal.probe()
            assert "its triggers are missing or changed" in await trouble(journal, record("during"))
            connection.execute("ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_no_update")
        assert await trouble(journal, record("after")) == ""

    asyncio.run(go())


def test_a_database_that_lost_what_was_answered_is_refused(journal: Journal, database: ServerAddress) -> None:
    """As one that was restored from a backup under the running service."""

    async def go() -> None:
        await journal.record(record("backed up"))
        await journal.record(record("answered"))
        with connected(database) as connection:
            connection.execute("ALTER TABLE entries DISABLE TRIGGER USER")
            connection.execute("DELETE FROM entries WHERE id = 'answered'")
            for occasion in ("update", "delete", "truncate"):
                connection.execute(f"ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_no_{occasion}")
        await asyncio.to_thread(_end_all, database)
        await trouble(journal, record("broken"))
        said = await trouble(journal, record("during"))
        assert "the journal is damaged: where the log ends, its head and its records don't agree" in said

    asyncio.run(go())
    assert _ids(database) == ["backed up"]


@pytest.mark.parametrize("code", ["XX001", "XX002"])
def test_a_damaged_database_is_called_one(code: str) -> None:
    """And is looked at as at the start, like a damaged file."""
    error = psycopg.errors.lookup(code)("invalid page in block 0 of relation base/1/2")
    assert trouble_in_words(error) == "the database is damaged"
    assert is_damage(f"the journal can't be read now: {trouble_in_words(error)}")


def test_several_journals_that_start_at_once_make_the_tables_once(database: ServerAddress) -> None:
    journals = [Journal(database) for _ in range(4)]

    async def go() -> None:
        await asyncio.gather(*(journal.probe() for journal in journals))
        await asyncio.gather(*(journal.record_policy_set("v1", {}, None) for journal in journals))

    asyncio.run(go())
    for journal in journals:
        journal.close()
    found = from_journal(database, lambda journal: journal.activations())
    assert [(each.version, each.kind) for each in found] == [("v1", "first")]


def _record_many(uri: str, name: str, count: int) -> None:
    from ledger.store.place import journal_place

    journal = Journal(journal_place(uri))

    async def go() -> None:
        for start in range(0, count, 10):
            await asyncio.gather(*(journal.record(record(f"{name}-{n}")) for n in range(start, start + 10)))

    asyncio.run(go())
    journal.close()


def test_processes_that_write_at_once_lose_and_double_nothing(database: ServerAddress) -> None:
    count = how_many(100, large=3_000)
    check_writable(database)
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_record_many, args=(database.uri, name, count)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    ids = _ids(database)
    assert len(ids) == 2 * count
    assert set(ids) == {f"{name}-{n}" for name in ("a", "b") for n in range(count)}
    with connected(database) as connection:
        query = "SELECT count(*), min(seq), max(seq) FROM entries"
        assert connection.execute(query).fetchone() == (2 * count, 0, 2 * count - 1)


def test_records_that_wait_together_share_a_commit(database: ServerAddress) -> None:
    commits: list[Commit] = []
    journal = Journal(database, commits.append)
    held = threading.Event()

    async def go() -> None:
        waiting = [journal._put(lambda _: held.wait(PATIENCE))]
        waiting += [journal.record(record(f"id-{number}")) for number in range(500)]
        held.set()
        await asyncio.gather(*waiting)

    asyncio.run(go())
    journal.close()
    assert sum(commit.records for commit in commits) == 501
    assert len(commits) <= 6


def test_a_database_that_would_change_texts_is_refused(postgresql: str) -> None:
    with connected(address(postgresql, "postgres")) as connection:
        connection.execute("CREATE DATABASE unfit TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    try:
        with pytest.raises(JournalUnavailable, match="has the encoding SQL_ASCII; make one with ENCODING 'UTF8'"):
            check_writable(address(postgresql, "unfit"))
    finally:
        with connected(address(postgresql, "postgres")) as connection:
            connection.execute("DROP DATABASE unfit WITH (FORCE)")
