"""Cells that held a number or a date themselves, not text that stands for one.

A column's map says how its *texts* are written: with a decimal comma, as `dd-MMM-yy`. A number of NDJSON and a typed
value of Parquet or Arrow are written in one way only, whatever the map says, and must not be read as if somebody had
typed them: `1.234` in a column with points for thousands is 1.234 as a number and 1,234 as a text.
"""

from __future__ import annotations


class TypedCell(str):
    """A number with a decimal point (`1234.5`) or a date as YYYY-MM-DD, from a file that has numbers and dates.

    Behaves as its text wherever nobody asks; `strip` keeps it what it is, since readers strip all cells.
    """

    __slots__ = ()

    def strip(self, chars: str | None = None, /) -> TypedCell:  # noqa: ARG002 there is nothing to strip
        """Itself: a typed value has no blanks around it."""
        return self


def untyped(value: object) -> object:
    """A value of JSON in which typed cells are the texts that they behave as, for readers that look at types."""
    match value:
        case TypedCell():
            return str(value)
        case dict():
            return {key: untyped(member) for key, member in value.items()}
        case list():
            return [untyped(member) for member in value]
        case _:
            return value
