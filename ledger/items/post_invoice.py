"""An invoice is booked, or a debit (interest, a fee); of an order, that much of it is billed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ledger.credit.account import Account
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.deliver import Billed, bill_order
from ledger.credit.exchange import worth
from ledger.credit.ledger_state import helped, required_account, state_told
from ledger.credit.order import Order
from ledger.credit.order_currency import ROUNDING, own_share
from ledger.credit.shown import order_shown
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.billing_notices import billing_notices, unknown_order_notice, warned
from ledger.items.booked import digest_of, item_shown, refuse_booked
from ledger.items.item import ItemKind, ItemState, OpenItem
from ledger.items.keeping import put_item
from ledger.items.settling import SettingOff

DISCOUNT_DAYS_MAX = 3650
"""As the fact `invoice.discount_days` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostInvoice:
    """One invoice, with amount and days as its caller wrote them."""

    invoice: str
    """Its number, which no other item may use."""

    account: str
    amount: str
    issued_on: str
    due_on: str
    currency: str | None = None
    """ISO 4217; None: the account's."""

    kind: ItemKind = ItemKind.INVOICE
    """Or `debit`: what is owed and is no sale."""

    order: str | None = None
    """The order that is billed, in whatever state it is."""

    settled_on: str | None = None
    """Of one that was paid before the ledger knew of it: the day on which nothing was open any more."""

    discount_rate: str | None = None
    """Share that may be taken off by whoever pays early, from 0 to 1; with `discount_days`."""

    discount_days: int | None = None
    """Days from the day of issue within which it may."""

    daily_interest_rate: str | None = None
    """Late interest a day by contract, from 0 to 1; None: the contract says nothing."""

    interest_of: str | None = None
    """Of a debit: the invoice of the same account whose late interest it is."""

    known_on: str | None = None
    """The day of the list of open items that it comes from; None: today."""

    asker: Asker
    id: str
    """Of the record."""

    @property
    def wants(self) -> Wants:
        """The account with its whole payment record, the number wherever it was used, and the order."""
        return Wants(
            accounts=frozenset((self.account,)),
            histories=frozenset((self.account,)),
            items=frozenset((self.invoice,) if self.interest_of is None else (self.invoice, self.interest_of)),
            orders=frozenset() if self.order is None else frozenset((self.order,)),
            currencies=frozenset() if self.currency is None else frozenset((self.currency,)),
        )


def post_invoice(snapshot: Snapshot, command: PostInvoice, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, `FactsRefused` with every fault, and `Again` where it was booked before. What the order
    has no part in is booked too, with a notice and a mark in the record: who owes it must not seem to owe less."""
    account = required_account(snapshot, command.account)
    item = _item(snapshot, command, account, desk)
    posting = Posting(snapshot, desk, "invoice")
    before = account.exposure
    billed = _billed(posting, command, item)
    notices = _notices(command, item, billed, account.currency)
    if billed is None or not billed.is_part:
        item = replace(item, order=None)
    put_item(posting, item, effective_on=item.issued_on)
    if billed is not None:
        item = _set_off_deposits(posting, item, billed.order)
    if command.settled_on is not None:
        item = _settled(posting, item, command, desk)
    after = posting.existing(Account, account.id)
    shown: dict[str, Any] = {"invoice": item_shown(item, account.currency), "notices": notices}
    change = LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        id=command.id,
        act="invoice",
        about=item.id,
        account=account.id,
        told=state_told(posting, account.id) | warned(notices),
        rechecks=posting.rechecks,
        shown=shown if billed is None else {**shown, "order": order_shown(billed.order)},
        status=201,
    )
    return helped(posting, change) if after.exposure < before or command.settled_on is not None else change


def _billed(posting: Posting, command: PostInvoice, item: OpenItem) -> Billed | None:
    """What the invoice is to its order; None where it names none, or none of this account's: the debt is there all the
    same."""
    order = None if command.order is None else posting.get(Order, command.order)
    if order is None or order.account != command.account:
        return None
    return bill_order(posting, order.id, _part_of_order(order, item))


def _part_of_order(order: Order, item: OpenItem) -> int:
    """What of the order is invoiced, in the account's currency as the order has it: one in its own currency is that
    share of it, at whatever rate it is owed."""
    if item.foreign_amount is None or item.foreign_currency != order.foreign_currency:
        return item.amount
    part, left = own_share(order, item.foreign_amount), order.amount - order.billed
    return left if left < part <= left + ROUNDING else part


def _notices(command: PostInvoice, item: OpenItem, billed: Billed | None, currency: str) -> list[dict[str, Any]]:
    if billed is not None:
        return billing_notices(billed, currency)
    return [] if command.order is None else [unknown_order_notice(command.order, item.amount, currency)]


def _item(snapshot: Snapshot, command: PostInvoice, account: Account, desk: Desk) -> OpenItem:
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    currency = reading.known_currency(command.currency, "currency")
    amount = reading.amount(command.amount, "amount", currency=currency)
    issued_on, due_on = reading.date(command.issued_on, "issued_on"), reading.date(command.due_on, "due_on")
    if due_on < issued_on:
        reading.fault("due_on", "lies before the day of issue", "send the day by which it is to be paid")
    if command.settled_on is not None:
        reading.date(command.settled_on, "settled_on", is_past=True)
    known_on = reading.date(command.known_on, "known_on", or_else=desk.day, is_past=True)
    terms = _terms(reading, command)
    reading.done()
    content = (command.kind.value, account.id, amount, currency, issued_on, due_on, command.order, command.settled_on)
    agreed = tuple(sorted((name, value) for name, value in terms.items() if value is not None))
    refuse_booked(snapshot, command.invoice, digest_of(*content, *agreed))
    _require_interest_of(snapshot, command)
    is_foreign = currency != account.currency
    own = worth(snapshot, desk, amount, currency, account.currency, day=min(issued_on, desk.day), rounded_up=True)
    return OpenItem(
        id=command.invoice,
        account=account.id,
        kind=command.kind,
        issued_on=issued_on,
        due_on=due_on,
        amount=own,
        open_amount=own,
        order=command.order,
        foreign_currency=currency if is_foreign else None,
        foreign_amount=amount if is_foreign else None,
        foreign_open=amount if is_foreign else None,
        record=command.id,
        known_on=known_on,
        digest=digest_of(*content, *agreed),
        **terms,
    )


def _terms(reading: Reading, command: PostInvoice) -> dict[str, Any]:
    """What was agreed of discount and late interest, as fields of an item."""
    discount = reading.rate(command.discount_rate, "discount_rate")
    days = command.discount_days
    if (command.discount_rate is None) != (days is None):
        reading.fault("discount_days", "goes with discount_rate", "send both, or neither")
    elif days is not None and not 0 <= days <= DISCOUNT_DAYS_MAX:
        reading.fault("discount_days", "is no number of days", f"send 0 to {DISCOUNT_DAYS_MAX}")
    if command.interest_of is not None and command.kind is not ItemKind.DEBIT:
        reading.fault("interest_of", "is of a debit alone", 'send "kind": "debit"')
    return {
        "discount_rate": discount,
        "discount_days": days,
        "daily_interest_rate": reading.rate(command.daily_interest_rate, "daily_interest_rate"),
        "interest_of": command.interest_of,
    }


def _require_interest_of(snapshot: Snapshot, command: PostInvoice) -> None:
    if command.interest_of is None:
        return
    invoice = snapshot.get(OpenItem, command.interest_of)
    if invoice is None or invoice.account != command.account or invoice.kind is not ItemKind.INVOICE:
        raise CommandRefused(
            "unknown-invoice",
            f"account {command.account} has no invoice {command.interest_of}; nothing was booked",
            invoices=[command.interest_of],
        )


def _set_off_deposits(posting: Posting, item: OpenItem, order: Order) -> OpenItem:
    """What was received for the order pays its invoice."""
    deposits = [
        each
        for each in posting.snapshot.of_account(OpenItem, order.account)
        if each.kind is ItemKind.DEPOSIT and each.order == order.id and each.state is ItemState.OPEN
    ]
    for deposit in sorted(deposits, key=lambda each: (each.issued_on, each.id)):
        now = posting.get(OpenItem, item.id)
        if now is not None and now.open_amount:
            SettingOff(posting, deposit, max(deposit.issued_on, item.issued_on)).against(now)
    return posting.existing(OpenItem, item.id)


def _settled(posting: Posting, item: OpenItem, command: PostInvoice, desk: Desk) -> OpenItem:
    reading = Reading(desk.engine.vocabulary, "EUR", desk.day)
    day = reading.date(command.settled_on, "settled_on")
    settled = replace(
        item,
        open_amount=0,
        paid_before=item.open_amount,
        foreign_open=None if item.foreign_open is None else 0,
        state=ItemState.SETTLED,
        settled_on=day,
    )
    put_item(posting, settled, effective_on=day)
    return settled
