"""A backup that was put back: nothing is added to it, and a new epoch says what is lacking."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger.journal import epochs, last_signed
from ledger.journal.journal import Journal
from ledger.record.checkpoints import read_checkpoint
from ledger.record.signed_notes import NoteVerifier
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.secret_files import KeyPlaces, beside, replace_owner_only, signing_key
from ledger.store.trouble import FileTrouble, JournalUnavailable
from tests.support import postgresql as postgresql_
from tests.support.command_line import credence
from tests.support.journal_records import record
from tests.support.running_service import write_rules
from tests.support.steps import long_after
from tests.support.tampering import VERSION, changed, connected, write_journal

SIZES = (256, 900, 1_000)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JournalPlace]:
    """A backup of 900 put back, of a journal of 1,000."""
    monkeypatch.chdir(tmp_path)
    keys = beside(tmp_path / "var" / "credence.db")
    if request.param == "sqlite":
        file = tmp_path / "var" / "credence.db"
        write_journal(file, keys, SIZES)
        _put_back(file, keys)
        yield file
        return
    with postgresql_.new_database(request.getfixturevalue("postgresql")) as server:
        write_journal(server, keys, SIZES)
        _put_back(server, keys)
        yield server


@pytest.fixture
def keys(tmp_path: Path) -> KeyPlaces:
    return beside(tmp_path / "var" / "credence.db")


def _put_back(place: JournalPlace, keys: KeyPlaces, size: int = 900) -> None:
    with changed(place, keys) as rows:
        del rows.entries[size:], rows.bodies[size:]
        rows.checkpoints = [row for row in rows.checkpoints if row["size"] <= size]
        rows.rebuild()
    with connected(place) as connection:
        for table in ("entry_rules", "entry_blinds"):
            connection.execute(text(f"DELETE FROM {table} WHERE seq >= {size}"))
    if isinstance(place, ServerAddress):
        with postgresql_.connected(place) as connection:
            for table in ("entries", "bodies", "tiles", "checkpoints", "policy_sets"):
                for occasion in ("update", "delete", "truncate"):
                    connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_{occasion}".encode())
    else:
        _with_triggers(place)


def _with_triggers(file: Path) -> None:
    """Whose removal let the rows be changed."""
    import sqlite3

    from ledger.store.database import memory_database, migrate

    database = memory_database()
    with database.connect() as connection:
        migrate(connection)
        found = connection.connection.cursor().execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = [sql for (sql,) in found.fetchall()]
    with closing(sqlite3.connect(file)) as raw, raw:
        for sql in triggers:
            raw.execute(sql)


def _where(place: JournalPlace) -> str:
    return place.uri if isinstance(place, ServerAddress) else str(place)


def _recorded(place: JournalPlace, keys: KeyPlaces, id: str) -> int:
    async def write() -> int:
        journal = Journal(place, places=keys)
        try:
            return await journal.record(replace(record(id), policy=VERSION))
        finally:
            await asyncio.to_thread(journal.close)

    return asyncio.run(write())


def test_nothing_is_added_to_a_backup_that_was_put_back(place: JournalPlace, keys: KeyPlaces) -> None:
    """The service doesn't start, no command adds anything; reading goes on."""
    said = "the journal ends at 900 records, and a checkpoint of 1000 was signed: an old backup was put back"
    rules = str(write_rules(Path("rules")))
    done = credence("serve", "--journal", _where(place), "--insecure-local", "--port", "0", "--rules", rules)
    assert (done.exit_code, done.stdout) == (2, "")
    [line] = [line for line in done.stderr.splitlines() if "credence: " in line]
    assert said in line
    assert line.endswith("or go on without what is lacking by `credence journal new-epoch`")
    with pytest.raises(JournalUnavailable, match="new-epoch"):
        _recorded(place, keys, "more")
    export = credence("journal", "export", "out", "--journal", _where(place))
    assert (export.exit_code, "new-epoch" in export.stderr, Path("out").exists()) == (2, True, False)
    assert credence("journal", "verify", _where(place)).exit_code == 0
    assert credence("journal", "show", "899", "--journal", _where(place)).exit_code == 0


def test_a_new_epoch_names_what_was_signed_last_and_the_journal_goes_on(place: JournalPlace, keys: KeyPlaces) -> None:
    before = signing_key(keys.signing_key, may_make=False)
    old = read_checkpoint(keys.last_checkpoint.read_text("utf-8"), before.verifier)
    done = credence("journal", "new-epoch", "--journal", _where(place), "--json")
    assert done.exit_code == 0, done.stderr
    after = signing_key(keys.signing_key, may_make=False)
    assert json.loads(done.stdout) == {
        "record": 900,
        "old_size": 1_000,
        "old_root": old.root.hex(),
        "key": after.verifier.as_text(),
    }
    assert (after.name, after.key.private_bytes_raw()) == (f"{before.name}/2", before.key.private_bytes_raw())
    with closing(_Opened(place, keys)) as opened:
        found = opened.journal.record_called("900")
        assert found is not None
        said = json.loads(found.text("epoch") or "")
    assert (found.header.kind, said["origin"], said["size"]) == ("epoch", before.name, 1_000)
    assert _recorded(place, keys, "more") == 901
    verified = json.loads(credence("journal", "verify", _where(place), "--json").stdout)
    assert (verified["faults"], verified["records"], verified["signed"]) == (0, 902, 902)
    last = read_checkpoint(keys.last_checkpoint.read_text("utf-8"), after.verifier)
    assert (last.origin, last.size) == (f"{before.name}/2", 902)
    again = credence("journal", "new-epoch", "--journal", _where(place))
    assert (again.exit_code, "there is nothing to begin anew" in again.stderr) == (2, True)
    old_key = credence("journal", "verify", _where(place), "--key", before.verifier.as_text())
    assert old_key.exit_code == 1  # what the old name didn't sign is not its


class _Opened:
    def __init__(self, place: JournalPlace, keys: KeyPlaces) -> None:
        self.journal = Journal(place, places=keys)

    def close(self) -> None:
        self.journal.close()


@pytest.mark.parametrize("broken_at", long_after(1, [1, 0, 2]))
def test_an_epoch_that_was_interrupted_is_finished_by_the_next_run(
    place: JournalPlace, keys: KeyPlaces, broken_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the checkpoint is kept, before it is in the table, before the key is replaced."""
    before = signing_key(keys.signing_key, may_make=False)

    def fail(path: Path, content: bytes, what: str, **_: bool) -> None:
        if broken_at == 1:
            replace_owner_only(path, content, what)
        if broken_at < 2 or path == keys.signing_key:
            raise FileTrouble("broken")
        replace_owner_only(path, content, what)

    with monkeypatch.context() as broken:
        broken.setattr(last_signed, "replace_owner_only", fail)
        broken.setattr(epochs, "replace_owner_only", fail)
        assert "broken" in credence("journal", "new-epoch", "--journal", _where(place)).stderr
    with pytest.raises(JournalUnavailable, match="new-epoch"):
        _recorded(place, keys, "more")
    done = json.loads(credence("journal", "new-epoch", "--journal", _where(place), "--json").stdout)
    assert (done["record"], done["old_size"]) == (900, 1_000)
    assert signing_key(keys.signing_key, may_make=False).name == f"{before.name}/2"
    assert _recorded(place, keys, "more") == 901
    verified = credence("journal", "verify", _where(place))
    assert verified.exit_code == 0, verified.stdout


def test_another_history_of_the_same_size_is_not_gone_on_with(tmp_path: Path) -> None:
    """Nor is one that grew elsewhere meanwhile; and what was signed last is another journal's, or garbled."""
    file = tmp_path / "var" / "credence.db"
    keys = beside(file)
    write_journal(file, keys, (256, 300))
    last = keys.last_checkpoint.read_text("utf-8")
    with changed(file, keys) as rows:
        rows.rewrite(100)
        rows.rebuild()
        rows.sign(rows.signer, (256, 300))
    _with_triggers(file)
    with pytest.raises(JournalUnavailable, match="the first 300 records are not those over which the last checkpoint"):
        _recorded(file, keys, "more")
    for garbled in (last.replace("300", "200"), "", "hello"):
        keys.last_checkpoint.write_text(garbled, "utf-8")
        with pytest.raises(JournalUnavailable, match="is not this journal's"):
            _recorded(file, keys, "more")


def test_the_checkpoint_beside_the_key_is_the_newest_and_the_owners_only(tmp_path: Path) -> None:
    file = tmp_path / "var" / "credence.db"
    keys = beside(file)
    for number in range(3):
        _recorded(file, keys, f"id-{number}")
        verifier: NoteVerifier = signing_key(keys.signing_key, may_make=False).verifier
        assert read_checkpoint(keys.last_checkpoint.read_text("utf-8"), verifier).size == number + 1
    assert keys.last_checkpoint.stat().st_mode & 0o777 == 0o600
    shutil.copy(file, tmp_path / "old.db")
    _recorded(file, keys, "id-3")
    file.unlink()
    for each in file.parent.glob("credence.db-*"):
        each.unlink()
    with pytest.raises(JournalUnavailable, match="the journal ends at 0 records"):
        _recorded(file, keys, "id-4")
