"""An order is held, rejected, cancelled or closed by somebody: nothing is decided, what it reserved is free again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.judging import in_state, order_change, set_hold, wanted_order
from ledger.credit.moves import Move, require_legal
from ledger.credit.order import NOT_OVER, Hold, HoldKind, Order, OrderState, Release, ReleaseState
from ledger.credit.snapshot import Snapshot, Wants

CANCELLED = "cancel"
"""Who lifted the hold of an order that was cancelled, whoever that was: reopened, it is as held as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stop:
    order: str
    asker: Asker
    reason: str | None = None

    @property
    def wants(self) -> Wants:
        """The order."""
        return Wants(orders=frozenset((self.order,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOrder(_Stop):
    """Somebody wants an order to wait that could go; only somebody lets it go again, by a release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(_Stop):
    """Somebody wants a held order not to go; it lifts by nothing, and only the desk takes it up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(_Stop):
    """The customer, or whoever entered it, wants it no more. That somebody holds it is not forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(_Stop):
    """Nothing more of it is delivered."""


def hold_order(snapshot: Snapshot, command: HoldOrder, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`."""
    order = wanted_order(snapshot, command.order)
    require_legal(Move.HOLD, order)
    posting = Posting(snapshot, desk, "hold")
    refused = refused_own(order, command.asker, "held")
    if refused is not None:
        return order_change(posting, order, None, refused=refused, is_refusal=True)
    held = replace(in_state(order, OrderState.HELD), stopped_by=command.asker.login)
    posting.put_order(held)
    set_hold(posting, held, None, "hold", HoldKind.MANUAL)
    return order_change(posting, held, None)


def reject(snapshot: Snapshot, command: Reject, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`. What was delivered of it stays delivered."""
    order = wanted_order(snapshot, command.order)
    require_legal(Move.REJECT, order)
    posting = Posting(snapshot, desk, "reject")
    refused = refused_own(order, command.asker, "rejected")
    if refused is not None:
        return order_change(posting, order, None, refused=refused, is_refusal=True)
    return _over(posting, replace(order, stopped_by=command.asker.login), OrderState.REJECTED, command.asker)


def cancel(snapshot: Snapshot, command: Cancel, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`. It is closed where something of it has gone."""
    order = wanted_order(snapshot, command.order)
    require_legal(Move.CANCEL, order)
    has_gone = order.delivered + order.billed > 0
    state = OrderState.CLOSED if has_gone else OrderState.CANCELLED
    return _over(Posting(snapshot, desk, "cancel"), _lapsed(order), state, command.asker)


def close(snapshot: Snapshot, command: Close, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`."""
    order = wanted_order(snapshot, command.order)
    require_legal(Move.CLOSE, order)
    return _over(Posting(snapshot, desk, "close"), _lapsed(order), OrderState.CLOSED, command.asker)


def refused_own(order: Order, asker: Asker, done: str) -> CommandRefused | None:
    """Who entered, changed or reopened an order judges no order of their own."""
    if asker.login is None or asker.login not in (order.entered_by, *order.touched_by):
        return None
    did = "entered" if asker.login == order.entered_by else "changed or reopened"
    return CommandRefused(
        "own-order", f"{asker.login} {did} the order {order.id} and can't have it {done}; somebody else may"
    )


def end_releases(posting: Posting, order: Order) -> None:
    """None counts any more, or waits for anybody."""
    for release in posting.snapshot.of_order(Release, order.id):
        if release.state in NOT_OVER:
            posting.put(replace(release, state=ReleaseState.ENDED))


def _lapsed(order: Order) -> Order:
    return replace(order, lapsed=order.lapsed + order.undelivered)


def _over(posting: Posting, order: Order, state: OrderState, asker: Asker) -> LedgerChange:
    over = in_state(order, state)
    posting.put_order(over)
    by = CANCELLED if state is OrderState.CANCELLED else asker.login or posting.cause
    set_hold(posting, over, None, by)
    end_releases(posting, over)
    return order_change(posting, over, None)


def was_cancelled_while_held(posting: Posting, order: Order) -> bool:
    """Whether the order's last hold ended by nothing but that it was cancelled; it counts once, for who reopens it."""
    holds = posting.snapshot.of_order(Hold, order.id)
    last = max(holds, key=lambda each: each.number, default=None)
    if last is None or last.lifted_by != CANCELLED:
        return False
    posting.put(replace(last, lifted_by=posting.cause))
    return True
