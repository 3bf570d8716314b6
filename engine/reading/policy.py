"""A policy as its author wrote it: parsed, with the place of every part, but names and types not yet looked up.

Noun that `read_policy` gives and `compile` takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from engine.diagnostics.diagnostic import Place
from engine.feel import syntax
from engine.reading.document import Scalar
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Titles


@dataclass(frozen=True, slots=True)
class Expression:
    """FEEL and the scalar it was read from; a node's place is `scalar.place_at(offset + node.start)`, where `offset`
    is where the FEEL starts within the scalar's text."""

    tree: syntax.Node
    scalar: Scalar
    offset: int = 0
    length: int | None = None  # of the FEEL within the scalar's text; None: to its end

    @property
    def place(self) -> Place:
        return self.scalar.place_at(self.offset)

    @property
    def text(self) -> str:
        end = None if self.length is None else self.offset + self.length
        return self.scalar.text[self.offset : end].strip()

    def place_of(self, node: syntax.Node) -> Place:
        return self.scalar.place_at(self.offset + node.start)

    def text_of(self, node: syntax.Node) -> str:
        return self.scalar.text[self.offset + node.start : self.offset + node.end]


@dataclass(frozen=True, slots=True)
class Template:
    """A reason's text in one language: literal parts and, between braces, FEEL expressions."""

    scalar: Scalar
    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class BilingualTemplate:
    en: Template
    zh: Template


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type an author declared: a word, with members where the word is `enum`."""

    word: str
    members: tuple[str, ...]
    place: Place
    titles: Titles = ()


@dataclass(frozen=True, slots=True)
class DatedConstant:
    """A parameter's value from a date on (None: always)."""

    since: date | None
    value: Decimal | str | bool
    place: Place


@dataclass(frozen=True, slots=True)
class ParameterDefinition:
    name: str
    place: Place
    type: TypeName | None
    title: Text | None
    note: Text | None
    values: tuple[DatedConstant, ...]  # in order of date


@dataclass(frozen=True, slots=True)
class ValueDefinition:
    name: str
    place: Place
    type: TypeName | None
    title: Text | None
    formula: Expression


@dataclass(frozen=True, slots=True)
class Cell:
    """A row's condition on one column: unary tests on the value of `column`."""

    column: Expression
    tests: Expression  # its tree is a syntax.UnaryTests


@dataclass(frozen=True, slots=True)
class OutputCell:
    """What a row gives under `name`: a literal (number, yes/no, or a word, which is text or an enum's member), None for
    null, or a formula (written `= …`)."""

    name: str
    place: Place
    content: Expression | Decimal | str | bool | None


@dataclass(frozen=True, slots=True)
class Row:
    """`id` is the author's, or the row's number from 1."""

    id: str
    place: Place
    cells: tuple[Cell, ...]
    outputs: tuple[OutputCell, ...]


class HitPolicy(StrEnum):
    UNIQUE = "unique"
    ANY = "any"
    FIRST = "first"
    PRIORITY = "priority"
    RULE_ORDER = "rule-order"
    OUTPUT_ORDER = "output-order"
    COLLECT = "collect"
    COLLECT_SUM = "collect sum"
    COLLECT_MIN = "collect min"
    COLLECT_MAX = "collect max"
    COLLECT_COUNT = "collect count"


@dataclass(frozen=True, slots=True)
class OutputDefinition:
    """`order` lists output words from the highest priority to the lowest (hit policies priority and output-order)."""

    name: str
    place: Place
    type: TypeName | None
    title: Text | None
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """`name` is `table` for a policy's single table. Outputs are the names the rows give, declared or not."""

    name: str
    place: Place
    hit: HitPolicy
    outputs: tuple[OutputDefinition, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Band:
    tests: Expression  # a syntax.UnaryTests; `null` is the band for a missing input
    points: Decimal
    place: Place


@dataclass(frozen=True, slots=True)
class Criterion:
    """One input of a scorecard and the points it earns band by band."""

    name: str
    place: Place
    title: Text | None
    input: Expression
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class ScorecardDefinition:
    """Gives each criterion's points under the criterion's name and their sum under `total`."""

    place: Place
    total: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class ConditionDefinition:
    """What must be done for an order to pass, such as `deposit: order.amount * terms.deposit_rate`."""

    name: str
    place: Place
    formula: Expression


@dataclass(frozen=True, slots=True)
class RuleDefinition:
    """`if_missing` is the author's word (`ignore` or an outcome), None where nothing is written."""

    id: str
    place: Place
    title: Text | None
    when: tuple[Expression, ...]  # all must hold
    outcome: Scalar
    if_missing: Scalar | None
    reason: BilingualTemplate
    remedy: BilingualTemplate | None
    conditions: tuple[ConditionDefinition, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """`decides` is a case kind. Values, outputs, criteria and parameters share one namespace."""

    name: str
    place: Place
    title: Text
    decides: str
    parameters: Mapping[str, ParameterDefinition]
    values: Mapping[str, ValueDefinition]
    scorecard: ScorecardDefinition | None
    tables: Mapping[str, TableDefinition]
    rules: Mapping[str, RuleDefinition]
