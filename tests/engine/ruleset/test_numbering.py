"""Numbering merges equal formulas and no others: whatever a node holds is part of what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from engine.ruleset.formula import Constant, EachRecord, Formula, Product, Sum, Variable, part_names
from engine.ruleset.numbering import Formulas
from engine.vocabulary.vocabulary import Kind, Type
from tests.support.node_classes import node_classes

WHOLE = Type(Kind.INTEGER, scale=0, low=0, high=9)
X, Y = Variable(WHOLE, "order.x", nullable=True), Variable(WHOLE, "order.y", nullable=True)
ONE, TWO = Constant(WHOLE, 1, nullable=False), Constant(WHOLE, 2, nullable=False)

SAMPLES: dict[str, tuple[object, ...]] = {
    "Type": (
        WHOLE,
        Type(Kind.INTEGER, scale=0, low=0, high=8),
        Type(Kind.INTEGER, scale=1, low=0, high=9),
        Type(Kind.DAYS, scale=0, low=0, high=9),
    ),
    "bool": (False, True),
    "int": (1, 2),
    "str": ("a", "b"),
    "int | str | bool | None": (1, 2, "a", None),
    "Formula": (X, Y),
    "Constant": (ONE, TWO),
    "Variable": (X, Y),
    "EachRecord": (EachRecord((), ONE, X), EachRecord((), X, ONE), EachRecord((), ONE, Y)),
    "tuple[Formula, ...]": ((X, Y), (Y, X), (X,), (X, Y, Y)),
    "tuple[Constant, ...]": ((ONE, TWO), (TWO, ONE), (ONE,)),
    "tuple[str, ...]": (("a", "b"), ("b", "a"), ("a",)),
    "tuple[int | str | bool, ...]": ((1, 2), (2, 1), (1,), ("a",)),
}
"""Values that differ, by the type that a field is declared with. A field of a new type needs a line here."""


def samples(kind: type[Formula]) -> dict[str, tuple[object, ...]]:
    return {item.name: SAMPLES[str(item.type)] for item in fields(kind)}


def variants(kind: type[Formula]) -> Iterator[Formula]:
    """One node, and for each of its fields the same node with each other value in that field."""
    values = samples(kind)
    plain = kind(**{name: several[0] for name, several in values.items()})  # type: ignore[arg-type]  # by declaration
    yield plain
    for name, several in values.items():
        for other in several[1:]:
            yield replace(plain, **{name: other})  # type: ignore[arg-type]  # by declaration


def test_the_classes_are_those_of_the_language_and_those_that_sql_adds() -> None:
    modules = {kind.__module__ for kind in node_classes()}
    assert {"engine.ruleset.formula", "engine.lowering.sql.alternatives", "engine.lowering.sql.narrowing"} <= modules


@pytest.mark.parametrize("kind", node_classes(), ids=lambda kind: kind.__name__)
def test_nodes_that_differ_in_one_field_have_different_numbers(kind: type[Formula]) -> None:
    formulas = Formulas()
    numbers = [formulas.number(node) for node in variants(kind)]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("kind", node_classes(), ids=lambda kind: kind.__name__)
def test_equal_nodes_have_one_number(kind: type[Formula]) -> None:
    formulas = Formulas()
    first = [formulas.number(node) for node in variants(kind)]
    assert [formulas.number(node) for node in variants(kind)] == first


@pytest.mark.parametrize("kind", node_classes(), ids=lambda kind: kind.__name__)
def test_type_and_nullability_come_first(kind: type[Formula]) -> None:
    """`part_names` leaves the first two fields out."""
    assert [item.name for item in fields(kind)] == ["type", "nullable", *part_names(kind)]


def test_what_stands_twice_has_one_number_and_is_used_twice() -> None:
    formulas = Formulas()
    squared = Product(WHOLE, Sum(WHOLE, X, Y, nullable=True), Sum(WHOLE, X, Y, nullable=True), nullable=True)
    assert formulas.use(squared) == 3
    assert [type(node) for node in formulas.nodes] == [Variable, Variable, Sum, Product]
    assert [sorted(each) for each in formulas.children] == [[], [], [0, 1], [2, 2]]
    assert formulas.uses == [1, 1, 2, 1]
