"""Built-ins on numbers and booleans (DMN 1.5, tables 71 and 76)."""

from __future__ import annotations

import decimal
from decimal import Decimal

from engine.feel.runtime.arithmetic import minus
from engine.feel.runtime.signatures import built_in
from engine.feel.runtime.temporal import DaysDuration, MonthsDuration
from engine.feel.runtime.values import NUMBERS, negated

# DMN 1.5, table 76: the scale of `decimal` and of the rounding functions
_SCALE_MIN, _SCALE_MAX = -6111, 6176
_EXACT = decimal.Context(prec=6200, traps=[decimal.InvalidOperation, decimal.DivisionByZero])
_WIDE = decimal.Context(prec=100, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[decimal.InvalidOperation])


def _rounded(number: Decimal, scale: Decimal | None, rounding: str) -> Decimal | None:
    """A number at a scale, which is how many decimals stay; negative for tens, hundreds and so on.

    A number far below the last place is first brought near it, so that `quantize` needn't work on thousands of digits:
    `round up(1e-6000, 2)` is 0.01 as it is for 1e-4.
    """
    places = Decimal(0) if scale is None else scale.to_integral_value(decimal.ROUND_DOWN)
    if not _SCALE_MIN <= places <= _SCALE_MAX:
        return None
    if int(number.as_tuple().exponent) >= -int(places):
        return number  # has no digit beyond the scale
    if number.adjusted() < -int(places) - 1:  # below a tenth of the last place: quantize would still be exact
        number = Decimal((number.is_signed(), (1,), -int(places) - 2)) if number else number
    result = number.quantize(Decimal((0, (1,), -int(places))), rounding=rounding, context=_WIDE)
    return NUMBERS.plus(result)


@built_in("decimal", "n: number", "scale: number")
def _decimal(n: Decimal, scale: Decimal) -> object:
    return _rounded(n, scale, decimal.ROUND_HALF_EVEN)


@built_in("floor", "n: number", "scale?: number")
def _floor(n: Decimal, scale: Decimal | None) -> object:
    return _rounded(n, scale, decimal.ROUND_FLOOR)


@built_in("ceiling", "n: number", "scale?: number")
def _ceiling(n: Decimal, scale: Decimal | None) -> object:
    return _rounded(n, scale, decimal.ROUND_CEILING)


@built_in("round up", "n: number", "scale: number")
def _round_up(n: Decimal, scale: Decimal) -> object:
    return _rounded(n, scale, decimal.ROUND_UP)


@built_in("round down", "n: number", "scale: number")
def _round_down(n: Decimal, scale: Decimal) -> object:
    return _rounded(n, scale, decimal.ROUND_DOWN)


@built_in("round half up", "n: number", "scale: number")
def _round_half_up(n: Decimal, scale: Decimal) -> object:
    return _rounded(n, scale, decimal.ROUND_HALF_UP)


@built_in("round half down", "n: number", "scale: number")
def _round_half_down(n: Decimal, scale: Decimal) -> object:
    return _rounded(n, scale, decimal.ROUND_HALF_DOWN)


@built_in("abs", "n: number|days and time duration|years and months duration")
def _abs(n: Decimal | DaysDuration | MonthsDuration) -> object:
    if isinstance(n, Decimal):
        return abs(n)
    negative = n.seconds < 0 if isinstance(n, DaysDuration) else n.months < 0
    return minus(n) if negative else n


@built_in("modulo", "dividend: number", "divisor: number")
def _modulo(dividend: Decimal, divisor: Decimal) -> object:
    """`dividend - divisor * floor(dividend / divisor)`: has the divisor's sign."""
    if divisor == 0:
        return None
    remainder = _EXACT.remainder(dividend, divisor)
    return remainder if remainder == 0 or (remainder < 0) == (divisor < 0) else NUMBERS.add(remainder, divisor)


@built_in("sqrt", "number: number")
def _sqrt(number: Decimal) -> object:
    return NUMBERS.sqrt(number) if number >= 0 else None


@built_in("log", "number: number")
def _log(number: Decimal) -> object:
    return NUMBERS.ln(number) if number > 0 else None


@built_in("exp", "number: number")
def _exp(number: Decimal) -> object:
    return NUMBERS.exp(number)


@built_in("odd", "number: number")
def _odd(number: Decimal) -> object:
    return _parity(number, 1)


@built_in("even", "number: number")
def _even(number: Decimal) -> object:
    return _parity(number, 0)


def _parity(number: Decimal, wanted: int) -> bool | None:
    if number != number.to_integral_value():
        return False
    return abs(_EXACT.remainder(number, Decimal(2))) == wanted


@built_in("not", "negand: any")
def _not(negand: object) -> object:
    return negated(negand)
