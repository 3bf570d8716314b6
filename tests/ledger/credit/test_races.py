"""No headroom is used twice: by many orders in one process, by two processes, or by one that dies in between."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.books.reading import read_snapshot
from ledger.credit.account import Account
from ledger.credit.order import Order, OrderState
from ledger.credit.snapshot import Snapshot
from ledger.store.place import JournalPlace, ServerAddress
from tests.support.credit_books import PureBooks, StoredBooks
from tests.support.credit_processes import ACCOUNTS, command, enter_all, small_engine, started
from tests.support.order_desks import accounts, put_rows_at

ALLOWED = 10_000_00
"""That the policies let an account have in open orders."""


def _overdrawn(books: Any) -> list[str]:
    """Accounts that have more reserved than one of their approvals could allow."""
    return [each.id for each in books.rows(Account) if each.open_orders > ALLOWED]


def test_of_many_orders_at_once_no_more_go_than_fit(tmp_path: Path) -> None:
    """Four accounts, 32 callers with 20 orders each of 1,000.00: ten go on each account."""
    names = [f"C-{each}" for each in range(4)]
    books = StoredBooks(tmp_path / "credence.db", small_engine(), accounts(*names))
    commands = [command(f"SO-{each}", names[each % 4], "1000.00") for each in range(640)]
    answers = books.ask(*commands)
    states = [(each.shown or {})["order"]["state"] for each in answers]
    assert (states.count("approved"), states.count("held")) == (40, 600)
    assert _overdrawn(books) == []
    assert [each.open_orders for each in books.rows(Account)] == [ALLOWED] * 4
    books.close()


def test_the_test_above_fails_where_commands_do_not_see_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what one command makes of the snapshot is kept from the next. Totals and orders still agree with
    each other, or not; what is seen is that more was approved than fits."""
    books = StoredBooks(tmp_path / "credence.db", small_engine(), accounts("C-0"))
    decided_on: list[Snapshot] = []
    put = Snapshot.put

    def forgetful(snapshot: Snapshot, row: Any) -> None:
        if snapshot in decided_on and isinstance(row, Account):
            return
        put(snapshot, row)

    def reading(*arguments: Any, **more: Any) -> Snapshot:
        decided_on.append(read_snapshot(*arguments, **more))
        return decided_on[-1]

    monkeypatch.setattr("ledger.books.credit_ledger.read_snapshot", reading)
    monkeypatch.setattr(Snapshot, "put", forgetful)
    books.ask(*(command(f"SO-{each}", "C-0", "1000.00") for each in range(64)))
    reserved = sum(each.reserved for each in books.rows(Order))
    books.close()
    assert reserved > ALLOWED


def test_two_processes_share_every_headroom(database: ServerAddress, tmp_path: Path) -> None:
    """A hundred accounts, an order from each process for each of them at the same time: one goes, one is held."""
    names = [f"C-{each}" for each in range(ACCOUNTS)]
    put_rows_at(database, accounts(*names))
    processes = [started(database.uri, name, "race", tmp_path) for name in ("A", "B")]
    approved = sum(_counted(processes))
    assert approved == ACCOUNTS
    books = StoredBooks(database, small_engine())
    assert [each.open_orders for each in books.rows(Account)] == [6_000_00] * ACCOUNTS
    states = [each.state for each in books.rows(Order)]
    assert (states.count(OrderState.APPROVED), states.count(OrderState.HELD)) == (ACCOUNTS, ACCOUNTS)
    books.close()


def _counted(processes: list[subprocess.Popen[str]]) -> Iterator[int]:
    """What each process says, all of them begun once all are ready."""
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in processes:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    for each in processes:
        said, _ = each.communicate(timeout=120)
        yield int(said.splitlines()[-1])  # after what its log says of waiting


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_dies_between_decision_and_commit_has_reserved_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    place: JournalPlace = tmp_path / "credence.db" if kind == "sqlite" else request.getfixturevalue("database")
    put_rows_at(place, accounts("C-0"))
    uri = place.uri if isinstance(place, ServerAddress) else str(place)
    process = started(uri, "A", "die", tmp_path)
    said, _ = process.communicate("\n", timeout=120)
    assert (said, process.returncode) == ("ready\n", -9)
    for _ in range(2):
        asyncio.run(enter_all(place, small_engine(), [command("A-0", "C-0")]))
    books = StoredBooks(place, small_engine())
    assert [(each.id, each.state, each.reserved) for each in books.rows(Order)] == [
        ("A-0", OrderState.APPROVED, 6_000_00)
    ]
    assert [each.open_orders for each in books.rows(Account)] == [6_000_00]
    books.close()


def test_the_pure_verbs_count_as_the_ledger_does() -> None:
    books = PureBooks(small_engine(), accounts("C-0"))
    answers = books.ask(*(command(f"SO-{each}", "C-0", "1000.00") for each in range(20)))
    assert [(each.shown or {})["order"]["state"] for each in answers] == ["approved"] * 10 + ["held"] * 10
