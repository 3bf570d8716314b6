"""Invoices of an import that bill no order, many at once: the same rows, entries and totals as if each were a command
of its own (`post_invoice`), at a tenth of the cost.

Most of what a command of its own reads is needed by none of these: they lead to no decision. So only the accounts'
totals are read, and each total that some rows change is changed once. A chunk that bills an order is done row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from engine.vocabulary.binding import FactsRefused
from ledger.credit.account import Group
from ledger.credit.bounds import require_total, total_most
from ledger.credit.change import CommandRefused, Desk, LedgerChange
from ledger.credit.ledger_state import no_account
from ledger.credit.snapshot import LedgerRow, Snapshot
from ledger.items.import_chunk import BOOKED, ImportChunk, chunk_change, run_after
from ledger.items.import_run import ImportReject
from ledger.items.invoice_terms import InvoiceTerms, TermsReader
from ledger.items.item import ItemKind
from ledger.items.post_invoice import PostInvoice, own_worth
from ledger.items.totals import BookTotal
from receivables.account_facts import SERIOUSLY_LATE_DAYS

AccountDay = tuple[str, int]

_FACT = "open_invoices"
"""What the policies see of an account's open items."""


@dataclass(slots=True, kw_only=True)
class AccountTotals:
    """What invoices change of an account, as it is after those that were booked so far."""

    id: str
    version: int
    currency: str
    group: str | None
    open_items: int
    first_issued_on: int | None
    is_touched: bool = False


@dataclass(slots=True, kw_only=True)
class BulkBooks:
    """What is known of the accounts and numbers of one chunk."""

    accounts: Mapping[str, AccountTotals]
    digests: dict[str, str]
    """Of the items that are there, by their numbers."""

    snapshot: Snapshot
    """Groups, totals of the book, and rates."""


class BulkInvoice(NamedTuple):
    """One item that is new. A tuple, since a file has millions."""

    id: str
    account: str
    kind: ItemKind
    terms: InvoiceTerms
    amount: int
    """In the account's currency."""

    is_foreign: bool


class BulkEntry(NamedTuple):
    """A movement of what is open."""

    account: str
    amount: int
    effective_on: int
    item: str


@dataclass(slots=True, kw_only=True)
class BulkChange:
    """What a chunk makes of the books, beside what every chunk makes."""

    change: LedgerChange
    invoices: list[BulkInvoice] = field(default_factory=list)
    entries: list[BulkEntry] = field(default_factory=list)
    accounts: list[AccountTotals] = field(default_factory=list)
    due: dict[AccountDay, tuple[int, int]] = field(default_factory=dict)
    """By account and due date: open amount and number of open items that are new."""

    days: dict[AccountDay, tuple[int, int, int, int, int]] = field(default_factory=dict)
    """By account and day: what was issued, and how many were paid, on time, seriously late, and days late."""


def bulk_invoices(books: BulkBooks, chunk: ImportChunk, desk: Desk) -> BulkChange:
    """Takes all rows, which are invoices or nothing that could be read. Changes `books`; raises nothing."""
    booking = _Booking(books, desk)
    rejects: list[ImportReject] = []
    counts = {"new": 0, "same": 0, "rejected": 0}
    for row in chunk.rows:
        fault = row.faults
        if isinstance(row.command, PostInvoice):
            try:
                counts["new" if booking.take(row.command) else "same"] += 1
                continue
            except FactsRefused as refused:
                fault = "; ".join(map(str, refused.faults))
            except CommandRefused as refused:
                fault = refused.detail
        counts["rejected"] += 1
        rejects.append(ImportReject(run=chunk.run.id, number=row.number, place=row.place, faults=fault))
    rows: tuple[LedgerRow, ...] = (*booking.raised_groups(), *booking.raised_books(), *rejects)
    booking.made.change = replace(
        chunk_change(run_after(chunk, counts), rows, desk),
        rechecks=frozenset(booking.rechecks),
        recheck_groups=frozenset(booking.regroups),
    )
    booking.made.accounts = [each for each in books.accounts.values() if each.is_touched]
    return booking.made


@dataclass(slots=True)
class _GroupTotal:
    noun: Group
    total: int
    version: int


@dataclass(slots=True)
class _BookSums:
    noun: BookTotal
    open_items: int
    customers: int


class _Booking:
    def __init__(self, books: BulkBooks, desk: Desk) -> None:
        self.accounts, self.digests, self.snapshot, self.desk = books.accounts, books.digests, books.snapshot, desk
        self.vocabulary = desk.engine.vocabulary
        self.read = TermsReader(desk.engine.vocabulary, desk.day)
        self._groups: dict[str, _GroupTotal] = {}
        self._books: dict[str, _BookSums] = {}
        self._most: dict[str, int] = {}  # of a currency: the largest total of an account
        self.rechecks: set[str] = set()
        self.regroups: set[str] = set()
        self.made = BulkChange(change=LedgerChange(act="import", about="", account=None))

    def take(self, command: PostInvoice) -> bool:
        """Books it; False where it is booked already. Raises `FactsRefused` and `CommandRefused`."""
        account = self.accounts.get(command.account)
        if account is None:
            raise no_account(command.account)
        terms = self.read(command, account.currency)
        known = self.digests.get(command.invoice)
        if known is not None:
            if known == terms.digest:
                return False
            raise CommandRefused("already-booked-differently", BOOKED)
        is_foreign = terms.currency != account.currency
        amount = own_worth(self.snapshot, self.desk, terms, account.currency) if is_foreign else terms.amount
        self._move(account, amount, is_settled=terms.settled_on is not None)
        self.digests[command.invoice] = terms.digest
        invoice = BulkInvoice(command.invoice, account.id, command.kind, terms, amount, is_foreign)
        self.made.invoices.append(invoice)
        self._follow(invoice)
        account.version, account.is_touched = account.version + 1, True
        if account.first_issued_on is None or terms.issued_on < account.first_issued_on:
            account.first_issued_on = terms.issued_on
        if terms.settled_on is None:
            if terms.due_on < self.desk.day:  # it is overdue as it comes: there may be something to do today
                self.rechecks.add(account.id)
        else:
            self.rechecks.add(account.id)
            if account.group is not None:
                self.regroups.add(account.group)
        return True

    def _move(self, account: AccountTotals, amount: int, *, is_settled: bool) -> None:
        """Totals of the account, its group and the book: there and back again where it was settled since. Nothing is
        changed where it raises `CommandRefused`."""
        currency, before, after = account.currency, account.open_items, account.open_items + amount
        if after > (self._most.get(currency) or self._most_of(currency)):
            require_total(self.vocabulary, _FACT, f"account {account.id}", currency, before, after)
        group = None if account.group is None else self._group(account.group)
        if group is not None:
            total, owner = group.total + amount, f"group {group.noun.id}"
            require_total(self.vocabulary, "group_exposure", owner, group.noun.currency, group.total, total)
            group.version += 1 + is_settled
            group.total = group.total if is_settled else total
        book = self._books.get(currency) or self._book(currency)
        if not is_settled:
            book.open_items += amount
            book.customers += (after > 0) - (before > 0)
            account.open_items = after

    def _most_of(self, currency: str) -> int:
        most = self._most[currency] = total_most(self.vocabulary, _FACT, currency)
        return most

    def _group(self, id: str) -> _GroupTotal | None:
        known = self._groups.get(id)
        if known is None and (noun := self.snapshot.get(Group, id)) is not None:
            known = self._groups[id] = _GroupTotal(noun, noun.total, noun.version)
        return known

    def _book(self, currency: str) -> _BookSums:
        noun = self.snapshot.get(BookTotal, currency) or BookTotal(currency=currency)
        book = self._books[currency] = _BookSums(noun, noun.open_items, noun.customers)
        return book

    def raised_groups(self) -> list[Group]:
        """As they are after all that was booked."""
        return [replace(each.noun, total=each.total, version=each.version) for each in self._groups.values()]

    def raised_books(self) -> list[BookTotal]:
        """As they are after all that was booked."""
        return [
            replace(each.noun, open_items=each.open_items, customers=each.customers) for each in self._books.values()
        ]

    def _follow(self, invoice: BulkInvoice) -> None:
        """Entries and sums by day."""
        made, terms, owner, amount = self.made, invoice.terms, invoice.account, invoice.amount
        made.entries.append(BulkEntry(owner, amount, terms.issued_on, invoice.id))
        key, settled_on = (owner, terms.due_on), terms.settled_on
        open_amount, items = made.due.get(key, (0, 0))
        made.due[key] = (open_amount, items) if settled_on is not None else (open_amount + amount, items + 1)
        if invoice.kind is ItemKind.INVOICE:
            self._add_day((owner, terms.issued_on), amount)
        if settled_on is not None:
            made.entries.append(BulkEntry(owner, -amount, settled_on, invoice.id))
            if invoice.kind is ItemKind.INVOICE:
                late = max(settled_on - terms.due_on, 0)
                self._add_day((owner, max(settled_on, terms.issued_on)), 0, late)

    def _add_day(self, key: AccountDay, issued: int, late: int | None = None) -> None:
        """`late`: days of one that was paid."""
        old = self.made.days.get(key, (0, 0, 0, 0, 0))
        if late is None:
            self.made.days[key] = (old[0] + issued, *old[1:])
            return
        paid, on_time, seriously = old[1] + 1, old[2] + (not late), old[3] + (late > SERIOUSLY_LATE_DAYS)
        self.made.days[key] = (old[0], paid, on_time, seriously, old[4] + late)
