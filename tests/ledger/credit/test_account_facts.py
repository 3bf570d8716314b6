"""Each fact of orders and accounts has one place that it comes from, and what changes one raises the version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.vocabulary.binding import FactsRefused
from ledger.credit.account import Account, Group
from ledger.credit.account_fact_group import DERIVED_OF_ACCOUNT, FIGURES, REPLACED
from ledger.credit.assign_grade import AssignGrade
from ledger.credit.block_account import Block, Unblock
from ledger.credit.change import CommandRefused
from ledger.credit.fact_origins import ORIGINS
from ledger.credit.facts import DERIVED_OF_ORDER
from ledger.credit.limit import LimitKind
from ledger.credit.limit_end import EndLimit, TakeOverLimit
from ledger.credit.limit_request import GrantLimit, RequestLimit
from ledger.credit.profile import facts_of_account
from ledger.credit.put_account import PutAccount
from ledger.credit.put_group import PutGroup
from ledger.credit.put_security import EndSecurity, PutSecurity
from ledger.credit.record_figures import RecordFigures
from ledger.credit.security import SecurityKind
from ledger.credit.snapshot import LedgerCommand
from ledger.credit.submit import Submit
from ledger.items.item import OWED, ItemKind, OpenItem
from ledger.items.post_credit_note import PostCreditNote
from ledger.items.post_deposit import PostDeposit
from ledger.items.post_invoice import PostInvoice
from ledger.items.post_payment import PostPayment
from ledger.items.reverse import Reverse
from tests.support.default_policies import default_policies, policies_of_november_2026
from tests.support.ledger_books import FIRST_DAY, PureBooks, asker
from tests.support.ledger_totals import differences

ASKED_OF_ORDER = {
    "amount", "prepayment", "payment_days", "discount_rate", "discount_days", "delivery_date", "delivery_schedule",
}  # fmt: skip
"""Facts of an order that its caller says."""

RECORDED = {
    "country", "sanctions_hit", "screened_on", "customer_class", "sales_person", "commercial_bills", "related_buyer",
    "broken_promises", "insolvent", "insolvency_accepted_on", "claims_due_by", "litigation", "enforcement",
    "abnormal_operation", "assessed_on", "previous_grade", "last_contact_on",
}  # fmt: skip
"""Facts of an account that somebody records."""

PLACES_OF_THE_BOOK = {"receivables_total", "book_customers"}
"""Of all accounts together: outside of the version on purpose."""

LEDGER = policies_of_november_2026()


def test_each_fact_of_an_order_is_asked_or_worked_out() -> None:
    facts = {
        fact.name.partition(".")[2] for fact in default_policies().vocabulary.of_case("order") if fact.group == "order"
    }
    assert facts == ASKED_OF_ORDER | DERIVED_OF_ORDER
    assert not ASKED_OF_ORDER & DERIVED_OF_ORDER


def test_each_fact_of_an_account_is_worked_out_recorded_or_found_out() -> None:
    facts = set(facts_of_account(default_policies().vocabulary))
    assert facts == DERIVED_OF_ACCOUNT | FIGURES | RECORDED
    assert len(facts) == len(DERIVED_OF_ACCOUNT) + len(FIGURES) + len(RECORDED)
    assert REPLACED <= RECORDED
    assert set(ORIGINS) == DERIVED_OF_ACCOUNT


@pytest.mark.parametrize("name", sorted(DERIVED_OF_ACCOUNT))
def test_what_the_ledger_works_out_can_not_be_recorded(name: str) -> None:
    books = PureBooks(LEDGER)
    with pytest.raises(CommandRefused) as refused:
        books.do(PutAccount(account="C-1", profile={name: None}, asker=asker()))
    assert (refused.value.code, refused.value.members) == (
        "fact-comes-from-the-ledger",
        {"facts": [f"account.{name}"]},
    )


NUMBERS = st.sampled_from(("1", "2"))
AMOUNTS = st.integers(1, 20_000).map(lambda cents: f"{cents / 100:.2f}")
DAYS = st.integers(-40, 60).map(lambda days: (FIRST_DAY + timedelta(days=days)).isoformat())
PAST = st.integers(-40, 0).map(lambda days: (FIRST_DAY + timedelta(days=days)).isoformat())
ACCOUNTS = st.sampled_from(("C-1", "C-2"))
BOSS = asker("u.keller", "cfo")


@st.composite
def commands(draw: st.DrawFn) -> LedgerCommand:
    """Any that changes an account or its items; many of them can't be done."""
    account, number, amount = draw(ACCOUNTS), draw(NUMBERS), draw(AMOUNTS)
    issued, until = draw(PAST), draw(DAYS)
    record = f"019f1ce8-0000-7000-8000-{draw(st.integers(0, 10**11)):012d}"
    made: list[LedgerCommand] = [
        PostInvoice(invoice=f"I-{number}{account}", account=account, amount=amount, issued_on=issued,
                    due_on=max(issued, until), asker=asker(), id=record,
                    order=draw(st.none() | st.just(f"O-{number}"))),
        PostInvoice(invoice=f"H-{number}", account=account, amount=amount, issued_on=issued, due_on=max(issued, until),
                    settled_on=draw(PAST), asker=asker(), id=record),
        PostPayment(payment=f"P-{number}", account=account, amount=amount, effective_on=issued,
                    is_on_account=draw(st.booleans()), asker=asker(), id=record),
        PostCreditNote(credit_note=f"N-{number}", account=account, amount=amount, issued_on=issued, asker=asker(),
                       invoice=draw(st.none() | st.just(f"I-{number}{account}")), id=record),
        PostDeposit(deposit=f"D-{number}", account=account, order=f"O-{number}", amount=amount, asker=asker(),
                    id=record),
        Reverse(item=draw(st.sampled_from((f"P-{number}", f"D-{number}"))), is_bounced=draw(st.booleans()),
                asker=asker(), id=record),
        Submit(order=f"O-{number}", account=account, asked={"amount": amount, "payment_days": 30}, copied_from=None,
               asker=asker(), id=record),
        TakeOverLimit(account=account, kind=draw(st.sampled_from(LimitKind)), amount=amount, from_on=issued,
                      until_on=max(issued, until), asker=asker()),
        RequestLimit(account=account, kind=LimitKind.LIMIT, amount=amount, asker=asker(), id=record),
        GrantLimit(account=account, number=int(number), asker=BOSS, id=record),
        EndLimit(account=account, number=int(number), reason="over", asker=BOSS),
        PutSecurity(account=account, security=number, kind=draw(st.sampled_from(SecurityKind)), amount=amount,
                    until_on=until, asker=asker()),
        EndSecurity(account=account, security=number, asker=asker()),
        RecordFigures(account=account, on=issued, figures={"current_ratio": number}, asker=asker()),
        AssignGrade(account=account, taken_over=draw(st.none() | st.just("B")), asker=asker(), id=record),
        Block(account=account, reason="wait", asker=BOSS),
        Unblock(account=account, reason="paid", asker=BOSS),
        PutAccount(account=account, currency="EUR", group=draw(st.none() | st.just("G")), asker=asker(),
                   profile=draw(st.sampled_from(({}, {"insolvent": False, "sales_person": "u.lindner"})))),
        PutGroup(group="G", limit=draw(st.none() | AMOUNTS), insolvent=draw(st.none() | st.booleans()), asker=asker()),
    ]  # fmt: skip
    return draw(st.sampled_from(made))


@settings(max_examples=60, deadline=None)
@given(st.lists(commands(), min_size=1, max_size=25))
def test_what_changes_a_fact_raises_the_version_and_totals_stay_sums(asked: list[LedgerCommand]) -> None:
    """On one day. What a group has of its other accounts raises the group's version."""
    books = PureBooks(LEDGER)
    for account in ("C-1", "C-2"):
        books.do(PutGroup(group="G", limit="100.00", asker=asker()))
        books.do(PutAccount(account=account, group="G", asker=asker()))
    for command in asked:
        before = {each: _state(books, each) for each in ("C-1", "C-2")}
        try:
            books.do(command)
        except (CommandRefused, FactsRefused):
            assert {each: _state(books, each) for each in before} == before
            continue
        for account, (version, group, facts) in before.items():
            now_version, now_group, now = _state(books, account)
            changed = {name for name in {*facts, *now} if facts.get(name) != now.get(name)} - PLACES_OF_THE_BOOK
            of_group = {name for name in changed if name.startswith("group_")}
            assert now_version >= version
            assert now_version > version or not changed - of_group, (command, changed)
            assert now_version > version or now_group > group or not of_group, (command, changed)
    assert differences(books) == []


def _state(books: PureBooks, account: str) -> tuple[int, int, dict[str, Any]]:
    row = books.snapshot.get(Account, account)
    assert row is not None
    group = None if row.group is None else books.snapshot.get(Group, row.group)
    return row.version, 0 if group is None else group.version, books.facts(account)


def test_nobody_was_dunned_for_what_is_booked() -> None:
    books = PureBooks(default_policies())
    books.do(PutAccount(account="C-1", asker=asker()))
    for number, kind in enumerate(ItemKind.__members__.values()):
        if kind in OWED:
            invoice = PostInvoice(
                invoice=f"I-{number}", account="C-1", amount="5.00", issued_on="2026-06-01", due_on="2026-06-02",
                kind=kind, asker=asker(), id=str(number),
            )  # fmt: skip
            books.do(invoice)
    assert books.facts("C-1")["dunning_level"] == 0
    assert {each.dunning_level for each in books.rows(OpenItem)} == {0}
