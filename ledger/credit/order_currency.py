"""An order in another currency than its account's: what it is worth there, and when that is worked out again.

It counts with what it was worth on the day on which it was decided, rounded up, and keeps that until it is decided
again. Once something of it has gone, its rate stays. What is delivered and invoiced in its own currency is that share
of it.

    10,000.00 USD at 0.80 EUR   →   8,000.00 EUR are reserved; decided again at 1.00 EUR, 10,000.00 EUR are
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.vocabulary.binding import FactsRefused, Fault
from engine.vocabulary.currencies import MINOR_UNITS, not_a_currency
from engine.vocabulary.decimals import decimal_formatter
from engine.vocabulary.vocabulary import Vocabulary
from ledger.credit.account import Account
from ledger.credit.change import CommandRefused, Desk
from ledger.credit.exchange import last_rate, no_rate, rate_on, worth
from ledger.credit.order import Order
from ledger.credit.profile import money_facts
from ledger.credit.snapshot import Snapshot

ROUNDING = 100
"""Minor units of the account's currency by which parts of an order may come to more than the whole: each part of it is
rounded up."""


def asked_currency(currency: str | None, account: Account) -> str:
    """The currency that an order's amounts are asked in. Raises `FactsRefused`."""
    if currency is None:
        return account.currency
    if currency not in MINOR_UNITS:
        raise FactsRefused([Fault("currency", *not_a_currency(currency))])
    return currency


def worth_today(snapshot: Snapshot, desk: Desk, amount: int, of: str, into: str) -> int:
    """What is owed, in another currency: by today's rates, or by the last ones that there were, on which nothing is
    approved (`rate_missing`). Raises `CommandRefused` (`no-rate`) where there never was one."""
    if of == into:
        return amount
    try:
        return worth(snapshot, desk, amount, of, into, day=desk.day, rounded_up=True)
    except CommandRefused:
        exact = amount * _last_price(snapshot, desk, of) / _last_price(snapshot, desk, into)
        exact *= Fraction(10) ** (MINOR_UNITS[into] - MINOR_UNITS[of])
        return -int(-exact // 1)


def rate_missing(snapshot: Snapshot, order: Order, desk: Desk) -> str | None:
    """The currency that has no rate new enough to decide the order by; None: none is missing."""
    own = desk.engine.vocabulary.currency
    for currency in (order.foreign_currency, order.currency):
        if currency not in (None, own) and rate_on(snapshot, desk, currency, desk.day) is None:
            return currency
    return None


def revalued(snapshot: Snapshot, order: Order, desk: Desk) -> Order:
    """The order with what it is worth today, where it is in another currency and nothing of it has gone."""
    has_gone = order.delivered or order.billed or order.lapsed
    if order.foreign_currency is None or order.foreign_amount is None or has_gone:
        return order
    amount = worth_today(snapshot, desk, order.foreign_amount, order.foreign_currency, order.currency)
    return replace(order, amount=amount)


def own_share(order: Order, amount: int) -> int:
    """What an amount in the order's own currency is of it in the account's, rounded up."""
    if order.foreign_amount is None:
        return amount
    return -(-amount * order.amount // order.foreign_amount)


def asked_of_account(order: Order, vocabulary: Vocabulary) -> Mapping[str, Any]:
    """The order's facts as its caller gave them, with amounts in the account's currency."""
    if order.foreign_currency is None:
        return order.asked
    digits = MINOR_UNITS[order.foreign_currency]
    money = decimal_formatter(MINOR_UNITS[order.currency])
    amounts = money_facts(vocabulary, "order")
    return {
        name: money(own_share(order, int(Decimal(str(value)).scaleb(digits))))
        if f"order.{name}" in amounts and isinstance(value, str)
        else value
        for name, value in order.asked.items()
    }


def _last_price(snapshot: Snapshot, desk: Desk, currency: str) -> Fraction:
    if currency == desk.engine.vocabulary.currency:
        return Fraction(1)
    rate = last_rate(snapshot, desk, currency)
    if rate is None:
        raise no_rate(desk, currency, desk.day)
    return Fraction(rate.value, 10**rate.scale)
