"""What one euro is roughly worth in each currency: 1, 2 or 5 times a power of ten. Leaf: data.

For a first set of policies only, whose figures somebody looks through: with one round factor 10,000 euros become
2,000,000 yen, every amount of the shipped tests keeps its place beside every threshold, and no minor unit is lost.
Orders of magnitude of 2026; nothing is ever converted by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

_CODES_BY_FACTOR = {
    "0.5": "BHD KWD OMR",
    "1": "BMD BSD CHF EUR FKP GBP GIP JOD KYD PAB SHP USD",
    "2": "AUD AWG AZN BAM BBD BND BZD CAD FJD GEL NZD SGD TOP XCD XCG",
    "5": "AED BRL BYN ILS LYD MYR PEN PGK PLN QAR RON SAR TMT TND WST",
    "10": "BOB CNY DKK GHS GTQ HKD MAD MOP NOK SBD SEK SVC TJS TTD",
    "20": "BWP CUP CZK ERN HNL LSL MDL MVR MXN NAD SCR SLE STN SZL ZAR ZMW ZWG",
    "50": "DOP EGP MKD MRU MUR NIO PHP SRD THB TRY TWD UAH UYU",
    "100": "AFN ALL BDT BTN CVE GMD INR ISK KGS MZN RSD RUB VUV XPF",
    "200": "DJF DZD ETB GYD HTG JMD JPY KES LRD NPR VED VES YER",
    "500": "AMD CRC HUF KMF KZT LKR PKR SDG SOS XAF XOF",
    "1000": "AOA CLP KPW",
    "2000": "ARS CDF IQD KRW MMK MWK NGN RWF TZS",
    "5000": "BIF COP KHR MGA MNT SSP UGX",
    "10000": "GNF PYG SYP UZS",
    "20000": "IDR LAK VND",
    "50000": "IRR",
    "100000": "LBP",
}

ROUND_FACTORS: Mapping[str, Decimal] = MappingProxyType(
    {code: Decimal(factor) for factor, codes in _CODES_BY_FACTOR.items() for code in codes.split()}
)
"""By the currency's code: 200 for JPY."""
