"""A letter of credit for an order is told to the policies as what it pays."""

from __future__ import annotations

from ledger.credit.facts import order_body
from ledger.credit.order import Order, OrderCheckpoint
from ledger.credit.put_account import PutAccount
from ledger.credit.put_security import PutSecurity
from ledger.credit.security import SecurityKind
from ledger.credit.submit import Submit
from tests.support.default_policies import default_policies
from tests.support.ledger_books import PureBooks, asker


def test_letters_of_credit_of_an_order_count_for_the_share_that_is_paid_of_each_rounded_down() -> None:
    books = PureBooks(default_policies())
    books.do(PutAccount(account="C-1", asker=asker()))
    asked = {"amount": "4000.00", "payment_days": 30}
    books.do(Submit(order="SO-1", account="C-1", asked=asked, copied_from=None, asker=asker(), id=books.id()))
    for number, amount, cover in (("L-1", "5000.00", "0.333333"), ("L-2", "0.05", "0.5"), ("L-3", "0.05", "0.5")):
        books.do(
            PutSecurity(
                account="C-1",
                security=number,
                kind=SecurityKind.LETTER_OF_CREDIT,
                order="SO-1",
                amount=amount,
                cover=cover,
                asker=asker(),
            )
        )
    order = books.snapshot.existing(Order, "SO-1")
    body = order_body(books.snapshot, order, books.desk, OrderCheckpoint.RECHECK)
    assert body["order"]["letter_of_credit_amount"] == "1666.70"
