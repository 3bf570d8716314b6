"""Invoices that are booked many at once leave what they would leave one by one, row for row and fault for fault."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ledger.books import bulk_import, credit_ledger
from ledger.collections.work_entry import ListWork
from ledger.credit.put_group import PutGroup
from ledger.imports import importing
from ledger.imports.import_kinds import KINDS, ImportWord
from ledger.imports.import_map import plain_map
from ledger.imports.importing import Importing, ImportJob
from ledger.items.import_run import ImportRun
from ledger.items.item import OpenItem
from ledger.items.put_rates import PutRate
from ledger.items.totals import BookTotal, DayRecord, DueTotal
from ledger.store.ledger_tables import STORED, ledger_entries, rechecks
from ledger.store.place import JournalPlace
from tests.support.postgresql import new_database
from tests.support.small_ledger import U_BECKER, SmallLedger, in_file, small_ledger

CHUNK = 40
HEADING = "invoice,account,amount,issued_on,due_on,settled_on,currency,kind,order"
LARGEST = "999999999999999.99"


@pytest.fixture(params=["sqlite", "postgresql"])
def places(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], JournalPlace]]:
    """New places for journals, one after the other."""
    made = iter(range(9))

    def folder() -> Path:
        """Of its own for each, where its keys are."""
        return tmp_path / f"journal-{next(made)}"

    if request.param == "sqlite":
        yield lambda: in_file(folder())
        return
    socket = request.getfixturevalue("postgresql")
    with ExitStack() as databases:

        def database() -> JournalPlace:
            home = folder()
            home.mkdir()
            monkeypatch.chdir(home)
            return databases.enter_context(new_database(socket))

        yield database


@pytest.fixture(autouse=True)
def _few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK_ROWS", CHUNK)


def _written(number: str, account: str = "C-0", **cells: str) -> str:
    row = {"invoice": number, "account": account, "amount": "100.00", "issued_on": "2026-05-01", "due_on": "2026-05-31"}
    return ",".join((row | cells).get(name, "") for name in HEADING.split(","))


ODD = (
    _written("O-1", "C-404"),
    _written("O-2", amount="0.00"),
    _written("O-3", amount="-5.00"),
    _written("O-4", amount="1.005"),
    _written("O-5", amount="1e3"),
    _written("O-6", due_on="2026-04-30"),
    _written("O-7", settled_on="2026-07-02"),
    _written("O-8", settled_on="2026-07-01"),
    _written("O-9", settled_on="2026-04-01"),
    _written("O-10", issued_on="2026-08-01", due_on="2026-08-31"),
    _written("O-11", currency="XXZ"),
    _written("O-12", currency="USD"),
    _written("O-13", currency="USD", settled_on="2026-06-20"),
    _written("O-14", currency="EUR"),
    _written("O-15", currency="JPY", amount="100"),
    _written("O-16", "C-6", currency="EUR"),
    _written("O-17", "C-6", currency="CNY", amount="12.34"),
    _written("O-18", kind="debit"),
    _written("O-19", kind="debit", settled_on="2026-06-20"),
    _written("O-20", kind="payment"),
    _written("O-50", kind="rechnung"),
    _written("O-21", order="NO-SUCH-ORDER"),
    _written("O-22", order="NO-SUCH-ORDER", settled_on="2026-06-20"),
    _written("O-1", "C-0"),
    _written("O-8", settled_on="2026-07-01"),
    _written("O-8"),
    _written("O-23", "C-1", amount=LARGEST),
    _written("O-24", "C-1", amount=LARGEST),
    *(_written(f"O-3{n}", "C-4", amount=LARGEST, settled_on="2026-06-20") for n in range(8)),
    _written("O-40", issued_on="1970-01-01", due_on="1970-01-01"),
    _written("O-41", issued_on="2026-02-30"),
    _written("O-42", settled_on="2026-05-01"),
    _written("O-43", "C-2", settled_on="2026-09-01", amount="x", currency="XXZ"),
    "O-44,C-0",
    _written("O-45", "", amount="5.00"),
)
"""Each is one thing that a row may have and another not."""


def _plain(seed: int) -> list[str]:
    choice = random.Random(seed)
    lines = []
    for n in range(150):
        issued, due = f"2026-0{choice.randint(1, 6)}-{choice.randint(10, 12)}", f"2026-0{choice.randint(6, 9)}-15"
        settled = choice.choice(["", "", f"2026-06-{choice.randint(10, 29)}"])
        lines.append(
            _written(
                f"P-{choice.randint(0, 140)}",
                f"C-{choice.randint(0, 7)}",
                amount=f"{choice.randint(1, 99_999)}.{n % 100:02}",
                issued_on=issued,
                due_on=due,
                settled_on=settled,
                currency=choice.choice(["", "", "", "USD"]),
                kind=choice.choice(["", "invoice", "debit"]),
            )
        )
    return lines


async def _all(small: SmallLedger, importer: Importing, folder: Path, lines: list[str]) -> tuple[ImportRun, Any]:
    path = folder / "invoices.csv"
    path.write_text("\n".join([HEADING, *lines]) + "\n")
    job = ImportJob(
        path=path,
        digest=hashlib.sha256(path.read_bytes() + small.next_id().encode()).hexdigest(),
        map=plain_map(KINDS[ImportWord.INVOICES], small.engine.vocabulary),
        engine=small.engine,
        asker=U_BECKER,
        actor="test",
        new_id=small.next_id,
    )
    run = await importer.run(job, importer.begin(job))
    return run, await asyncio.to_thread(importer.rejects, run.id)


async def _left(place: JournalPlace, folder: Path, files: list[list[str]]) -> dict[str, Any]:
    """All tables after files of invoices, with what was counted and rejected of each."""
    with small_ledger(place) as small:
        await small.journal.probe()
        group = PutGroup(group="G-1", currency="EUR", limit="1000.00", asker=U_BECKER)
        usd = [{"currency": "USD", "date": f"2026-0{month}-01", "rate": f"0.8{month}"} for month in range(1, 8)]
        await small.done(group, PutRate(rates=tuple(usd), source=None, asker=U_BECKER))
        currencies = {6: "USD", 7: "EUR"}
        accounts = (
            small.account(f"C-{n}", currency=currencies.get(n), group="G-1" if n in (2, 3) else None) for n in range(8)
        )
        await small.done(*accounts)
        await small.done(small.order("SO-1", "100.00", "C-0"), small.invoice("O-99", "5.00", "2026-07-20", "C-0"))
        await small.done(
            small.invoice("O-98", "50.00", "2026-06-01", "C-7"), ListWork(account="C-7", id=small.next_id())
        )
        importer = Importing(small.ledger, small.journal)
        found: dict[str, Any] = {"files": [await _all(small, importer, folder, lines) for lines in files]}
        for table in (*(stored.table for stored in STORED.values()), ledger_entries, rechecks):
            rows = await asyncio.to_thread(small.journal.read, table.select())
            found[table.name] = sorted(map(tuple, rows), key=repr)
        verified = await small.verify()
        assert not verified.differences
        return found


def _compared(places: Callable[[], JournalPlace], folder: Path, files: list[list[str]]) -> tuple[int, dict[str, Any]]:
    """How many chunks were taken at once, and what is left; the same is left where none is."""
    taken = 0

    def counted(*given: Any) -> Any:
        nonlocal taken
        bulk = bulk_import.bulk_import(*given)
        taken += bulk is not None
        return bulk

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(credit_ledger, "bulk_import", counted)
        at_once = asyncio.run(_left(places(), folder, files))
        patched.setattr(credit_ledger, "is_for_bulk", lambda _: False)
        one_by_one = asyncio.run(_left(places(), folder, files))
    for table, rows in one_by_one.items():
        assert at_once[table] == rows, table
    return taken, at_once


def test_rows_of_every_sort_leave_the_same_at_once_and_one_by_one(
    places: Callable[[], JournalPlace], tmp_path: Path
) -> None:
    files = [list(ODD), list(ODD), _plain(1), _plain(1)]
    taken, left = _compared(places, tmp_path, files)
    assert taken == 2 * -(-len(ODD) // CHUNK) + 2 * -(-150 // CHUNK)
    [first, again, plain, plain_again] = [run for run, _ in left["files"]]
    assert first.new >= 20 and first.rejected >= 14 and plain.new > 60 and plain.rejected
    assert again.new == plain_again.new == 0 and again.same == first.new + first.same
    assert {len(left[STORED[kind].table.name]) > 3 for kind in (OpenItem, DueTotal, DayRecord)} == {True}
    assert any(stored for stored in left[STORED[BookTotal].table.name]) and left["rechecks"]


def test_a_chunk_that_bills_an_order_is_done_row_by_row(places: Callable[[], JournalPlace], tmp_path: Path) -> None:
    billing = [*_plain(2)[:CHUNK], _written("B-1", order="SO-1", amount="60.00"), *_plain(3)[: CHUNK - 1], *_plain(4)]
    taken, left = _compared(places, tmp_path, [billing])
    assert taken == -(-len(billing) // CHUNK) - 1
    assert any(row[0] == "B-1" and "SO-1" in row for row in left["items"])


def test_what_comes_to_a_customer_on_the_worklist_is_looked_at_again(
    places: Callable[[], JournalPlace], tmp_path: Path
) -> None:
    """C-7 is on it, and nothing of C-0 is late."""
    not_late = [_written("W-1", "C-7", due_on="2026-09-30"), _written("W-2", "C-0", due_on="2026-09-30")]
    taken, left = _compared(places, tmp_path, [not_late])
    assert taken == 1
    assert [row[0] for row in left["rechecks"] if row[2] == "import"] == ["C-7"]


def test_a_sum_that_no_column_holds_is_found_row_by_row(places: Callable[[], JournalPlace], tmp_path: Path) -> None:
    """A hundred of the largest amounts on one day come to more than 64 bits hold."""
    large = [_written(f"L-{n}", "C-5", amount=LARGEST, settled_on="2026-06-20") for n in range(3 * CHUNK)]
    taken, left = _compared(places, tmp_path, [large])
    run, rejects = left["files"][0]
    assert taken < 3 and 0 < run.new < len(large) and all("64 bits" in each.faults for each in rejects)


def test_what_fails_within_a_chunk_is_done_row_by_row(
    places: Callable[[], JournalPlace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(bulk_import, "bulk_invoices", failing)
    taken, left = _compared(places, tmp_path, [_plain(5)[:CHUNK]])
    assert taken == 0 and left["files"][0][0].new > 20
