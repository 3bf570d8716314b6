"""A customer's rows in the credit ledger go with its records, on both databases, and only once nothing is open."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ledger.credit.account import Account, Group
from ledger.credit.assign_grade import AssignGrade
from ledger.credit.limit import LimitKind
from ledger.credit.limit_end import TakeOverLimit
from ledger.credit.put_account import PutAccount
from ledger.credit.put_group import PutGroup
from ledger.credit.put_security import PutSecurity
from ledger.credit.record_figures import RecordFigures
from ledger.credit.security import SecurityKind
from ledger.credit.stop import Cancel
from ledger.credit.submit import Submit
from ledger.erasure.erasing import Erasing, ErasureRefused, ErasureWords
from ledger.erasure.grounds import Ground
from ledger.items.item import ItemKind
from ledger.items.post_invoice import PostInvoice
from ledger.items.post_payment import PostPayment
from ledger.items.write_off_request import AskWriteOff
from ledger.record.actors import Actor
from ledger.store.all_tables import metadata
from tests.support.default_policies import policies_of_november_2026
from tests.support.duties import nothing_held
from tests.support.ledger_books import JournalBooks, asker, journal_books
from tests.support.ledger_totals import differences

ANNA, BERT = Actor(key="1", person="anna"), Actor(key="2", person="bert")
WHO = asker("canary-clerk")


def test_nothing_names_a_customer_who_was_erased(request: pytest.FixtureRequest, tmp_path: Path, backend: str) -> None:
    place: Any = tmp_path / "credence.db" if backend == "sqlite" else request.getfixturevalue("database")
    with journal_books(policies_of_november_2026(), place) as books:
        _book(books)
        with pytest.raises(ErasureRefused, match="items of this customer are open"):
            _erase(books, books_are_open=True)
        assert [each.id for each in books.rows(Account)] == ["C-2", "CANARY-1"]
        books.do(PostPayment(payment="CANARY-P", account="CANARY-1", amount="121.00", asker=WHO, id=books.id()))
        with pytest.raises(ErasureRefused, match="orders of this customer may still go out"):
            _erase(books)
        books.do(Cancel(order="CANARY-O", reason="canary", asker=WHO))
        _erase(books)
        assert _canaries(books) == []
        assert [each.id for each in books.rows(Account)] == ["C-2"]
        assert books.rows(Group)[0].grades == {}
        assert differences(books) == []


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def _book(books: JournalBooks) -> None:
    account = "CANARY-1"
    books.do(PutGroup(group="G", limit="1000.00", asker=WHO))
    for command in (
        PutAccount(account="C-2", currency="EUR", group="G", asker=WHO),
        PutAccount(account=account, currency="EUR", group="G", name="Canary Anna", asker=WHO,
                   profile={"sales_person": "canary"}),
        RecordFigures(account=account, figures={"current_ratio": "1.4"}, source="canary", asker=WHO),
        AssignGrade(account=account, taken_over="B", asker=WHO, id=books.id()),
        TakeOverLimit(account=account, kind=LimitKind.LIMIT, amount="9.00", from_on="2026-01-01", reason="canary",
                      granted_by="canary", asker=WHO),
        PutSecurity(account=account, security="CANARY-S", kind=SecurityKind.BANK_GUARANTEE, amount="5.00",
                    reference="canary", issuer="canary", asker=WHO),
        PostInvoice(invoice="CANARY-I", account=account, amount="120.00", issued_on="2026-06-01", due_on="2026-07-01",
                    asker=WHO, id=books.id()),
        PostInvoice(invoice="CANARY-D", account=account, amount="1.00", issued_on="2026-06-01", due_on="2026-07-01",
                    kind=ItemKind.DEBIT, interest_of="CANARY-I", asker=WHO, id=books.id()),
        AskWriteOff(write_off="CANARY-W", account=account, invoice="CANARY-I", reason="canary", asker=WHO,
                    id=books.id()),
        PostInvoice(invoice="I-2", account="C-2", amount="7.00", issued_on="2026-06-01", due_on="2026-07-01",
                    asker=WHO, id=books.id()),
        Submit(order="CANARY-O", account=account, asked={"amount": "50.00"}, copied_from=None, asker=WHO,
               id=books.id()),
    ):  # fmt: skip
        books.do(command)
    assert len({table for table, _ in _canaries(books)}) >= 13


def _erase(books: JournalBooks, *, books_are_open: bool = False) -> None:
    erasing = Erasing(books.journal, nothing_held)

    async def act() -> None:
        words = ErasureWords(account="CANARY-1", ground=Ground.OBJECTION, reason="letter of 3 March")
        if books_are_open:
            await erasing.propose(words, ANNA)
        (proposed,) = await asyncio.to_thread(erasing.as_they_are)
        await erasing.confirm(proposed.id, BERT, records=proposed.records)

    books.run(act())


def _canaries(books: JournalBooks) -> list[tuple[str, str]]:
    """Table and column of every value that has the word in it."""

    def look(connection: Any) -> list[tuple[str, str]]:
        return [
            (table.name, column.name)
            for table in metadata.sorted_tables
            for column in table.columns
            if any("canary" in str(value).lower() for value in connection.scalars(select(column)))
        ]

    found: list[tuple[str, str]] = books.read(look)
    return found
