"""Exact numbers as decimal text: no float on the way, and as many decimals as the number has, zeros included."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

RATE_SCALE = 6
"""Decimals of a rate, such as 0.05 for 5%, and of every share in JSON."""


def decimal_formatter(scale: int, *, grouped: bool = False) -> Callable[[int], str]:
    """A function that writes `value / 10**scale` with exactly `scale` decimals, thousands set apart where `grouped`."""
    if not scale:
        return (lambda value: f"{value:,}") if grouped else str
    unit = 10**scale
    pattern = f"%s.%0{scale}d"

    def show(value: int) -> str:
        if value < 0:
            return "-" + show(-value)
        whole = value // unit
        return pattern % (f"{whole:,}" if grouped else whole, value % unit)

    return show


def decimal_text(value: Fraction, decimals: int) -> str:
    """Rounded half to even, as policies round."""
    scaled = round(value * 10**decimals)
    whole, rest = divmod(abs(scaled), 10**decimals)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{rest:0{decimals}d}" if decimals else f"{sign}{whole}"


def rate_text(value: Fraction | None) -> str | None:
    """As JSON has it, with 6 decimals; None for a figure that there is nothing to tell from."""
    return None if value is None else decimal_text(value, RATE_SCALE)
