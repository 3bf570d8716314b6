"""A credit note is booked: it lowers its invoice, or what is due first, and the rest stays on account."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.credit.account import Account
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import helped, required_account, state_told
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.booked import allocations_shown, digest_of, item_shown, refuse_booked
from ledger.items.item import OWED, ItemKind, OpenItem
from ledger.items.keeping import put_item
from ledger.items.post_payment import received, rest_noticed
from ledger.items.settling import SettingOff, cancel_where_credited_in_full, oldest_due_first


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCreditNote:
    """One credit note, with amount and day as its caller wrote them."""

    credit_note: str
    """Its number, which no other item may use."""

    account: str
    amount: str
    """Positive."""

    issued_on: str
    invoice: str | None = None
    """What it credits; None: what is due first."""

    currency: str | None = None
    is_on_account: bool = False
    asker: Asker
    id: str
    """Of the record."""

    @property
    def wants(self) -> Wants:
        """The account with what is open and its whole payment record; the number, and its invoice."""
        account = frozenset((self.account,))
        named = () if self.invoice is None else (self.invoice,)
        return Wants(
            accounts=account,
            histories=account,
            open_items=frozenset() if named or self.is_on_account else account,
            items=frozenset((self.credit_note, *named)),
            currencies=frozenset() if self.currency is None else frozenset((self.currency,)),
        )


def post_credit_note(snapshot: Snapshot, command: PostCreditNote, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, `FactsRefused` with every fault, and `Again` where it was booked before."""
    account = required_account(snapshot, command.account)
    item = _item(snapshot, command, account, desk)
    invoice = _invoice(snapshot, command)
    posting = Posting(snapshot, desk, "credit-note")
    put_item(posting, item, effective_on=item.issued_on)
    setting_off = SettingOff(posting, item, item.issued_on)
    if invoice is not None:
        setting_off.against(invoice)
        cancel_where_credited_in_full(posting, invoice.id)
    elif not command.is_on_account:
        for debt in oldest_due_first(posting, account.id):
            if not setting_off.left:
                break
            setting_off.against(debt)
            cancel_where_credited_in_full(posting, debt.id)
    change = LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        id=command.id,
        act="credit-note",
        about=item.id,
        account=account.id,
        told=state_told(posting, account.id),
        shown={
            "credit_note": item_shown(setting_off.credit, account.currency),
            "allocations": allocations_shown(setting_off.made, account.currency),
            "notices": rest_noticed(setting_off, account, expected=command.is_on_account),
        },
        status=201,
    )
    return helped(posting, change)


def _item(snapshot: Snapshot, command: PostCreditNote, account: Account, desk: Desk) -> OpenItem:
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    currency = reading.known_currency(command.currency, "currency")
    amount = reading.amount(command.amount, "amount", currency=currency)
    day = reading.date(command.issued_on, "issued_on", is_past=True)
    reading.done()
    digest = digest_of(
        "credit_note", account.id, amount, currency, day, command.invoice, command.is_on_account
    )  # fmt: skip
    refuse_booked(snapshot, command.credit_note, digest)
    item = received(snapshot, desk, command.credit_note, account, amount, currency, day)
    return replace(item, kind=ItemKind.CREDIT_NOTE, record=command.id, digest=digest)


def _invoice(snapshot: Snapshot, command: PostCreditNote) -> OpenItem | None:
    if command.invoice is None:
        return None
    invoice = snapshot.get(OpenItem, command.invoice)
    if invoice is None or invoice.account != command.account or invoice.kind not in OWED:
        raise CommandRefused(
            "unknown-invoice",
            f"account {command.account} has no invoice {command.invoice}; nothing was booked",
            invoices=[command.invoice],
        )
    return invoice
