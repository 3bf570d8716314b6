"""The currencies that a set can be in, held against what Babel brings of Unicode's CLDR."""

from __future__ import annotations

from babel import Locale
from babel.core import get_global

from engine.vocabulary.currencies import MINOR_UNITS, NO_MONEY, currency_meant

SINCE_CLDR = {"BGN"}
"""Replaced by the euro on 2026-01-01, which this CLDR doesn't know yet."""
NOT_IN_SHOPS = {"SVC", "VED"}
"""Of ISO 4217's list, and no longer, or under another code, what a country pays with."""
SHOWN_OTHERWISE = {"AFN", "ALL", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"}
"""CLDR shows these amounts without decimals; the standard's minor units are what ledgers keep."""


def test_every_countrys_currency_is_there_and_no_other() -> None:
    tenders = {
        code
        for currencies in get_global("territory_currencies").values()
        for code, _, end, is_tender in currencies
        if end is None and is_tender
    }
    assert tenders - SINCE_CLDR == MINOR_UNITS.keys() - NOT_IN_SHOPS
    assert MINOR_UNITS.keys() <= set(Locale("en").currencies)
    assert not MINOR_UNITS.keys() & NO_MONEY


def test_the_decimals_are_cldrs_but_where_it_has_what_shops_show() -> None:
    fractions = get_global("currency_fractions")
    shown = {code: fractions.get(code, fractions["DEFAULT"])[0] for code in MINOR_UNITS}
    assert {code for code, decimals in MINOR_UNITS.items() if decimals != shown[code]} == SHOWN_OTHERWISE
    assert {code: MINOR_UNITS[code] for code in ("EUR", "RSD", "JPY", "KWD", "HUF", "ISK")} == {
        "EUR": 2, "RSD": 2, "JPY": 0, "KWD": 3, "HUF": 2, "ISK": 0,
    }  # fmt: skip


def test_what_people_write_for_a_code() -> None:
    meant = {"eur": "EUR", "RMB": "CNY", "€": "EUR", "HRK": "EUR", "BGN": "EUR", "ANG": "XCG"}
    assert {written: currency_meant(written) for written in meant} == meant
    signs = {
        "US$": "USD",
        "hk$": "HKD",
        "＄": "USD",
        "ＥＵＲ": "EUR",
        "DEM": "EUR",
        " usd ": "USD",
        "￥": "CNY",
        "£": "GBP",
    }
    assert {written: currency_meant(written) for written in signs} == signs
    assert currency_meant("XYZ") is None
