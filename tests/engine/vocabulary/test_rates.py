"""Dated exchange rates: which of them counts, what it makes of an amount, and which can't be read."""

from __future__ import annotations

import random
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal

import pytest

from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import day_number
from engine.vocabulary.rates import CurrencyRefused, Denomination, Rate, Rates, read_rates
from engine.vocabulary.vocabulary import TOTAL_MAX, money_max
from tests.support.large import how_many

DAY = day_number(date(2026, 7, 15))


def usd(days_before: int, value: int = 9215) -> Rate:
    return Rate("USD", DAY - days_before, value, 4)


def test_an_amount_is_multiplied_and_rounded_once() -> None:
    """Against decimals of 80 digits."""
    chance, exact = random.Random(3), Context(prec=80)
    for _ in range(how_many(500, large=50_000)):
        currency, own_digits = chance.choice(("USD", "JPY", "KWD")), chance.choice((0, 2, 3))
        rate = Rate(
            currency, DAY, chance.choice((1, 5, 25, 10**15 - 1, chance.randint(1, 10**6))), chance.randint(0, 12)
        )
        most = chance.choice((100, money_max(MINOR_UNITS[currency]), TOTAL_MAX))
        amount = chance.randint(-most, most)
        units = Decimal(amount).scaleb(-MINOR_UNITS[currency], exact)
        worth = exact.multiply(units, Decimal(rate.value).scaleb(-rate.scale, exact))
        expected = worth.quantize(Decimal(1).scaleb(-own_digits), ROUND_HALF_EVEN, exact).scaleb(own_digits, exact)
        assert rate.converted(amount, own_digits) == expected


@pytest.mark.parametrize(("amount", "converted"), [(50, 0), (150, 2), (250, 2), (-50, 0), (-150, -2), (149, 1)])
def test_a_half_goes_to_the_even_minor_unit(amount: int, converted: int) -> None:
    assert Rate("USD", DAY, 1, 2).converted(amount, 2) == converted


@pytest.mark.parametrize(
    ("ages", "days", "chosen"),
    [
        ((0,), 0, 0),
        ((1,), 0, "is more than 0 days older than 2026-07-15"),
        ((7,), 7, 7),
        ((8,), 7, "its newest rate, of 2026-07-07, is more than 7 days older than 2026-07-15"),
        ((30, 3, 5), 7, 3),
        ((-1, 2), 7, 2),
        ((-1,), 7, "all its rates are of days after 2026-07-15"),
        ((), 7, "is another currency than EUR, in which these policies decide (convert"),
    ],
)
def test_the_newest_rate_counts_that_is_neither_later_nor_too_old(
    ages: tuple[int, ...], days: int, chosen: int | str
) -> None:
    money = Denomination("EUR", Rates(map(usd, ages)), DAY, days)
    if isinstance(chosen, int):
        assert money.rate_for("USD") == usd(chosen)
        return
    with pytest.raises(CurrencyRefused) as refused:
        money.rate_for("USD")
    assert chosen in str(refused.value)


@pytest.mark.parametrize("own", sorted(MINOR_UNITS))
def test_every_currency_is_its_own_and_no_other(own: str) -> None:
    money = Denomination(own, Rates(), DAY, 7)
    assert money.rate_for(own) is None
    for other in ("eur", "Euro", "XXX", "XDR", "XAU", "", "  ", f" {own}", *({"USD", "EUR"} - {own})):
        with pytest.raises(CurrencyRefused):
            money.rate_for(other)


def one(**changed: object) -> dict[str, object]:
    return {"currency": "USD", "date": "2026-07-14", "rate": "0.9215"} | changed


@pytest.mark.parametrize("rate", ["0.9215", "0.92150000000000000", "1", 1, "1250", "0.000000000001", "999999999999999"])
def test_a_rate_is_read_digit_by_digit(rate: object) -> None:
    read = read_rates([one(rate=rate)], "EUR").newest("USD", DAY)
    assert read is not None and Decimal(read.as_json()["rate"]) == Decimal(str(rate))


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ({}, "rates: is not a list of rates"),
        ("USD", "rates: is not a list of rates"),
        ([one()] * 1001, "rates: holds 1,001 rates, more than 1,000"),
        (["USD"], "rates[1]: is not an object"),
        ([one(), one(currency="usd")], "rates[2].currency: `usd` is not a currency (did you mean `USD`?)"),
        ([one(currency="XAU")], "rates[1].currency: `XAU` is no money"),
        ([one(currency="EUR")], "rates[1].currency: is EUR, in which these policies decide"),
        ([one(currency=None)], "rates[1].currency: this is not a currency"),
        ([one(date="14.07.2026")], "rates[1].date: is not a date"),
        ([one(date="2026-02-30")], "rates[1].date: is not a date"),
        ([one(rate=0.9215)], "rates[1].rate: is not a plain decimal number"),
        ([one(rate="-1")], "rates[1].rate: is not a plain decimal number"),
        ([one(rate="1e3")], "rates[1].rate: is not a plain decimal number"),
        ([one(rate=True)], "rates[1].rate: is not a plain decimal number"),
        ([one(rate="0")], "rates[1].rate: is 0"),
        ([one(rate="0.0000000000001")], "rates[1].rate: has too many digits"),
        ([one(rate="1234567890.1234567")], "rates[1].rate: has too many digits"),
        ([one(rate="1" * 5000)], "rates[1].rate: has too many digits"),
        ([one(quote="EUR")], "rates[1].quote: is nothing that a rate has"),
        ([one(), one(rate="0.93")], "rates[2]: is a second rate of USD for 2026-07-14"),
    ],
)
def test_what_is_no_rate_is_refused_with_its_place(raw: object, fault: str) -> None:
    with pytest.raises(FactsRefused) as refused:
        read_rates(raw, "EUR")
    assert str(refused.value.faults[0]).startswith(fault)
    assert len(str(refused.value)) < 500


def test_the_same_rate_twice_is_one() -> None:
    assert read_rates([one(), one(rate="0.92150")], "EUR").currencies == ("USD",)
