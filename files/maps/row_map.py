"""A row map: how the columns of a CSV file or the keys of NDJSON rows become the facts of one case kind.

The nouns that `read_row_map` gives and that `mapped_rows` and `credence batch` take. A row goes through the map only to
become a request body; what a fact may hold is decided by the one gate all facts enter through,
`engine.vocabulary.binding`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.diagnostics.diagnostic import Place
from engine.ruleset.formula import Formula, variables
from engine.ruleset.ruleset import AS_OF
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Type

ROW = "row"
"""The group under which formulas read helper columns: `row.settled`."""

ISO = "yyyy-MM-dd"
"""How columns write dates where the map says nothing else."""

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
    """How a column writes dates."""

    spelling: str
    """As the map's author wrote it, such as `M/d/yyyy` or `dd.MM.yyyy`: two letters stand for exactly two digits, one
    letter for one digit or two, every other character for itself."""

    pattern: re.Pattern[str]
    """Matches a whole cell; its groups are `year`, `month` and `day`."""

    @staticmethod
    def of(spelling: str) -> DateFormat | None:
        """The format with this spelling; None unless it names day, month and year once each, and no other letter of the
        alphabet."""
        pieces = _TOKEN.findall(spelling)
        words = [piece for piece in pieces if piece in _TOKENS]
        letters = [piece for piece in pieces if piece.isascii() and piece.isalpha()]
        if sorted(word[0] for word in words) != ["M", "d", "y"] or words != letters or _AMBIGUOUS.search(spelling):
            return None
        regex = "".join(_TOKENS.get(piece) or re.escape(piece) for piece in pieces)
        return DateFormat(spelling, re.compile(regex, re.ASCII))

    def read(self, text: str) -> date | None:
        """The day that a cell names; None where the cell has another form or names a day that doesn't exist."""
        match = self.pattern.fullmatch(text)
        if not match:
            return None
        try:
            return date(int(match["year"]), int(match["month"]), int(match["day"]))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the file and what its cells become."""

    name: str
    """The fact (`invoice.amount`) or the helper column (`row.settled`) that the cells give."""

    place: Place
    """Where the map says so."""

    column: str
    """The column's heading in the file, or the key of NDJSON rows."""

    type: Type
    """What the cells hold: the fact's type, or the one declared for the helper column."""

    dates: DateFormat | None
    """How the cells write dates; None for every other type."""

    values: Mapping[str, str | int | bool | None] | None
    """Translates cells word by word into what a request would carry; None where the cell's own text counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFormula:
    """A fact that is worked out from other facts, helper columns and `as_of`.

    It means what the same formula means in a policy: a missing operand makes the result missing, and the result is
    rounded to the fact's decimals.
    """

    name: str
    """The fact that the formula gives."""

    place: Place
    """Where the map names the fact."""

    type: Type
    """The fact's type. A result outside of its bounds is a fault of the row."""

    text: str
    """The formula as the author wrote it, for messages."""

    formula: Formula
    """The exact formula. Its variables are `as_of` and full names such as `invoice.amount` and `row.settled`, each of
    the type of its column or fact; its result has the kind and the scale of `type`, perhaps wider bounds."""

    @property
    def reads(self) -> frozenset[str]:
        """The facts and helper columns that the formula needs, by full name; without `as_of`."""
        return frozenset(variables(self.formula)) - {AS_OF}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMap:
    """A whole map, free of mistakes."""

    name: str
    """What the author calls the map; part of each decision's id in `credence decide-file`."""

    place: Place
    """Where the map begins."""

    title: Text
    """What readers are shown, in both languages."""

    case: str
    """The case kind that each row decides."""

    columns: tuple[Column, ...]
    """All columns that are read, helper columns first."""

    formulas: tuple[MapFormula, ...] = ()
    """In an order in which each reads only the results of those before it."""

    @property
    def helpers(self) -> tuple[Column, ...]:
        """The columns that are no facts, in the order of `columns`."""
        return tuple(column for column in self.columns if column.name.partition(".")[0] == ROW)
