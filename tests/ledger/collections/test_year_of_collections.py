"""A year of collections, day by day, over items that are generated: what the worklist lists, somebody does on the day.

No level is skipped or repeated, contacts of one customer keep their distance, nothing is on a day that is no working
day, the plan made on the first day is what is listed later, and an insurer's dates are listed before they pass.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest

from engine.pipeline import Engine, load
from engine.vocabulary.days import date_of, day_number
from ledger.collections.asked import wants_of
from ledger.collections.plan_ahead import plan_ahead
from ledger.collections.record_contact import RecordItemFact
from ledger.collections.record_promise import RecordPromise
from ledger.collections.work_entry import DoEntry
from ledger.collections.worklist_entry import WorkChannel
from ledger.credit.put_account import PutAccount
from ledger.credit.put_security import PutSecurity
from ledger.credit.security import SecurityKind
from ledger.items.item import OpenItem
from ledger.items.post_invoice import PostInvoice
from tests.support.collection_steps import entries_of, turn_account
from tests.support.default_policies import default_folder, default_policies
from tests.support.ledger_books import FIRST_DAY, Books, PureBooks, asker
from tests.support.ledger_totals import differences
from tests.support.steps import long_after

STEP_GAP_DAYS = 3
PROFILE = {"country": "DE", "insolvent": False, "sanctions_hit": False, "screened_on": "2026-06-30"}
FACT_OF = {"notify_insurer": "insurer_notified", "file_claim": "claim_filed"}


@dataclass
class Seen:
    """What was listed and done."""

    steps: dict[str, list[tuple[date, str, int]]] = field(default_factory=lambda: defaultdict(list))
    """Of each item: day, step and the level that it reached."""

    contacts: dict[str, list[tuple[date, bool]]] = field(default_factory=lambda: defaultdict(list))
    """Of each customer: the day, and whether it was only a reminder before the due date, which no step waits for."""

    deadlines: list[tuple[str, str, date, date]] = field(default_factory=list)
    """Item, action, the day on which it was listed first, and by when it was wanted."""


def _customers(dice: Random, accounts: int, items: int) -> Iterator[tuple[str, list[PostInvoice], bool]]:
    for number in range(1, accounts + 1):
        account, invoices = f"C-{number}", []
        for at in range(1, dice.randint(1, items) + 1):
            due = FIRST_DAY + timedelta(days=dice.randint(-20, 40))
            issued = min(due - timedelta(days=30), FIRST_DAY)
            amount = dice.choice(("45.00", "320.00", "1500.00", "8640.00", "75000.00"))
            invoices.append(
                PostInvoice(
                    invoice=f"I-{number}-{at}", account=account, amount=amount, issued_on=issued.isoformat(),
                    due_on=due.isoformat(), asker=asker(), id=f"019f1ce8-0000-7000-8000-{number:06d}{at:06d}",
                )
            )  # fmt: skip
        yield account, invoices, number % 3 == 0


def _begin(books: Books, seed: int, accounts: int, items: int) -> list[str]:
    names = []
    for account, invoices, is_insured in _customers(Random(seed), accounts, items):
        books.do(PutAccount(account=account, currency="EUR", profile=PROFILE, asker=asker()))
        if is_insured:
            books.do(
                PutSecurity(
                    account=account, security="1", kind=SecurityKind.INSURANCE, amount="10000.00", cover="0.9",
                    from_on="2026-01-01", until_on="2027-12-31", asker=asker(),
                )
            )  # fmt: skip
        for each in invoices:
            books.do(each)
        names.append(account)
    return names


def _live(books: Books, accounts: list[str], days: int) -> Seen:
    """Each day is turned, and all that is listed is done."""
    seen = Seen()
    for _ in range(days):
        for account in accounts:
            turn_account(books, account)
            for entry in entries_of(books, account):
                if entry.channel is WorkChannel.CUSTOMER:
                    levels = dict(zip(entry.items, entry.levels, strict=True))
                    for item, level in levels.items():
                        seen.steps[item].append((books.today, entry.step, level))
                    seen.contacts[account].append((books.today, entry.step == "remind"))
                    books.do(DoEntry(account=account, day=entry.day, channel="customer", asker=asker(), id=books.id()))
                elif entry.channel is WorkChannel.INSURER:
                    assert entry.by_date is not None
                    for reason in entry.reasons:
                        action = str(reason["action"])
                        by = date.fromisoformat(str(reason["by"]))
                        seen.deadlines.append((str(reason["item"]), action, books.today, by))
                        books.do(
                            RecordItemFact(
                                account=account, invoice=str(reason["item"]), fact=FACT_OF[action], value=True,
                                asker=asker(), id=books.id(),
                            )
                        )  # fmt: skip
        books.today += timedelta(days=1)
    return seen


def _plans(books: Books, accounts: list[str]) -> dict[str, list[tuple[date, str, int]]]:
    plans = {}
    for account in accounts:
        snapshot = books.snapshot_for(wants_of(account))
        for item in snapshot.of_account(OpenItem, account):
            steps = plan_ahead(snapshot, item, books.desk)
            plans[item.id] = [(date_of(each.on), each.entry.step, each.level) for each in steps]
    return plans


@pytest.mark.parametrize(("seed", "accounts", "items", "days"), long_after(1, [(1, 3, 3, 150), (2, 6, 4, 365)]))
def test_a_year_day_by_day(seed: int, accounts: int, items: int, days: int) -> None:
    books = PureBooks(default_policies())
    names = _begin(books, seed, accounts, items)
    planned = _plans(books, names)
    closed = _closed_days(default_policies())
    seen = _live(books, names, days)
    last = FIRST_DAY + timedelta(days=days)
    for item, steps in seen.steps.items():
        levels = [0, *(level for _, _, level in steps)]
        assert all(after - before in (0, 1) for before, after in pairwise(levels)), (item, steps)
        raised = [step for step, before, after in zip(steps, levels, levels[1:], strict=False) if after > before]
        assert len(raised) == len({level for _, _, level in raised}), (item, steps)
        assert steps == [each for each in planned[item] if each[0] < last], item
    for contacts in seen.contacts.values():
        assert all(each.weekday() < 5 and each not in closed for each, _ in contacts)
        for (before, is_reminder), (after, _) in pairwise(contacts):
            assert (after - before).days >= STEP_GAP_DAYS or is_reminder, contacts
    assert seen.deadlines
    assert all(listed <= by and by.weekday() < 5 and by not in closed for _, _, listed, by in seen.deadlines)
    assert differences(books) == []


def _closed_days(engine: Engine) -> set[date]:
    text = default_folder().policies["rules/lists/holidays.csv"].decode()
    assert engine.lists
    days = (line.partition(",")[0] for line in text.splitlines()[1:])
    return {date.fromisoformat(each) for each in days if each[:1].isdigit()}


CHINA = {
    "rules/lists/holidays.csv": "date,note\n" + "".join(f"2026-10-0{day},National Day\n" for day in range(1, 8)),
    "rules/lists/worked_days.csv": "date,note\n2026-09-20,worked\n2026-10-10,worked\n",
}
"""The national holidays of 2026, with the week-ends that are worked for them."""


def test_a_calendar_with_worked_week_ends_moves_promises_and_lists() -> None:
    """Promised for the first day of a week of holidays: waited for until three days behind its end, broken on a Monday;
    the Saturday that is worked has a list, and the Monday of the holidays has none."""
    files = {**default_folder().policies}
    for name, text in CHINA.items():
        files[name] = text.encode() + b"...\n"
    loaded = load(files)
    assert loaded.engine is not None, loaded.diagnostics
    books = PureBooks(loaded.engine)
    books.today = date(2026, 9, 1)
    books.do(PutAccount(account="C-1", currency="EUR", profile=PROFILE, asker=asker()))
    for number, due in enumerate(("2026-09-01", "2026-10-09"), 1):
        books.do(
            PostInvoice(
                invoice=f"I-{number}", account="C-1", amount="900.00", issued_on="2026-08-01", due_on=due,
                asker=asker(), id=books.id(),
            )
        )  # fmt: skip
    books.today = date(2026, 9, 2)
    told = books.do(RecordPromise(account="C-1", invoices=("I-1",), due_on="2026-10-01", asker=asker(), id=books.id()))
    assert told.answer["promise"]["counts_until"] == "2026-10-11"
    listed = {}
    for day in (date(2026, 10, 5), date(2026, 10, 10), date(2026, 10, 11), date(2026, 10, 12)):
        books.today = day
        turn_account(books, "C-1")
        listed[day.day] = [(each.step, each.lead) for each in entries_of(books, "C-1")]
        assert books.facts("C-1")["broken_promises"] == int(day.day == 12)
    assert listed == {5: [], 10: [("email", "I-2")], 11: [], 12: [("call", "I-1")]}
    assert day_number(books.today) == day_number(date(2026, 10, 12))
