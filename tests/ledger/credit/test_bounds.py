"""One customer's amounts, and texts that no column holds, never stop what others ask."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.credit.account import Group
from ledger.credit.change import CommandRefused
from ledger.credit.put_account import PutAccount
from ledger.credit.put_group import PutGroup
from ledger.credit.submit import Submit
from ledger.items.post_deposit import PostDeposit
from ledger.items.post_invoice import PostInvoice
from ledger.items.post_payment import PostPayment, Reference
from ledger.items.totals import BookTotal
from ledger.store.place import JournalPlace
from tests.support.default_policies import default_policies
from tests.support.ledger_books import PureBooks, asker
from tests.support.small_ledger import U_BECKER, in_file, small_ledger

MOST = "1000000000000000.00"
"""The largest amount of one fact."""


def _invoice(id: str, account: str = "C-1") -> PostInvoice:
    return PostInvoice(
        invoice=id, account=account, amount=MOST, issued_on="2026-07-01", due_on="2026-07-31", asker=asker(), id=id
    )


def _books() -> PureBooks:
    books = PureBooks(default_policies())
    for group in ("G", "H"):
        books.do(PutGroup(group=group, asker=asker()))
    members: dict[str, str | None] = {"C-1": "G", "C-2": "G", "C-3": "H", "C-4": None}
    for account, of_group in members.items():
        books.do(PutAccount(account=account, group=of_group, asker=asker()))
    return books


def _order(books: PureBooks, account: str = "C-4") -> Any:
    asked = {"amount": "1.00", "payment_days": 30}
    number = f"SO-{account}"
    return books.do(
        Submit(order=number, account=account, asked=asked, copied_from=None, asker=asker(), id=books.id())
    ).answer


def _deposits(books: PureBooks) -> None:
    _order(books, "C-1")
    for each in ("D-1", "D-2"):
        books.do(PostDeposit(deposit=each, account="C-1", order="SO-C-1", amount=MOST, asker=asker(), id=each))


BEYOND: dict[str, Any] = {
    "what an account has open": lambda books: [books.do(_invoice(each)) for each in ("I-1", "I-2")],
    "its deposits": _deposits,
}


@pytest.mark.parametrize("what", BEYOND)
def test_an_amount_that_takes_a_total_out_of_its_bounds_is_refused(what: str) -> None:
    books = _books()
    with pytest.raises(CommandRefused, match="the most that can be decided on") as refused:
        BEYOND[what](books)
    assert refused.value.code == "total-too-large"
    assert books.facts("C-1")
    assert _order(books)["decision"]


def test_a_book_beyond_all_bounds_keeps_nobody_from_being_decided() -> None:
    books = _books()
    books.snapshot.put(BookTotal(currency="EUR", open_items=2 * 10**18, customers=2))
    assert "receivables_total" not in books.facts("C-4")
    assert _order(books)["decision"]


def test_a_group_takes_no_more_than_can_be_told_of_it_by_postings_or_by_new_members() -> None:
    books = _books()
    most = default_policies().vocabulary.facts["account.group_exposure"].type.high
    for each in ("G", "H"):
        books.snapshot.put(replace(books.snapshot.existing(Group, each), total=most - 1))
    with pytest.raises(CommandRefused, match="group G would have more"):
        books.do(_invoice("I-1"))
    books.do(_invoice("I-4", "C-4"))
    with pytest.raises(CommandRefused, match="group H would have more"):
        books.do(PutAccount(account="C-4", group="H", asker=asker()))


async def _together(place: JournalPlace) -> None:
    with small_ledger(place) as small:
        await small.done(small.account("C-1"), small.account("C-2"))
        await small.put_rows([BookTotal(currency="EUR", open_items=2**63 - 2, customers=1)])
        given = await small.do(
            small.invoice("I-1", "10.00", "2026-07-30"),
            small.account("C-3", name="a\0b"),
            PostPayment(
                payment="P-1",
                account="C-2",
                amount="1.00",
                references=(Reference(invoice="I\0"),),
                asker=U_BECKER,
                id="p",
            ),
            small.order("SO-1", "10.00", "C-2"),
            PutAccount(account="C-2", profile={"sales_person": "u.lindner"}, name="Kunde", asker=U_BECKER),
        )
        codes = [each.code if isinstance(each, CommandRefused) else type(each).__name__ for each in given]
        assert codes == ["not-storable", "FactsRefused", "not-storable", "Done", "Done"]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_what_no_column_holds_fails_only_its_own_command(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place: Any = in_file(tmp_path / "journal") if backend == "sqlite" else request.getfixturevalue("database")
    asyncio.run(_together(place))
