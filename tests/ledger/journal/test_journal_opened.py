"""What is looked at before a journal takes its first decision: place, rights, tables, triggers, the last records."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ledger.journal import last_records
from ledger.journal.journal import Journal
from ledger.journal.opening import check_writable
from ledger.record.new_records import Record
from ledger.store.ledger_tables import STORED, day_steps, days, ledger_entries, rechecks
from ledger.store.place import unfit_place
from ledger.store.policy_tables import policy_approvals, policy_edits, policy_proposals
from ledger.store.trouble import JournalUnavailable
from tests.support.journal_records import record, trouble
from tests.support.steps import long_after

TRIGGERS = [
    f"{table}_no_{act}"
    for table in ("policy_sets", "entries", "bodies", "tiles", "checkpoints")
    for act in ("update", "delete", "replace")
]
DAMAGED = "is damaged"
OTHERWISE = ("its tables are not those of this version of credence", "its triggers are missing or changed")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "journal.db"


@contextmanager
def changing(path: Path) -> Iterator[sqlite3.Connection]:
    other = sqlite3.connect(path, isolation_level=None)
    try:
        yield other
    finally:
        other.close()


def fill(path: Path, records: Iterable[Record]) -> None:
    journal = Journal(path)

    async def go() -> None:
        await journal.record_policy_set("v1", {"rules/orders.yaml": "policy: orders"}, "facts: {}")
        await asyncio.gather(*map(journal.record, records))

    asyncio.run(go())
    journal.close()


def refusal(path: Path) -> str:
    """What a start says: both that of `credence serve` and that of the service."""
    with pytest.raises(JournalUnavailable) as refused:
        check_writable(path)
    journal = Journal(path)
    said = asyncio.run(_trouble(journal))
    journal.close()
    assert str(refused.value) in said
    return str(refused.value)


async def _trouble(journal: Journal) -> str:
    return await trouble(journal, record("new"))


# Triggers and tables


@pytest.mark.parametrize("name", TRIGGERS)
@pytest.mark.parametrize("change", ["dropped", "weakened"])
def test_a_journal_without_one_of_its_triggers_takes_no_decisions(path: Path, name: str, change: str) -> None:
    check_writable(path)
    with changing(path) as other:
        (sql,) = other.execute("SELECT sql FROM sqlite_master WHERE name = ?", [name]).fetchone()
        other.execute(f"DROP TRIGGER {name}")
        if change == "weakened":
            other.execute(f"{sql.partition(' BEGIN ')[0]} BEGIN SELECT 1; END")
    assert refusal(path) == "its triggers are missing or changed"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "CREATE TRIGGER more AFTER INSERT ON entries BEGIN DELETE FROM probe; END",
            "its triggers are missing or changed",
        ),
        ("ALTER TABLE entries ADD COLUMN more TEXT", "its tables are not those of this version of credence"),
        ("ALTER TABLE head DROP COLUMN last_key", "its tables are not those of this version of credence"),
        (
            "ALTER TABLE policy_sets RENAME COLUMN files TO texts",
            "its tables are not those of this version of credence",
        ),
        ("DROP TABLE probe", "its tables are not those of this version of credence"),
        ("CREATE UNIQUE INDEX one ON entries (outcome)", "its tables are not those of this version of credence"),
    ],
)
def test_tables_and_triggers_that_are_not_ours_are_refused(path: Path, change: str, said: str) -> None:
    check_writable(path)
    with changing(path) as other:
        other.execute(change)
    assert refusal(path) == said


def test_a_sites_own_tables_and_indexes_are_left_to_it(path: Path) -> None:
    check_writable(path)
    with changing(path) as other:
        other.execute("CREATE INDEX by_outcome ON entries (outcome)")
        other.execute("CREATE TABLE notes (note)")
        other.execute("CREATE TRIGGER noted AFTER INSERT ON notes BEGIN DELETE FROM notes; END")
    check_writable(path)


def test_a_trigger_dropped_under_the_service_makes_it_unready_and_stops_decisions(path: Path) -> None:
    journal = Journal(path)

    async def go() -> None:
        await journal.record(record("before"))
        with changing(path) as other:
            (sql,) = other.execute("SELECT sql FROM sqlite_master WHERE name = 'entries_no_update'").fetchone()
            other.execute("DROP TRIGGER entries_no_update")
            with pytest.raises(JournalUnavailable, match="its triggers are missing or changed"):
                await journal.probe()
            assert "its triggers are missing or changed" in await trouble(journal, record("during"))
            other.execute(sql)
            assert await trouble(journal, record("after")) == ""

    asyncio.run(go())
    journal.close()


# Damage


def _answers(number: int) -> list[Record]:
    return [record(f"id-{each}", "a long note " * 30) for each in range(number)]


def _change(statement: str) -> Callable[[sqlite3.Connection], object]:
    return lambda other: other.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET outcome = 'approve' WHERE id = 'id-7'",
        "UPDATE entries SET kind = 'refusal' WHERE id = 'id-7'",
        "UPDATE entries SET case_kind = 'invoice' WHERE id = 'id-7'",
        "UPDATE entries SET policy = 'v2' WHERE id = 'id-7'",
        "UPDATE entries SET actor = 'key 1 of service erp' WHERE id = 'id-7'",
        "UPDATE entries SET id = 'another' WHERE id = 'id-7'",
        "UPDATE entries SET at = 'then' WHERE id = 'id-7'",
        "UPDATE entries SET header = substr(header, 1, 40) WHERE id = 'id-7'",
        "UPDATE entries SET header = replace(header, 'hold', 'approve'), outcome = 'approve' WHERE id = 'id-7'",
        "UPDATE entries SET header = CAST(x'ffff' AS TEXT) WHERE id = 'id-7'",
        "UPDATE entries SET header = CAST(header AS BLOB) WHERE id = 'id-7'",
        "UPDATE bodies SET sealed = substr(sealed, 1, 40) WHERE seq = 7",
        "UPDATE bodies SET sealed = (SELECT sealed FROM bodies WHERE seq = 8) WHERE seq = 7",
        "UPDATE bodies SET nonce = x'00' WHERE seq = 7",
        "UPDATE bodies SET key_number = 1 WHERE seq = 7",
        "DELETE FROM bodies WHERE seq = 7",
        "DELETE FROM entries WHERE id = 'id-7'",
        "DELETE FROM entries WHERE seq = 256",
        "DELETE FROM tiles",
        "UPDATE tiles SET hashes = zeroblob(8192)",
        "UPDATE head SET size = size - 1",
        "UPDATE head SET size = size + 1",
        "UPDATE head SET frontier = zeroblob(32)",
        "DELETE FROM head",
        "UPDATE checkpoints SET size = size + 1",
        "INSERT INTO bodies SELECT seq + 900, key_number, nonce, sealed FROM bodies WHERE seq = 7",
        "UPDATE policy_sets SET loaded_at = ''",
    ],
)
def test_one_wrong_record_among_the_last_is_damage(path: Path, statement: str) -> None:
    fill(path, _answers(last_records.RECORDS_CHECKED))
    with changing(path) as other:
        triggers = other.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            other.execute(f"DROP TRIGGER {name}")
        other.execute(statement)
        for _, sql in triggers:
            other.execute(sql)
    assert DAMAGED in refusal(path)


@pytest.mark.parametrize("whole", [True, False], ids=["small", "large"])
def test_a_garbled_page_is_damage(path: Path, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page that the last records are on; of a small file every page. Where the file is too large to be checked
    whole, a page of old records may pass: then nothing was wrong with what the next decisions stand beside. Nor are
    the pages of the credit ledger and of proposed policies what a decision stands beside; their own reads meet them."""
    fill(path, _answers(60))
    content = path.read_bytes()
    pages = range(1, len(content) // 4096)
    if not whole:
        monkeypatch.setattr(last_records, "WHOLE_BYTES_MAX", 0)
    refused = [page for page in pages if _is_refused(path, content, page)]
    if whole:
        assert set(pages) - set(refused) <= _free_to_change(path, content)
        return
    path.write_bytes(content)
    beside = set(pages) - {page for table in _LEDGER for page in _pages_with_indexes(path, table)}
    assert len(beside & set(refused)) > len(beside) - 24  # of people, webhooks and kept answers


def test_damage_that_a_reader_meets_stops_decisions_too(path: Path) -> None:
    fill(path, _answers(60))
    journal = Journal(path)

    async def go() -> None:
        await journal.probe()
        assert await asyncio.to_thread(journal.find, "id-30") is not None
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))
        with pytest.raises(JournalUnavailable, match=DAMAGED):
            await asyncio.to_thread(journal.find, "id-3")
        for number in range(3):
            assert DAMAGED in await trouble(journal, record(f"new-{number}"))
            with pytest.raises(JournalUnavailable, match=DAMAGED):
                await journal.probe()

    asyncio.run(go())
    journal.close()


def _is_refused(path: Path, content: bytes, page: int, instead: bytes = b"\xff" * 4096) -> bool:
    path.write_bytes(content[: page * 4096] + instead + content[(page + 1) * 4096 :])
    try:
        check_writable(path)
    except JournalUnavailable as error:
        assert DAMAGED in str(error) or str(error) in ("the disk fails", *OTHERWISE)
        return True
    return False


def _free_to_change(path: Path, content: bytes) -> set[int]:
    """Pages whose bytes mean nothing: the probe's filler."""
    path.write_bytes(content)
    with changing(path) as other:
        rows = other.execute("SELECT pageno FROM dbstat WHERE name = 'probe' AND pagetype = 'overflow'").fetchall()
    return {number - 1 for (number,) in rows}


@pytest.mark.parametrize("whole", [True, False], ids=["small", "large"])
def test_a_write_that_the_disk_lost_is_damage(path: Path, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page as it was some records ago: well formed, so SQLite sees nothing wrong. In a small file any page, in a
    large one those of the index of the last records."""
    fill(path, _answers(40))
    before = path.read_bytes()
    fill(path, [record(f"later-{number}") for number in range(40)])
    after = path.read_bytes()
    pages = _pages(path, "%" if whole else "sqlite_autoindex_entries_1") - {0}
    for table in ("probe", "entry_rules", "entry_blinds"):  # what records are found by is no record
        pages -= _pages(path, table)
    stale = [page for page in pages if _page(before, page) not in (b"", _page(after, page))]
    assert stale
    if not whole:
        monkeypatch.setattr(last_records, "WHOLE_BYTES_MAX", 0)
    for page in stale:
        assert _is_refused(path, after, page, _page(before, page)), page


def _page(content: bytes, page: int) -> bytes:
    return content[page * 4096 : (page + 1) * 4096]


_LEDGER = [
    table.name for table in (*(each.table for each in STORED.values()), ledger_entries, rechecks, days, day_steps)
] + [policy_proposals.name, policy_edits.name, policy_approvals.name]


def _pages_with_indexes(path: Path, table: str) -> set[int]:
    """Of a table with all that it is found by."""
    with changing(path) as other:
        rows = other.execute(
            "SELECT pageno FROM dbstat JOIN sqlite_schema USING (name) WHERE tbl_name = ?", [table]
        ).fetchall()
    return {number - 1 for (number,) in rows}


def _pages(path: Path, of: str) -> set[int]:
    with changing(path) as other:
        rows = other.execute("SELECT pageno FROM dbstat WHERE name LIKE ?", [of]).fetchall()
    return {number - 1 for (number,) in rows}


def test_a_file_that_was_cut_off_while_the_service_was_down_is_damaged(path: Path) -> None:
    fill(path, _answers(60))
    content = path.read_bytes()
    chance = random.Random(8)
    for _ in range(20):
        path.write_bytes(content[: chance.randrange(4096, len(content))])
        assert DAMAGED in (said := refusal(path)) or said == "the disk fails"


# Rights


@pytest.mark.parametrize("umask", long_after(1, [0o000, 0o022, 0o077, 0o277]))
def test_a_new_journal_is_its_owners_only(path: Path, umask: int) -> None:
    journal_of = (
        "import asyncio, os, sys; from pathlib import Path; from ledger.journal.journal import Journal\n"
        "os.umask(int(sys.argv[2]))\n"
        "async def go():\n await Journal(Path(sys.argv[1])).probe()\n os._exit(0)\n"
        "asyncio.run(go())"
    )
    deep = path.parent / "deeper" / path.name
    subprocess.run([sys.executable, "-c", journal_of, str(deep), str(umask)], check=True, stdout=subprocess.DEVNULL)
    modes = {name.name: stat.S_IMODE(name.stat().st_mode) for name in [path.parent, *path.parent.rglob("*")]}
    keys = ["journal.keys.db", "journal.signing-key", "journal.wrapping-key"]
    files = dict.fromkeys(["journal.db", "journal.db-wal", "journal.db-shm", *keys], 0o600)
    assert modes == {"var": 0o700, "deeper": 0o700, **files}


@pytest.mark.parametrize("mode", [0o644, 0o666, 0o640, 0o604, 0o777])
def test_a_journal_open_to_others_is_closed_to_them_and_said(path: Path, mode: int) -> None:
    fill(path, [record("one")])
    path.parent.chmod(0o755)
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).touch(mode=mode)
    for file in path.parent.iterdir():
        file.chmod(mode)
    with capture_logs() as logs:
        journal = Journal(path)
        asyncio.run(_trouble(journal))
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
        journal.close()
    assert [line["mode"] for line in logs if line["event"] == "journal was open to others"] == [f"{mode:04o}"] * 3
    assert sorted(line["what"] for line in logs if line["event"] == "key was open to others") == [
        *("last checkpoint", "signing key", "subject keys", "wrapping key"),
    ]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755  # a folder that was there is its owner's business


# Place


@pytest.mark.parametrize(
    "place",
    [
        "",
        " ",
        "\t",
        ":memory:",
        ":MEMORY:",
        "file:journal.db",
        "file::memory:?cache=shared",
        "FILE:/tmp/x.db?mode=memory",
        "sqlite:///var/credence.db",
        "x/",
        "x/.",
        "..",
        ".",
        "/",
        "/dev/null",
        "/dev/zero",
        "a\0b",
    ],
)
def test_what_is_no_path_of_a_file_is_no_place_for_a_journal(place: str) -> None:
    said = unfit_place(place)
    assert said is not None
    assert said.endswith("; give the path of a file, such as var/credence.db")
    assert "\n" not in said


def test_pipes_folders_and_links_to_them_are_no_place_for_a_journal(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    for place in ("pipe", "link", "."):
        assert unfit_place(str(tmp_path / place)) is not None
        with pytest.raises(JournalUnavailable, match="it is "):
            check_writable(tmp_path / place)


@pytest.mark.parametrize("place", ["credence.db", "var/credence.db", "a file: with a colon", "100%/j#1?.db", ".hidden"])
def test_any_other_path_is_a_place(tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert unfit_place(place) is None
    check_writable(Path(place))
    assert (tmp_path / place).is_file()
