"""What an amount in another currency is worth in an account's: owed amounts rounded up, what is received rounded down.

A rate says how much one unit of a currency is worth in the policies' currency, as everywhere in credence. Between two
others it is divided: 100.00 USD on an account in CNY, at 0.80 and 0.125 EUR, are 640.00 CNY.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import date_of
from engine.vocabulary.rates import Rate
from ledger.credit.account import Key
from ledger.credit.change import CommandRefused, Desk
from ledger.credit.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """What one unit of a currency was worth on a day: `value / 10**scale` units of `quote`."""

    currency: str
    quote: str
    """The policies' currency."""

    on: int
    value: int
    scale: int
    source: str | None = None

    @property
    def key(self) -> Key:
        """Both currencies and the day."""
        return (self.currency, self.quote, self.on)


def rate_on(snapshot: Snapshot, desk: Desk, currency: str, day: int) -> Rate | None:
    """The newest rate of a currency that is of this day or earlier, and no older than the policies allow."""
    own, oldest = desk.engine.vocabulary.currency, day - desk.engine.vocabulary.rate_days
    dated = [
        each
        for each in snapshot.all(ExchangeRate)
        if each.currency == currency and each.quote == own and oldest <= each.on <= day
    ]
    newest = max(dated, key=lambda each: each.on, default=None)
    return None if newest is None else Rate(currency, newest.on, newest.value, newest.scale)


def last_rate(snapshot: Snapshot, desk: Desk, currency: str) -> Rate | None:
    """The newest rate of a currency that is known, however old; None where there is none."""
    own = desk.engine.vocabulary.currency
    dated = [each for each in snapshot.all(ExchangeRate) if each.currency == currency and each.quote == own]
    newest = max(dated, key=lambda each: each.on, default=None)
    return None if newest is None else Rate(currency, newest.on, newest.value, newest.scale)


def worth(snapshot: Snapshot, desk: Desk, amount: int, of: str, into: str, *, day: int, rounded_up: bool) -> int:
    """An amount in minor units of one currency in minor units of another. Raises `CommandRefused` (`no-rate`)."""
    if of == into:
        return amount
    ratio = _price(snapshot, desk, of, day) / _price(snapshot, desk, into, day)
    exact = amount * ratio * Fraction(10) ** (MINOR_UNITS[into] - MINOR_UNITS[of])
    return -int(-exact // 1) if rounded_up else int(exact // 1)


def _price(snapshot: Snapshot, desk: Desk, currency: str, day: int) -> Fraction:
    own = desk.engine.vocabulary.currency
    if currency == own:
        return Fraction(1)
    rate = rate_on(snapshot, desk, currency, day)
    if rate is None:
        raise no_rate(desk, currency, day)
    return Fraction(rate.value, 10**rate.scale)


def no_rate(desk: Desk, currency: str, day: int) -> CommandRefused:
    """Why something can't be done that takes a currency's rate of this day."""
    vocabulary = desk.engine.vocabulary
    return CommandRefused(
        "no-rate",
        f"there is no rate of {currency} for {date_of(day)} that is at most {vocabulary.rate_days} days old; send one "
        f"to /v1/rates, or the amount in {vocabulary.currency}",
        currency=currency,
    )
