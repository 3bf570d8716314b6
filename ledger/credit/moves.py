"""Which move is legal in which state of an order. Data: an illegal one is refused with the legal ones named."""

from __future__ import annotations

from enum import StrEnum

from ledger.credit.change import CommandRefused
from ledger.credit.order import Order, OrderState


class Move(StrEnum):
    """What can be done with an order that is there."""

    CHANGE = "change"
    RECHECK = "recheck"
    LIFT = "lift"
    RELEASE = "release"
    HOLD = "hold"
    REJECT = "reject"
    CANCEL = "cancel"
    REOPEN = "reopen"
    DELIVER = "deliver"
    UNDELIVER = "undeliver"
    BILL = "bill"
    CLOSE = "close"


_A, _C, _H = OrderState.APPROVED, OrderState.CONDITIONAL, OrderState.HELD
_ANY = frozenset(OrderState)

FROM: dict[Move, frozenset[OrderState]] = {
    Move.CHANGE: frozenset((_A, _C, _H)),
    Move.RECHECK: frozenset((_C, _H)),
    Move.LIFT: frozenset((_C, _H)),
    Move.RELEASE: frozenset((_H,)),
    Move.HOLD: frozenset((_A, _C)),
    Move.REJECT: frozenset((_H,)),
    Move.CANCEL: frozenset((_A, _C, _H)),
    Move.REOPEN: frozenset((OrderState.REJECTED, OrderState.CANCELLED)),
    Move.DELIVER: frozenset((_A,)),
    Move.UNDELIVER: _ANY,
    Move.BILL: _ANY,
    Move.CLOSE: frozenset((_A, _C, _H)),
}
"""By the state alone; `legal_moves` looks at the amounts as well. An invoice is never refused (`bill_order`): it is
listed where it bills what is delivered, or may go."""

_BY_ITSELF = frozenset((Move.LIFT,))
"""Moves that nobody asks for."""


_PAST = {
    Move.CHANGE: "changed",
    Move.RECHECK: "rechecked",
    Move.LIFT: "lifted",
    Move.RELEASE: "released",
    Move.HOLD: "held",
    Move.REJECT: "rejected",
    Move.CANCEL: "cancelled",
    Move.REOPEN: "reopened",
    Move.DELIVER: "delivered",
    Move.UNDELIVER: "taken back",
    Move.BILL: "invoiced",
    Move.CLOSE: "closed",
}
"""How a refusal says what can't be done."""


def legal_moves(order: Order) -> list[str]:
    """What can be done with it now, in the order of `Move`."""
    return [move.value for move in Move if move not in _BY_ITSELF and _is_legal(move, order)]


def require_legal(move: Move, order: Order) -> None:
    """Raises `CommandRefused` (`illegal-move`) with the state and the legal moves."""
    if not _is_legal(move, order):
        legal = legal_moves(order)
        told = ", ".join(legal) if legal else "nothing"
        raise CommandRefused(
            "illegal-move",
            f"order {order.id} is {order.state}: it can't be {_PAST[move]}; possible are: {told}",
            state=order.state.value,
            legal_moves=legal,
        )


def _is_legal(move: Move, order: Order) -> bool:
    if order.state not in FROM[move]:
        return False
    if move is Move.UNDELIVER:
        return order.delivered > 0
    if move is Move.BILL:
        return order.delivered > 0 or (order.undelivered > 0 and order.state in (_A, _C))
    if move is Move.DELIVER:
        return order.undelivered > 0
    return True
