"""Choices by ranges keep their value where tests are left out, and leave out what the ones before have settled."""

from __future__ import annotations

from random import Random

import pytest

from engine.lowering.sql.choice_chains import shortened
from engine.ruleset import formula as f
from engine.ruleset.formula import Formula
from engine.ruleset.interpret import value_of
from engine.vocabulary.vocabulary import YES_NO, Kind, Type
from tests.support.handmade_rulesets import compare, optional, required, whole
from tests.support.steps import long_after

DIGIT = Type(Kind.INTEGER, scale=0, low=0, high=9)
X, Y = optional("x", DIGIT), required("y", DIGIT)


def is_true(condition: Formula) -> Formula:
    return f.IsTrue(YES_NO, condition, nullable=False)


def both(*parts: Formula) -> Formula:
    return f.All(YES_NO, parts, nullable=any(part.nullable for part in parts))


def ladder(*links: tuple[Formula, int]) -> f.If:
    rest: Formula = whole(None)
    for condition, points in reversed(links):
        nullable = condition.nullable or rest.nullable
        rest = f.If(DIGIT, condition, whole(points), rest, nullable=nullable)
    assert isinstance(rest, f.If)
    return rest


def conditions(formula: Formula) -> list[Formula]:
    links = []
    while isinstance(formula, f.If):
        links.append(formula.condition)
        formula = formula.otherwise
    return links


def test_bands_are_tested_at_one_end_and_the_last_not_at_all() -> None:
    is_null = f.IsNull(YES_NO, X, nullable=False)
    bands = ladder(
        (is_true(compare(X, "<", 3)), 1),
        (is_true(both(compare(X, ">=", 3), compare(X, "<", 6))), 2),
        (is_true(compare(X, ">=", 6)), 3),
        (is_null, 4),
    )

    short = shortened(bands, {})

    assert conditions(short) == [is_true(compare(X, "<", 3)), is_true(compare(X, "<", 6)), is_true(compare(X, ">=", 6))]
    assert not short.nullable
    assert [value_of(short, {"x": x}) for x in (2, 3, 5, 6, 9, None)] == [1, 2, 2, 3, 3, 4]


def test_rows_of_a_table_are_looked_through() -> None:
    rows = {"t#1": [is_true(compare(X, "<", 3))], "t#2": [is_true(both(compare(X, ">=", 3), compare(X, "<=", 7)))]}
    bands = ladder(*((f.Variable(YES_NO, name, nullable=False), points) for points, name in enumerate(rows, 1)))

    assert conditions(shortened(bands, rows)) == [
        f.Variable(YES_NO, "t#1", nullable=False),
        is_true(compare(X, "<=", 7)),
    ]


def test_what_is_unknown_stays_unknown() -> None:
    """Without `IsTrue` a null must not fall through to the next branch, whatever is left."""
    bands = ladder((compare(X, "<", 5), 1), (compare(X, ">=", 5), 2))

    assert [value_of(shortened(bands, {}), {"x": x}) for x in (4, 5, None)] == [1, 2, None]


@pytest.mark.parametrize("seed", long_after(10, range(40)))
def test_any_choice_keeps_its_value(seed: int) -> None:
    random = Random(seed)
    shorter = 0
    for _ in range(50):
        choice = random_choice(random)
        short = shortened(choice, {})
        shorter += short != choice
        for x in (*range(10), None):
            for y in range(10):
                values = {"x": x, "y": y}
                assert value_of(short, values) == value_of(choice, values), (choice, values)
                assert short.nullable or value_of(short, values) is not None
    assert shorter >= 5


def random_choice(random: Random) -> f.If:
    def comparison() -> Formula:
        operator = random.choice(("<", "<=", ">", ">=", "=", "!="))
        return compare(random.choice((X, X, Y)), operator, random.randint(-1, 10))

    def condition() -> Formula:
        parts = [comparison() for _ in range(random.choice((1, 1, 2, 3)))]
        if random.random() < 0.1:
            return f.IsNull(YES_NO, X, nullable=False)
        if random.random() < 0.2:
            parts = [is_true(part) for part in parts]
        conjunction = parts[0] if len(parts) == 1 else both(*parts)
        return is_true(conjunction) if random.random() < 0.5 else conjunction

    return ladder(*((condition(), random.randint(1, 3)) for _ in range(random.randint(1, 6))))
