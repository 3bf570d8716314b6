"""The currencies in which invoices are written, with the decimals of their amounts. Leaf: data and look-ups.

Source: ISO 4217:2015, list one, as SIX publishes it for ISO, of 2026-01-01 (when the euro replaced the Bulgarian lev).
The decimals are the standard's minor units, not those that a country's shops show: an amount in Serbian dinars (RSD)
has 2. Left out are the codes of the same list that stand for no money in people's hands: funds and units of account
(`CLF`, `XDR`), metals (`XAU`), tests (`XTS`) and no currency (`XXX`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from engine.diagnostics.nearest import nearest
from engine.diagnostics.wording import clipped

_CODES_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP
        CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES
        KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
        NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
        TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
        """,
    3: "BHD IQD JOD KWD LYD OMR TND",
}

MINOR_UNITS: Mapping[str, int] = MappingProxyType(
    {code: decimals for decimals, codes in _CODES_BY_DECIMALS.items() for code in codes.split()}
)
"""Decimals of an amount by the currency's code: 2 for EUR, 0 for JPY, 3 for KWD."""

NO_MONEY = frozenset(
    ("BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW", "XAD", "XAG", "XAU", "XBA", "XBB", "XBC", "XBD")
    + ("XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX")
)
"""Codes of the same list for funds, units of account, metals, tests and no currency."""

_MEANT = {
    "RMB": "CNY",
    "YUAN": "CNY",
    "CNH": "CNY",
    "NTD": "TWD",
    "STG": "GBP",
    "UKP": "GBP",
    "YEN": "JPY",
    "SFR": "CHF",
    "EURO": "EUR",
    "HRK": "EUR",
    "BGN": "EUR",
    "ANG": "XCG",
    "RUR": "RUB",
    "SLL": "SLE",
    "ZWL": "ZWG",
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "¥": "CNY",
    "元": "CNY",
    "US$": "USD",
    "USDOLLAR": "USD",
    "DOLLAR": "USD",
    "A$": "AUD",
    "C$": "CAD",
    "HK$": "HKD",
    "NT$": "TWD",
    "S$": "SGD",
    "R$": "BRL",
    "CN¥": "CNY",
    "JP¥": "JPY",
    "POUND": "GBP",
    **dict.fromkeys(("ATS", "BEF", "CYP", "DEM", "EEK", "ESP", "FIM", "FRF", "GRD", "IEP"), "EUR"),
    **dict.fromkeys(("ITL", "LTL", "LUF", "LVL", "MTL", "NLG", "PTE", "SIT", "SKK"), "EUR"),
}
"""Signs, names, and codes of currencies that have been replaced."""


def currency_meant(written: str) -> str | None:
    """The code that somebody most likely meant who wrote another one for it: `eur`, `RMB`, `€`, or the code of a
    currency that has been replaced; None where nothing is known of it."""
    word = unicodedata.normalize("NFKC", written).strip().upper()
    return word if word in MINOR_UNITS else _MEANT.get(word)


def not_a_currency(written: str) -> tuple[str, str]:
    """What is said of a text that is no currency's code, and what to write instead. Blank: it is no text at all."""
    quoted = f"`{clipped(written)}`" if written else "this"
    if written in NO_MONEY:
        return f"{quoted} is no money but a fund, a metal or a test", "write the code of the currency of all amounts"
    meant = currency_meant(written) or (nearest(written.strip().upper(), MINOR_UNITS) if len(written) > 2 else None)
    hint = f"did you mean `{meant}`?" if meant else "write its ISO 4217 code, such as `EUR` or `CNY`"
    return f"{quoted} is not a currency", hint
