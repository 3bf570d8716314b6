"""Built-ins on numbers and booleans (DMN 1.5, tables 71 and 76)."""

from __future__ import annotations

import decimal
from decimal import Decimal

from engine.feel.runtime.operators import minus
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
    """Rounded half to even.

    `decimal(2.5, 0)` is `2`.
    `decimal(1.275, 2)` is `1.28`.
    """
    return _rounded(n, scale, decimal.ROUND_HALF_EVEN)


@built_in("floor", "n: number", "scale?: number")
def _floor(n: Decimal, scale: Decimal | None) -> object:
    """Towards minus infinity.

    `floor(-1.5)` is `-2`.
    `floor(1.57, 1)` is `1.5`.
    """
    return _rounded(n, scale, decimal.ROUND_FLOOR)


@built_in("ceiling", "n: number", "scale?: number")
def _ceiling(n: Decimal, scale: Decimal | None) -> object:
    """Towards infinity.

    `ceiling(-1.5)` is `-1`.
    `ceiling(1.51, 1)` is `1.6`.
    """
    return _rounded(n, scale, decimal.ROUND_CEILING)


@built_in("round up", "n: number", "scale: number")
def _round_up(n: Decimal, scale: Decimal) -> object:
    """Away from zero.

    `round up(-5.01, 0)` is `-6`.
    """
    return _rounded(n, scale, decimal.ROUND_UP)


@built_in("round down", "n: number", "scale: number")
def _round_down(n: Decimal, scale: Decimal) -> object:
    """Towards zero.

    `round down(-5.99, 0)` is `-5`.
    """
    return _rounded(n, scale, decimal.ROUND_DOWN)


@built_in("round half up", "n: number", "scale: number")
def _round_half_up(n: Decimal, scale: Decimal) -> object:
    """To the nearest, a half away from zero.

    `round half up(-2.5, 0)` is `-3`.
    """
    return _rounded(n, scale, decimal.ROUND_HALF_UP)


@built_in("round half down", "n: number", "scale: number")
def _round_half_down(n: Decimal, scale: Decimal) -> object:
    """To the nearest, a half towards zero.

    `round half down(-2.5, 0)` is `-2`.
    """
    return _rounded(n, scale, decimal.ROUND_HALF_DOWN)


@built_in("abs", "n: number|days and time duration|years and months duration")
def _abs(n: Decimal | DaysDuration | MonthsDuration) -> object:
    """`abs(-10)` is `10`.
    `abs(@"-P5D")` is `@"P5D"`.
    """
    if isinstance(n, Decimal):
        return abs(n)
    negative = n.seconds < 0 if isinstance(n, DaysDuration) else n.months < 0
    return minus(n) if negative else n


@built_in("modulo", "dividend: number", "divisor: number")
def _modulo(dividend: Decimal, divisor: Decimal) -> object:
    """`dividend - divisor * floor(dividend / divisor)`: has the divisor's sign.

    `modulo(-12, 5)` is `3`.
    `modulo(12, -5)` is `-3`.
    """
    if divisor == 0:
        return None
    remainder = _EXACT.remainder(dividend, divisor)
    return remainder if remainder == 0 or (remainder < 0) == (divisor < 0) else NUMBERS.add(remainder, divisor)


@built_in("sqrt", "number: number")
def _sqrt(number: Decimal) -> object:
    """Null for a negative number.

    `sqrt(16)` is `4`.
    """
    return NUMBERS.sqrt(number) if number >= 0 else None


@built_in("log", "number: number")
def _log(number: Decimal) -> object:
    """The natural logarithm; null for zero and below.

    `log(1)` is `0`.
    """
    return NUMBERS.ln(number) if number > 0 else None


@built_in("exp", "number: number")
def _exp(number: Decimal) -> object:
    """`exp(0)` is `1`."""
    return NUMBERS.exp(number)


@built_in("odd", "number: number")
def _odd(number: Decimal) -> object:
    """False for a number with decimals.

    `odd(5)` is `true`.
    `odd(1.5)` is `false`.
    """
    return _parity(number, 1)


@built_in("even", "number: number")
def _even(number: Decimal) -> object:
    """False for a number with decimals.

    `even(5)` is `false`.
    `even(0)` is `true`.
    """
    return _parity(number, 0)


def _parity(number: Decimal, remainder: int) -> bool | None:
    if number != number.to_integral_value():
        return False
    return abs(_EXACT.remainder(number, Decimal(2))) == remainder


@built_in("not", "negand: any")
def _not(negand: object) -> object:
    """Null for anything but a boolean.

    `not(true)` is `false`.
    `not(1)` is `null`.
    """
    return negated(negand)
