"""Exact formulas: what a FEEL expression of a policy means once its names, types and units are known.

Noun between policy and rule set; a tree of nodes. Every number is a scaled integer (`engine.vocabulary.vocabulary`):
money of a currency with two decimals counts cents, so 12.50 is 1250 at scale 2, and a formula has one value in every
lowering.

Three rules hold for each node unless it says otherwise:

- A null operand makes the result null. Null means that a value is missing, or that there is none.
- The operands of sums and comparisons have one kind and one scale; who builds a formula rescales them first.
- `type.low` and `type.high` bound every value that the node can take.

In the examples a number behind `@` is its scale: 1250@2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from engine.vocabulary.vocabulary import Type


@dataclass(frozen=True, slots=True)
class Formula:
    """A node: what all classes below have."""

    type: Type
    """Kind, scale and bounds of the value; for an enum its words."""

    nullable: bool = field(kw_only=True)
    """Whether the value can be null."""

    @property
    def operands(self) -> tuple[Formula, ...]:
        """Direct sub-formulas, left to right."""
        operands: list[Formula] = []
        for name in part_names(type(self)):
            value = getattr(self, name)
            if isinstance(value, Formula):
                operands.append(value)
            elif isinstance(value, tuple):
                operands.extend(part for part in value if isinstance(part, Formula))
        return tuple(operands)


_PART_NAMES: dict[type[Formula], tuple[str, ...]] = {}


def part_names(kind: type[Formula]) -> tuple[str, ...]:
    """The names of a node class's fields behind `type` and `nullable`, in order; looked up once a class."""
    if kind not in _PART_NAMES:
        _PART_NAMES[kind] = tuple(item.name for item in fields(kind))[2:]
    return _PART_NAMES[kind]


# --- leaves ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constant(Formula):
    """A value that is known when the policy is compiled; null only where `value` is None. `12.50` is 1250@2."""

    value: int | str | bool | None
    """A scaled integer; a date as days since 1970-01-01; text or a word of an enum; yes/no; or None."""


@dataclass(frozen=True, slots=True)
class Variable(Formula):
    """A value of the case: null where it is missing, if `nullable` allows that."""

    name: str
    """The full name of a fact (`order.amount`), of a named value (`limits.credit_limit`), or of a table row's match
    (`grading.grade#3`)."""


# --- numbers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sum(Formula):
    """`left + right`: 1250@2 and 50@2 give 1300@2. One side may be a date and the other days."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Difference(Formula):
    """`left - right`: 1250@2 and 50@2 give 1200@2. Two dates give days."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Product(Formula):
    """`left * right`, exact, so that the result's scale is the sum of the operands' scales: 1250@2 times 50000@6 (5%)
    is 62500000@8."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Quotient(Formula):
    """`left * 10**shift / right`, rounded half-even; null also where `right` is 0. 100@2 by 3@0 with shift 10 is
    333333333333@12."""

    left: Formula
    right: Formula

    shift: int
    """Never negative; makes the result's scale `type.scale`."""


@dataclass(frozen=True, slots=True)
class Modulo(Formula):
    """The remainder with the sign of the divisor (FEEL's `modulo`); null also where `right` is 0. -7 by 3 is 2, 7 by -3
    is -2. The operands have one scale."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Rescale(Formula):
    """The operand with `type.scale` decimals: exact where that is not fewer, otherwise rounded. 12345@3 half-even at
    scale 2 is 1234@2."""

    operand: Formula

    mode: str
    """half_even, half_up, half_down (what becomes of a tie; up and down mean away from zero and towards it), up, down,
    floor or ceiling."""


@dataclass(frozen=True, slots=True)
class Absolute(Formula):
    """The operand without its sign: -5 gives 5."""

    operand: Formula


@dataclass(frozen=True, slots=True)
class Least(Formula):
    """The least of the parts, numbers or dates; one null makes it null. At least one part."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Greatest(Formula):
    """The greatest of the parts, numbers or dates; one null makes it null. At least one part."""

    parts: tuple[Formula, ...]


# --- yes/no ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compare(Formula):
    """A comparison; null where either side is: whether null is `"A"` is unknown, unlike in FEEL."""

    operator: str
    """= != < <= > >=; all but the first two take numbers and dates only."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class MemberOf(Formula):
    """Whether the operand equals one of the values: `grade in [A, B]`. False where there are none."""

    operand: Formula

    values: tuple[int | str | bool, ...]
    """At the operand's scale; none of them null."""


@dataclass(frozen=True, slots=True)
class All(Formula):
    """Kleene's `and`: false where any part is false, else null where any is null, else true. Without parts true. So
    `false and null` is false, `true and null` is null."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Any(Formula):
    """Kleene's `or`: true where any part is true, else null where any is null, else false. Without parts false. So
    `true or null` is true, `false or null` is null."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Not(Formula):
    """The opposite; null of null."""

    operand: Formula


@dataclass(frozen=True, slots=True)
class IsNull(Formula):
    """Whether the operand is null; never null itself. What an author writes as `x = null`."""

    operand: Formula


@dataclass(frozen=True, slots=True)
class IsTrue(Formula):
    """True where the operand is true, false where it is false or null; never null itself. So unknown rows of a table
    can be counted as not hit."""

    operand: Formula


# --- choices, dates, functions ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class If(Formula):
    """`then` where the condition is true, `otherwise` where it is false, and null where it is null, since a missing
    input must not choose a branch (FEEL would take `otherwise`). A null in the branch not taken does not matter."""

    condition: Formula
    then: Formula
    otherwise: Formula


@dataclass(frozen=True, slots=True)
class AddMonths(Formula):
    """A date plus months, the day cut to the length of the month: 31 January plus one month is 28 or 29 February."""

    date: Formula
    months: Formula


@dataclass(frozen=True, slots=True)
class DatePart(Formula):
    """A part of a date as a number: the month of 2026-07-15 is 7."""

    part: str
    """year, month, day, or weekday (1 Monday … 7 Sunday)."""

    date: Formula


@dataclass(frozen=True, slots=True)
class FunctionCall(Formula):
    """A call of a built-in function, such as `starts with("net 30", "net")`, which is true."""

    function: str
    """A name of `engine.ruleset.functions.FORMS`, which says how it is computed."""

    parts: tuple[Formula, ...]
    """The arguments."""


# --- lists -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EachRecord:
    """What an aggregate works out for each record of its list.

    No formula itself: what it reads of a record has no meaning outside, so nothing that looks through formulas comes in
    here. Its formulas read the values of a record as variables (`record_variable`), and variables of the case.
    """

    reads: tuple[str, ...]
    """The variables of the case that both formulas read, each once: the names of the aggregate's `captured`."""

    where: Formula
    """Yes/no: which records count; the constant true where all do."""

    value: Formula
    """What is taken of each record that counts."""


def record_variable(list_name: str, field_name: str) -> str:
    """The name under which the formulas of an `EachRecord` read a value of the record: `account.open_items[].amount`,
    which no author can write."""
    return f"{list_name}[].{field_name}"


@dataclass(frozen=True, slots=True)
class Aggregate(Formula):
    """One value made of all records of a list that count, by `function`:

        sum       of the values; 0 of no records
        count     how many records count; `each.value` is not read
        least     the least value, a number or a date; null of no records
        greatest  the greatest; null of no records
        any       Kleene's `or` of the values: false of no records
        all       Kleene's `and`: true of no records

    Null where the list is. A record of which `where` is null may count or not: it leaves any and all null unless
    another record that counts settles them, and anything else null. So does a record that counts and whose value is
    null, but for count. Example: `sum` where overdue of 10 overdue, 20 not, and one item of which that is unknown is
    null; `any` over the same with the value amount > 5 is true.
    """

    function: str

    records: Variable
    """The list, a fact."""

    captured: tuple[Formula, ...]
    """The values of the variables that `each.reads` names, in that order; any of them may be null."""

    each: EachRecord


# --- looking through a formula ---------------------------------------------------------------------------------------


def walk(formula: Formula) -> Iterator[Formula]:
    """The formula and everything under it, outermost first. What stands twice comes twice."""
    pending = [formula]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.operands))


def variables(formula: Formula) -> tuple[str, ...]:
    """Names of the variables a formula reads, each once, in order of appearance."""
    return tuple(dict.fromkeys(node.name for node in walk(formula) if isinstance(node, Variable)))
