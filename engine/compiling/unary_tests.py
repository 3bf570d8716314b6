"""Unary tests on a subject, put together. Part of `expressions`."""

from __future__ import annotations

from engine.compiling import arithmetic as a
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.vocabulary import YES_NO


def false_of_null(subject: Formula, test: Formula) -> Formula:
    """`test`, but false where the subject is missing; still unknown where only something else is: `< limit` on a known
    subject with an unknown limit."""
    if not test.nullable:
        return test
    others = (node for node in f.walk(test) if isinstance(node, f.Variable) and node != subject)
    if isinstance(subject, f.Variable) and not any(node.nullable for node in others):
        return f.IsTrue(YES_NO, test, nullable=False)
    known = f.Not(YES_NO, f.IsNull(YES_NO, subject, nullable=False), nullable=False)
    return a.conjunction((known, test))


def joined(parts: list[Formula]) -> list[Formula]:
    """Several equalities of one subject with constants become one membership test: `x = 1 or x = 2 or x > 9` is
    `x in {1, 2} or x > 9`."""
    equalities = [part for part in parts if isinstance(part, f.Compare) and _is_equality_with_constant(part)]
    if len(equalities) < 2 or len({id(e.left) for e in equalities}) != 1:
        return parts
    values = tuple(dict.fromkeys(e.right.value for e in equalities if isinstance(e.right, Constant)))
    subject = equalities[0].left
    known = tuple(value for value in values if value is not None)
    taken = {id(part) for part in equalities}
    others = [part for part in parts if id(part) not in taken]
    return [f.MemberOf(YES_NO, subject, known, nullable=subject.nullable), *others]


def _is_equality_with_constant(part: f.Compare) -> bool:
    return part.operator == "=" and isinstance(part.right, Constant)
