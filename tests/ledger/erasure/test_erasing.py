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
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ledger.erasure.erasing import (
    Erasing,
    ErasureRefused,
    ErasureWords,
    KeptUntil,
    NothingToErase,
    OnePerson,
    duties_unknown,
)
from ledger.erasure.erasures import Erasure, ErasureState
from ledger.erasure.grounds import Ground
from ledger.erasure.retention import kept_until
from ledger.journal.journal import Journal
from ledger.journal.kept_answers import KeyedRequest
from ledger.journal.log_transaction import ACCOUNT, REQUEST
from ledger.journal.opened_records import BodyGone
from ledger.record.actors import Actor
from ledger.record.decision_parts import whole_parts
from ledger.record.new_records import REQUEST_ID, act_record
from ledger.record.record_header import RecordKind
from ledger.store import file_store
from ledger.store.key_database import SubjectKeys
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.secret_files import KeyPlaces, beside, wrapping_key
from ledger.store.tables import entry_blinds, entry_rules
from ledger.store.trouble import JournalUnavailable
from tests.support import postgresql as postgresql_
from tests.support.command_line import credence
from tests.support.duties import nothing_held
from tests.support.journal_records import record
from tests.support.steps import long_after
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
        return asyncio.run(act(journal, Erasing(journal, nothing_held)))
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
        ({"reason": "客户Ｃ－７的来信"}, "names who is to be erased"),
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


# --- two persons -----------------------------------------------------------------------------------------------------

PIA, BOSS = Actor(key="k-pia", person="pia"), Actor(key="k-boss", person="boss")
PORTAL_PIA, PORTAL_BOSS = (Actor(key="k-portal", service="portal", person=name) for name in ("pia", "boss"))
Acts = tuple[tuple[str, str, str, Actor | str], ...]
ONE_HAND: dict[str, tuple[Actor, Actor, Acts]] = {
    "one key says both": (PORTAL_PIA, PORTAL_BOSS, ()),
    "one program by two keys": (PORTAL_PIA, replace(PORTAL_BOSS, key="k-portal-2"), ()),
    "one login": (Actor(login="pia"), Actor(login="pia"), ()),
    "token and key": (Actor(person="pia"), PORTAL_PIA, ()),
    "who confirms made the key": (PIA, BOSS, (("key", "create", "k-pia", BOSS),)),
    "who confirms made the program's key": (PORTAL_PIA, BOSS, (("key", "create", "k-portal", BOSS),)),
    "who confirms added the person": (PIA, BOSS, (("person", "add", "pia", replace(BOSS, key="k-other")),)),
    "who confirms gave the role": (PIA, BOSS, (("person", "change", "pia", BOSS),)),
    "who confirms did so by a program": (PIA, BOSS, (("person", "add", "pia", PORTAL_BOSS),)),
    "who confirms added a token's person": (Actor(person="pia"), BOSS, (("person", "add", "pia", BOSS),)),
    "who proposes made the key": (PIA, BOSS, (("key", "create", "k-boss", PIA),)),
    "who proposes added the person": (PIA, BOSS, (("person", "add", "boss", PIA),)),
    "a program made the key": (PIA, PORTAL_BOSS, (("key", "create", "k-pia", Actor(key="k-2", service="portal")),)),
}
ROOT = Actor(person="root")
TWO_HANDS: dict[str, tuple[Actor, Actor, Acts]] = {
    "a third made both": (PIA, BOSS, (("person", "add", "pia", ROOT), ("key", "create", "k-boss", ROOT))),
    "the command line made one": (PIA, BOSS, (("person", "add", "pia", "command line"),)),
    "another key": (PIA, BOSS, (("key", "revoke", "k-pia", BOSS), ("key", "create", "k-x", BOSS))),
    "two programs": (PORTAL_PIA, Actor(key="k-desk", service="desk", person="boss"), ()),
    "two logins": (Actor(login="pia"), Actor(login="boss"), ()),
}


@pytest.mark.parametrize("hands", [*ONE_HAND, *TWO_HANDS])
def test_one_hand_never_does_both_acts(tmp_path: Path, hands: str) -> None:
    proposes, confirms, acts = {**ONE_HAND, **TWO_HANDS}[hands]
    path = tmp_path / "credence.db"

    async def act(journal: Journal, erasing: Erasing) -> ErasureState:
        await journal.record(replace(record("one"), policy="", **_about("C-7", "SO-1")))
        for kind, word, subject, actor in acts:
            await journal.record(act_record(RecordKind(kind), word, subject, "{}", actor))
        proposed = await erasing.propose(WORDS, proposes)
        if hands in ONE_HAND:
            with pytest.raises(OnePerson, match="whoever proposed an erasure can't confirm it") as refused:
                await erasing.confirm(proposed.id, confirms)
            assert refused.value.names == {"C-7", "SO-1"}
            return (await asyncio.to_thread(erasing.erasures))[0].state
        return (await erasing.confirm(proposed.id, confirms)).state

    expected = ErasureState.PROPOSED if hands in ONE_HAND else ErasureState.ERASED
    assert _with(path, beside(path), act) is expected


# --- what is shown, and what is said ---------------------------------------------------------------------------------


def _about(account: str, subject: str) -> dict[str, Any]:
    """Of a record: a decision about this case of this customer."""
    request, answer = {"account": {"id": account}}, {"id": subject, "case": "order", "subject": subject}
    parts = whole_parts(json.dumps(request).encode(), json.dumps(answer).encode())
    return {"account": account, "subject": subject, "parts": parts}


def test_what_came_since_the_proposal_is_confirmed_knowingly(tmp_path: Path) -> None:
    path = tmp_path / "credence.db"

    async def act(journal: Journal, erasing: Erasing) -> Erasure:
        for number in range(2):
            await journal.record(replace(record(f"r-{number}"), policy="", account="C-7"))
        number = (await erasing.propose(WORDS, ANNA)).id
        await journal.record(replace(record("since"), policy="", account="C-7"))
        [shown] = await asyncio.to_thread(erasing.as_they_are)
        assert (shown.records, shown.proposed_records, shown.held_until, shown.refusal) == (3, 2, None, None)
        for known in (None, 2, 4):
            with pytest.raises(ErasureRefused, match=r"are 3 records now.* confirm with the number of records, 3"):
                await erasing.confirm(number, BERT, records=known)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Erasing, "finish", _nothing_finished)
            confirmed = await erasing.confirm(number, BERT, records=3)
        assert (confirmed.state, confirmed.records, confirmed.proposed_records) == (ErasureState.CONFIRMED, 3, 2)
        [erased] = await erasing.finish()
        return erased

    erased = _with(path, beside(path), act)
    assert (erased.state, erased.records, erased.proposed_records) == (ErasureState.ERASED, 3, 2)


async def _nothing_finished(_: Erasing) -> list[Erasure]:
    return []


@pytest.mark.parametrize(
    "by", [{"account": "C-7"}, {"account": None, "subject": "SO-1001"}], ids=["account", "subject"]
)
@pytest.mark.parametrize("name", ["C-7", "c-7", "SO-1001", "SO-1002", "Ｃ－７"])
def test_no_number_of_theirs_stands_in_the_reason(tmp_path: Path, by: dict[str, Any], name: str) -> None:
    path = tmp_path / "credence.db"

    async def act(journal: Journal, erasing: Erasing) -> None:
        for subject in ("SO-1001", "SO-1002"):
            await journal.record(replace(record(subject), policy="", **_about("C-7", subject)))
        for reason in (f"letter of customer {name}, baker", name, f"关于{name}的来信", f"re:{name}."):
            with pytest.raises(ErasureRefused, match="names who is to be erased"):
                await erasing.propose(replace(WORDS, **by, reason=reason), ANNA)
        reason = "letter of 3 March, C-70, XC-7, SO-10011"  # other numbers
        assert (await erasing.propose(replace(WORDS, **by, reason=reason), ANNA)).reason == reason

    _with(path, beside(path), act)


@pytest.mark.parametrize("request_id", ["C-7-SO-1009", "xc-7y", "so-1009", "7c-7", "SO-1009-1"])
def test_a_request_id_that_names_them_stands_in_no_byte_that_stays(tmp_path: Path, request_id: str) -> None:
    path = tmp_path / "var" / "credence.db"

    async def act(journal: Journal, erasing: Erasing) -> None:
        await journal.record(replace(record("one"), policy="", request_id=request_id, **_about("C-7", "SO-1009")))
        kept = journal.record_called("0")
        assert kept is not None
        assert (kept.header.request_id, kept.text(REQUEST_ID)) == ("", request_id)
        blind = journal.ask(lambda _, known: known.blind(REQUEST, request_id))
        found = select(entry_blinds.c.seq).where(entry_blinds.c.blind == blind)
        assert [row.seq for row in journal.read(found)] == [0]
        proposed = await erasing.propose(WORDS, ANNA, request_id)
        await erasing.withdraw(proposed.id, ANNA, request_id)
        proposed = await erasing.propose(WORDS, ANNA, request_id)
        await erasing.confirm(proposed.id, BERT, request_id)
        assert journal.read(found) == []
        for seq in range(1, proposed.id + 3):
            told = journal.record_called(str(seq))
            assert told is not None
            assert request_id not in told.header.canonical_text().decode() + str(told.body.parts)
        for file in sorted(path.parent.iterdir()):
            assert request_id.encode() not in file.read_bytes(), file.name

    _with(path, beside(path), act)


def test_another_request_id_stays_in_the_header(tmp_path: Path) -> None:
    path = tmp_path / "credence.db"

    async def act(journal: Journal, erasing: Erasing) -> None:
        for number, (account, name) in enumerate((("C-7", "b7c-3"), ("3", "4a3f9c0d11e23b47"), ("3", "shop-31"))):
            await journal.record(replace(record(f"r-{number}"), policy="", account=account, request_id=name))
            kept = journal.record_called(str(number))
            assert kept is not None
            assert (kept.header.request_id, kept.text(REQUEST_ID)) == (name, None)
        assert (await erasing.propose(WORDS, ANNA, "dpo-1")).state is ErasureState.PROPOSED
        proposal = journal.record_called("3")
        assert proposal is not None
        assert proposal.header.request_id == "dpo-1"

    _with(path, beside(path), act)


def test_a_reader_delays_the_log_s_emptying_and_later_commits_see_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "credence.db"
    monkeypatch.setattr(file_store, "EMPTIES_SECONDS", 0)
    monkeypatch.setattr(file_store, "LOCK_SECONDS_MAX", 0.05)

    def holds(blind: bytes) -> bool:
        return any(blind in file.read_bytes() for file in tmp_path.iterdir() if file.name.startswith("credence.db"))

    def logged() -> str:
        return "".join(capfd.readouterr())

    async def act(journal: Journal, erasing: Erasing) -> None:
        await journal.record(replace(record("one"), policy="", account="C-7"))
        blind = journal.ask(lambda _, known: known.blind(ACCOUNT, "C-7"))
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM entry_blinds").fetchone()[0]
            assert (await _erase(journal, erasing)).state is ErasureState.ERASED
            await journal.record(replace(record("meanwhile"), policy="", account="C-8"))
            assert holds(blind)
            assert logged().count("still stands in the journal's write-ahead log") == 1
        await journal.record(replace(record("after"), policy="", account="C-8"))
        assert not holds(blind)
        assert "nothing stands there any more" in logged()

    _with(path, beside(path), act)


def test_what_nobody_was_told_of_the_law_is_no_leave_to_erase(tmp_path: Path) -> None:
    path = tmp_path / "credence.db"

    def nothing_said() -> KeptUntil:
        return kept_until((), date(2026, 11, 28))

    async def act(journal: Journal, known: Erasing) -> None:
        await journal.record(replace(record("one"), policy="", account="C-7"))
        proposed = await known.propose(WORDS, ANNA)
        for unknown in (duties_unknown, nothing_said):
            erasing = Erasing(journal, unknown)
            with pytest.raises(ErasureRefused, match="how long the law wants"):
                await erasing.propose(WORDS, ANNA)
            with pytest.raises(ErasureRefused, match="how long the law wants"):
                await erasing.confirm(proposed.id, BERT)
            with pytest.raises(ErasureRefused, match="how long the law wants"):
                await asyncio.to_thread(erasing.to_erase, "C-7", None)
        [shown] = await asyncio.to_thread(Erasing(journal, nothing_said).as_they_are)
        assert (shown.state, shown.held_until) == (ErasureState.PROPOSED, None)
        assert "the policies don't say how long the law wants decisions on order kept" in (shown.refusal or "")

    _with(path, beside(path), act)


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


@pytest.mark.parametrize("where", long_after(1, WHERE))
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
