"""A history map: which columns of an invoice history mean what, and what is assumed of every account.

Noun that `read_history_map` gives and `read_history` takes. An invoice history knows when people paid and nothing else;
what order policies want to know beside that stands here, one fact a line, each with the reason why it may be assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.diagnostics.diagnostic import Place
from engine.vocabulary.vocabulary import DATE, TEXT, YES_NO, Kind, Text, Type
from files.maps.row_map import Column
from receivables.account_facts import AccountFacts

HISTORY = "history"
"""The group under which the columns stand: `history.issued`."""

COLUMNS: Mapping[str, Type] = {
    "invoice": TEXT,
    "customer": TEXT,
    "issued": DATE,
    "due": DATE,
    "settled": DATE,
    "amount": Type(Kind.MONEY),
    "currency": TEXT,
    "disputed": YES_NO,
    "disputed_on": DATE,
}
COLUMNS_REQUIRED = ("invoice", "customer", "issued", "due", "settled", "amount")

ORDER_FACTS = ("order.id", "order.amount", "order.payment_days", "account.id")
ACCOUNT_FACTS = tuple(f"account.{name}" for name in AccountFacts._fields)
DISPUTED_AMOUNT = "account.disputed_amount"
"""Told by a history only where it says since when an invoice is disputed."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """`value` is the fact as a request carries it; `as_of` holds where it is the day of the order instead."""

    name: str
    value: str | int | bool | None
    as_of: bool
    because: Text
    place: Place


@dataclass(frozen=True, slots=True)
class HistoryMap:
    name: str
    place: Place
    title: Text
    currency: str
    columns: tuple[Column, ...]
    assumptions: tuple[Assumption, ...]

    @property
    def facts_from_history(self) -> tuple[str, ...]:
        """The facts that follow from the history itself, by name: those of the order and of its account. They may not
        be assumed, too."""
        return tuple(name for name in (*ORDER_FACTS, *ACCOUNT_FACTS) if name != DISPUTED_AMOUNT or self.dates_disputes)

    @property
    def dates_disputes(self) -> bool:
        return any(column.name == f"{HISTORY}.disputed_on" for column in self.columns)
