"""The check of the ledger: what is wrong in its tables is found and named, whatever it is, and nothing else is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger

from ledger.books.sides import SidesCompared
from ledger.books.two_sides import COMPARISONS
from ledger.books.verify import LedgerDifference
from ledger.credit.account import Account, Group
from ledger.credit.change import Asker
from ledger.credit.limit import Limit, LimitKind, LimitState
from ledger.credit.order import Order
from ledger.items.item import Allocation, OpenItem
from ledger.items.post_credit_note import PostCreditNote
from ledger.items.put_rates import PutRate
from ledger.items.totals import BookTotal, DayRecord, DueTotal, LevelTotal
from ledger.items.write_off_request import AskWriteOff
from ledger.store.ledger_tables import STORED
from ledger.store.place import JournalPlace, ServerAddress
from tests.support import postgresql
from tests.support.patience import PATIENCE
from tests.support.small_ledger import U_BECKER, SmallLedger, in_file, small_ledger

KEPT = (Account, Group, DueTotal, LevelTotal, DayRecord, BookTotal)
"""Rows that are sums: every amount and count in them is checked."""

NO_SUM = {
    "accounts": {
        "last_order_on",
        "order_before_on",
        "version",
        "blocked_since",
        "customer_since",
        "bounced_on",
        "currency_since",
        "erasure",
    },
    "account_groups": {"version", "group_limit", "limit_until"},
    "due_totals": {"due_on"},
    "level_totals": {"level"},
    "day_records": {"day"},
    "book_totals": set(),
}


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    if request.param == "sqlite":
        return in_file(tmp_path / "journal")
    database: ServerAddress = request.getfixturevalue("database")
    return database


class Tables:
    """The tables as somebody has them who goes past the service."""

    def __init__(self, place: JournalPlace) -> None:
        self._place = place

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Gives the rows of the last one."""
        rows: list[tuple[Any, ...]] = []
        if isinstance(self._place, ServerAddress):
            with postgresql.connected(self._place) as server:
                for statement in statements:
                    cursor = server.execute(statement.encode())
                    rows = list(cursor.fetchall()) if cursor.description else []
            return rows
        file = sqlite3.connect(self._place, isolation_level=None, timeout=PATIENCE)
        try:
            for statement in statements:
                rows = file.execute(statement).fetchall()
        finally:
            file.close()
        return rows

    def let_entries_be_changed(self) -> None:
        """What keeps entries from being changed is taken away, as only who owns the tables can."""
        if isinstance(self._place, ServerAddress):
            self.run("ALTER TABLE ledger_entries DISABLE TRIGGER ALL")
        else:
            self.run(*(f"DROP TRIGGER ledger_entries_no_{occasion}" for occasion in ("update", "delete")))


async def _fill(small: SmallLedger) -> None:
    """Two accounts of a group and one by itself: invoices open, paid in part, paid late and in dispute; orders approved
    and held."""
    await small.put_rows([Group(id="G-1", currency="EUR")])
    await small.done(
        *(small.account(each, group="G-1") for each in ("C-1", "C-2")), *map(small.account, ("C-3", "C-4", "C-9"))
    )
    limit = Limit(
        account="C-1",
        number=1,
        kind=LimitKind.LIMIT,
        amount=6_000_000,
        from_on=19_000,
        until_on=None,
        state=LimitState.GRANTED,
    )
    await small.put_rows([limit])
    history = [
        small.invoice(f"H-{n}", "5000.00", f"2026-{n:02}-15", issued_on=f"2026-{n:02}-01", settled_on=f"2026-{n:02}-15")
        for n in range(1, 7)
    ]
    await small.done(
        *history,
        small.invoice("I-1", "12000.00", "2026-07-20"),
        small.invoice("I-2", "8000.00", "2026-05-20", issued_on="2026-04-20"),
        small.invoice("I-3", "100.00", "2026-07-20", account="C-2"),
        small.invoice("I-4", "700.00", "2026-07-20", account="C-3"),
        small.invoice("I-9", "880000.00", "2026-07-20", account="C-9"),
        small.payment("P-1", "3000.00", "I-1"),
        small.payment("P-2", "8000.00", "I-2", effective_on="2026-05-22"),
        small.payment("P-3", "250.00", account="C-2"),
    )
    await small.done(small.order("SO-1", "1000.00"), small.order("SO-2", "900.00"), small.order("SO-3", "50.00", "C-3"))
    await _fill_with_more(small)


async def _fill_with_more(small: SmallLedger) -> None:
    """A discount that was taken, a difference of rates, an invoice that was cancelled, one that was written off in part
    and recovered."""
    rates = PutRate(rates=[{"currency": "USD", "date": "2026-06-30", "rate": "0.9"}], asker=U_BECKER)
    later = PutRate(rates=[{"currency": "USD", "date": "2026-07-01", "rate": "0.8"}], asker=U_BECKER)
    terms = {"discount_rate": "0.02", "discount_days": 30}
    await small.done(
        rates,
        small.invoice("M-1", "500.00", "2026-07-20", account="C-4", **terms),
        small.invoice("M-2", "100.00", "2026-07-20", account="C-4", currency="USD", issued_on="2026-06-30"),
        small.invoice("M-3", "60.00", "2026-05-20", account="C-4", issued_on="2026-04-20"),
        small.invoice("M-4", "70.00", "2026-05-20", account="C-4", issued_on="2026-04-20"),
        later,
        small.payment("Q-1", "490.00", "M-1", account="C-4"),
        small.payment("Q-2", "100.00", "M-2", account="C-4", currency="USD"),
        PostCreditNote(
            credit_note="Q-3", account="C-4", amount="60.00", issued_on="2026-07-01", invoice="M-3", asker=U_BECKER,
            id=small.next_id(),
        ),
        AskWriteOff(
            write_off="Q-4", account="C-4", invoice="M-4", reason="they closed", id=small.next_id(),
            asker=Asker(login="u.keller", authority="cfo"),
        ),
        small.payment("Q-5", "20.00", "M-4", account="C-4"),
    )  # fmt: skip


def _summed() -> Iterator[tuple[str, str]]:
    for kind in KEPT:
        table = STORED[kind].table
        for column in table.columns:
            if isinstance(column.type, BigInteger) and column.name not in NO_SUM[table.name]:
                yield table.name, column.name


def _tamperings() -> Iterator[tuple[str, str, str]]:
    """Of each: what is done, how it is undone, and what the figure is called that is named."""
    for table, column in _summed():
        where = "WHERE account = 'C-1'" if table in ("due_totals", "day_records") else ""
        where = {"accounts": "WHERE id = 'C-1'"}.get(table, where)
        name = column if table == "accounts" else f"{table}.{column}"
        if table == "level_totals":
            yield (
                "INSERT INTO level_totals (account, level, items) VALUES ('C-1', 2, 1)",
                "DELETE FROM level_totals",
                name,
            )
            continue
        for by in ("+ 1", "- 1"):
            back = "- 1" if by == "+ 1" else "+ 1"
            yield (
                f"UPDATE {table} SET {column} = {column} {by} {where}",
                (f"UPDATE {table} SET {column} = {column} {back} {where}"),
                name,
            )
    for column in ("reserved", "delivered", "billed", "lapsed", "amount"):
        where = "WHERE id = 'SO-1'"
        yield (
            f"UPDATE orders SET {column} = {column} + 1 {where}",
            (f"UPDATE orders SET {column} = {column} - 1 {where}"),
            {"amount": "reserved", "lapsed": "reserved", "billed": "reserved"}.get(column, column),
        )
    for column, item in (("open_amount", "I-1"), ("open_amount", "I-2"), ("disputed_amount", "I-1"), ("amount", "I-1")):
        where = f"WHERE id = '{item}'"
        yield (
            f"UPDATE items SET {column} = {column} + 1 {where}",
            f"UPDATE items SET {column} = {column} - 1 {where}",
            ({"open_amount": "open_items", "disputed_amount": "disputed", "amount": "set_off"}[column]),
        )
    yield (
        "UPDATE orders SET state = 'held' WHERE id = 'SO-1'",
        ("UPDATE orders SET state = 'approved' WHERE id = 'SO-1'"),
        "reserved",
    )
    yield (
        "UPDATE orders SET state = 'approved' WHERE id = 'SO-3'",
        ("UPDATE orders SET state = 'held' WHERE id = 'SO-3'"),
        "open_holds",
    )
    yield (
        "UPDATE orders SET decision = 'none' WHERE id = 'SO-1'",
        (
            "UPDATE orders SET decision = (SELECT decision FROM order_revisions WHERE order_id = 'SO-1') "
            "WHERE id = 'SO-1'"
        ),
        "decided_to_go",
    )
    yield (
        "UPDATE orders SET approved_on = NULL WHERE id = 'SO-1'",
        ("UPDATE orders SET approved_on = entered_on WHERE id = 'SO-1'"),
        "has_approval",
    )
    yield (
        "UPDATE items SET settled_on = NULL WHERE id = 'I-2'",
        ("UPDATE items SET settled_on = 20635 WHERE id = 'I-2'"),
        "has_day_of_settlement",
    )
    yield (
        "UPDATE items SET state = 'settled' WHERE id = 'I-1'",
        ("UPDATE items SET state = 'open' WHERE id = 'I-1'"),
        "is_open",
    )
    yield (
        "UPDATE allocations SET amount = amount - 1 WHERE to_item = 'I-1'",
        ("UPDATE allocations SET amount = amount + 1 WHERE to_item = 'I-1'"),
        "set_off",
    )
    yield (
        "UPDATE accounts SET group_id = NULL WHERE id = 'C-1'",
        ("UPDATE accounts SET group_id = 'G-1' WHERE id = 'C-1'"),
        "account_groups.total",
    )


def _tamperings_of_items() -> Iterator[tuple[str, str, str]]:
    """The same of what is set off, of items by themselves."""
    for column, item, figure in (
        ("paid_before", "H-1", "set_off"),
        ("written_off", "M-4", "written_off"),
        ("recovered", "M-4", "recovered"),
        ("settled_on", "M-1", "settled_on"),
    ):
        where = f"WHERE id = '{item}'"
        yield (
            f"UPDATE items SET {column} = {column} + 1 {where}",
            f"UPDATE items SET {column} = {column} - 1 {where}",
            figure,
        )
    for column, cause, figure in (
        ("amount", "discount", "set_off"),
        ("amount", "write_off", "written_off"),
        ("amount", "recovery", "recovered"),
        ("amount", "credit_note", "credited"),
        ("effective_on", "discount", "settled_on"),
    ):
        where = f"WHERE cause = '{cause}'"
        yield (
            f"UPDATE allocations SET {column} = {column} + 1 {where}",
            f"UPDATE allocations SET {column} = {column} - 1 {where}",
            figure,
        )
    fx = "WHERE to_item = 'M-2'"
    yield (
        f"UPDATE allocations SET fx_difference = fx_difference + 1 {fx}",
        f"UPDATE allocations SET fx_difference = fx_difference - 1 {fx}",
        "set_off_by",
    )
    for done, undone, where, figure in (
        ("cause = 'payment'", "cause = 'discount'", "WHERE cause = 'discount'", "set_off_by"),
        ("reversed_on = 20635", "reversed_on = NULL", "WHERE to_item = 'M-1' AND from_item = 'Q-1'", "set_off"),
    ):
        back = where if figure == "set_off" else "WHERE to_item = 'M-1' AND number = 2"
        yield f"UPDATE allocations SET {done} {where}", f"UPDATE allocations SET {undone} {back}", figure
    for table, done, undone, where, figure in (
        ("items", "state = 'settled'", "state = 'written_off'", "id = 'M-4'", "is_written_off"),
        ("items", "state = 'settled'", "state = 'cancelled'", "id = 'M-3'", "day_records.paid"),
        ("write_offs", "amount = amount + 1", "amount = amount - 1", "id = 'Q-4'", "amount_booked"),
        ("write_offs", "state = 'refused'", "state = 'booked'", "id = 'Q-4'", "amount_booked"),
    ):
        yield f"UPDATE {table} SET {done} WHERE {where}", f"UPDATE {table} SET {undone} WHERE {where}", figure


async def _found(small: SmallLedger) -> list[LedgerDifference]:
    return (await small.verify()).differences


async def _tamper(place: JournalPlace) -> list[str]:
    """What was not found, or not named."""
    tables, missed = Tables(place), []
    with small_ledger(place) as small:
        await _fill(small)
        settled = tables.run("SELECT settled_on FROM items WHERE id = 'I-2'")
        assert await _found(small) == []
        for done, undone, figure in (*_tamperings(), *_tamperings_of_items()):
            tables.run(done)
            named = [each.figure.partition(" of ")[0] for each in await _found(small)]
            if figure not in named:
                missed.append(f"{done}: named {named}, not {figure}")
            tables.run(undone.replace("20635", str(settled[0][0])))
        assert await _found(small) == [], "a tampering was not taken back"
        tables.let_entries_be_changed()
        tables.run("DELETE FROM ledger_entries WHERE item = 'I-4'")
        assert [(each.account, each.figure, each.expected, each.found) for each in await _found(small)] == [
            ("C-3", "open_items", "0", "70000"),
            ("C-3", "open_amount of item I-4", "0", "70000"),
        ]
    return missed


def test_whatever_was_changed_in_the_tables_is_found_and_named(place: JournalPlace) -> None:
    assert asyncio.run(_tamper(place)) == []


def test_every_kind_of_check_and_every_sum_is_among_what_is_compared() -> None:
    compared = {each.kind for each in COMPARISONS}
    named = {name.rpartition(".")[2] for each in COMPARISONS for name in each.figures}

    assert compared == {1, 2, 3, 4, 5, 7}
    assert {column for _, column in _summed()} - named == set()
    assert all(isinstance(each, SidesCompared) or each.figures for each in COMPARISONS)
    assert {kind.__name__ for kind in (Order, OpenItem, Allocation)} == {"Order", "OpenItem", "Allocation"}


async def _replayed(place: JournalPlace) -> Sequence[LedgerDifference]:
    with small_ledger(place) as small:
        await _fill(small)
        Tables(place).run("UPDATE accounts SET version = version - 1 WHERE id = 'C-1'")
        await small.done(small.order("SO-9", "10.00"))
        found = await small.verify()
        assert found.decided_again == 5
        return found.differences


def test_two_decisions_on_one_state_of_an_account_are_found(tmp_path: Path) -> None:
    """An account whose version was set back looks as it does where a decision overlooked the one before it."""
    differences = asyncio.run(_replayed(in_file(tmp_path / "journal")))

    assert [(each.kind, each.account) for each in differences] == [(6, "C-1")]
    assert "account_version that record" in differences[0].figure


async def _under_load(place: JournalPlace) -> None:
    with small_ledger(place) as small:
        await _fill(small)
        orders = asyncio.create_task(small.done(*(small.order(f"L-{n}", "10.00") for n in range(60))))
        for _ in range(3):
            assert (await small.verify(again=False)).total == 0
        assert len(await orders) == 60
        assert (await small.verify()).total == 0


def test_nothing_differs_while_orders_are_entered(place: JournalPlace) -> None:
    asyncio.run(_under_load(place))
