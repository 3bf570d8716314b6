"""Exact formulas: what a FEEL expression of a policy means once its names, types and units are known.

Noun between policy and rule set. Every number is a scaled integer (see `vocabulary`), so a formula has one value
in every lowering. Three rules hold for each node unless it says otherwise: a null operand makes the result null; sums
have operands of one scale; `type.low..type.high` bounds every value the node can take.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from engine.vocabulary.vocabulary import Type


@dataclass(frozen=True, slots=True)
class Formula:
    type: Type
    nullable: bool

    @property
    def operands(self) -> tuple[Formula, ...]:
        """Direct sub-formulas, left to right."""
        found: list[Formula] = []
        for name in part_names(type(self)):
            value = getattr(self, name)
            if isinstance(value, Formula):
                found.append(value)
            elif isinstance(value, tuple):
                found.extend(part for part in value if isinstance(part, Formula))
        return tuple(found)


_PART_NAMES: dict[type[Formula], tuple[str, ...]] = {}


def part_names(kind: type[Formula]) -> tuple[str, ...]:
    """The names of a node class's fields behind `type` and `nullable`, in order; looked up once a class."""
    if kind not in _PART_NAMES:
        _PART_NAMES[kind] = tuple(item.name for item in fields(kind))[2:]
    return _PART_NAMES[kind]


@dataclass(frozen=True, slots=True)
class Constant(Formula):
    """A scaled integer, days since 1970-01-01 for a date, text (enum member or free), bool, or None."""

    value: int | str | bool | None


@dataclass(frozen=True, slots=True)
class Variable(Formula):
    """A fact, a named value, a result of another policy, or the match of a table row, by its full name."""

    name: str


@dataclass(frozen=True, slots=True)
class Sum(Formula):
    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Difference(Formula):
    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Product(Formula):
    """The result's scale is the sum of the operands' scales."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Quotient(Formula):
    """`left * 10**shift / right` rounded half-even; null when `right` is 0. `shift` is never negative and makes the
    result's scale `type.scale`."""

    left: Formula
    right: Formula
    shift: int


@dataclass(frozen=True, slots=True)
class Modulo(Formula):
    """Remainder with the sign of the divisor (FEEL's `modulo`); operands have one scale; null when `right` is 0."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Rescale(Formula):
    """The operand at `type.scale`: exact when that is not fewer decimals, otherwise rounded by `mode`, one of half_even
    half_up half_down up down floor ceiling."""

    operand: Formula
    mode: str


@dataclass(frozen=True, slots=True)
class Absolute(Formula):
    operand: Formula


@dataclass(frozen=True, slots=True)
class Least(Formula):
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Greatest(Formula):
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Compare(Formula):
    """`operator` is one of = != < <= > >=; operands have one kind and scale; < orders numbers and dates only."""

    operator: str
    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class MemberOf(Formula):
    """Whether the operand equals one of the constants (none of them null)."""

    operand: Formula
    values: tuple[int | str | bool, ...]


@dataclass(frozen=True, slots=True)
class All(Formula):
    """Kleene's and: false if any part is false, else null if any is null."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Any(Formula):
    """Kleene's or: true if any part is true, else null if any is null."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Not(Formula):
    operand: Formula


@dataclass(frozen=True, slots=True)
class IsNull(Formula):
    """Never null itself."""

    operand: Formula


@dataclass(frozen=True, slots=True)
class IsTrue(Formula):
    """True where the operand is true, false where it is false or null; never null itself."""

    operand: Formula


@dataclass(frozen=True, slots=True)
class If(Formula):
    """Null where the condition is null (FEEL would take `otherwise`; a missing input must not choose a branch).
    A null in the branch that is not taken does not matter."""

    condition: Formula
    then: Formula
    otherwise: Formula


@dataclass(frozen=True, slots=True)
class AddMonths(Formula):
    """A date plus months, the day cut to the length of the month (31 January + 1 month is 28 or 29 February)."""

    date: Formula
    months: Formula


@dataclass(frozen=True, slots=True)
class DatePart(Formula):
    """`part` is year, month, day or weekday (1 Monday … 7 Sunday)."""

    part: str
    date: Formula


@dataclass(frozen=True, slots=True)
class FunctionCall(Formula):
    """A built-in function of `engine.ruleset.functions.FORMS`, by its name there, called with these arguments."""

    function: str
    parts: tuple[Formula, ...]


def walk(formula: Formula) -> Iterator[Formula]:
    """The formula and everything under it, outermost first."""
    pending = [formula]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.operands))


def variables(formula: Formula) -> tuple[str, ...]:
    """Names of the variables a formula reads, each once, in order of appearance."""
    return tuple(dict.fromkeys(node.name for node in walk(formula) if isinstance(node, Variable)))
