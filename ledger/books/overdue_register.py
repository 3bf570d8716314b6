"""The register of overdue items: one row for each, with what is known of it and what is to be done next.

On a past day it says what was overdue then, by the entries that count until then, and no next step: what the policies
said that day is in the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from engine.vocabulary.binding import FactsRefused
from ledger.books.reading import read_snapshot
from ledger.collections.judge_item import judge_item
from ledger.credit.account import Account, Grade
from ledger.credit.change import CommandRefused, Desk
from ledger.credit.shown import iso, money_shown
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.item import OpenItem

ROWS_AT_ONCE = 200
"""Whose facts are read together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    """One overdue item; amounts are decimal text in the account's currency, days ISO dates."""

    account: str
    name: str | None
    item: str
    kind: str
    issued_on: str | None
    due_on: str | None
    days_overdue: int
    currency: str
    amount: str
    open_amount: str
    disputed_amount: str
    grade: str | None
    """Assigned last, by that day."""

    dunning_level: int
    last_contact_on: str | None
    next_step: str | None
    """The outcome of the policies of invoices, today alone; None where they can't say."""


def register_rows(
    connection: Connection, desk: Desk, overdue: Sequence[tuple[OpenItem, int]], day: int
) -> list[RegisterRow]:
    """Of items with what was open of them on a day."""
    accounts = frozenset(item.account for item, _ in overdue)
    snapshot = read_snapshot(
        connection,
        Wants(accounts=accounts, open_items=accounts, collections=accounts),
        desk.day,
        desk.engine.vocabulary,
    )
    return [_row(snapshot, desk, item, still_open, day) for item, still_open in overdue]


def _row(snapshot: Snapshot, desk: Desk, item: OpenItem, still_open: int, day: int) -> RegisterRow:
    account = snapshot.existing(Account, item.account)
    is_today = day == desk.day
    grades = [each for each in snapshot.of_account(Grade, account.id) if each.since <= day]
    newest = max(grades, key=lambda each: each.since, default=None)
    return RegisterRow(
        account=account.id,
        name=account.name,
        item=item.id,
        kind=item.kind.value,
        issued_on=iso(item.issued_on),
        due_on=iso(item.due_on),
        days_overdue=day - item.due_on,
        currency=account.currency,
        amount=money_shown(item.amount, account.currency),
        open_amount=money_shown(still_open, account.currency),
        disputed_amount=money_shown(min(item.disputed_amount, still_open), account.currency),
        grade=None if newest is None else newest.grade,
        dunning_level=item.dunning_level,
        last_contact_on=iso(item.last_contact_on),
        next_step=_next_step(snapshot, item, desk) if is_today else None,
    )


def _next_step(snapshot: Snapshot, item: OpenItem, desk: Desk) -> str | None:
    try:
        return judge_item(snapshot, item, desk, "register").decision.outcome
    except (FactsRefused, CommandRefused):
        return None
