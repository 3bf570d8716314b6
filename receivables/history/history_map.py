"""A history map: which columns of an invoice history mean what, and what is assumed of every account.

`history_map_file.read_history_map` reads one from YAML, `history_file.read_history` takes it to read a history. Such a
history knows when people paid and nothing else. What order policies need beside that stands in the map, one fact a
line, each with the reason why it may be assumed; docs/backtest.md has an example.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.diagnostics.diagnostic import Place
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import DATE, TEXT, YES_NO, Kind, Type
from files.maps.row_map import Column, MapFormula
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
"""The columns that a history may have, by the names that maps give them, with the types of their cells."""

COLUMNS_REQUIRED = ("invoice", "customer", "issued", "due", "settled", "amount")
"""Those that every map must name; in a row only `settled` may be empty."""

ORDER_FACTS = ("order.id", "order.amount", "order.payment_days", "account.id")
"""The facts of an order that its invoice gives."""

ACCOUNT_FACTS = tuple(f"account.{name}" for name in AccountFacts._fields)
"""The facts of an account that follow from its invoices, in the order of the fields of `AccountFacts`."""

DISPUTED_AMOUNT = "account.disputed_amount"
"""Follows from a history only where that says since when an invoice is disputed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """A fact that is taken to hold for every order of the history."""

    name: str
    """The fact, such as `account.status`."""
    value: str | int | bool | None
    """The fact as a request carries it; None where `as_of` holds."""
    as_of: bool
    """Whether the fact is a date and means the day of the order."""
    because: Text
    """Why it may be assumed; the report prints it."""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryMap:
    """How the rows of a history are read, and what is assumed beside them."""

    name: str
    place: Place
    title: Text
    """What reports call the history."""
    currency: str
    """ISO 4217 code of the amounts; they are compared with the policies' amounts one to one, whatever their
    currency."""
    columns: tuple[Column, ...]
    """Named `history.issued` and so on; every one of `COLUMNS_REQUIRED` is among them or has a formula."""
    assumptions: tuple[Assumption, ...]
    helpers: tuple[Column, ...] = ()
    """Columns that formulas read as `row.name`, without being one of `COLUMNS`."""
    formulas: tuple[MapFormula, ...] = ()
    """Of the columns that are worked out from others, in an order in which each reads only those before it."""
    skip_lines: int = 0
    """Lines of a CSV file above its heading."""

    @property
    def facts_from_history(self) -> tuple[str, ...]:
        """The facts that follow from the history itself, by name: those of the order and of its account. They may not
        be assumed, too."""
        return tuple(name for name in (*ORDER_FACTS, *ACCOUNT_FACTS) if name != DISPUTED_AMOUNT or self.dates_disputes)

    @property
    def dates_disputes(self) -> bool:
        """Whether the history says since when an invoice is disputed."""
        named = {column.name for column in self.columns} | {formula.name for formula in self.formulas}
        return f"{HISTORY}.disputed_on" in named
