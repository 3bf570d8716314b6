"""What an invoice says that bills more than what was let go: the debt is booked, and somebody must know of it.

The goods have left, whatever the order's state: without the debt the account would seem to owe less than it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.credit.deliver import Billed
from ledger.credit.order import OrderState
from ledger.credit.shown import money_shown

UNKNOWN_ORDER = "unknown-order"
BEYOND_ORDER = "beyond-order"

_OVER = (
    "order-over",
    "{amount} {currency} is invoiced of the order {order}, which is {state}; find out who let the goods go.",
    "订单 {order} 当前状态为 {state}，却已开票 {amount} {currency}，请查明放货原因。",
)
_TEXTS: Mapping[OrderState, tuple[str, str, str]] = {
    OrderState.APPROVED: (
        "not-delivered",
        "{amount} {currency} is invoiced of the order {order} that was not delivered here; report deliveries before "
        "the goods leave, so that they are checked.",
        "订单 {order} 有 {amount} {currency} 未经发货检查即已开票；请在发货前登记发货。",
    ),
    OrderState.CONDITIONAL: (
        "order-conditional",
        "{amount} {currency} is invoiced of the order {order}, whose conditions are not met.",
        "订单 {order} 的放行条件尚未满足，却已开票 {amount} {currency}。",
    ),
    OrderState.HELD: (
        "order-held",
        "{amount} {currency} is invoiced of the order {order}, which is held; find out who let the goods go.",
        "订单 {order} 处于冻结状态，却已开票 {amount} {currency}，请查明放货原因。",
    ),
    OrderState.REJECTED: _OVER,
    OrderState.CANCELLED: _OVER,
    OrderState.CLOSED: _OVER,
}
"""Code and words by the state in which the order was."""

_BEYOND = (
    BEYOND_ORDER,
    "{amount} {currency} is more than the whole order {order}; the account owes it without an order.",
    "{amount} {currency} 超出订单 {order} 的总额，作为无订单欠款记入账户。",
)
_UNKNOWN = (
    UNKNOWN_ORDER,
    "The account has no order {order}; it owes {amount} {currency} without an order.",
    "该账户没有订单 {order}；{amount} {currency} 作为无订单欠款记入。",
)


def billing_notices(billed: Billed, currency: str) -> list[dict[str, Any]]:
    """Of what never went through the checkpoint `delivery`, and of what is more than the order; empty where all of the
    invoice was delivered."""
    found = []
    if billed.unchecked:
        found.append(_notice(_TEXTS[billed.state], billed.unchecked, currency, billed.order.id, billed.state.value))
    if billed.beyond:
        found.append(_notice(_BEYOND, billed.beyond, currency, billed.order.id))
    return found


def unknown_order_notice(order: str, amount: int, currency: str) -> dict[str, Any]:
    """The order that an invoice names isn't the account's."""
    return _notice(_UNKNOWN, amount, currency, order)


def warned(notices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the record of the invoice is marked with, to be found by whoever watches; empty where nothing is wrong."""
    return {"early_warning": [each["code"] for each in notices]} if notices else {}


def _notice(words: tuple[str, str, str], amount: int, currency: str, order: str, state: str = "") -> dict[str, Any]:
    code, english, chinese = words
    told = {"amount": money_shown(amount, currency), "currency": currency, "order": order, "state": state}
    return {
        "code": code,
        "amount": told["amount"],
        "text": {"en": english.format(**told), "zh": chinese.format(**told)},
    }
