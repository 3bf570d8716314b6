"""What kinds of values are called in messages, and what helps where two kinds don't go together.

Part of `arithmetic`.
"""

from __future__ import annotations

from engine.vocabulary.vocabulary import Kind

KIND_WORDS = {
    Kind.MONEY: "money",
    Kind.RATE: "a rate",
    Kind.NUMBER: "a number",
    Kind.INTEGER: "a count",
    Kind.DAYS: "days",
    Kind.MONTHS: "months",
    Kind.DATE: "a date",
    Kind.ENUM: "a word",
    Kind.TEXT: "text",
    Kind.PERSON: "a person",
    Kind.YES_NO: "yes/no",
    Kind.LIST: "a list",
}
"""Each kind as it stands in a sentence: "money and days can't be added"."""

_DIMENSIONLESS = {Kind.RATE, Kind.NUMBER, Kind.INTEGER}
_WORDS = {Kind.ENUM, Kind.TEXT, Kind.PERSON}

_UNIT_HINTS: tuple[tuple[Kind, set[Kind], str], ...] = (
    (Kind.MONEY, {Kind.DAYS, Kind.MONTHS, Kind.DATE}, "put amounts with amounts, days with days"),
    (Kind.MONEY, _DIMENSIONLESS, "multiply the rate with an amount, or give the number `type: money`"),
    (Kind.DAYS, _DIMENSIONLESS, 'give a parameter `type: days`, multiply a count by `duration("P1D")`'),
    (Kind.DAYS, {Kind.MONTHS}, "use days, or months, on both sides"),
    (Kind.PERSON, {Kind.TEXT}, "give the text `type: person`, so that both are compared as people are"),
    (Kind.PERSON, {*_DIMENSIONLESS, Kind.MONEY, Kind.DAYS, Kind.MONTHS}, "write a login between quotes"),
    (Kind.PERSON, {Kind.ENUM}, "give the word `type: person`"),
    (Kind.DATE, _WORDS, 'write a date as `date("2026-07-01")`'),
    (Kind.DATE, {Kind.DAYS, *_DIMENSIONLESS}, 'write a date as `date("2026-07-01")`; two dates subtracted give days'),
    (Kind.YES_NO, {*_WORDS, *_DIMENSIONLESS}, "compare yes/no with `true` or `false`"),
    (Kind.ENUM, {*_DIMENSIONLESS, Kind.MONEY, Kind.DAYS, Kind.MONTHS}, "write numbers without quotes, words with them"),
    (Kind.TEXT, {*_DIMENSIONLESS, Kind.MONEY, Kind.DAYS, Kind.MONTHS}, "write numbers without quotes, words with them"),
)
"""Two kinds that meet, one of the first and one of the second, and the hint; the first line that fits counts."""


def unit_hint(kinds: set[Kind]) -> str:
    """What to write instead where values of these kinds meet; empty where nothing in particular helps."""
    for first, others, hint in _UNIT_HINTS:
        if first in kinds and kinds & others:
            return hint
    return ""
