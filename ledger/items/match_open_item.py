"""One row of another system's list of open items: what is open there is made to be open here.

An item that the ledger doesn't know is booked as an invoice of what is open of it. Of one that it knows, less on the
list is a payment, and more is a debit of its own, since a booked amount is never changed:

    list 7,000.00, ledger 12,000.00   a payment `I-1 paid 2026-07-01` of 5,000.00
    list 9,000.00, ledger 7,000.00    a debit `I-1 more 2026-07-01` of 2,000.00, which counts to I-1 from now on
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.ledger_state import required_account, state_told
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.item import OWED, ItemKind, ItemState, OpenItem
from ledger.items.post_invoice import PostInvoice, post_invoice
from ledger.items.post_payment import PostPayment, Reference, post_payment

_TIMES = ("", " (2)", " (3)", " (4)")
"""How often one item may change on one day."""


_CREDIT_HINT = (
    "a credit on the list is booked as a credit note (POST /v1/credit-notes), or imported as a payment with its amount "
    "above zero; what it has paid is less on the list"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchOpenItem:
    """What is open of one item on a day."""

    invoice: str
    account: str
    open_amount: str
    """0.00: it was paid."""

    due_on: str | None = None
    """Only of one that the ledger doesn't know must it be said."""

    issued_on: str | None = None
    """None: the day on which it is due."""

    currency: str | None = None
    on: str | None = None
    """The day of the list; None: today."""

    debits: tuple[str, ...] = ()
    """Debits that were booked for it before."""

    asker: Asker
    id: str
    """Of the record."""

    @property
    def wants(self) -> Wants:
        """The account, the item, what was booked for it before, and what would be booked now."""
        account = frozenset((self.account,))
        new = (*_names(self.invoice, "paid", self.on), *_names(self.invoice, "more", self.on))
        return Wants(accounts=account, histories=account, items=frozenset((self.invoice, *self.debits, *new)))


def match_open_item(snapshot: Snapshot, command: MatchOpenItem, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault."""
    account = required_account(snapshot, command.account)
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    listed = reading.amount(command.open_amount, "open_amount", least=0, negative_hint=_CREDIT_HINT)
    on = reading.date(command.on, "on", or_else=desk.day, is_past=True)
    reading.known_currency(command.currency, "currency")
    reading.done()
    if command.currency not in (None, account.currency):
        raise CommandRefused(
            "currency-not-kept",
            f"a list of open items is in the account's currency, {account.currency}; post items in others one by one",
            currency=account.currency,
        )
    known = snapshot.get(OpenItem, command.invoice)
    if known is None:
        return _booked(snapshot, command, desk, on) if listed else _nothing(snapshot, command, desk)
    if known.account != account.id or known.kind not in OWED:
        raise CommandRefused(
            "already-booked-differently", f"the number {known.id} is another account's, or no invoice", booked=None
        )
    parts = [known, *_debits(snapshot, command, on)]
    ours = sum(each.open_amount for each in parts)
    money = decimal_formatter(MINOR_UNITS[account.currency])
    if listed < ours:
        return _paid(snapshot, command, desk, parts, money(ours - listed), on)
    if listed > ours:
        return _more(snapshot, command, desk, money(listed - ours), on, known)
    return _nothing(snapshot, command, desk)


def debits_of(invoice: str, ids: list[str]) -> tuple[str, ...]:
    """Those of these numbers that debits of an invoice were given."""
    return tuple(each for each in ids if each.startswith(f"{invoice} more "))


def _names(invoice: str, word: str, on: str | None) -> list[str]:
    return [f"{invoice} {word} {on}{times}" for times in _TIMES]


def _free(snapshot: Snapshot, command: MatchOpenItem, word: str, on: int) -> str:
    for name in _names(command.invoice, word, date_of(on).isoformat()):
        if snapshot.get(OpenItem, name) is None:
            return name
    raise CommandRefused(
        "already-booked-differently", f"{command.invoice} has changed too often on {date_of(on)}", booked=None
    )


def _debits(snapshot: Snapshot, command: MatchOpenItem, on: int) -> list[OpenItem]:
    """What was booked for it by that day: a list knows nothing of what came later."""
    start = f"{command.invoice} more "
    return [
        each
        for each in snapshot.of_account(OpenItem, command.account)
        if each.id.startswith(start) and each.state is ItemState.OPEN and (each.known_on or 0) <= on
    ]


def _booked(snapshot: Snapshot, command: MatchOpenItem, desk: Desk, on: int) -> LedgerChange:
    due_on = command.due_on or ""
    issued_on = command.issued_on or min(due_on, date_of(on).isoformat())
    invoice = PostInvoice(
        invoice=command.invoice,
        account=command.account,
        amount=command.open_amount,
        issued_on=issued_on,
        due_on=due_on,
        known_on=date_of(on).isoformat(),
        asker=command.asker,
        id=command.id,
    )
    return post_invoice(snapshot, invoice, desk)


def _paid(
    snapshot: Snapshot, command: MatchOpenItem, desk: Desk, parts: list[OpenItem], amount: str, on: int
) -> LedgerChange:
    payment = PostPayment(
        payment=_free(snapshot, command, "paid", on),
        account=command.account,
        amount=amount,
        effective_on=date_of(on).isoformat(),
        references=tuple(Reference(invoice=each.id) for each in parts if each.open_amount),
        asker=command.asker,
        id=command.id,
    )
    return post_payment(snapshot, payment, desk)


def _more(
    snapshot: Snapshot, command: MatchOpenItem, desk: Desk, amount: str, on: int, known: OpenItem
) -> LedgerChange:
    due_on = date_of(known.due_on).isoformat() if command.due_on is None else command.due_on
    debit = PostInvoice(
        invoice=_free(snapshot, command, "more", on),
        account=command.account,
        amount=amount,
        issued_on=min(due_on, date_of(on).isoformat()),
        due_on=due_on,
        kind=ItemKind.DEBIT,
        known_on=date_of(on).isoformat(),
        asker=command.asker,
        id=command.id,
    )
    return post_invoice(snapshot, debit, desk)


def _nothing(snapshot: Snapshot, command: MatchOpenItem, desk: Desk) -> LedgerChange:
    from ledger.credit.command_posting import Posting

    return LedgerChange(
        act="open-item",
        about=command.invoice,
        account=command.account,
        told=state_told(Posting(snapshot, desk, "open-item"), command.account),
    )
