"""Exchange rates: what an amount in another currency is worth in that of the policies, and as of which day.

A rate says how much one unit of a currency is worth: 0.92 for USD, where policies decide in EUR. Amounts are multiplied
by it and rounded once, half to even, to the minor unit. A decision takes the newest rate that is not of a later day
than its own, and at most as many days old as the site allows; it shows the rate, so that it can be made again.

    currency,date,rate                 Rate("USD", 2026-07-14, 9215, 4)      "1000.00" USD → "921.50" EUR
    USD,2026-07-14,0.9215
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.diagnostics.wording import clipped
from engine.vocabulary.binding import FactsRefused, Fault
from engine.vocabulary.currencies import MINOR_UNITS, not_a_currency
from engine.vocabulary.days import ISO_DATE, date_of, day_number
from engine.vocabulary.decimals import JsonDecimal, decimal_formatter, scaled_integer

RATE_DECIMALS_MAX = 12
"""Decimals of a rate: a rupiah is worth 0.0000187 dinars."""

RATE_DIGITS_MAX = 15
"""Digits of a rate. An amount of 18 digits times one of 15 stays within 38, also where minor units differ by three."""

RATES_MAX = 1_000
"""Rates that a request or a policy test may bring along; a file of rates may hold any number."""

RATES = "rates"
"""What the rates are called that a request or a row brings along."""

KEYS = ("currency", "date", "rate")
"""What is said of a rate, in requests, policy tests and files."""

_NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
_EXAMPLE = '{"currency": "USD", "date": "2026-07-14", "rate": "0.9215"}'


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency was worth on a day: `value / 10**scale` units of the policies' currency."""

    currency: str
    """By its ISO 4217 code."""

    day: int
    """As days since 1970-01-01."""

    value: int
    """Above 0, of at most `RATE_DIGITS_MAX` digits."""

    scale: int
    """At most `RATE_DECIMALS_MAX`."""

    def converted(self, amount: int, own_digits: int) -> int:
        """An amount in minor units of this rate's currency in minor units of the policies', whose amounts have so many
        decimals; rounded half to even."""
        numerator: int = amount * self.value * 10**own_digits
        divisor: int = 10 ** (MINOR_UNITS[self.currency] + self.scale)
        quotient, rest = divmod(numerator, divisor)
        return quotient + (2 * rest + (quotient & 1) > divisor)

    def as_json(self) -> dict[str, str]:
        """As requests and decisions carry it."""
        rate = decimal_formatter(self.scale)(self.value)
        return {"currency": self.currency, "date": date_of(self.day).isoformat(), "rate": rate}


class Rates:
    """Dated rates of any number of currencies, each day's of a currency once."""

    def __init__(self, rates: Iterable[Rate] = ()) -> None:
        by_currency: defaultdict[str, list[Rate]] = defaultdict(list)
        for rate in rates:
            by_currency[rate.currency].append(rate)
        self._rates = {currency: sorted(dated, key=lambda rate: rate.day) for currency, dated in by_currency.items()}

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies of which there is a rate, in order."""
        return tuple(sorted(self._rates))

    def of(self, currency: str) -> tuple[Rate, ...]:
        """All rates of a currency, by day."""
        return tuple(self._rates.get(currency, ()))

    def newest(self, currency: str, day: int) -> Rate | None:
        """The newest rate of a currency that is not of a later day; None where there is none."""
        dated = self._rates.get(currency, [])
        place = bisect_right(dated, day, key=lambda rate: rate.day)
        return dated[place - 1] if place else None


NO_RATES = Rates()


@dataclass(frozen=True, slots=True)
class Denomination:
    """In which currency policies decide, and what they take for amounts in others."""

    currency: str
    """By its ISO 4217 code."""

    rates: Rates
    """What others are worth in it."""

    day: int
    """The day of the decision, as days since 1970-01-01."""

    rate_days: int
    """Days that a rate may be older than that."""

    def rate_for(self, written: str) -> Rate | None:
        """The rate for amounts in a currency as somebody wrote it; None where it is the policies' own. Raises
        `CurrencyRefused` where it is no currency, or has no rate for this day."""
        if written == self.currency:
            return None
        if written not in MINOR_UNITS:
            raise CurrencyRefused(*not_a_currency(written))
        rate, day = self.rates.newest(written, self.day), date_of(self.day)
        if rate is None:
            known = f", and all its rates are of days after {day}" if written in self.rates.currencies else ""
            message = f"is another currency than {self.currency}, in which these policies decide{known}"
            hint = f"convert the amounts, or give a rate of {written}: `rates` in a request, --rates for files"
            raise CurrencyRefused(message, hint)
        if self.day - rate.day > self.rate_days:
            message = f"is another currency than {self.currency}, and its newest rate, of {date_of(rate.day)}, is more"
            raise CurrencyRefused(f"{message} than {self.rate_days} days older than {day}", "give a newer rate")
        return rate


class CurrencyRefused(Exception):
    """Amounts in this currency can't be decided on: the end of a sentence that begins with where it stands, and what to
    do instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} ({hint})")
        self.message = message
        self.hint = hint


def read_rates(raw: object, own: str, path: str = "rates") -> Rates:
    """The rates of a request or a policy test: a list of objects with `KEYS`. `own` is the policies' currency. Raises
    `FactsRefused` with every fault; paths begin with `path`: `rates[2].date`."""
    if raw is None:
        return NO_RATES
    if not isinstance(raw, list | tuple):
        raise FactsRefused([Fault(path, "is not a list of rates", f"send [{_EXAMPLE}]")])
    if len(raw) > RATES_MAX:
        raise FactsRefused([Fault(path, f"holds {len(raw):,} rates, more than {RATES_MAX:,}", "send those needed")])
    return rates_of(((f"{path}[{number}]", each) for number, each in enumerate(raw, 1)), own)


def rates_of(entries: Iterable[tuple[str, object]], own: str) -> Rates:
    """The rates in these entries, each with where it stands. Raises `FactsRefused`, as `read_rates` does."""
    faults: list[Fault] = []
    rates: dict[tuple[str, int], Rate] = {}
    for path, entry in entries:
        rate = _rate(path, entry, own, faults)
        if rate is not None and rates.setdefault((rate.currency, rate.day), rate) != rate:
            faults.append(Fault(path, f"is a second rate of {rate.currency} for {date_of(rate.day)}", "keep one"))
    if faults:
        raise FactsRefused(faults)
    return Rates(rates.values())


def _rate(path: str, entry: object, own: str, faults: list[Fault]) -> Rate | None:
    if not isinstance(entry, Mapping):
        faults.append(Fault(path, "is not an object of `currency`, `date` and `rate`", f"send {_EXAMPLE}"))
        return None
    before = len(faults)
    expected = f"send {', '.join(KEYS)}"
    unknown = [key for key in list(entry)[: len(KEYS) + 1] if key not in KEYS]
    faults += [Fault(f"{path}.{clipped(str(key))}", "is nothing that a rate has", expected) for key in unknown]
    currency = _currency(f"{path}.currency", entry.get("currency"), own, faults)
    day = _day(f"{path}.date", entry.get("date"), faults)
    number = _number(f"{path}.rate", entry.get("rate"), faults)
    return None if len(faults) > before else Rate(currency, day, *number)


def _currency(path: str, raw: object, own: str, faults: list[Fault]) -> str:
    text = raw if isinstance(raw, str) else ""
    if text == own:
        faults.append(Fault(path, f"is {own}, in which these policies decide", "leave it out"))
    elif text not in MINOR_UNITS:
        faults.append(Fault(path, *not_a_currency(text)))
    return text


def _day(path: str, raw: object, faults: list[Fault]) -> int:
    try:
        if isinstance(raw, str) and ISO_DATE.fullmatch(raw):
            return day_number(date.fromisoformat(raw))
    except ValueError:
        pass
    faults.append(Fault(path, "is not a date", 'send dates as text, such as "2026-07-01"'))
    return 0


def _number(path: str, raw: object, faults: list[Fault]) -> tuple[int, int]:
    text = str(raw) if type(raw) in (str, int, JsonDecimal) else ""
    if not _NUMBER.fullmatch(text):
        faults.append(Fault(path, "is not a plain decimal number", 'send rates as text, such as "0.9215"'))
        return 1, 0
    value, scale = scaled_integer(Decimal(text)) if len(text) <= 2 * RATE_DIGITS_MAX else (0, RATE_DECIMALS_MAX + 1)
    if scale > RATE_DECIMALS_MAX or len(str(value)) > RATE_DIGITS_MAX:
        hint = f"round it to {RATE_DIGITS_MAX} digits, {RATE_DECIMALS_MAX} of them decimals at most"
        faults.append(Fault(path, "has too many digits", hint))
    elif value == 0:
        faults.append(Fault(path, "is 0, by which every amount would be nothing", "send what one unit is worth"))
    return value, scale
