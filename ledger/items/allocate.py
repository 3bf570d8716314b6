"""What stays on account is set off against what somebody names, and what was set off is taken off again.

The money came in on its day, so that is the day on which it pays, however late somebody says what it is for. Nothing of
what the account owes together changes; what is overdue does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.credit.account import Account
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.exchange import worth
from ledger.credit.ledger_state import helped, state_told
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.billing_notices import warned
from ledger.items.booked import allocations_shown, item_shown
from ledger.items.item import ItemKind, ItemState, OpenItem
from ledger.items.post_payment import Reference, discounts_noticed, named_debts
from ledger.items.settling import SettingOff, cancel_where_credited_in_full
from ledger.items.take_back import credit_again, in_force_of, open_again

ALLOCABLE = frozenset((ItemKind.PAYMENT, ItemKind.CREDIT_NOTE))
"""Kinds that stay on account and may be set off against anything."""

_SET_OFF = ALLOCABLE | {ItemKind.DEPOSIT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocate:
    """What is left of a payment or credit note pays these."""

    item: str
    references: tuple[Reference, ...]
    """Each with how much of it, in the credit's currency, or as much as there is."""

    asker: Asker
    id: str
    """Of the record."""

    @property
    def wants(self) -> Wants:
        """The credit and what it is to pay."""
        return Wants(items=frozenset((self.item, *(each.invoice for each in self.references))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unallocate:
    """A payment, credit note or deposit doesn't pay this after all, and stays on account."""

    item: str
    invoice: str | None = None
    """None: nothing of what it was set off against."""

    reason: str | None = None
    asker: Asker
    id: str
    """Of the record."""

    @property
    def wants(self) -> Wants:
        """The credit, and with it what it was set off against."""
        return Wants(items=frozenset((self.item,)))


def allocate(snapshot: Snapshot, command: Allocate, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` where an amount can't be read."""
    credit = _credit(snapshot, command.item, ALLOCABLE)
    if credit.state is not ItemState.OPEN:
        raise _illegal(credit, "nothing of it is on account")
    account = snapshot.existing(Account, credit.account)
    reading = Reading(desk.engine.vocabulary, credit.foreign_currency or account.currency, desk.day)
    parts = [
        None if each.amount is None else reading.amount(each.amount, f"references[{number}].amount")
        for number, each in enumerate(command.references, 1)
    ]
    reading.done()
    on_account = abs(credit.open_amount if credit.foreign_open is None else credit.foreign_open)
    if sum(part or 0 for part in parts) > on_account:
        raise CommandRefused("over-allocated", f"less than that of {credit.id} is on account", item=credit.id)
    debts = named_debts(snapshot, command.references, account.id)
    posting = Posting(snapshot, desk, "allocate")
    setting_off = SettingOff(posting, credit, credit.issued_on)
    for debt, part in zip(debts, parts, strict=True):
        most = None if part is None else worth(
            snapshot, desk, part, reading.currency, account.currency, day=credit.issued_on, rounded_up=False
        )  # fmt: skip
        setting_off.against_named(posting.existing(OpenItem, debt.id), most)
        cancel_where_credited_in_full(posting, debt.id)
    late = discounts_noticed(setting_off, account.currency)
    shown = {"allocations": allocations_shown(setting_off.made, account.currency), "notices": late}
    return helped(posting, _change(posting, command, setting_off.credit, account, shown, warned(late)))


def unallocate(snapshot: Snapshot, command: Unallocate, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`. A discount that a payment took is open again with what it paid."""
    credit = _credit(snapshot, command.item, _SET_OFF)
    posting = Posting(snapshot, desk, "unallocate")
    allocations = in_force_of(posting, credit, command.invoice)
    if not allocations:
        against = "anything" if command.invoice is None else command.invoice
        raise _illegal(credit, f"it is not set off against {against}")
    account = snapshot.existing(Account, credit.account)
    opened = open_again(posting, allocations, desk.day)
    credit = credit_again(posting, credit, allocations, desk.day)
    if credit.kind is ItemKind.DEPOSIT:
        posting.end_approval(credit.order)
    shown = {"opened": [item_shown(each, account.currency) for each in opened]}
    return _change(posting, command, credit, account, shown, {})


def _change(
    posting: Posting,
    command: Allocate | Unallocate,
    credit: OpenItem,
    account: Account,
    shown: dict[str, Any],
    marks: dict[str, Any],
) -> LedgerChange:
    return LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        id=command.id,
        act=posting.cause,
        about=credit.id,
        account=account.id,
        told=state_told(posting, account.id) | marks,
        shown={"item": item_shown(credit, account.currency), **shown},
    )


def _credit(snapshot: Snapshot, number: str, kinds: frozenset[ItemKind]) -> OpenItem:
    item = snapshot.get(OpenItem, number)
    if item is None or item.kind not in kinds:
        raise CommandRefused(
            "unknown-payment", f"there is no {' or '.join(sorted(kinds)).replace('_', ' ')} {number}", item=number
        )
    return item


def _illegal(item: OpenItem, why: str) -> CommandRefused:
    return CommandRefused(
        "illegal-move",
        f"{item.kind.replace('_', ' ')} {item.id} is {item.state}: {why}",
        state=item.state.value,
        legal_moves=[],
    )
