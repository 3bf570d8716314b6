"""Amounts up to 10^15 units, in currencies with no, two and three decimals: every form computes them to the last digit.

10^15 dinars are 10^18 minor units, which 64 bits just hold; products, sums and differences of them are beyond. Python
integers have no bound, so that whatever wraps, rounds or fails in SQL or in the Rete network differs from them here.
"""

from __future__ import annotations

import random
from datetime import date
from fractions import Fraction

import pytest

from engine.pipeline import Engine, load
from engine.ruleset.ruleset import ENGINE_DISAGREEMENT
from engine.vocabulary.binding import FactsRefused, Value
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import day_number
from engine.vocabulary.vocabulary import MONEY_UNITS_MAX, TOTAL_MAX, money_max
from tests.support.large import how_many
from tests.support.policy_files import whole_set
from tests.support.sql_against_engine import compare, on_duckdb

DAY = date(2026, 7, 15)
FACTS = """currency: {currency}
facts:
  account.a: {{type: money, title: {{en: A, zh: 甲}}}}
  account.b: {{type: money, title: {{en: B, zh: 乙}}}}
  account.book: {{type: money, total: true, title: {{en: Book, zh: 总额}}}}
  account.share: {{type: rate, title: {{en: Share, zh: 比例}}}}
  account.factor: {{type: number, title: {{en: Factor, zh: 系数}}}}
  account.wait: {{type: days, title: {{en: Wait, zh: 天数}}}}
  account.items: {{type: list, of: {{amount: money}}, at_most: 10000, title: {{en: Items, zh: 明细}}}}
"""
POLICY = """policy: p
title: {en: P, zh: 策略}
decides: account
parameters:
  tolerance: {type: rate, value: 0.05}
  cap: {type: money, value: 999999999999999}
values:
  sum: account.a + account.b + account.book
  difference: account.a - account.b
  of_rate: account.a * account.share
  of_number: account.a * account.factor
  of_days: account.a * account.share * account.wait
  ratio: account.a / account.b
  ratio_of_totals: account.book / account.a
  part: account.a / 7
  per_number: account.a / account.factor
  with_tolerance: account.b * (1 + tolerance)
  difference_of_rate: (account.a - account.b) * account.share
  thousands: round half up(account.a, -3)
  cut: round down(account.b, 0)
  up: round up(of_rate, -6)
  least: min(account.a, account.b, account.book)
  greatest: max(account.a * 2, account.b, cap)
  all_items: sum(account.items.amount)
  late_items: sum(account.items[amount > cap].amount) * account.share
  mean_item: mean(account.items.amount)
  rest: modulo(account.a, account.b)
rules:
  above: {when: account.a + account.b > account.book * (1 + tolerance), then: review, reason: {en: A, zh: A}}
  equal: {when: account.a = account.b, then: review, reason: {en: "{account.a}", zh: "{account.a}"}}
  most: {when: account.a >= 1000000000000000, then: review, reason: {en: "{account.a}", zh: "{account.a}"}}
  share: {when: account.a / account.b > 1.5, then: review, reason: {en: "{ratio}", zh: "{ratio}"}}
  list: {when: all_items > account.book, then: review, reason: {en: "{all_items}", zh: "{all_items}"}}
"""
CURRENCIES = ("JPY", "EUR", "KWD")


def engine_in(currency: str) -> Engine:
    loaded = load(whole_set({"p": POLICY}, FACTS.format(currency=currency)))
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


def amounts(chance: random.Random, most: int) -> int | None:
    """Near the ends, near halves and ties, and anywhere."""
    near = chance.choice((most, most, most // 2, 10**15, 10**17, 2**31, 1000, 0))
    value = min(max(near + chance.choice((0, 0, 1, -1, -5, -500, 10**6)), 0), most)
    value = chance.choice((value, value, chance.randint(0, most)))
    return None if chance.random() < 0.05 else value * chance.choice((1, 1, -1))


def case(chance: random.Random, engine: Engine, names: tuple[str, ...]) -> tuple[Value, ...]:
    most = money_max(engine.vocabulary.currency_digits)
    items: list[tuple[int | None]] = [(amounts(chance, most),) for _ in range(chance.choice((0, 1, 3, 40)))]
    known: dict[str, Value] = {
        "account.id": "C-1",
        "account.a": amounts(chance, most),
        "account.b": amounts(chance, most),
        "account.book": amounts(chance, TOTAL_MAX),
        "account.share": chance.choice((0, 1, 50_000, 333_333, 999_999, 10**6)),
        "account.factor": chance.choice((0, 1, 1_000_001, -(10**12), 10**12, 1_500_000)),
        "account.wait": chance.choice((0, 1, 365, 100_000, -100_000)),
        "account.items": chance.choice((None, tuple(items), tuple(item for item in items if item != (None,)))),
    }
    return tuple(known.get(name) for name in names)


@pytest.mark.parametrize("currency", CURRENCIES)
def test_sql_computes_large_amounts_as_python_does(currency: str) -> None:
    engine, chance = engine_in(currency), random.Random(5)
    ruleset = engine.ruleset("account", DAY)
    names = tuple(fact.name for fact in ruleset.facts)
    cases = [(case(chance, engine, names), day_number(DAY)) for _ in range(how_many(200, large=5_000))]
    assert compare(ruleset, cases, "duckdb", on_duckdb) == len(cases)


def shown(value: Fraction, scale: int) -> str:
    rounded = round(value * 10**scale)  # half to even
    sign, digits = "-" if rounded < 0 else "", str(abs(rounded)).rjust(scale + 1, "0")
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else f"{sign}{digits}"


@pytest.mark.parametrize("currency", CURRENCIES)
def test_a_decision_computes_large_amounts_exactly(currency: str) -> None:
    """Against fractions: whatever Python's own form did wrong, SQL could do as well."""
    engine, chance, scale = engine_in(currency), random.Random(7), MINOR_UNITS[currency]
    for _ in range(how_many(30, large=1_000)):
        a, b = (chance.choice((1, -1)) * (money_max(scale) - chance.choice((0, 1, 2, 500))) for _ in range(2))
        book, share = TOTAL_MAX - chance.randint(0, 9), chance.randint(0, 10**6)
        money = {name: shown(Fraction(value, 10**scale), scale) for name, value in (("a", a), ("b", b), ("book", book))}
        items = [{"amount": money["a"]}] * chance.choice((1, 1_000))
        sent = {"id": "C-1", **money, "share": shown(Fraction(share, 10**6), 6), "factor": "-1000000", "items": items}
        decision = engine.decide("account", {"account": sent}, DAY, "-")
        assert all(reason.rule != ENGINE_DISAGREEMENT for reason in decision.reasons)
        unit, worked_out = 10**scale, decision.results["p"]
        expected = {
            "sum": Fraction(a + b + book, unit),
            "difference": Fraction(a - b, unit),
            "of_rate": Fraction(a * share, unit * 10**6),
            "of_number": Fraction(-a * 10**6, unit),
            "part": Fraction(a, unit * 7),
            "all_items": Fraction(a * len(items), unit),
        }
        assert {name: worked_out[name] for name in expected} == {
            name: shown(value, scale) for name, value in expected.items()
        }
        assert worked_out["ratio"] == shown(round(Fraction(a, b), 12), 6).rstrip("0").rstrip(".")


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize(("name", "most"), [("a", None), ("book", TOTAL_MAX)])
def test_the_largest_amount_is_taken_and_one_minor_unit_more_is_refused(
    currency: str, name: str, most: int | None
) -> None:
    engine, scale = engine_in(currency), MINOR_UNITS[currency]
    most = money_max(scale) if most is None else most
    for sign in (1, -1):
        sent = shown(Fraction(sign * most, 10**scale), scale)
        decision = engine.decide("account", {"account": {"id": "C-1", name: sent, "b": "0"}}, DAY, "-")
        assert decision.results["p"]["sum"] is None
        with pytest.raises(FactsRefused, match=rf"account.{name}: is out of range \(expected between -"):
            beyond = shown(Fraction(sign * (most + 1), 10**scale), scale)
            engine.decide("account", {"account": {"id": "C-1", name: beyond}}, DAY, "-")


def test_minor_units_of_every_currency_fit_into_64_bits() -> None:
    assert max(money_max(digits) for digits in MINOR_UNITS.values()) <= TOTAL_MAX < 2**63
    assert MONEY_UNITS_MAX == 10**15
