"""A deposit is booked: received for an order, and set off against its invoice once there is one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import helped, required_account, state_told
from ledger.credit.order import LIVE, Order
from ledger.credit.readable import SENT_AS
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.booked import digest_of, item_shown, refuse_booked
from ledger.items.item import ItemKind
from ledger.items.keeping import put_item
from ledger.items.post_payment import received


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDeposit:
    """One deposit, with amount and day as its caller wrote them."""

    deposit: str = field(metadata={SENT_AS: "id"})
    """Its number, which no other item may use."""

    account: str
    order: str
    amount: str
    effective_on: str | None = None
    """The day from which it counts, not after today; None: today."""

    currency: str | None = None
    asker: Asker
    id: str
    """Of the record."""

    @property
    def wants(self) -> Wants:
        """The account, its order, and the number wherever it was used."""
        return Wants(
            accounts=frozenset((self.account,)),
            histories=frozenset((self.account,)),
            items=frozenset((self.deposit,)),
            orders=frozenset((self.order,)),
            currencies=frozenset() if self.currency is None else frozenset((self.currency,)),
        )


def post_deposit(snapshot: Snapshot, command: PostDeposit, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, `FactsRefused` with every fault, and `Again` where it was booked before."""
    account = required_account(snapshot, command.account)
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    currency = reading.known_currency(command.currency, "currency")
    amount = reading.amount(command.amount, "amount", currency=currency)
    day = reading.date(command.effective_on, "effective_on", or_else=desk.day, is_past=True)
    reading.done()
    digest = digest_of("deposit", account.id, command.order, amount, currency, day)
    refuse_booked(snapshot, command.deposit, digest)
    _require_order(snapshot, command)
    money = received(snapshot, desk, command.deposit, account, amount, currency, day)
    item = replace(money, kind=ItemKind.DEPOSIT, order=command.order, record=command.id, digest=digest)
    posting = Posting(snapshot, desk, "deposit")
    put_item(posting, item, effective_on=day)
    change = LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        id=command.id,
        act="deposit",
        about=item.id,
        account=account.id,
        told=state_told(posting, account.id),
        shown={"deposit": item_shown(item, account.currency)},
        status=201,
    )
    return helped(posting, change)


def _require_order(snapshot: Snapshot, command: PostDeposit) -> None:
    order = snapshot.get(Order, command.order)
    if order is None or order.account != command.account:
        raise CommandRefused(
            "unknown-order", f"account {command.account} has no order {command.order}", order=command.order
        )
    if order.state not in LIVE and not order.delivered:
        raise CommandRefused(
            "illegal-move",
            f"order {order.id} is {order.state}, and nothing of it waits for an invoice: book the money as a payment",
            state=order.state.value,
            legal_moves=[],
        )
