"""The turn of a day: once, resumable, and changing nothing when it is made again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.vocabulary.days import day_number
from ledger.books import day_turn
from ledger.books.day_turn import STEPS, DayTurn, TurnStep
from ledger.books.lifting import Lifting
from ledger.collections.promise import Promise, PromiseState
from ledger.collections.worklist_entry import EntryState, WorklistEntry
from ledger.credit.account import Account
from ledger.store.ledger_tables import day_steps
from tests.support.default_policies import default_policies
from tests.support.ledger_books import JournalBooks, journal_books
from tests.support.ledger_scenarios import Scenario, run

ACCOUNTS = [f"C-{number}" for number in range(1, 8)]


def _scenario() -> Scenario:
    """Seven customers with an item overdue; the first promised to pay, and didn't."""
    steps: list[dict[str, Any]] = []
    for number, account in enumerate(ACCOUNTS, 1):
        profile = {"country": "DE", "insolvent": False, "sanctions_hit": False, "screened_on": "2026-06-30"}
        steps.append({"put_account": {"account": account, "currency": "EUR", "profile": profile}})
        invoice = {"invoice": f"I-{number}", "account": account, "amount": "500.00", "issued_on": "2026-05-01"}
        steps.append({"post_invoice": {**invoice, "due_on": "2026-06-30"}})
    steps.append({"record_promise": {"account": "C-1", "due_on": "2026-07-01"}})
    return Scenario(name="overdue", prefix="", base=(), steps=steps)


class _Ended(Exception):
    """The process is gone."""


def _turning(books: JournalBooks) -> DayTurn:
    lifting = Lifting(books.ledger, books.journal, lambda: books.engine)
    return DayTurn(books.ledger, books.journal, lambda: books.engine, lifting)


def _lines(books: JournalBooks) -> list[tuple[str, str, str]]:
    rows = [each for each in books.rows(WorklistEntry) if each.state is EntryState.DUE]
    return sorted((each.account, each.channel.value, each.step) for each in rows)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_turn_that_was_broken_off_goes_on_where_it_was(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_turn, "CHUNK", 2)
    place: Any = tmp_path / "credence.db" if backend == "sqlite" else request.getfixturevalue("database")
    with journal_books(default_policies(), place) as books:
        run(_scenario(), books)
        books.today = books.today.replace(day=6)
        seen: list[TurnStep] = []

        def ends(step: TurnStep) -> None:
            seen.append(step)
            if step.step == "worklist" and step.accounts == 4:
                raise _Ended

        with pytest.raises(_Ended):
            books.run(_turning(books).turn(ends))
        done = books.run(_turning(books).turn())
        assert [(each.step, each.accounts, each.changed) for each in done] == [
            ("agreements", 1, 1), ("rechecks", 0, 0), ("reviews", 7, done[2].changed), ("worklist", 7, 7),
        ]  # fmt: skip
        assert all(each.is_done for each in done)
        assert _lines(books) == [(each, "customer", "call" if each == "C-1" else "email") for each in ACCOUNTS]
        assert [each.state for each in books.rows(Promise)] == [PromiseState.BROKEN]
        before = _size(books)
        again = books.run(_turning(books).turn())
        assert (again, _size(books)) == (done, before)


def _size(books: JournalBooks) -> int:
    return int(books.read(lambda connection: connection.exec_driver_sql("SELECT COUNT(*) FROM entries").scalar()))


def test_what_is_paid_during_the_day_leaves_the_list_and_what_bounces_comes_back(tmp_path: Path) -> None:
    with journal_books(default_policies(), tmp_path / "credence.db") as books:
        run(_scenario(), books)
        books.today = books.today.replace(day=6)
        lifting = Lifting(books.ledger, books.journal, lambda: books.engine)
        turning = DayTurn(books.ledger, books.journal, lambda: books.engine, lifting)
        books.run(turning.turn())

        def later(step: dict[str, Any]) -> list[str]:
            on = {"day": books.today}
            run(Scenario(name="later", prefix="", base=(), steps=[on, step]), books)
            books.run(lifting.drain())
            return [account for account, _, _ in _lines(books)]

        assert later({"post_payment": {"payment": "P-1", "account": "C-2", "amount": "500.00"}}) == [
            each for each in ACCOUNTS if each != "C-2"
        ]
        assert later({"reverse": {"item": "P-1"}}) == ACCOUNTS


def test_the_service_turns_each_day_once(tmp_path: Path) -> None:
    with journal_books(default_policies(), tmp_path / "credence.db") as books:
        run(_scenario(), books)
        turning = _turning(books)

        async def until(day: int) -> None:
            stop = asyncio.Event()
            running = asyncio.ensure_future(turning.run(stop))
            while turning.turned_to < day:
                await asyncio.sleep(0.01)
            stop.set()
            await running

        for day in (3, 6):
            books.today = books.today.replace(day=day)
            books.run(until(day_number(books.today)))
        rows = books.read(lambda connection: connection.execute(select(day_steps)).all())
        assert sorted({(row.day, row.step) for row in rows}) == sorted(
            (day_number(books.today.replace(day=day)), step) for day in (3, 6) for step in STEPS
        )
        assert all(row.is_done for row in rows)
        assert len(books.rows(Account)) == len(ACCOUNTS)
