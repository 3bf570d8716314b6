"""A journal goes on with the keys that it has had, or not at all; and records nothing meanwhile."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.journal.journal import Journal
from ledger.journal.opening import check_writable
from ledger.store.secret_files import KeyPlaces, beside
from ledger.store.trouble import JournalUnavailable
from tests.support.journal_records import fails, note_of, record, trouble


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with records of two customers."""
    path = tmp_path / "var" / "journal.db"
    _fill(path, "C-1", "C-2")
    return path


def _fill(path: Path, *accounts: str) -> None:
    journal = Journal(path)

    async def go() -> None:
        for account in accounts:
            await journal.record(replace(record(f"of {account}", account), account=account))

    asyncio.run(go())
    journal.close()


def _with_another_signing_key(path: Path) -> None:
    shutil.copy(_another(path).signing_key, beside(path).signing_key)
    beside(path).last_checkpoint.unlink()


def _another(path: Path) -> KeyPlaces:
    other = path.parent.parent / "another" / "journal.db"
    _fill(other, "C-1", "C-2", "C-3")
    return beside(other)


def _behind(path: Path) -> None:
    with closing(sqlite3.connect(beside(path).subject_keys)) as raw, raw:
        raw.execute("DELETE FROM subject_keys WHERE number = (SELECT max(number) FROM subject_keys)")


def _replace_all_but_the_journal(path: Path) -> None:
    mine, other = beside(path), _another(path)
    for name in ("wrapping_key", "subject_keys"):
        shutil.copy(getattr(other, name), getattr(mine, name))


TROUBLES: dict[str, tuple[Callable[[Path], object], str]] = {
    "signing key missing": (
        lambda path: beside(path).signing_key.unlink(),
        "the signing key `journal.signing-key` of this journal is missing; put it back from its backup",
    ),
    "signing key unreadable": (
        lambda path: beside(path).signing_key.write_text("secret"),
        "the signing key `journal.signing-key` can't be used: it is no signing key of Ed25519",
    ),
    "signing key of another journal": (
        lambda path: shutil.copy(_another(path).signing_key, beside(path).signing_key),
        "the last checkpoint `journal.checkpoint.last` beside the signing key is not this journal's",
    ),
    "signing key of another journal, and nothing of what was signed last": (
        _with_another_signing_key,
        "the signing key is not the one that signed checkpoint 2 of this journal; put the right file there",
    ),
    "last checkpoint of another journal": (
        lambda path: shutil.copy(_another(path).last_checkpoint, beside(path).last_checkpoint),
        "the last checkpoint `journal.checkpoint.last` beside the signing key is not this journal's",
    ),
    "wrapping key missing": (
        lambda path: beside(path).wrapping_key.unlink(),
        "the wrapping key `journal.wrapping-key` of this journal is missing; put it back from its backup",
    ),
    "wrapping key too short": (
        lambda path: beside(path).wrapping_key.write_text("AAAA"),
        "the wrapping key `journal.wrapping-key` is not 32 bytes in base64; put the right file there",
    ),
    "wrapping key of another journal": (
        lambda path: shutil.copy(_another(path).wrapping_key, beside(path).wrapping_key),
        "the wrapping key does not open the subject keys `journal.keys.db`; put the right file there",
    ),
    "subject keys missing": (
        lambda path: beside(path).subject_keys.unlink(),
        "the subject keys `journal.keys.db` are missing; put the file back from its backup",
    ),
    "subject keys behind": (_behind, "the subject keys `journal.keys.db` are behind the journal, which uses 3 of them"),
    "subject keys of another journal": (
        lambda path: shutil.copy(_another(path).subject_keys, beside(path).subject_keys),
        "the wrapping key does not open the subject keys `journal.keys.db`; put the right file there",
    ),
    "subject keys and wrapping key of another journal": (
        _replace_all_but_the_journal,
        "the journal is damaged, or the subject keys are another journal's: the body of record 1 does not open",
    ),
    "subject keys no database": (
        lambda path: beside(path).subject_keys.write_bytes(b"no database " * 99),
        "the subject keys `journal.keys.db` can't be used: the file is not an SQLite database",
    ),
    "subject keys empty": (
        lambda path: beside(path).subject_keys.write_bytes(b""),
        "the subject keys `journal.keys.db` can't be used",
    ),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_with_other_keys_nothing_is_recorded_and_it_is_said_in_one_line(path: Path, name: str) -> None:
    act, said = TROUBLES[name]
    act(path)
    files = {file.name for file in path.parent.iterdir()}
    with pytest.raises(JournalUnavailable) as refused:
        check_writable(path)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    journal = Journal(path)

    async def go() -> str:
        return await trouble(journal, record("new"))

    assert said in asyncio.run(go())
    journal.close()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM entries").fetchone() == (2,)
    assert {file.name for file in path.parent.iterdir()} - {"journal.db-wal", "journal.db-shm"} == files


def test_keys_that_are_taken_away_under_the_service_stop_decisions_until_they_are_back(path: Path) -> None:
    journal = Journal(path)
    keys = beside(path).subject_keys

    async def go() -> None:
        await journal.record(record("before"))
        keys.rename(keys.with_name("away"))
        assert "`journal.keys.db` were moved or replaced; put the file back" in await trouble(journal, record("during"))
        assert await fails(journal, record("during"))
        keys.with_name("away").rename(keys)
        assert not await fails(journal, record("after"))

    asyncio.run(go())
    journal.close()


def test_each_customer_has_a_key_and_what_is_about_none_the_journals_own(path: Path) -> None:
    journal = Journal(path)

    async def go() -> None:
        await journal.record(replace(record("again"), account="C-1"))
        await journal.record(replace(record("nobody's"), account=None))

    asyncio.run(go())
    journal.close()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT key_number FROM bodies ORDER BY seq").fetchall() == [(2,), (3,), (2,), (1,)]
    with closing(sqlite3.connect(beside(path).subject_keys)) as raw, raw:
        raw.execute("DELETE FROM subject_keys WHERE number = 2")
    journal = Journal(path)
    assert note_of(journal.find("of C-2")) == "C-2"
    with pytest.raises(JournalUnavailable):
        journal.find("of C-1")
    journal.close()


def test_keys_may_be_elsewhere(tmp_path: Path) -> None:
    path, safe = tmp_path / "var" / "journal.db", tmp_path / "safe"
    places = beside(path, signing_key=safe / "s", wrapping_key=safe / "w", subject_keys=safe / "k.db")
    check_writable(path, places)
    assert sorted(file.name for file in safe.iterdir()) == ["k.db", "s", "w"]
    assert [file.name for file in path.parent.iterdir()] == ["journal.db"]
    check_writable(path, places)


def test_many_new_customers_at_once_get_keys_before_their_records(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path)

    async def go() -> None:
        await asyncio.gather(*(journal.record(replace(record(f"id-{n}"), account=f"C-{n % 700}")) for n in range(900)))

    asyncio.run(go())
    journal.close()
    with closing(sqlite3.connect(beside(path).subject_keys)) as raw:
        assert raw.execute("SELECT count(*), max(number) FROM subject_keys").fetchone() == (702, 701)
    check_writable(path)
