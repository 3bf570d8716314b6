"""A customer's records erased by order, on both databases: what is gone, what stands, and what a crash leaves."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import shutil
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ledger.erasure.erasing import Erasing, ErasureRefused, ErasureWords, NothingToErase, OnePerson
from ledger.erasure.erasures import Erasure, ErasureState
from ledger.erasure.grounds import Ground
from ledger.journal.journal import Journal
from ledger.journal.kept_answers import KeyedRequest
from ledger.journal.log_transaction import ACCOUNT
from ledger.journal.opened_records import BodyGone
from ledger.record.actors import Actor
from ledger.store.key_database import SubjectKeys
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.secret_files import KeyPlaces, beside, wrapping_key
from ledger.store.tables import entry_blinds, entry_rules
from ledger.store.trouble import JournalUnavailable
from tests.support import postgresql as postgresql_
from tests.support.command_line import credence
from tests.support.journal_records import record
from tests.support.tampering import ACCOUNTS, COUNT, changed, write_journal

ANNA, BERT = Actor(key="1", person="anna"), Actor(key="2", person="bert")
WORDS = ErasureWords(account="C-7", ground=Ground.OBJECTION, reason="letter of 3 March")
OF_C7 = list(range(7, COUNT, ACCOUNTS))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("written") / "var"
    write_journal(home / "credence.db", beside(home / "credence.db"))
    return home


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, postgresql: str) -> Iterator[tuple[ServerAddress, Path]]:
    home = tmp_path_factory.mktemp("template") / "var"
    with postgresql_.new_database(postgresql) as place:
        write_journal(place, beside(home / "credence.db"))
        yield place, home


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JournalPlace]:
    """A copy of the journal for one test, with its keys in `var`."""
    monkeypatch.chdir(tmp_path)
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("written"), tmp_path / "var")
        yield tmp_path / "var" / "credence.db"
        return
    server, home = request.getfixturevalue("template")
    shutil.copytree(home, tmp_path / "var")
    with postgresql_.copied_database(server) as copied:
        yield copied


@pytest.fixture
def keys(tmp_path: Path) -> KeyPlaces:
    return beside(tmp_path / "var" / "credence.db")


def _with(place: JournalPlace, keys: KeyPlaces, act: Callable[[Journal, Erasing], Coroutine[Any, Any, Any]]) -> Any:
    journal = Journal(place, places=keys)
    try:
        return asyncio.run(act(journal, Erasing(journal)))
    finally:
        journal.close()


async def _erase(_: Journal, erasing: Erasing) -> Erasure:
    proposed = await erasing.propose(WORDS, ANNA)
    assert proposed.state is ErasureState.PROPOSED
    return await erasing.confirm(proposed.id, BERT)


def _key(keys: KeyPlaces, account: str = "C-7") -> int:
    """The number of a customer's key."""
    known = SubjectKeys(keys.subject_keys, wrapping_key(keys.wrapping_key, may_make=False)).number_and_blind(account)
    assert known is not None
    return known[0]


def _verified(place: JournalPlace, *words: str, faults: list[str]) -> dict[str, Any]:
    where = place.uri if isinstance(place, ServerAddress) else str(place)
    done = credence("journal", "verify", where, "--json", *words)
    assert (done.exit_code, done.stderr) == (1 if faults else 0, ""), done.stdout
    said: dict[str, Any] = json.loads(done.stdout)
    assert [each["fault"] for each in said["first"]] == faults
    return said


def test_erased_by_order_there_is_no_fault_and_so_many_records_are_erased(place: JournalPlace, keys: KeyPlaces) -> None:
    erased = _with(place, keys, _erase)
    assert (erased.state, erased.records, erased.proposed_by, erased.decided_by) == (
        ErasureState.ERASED,
        20,
        str(ANNA),
        str(BERT),
    )
    said = _verified(place, faults=[])
    assert (said["records"], said["erased"], said["bodies"]) == (COUNT + 3, 20, COUNT + 3 - 20)
    without = _verified(place, "--without-bodies", faults=[])
    assert (without["erased"], without["bodies"]) == (20, 0)


def test_nothing_that_was_erased_opens_or_is_found(place: JournalPlace, keys: KeyPlaces) -> None:
    key: list[int] = []

    async def act(journal: Journal, erasing: Erasing) -> None:
        blind = journal.ask(lambda _, known: known.blind(ACCOUNT, "C-7"))
        assert len(journal.read(select(entry_blinds.c.seq).where(entry_blinds.c.blind == blind))) == 20
        key[:] = [_key(keys)]
        await _erase(journal, erasing)
        with pytest.raises(BodyGone, match=f"what record 7 said was erased; record {COUNT + 2} says so"):
            journal.record_called("7")
        with pytest.raises(BodyGone):
            journal.recorded("id-7")
        assert journal.read(select(entry_blinds.c.seq).where(entry_blinds.c.blind == blind)) == []
        for table in (entry_blinds, entry_rules):
            assert journal.read(select(table.c.seq).where(table.c.seq.in_(OF_C7))) == []
        assert len([*journal.decisions()]) == COUNT - 20
        with pytest.raises(NothingToErase):
            erasing.to_erase("C-7", None)

    _with(place, keys, act)
    with closing(sqlite3.connect(keys.subject_keys)) as raw:
        gone = raw.execute("SELECT number, subject_blind FROM subject_keys WHERE length(wrapped_key) = 0").fetchall()
        assert [(number, bytes(blind)[:7]) for number, blind in gone] == [(key[0], b"erased ")]


def test_what_deleted_rows_said_is_in_no_byte_of_the_files(written: Path, tmp_path: Path) -> None:
    """Nor in the write-ahead log; a reader keeps nothing back."""
    shutil.copytree(written, tmp_path / "var")
    path = tmp_path / "var" / "credence.db"
    with changed(path, beside(path)) as rows:
        account = rows.keys.blind(ACCOUNT, "C-7")
        with closing(sqlite3.connect(beside(path).subject_keys)) as raw:
            found = raw.execute("SELECT wrapped_key FROM subject_keys WHERE subject_blind = ?", [account])
            [[wrapped]] = found.fetchall()
    shutil.rmtree(tmp_path / "var")
    shutil.copytree(written, tmp_path / "var")
    assert account in path.read_bytes()
    assert wrapped in beside(path).subject_keys.read_bytes()

    async def act(journal: Journal, erasing: Erasing) -> None:
        await _erase(journal, erasing)
        for file in sorted(path.parent.iterdir()):
            assert account not in file.read_bytes(), file.name
            assert wrapped not in file.read_bytes(), file.name

    _with(path, beside(path), act)


def test_a_later_order_of_the_same_customer_gets_a_new_key(place: JournalPlace, keys: KeyPlaces) -> None:
    """Also in a worker that had the old one ready, and after another start."""

    async def act(journal: Journal, erasing: Erasing) -> None:
        other = Journal(place, places=keys)
        try:
            before = await other.record(replace(record("before"), policy="", account="C-7"))
            erased = await _erase(journal, erasing)
            assert erased.records == 21
            after = await other.record(replace(record("after"), policy="", account="C-7"))
            assert other.find("after") == journal.find("after")
            with pytest.raises(BodyGone):
                other.record_called(str(before))
            assert (await asyncio.to_thread(erasing.to_erase, "C-7", None)).records == 1
            assert after == erased.id + 3
        finally:
            await asyncio.to_thread(other.close)

    _with(place, keys, act)
    said = _verified(place, faults=[])
    assert (said["erased"], said["size"]) == (21, COUNT + 5)


def test_the_last_key_s_number_is_never_given_again(tmp_path: Path) -> None:
    path = tmp_path / "credence.db"

    async def act(journal: Journal, erasing: Erasing) -> list[int]:
        numbers = []
        for number in range(3):
            await journal.record(replace(record(f"r-{number}"), policy="", account="C-7"))
            numbers.append((await asyncio.to_thread(erasing.to_erase, "C-7", None)).key)
            await _erase(journal, erasing)
        return numbers

    assert _with(path, beside(path), act) == [2, 3, 4]
    assert _verified(path, faults=[])["erased"] == 3


def test_whoever_proposed_can_not_confirm_and_nobody_can_t_propose(place: JournalPlace, keys: KeyPlaces) -> None:
    async def act(journal: Journal, erasing: Erasing) -> None:
        for actor in (Actor(), Actor(key="9", service="erp")):
            with pytest.raises(ErasureRefused, match="an erasure needs two persons"):
                await erasing.propose(WORDS, actor)
        proposed = await erasing.propose(WORDS, ANNA)
        for actor in (ANNA, Actor(key="8", person="anna"), Actor(key="9", service="erp", person="anna")):
            with pytest.raises(OnePerson):
                await erasing.confirm(proposed.id, actor)
        with pytest.raises(ErasureRefused, match="an erasure needs two persons"):
            await erasing.confirm(proposed.id, Actor(key="9", service="erp"))
        with pytest.raises(ErasureRefused, match=f"erasure {proposed.id} of the same records is proposed already"):
            await erasing.propose(WORDS, BERT)
        assert (await erasing.withdraw(proposed.id, ANNA)).state is ErasureState.WITHDRAWN
        with pytest.raises(ErasureRefused, match="is withdrawn already"):
            await erasing.confirm(proposed.id, BERT)
        with pytest.raises(NothingToErase, match="no erasure has the number 3"):
            await erasing.confirm(3, BERT)
        assert journal.find("id-7") is not None
        again = await erasing.propose(WORDS, ANNA)
        assert (await erasing.confirm(again.id, Actor(login="bert"))).state is ErasureState.ERASED

    _with(place, keys, act)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"account": "C-99"}, "nothing is recorded under this number"),
        ({"account": None, "subject": "SO-99"}, "nothing is recorded under this number"),
        ({"account": None, "subject": "SO-1"}, "cases of several customers have this number"),
        ({"reason": " "}, "the reason is blank"),
        ({"reason": "asked by c-7 itself"}, "names who is to be erased"),
    ],
)
def test_what_can_t_be_proposed_is_said(written: Path, tmp_path: Path, words: dict[str, Any], why: str) -> None:
    shutil.copytree(written, tmp_path / "var")
    path = tmp_path / "var" / "credence.db"

    async def act(_: Journal, erasing: Erasing) -> None:
        with pytest.raises(ErasureRefused, match=why):
            await erasing.propose(replace(WORDS, **words), ANNA)

    _with(path, beside(path), act)
    assert _verified(path, faults=[])["size"] == COUNT


def test_by_the_number_of_an_order_all_of_its_customer_goes(tmp_path: Path) -> None:
    path = tmp_path / "credence.db"

    async def act(journal: Journal, erasing: Erasing) -> int:
        for number in range(4):
            await journal.record(
                replace(record(f"r-{number}"), policy="", account=f"C-{number % 2}", subject=f"SO-{number}")
            )
        await journal.record(replace(record("nobody's"), policy="", account=None, subject="SO-9"))
        with pytest.raises(ErasureRefused, match="names no customer"):
            await erasing.propose(replace(WORDS, account=None, subject="SO-9"), ANNA)
        proposed = await erasing.propose(replace(WORDS, account=None, subject="SO-2"), ANNA)
        return (await erasing.confirm(proposed.id, BERT)).records

    assert _with(path, beside(path), act) == 2


# --- crashes ---------------------------------------------------------------------------------------------------------


class _Broken(Exception):
    pass


def _break() -> None:
    raise _Broken


def _kill() -> None:
    os._exit(9)


def _confirming(place: JournalPlace, keys: KeyPlaces, where: str, end: Callable[[], None]) -> None:
    """Ends at that point."""
    erase, finish = SubjectKeys.erase, Erasing.finish

    def erase_(self: SubjectKeys, numbers: Any) -> None:
        if where == "before the key":
            end()
        erase(self, numbers)
        end()

    async def finish_(self: Erasing) -> list[Erasure]:
        if where == "after the order":
            end()
        return await finish(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SubjectKeys, "erase", erase_)
        patched.setattr(Erasing, "finish", finish_)
        with pytest.raises((_Broken, JournalUnavailable)):
            _with(place, keys, _erase)


WHERE = ["after the order", "before the key", "after the key"]


@pytest.mark.parametrize("where", WHERE)
def test_a_crash_at_any_step_is_finished_by_running_again(place: JournalPlace, keys: KeyPlaces, where: str) -> None:
    """Between the key and its record the customer orders again, from a worker that had the key ready."""

    async def go_on(journal: Journal, erasing: Erasing) -> list[ErasureState]:
        await journal.record(replace(record("first"), policy="", account="C-7"))  # has the key ready
        await asyncio.to_thread(_confirming, place, keys, where, _break)
        await journal.record(replace(record("meanwhile"), policy="", account="C-7"))
        assert journal.find("meanwhile") is not None
        states = [each.state for each in await asyncio.to_thread(erasing.erasures)]
        done = await erasing.finish()
        assert await erasing.finish() == []
        return [*states, *(each.state for each in done)]

    assert _with(place, keys, go_on) == [ErasureState.CONFIRMED, ErasureState.ERASED]
    erased = 21 if where == "after the key" else 22
    assert _verified(place, faults=[])["erased"] == erased

    async def what_is_left(journal: Journal, _: Erasing) -> None:
        for table in (entry_blinds, entry_rules):
            assert journal.read(select(table.c.seq).where(table.c.seq.in_(OF_C7))) == []
        if where == "after the key":  # it got a new one
            assert journal.find("meanwhile") is not None
        else:
            with pytest.raises(BodyGone):
                journal.find("meanwhile")

    _with(place, keys, what_is_left)


def test_before_it_is_finished_verify_says_so(place: JournalPlace, keys: KeyPlaces) -> None:
    key, order = _key(keys), COUNT + 1
    _confirming(place, keys, "after the key", _break)
    why = f"is gone, and its erasure (record {order}) was not finished; run `credence erase finish`"
    _verified(place, faults=[f"subject key {key}: {why}"])


def test_a_process_that_is_killed_between_key_and_record_leaves_it_to_the_next(written: Path, tmp_path: Path) -> None:
    shutil.copytree(written, tmp_path / "var")
    path = tmp_path / "var" / "credence.db"
    words = (path, beside(path), "after the key", _kill)
    process = multiprocessing.get_context("spawn").Process(target=_confirming, args=words)
    process.start()
    process.join()
    assert process.exitcode == 9
    assert [each.state for each in _with(path, beside(path), lambda _, erasing: erasing.finish())] == ["erased"]
    assert _verified(path, faults=[])["erased"] == 20


# --- what somebody does to the files ---------------------------------------------------------------------------------


def test_a_backup_of_the_keys_brings_nothing_back(place: JournalPlace, keys: KeyPlaces) -> None:
    backup, key = keys.subject_keys.read_bytes(), _key(keys)
    _with(place, keys, _erase)
    keys.subject_keys.write_bytes(backup)
    opens = f"subject key {key}: opens, and record {COUNT + 2} says that it was erased"
    _verified(place, faults=[opens])

    async def act(journal: Journal, _: Erasing) -> None:
        with pytest.raises(BodyGone):
            journal.record_called("7")
        await journal.probe()

    _with(place, keys, act)
    assert _verified(place, faults=[])["erased"] == 20


def test_a_record_that_is_hidden_among_erased_ones_is_named(place: JournalPlace, keys: KeyPlaces) -> None:
    key = _key(keys)
    _with(place, keys, _erase)
    with changed(place, keys) as rows:
        rows.bodies[700]["key_number"] = key
    _verified(place, faults=[f"record 700: its key {key} was erased, and record {COUNT + 2} does not list it"])


def test_of_a_body_that_is_taken_away_only_an_erased_one_is_explained(place: JournalPlace, keys: KeyPlaces) -> None:
    _with(place, keys, _erase)
    with changed(place, keys) as rows:
        rows.bodies = [row for row in rows.bodies if row["seq"] not in (7, 700)]
    assert _verified(place, faults=["record 700: its body is missing"])["erased"] == 20


def test_a_request_sent_again_is_not_decided_again(place: JournalPlace, keys: KeyPlaces) -> None:
    request = KeyedRequest("service erp", "k-1", b"0" * 32)

    async def act(journal: Journal, erasing: Erasing) -> None:
        await journal.record(replace(record("keyed"), policy="", account="C-7"), request)
        await _erase(journal, erasing)
        with pytest.raises(BodyGone):
            journal.kept_answer(request)

    _with(place, keys, act)
