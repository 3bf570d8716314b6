"""The drill: a journal backed up while it grows, lost, restored; and what is said where the backup is behind."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.journal.journal import Journal
from ledger.record.cosignatures import cosignature
from ledger.record.signed_notes import COSIGNATURE, new_signer
from ledger.store.secret_files import beside, signing_key
from tests.support.command_line import credence
from tests.support.journal_records import record
from tests.support.tampering import VERSION, changed, write_journal

FILE = Path("var/credence.db")
WITNESS = new_signer("auditor.example/w1", COSIGNATURE)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("written") / "var"
    write_journal(home / "credence.db", beside(home / "credence.db"), (256, 300))
    return home


@pytest.fixture(autouse=True)
def _home(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(written, "var")


def _grow(*ids: str) -> None:
    async def write() -> None:
        journal = Journal(FILE, places=beside(FILE.absolute()))
        try:
            for id_ in ids:
                await journal.record(replace(record(id_), policy=VERSION))
        finally:
            await asyncio.to_thread(journal.close)

    asyncio.run(write())


def _lose_journal() -> None:
    for each in Path("var").glob("credence.db*"):
        each.unlink()


def test_a_journal_is_copied_while_it_is_written_to() -> None:
    """What is in no checkpoint yet, and in the log beside the file alone, comes along."""

    async def write_beside() -> None:
        journal = Journal(FILE, places=beside(FILE.absolute()))
        try:
            writes = [journal.record(replace(record(f"more-{number}"), policy=VERSION)) for number in range(50)]
            await writes[0]
            done = await asyncio.to_thread(credence, "backup", "kept")
            await asyncio.gather(*writes)
        finally:
            await asyncio.to_thread(journal.close)
        assert (done.exit_code, done.stderr) == (0, ""), done.stdout

    asyncio.run(write_beside())
    shutil.rmtree("var")
    assert credence("restore", "kept").exit_code == 0
    assert credence("journal", "show", "more-0").exit_code == 0


def test_backup_and_restore() -> None:
    done = credence("backup", "kept")
    assert (done.exit_code, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith(
        f"journal   {Path('kept/journal/credence.db')}, 300 records\nkeys      kept/keys; keep"
    )
    assert done.stdout.endswith(credence("journal", "checkpoint").stdout)
    modes = {path.stat().st_mode & 0o777 for path in Path("kept").rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {each.name for each in Path("kept/journal").iterdir()} == {"credence.db"}
    before = credence("journal", "show", "299").stdout
    shutil.rmtree("var")
    done = credence("restore", "kept")
    assert (done.exit_code, done.stdout, done.stderr) == (
        0,
        f"journal   {FILE}, 300 records, no fault\n",
        "",
    )
    assert credence("journal", "show", "299").stdout == before
    assert credence("journal", "verify").exit_code == 0
    _grow("more")


def test_a_backup_that_is_behind_is_put_in_place_and_names_the_new_epoch() -> None:
    assert credence("backup", "kept").exit_code == 0
    _grow("more", "and more")
    _lose_journal()
    done = credence("restore", "kept")
    assert (done.exit_code, done.stdout) == (1, f"journal   {FILE}, 300 records, no fault\n")
    said = "the journal ends at 300 records, and a checkpoint of 302 was signed: an old backup was put back"
    assert said in done.stderr
    assert "`credence journal new-epoch`" in done.stderr
    begun = credence("journal", "new-epoch")
    assert (begun.exit_code, "signed last over 302 records" in begun.stdout) == (0, True)
    assert credence("journal", "verify").exit_code == 0


def test_what_a_witness_saw_counts_where_everything_else_was_lost() -> None:
    assert credence("backup", "kept").exit_code == 0
    _grow("more", "and more")
    note = credence("journal", "checkpoint").stdout
    Path("witness.state").write_text(note + cosignature(WITNESS, note, 1), "utf-8")
    vkey = signing_key(beside(FILE.absolute()).signing_key, may_make=False).verifier.as_text()
    Path("trust.policy").write_text(f"log {vkey}\nwitness w {WITNESS.verifier.as_text()}\nquorum none\n", "utf-8")
    shutil.rmtree("var")
    done = credence("restore", "kept", "--trust", "trust.policy", "--witness-notes", "witness.state")
    assert (done.exit_code, "a checkpoint of 302 was signed" in done.stderr) == (1, True)
    assert credence("journal", "new-epoch").exit_code == 0


def test_a_backup_with_faults_is_not_put_in_place() -> None:
    assert credence("backup", "kept").exit_code == 0
    copied = Path("kept/journal/credence.db")
    with changed(copied, beside(FILE.absolute())) as rows:
        rows.rewrite(100)
    _lose_journal()
    done = credence("restore", "kept")
    assert (done.exit_code, "FAULT     record 100: is not the one in tile 0/0" in done.stdout) == (1, True)
    assert not FILE.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["backup", "var"], "`var` is there already"),
        (["backup", "new", "--journal", "none.db"], "there is nothing at `none.db` to back up"),
        (["restore", "none"], "`none` is no backup"),
        (["restore", "kept"], "`var/credence.db` is there: stop the service and move it away"),
        (["restore", "kept", "--trust", "x"], "--trust and --witness-notes belong together"),
        (["restore", "kept", "--trust", "x", "--witness-notes", "y"], "the trust policy `x` is no file"),
    ],
)
def test_what_can_not_be_used_is_refused(words: list[str], said: str) -> None:
    assert credence("backup", "kept").exit_code == 0
    done = credence(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_on_a_server_it_says_what_to_do_instead() -> None:
    for command in ("backup", "restore"):
        done = credence(command, "new", "--journal", "postgresql://u@h/d")
        assert (done.exit_code, "pg_basebackup" in done.stderr) == (2, True)
