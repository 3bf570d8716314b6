"""What a total may come to, and what can be kept: one customer's amounts, or a text, never stop another's orders.

A total beyond the bounds of its fact could be told to no policy, and a value that no column holds would take with it
whatever is written in the same transaction. So the command that would make it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any

from engine.vocabulary.conversion import foreign
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.decimals import decimal_formatter
from engine.vocabulary.vocabulary import Type, Vocabulary
from ledger.credit.change import CommandRefused, LedgerChange
from ledger.credit.snapshot import Wants

INT64_MAX = 2**63 - 1
"""The largest number that a column holds, either sign."""

NUL = "\0"
"""The one character that no column of text holds."""


def require_total(vocabulary: Vocabulary, fact: str, owner: str, currency: str, before: int, after: int) -> None:
    """`fact` is the account's fact that the total is, without `account.`; `owner`: whose it is, in words. Raises
    `CommandRefused` (`total-too-large`) where it would leave the fact's bounds."""
    if abs(after) <= abs(before):
        return
    high = total_most(vocabulary, fact, currency)
    if -high <= after <= high:
        return
    most = decimal_formatter(MINOR_UNITS[currency])(high)
    raise CommandRefused(
        "total-too-large",
        f"{owner} would have more than {most} {currency} in `account.{fact}`, the most that can be decided on; check "
        "the amount, or split the customer",
        fact=f"account.{fact}",
    )


def total_most(vocabulary: Vocabulary, fact: str, currency: str) -> int:
    """The most that a total may come to, in minor units of the currency, either sign."""
    return _high(vocabulary.facts[f"account.{fact}"].type, currency)


@lru_cache(maxsize=1_024)
def _high(type_: Type, currency: str) -> int:
    return foreign(type_, currency).high


def require_findable(wants: Wants) -> None:
    """Raises `CommandRefused` (`not-storable`) where a number that is asked for holds the character U+0000, which would
    fail the look-up of all others that are asked for with it."""
    for numbers in _values_of(Wants)(wants):
        _require(numbers, "a number")


def require_storable(change: LedgerChange) -> None:
    """Raises `CommandRefused` (`not-storable`) where a value of it can't be kept: a number beyond 64 bits, or a text
    with the character U+0000."""
    _require((change.about, change.account or "", change.id or ""), "its number")
    for row in change.rows:
        _require(_values_of(type(row))(row), f"a row of {type(row).__name__}")
    for entry in change.entries:
        _require((entry.amount, entry.item, entry.order), "an entry")


def _require(values: Iterable[Any], where: str) -> None:
    for value in values:
        if isinstance(value, int):
            if not -INT64_MAX <= value <= INT64_MAX:
                raise CommandRefused("not-storable", f"{where} would hold a number beyond 64 bits; check the amount")
        elif isinstance(value, str) and NUL in value:
            raise CommandRefused("not-storable", f"{where} would hold a text with the character U+0000; leave it out")


@cache
def _values_of(kind: type[Any]) -> attrgetter[Any]:
    return attrgetter(*(each.name for each in fields(kind)))
