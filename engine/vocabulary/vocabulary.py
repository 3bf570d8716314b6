"""What a policy can speak about: typed facts, the case kinds they belong to, and each kind's ladder of outcomes.

Second noun of the pipeline. Numbers are integers that stand for `value / 10**scale`; so every lowering of a rule set
(Python, Rete network, SQL) computes the same result without rounding of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from engine.diagnostics.diagnostic import Place
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number
from engine.vocabulary.decimals import RATE_SCALE
from engine.vocabulary.text import Text


class Kind(StrEnum):
    """The type of a fact or a formula, by the word a policy author writes."""

    MONEY = "money"
    RATE = "rate"  # a share or a percentage: 0.05 is 5%
    NUMBER = "number"  # a plain decimal, such as a current ratio
    INTEGER = "integer"  # a count
    DAYS = "days"
    MONTHS = "months"
    DATE = "date"
    ENUM = "enum"
    TEXT = "text"
    YES_NO = "yes/no"

    @property
    def is_numeric(self) -> bool:
        return self in _NUMERIC

    @property
    def is_dimensionless(self) -> bool:
        return self in (Kind.RATE, Kind.NUMBER, Kind.INTEGER)


_NUMERIC = frozenset({Kind.MONEY, Kind.RATE, Kind.NUMBER, Kind.INTEGER, Kind.DAYS, Kind.MONTHS})

QUOTIENT_SCALE = 12
"""Decimals of a division's result; fits 128-bit integers for amounts up to 10**15 minor units."""

MONEY_BOUND = 10**15
"""Largest amount in minor units that a money fact may hold, either sign."""

FORMULA_BOUND = 10**38 - 1
"""Largest intermediate result, either sign: what decimal(38, 0) and a 128-bit integer both hold."""


Titles = tuple[tuple[str, Text], ...]
"""What readers are shown for an enum's members; a member without a title is shown as it stands."""


@dataclass(frozen=True, slots=True)
class Type:
    """`low` and `high` are inclusive bounds in scaled integers (days since 1970-01-01 for dates); members are an
    enum's words in the order they were declared. Titles are for readers only: types that differ in nothing else are
    equal."""

    kind: Kind
    scale: int = 0
    low: int = 0
    high: int = 0
    members: tuple[str, ...] = ()
    titles: Titles = field(default=(), compare=False)


YES_NO = Type(Kind.YES_NO)
TEXT = Type(Kind.TEXT)
DATE = Type(Kind.DATE, 0, day_number(date(1900, 1, 1)), day_number(date(2199, 12, 31)))


@dataclass(frozen=True, slots=True)
class Fact:
    """One typed input. `name` is `group.name`, such as `order.amount`; a fact that is not `required` may be null."""

    name: str
    type: Type
    title: Text
    note: Text | None
    required: bool
    example: object  # as it stands in a request: text, true/false or an integer
    place: Place

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All facts by name, and the one currency (ISO 4217) in which a policy set's amounts are kept."""

    currency: str
    currency_digits: int
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def of_case(self, case: str) -> tuple[Fact, ...]:
        """The facts that a case of this kind may carry, in the order they were declared."""
        groups = CASE_KINDS[case].groups
        return tuple(fact for fact in self.facts.values() if fact.group in groups)

    def type_named(self, kind: Kind, members: tuple[str, ...] = (), titles: Titles = ()) -> Type:
        """The type a word stands for where nothing narrower is declared."""
        match kind:
            case Kind.MONEY:
                return Type(kind, self.currency_digits, -MONEY_BOUND, MONEY_BOUND)
            case Kind.RATE | Kind.NUMBER:
                return Type(kind, RATE_SCALE, -(10**12), 10**12)
            case Kind.INTEGER:
                return Type(kind, 0, -(10**9), 10**9)
            case Kind.DAYS:
                return Type(kind, 0, -100_000, 100_000)
            case Kind.MONTHS:
                return Type(kind, 0, -3_600, 3_600)
            case Kind.DATE:
                return DATE
            case Kind.ENUM:
                return Type(kind, members=members, titles=titles)
            case Kind.TEXT:
                return TEXT
            case Kind.YES_NO:
                return YES_NO
