"""All totals of a credit ledger, added up again from its items, orders and entries: what differs from those kept."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ledger.credit.account import Account, Group
from ledger.credit.entry import EntryBucket
from ledger.credit.order import RESERVING, Order
from ledger.items.item import Allocation, ItemKind, ItemState, OpenItem, SetOffCause
from ledger.items.totals import BookTotal, DayRecord, DueTotal, LevelTotal
from tests.support.ledger_books import Books

OWED = (ItemKind.INVOICE, ItemKind.DEBIT)


def differences(books: Books) -> list[str]:
    """One line for each total that is not the sum that it should be."""
    items, orders = books.rows(OpenItem), books.rows(Order)
    accounts = {each.id: each for each in books.rows(Account)}
    found: list[str] = []

    def compare(what: str, kept: Any, added: Any) -> None:
        if kept != added:
            found.append(f"{what}: kept {kept}, added up {added}")

    entries: Counter[tuple[str, EntryBucket]] = Counter()
    for entry in books.entries():
        entries[entry.account, entry.bucket] += entry.amount
    for account in accounts.values():
        own = [each for each in items if each.account == account.id]
        mine = [each for each in orders if each.account == account.id]
        sums = {
            "open_items": sum(each.open_amount for each in own if each.kind is not ItemKind.DEPOSIT),
            "deposits": -sum(each.open_amount for each in own if each.kind is ItemKind.DEPOSIT),
            "open_orders": sum(each.reserved for each in mine),
            "delivered": sum(each.delivered for each in mine),
        }
        for name, added in sums.items():
            compare(f"{account.id} {name}", getattr(account, name), added)
            compare(f"{account.id} entries of {name}", entries[account.id, EntryBucket(name)], added)
        compare(f"{account.id} disputed", account.disputed, sum(each.disputed_amount for each in own))
    totals: tuple[tuple[str, Any, Any], ...] = (
        ("due", _due_kept(books), _due(items)),
        ("level", _level_kept(books), _levels(items)),
        ("day", _days_kept(books), _days(items)),
        ("book", _book_kept(books), _book(accounts)),
        ("group", {each.id: each.total for each in books.rows(Group)}, _groups(books, accounts)),
    )
    for name, kept, summed in totals:
        compare(name, kept, summed)
    return found + _wrong_items(books, items) + _wrong_orders(orders)


def _due_kept(books: Books) -> dict[Any, Any]:
    return {each.key: (each.open_amount, each.disputed, each.items) for each in books.rows(DueTotal) if each.items}


def _due(items: list[OpenItem]) -> dict[Any, Any]:
    due: dict[Any, Any] = {}
    for each in items:
        if each.kind in OWED and each.open_amount:
            amount, disputed, count = due.get((each.account, each.due_on), (0, 0, 0))
            due[each.account, each.due_on] = amount + each.open_amount, disputed + each.disputed_amount, count + 1
    return due


def _level_kept(books: Books) -> dict[Any, int]:
    return {each.key: each.items for each in books.rows(LevelTotal) if each.items}


def _levels(items: list[OpenItem]) -> dict[Any, int]:
    return dict(
        Counter(
            (each.account, each.dunning_level)
            for each in items
            if each.kind in OWED and each.open_amount and each.dunning_level
        )
    )


def _days_kept(books: Books) -> dict[Any, Any]:
    kept = {
        each.key: (each.issued, each.paid, each.on_time, each.seriously_late, each.days_late)
        for each in books.rows(DayRecord)
    }
    return {key: sums for key, sums in kept.items() if any(sums)}


def _days(items: list[OpenItem]) -> dict[Any, Any]:
    days: dict[Any, list[int]] = {}
    for each in items:
        if each.kind in (ItemKind.INVOICE, ItemKind.CREDIT_NOTE) and each.state is not ItemState.REVERSED:
            days.setdefault((each.account, each.issued_on), [0] * 5)[0] += each.amount
        if each.kind is ItemKind.INVOICE and each.state is ItemState.SETTLED:
            assert each.settled_on is not None
            late = max(each.settled_on - each.due_on, 0)
            day = days.setdefault((each.account, max(each.settled_on, each.issued_on)), [0] * 5)
            for place, number in enumerate((1, late == 0, late > 15, late), 1):
                day[place] += number
    return {key: tuple(sums) for key, sums in days.items() if any(sums)}


def _book_kept(books: Books) -> dict[str, tuple[int, int]]:
    kept = {each.currency: (each.open_items, each.customers) for each in books.rows(BookTotal)}
    return {currency: sums for currency, sums in kept.items() if any(sums)}


def _book(accounts: dict[str, Account]) -> dict[str, tuple[int, int]]:
    book: dict[str, tuple[int, int]] = {}
    for each in accounts.values():
        total, customers = book.get(each.currency, (0, 0))
        book[each.currency] = total + each.open_items, customers + (each.open_items > 0)
    return {currency: sums for currency, sums in book.items() if any(sums)}


def _groups(books: Books, accounts: dict[str, Account]) -> dict[str, int]:
    return {
        group.id: sum(
            each.open_items + each.delivered + each.open_orders - each.deposits
            for each in accounts.values()
            if each.group == group.id
        )
        for group in books.rows(Group)
    }


def _wrong_items(books: Books, items: list[OpenItem]) -> list[str]:
    """What is open is what was not set off, and the state is what the amounts say."""
    taken, given, kept = Counter[str](), Counter[str](), Counter[tuple[str, SetOffCause]]()
    for allocation in books.rows(Allocation):
        if allocation.reversed_on is None:
            taken[allocation.to_item] += allocation.of_debt
            given[allocation.from_item] += allocation.of_credit
            kept[allocation.to_item, allocation.cause] += allocation.amount
    of_entries = Counter[str | None]()
    for entry in books.entries():
        of_entries[entry.item] += -entry.amount if entry.bucket is EntryBucket.DEPOSITS else entry.amount
    wrong = []
    for each in items:
        if each.kind in OWED and each.open_amount + taken[each.id] + each.paid_before != each.amount:
            wrong.append(f"{each.id}: {each.amount} is not {each.open_amount} open and {taken[each.id]} set off")
        is_credit = each.kind not in OWED and each.state is not ItemState.REVERSED
        if is_credit and each.open_amount - given[each.id] != each.amount:
            wrong.append(f"{each.id}: {each.amount} is not {each.open_amount} left and {given[each.id]} set off")
        if of_entries[each.id] != each.open_amount:
            wrong.append(f"{each.id}: entries come to {of_entries[each.id]}, open is {each.open_amount}")
        for cause, amount in ((SetOffCause.WRITE_OFF, each.written_off), (SetOffCause.RECOVERY, each.recovered)):
            if kept[each.id, cause] != amount:
                wrong.append(f"{each.id}: {cause} {amount}, set off {kept[each.id, cause]}")
        if (each.foreign_open in (None, 0)) != (not each.open_amount or each.foreign_amount is None):
            wrong.append(f"{each.id}: {each.foreign_open} of its own currency with {each.open_amount} open")
        if (each.open_amount == 0) != (each.state is not ItemState.OPEN):
            wrong.append(f"{each.id}: {each.state} with {each.open_amount} open")
        if not 0 <= each.disputed_amount <= max(each.open_amount, 0):
            wrong.append(f"{each.id}: {each.disputed_amount} of {each.open_amount} disputed")
    return wrong


def _wrong_orders(orders: list[Order]) -> list[str]:
    wrong = []
    for each in orders:
        if each.reserved and each.state not in RESERVING:
            wrong.append(f"{each.id}: {each.reserved} reserved while {each.state}")
        if min(each.undelivered, each.delivered, each.billed, each.lapsed, each.reserved) < 0:
            wrong.append(f"{each.id}: an amount is negative")
    return wrong
