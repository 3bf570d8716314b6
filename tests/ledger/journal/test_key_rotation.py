"""A journal's own keys replaced: what was signed and sealed before still checks, whoever trusts which key."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.journal import key_rotation
from ledger.journal.journal import Journal
from ledger.journal.key_rotation import replace_signing_key, replace_wrapping_key
from ledger.record.checkpoints import read_checkpoint
from ledger.record.sealing import new_key_bytes, wrapped
from ledger.store import key_database
from ledger.store.key_database import SubjectKeys
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.secret_files import (
    KeyPlaces,
    WrappingKey,
    beside,
    following_file,
    log_keys,
    new_wrapping_text,
    wrapping_key,
)
from ledger.store.trouble import FileTrouble, JournalUnavailable
from tests.support import postgresql as postgresql_
from tests.support.command_line import credence
from tests.support.journal_records import record
from tests.support.tampering import ACCOUNTS, VERSION, write_journal

SIZES = (256, 300)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("written") / "var"
    write_journal(home / "credence.db", beside(home / "credence.db"), SIZES)
    return home


@pytest.fixture
def file(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(written, tmp_path / "var")
    return tmp_path / "var" / "credence.db"


@pytest.fixture
def keys(tmp_path: Path) -> KeyPlaces:
    return beside(tmp_path / "var" / "credence.db")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, keys: KeyPlaces, tmp_path: Path, monkeypatch: Any) -> Iterator[JournalPlace]:
    if request.param == "sqlite":
        yield request.getfixturevalue("file")
        return
    monkeypatch.chdir(tmp_path)
    with postgresql_.new_database(request.getfixturevalue("postgresql")) as server:
        write_journal(server, keys, SIZES)
        yield server


def _run(*words: str) -> str:
    done = credence(*words)
    assert done.exit_code == 0, done.stdout + done.stderr
    return done.stdout


def _where(place: JournalPlace) -> str:
    return place.uri if isinstance(place, ServerAddress) else str(place)


def _vkeys(keys: KeyPlaces) -> list[str]:
    return [each.as_text() for each in log_keys(keys.signing_key, may_make=False).all]


async def _record(journal: Journal, id: str, account: str = "C-1") -> int:
    return await journal.record(replace(record(id), policy=VERSION, account=account))


def _recorded(place: JournalPlace, keys: KeyPlaces, *ids: str) -> None:
    """Each signed for, by a service that starts and ends."""

    async def write() -> None:
        journal = Journal(place, places=keys)
        try:
            for id_ in ids:
                await _record(journal, id_)
        finally:
            await asyncio.to_thread(journal.close)

    asyncio.run(write())


def _verified(place: JournalPlace, *words: str) -> tuple[int, list[str]]:
    done = credence("journal", "verify", _where(place), "--json", *words)
    said = json.loads(done.stdout)
    assert done.exit_code == (1 if said["faults"] else 0)
    return said["signed"], [each["fault"] for each in said["first"]]


def test_what_each_key_signed_is_verified_by_it_and_all_of_it_by_both(place: JournalPlace, keys: KeyPlaces) -> None:
    """And it is told which one signed when."""
    [old] = _vkeys(keys)
    done = json.loads(_run("journal", "replace-signing-key", "--journal", _where(place), "--json"))
    new = _vkeys(keys)[0]
    assert (done["record"], done["old"], done["new"]) == (300, old, new)
    _recorded(place, keys, "both")
    assert _verified(place, "--key", old) == (302, [])
    assert "dropped" in _run("journal", "replace-signing-key", "--drop-replaced", "--journal", _where(place))
    _recorded(place, keys, "new alone")
    Path("both").write_text(f"{new}\n{old}\n", "utf-8")
    Path("trust").write_text(f"log {old}\nlog {new}\nquorum none\n", "utf-8")
    for words in ((), ("--key", "both"), ("--trust", "trust")):
        assert _verified(place, *words) == (303, [])
    by_one = "its signature is not that of the journal key"
    assert _verified(place, "--key", old) == (302, [f"checkpoint 303: {by_one}"])
    assert _verified(place, "--key", new) == (303, [f"checkpoint 256: {by_one}", f"checkpoint 300: {by_one}"])
    shown = _run("journal", "verify", _where(place))
    of_old, of_new = (each.split("+")[1] for each in (old, new))
    assert f"by key    {of_old} checkpoints 256..302\nby key    {of_new} checkpoints 301..303\n" in shown
    said = json.loads(_run("journal", "show", "300", "--journal", _where(place), "--json"))
    assert (said["kind"], said["outcome"]) == ("journal-key", f"signing key {of_new}")
    assert (said["act"]["old"], said["act"]["new"], said["act"]["until"]) == (old, new, done["both_sign_until"])


def test_what_was_kept_from_before_still_checks(file: Path, keys: KeyPlaces) -> None:
    """A checkpoint, a proof, an export, a backup and a witness's state and mirror."""
    [old] = _vkeys(keys)
    Path("journal.vkey").write_text(f"{old}\n", "utf-8")
    Path("kept").write_text(keys.last_checkpoint.read_text("utf-8"), "utf-8")
    _run("journal", "proof", "7", "--save", "7.tlog-proof", "--journal", str(file))
    _run("journal", "export", "before", "--journal", str(file))
    _run("backup", "backup", "--journal", str(file))
    witness = _run("witness", "new-key", "example.com/w").strip()
    _cosign(file, 0, "--first")
    _run("journal", "replace-signing-key", "--both-sign-days", "0", "--journal", str(file))
    _run("journal", "export", "which", "--kind", "journal-key", "--journal", str(file))
    assert _run("journal", "verify", "which", "--key", "journal.vkey").endswith("no fault\n")  # by the old one
    with Path("journal.vkey").open("a", encoding="utf-8") as known:
        known.write(f"{_vkeys(keys)[0]}\n")
    _recorded(file, keys, "new alone")
    _cosign(file, 301)
    Path("trust").write_text(f"log {_vkeys(keys)[0]}\nlog {old}\nwitness w {witness}\nquorum w\n", "utf-8")
    assert _verified(file, "--checkpoint", "kept", "--key", "journal.vkey") == (304, [])
    brought = ("--trust", "trust", "--witness-notes", "witness.state", "--mirror", "mirror")
    assert _verified(file, *brought, "--receipt", "7.tlog-proof") == (304, [])
    for words in (("7.tlog-proof", "--key", old), ("before", "--key", old), ("before",)):
        assert _run("journal", "verify", *words).endswith("no fault\n")
    _run("journal", "export", "after", "--journal", str(file))
    for words in (("after",), ("after", "--key", "journal.vkey")):
        assert _run("journal", "verify", *words).endswith("no fault\n")
    shutil.rmtree("var")
    assert "no fault" in _run("restore", "backup", "--journal", str(file))


def _cosign(file: Path, size: int, *first: str) -> None:
    request, hashes = f"request-{size}", f"hashes-{size}"
    words = ("--for-witness", str(size), "--save", request, "--save-hashes", hashes, "--journal", str(file))
    _run("journal", "checkpoint", *words)
    _run("witness", "cosign", request, "--log", "journal.vkey", "--mirror", "mirror", "--hashes", hashes, *first)


def test_a_service_that_runs_signs_by_the_new_key_and_wraps_by_it(file: Path, keys: KeyPlaces) -> None:
    """It isn't started again; nor are those who read."""

    async def run() -> None:
        journal, reader = Journal(file, places=keys), Journal(file, places=keys)
        try:
            await _record(journal, "before", "C-new")
            for number in range(2):
                await asyncio.to_thread(replace_signing_key, file, keys, "test", timedelta(0))
                await asyncio.to_thread(replace_wrapping_key, file, keys, "test")
                await _record(journal, f"after-{number}", f"C-newer-{number}")
                assert reader.find(f"after-{number}") is not None
                assert reader.find("before") is not None
        finally:
            await asyncio.to_thread(journal.close)
            reader.close()

    asyncio.run(run())
    assert _verified(file) == (307, [])
    newest = log_keys(keys.signing_key, may_make=False).signer.verifier
    assert read_checkpoint(keys.last_checkpoint.read_text("utf-8"), newest).size == 307
    assert len(_vkeys(keys)) == 3


class _Broken(Exception):
    """As the power would be."""


STEPS: dict[str, tuple[object, str, int]] = {
    "signing: nothing done": (key_rotation, "make_owner_only", 0),
    "signing: the new key on disk": (key_rotation, "_on_record", 0),
    "signing: on record": (key_rotation, "replace_owner_only", 0),
    "signing: in its place": (key_rotation, "_sign_by_both", 0),
    "signing: signed by both": (key_rotation, "following_file", 1),
    "wrapping: nothing done": (key_rotation, "make_owner_only", 0),
    "wrapping: the new key on disk": (SubjectKeys, "rewrap", 0),
    "wrapping: some keys wrapped": (SubjectKeys, "_rewrap", 30),
    "wrapping: all keys wrapped": (key_rotation, "_on_record", 0),
    "wrapping: on record": (key_rotation, "move_owner_only", 0),
}
"""What comes next when it breaks off, and how many times that was done before."""


@pytest.mark.parametrize("step", STEPS)
def test_one_that_breaks_off_leaves_either_key_and_is_finished_by_the_next_run(
    file: Path, keys: KeyPlaces, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, name, times = STEPS[step]
    real, done = getattr(where, name), list[int]()

    def breaks(*words: Any, **more: Any) -> Any:
        if len(done) == times:
            raise _Broken
        done.append(1)
        return real(*words, **more)

    replace_ = _signing if step.startswith("signing") else _wrapping
    monkeypatch.setattr(key_database, "REWRAPPED_AT_ONCE", 20)
    with monkeypatch.context() as broken:
        broken.setattr(where, name, breaks)
        with pytest.raises(_Broken):
            replace_(file, keys)
    assert _verified(file)[1] == []
    _recorded(file, keys, "meanwhile")  # about a customer whose key is there
    asyncio.run(_of_a_new_customer(file, keys))
    replace_(file, keys)
    assert not following_file(keys.signing_key).exists()
    assert not following_file(keys.wrapping_key).exists()
    found = json.loads(_run("journal", "search", "--kind", "journal-key", "--journal", str(file), "--json"))["records"]
    assert len(found) == 1
    assert _verified(file) == (303, [])
    assert len(_vkeys(keys)) == (2 if step.startswith("signing") else 1)


def _signing(file: Path, keys: KeyPlaces) -> None:
    replace_signing_key(file, keys, "test", timedelta(days=1))


def _wrapping(file: Path, keys: KeyPlaces) -> None:
    replace_wrapping_key(file, keys, "test")


async def _of_a_new_customer(file: Path, keys: KeyPlaces) -> None:
    journal = Journal(file, places=keys)
    try:
        await _record(journal, "newer", "C-newer")
    finally:
        await asyncio.to_thread(journal.close)


def test_the_old_wrapping_key_opens_nothing_any_more(keys: KeyPlaces, file: Path) -> None:
    """And an erased key stays erased."""
    assert file.exists()
    old, following = wrapping_key(keys.wrapping_key, may_make=False), following_file(keys.wrapping_key)
    there = SubjectKeys(keys.subject_keys, old)
    there.open(may_make=False, at_least=0)
    there.erase([8])
    following.write_text(new_wrapping_text(), "utf-8")
    assert there.rewrap(wrapping_key(following, may_make=False).key) == ACCOUNTS + 1  # less one, and two of our own
    with pytest.raises(FileTrouble, match="does not open"):
        SubjectKeys(keys.subject_keys, WrappingKey(Path("nowhere"), old.key)).key(2)
    by_new = SubjectKeys(keys.subject_keys, wrapping_key(following, may_make=False))
    assert by_new.open_ones(range(60)) == [number for number in range(ACCOUNTS + 2) if number != 8]
    assert by_new.key(2).key == there.key(2).key


def test_a_key_that_is_wrapped_by_nothing_of_ours_is_refused(file: Path, keys: KeyPlaces) -> None:
    """Whatever stands in the files: zeros, nothing, another key."""
    key = wrapping_key(keys.wrapping_key, may_make=False)
    for content in (None, "", "AAAA", "\x00"):
        if content is not None:
            following_file(keys.wrapping_key).write_text(content, "utf-8")
        for planted in (bytes(32), new_key_bytes()):
            with pytest.raises(Exception, match="does not open"):
                key.unwrapped(7, b"blind", wrapped(planted, 7, b"blind", bytes(32)))


def test_keys_of_another_log_are_not_taken_by_a_service_that_runs(file: Path, keys: KeyPlaces, tmp_path: Path) -> None:
    other = beside(tmp_path / "other" / "credence.db")
    write_journal(tmp_path / "other" / "credence.db", other, (3,))

    async def run() -> Journal:
        journal = Journal(file, places=keys)
        try:
            await _record(journal, "before")
            shutil.copy(other.signing_key, keys.signing_key)
            await _record(journal, "after")
        finally:
            await asyncio.to_thread(journal.close)
        return journal

    asyncio.run(run())
    origin = keys.last_checkpoint.read_text("utf-8").splitlines()[0]
    assert origin != log_keys(keys.signing_key, may_make=False).signer.name
    with pytest.raises(JournalUnavailable, match="is not this journal's"):
        _recorded(file, keys, "more")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{new}\n{old}",  # without until when
        "{old}+x",
        "{new}\n{old} until yesterday",
        "{new}\n{public}\n{old} until 2026-07-01T00:00:00.000000Z",
        "{public}",
    ],
)
def test_a_file_of_keys_that_says_something_else_is_refused(keys: KeyPlaces, file: Path, text: str) -> None:
    private = keys.signing_key.read_text("utf-8").strip()
    public = log_keys(keys.signing_key, may_make=False).signer.verifier.as_text()
    keys.signing_key.write_text(text.format(new=private, old=private, public=public), "utf-8")
    with pytest.raises(FileTrouble, match="can't be used"):
        log_keys(keys.signing_key, may_make=False)
    assert "can't be used" in credence("journal", "replace-signing-key", "--journal", str(file)).stderr
