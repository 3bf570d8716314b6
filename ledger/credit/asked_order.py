"""What a caller says of an order, looked at before anything is decided: the facts that are the caller's to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from engine.vocabulary.binding import FactsRefused, Fault, value_reader
from engine.vocabulary.conversion import foreign
from engine.vocabulary.vocabulary import Type, Vocabulary
from ledger.credit.change import CommandRefused
from ledger.credit.facts import DERIVED_OF_ORDER


def asked_amount(asked: Mapping[str, Any], currency: str, vocabulary: Vocabulary) -> int:
    """The order's amount in minor units of this currency. Raises `FactsRefused`, and `CommandRefused`
    (`fact-comes-from-the-ledger`) where a fact is given that only the ledger says."""
    given = sorted((DERIVED_OF_ORDER - {"id"}) & asked.keys())
    if given:
        names = ", ".join(f"order.{each}" for each in given)
        raise CommandRefused(
            "fact-comes-from-the-ledger",
            f"{names}: the ledger knows this itself; leave it out",
            facts=[f"order.{each}" for each in given],
        )
    amount = asked_money(asked.get("amount"), "order.amount", currency, vocabulary)
    if amount < 0:
        hint = "a return is no order here: take back what was delivered (undeliver)"
        raise FactsRefused([Fault("order.amount", "is negative", hint)])
    return amount


def asked_money(given: Any, path: str, currency: str, vocabulary: Vocabulary) -> int:
    """An amount in minor units of this currency. `path`: where it stands in the request. Raises `FactsRefused`."""
    amount = _money_reader(vocabulary.facts["order.amount"].type, currency, path)(given)
    if not isinstance(amount, int):
        raise FactsRefused([Fault(path, "is missing", 'send it as decimal text, such as "12500.00"')])
    return amount


@lru_cache(maxsize=256)
def _money_reader(type_: Type, currency: str, path: str) -> Callable[[Any], Any]:
    """Made once: that takes ten times as long as to read an amount."""
    return value_reader(foreign(type_, currency), path, required=True)


def asked_positive(given: Any, path: str, currency: str, vocabulary: Vocabulary) -> int:
    """The same, above zero."""
    amount = asked_money(given, path, currency, vocabulary)
    if amount <= 0:
        raise FactsRefused([Fault(path, "is not above zero", 'send it as decimal text, such as "12500.00"')])
    return amount
