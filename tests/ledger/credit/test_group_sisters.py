"""Splitting an order among the accounts of a group takes no less authority than the whole, in memory and as databases
read it; copies keep their root across accounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ledger.credit.account import Group
from ledger.credit.change import Asker
from ledger.credit.submit import Submit
from tests.support.credit_books import BASE_DAY, Books, PureBooks, StoredBooks, account_rows, base_rows
from tests.support.default_policies import default_policies

GROUP = Group(id="G", currency="EUR", limit=500_000_00, total=60_000_00, insolvent=False)


def _rows() -> list[Any]:
    """C-1, C-2 and C-3 are a group, C-8 is nobody's."""
    members = [row for each in ("C-2", "C-3") for row in account_rows(each, group="G")]
    return [*base_rows("C-1", group="G"), *members, *account_rows("C-8"), GROUP]


@pytest.fixture(name="books", params=["pure", "sqlite", "postgresql"])
def _books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Books]:
    engine = default_policies()
    if request.param == "pure":
        yield PureBooks(engine, _rows())
        return
    place: Any = tmp_path / "credence.db" if request.param == "sqlite" else request.getfixturevalue("database")
    books = StoredBooks(place, engine, _rows())
    yield books
    books.close()


def _submit(order: str, account: str, amount: str, copied_from: str | None = None) -> Submit:
    asked = {"amount": amount, "payment_days": 30}
    return Submit(
        order=order, account=account, asked=asked, copied_from=copied_from, asker=Asker(login="u.becker"),
        id=str(uuid4()),
    )  # fmt: skip


def _authority(books: Books, *submit: Any) -> str:
    [answer] = books.ask(_submit(*submit))
    assert answer.decision is not None
    return str(answer.decision["results"]["release"]["authority"])


def test_orders_of_a_groups_accounts_are_sisters_for_a_week(books: Books) -> None:
    assert _authority(books, "A", "C-8", "10000.00") == "assistant"
    assert _authority(books, "B", "C-1", "10000.00") == "assistant"
    assert _authority(books, "C", "C-2", "10000.00") == "credit_manager"
    assert _authority(books, "D", "C-8", "0.01") == "credit_manager"
    books.day = BASE_DAY + 8
    assert _authority(books, "E", "C-3", "10000.00") == "assistant"
    first, second = books.ask(_submit("F", "C-1", "1.00"), _submit("G", "C-3", "0.01"))
    found = [str(each.decision["results"]["release"]["authority"]) for each in (first, second) if each.decision]
    assert found == ["credit_manager", "credit_manager"]


def test_a_copy_keeps_its_root_in_another_account_however_late(books: Books) -> None:
    assert _authority(books, "A", "C-1", "10000.00") == "assistant"
    books.day = BASE_DAY + 30
    assert _authority(books, "B", "C-8", "1.00", "A") == "credit_manager"
    assert _authority(books, "C", "C-2", "1.00", "B") == "credit_manager"
    assert _authority(books, "D", "C-3", "9998.99") == "assistant"
    assert _authority(books, "E", "C-1", "0.01", "A") == "credit_manager"


def test_in_the_week_of_a_copy_it_counts_once(books: Books) -> None:
    books.ask(_submit("A", "C-1", "4000.00"))
    assert _authority(books, "B", "C-2", "3000.00", "A") == "assistant"
    assert _authority(books, "C", "C-3", "3000.00", "A") == "assistant"
    assert _authority(books, "D", "C-3", "0.01") == "credit_manager"
