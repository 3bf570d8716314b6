"""What a journal promises wherever it is kept: in an SQLite file and in a PostgreSQL database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from ledger.access.access import Access
from ledger.access.changes import KeyWords, PersonWords, add_person, create_key, end_person
from ledger.access.roles import Role
from ledger.journal import journal as journal_module
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.journal.opening import check_writable
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.tables import entries
from ledger.store.trouble import JournalUnavailable
from tests.support.journal_records import fails, note_of, record

_TIMES = select(entries.c.at).order_by(entries.c.seq)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    if request.param == "sqlite":
        return tmp_path / "var" / "journal.db"
    database = request.getfixturevalue("database")
    assert isinstance(database, ServerAddress)
    return database


@pytest.fixture
def journal(place: JournalPlace) -> Iterator[Journal]:
    journal = Journal(place)
    yield journal
    journal.close()


def test_records_are_found_again_to_the_letter(journal: Journal) -> None:
    notes = ["", "é", "订单", "x" * 100_000, "a\\b'c\"d%s%%(x)s:y?", "\u2028\n\t", "😀"]

    async def go() -> None:
        await asyncio.gather(*(journal.record(record(f"id-{n}", note)) for n, note in enumerate(notes)))

    asyncio.run(go())
    assert [note_of(journal.find(f"id-{n}")) for n in range(len(notes))] == notes
    assert journal.find("id-99") is None


def test_one_impossible_record_does_not_fail_the_others_of_its_commit(journal: Journal) -> None:
    async def go() -> None:
        await journal.record(record("taken"))
        records = [record("first"), record("taken"), record("second")]
        assert await asyncio.gather(*(fails(journal, each) for each in records)) == [False, True, False]

    with capture_logs():
        asyncio.run(go())


def test_work_and_records_share_a_transaction_and_fail_by_themselves(journal: Journal) -> None:
    """Work that raises for a reason of the place fails what it shares the transaction with, and nothing of it stays."""

    def broken(_: object) -> None:
        raise JournalUnavailable("made up")

    async def go() -> None:
        await journal.probe()
        together = [journal.record(record("with it")), journal.write(broken)]
        outcomes = await asyncio.gather(*together, return_exceptions=True)
        assert isinstance(outcomes[1], JournalUnavailable)
        await journal.record_policy_set("v1", {"a": "b"}, "")
        await journal.record(record("after"))

    with capture_logs():
        asyncio.run(go())
    assert journal.find("after") is not None


def test_closing_writes_what_waits_and_then_takes_no_more(place: JournalPlace) -> None:
    journal = Journal(place)

    async def go() -> None:
        await journal.probe()
        waiting = [journal.record(record(f"id-{number}")) for number in range(300)]
        await asyncio.to_thread(journal.close)
        await asyncio.gather(*waiting)
        with pytest.raises(JournalUnavailable):
            journal.record(record("late"))

    asyncio.run(go())
    again = Journal(place)
    assert all(again.find(f"id-{number}") is not None for number in range(0, 300, 50))
    again.close()


def test_too_many_waiting_records_are_refused_at_once(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "WAITING_MAX", 0)

    async def go() -> None:
        with pytest.raises(JournalUnavailable, match="too many"):
            journal.record(record("id"))

    asyncio.run(go())


@pytest.mark.parametrize(
    ("taken", "kinds"),
    [
        (["v1"], ["first"]),
        (["v1", "v1"], ["first"]),
        (["v1", "v2"], ["first", "watch"]),
        (["v1", "v2", "v1"], ["first", "watch", "watch"]),
        (["v1", "v2", "v2", "v1", "v1", "v2"], ["first", "watch", "watch", "watch"]),
    ],
)
def test_the_latest_set_is_the_one_that_took_effect_last(journal: Journal, taken: list[str], kinds: list[str]) -> None:
    async def go() -> None:
        await journal.probe()
        assert journal.latest_policy_set() is None
        for each in taken:
            await journal.record_policy_set(each, {"rules/a.yaml": each}, "")

    asyncio.run(go())
    latest = journal.latest_policy_set()
    assert latest is not None
    assert (latest.version, latest.files) == (taken[-1], {"rules/a.yaml": taken[-1]})
    history = journal.activations()
    assert [each.kind for each in history] == kinds
    assert [each.number for each in history] == list(range(1, len(kinds) + 1))
    assert [each.version for each in history] == [version for version, _ in groupby(taken)]
    assert {each.actor for each in history} == {"rules folder"}
    assert [each.at for each in history] == sorted(each.at for each in history)


def test_two_journals_on_one_place_know_each_others_people_and_keys(place: JournalPlace) -> None:
    journals = Journal(place), Journal(place)
    one, other = map(Access, journals)

    async def go() -> None:
        for number in range(3):
            login = f"u.{number}"
            await one.change(add_person(login, PersonWords(roles=frozenset({Role.DESK}))), "test")
            await other.refresh()
            assert other.state().by_login[login].active
            made = await other.change(create_key(KeyWords(login=login)), "test")
            await one.refresh()
            assert made.subject in one.state().keys
            await other.change(end_person(login), "test")
            await one.refresh()
            assert not one.state().by_login[login].active
        assert one.state() == other.state()

    asyncio.run(go())
    for journal in journals:
        journal.close()


def test_a_first_key_is_shown_once_however_many_journals_ask(place: JournalPlace) -> None:
    journals = [Journal(place) for _ in range(3)]

    async def go() -> None:
        check = asyncio.gather(*(Access(journal).first_key() for journal in journals))
        assert len([text for text in await check if text]) == 1

    check_writable(place)
    asyncio.run(go())
    for journal in journals:
        journal.close()


def test_times_never_fall_though_one_clock_is_behind(place: JournalPlace) -> None:
    now = [2 * 10**18]
    ahead, behind = Journal(place, clock=Clock(lambda: now[0])), Journal(place, clock=Clock(lambda: 10**18))

    async def go() -> None:
        for number in range(4):
            now[0] += 10**9
            await ahead.record(record(f"ahead-{number}", at=ahead.clock.now()))
            await behind.record(record(f"behind-{number}", at=behind.clock.now()))

    asyncio.run(go())
    times = [row[0] for row in behind.read(_TIMES)]
    for journal in (ahead, behind):
        journal.close()
    assert len(times) == 8
    assert times == sorted(times)
