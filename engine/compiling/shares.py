"""Numbers that an author writes for rates: found in formulas, and refused where they are percentages.

Part of `arithmetic` and `types`. A rate is a share, so that 5 is 500%; see `engine.vocabulary.written_numbers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal

from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.vocabulary import Kind, Type
from engine.vocabulary.written_numbers import RATE_MAX, beyond

_PERCENT = 100

EXACT = Context(prec=100)
"""Decimals of any number that a formula can hold, without rounding."""


def percentage_beside(typed: Sequence[Formula], bare: Sequence[Formula]) -> tuple[str, str] | None:
    """What is wrong with a number beside a rate that was most likely meant as a percentage, `on_time_rate < 80`, and
    what to write instead; None where nothing is.

    It may be as large as the rate itself may be written, and at most `RATE_MAX` where that is more."""
    rates = [part.type for part in typed if part.type.kind is Kind.RATE]
    most = max(Decimal(1), *(_most_written(type_) for type_ in rates))
    results = (result for part in bare for result in written_results(part))
    mistakes = (beyond(decimal_of(result), Kind.RATE, -most, most) for result in results)
    return next((wrong for wrong in mistakes if wrong), None)


def _most_written(type_: Type) -> Decimal:
    """The greatest number without its sign that an author may write beside a rate of this type."""
    low, high = type_.written or (type_.low, type_.high)
    most = Decimal(max(abs(low), abs(high))).scaleb(-type_.scale)
    return most if type_.written else min(most, Decimal(RATE_MAX))


def written_results(formula: Formula) -> Iterator[Constant]:
    """The numbers known when the policy is compiled that a formula may give as they are: those of `if a then 5 else
    min(b, 7)` are 5 and 7."""
    pending = [formula]
    while pending:
        match pending.pop():
            case Constant(value=int()) as number_ if number_.type.kind.is_numeric:
                yield number_
            case f.If(then=then, otherwise=otherwise):
                pending += [otherwise, then]
            case f.Least(parts=parts) | f.Greatest(parts=parts):
                pending += reversed(parts)
            case f.Rescale(operand=operand):
                pending.append(operand)


def is_percentage(formula: Formula) -> bool:
    """Whether a formula multiplies by a written 100, as `a / b * 100` does."""
    pending = [formula]
    while pending:
        match pending.pop():
            case f.If(then=then, otherwise=otherwise):
                pending += [then, otherwise]
            case f.Least(parts=parts) | f.Greatest(parts=parts):
                pending += parts
            case f.Rescale(operand=operand):
                pending.append(operand)
            case f.Product(left=left, right=right):
                if any(isinstance(part, Constant) and decimal_of(part) == _PERCENT for part in (left, right)):
                    return True
                pending += [left, right]
            case f.Quotient(left=left):
                pending.append(left)
    return False


def decimal_of(number_: Constant) -> Decimal:
    """The number that a constant stands for: 500@2 is 5."""
    return decimal_bound(number_.value if isinstance(number_.value, int) else 0, number_.type)


def decimal_bound(value: int, type_: Type) -> Decimal:
    """The number behind a scaled integer of this type, exact whatever its length."""
    return Decimal(value).scaleb(-type_.scale, EXACT)
