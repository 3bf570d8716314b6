"""How a backtest's numbers are written: amounts in the currency's decimals, shares in percent, days as dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from engine.facts import decimal_shower
from engine.vocabulary import EPOCH

UNKNOWN = "–"
_EPOCH_ORDINAL = EPOCH.toordinal()


@dataclass(frozen=True, slots=True)
class Numbers:
    digits: int
    language: str

    def money(self, amount: int) -> str:
        return decimal_shower(self.digits, grouped=True)(amount)

    def money_axis(self) -> Callable[[float], str]:
        """For charts of amounts in minor units: whole currency units."""
        unit = 10**self.digits
        return lambda amount: f"{amount / unit:,.0f}"

    def percent(self, share: Fraction | None) -> str:
        return UNKNOWN if share is None else f"{rounded(share * 100, 1)}%"

    def times(self, factor: Fraction | None) -> str:
        return UNKNOWN if factor is None else f"{rounded(factor, 2)}"

    def days(self, days: Fraction | None) -> str:
        return UNKNOWN if days is None else f"{rounded(days, 1)}"

    def day(self, day: int) -> str:
        return iso_day(day)


def percent_axis(share: float) -> str:
    return f"{share * 100:.3g}%"


def rounded(value: Fraction, decimals: int) -> Decimal:
    """Half to even, exactly."""
    scaled = round(value * 10**decimals)
    return Decimal(scaled).scaleb(-decimals).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)


def iso_day(day: int) -> str:
    return date.fromordinal(day + _EPOCH_ORDINAL).isoformat()
