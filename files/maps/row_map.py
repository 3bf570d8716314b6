"""A row map: how the columns of a CSV file or the keys of NDJSON rows become the facts of one case kind.

Noun that `read_row_map` gives and `rows` takes. A row only goes through the map to become a request body; what a
fact may hold is still decided by the one gate all facts enter through, `engine.vocabulary.binding`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.diagnostics.diagnostic import Place
from engine.reading.policy import Expression
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Type

ROW = "row"
"""The name under which formulas read helper columns: `row.settled`."""

_TOKENS = {
    "yyyy": "(?P<year>[0-9]{4})",
    "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "dd": "(?P<day>[0-9]{2})",
    "d": "(?P<day>[0-9]{1,2})",
}
_TOKEN = re.compile(r"y+|M+|d+|[^yMd]")
_AMBIGUOUS = re.compile(r"(?<!M)M(?=[yd])|(?<!d)d(?=[yM])")
"""One or two digits with digits right behind them: `1112013` would be two days."""


@dataclass(frozen=True, slots=True)
class DateFormat:
    """How a column writes dates, such as `M/d/yyyy` or `dd.MM.yyyy`. Day, month and year stand for themselves; two
    letters want two digits, one letter takes one or two."""

    spelling: str
    pattern: re.Pattern[str]

    @staticmethod
    def of(spelling: str) -> DateFormat | None:
        """None unless the spelling names day, month and year once each, and no other letter of the alphabet."""
        pieces = _TOKEN.findall(spelling)
        words = [piece for piece in pieces if piece in _TOKENS]
        letters = [piece for piece in pieces if piece.isascii() and piece.isalpha()]
        if sorted(word[0] for word in words) != ["M", "d", "y"] or words != letters or _AMBIGUOUS.search(spelling):
            return None
        regex = "".join(_TOKENS.get(piece) or re.escape(piece) for piece in pieces)
        return DateFormat(spelling, re.compile(regex, re.ASCII))

    def read(self, text: str) -> date | None:
        found = self.pattern.fullmatch(text)
        if not found:
            return None
        try:
            return date(int(found["year"]), int(found["month"]), int(found["day"]))
        except ValueError:
            return None


ISO = "yyyy-MM-dd"


@dataclass(frozen=True, slots=True)
class Column:
    """One column and what it becomes: `name` is a fact (`invoice.amount`) or a helper (`row.settled`). `values`
    translates cells word by word; None where the cell's own text counts. `dates` is set for dates only."""

    name: str
    place: Place
    column: str
    type: Type
    dates: DateFormat | None
    values: Mapping[str, str | int | bool | None] | None


@dataclass(frozen=True, slots=True)
class Derived:
    """A fact worked out by a FEEL formula from other facts, helper columns and `as_of`."""

    name: str
    place: Place
    type: Type
    formula: Expression


@dataclass(frozen=True, slots=True)
class RowMap:
    """`derived` stand in an order in which each reads only facts before it."""

    name: str
    place: Place
    title: Text
    case: str
    columns: tuple[Column, ...]
    derived: tuple[Derived, ...]
