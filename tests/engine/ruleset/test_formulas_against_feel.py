"""Policies compute what FEEL computes: random typed expressions without rounding or division, on facts that are known.

`engine.feel.runtime.evaluate` works on decimals and knows no types; the compiled formula works on scaled integers.
"""

from __future__ import annotations

import random
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

import pytest

from engine.compiling.expressions import Scope, compile_expression
from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.feel.parse import parse_expression
from engine.feel.runtime import evaluate
from engine.reading.document import Scalar
from engine.reading.policy import Expression
from engine.ruleset.formula import Constant, Formula, Variable
from engine.ruleset.functions import FUNCTIONS, Takes
from engine.ruleset.interpret import value_of
from engine.vocabulary.binding import Value
from engine.vocabulary.days import EPOCH
from engine.vocabulary.vocabulary import DATE, TEXT, YES_NO, Kind, Type
from tests.support.function_arguments import WITH_FORMS

TYPES = {
    "cap": Type(Kind.MONEY, scale=2, low=-(10**6), high=10**6),
    "fee": Type(Kind.MONEY, scale=2, low=0, high=10**4),
    "share": Type(Kind.RATE, scale=6, low=0, high=10**6, written=(0, 100 * 10**6)),
    "ratio": Type(Kind.NUMBER, scale=6, low=-(10**7), high=10**7),
    "points": Type(Kind.INTEGER, scale=0, low=0, high=20),
    "wait": Type(Kind.DAYS, scale=0, low=-50, high=400),
    "late": Type(Kind.DAYS, scale=0, low=0, high=90),
    "term": Type(Kind.MONTHS, scale=0, low=0, high=30),
    "day": DATE,
    "due": DATE,
    "color": Type(Kind.ENUM, members=("red", "blue", "green")),
    "word": TEXT,
    "flag": YES_NO,
    "other": YES_NO,
}
CONDITION = "condition"


class Author:
    """Writes a random expression of a wanted kind."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def write(self, kind: Kind | str, depth: int) -> str:
        choices = _LEAVES[kind] if depth <= 0 else _SHAPES[kind]
        return self._filled(self.chance.choice(choices), depth)

    def _filled(self, shape: str, depth: int) -> str:
        text = ""
        for part in shape.split(" "):
            if part.startswith("$"):
                wanted = part.strip("$(),[]")
                inner = self.write(_KINDS[wanted], depth - 1)
                part = part.replace(f"${wanted}", f"({inner})")
            elif part == "#":
                part = self.chance.choice(["0", "1", "2.5", "0.05", "-3", "100"])
            text += f"{part} "
        return text.strip()


_KINDS: dict[str, Kind | str] = {
    "m": Kind.MONEY, "n": Kind.NUMBER, "d": Kind.DAYS, "t": Kind.DATE, "s": Kind.TEXT, "c": CONDITION,
}  # fmt: skip
_LEAVES: dict[Kind | str, list[str]] = {
    Kind.MONEY: ["cap", "fee"],
    Kind.NUMBER: ["share", "ratio", "points", "#"],
    Kind.DAYS: ["wait", "late"],
    Kind.DATE: ["day", "due", 'date("2026-02-28")'],
    Kind.TEXT: ["word", '"a"', '"Zß"'],
    CONDITION: ["flag", "other", 'color = "red"', "points > 7"],
}


def calls_of(kind: Kind) -> list[str]:
    """Calls of the function table's functions that give this kind and take nothing but text. A number that is written
    out may be one that FEEL answers with null (`substring("a", 2)`), and policies do not."""
    rows = [row for row in WITH_FORMS if row.name in FUNCTIONS and row.forms and row.forms.result.kind is kind]
    taken = [row for row in rows if all(parameter.takes is Takes.TEXT for parameter in row.parameters)]
    return [f"{row.name}( {' , '.join('$s' for _ in row.parameters)} )" for row in taken]


_SHAPES: dict[Kind | str, list[str]] = {
    Kind.MONEY: [
        "$m + $m", "$m - $m", "$m * $n", "$n * $m", "- $m", "abs( $m )", "min( $m , $m )", "max( $m , # , $m )",
        "if $c then $m else $m", "sum( $m , $m , $m )", "$m + #",
    ],
    Kind.NUMBER: [
        "$n + $n", "$n - $n", "$n * $n", "- $n", "abs( $n )", "min( $n , $n )", "max( $n , $n )",
        "if $c then $n else #", "$n ** 2", *calls_of(Kind.INTEGER), "count([ $n , $n ])", "day.year", "due.month",
        "due.day", "day.weekday",
    ],
    Kind.DAYS: ["$d + $d", "$d - $d", "- $d", "min( $d , $d )", "if $c then $d else $d"],
    Kind.DATE: ["max( $t , $t )", "if $c then $t else $t", "min(day, due)", "last day of month( $t )",
        'first working day( $t , [@"2026-12-25", @"2026-12-28"], [@"2026-12-26"])',
        'last working day( $t , [@"2026-12-25"])', "date(day.year, due.month, 28)",
    ],
    Kind.TEXT: ["$s + $s", "if $c then $s else $s", *calls_of(Kind.TEXT)],
    CONDITION: [
        "$m > $m", "$m <= #", "$n < $n", "$n >= $n", "$n = $n", "$n != #", "$d > $d", "$t < $t", "$t = $t", "$c and $c",
        "$c or $c", "not( $c )", "$n between $n and $n", "$n in [ # .. $n ]", "$n in ( # , > $n )", "$m in ( < $m )",
        "some x in [ # , $n ] satisfies x > $n", "every x in [ $m ] satisfies x < $m", "$c = $c", "$n = null",
        "if $c then $c else $c", "all( $c , $c )", "any( $c , $c )",
        "all( $c , $c )", "any( $c , $c )",
        "list contains([ $n , # ], points)",
    ],
}  # fmt: skip


def compiled(text: str) -> Formula:
    report: list[Diagnostic] = []
    scalar = Scalar(place=Place("f", 1, 1), value=text, text=text, quoted=False)
    expression = Expression(parse_expression(text), scalar)
    known = {name: Variable(type_, name, nullable=False) for name, type_ in TYPES.items()}
    formula = compile_expression(expression, Scope(known.get, lambda: known), report)
    assert formula is not None, (text, [str(found) for found in report])
    return formula


def facts(chance: random.Random) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, type_ in TYPES.items():
        match type_.kind:
            case Kind.ENUM:
                found[name] = chance.choice(type_.members)
            case Kind.TEXT:
                found[name] = chance.choice(["", "a", "Ab", "zß", "中文a"])
            case Kind.YES_NO:
                found[name] = chance.random() < 0.5
            case _:
                edge = chance.choice([type_.low, type_.high, 0, 10**type_.scale * 2])
                inside = chance.randint(type_.low, type_.high)
                found[name] = chance.choice([min(max(type_.low, edge), type_.high), inside])
    return found


def in_feel(value: Value, type_: Type) -> object:
    """As FEEL knows it: decimals, dates; days and months are plain numbers here, since policies count with them."""
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    if type_.kind is Kind.DATE:
        return EPOCH + timedelta(days=value)
    return Decimal(value).scaleb(-type_.scale)


def written(seed: int) -> str:
    author = Author(seed)
    kinds = [Kind.MONEY, Kind.NUMBER, Kind.DAYS, Kind.DATE, Kind.TEXT, CONDITION, CONDITION, CONDITION]
    return author.write(author.chance.choice(kinds), author.chance.randint(1, 3))


@pytest.mark.parametrize("block", range(10))
def test_a_policy_s_formula_is_worth_what_feel_says(block: int) -> None:
    compared = 0
    for seed in range(block * 150, block * 150 + 150):
        text = written(seed)
        try:
            formula = compiled(text)
        except AssertionError as refused:
            # the only refusals: results that could overflow, words or numbers that never meet, and 100 beside a rate
            assert any(code in str(refused) for code in ("T005", "T007", "T010")), refused
            continue
        chance = random.Random(seed)
        for _ in range(4):
            bound = facts(chance)
            ours = in_feel(value_of(formula, bound), formula.type)
            theirs = evaluate(text, {name: in_feel(value, TYPES[name]) for name, value in bound.items()})
            assert ours == theirs, (text, bound)
            assert not isinstance(ours, Decimal) or _in_bounds(ours, formula.type), (text, bound)
            compared += 1
    assert compared > 400


def _in_bounds(value: Decimal, type_: Type) -> bool:
    return type_.low <= value.scaleb(type_.scale) <= type_.high


def test_dates_move_as_in_feel() -> None:
    chance = random.Random(7)
    for _ in range(300):
        day = date(2000, 1, 1) + timedelta(days=chance.randint(0, 20_000))
        months, days = chance.randint(-40, 40), chance.randint(-400, 400)
        text = f'date("{day}") + duration("{"-" * (months < 0)}P{abs(months)}M")'
        text += f' - duration("{"-" * (days < 0)}P{abs(days)}D")'
        formula = compiled(text)
        assert isinstance(formula, Constant)
        assert in_feel(formula.value, formula.type) == evaluate(text, {}), text


@pytest.mark.parametrize(
    "function", ["floor", "ceiling", "round up", "round down", "round half up", "round half down", "decimal"]
)
def test_rounding_to_tens_and_thousands_is_feel_s(function: str) -> None:
    chance = random.Random(function)
    for _ in range(100):
        decimals = chance.choice((-1, -2, -3, -5))
        ties = 5 * 10 ** (1 - max(decimals, -3)) * chance.randint(-19, 19)
        bound: dict[str, Value] = {"cap": chance.choice((ties, ties + 1, ties - 1, chance.randint(-(10**6), 10**6)))}
        text = f"{function}(cap, {decimals})"
        formula = compiled(text)
        ours = in_feel(value_of(formula, bound), formula.type)
        assert ours == evaluate(text, {"cap": in_feel(bound["cap"], TYPES["cap"])}), (text, bound)
        assert _in_bounds(cast(Decimal, ours), formula.type)


@pytest.mark.parametrize("year", [1900, 1999, 2000, 2023, 2024, 2100, 2199])
def test_the_ends_of_all_months_are_the_calendar_s(year: int) -> None:
    """Every day of the year; FEEL and the calendar say the same."""
    last, first = compiled("last day of month(day)"), compiled("date(day.year, day.month, 1)")
    for day in (date(year, 1, 1) + timedelta(days=number) for number in range(365)):
        end = day.replace(day=monthrange(day.year, day.month)[1])
        bound: dict[str, Value] = {"day": (day - EPOCH).days}
        assert value_of(last, bound) == (end - EPOCH).days
        assert value_of(first, bound) == (day.replace(day=1) - EPOCH).days
        assert evaluate("last day of month(day)", {"day": day}) == end
        assert evaluate("date(day.year, day.month, 1)", {"day": day}) == day.replace(day=1)
