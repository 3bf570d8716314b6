"""The receivables of the ledger on any day, as the room `receivables` takes them: what was open of each item comes from
its entries, so part payments, write-offs and what is booked late count from the day from which they do.

Figures are those of `receivables.figures`, decisions those of `receivables.portfolio`: the ledger, a portfolio of files
and a backtest give the same for the same items. Accounts in another currency than the policies' are converted at the
rate of the day, what is owed rounded up; those without one are left out, and named.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Text, cast, func, select

from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter
from ledger.books.reading import read_snapshot, rows_of
from ledger.credit.account import Account
from ledger.credit.account_fact_group import account_group
from ledger.credit.change import CommandRefused, Desk
from ledger.credit.entry import EntryBucket
from ledger.credit.exchange import worth
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.item import ItemKind, ItemState, OpenItem
from ledger.items.item_facts import item_group
from ledger.store.ledger_tables import STORED, ledger_entries
from receivables.account_facts import AccountFacts
from receivables.figures import ItemHistory, PortfolioFigures, figures
from receivables.items import Item
from receivables.portfolio.portfolio_decisions import PortfolioDecisions, days_in_quarter, decide_portfolio
from receivables.portfolio.portfolio_rows import Book

ACCOUNTS_AT_ONCE = 500
"""Whose facts are read together."""

_SOLD = frozenset((ItemKind.INVOICE, ItemKind.CREDIT_NOTE))
_COMPUTED = frozenset(AccountFacts._fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerBook:
    """All items of some accounts with their history, amounts in minor units of the policies' currency."""

    day: int
    items: tuple[Item, ...]
    """With what was open of them as the day closed."""

    history: ItemHistory
    accounts: tuple[Account, ...]
    left_out: tuple[str, ...]
    """Accounts whose currency has no rate that day."""

    def figures(self, desk: Desk) -> PortfolioFigures:
        """Aging, DSO and collection effectiveness by quarters, concentration."""
        days = days_in_quarter(desk.engine, desk.business_date)
        return figures(self.items, self.day, days, history=self.history)


class _Movements:
    """What was open of each item as a day closed, from the sums of its entries by day."""

    def __init__(self) -> None:
        self._days: defaultdict[str, list[int]] = defaultdict(list)
        self._open: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, item: str, day: int, amount: int) -> None:
        """In the order of days."""
        before = self._open[item][-1] if self._open[item] else 0
        self._days[item].append(day)
        self._open[item].append(before + amount)

    def open_on(self, item: str, day: int) -> int:
        """In minor units of the account's currency."""
        at = bisect_right(self._days[item], day)
        return self._open[item][at - 1] if at else 0


def read_book(connection: Connection, desk: Desk, day: int, account: str | None) -> LedgerBook:
    """Of one account, or of all. Blocks: a million items take some seconds."""
    columns, items = STORED[Account].table.c, STORED[OpenItem].table.c
    is_wanted = columns.id == account if account is not None else columns.id != ""
    accounts = {each.id: each for each in rows_of(connection, Account, is_wanted)}
    currencies = frozenset(each.currency for each in accounts.values())
    rates = read_snapshot(connection, Wants(currencies=currencies), day, desk.engine.vocabulary)
    without = _without_rate(rates, desk, currencies, day)
    of_account = items.account == account if account is not None else items.account != ""
    rows = [each for each in rows_of(connection, OpenItem, of_account) if each.kind is not ItemKind.DEPOSIT]
    movements, kinds = _movements(connection, account), {each.id: each.kind for each in rows}
    currency_of = {each.id: accounts[each.account].currency for each in rows}

    def converted(item: str, amount: int) -> int:
        own = desk.engine.vocabulary.currency
        return worth(rates, desk, amount, currency_of[item], own, day=day, rounded_up=True)

    return LedgerBook(
        day=day,
        items=tuple(
            _item(each, accounts[each.account], converted, movements.open_on(each.id, day))
            for each in rows
            if currency_of[each.id] not in without
        ),
        history=ItemHistory(
            open_on=lambda item, on: converted(item.number, movements.open_on(item.number, on)),
            sold=lambda item: item.amount if kinds[item.number] in _SOLD else 0,
        ),
        accounts=tuple(accounts[each] for each in sorted(accounts)),
        left_out=tuple(sorted(each.id for each in accounts.values() if each.currency in without)),
    )


def decide_book(connection: Connection, desk: Desk, book: LedgerBook) -> PortfolioDecisions:
    """What the policies say of the accounts, their open invoices and the whole: a decision for each. Facts of accounts
    beside their items are those of today. Raises `FactsRefused` where sums exceed what facts can hold."""
    facts: dict[str, dict[str, Any]] = {}
    invoices: dict[str, dict[str, Any]] = {}
    kept = {each.number: each for each in book.items if each.open_amount}
    left_out = frozenset(book.left_out)
    accounts = [each for each in book.accounts if each.id not in left_out]
    for at in range(0, len(accounts), ACCOUNTS_AT_ONCE):
        some = accounts[at : at + ACCOUNTS_AT_ONCE]
        wants = Wants(accounts=frozenset(each.id for each in some), open_items=frozenset(each.id for each in some))
        snapshot = read_snapshot(connection, wants, desk.day, desk.engine.vocabulary)
        for account in some:
            group = account_group(snapshot, account, desk)
            facts[account.id] = _recorded(group, account, desk)
            for item in snapshot.of_account(OpenItem, account.id):
                if item.id in kept:
                    invoices[item.id] = _invoice(snapshot, item, account, desk, kept[item.id])
    for number, then in kept.items():
        invoices.setdefault(number, _settled_since(then, desk))
    portfolio = Book(
        items=book.items,
        facts={number: {"invoice": group} for number, group in invoices.items()},
        accounts=facts,
        contradicted=(),
        later=0,
    )
    return decide_portfolio(desk.engine, portfolio, book.figures(desk), "ledger")


def overdue_items(connection: Connection, day: int, account: str | None) -> list[tuple[OpenItem, int]]:
    """What was owed and overdue as a day closed, with how much of it was open; the oldest due first."""
    columns = STORED[OpenItem].table.c
    owed = columns.kind.in_([ItemKind.INVOICE.value, ItemKind.DEBIT.value])
    wanted = owed & (columns.due_on < day) & (columns.issued_on <= day)
    if account is not None:
        wanted &= columns.account == account
    movements = _movements(connection, account)
    found = [(each, movements.open_on(each.id, day)) for each in rows_of(connection, OpenItem, wanted)]
    still_open = [pair for pair in found if pair[1] > 0]
    return sorted(still_open, key=lambda pair: (pair[0].due_on, pair[0].account, pair[0].id))


def _movements(connection: Connection, account: str | None) -> _Movements:
    columns = ledger_entries.c
    sums = (
        select(columns.item, columns.effective_on, cast(func.sum(columns.amount), Text))
        .where(columns.bucket == EntryBucket.OPEN_ITEMS.value, columns.item.is_not(None))
        .group_by(columns.item, columns.effective_on)
        .order_by(columns.item, columns.effective_on)
    )
    if account is not None:
        sums = sums.where(columns.account == account)
    movements = _Movements()
    for item, day, amount in connection.execute(sums):
        movements.add(item, day, int(amount))
    return movements


def _without_rate(rates: Snapshot, desk: Desk, currencies: Iterable[str], day: int) -> frozenset[str]:
    without = set()
    for currency in currencies:
        try:
            worth(rates, desk, 1, currency, desk.engine.vocabulary.currency, day=day, rounded_up=True)
        except CommandRefused:
            without.add(currency)
    return frozenset(without)


def _item(row: OpenItem, account: Account, converted: Any, open_amount: int) -> Item:
    """What was given up, or credited in full, was not paid: it counts in no payment record."""
    country = account.profile.get("country")
    is_paid = row.state is ItemState.SETTLED
    return Item(
        row.id,
        row.account,
        row.issued_on,
        row.due_on,
        row.settled_on if is_paid else None,
        converted(row.id, row.amount),
        converted(row.id, open_amount),
        disputed=row.disputed_amount > 0,
        country=country if isinstance(country, str) else None,
    )


def _recorded(group: dict[str, Any], account: Account, desk: Desk) -> dict[str, Any]:
    """Without what follows from the items, which the figures' own room works out; amounts in another currency than the
    policies' are left out."""
    own = {name: value for name, value in group.items() if name not in _COMPUTED and name != "id"}
    own.pop("open_items", None)
    if account.currency == desk.engine.vocabulary.currency:
        return own
    facts = desk.engine.vocabulary.facts
    plain = {name: value for name, value in own.items() if f"account.{name}" in facts}
    return {name: value for name, value in plain.items() if "money" not in _kinds(facts[f"account.{name}"])}


def _kinds(fact: Any) -> Sequence[str]:
    return [fact.type.kind.value, *(each.type.kind.value for each in fact.type.fields)]


def _invoice(snapshot: Snapshot, item: OpenItem, account: Account, desk: Desk, then: Item) -> dict[str, Any]:
    group = item_group(snapshot, item, account, desk)
    if account.currency != desk.engine.vocabulary.currency:
        group = {name: value for name, value in group.items() if not name.endswith(("_amount", "_pending"))}
    return {**group, **_open_then(then, desk)}


def _settled_since(item: Item, desk: Desk) -> dict[str, Any]:
    """Of what was open then and isn't any more: what its dates say."""
    return {"id": item.number, "disputed": False, **_open_then(item, desk)}


def _open_then(item: Item, desk: Desk) -> dict[str, Any]:
    money = decimal_formatter(desk.engine.vocabulary.currency_digits)
    return {
        "open_amount": money(item.open_amount),
        "invoice_date": date_of(item.issued).isoformat(),
        "due_date": date_of(item.due).isoformat(),
    }
