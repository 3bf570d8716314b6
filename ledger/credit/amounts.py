"""Amounts, days and numbers of a command as its caller wrote them: read as facts are, or every fault of them."""

from __future__ import annotations

from typing import Any

from engine.vocabulary.binding import FactsRefused, Fault, value_reader
from engine.vocabulary.conversion import foreign
from engine.vocabulary.currencies import MINOR_UNITS, not_a_currency
from engine.vocabulary.days import date_of
from engine.vocabulary.vocabulary import Kind, Type, Vocabulary


class Reading:
    """Reads one value after the other and gathers what is wrong, so that a caller is told all of it at once."""

    def __init__(self, vocabulary: Vocabulary, currency: str, day: int) -> None:
        """`currency`: of the amounts; `day`: the business date."""
        self.vocabulary, self.currency, self.day = vocabulary, currency, day
        self.faults: list[Fault] = []

    def amount(self, raw: Any, path: str, *, least: int = 1, currency: str | None = None) -> int:
        """Minor units; `least` of them at least, so that 1 refuses nothing and less. 0 where it can't be read."""
        money = self.vocabulary.type_named(Kind.MONEY)
        value = self._read(raw, foreign(money, currency or self.currency), path)
        if value is None and not self._has_fault(path):
            self.faults.append(Fault(path, "is missing", 'send it as decimal text, such as "12500.00"'))
        elif isinstance(value, int) and value < least:
            hint = "send what it comes to, as a positive amount"
            self.faults.append(Fault(path, "is negative" if least == 0 else "is not above zero", hint))
        return value if isinstance(value, int) else 0

    def date(self, raw: Any, path: str, *, or_else: int | None = None, is_past: bool = False) -> int:
        """A day. `or_else`: what it is where it is left out; None: it may not be. `is_past`: no day after today."""
        value = self._read(raw, self.vocabulary.type_named(Kind.DATE), path)
        if value is None and not self._has_fault(path):
            if or_else is not None:
                return or_else
            self.faults.append(Fault(path, "is missing", 'send dates as text, such as "2026-07-01"'))
        day = value if isinstance(value, int) else self.day
        if is_past and day > self.day:
            self.faults.append(
                Fault(
                    path, f"lies after today, {date_of(self.day)}", "book it on its day; what is to come is a promise"
                )
            )
        return day

    def rate(self, raw: Any, path: str) -> int | None:
        """A share from 0 to 1, in millionths; None where it is left out."""
        value = None if raw is None else self._read(raw, self.vocabulary.type_named(Kind.RATE), path)
        return value if isinstance(value, int) else None

    def optional_date(self, raw: Any, path: str) -> int | None:
        """A day, or None where it is left out."""
        return None if raw is None else self.date(raw, path)

    def known_currency(self, raw: str | None, path: str) -> str:
        """An ISO 4217 code; that of the amounts where it is left out or none."""
        if raw is None:
            return self.currency
        if raw not in MINOR_UNITS:
            self.faults.append(Fault(path, *not_a_currency(raw)))
            return self.currency
        return raw

    def fault(self, path: str, message: str, hint: str = "") -> None:
        """Something else that is wrong."""
        self.faults.append(Fault(path, message, hint))

    def done(self) -> None:
        """Raises `FactsRefused` where anything was wrong."""
        if self.faults:
            raise FactsRefused(sorted(self.faults, key=lambda fault: fault.path))

    def value(self, raw: Any, type_: Type, path: str) -> Any:
        """A value of any type; None where it is left out or can't be read."""
        return self._read(raw, type_, path)

    def _read(self, raw: Any, type_: Type, path: str) -> Any:
        try:
            return value_reader(type_, path)(raw)
        except FactsRefused as refused:
            self.faults += refused.faults
            return None

    def _has_fault(self, path: str) -> bool:
        return any(fault.path == path for fault in self.faults)
