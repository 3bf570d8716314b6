"""What an invoice says, read by its account's currency: minor units and days, or everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from engine.vocabulary.binding import FactsRefused, value_reader
from engine.vocabulary.conversion import foreign
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.vocabulary import Kind, Vocabulary
from ledger.credit.amounts import Reading
from ledger.items.booked import digest_of
from ledger.items.item import ItemKind

REMEMBERED = 4_096
"""Days of a file that are read once; a hostile file must not fill the memory."""


class WrittenInvoice(Protocol):
    """An invoice with amount and days as its caller wrote them: `ledger.items.post_invoice.PostInvoice`."""

    @property
    def account(self) -> str: ...
    @property
    def amount(self) -> str: ...
    @property
    def issued_on(self) -> str: ...
    @property
    def due_on(self) -> str: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def kind(self) -> ItemKind: ...
    @property
    def order(self) -> str | None: ...
    @property
    def settled_on(self) -> str | None: ...
    @property
    def known_on(self) -> str | None: ...


class InvoiceTerms(NamedTuple):
    """The same as numbers. A tuple, since a file has millions."""

    currency: str
    amount: int
    """Minor units of that currency, above zero."""

    issued_on: int
    due_on: int
    settled_on: int | None
    known_on: int
    digest: str
    """Of what is booked: the same number with the same digest is the same item."""


def read_terms(command: WrittenInvoice, own_currency: str, vocabulary: Vocabulary, day: int) -> InvoiceTerms:
    """`own_currency`: the account's; `day`: the business date. Raises `FactsRefused` with every fault."""
    reading = Reading(vocabulary, own_currency, day)
    currency = reading.known_currency(command.currency, "currency")
    amount = reading.amount(command.amount, "amount", currency=currency)
    issued_on, due_on = reading.date(command.issued_on, "issued_on"), reading.date(command.due_on, "due_on")
    if due_on < issued_on:
        reading.fault("due_on", "lies before the day of issue", "send the day by which it is to be paid")
    settled_on = None
    if command.settled_on is not None:
        settled_on = reading.date(command.settled_on, "settled_on", is_past=True)
    known_on = reading.date(command.known_on, "known_on", or_else=day, is_past=True)
    reading.done()
    digest = _digest(command, amount, currency, issued_on, due_on)
    return InvoiceTerms(currency, amount, issued_on, due_on, settled_on, known_on, digest)


def _digest(command: WrittenInvoice, amount: int, currency: str, issued_on: int, due_on: int) -> str:
    return digest_of(
        command.kind.value,
        command.account,
        amount,
        currency,
        issued_on,
        due_on,
        command.order,
        command.settled_on,
    )


class TermsReader:
    """Reads many invoices as `read_terms` does, with readers that are made once and days that are read once. Whatever
    isn't plainly right is read again by `read_terms`, which has the words for what is wrong with it."""

    def __init__(self, vocabulary: Vocabulary, day: int) -> None:
        """`day`: the business date."""
        self._vocabulary, self._day = vocabulary, day
        self._days: dict[str, int] = {}
        self._amounts: dict[str, Callable[[Any], Any]] = {}
        self._date = value_reader(vocabulary.type_named(Kind.DATE), "day")

    def __call__(self, command: WrittenInvoice, own_currency: str) -> InvoiceTerms:
        """Raises `FactsRefused` with every fault."""
        currency = own_currency if command.currency is None else command.currency
        days, raw_issued, raw_due, raw_settled = self._days, command.issued_on, command.due_on, command.settled_on
        try:
            amount = (self._amounts.get(currency) or self._amount_reader(currency))(command.amount)
            issued_on = days.get(raw_issued) or self._read_day(raw_issued)
            due_on = days.get(raw_due) or self._read_day(raw_due)
            settled_on = None if raw_settled is None else days.get(raw_settled) or self._read_day(raw_settled)
        except (FactsRefused, KeyError):
            return read_terms(command, own_currency, self._vocabulary, self._day)
        is_plain = (type(amount) is int and amount > 0 and issued_on <= due_on and command.known_on is None) and (
            settled_on is None or settled_on <= self._day
        )
        if not is_plain:
            return read_terms(command, own_currency, self._vocabulary, self._day)
        digest = _digest(command, amount, currency, issued_on, due_on)
        return InvoiceTerms(currency, amount, issued_on, due_on, settled_on, self._day, digest)

    def _amount_reader(self, currency: str) -> Callable[[Any], Any]:
        """Raises `KeyError` for no currency."""
        if currency not in MINOR_UNITS:
            raise KeyError(currency)
        read = value_reader(foreign(self._vocabulary.type_named(Kind.MONEY), currency), "amount")
        self._amounts[currency] = read
        return read

    def _read_day(self, raw: str) -> int:
        """Raises `FactsRefused`, and `KeyError` where it says nothing."""
        value = self._date(raw)
        if not isinstance(value, int):
            raise KeyError(raw)
        if len(self._days) < REMEMBERED:
            self._days[raw] = value
        return value
