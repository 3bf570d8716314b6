"""Exact numbers as decimal text, without a float on the way.

Reports, JSON and reasons all write numbers through these functions, so that the same number looks the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

DECIMALS_READ = 38
"""Decimals that a number may be written with, as many as a database's have; beyond those of its type all must be 0."""

RATE_SCALE = 6
"""Decimals of a rate, such as 0.05 for 5%, and of every share in JSON."""


class JsonDecimal(str):
    """A number with a point or an exponent, as it stands without quotes in JSON or YAML: `12.50`.

    Amounts, rates and numbers are read from it digit by digit. It is no text, since two writers of one number may write
    two of them (`1.10` and `1.1`): an id that stands so is refused, as in HTTP. `strip` keeps it what it is, since
    readers strip all cells.
    """

    __slots__ = ()

    def strip(self, chars: str | None = None, /) -> JsonDecimal:  # noqa: ARG002 there is nothing to strip
        """Itself: a number has no blanks around it."""
        return self


def decimal_formatter(scale: int, *, grouped: bool = False) -> Callable[[int], str]:
    """A function that writes `value / 10**scale` with exactly `scale` decimals.

    `decimal_formatter(2)(1250000)` is `12500.00`; with `grouped=True` it is `12,500.00`. Made once for each type, since
    a decision writes hundreds of numbers.
    """
    if not scale:
        return (lambda value: f"{value:,}") if grouped else str
    unit = 10**scale
    pattern = f"%s.%0{scale}d"

    def write(value: int) -> str:
        if value < 0:
            return "-" + write(-value)
        units = value // unit
        return pattern % (f"{units:,}" if grouped else units, value % unit)

    return write


def scaled_integer(value: Decimal) -> tuple[int, int]:
    """A number as integer and scale, without zeros at the end of its decimals: `1250.5000` is `(12505, 1)`, and
    `1250.00` is `(1250, 0)`."""
    exact = Fraction(value)  # not `normalize` or `scaleb`, which round to the precision of a context
    scale = 0
    while exact.denominator != 1:
        exact, scale = exact * 10, scale + 1
    return exact.numerator, scale


def decimal_text(value: Fraction, decimals: int) -> str:
    """The fraction with exactly this many decimals, rounded half to even, as policies round: a half goes to the even
    neighbour, so 0.125 with 2 decimals is `0.12`."""
    scaled = round(value * 10**decimals)
    units, rest = divmod(abs(scaled), 10**decimals)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{units}.{rest:0{decimals}d}" if decimals else f"{sign}{units}"


def rate_text(value: Fraction | None) -> str | None:
    """A share as JSON has it, with 6 decimals. None stays None: the share of nothing, such as what part of no orders
    was paid late."""
    return None if value is None else decimal_text(value, RATE_SCALE)
