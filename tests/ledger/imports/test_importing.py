"""Files come into the ledger once, whole, and in any number of runs: what can't be taken is named, the rest is in."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from files.input_refused import InputRefused
from ledger.imports import importing
from ledger.imports.import_kinds import KINDS, ImportWord
from ledger.imports.import_map import plain_map
from ledger.imports.importing import Importing, ImportJob
from ledger.items.import_run import ImportRun, ImportState
from ledger.store.ledger_tables import STORED
from ledger.store.place import JournalPlace, ServerAddress
from tests.support.small_ledger import U_BECKER, SmallLedger, in_file, small_ledger

ROWS = 240
"""Invoices of a file, some of them paid."""

CHUNK = 50
TABLES = ("accounts", "items", "allocations", "due_totals", "level_totals", "day_records", "book_totals", "limits")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    if request.param == "sqlite":
        return in_file(tmp_path / "journal")
    database: ServerAddress = request.getfixturevalue("database")
    return database


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(importing, "CHUNK_ROWS", CHUNK)
    yield


def invoices(*, amount: str = "100.00", bad: Sequence[int] = ()) -> list[str]:
    """Lines of a file: of every account invoices that are open, paid on time and paid late."""
    lines = ["invoice,account,amount,issued_on,due_on,settled_on"]
    for n in range(ROWS):
        issued, due = f"2026-0{1 + n % 5}-0{1 + n % 9}", f"2026-0{2 + n % 5}-1{n % 9}"
        settled = ("", due, f"2026-0{2 + n % 5}-2{n % 9}")[n % 3] if n % 5 < 4 else ""
        lines.append(f"I-{n},C-{n % 7},{'12,50' if n in bad else amount},{issued},{due},{settled}")
    return lines


class Imports:
    """Imports of one small ledger from files of one folder."""

    def __init__(self, small: SmallLedger, folder: Path) -> None:
        self.small, self.importing = small, Importing(small.ledger, small.journal)
        self._folder = folder

    def job(self, word: str, lines: Sequence[str], **more: Any) -> ImportJob:
        text = "".join(f"{line}\n" for line in lines).encode()
        digest = hashlib.sha256(text + repr(more).encode()).hexdigest()
        path = self._folder / f"{digest[:12]}.csv"
        path.write_bytes(text)
        return ImportJob(
            path=path,
            digest=digest,
            map=plain_map(KINDS[ImportWord(word)], self.small.engine.vocabulary),
            engine=self.small.engine,
            asker=U_BECKER,
            actor="test",
            new_id=self.small.next_id,
            **more,
        )

    async def run(self, word: str, lines: Sequence[str], **more: Any) -> ImportRun:
        await self.small.journal.probe()
        job = self.job(word, lines, **more)
        return await self.importing.run(job, self.importing.begin(job))

    async def faults(self, run: ImportRun) -> list[tuple[str, str]]:
        found = await asyncio.to_thread(self.importing.rejects, run.id)
        return [(each.place, each.faults) for each in found]

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows, without the versions of accounts, which count how often these were touched."""
        found = {}
        for stored in STORED.values():
            if stored.table.name in TABLES:
                columns = [column for column in stored.table.columns if column.name != "version"]
                query = stored.table.select().with_only_columns(*columns)
                found[stored.table.name] = sorted(map(tuple, self.small.journal.read(query)), key=repr)
        return found


def counts(run: ImportRun) -> dict[str, int]:
    assert run.done_rows == run.new + run.same + run.changed + run.rejected
    return {
        name: getattr(run, name) for name in ("new", "same", "changed", "rejected", "settled") if getattr(run, name)
    }


ACCOUNTS = ["account,name,customer_since,customer_class", *(f"C-{n},Kunde {n},2024-01-01,standard" for n in range(7))]


async def _twice(place: JournalPlace, folder: Path) -> None:
    with small_ledger(place) as small:
        imports = Imports(small, folder)
        assert counts(await imports.run("accounts", ACCOUNTS)) == {"new": 7}
        assert counts(await imports.run("invoices", invoices())) == {"new": ROWS}
        once = imports.tables()
        assert counts(await imports.run("invoices", invoices())) == {"same": ROWS}
        assert imports.tables() == once
        changed = [*invoices()[:1], *(line.replace("100.00", "101.00") for line in invoices()[1:3])]
        run = await imports.run("invoices", changed)
        assert counts(run) == {"rejected": 2}
        assert [place for place, _ in await imports.faults(run)] == ["2", "3"]
        assert all("booked already with other content" in fault for _, fault in await imports.faults(run))
        assert imports.tables() == once
        assert (await small.verify()).total == 0


def test_a_file_that_is_imported_twice_is_there_once(place: JournalPlace, tmp_path: Path) -> None:
    asyncio.run(_twice(place, tmp_path))


async def _broken_off(place: JournalPlace, folder: Path, other: Path) -> None:
    with small_ledger(in_file(other)) as small:
        imports = Imports(small, folder)
        await imports.run("accounts", ACCOUNTS)
        await imports.run("invoices", invoices(bad=[7, 211]))
        whole = imports.tables()
    with small_ledger(place) as small:
        imports = Imports(small, folder)
        await imports.run("accounts", ACCOUNTS)
        job = imports.job("invoices", invoices(bad=[7, 211]))
        run, taken, ask = imports.importing.begin(job), 0, small.ledger.ask

        async def ask_three_times(asked: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken > 3:
                raise ConnectionError("the process is ended here")
            return await ask(asked)

        small.ledger.ask = ask_three_times  # type: ignore[method-assign]
        with pytest.raises(ConnectionError):
            await imports.importing.run(job, run)
        small.ledger.ask = ask  # type: ignore[method-assign]
        again = imports.importing.begin(job)
        assert (again.id, again.done_rows, again.state) == (run.id, 3 * CHUNK, ImportState.RUNNING)
        done = await imports.importing.run(job, again)
        assert counts(done) == {"new": ROWS - 2, "rejected": 2}
        assert [place for place, _ in await imports.faults(done)] == ["9", "213"]
        assert imports.tables() == whole
        assert (await small.verify()).total == 0


def test_an_import_that_was_broken_off_goes_on_where_it_stopped(place: JournalPlace, tmp_path: Path) -> None:
    asyncio.run(_broken_off(place, tmp_path, tmp_path / "other"))


LIST = "invoice,account,open_amount,due_on"


async def _complete(place: JournalPlace, folder: Path) -> None:
    with small_ledger(place) as small:
        imports = Imports(small, folder)
        await imports.run("accounts", ACCOUNTS)
        night = [LIST, *(f"I-{n},C-{n % 7},100.00,2026-07-2{n % 9}" for n in range(10))]
        assert counts(await imports.run("open-items", night, is_complete=True, on="2026-06-29")) == {"new": 10}
        assert counts(await imports.run("open-items", night, is_complete=True, on="2026-06-30")) == {"same": 10}
        some = [night[1].replace("100.00", "60.00"), night[2].replace("100.00", "130.00")]
        part_paid = [night[0], *some, *night[3:10]]
        run = await imports.run("open-items", part_paid, is_complete=True, on="2026-06-30")
        assert counts(run) == {"new": 2, "same": 7, "settled": 1}
        settled = small.journal.read(STORED_ITEMS.select().where(STORED_ITEMS.c.id == "I-9"))
        assert [(row.state, row.open_amount, row.settled_on) for row in settled] == [("settled", 0, 20_634)]
        assert counts(await imports.run("open-items", part_paid, is_complete=True, on="2026-07-01")) == {"same": 9}
        paid = [*part_paid[:2], part_paid[2].replace("130.00", "0.00"), *part_paid[3:]]
        assert counts(await imports.run("open-items", paid, is_complete=True, on="2026-07-01")) == {"new": 1, "same": 8}
        assert (await small.verify()).total == 0
        before = imports.tables()
        short = await imports.run("open-items", paid[:5], is_complete=True, on="2026-07-01")
        assert short.state is ImportState.REFUSED
        assert short.detail is not None
        assert "the list lacks 5 open items; 500.00 of 760.00 EUR would be settled" in short.detail
        with pytest.raises(InputRefused, match="holds no row"):
            await imports.run("open-items", paid[:1], is_complete=True, on="2026-07-01")
        assert imports.tables() == before
        really = await imports.run("open-items", paid[:5], is_complete=True, on="2026-07-01", really=True)
        assert counts(really) == {"same": 4, "settled": 5}
        assert (await small.verify()).total == 0


STORED_ITEMS = next(each.table for each in STORED.values() if each.table.name == "items")


def test_a_complete_list_settles_what_it_lacks_unless_that_is_too_much(place: JournalPlace, tmp_path: Path) -> None:
    asyncio.run(_complete(place, tmp_path))


async def _list_of_yesterday(folder: Path) -> None:
    with small_ledger(in_file(folder / "journal")) as small:
        imports = Imports(small, folder)
        await imports.run("accounts", ACCOUNTS)
        night = [LIST, *(f"I-{n},C-{n % 7},100.00,2026-07-20" for n in range(9))]
        await imports.run("open-items", night, is_complete=True, on="2026-06-29")
        await small.done(
            small.invoice("I-new", "5.00", "2026-07-30", issued_on="2026-07-01", known_on="2026-06-29"),
            small.invoice("I-late", "5.00", "2026-07-30", issued_on="2026-06-20"),
        )
        more = [LIST, night[1].replace("100.00", "130.00"), *night[2:], "I-new,C-1,5.00,2026-07-30"]
        assert counts(await imports.run("open-items", more, on="2026-07-01")) == {"new": 1, "same": 9}
        run = await imports.run("open-items", night, is_complete=True, on="2026-06-30")
        assert counts(run) == {"same": 9}, "what came after the day of the list was not paid by then"
        run = await imports.run("open-items", night[:-1], is_complete=True, on="2026-06-30")
        assert counts(run) == {"same": 8, "settled": 1}
        run = await imports.run("open-items", more, is_complete=True, on="2026-07-01")
        assert counts(run)["settled"] == 1, "a list of the day itself says that I-late is paid"
        assert (await small.verify()).total == 0


def test_what_was_issued_or_recorded_after_a_list_is_not_paid_by_it(tmp_path: Path) -> None:
    asyncio.run(_list_of_yesterday(tmp_path))


EACH_KIND = {
    "accounts": "account,name\nC-1,Kunde\n",
    "groups": "group,limit\nG-1,100000.00\n",
    "figures": "account,on,current_ratio\nC-1,2026-06-01,1.4\n",
    "limits": "account,amount,granted_by\nC-1,60000.00,u.hoffmann\n",
    "securities": "account,security,kind,amount,until\nC-1,S-1,bank_guarantee,5000.00,2027-01-31\n",
    "invoices": "invoice,account,amount,issued_on,due_on\nI-1,C-1,100.00,2026-06-01,2026-07-01\n",
    "open-items": "invoice,account,open_amount,due_on\nI-2,C-1,50.00,2026-07-01\n",
    "payments": "payment,account,amount,effective_on,invoice\nP-1,C-1,40.00,2026-06-30,I-1\n",
    "open-orders": "order,account,amount,payment_days\nSO-1,C-1,10.00,30\n",
    "rates": "currency,date,rate\nUSD,2026-06-30,0.92\n",
}  # fmt: skip
"""A file of each kind, in an order in which they can be taken; behind each the same with something else."""

OTHERWISE = {
    "accounts": ("Kunde", "Firma", "changed"),
    "groups": ("100000", "90000", "changed"),
    "figures": ("1.4", "1.5", "changed"),
    "limits": ("60000", "70000", "rejected"),
    "securities": ("5000", "6000", "changed"),
    "invoices": ("100.00", "90.00", "rejected"),
    "open-items": ("50.00", "45.00", "new"),
    "payments": ("40.00", "30.00", "rejected"),
    "open-orders": ("10.00", "20.00", "rejected"),
    "rates": ("0.92", "0.93", "changed"),
}


async def _each_kind(folder: Path) -> None:
    with small_ledger(in_file(folder / "journal")) as small:
        imports = Imports(small, folder)
        for word, text in EACH_KIND.items():
            assert counts(await imports.run(word, text.split())) == {"new": 1}, word
            assert counts(await imports.run(word, text.split())) == {"same": 1}, word
        for word, (old, new, verdict) in OTHERWISE.items():
            lines = EACH_KIND[word].replace(old, new).split()
            if verdict == "changed":
                assert counts(await imports.run(word, lines)) == {"rejected": 1}, word
            assert counts(await imports.run(word, lines, updates=True)) == {verdict: 1}, word
        assert (await small.verify()).total == 0


def test_every_kind_of_file_is_taken_once_and_changed_only_when_told_to(tmp_path: Path) -> None:
    assert set(EACH_KIND) == set(OTHERWISE) == {word.value for word in ImportWord}
    asyncio.run(_each_kind(tmp_path))


NARROWER = {
    "accounts": ("account,name,customer_class,closed\nC-1,Kunde,key,true\n", "account,name\nC-1,Kunde\n"),
    "groups": ("group,limit,limit_until,insolvent\nG-1,9.00,2026-12-31,true\n", "group,currency\nG-1,EUR\n"),
    "securities": (
        "account,security,kind,amount,cover,from,until,stopped_on,max_days,reference,issuer\n"
        "C-1,S-1,insurance,9.00,0.5,2026-01-01,2026-12-31,2026-11-30,60,r,i\n",
        "account,security,kind,amount\nC-1,S-1,insurance,9.00\n",
    ),
}


async def _narrower(folder: Path) -> None:
    with small_ledger(in_file(folder / "journal")) as small:
        imports = Imports(small, folder)
        for word, (whole, narrow) in NARROWER.items():
            assert counts(await imports.run(word, whole.split())) == {"new": 1}, word
            assert counts(await imports.run(word, narrow.split(), updates=True)) == {"same": 1}, word


def test_what_a_file_has_no_column_for_stays_as_it_is(tmp_path: Path) -> None:
    asyncio.run(_narrower(tmp_path))


BAD = {
    "invoices": [
        ("X-1,C-1,-5.00,2026-06-01,2026-07-01", "is not above zero"),
        ("X-2,C-1,5.00,2026-06-01,2026-05-01", "lies before the day of issue"),
        ("X-3,C-404,5.00,2026-06-01,2026-07-01", "there is no account C-404"),
        ("X-4,C-1,5.00,01.06.2026,2026-07-01", "issued_on"),
        (",C-1,5.00,2026-06-01,2026-07-01", "invoice: is missing"),
        ("X-5,C-1", "has 2 cells, the heading has 5"),
        ("X-6,C-1,1.005,2026-06-01,2026-07-01", "amount"),
        ("X\0,C-1,1.00,2026-06-01,2026-07-01", "invoice: holds the character U+0000"),
    ],
}


async def _bad(folder: Path) -> None:
    with small_ledger(in_file(folder / "journal")) as small:
        imports = Imports(small, folder)
        await imports.run("accounts", EACH_KIND["accounts"].split())
        for word, rows in BAD.items():
            run = await imports.run(word, [EACH_KIND[word].split()[0], *(row for row, _ in rows)])
            assert counts(run) == {"rejected": len(rows)}
            faults = await imports.faults(run)
            assert [place for place, _ in faults] == [str(n) for n in range(2, len(rows) + 2)]
            for (_, fault), (row, part) in zip(faults, rows, strict=True):
                assert part in fault, (row, fault)


def test_a_row_that_cannot_be_taken_is_named_with_its_line_and_every_fault(tmp_path: Path) -> None:
    asyncio.run(_bad(tmp_path))


def test_a_file_without_a_column_or_with_an_unknown_one_is_refused_as_a_whole(tmp_path: Path) -> None:
    async def go() -> None:
        with small_ledger(in_file(tmp_path / "journal")) as small:
            imports = Imports(small, tmp_path)
            with pytest.raises(InputRefused, match=r"the column .*amount.* is missing"):
                await imports.run("payments", ["payment,account", "P-1,C-1"])
            with pytest.raises(InputRefused, match="unknown in payments"):
                await imports.run("payments", ["payment,account,amount,amuont", "P-1,C-1,1.00,2.00"])

    asyncio.run(go())
