"""A payment is booked: it pays what it names, or what is due first, and the rest stays on account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.decimals import decimal_formatter
from ledger.credit.account import Account
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.exchange import worth
from ledger.credit.ledger_state import helped, required_account, state_told
from ledger.credit.shown import iso, money_shown
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.billing_notices import warned
from ledger.items.booked import allocations_shown, digest_of, item_shown, refuse_booked
from ledger.items.item import OWED, ItemKind, OpenItem
from ledger.items.keeping import put_item
from ledger.items.settling import SettingOff, oldest_due_first

DISCOUNT_LATE = "discount-late"
"""Code of the notice of a discount that was taken too late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An invoice that a payment names."""

    invoice: str
    amount: str | None = None
    """How much of it is paid, in the payment's currency; None: as much as there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPayment:
    """One payment, with amount and day as its caller wrote them."""

    payment: str
    """Its number, which no other item may use."""

    account: str
    amount: str
    effective_on: str | None = None
    """The day from which it counts, not after today; None: today."""

    currency: str | None = None
    """ISO 4217; None: the account's."""

    references: tuple[Reference, ...] = ()
    """What it pays; empty: what is due first."""

    is_on_account: bool = False
    """It pays nothing yet: all of it stays on account."""

    asker: Asker
    id: str
    """Of the record."""

    @property
    def wants(self) -> Wants:
        """The account with what is open and its whole payment record; the number, and what it names."""
        account = frozenset((self.account,))
        return Wants(
            accounts=account,
            histories=account,
            open_items=frozenset() if self.references or self.is_on_account else account,
            items=frozenset((self.payment, *(each.invoice for each in self.references))),
            currencies=frozenset() if self.currency is None else frozenset((self.currency,)),
        )


def post_payment(snapshot: Snapshot, command: PostPayment, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, `FactsRefused` with every fault, and `Again` where it was booked before."""
    account = required_account(snapshot, command.account)
    item, currency, parts = _item(snapshot, command, account, desk)
    debts = named_debts(snapshot, command.references, account.id)
    posting = Posting(snapshot, desk, "payment")
    put_item(posting, item, effective_on=item.issued_on)
    setting_off = SettingOff(posting, item, item.issued_on)
    for debt, part in zip(debts, parts, strict=True):
        most = None if part is None else worth(
            snapshot, desk, part, currency, account.currency, day=item.issued_on, rounded_up=False
        )  # fmt: skip
        setting_off.against_named(posting.existing(OpenItem, debt.id), most)
    if not command.references and not command.is_on_account:
        for debt in oldest_due_first(posting, account.id):
            if not setting_off.left:
                break
            setting_off.against(debt)
    return _change(posting, command, account, setting_off)


def _change(posting: Posting, command: PostPayment, account: Account, setting_off: SettingOff) -> LedgerChange:
    late = discounts_noticed(setting_off, account.currency)
    notices = [*rest_noticed(setting_off, account, expected=command.is_on_account), *late]
    change = LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        id=command.id,
        act="payment",
        about=command.payment,
        account=account.id,
        told=state_told(posting, account.id) | warned(late),
        shown={
            "payment": item_shown(setting_off.credit, account.currency),
            "allocations": allocations_shown(setting_off.made, account.currency),
            "notices": notices,
        },
        status=201,
    )
    return helped(posting, change)


def discounts_noticed(setting_off: SettingOff, currency: str) -> list[dict[str, Any]]:
    """A notice of each invoice that is short by a discount that was taken too late: somebody has to ask for the rest,
    or leave it."""
    found = []
    for debt, terms in setting_off.late_discounts:
        shown_in = debt.foreign_currency or currency
        rest, last = money_shown(terms.open, shown_in), iso(terms.last_day)
        found.append(
            {
                "code": DISCOUNT_LATE,
                "amount": rest,
                "item": debt.id,
                "text": {
                    "en": f"{rest} {shown_in} of {debt.id} stays open: the discount could be taken until {last}.",
                    "zh": f"{debt.id} 仍有 {rest} {shown_in} 未清：现金折扣的截止日为 {last}。",
                },
            }
        )
    return found


def rest_noticed(setting_off: SettingOff, account: Account, *, expected: bool = False) -> list[dict[str, Any]]:
    """A notice of what stays on account, where nobody asked for that."""
    if expected or not setting_off.left:
        return []
    rest = decimal_formatter(MINOR_UNITS[account.currency])(setting_off.left)
    return [
        {
            "code": "on-account",
            "amount": rest,
            "text": {
                "en": f"{rest} {account.currency} pays nothing that is open and stays on account.",
                "zh": f"{rest} {account.currency} 无对应的未清项目，已挂账。",
            },
        }
    ]


def _item(
    snapshot: Snapshot, command: PostPayment, account: Account, desk: Desk
) -> tuple[OpenItem, str, Sequence[int | None]]:
    """The payment before it pays anything, its currency, and how much each reference is to get."""
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    currency = reading.known_currency(command.currency, "currency")
    amount = reading.amount(command.amount, "amount", currency=currency)
    day = reading.date(command.effective_on, "effective_on", or_else=desk.day, is_past=True)
    parts = [
        None if each.amount is None else reading.amount(each.amount, f"references[{number}].amount", currency=currency)
        for number, each in enumerate(command.references, 1)
    ]
    reading.done()
    digest = digest_of(
        "payment", account.id, amount, currency, day, command.is_on_account,
        *([each.invoice, part] for each, part in zip(command.references, parts, strict=True)),
    )  # fmt: skip
    refuse_booked(snapshot, command.payment, digest)
    if sum(part or 0 for part in parts) > amount:
        raise CommandRefused(
            "over-allocated", "the amounts of the references come to more than the payment", amount=command.amount
        )
    item = received(snapshot, desk, command.payment, account, amount, currency, day)
    return replace(item, record=command.id, digest=digest), currency, parts


def received(
    snapshot: Snapshot, desk: Desk, id: str, account: Account, amount: int, currency: str, day: int
) -> OpenItem:
    """Money that came in: open until it is set off. Raises `CommandRefused` where there is no rate."""
    own = worth(snapshot, desk, amount, currency, account.currency, day=day, rounded_up=False)
    is_foreign = currency != account.currency
    return OpenItem(
        id=id,
        account=account.id,
        kind=ItemKind.PAYMENT,
        issued_on=day,
        due_on=day,
        amount=-own,
        open_amount=-own,
        foreign_currency=currency if is_foreign else None,
        foreign_amount=-amount if is_foreign else None,
        foreign_open=-amount if is_foreign else None,
        digest="",
    )


def named_debts(snapshot: Snapshot, references: Sequence[Reference], account: str) -> list[OpenItem]:
    """What an account's payment names. Raises `CommandRefused` (`unknown-invoice`) before anything is booked."""
    found = [snapshot.get(OpenItem, each.invoice) for each in references]
    unknown = [
        each.invoice
        for each, item in zip(references, found, strict=True)
        if item is None or item.account != account or item.kind not in OWED
    ]
    if unknown:
        raise CommandRefused(
            "unknown-invoice",
            f"account {account} has no invoice {', '.join(unknown)}; nothing was booked",
            invoices=unknown,
        )
    return [item for item in found if item is not None]
