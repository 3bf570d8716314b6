"""`+ - * / **` and minus on FEEL values (DMN 1.5, tables 55 to 57). Anything without a meaning is null."""

from __future__ import annotations

import datetime
from decimal import Decimal

from engine.feel.runtime.temporal import DaysDuration, MonthsDuration, difference, shifted
from engine.feel.runtime.values import NUMBERS, TEXT_MAX

Duration = DaysDuration | MonthsDuration
_POINTS = (datetime.date, datetime.time)  # a datetime is a date


def arithmetic(operator: str, left: object, right: object) -> object:
    """`left operator right`; null for values that the operator has no meaning for, and for results out of range."""
    try:
        if isinstance(left, Decimal) and isinstance(right, Decimal):
            return _numbers(operator, left, right)
        match operator:
            case "+":
                return _sum(left, right)
            case "-":
                return _difference(left, right)
            case "*":
                return _product(left, right)
            case "/":
                return _quotient(left, right)
    except (ArithmeticError, ValueError):
        pass
    return None


def _numbers(operator: str, left: Decimal, right: Decimal) -> Decimal:
    match operator:
        case "+":
            return NUMBERS.add(left, right)
        case "-":
            return NUMBERS.subtract(left, right)
        case "*":
            return NUMBERS.multiply(left, right)
        case "/":
            return NUMBERS.divide(left, right)
        case _:
            return power(left, right)


def power(base: Decimal, exponent: Decimal) -> Decimal:
    """`base ** exponent`; anything to the power 0 is 1.

    Raises ArithmeticError when there is no result, or one too large to hold. Costs no more for large operands.
    """
    return Decimal(1) if exponent == 0 else NUMBERS.power(base, exponent)


def _sum(left: object, right: object) -> object:
    if isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) <= TEXT_MAX else None
    if isinstance(left, DaysDuration) and isinstance(right, DaysDuration):
        return DaysDuration(left.seconds + right.seconds)
    if isinstance(left, MonthsDuration) and isinstance(right, MonthsDuration):
        return MonthsDuration(left.months + right.months)
    if isinstance(left, _POINTS) and isinstance(right, Duration):
        return shifted(left, right)
    if isinstance(left, Duration) and isinstance(right, _POINTS):
        return shifted(right, left)
    return None


def _difference(left: object, right: object) -> object:
    if isinstance(left, _POINTS) and isinstance(right, _POINTS):
        return difference(left, right)
    return _sum(left, minus(right)) if isinstance(right, Duration) else None


def _product(left: object, right: object) -> object:
    if isinstance(left, Decimal):
        left, right = right, left
    if not isinstance(right, Decimal):
        return None
    if isinstance(left, DaysDuration):
        return DaysDuration(NUMBERS.multiply(left.seconds, right))
    if isinstance(left, MonthsDuration):
        return MonthsDuration(int(NUMBERS.multiply(Decimal(left.months), right)))
    return None


def _quotient(left: object, right: object) -> object:
    if isinstance(left, DaysDuration) and isinstance(right, DaysDuration):
        return NUMBERS.divide(left.seconds, right.seconds)
    if isinstance(left, MonthsDuration) and isinstance(right, MonthsDuration):
        return NUMBERS.divide(Decimal(left.months), Decimal(right.months))
    if isinstance(left, Duration) and isinstance(right, Decimal):
        if isinstance(left, DaysDuration):
            return DaysDuration(NUMBERS.divide(left.seconds, right))
        return MonthsDuration(int(NUMBERS.divide(Decimal(left.months), right)))
    return None


def minus(value: object) -> object:
    """`-value` of a number or duration, else null."""
    if isinstance(value, Decimal):
        return NUMBERS.minus(value)
    if isinstance(value, DaysDuration):
        return DaysDuration(-value.seconds)
    if isinstance(value, MonthsDuration):
        return MonthsDuration(-value.months)
    return None
