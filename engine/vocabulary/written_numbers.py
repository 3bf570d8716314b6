"""What is wrong with a number that an author wrote for something that has bounds: most often a percentage for a share.

`5` as a rate is 500%. Nobody means that where at most 100% is possible, and a tolerance of 500% approves nearly
everything; so it is refused with what to write instead. Used by whoever reads or compiles a literal.
"""

from __future__ import annotations

from decimal import Decimal

from engine.vocabulary.vocabulary import Kind

RATE_MAX = 4
"""The greatest number that may be written beside a rate whose own bounds are wider, such as a debt ratio of a fact: 5
was most likely meant as 5%."""

_PERCENTAGES_MAX = 100


def beyond(number: Decimal, kind: Kind, low: Decimal, high: Decimal) -> tuple[str, str] | None:
    """What is wrong with a number that must lie between two bounds, both inclusive, and what to write instead; None
    where it lies there.

    `beyond(Decimal(5), Kind.RATE, Decimal(0), Decimal(1))` is "`5` is 500%, and at most 100% is possible here" and
    "5% is written 0.05"."""
    if low <= number <= high:
        return None
    is_above = number > high
    bound = high if is_above else low
    least_or_most = "most" if is_above else "least"
    if kind is not Kind.RATE:
        word = "maximum" if is_above else "minimum"
        return (
            f"`{plain(number)}` is not possible here, at {least_or_most} `{plain(bound)}` is",
            f"write at {least_or_most} {plain(bound)}, or declare another `{word}`",
        )
    message = f"`{plain(number)}` is {percent(number)}, and at {least_or_most} {percent(bound)} is possible here"
    if 1 < abs(number) <= _PERCENTAGES_MAX:
        return message, f"{plain(number)}% is written {plain(number / 100)}"
    return message, f"a rate is a share: 5% is written 0.05, {percent(bound)} {plain(bound)}"


def plain(number: Decimal) -> str:
    """The number without an exponent and without zeros at its end: `0.05`, `40`."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: Decimal) -> str:
    """A share in percent: `500%`, `2.5%`."""
    return f"{plain(share * 100)}%"
