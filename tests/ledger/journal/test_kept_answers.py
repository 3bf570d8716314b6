"""Answers that are kept for requests that are sent again, wherever the journal is and whoever writes to it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from ledger.access.access import Access, Keeping
from ledger.access.changes import AlreadyThere, Changed, PersonWords, add_person
from ledger.access.roles import Authority, Role
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.journal.journal_work import keep
from ledger.journal.kept_answers import AnsweredBefore, KeptAnswer, KeyedRequest, RequestKeyReused
from ledger.journal.policy_timeline import PolicyTimeline
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.tables import entries, kept_answers
from ledger.store.trouble import JournalUnavailable
from tests.support.journal_records import note_of, record


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    if request.param == "sqlite":
        return tmp_path / "var" / "journal.db"
    database = request.getfixturevalue("database")
    assert isinstance(database, ServerAddress)
    return database


def asked(key: str, content: str = "", caller: str = "person 1") -> KeyedRequest:
    return KeyedRequest(caller, key, sha256(content.encode()).digest())


def _count(journal: Journal, table: Any = entries) -> int:
    return int(journal.read(select(func.count()).select_from(table))[0][0])


async def _outcomes(*futures: Any) -> list[type]:
    return [type(each) for each in await asyncio.gather(*futures, return_exceptions=True)]


def test_of_the_same_requests_in_one_commit_one_is_recorded(place: JournalPlace) -> None:
    async def go(journal: Journal) -> None:
        done = await _outcomes(
            journal.record(record("1", "first"), asked("a")),
            journal.record(record("2"), asked("a")),
            journal.record(record("3"), asked("a", "other")),
            journal.record(record("4"), asked("a", caller="person 2")),
            journal.keep_answer(asked("a"), KeptAnswer(status=200)),
        )
        assert done == [int, AnsweredBefore, RequestKeyReused, int, AnsweredBefore]
        assert await _outcomes(journal.record(record("5"), asked("a"))) == [AnsweredBefore]
        kept = journal.kept_answer(asked("a"))
        assert kept is not None
        assert (kept.status, kept.decision, note_of(kept.body.decode())) == (201, ("1", 0), "first")
        with pytest.raises(RequestKeyReused):
            journal.kept_answer(asked("a", "other"))
        assert journal.kept_answer(asked("b")) is None
        assert (_count(journal), _count(journal, kept_answers)) == (2, 2)

    _with(place, go)


def _with(place: JournalPlace, go: Any) -> None:
    journal = Journal(place)
    try:
        asyncio.run(go(journal))
    finally:
        journal.close()


def test_of_two_processes_that_do_the_same_one_records_it(place: JournalPlace) -> None:
    async def go(first: Journal) -> None:
        await first.probe()
        second = Journal(place)
        for n in range(20):
            done = await _outcomes(*(j.record(record(f"{n}-{id(j)}"), asked(f"{n}")) for j in (first, second)))
            assert sorted(each.__name__ for each in done) == ["AnsweredBefore", "int"]
            assert first.kept_answer(asked(f"{n}")) == second.kept_answer(asked(f"{n}")) is not None
        assert _count(first) == 20
        await asyncio.to_thread(second.close)

    _with(place, go)


def test_where_a_commit_fails_neither_record_nor_key_is_kept(place: JournalPlace) -> None:
    def broken(_: object) -> None:
        raise JournalUnavailable("made up")

    async def go(journal: Journal) -> None:
        await journal.probe()
        together = [
            journal.record(record("1"), asked("a")),
            journal.keep_answer(asked("b"), KeptAnswer(status=200)),
            journal.write(broken),
        ]
        assert await _outcomes(*together) == [JournalUnavailable] * 3
        assert (_count(journal), _count(journal, kept_answers)) == (0, 0)
        assert await _outcomes(journal.record(record("1"), asked("a"))) == [int]

    with capture_logs():
        _with(place, go)


def test_a_change_of_people_and_a_policy_set_are_made_once(place: JournalPlace) -> None:
    """Also where two processes had looked before either of them wrote."""

    async def go(journal: Journal) -> None:
        await journal.probe()
        access, answer = Access(journal), KeptAnswer(status=201, body=b"{}")
        add = add_person("u.x", PersonWords(roles=frozenset({Role.DESK}), authority=Authority.NONE))
        keeping = Keeping(asked("p"), lambda *_: answer)
        assert await _outcomes(access.change(add, "test", keeping)) == [Changed]
        assert await _outcomes(access.change(add, "test", keeping)) == [AnsweredBefore]
        assert await _outcomes(access.change(add, "test", Keeping(asked("q"), lambda *_: answer))) == [AlreadyThere]
        assert journal.kept_answer(asked("p")) == answer
        assert journal.kept_answer(asked("q")) is None
        for version in ("v1", "v2"):
            sets = journal.record_policy_set(version, {}, "", also=lambda each: keep(each, asked("s"), answer))
            assert await _outcomes(sets) == [PolicyTimeline if version == "v1" else AnsweredBefore]
        assert [each.version for each in journal.activations()] == ["v1"]

    _with(place, go)


def test_any_answer_is_read_again_to_the_letter(place: JournalPlace) -> None:
    answers = [
        KeptAnswer(status=200, body="é订单\u2028\0".encode()),
        KeptAnswer(status=201, secret_of="k1"),
        KeptAnswer(status=204),
    ]

    async def go(journal: Journal) -> None:
        await journal.probe()
        for n, answer in enumerate(answers):
            await journal.keep_answer(asked(f"{n}"), answer)
        assert [journal.kept_answer(asked(f"{n}")) for n in range(len(answers))] == answers

    _with(place, go)


def test_an_answer_is_kept_for_its_days_and_then_deleted(place: JournalPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.journal.kept_answers.FORGOTTEN_MAX", 2)
    at = datetime(2026, 7, 1, tzinfo=UTC)
    clock = Clock(lambda: int(at.timestamp() * 1e9))

    async def go() -> None:
        nonlocal at
        journal = Journal(place, clock=clock, answers_kept=timedelta(days=2))
        for n in range(5):
            await journal.record(record(f"{n}"), asked(f"{n}"))
        at += timedelta(days=2)
        assert await _outcomes(journal.record(record("x"), asked("0"))) == [AnsweredBefore]
        at += timedelta(seconds=1)
        assert journal.kept_answer(asked("0")) is None
        assert await _outcomes(journal.record(record("again"), asked("0"))) == [int]
        kept = journal.kept_answer(asked("0"))
        assert kept is not None
        assert kept.decision == ("again", 5)
        for left in (3, 1, 1):  # of those of before, and the new one
            journal._forgets_at = 0.0
            await journal.probe()
            assert _count(journal, kept_answers) == left
        await asyncio.to_thread(journal.close)

    asyncio.run(go())
