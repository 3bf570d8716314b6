"""Constants are folded by other code than the interpreter, so that a slip in either comes to light."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

import pytest

from engine.compiling import arithmetic as a
from engine.compiling.mismatch import Mismatch
from engine.lowering.python.constants import constant_value
from engine.ruleset import formula as f
from engine.ruleset import interpret
from engine.ruleset.formula import Constant, Formula, Variable
from engine.ruleset.interpret import value_of
from engine.vocabulary.vocabulary import DATE, YES_NO, Kind, Type

CASES = 2_000
NUMBERS = (0, 1, -1, 3, 7, -7, 15, -25, 50, 250, 999_999, -1_000_001, 10**15)
MODES = ("half_even", "half_up", "half_down", "up", "down", "floor", "ceiling")
DAYS = (0, -1, 59, 19_753, 19_782, 20_514)  # the last days of months among them

Built = Callable[[], Formula]


def number(chance: random.Random) -> Constant:
    return a.constant(Type(Kind.NUMBER, scale=chance.choice((0, 1, 2, 6))), chance.choice(NUMBERS))


def builders(chance: random.Random) -> list[Built]:
    """Each operation on constants that were drawn once, so that it can be built twice."""
    x, y, z = number(chance), number(chance), number(chance)
    day = a.constant(DATE, chance.choice(DAYS))
    months, days = (a.constant(Type(kind), chance.choice((-13, -1, 0, 1, 12))) for kind in (Kind.MONTHS, Kind.DAYS))
    scale, mode, greatest = chance.choice((0, 1, 2, 4)), chance.choice(MODES), chance.random() < 0.5
    return [
        lambda: a.add(x, y),
        lambda: a.subtract(x, y),
        lambda: a.multiply(x, y),
        lambda: a.divide(x, y),
        lambda: a.modulo(x, y),
        lambda: a.absolute(x),
        lambda: a.rescaled(x, scale, mode),
        lambda: a.extreme((x, y, z), greatest=greatest),
        lambda: a.add(day, months),
        lambda: a.add(day, days),
    ]


def folded_and_not(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Constant, Formula]]:
    """Random formulas of constants, each as the compiler leaves it and as it stands without folding."""
    chance = random.Random(1)
    compared = count(1)
    while True:
        build = chance.choice(builders(chance))
        with suppress(Mismatch):
            folded = build()
            with monkeypatch.context() as context:
                context.setattr(a, "folded", lambda formula: formula)
                plain = build()
            if isinstance(folded, Constant):
                yield folded, plain
                if next(compared) == CASES:
                    return


def test_folded_constants_are_what_the_interpreter_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = set()
    for folded, plain in folded_and_not(monkeypatch):
        assert folded.value == value_of(plain, {}), plain
        kinds.add(type(plain))
    every = {
        f.Sum,
        f.Difference,
        f.Product,
        f.Quotient,
        f.Modulo,
        f.Absolute,
        f.Rescale,
        f.Least,
        f.Greatest,
        f.AddMonths,
    }
    assert every <= kinds


SLIPS: dict[str, tuple[str, Callable[..., int]]] = {
    "rounding": (
        "_rescale",
        lambda value, decimals, mode: value * 10**decimals if decimals >= 0 else value // 10**-decimals,
    ),
    "months": ("_add_months", lambda day, months: day + 30 * months),
    "arithmetic": ("_number", lambda formula, values: values[0]),
}


@pytest.mark.parametrize(("name", "slip"), SLIPS.values(), ids=list(SLIPS))
def test_a_slip_in_the_interpreter_is_noticed_of_constants_too(
    monkeypatch: pytest.MonkeyPatch, name: str, slip: Callable[..., int]
) -> None:
    """If folding used the interpreter, both sides would slip and none of these would differ."""
    monkeypatch.setattr(interpret, name, slip)
    differing = [plain for folded, plain in folded_and_not(monkeypatch) if folded.value != value_of(plain, {})]
    assert len(differing) > 10


def test_a_division_by_a_constant_zero_is_null() -> None:
    whole = Type(Kind.INTEGER, scale=0, low=0, high=9)
    zero, five = Constant(whole, 0, nullable=False), Constant(whole, 5, nullable=False)
    assert constant_value(f.Modulo(whole, five, zero, nullable=True)) is None
    assert constant_value(f.Quotient(whole, five, zero, 0, nullable=True)) is None


def test_a_null_operand_makes_the_result_null() -> None:
    whole = Type(Kind.INTEGER, scale=0, low=0, high=9)
    assert (
        constant_value(
            f.Sum(whole, Constant(whole, 5, nullable=False), Constant(whole, None, nullable=True), nullable=True)
        )
        is None
    )


@pytest.mark.parametrize(
    "formula",
    [
        f.Absolute(Type(Kind.INTEGER), Variable(Type(Kind.INTEGER), "order.x", nullable=True), nullable=True),
        f.All(YES_NO, (Constant(YES_NO, True, nullable=False),), nullable=False),
    ],
)
def test_what_is_no_arithmetic_of_constants_is_refused(formula: Formula) -> None:
    with pytest.raises(TypeError):
        constant_value(formula)
