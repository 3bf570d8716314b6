"""Cells that held a number or a date themselves, not text that stands for one.

A column's map says how its *texts* are written: with a decimal comma, as `dd-MMM-yy`. A number of NDJSON and a typed
value of Parquet or Arrow are written in one way only, whatever the map says, and must not be read as if somebody had
typed them: `1.234` in a column with points for thousands is 1.234 as a number and 1,234 as a text. Numbers with a point
are `JsonDecimal`s.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.vocabulary.decimals import JsonDecimal


class TypedDate(str):
    """A date as YYYY-MM-DD, from a file that has dates.

    Behaves as its text wherever nobody asks; `strip` keeps it what it is, since readers strip all cells.
    """

    __slots__ = ()

    def strip(self, chars: str | None = None, /) -> TypedDate:  # noqa: ARG002 there is nothing to strip
        """Itself: a typed value has no blanks around it."""
        return self


class Untexted(str):
    """What has no plain text: a time, bytes, a nested value. Only for the words of its fault."""

    __slots__ = ()

    def strip(self, chars: str | None = None, /) -> Untexted:  # noqa: ARG002 nobody reads it
        """Itself."""
        return self


NO_TEXTS: Mapping[type, tuple[str, str]] = {
    JsonDecimal: ("is a number with a point or an exponent, not text", "write it between quotes"),
    TypedDate: ("is a date, not text", "write the column as text"),
    Untexted: ("is not text", "write the column as text"),
}
"""Cells that no id and no other text can be, by their class: message and hint of the fault. Two writers may write one
number differently."""


def is_typed(cell: str) -> bool:
    """Whether the cell held a number with a point, or a date, itself."""
    return type(cell) is JsonDecimal or type(cell) is TypedDate
