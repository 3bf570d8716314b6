"""Goods of an order leave, come back, or are invoiced.

Before they leave the order is decided once more, at the checkpoint `delivery`: how long its approval counts there, the
policies say. What doesn't pass stays, and the order takes the state of that decision, so that somebody sees it among
the held ones and can let it go.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.credit.asked_order import asked_positive
from ledger.credit.change import Asker, CommandRefused, Desk, Judged, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.judging import in_state, judge, order_change, set_hold, take_decision, wanted_order
from ledger.credit.moves import Move, legal_moves, require_legal
from ledger.credit.numbered_delivery import NumberedDelivery
from ledger.credit.order import LIVE, STATE_OF_OUTCOME, Order, OrderCheckpoint, OrderState
from ledger.credit.order_currency import ROUNDING, own_share, revalued
from ledger.credit.shown import money_shown
from ledger.credit.snapshot import Snapshot, Wants
from ledger.credit.stop import end_releases


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Goods of this worth leave."""

    order: str
    amount: object
    """As it was sent: decimal text in the order's own currency."""

    is_final: bool
    """What is left of the order is not delivered any more."""

    delivery: str | None = None
    """Its number, which no other delivery or return of the order may use; None: it is done each time it is asked."""

    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The order, with what left and came back under a number."""
        return Wants(orders=frozenset((self.order,)), deliveries=frozenset((self.order,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeliver:
    """Goods that were delivered and not invoiced came back."""

    order: str
    amount: object
    """As it was sent."""

    is_again: bool
    """They are to be delivered again; otherwise that part of the order lapses."""

    reason: str
    """Why, as it is recorded."""

    delivery: str | None = None
    """Its number, which no other delivery or return of the order may use; None: it is done each time it is asked."""

    asker: Asker
    id: str
    """Of the record."""

    @property
    def wants(self) -> Wants:
        """The order, with what left and came back under a number."""
        return Wants(orders=frozenset((self.order,)), deliveries=frozenset((self.order,)))


def deliver(snapshot: Snapshot, command: Deliver, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `Again` where a delivery of this number was done. What the decision stops is a
    change with `refused`, and may be sent again under its number."""
    order = revalued(snapshot, wanted_order(snapshot, command.order), desk)
    asked = _asked(command, order, desk)
    amount = _part(order, asked, order.undelivered)
    numbered = NumberedDelivery(
        id=command.delivery, is_return=False, asked={"amount": asked, "final": command.is_final}
    )
    numbered.refuse_known(snapshot, order)
    if order.state is OrderState.CONDITIONAL:
        raise CommandRefused(
            "conditions-open",
            f"the order {order.id} goes out once its conditions are met; the decision {order.decision} names them",
        )
    require_legal(Move.DELIVER, order)
    if amount > order.undelivered:
        left = money_shown(order.undelivered, order.currency)
        raise CommandRefused(
            "over-delivery",
            f"{left} of the order {order.id} is not delivered, not {money_shown(amount, order.currency)}; "
            "change the order to the larger amount first",
            undelivered=left,
        )
    judged = judge(snapshot, order, desk, OrderCheckpoint.DELIVERY, command.id)
    posting = Posting(snapshot, desk, "deliver")
    if STATE_OF_OUTCOME[judged.decision.outcome] is not OrderState.APPROVED:
        return _stopped(posting, order, judged)
    gone = replace(
        order,
        delivered=order.delivered + amount,
        lapsed=order.lapsed + (order.undelivered - amount if command.is_final else 0),
        decision=judged.decision.id,
        outcome=judged.decision.outcome,
    )
    gone = in_state(gone, OrderState.CLOSED if command.is_final else OrderState.APPROVED)
    posting.put_order(gone)
    numbered.keep(posting, gone, command.id)
    return order_change(posting, gone, judged)


def undeliver(snapshot: Snapshot, command: Undeliver, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `Again` where a return of this number was done. Nothing is decided: what comes back
    lessens what is owed, or counts as it did."""
    order = wanted_order(snapshot, command.order)
    asked = _asked(command, order, desk)
    amount = _part(order, asked, order.delivered)
    numbered = NumberedDelivery(id=command.delivery, is_return=True, asked={"amount": asked, "again": command.is_again})
    numbered.refuse_known(snapshot, order)
    require_legal(Move.UNDELIVER, order)
    if amount > order.delivered:
        delivered = money_shown(order.delivered, order.currency)
        raise CommandRefused(
            "more-than-delivered",
            f"{delivered} of the order {order.id} is delivered and not invoiced; what is invoiced takes a credit note",
            delivered=delivered,
        )
    if command.is_again and order.state not in LIVE:
        raise CommandRefused(
            "illegal-move",
            f"the order {order.id} is {order.state}, so nothing of it is delivered again; leave out `again`",
            state=order.state.value,
            legal_moves=legal_moves(order),
        )
    posting = Posting(snapshot, desk, "undeliver")
    back = replace(
        order,
        delivered=order.delivered - amount,
        lapsed=order.lapsed + (0 if command.is_again else amount),
    )
    back = _closed_if_done(posting, in_state(back, order.state))
    posting.put_order(back)
    numbered.keep(posting, back, command.id)
    return replace(order_change(posting, back, None), id=command.id)


def _asked(command: Deliver | Undeliver, order: Order, desk: Desk) -> int:
    """In minor units of the order's own currency."""
    currency = order.foreign_currency or order.currency
    return asked_positive(command.amount, "amount", currency, desk.engine.vocabulary)


def _part(order: Order, asked: int, most: int) -> int:
    """What that is in the account's currency: never more than there is for want of rounding."""
    amount = own_share(order, asked)
    return most if order.foreign_amount is not None and most < amount <= most + ROUNDING else amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """What an invoice was to its order; amounts in minor units of the account."""

    order: Order
    """As it is now."""

    state: OrderState
    """In which it was."""

    unchecked: int
    """How much of the invoice never went through the checkpoint `delivery`."""

    beyond: int
    """How much of that is more than the whole order: the account owes it, and the order has no part in it."""

    is_part: bool
    """Whether the order has any part in the invoice."""


def bill_order(posting: Posting, number: str, amount: int) -> Billed | None:
    """The order after an invoice over this amount, in minor units of its account. None: there is no such order.

    A debt is a debt in any state of the order: what was delivered is invoiced first, then what is not yet delivered,
    with what of it is reserved, then what lapsed and has gone after all. It is closed once all of it is invoiced, and
    where something is invoiced of an order that was cancelled.

    The invoice itself, and what it adds to the account's open items, is the caller's; all of it stands in `posting`.
    """
    order = posting.get(Order, number)
    if order is None:
        return None
    delivered = min(order.delivered, amount)
    direct = min(order.undelivered, amount - delivered)
    lapsed = min(order.lapsed, amount - delivered - direct)
    told = Billed(
        order=order,
        state=order.state,
        unchecked=amount - delivered,
        beyond=amount - delivered - direct - lapsed,
        is_part=delivered + direct + lapsed > 0,
    )
    if not told.is_part:
        return told
    billed = replace(
        order,
        delivered=order.delivered - delivered,
        lapsed=order.lapsed - lapsed,
        billed=order.billed + delivered + direct + lapsed,
    )
    billed = _closed_if_billed(posting, in_state(billed, order.state))
    posting.put_order(billed)
    return replace(told, order=billed)


def _closed_if_billed(posting: Posting, order: Order) -> Order:
    """A cancelled order of which something has gone is closed, and a rejected one of which nothing is left."""
    is_over = order.state is OrderState.REJECTED and not order.undelivered
    if order.state is OrderState.CANCELLED or is_over:
        return in_state(order, OrderState.CLOSED)
    return _closed_if_done(posting, order)


def _closed_if_done(posting: Posting, order: Order) -> Order:
    """Nothing is left to go out or to be invoiced."""
    if order.state not in LIVE or order.undelivered or order.delivered:
        return order
    closed = in_state(order, OrderState.CLOSED)
    set_hold(posting, closed, None, posting.cause)
    end_releases(posting, closed)
    return closed


def _stopped(posting: Posting, order: Order, judged: Judged) -> LedgerChange:
    order = take_decision(posting, order, judged, "deliver", renews=False)
    if order.state is OrderState.CONDITIONAL:
        code, why = "conditions-open", "its conditions are not met any more"
    else:
        code, why = "held-at-delivery", f"it is {order.state}"
    rules = ", ".join(each.rule for each in judged.decision.reasons if not each.waived)
    refused = CommandRefused(
        code,
        f"the order {order.id} was decided again before delivery and {why}: {rules}",
        decision=judged.decision.as_json(),
    )
    return order_change(posting, order, judged, refused=refused)
